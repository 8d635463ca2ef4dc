"""What somebody wants to know about a matter: who is responsible, what to bring, what it costs, when it is open ..."""

from __future__ import annotations

from typing import Any, Dict, List

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

from actions.turn import WHO
from bot.worker.components.questions import VECTOR, matrix_of

ASPECT = "aspect"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class AspectClassifier(GraphComponent, IntentClassifier):
    """Logistic regression over the question vector, learnt from messages that carry `aspect`.

    Adds `aspect` to the output; `who` where nothing in particular is asked or the model is not sure.
    """

    @classmethod
    def get_default_config(cls) -> Dict[str, Any]:
        return {"C": 20.0, "sure": 0.45}

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, model: Any) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> AspectClassifier:
        return cls(config, model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> AspectClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / "aspect.joblib"))

    def train(self, training_data: TrainingData) -> Resource:
        messages = [message for message in training_data.training_examples if message.get(ASPECT)]
        if len({message.get(ASPECT) for message in messages}) > 1:
            vectors = [message.get(VECTOR) for message in messages]
            size = 1 + max(int(features.max()) for features, _ in vectors if len(features))
            regression = LogisticRegression(C=self._config["C"], class_weight="balanced", solver="liblinear")
            regression.fit(matrix_of(vectors, size), [message.get(ASPECT) for message in messages])
            self._model = {
                "aspects": [str(aspect) for aspect in regression.classes_],
                "coefficients": np.ascontiguousarray(regression.coef_.T, dtype=np.float32),
                "intercept": regression.intercept_.astype(np.float32),
            }
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "aspect.joblib")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            message.set(ASPECT, self._aspect(message), add_to_output=True)
        return messages

    def _aspect(self, message: Message) -> str:
        if self._model is None:
            return WHO
        features, values = message.get(VECTOR)
        known = features < len(self._model["coefficients"])
        margins = values[known] @ self._model["coefficients"][features[known]] + self._model["intercept"]
        probabilities = 1 / (1 + np.exp(-margins))
        best = int(np.argmax(probabilities))
        return self._model["aspects"][best] if probabilities[best] >= self._config["sure"] else WHO

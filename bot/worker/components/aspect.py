"""What somebody wants to know about a matter: who is responsible, what to bring, what it costs, when it is open ..."""

from __future__ import annotations

import re
from typing import Any, Dict, List

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

from actions.turn import WHO
from bot.worker.components.questions import LONGEST, QuestionVectorizer, SparseVector, matrix_of
from bot.worker.importer import ASPECT
from knowledge.text import fold


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class AspectClassifier(GraphComponent, IntentClassifier):
    """Logistic regression over n-grams of the questions that carry `aspect`, and over hints (regular expressions `aspekt/...`).

    The n-grams are counted in these questions alone, so that words such as „kostet“ weigh more than the matter's own. Adds
    `aspect` to the output; `who` where nothing in particular is asked.
    """

    @classmethod
    def get_default_config(cls) -> Dict[str, Any]:
        return {"C": 20.0, "hint": 0.5}

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, model: Any) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._use(model)

    def _use(self, model: Any) -> None:
        self._model = model
        self._hints = [re.compile(pattern) for pattern in model["hints"]] if model else []

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
        messages = [message for message in training_data.intent_examples if message.get(ASPECT)]
        if len({message.get(ASPECT) for message in messages}) > 1:
            texts = [message.get(TEXT) for message in messages]
            vectorizer = QuestionVectorizer(least=2)
            vectorizer.fit(texts)
            self._use({"vectorizer": vectorizer, "hints": _hints(training_data)})
            vectors = [self._vector(text) for text in texts]
            regression = LogisticRegression(C=self._config["C"], max_iter=300)
            regression.fit(matrix_of(vectors, vectorizer.size + len(self._hints)), [message.get(ASPECT) for message in messages])
            self._model["aspects"] = [str(aspect) for aspect in regression.classes_]
            self._model["coefficients"] = np.ascontiguousarray(regression.coef_.T, dtype=np.float32)
            self._model["intercept"] = regression.intercept_.astype(np.float32)
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "aspect.joblib")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            message.set(ASPECT, self._aspect((message.get(TEXT) or "")[:LONGEST]), add_to_output=True)
        return messages

    def _aspect(self, text: str) -> str:
        if self._model is None:
            return WHO
        features, values = self._vector(text)
        margins = values @ self._model["coefficients"][features] + self._model["intercept"]
        return self._model["aspects"][int(np.argmax(margins))]

    def _vector(self, text: str) -> SparseVector:
        """N-grams, and behind them one feature for each hint that fits."""
        features, values = self._model["vectorizer"].vector(text)
        folded = fold(text)
        hints = [number for number, hint in enumerate(self._hints) if hint.search(folded)]
        numbers = np.array(hints, dtype=np.int32) + np.int32(self._model["vectorizer"].size)
        return np.concatenate((features, numbers)), np.concatenate(
            (values, np.full(len(hints), self._config["hint"], np.float32))
        )


def _hints(training_data: TrainingData) -> List[str]:
    """One pattern for each aspect."""
    patterns: Dict[str, List[str]] = {}
    for row in training_data.regex_features:
        if row["name"].startswith("aspekt/"):
            patterns.setdefault(row["name"], []).append(row["pattern"])
    return ["|".join(patterns[name]) for name in sorted(patterns)]

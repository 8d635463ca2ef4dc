"""What somebody does with a message: names a matter, answers, greets, wants a human, is in danger."""

from __future__ import annotations

import re
from typing import Any, Dict, List

import joblib
import numpy as np
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from bot.worker.components.questions import PACKED, VECTOR, SparseVector, learnt_from, matrix_of, width_of
from bot.worker.components.shares import against_rest
from bot.worker.importer import CRISIS, MATTER
from knowledge.text import fold

_MATTERS_KEPT = 4000
_SHORT = 4
"""Words; single ones are taken for a cry for help or a yes the easiest."""
_TOLERANCE = 0.1


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DialogueActClassifier(GraphComponent, IntentClassifier):
    """Logistic regressions over the question vector: one for each act against the others, and one for danger alone.

    Regular expressions named `krise` in the training data decide before it: whoever is in danger is never asked back. Danger
    that none of them knows is told by a model that saw every question of ordinary matters: showing emergency numbers to
    somebody who is safe costs little, so that it need not be sure.
    """

    @classmethod
    def get_default_config(cls) -> Dict[str, Any]:
        return {"C": 20.0, "danger_C": 10.0, "danger_weight": 5.0, "danger_at": 0.45}

    def __init__(
        self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, patterns: List[str], model: Any
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._patterns = patterns
        self._danger = re.compile("|".join(patterns)) if patterns else None

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DialogueActClassifier:
        return cls(config, model_storage, resource, [], None)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DialogueActClassifier:
        with model_storage.read_from(resource) as folder:
            stored = joblib.load(folder / "dialogue_act.joblib")
        return cls(config, model_storage, resource, stored["patterns"], stored["model"])

    def train(self, training_data: TrainingData) -> Resource:
        messages, width = learnt_from(training_data), width_of(training_data)
        calm = _balanced([message for message in messages if message.get(INTENT) != CRISIS])
        acts, gold = np.unique([message.get(INTENT) for message in calm], return_inverse=True)
        weight = {-1: 1.0, **dict(enumerate(len(gold) / (len(acts) * np.bincount(gold))))}
        coefficients, intercept = against_rest(lambda: self._machine(self._config["C"], weight), _rows(calm, width), gold)
        model = {"acts": acts.tolist(), "coefficients": np.ascontiguousarray(coefficients), "intercept": intercept}
        in_danger = np.array([message.get(INTENT) == CRISIS for message in messages])
        if in_danger.any():
            danger = self._machine(self._config["danger_C"], {True: self._config["danger_weight"], False: 1.0})
            danger.fit(_rows(messages, width), in_danger)
            model["danger"] = (danger.coef_[0].astype(np.float32), float(danger.intercept_[0]))
        patterns = [row["pattern"] for row in training_data.regex_features if row["name"] == CRISIS]
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump({"patterns": patterns, "model": model}, folder / "dialogue_act.joblib", compress=PACKED)
        return self._resource

    def _machine(self, cost: float, weight: Dict[Any, float]) -> LogisticRegression:
        return LogisticRegression(C=cost, class_weight=weight, solver="liblinear", dual=True, tol=_TOLERANCE, random_state=0)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            ranking = self._rank(message)
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _rank(self, message: Message) -> List[Dict[str, Any]]:
        vector = message.get(VECTOR)
        danger = self._danger_in(message.get(TEXT) or "", vector)
        if danger >= self._config["danger_at"]:
            return [{"name": CRISIS, "confidence": danger}]
        features, values = vector
        # One against all others, as scikit-learn makes probabilities of liblinear's margins.
        probabilities = expit(values @ self._model["coefficients"][features] + self._model["intercept"])
        probabilities /= probabilities.sum()
        best = np.argsort(-probabilities)[:5]
        return [{"name": self._model["acts"][i], "confidence": float(probabilities[i])} for i in best]

    def _danger_in(self, text: str, vector: SparseVector) -> float:
        """How probably somebody is in danger."""
        if self._danger and self._danger.search(fold(text)):
            return 1.0
        if "danger" not in self._model:
            return 0.0
        weights, constant = self._model["danger"]
        return float(expit(vector.values @ weights[vector.features] + constant))


def _rows(messages: List[Message], width: int) -> scipy.sparse.csr_matrix:
    return matrix_of([message.get(VECTOR) for message in messages], width)


def _balanced(messages: List[Message]) -> List[Message]:
    """All examples of the other acts; of matters, of which there are far more, the short ones and evenly spread others."""
    others = [message for message in messages if message.get(INTENT) != MATTER]
    matters = [message for message in messages if message.get(INTENT) == MATTER]
    short = [message for message in matters if len((message.get(TEXT) or "").split()) <= _SHORT]
    longer = [message for message in matters if len((message.get(TEXT) or "").split()) > _SHORT]
    return [*others, *short, *longer[:: max(1, len(longer) // _MATTERS_KEPT)]]

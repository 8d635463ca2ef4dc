"""Which service a question means: a trained linear model and a matcher over the release, fused and calibrated."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

import joblib
import numpy as np
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.svm import LinearSVC

from bot.worker.components.questions import VECTOR, character_vectorizer
from knowledge.active import active_release
from knowledge.release import Release

MATTER = "anliegen"
PREFIX = "anliegen/"
_RANKED = 10
_HELD_OUT = 6
"""One example in this many calibrates the confidence and is not trained on until then."""
_indexes: Dict[Text, "ReleaseIndex"] = {}
_INDEXES_KEPT = 4


class ReleaseIndex:
    """Finds services by their wording alone, without training: names, synonyms, short texts, example questions."""

    def __init__(self, release: Release) -> None:
        texts: List[Text] = []
        owners: List[int] = []
        self.slugs = list(release.services)
        for number, service in enumerate(release.services.values()):
            wording = (service.name, *service.synonyms, service.short, *(each.text for each in service.examples))
            texts.extend(filter(None, wording))
            owners.extend([number] * sum(map(bool, wording)))
        self._vectorizer = character_vectorizer()
        # Columns are questions, so that one product gives all similarities.
        self._wording = self._vectorizer.fit_transform(texts).T.tocsr() if texts else None
        self._starts = np.searchsorted(owners, np.arange(len(self.slugs)))

    def similarities(self, text: Text) -> np.ndarray:
        """For each service, in the order of `slugs`, the cosine with its nearest wording, 0..1."""
        if self._wording is None:
            return np.zeros(0, dtype=np.float32)
        cosines = (self._vectorizer.transform([text]) @ self._wording).toarray()[0]
        return np.maximum.reduceat(cosines, self._starts)


def index_of(release: Release) -> ReleaseIndex:
    """The index of a release, built once."""
    if release.id not in _indexes:
        while len(_indexes) >= _INDEXES_KEPT:
            _indexes.pop(next(iter(_indexes)))
        _indexes[release.id] = ReleaseIndex(release)
    return _indexes[release.id]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ServiceClassifier(GraphComponent, IntentClassifier):
    """Ranks the services of the active release and says whether to answer, to offer choices, or neither.

    Adds to the output: `services` [{service, confidence}] and `verdict` (`answer`, `choose`, `unsure`).
    """

    @classmethod
    def get_default_config(cls) -> Dict[Text, Any]:
        return {
            "C": 0.5,
            "answer_at": 0.6,
            "choose_at": 0.12,
            "choose_total": 0.4,
            "choices": 3,
            "sure_act": 0.8,
            "matcher_weight": 4.0,
        }

    def __init__(
        self,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Optional[Dict[Text, Any]] = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ServiceClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ServiceClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / "services.joblib"))

    def train(self, training_data: TrainingData) -> Resource:
        messages = [message for message in training_data.intent_examples if message.get(INTENT_RESPONSE_KEY)]
        rows = scipy.sparse.vstack([message.get(VECTOR) for message in messages]).tocsr()
        slugs = sorted({message.get(INTENT_RESPONSE_KEY)[len(PREFIX) :] for message in messages})
        number = {slug: position for position, slug in enumerate(slugs)}
        gold = np.array([number[message.get(INTENT_RESPONSE_KEY)[len(PREFIX) :]] for message in messages])
        held_out = np.arange(len(gold)) % _HELD_OUT == 0
        temperature = _temperature(self._fit(rows[~held_out], gold[~held_out]), rows[held_out], gold[held_out])
        svm = self._fit(rows, gold)
        model = {
            "slugs": slugs,
            "coefficients": np.ascontiguousarray(svm.coef_.T, dtype=np.float32),
            "intercept": svm.intercept_.astype(np.float32),
            "temperature": temperature,
        }
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(model, folder / "services.joblib")
        return self._resource

    def _fit(self, rows: scipy.sparse.csr_matrix, gold: np.ndarray) -> LinearSVC:
        return LinearSVC(C=self._config["C"]).fit(rows, gold)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            ranking = self._rank(message)
            verdict = self._verdict(ranking)
            message.set("services", ranking[:_RANKED], add_to_output=True)
            message.set("verdict", verdict, add_to_output=True)
            act = message.get(INTENT) or {}
            if verdict == "answer" and act.get("confidence", 0.0) < self._config["sure_act"]:
                message.set(INTENT, {"name": MATTER, "confidence": ranking[0]["confidence"]}, add_to_output=True)
        return messages

    def _rank(self, message: Message) -> List[Dict[Text, Any]]:
        release = active_release()
        vector = message.get(VECTOR)
        scores: Dict[Text, float] = {}
        if self._model is not None:
            margins = vector @ self._model["coefficients"] + self._model["intercept"]
            margins = np.asarray(margins).ravel() / self._model["temperature"]
            scores = dict(zip(self._model["slugs"], margins.tolist()))
        if release is not None:
            index = index_of(release)
            similar = index.similarities(message.get(TEXT) or "")
            unknown = min(scores.values(), default=0.0)
            scores = {
                slug: scores.get(slug, unknown) + self._config["matcher_weight"] * float(similarity)
                for slug, similarity in zip(index.slugs, similar)
            }
        if not scores:
            return []
        values = np.array(list(scores.values()))
        probabilities = np.exp(values - logsumexp(values))
        slugs = list(scores)
        best = np.argsort(-probabilities)[: 2 * _RANKED]
        return [{"service": slugs[i], "confidence": round(float(probabilities[i]), 4)} for i in best]

    def _verdict(self, ranking: List[Dict[Text, Any]]) -> Text:
        if not ranking:
            return "unsure"
        if ranking[0]["confidence"] >= self._config["answer_at"]:
            return "answer"
        offered = [row["confidence"] for row in ranking[: self._config["choices"]]]
        if sum(offered) >= self._config["choose_total"] and offered[0] >= self._config["choose_at"]:
            return "choose"
        return "unsure"


def _temperature(model: LinearSVC, rows: scipy.sparse.csr_matrix, gold: np.ndarray) -> float:
    """The divisor that makes softmax over the margins say how often it is right (Guo et al. 2017)."""
    margins = model.decision_function(rows)

    def loss(log_temperature: np.ndarray) -> float:
        scaled = margins / np.exp(log_temperature[0])
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[np.arange(len(gold)), gold]))

    return float(np.exp(minimize(loss, [-2.0], method="Nelder-Mead").x[0]))

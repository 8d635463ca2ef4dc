"""Which service a question means: a trained linear model and a matcher over the release, fused and calibrated."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

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
OUT_OF_SCOPE = "ausserhalb"
NOTHING = ""
PREFIX = "anliegen/"
_RANKED = 10
_NEGLIGIBLE = 0.003
_HELD_OUT = 6
"""One example in this many calibrates the confidence and is not trained on until then."""
_indexes: Dict[str, "ReleaseIndex"] = {}
_INDEXES_KEPT = 4


class ReleaseIndex:
    """Finds services by their wording alone, without training: names, synonyms, short texts.

    Example questions count too where the trained model does not know the service.
    """

    def __init__(self, release: Release, trained: FrozenSet[str]) -> None:
        texts: List[str] = []
        owners: List[int] = []
        self.slugs = list(release.services)
        for number, service in enumerate(release.services.values()):
            questions = () if service.slug in trained else tuple(each.text for each in service.examples)
            wording = [text for text in (service.name, *service.synonyms, service.short, *questions) if text]
            texts.extend(wording)
            owners.extend([number] * len(wording))
        self._vectorizer = character_vectorizer()
        # Columns are texts, so that one product gives all similarities.
        self._wording = self._vectorizer.fit_transform(texts).T.tocsr() if texts else None
        self._starts = np.searchsorted(owners, np.arange(len(self.slugs)))

    def similarities(self, text: str) -> np.ndarray:
        """For each service, in the order of `slugs`, the cosine with its nearest wording, 0..1."""
        if self._wording is None:
            return np.zeros(0, dtype=np.float32)
        cosines = (self._vectorizer.transform([text]) @ self._wording).toarray()[0]
        return np.maximum.reduceat(cosines, self._starts)


def index_of(release: Release, trained: FrozenSet[str] = frozenset()) -> ReleaseIndex:
    """The index of a release, built once."""
    key = f"{release.id}/{len(trained)}"
    if key not in _indexes:
        while len(_indexes) >= _INDEXES_KEPT:
            _indexes.pop(next(iter(_indexes)))
        _indexes[key] = ReleaseIndex(release, trained)
    return _indexes[key]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ServiceClassifier(GraphComponent, IntentClassifier):
    """Ranks the services of the active release and says whether to answer, to offer choices, or neither.

    Adds to the output: `services` [{service, confidence}] and `verdict` (`answer`, `choose`, `unsure`).
    """

    @classmethod
    def get_default_config(cls) -> Dict[str, Any]:
        return {
            "C": 0.5,
            "answer_at": 0.6,
            "choose_at": 0.12,
            "choose_total": 0.4,
            "choices": 3,
            "sure_act": 0.8,
            "matcher_weight": 4.0,
            "temperature_factor": 1.0,
        }

    def __init__(
        self,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Optional[Dict[str, Any]] = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._trained = frozenset(model["slugs"]) if model else frozenset()
        self._temperature = model["temperature"] * config["temperature_factor"] if model else 1.0

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ServiceClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ServiceClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / "services.joblib"))

    def train(self, training_data: TrainingData) -> Resource:
        rows, gold, slugs = _questions(training_data)
        kept = np.arange(len(gold)) % _HELD_OUT != 0
        # Two models, one to calibrate on what it did not see and one on everything; liblinear leaves the interpreter free.
        with ThreadPoolExecutor(2) as pool:
            calibrating = pool.submit(self._fit, rows[kept], gold[kept])
            final = pool.submit(self._fit, rows, gold).result()
        coefficients = final.coef_.T.astype(np.float32)
        coefficients[np.abs(coefficients) < _NEGLIGIBLE] = 0
        model = {
            "slugs": slugs,
            "coefficients": scipy.sparse.csr_matrix(coefficients),
            "intercept": final.intercept_.astype(np.float32),
            "temperature": _temperature(calibrating.result(), rows[~kept], gold[~kept]),
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

    def _rank(self, message: Message) -> List[Dict[str, Any]]:
        release = active_release()
        scores = self._trained_scores(message)
        if release is not None:
            index = index_of(release, self._trained)
            similar = index.similarities(message.get(TEXT) or "")
            unknown = min(scores.values(), default=0.0)
            nothing = scores.get(NOTHING)
            scores = {
                slug: scores.get(slug, unknown) + self._config["matcher_weight"] * float(similarity)
                for slug, similarity in zip(index.slugs, similar, strict=False)
            }
            if nothing is not None:
                scores[NOTHING] = nothing
        if not scores:
            return []
        values = np.array(list(scores.values()))
        probabilities = np.exp(values - logsumexp(values))
        slugs = list(scores)
        best = np.argsort(-probabilities)[: _RANKED + 1]
        return [{"service": slugs[i], "confidence": round(float(probabilities[i]), 4)} for i in best if slugs[i] != NOTHING]

    def _trained_scores(self, message: Message) -> Dict[str, float]:
        if self._model is None:
            return {}
        margins = (message.get(VECTOR) @ self._model["coefficients"]).toarray()[0] + self._model["intercept"]
        return dict(zip(self._model["slugs"], (margins / self._temperature).tolist(), strict=False))

    def _verdict(self, ranking: List[Dict[str, Any]]) -> str:
        if not ranking:
            return "unsure"
        if ranking[0]["confidence"] >= self._config["answer_at"]:
            return "answer"
        offered = [row["confidence"] for row in ranking[: self._config["choices"]]]
        if sum(offered) >= self._config["choose_total"] and offered[0] >= self._config["choose_at"]:
            return "choose"
        return "unsure"


def _questions(training_data: TrainingData) -> Tuple[scipy.sparse.csr_matrix, np.ndarray, List[str]]:
    """Vectors, class numbers and classes: every service, and `NOTHING` for what is out of scope."""
    pairs = []
    for message in training_data.intent_examples:
        key = message.get(INTENT_RESPONSE_KEY)
        if key:
            pairs.append((message, key[len(PREFIX) :]))
        elif message.get(INTENT) == OUT_OF_SCOPE:
            pairs.append((message, NOTHING))
    slugs = sorted({slug for _, slug in pairs})
    number = {slug: position for position, slug in enumerate(slugs)}
    rows = scipy.sparse.vstack([message.get(VECTOR) for message, _ in pairs]).tocsr()
    return rows, np.array([number[slug] for _, slug in pairs]), slugs


def _temperature(model: LinearSVC, rows: scipy.sparse.csr_matrix, gold: np.ndarray) -> float:
    """The divisor that makes softmax over the margins say how often it is right (Guo et al. 2017)."""
    margins = model.decision_function(rows)

    def loss(log_temperature: np.ndarray) -> float:
        scaled = margins / np.exp(log_temperature[0])
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[np.arange(len(gold)), gold]))

    return float(np.exp(minimize(loss, [-2.0], method="Nelder-Mead").x[0]))

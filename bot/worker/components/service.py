"""Which service a question means: a trained linear model and a matcher over the release, fused and calibrated."""

from __future__ import annotations

import multiprocessing
import os
from typing import Any, Dict, FrozenSet, Iterator, List, Optional, Tuple

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

from bot.worker.components.lexicon import lexicon
from bot.worker.components.questions import VECTOR, NGrams, learnt_from, matrix_of, width_of
from bot.worker.importer import CALIBRATES, MATTER, OUT_OF_SCOPE
from knowledge.active import active_release
from knowledge.model import Service
from knowledge.release import Knowledge, Release

NOTHING = ""
PREFIX = "anliegen/"
_RANKED = 10
_PROCESSES = 4
_UNCALIBRATED = 0.2
Wording = Dict[str, Tuple[str, str]]
"""Name and LeiKa key of each trained service."""
_SAME_KEY, _RELATED, _BORROWED = 0.7, 0.3, 0.3
_FAR, _REACH = -1.1, 1.8
"""Margins of a service that was not trained, from no likeness to its very words: where trained ones lie, too."""
_indexes: Dict[str, "ReleaseIndex"] = {}
_INDEXES_KEPT = 4


class ReleaseIndex:
    """Finds services by their wording alone, without training: names, synonyms, short texts.

    Example questions count too where the trained model does not know the service.
    """

    def __init__(self, release: Release, trained: FrozenSet[str], wording_of_trained: Wording) -> None:
        texts: List[str] = []
        owners: List[int] = []
        self.slugs = list(release.services)
        for number, service in enumerate(release.services.values()):
            questions = () if service.slug in trained else tuple(each.text for each in service.examples)
            wording = [text for text in (service.name, *service.synonyms, service.short, *questions) if text]
            texts.extend(wording)
            owners.extend([number] * len(wording))
        self._ngrams = NGrams("char_wb", (2, 5), least=1)
        self._ngrams.fit(texts)
        # Columns are texts, so that one product gives all similarities.
        rows = matrix_of(map(self._ngrams.vector, texts), self._ngrams.size) if texts else None
        self._wording = None if rows is None else rows.T.tocsr()
        self._starts = np.searchsorted(owners, np.arange(len(self.slugs)))
        unknown = [service for service in release.services.values() if service.slug not in trained]
        self.relatives = dict(self._relatives(unknown, wording_of_trained)) if unknown else {}
        """For services that were not trained: the trained one that is most like it, and how like (0..1)."""

    def _relatives(self, services: List[Service], trained: Wording) -> Iterator[Tuple[str, Tuple[str, float]]]:
        if not trained:
            return
        slugs = list(trained)
        names = matrix_of((self._ngrams.vector(trained[slug][0]) for slug in slugs), self._ngrams.size).T.tocsr()
        by_key = {leika: slug for slug, (_, leika) in trained.items() if leika}
        for service in services:
            features, values = self._ngrams.vector(service.name)
            cosines = values @ names[features]
            nearest = int(np.argmax(cosines))
            likeness = float(cosines[nearest])
            if service.leika in by_key:
                yield service.slug, (by_key[service.leika], max(likeness, _SAME_KEY))
            elif likeness >= _RELATED:
                yield service.slug, (slugs[nearest], likeness)

    def similarities(self, text: str) -> np.ndarray:
        """For each service, in the order of `slugs`, the cosine with its nearest wording, 0..1."""
        if self._wording is None:
            return np.zeros(0, dtype=np.float32)
        features, values = self._ngrams.vector(text)
        cosines = values @ self._wording[features]
        return np.maximum.reduceat(cosines, self._starts)


def index_of(release: Release, trained: FrozenSet[str] = frozenset(), wording: Optional[Wording] = None) -> ReleaseIndex:
    """The index of a release, built once. `wording` says what the trained services are called."""
    key = f"{release.id}/{len(trained)}"
    if key not in _indexes:
        while len(_indexes) >= _INDEXES_KEPT:
            _indexes.pop(next(iter(_indexes)))
        _indexes[key] = ReleaseIndex(release, trained, wording or {})
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
            "answer_untrained_at": 0.95,
            "choose_at": 0.12,
            "choose_total": 0.4,
            "choices": 3,
            "sure_act": 0.8,
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
        self._use(model or {"slugs": [], "temperature": _UNCALIBRATED, "matcher_weight": 1.0})

    def _use(self, model: Dict[str, Any]) -> None:
        self._model = model
        self._trained = frozenset(model["slugs"])

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
        rows, gold, slugs = _questions(learnt_from(training_data), width_of(training_data))
        release = active_release() or Release(0, "", "", Knowledge())
        weights, intercepts = self._fit(rows, gold)
        self._use(
            {
                "slugs": slugs,
                # Half precision halves the memory and changes no ranking.
                "coefficients": np.ascontiguousarray(weights, dtype=np.float16),
                "intercept": intercepts.astype(np.float32),
                "temperature": _UNCALIBRATED,
                "matcher_weight": 0.0,
                "wording": {service.slug: (service.name, service.leika) for service in release.services.values()},
            }
        )
        self._calibrate([message for message in training_data.intent_examples if message.get(CALIBRATES)])
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "services.joblib")
        return self._resource

    def _calibrate(self, messages: List[Message]) -> None:
        """Fit temperature and the matcher's weight to questions not learnt from (Guo et al. 2017)."""
        if not messages:
            return
        margins, similar, gold = [], [], []
        for message in messages:
            slugs, own, near = self._evidence(message)
            wanted = (message.get(INTENT_RESPONSE_KEY) or PREFIX)[len(PREFIX) :]
            if wanted in slugs:
                margins.append(own)
                similar.append(near)
                gold.append(slugs.index(wanted))
        all_margins, all_similar, right = np.array(margins), np.array(similar), np.array(gold)

        def loss(parameters: np.ndarray) -> float:
            scores = all_margins / np.exp(parameters[0]) + np.exp(parameters[1]) * all_similar
            return float(np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(right)), right]))

        found = np.exp(minimize(loss, [-1.5, 1.0], method="Nelder-Mead").x)
        self._use({**self._model, "temperature": float(found[0]), "matcher_weight": float(found[1])})

    def _fit(self, rows: scipy.sparse.csr_matrix, gold: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Weights (features, classes) and intercepts, one class against all others."""
        classes = int(gold.max()) + 1
        shares = [share for share in np.array_split(np.arange(classes), min(os.cpu_count() or 1, _PROCESSES)) if len(share) > 1]
        if len(shares) < 2:
            return _against_rest(rows, gold, np.arange(classes), self._config["C"])
        # The classes are independent of each other; forked processes share the matrix without copying it.
        with multiprocessing.get_context("fork").Pool(len(shares), _share_data, (rows, gold, self._config["C"])) as pool:
            parts = pool.map(_fit_share, shares)
        return np.hstack([weights for weights, _ in parts]), np.concatenate([intercepts for _, intercepts in parts])

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
        slugs, margins, similar = self._evidence(message)
        if not slugs:
            return []
        values = margins / self._model["temperature"] + self._model["matcher_weight"] * similar
        probabilities = np.exp(values - logsumexp(values))
        best = np.argsort(-probabilities)[: _RANKED + 1]
        return [{"service": slugs[i], "confidence": round(float(probabilities[i]), 4)} for i in best if slugs[i] != NOTHING]

    def _evidence(self, message: Message) -> Tuple[List[str], np.ndarray, np.ndarray]:
        """Services, their trained margins and their similarity; those not trained get a margin by likeness."""
        own = self._margins(message)
        release = active_release()
        if release is None:
            return list(own), np.array(list(own.values())), np.zeros(len(own))
        index = index_of(release, self._trained, self._model.get("wording"))
        text = message.get(TEXT) or ""
        near = index.similarities(" ".join((text, *lexicon().meanings(text))))
        margins = [
            own[slug] if slug in own else self._margin_by_likeness(slug, similarity, own, index)
            for slug, similarity in zip(index.slugs, near.tolist(), strict=True)
        ]
        return [*index.slugs, NOTHING], np.array([*margins, own.get(NOTHING, _FAR)]), np.append(near, 0.0)

    @staticmethod
    def _margin_by_likeness(slug: str, similarity: float, own: Dict[str, float], index: ReleaseIndex) -> float:
        """For a service that was not trained: its own words count, and what its trained relative has learnt."""
        relative, likeness = index.relatives.get(slug, ("", 0.0))
        borrowed = _BORROWED * likeness * max(0.0, own.get(relative, _FAR) - _FAR)
        return _FAR + _REACH * similarity**2 + borrowed

    def _margins(self, message: Message) -> Dict[str, float]:
        if not self._model["slugs"]:
            return {}
        features, values = message.get(VECTOR)
        margins = values @ self._model["coefficients"][features].astype(np.float32) + self._model["intercept"]
        return dict(zip(self._model["slugs"], margins.tolist(), strict=True))

    def _verdict(self, ranking: List[Dict[str, Any]]) -> str:
        if not ranking:
            return "unsure"
        sure = "answer_at" if ranking[0]["service"] in self._trained else "answer_untrained_at"
        if ranking[0]["confidence"] >= self._config[sure]:
            return "answer"
        offered = [row["confidence"] for row in ranking[: self._config["choices"]]]
        if sum(offered) >= self._config["choose_total"] and offered[0] >= self._config["choose_at"]:
            return "choose"
        return "unsure"


_shared: Tuple[scipy.sparse.csr_matrix, np.ndarray, float]


def _share_data(rows: scipy.sparse.csr_matrix, gold: np.ndarray, regularisation: float) -> None:
    global _shared
    _shared = (rows, gold, regularisation)


def _fit_share(share: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    rows, gold, regularisation = _shared
    return _against_rest(rows, gold, share, regularisation)


def _against_rest(
    rows: scipy.sparse.csr_matrix, gold: np.ndarray, share: np.ndarray, regularisation: float
) -> Tuple[np.ndarray, np.ndarray]:
    """What LinearSVC learns for some of the classes; all other classes are the rest."""
    labels = np.where(np.isin(gold, share), gold, -1)
    machine = LinearSVC(C=regularisation).fit(rows, labels)
    if len(machine.classes_) == 2:  # one row says both
        weights, intercepts = (
            np.vstack([-machine.coef_, machine.coef_]),
            np.concatenate([-machine.intercept_, machine.intercept_]),
        )
    else:
        weights, intercepts = machine.coef_, machine.intercept_
    own = machine.classes_ >= 0
    return weights[own].T.astype(np.float32), intercepts[own]


def _questions(messages: List[Message], width: int) -> Tuple[scipy.sparse.csr_matrix, np.ndarray, List[str]]:
    """Vectors, class numbers and classes: every service, and `NOTHING` for what is out of scope."""
    pairs = []
    for message in messages:
        key = message.get(INTENT_RESPONSE_KEY)
        if key:
            pairs.append((message, key[len(PREFIX) :]))
        elif message.get(INTENT) == OUT_OF_SCOPE:
            pairs.append((message, NOTHING))
    slugs = sorted({slug for _, slug in pairs})
    number = {slug: position for position, slug in enumerate(slugs)}
    vectors = [message.get(VECTOR) for message, _ in pairs]
    return matrix_of(vectors, width), np.array([number[slug] for _, slug in pairs]), slugs

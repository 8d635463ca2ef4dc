"""Which service a question means: a trained linear model and a matcher over the release, fused and calibrated."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

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
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp
from sklearn.svm import LinearSVC

from actions.state import JOURNEY
from actions.wording import adds_something, asks_for_something
from bot.worker.components import two_matters
from bot.worker.components.lexicon import lexicon
from bot.worker.components.matcher import Evidence, Matcher, fingerprint, matcher_of, trained_wording, wording_of
from bot.worker.components.questions import (
    LONGEST,
    PACKED,
    PARTS,
    VECTOR,
    SparseVector,
    learnt_from,
    matrix_of,
    width_of,
)
from bot.worker.components.shares import against_rest, in_shares
from bot.worker.importer import CALIBRATES, CRISIS, MATTER, MATTERS, OUT_OF_SCOPE
from knowledge.active import active_release
from knowledge.release import Knowledge, Release

NOTHING = ""
PREFIX = "anliegen/"
_JOURNEYS = 4
_RANKED = 10
_TOLERANCE = 0.1
_ROUNDS = 6
"""Of the solver: a third of the time its defaults take, and as accurate (docs/benchmarks.md)."""
_TELLING = 0.1
"""N-grams in a larger share of all questions („ich“, „wo“) are left out: they take a quarter of the time and tell nothing."""
_STEPS = 127
"""On either side of zero that a weight is kept in: one byte each changes no ranking (docs/benchmarks.md)."""
_UNCALIBRATED = 0.2
_FOLDS = 4
_UNCALIBRATED_WEIGHTS = (-13.8, 10.1, 31.5, 4.8)
"""Of what speaks for a service that was not trained: a constant, nearest wording, coverage, relatedness."""
_UNCALIBRATED_MODEL: Dict[str, Any] = {
    "temperature": _UNCALIBRATED,
    "untrained": _UNCALIBRATED_WEIGHTS,
    "wording": {},
    "learnt": frozenset(),
    "alike": np.zeros((0, 0), dtype=np.float16),
    "pairs": None,
}


class _Layout(NamedTuple):
    """Where the services of a release stand in the model (-1: not trained), and where the matcher's entries stand in it."""

    slugs: List[str]
    trained_at: np.ndarray
    matched_at: np.ndarray
    matcher: Matcher


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ServiceClassifier(GraphComponent, IntentClassifier):
    """Ranks the services of the active release and says whether to answer, to offer choices, or neither.

    Adds to the output: `services` [{service, confidence}], `verdict` (`answer`, `choose`, `unsure`), `matters` (two services
    that different parts of the message are about, else empty) and `journey` (a situation that takes several services, or "").
    """

    @classmethod
    def get_default_config(cls) -> Dict[str, Any]:
        return {
            "C": 1.0,
            "answer_at": 0.6,
            "answer_untrained_at": 0.98,
            "choose_at": 0.12,
            "choose_total": 0.4,
            "choices": 3,
            "sure_act": 0.8,
            "sure_danger": 0.6,
            "before_danger_at": 0.9,
            "never_before_danger": [
                "hilfe-bei-haeuslicher-gewalt",
                "kindeswohlgefaehrdung-melden",
                "polizei-anzeige-erstatten",
                "psychische-krise-hilfe",
            ],
            "matters_at": 0.5,
            "journey_at": 0.7,
            "beside_at": 0.6,
            "surely_beside_at": 0.95,
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
        self._use(model or {"slugs": [], **_UNCALIBRATED_MODEL})

    def _use(self, model: Dict[str, Any]) -> None:
        self._model = model
        self._trained = frozenset(model["slugs"])
        self._worded = np.array([n for n, slug in enumerate(model["slugs"]) if slug in model["wording"]], dtype=np.int64)
        self._layouts: Dict[str, _Layout] = {}
        services = np.array([_is_service(slug) for slug in model["slugs"]], dtype=bool)
        intercept = model.get("intercept", np.zeros(0, dtype=np.float32))
        self._classes = two_matters.Classes(intercept, model["temperature"], services, model["alike"])

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
            model = joblib.load(folder / "services.joblib")
        if "pairs" not in model:
            raise ValueError("Das Sprachmodell stammt von einer älteren Fassung. Bitte „lotse train“ aufrufen.")
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        rows, gold, slugs = _questions(learnt_from(training_data), width_of(training_data))
        release = active_release() or Release(0, "", "", Knowledge())
        telling = np.flatnonzero(rows.getnnz(axis=0) <= _TELLING * rows.shape[0])
        learnt, intercepts = against_rest(self._machine, rows[:, telling], gold)
        weights = np.zeros((rows.shape[1], len(slugs)), dtype=np.float32)
        weights[telling] = learnt
        self._use(
            {
                **_UNCALIBRATED_MODEL,
                "slugs": slugs,
                **_in_steps(weights),
                "intercept": intercepts,
                "alike": _alike(weights),
                "wording": trained_wording(release, slugs),
                "learnt": frozenset(fingerprint(text) for each in release.services.values() for text in wording_of(each)),
            }
        )
        calibrating = [message for message in training_data.intent_examples if message.get(CALIBRATES)]
        self._calibrate([message for message in calibrating if not message.get(MATTERS)], release)
        self._use({**self._model, "pairs": self._pairs(calibrating)})
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "services.joblib", compress=PACKED)
        return self._resource

    def _machine(self) -> LinearSVC:
        return LinearSVC(C=self._config["C"], tol=_TOLERANCE, max_iter=_ROUNDS, random_state=0)

    def _calibrate(self, messages: List[Message], release: Release) -> None:
        """Fit to questions not learnt from how sure the model may be (Guo et al. 2017), then the matcher's weights."""
        slugs = self._model["slugs"]
        asked = [(message, (message.get(INTENT_RESPONSE_KEY) or PREFIX)[len(PREFIX) :]) for message in messages]
        asked = [(message, slug) for message, slug in asked if slug in slugs]
        if not asked:
            return
        margins = np.array([self._margins(message) for message, _ in asked])
        right = np.array([slugs.index(slug) for _, slug in asked])
        found = minimize_scalar(lambda log: _surprise(margins / np.exp(log), right), bounds=(-5, 2), method="bounded")
        self._use({**self._model, "temperature": float(np.exp(found.x))})
        if release.services:
            self._weigh_matcher(margins / self._model["temperature"], right, [message for message, _ in asked], release)

    def _pairs(self, messages: List[Message]) -> Optional[two_matters.Judge]:
        """What tells messages with two matters from others; None where there are none to learn from."""
        number = {slug: position for position, slug in enumerate(self._model["slugs"])}
        found = []
        for message in messages:
            meant = message.get(MATTERS) or ()
            if message.get(PARTS) and all(slug in number for slug in meant):
                both = (number[meant[0]], number[meant[1]]) if len(meant) == 2 else None
                found.append((self._in_parts(message), both))
        return two_matters.learn(found, self._classes) if any(both for _, both in found) else None

    def _in_parts(self, message: Message) -> two_matters.Message:
        margins = np.array([self._weighed(part.vector) for part in message.get(PARTS)])
        return two_matters.Message(message.get(TEXT), message.get(PARTS), margins, self._weighed(message.get(VECTOR)))

    def _weigh_matcher(self, values: np.ndarray, right: np.ndarray, messages: List[Message], release: Release) -> None:
        """Fit the matcher's weights as if a part of the services had not been trained, with and without their synonyms."""
        slugs: List[str] = self._model["slugs"]
        wording = self._model["wording"]
        strangers = [dataclasses.replace(release.services[slug], slug=f"?{slug}", examples=()) for slug in wording]
        nameless = [dataclasses.replace(stranger, synonyms=()) for stranger in strangers]
        places = np.array([slugs.index(slug) for slug in wording])
        fold_of = np.random.default_rng(1).permutation(len(places)) % _FOLDS

        def looked_up(share: np.ndarray) -> List[Tuple[np.ndarray, Evidence]]:
            found = []
            for matcher in (Matcher((strangers, nameless)[which], trained=wording) for which in share):
                for number in range(_FOLDS):
                    strange = fold_of == number
                    known = np.where(strange, -np.inf, values[:, places])
                    said = [matcher.evidence(_searched(each), _means(own)) for each, own in zip(messages, known, strict=True)]
                    found.append((places[strange], Evidence(*(np.array(kind)[:, strange] for kind in zip(*said, strict=True)))))
            return found

        blocks = [block for some in in_shares(looked_up, 2, smallest=1) for block in some]
        settled = [_Settled(values, right, at) for at, _ in blocks]

        def surprise(weights: np.ndarray) -> float:
            likeness = (_likeness(weights, evidence) for _, evidence in blocks)
            return float(np.mean([each.surprise(values) for each, values in zip(settled, likeness, strict=True)]))

        start = np.array(_UNCALIBRATED_WEIGHTS)
        best = minimize(surprise, start, method="Nelder-Mead", options={"maxiter": 250, "xatol": 0.02, "fatol": 1e-4})
        self._use({**self._model, "untrained": tuple(map(float, best.x))})

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            ranking, journey = self._rank(message)
            verdict = self._verdict(ranking)
            message.set("services", ranking[:_RANKED], add_to_output=True)
            message.set("verdict", verdict, add_to_output=True)
            message.set("matters", self._matters(message, ranking), add_to_output=True)
            message.set("journey", journey, add_to_output=True)
            act = message.get(INTENT) or {}
            if (verdict == "answer" or journey) and self._gives_way(act, ranking):
                message.set(INTENT, {"name": MATTER, "confidence": ranking[0]["confidence"]}, add_to_output=True)
        return messages

    def _gives_way(self, act: Dict[str, Any], ranking: List[Dict[str, Any]]) -> bool:
        """Whether an act is too unsure to stand beside the likeliest service.

        Danger goes before all but the surest matters, and before help in danger always.
        """
        name, sure = act.get("name"), act.get("confidence", 0.0)
        if name == CRISIS:
            is_sure = bool(ranking) and ranking[0]["confidence"] >= self._config["before_danger_at"]
            is_help = bool(ranking) and ranking[0]["service"] in self._config["never_before_danger"]
            return is_sure and not is_help and sure < self._config["sure_danger"]
        # Out of scope is a class of services too, so that the act of that name says nothing more.
        return name == OUT_OF_SCOPE or sure < self._config["sure_act"]

    def _matters(self, message: Message, ranking: List[Dict[str, Any]]) -> List[str]:
        """Two services in the order mentioned, one of them the likeliest of the whole message; or a service and a situation.

        A situation that takes several services (`lebenslage:…`) counts where the message adds one thing to another („auch“).
        """
        if not message.get(PARTS) or not ranking or not self._model["pairs"]:
            return []
        parts = self._in_parts(message)
        both, sure = two_matters.two_matters(parts, self._classes, self._model["pairs"])
        slugs = [self._model["slugs"][number] for number in both]
        if sure < self._config["matters_at"]:
            slugs = self._beside_journey(parts) if adds_something(parts.text) else []
        return slugs if ranking[0]["service"] in slugs else []

    def _beside_journey(self, message: two_matters.Message) -> List[str]:
        """A service and a journey that parts of a message are about, in the order mentioned."""
        found: Dict[str, float] = {}
        for part, margins in zip(message.parts, message.margins, strict=True):
            values = (margins + self._model["intercept"]) / self._model["temperature"]
            best, sure = self._model["slugs"][int(np.argmax(values))], float(np.exp(values.max() - logsumexp(values)))
            is_meant = best.startswith(JOURNEY) or (best != NOTHING and asks_for_something(part.text))
            if is_meant and sure >= self._config["beside_at"]:
                found[best] = max(sure, found.get(best, 0.0))
        is_one_of_each = len(found) == 2 and sum(map(_is_service, found)) == 1
        return list(found) if is_one_of_each and max(found.values()) >= self._config["surely_beside_at"] else []

    def _rank(self, message: Message) -> Tuple[List[Dict[str, Any]], str]:
        """Services with their probabilities, best first, and the journey that is meant, if it surely is one."""
        slugs, values = self._values(message)
        if not slugs:
            return [], ""
        probabilities = np.exp(values - logsumexp(values))
        best = np.argsort(-probabilities)[: _RANKED + _JOURNEYS]
        first = slugs[best[0]]
        journey = (
            first[len(JOURNEY) :] if first.startswith(JOURNEY) and probabilities[best[0]] >= self._config["journey_at"] else ""
        )
        ranking = [
            {"service": slugs[i], "confidence": round(float(probabilities[i]), 4)}
            for i in best
            if slugs[i] != NOTHING and not slugs[i].startswith(JOURNEY)
        ]
        return ranking[: _RANKED + 1], journey

    def _values(self, message: Message) -> Tuple[List[str], np.ndarray]:
        """The services of the release and behind them `NOTHING`, and what speaks for each as a logarithm."""
        own = self._margins(message) / self._model["temperature"]
        release = active_release()
        if release is None:
            return self._model["slugs"], own
        layout = self._layout(release)
        values = np.full(len(layout.slugs), self._model["untrained"][0])
        trained = layout.trained_at >= 0
        values[trained] = own[layout.trained_at[trained]]
        if layout.matcher.slugs:
            evidence = layout.matcher.evidence(_searched(message), _means(own[self._worded]))
            likeness = _likeness(self._model["untrained"], evidence)
            values[layout.matched_at] = np.maximum(
                np.where(trained[layout.matched_at], values[layout.matched_at], -np.inf), likeness
            )
        return layout.slugs, values

    def _layout(self, release: Release) -> _Layout:
        if release.id not in self._layouts:
            number = {slug: position for position, slug in enumerate(self._model["slugs"])}
            slugs = [*release.services, *(f"{JOURNEY}{slug}" for slug in release.journeys), NOTHING]
            at = {slug: position for position, slug in enumerate(slugs)}
            matcher = matcher_of(release, self._model["learnt"], self._model["wording"])
            self._layouts = {
                release.id: _Layout(
                    slugs,
                    np.array([number.get(slug, -1) for slug in slugs]),
                    np.array([at[slug] for slug in matcher.slugs], dtype=np.int64),
                    matcher,
                )
            }
        return self._layouts[release.id]

    def _margins(self, message: Message) -> np.ndarray:
        """Of each trained service, in the order of the model."""
        if not self._model["slugs"]:
            return np.zeros(0, dtype=np.float32)
        return self._weighed(message.get(VECTOR)) + self._model["intercept"]

    def _weighed(self, vector: SparseVector) -> np.ndarray:
        """Margins without the intercepts."""
        features, values = vector
        return (values @ self._model["steps"][features].astype(np.float32)) * self._model["step"]

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


def _searched(message: Message) -> str:
    """What is looked up in names and texts: the message, and official words for its everyday ones."""
    text = (message.get(TEXT) or "")[:LONGEST]
    return " ".join((text, *lexicon().meanings(text)))


def _means(values: np.ndarray) -> np.ndarray:
    """How probably each is meant, as float32 that sum to one."""
    return np.exp(values - logsumexp(values)).astype(np.float32) if len(values) else np.zeros(0, dtype=np.float32)


def _likeness(weights: Sequence[float], evidence: Evidence) -> np.ndarray:
    constant, nearest, coverage, related = weights
    return constant + nearest * evidence.nearest + coverage * evidence.coverage + related * evidence.related


class _Settled:
    """Scores of which some columns are tried with other values, again and again: the rest is summed up once."""

    def __init__(self, scores: np.ndarray, right: np.ndarray, tried: np.ndarray) -> None:
        place = np.full(scores.shape[1], -1)
        place[tried] = np.arange(len(tried))
        self._right = scores[np.arange(len(right)), right]
        self._tried = np.flatnonzero(place[right] >= 0)
        self._tried_at = place[right][self._tried]
        self._rest = logsumexp(np.delete(scores, tried, axis=1), axis=1)

    def surprise(self, values: np.ndarray) -> float:
        """As `_surprise`, with these values in the columns that are tried."""
        right = self._right.copy()
        right[self._tried] = values[self._tried, self._tried_at]
        return float(np.mean(np.logaddexp(self._rest, logsumexp(values, axis=1)) - right))


def _surprise(scores: np.ndarray, right: np.ndarray) -> float:
    """Mean negative log likelihood of the right column of each row."""
    return float(np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(right)), right]))


def _is_service(slug: str) -> bool:
    return slug != NOTHING and not slug.startswith(JOURNEY)


def _alike(weights: np.ndarray) -> np.ndarray:
    """Cosines of the classes' weights (features, classes)."""
    scaled = weights / np.maximum(np.linalg.norm(weights, axis=0), 1e-6)
    return (scaled.T @ scaled).astype(np.float16)


def _in_steps(weights: np.ndarray) -> Dict[str, np.ndarray]:
    """Weights (features, classes) as whole steps of a length for each class."""
    step = np.maximum(np.abs(weights).max(axis=0), 1e-6) / _STEPS
    return {"steps": np.ascontiguousarray(np.round(weights / step), dtype=np.int8), "step": step.astype(np.float32)}


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

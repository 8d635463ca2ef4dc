"""What somebody wants to know about a matter: who is responsible, what to bring, what it costs, when it is open ..."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any, Dict, FrozenSet, List, Set

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

from actions.turn import WHO
from bot.worker.components.questions import LONGEST, PACKED, NGrams, QuestionVectorizer, SparseVector, matrix_of
from bot.worker.components.shares import against_rest
from bot.worker.importer import ASPECT, CALIBRATES
from knowledge.text import fold

_GAP = "_"
_TOLERANCE = 0.01


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class AspectClassifier(GraphComponent, IntentClassifier):
    """Logistic regression over n-grams of the questions that carry `aspect`, and over hints (regular expressions `aspekt/...`).

    The n-grams are counted in these questions alone, so that words such as „kostet“ weigh more than the matter's own. A second
    set of n-grams sees only words that are used whatever the matter is („was muss ich _ mitbringen“). Adds `aspect` to the
    output; `who` where nothing in particular is asked.
    """

    @classmethod
    def get_default_config(cls) -> Dict[str, Any]:
        return {"C": 10.0, "hint": 0.5, "common": 40, "common_here": 12, "lead": {"requirements": 3.0}}

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
            vectorizer, frames = QuestionVectorizer(least=2), NGrams("word", (1, 3), least=2, token=r"\S+")
            written = vectorizer.fit(len(texts), lambda share: [texts[number] for number in share])
            common = _common_words(training_data, texts, self._config["common"], self._config["common_here"])
            framed = frames.fit([_frame(text, common) for text in texts])
            self._use({"vectorizer": vectorizer, "frames": frames, "common": common, "hints": _hints(training_data)})
            vectors = [self._joined(*each) for each in zip(texts, written, framed, strict=True)]
            width = vectorizer.size + frames.size + len(self._hints)
            aspects, gold = np.unique([message.get(ASPECT) for message in messages], return_inverse=True)
            weights, intercepts = against_rest(self._machine, matrix_of(vectors, width), gold)
            lead = [self._config["lead"].get(aspect, 0.0) for aspect in aspects]
            self._model["aspects"] = aspects.tolist()
            self._model["coefficients"] = np.ascontiguousarray(weights)
            self._model["intercept"] = (intercepts - lead).astype(np.float32)
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "aspect.joblib", compress=PACKED)
        return self._resource

    def _machine(self) -> LogisticRegression:
        return LogisticRegression(C=self._config["C"], solver="liblinear", dual=True, tol=_TOLERANCE, random_state=0)

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
        """N-grams, n-grams of common words, and one feature for each hint that fits, one behind the other."""
        frame = _frame(text, self._model["common"])
        return self._joined(text, self._model["vectorizer"].vector(text), self._model["frames"].vector(frame))

    def _joined(self, text: str, written: SparseVector, framed: SparseVector) -> SparseVector:
        features, values = written
        frames, frame_values = framed
        folded = fold(text)
        hints = [number for number, hint in enumerate(self._hints) if hint.search(folded)]
        first = self._model["vectorizer"].size
        return SparseVector(
            np.concatenate(
                (
                    features,
                    frames + np.int32(first),
                    np.array(hints, dtype=np.int32) + np.int32(first + self._model["frames"].size),
                )
            ),
            np.concatenate((values, frame_values, np.full(len(hints), self._config["hint"], np.float32))),
        )


def _common_words(training_data: TrainingData, texts: List[str], least: int, least_here: int) -> FrozenSet[str]:
    """Words in questions about so many services, or in so many of these texts."""
    services: Dict[str, Set[str]] = defaultdict(set)
    for message in training_data.intent_examples:
        key = message.get(INTENT_RESPONSE_KEY)
        if key and not message.get(CALIBRATES):
            for word in _words(message.get(TEXT)):
                services[word].add(key)
    here = Counter(word for text in texts for word in set(_words(text)))
    everywhere = {word for word, keys in services.items() if len(keys) >= least}
    return frozenset(everywhere | {word for word, count in here.items() if count >= least_here})


def _words(text: str) -> List[str]:
    return re.findall(r"\w+|\?", fold(text))


def _frame(text: str, common: FrozenSet[str]) -> str:
    """The text with one gap for all that belongs to the matter: „^ was kostet _ ? $“."""
    words = [word if word in common or word == "?" else _GAP for word in _words(text)]
    return " ".join(("^", *(word for word, before in zip(words, ["", *words], strict=False) if not word == before == _GAP), "$"))


def _hints(training_data: TrainingData) -> List[str]:
    """One pattern for each aspect."""
    patterns: Dict[str, List[str]] = {}
    for row in training_data.regex_features:
        if row["name"].startswith("aspekt/"):
            patterns.setdefault(row["name"], []).append(row["pattern"])
    return ["|".join(patterns[name]) for name in sorted(patterns)]

"""Questions as vectors: character n-grams, which forgive inflection, compounds, dialect and typing errors, and words."""

from __future__ import annotations

from typing import Any, Dict, List

import joblib
import numpy as np
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from knowledge.active import active_release, gazetteer
from knowledge.text import fold

VECTOR = "question_vector"
_WORDS_WEIGHT = 0.7
_PLACE = "ortsname"
_LONGEST = 2000
"""Characters that are looked at; a story is understood from its first pages."""


def character_vectorizer(min_df: int = 1) -> TfidfVectorizer:
    """TF-IDF over character n-grams of 2 to 5 within words, of folded text."""
    return TfidfVectorizer(
        preprocessor=fold, analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=min_df, dtype=np.float32
    )


def question_vectorizer() -> FeatureUnion:
    """Character n-grams and, with less weight, words and pairs of words; what occurs once teaches nothing."""
    words = TfidfVectorizer(
        preprocessor=fold, token_pattern=r"\w+", ngram_range=(1, 2), sublinear_tf=True, min_df=2, dtype=np.float32
    )
    parts = [("characters", character_vectorizer(min_df=2)), ("words", words)]
    return FeatureUnion(parts, transformer_weights={"words": _WORDS_WEIGHT})


def text_of(message: Message) -> str:
    """What the vector is made of: the text with every place called the same, and the lemmas behind the words.

    A question means the same service wherever somebody lives, and rare forms of a word meet common ones.
    """
    text = (message.get(TEXT) or "")[:_LONGEST]
    tokens = message.get(TOKENS_NAMES[TEXT]) or ()
    lemmas = [token.lemma for token in tokens if token.lemma != token.text and token.start < _LONGEST]
    return " ".join((without_places(text), *lemmas))


def without_places(text: str) -> str:
    """The text with a placeholder for each place of the active release."""
    release = active_release()
    if release is None:
        return text
    for mention in reversed(gazetteer(release).find(text)):
        text = f"{text[: mention.start]}{_PLACE}{text[mention.end :]}"
    return text


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class QuestionFeaturizer(GraphComponent):
    """Puts a sparse row vector on each message, for the classifiers behind it."""

    def __init__(self, vectorizer: FeatureUnion, model_storage: ModelStorage, resource: Resource) -> None:
        self._vectorizer = vectorizer
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> QuestionFeaturizer:
        return cls(question_vectorizer(), model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> QuestionFeaturizer:
        with model_storage.read_from(resource) as folder:
            return cls(joblib.load(folder / "vectorizer.joblib"), model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        self._vectorizer.fit([text_of(message) for message in training_data.intent_examples])
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._vectorizer, folder / "vectorizer.joblib")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self._add(training_data.intent_examples)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        self._add(messages)
        return messages

    def _add(self, messages: List[Message]) -> None:
        rows: scipy.sparse.csr_matrix = self._vectorizer.transform([text_of(message) for message in messages])
        for row, message in enumerate(messages):
            message.set(VECTOR, rows[row])

"""Questions as vectors: weighted character n-grams, which forgive inflection, compounds, dialect and typing errors."""

from __future__ import annotations

from typing import Any, Dict, List, Text

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

from knowledge.text import fold

VECTOR = "question_vector"
_LONGEST = 2000
"""Characters that are looked at; a story is understood from its first pages."""


def character_vectorizer() -> TfidfVectorizer:
    """TF-IDF over character n-grams of 2 to 5 within words, of folded text."""
    return TfidfVectorizer(
        preprocessor=fold, analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, dtype=np.float32
    )


def text_of(message: Message) -> Text:
    """The lemmas behind the words, so that rare forms meet common ones."""
    text = (message.get(TEXT) or "")[:_LONGEST]
    tokens = message.get(TOKENS_NAMES[TEXT]) or ()
    lemmas = [token.lemma for token in tokens if token.lemma != token.text and token.start < _LONGEST]
    return " ".join((text, *lemmas))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class QuestionFeaturizer(GraphComponent):
    """Puts a sparse row vector on each message, for the classifiers behind it."""

    def __init__(self, vectorizer: TfidfVectorizer, model_storage: ModelStorage, resource: Resource) -> None:
        self._vectorizer = vectorizer
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> QuestionFeaturizer:
        return cls(character_vectorizer(), model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
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

"""Questions as vectors: character n-grams, which forgive inflection, compounds, dialect and typing errors, and words."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Sequence, Tuple

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
from sklearn.feature_extraction.text import CountVectorizer

from bot.worker.components.lexicon import lexicon
from bot.worker.components.shares import in_shares
from bot.worker.importer import CALIBRATES
from knowledge.active import active_release, gazetteer
from knowledge.text import fold

VECTOR = "question_vector"
PARTS = "question_parts"
"""The parts of a message that has several (`Part`): somebody may bring two matters at once."""
_WORDS_WEIGHT = 0.7
_PLACE = "ortsname"
_LIVES_THERE = re.compile(
    rf"[,;.]?\s*\b(?:und |and )?(?:ich|i|wir|mia|mir|we|who) (?:wohn\w*|leb\w*|live|komm\w*|bin|am|are) (?:\w+ ){{0,2}}?"
    rf"(?:in|im|aus|from|auf|bei) (?:der |dem |da |the )?{_PLACE}\b[.,]?",
    re.IGNORECASE,
)
"""Where somebody lives says nothing about the matter."""
_ENOUGH_WORDS = 3
_BETWEEN_PARTS = re.compile(
    r"[.!?;:\n]+|,|\b(?:und|sowie|au(?:ss|ß)erdem|plus|also|auch noch|dann noch|danach|oder|aber|and|then|or|but)\b|\s[-–+&/]\s",
    re.IGNORECASE,
)
_SAYS_SOMETHING = re.compile(r"\w{3}")
_MOST_PARTS = 8
PACKED = 1
"""How hard files of the model are compressed: Rasa does it anew for the whole model, as hard as can be, for 15 s."""
LONGEST = 2000
"""Characters that are looked at; a story is understood from its first pages."""


class SparseVector(NamedTuple):
    """Feature numbers (int32) and their values (float32)."""

    features: np.ndarray
    values: np.ndarray

    def fingerprint(self) -> str:
        """For Rasa, which would else print every array to hash it: minutes for thousands of questions."""
        return hashlib.md5(self.features.tobytes() + self.values.tobytes(), usedforsecurity=False).hexdigest()

    def __deepcopy__(self, _: Dict[int, Any]) -> SparseVector:
        """Nothing changes a vector, so copies may share it."""
        return self


class Part(NamedTuple):
    """A part of a message, what stands between it and the next („und“, a comma), and its vector."""

    text: str
    after: str
    vector: SparseVector


class Counted(NamedTuple):
    """The n-grams of some texts, and for each in each text: the text's number, the n-gram's number, how often it occurs."""

    texts: int
    names: List[str]
    rows: np.ndarray
    grams: np.ndarray
    often: np.ndarray

    @classmethod
    def merged(cls, shares: Sequence[Counted]) -> Counted:
        """Consecutive shares of the texts as one."""
        numbers: Dict[str, int] = {}
        number_of = [np.array([numbers.setdefault(name, len(numbers)) for name in each.names], np.int64) for each in shares]
        first = np.cumsum([0, *(each.texts for each in shares)])
        return cls(
            int(first[-1]),
            list(numbers),
            np.concatenate([each.rows + start for each, start in zip(shares, first[:-1], strict=True)]),
            np.concatenate([number[each.grams] for each, number in zip(shares, number_of, strict=True)]),
            np.concatenate([each.often for each in shares]),
        )


class NGrams:
    """TF-IDF over n-grams, of single texts: the figures of scikit-learn's TfidfVectorizer without its cost for one text.

    Weights are (1 + ln count) * (1 + ln((1 + texts) / (1 + texts with it))), scaled to unit length.
    """

    def __init__(self, analyzer: str, ngrams: Tuple[int, int], least: int, token: str = r"\w+") -> None:
        """`least` is the number of texts an n-gram must occur in; `token` says what a word is."""
        self._analyze = CountVectorizer(
            preprocessor=fold, analyzer=analyzer, token_pattern=token, ngram_range=ngrams
        ).build_analyzer()
        self._least = least
        self._numbers: Dict[str, int] = {}
        self._rarity = np.zeros(0, dtype=np.float32)

    @property
    def size(self) -> int:
        return len(self._numbers)

    def fit(self, texts: Sequence[str]) -> List[SparseVector]:
        """Learn which n-grams there are; the vectors of the texts, in their order."""
        return _vectors_of(self.learn(self.counted(texts)))

    def learn(self, counted: Counted) -> scipy.sparse.csr_matrix:
        """Learn which n-grams there are from what was counted in some texts; a row of unit length for each text."""
        texts, names, rows, grams, often = counted
        counts = np.bincount(grams, minlength=len(names))
        kept = sorted(np.flatnonzero(counts >= self._least), key=names.__getitem__)
        self._numbers = {names[gram]: number for number, gram in enumerate(kept)}
        self._rarity = (np.log((1 + texts) / (1 + counts[kept].astype(np.float64))) + 1).astype(np.float32)
        number_of = np.full(len(names), -1, dtype=np.int32)
        number_of[kept] = np.arange(len(kept), dtype=np.int32)
        features = number_of[grams]
        rows, features, often = (each[features >= 0] for each in (rows, features, often))
        values = (1 + np.log(often)).astype(np.float32) * self._rarity[features]
        values /= np.sqrt(np.bincount(rows, weights=values**2, minlength=texts))[rows]
        matrix = scipy.sparse.csr_matrix((values.astype(np.float32), (rows, features)), shape=(texts, len(kept)))
        matrix.sort_indices()
        return matrix

    def counted(self, texts: Sequence[str]) -> Counted:
        """How often which n-gram occurs in which text."""
        seen: Dict[str, int] = {}
        found = [np.array([seen.setdefault(gram, len(seen)) for gram in self._analyze(text)], np.int64) for text in texts]
        rows = np.repeat(np.arange(len(texts)), [len(grams) for grams in found])
        pairs, often = np.unique(rows * len(seen) + np.concatenate([*found, np.zeros(0, np.int64)]), return_counts=True)
        rows, grams = np.divmod(pairs, max(1, len(seen)))
        return Counted(len(texts), list(seen), rows, grams, often)

    def vector(self, text: str) -> SparseVector:
        numbers = self._numbers
        found = [numbers[gram] for gram in self._analyze(text) if gram in numbers]
        return self._weighed(*np.unique(np.array(found, dtype=np.int32), return_counts=True))

    def _weighed(self, features: np.ndarray, counts: np.ndarray) -> SparseVector:
        values = (1 + np.log(counts)).astype(np.float32) * self._rarity[features]
        length = float(np.sqrt(values @ values))
        return SparseVector(features, values / length if length else values)


class QuestionVectorizer:
    """Character n-grams of 3 and 4 within words and, with less weight, words and pairs of words.

    N-grams of 2 and 5 beside them cost half as much again and make nothing better (docs/benchmarks.md).
    """

    def __init__(self, least: int) -> None:
        self._characters = NGrams("char_wb", (3, 4), least)
        self._words = NGrams("word", (1, 2), least)

    @property
    def size(self) -> int:
        return self._characters.size + self._words.size

    def fit(self, count: int, texts: Callable[[np.ndarray], List[str]]) -> List[SparseVector]:
        """Learn which n-grams there are in so many texts; their vectors, in their order.

        For training: several processes make the texts of some numbers and count in them.
        """
        kinds = (self._characters, self._words)

        def counted(share: np.ndarray) -> List[Counted]:
            some = texts(share)
            return [kind.counted(some) for kind in kinds]

        of_all = [Counted.merged(shares) for shares in zip(*in_shares(counted, count), strict=True)]
        characters, words = (kind.learn(each) for kind, each in zip(kinds, of_all, strict=True))
        return _vectors_of(scipy.sparse.hstack((characters, words * np.float32(_WORDS_WEIGHT)), format="csr"))

    def vector(self, text: str) -> SparseVector:
        return self._joined(self._characters.vector(text), self._words.vector(text))

    def _joined(self, characters: SparseVector, of_words: SparseVector) -> SparseVector:
        features, values = characters
        words, word_values = of_words
        return SparseVector(
            np.concatenate((features, words + np.int32(self._characters.size))),
            np.concatenate((values, word_values * np.float32(_WORDS_WEIGHT))),
        )


def matrix_of(vectors: Iterable[SparseVector], size: int) -> scipy.sparse.csr_matrix:
    """Vectors as rows."""
    rows = list(vectors)
    ends = np.cumsum([0, *(len(features) for features, _ in rows)])
    features = np.concatenate([features for features, _ in rows])
    values = np.concatenate([values for _, values in rows])
    return scipy.sparse.csr_matrix((values, features, ends), shape=(len(rows), size))


def _vectors_of(matrix: scipy.sparse.csr_matrix) -> List[SparseVector]:
    """The rows, which share the memory of the matrix."""
    ends = matrix.indptr[1:-1]
    return [SparseVector(*row) for row in zip(np.split(matrix.indices, ends), np.split(matrix.data, ends), strict=True)]


def text_of(message: Message) -> str:
    """What the vector is made of: the text with every place called the same, the lemmas, and official words for everyday ones.

    A question means the same service wherever somebody lives, and rare forms of a word meet common ones.
    """
    return _with_meanings(without_places((message.get(TEXT) or "")[:LONGEST]), _lemmas(message))


def _lemmas(message: Message) -> Dict[str, str]:
    """Words of a message whose base form is another, in their order."""
    tokens = message.get(TOKENS_NAMES[TEXT]) or ()
    return {token.text: token.lemma for token in tokens if token.lemma != token.text and token.start < LONGEST}


def _with_meanings(text: str, lemmas: Dict[str, str]) -> str:
    return " ".join((text, *lemmas.values(), *lexicon().meanings(text)))


def parts_of(text: str) -> List[Tuple[str, str]]:
    """The parts of a text between „und“, commas and full stops that say something, each with what stands behind it.

    At most eight: where there are more, the shortest neighbours are one.
    """
    parts: List[Tuple[str, str]] = []
    start = 0
    for between in (*_BETWEEN_PARTS.finditer(text), None):
        part = text[start : between.start()] if between else text[start:]
        after = between[0] if between else ""
        start = between.end() if between else len(text)
        if _SAYS_SOMETHING.search(part):
            parts.append((part, after))
        elif parts:
            parts[-1] = (parts[-1][0], parts[-1][1] + part + after)
    while len(parts) > _MOST_PARTS:
        at = min(range(len(parts) - 1), key=lambda at: len(parts[at][0]) + len(parts[at + 1][0]))
        (first, between_them), (second, after) = parts[at : at + 2]
        parts[at : at + 2] = [(first + between_them + second, after)]
    return parts


def learnt_from(training_data: TrainingData) -> List[Message]:
    """The examples without those that only calibrate."""
    return [message for message in training_data.intent_examples if not message.get(CALIBRATES)]


def width_of(training_data: TrainingData) -> int:
    """One more than the largest feature number of all vectors."""
    vectors = (message.get(VECTOR) for message in training_data.intent_examples)
    return 1 + max(int(features.max()) for features, _ in vectors if len(features))


def without_places(text: str) -> str:
    """The text with a placeholder for each place of the active release, and without „ich wohne in …“ beside a matter."""
    release = active_release()
    if release is None:
        return text
    for mention in reversed(gazetteer(release).find(text)):
        text = f"{text[: mention.start]}{_PLACE}{text[mention.end :]}"
    rest = _LIVES_THERE.sub(" ", text)
    return rest if len(rest.split()) >= _ENOUGH_WORDS else text


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class QuestionFeaturizer(GraphComponent):
    """Puts a sparse vector on each message, for the classifiers behind it."""

    def __init__(self, vectorizer: QuestionVectorizer, model_storage: ModelStorage, resource: Resource) -> None:
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
        return cls(QuestionVectorizer(least=2), model_storage, resource)

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
        messages = learnt_from(training_data)
        vectors = self._vectorizer.fit(len(messages), lambda share: [text_of(messages[number]) for number in share])
        for message, vector in zip(messages, vectors, strict=True):
            message.set(VECTOR, vector)
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._vectorizer, folder / "vectorizer.joblib", compress=PACKED)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process([message for message in training_data.intent_examples if message.get(VECTOR) is None])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text, lemmas = without_places((message.get(TEXT) or "")[:LONGEST]), _lemmas(message)
            message.set(VECTOR, self._vectorizer.vector(_with_meanings(text, lemmas)))
            parts = parts_of(text)
            if len(parts) > 1:
                message.set(PARTS, [Part(part, after, self._vector_of(part, lemmas)) for part, after in parts])
        return messages

    def _vector_of(self, part: str, lemmas: Dict[str, str]) -> SparseVector:
        words = re.findall(r"\w+", part)
        return self._vectorizer.vector(_with_meanings(part, {word: lemmas[word] for word in words if word in lemmas}))

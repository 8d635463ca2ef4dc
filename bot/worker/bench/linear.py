"""Linear models over n-grams, made with scikit-learn alone: the learning curve and what the designs share."""

from __future__ import annotations

import sys
import time
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import numpy as np
import scipy.sparse
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bot.worker.bench.data import OUT_OF_SCOPE, Asked, Examples, demo
from bot.worker.bench.ranking import hits, ranked
from bot.worker.components.german import GermanTokenizer
from bot.worker.components.questions import text_of
from knowledge.text import fold

_WORDS_WEIGHT = 0.7
_COST = 0.5
_SEED = 1
SHARES = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)


def progress(text: str) -> None:
    """One line for whoever waits."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def prepared(texts: Sequence[str]) -> List[str]:
    """Texts as the pipeline vectorises them: places masked, base forms and official words added."""
    messages = [Message(data={TEXT: text}) for text in texts]
    GermanTokenizer(GermanTokenizer.get_default_config()).process(messages)
    return [text_of(message) for message in messages]


class Vectorizer:
    """TF-IDF of character n-grams (2-5, within words), of words and pairs of words, or of both."""

    def __init__(self, characters: bool = True, words: bool = True) -> None:
        common: Dict[str, Any] = {"preprocessor": fold, "min_df": 2, "sublinear_tf": True, "dtype": np.float32}
        self._parts: List[Tuple[TfidfVectorizer, float]] = []
        if characters:
            self._parts.append((TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common), 1.0))
        if words:
            weight = _WORDS_WEIGHT if characters else 1.0
            self._parts.append((TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), **common), weight))

    def fit_transform(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        return scipy.sparse.hstack([part.fit_transform(texts) * weight for part, weight in self._parts]).tocsr()

    def transform(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        return scipy.sparse.hstack([part.transform(texts) * weight for part, weight in self._parts]).tocsr()


def machine() -> LinearSVC:
    """The linear model of the pipeline."""
    return LinearSVC(C=_COST)


def rankings_of(labels: Sequence[str], scores: np.ndarray) -> List[List[str]]:
    """A ranking of the services for each row of scores."""
    return [[label for label in ranked(labels, row) if label != OUT_OF_SCOPE] for row in scores]


def counted(rankings: Sequence[Sequence[str]], asked: Sequence[Asked]) -> Dict[str, int]:
    """Hits at 1 and 3."""
    golds = [each.gold for each in asked]
    return {"n": len(golds), "hit1": hits(rankings, golds, 1), "hit3": hits(rankings, golds, 3)}


def curve() -> List[Dict[str, Any]]:
    """Hits of the linear model that learnt from a random share of the examples; each share holds the smaller ones."""
    questions = demo()
    examples = questions.examples()
    known, wanted = prepared(examples.texts), prepared([each.text for each in questions.asked])
    prepared_examples = Examples(tuple(known), examples.labels)
    order = np.random.RandomState(_SEED).permutation(len(known))
    return list(_curve(prepared_examples, wanted, questions.asked, order))


def _curve(examples: Examples, wanted: List[str], asked: Sequence[Asked], order: np.ndarray) -> Iterator[Dict[str, Any]]:
    for share in SHARES:
        some = examples.some(order[: round(share * len(order))].tolist())
        progress(f"Lernkurve: {len(some.texts)} Fragen")
        vectorizer, model = Vectorizer(), machine()
        model.fit(vectorizer.fit_transform(some.texts), some.labels)
        rankings = rankings_of(list(model.classes_), model.decision_function(vectorizer.transform(wanted)))
        yield {"examples": len(some.texts), **counted(rankings, asked)}

"""Rankings and what they are worth: BM25, rank fusion, hits, calibration error."""

from __future__ import annotations

from typing import Callable, Dict, FrozenSet, Hashable, List, Sequence, Tuple, TypeVar

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from knowledge.text import fold

_T = TypeVar("_T", bound=Hashable)
RANK_CONSTANT = 60
_BINS = 10


def words() -> CountVectorizer:
    """Counts folded words."""
    return CountVectorizer(preprocessor=fold, token_pattern=r"\w+")


def four_grams() -> CountVectorizer:
    """Counts sequences of four characters within folded words and their edges."""
    return CountVectorizer(preprocessor=fold, analyzer="char_wb", ngram_range=(4, 4))


class BM25:
    """Okapi BM25 (Robertson & Zaragoza 2009): scores labels by the best of their documents."""

    def __init__(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        analyzer: Callable[[], CountVectorizer] = words,
        k1: float = 1.2,
        b: float = 0.75,
    ) -> None:
        order = sorted(range(len(texts)), key=lambda at: labels[at])
        self.labels = sorted(set(labels))
        self._starts = np.searchsorted([labels[at] for at in order], self.labels)
        self._counter = analyzer()
        counts = self._counter.fit_transform([texts[at] for at in order]).astype(np.float64).tocsr()
        length = np.asarray(counts.sum(axis=1)).ravel()
        having = np.bincount(counts.indices, minlength=counts.shape[1])
        rarity = np.log(1 + (len(order) - having + 0.5) / (having + 0.5))
        damped = np.repeat(k1 * (1 - b + b * length / length.mean()), np.diff(counts.indptr))
        counts.data = rarity[counts.indices] * counts.data * (k1 + 1) / (counts.data + damped)
        self._weights = counts.T.tocsr()

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """One row a text, one column a label, in the order of `labels`."""
        found = []
        for at in range(0, len(texts), 100):
            wanted = self._counter.transform(texts[at : at + 100])
            scores = (wanted.astype(np.float64) @ self._weights).toarray()
            found.append(np.maximum.reduceat(scores, self._starts, axis=1))
        return np.vstack(found)


def ranked(labels: Sequence[_T], scores: np.ndarray) -> List[_T]:
    """Labels, the highest score first; equal ones in their order."""
    return [labels[at] for at in np.argsort(-scores, kind="stable")]


def fused(rankings: Sequence[Sequence[_T]], constant: int = RANK_CONSTANT) -> List[_T]:
    """Reciprocal rank fusion (Cormack et al. 2009): each ranking gives 1 / (constant + rank)."""
    points: Dict[_T, float] = {}
    for ranking in rankings:
        for rank, label in enumerate(ranking, 1):
            points[label] = points.get(label, 0.0) + 1 / (constant + rank)
    return sorted(points, key=lambda label: -points[label])


def hits(rankings: Sequence[Sequence[_T]], golds: Sequence[FrozenSet[_T]], within: int) -> int:
    """How many rankings have a right label among the first `within`."""
    return sum(not gold.isdisjoint(ranking[:within]) for ranking, gold in zip(rankings, golds, strict=True))


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error, 0..1, over ten equally wide bins."""
    sure, correct = np.asarray(confidences, dtype=float), np.asarray(right, dtype=float)
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = (abs(sure[bins == each].sum() - correct[bins == each].sum()) for each in range(_BINS))
    return float(sum(gaps)) / max(1, len(sure))


def spread(values: Sequence[float]) -> Tuple[float, float]:
    """Median and 99th percentile."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]

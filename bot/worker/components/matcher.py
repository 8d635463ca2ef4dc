"""Finds services by their wording alone: what was published since the model was trained, or a whole catalogue it never saw.

Three kinds of evidence: the nearest wording (name, synonym, text), how much of the question stands in the service's whole
text (BM25, Robertson and Zaragoza 2009), and how like the service is to those that the trained model would answer with: it
has learnt what people say instead of „Personalausweis“, and that holds in every county.
"""

from __future__ import annotations

import hashlib
from typing import Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import CountVectorizer

from bot.worker.components.questions import NGrams, matrix_of
from knowledge.model import Service
from knowledge.release import Release
from knowledge.text import fold

_SATURATION, _LENGTH = 1.2, 0.75
_NAMED_TWICE = 2
_KEPT = 4

Wording = Dict[str, Tuple[str, ...]]
"""The name, the synonyms and the short text of each trained service."""


class Evidence(NamedTuple):
    """What speaks for each entry of a matcher, arrays of float32 in the order of `slugs`.

    `nearest` is a cosine (0..1), `coverage` the share of the question's weight that is found in the text (0..1), `related`
    the expected likeness (0..2) to the service that the trained model means.
    """

    nearest: np.ndarray
    coverage: np.ndarray
    related: np.ndarray


class Matcher:
    """An index of services that the model was not trained on, and of what was added to those it was trained on."""

    def __init__(
        self, services: Iterable[Service], learnt: FrozenSet[bytes] = frozenset(), trained: Optional[Wording] = None
    ) -> None:
        """`learnt` are the fingerprints of texts that the model knows; `trained` the wording of its services."""
        self.slugs: List[str] = []
        texts: List[str] = []
        owners: List[int] = []
        whole: List[str] = []
        trained = trained or {}
        for service in services:
            known = service.slug in trained
            wording = [text for text in wording_of(service) if not (known and fingerprint(text) in learnt)]
            if not wording:
                continue
            texts.extend(wording)
            owners.extend([len(self.slugs)] * len(wording))
            whole.append(" ".join(wording) if known else _whole_text(service))
            self.slugs.append(service.slug)
        self._starts = np.searchsorted(owners, np.arange(len(self.slugs)))
        self._ngrams = NGrams("char_wb", (2, 5), least=1)
        self._ngrams.fit([*texts, *whole, *(text for wording in trained.values() for text in wording)])
        # Columns are texts, so that one product gives all similarities.
        self._wording = self._columns(texts)
        self._texts = _Texts(whole)
        self._affinity = self._affinities(list(trained.values()), whole)

    def _columns(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        return matrix_of(map(self._ngrams.vector, texts), self._ngrams.size).T.tocsr() if texts else None

    def _affinities(self, trained: List[Tuple[str, ...]], whole: List[str]) -> np.ndarray:
        """(trained services, entries): how like they are, by name and by text together, 0..2."""
        affinity = np.zeros((len(trained), len(self.slugs)), dtype=np.float32)
        if not trained or not self.slugs:
            return affinity
        # The first wording of an entry is its name.
        names = self._wording[:, self._starts].tocsr()
        documents = self._columns(whole)
        for row, wording in enumerate(trained):
            titles = matrix_of(map(self._ngrams.vector, wording[:-1]), self._ngrams.size)
            text = matrix_of([self._ngrams.vector(" ".join((wording[0], *wording)))], self._ngrams.size)
            affinity[row] = (titles @ names).max(axis=0).toarray()[0] + (text @ documents).toarray()[0]
        return affinity

    def evidence(self, text: str, means: np.ndarray) -> Evidence:
        """What speaks for each entry; `means` says how probably the question means each trained service."""
        if not self.slugs:
            nothing = np.zeros(0, dtype=np.float32)
            return Evidence(nothing, nothing, nothing)
        features, values = self._ngrams.vector(text)
        nearest = np.maximum.reduceat(values @ self._wording[features], self._starts)
        likely = np.flatnonzero(means > 0.01)
        return Evidence(nearest, self._texts.coverage(text), means[likely] @ self._affinity[likely])


class _Texts:
    """BM25 over character 4-grams, as a share of what a text with all of the question in it would reach."""

    def __init__(self, texts: Sequence[str]) -> None:
        counter = CountVectorizer(preprocessor=fold, analyzer="char_wb", ngram_range=(4, 4))
        self._analyze = counter.build_analyzer()
        if not texts:
            return
        counts = counter.fit_transform(texts).tocoo()
        self._numbers: Dict[str, int] = counter.vocabulary_
        containing = np.bincount(counts.col, minlength=counts.shape[1])
        self._rarity = np.log1p((len(texts) - containing + 0.5) / (containing + 0.5)).astype(np.float32)
        self._unheard = float(np.log1p((len(texts) + 0.5) / 0.5))
        lengths = np.bincount(counts.row, weights=counts.data, minlength=len(texts))
        norm = _SATURATION * (1 - _LENGTH + _LENGTH * lengths / max(lengths.mean(), 1e-9))
        weights = counts.data / (counts.data + norm[counts.row]) * self._rarity[counts.col]
        self._weights = scipy.sparse.csr_matrix((weights.astype(np.float32), (counts.col, counts.row)), counts.shape[::-1])

    def coverage(self, text: str) -> np.ndarray:
        grams = self._analyze(text)
        known = np.array([self._numbers[gram] for gram in grams if gram in self._numbers], dtype=np.int32)
        most = float(self._rarity[known].sum()) + self._unheard * (len(grams) - len(known))
        features, counts = np.unique(known, return_counts=True)
        return (counts.astype(np.float32) @ self._weights[features]) / max(most, 1e-9)


def wording_of(service: Service) -> List[str]:
    """The name first; then synonyms, short text and example questions."""
    return [text for text in (service.name, *service.synonyms, service.short, *(each.text for each in service.examples)) if text]


def trained_wording(release: Release, slugs: Iterable[str]) -> Wording:
    """Name, synonyms and short text of services; the short text last, empty where there is none."""
    known = (release.services[slug] for slug in slugs if slug in release.services)
    return {service.slug: (service.name, *service.synonyms, service.short) for service in known}


def fingerprint(text: str) -> bytes:
    """Eight bytes that stand for a text."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _whole_text(service: Service) -> str:
    fees = (fee.text for fee in service.fees)
    named = [service.name] * _NAMED_TWICE
    return " ".join(
        (*named, *service.synonyms, service.short, *service.requirements, *service.documents, *service.procedure, *fees)
    )


_matchers: Dict[str, Matcher] = {}


def matcher_of(release: Release, learnt: FrozenSet[bytes], trained: Wording) -> Matcher:
    """The matcher of a release, built once a process."""
    key = f"{release.id}/{len(trained)}/{len(learnt)}"
    if key not in _matchers:
        while len(_matchers) >= _KEPT:
            _matchers.pop(next(iter(_matchers)))
        _matchers[key] = Matcher(release.services.values(), learnt, trained)
    return _matchers[key]

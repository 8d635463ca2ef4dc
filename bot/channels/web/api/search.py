"""Services by words, for the search field and the API; where words do not tell, what the understanding makes of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache

from knowledge.model import Service
from knowledge.release import Release
from knowledge.text import folded_words

Understand = Callable[[Release, str], Awaitable[list[tuple[str, float]]]]
"""The services a question may mean (slug, confidence from 0 to 1), the likeliest first; empty when nobody can say."""

_SHORTEST_PART = 4
_WEIGHTS = (4, 3, 1)
_LIKELY = 0.15
_NAMED = 3
_FILLERS = frozenset(
    "der die das ein eine einen einem mein meine meinen ich wie wo was fuer und oder im in am an zu zum zur".split()
)

Index = dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]


async def find_services(release: Release, text: str, understand: Understand | None = None) -> list[tuple[Service, float]]:
    """The services a text may mean, with a score that falls; the best first. Empty when nothing fits."""
    found = by_words(release, text)
    best = max(found.values(), default=0.0)
    if understand is not None and best < _NAMED:
        for slug, confidence in await understand(release, text[:400]):
            if confidence >= _LIKELY and slug in release.services:
                found[slug] = max(found.get(slug, 0.0), _NAMED * confidence)
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return [(release.services[slug], round(score, 4)) for slug, score in ranked]


def by_words(release: Release, text: str) -> dict[str, float]:
    """Each service that holds every word of a text, with the mean weight of where it holds them: name, synonym, description."""
    words = [word for word in folded_words(text) if word not in _FILLERS]
    if not words:
        return {}
    found: dict[str, float] = {}
    for slug, fields in _index(release).items():
        scores = [
            max((weight * _holds(words_of, word) for weight, words_of in zip(_WEIGHTS, fields, strict=True))) for word in words
        ]
        if all(scores):
            found[slug] = sum(scores) / len(scores)
    return found


def _index(release: Release) -> Index:
    index = _kept(release.digest)
    if not index:
        index.update(
            {
                service.slug: (
                    _all_words((service.name, service.name_en, service.leika)),
                    _all_words(service.synonyms),
                    _all_words((service.short, service.short_en, service.life_situation)),
                )
                for service in release.knowledge.services
            }
        )
    return index


@lru_cache(maxsize=2)
def _kept(digest: str) -> Index:
    """An index, filled by its first reader."""
    return {}


def _all_words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word for text in texts for word in folded_words(text))


def _holds(words: frozenset[str], word: str) -> float:
    """1 for the word itself, less for a word that begins with it or has it inside („pass“ in „Reisepass“)."""
    if word in words:
        return 1.0
    if len(word) >= _SHORTEST_PART:
        if any(each.startswith(word) for each in words):
            return 0.9
        if any(word in each for each in words):
            return 0.8
    return 0.0

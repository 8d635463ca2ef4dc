"""What tells the services apart that somebody may choose from: one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import permutations

from bot.conversation.rendering.words import Words
from knowledge.model import Distinction, Service
from knowledge.release import Release
from knowledge.text import fold

LONGEST_HINT = 90
LONGEST_DISTINCTION = 120
_SENTENCE_ENDS = re.compile(r"(?<!\b[a-z]\.)(?<!\b\d\.)(?<!\b\d\d\.)(?<=[.!])\s+(?=[A-ZÄÖÜ„\d])")
"""A question stays with its answer: „Sie brauchen einen Nachweis? Das ist …“."""
_LEANS_ON_ANOTHER = re.compile(r"^(Sonst|Das eine|Das andere|Nicht jede\w*|Beides?)\b|\b(zweite Sache|danach|daraus|darüber)\b")
_STEM = 6


def hints(words: Words, release: Release, slugs: Sequence[str]) -> dict[str, str]:
    """One line for each service.

    Where two of them are known to be confused, it is what tells them apart, else the beginning of what the service is.
    """
    told = {} if words.english else dict(_distinguished(release, slugs))
    return {slug: told.get(slug) or shortened(first_sentence(_told(words, release.services[slug]))) for slug in slugs}


def first_sentence(text: str) -> str:
    return _SENTENCE_ENDS.split(text, maxsplit=1)[0]


def shortened(text: str, longest: int = LONGEST_HINT) -> str:
    """A text cut between two words, with an ellipsis where something is missing."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    return text[:longest].rpartition(" ")[0].rstrip(" ,;:–-(") + "…"


def _told(words: Words, service: Service) -> str:
    if words.english:
        return service.short_en or service.short
    return (words.simple and service.simple) or service.short


def _distinguished(release: Release, slugs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The distinctions of those that stand first win."""
    for slug in reversed(slugs):
        for each in release.distinctions_of(slug):
            if each.first in slugs and each.second in slugs:
                yield from told_apart(each, release.services[each.first], release.services[each.second]).items()


def told_apart(distinction: Distinction, first: Service, second: Service) -> dict[str, str]:
    """Which sentence of a distinction speaks of which of the two services, as far as that can be said for sure."""
    sentences = _SENTENCE_ENDS.split(distinction.text)
    stems = {first.slug: _own_stems(first, second), second.slug: _own_stems(second, first)}
    scores = {
        pair: _score(sentences[pair[0]], *stems.values()) + _score(sentences[pair[1]], *reversed(stems.values()))
        for pair in permutations(range(len(sentences)), 2)
    }
    best = max(scores.values(), default=0)
    winners = [pair for pair, score in scores.items() if score == best]
    if best <= 0 or len(winners) > 1:
        return {}
    found = zip((first, second), (sentences[index] for index in winners[0]), strict=True)
    return {service.slug: sentence for service, sentence in found if _stands_alone(sentence, service)}


def _stands_alone(sentence: str, service: Service) -> bool:
    """Whether it says something of the service without the sentence before it."""
    leans = _LEANS_ON_ANOTHER.search(sentence)
    return not leans and len(sentence) <= LONGEST_DISTINCTION and bool(_stems(sentence) & _stems(_called(service)))


def _score(sentence: str, own: set[str], foreign: set[str]) -> int:
    said = _stems(sentence)
    return len(said & own) - len(said & foreign)


def _own_stems(service: Service, other: Service) -> set[str]:
    return _stems(_called(service)) - _stems(_called(other))


def _called(service: Service) -> str:
    return " ".join((service.name, service.slug.replace("-", " "), *service.synonyms))


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in re.findall(r"\w{4,}", fold(text))}

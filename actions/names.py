"""What services are called, word by word: whether a message is the whole name of one, or a part of the names of several."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from actions.wording import called_by, content_of, stem, without_brackets
from knowledge.model import Service
from knowledge.release import Release
from knowledge.text import folded_words

_KEPT = 4
_LONGEST_NAME = 4
"""Words of a name that typing errors are looked for in: longer messages are no names."""
_SHORTEST_OFFICE = 7
_OFFICE = re.compile(
    r"(?:amt|stelle|behoerde|buero|kasse|hof|center|gericht|verwaltung|kammer|archiv|meisterei|polizei|buecherei)$"
)
_CLOSE = 0.74
_SHORTEST_TYPO = 4
_SHORTEST_COMPOUND = 4


class Names:
    """The names and synonyms of the services of a release as stems of words. Build once a release; never changed."""

    def __init__(self, release: Release) -> None:
        self._phrases: dict[str, list[frozenset[str]]] = {}
        self._whole: dict[frozenset[str], list[str]] = defaultdict(list)
        self._holding: dict[str, set[str]] = defaultdict(set)
        self._begins: dict[str, list[str]] = defaultdict(list)
        for slug, service in release.services.items():
            self._phrases[slug] = [stems for phrase in _called(service) if (stems := _stems(content_of(phrase)))]
            for phrase in _called(service):
                if (stems := _stems(called_by(phrase))) and slug not in self._whole[stems]:
                    self._whole[stems].append(slug)
            for stems in self._phrases[slug]:
                for each in stems:
                    self._holding[each].add(slug)
        for each in self._holding:
            self._begins[each[:1]].append(each)
        self._office_types = _office_types(release)

    def whole(self, words: Sequence[str]) -> list[str]:
        """The services that have these words, and no others, as their name or a synonym."""
        return list(self._whole.get(_stems(words), ()))

    def misspelt(self, words: Sequence[str]) -> list[str]:
        """The services whose name or synonym these words are, give or take a typing error in each."""
        said = _stems(words)
        if not 2 <= len(said) <= _LONGEST_NAME:
            return []
        near = [self._close_to(word) for word in said]
        if not all(near):
            return []
        found = {
            slug: None
            for stems, slugs in self._whole.items()
            if len(stems) == len(said) and all(stems & close for close in near)
            for slug in slugs
        }
        return list(found)

    def holding(self, words: Sequence[str]) -> list[str]:
        """The services that have all these words, each alone, in one name; those that have them most often first."""
        said = _stems(words)
        counts = Counter({slug: sum(said <= stems for stems in called) for slug, called in self._phrases.items()})
        return [slug for slug, count in counts.most_common() if count] if said else []

    def partly(self, words: Sequence[str]) -> list[str]:
        """The services that have all these words, alone or in compounds, in one name: first those with the words alone.

        Where one service has the words alone, only that one.
        """
        said, alone = _stems(words), self.holding(words)
        if not said or len(alone) == 1:
            return alone
        in_compounds = set.intersection(*(self._with(word) for word in said)) - set(alone)
        return alone + sorted(slug for slug in in_compounds if any(_holds(stems, said) for stems in self._phrases[slug]))

    def beside(self, slug: str, words: Sequence[str]) -> list[str]:
        """The services that have these words together with a word of a service's own names: „Pass für Kind“ beside „Pass“."""
        said, own = _stems(words), frozenset().union(*self._phrases.get(slug, ()))
        return [other for other, called in self._phrases.items() if any(said < stems and stems & own for stems in called)]

    def is_known(self, word: str) -> bool:
        """Whether a word stands in some name."""
        return stem(word) in self._holding

    def office_type(self, word: str) -> str | None:
        """The type of office that a word names: „Standesamt“, „Zulassungsstelle“, „Bauamt“ for the Kreisbauamt."""
        said = stem(word)
        if said in self._office_types:
            return self._office_types[said]
        if not _OFFICE.search(word):
            return None
        return next((kind for each, kind in self._office_types.items() if each.endswith(said)), None)

    def belongs_to(self, word: str, slug: str) -> bool:
        """Whether a word stands in a name of a service, alone or in a compound."""
        said = stem(word)
        return any(_is_in(said, each) or _is_in(each, said) for stems in self._phrases.get(slug, ()) for each in stems)

    def _close_to(self, said: str) -> set[str]:
        """The stems that a misspelt one may stand for; one that begins with „an“ is none for „ab“."""
        if len(said) < _SHORTEST_TYPO:
            return {said} & self._holding.keys()
        other = {"ab": "an", "an": "ab"}.get(said[:2], "")
        known = [
            each for each in self._begins[said[:1]] if len(each) >= _SHORTEST_TYPO and not (other and each.startswith(other))
        ]
        return set(get_close_matches(said, known, n=len(known) or 1, cutoff=_CLOSE))

    def _with(self, said: str) -> set[str]:
        return set().union(*(slugs for each, slugs in self._holding.items() if _is_in(said, each)))


def _office_types(release: Release) -> dict[str, str]:
    """What types of offices are called, of those that some service belongs to."""
    used = {service.office_type for service in release.services.values()}
    found: dict[str, str] = {}
    for each in release.knowledge.office_types:
        if each.type in used:
            for word in folded_words(f"{each.type} {without_brackets(each.name)}"):
                if _OFFICE.search(word) and len(word) >= _SHORTEST_OFFICE:
                    found.setdefault(stem(word), each.type)
    return found


def _called(service: Service) -> Iterable[str]:
    return (without_brackets(service.name), *service.synonyms)


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(stem, words))


def _is_in(said: str, written: str) -> bool:
    """Whether a stem is a word, or begins or ends a compound."""
    if said == written:
        return True
    return len(said) >= _SHORTEST_COMPOUND and (written.startswith(said) or written.endswith(said))


def _holds(stems: frozenset[str], said: frozenset[str]) -> bool:
    return all(any(_is_in(word, each) for each in stems) for word in said)


_names: dict[str, Names] = {}


def names_of(release: Release) -> Names:
    """The names of a release, built once a process."""
    if release.id not in _names:
        while len(_names) >= _KEPT:
            _names.pop(next(iter(_names)))
        _names[release.id] = Names(release)
    return _names[release.id]

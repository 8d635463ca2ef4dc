"""Which places lie in which area, for many places at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from knowledge.checks.finding import listed, thousands
from knowledge.model import ANYWHERE
from knowledge.release import Release

_MOST_NAMES: Final = 5


class PlaceMap:
    """The places of a release and which of them lie in an area, as the bits of a number."""

    def __init__(self, release: Release) -> None:
        places = [place for place in release.places.values() if not place.is_county] or list(release.places.values())
        self.release = release
        self.places = places
        # Knowledge of a single city may do without places: one stands for all.
        self.everywhere = (1 << len(places)) - 1 if places else 1
        self._within: dict[str, int] = {} if places else {ANYWHERE: 1}
        for position, place in enumerate(places):
            for area in release.chain(place.ars):
                self._within[area] = self._within.get(area, 0) | 1 << position

    def within(self, area: str) -> int:
        """The places in an area; none for an area that is not known."""
        return self._within.get(area, 0)

    def chain(self, places: int) -> tuple[str, ...]:
        """The areas around the first of some places."""
        return self.release.chain(self.places[(places & -places).bit_length() - 1].ars) if self.places else (ANYWHERE,)

    def in_words(self, places: int) -> str:
        """„in Lindenau und Grünsee“, „in A, B, C, D, E und 12 weiteren Orten“; empty for all places."""
        if places == self.everywhere:
            return ""
        every, count = (self.places[position].name for position in _bits(places)), places.bit_count()
        if count <= _MOST_NAMES + 1:
            return f"in {listed(every, count)}"
        return f"in {', '.join(islice(every, _MOST_NAMES))} und {thousands(count - _MOST_NAMES)} weiteren Orten"

    def lacking(self, places: int, district: str, named: frozenset[str]) -> int:
        """Those of the places that have this Ortsteil or, when it is empty, one that no rule names."""
        kept = 0
        for position in _bits(places) if self.places else ():
            own = {each.name for each in self.places[position].districts}
            if district in own if district else not own or own - named:
                kept |= 1 << position
        return kept if self.places else places


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest

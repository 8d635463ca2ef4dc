"""Places for a field in which somebody types."""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.active import gazetteer
from knowledge.model import Locality
from knowledge.release import Release
from knowledge.text import fold

MOST = 20
_SHORTEST = 2


def find_places(release: Release, text: str) -> list[Locality]:
    """What a text means; else the places whose name begins with it, Gemeinden first. All Gemeinden for an empty one."""
    text = text.strip()
    if not text:
        return [Locality(place.ars) for place in release.places.values() if not place.is_county]
    known = gazetteer(release).lookup(text)
    begun = list(_beginning(release, fold(text))) if len(text) >= _SHORTEST else []
    exact = [each for each in begun if fold(_own_name(release, each)) == fold(text)]
    return list(dict.fromkeys((*known, *exact, *begun)))[:MOST] if begun else list(known)[:MOST]


def _beginning(release: Release, start: str) -> Iterator[Locality]:
    places = [place for place in release.places.values() if not place.is_county]
    yield from (Locality(place.ars) for place in places if fold(place.name).startswith(start))
    for place in places:
        for district in place.districts:
            if district.name != place.name and fold(district.name).startswith(start):
                yield Locality(place.ars, district.name)


def _own_name(release: Release, locality: Locality) -> str:
    return locality.district or release.places[locality.ars].name

"""Which days are holidays at an office: those of its Land, and those that only its Gemeinde keeps.

The days themselves come from the library `holidays`. In Hessen every Sunday is by law a holiday too (§ 1 Abs. 1 HFeiertagsG);
it is none here, because `PH` in opening hours means the holidays besides the weekends.
"""

from __future__ import annotations

import weakref
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from knowledge.model import LOCAL_HOLIDAYS, Address, Office, OutsidePlace, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from knowledge.release import Release

LAENDER: Final = {
    "01": "SH",
    "02": "HH",
    "03": "NI",
    "04": "HB",
    "05": "NW",
    "06": "HE",
    "07": "RP",
    "08": "BW",
    "09": "BY",
    "10": "SL",
    "11": "BE",
    "12": "BB",
    "13": "MV",
    "14": "SN",
    "15": "ST",
    "16": "TH",
}
"""The first two digits of an ARS, and the Land they stand for (ISO 3166-2:DE)."""

_NAMES = dict(zip(LOCAL_HOLIDAYS, ("Mariä Himmelfahrt", "Fronleichnam", "Augsburger Hohes Friedensfest"), strict=True))


@dataclass(frozen=True)
class Calendar:
    """The holidays of a Land (ISO 3166-2:DE without „DE-“), with those of `LOCAL_HOLIDAYS` that are kept at a place.

    A local holiday that the Land does not know at all is none. Raises `ValueError` for a Land that does not exist.
    """

    land: str = "BY"
    local: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.land not in LAENDER.values():
            raise ValueError(f"no Land: {self.land!r}")

    def holidays(self, year: int) -> Mapping[date, str]:
        """The holidays of a year and their German names."""
        return _holidays(self.land, self.local, year)

    def school_holidays(self, year: int) -> frozenset[date]:
        """The days without school of a year, as far as the Länder have agreed on them; else none."""
        return _school_holidays(self.land, year)


BAVARIA: Final = Calendar()


@lru_cache(maxsize=256)
def _holidays(land: str, local: tuple[str, ...], year: int) -> Mapping[date, str]:
    import holidays

    subdivision = "Augsburg" if land == "BY" and "friedensfest" in local else land
    everywhere = holidays.country_holidays("DE", subdiv=land, years=year, language="de")
    somewhere = holidays.country_holidays(
        "DE", subdiv=subdivision, years=year, language="de", categories=("public", "catholic") if subdivision == land else None
    )
    kept = {_NAMES.get(each, "") for each in local}
    here = {day: name for day, name in somewhere.items() if kept & set(name.split("; "))}
    return MappingProxyType(dict(sorted((dict(everywhere) | here).items())))


@lru_cache(maxsize=64)
def _school_holidays(land: str, year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays("DE", subdiv=land, years=year, categories=("school",)))


def calendar_of(release: Release, office: Office) -> Calendar:
    """The holidays at an office.

    The Land and the local holidays are those of its place. An office of the county, and one without a place, keeps the
    local holidays of the Gemeinde that bears its postcode; if there is none either, those of the county or of most places.
    """
    seats = _seats(release)
    place = release.places.get(office.place)
    gemeinde = place if place and not place.is_county else seats.gemeinde(office.address)
    known: Place | OutsidePlace | None = gemeinde or place or seats.outside(office.address)
    land = LAENDER.get((known.ars if known else office.place)[:2])
    if not land:
        return seats.region
    if isinstance(known, Place):
        return Calendar(land, known.holidays)
    return Calendar(land)


class _Seats:
    """Places by postcode, and what holds for a release as a whole."""

    def __init__(self, places: tuple[Place, ...], outside: tuple[OutsidePlace, ...], county: Place | None) -> None:
        self._all = places
        self._county = county
        self._places: dict[str, list[Place]] = {}
        for place in places:
            own = {*place.plz, *(plz for district in place.districts for plz in district.plz)}
            for plz in own if not place.is_county else ():
                self._places.setdefault(plz, []).append(place)
        self._outside = {plz: place for place in outside for plz in place.plz if place.ars}

    def gemeinde(self, address: Address) -> Place | None:
        """Where several share the postcode, the one the address names; else the first."""
        found = self._places.get(address.plz, [])
        names = (place for place in found if address.city in (place.name, *(each.name for each in place.districts)))
        return next(names, found[0] if found else None)

    def outside(self, address: Address) -> OutsidePlace | None:
        return self._outside.get(address.plz)

    @cached_property
    def region(self) -> Calendar:
        if self._county and self._county.ars[:2] in LAENDER:
            return Calendar(LAENDER[self._county.ars[:2]], self._county.holidays)
        common = Counter((LAENDER[place.ars[:2]], place.holidays) for place in self._all if place.ars[:2] in LAENDER)
        return Calendar(*common.most_common(1)[0][0]) if common else BAVARIA


_known_seats: dict[int, _Seats] = {}


def _seats(release: Release) -> _Seats:
    """Kept as long as the release is: a release of a whole Land has thousands of places."""
    key = id(release)
    if key not in _known_seats:
        weakref.finalize(release, _known_seats.pop, key, None)
        _known_seats[key] = _Seats(release.knowledge.places, release.knowledge.outside, release.county)
    return _known_seats[key]

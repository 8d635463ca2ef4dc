"""From where somebody stands to the Gemeinde they are in: the one with the nearest seat.

Without the boundaries of a Gemeinde this is a guess that is right near a town hall and may be wrong near a boundary. Whoever
uses it says the place, so that people can correct it.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

from knowledge.model import OUTSIDE, Locality
from knowledge.release import Release

FARTHEST_KM = 15.0
"""Hardly anybody lives farther from the seat of their own Gemeinde; beyond it somebody is taken to be outside the county."""
_EARTH_KM = 6371.0


def nearest(release: Release, latitude: float, longitude: float) -> Locality | None:
    """The Gemeinde whose seat is nearest to a point (WGS 84, degrees); `OUTSIDE` beyond `FARTHEST_KM`.

    None when the release knows no coordinates, or when the point is none.
    """
    seats = _seats(release)
    if not seats or not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    distance, ars = min((distance_km(latitude, longitude, *geo), ars) for ars, geo in seats)
    return Locality(ars if distance <= FARTHEST_KM else OUTSIDE)


def has_seats(release: Release) -> bool:
    """Whether a point can be turned into a Gemeinde at all."""
    return bool(_seats(release))


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The great circle between two points in degrees, by the haversine formula."""
    north, other_north = radians(latitude), radians(other_latitude)
    half = sin((other_north - north) / 2) ** 2
    half += cos(north) * cos(other_north) * sin(radians(other_longitude - longitude) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))


def _seats(release: Release) -> list[tuple[str, tuple[float, float]]]:
    """Where the Gemeinden are; for one without coordinates of its own, where the offices stand that only it has."""
    of_one = _offices_of_one_place(release)
    gemeinden = [place for place in release.places.values() if not place.is_county]
    found = [(place.ars, place.geo or of_one.get(place.ars, ())) for place in gemeinden]
    return sorted((ars, (geo[0], geo[1])) for ars, geo in found if len(geo) == 2)


def _offices_of_one_place(release: Release) -> dict[str, tuple[float, ...]]:
    areas: dict[str, set[str]] = {}
    for rule in release.knowledge.rules:
        areas.setdefault(rule.office, set()).add(rule.applies_to)
    located: dict[str, tuple[float, ...]] = {}
    for office in release.offices.values():
        if len(office.geo) == 2 and len(areas.get(office.id, ())) == 1:
            located.setdefault(next(iter(areas[office.id])), office.geo)
    return located

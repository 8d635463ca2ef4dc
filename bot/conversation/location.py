"""From where somebody stands to the place they are in, as an answer to „Wo wohnen Sie?“. Coordinates are never stored."""

from __future__ import annotations

from knowledge.places.nearest import nearest
from knowledge.release import Release
from knowledge.responsibility import Choice


class NoSeats(Exception):
    """The release knows no coordinates: a place has to be typed."""


def place_at(release: Release, latitude: float, longitude: float) -> Choice:
    """The place nearest to a point (WGS 84, degrees), or the one outside when all are too far. Raises `NoSeats`."""
    place = nearest(release, latitude, longitude)
    if place is None:
        raise NoSeats
    return Choice(str(place), release.locality_name(place))

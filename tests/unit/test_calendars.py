from __future__ import annotations

import gc
from datetime import date

import pytest

from knowledge.hours import calendars
from knowledge.hours.calendars import BAVARIA, Calendar, calendar_of
from knowledge.model import Address, District, Office, OutsidePlace, Place
from knowledge.release import Knowledge, Release

CATHOLIC = ("mariae-himmelfahrt",)
PLACES = (
    Place("097790000000", "09779", "Landkreis Donau", "landkreis", holidays=CATHOLIC),
    Place("097790111111", "09779111", "Nord", "gemeinde", plz=("86600",), districts=(District("Au", ("86601",)),)),
    Place("097790112112", "09779112", "Süd", "gemeinde", plz=("86600", "86602"), holidays=CATHOLIC),
)
OUTSIDE = (OutsidePlace("Dresden", "146120000000", plz=("01067",)), OutsidePlace("Irgendwo", plz=("99999",)))


def release(places: tuple[Place, ...] = PLACES, outside: tuple[OutsidePlace, ...] = OUTSIDE) -> Release:
    return Release(1, "", "", Knowledge(places=places, outside=outside))


def office(place: str = "", plz: str = "", city: str = "") -> Office:
    return Office("x", "amt", "kreis", "Amt", place, address=Address(plz=plz, city=city))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (office("097790111111"), Calendar("BY")),
        (office("097790112112"), Calendar("BY", CATHOLIC)),
        (office("097790112112", plz="86601"), Calendar("BY", CATHOLIC)),
        (office(plz="86602"), Calendar("BY", CATHOLIC)),
        (office(plz="86601"), Calendar("BY")),
        (office(plz="86600"), Calendar("BY")),
        (office(plz="86600", city="Süd"), Calendar("BY", CATHOLIC)),
        (office(plz="86600", city="Au"), Calendar("BY")),
        (office("097790000000"), Calendar("BY", CATHOLIC)),
        (office("097790000000", plz="86600", city="Nord"), Calendar("BY")),
        (office(plz="01067"), Calendar("SN")),
        (office(plz="99999"), Calendar("BY", CATHOLIC)),
        (office("057110000000"), Calendar("NW")),
        (office("nowhere"), Calendar("BY", CATHOLIC)),
        (office(), Calendar("BY", CATHOLIC)),
    ],
)
def test_calendar_of_an_office(where: Office, expected: Calendar) -> None:
    assert calendar_of(release(), where) == expected


def test_without_a_county_most_places_decide() -> None:
    places = (Place("110000000000", "11000000", "Berlin", "stadt"), Place("120000000000", "12000000", "Potsdam", "stadt"))
    assert calendar_of(release((*places, Place("110000000001", "", "Mitte", "stadt"))), office()) == Calendar("BE")
    assert calendar_of(release(()), office()) == BAVARIA


def test_seats_are_forgotten_with_their_release() -> None:
    one = release()
    calendar_of(one, office())
    assert id(one) in calendars._known_seats
    key = id(one)
    del one
    gc.collect()
    assert key not in calendars._known_seats


def test_only_laender_have_calendars() -> None:
    with pytest.raises(ValueError, match="'XX'"):
        Calendar("XX")


def test_names_are_german() -> None:
    assert Calendar("BY", ("friedensfest",)).holidays(2026)[date(2026, 8, 8)] == "Augsburger Hohes Friedensfest"
    assert Calendar("SN").holidays(2026)[date(2026, 11, 18)] == "Buß- und Bettag"


def test_school_holidays_as_far_as_they_are_known() -> None:
    days = Calendar("BY").school_holidays(2026)
    assert date(2026, 8, 10) in days
    assert date(2026, 11, 26) not in days
    assert Calendar("BY").school_holidays(2199) == frozenset()

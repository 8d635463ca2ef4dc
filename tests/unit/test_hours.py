from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from knowledge.hours import BERLIN, day_hours, hours_now, weekday
from knowledge.release import Release

TOWN_HALL = "Mo-Fr 08:00-12:00, Th 14:00-18:00; PH off"


def spans(expression: str, day: str) -> list[str]:
    return list(map(str, day_hours(expression, date.fromisoformat(day)).spans))


@pytest.mark.parametrize(
    ("expression", "day", "expected"),
    [
        (TOWN_HALL, "2026-11-23", ["08:00–12:00"]),
        (TOWN_HALL, "2026-11-26", ["08:00–12:00", "14:00–18:00"]),
        (TOWN_HALL, "2026-11-22", []),
        ("Mo-Fr 08:00-12:00; Th 14:00-18:00; PH off", "2026-11-26", ["14:00–18:00"]),
        ("24/7", "2026-12-25", ["00:00–24:00"]),
        ("Fr 22:00-02:00", "2026-11-27", ["22:00–24:00"]),
        ("Fr 22:00-02:00", "2026-11-28", ["00:00–02:00"]),
        ("Tu,Fr 08:00-12:00, Th 14:00-18:30; PH off", "2026-11-24", ["08:00–12:00"]),
        ("Mo-Fr 08:00-12:00", "2026-12-25", ["08:00–12:00"]),
    ],
)
def test_hours_of_a_day(expression: str, day: str, expected: list[str]) -> None:
    assert spans(expression, day) == expected


@pytest.mark.parametrize(
    ("day", "holiday"),
    [
        ("2027-01-01", "Neujahr"),
        ("2027-01-06", "Heilige Drei Könige"),
        ("2027-03-26", "Karfreitag"),
        ("2027-05-27", "Fronleichnam"),
        ("2028-08-15", "Mariä Himmelfahrt"),
        ("2027-11-01", "Allerheiligen"),
        ("2026-12-25", "Erster Weihnachtstag"),
    ],
)
def test_bavarian_holidays_close(day: str, holiday: str) -> None:
    hours = day_hours("Mo-Su 08:00-12:00; PH off", date.fromisoformat(day))
    assert (hours.spans, hours.holiday) == ((), holiday)


@pytest.mark.parametrize("day", ["2026-11-18", "2028-08-08", "2026-12-24"])
def test_other_days_do_not(day: str) -> None:
    assert spans("Mo-Su 08:00-12:00; PH off", day) == ["08:00–12:00"]


@pytest.mark.parametrize(
    ("time", "is_open"),
    [("07:59", False), ("08:00", True), ("11:59", True), ("12:00", False), ("13:00", False), ("14:00", True), ("18:00", False)],
)
def test_open_now(time: str, is_open: bool) -> None:
    now = hours_now(TOWN_HALL, datetime.fromisoformat(f"2026-11-26T{time}").replace(tzinfo=BERLIN))
    assert now
    assert now.open_now is is_open


def test_times_of_any_zone_are_read_in_berlin() -> None:
    now = hours_now(TOWN_HALL, datetime(2026, 11, 26, 7, 30, tzinfo=timezone.utc))
    assert now
    assert now.open_now
    late = hours_now(TOWN_HALL, datetime(2026, 11, 25, 23, 30, tzinfo=timezone.utc))
    assert late
    assert late.today.day == date(2026, 11, 26)


def test_the_next_opening_skips_holidays_and_weekends() -> None:
    now = hours_now(TOWN_HALL, datetime(2026, 12, 24, 19, 0, tzinfo=BERLIN))
    assert now
    assert now.following
    assert (now.following.day, weekday(now.following.day)) == (date(2026, 12, 28), "Montag")


def test_no_expression_no_hours() -> None:
    assert hours_now("", datetime.now(BERLIN)) is None


def test_none_is_near() -> None:
    now = hours_now("2024 Mo-Fr 08:00-12:00", datetime(2026, 11, 26, 10, 0, tzinfo=BERLIN))
    assert now
    assert (now.open_now, now.following) == (False, None)


def test_other_text_is_no_opening_hours() -> None:
    with pytest.raises(SyntaxError, match="vormittags"):
        day_hours("vormittags", date(2026, 11, 26))


def test_all_offices_of_the_county_can_be_read(release: Release) -> None:
    for office in release.offices.values():
        if office.hours:
            assert hours_now(office.hours, datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN)), office.id

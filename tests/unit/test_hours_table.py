"""Holidays against a table made from the holiday laws alone: every Land, ten years, every day.

Sources, as in force for 2024 to 2033: FTG (BW), BayFTG, BEFeiertG with the single days of GVBl. 2024 S. 460, FTG (BB),
BremFeiertagsG, HmbFeiertagsG, HFeiertagsG, FTG M-V, NFeiertagsG, Feiertagsgesetz NW, LFtG (RP), SFG (SL), SächsSFG,
FeiTG LSA, SFTG (SH), ThürFtG; Art. 2 Abs. 2 EinigVtr for 3 October. Sundays, which § 1 HFeiertagsG counts as well, are left
out: `PH` means the holidays besides.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest

from knowledge.hours import Calendar, day_hours
from knowledge.hours.calendars import LAENDER

YEARS = range(2024, 2034)
EXPRESSION = "Mo-Su 08:00-12:00; PH off"

EVERYWHERE_FIXED = {(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)}
EVERYWHERE_MOVING = {-2, 1, 39, 50}  # Good Friday, Easter Monday, Ascension, Whit Monday

EPIPHANY, WOMEN, ASSUMPTION, CHILDREN = (1, 6), (3, 8), (8, 15), (9, 20)
REFORMATION, ALL_SAINTS = (10, 31), (11, 1)
EASTER_SUNDAY, WHIT_SUNDAY, CORPUS_CHRISTI = 0, 49, 60

FIXED = {
    "BW": {EPIPHANY, ALL_SAINTS},  # § 1 FTG
    "BY": {EPIPHANY, ALL_SAINTS},  # Art. 1 BayFTG
    "BE": {WOMEN},  # § 1 BEFeiertG
    "BB": {REFORMATION},  # § 2 FTG
    "HB": {REFORMATION},  # § 2 BremFeiertagsG
    "HH": {REFORMATION},  # § 1 HmbFeiertagsG
    "HE": set(),  # § 1 HFeiertagsG
    "MV": {WOMEN, REFORMATION},  # § 2 FTG M-V
    "NI": {REFORMATION},  # § 2 NFeiertagsG
    "NW": {ALL_SAINTS},  # § 2 Feiertagsgesetz NW
    "RP": {ALL_SAINTS},  # § 2 LFtG
    "SL": {ASSUMPTION, ALL_SAINTS},  # § 2 SFG
    "SN": {REFORMATION},  # § 1 SächsSFG
    "ST": {EPIPHANY, REFORMATION},  # § 2 FeiTG LSA
    "SH": {REFORMATION},  # § 2 SFTG
    "TH": {CHILDREN, REFORMATION},  # § 2 ThürFtG
}
MOVING = {
    "BB": {EASTER_SUNDAY, WHIT_SUNDAY},
    **{land: {CORPUS_CHRISTI} for land in ("BW", "BY", "HE", "NW", "RP", "SL")},
}
ONCE = {"BE": {date(2025, 5, 8), date(2028, 6, 17)}}


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    ell = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * ell) // 451
    month, day = divmod(h + ell - 7 * m + 114, 31)
    return date(year, month, day + 1)


def repentance(year: int) -> date:
    """The Wednesday before 23 November (§ 1 Abs. 1 SächsSFG)."""
    return next(day for ahead in range(1, 8) if (day := date(year, 11, 23) - timedelta(days=ahead)).weekday() == 2)


@cache
def by_law(land: str, year: int) -> frozenset[date]:
    fixed = {date(year, month, day) for month, day in EVERYWHERE_FIXED | FIXED[land]}
    moving = {easter(year) + timedelta(days=offset) for offset in EVERYWHERE_MOVING | MOVING.get(land, set())}
    single = {day for day in ONCE.get(land, ()) if day.year == year}
    return frozenset(fixed | moving | single | ({repentance(year)} if land == "SN" else set()))


def days() -> list[date]:
    first = date(YEARS[0], 1, 1)
    return [first + timedelta(days=offset) for offset in range((date(YEARS[-1], 12, 31) - first).days + 1)]


@cache
def closed(land: str, *local: str) -> set[date]:
    calendar = Calendar(land, local)
    return {day for day in days() if not day_hours(EXPRESSION, day, calendar).spans}


@pytest.mark.parametrize(
    ("year", "expected"),
    [(1961, "04-02"), (2000, "04-23"), (2024, "03-31"), (2025, "04-20"), (2026, "04-05"), (2027, "03-28"), (2038, "04-25")],
)
def test_easter_of_the_table(year: int, expected: str) -> None:
    assert f"{easter(year):%m-%d}" == expected


def test_the_table_has_all_laender_and_days() -> None:
    assert sorted(FIXED) == sorted(LAENDER.values())
    assert len(FIXED) * len(days()) == 58_448


@pytest.mark.parametrize("land", sorted(FIXED))
def test_closed_on_the_holidays_of_the_law_and_on_no_other_day(land: str) -> None:
    expected = {day for year in YEARS for day in by_law(land, year)}
    assert sorted(closed(land) ^ expected) == []


@pytest.mark.parametrize(
    ("land", "local", "added"),
    [
        ("BY", ("mariae-himmelfahrt",), {ASSUMPTION}),
        ("BY", ("mariae-himmelfahrt", "friedensfest"), {ASSUMPTION, (8, 8)}),
        ("BY", ("friedensfest",), {(8, 8)}),
        ("SN", ("fronleichnam",), CORPUS_CHRISTI),
        ("TH", ("fronleichnam",), CORPUS_CHRISTI),
        ("BY", ("fronleichnam",), set()),
        ("NW", ("mariae-himmelfahrt", "friedensfest"), set()),
        ("BE", ("fronleichnam",), set()),
    ],
)
def test_local_holidays_add_their_day_and_no_other(land: str, local: tuple[str, ...], added: set[tuple[int, int]] | int) -> None:
    if isinstance(added, int):
        expected = {easter(year) + timedelta(days=added) for year in YEARS}
    else:
        expected = {date(year, month, day) for year in YEARS for month, day in added}
    assert closed(land, *local) - closed(land) == expected
    assert closed(land) <= closed(land, *local)

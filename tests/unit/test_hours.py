from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.hours import BERLIN, Calendar, HoursNow, day_hours, hours_now, office_hours, spans_in_words, weekday
from knowledge.model import Address, Closure, Office
from knowledge.release import Release

TOWN_HALL = "Mo-Fr 08:00-12:00, Th 14:00-18:00; PH off"
CATHOLIC = Calendar("BY", ("mariae-himmelfahrt",))


def spans(expression: str, day: str, calendar: Calendar = CATHOLIC) -> list[str]:
    return list(map(str, day_hours(expression, date.fromisoformat(day), calendar).spans))


def at(expression: str, time: str, **more: object) -> HoursNow:
    now = hours_now(expression, datetime.fromisoformat(time).replace(tzinfo=BERLIN), **more)  # type: ignore[arg-type]
    assert now
    return now


@pytest.mark.parametrize(
    ("expression", "day", "expected"),
    [
        (TOWN_HALL, "2026-11-23", ["8:00–12:00"]),
        (TOWN_HALL, "2026-11-26", ["8:00–12:00", "14:00–18:00"]),
        (TOWN_HALL, "2026-11-22", []),
        ("Mo-Fr 08:00-12:00; Th 14:00-18:00; PH off", "2026-11-26", ["14:00–18:00"]),
        ("24/7", "2026-12-25", ["0:00–24:00"]),
        ("Fr 22:00-02:00", "2026-11-27", ["22:00–2:00"]),
        ("Fr 22:00-02:00", "2026-11-28", ["0:00–2:00"]),
        ("Fr 22:00-02:00", "2026-11-29", []),
        ("Mo-Fr 08:00-12:00", "2026-12-25", ["8:00–12:00"]),
        ("Mo-Fr 08:00-12:00,13:00-16:00", "2026-11-23", ["8:00–12:00", "13:00–16:00"]),
        ("Mo-Fr 08:00-12:00, 13:00-16:00", "2026-11-22", []),
        ("Mo-Fr 08:00-12:00, 13:00-16:00", "2026-11-23", ["8:00–12:00", "13:00–16:00"]),
        ("Mo, We, Fr 08:00-12:00", "2026-11-23", ["8:00–12:00"]),
        ("Mo, We, Fr 08:00-12:00", "2026-11-24", []),
        ("Mo[1] 08:00-12:00", "2026-12-07", ["8:00–12:00"]),
        ("Mo[1] 08:00-12:00", "2026-12-14", []),
        ("Mo-Fr 08:00-12:00; Mo[1,-1] off", "2026-11-30", []),
        ("Mo-Fr 09:00-17:00, May-Oct Sa 09:00-12:00", "2026-05-02", ["9:00–12:00"]),
        ("Mo-Fr 09:00-17:00, May-Oct Sa 09:00-12:00", "2026-11-07", []),
        ("week 48 Mo 08:00-12:00", "2026-11-23", ["8:00–12:00"]),
        ("week 48 Mo 08:00-12:00", "2026-11-30", []),
        ("Mo-Fr 08:00-12:00; Dec 24 off", "2026-12-24", []),
        ("Mo-Fr 08:00-12:00; Dec 24,31 off", "2026-12-31", []),
        ("Mo-Fr 08:00-12:00; Dec 24, Dec 31 off", "2026-12-24", []),
        ("Mo-Fr 08:00-12:00; PH,Dec 24 off", "2026-12-24", []),
        ("Mo-Fr 08:00-12:00; PH,Dec 24 off", "2026-12-23", ["8:00–12:00"]),
        ("Mo-Fr 08:00-12:00; Dec 24, Dec 31 off", "2026-12-30", ["8:00–12:00"]),
        ("Mo-Fr 08:00-12:00; Jul-Aug Mo-Fr 08:00-10:00", "2026-08-03", ["8:00–10:00"]),
        ("Fr 17:00+", "2026-11-27", ["ab 17:00"]),
        ("Fr 08:00-17:00+", "2026-11-27", ["mindestens 8:00–17:00"]),
        ('Fr 08:00-12:00 unknown "nur bei gutem Wetter"', "2026-11-27", ["8:00–12:00"]),
        ("off", "2026-11-27", []),
        ("", "2026-11-27", []),
    ],
)
def test_hours_of_a_day(expression: str, day: str, expected: list[str]) -> None:
    assert spans(expression, day) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "Mo-Su 08:00-12:00; PH off",
        "Mo-Su 08:00-12:00;PH off",
        "Mo-Su 08:00-12:00, PH off",
        "Mo-Su 08:00-12:00,PH off",
        "Mo-Su 08:00-12:00; ph Off;",
        "Mo-Su 08:00-12:00; PH closed",
        "Mo-Su 08:00-12:00; PH,SH off",
        "Mo-Su 08:00-12:00; SH,PH off",
        "PH off; Mo-Su 08:00-12:00",
        "PH off, Mo-Su 08:00-12:00",
        "Mo-We 08:00-12:00; PH off; Th-Su 08:00-12:00",
        'Mo-Su 08:00-12:00; PH off "Feiertag"',
        "Mo-Su 08:00-12:00; Jan PH off; Dec PH off",
        "Mo-Su 08:00-12:00; PH Mo-Su off",
        "Mo-Su 08:00-12:00; Dec 24,PH off",
        "Mo-Su 08:00-12:00; PH,Dec 24 off",
        "Mo-Su 08:00-12:00; PH, SH, Dec 24, Dec 31 off",
    ],
)
def test_holidays_close_wherever_it_is_written(expression: str) -> None:
    assert spans(expression, "2027-01-06") == spans(expression, "2026-12-25") == []
    assert spans(expression, "2026-11-24") == ["8:00–12:00"]


@pytest.mark.parametrize(
    ("expression", "day", "expected"),
    [
        ("Mo-Fr 08:00-12:00; PH 10:00-12:00", "2026-12-25", ["10:00–12:00"]),
        ("Mo-Fr 08:00-12:00; PH 10:00-12:00", "2026-12-28", ["8:00–12:00"]),
        ("PH 10:00-12:00; Mo-Fr 08:00-12:00", "2026-12-25", ["10:00–12:00"]),
        ("Mo-Fr 08:00-12:00, PH 14:00-16:00", "2026-12-25", ["8:00–12:00", "14:00–16:00"]),
        ("Mo-Fr,PH 08:00-12:00", "2026-12-26", ["8:00–12:00"]),
        ("Mo-Fr,PH 08:00-12:00", "2026-12-27", []),
        ("PH Mo-Fr 10:00-12:00", "2026-12-25", ["10:00–12:00"]),
        ("PH Mo-Fr 10:00-12:00", "2026-12-26", []),
        ("PH Mo-Fr 10:00-12:00", "2026-12-28", []),
        ("Mo-Fr 08:00-12:00; PH -1 day 08:00-10:00; PH off", "2026-12-24", ["8:00–10:00"]),
        ("Mo-Fr 08:00-12:00; PH off; Dec 25 10:00-11:00", "2026-12-25", ["10:00–11:00"]),
        ("PH off; Dec 25 10:00-11:00; Mo-Fr 08:00-12:00", "2027-01-01", []),
        ("Mo-Fr 08:00-12:00; Mo-Fr SH off", "2026-12-28", []),
        ("Mo-Fr 08:00-12:00; SH off", "2026-12-28", []),
        ("Mo-Fr 08:00-12:00; SH off", "2026-12-23", ["8:00–12:00"]),
        ("Mo-Fr 08:00-12:00; SH off", "2026-12-25", []),
        ("Mo-Fr 08:00-12:00; Dec PH off", "2027-01-06", ["8:00–12:00"]),
    ],
)
def test_rules_for_holidays(expression: str, day: str, expected: list[str]) -> None:
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
    hours = day_hours("Mo-Su 08:00-12:00; PH off", date.fromisoformat(day), CATHOLIC)
    assert (hours.spans, hours.holiday, hours.reason) == ((), holiday, holiday)


@pytest.mark.parametrize("day", ["2026-11-18", "2028-08-08", "2026-12-24"])
def test_other_days_do_not(day: str) -> None:
    assert spans("Mo-Su 08:00-12:00; PH off", day) == ["8:00–12:00"]


def test_another_land_keeps_other_days() -> None:
    assert spans(TOWN_HALL, "2027-01-06", Calendar("HE")) == ["8:00–12:00"]
    assert spans("Mo-Fr 08:00-12:00; PH off", "2026-11-18", Calendar("SN")) == []


BRIDGE = Closure(date(2026, 5, 15), date(2026, 5, 15), "Brückentag")
MOVE = Closure(date(2026, 12, 28), date(2027, 1, 8), "Umzug")


def test_a_closure_closes_whole_days_and_says_why() -> None:
    now = at(TOWN_HALL, "2026-05-15T09:00", closures=(BRIDGE, MOVE))
    assert (now.open_now, now.moment, now.today.spans) == (False, "closed", ())
    assert (now.today.reason, now.today.closed_until) == ("Brückentag", date(2026, 5, 15))
    assert now.following
    assert now.following.day == date(2026, 5, 18)


def test_holiday_bridge_day_and_weekend_in_a_row() -> None:
    now = at(TOWN_HALL, "2026-05-14T09:00", closures=(BRIDGE,))
    assert (now.today.reason, now.following and now.following.day) == ("Christi Himmelfahrt", date(2026, 5, 18))


@pytest.mark.parametrize(("day", "closed"), [(27, False), (28, True), (31, True)])
def test_both_ends_of_a_closure_are_closed(day: int, closed: bool) -> None:
    assert bool(day_hours("Mo-Su 08:00-12:00", date(2026, 12, day), closures=(MOVE,)).spans) is not closed


def test_a_closure_is_known_even_where_hours_are_not() -> None:
    now = at("", "2026-12-29T09:00", closures=(MOVE,))
    assert (now.open_now, now.today.reason, now.following) == (False, "Umzug", None)
    assert hours_now("", datetime(2026, 12, 27, 9, tzinfo=BERLIN), closures=(MOVE,)) is None


def test_a_comment_says_why_it_is_closed() -> None:
    hours = day_hours('Mo-Fr 08:00-12:00; 2026 Dec 28-31 off "Betriebsruhe"; PH off', date(2026, 12, 30))
    assert (hours.spans, hours.reason) == ((), "Betriebsruhe")
    assert day_hours("Mo-Fr 08:00-12:00; SH off", date(2026, 12, 29)).reason == "Schulferien"


@pytest.mark.parametrize(
    ("time", "is_open"),
    [("07:59", False), ("08:00", True), ("11:59", True), ("12:00", False), ("13:00", False), ("14:00", True), ("18:00", False)],
)
def test_open_now(time: str, is_open: bool) -> None:
    assert at(TOWN_HALL, f"2026-11-26T{time}").open_now is is_open


@pytest.mark.parametrize(
    ("expression", "time", "moment"),
    [
        (TOWN_HALL, "2026-11-26T07:59", "before"),
        (TOWN_HALL, "2026-11-26T08:00", "open"),
        (TOWN_HALL, "2026-11-26T12:00", "break"),
        (TOWN_HALL, "2026-11-26T18:00", "after"),
        (TOWN_HALL, "2026-11-28T10:00", "closed"),
        ("Th 08:00-10:00,15:00-18:00", "2026-11-26T12:00", "before"),
        ("Th 08:00-12:00,16:00-18:00", "2026-11-26T12:00", "before"),
        ("24/7", "2026-12-25T10:00", "always"),
        ("Th 00:00-24:00", "2026-11-26T10:00", "open"),
        ("Fr 22:00-02:00", "2026-11-28T01:59", "open"),
        ("Fr 22:00-02:00", "2026-11-28T02:00", "closed"),
        ("Fr 22:00-02:00, Sa 10:00-12:00", "2026-11-28T03:00", "before"),
    ],
)
def test_the_moment(expression: str, time: str, moment: str) -> None:
    assert at(expression, time).moment == moment


def test_when_it_opens_again_today() -> None:
    now = at(TOWN_HALL, "2026-11-26T12:30")
    assert (str(now.opens), now.current) == ("14:00:00", None)


def test_times_of_any_zone_are_read_in_berlin() -> None:
    now = hours_now(TOWN_HALL, datetime(2026, 11, 26, 7, 30, tzinfo=timezone.utc))
    assert now
    assert now.open_now
    late = hours_now(TOWN_HALL, datetime(2026, 11, 25, 23, 30, tzinfo=timezone.utc))
    assert late
    assert late.today.day == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("utc", "is_open"),
    [
        ("2026-03-29T00:59", False),  # 1:59, then 3:00: there is no 2:30
        ("2026-03-29T01:00", True),
        ("2026-10-25T00:30", True),  # 2:30 in summer
        ("2026-10-25T01:30", True),  # 2:30 in winter
        ("2026-10-25T02:59", True),
        ("2026-10-25T03:00", False),
    ],
)
def test_days_on_which_the_clocks_change(utc: str, is_open: bool) -> None:
    now = hours_now("Su 02:00-04:00", datetime.fromisoformat(utc).replace(tzinfo=timezone.utc))
    assert now
    assert now.open_now is is_open


def test_the_next_opening_skips_holidays_and_weekends() -> None:
    now = at(TOWN_HALL, "2026-12-24T19:00")
    assert now.following
    assert (now.following.day, weekday(now.following.day)) == (date(2026, 12, 28), "Montag")


def test_the_next_opening_is_looked_for_in_sixty_days() -> None:
    near, far = (at(f"2027 Feb {day} 08:00-12:00", "2026-12-10T09:00") for day in ("08", "09"))
    assert (near.following and near.following.day, far.following) == (date(2027, 2, 8), None)


def test_the_end_of_a_night_is_no_opening() -> None:
    now = at("Fr 22:00-02:00", "2026-11-27T23:00")
    assert now.following
    assert (now.following.day, list(map(str, now.following.spans))) == (date(2026, 12, 4), ["22:00–2:00"])


def test_no_expression_no_hours() -> None:
    assert hours_now("", datetime.now(BERLIN)) is None


def test_none_is_near() -> None:
    now = at("2024 Mo-Fr 08:00-12:00", "2026-11-26T10:00")
    assert (now.open_now, now.following) == (False, None)


@pytest.mark.parametrize(
    ("expression", "time", "open_now", "by_appointment", "otherwise"),
    [
        ('Mo-Fr 08:00-12:00 "nur nach Vereinbarung"', "2026-11-26T09:00", None, True, ""),
        ('Mo-Fr 08:00-12:00 "nur nach Vereinbarung"', "2026-11-28T09:00", None, True, ""),
        ('Mo-Fr 08:00-12:00, Th 14:00-18:00 "mit Termin"', "2026-11-26T09:00", True, False, ""),
        ('Mo-Fr 08:00-12:00, Th 14:00-18:00 "mit Termin"', "2026-11-26T15:00", None, False, ""),
        ('Mo-Fr 08:00-12:00 "nur Zulassung"', "2026-11-26T09:00", True, False, ""),
        ('"nur nach Termin"', "2026-11-26T09:00", None, False, "nur nach Termin"),
        ('unknown "nur nach Termin"', "2026-11-26T09:00", None, False, "nur nach Termin"),
        ('Mo-Fr 08:00-12:00 || "nach Vereinbarung"', "2026-11-26T09:00", True, False, "nach Vereinbarung"),
        ('Mo-Fr 08:00-12:00; "nach Vereinbarung"', "2026-11-26T13:00", False, False, "nach Vereinbarung"),
        ('Mo-Fr 08:00-12:00, "nach Vereinbarung"', "2026-11-26T11:00", True, False, "nach Vereinbarung"),
        ('Mo-Fr 08:00-12:00; We "nach Vereinbarung"', "2026-11-25T09:00", None, False, ""),
        ('Mo-Fr 08:00-12:00 "nach Termin"; PH off', "2026-12-25T09:00", False, True, ""),
    ],
)
def test_by_appointment_is_neither_open_nor_closed(
    expression: str, time: str, open_now: bool | None, by_appointment: bool, otherwise: str
) -> None:
    now = at(expression, time)
    assert (now.open_now, now.by_appointment, now.otherwise) == (open_now, by_appointment, otherwise)


def test_a_note_for_a_day_replaces_or_adds() -> None:
    replaced, added = (
        day_hours(f'Mo-Fr 08:00-12:00{separator} We "nach Vereinbarung"', date(2026, 11, 25)) for separator in ";,"
    )
    assert (replaced.spans, replaced.note) == ((), "nach Vereinbarung")
    assert (list(map(str, added.spans)), added.note) == (["8:00–12:00"], "nach Vereinbarung")


def test_spans_in_words() -> None:
    def words(expression: str) -> str:
        return spans_in_words(day_hours(expression, date(2026, 11, 26)).spans)

    assert words("Th 08:00-10:00,11:00-12:00,14:00-18:00") == "8:00–10:00, 11:00–12:00 und 14:00–18:00 Uhr"
    assert words('Th 08:00-12:00, Th 14:00-18:00 "mit Termin"') == "8:00–12:00 Uhr und 14:00–18:00 Uhr, mit Termin"
    assert words("Th 08:00-12:00, Th 08:30-14:00 unknown").endswith("Uhr, bitte vorher anrufen")


@pytest.mark.parametrize(
    "text",
    ["vormittags", "Mo-Fr 8 bis 12", "Mo-Fr 08:00-12:00;; PH off", "Di 08:00-12:00", 'Mo 08:00-12:00 "offen', "PH", "x" * 1001],
)
def test_other_text_is_no_opening_hours(text: str) -> None:
    if text == "PH":
        assert day_hours(text, date(2026, 12, 25)).spans
        return
    with pytest.raises(SyntaxError, match="opening hours"):
        day_hours(text, date(2026, 11, 26))


PIECES = ["Mo", "Mo-Fr", "Su[1]", "PH", "SH", "08:00-12:00", "22:00-02:00", "17:00+", "24/7", ",", ", ", "; ", " || ", " ", '"x"']
MORE_PIECES = ["off", "unknown", "Dec", "Dec 24", "2026", "week 1-53/2", "easter", " -2 days", '"', "[", "\x00", "ß"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES + MORE_PIECES), max_size=8).map("".join) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        now = hours_now(text, datetime(2026, 12, 31, 23, 30, tzinfo=BERLIN))
    except SyntaxError:
        return
    assert (now is None) == (text == "")


def office(hours: str, place: str = "", plz: str = "", **more: object) -> Office:
    return Office("x", "amt", "kreis", "Amt", place, hours=hours, address=Address(plz=plz), **more)  # type: ignore[arg-type]


def test_hours_of_an_office_follow_its_place_and_its_closures(release: Release) -> None:
    assumption = datetime(2028, 8, 15, 9, tzinfo=BERLIN)
    here = office_hours(release, office(TOWN_HALL, "091990111111"), assumption)
    assert here
    assert here.today.reason == "Mariä Himmelfahrt"
    closed = office_hours(release, office(TOWN_HALL, closures=(MOVE,)), datetime(2026, 12, 29, 9, tzinfo=BERLIN))
    assert closed
    assert closed.today.reason == "Umzug"


def test_an_office_by_appointment_is_not_closed(release: Release) -> None:
    noon = datetime(2026, 11, 23, 13, tzinfo=BERLIN)
    hours = office_hours(release, office(TOWN_HALL, appointment_only=True), noon)
    assert hours
    assert (hours.open_now, hours.by_appointment) == (None, True)
    assert office_hours(release, office("", appointment_only=True), noon) is None


def test_hours_nobody_can_read_are_not_known(release: Release) -> None:
    assert office_hours(release, office("vormittags"), datetime(2026, 11, 26, 9, tzinfo=BERLIN)) is None


def test_all_offices_of_the_county_can_be_read(release: Release) -> None:
    for each in release.offices.values():
        if each.hours:
            assert office_hours(release, each, datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN)), each.id

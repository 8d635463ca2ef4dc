"""Calendars are read back with icalendar; the series are unrolled with dateutil and compared with the hours day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from knowledge.exchange.ical import office_ical, write_ical
from knowledge.exchange.limits import one_line
from knowledge.hours import BERLIN, day_hours
from knowledge.model import Address, Closure, Office
from knowledge.release import Knowledge, Release

ON = date(2026, 11, 22)
TOWN_HALL = "Mo-Fr 08:00-12:00, Th 14:00-18:00; PH off"
POOL = "May-Sep Mo-Su 09:00-20:00, Oct-Apr Mo-Fr 09:00-12:00"
CLOSURES = (Closure(date(2026, 12, 22), date(2027, 1, 8), "Betriebsferien"),)


def released(office: Office, published: str = "2026-11-22T08:30:00+00:00") -> Release:
    return Release(1, "0" * 64, published, Knowledge(offices=(office,)))


def office(hours: str, **values: Any) -> Office:
    return Office("rathaus", "rathaus", "gemeinde", "Rathaus", hours=hours, **values)


def events(data: bytes) -> list[Any]:
    return list(Calendar.from_ical(data).walk("VEVENT"))


def occurrences(event: Any) -> Iterator[tuple[Any, Any]]:
    """Start and end of each, unrolled from the text of the event alone."""
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    whole_days = not isinstance(start, datetime)
    naive = datetime.combine(start, time.min) if whole_days else start.replace(tzinfo=None)
    if "RRULE" not in event:
        yield start, end
        return
    rule = event["RRULE"]
    until = rule["UNTIL"][0]
    rule["UNTIL"] = [until if whole_days else until.astimezone(BERLIN).replace(tzinfo=None)]
    left_out = event.get("EXDATE")
    without = {each.dt for each in left_out.dts} if left_out else set()
    for each in rrulestr(rule.to_ical().decode(), dtstart=naive):
        at = each.date() if whole_days else each.replace(tzinfo=BERLIN)
        if at not in without:
            length = end - start if whole_days else end.replace(tzinfo=None) - naive
            yield at, at + length


def unrolled(data: bytes) -> set[tuple[datetime, datetime]]:
    """When it is open; whole days from midnight to midnight."""
    found = [each for event in events(data) if "geschlossen" not in event["SUMMARY"] for each in occurrences(event)]
    assert len(found) == len(set(found))
    return {(moment(start), moment(end)) for start, end in found}


def moment(at: Any) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time.min, BERLIN)


def expected(hours: str, weeks: int, closures: tuple[Closure, ...] = ()) -> set[tuple[datetime, datetime]]:
    found = set()
    for ahead in range(weeks * 7):
        day = ON + timedelta(days=ahead)
        for span in () if any(each.first <= day <= each.last for each in closures) else day_hours(hours, day).spans:
            if not span.carried:
                end = datetime.combine(day, span.end, BERLIN)
                if span.end == time.max:
                    end = datetime.combine(day + timedelta(days=1), span.until or time.min, BERLIN)
                found.add((datetime.combine(day, span.start, BERLIN), end))
    return found


@pytest.mark.parametrize(
    "hours",
    [
        TOWN_HALL,
        POOL,
        "Mo-Fr 08:00-12:00; Th 14:00-18:00; PH off",
        "Tu-Fr 10:00-12:00,14:00-18:00, Sa 10:00-12:00; PH off",
        "Mo-Fr 09:00-17:00, May-Oct Sa 09:00-12:00; PH off",
        "Fr 22:00-02:00",
        "24/7",
        "Mo-Fr 08:00-16:00; PH 10:00-12:00",
        "Mo[1] 16:00-18:00; PH off",
        "week 01-53/2 We 08:00-12:00",
        "Mo-Fr 08:00-12:00; 2026 Dec 24 08:00-10:00",
        "2027 Jan 13 10:00-11:00",
    ],
)
def test_the_series_say_what_the_hours_say(hours: str) -> None:
    data = office_ical(released(office(hours)), "rathaus", ON)
    assert unrolled(data) == expected(hours, 52)
    closed = office_ical(released(office(hours, closures=CLOSURES)), "rathaus", ON, weeks=10)
    assert unrolled(closed) == expected(hours, 10, CLOSURES)


_SPANS = st.sampled_from(["08:00-12:00", "14:00-18:00", "22:00-02:00", "00:00-24:00", "08:00-12:00,13:00-16:00"])
_DAYS = st.sampled_from(["Mo-Fr", "Th", "Sa,Su", "Mo,We", "Jun-Sep Th-Fr", "Dec Mo-Su"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(_DAYS, _SPANS), min_size=1, max_size=3),
    st.sampled_from(["", "; PH off"]),
    st.lists(st.tuples(st.dates(ON, ON + timedelta(days=200)), st.integers(0, 40)), max_size=3),
)
def test_any_hours_and_any_closures(parts: list[tuple[str, str]], end: str, closed: list[tuple[date, int]]) -> None:
    hours = ", ".join(" ".join(part) for part in parts) + end
    closures = tuple(Closure(first, first + timedelta(days=days)) for first, days in closed)
    data = office_ical(released(office(hours, closures=closures)), "rathaus", ON, weeks=30)
    assert unrolled(data) == expected(hours, 30, closures)
    identifiers = [event["UID"] for event in events(data)]
    assert len(identifiers) == len(set(identifiers)) + len(closures) - len(set(closures))


def test_a_town_hall_is_two_series() -> None:
    mornings, afternoons = events(office_ical(released(office(TOWN_HALL)), "rathaus", ON))
    assert mornings["RRULE"].to_ical() == b"FREQ=WEEKLY;UNTIL=20271119T070000Z;BYDAY=MO,TU,WE,TH,FR"
    assert mornings["DTSTART"].dt == datetime(2026, 11, 23, 8, 0, tzinfo=BERLIN)
    assert afternoons["RRULE"]["BYDAY"] == ["TH"]
    holidays = [each.dt.date() for each in mornings["EXDATE"].dts]
    assert holidays[:3] == [date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 6)]
    assert mornings["SUMMARY"] == "Rathaus: geöffnet"
    assert mornings["TRANSP"] == "TRANSPARENT"


def test_the_first_event_of_a_series_takes_place() -> None:
    """Some calendars show the first one even if it is excepted."""
    on = date(2026, 12, 25)
    [event] = events(office_ical(released(office("Fr 08:00-12:00; PH off")), "rathaus", on, weeks=8))
    assert event["DTSTART"].dt.date() == date(2027, 1, 8)


def test_closures_are_whole_days() -> None:
    past = Closure(date(2026, 5, 1), date(2026, 5, 2), "vorbei")
    data = office_ical(released(office("", closures=(past, *CLOSURES))), "rathaus", ON)
    [event] = events(data)
    assert event["SUMMARY"] == "Rathaus: geschlossen (Betriebsferien)"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2026, 12, 22), date(2027, 1, 9))
    assert b"DTSTART;VALUE=DATE:20261222" in data


def test_exceptions_of_an_office_that_never_closes_are_days() -> None:
    data = office_ical(released(office("24/7", closures=(Closure(date(2026, 12, 1), date(2026, 12, 1)),))), "rathaus", ON)
    assert b"EXDATE;VALUE=DATE:20261201\r\n" in data


def test_where_and_how_to_reach_it() -> None:
    found = office(
        TOWN_HALL,
        address=Address("Markt 1; Hof", "85901", "Lindenau"),
        phone="089 99998-001",
        email="rathaus@lindenau.example",
        website="https://lindenau.example",
        appointment_url="https://termin.example",
        appointment_only=True,
        geo=(48.1, 11.5),
    )
    event = events(office_ical(released(found), "rathaus", ON))[0]
    assert event["SUMMARY"] == "Rathaus: nur mit Termin"
    assert event["LOCATION"] == "Markt 1; Hof, 85901 Lindenau"
    assert event["DESCRIPTION"] == "Telefon: +498999998001\nE-Mail: rathaus@lindenau.example\nTermine: https://termin.example"
    assert event["URL"] == "https://lindenau.example"
    assert event["GEO"].to_ical() == "48.1;11.5"


def test_the_same_release_gives_the_same_bytes_and_a_newer_one_the_same_identifiers() -> None:
    one = released(office(TOWN_HALL))
    newer = released(office(TOWN_HALL, phone="110"), "2027-01-10T10:00:00+01:00")
    first, later = office_ical(one, "rathaus", ON), office_ical(newer, "rathaus", date(2027, 1, 10))
    assert first == office_ical(one, "rathaus", ON)
    assert [event["UID"] for event in events(first)] == [event["UID"] for event in events(later)]
    assert events(first)[0]["DTSTAMP"].to_ical() == b"20261122T083000Z"
    assert events(later)[0]["DTSTAMP"].to_ical() == b"20270110T090000Z"


def test_the_time_zone_is_told() -> None:
    [zone] = Calendar.from_ical(office_ical(released(office(TOWN_HALL)), "rathaus", ON)).walk("VTIMEZONE")
    assert zone["TZID"] == "Europe/Berlin"
    changes = {(each.name, each["TZOFFSETTO"].to_ical()) for each in zone.subcomponents}
    assert changes == {("STANDARD", "+0100"), ("DAYLIGHT", "+0200")}


@pytest.mark.parametrize("hours", ["", "vormittags", "off"])
def test_without_hours_the_calendar_is_empty(hours: str) -> None:
    assert events(office_ical(released(office(hours)), "rathaus", ON)) == []


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=100) | st.just("Amt\r\nEND:VCALENDAR\r\nX:"))
def test_any_text_stays_in_its_place(text: str) -> None:
    closed = Closure(ON, ON, text)
    values = {"name": text, "website": f"https://{text}", "email": text, "phone": text}
    found = office("24/7", address=Address(text, text, text), closures=(closed,))
    data = office_ical(released(replace(found, **values)), "rathaus", ON, weeks=1)
    opening, closing = events(data)
    words = " ".join("".join(each for each in text if each.isprintable() or each.isspace()).split())
    if words == text:
        assert opening["SUMMARY"] == f"{text}: geöffnet"
        assert closing["SUMMARY"] == one_line(f"{text}: geschlossen ({text})" if text else ": geschlossen")
    for line in data.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 75
        assert not set(line) & {*range(32)} - {ord("\t")}


def test_offices_of_the_county_in_one_calendar(release: Release) -> None:
    distinct = {each.hours: each for each in release.offices.values()}
    few = replace(release.knowledge, offices=tuple(distinct.values())[:20])
    part = Release(release.number, release.digest, release.published, few)
    data = write_ical(part, weeks=8)
    found = events(data)
    assert len({event["UID"] for event in found}) == len(found) > 20
    assert Calendar.from_ical(data)["X-WR-CALNAME"] == "Öffnungszeiten: Landkreis Lindenau"
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))


def test_an_office_that_does_not_exist(release: Release) -> None:
    with pytest.raises(KeyError):
        office_ical(release, "nirgends", ON)

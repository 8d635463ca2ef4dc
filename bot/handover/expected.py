"""When somebody who leaves a message can expect an answer."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from knowledge.hours import BERLIN, calendar_of, day_hours, weekday
from knowledge.model import Office
from knowledge.release import Release

_SATURDAY = 5
_LONGEST_SEARCH_DAYS = 60
_ANY_OFFICE = Office(id="", type="", level="", name="")
"""Keeps the holidays of the region."""


def expected_day(release: Release, office: Office | None, now: datetime, working_days: int) -> date:
    """The day after so many days on which the office works, today not counted.

    An office works on the days it is open (holidays and closures are not); one whose hours are not known from Monday to
    Friday.
    """
    day = now.astimezone(BERLIN).date()
    left = working_days
    for _ in range(_LONGEST_SEARCH_DAYS):
        day += timedelta(days=1)
        left -= _works(release, office, day)
        if left <= 0:
            break
    return day


def in_words(day: date) -> str:
    """„bis Mittwoch, 25.11.2026“."""
    return f"bis {weekday(day)}, {day:%d.%m.%Y}"


def in_english(day: date) -> str:
    """“by Wednesday, 25 November 2026”."""
    names = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
    months = "January February March April May June July August September October November December".split()
    return f"by {names[day.weekday()]}, {day.day} {months[day.month - 1]} {day.year}"


def _works(release: Release, office: Office | None, day: date) -> bool:
    if day.weekday() >= _SATURDAY:
        return False
    known = office or _ANY_OFFICE
    calendar = calendar_of(release, known)
    if day in calendar.holidays(day.year):
        return False
    try:
        hours = day_hours(known.hours, day, calendar, known.closures)
    except SyntaxError:
        return True
    return hours.closed_until is None and (not known.hours or bool(hours.spans) or bool(hours.note))

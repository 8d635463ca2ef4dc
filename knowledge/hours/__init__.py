"""Opening hours in OSM syntax: open now, the hours of a day, the next opening, with holidays and closures."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from knowledge.hours.calendars import BAVARIA, Calendar, calendar_of
from knowledge.hours.opening import Rule, Span, clock, in_force, otherwise, read, rules_of, spans_in_words
from knowledge.hours.words import in_words, suspicious, weekday
from knowledge.model import Closure, Office

if TYPE_CHECKING:
    from knowledge.release import Release

__all__ = [
    "BAVARIA",
    "BERLIN",
    "Calendar",
    "DayHours",
    "HoursNow",
    "Span",
    "calendar_of",
    "clock",
    "day_hours",
    "hours_now",
    "in_words",
    "office_hours",
    "spans_in_words",
    "suspicious",
    "weekday",
]

BERLIN = ZoneInfo("Europe/Berlin")
_LOOK_AHEAD_DAYS = 60
_SPARE = timedelta(days=7)
_LUNCH = (time(11), time(14))
_LONGEST_LUNCH = timedelta(hours=2, minutes=30)

Moment = Literal["open", "always", "break", "before", "after", "closed"]


@dataclass(frozen=True)
class DayHours:
    """One day: its open spans in order, and the holiday it is, if any.

    `reason` says why it is closed all day: the closure, the comment, or the holiday. `closed_until` is the last day of the
    closure. `note` holds for the whole day: „nach Vereinbarung“.
    """

    day: date
    spans: tuple[Span, ...]
    holiday: str = ""
    reason: str = ""
    closed_until: date | None = None
    note: str = ""


@dataclass(frozen=True)
class HoursNow:
    """What matters to somebody who asks now.

    `open_now` is None when it is neither open nor closed, because people come by appointment. `moment` tells more: in a
    `break` around noon, `before` the first or another opening of today, `after` the last, `closed` all day. `opens` is when
    it opens (again) today, `current` the span that is open. `following` is the next day with hours; None when none is near.
    `otherwise` holds at all other times: „nach Vereinbarung“.
    """

    open_now: bool | None
    today: DayHours
    following: DayHours | None
    moment: Moment
    opens: time | None = None
    current: Span | None = None
    by_appointment: bool = False
    otherwise: str = ""


def office_hours(release: Release, office: Office, now: datetime) -> HoursNow | None:
    """The hours of an office at a time (aware, any zone). None when they are not known or cannot be read."""
    try:
        return hours_now(office.hours, now, calendar_of(release, office), office.closures, office.appointment_only)
    except SyntaxError:
        return None


def hours_now(
    expression: str,
    now: datetime,
    calendar: Calendar = BAVARIA,
    closures: tuple[Closure, ...] = (),
    by_appointment: bool = False,
) -> HoursNow | None:
    """Read an expression at a time (aware, any zone).

    None when there is neither an expression nor a closure today. Raises `SyntaxError` for what is no OSM opening_hours.
    """
    local = now.astimezone(BERLIN)
    today = day_hours(expression, local.date(), calendar, closures)
    if not expression:
        return HoursNow(False, today, None, "closed", by_appointment=by_appointment) if today.closed_until else None
    at = local.time()
    current = next((span for span in today.spans if span.start <= at < span.end), None)
    following = next(_openings(expression, local.date(), calendar, closures), None)
    opens = next((span.start for span in today.spans if span.start > at), None)
    aside = otherwise(rules_of(expression))
    slots = [span for span in today.spans or (following.spans if following else ()) if not span.carried]
    by_appointment = by_appointment or (bool(slots) and all(span.by_appointment for span in slots))
    ask_first = by_appointment or today.note or (aside and not slots) or (current and current.by_appointment)
    return HoursNow(
        open_now=None if ask_first and not today.reason else current is not None,
        today=today,
        following=following,
        moment=_moment(today, at, current, following),
        opens=opens,
        current=current,
        by_appointment=by_appointment,
        otherwise=aside,
    )


def _openings(expression: str, today: date, calendar: Calendar, closures: tuple[Closure, ...]) -> Iterator[DayHours]:
    """The days ahead on which it opens; not those into which only the night before reaches."""
    for ahead in range(1, _LOOK_AHEAD_DAYS + 1):
        day = day_hours(expression, today + timedelta(days=ahead), calendar, closures)
        spans = tuple(span for span in day.spans if not span.carried)
        if spans:
            yield day if spans == day.spans else replace(day, spans=spans)


def _moment(today: DayHours, at: time, current: Span | None, following: DayHours | None) -> Moment:
    if current:
        tomorrow = following.spans if following and following.day == today.day + timedelta(days=1) else ()
        return "always" if current.all_day and any(span.all_day for span in tomorrow) else "open"
    if not any(not span.carried for span in today.spans):
        return "closed"
    earlier = [span.end for span in today.spans if span.end <= at]
    later = [span.start for span in today.spans if span.start > at]
    if not later:
        return "after"
    if earlier and _LUNCH[0] <= earlier[-1] <= _LUNCH[1] and _between(earlier[-1], later[0]) <= _LONGEST_LUNCH:
        return "break"
    return "before"


def _between(start: time, end: time) -> timedelta:
    return datetime.combine(date.min, end) - datetime.combine(date.min, start)


def day_hours(expression: str, day: date, calendar: Calendar = BAVARIA, closures: tuple[Closure, ...] = ()) -> DayHours:
    """The hours of one day. Raises `SyntaxError` for what is no OSM opening_hours; an empty expression opens never."""
    known = _month(expression, calendar, day.year, day.month)[day.day - 1]
    closure = next((each for each in closures if each.first <= day <= each.last), None)
    if closure:
        return DayHours(day, (), known.holiday, closure.reason, closure.last)
    return known


@lru_cache(maxsize=1024)
def _month(expression: str, calendar: Calendar, year: int, month: int) -> tuple[DayHours, ...]:
    first = date(year, month, 1)
    last = date(year, month, monthrange(year, month)[1])
    public = calendar.holidays(year)
    rules = in_force(rules_of(expression)) if expression else ()
    holidays = _holidays(rules, calendar, first - _SPARE, last + _SPARE)
    said = read(rules, first, last, holidays)
    why = dict.fromkeys(holidays.get("SH", ()), "Schulferien") | dict(public) | dict(said.reasons)
    days = (first + timedelta(days=offset) for offset in range(last.day))
    return tuple(
        DayHours(
            day,
            said.spans.get(day, ()),
            holiday=public.get(day, ""),
            reason="" if said.spans.get(day) else why.get(day, ""),
            note=said.notes.get(day, ""),
        )
        for day in days
    )


def _holidays(rules: tuple[Rule, ...], calendar: Calendar, first: date, last: date) -> dict[str, list[date]]:
    """The dates that `PH` and `SH` stand for, as far as the rules speak of them."""
    years = range(first.year, last.year + 1)
    dates: dict[str, list[date]] = {}
    if any("PH" in rule.days for rule in rules):
        dates["PH"] = [day for year in years for day in calendar.holidays(year) if first <= day <= last]
    if any("SH" in rule.days for rule in rules):
        dates["SH"] = [day for year in years for day in calendar.school_holidays(year) if first <= day <= last]
    return dates

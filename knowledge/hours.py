"""Opening hours in OSM syntax: open now, today's hours, the next opening.

The grammar is read by opening-hours-py; holidays come from `holidays` for the Land, because the grammar library knows only
national ones (a Bavarian office is closed on Epiphany).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from opening_hours import OpeningHours

BERLIN = ZoneInfo("Europe/Berlin")
_WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_LOOK_AHEAD_DAYS = 21
_CLOSED_ON_HOLIDAYS = "PH off"


@dataclass(frozen=True)
class Span:
    """Open from one time to another of the same day."""

    start: time
    end: time

    def __str__(self) -> str:
        end = "24:00" if self.end == time.max else f"{self.end:%H:%M}"
        return f"{self.start:%H:%M}–{end}"


@dataclass(frozen=True)
class DayHours:
    """One day: its open spans in order, and the holiday it is, if any."""

    day: date
    spans: tuple[Span, ...]
    holiday: str = ""


@dataclass(frozen=True)
class HoursNow:
    """What matters to somebody who asks now. `following` is the next day with hours; None when none is near."""

    open_now: bool
    today: DayHours
    following: DayHours | None


def hours_now(expression: str, now: datetime) -> HoursNow | None:
    """Read an expression at a time (aware, any zone). None when there is no expression.

    Raises `SyntaxError` for an expression that is not OSM opening_hours.
    """
    if not expression:
        return None
    local = now.astimezone(BERLIN)
    today = day_hours(expression, local.date())
    open_now = any(span.start <= local.time() < span.end for span in today.spans)
    days = (day_hours(expression, local.date() + timedelta(days=ahead)) for ahead in range(1, _LOOK_AHEAD_DAYS))
    return HoursNow(open_now, today, next((day for day in days if day.spans), None))


@lru_cache(maxsize=4096)
def day_hours(expression: str, day: date) -> DayHours:
    """The hours of one day, with Bavarian holidays where the expression says `PH off`."""
    holiday = _bavarian_holidays(day.year).get(day, "")
    closes = _CLOSED_ON_HOLIDAYS in expression
    if holiday and closes:
        return DayHours(day, (), holiday)
    start = datetime.combine(day, time.min)
    rules = expression.replace(f"; {_CLOSED_ON_HOLIDAYS}", "").strip()
    spans = tuple(
        Span(begin.time(), time.max if end.date() > day else end.time())
        for begin, end, state, _ in _parsed(rules).intervals(start, start + timedelta(days=1))
        if str(state) == "open" or getattr(state, "name", "") == "OPEN"
    )
    return DayHours(day, spans, holiday)


def weekday(day: date) -> str:
    """German name of the weekday."""
    return _WEEKDAYS[day.weekday()]


@lru_cache(maxsize=512)
def _parsed(expression: str) -> OpeningHours:
    from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # missing in its stubs

    try:
        return OpeningHours(expression)
    except ParserError as error:
        raise SyntaxError(f"no opening hours: {expression!r}") from error


@lru_cache(maxsize=16)
def _bavarian_holidays(year: int) -> dict[date, str]:
    """Public holidays (BayFTG Art. 1), with Assumption Day as in the Gemeinden with a Catholic majority."""
    import holidays

    return dict(holidays.country_holidays("DE", subdiv="BY", years=year, categories=("public", "catholic"), language="de"))

"""Opening times as DLDB tells them, in words for each weekday, in OSM `opening_hours` syntax.

Such as „08.00-12.00 Uhr und 14.00-18.00 Uhr nur mit Termin“, or lists of `{"from": "08:00", "to": "12:00"}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.exchange.limits import Notes, one_line

_DAYS = {
    "monday": ("Mo", "Montag"),
    "tuesday": ("Tu", "Dienstag"),
    "wednesday": ("We", "Mittwoch"),
    "thursday": ("Th", "Donnerstag"),
    "friday": ("Fr", "Freitag"),
    "saturday": ("Sa", "Samstag"),
    "sunday": ("Su", "Sonntag"),
}
_CLOCK = r"(\d{1,2})(?:[.:](\d{2}))?(?:[.:]\d{2})?(?:\s*uhr)?"
_SPAN = re.compile(rf"(?<!\d){_CLOCK}\s*(?:-|–|—|bis)\s*{_CLOCK}(?!\d)", re.IGNORECASE)
_PLAIN = re.compile(r"^(?:[\s,;.&/+]|und|sowie|von|uhr|mit und ohne termine?|ohne termine?)*$", re.IGNORECASE)
_BY_APPOINTMENT = re.compile(r"\btermin|\bvereinbarung", re.IGNORECASE)
_CLOSED = re.compile(r"^(?:geschlossen|geschl\.?|zu|-+|–|kein(?:e)? (?:sprechzeit(?:en)?|sprechstunden?))\.?$", re.IGNORECASE)
_MINUTES_A_DAY = 24 * 60

_Span = tuple[int, int]
"""From and to, in minutes after midnight."""


@dataclass(frozen=True)
class Hours:
    """`osm` in OSM syntax, empty when unknown; `remark` what the syntax cannot say, in the words of the source."""

    osm: str = ""
    appointment_only: bool = False
    remark: str = ""


@dataclass(frozen=True)
class _Day:
    spans: tuple[_Span, ...] = ()
    words: str = ""
    """As in the source, where they say more than the spans."""

    by_appointment: bool = False
    unreadable: bool = False


def read_hours(times: Mapping[str, Any], where: str, mended: Notes, refused: Notes) -> Hours:
    """The hours of a week. Public offices are closed on public holidays, so „PH off“ is added.

    A day nobody can read makes the week unknown, for else it would pass for closed; its words go into the remark.
    """
    days = {day: _read_day(times.get(day), f"{where}.{day}", mended) for day in _DAYS}
    for day, read in days.items():
        if read.unreadable:
            refused.add(f"{where}.{day}", f"Die Öffnungszeit „{read.words}“ ist nicht lesbar; sie steht im Hinweis.")
        elif read.words:
            mended.add(f"{where}.{day}", f"Der Zusatz in „{read.words}“ steht im Hinweis.")
    remarks = [f"{_DAYS[day][1]}: {read.words}" for day, read in days.items() if read.words]
    if special := one_line(str(times.get("special") or ""), f"{where}.special", mended, 1000):
        remarks.append(special)
    open_days = [read for read in days.values() if read.spans]
    known = bool(open_days) and not any(read.unreadable for read in days.values())
    return Hours(
        osm=_osm([read.spans for read in days.values()]) if known else "",
        appointment_only=bool(open_days) and all(read.by_appointment for read in open_days),
        remark=". ".join(each.rstrip(".") for each in remarks),
    )


def _read_day(value: Any, where: str, mended: Notes) -> _Day:
    text = one_line(_as_text(value), where, mended, 500)
    if not text or _CLOSED.match(text):
        return _Day()
    spans, rests, end = [], [], 0
    for match in _SPAN.finditer(text):
        rests.append(text[end : match.start()])
        end = match.end()
        spans.append(_minutes(match))
    rests.append(text[end:])
    said = [rest for rest in rests if not _PLAIN.match(rest)]
    if not spans:
        return _Day(words=text, unreadable=not _BY_APPOINTMENT.search(text))
    if any(start >= stop or stop > _MINUTES_A_DAY for start, stop in spans):
        return _Day(words=text, unreadable=True)
    by_appointment = len(said) >= len(spans) and all(_BY_APPOINTMENT.search(rest) for rest in said)
    return _Day(_united(spans), text if said else "", by_appointment)


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value.get('from', '')}-{value.get('to', '')}" if "from" in value else ""
    if isinstance(value, list):
        return ", ".join(_as_text(each) for each in value)
    return value if isinstance(value, str) else ""


def _minutes(match: re.Match[str]) -> _Span:
    hour, minute, last_hour, last_minute = (int(group or 0) for group in match.groups())
    return (
        hour * 60 + minute if minute < 60 else _MINUTES_A_DAY,
        last_hour * 60 + last_minute if last_minute < 60 else 0,
    )


def _united(spans: Iterable[_Span]) -> tuple[_Span, ...]:
    united: list[_Span] = []
    for start, stop in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(stop, united[-1][1]))
        else:
            united.append((start, stop))
    return tuple(united)


def _osm(week: list[tuple[_Span, ...]]) -> str:
    names = [short for short, _ in _DAYS.values()]
    parts, first = [], 0
    for day in range(len(week)):
        if day + 1 < len(week) and week[day + 1] == week[day]:
            continue
        if week[day]:
            days = names[day] if day == first else f"{names[first]}-{names[day]}"
            parts.append(f"{days} {','.join(map(_clocks, week[day]))}")
        first = day + 1
    return f"{', '.join(parts)}; PH off"


def _clocks(span: _Span) -> str:
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in span)

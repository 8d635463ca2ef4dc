"""OSM opening_hours: the rules of an expression, and the spans of time they open.

The times are worked out by opening-hours-py. It knows only national holidays, takes a space after a comma for a new rule
(`Mo, We 08:00-12:00` would open Mondays all day) and ends in nothing where a comment stands alone; so the rules are told
apart here, holidays become dates, and lone comments become notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opening_hours import OpeningHours

LONGEST = 1000
"""Characters of an expression; OSM itself allows 255."""

WEEKDAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CLOSED: Final = ("off", "closed")
ASK_FIRST = "bitte vorher anrufen"

_WORDS = {word.lower(): word for word in (*WEEKDAYS, *MONTHS, "PH", "SH", *CLOSED, "open", "unknown", "week", "easter")}
_DAY = rf"(?:(?:{'|'.join(WEEKDAYS)})(?:-(?:{'|'.join(WEEKDAYS)}))?(?:\[[^\]]*\])?|PH|SH)(?:\s*[+-]\d+ days?)?(?![A-Za-z])"
_RULE = re.compile(
    rf"(?P<wide>[^\"]*?)\s*(?P<days>{_DAY}(?:(?:\s*,\s*|\s+){_DAY})*)?"
    r"\s*(?P<times>24/7|\d{1,2}:\d\d[-+:,/\d\s]*)?\s*(?P<state>off|closed|open|unknown)?\s*(?P<comment>\"\d+\")?"
)
_SAID = re.compile(r'(?:\d:\d\d\+?|24/7|\b(?:off|closed|open|unknown|sunrise|sunset|dawn|dusk)|["\)])$')
_STARTS_WITH_TIME = re.compile(r"\d{1,2}:|\(?(?:sun|dawn|dusk)")
_HOLIDAY = re.compile(r"(PH|SH)(?:\s*([+-]\d+) days?)?$")
_HOLIDAYS_FIRST = re.compile(rf"(?:[PS]H\s*,\s*)+(?=(?:{'|'.join(MONTHS)}) |\d{{4}} |easter)")
_SINGLE_DAYS = re.compile(r"(?:(?:\d{4} )?(?:[A-Z][a-z]{2} \d{1,2}|easter[^,]*)(?:,|$))+")
_OPEN_END = re.compile(r"(\d{1,2}:\d\d)(?:-(\d{1,2}:\d\d))?\+")
_APPOINTMENT = re.compile(r"termin|vereinbarung|absprache|anmeldung|anmelden|appointment|anrufen", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """Open from one time to another of the same day (`time.max` is midnight).

    `note` is the comment it carries, `open_end` says that it may last longer. A span past midnight is told of in two days:
    `until` is when it ends on the next day, `carried` that it began on the day before.
    """

    start: time
    end: time
    note: str = ""
    open_end: bool = False
    until: time | None = None
    carried: bool = False

    @property
    def by_appointment(self) -> bool:
        return bool(_APPOINTMENT.search(self.note))

    @property
    def all_day(self) -> bool:
        return (self.start, self.end) == (time.min, time.max)

    def __str__(self) -> str:
        if self.open_end and self.end == time.max:
            return f"ab {clock(self.start)}"
        span = f"{clock(self.start)}–{clock(self.until or self.end)}"
        return f"mindestens {span}" if self.open_end else span


def clock(at: time) -> str:
    """„8:00“, „24:00“."""
    return "24:00" if at == time.max else f"{at.hour}:{at:%M}"


def listed(items: Iterable[str]) -> str:
    """„8:00, 9:00 und 10:00“."""
    *others, last = list(items) or [""]
    return f"{', '.join(others)} und {last}" if others else last


def spans_in_words(spans: Iterable[Span]) -> str:
    """„8:00–12:00 und 14:00–18:00 Uhr“; comments follow a comma."""
    groups = [(note, listed(map(str, group))) for note, group in groupby(spans, lambda span: span.note)]
    return listed(f"{times} Uhr" + (f", {note}" if note else "") for note, times in groups)


@dataclass(frozen=True)
class Rule:
    """One rule: `separator` before it (`;` replaces, `,` adds, `||` fills in; empty for the first), then its selectors.

    `wide` are years, months, dates and weeks, `days` weekdays and holidays, `state` „off“, „closed“, „open“ or „unknown“.
    """

    separator: str
    wide: str = ""
    days: str = ""
    times: str = ""
    state: str = ""
    comment: str = ""

    def __str__(self) -> str:
        comment = f'"{self.comment}"' if self.comment else ""
        return " ".join(filter(None, (self.wide, self.days, self.times, self.state, comment)))

    @property
    def holidays(self) -> bool:
        """Does it speak of public or school holidays?"""
        return "PH" in self.days or "SH" in self.days

    @property
    def closes(self) -> bool:
        return self.state in CLOSED

    @property
    def is_note(self) -> bool:
        """Only words: „nach Vereinbarung“."""
        return bool(self.comment) and not self.times and self.state in ("", "unknown")

    @property
    def single_days(self) -> bool:
        """Does it hold only on dates that somebody named one by one?"""
        return bool(_SINGLE_DAYS.fullmatch(self.wide))

    @property
    def _only_holidays(self) -> bool:
        return self.holidays and not self.wide and not any(day in self.days for day in WEEKDAYS)

    @property
    def _ordinary(self) -> bool:
        return not self.holidays and not self.single_days and self.separator != "||"


@dataclass(frozen=True)
class Reading:
    """What rules say, by day: open spans, notes that hold all day, and comments on why it is closed."""

    spans: Mapping[date, tuple[Span, ...]]
    notes: Mapping[date, str]
    reasons: Mapping[date, str]


@lru_cache(maxsize=1024)
def rules_of(expression: str) -> tuple[Rule, ...]:
    """The rules as written. Raises `SyntaxError` for what is no OSM opening_hours."""
    if len(expression) > LONGEST:
        raise SyntaxError(f"opening hours longer than {LONGEST} characters")
    comments: list[str] = []

    def hide(match: re.Match[str]) -> str:
        comments.append(match[1].strip())
        return f'"{len(comments) - 1}"'

    hidden = re.sub(r'"([^"]*)"', hide, expression)
    tidy = re.sub(r"[A-Za-z]+", lambda word: _WORDS.get(word[0].lower(), word[0]), hidden)
    pieces = _pieces(tidy.strip().rstrip(";").strip())
    rules = tuple(rule for separator, text in pieces for rule in _either(separator, text, comments))
    parsed(written(rules))
    return rules


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    parts = re.split(r"\s*(;|\|\|)\s*", text)
    for separator, part in zip(["", *parts[1::2]], parts[::2], strict=True):
        start, before = 0, separator
        for comma in (match.start() for match in re.finditer(",", part)):
            if _SAID.search(part[start:comma].rstrip()) and not _STARTS_WITH_TIME.match(part[comma + 1 :].lstrip()):
                yield before, part[start:comma].strip()
                start, before = comma + 1, ","
        yield before, part[start:].strip()


def _either(separator: str, text: str, comments: list[str]) -> Iterator[Rule]:
    """One rule, or two where dates and days are alternatives: `Dec 24,PH off`, `PH,Dec 24 off`."""
    holidays = _HOLIDAYS_FIRST.match(text)
    rule = _rule(separator, text[holidays.end() :] if holidays else text, comments)
    if not holidays and not rule.wide.endswith(","):
        yield rule
        return
    yield replace(rule, wide=rule.wide.rstrip(","), days=rule.days if holidays else "")
    days = re.sub(r"\s", "", holidays[0]).rstrip(",") if holidays else rule.days
    yield replace(rule, separator=separator or ";", wide="", days=days)


def _rule(separator: str, text: str, comments: list[str]) -> Rule:
    match = _RULE.fullmatch(text)
    if not match:
        return Rule(separator, wide=re.sub(r'"(\d+)"', lambda each: f'"{comments[int(each[1])]}"', text))
    wide = re.sub(r"\s*,\s*", ",", match["wide"].rstrip(": "))
    return Rule(
        separator,
        wide=re.sub(r"((?:\d{4} )?[A-Z][a-z]{2} )(\d{1,2}(?:,\d{1,2})+)(?![\d:])", _each_day, wide),
        days=re.sub(r"\s*,\s*", ",", match["days"] or ""),
        times=re.sub(r"\s", "", match["times"] or ""),
        state=match["state"] or "",
        comment=comments[int(match["comment"].strip('"'))] if match["comment"] else "",
    )


def _each_day(match: re.Match[str]) -> str:
    """`Dec 24,31` is `Dec 24,Dec 31`."""
    return ",".join(f"{match[1]}{day}" for day in match[2].split(","))


def written(rules: Iterable[Rule]) -> str:
    """The rules as an expression."""
    text = ""
    for rule in rules:
        text += f" {rule.separator or ';'} {rule}" if text else str(rule)
    return text.replace(" ;", ";").replace(" , ", ", ")


@lru_cache(maxsize=2048)
def parsed(text: str) -> OpeningHours:
    """The grammar's own reading. Raises `SyntaxError`."""
    from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # missing in its stubs

    try:
        return OpeningHours(text)
    except ParserError as error:
        raise SyntaxError(f"no opening hours: {text!r}") from error


def in_force(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Holidays come after the ordinary weeks, wherever they were written: `PH off; Mo-Fr 08:00-12:00` is meant so."""
    last = max((index for index, rule in enumerate(rules) if rule._ordinary), default=-1)
    late = [replace(rule, separator=";") for rule in rules[:last] if rule._only_holidays]
    return (*(rule for rule in rules[: last + 1] if not rule._only_holidays), *late, *rules[last + 1 :])


def otherwise(rules: Iterable[Rule]) -> str:
    """What is told for all other times: „nach Vereinbarung“."""
    return next((rule.comment for rule in rules if rule.is_note and not rule.wide and not rule.days), "")


def read(rules: Iterable[Rule], first: date, last: date, holidays: Mapping[str, Iterable[date]]) -> Reading:
    """What rules say for the days from `first` to `last`. `holidays` are the dates of `PH` and of `SH`, with some to spare."""
    notes: dict[date, str] = {}
    hours: list[Rule] = []
    for rule in rules:
        if not rule.is_note:
            hours.append(rule)
        elif rule.wide or rule.days:
            notes |= dict.fromkeys(_days_of(replace(rule, state="open"), first, last, holidays), rule.comment)
            if rule.separator in ("", ";"):
                hours.append(replace(rule, state="off", comment=""))
    spans, reasons = _spans(written(each for rule in hours for each in _dated(rule, holidays)), first, last)
    return Reading(spans, notes, reasons)


def _days_of(rule: Rule, first: date, last: date, holidays: Mapping[str, Iterable[date]]) -> Iterator[date]:
    text = written(_dated(rule, holidays))
    for offset in range((last - first).days + 1) if text else ():
        if _holds(text, first + timedelta(days=offset)):
            yield first + timedelta(days=offset)


def _holds(selectors: str, day: date) -> bool:
    """Do selectors without times mean this day?"""
    return parsed(selectors).is_open(datetime.combine(day, time(12)))


@lru_cache(maxsize=1024)
def _spans(text: str, first: date, last: date) -> tuple[Mapping[date, tuple[Span, ...]], Mapping[date, str]]:
    """The open spans, and the comments on closed times. Kept, since most weeks are the same in all Länder."""
    if not text:
        return {}, {}
    open_ends = {_time(end or start) for start, end in _OPEN_END.findall(re.sub(r'"[^"]*"', "", text))}
    start = datetime.combine(first, time.min) - timedelta(days=1)
    spans: dict[date, list[Span]] = {}
    reasons: dict[date, str] = {}
    for begin, end, state, comment in parsed(text).intervals(start, datetime.combine(last, time.min) + timedelta(days=2)):
        closed = str(state) == "closed"
        if closed and not comment:
            continue
        day = max(begin.date(), first)
        while day <= last and datetime.combine(day, time.min) < end:
            if closed:
                reasons[day] = comment
            else:
                note = comment or (ASK_FIRST if str(state) == "unknown" else "")
                spans.setdefault(day, []).append(_span(day, begin, end, note, open_ends))
            day += timedelta(days=1)
    return {day: tuple(each) for day, each in spans.items()}, reasons


def _span(day: date, begin: datetime, end: datetime, note: str, open_ends: set[time]) -> Span:
    midnight = datetime.combine(day, time.min) + timedelta(days=1)
    short = end - begin < timedelta(days=1)
    start = begin.time() if begin.date() == day else time.min
    close = end.time() if end < midnight else time.max
    return Span(
        start,
        close,
        note,
        open_end=close in open_ends or (close == time.max and start in open_ends),
        until=end.time() if end > midnight and short else None,
        carried=begin.date() < day and short,
    )


def _time(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    return time(hour % 24, minute)


def _dated(rule: Rule, holidays: Mapping[str, Iterable[date]]) -> Iterator[Rule]:
    """The rule with dates in place of holidays; `PH,Mo` is either, `PH Mo` is both."""
    if not rule.holidays:
        yield rule
        return
    groups = [re.split(r",(?![^\[]*\])", group) for group in re.split(r"\s+(?=[A-Z])", rule.days)]
    alternatives = [day for day in groups[0] if not _HOLIDAY.match(day)] if len(groups) == 1 else []
    if alternatives:
        yield replace(rule, days=",".join(alternatives))
    conditions = [",".join(group) for group in groups if not any(map(_HOLIDAY.match, group))] + [rule.wide]
    named = [{day for item in group for day in _dates(item, holidays)} for group in groups if any(map(_HOLIDAY.match, group))]
    dates = [day for day in sorted(set.intersection(*named)) if all(_holds(each, day) for each in filter(None, conditions))]
    if dates:
        yield replace(rule, wide=",".join(_ranges(dates)), days="")


def _dates(item: str, holidays: Mapping[str, Iterable[date]]) -> Iterator[date]:
    match = _HOLIDAY.match(item)
    if match:
        offset = timedelta(days=int(match[2] or 0))
        yield from (day + offset for day in holidays.get(match[1], ()))


def _ranges(dates: list[date]) -> Iterator[str]:
    for _, run in groupby(enumerate(dates), lambda each: each[1].toordinal() - each[0]):
        days = [day for _, day in run]
        yield _osm(days[0]) if len(days) == 1 else f"{_osm(days[0])}-{_osm(days[-1])}"


def _osm(day: date) -> str:
    return f"{day.year} {MONTHS[day.month - 1]} {day.day:02}"

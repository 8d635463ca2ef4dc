"""Opening hours in German words, for the people who write them down; and a word of warning about semicolons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from knowledge.hours.opening import (
    MONTHS,
    WEEKDAYS,
    Rule,
    Span,
    in_force,
    listed,
    otherwise,
    read,
    rules_of,
    spans_in_words,
    written,
)

_WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_MONTHS = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)
_ORDINALS = {"1": "ersten", "2": "zweiten", "3": "dritten", "4": "vierten", "5": "fünften", "-1": "letzten", "-2": "vorletzten"}
_EASTER = {None: "Ostersonntag", "-2": "Karfreitag", "-1": "Karsamstag", "+1": "Ostermontag", "+39": "Christi Himmelfahrt"}
_MONDAY = date(2026, 11, 23)
_ALWAYS = ("", "")
_NTH = re.compile(r"\[[^\]]*\](?:\s*[+-]\d+ days?)?")


@dataclass(frozen=True)
class _Day:
    """What holds on a weekday."""

    spans: tuple[Span, ...] = ()
    note: str = ""
    reason: str = ""

    def __str__(self) -> str:
        open_or_note = listed(filter(None, (spans_in_words(self.spans) if self.spans else "", self.note)))
        return open_or_note or ("geschlossen" + (f" ({self.reason})" if self.reason else ""))


def weekday(day: date) -> str:
    """German name of the weekday."""
    return _WEEKDAYS[day.weekday()]


def in_words(expression: str) -> list[str]:
    """What hours mean, line by line: „Montag bis Freitag 8:00–12:00 Uhr“, „an Feiertagen geschlossen“.

    Made from the week that comes out in the end, not from the rules as written. Raises `SyntaxError`.
    """
    if not expression:
        return []
    rules = in_force(rules_of(expression))
    week = _week(rule for rule in rules if _special(rule) == _ALWAYS)
    specials = dict.fromkeys(_special(rule) for rule in rules if not rule.holidays)
    lines = [
        *_week_lines(week),
        *(line for special in specials if special != _ALWAYS for line in _special_lines(rules, week, special)),
        *_holiday_lines(rules, week),
    ]
    aside = otherwise(rules)
    if aside:
        lines.append(f"sonst {aside}" if lines else aside)
    return lines or ["geschlossen"]


def suspicious(expression: str) -> str:
    """Does a semicolon close what surely was meant to stay open? Says so in German and how to mend it; else empty.

    `Mo-Fr 07:30-12:30; Th 14:00-17:30` closes Thursday morning. Raises `SyntaxError`.
    """
    rules = rules_of(expression) if expression else ()
    traps = {index: trap for index in range(1, len(rules)) if (trap := _trap(rules[:index], rules[index]))}
    if not traps:
        return ""
    mended = written(replace(rule, separator=",") if index in traps else rule for index, rule in enumerate(rules))
    index, (days, kept, lost) = next(iter(traps.items()))
    period = f" ({_period(rules[index].wide)})" if rules[index].wide else ""
    return (
        f"So ist {_days_in_words(days)}{period} nur {spans_in_words(kept)} offen, nicht {spans_in_words(lost)}. "
        f"Denn ein Semikolon ersetzt, was davor steht. Soll beides gelten, schreiben Sie ein Komma: „{mended}“"
    )


def _trap(before: tuple[Rule, ...], rule: Rule) -> tuple[list[int], tuple[Span, ...], tuple[Span, ...]] | None:
    """The weekdays on which a rule takes hours away that it does not touch, its own hours, and those taken away."""
    if rule.separator != ";" or rule.closes or not rule.times or rule.holidays or rule.single_days:
        return None
    if rule.wide and not rule.days:
        return None
    old = _week(_everyday(each) for each in before if each.wide in ("", rule.wide))
    new = _week([_everyday(rule)])
    days = [day for day in range(7) if _lost(old[day].spans, new[day].spans)]
    return (days, new[days[0]].spans, _lost(old[days[0]].spans, new[days[0]].spans)) if days else None


def _lost(old: tuple[Span, ...], new: tuple[Span, ...]) -> tuple[Span, ...]:
    """The hours that were surely not meant to go: all of them, or the morning of a day that gets longer."""
    if not new:
        return ()
    lost = tuple(span for span in old if not any(_overlap(span, each) for each in new))
    longer = any(not any(span.start <= each.start and each.end <= span.end for span in old) for each in new)
    if lost == old or (longer and lost and lost[0] == old[0]):
        return lost
    return ()


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _everyday(rule: Rule) -> Rule:
    """The rule as if it held in every week."""
    return replace(rule, wide="", days=_NTH.sub("", rule.days))


def _week(rules: Iterable[Rule]) -> list[_Day]:
    said = read(rules, _MONDAY, _MONDAY + timedelta(days=6), {})
    days = [_MONDAY + timedelta(days=offset) for offset in range(7)]
    return [
        _Day(
            tuple(span for span in said.spans.get(day, ()) if not span.carried),
            said.notes.get(day, ""),
            said.reasons.get(day, ""),
        )
        for day in days
    ]


def _week_lines(week: list[_Day], known: list[_Day] | None = None) -> Iterator[str]:
    """Hours that several days share are told once. `known` has been told before."""
    if all(day.spans and day.spans[0].all_day for day in week):
        yield "rund um die Uhr geöffnet"
        return
    told = {number for number, day in enumerate(known or ()) if day.spans or day.note}
    shared: dict[tuple[int, ...], list[Span]] = {}
    for span in sorted({span for day in week for span in day.spans}, key=lambda span: (span.start, span.end)):
        days = tuple(number for number, day in enumerate(week) if span in day.spans)
        shared.setdefault(days, []).append(span)
    for days, spans in sorted(shared.items(), key=lambda each: (each[0][0], -len(each[0]), each[1][0].start)):
        also = " auch" if told >= set(days) else ""
        yield f"{_days_in_words(days)}{also} {spans_in_words(spans)}"
        told |= set(days)
    for note in dict.fromkeys(day.note for day in week if day.note):
        days = tuple(number for number, day in enumerate(week) if day.note == note)
        yield f"{_days_in_words(days)}{' auch' if told >= set(days) else ''} {note}"


def _special(rule: Rule) -> tuple[str, str]:
    """The time of the year, and the weekdays counted within a month, that a rule is made for."""
    return rule.wide, rule.days if _NTH.search(rule.days) else ""


def _special_lines(rules: Iterable[Rule], week: list[_Day], special: tuple[str, str]) -> Iterator[str]:
    """What is different then."""
    wide, counted = special
    own = [rule for rule in rules if _special(rule) == special]
    then = _week(_everyday(rule) for rule in rules if _special(rule) in (_ALWAYS, special))
    changed = [number for number in range(7) if then[number] != week[number]]
    period = _period(wide)
    if counted:
        for item in re.split(r",(?![^\[]*\])", counted):
            number = WEEKDAYS.index(item[:2])
            yield f"{f'{period} ' if period else ''}{_counted(item)} {_change(week[number], then[number])}"
    elif changed and not any(rule.days for rule in own) and len(set(then)) == 1:
        yield f"{period} {then[0]}"
    elif changed:
        yield f"{period}: {', '.join(_changes(week, then, changed))}"


def _changes(week: list[_Day], then: list[_Day], changed: list[int]) -> Iterator[str]:
    more = {number for number in changed if set(week[number].spans) < set(then[number].spans)}
    new = [
        replace(day, spans=tuple(span for span in day.spans if span not in week[number].spans))
        if number in more
        else (day if number in changed else _Day())
        for number, day in enumerate(then)
    ]
    yield from _week_lines(new, [day if number in more else _Day() for number, day in enumerate(week)])
    closed = tuple(number for number in changed if not then[number].spans and not then[number].note)
    if closed:
        yield f"{_days_in_words(closed)} {then[closed[0]]}"


def _change(old: _Day, new: _Day) -> str:
    if old.spans and set(old.spans) < set(new.spans):
        return f"auch {spans_in_words(span for span in new.spans if span not in old.spans)}"
    return str(new)


def _counted(item: str) -> str:
    """`Mo[1,3]` is „jeden ersten und dritten Montag im Monat“."""
    days, numbers, shift = re.findall(r"^([^\[]*)(?:\[([^\]]*)\])?(?:\s*([+-]\d+) days?)?$", item)[0]
    if not numbers:
        return _osm_days(days)
    which = f"{listed(_ORDINALS.get(number, f'{number}.') for number in numbers.split(','))} {_osm_days(days)} im Monat"
    return f"{_apart(shift)} dem {which}" if shift else f"jeden {which}"


def _holiday_lines(rules: Iterable[Rule], week: list[_Day]) -> Iterator[str]:
    rules = list(rules)
    for rule in rules:
        if rule.holidays:
            day = _week([replace(rule, separator="", wide="", days="", state=rule.state or "open")])[0]
            period = f"{_period(rule.wide)} " if rule.wide else ""
            conditions = [group for group in re.split(r"\s+(?=[A-Z])", rule.days) if "H" not in group]
            for item in re.findall(r"[PS]H(?: [+-]\d+ days?)?", rule.days):
                yield f"{period}{_holiday(item)}{''.join(f' ({_osm_days(each)})' for each in conditions)} {day}"
    opens = any(rule.times and not rule.closes and not rule.single_days for rule in rules)
    if opens and not any("PH" in rule.days for rule in rules) and not all(day.spans and day.spans[0].all_day for day in week):
        yield "auch an Feiertagen geöffnet"


def _holiday(item: str) -> str:
    kind = "Feiertagen" if item.startswith("PH") else "Schulferien"
    shift = re.search(r"[+-]\d+", item)
    if shift:
        return f"{_apart(shift[0])} {kind}"
    return f"an {kind}" if kind == "Feiertagen" else f"in den {kind}"


def _apart(shift: str) -> str:
    """`-1` is „am Tag vor“."""
    days = abs(int(shift))
    return f"{'am Tag' if days == 1 else f'{days} Tage'} {'vor' if int(shift) < 0 else 'nach'}"


def _osm_days(days: str) -> str:
    numbers = [number for number, day in enumerate(_week([Rule("", days=days)])) if day.spans]
    return _days_in_words(numbers)


def _days_in_words(numbers: Iterable[int]) -> str:
    """„Montag bis Mittwoch und Freitag“, „täglich“."""
    days = list(numbers)
    if len(days) == 7:
        return "täglich"
    words: list[str] = []
    for _, group in groupby(enumerate(days), lambda each: each[1] - each[0]):
        run = [_WEEKDAYS[day] for _, day in group]
        words.extend([f"{run[0]} bis {run[-1]}"] if len(run) > 2 else run)
    return listed(words)


def _period(wide: str) -> str:
    """`Dec 24` is „24. Dezember“, `May-Oct` is „Mai bis Oktober“; what has no short German words stays as it is."""
    if wide.startswith("week"):
        every = re.fullmatch(r"week ?(\d+)-(\d+)/2", wide)
        if every:
            return f"jede zweite Kalenderwoche (von {int(every[1])} bis {int(every[2])})"
        return f"Kalenderwoche {listed(wide.removeprefix('week').strip().replace('-', ' bis ').split(','))}"
    return listed(map(_part, wide.split(",")))


_DATE = rf"(?:(?P<year{{0}}>\d{{{{4}}}}) ?)?(?P<month{{0}}>{'|'.join(MONTHS)})?(?: ?(?P<day{{0}}>\d{{{{1,2}}}}))?"
_RANGE = re.compile(f"{_DATE.format(1)}(?:-{_DATE.format(2)})?")


def _part(part: str) -> str:
    easter = re.fullmatch(r"easter(?: ?([+-]\d+) days?)?", part)
    if easter:
        return _EASTER.get(easter[1], f"{_apart(easter[1] or '+0')} Ostersonntag")
    match = _RANGE.fullmatch(part)
    if not match or not match["month1"]:
        return part.replace("-", " bis ")
    first = _date(match["day1"], match["month1"], match["year1"])
    if "-" not in part:
        return first
    month = match["month2"] or match["month1"]
    last = _date(match["day2"], month, match["year2"] or match["year1"])
    if not match["month2"]:
        return f"{int(match['day1'])}. bis {last}"
    alone = _date(match["day1"], match["month1"], match["year1"] if match["year2"] else None)
    return f"{alone} bis {last}"


def _date(day: str | None, month: str, year: str | None) -> str:
    return " ".join(filter(None, (f"{int(day)}." if day else "", _MONTHS[MONTHS.index(month)], year)))

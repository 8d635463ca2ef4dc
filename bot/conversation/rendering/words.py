"""One language: its texts, its dates and times, and the German phrases of the data that have a translation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from itertools import groupby

from bot.conversation.texts import phrases, texts
from knowledge.hours import Span, clock, spans_in_words, weekday
from knowledge.model import OUTSIDE, Journey, Locality, Service
from knowledge.release import Release
from knowledge.responsibility import Choice

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_AMOUNTS = (
    (re.compile(r"über ([\d.]+) Euro bis ([\d.]+) Euro"), "over {} and up to {} euros"),
    (re.compile(r"unter ([\d.]+) Euro"), "under {} euros"),
    (re.compile(r"bis ([\d.]+) Euro"), "up to {} euros"),
    (re.compile(r"ab ([\d.]+) Euro"), "{} euros or more"),
    (re.compile(r"über ([\d.]+) Euro"), "over {} euros"),
)


class Words:
    """How things are said in `language` (`de`, `en`, `de-simple`; BCP 47 tags); `lang` is `de` or `en`.

    Raises `FileNotFoundError` for a language without texts.
    """

    def __init__(self, language: str = "de") -> None:
        self.language = language
        self.texts = texts(language)
        self.simple = language == "de-simple"
        self.lang = language.partition("-")[0]
        self._phrases = phrases(self.lang)

    @property
    def english(self) -> bool:
        return self.lang == "en"

    def phrase(self, german: str) -> str:
        """A phrase of the data in this language, else as it is."""
        return self._phrases.get(german, german)

    def full_date(self, day: date) -> str:
        """„24.11.2026“, “24 November 2026”."""
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if self.english else f"{day:%d.%m.%Y}"

    def short_date(self, day: date) -> str:
        """The date without its year."""
        return f"{day.day} {_MONTHS[day.month - 1]}" if self.english else f"{day:%d.%m.}"

    def weekday(self, day: date) -> str:
        return _WEEKDAYS[day.weekday()] if self.english else weekday(day)

    def spans(self, spans: Iterable[Span]) -> str:
        """„8:00–12:00 und 14:00–18:00 Uhr“; comments follow a comma."""
        if not self.english:
            return spans_in_words(spans)
        groups = [(self.phrase(note), _and(map(_span, group))) for note, group in groupby(spans, lambda span: span.note)]
        return _and(times + (f", {note}" if note else "") for note, times in groups)

    def service(self, service: Service) -> str:
        """The name of a service."""
        return (self.english and service.name_en) or service.name

    def journey(self, journey: Journey) -> str:
        return (self.english and journey.title_en) or journey.title

    def region(self, release: Release) -> str:
        """„im Landkreis Lindenau“, „in München“; for the middle of a sentence."""
        if not release.region:
            return self.texts["region_unknown"]
        name = release.region.removeprefix("Landkreis ") if self.english else release.region
        return self.texts["county" if release.county else "region"].format(name=name)

    def label(self, release: Release, kind: str, choice: Choice) -> str:
        """What stands on a button."""
        if not self.english:
            return choice.label
        if kind == "service" and choice.value in release.services:
            return self.service(release.services[choice.value])
        if kind == "place" and choice.value == OUTSIDE and choice.label == release.locality_name(Locality(OUTSIDE)):
            return self.texts["outside_place"].format(county=self.region(release))
        if kind == "value":
            return _amount(choice.label)
        return self.phrase(choice.label).replace("(ohne Sch, St)", "(without Sch, St)")


def _span(span: Span) -> str:
    if span.open_end and span.end == time.max:
        return f"from {clock(span.start)}"
    times = f"{clock(span.start)}–{clock(span.until or span.end)}"
    return f"at least {times}" if span.open_end else times


def _and(items: Iterable[str]) -> str:
    *others, last = list(items) or [""]
    return f"{', '.join(others)} and {last}" if others else last


def _amount(label: str) -> str:
    for pattern, english in _AMOUNTS:
        if match := pattern.fullmatch(label):
            return english.format(*(each.replace(".", ",") for each in match.groups()))
    return label

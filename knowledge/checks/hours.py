"""Opening hours that cannot be read, never open, or say something else than was surely meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from knowledge.checks.finding import ERROR, HINT, Finding
from knowledge.hours import suspicious
from knowledge.hours.opening import Span, in_force, read, rules_of
from knowledge.model import Office
from knowledge.release import Release

_DAYS: Final = (14, 366)
_ONLY_BY_APPOINTMENT = re.compile(
    r"\b(nur|ausschließlich) (nach|mit|auf) (vorheriger )?(Termin|Vereinbarung|Absprache)", re.IGNORECASE
)
_WITHOUT = re.compile(r"\bohne (Termin|Anmeldung|Voranmeldung|Vereinbarung)", re.IGNORECASE)


def hours(release: Release, on: date) -> Iterator[Finding]:
    """What is wrong with the hours of each office."""
    for office in release.offices.values():
        wrong = _unreadable(office.hours) if office.hours else ""
        if wrong:
            yield Finding(ERROR, office.id, wrong, "hours", "offices")
            continue
        for message in _doubts(office, on):
            yield Finding(HINT, office.id, message, "hours", "offices")


def _doubts(office: Office, on: date) -> Iterator[str]:
    if office.hours and (trap := _meant_otherwise(office.hours)):
        yield f"{trap}."
    spans = _spans(office.hours, on)
    if office.hours and not spans and not _speaks(office.hours):
        yield f"Nach den Öffnungszeiten „{office.hours}“ ist nie geöffnet. Bitte prüfen; „nur mit Termin“ ist ein eigenes Feld."
    yield from _contradictions(office, spans)


def _contradictions(office: Office, spans: tuple[Span, ...]) -> Iterator[str]:
    if not office.appointment_only:
        noted = bool(spans) and all(span.by_appointment and not _WITHOUT.search(span.note) for span in spans)
        if noted or _ONLY_BY_APPOINTMENT.search(f"{office.hours} {office.remark}"):
            yield "Laut Öffnungszeiten oder Bemerkung geht es nur mit Termin. Bitte „nur mit Termin“ ankreuzen."
        return
    if _WITHOUT.search(f"{office.hours} {office.remark}"):
        yield "Die Stelle ist „nur mit Termin“, laut Öffnungszeiten oder Bemerkung geht es ohne. Bitte eines berichtigen."
    if office.hours == "24/7":
        yield "„Nur mit Termin“ und rund um die Uhr geöffnet widersprechen sich. Bitte eines berichtigen."


@lru_cache(maxsize=2048)
def _unreadable(expression: str) -> str:
    try:
        rules_of(expression)
    except SyntaxError:
        return f"Die Öffnungszeiten „{expression}“ sind nicht lesbar (OSM opening_hours)."
    return ""


@lru_cache(maxsize=2048)
def _meant_otherwise(expression: str) -> str:
    return suspicious(expression).rstrip(".")


@lru_cache(maxsize=2048)
def _spans(expression: str, on: date) -> tuple[Span, ...]:
    """The spans of the next two weeks or, when there are none, of the next year; as if there were no holidays."""
    for days in _DAYS if expression else ():
        said = read(in_force(rules_of(expression)), on, on + timedelta(days=days), {"PH": (), "SH": ()})
        if said.spans:
            return tuple(span for spans in said.spans.values() for span in spans)
    return ()


def _speaks(expression: str) -> bool:
    """Whether it says something else than hours: „nach Vereinbarung“, or hours on holidays alone."""
    return any(rule.is_note or (rule.holidays and not rule.closes) for rule in rules_of(expression))

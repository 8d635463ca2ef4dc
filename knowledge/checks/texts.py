"""Texts that are missing, that name no source, or that people will find hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledge.checks.finding import ERROR, HINT, Finding, few_or_one, listed
from knowledge.model import ANYWHERE, Service
from knowledge.release import Release

FEWEST_EXAMPLES: Final = 8
MOST_WORDS: Final = 30
_CLAIMS: Final = {
    "short": "Kurztext",
    "requirements": "Voraussetzungen",
    "documents": "Unterlagen",
    "procedure": "Ablauf",
    "fees": "Gebühren",
    "deadlines": "Fristen",
    "processing_time": "Dauer",
}
"""What has to say where it comes from. Law is its own source, forms and online services have their address."""

_INFORMAL = re.compile(r"\b(?:du|dir|dich|dein(?:e[mnrs]?)?)\b", re.IGNORECASE)
_EXAMPLE = re.compile(r"^\s*Beispiel\b|\(Beispiel\b")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")


def texts(release: Release) -> Iterator[Finding]:
    """What is to be said about the texts of services, journeys, distinctions, notices and rules."""
    services = release.services.values()
    yield from _missing([each.slug for each in services if not each.short], "fehlt der kurze Text")
    yield from _missing([each.slug for each in services if not each.examples], "fehlen Beispielfragen")
    yield from _missing([each.slug for each in services if _without_source(each) and not each.sources], "fehlt jede Quelle")
    for service in services:
        for message in _about(service):
            yield Finding(HINT, service.slug, message, "text", "services")
        yield from _example_marks(service)
    for kind, entry, text in _other_texts(release):
        for message in _style(text):
            yield Finding(HINT, entry, message, "text", kind)


def _missing(slugs: list[str], what: str) -> Iterator[Finding]:
    single = (Finding(HINT, slug, f"Es {what}. Bitte ergänzen.", "text", "services") for slug in slugs)
    return few_or_one(single, "Leistungen", f"Bei {{}} Leistungen {what}. Bitte nach und nach ergänzen:")


def _about(service: Service) -> Iterator[str]:
    if 0 < len(service.examples) < FEWEST_EXAMPLES:
        count = "eine Beispielfrage" if len(service.examples) == 1 else f"{len(service.examples)} Beispielfragen"
        yield f"Nur {count}; mindestens {FEWEST_EXAMPLES} sollten es sein."
    if service.sources and (without := _without_source(service)):
        yield f"Woher stammen die Angaben zu {listed(without, len(_CLAIMS))}? Bitte die Quelle eintragen."
    yield from dict.fromkeys(message for text in _texts(service) for message in _style(text))


def _without_source(service: Service) -> list[str]:
    sourced = {field for source in service.sources for field in source.of}
    if service.source_ids and not sourced:
        return []
    made_up = bool(service.fees) and all(fee.example for fee in service.fees)
    claims = {field: name for field, name in _CLAIMS.items() if getattr(service, field) and not (field == "fees" and made_up)}
    return [name for field, name in claims.items() if field not in sourced]


def _example_marks(service: Service) -> Iterator[Finding]:
    marked = [(fee.text, fee.example) for fee in service.fees]
    marked += [(link.title, link.example) for link in (service.online, *service.forms) if link]
    for text, example in marked:
        if example and not _EXAMPLE.search(text):
            message = f"„{text}“ ist nur ein Beispiel, sagt es aber nicht. Bitte mit „Beispiel“ beginnen."
            yield Finding(ERROR, service.slug, message, "text", "services")
        elif not example and _EXAMPLE.search(text):
            message = f"„{text}“ nennt sich Beispiel, ist aber nicht so gekennzeichnet. Bitte kennzeichnen oder umschreiben."
            yield Finding(HINT, service.slug, message, "text", "services")


def _texts(service: Service) -> Iterator[str]:
    yield from (service.short, service.simple, service.processing_time)
    yield from (*service.requirements, *service.documents, *service.procedure, *service.deadlines)
    yield from (fee.text for fee in service.fees)


def _other_texts(release: Release) -> Iterator[tuple[str, str, str]]:
    for journey in release.knowledge.journeys:
        yield from (("journeys", journey.slug, text) for text in (journey.short, *(step.condition for step in journey.steps)))
    for distinction in release.knowledge.distinctions:
        yield "distinctions", distinction.key, distinction.text
    for notice in release.knowledge.notices:
        yield "notices", notice.id, notice.text
    reasons = {rule.reason: rule for rule in reversed(release.knowledge.rules) if rule.reason}
    for reason, rule in reasons.items():
        yield "rules", rule.id, reason


def _style(text: str) -> Iterator[str]:
    if word := _INFORMAL.search(text):
        yield f"Der Text spricht die Leute mit „{word[0]}“ an. Bitte „Sie“ schreiben: „{_shortened(text)}“"
    for sentence in _SENTENCE_END.split(text) if len(text) > MOST_WORDS else ():
        words = len(sentence.split())
        if words > MOST_WORDS:
            yield f"Ein Satz hat {words} Wörter, höchstens {MOST_WORDS} sollten es sein: „{_shortened(sentence)}“"


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:79].rsplit(" ", 1)[0] + " …"


def unused(release: Release) -> Iterator[Finding]:
    """Offices and kinds of offices that nothing leads to, rules that never decide."""
    needed = {rule.office for rule in release.knowledge.rules} | {office.parent for office in release.offices.values()}
    message = "Keine Regel führt zu dieser Stelle. Bitte prüfen, ob sie noch gebraucht wird."
    idle = (Finding(HINT, each, message, "unused", "offices") for each in release.offices if each not in needed)
    yield from few_or_one(idle, "Stellen", "Zu {} Stellen führt keine Regel. Bitte prüfen, ob sie noch gebraucht werden:")
    of_services = {service.office_type for service in release.services.values()}
    of_offices = {office.type for office in release.offices.values()}
    without_service = {each.type for each in release.knowledge.office_types} - of_services
    for office_type in without_service - of_offices:
        message = "Weder eine Leistung noch eine Stelle ist von dieser Art. Bitte prüfen, ob sie noch gebraucht wird."
        yield Finding(HINT, office_type, message, "unused", "office_types")
    for rule in release.knowledge.rules:
        if rule.service == ANYWHERE and rule.office_type in without_service:
            message = f"Keine Leistung ist von der Art „{rule.office_type}“, die Regel greift also nie. Bitte prüfen."
            yield Finding(HINT, rule.id, message, "unused", "rules")

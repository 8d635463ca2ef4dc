"""What citizens read is complete, says where it comes from, and is written for them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.model import Service
from tests.county import demo_county

SERVICES = {service.slug: service for service in demo_county().services}
CLAIMS = ("short", "requirements", "documents", "procedure", "fees", "deadlines", "processing_time")
LONGEST_SENTENCE, LONGEST_PLAIN_SENTENCE = 26, 13


def texts(service: Service) -> Iterator[str]:
    """Everything a citizen reads in German, except names of laws and links."""
    yield from (service.short, service.simple, service.processing_time)
    yield from (*service.requirements, *service.documents, *service.procedure, *service.deadlines)
    yield from (fee.text for fee in service.fees)


def sentences(text: str) -> list[str]:
    return [each for each in re.split(r"(?<!\b\d\.)(?<!\b\d\d\.)(?<=[.!?])\s+(?=[A-ZÄÖÜ„\d])", text) if each]


def untold(service: Service) -> Iterator[str]:
    for field in ("name_en", "short", "short_en", "requirements", "procedure", "sources"):
        if not getattr(service, field):
            yield f"no {field}"
    if not any(getattr(service, field) for field in ("fees", "documents", "deadlines", "legal_basis")):
        yield "neither fees nor documents nor deadlines nor law"
    sourced = {field for source in service.sources for field in source.of}
    yield from (f"no source of {field}" for field in CLAIMS if getattr(service, field) and field not in sourced)
    yield from (f"a source of {field}, which is empty" for field in sourced if not getattr(service, field))


def test_each_service_is_told_in_full() -> None:
    assert [(slug, what) for slug, service in SERVICES.items() for what in untold(service)] == []


def hard_to_read(service: Service) -> Iterator[str]:
    for sentence in (sentence for text in texts(service) for sentence in sentences(text)):
        if len(sentence.split()) > LONGEST_SENTENCE or re.search(r"\b(du|dein\w*|dir|dich)\b", sentence):
            yield sentence
    yield from (each for each in sentences(service.simple) if len(each.split()) > LONGEST_PLAIN_SENTENCE)
    if not 1 <= len(sentences(service.short)) <= 6:
        yield service.short


def test_each_service_is_easy_to_read() -> None:
    assert SERVICES
    assert [(slug, what) for slug, service in SERVICES.items() for what in hard_to_read(service)] == []


def test_examples_are_marked_as_examples() -> None:
    for service in SERVICES.values():
        for fee in service.fees:
            assert fee.example == fee.text.startswith("Beispiel"), (service.slug, fee.text)
        for link in (*service.forms, *filter(None, [service.online])):
            assert link.example == ("Beispiel" in link.title) == (not link.url), (service.slug, link.title)


def test_the_sixty_most_asked_are_told_in_plain_language() -> None:
    assert sum(bool(service.simple) for service in SERVICES.values()) == 60

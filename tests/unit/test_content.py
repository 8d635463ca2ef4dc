"""What citizens read is complete, says where it comes from, and is written for them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from knowledge.exchange.seed import read_seed
from knowledge.model import Service

SERVICES = {service.slug: service for service in read_seed().services}
CLAIMS = ("short", "requirements", "documents", "procedure", "fees", "deadlines", "processing_time")
LONGEST_SENTENCE, LONGEST_PLAIN_SENTENCE = 26, 13


def texts(service: Service) -> Iterator[str]:
    """Everything a citizen reads in German, except names of laws and links."""
    yield from (service.short, service.simple, service.processing_time)
    yield from (*service.requirements, *service.documents, *service.procedure, *service.deadlines)
    yield from (fee.text for fee in service.fees)


def sentences(text: str) -> list[str]:
    return [each for each in re.split(r"(?<!\b\d\.)(?<!\b\d\d\.)(?<=[.!?])\s+(?=[A-ZÄÖÜ„\d])", text) if each]


@pytest.mark.parametrize("slug", SERVICES)
def test_each_service_is_told_in_full(slug: str) -> None:
    service = SERVICES[slug]
    for field in ("name_en", "short", "short_en", "requirements", "procedure", "sources"):
        assert getattr(service, field), field
    assert any(getattr(service, field) for field in ("fees", "documents", "deadlines", "legal_basis"))
    sourced = {field for source in service.sources for field in source.of}
    assert [field for field in CLAIMS if getattr(service, field) and field not in sourced] == []
    assert [field for field in sourced if not getattr(service, field)] == []


@pytest.mark.parametrize("slug", SERVICES)
def test_each_service_is_easy_to_read(slug: str) -> None:
    service = SERVICES[slug]
    told = [sentence for text in texts(service) for sentence in sentences(text)]
    assert [each for each in told if len(each.split()) > LONGEST_SENTENCE] == []
    assert [each for each in told if re.search(r"\b(du|dein\w*|dir|dich)\b", each)] == []
    assert [each for each in sentences(service.simple) if len(each.split()) > LONGEST_PLAIN_SENTENCE] == []
    assert 1 <= len(sentences(service.short)) <= 6


def test_examples_are_marked_as_examples() -> None:
    for service in SERVICES.values():
        for fee in service.fees:
            assert fee.example == fee.text.startswith("Beispiel"), (service.slug, fee.text)
        for link in (*service.forms, *filter(None, [service.online])):
            assert link.example == ("Beispiel" in link.title) == (not link.url), (service.slug, link.title)


def test_the_sixty_most_asked_are_told_in_plain_language() -> None:
    assert sum(bool(service.simple) for service in SERVICES.values()) == 60

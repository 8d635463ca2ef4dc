"""The card of a service: in full, in English as far as there is English, or in Einfache Sprache."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.messages import ServiceBlock
from bot.conversation.rendering.addresses import service_page
from bot.conversation.rendering.words import Words
from knowledge.model import Service
from knowledge.release import Release


def service_block(words: Words, release: Release, service: Service) -> ServiceBlock:
    """What a service is and what it takes."""
    online = service.online
    block: ServiceBlock = {
        "type": "service",
        "language": words.language,
        "slug": service.slug,
        "title": words.service(service),
        "short": _short(words, service),
        "simple": service.simple,
        "requirements": list(service.requirements),
        "documents": list(service.documents),
        "procedure": list(service.procedure),
        "fees": [fee.text for fee in service.fees],
        "deadlines": list(service.deadlines),
        "processing_time": service.processing_time,
        "online": {"title": online.title, "url": online.url} if online else None,
        "forms": [{"title": form.title, "url": form.url} for form in service.forms],
        "legal_basis": list(service.legal_basis),
        "not_to_confuse": [
            {"title": words.service(release.services[other]), "text": each.text}
            for each in release.distinctions_of(service.slug)
            if (other := each.other(service.slug)) in release.services
        ],
        "page": service_page(service.slug),
    }
    return {**block, "lang": "de"} if words.english and is_partly_german(service) else block


def told_simply(words: Words, service: Service) -> Service:
    """A service as it is shown: in Einfache Sprache only what it is, what to bring and what it costs."""
    if not words.simple or not service.simple:
        return service
    return replace(service, requirements=(), procedure=(), deadlines=(), processing_time="", forms=(), legal_basis=(), sources=())


def is_partly_german(service: Service) -> bool:
    """Whether an English card holds German text beside the names."""
    return bool(
        not service.short_en
        or service.requirements
        or service.documents
        or service.procedure
        or service.fees
        or service.deadlines
        or service.processing_time
    )


def _short(words: Words, service: Service) -> str:
    if words.english:
        return service.short_en or service.short
    return (words.simple and service.simple) or service.short

"""Answers a clerk can insert: what Lotse would have said about a service, as text to go on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from actions.turn import Turn, TurnState
from bot.channels.web.api.search import by_words
from bot.conversation.rendering import Renderer, plain_text
from bot.conversation.store import language_of
from knowledge.active import gazetteer
from knowledge.model import Service
from knowledge.release import Release

_MOST = 8


def services_for(release: Release, text: str) -> list[Service]:
    """The services that best fit some words, at most eight."""
    found = by_words(release, text)
    ranked = sorted(found, key=lambda slug: (-found[slug], release.services[slug].name))
    return [release.services[slug] for slug in ranked[:_MOST]]


def answer_text(
    release: Release, slug: str, place: str, state: Mapping[str, Any], now: datetime, retention_hours: int
) -> str | None:
    """Who is responsible, where, and what to bring, as plain text in the language of the conversation.

    `place` is what the clerk typed; empty takes that of the conversation. None for a service that is not known.
    """
    if slug not in release.services:
        return None
    places = gazetteer(release)
    known = TurnState.from_dict(dict(state))
    if place.strip() and (found := places.lookup(place)):
        known = replace(known, places=tuple(map(str, found)))
    turn = Turn(release, places, now.date(), replace(known, awaiting=None, options=(), aspect=None))
    reply, _ = turn.choose("service", slug)
    blocks = Renderer(release, now, retention_hours, language_of(dict(state))).blocks(reply)
    return plain_text([block for block in blocks if block["type"] != "note"])

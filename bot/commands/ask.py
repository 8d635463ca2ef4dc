"""`lotse ask`: one turn, with a worker of its own."""

from __future__ import annotations

import asyncio
import time
from datetime import date, datetime
from typing import Any

from actions.turn import Reply
from bot.bootstrap import NotSetUp, worker_pool
from bot.cli import UsageError
from bot.commands.places import localities
from bot.commands.resolve import offices_data
from bot.conversation.messages import LANGUAGES, Block
from bot.conversation.rendering import Renderer, plain_text
from bot.conversation.service import has_words, readable
from bot.conversation.spoken import spoken
from bot.engine.port import DialogueEngine, EngineUnavailable, TurnRequest, TurnResult
from bot.settings import Settings
from knowledge.hours import BERLIN
from knowledge.release import Release


def ask_command(
    settings: Settings,
    release: Release,
    text: str,
    *,
    place: str | None,
    surname: str | None,
    audience: str | None,
    on: date | None,
    language: str | None = None,
) -> tuple[dict[str, Any], str]:
    """The answer as JSON data and as text; in the language of the question where none is chosen.

    Raises `UsageError` when the worker cannot be started.
    """
    return asyncio.run(_ask(settings, release, text, given_facts(release, place, surname, audience, on), language))


async def _ask(
    settings: Settings, release: Release, text: str, facts: dict[str, Any], language: str | None
) -> tuple[dict[str, Any], str]:
    spoken_in = language or ("en" if spoken(text) == "en" else LANGUAGES[0])
    try:
        async with worker_pool(settings, 1) as engine:
            result, blocks, took = await one_turn(engine, settings, release, text, facts, spoken_in)
    except (NotSetUp, EngineUnavailable) as error:
        raise UsageError(str(error)) from error
    return answer_data(release, result, blocks, took), plain_text(blocks)


def given_facts(
    release: Release, place: str | None, surname: str | None, audience: str | None, on: date | None
) -> dict[str, Any]:
    """Options as facts of a turn. Raises `UsageError` for an unknown place."""
    places = [str(each) for each in localities(release, place) or ()]
    given = {"places": places, "surname": surname, "audience": audience, "on": on.isoformat() if on else None}
    return {key: value for key, value in given.items() if value}


async def one_turn(
    engine: DialogueEngine,
    settings: Settings,
    release: Release,
    text: str,
    facts: dict[str, Any],
    language: str = LANGUAGES[0],
) -> tuple[TurnResult, list[Block], float]:
    """A first turn as the channels do it, with its blocks and its time in ms."""
    started = time.perf_counter()
    renderer = Renderer(release, datetime.now(BERLIN), settings.retention_hours, language)
    clean, _ = readable(text)
    if has_words(clean):
        today = datetime.now(BERLIN).date().isoformat()
        result = await engine.respond(TurnRequest(release, {}, clean, today, facts=facts))
    else:
        result = TurnResult(Reply("fallback", topic="empty"), {}, (), "", {})
    return result, renderer.blocks(result.reply), (time.perf_counter() - started) * 1000


def answer_data(release: Release, result: TurnResult, blocks: list[Block], took: float) -> dict[str, Any]:
    """The stable JSON of `lotse ask`."""
    reply = result.reply
    return {
        "outcome": reply.outcome,
        "service": reply.service,
        "ranking": [{"service": slug, "confidence": confidence} for slug, confidence in result.ranking],
        "offices": offices_data(release, reply.offices),
        "missing": reply.missing,
        "choices": [dict(choice.__dict__) for choice in reply.choices],
        "text": plain_text(blocks),
        "release": release.id,
        "model": result.model,
        "timings_ms": {**result.timings_ms, "total": round(took, 2)},
    }

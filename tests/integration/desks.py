"""A desk for tests: what it shall say can be set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from actions.turn import Reply
from bot.app import Access, create_app
from bot.bootstrap import Stores
from bot.channels.web.events import Streams
from bot.channels.web.rates import Rates
from bot.channels.web.routes import CHANNEL, create_router
from bot.channels.web.schemas import answer_out
from bot.conversation.desk import ContactForm, Desk, Left, NotAccepted
from bot.conversation.feedback import FeedbackStore
from bot.conversation.messages import Block, HandoverBlock
from bot.conversation.service import ConversationService, Releases
from bot.engine.port import DialogueEngine


def handover(state: Any, **more: str) -> HandoverBlock:
    block: dict[str, str] = {
        "type": "handover",
        "state": state,
        "office": "Bürgerbüro",
        "text": "",
        "reference": "",
        "expected": "",
    }
    return {**block, **more}  # type: ignore[typeddict-item]


class FakeDesk:
    """Implements `Desk`, with one clerk for all."""

    def __init__(self) -> None:
        self.now: HandoverBlock | None = None
        self.asked: list[int] = []
        self.forms: dict[str, ContactForm] = {}
        self.offers = False

    def takes(self, conversation: int) -> bool:
        return self.now is not None and self.now["state"] in ("waiting", "active")

    def status(self, conversation: int) -> HandoverBlock | None:
        return self.now

    def offer(self, conversation: int, state: dict[str, Any], reply: Reply) -> list[Block]:
        return [handover("offered")] if self.offers and reply.outcome == "fallback" else []

    def ask(self, conversation: int) -> HandoverBlock:
        self.asked.append(conversation)
        self.now = self.now or handover("waiting")
        return self.now

    def leave(self, conversation: int, form: ContactForm) -> Left:
        if "Werbung" in form.message:
            raise NotAccepted("Bitte keine Werbung.")
        repeated = form.id in self.forms
        self.forms[form.id] = form
        return Left(f"L-{len(self.forms)}", "bis morgen", "Danke.", "Bürgerbüro", repeated)


def app_with_desk(stores: Stores, engine: DialogueEngine, desk: Desk, *, streams: int = 1000) -> FastAPI:
    """The conversations over HTTP with this desk, and nothing else."""
    releases = Releases(stores.knowledge)
    service = ConversationService(stores.conversations, engine, releases, 24, desk=desk)
    opened = Streams(stores.conversations, desk, CHANNEL, streams, answer_out)
    router = create_router(service, stores.conversations, FeedbackStore(stores.engine), opened, releases)

    @asynccontextmanager
    async def background() -> AsyncIterator[None]:
        running = [asyncio.create_task(service.run_forever()), asyncio.create_task(opened.run_forever())]
        yield
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    unlimited = Access(Rates(10_000_000, 10_000_000, 10_000_000))
    return create_app(releases, engine, background, [router], unlimited, opened.close)

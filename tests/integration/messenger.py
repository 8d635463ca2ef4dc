"""The Telegram channel around a stand-in of the Bot API, with a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from bot.bootstrap import Stores
from bot.channels.telegram import channel as channel_module
from bot.channels.telegram import sending
from bot.channels.telegram.channel import Setup, TelegramChannel
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.store import TelegramStore
from bot.conversation.desk import Desk
from bot.conversation.feedback import FeedbackStore
from bot.conversation.service import ConversationService, Releases
from bot.engine.port import DialogueEngine
from tests.integration.wiring import eventually
from tests.telegram_standin import TelegramStandIn

CHAT = 987654321
QUESTION = "Hundesteuer anmelden in Ammerfeld"
OPEN = "SELECT (SELECT count(*) FROM inbox WHERE done IS NULL) + (SELECT count(*) FROM outbox WHERE sent IS NULL)"


class JumpingClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


class NotedPace(Pace):
    """A pace without waiting; `turns` tells when which chat had its turn."""

    def __init__(self) -> None:
        self.clock = JumpingClock()
        self.turns: list[tuple[float, int]] = []
        super().__init__(self.clock, self.clock.sleep)

    async def turn(self, chat: int) -> None:
        await super().turn(chat)
        self.turns.append((self.clock.now, chat))


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of people, not of tests."""
    for module, name, seconds in (
        (channel_module, "_PAUSE_AFTER_ERROR_S", 0.05),
        (channel_module, "_RENEW_S", 0.2),
        (sending, "_PAUSE_AFTER_ERROR_S", 0.05),
        (sending, "_LONGEST_PAUSE_S", 0.2),
        (sending, "_LOOK_S", 0.1),
    ):
        monkeypatch.setattr(module, name, seconds)


def channel_for(
    telegram: TelegramStandIn, stores: Stores, service: ConversationService, pace: Pace | None = None, **setup: Any
) -> TelegramChannel:
    return TelegramChannel(
        Setup("4711:token", telegram.base_url, b"secret", **setup),
        service,
        stores.conversations,
        FeedbackStore(stores.engine),
        TelegramStore(stores.engine, stores.conversations.notices),
        Releases(stores.knowledge),
        pace or NotedPace(),
    )


@asynccontextmanager
async def running(
    telegram: TelegramStandIn,
    stores: Stores,
    engine: DialogueEngine,
    desk: Desk | None = None,
    pace: Pace | None = None,
    **setup: Any,
) -> AsyncIterator[TelegramChannel]:
    service = ConversationService(stores.conversations, engine, Releases(stores.knowledge), 24, desk=desk)
    channel = channel_for(telegram, stores, service, pace, **setup)
    telegram.settled = lambda: settled(telegram, stores)
    tasks = [asyncio.create_task(channel.run_forever()), asyncio.create_task(service.run_forever())]
    try:
        yield channel
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def settled(telegram: TelegramStandIn, stores: Stores) -> bool:
    """Whether every update is confirmed, every message answered and every answer sent."""
    return not telegram.unconfirmed and count(stores, OPEN) == 0


def count(stores: Stores, query: str) -> int:
    with stores.engine.connect() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


def rows(stores: Stores, *tables: str) -> list[str]:
    """All that stands in some tables, as text."""
    with stores.engine.connect() as connection:
        return [str(row) for table in tables for row in connection.exec_driver_sql(f"SELECT * FROM {table}")]


async def answers(telegram: TelegramStandIn, wanted: int, chat: int = CHAT) -> list[str]:
    """The texts sent to a chat, once there are so many and nothing is left to be sent."""
    await eventually(lambda: len(telegram.texts(chat)) >= wanted)
    await eventually(telegram.settled)
    await asyncio.sleep(0.05)
    assert len(telegram.texts(chat)) == wanted, telegram.texts(chat)
    return telegram.texts(chat)

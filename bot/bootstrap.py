"""The only place where parts are wired together."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy import Engine

from bot.app import create_app
from bot.conversation.service import ConversationService, Releases
from bot.conversation.store import ConversationStore
from bot.engine.port import DialogueEngine
from bot.engine.workers import CurrentRelease, WorkerCommand, WorkerPool
from bot.settings import Settings
from knowledge.release import Release
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import KnowledgeStore

log = logging.getLogger("lotse")


class NotSetUp(Exception):
    """Something that `make setup` or `lotse train` makes is missing; the message says what to do, in German."""


@dataclass
class Stores:
    """The database and what reads and writes it."""

    engine: Engine
    knowledge: KnowledgeStore
    conversations: ConversationStore

    async def newest_release(self) -> Release | None:
        """The release in force, for workers that come up."""
        return await asyncio.to_thread(self.knowledge.release)


def open_stores(settings: Settings) -> Stores:
    """Connect, and bring the tables up to date."""
    engine = connect(settings.database_url)
    migrate(engine)
    return Stores(engine, KnowledgeStore(engine), ConversationStore(engine))


def worker_pool(settings: Settings, count: int | None = None, current_release: CurrentRelease | None = None) -> WorkerPool:
    """Workers for the newest model; they are handed the current release as soon as they are up. Raises `NotSetUp`."""
    model = settings.newest_model()
    if model is None:
        raise NotSetUp("Es gibt noch kein Sprachmodell. Bitte zuerst „lotse train“ aufrufen.")
    if not settings.worker_python.exists():
        raise NotSetUp(f"Die Umgebung des Sprachmodells fehlt ({settings.worker_python}). Bitte zuerst „make setup“ aufrufen.")
    command = WorkerCommand(settings.worker_python, model)
    return WorkerPool(command, count or settings.workers, settings.turn_timeout, current_release=current_release)


def gateway(settings: Settings, stores: Stores, engine: DialogueEngine) -> FastAPI:
    """The whole gateway around an engine; the engine is started and stopped with it if it is a pool of workers."""
    releases = Releases(stores.knowledge)
    service = ConversationService(stores.conversations, engine, releases, settings.retention_hours)

    @asynccontextmanager
    async def background() -> AsyncIterator[None]:
        running = [asyncio.create_task(service.run_forever())]
        if settings.telegram_token:
            running.append(asyncio.create_task(_telegram(settings, service, stores.conversations)))
        try:
            if isinstance(engine, WorkerPool):
                async with engine:
                    yield
            else:
                yield
        finally:
            for task in running:
                task.cancel()
            for task in running:
                with suppress(asyncio.CancelledError):
                    await task

    return create_app(service, stores.conversations, releases, engine, background)


async def _telegram(settings: Settings, service: ConversationService, store: ConversationStore) -> None:
    from bot.channels.telegram.channel import TelegramChannel

    channel = TelegramChannel(settings.telegram_token, settings.telegram_api, _secret(settings), service, store)
    log.info("Telegram: long polling")
    await channel.run_forever()


def _secret(settings: Settings) -> bytes:
    """The key for hashes of chat ids, made once and kept beside the database."""
    path = settings.var / "secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text().strip().encode()

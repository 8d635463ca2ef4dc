"""The only place where parts are wired together."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine

from bot.app import Access, create_app
from bot.channels.staff.routes import Back, create_staff_router
from bot.channels.web.api.routes import create_knowledge_router
from bot.channels.web.api.search import Understand
from bot.channels.web.events import Streams
from bot.channels.web.pages.chat import create_chat_router
from bot.channels.web.pages.routes import create_pages_router
from bot.channels.web.pages.view import PageSettings
from bot.channels.web.rates import Rates
from bot.channels.web.routes import CHANNEL, create_router
from bot.channels.web.schemas import answer_out
from bot.channels.web.site import create_site_router
from bot.conversation.feedback import FeedbackStore
from bot.conversation.service import ConversationService, Releases
from bot.conversation.store import ConversationStore
from bot.engine.port import DialogueEngine, EngineUnavailable, TurnRequest
from bot.engine.workers import CurrentRelease, WorkerCommand, WorkerPool
from bot.handover.accounts import AccountStore
from bot.handover.courier import Courier, senders_for
from bot.handover.desk import StaffedDesk
from bot.handover.handovers import HandoverStore
from bot.handover.tickets import TicketStore
from bot.settings import Settings
from knowledge.hours import BERLIN
from knowledge.release import Release
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import KnowledgeStore

if TYPE_CHECKING:  # loaded only where they are on
    from mcp.server import MCPServer

    from bot.channels.telegram.channel import TelegramChannel

log = logging.getLogger("lotse")

_THREADS = 16
"""They wait for the database. A turn holds one for some ms; while the database is locked, all of them wait."""


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
    back = _handover(settings, stores, releases)
    service = ConversationService(stores.conversations, engine, releases, settings.retention_hours, desk=back.desk)
    streams = Streams(stores.conversations, service.desk, CHANNEL, settings.streams, answer_out)

    def close() -> None:
        streams.close()
        back.live.close()

    @asynccontextmanager
    async def background() -> AsyncIterator[None]:
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lotse")
        asyncio.get_running_loop().set_default_executor(threads)
        workings = (service, streams, back.desk, back.courier)
        running = [asyncio.create_task(each.run_forever()) for each in workings]
        if telegram:
            running.append(asyncio.create_task(telegram.run_forever()))
        try:
            async with AsyncExitStack() as parts:
                if isinstance(engine, WorkerPool):
                    await parts.enter_async_context(engine)
                if assistants:
                    await parts.enter_async_context(assistants.session_manager.run())
                yield
        finally:
            close()
            for task in running:
                task.cancel()
            for task in running:
                with suppress(asyncio.CancelledError):
                    await task

    feedback = FeedbackStore(stores.engine)
    conversations = create_router(service, stores.conversations, feedback, streams, releases)
    site = create_site_router(releases, settings.var / "widget", settings.retention_hours, settings.public_url)
    routers = [site, conversations, create_staff_router(back)]
    routers += _public_routers(settings, stores, releases, service, engine)
    telegram = _telegram(settings, stores, service, routers) if settings.telegram_token else None
    assistants = _assistants(settings, releases, engine, routers)
    rates = Rates(settings.rate_address, settings.rate_conversations, settings.rate_messages)
    return create_app(releases, engine, background, routers, Access(rates, settings.cors_origins), close)


def _handover(settings: Settings, stores: Stores, releases: Releases) -> Back:
    """The desk where people answer, what it stands on, and the way out for messages. Raises `SettingsError`."""
    handovers = HandoverStore(stores.engine, stores.conversations.notices)
    tickets, accounts = TicketStore(stores.engine), AccountStore(stores.engine)
    courier = Courier(tickets, senders_for(settings.desk))
    desk = StaffedDesk(handovers, tickets, accounts, releases, courier, settings.desk)
    return Back(desk, handovers, tickets, accounts, courier, releases, settings.retention_hours, settings.desk.chat)


def _public_routers(
    settings: Settings, stores: Stores, releases: Releases, service: ConversationService, engine: DialogueEngine
) -> list[APIRouter]:
    """The knowledge for machines and for people without a script."""
    understand = _understanding(engine)
    pages = PageSettings(settings.public_url, settings.operator, settings.retention_hours)
    return [
        create_knowledge_router(releases, understand, public_url=settings.public_url),
        create_pages_router(releases, pages, understand),
        create_chat_router(releases, service, stores.conversations, FeedbackStore(stores.engine), pages),
    ]


def _assistants(
    settings: Settings, releases: Releases, engine: DialogueEngine, routers: list[APIRouter]
) -> MCPServer[None] | None:
    """The server for people's own assistants, where it is switched on; it has to run while the gateway does."""
    if not settings.mcp:
        return None
    from bot.channels.mcp.server import create_server, http_routes

    server = create_server(releases, _understanding(engine))
    routers.append(http_routes(server))
    return server


def _understanding(engine: DialogueEngine) -> Understand:
    """What the engine takes a text for; nothing while it cannot say."""

    async def understand(release: Release, text: str) -> list[tuple[str, float]]:
        if not engine.is_ready():
            return []
        today = datetime.now(BERLIN).date().isoformat()
        try:
            return list((await engine.respond(TurnRequest(release, {}, text, today))).ranking)
        except EngineUnavailable:
            return []

    return understand


def _telegram(settings: Settings, stores: Stores, service: ConversationService, routers: list[APIRouter]) -> TelegramChannel:
    """The Telegram channel; its webhook joins the routers, if Telegram is to bring the updates."""
    from bot.channels.telegram.channel import Setup, TelegramChannel
    from bot.channels.telegram.chats import webhook_secret
    from bot.channels.telegram.store import TelegramStore
    from bot.channels.telegram.webhook import create_webhook_router

    secret, chosen = _secret(settings), settings.telegram
    setup = Setup(
        token=settings.telegram_token,
        api=settings.telegram_api,
        secret=secret,
        webhook=chosen.webhook_url if chosen.webhook else "",
        webhook_secret=chosen.secret or webhook_secret(secret),
        site=settings.public_url,
        retention_hours=settings.retention_hours,
        messages=settings.rate_messages,
    )
    kept = TelegramStore(stores.engine, stores.conversations.notices)
    channel = TelegramChannel(
        setup, service, stores.conversations, FeedbackStore(stores.engine), kept, Releases(stores.knowledge)
    )
    if setup.webhook:
        routers.append(create_webhook_router(channel, setup.webhook_secret))
    return channel


def _secret(settings: Settings) -> bytes:
    """The key for what is kept of chat ids, made once and kept beside the database."""
    path = settings.var / "secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"secret.{secrets.token_hex(8)}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_hex(32))
        with suppress(FileExistsError):  # another gateway was quicker
            path.hardlink_to(made)
        made.unlink()
    return path.read_text().strip().encode()

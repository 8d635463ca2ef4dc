"""The Telegram channel: updates in, by long polling or webhook; answers out.

An update is acknowledged (by the next offset, or by 200) only after it has had its effect in the database, and its
`update_id` has one effect: a message stands in the inbox under it, everything else is noted in `telegram_update`, in the same
transaction as what it does or after something that may be done twice. Until then Telegram keeps the update.

Of a person only the chat is kept, as a keyed hash and encrypted (`chats`). Several gateways may run: each takes updates from
the webhook; one of them speaks for the bot, that is polls and sends.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from telegram import Bot, Update
from telegram.error import InvalidToken, RetryAfter, TelegramError, TimedOut
from telegram.request import HTTPXRequest

from bot.channels.telegram import profile
from bot.channels.telegram.chats import Chats
from bot.channels.telegram.effects import Effects, Parts
from bot.channels.telegram.flood import Flood
from bot.channels.telegram.incoming import ALLOWED, hear
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.sending import Sender, seconds
from bot.channels.telegram.store import TelegramStore
from bot.conversation.feedback import FeedbackStore
from bot.conversation.service import ConversationService, NoRelease, Releases
from bot.conversation.store import ConversationStore
from knowledge.places.nearest import has_seats

log = logging.getLogger("lotse.telegram")

_POLL_TIMEOUT_S = 25
_PAUSE_AFTER_ERROR_S = 3.0
_LEASE_S = 12.0
_RENEW_S = 4.0
_PURGE_S = 3600.0
_GIVE_UP_AFTER = 5
_READ_TIMEOUT_S = 20.0
_CONNECTIONS = 32
_PASSING = (OperationalError, InterfaceError, PoolTimeout, NoRelease)
"""What has nothing to do with the update itself."""


@dataclass(frozen=True)
class Setup:
    """The bot and how it is reached. With a `webhook` address Telegram brings the updates, otherwise they are fetched.

    `secret` keys hash and encryption of chat ids; `site` is the address of the public pages, if they are public; `messages` are
    taken from one chat in a minute.
    """

    token: str = field(repr=False)
    api: str
    secret: bytes = field(repr=False)
    webhook: str = ""
    webhook_secret: str = field(default="", repr=False)
    site: str = ""
    retention_hours: int = 24
    messages: int = 30


class TelegramChannel:
    """Takes updates, answers them, and presents the bot."""

    def __init__(
        self,
        setup: Setup,
        service: ConversationService,
        conversations: ConversationStore,
        feedback: FeedbackStore,
        store: TelegramStore,
        releases: Releases,
        pace: Pace | None = None,
    ) -> None:
        request = HTTPXRequest(connection_pool_size=_CONNECTIONS, read_timeout=_READ_TIMEOUT_S)
        polling = HTTPXRequest(connection_pool_size=1, read_timeout=_POLL_TIMEOUT_S + 5)
        self.bot = Bot(setup.token, base_url=setup.api, request=request, get_updates_request=polling)
        self._setup = setup
        self._store = store
        self._releases = releases
        self._owner = str(uuid.uuid4())
        self._offset: int | None = None
        self._failures: dict[int, int] = {}
        self._asides: set[asyncio.Task[None]] = set()
        chats = Chats(setup.secret)
        parts = Parts(
            bot=self.bot,
            chats=chats,
            service=service,
            conversations=conversations,
            feedback=feedback,
            store=store,
            releases=releases,
            later=self._later,
            wake=lambda: self._sender.wake(),
            retention_hours=setup.retention_hours,
            flood=Flood(setup.messages),
            site=setup.site,
        )
        self._effects = Effects(parts)
        self._sender = Sender(self.bot, chats, conversations, store, self._owner, setup.site, self._knows_places, pace)

    async def run_forever(self) -> None:
        """Receive and send until cancelled."""
        try:
            await self._sign_in()
            while True:
                await self._wait_to_speak()
                await self._speak()
        except InvalidToken:
            log.error("Telegram does not accept the token; the channel stays off")
        finally:
            for task in tuple(self._asides):
                task.cancel()
            with suppress(Exception):
                await asyncio.to_thread(self._store.be_silent, self._owner)
            with suppress(Exception):
                await self.bot.shutdown()

    async def take(self, update: Update) -> None:
        """The effect of an update; it may be acknowledged when this returns. Raises what passes and may be tried again.

        What fails again and again for reasons of its own is left, so that it does not hold up all others.
        """
        try:
            heard = hear(update)
            if heard is not None:
                await self._effects.carry_out(heard)
        except _PASSING:
            raise
        except Exception as error:
            failures = self._failures[update.update_id] = self._failures.get(update.update_id, 0) + 1
            log.error("an update failed: %s", type(error).__name__)
            if failures < _GIVE_UP_AFTER:
                raise
        self._failures.pop(update.update_id, None)

    async def _sign_in(self) -> None:
        while True:
            try:
                return await self.bot.initialize()
            except InvalidToken:
                raise
            except TelegramError as error:
                log.warning("Telegram cannot be reached: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE_AFTER_ERROR_S)

    async def _wait_to_speak(self) -> None:
        while True:
            if await self._may_speak():
                return
            await asyncio.sleep(_RENEW_S)

    async def _may_speak(self) -> bool:
        try:
            return await asyncio.to_thread(self._store.speak, self._owner, _LEASE_S)
        except Exception as error:  # the database may come back
            log.error("asking who speaks for the bot failed: %s", type(error).__name__)
            return False

    async def _speak(self) -> None:
        """Speak for the bot until another process does. Raises `InvalidToken`."""
        doing = (self._keep_speaking(), self._receive_forever(), self._sender.run_forever(), self._purge_forever())
        tasks = [asyncio.create_task(each) for each in doing]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_speaking(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            try:
                if not await asyncio.to_thread(self._store.speak, self._owner, _LEASE_S):
                    return
            except Exception as error:  # as long as nobody can ask, nobody else can take it
                log.warning("the right to speak could not be renewed: %s", type(error).__name__)

    async def _announce(self) -> None:
        """Say how updates shall come. Without this, one of the two ways would find the other one taken."""
        while True:
            try:
                if self._setup.webhook:
                    await self.bot.set_webhook(
                        self._setup.webhook, secret_token=self._setup.webhook_secret, allowed_updates=ALLOWED
                    )
                else:
                    await self.bot.delete_webhook()
                return
            except InvalidToken:
                raise
            except TelegramError as error:
                log.warning("Telegram could not be told how updates shall come: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE_AFTER_ERROR_S)

    async def _receive_forever(self) -> None:
        await self._announce()
        self._later(self._present())
        if self._setup.webhook:
            log.info("Telegram brings updates to the webhook")
            await asyncio.Event().wait()
        log.info("updates are fetched from Telegram")
        while True:
            try:
                updates = await self.bot.get_updates(offset=self._offset, timeout=_POLL_TIMEOUT_S, allowed_updates=ALLOWED)
                for update in updates:
                    await self.take(update)
                    self._offset = update.update_id + 1
            except RetryAfter as error:
                await asyncio.sleep(seconds(error))
            except TimedOut:
                continue
            except InvalidToken:
                raise
            except Exception as error:
                log.warning("receiving from Telegram failed: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE_AFTER_ERROR_S)

    async def _present(self) -> None:
        with suppress(NoRelease):
            await profile.present(self.bot, await self._releases.current())

    async def _purge_forever(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._store.purge)
            except Exception as error:  # the database may come back
                log.error("forgetting old updates failed: %s", type(error).__name__)
            await asyncio.sleep(_PURGE_S)

    async def _knows_places(self) -> bool:
        try:
            return has_seats(await self._releases.current())
        except NoRelease:
            return False

    def _later(self, something: Coroutine[Any, Any, None]) -> None:
        """Do something aside; if it fails, nothing is lost."""

        async def quietly() -> None:
            try:
                await something
            except Exception as error:
                log.warning("something aside failed: %s", type(error).__name__)

        task = asyncio.create_task(quietly())
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

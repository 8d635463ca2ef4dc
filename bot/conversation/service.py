"""The life of a message: stored, then one turn at a time in order, then an answer in the outbox."""

from __future__ import annotations

import asyncio
import logging
import unicodedata
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from actions.turn import Reply
from bot.conversation.desk import ContactForm, Desk, Left, NoDesk, NoPerson
from bot.conversation.messages import LONGEST_TEXT, Block, HandoverBlock, IncomingMessage
from bot.conversation.other_languages import foreign
from bot.conversation.rendering import Renderer
from bot.conversation.spoken import spoken
from bot.conversation.store import (
    Answer,
    ConversationStore,
    Finished,
    LeaseLost,
    OpenMessage,
    Receipt,
    UnknownConversation,
    language_of,
    with_heard,
)
from bot.engine.port import DialogueEngine, EngineUnavailable, TurnRequest, TurnResult
from knowledge.hours import BERLIN
from knowledge.release import Release
from knowledge.store.knowledge_store import KnowledgeStore

log = logging.getLogger("lotse.conversation")

Turned = tuple[dict[str, Any], str, list[Block]]
"""What a turn leaves: state, outcome, blocks."""
HUMAN = "human"
"""The command that asks for a person."""
TO_CLERK = "to_clerk"
"""The outcome of a message that goes to a person: nothing is said to the citizen."""

_LEASE_S = 15.0
_RENEW_S = 5.0
_SWEEP_S = 2.0
_PURGE_S = 600.0
_POLL_S = 0.1
_GIVE_UP_AFTER = 3
_FRESH_S = 1.0


class NoRelease(Exception):
    """Nothing was published yet."""


class Forgotten(Exception):
    """The conversation was deleted while its message waited."""


class Releases:
    """The release in force, looked up at most once a second."""

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store
        self._release: Release | None = None
        self._checked = float("-inf")

    async def current(self) -> Release:
        """Raises `NoRelease`."""
        now = asyncio.get_running_loop().time()
        if self._release is None or now - self._checked > _FRESH_S:
            number = await asyncio.to_thread(self._store.newest_number)
            if self._release is None or number != self._release.number:
                self._release = await asyncio.to_thread(self._store.release)
            self._checked = now
        if self._release is None:
            raise NoRelease
        return self._release

    def at_hand(self) -> Release:
        """The release that was looked up last, for threads, which may wait for it the first time. Raises `NoRelease`."""
        if self._release is None:
            self._release = self._store.release()
        if self._release is None:
            raise NoRelease
        return self._release


class ConversationService:
    """Takes messages in and answers them. Knows no channel."""

    def __init__(
        self,
        store: ConversationStore,
        engine: DialogueEngine,
        releases: Releases,
        retention_hours: int,
        clock: Callable[[], datetime] = lambda: datetime.now(BERLIN),
        desk: Desk | None = None,
    ) -> None:
        self.desk = desk or NoDesk()
        self._store = store
        self._engine = engine
        self._releases = releases
        self._retention_hours = retention_hours
        self._clock = clock
        self._owner = str(uuid.uuid4())
        self._locks: dict[int, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, message: IncomingMessage) -> Receipt:
        """Store a message; from here on it will be answered. Raises what the database raises."""
        return await asyncio.to_thread(self._store.receive, message)

    async def answer(self, message: IncomingMessage) -> Answer:
        """Store a message and wait for its answer. Raises `Forgotten`, `UnknownConversation` and what the database raises."""
        receipt = await self.receive(message)
        answer = await asyncio.to_thread(self._store.answer_to, receipt.inbox) if receipt.duplicate else None
        while answer is None:
            try:
                answers = await self.work_on(receipt.conversation)
                answer = answers.get(receipt.inbox)
            except LeaseLost:  # another process is at it, or the conversation was deleted
                if not await asyncio.to_thread(self._store.holds, receipt.inbox):
                    raise Forgotten from None
                await asyncio.sleep(_POLL_S)
            answer = answer or await asyncio.to_thread(self._store.answer_to, receipt.inbox)
        return answer

    async def leave(self, channel: str, key: str, form: ContactForm) -> Left:
        """Leave a message for a person; the reference number goes into the conversation.

        Raises `UnknownConversation`, `NoPerson`, `NotAccepted`.
        """
        conversation = await asyncio.to_thread(self._store.find, channel, key)
        if conversation is None:
            raise UnknownConversation
        left = await asyncio.to_thread(self.desk.leave, conversation, form)
        if not left.repeated:
            block: HandoverBlock = {
                "type": "handover",
                "state": "closed",
                "office": left.office,
                "text": left.text,
                "reference": left.reference,
                "expected": left.expected,
            }
            said = {"outcome": "handover", "author": "system", "author_name": "", "blocks": [block]}
            await asyncio.to_thread(self._store.post, conversation, said)
        return left

    def work_soon(self, conversation: int) -> None:
        """Answer the open messages of a conversation in the background."""
        task = asyncio.create_task(self._work_quietly(conversation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_quietly(self, conversation: int) -> None:
        try:
            await self.work_on(conversation)
        except LeaseLost:
            pass
        except Exception as error:  # the sweep tries again
            log.error("a conversation has to wait: %s", type(error).__name__)

    async def work_on(self, conversation: int) -> dict[int, Answer]:
        """Do the open turns of a conversation in order; the answers by inbox id.

        Raises `LeaseLost` when another process holds the conversation.
        """
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        answers: dict[int, Answer] = {}
        try:
            async with lock:
                owner = f"{self._owner[:18]}-{uuid.uuid4().hex[:16]}"
                release = await self._releases.current()  # before an attempt is counted
                while message := await asyncio.to_thread(self._store.take, conversation, owner, _LEASE_S):
                    async with self._holding(conversation, owner):
                        finished = await self._turn(conversation, message, release, owner)
                    answers[message.inbox] = finished.answer
                    if not finished.more:
                        break
                    release = await self._releases.current()
        finally:
            if not lock.locked():
                self._locks.pop(conversation, None)
        return answers

    @asynccontextmanager
    async def _holding(self, conversation: int, owner: str) -> AsyncIterator[None]:
        """Extend the lease while a turn runs; give it back when the turn fails."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(_RENEW_S)
                try:
                    await asyncio.to_thread(self._store.lease, conversation, owner, _LEASE_S)
                except Exception as error:  # the database may come back before the lease ends
                    log.warning("a lease could not be extended: %s", type(error).__name__)

        renewing = asyncio.create_task(renew())
        try:
            yield
        except BaseException:
            await asyncio.to_thread(self._store.give_back, conversation, owner)
            raise
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    async def _turn(self, conversation: int, message: OpenMessage, release: Release, owner: str) -> Finished:
        known = with_heard(message.state, _spoken(message.content))
        language = language_of(known)
        renderer = Renderer(release, self._clock(), self._retention_hours, language)
        if message.content.get("command"):
            state, outcome, blocks = await self._command(conversation, message, renderer)
        elif await asyncio.to_thread(self.desk.takes, conversation):
            state, outcome, blocks = await self._in_silence(message, release, renderer)
        else:
            state, outcome, blocks = await self._respond(conversation, message, release, renderer)
            if language != language_of(message.state) and outcome != "crisis":
                blocks.insert(0, renderer.language_heard())
        state = {name: value for name, value in state.items() if name != "heard"}
        state |= {"heard": known["heard"]} if known.get("heard") else {}
        return await asyncio.to_thread(self._store.finish, message.inbox, owner, state, outcome, blocks)

    async def _command(self, conversation: int, message: OpenMessage, renderer: Renderer) -> Turned:
        command = message.content["command"]
        if command != HUMAN:
            return message.state, "smalltalk", renderer.command(command)
        try:
            return message.state, "handover", [await asyncio.to_thread(self.desk.ask, conversation)]
        except NoPerson:
            return message.state, "handover", renderer.blocks(Reply("handover"))

    async def _in_silence(self, message: OpenMessage, release: Release, renderer: Renderer) -> Turned:
        """A person has the conversation. Only where life is in danger the bot does not wait for them."""
        silent: Turned = (message.state, TO_CLERK, [])
        text, _ = readable(message.content["text"])
        if not has_words(text) or message.attempts > _GIVE_UP_AFTER:
            return silent
        try:
            result = await self._engine.respond(self._request(message, text, release))
        except Exception as error:
            log.warning("a message to a person was not read for danger: %s", type(error).__name__)
            return silent
        if result.reply.outcome != "crisis":
            return silent
        return message.state, "crisis", renderer.blocks(result.reply)

    async def _respond(self, conversation: int, message: OpenMessage, release: Release, renderer: Renderer) -> Turned:
        content = message.content
        text, shortened = readable(content["text"])
        if not content.get("choice") and not has_words(text):
            return message.state, "fallback", renderer.blocks(Reply("fallback", topic="empty"))
        if message.attempts > _GIVE_UP_AFTER:
            return message.state, "fallback", renderer.apology()
        try:
            result = await self._engine.respond(self._request(message, text, release))
            language = None if content.get("choice") or result.reply.outcome == "crisis" else foreign(text)
            if language:  # whatever was made of it; what was said before still holds
                return message.state, "other_language", renderer.other_language(language)
            blocks = renderer.blocks(result.reply)
        except EngineUnavailable:
            log.error("a turn could not be done; the citizen got an apology")
            return message.state, "fallback", renderer.apology()
        except Exception as error:  # it would fail again and hold up what comes after it
            log.error("a turn failed (%s); the citizen got an apology", type(error).__name__)
            return message.state, "fallback", renderer.apology()
        if shortened:
            blocks.insert(0, renderer.shortened())
        blocks += await self._offer(conversation, result)
        return result.state, result.reply.outcome, blocks

    async def _offer(self, conversation: int, result: TurnResult) -> list[Block]:
        try:
            return await asyncio.to_thread(self.desk.offer, conversation, result.state, result.reply)
        except Exception as error:  # the answer is good without it
            log.error("a person could not be offered: %s", type(error).__name__)
            return []

    def _request(self, message: OpenMessage, text: str, release: Release) -> TurnRequest:
        return TurnRequest(
            release=release,
            state=message.state,
            text=text,
            today=self._clock().date().isoformat(),
            choice=message.content.get("choice"),
            facts=message.content.get("facts") or {},
        )

    async def run_forever(self) -> None:
        """Answer messages that were left open (a process died), and delete what is too old."""
        purged = float("-inf")
        while True:
            now = asyncio.get_running_loop().time()
            try:
                for conversation in await asyncio.to_thread(self._store.waiting):
                    self.work_soon(conversation)
                if now - purged > _PURGE_S:
                    await asyncio.to_thread(self._store.purge, self._retention_hours * 3600)
                    purged = now
            except Exception as error:  # the database may come back
                log.error("looking for open messages failed: %s", type(error).__name__)
            await asyncio.sleep(_SWEEP_S)


def _spoken(content: dict[str, Any]) -> str | None:
    """The language that somebody clearly writes in; None for a button, a command, and another language than ours."""
    text, _ = readable(content.get("text") or "")
    if content.get("choice") or content.get("command") or foreign(text):
        return None
    return spoken(text)


def readable(text: str) -> tuple[str, bool]:
    """A text without control characters, at most `LONGEST_TEXT` long; and whether it was cut."""
    clean = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text[: 2 * LONGEST_TEXT])
    clean = clean.strip()
    return clean[:LONGEST_TEXT], len(text) > LONGEST_TEXT


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(char.isalnum() for char in text)

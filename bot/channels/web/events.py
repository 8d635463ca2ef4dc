"""What happens in a conversation as server-sent events (WHATWG HTML, section 9.2).

A stream hears of its own process at once. What other gateways write to the same database is found by one look a second for
all streams together; and each stream looks for itself once a minute, so that nothing is missed for good.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi.sse import ServerSentEvent
from sqlalchemy.exc import SQLAlchemyError

from bot.conversation.desk import Desk
from bot.conversation.messages import HandoverBlock
from bot.conversation.notices import Listener
from bot.conversation.store import Answer, ConversationStore, Dialogue, UnknownConversation

log = logging.getLogger("lotse.web")

_OF_ONE_CONVERSATION = 8
"""Open pages of one conversation; with one more the oldest ends, for it may be a connection that died unnoticed."""
_LIFETIME_S = 1800.0
_LOOK_S = 60.0
_LOOK_AGAIN_S = 2.0
_POLL_S = 1.0
_OVERLAP_S = 10.0
"""A transaction may take so long from getting an id to being seen."""
_RECONNECT_MS = 2000
_LET_PASS_S = 0.02
"""Whoever asked gets the answer with the request itself: it goes first, and does not share the interpreter with this look."""


class TooManyStreams(Exception):
    """This process holds as many streams as it may."""


@dataclass(eq=False)
class Stream:
    """One reader of one conversation, who has seen all answers up to `seen`."""

    conversation: int
    key: str
    seen: int
    listener: Listener
    ended: bool = False
    failed: bool = False
    answered: set[str] = field(default_factory=set)
    handover: HandoverBlock | None = None

    def end(self) -> None:
        self.ended = True
        self.listener.wake()


class Streams:
    """The open streams of this process. `shown` gives an answer the form in which a client reads it."""

    def __init__(self, store: ConversationStore, desk: Desk, channel: str, most: int, shown: Callable[[Answer], Any]) -> None:
        self._store = store
        self._desk = desk
        self._channel = channel
        self._most = most
        self._shown = shown
        self._open: dict[int, list[Stream]] = {}
        self._count = 0
        self._closing = False

    @asynccontextmanager
    async def open(self, key: str, after: int) -> AsyncIterator[Stream]:
        """A stream of what comes after the answer `after`. Raises `UnknownConversation`, `TooManyStreams`."""
        if self._count >= self._most or self._closing:
            raise TooManyStreams
        self._count += 1
        try:
            conversation = await asyncio.to_thread(self._store.find, self._channel, key)
            if conversation is None:
                raise UnknownConversation
            with self._store.notices.listening(conversation) as listener:
                stream = Stream(conversation, key, after, listener)
                others = self._open.setdefault(conversation, [])
                if len(others) >= _OF_ONE_CONVERSATION:
                    others[0].end()
                others.append(stream)
                try:
                    yield stream
                finally:
                    others.remove(stream)
                    if not others:
                        del self._open[conversation]
        finally:
            self._count -= 1

    async def events(self, stream: Stream) -> AsyncIterator[ServerSentEvent]:
        """What was missed, then what happens, until the conversation is deleted, the server closes, or half an hour is over."""
        yield ServerSentEvent(comment="Lotse", retry=_RECONNECT_MS)
        clock = asyncio.get_running_loop().time
        until = clock() + _LIFETIME_S
        try:
            async for event in self._looked(stream, first=True):
                yield event
            while not self._closing and not stream.ended and clock() < until:
                happened = await stream.listener.wait(_LOOK_AGAIN_S if stream.failed else _LOOK_S)
                news = [each for each in happened if each.message_id not in stream.answered]
                for each in news:
                    if each.what in ("received", "working"):
                        yield _progress(each.message_id, each.what)
                if not happened or any(each.what in ("answered", "gone") for each in news):
                    if happened:
                        await asyncio.sleep(_LET_PASS_S)
                    async for event in self._looked(stream):
                        yield event
        except UnknownConversation:
            yield ServerSentEvent(event="gone", data={})

    async def _looked(self, stream: Stream, first: bool = False) -> AsyncIterator[ServerSentEvent]:
        try:
            dialogue, handover = await asyncio.to_thread(self._look, stream)
        except SQLAlchemyError as error:  # the database may come back
            log.warning("a stream could not be read: %s", type(error).__name__)
            stream.failed = True
            return
        stream.failed = False
        for answer in dialogue.answers:
            stream.seen = answer.id
            if answer.message_id:
                stream.answered.add(answer.message_id)
            yield ServerSentEvent(event="answer", id=str(answer.id), data=self._shown(answer))
        if first:
            for each in dialogue.unanswered:
                yield _progress(each.message_id, "working" if each.working else "received")
        if handover != stream.handover:
            stream.handover = handover
            yield ServerSentEvent(event="handover", data=handover or {"type": "handover", "state": "closed"})

    def _look(self, stream: Stream) -> tuple[Dialogue, HandoverBlock | None]:
        dialogue = self._store.dialogue(self._channel, stream.key, stream.seen)
        return dialogue, self._desk.status(stream.conversation)

    async def run_forever(self) -> None:
        """Wake streams for what other processes have written."""
        highest: list[tuple[float, int]] = []
        while True:
            await asyncio.sleep(_POLL_S)
            if not self._open:
                highest.clear()
                continue
            try:
                now = asyncio.get_running_loop().time()
                if not highest:  # what came since the first stream was opened is not known
                    self._wake_all()
                highest.append((now, await asyncio.to_thread(self._store.highest)))
                highest = [each for each in highest if each[0] > now - _OVERLAP_S]
                for conversation, newest in (await asyncio.to_thread(self._store.newest, highest[0][1])).items():
                    for stream in self._open.get(conversation, ()):
                        if newest > stream.seen:
                            stream.listener.wake()
            except Exception as error:  # the database may come back
                log.warning("looking for answers of other gateways failed: %s", type(error).__name__)

    def _wake_all(self) -> None:
        for streams in self._open.values():
            for stream in streams:
                stream.listener.wake()

    def close(self) -> None:
        """End all streams, and open no more: their readers come back to the next server."""
        self._closing = True
        for streams in list(self._open.values()):
            for stream in streams:
                stream.end()


def _progress(message_id: str, state: str) -> ServerSentEvent:
    return ServerSentEvent(event="progress", data={"client_message_id": message_id.partition(":")[2], "state": state})

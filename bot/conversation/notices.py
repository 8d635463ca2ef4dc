"""Who wants to know at once that something happened in a conversation. Told from any thread, heard in an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Happened:
    """A message was `received`, its turn began (`working`), something was `answered`, or the conversation is `gone`.

    `message_id` is the channel's id of the message; empty when it is about none.
    """

    what: Literal["received", "working", "answered", "gone"]
    message_id: str = ""


class Listener:
    """What happened in one conversation since it was last asked."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._happened: list[Happened] = []

    def hear(self, happened: Happened) -> None:
        """From any thread."""
        with suppress(RuntimeError):  # the loop was closed
            self._loop.call_soon_threadsafe(self._take, happened)

    def _take(self, happened: Happened) -> None:
        self._happened.append(happened)
        self._woken.set()

    def wake(self) -> None:
        """Stop waiting; from the loop."""
        self._woken.set()

    async def wait(self, seconds: float) -> list[Happened]:
        """What happened, as soon as something did; nothing after some seconds, or when woken."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # `wait_for` of Python 3.11 may swallow that it is cancelled
                await self._woken.wait()
        self._woken.clear()
        happened, self._happened = self._happened, []
        return happened


class Notices:
    """Listeners of this process by conversation. Other processes are not heard: their answers have to be looked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[int, set[Listener]] = {}

    def tell(self, conversation: int, happened: Happened) -> None:
        """Something happened, and stands in the database already. From any thread."""
        with self._lock:
            listeners = tuple(self._listeners.get(conversation, ()))
        for each in listeners:
            each.hear(happened)

    @contextmanager
    def listening(self, conversation: int) -> Iterator[Listener]:
        """Hear of one conversation."""
        listener = Listener()
        with self._lock:
            self._listeners.setdefault(conversation, set()).add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                others = self._listeners[conversation]
                others.discard(listener)
                if not others:
                    del self._listeners[conversation]

    def listeners(self) -> dict[int, tuple[Listener, ...]]:
        """All who listen, by conversation."""
        with self._lock:
            return {conversation: tuple(each) for conversation, each in self._listeners.items()}

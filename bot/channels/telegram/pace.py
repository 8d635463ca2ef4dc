"""How fast Telegram lets a bot send: 30 messages a second in all, one a second in a chat.

Source: Telegram's „Bots FAQ“, „My bot is hitting limits“. One process speaks for the bot (`TelegramStore.speak`), so its
count is the count.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

OVERALL = 30
"""Messages in any second."""
BETWEEN_S = 1.0
"""Between two messages in one chat."""
_SECOND = 1.0
_REMEMBERED = 1000
_SHORTEST_S = 0.001


class Pace:
    """Makes senders wait for their turn. `clock` gives seconds, `sleep` waits for some."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._sent: deque[float] = deque(maxlen=OVERALL)
        self._last: dict[int, float] = {}
        self._told_to_wait: dict[int, float] = {}
        self._all_wait = float("-inf")

    async def turn(self, chat: int) -> None:
        """Wait until a message may be sent to a chat, and count it as sent. One sender at a time for each chat."""
        while (wait := self._wait(chat)) > 0:
            await self._sleep(max(wait, _SHORTEST_S))
        now = self._clock()
        self._sent.append(now)
        self._last.pop(chat, None)  # the newest stand last
        self._last[chat] = now
        if len(self._last) > _REMEMBERED:
            self._last = {each: at for each, at in self._last.items() if at > now - BETWEEN_S}

    def hold(self, chat: int, seconds: float) -> None:
        """Telegram said 429 to a message to this chat. If it says so to two chats at a time, all are to wait."""
        now = self._clock()
        self._told_to_wait = {each: until for each, until in self._told_to_wait.items() if until > now}
        self._told_to_wait[chat] = now + seconds
        if len(self._told_to_wait) > 1:
            self._all_wait = max(self._all_wait, now + seconds)

    def _wait(self, chat: int) -> float:
        now = self._clock()
        until = max(self._last.get(chat, float("-inf")) + BETWEEN_S, self._told_to_wait.get(chat, now), self._all_wait)
        if len(self._sent) == OVERALL:
            until = max(until, self._sent[0] + _SECOND)
        return until - now

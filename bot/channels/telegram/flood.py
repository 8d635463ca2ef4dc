"""How much one chat may ask in a minute: as much as one conversation on the web (`LOTSE_RATE_MESSAGES`).

Each process counts for itself, in memory, by the keyed hash of the chat.
"""

from __future__ import annotations

from typing import Literal

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

Verdict = Literal["take", "say", "drop"]


class Flood:
    """`messages` a minute are taken from a chat. For what is more it is asked for patience, once a minute."""

    def __init__(self, messages: int) -> None:
        self._messages = RateLimitItemPerMinute(messages, namespace="messages")
        self._said = RateLimitItemPerMinute(1, namespace="said")
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def verdict(self, chat: str) -> Verdict:
        """Count an update: `take` it, `say` that it is too much, or `drop` it because that was said already."""
        if await self._limiter.hit(self._messages, chat):
            return "take"
        return "say" if await self._limiter.hit(self._said, chat) else "drop"

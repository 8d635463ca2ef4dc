"""How much one address and one conversation may ask of the HTTP interface in a minute.

Each process counts for itself, in memory. Addresses are kept as keyed hashes whose key dies with the process.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.web.problems import problem

RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")
_LIMITED = ("/api/", "/chat", "/mcp")
_OPENING = ("/api/v1/conversations", "/chat")
_IN_CONVERSATION = re.compile(r"/(?:api/v1/conversations|chat)/([\w-]{20,64})(?:/|$)")


@dataclass(frozen=True)
class Rates:
    """Requests a minute: of an address in all, conversations it may open, and what may be sent in one conversation."""

    address: int
    conversations: int
    messages: int


@dataclass(frozen=True)
class _Budget:
    limit: int
    remaining: int
    reset: int
    exhausted: bool

    def headers(self) -> dict[str, str]:
        values = (self.limit, self.remaining, self.reset)
        return dict(zip(RATE_HEADERS, map(str, values), strict=False))


class RateLimits:
    """ASGI middleware: refuses with 429 what is too much, and tells with every response how much is left.

    The header fields are those of draft-ietf-httpapi-ratelimit-headers-07; of several limits the tightest is told.
    """

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._address = RateLimitItemPerMinute(rates.address, namespace="address")
        self._opening = RateLimitItemPerMinute(rates.conversations, namespace="opening")
        self._messages = RateLimitItemPerMinute(rates.messages, namespace="messages")
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._secret = secrets.token_bytes(16)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_LIMITED) or scope["method"] == "OPTIONS":
            return await self._app(scope, receive, send)
        budget = await self._spend(scope)
        if budget.exhausted:
            headers = budget.headers() | {"Retry-After": str(max(budget.reset, 1))}
            return await problem(429, headers=headers)(scope, receive, send)

        async def send_with_budget(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(budget.headers())
            await send(message)

        return await self._app(scope, receive, send_with_budget)

    async def _spend(self, scope: Scope) -> _Budget:
        tightest: _Budget | None = None
        for item, key in self._asked_of(scope):
            accepted = await self._limiter.hit(item, key)
            window = await self._limiter.get_window_stats(item, key)
            reset = max(0, ceil(window.reset_time - time.time()))
            budget = _Budget(item.amount, window.remaining if accepted else 0, reset, not accepted)
            if budget.exhausted:
                return budget
            if tightest is None or budget.remaining < tightest.remaining:
                tightest = budget
        assert tightest
        return tightest

    def _asked_of(self, scope: Scope) -> list[tuple[RateLimitItem, str]]:
        address = self._hashed(network_of(scope["client"][0] if scope.get("client") else ""))
        asked: list[tuple[RateLimitItem, str]] = [(self._address, address)]
        if scope["method"] in ("POST", "PUT"):
            if scope["path"] in _OPENING:
                asked.append((self._opening, address))
            elif found := _IN_CONVERSATION.match(scope["path"]):
                asked.append((self._messages, self._hashed(found[1])))
        return asked

    def _hashed(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._secret, digest_size=16).hexdigest()


def network_of(address: str) -> str:
    """What stands for one household: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))

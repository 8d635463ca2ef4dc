"""The gateway around the keyword engine, and a citizen who uses it over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from bot.bootstrap import Stores, gateway
from bot.conversation.store import ConversationStore
from bot.engine.keyword import KeywordEngine
from bot.engine.port import DialogueEngine, TurnRequest, TurnResult
from bot.settings import Settings
from knowledge.store.knowledge_store import KnowledgeStore


def settings_for(folder: Path, url: str = "") -> Settings:
    """Settings with everything in one folder, and no limits to how fast tests ask."""
    unlimited = {f"LOTSE_RATE_{what}": "10000000" for what in ("ADDRESS", "CONVERSATIONS", "MESSAGES")}
    return Settings.from_environment({"LOTSE_VAR": str(folder), "LOTSE_DATABASE_URL": url, **unlimited})


def stores_on(engine: Engine) -> Stores:
    """Stores on a database whose tables are there."""
    return Stores(engine, KnowledgeStore(engine), ConversationStore(engine))


class ObservedEngine(KeywordEngine):
    """The keyword engine, counting; `before` runs before each turn and may return something to wait for, or raise."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.before: Callable[[TurnRequest], Any] | None = None

    async def respond(self, request: TurnRequest) -> TurnResult:
        self.asked.append(request.text)
        if self.before:
            waiting = self.before(request)
            if waiting is not None:
                await waiting
        return await super().respond(request)


@asynccontextmanager
async def serving(folder: Path, stores: Stores, engine: DialogueEngine) -> AsyncIterator[httpx.AsyncClient]:
    """The wired application with its lifespan, called in this process."""
    app = gateway(settings_for(folder), stores, engine)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lotse", timeout=30) as client,
    ):
        yield client


class Chat:
    """One conversation over HTTP."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.token = token
        self.url = f"/api/v1/conversations/{token}"
        self._ids = itertools.count(1)

    async def send(self, text: str = "", message: str = "", **more: Any) -> httpx.Response:
        body = {"client_message_id": message or f"m{next(self._ids)}", "text": text, **more}
        return await self.client.post(f"{self.url}/messages", json=body)

    async def say(self, text: str = "", message: str = "", **more: Any) -> dict[str, Any]:
        response = await self.send(text, message, **more)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def press(self, kind: str, value: str, label: str = "") -> dict[str, Any]:
        return await self.say(choice={"kind": kind, "value": value, "label": label})

    async def history(self, after: int = 0) -> list[dict[str, Any]]:
        response = await self.client.get(f"{self.url}/messages", params={"after": after})
        assert response.status_code == 200, response.text
        return list(response.json())


async def open_chat(client: httpx.AsyncClient) -> Chat:
    response = await client.post("/api/v1/conversations")
    assert response.status_code == 201, response.text
    return Chat(client, response.json()["conversation"])


def block(answer: dict[str, Any], kind: str) -> dict[str, Any]:
    """The first block of a kind."""
    return dict(next(each for each in answer["blocks"] if each["type"] == kind))


def texts_of(answer: dict[str, Any]) -> str:
    return "\n".join(each["text"] for each in answer["blocks"] if each["type"] == "text")


async def eventually(holds: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until something holds; fails after some seconds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        await asyncio.sleep(0.01)

"""A clerk at the page /amt, as a browser would be used without its script."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from bot.bootstrap import Stores, gateway
from bot.handover import accounts
from bot.handover.accounts import AccountStore
from bot.settings import DeskSettings
from tests.integration.wiring import Chat, ObservedEngine, block, settings_for

PASSWORD = "Sommerregen 2026"
QUESTION = "Hundesteuer anmelden in Ammerfeld"
OPEN = DeskSettings(chat=True, chat_anytime=True)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Real ones take 64 MiB and a tenth of a second each. To be imported where clerks sign in."""
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts._nobody.cache_clear()
    yield
    accounts._nobody.cache_clear()


class Clerk:
    """One browser; `http` is its connection with its own cookies."""

    def __init__(self, http: httpx.AsyncClient, login: str = "anna") -> None:
        self.http = http
        self.login = login

    async def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        return await self.http.post("/amt/anmelden", data={"login": self.login, "password": password})

    async def page(self, path: str = "/amt") -> str:
        response = await self.http.get(path)
        assert response.status_code == 200, response.text
        return response.text

    async def post(self, path: str, csrf: str | None = None, **fields: str) -> httpx.Response:
        token = await self.csrf() if csrf is None else csrf
        return await self.http.post(path, data={"csrf": token, **fields})

    async def csrf(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', await self.page())
        assert found
        return found[1]

    async def waiting(self) -> list[int]:
        """Numbers of the handovers that wait."""
        return [int(each) for each in re.findall(r"/amt/uebergaben/(\d+)/annehmen", await self.page("/amt/liste"))]

    async def accept(self, number: int, name: str = "Frau Huber") -> httpx.Response:
        return await self.post(f"/amt/uebergaben/{number}/annehmen", name=name)

    async def write(self, number: int, text: str, key: str = "k1") -> httpx.Response:
        return await self.post(f"/amt/uebergaben/{number}/nachricht", text=text, key=key)

    async def close(self, number: int) -> httpx.Response:
        return await self.post(f"/amt/uebergaben/{number}/schliessen")


def browser(client: httpx.AsyncClient, login: str = "anna", **headers: str) -> Clerk:
    """A browser of its own, connected to the same application as `client`."""
    transport: Any = client._transport
    about = {"accept": "text/html", "origin": "http://lotse", **headers}
    return Clerk(httpx.AsyncClient(transport=transport, base_url="http://lotse", headers=about, timeout=30), login)


@asynccontextmanager
async def served(folder: Path, stores: Stores, engine: ObservedEngine, desk: DeskSettings) -> AsyncIterator[httpx.AsyncClient]:
    app = gateway(replace(settings_for(folder), desk=desk), stores, engine)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lotse", timeout=30) as client,
    ):
        yield client


@pytest.fixture
async def client(
    tmp_path: Path, stores: Stores, engine: ObservedEngine, accounts: AccountStore
) -> AsyncIterator[httpx.AsyncClient]:
    async with served(tmp_path, stores, engine, OPEN) as opened:
        yield opened


@pytest.fixture
async def anna(client: httpx.AsyncClient) -> AsyncIterator[Clerk]:
    clerk = browser(client)
    assert (await clerk.sign_in()).status_code == 303
    yield clerk
    await clerk.http.aclose()


async def ask(chat: Chat) -> dict[str, Any]:
    response = await chat.client.post(f"{chat.url}/handover")
    assert response.status_code == 200, response.text
    return block(response.json(), "handover")

"""A clerk at the page /amt, as a browser would be used without its script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from bot.handover import accounts

PASSWORD = "Sommerregen 2026"


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

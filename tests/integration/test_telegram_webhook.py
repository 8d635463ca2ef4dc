"""The webhook: who may bring updates, and when they are acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from bot.bootstrap import Stores, gateway
from bot.channels.telegram.chats import webhook_secret
from bot.channels.telegram.store import TelegramStore
from bot.channels.telegram.webhook import PATH
from bot.settings import Settings, TelegramSettings
from tests.integration.messenger import CHAT, QUESTION, hurry, rows, settled
from tests.integration.wiring import ObservedEngine, eventually, settings_for
from tests.telegram_standin import TelegramStandIn, telegram_server

URL = f"https://lotse.example{PATH}"
SECRET = "a_Secret-1"
KEPT = ("conversation", "inbox", "outbox", "telegram_update")


@pytest.fixture(scope="module")
def standins() -> Iterator[Callable[[], TelegramStandIn]]:
    with telegram_server() as new:
        yield new


@pytest.fixture
def telegram(standins: Callable[[], TelegramStandIn], stores: Stores, monkeypatch: pytest.MonkeyPatch) -> TelegramStandIn:
    hurry(monkeypatch)
    made = standins()
    made.settled = lambda: settled(made, stores)
    return made


def settings(folder: Path, telegram: TelegramStandIn, **chosen: Any) -> Settings:
    chosen = {"webhook": True, "webhook_url": URL, "secret": SECRET} | chosen
    return replace(
        settings_for(folder),
        telegram_token="4711:token",
        telegram_api=telegram.base_url,
        telegram=TelegramSettings(**chosen),
    )


@asynccontextmanager
async def serving(settings: Settings, stores: Stores, engine: ObservedEngine) -> AsyncIterator[httpx.AsyncClient]:
    """The gateway as it is wired."""
    app = gateway(settings, stores, engine)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lotse", timeout=30) as client,
    ):
        yield client


@pytest.fixture
async def client(
    telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(settings(tmp_path, telegram), stores, engine) as opened:
        await eventually(lambda: telegram.webhook)
        yield opened


async def test_updates_are_brought_and_answered(telegram: TelegramStandIn, client: httpx.AsyncClient) -> None:
    assert (telegram.webhook["url"], telegram.webhook["secret_token"]) == (URL, SECRET)
    assert "callback_query" in telegram.webhook["allowed_updates"] and "my_chat_member" in telegram.webhook["allowed_updates"]
    telegram.write("Hundesteuer anmelden", CHAT)
    telegram.write("Ammerfeld", CHAT)
    assert await telegram.bring(client, PATH, SECRET) == [200, 200]
    await eventually(lambda: len(telegram.texts(CHAT)) == 2)
    assert "Wo wohnen Sie" in telegram.texts(CHAT)[0] and "in Ammerfeld" in telegram.texts(CHAT)[1]
    assert telegram.offsets == [], "nothing is fetched"


async def test_without_the_secret_nothing_is_stored(telegram: TelegramStandIn, client: httpx.AsyncClient, stores: Stores) -> None:
    telegram.write(QUESTION, CHAT)
    [update] = telegram._updates
    for secret in ("", "a_Secret-", "a_Secret-1 x", "A_SECRET-1", "ü"):
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret.encode("latin-1")} if secret else {}
        got = await client.post(PATH, json=update, headers=headers)
        assert (got.status_code, got.headers["content-type"]) == (403, "application/problem+json")
        assert set(got.json()) == {"type", "status", "title", "detail"}
    assert rows(stores, *KEPT) == []
    assert got.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
async def test_the_same_update_brought_several_times_has_one_effect(
    telegram: TelegramStandIn, client: httpx.AsyncClient, engine: ObservedEngine
) -> None:
    telegram.write(QUESTION, CHAT)
    telegram.write("/datenschutz", CHAT)
    telegram.press("language:en", CHAT)
    assert await telegram.bring(client, PATH, SECRET, times=3) == [200] * 9
    await eventually(lambda: len(telegram.texts(CHAT)) == 3 and telegram.settled())
    await asyncio.sleep(0.1)
    assert len(telegram.texts(CHAT)) == 3
    assert engine.asked == [QUESTION]


@pytest.mark.slow
async def test_copies_of_an_update_at_the_same_moment(telegram: TelegramStandIn, client: httpx.AsyncClient) -> None:
    telegram.write("/datenschutz", CHAT)
    telegram.write("/loeschen", CHAT)
    statuses = await asyncio.gather(*(telegram.bring(client, PATH, SECRET) for _ in range(8)))
    assert {each for some in statuses for each in some} == {200}
    await eventually(telegram.settled)
    assert sum("Alles gelöscht" in each for each in telegram.texts(CHAT)) == 1


async def test_what_could_not_be_stored_is_not_acknowledged(
    telegram: TelegramStandIn, client: httpx.AsyncClient, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    cases = [
        (stores.conversations, "receive", QUESTION),
        (TelegramStore, "look", QUESTION),
        (TelegramStore, "say", "/datenschutz"),
        (TelegramStore, "forget", "/loeschen"),
    ]
    for number, (target, method, text) in enumerate(cases, 1):
        telegram.write(text, CHAT + number)
        with monkeypatch.context() as patch:
            patch.setattr(target, method, fails)
            assert await telegram.bring(client, PATH, SECRET) == [503]
            assert len(telegram.unconfirmed) == 1
        assert await telegram.bring(client, PATH, SECRET) == [200]
    await eventually(lambda: [len(telegram.texts(CHAT + number)) for number in range(1, 5)] == [1, 1, 1, 1])


async def test_what_is_no_update(telegram: TelegramStandIn, client: httpx.AsyncClient, stores: Stores) -> None:
    unreadable = {b"{": 400, b"": 400, b"\xff": 400}
    strange = {b"[]": 200, b"{}": 200, b'{"update_id": 1, "message": {}}': 200, b"7": 200}
    for body, status in (unreadable | strange).items():
        got = await client.post(PATH, content=body, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})
        assert got.status_code == status, body
    assert rows(stores, *KEPT) == []


async def test_a_kind_of_update_that_is_not_known(telegram: TelegramStandIn, client: httpx.AsyncClient) -> None:
    telegram.deliver({"something_new": {"a": [1]}})
    assert await telegram.bring(client, PATH, SECRET) == [200]


async def test_a_huge_body_is_refused(client: httpx.AsyncClient) -> None:
    got = await client.post(PATH, content=b" " * 2_000_000, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})
    assert got.status_code == 413


async def test_no_other_method_and_not_in_the_interface(client: httpx.AsyncClient) -> None:
    assert (await client.get(PATH)).status_code == 405
    described = (await client.get("/openapi.json")).json()
    assert PATH not in described["paths"]


async def test_without_a_secret_of_its_own_one_is_derived(
    telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine, tmp_path: Path
) -> None:
    async with serving(settings(tmp_path, telegram, secret=""), stores, engine) as client:
        await eventually(lambda: telegram.webhook)
        secret = telegram.webhook["secret_token"]
        assert secret == webhook_secret((tmp_path / "secret").read_text().encode()) and len(secret) == 64
        telegram.write("/start", CHAT)
        assert await telegram.bring(client, PATH, secret) == [200]
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


async def test_polling_takes_the_webhook_away_and_has_no_route(
    telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine, tmp_path: Path
) -> None:
    telegram.webhook = {"url": URL}
    telegram.write("/start", CHAT)
    async with serving(settings(tmp_path, telegram, webhook=False), stores, engine) as client:
        await eventually(lambda: telegram.texts(CHAT))
        assert telegram.webhook == {}
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        assert (await client.post(PATH, json={"update_id": 1}, headers=headers)).status_code == 404


async def test_updates_brought_while_telegram_cannot_be_called(
    telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine, tmp_path: Path
) -> None:
    telegram.fail("getMe", *[500] * 5)
    async with serving(settings(tmp_path, telegram), stores, engine) as client:
        telegram.write(QUESTION, CHAT)
        assert await telegram.bring(client, PATH, SECRET) == [200]
        await eventually(lambda: telegram.texts(CHAT))
    assert engine.asked == [QUESTION]

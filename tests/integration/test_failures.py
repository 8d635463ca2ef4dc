"""What happens when the database, the engine or the gateway fails: an honest answer, and no message is lost."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot.bootstrap import Stores
from bot.conversation import service as conversation_service
from bot.conversation.messages import IncomingMessage
from bot.conversation.service import ConversationService, Releases
from bot.conversation.store import LeaseLost
from bot.engine.port import EngineUnavailable, TurnRequest
from knowledge.store import database as knowledge_database
from tests.integration.wiring import Chat, ObservedEngine, eventually, open_chat, serving, texts_of

QUESTION = "Hundesteuer anmelden in Ammerfeld"
SECRET = "Zwiebelturmgasse"


def is_unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["title"]


def fails(error: Exception) -> Any:
    def raising(_: TurnRequest) -> None:
        raise error

    return raising


@contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits for a locked database, for the lease of a dead process, and for a new release."""
    monkeypatch.setattr(knowledge_database, "_BUSY_TIMEOUT_MS", 300)
    monkeypatch.setattr(conversation_service, "_LEASE_S", 0.5)
    monkeypatch.setattr(conversation_service, "_SWEEP_S", 0.1)
    monkeypatch.setattr(conversation_service, "_FRESH_S", 0)


# --- the database


@pytest.mark.slow
async def test_a_locked_database(impatient: None, chat: Chat, database: Path, engine: ObservedEngine) -> None:
    with locked(database):
        is_unavailable(await chat.send(QUESTION, message="a"))
        is_unavailable(await chat.client.get("/readyz"))
        is_unavailable(await chat.client.post("/api/v1/conversations"))
    assert (await chat.say(QUESTION, message="a"))["outcome"] == "answer"
    assert len(await chat.history()) == len(engine.asked) == 1


@pytest.mark.slow
async def test_a_database_that_is_locked_during_the_turn(
    impatient: None, chat: Chat, database: Path, engine: ObservedEngine
) -> None:
    lock = locked(database)
    engine.before = lambda _: lock.__enter__() if len(engine.asked) == 1 else None
    is_unavailable(await chat.send(QUESTION, message="a"))
    lock.__exit__(None, None, None)
    assert (await chat.say(QUESTION, message="a"))["outcome"] == "answer"
    assert len(await chat.history()) == 1


async def test_a_full_disk(chat: Chat, stores: Stores) -> None:
    def no_growth(connection: Any, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(stores.engine, "connect", no_growth)
    stores.engine.dispose()
    long = f"{QUESTION} {'x ' * 90_000}"
    is_unavailable(await chat.send(long, message="a"))
    assert await chat.history() == []
    event.remove(stores.engine, "connect", no_growth)
    stores.engine.dispose()
    assert (await chat.say(long, message="a"))["outcome"] == "answer"
    assert len(await chat.history()) == 1


@pytest.mark.parametrize("step", ["receive", "take", "finish"])
async def test_a_database_that_fails_once_at_any_step(
    chat: Chat, stores: Stores, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    works = getattr(stores.conversations, step)
    calls: list[object] = []

    def fails_once(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 1:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return works(*arguments)

    monkeypatch.setattr(stores.conversations, step, fails_once)
    is_unavailable(await chat.send(QUESTION, message="a"))
    assert (await chat.say(QUESTION, message="a"))["outcome"] == "answer"
    assert len(await chat.history()) == 1


def publish(path: Path, published: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ATTACH ? AS published", (str(published),))
        connection.execute("INSERT INTO release SELECT * FROM published.release")
        connection.commit()


async def test_no_release_yet(
    tmp_path: Path, empty_stores: Stores, engine: ObservedEngine, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_service, "_SWEEP_S", 0.05)
    async with serving(tmp_path, empty_stores, engine) as client:
        chat = await open_chat(client)
        response = await chat.send(QUESTION, message="a")
        is_unavailable(response)
        assert "veröffentlicht" in response.json()["detail"]
        assert (await client.get("/readyz")).status_code == 503
        await asyncio.sleep(0.5)  # the sweep tries in vain, many times
        publish(tmp_path / "empty.db", published)
        assert (await chat.say(QUESTION, message="a"))["outcome"] == "answer"
        assert len(await chat.history()) == len(engine.asked) == 1


# --- the engine


async def test_an_engine_that_is_unavailable(chat: Chat, engine: ObservedEngine) -> None:
    assert (await chat.say("Hundesteuer anmelden"))["outcome"] == "missing"
    engine.before = fails(EngineUnavailable())
    apology = await chat.say("Ammerfeld")
    assert apology["outcome"] == "fallback" and "115" in texts_of(apology)
    assert apology["blocks"][0]["tone"] == "urgent"
    engine.before = None
    assert (await chat.say("Ammerfeld"))["outcome"] == "answer", "the question was forgotten"
    assert len(await chat.history()) == 3


async def test_an_engine_with_a_bug_does_not_hold_up_the_conversation(chat: Chat, engine: ObservedEngine) -> None:
    engine.before = fails(KeyError("x"))
    assert "115" in texts_of(await chat.say(QUESTION))
    engine.before = None
    assert (await chat.say(QUESTION))["outcome"] == "answer"


async def test_not_ready_while_the_engine_loads(chat: Chat, engine: ObservedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "is_ready", lambda: False)
    is_unavailable(await chat.client.get("/readyz"))
    assert (await chat.client.get("/healthz")).status_code == 200


# --- the gateway


def store_as_a_gateway_would(stores: Stores, token: str, text: str) -> int:
    """What is left of a gateway that dies right after it has stored a message; the conversation."""
    key = hashlib.sha256(token.encode()).hexdigest()
    return stores.conversations.receive(IncomingMessage("web", key, f"{key[:40]}:a", text)).conversation


@pytest.mark.slow
async def test_a_gateway_killed_before_the_turn(impatient: None, tmp_path: Path, stores: Stores, engine: ObservedEngine) -> None:
    async with serving(tmp_path, stores, engine) as client:
        chat = await open_chat(client)
    store_as_a_gateway_would(stores, chat.token, QUESTION)
    async with serving(tmp_path, stores, engine) as client:
        chat.client = client
        await eventually(lambda: not stores.conversations.waiting() and engine.asked)
        await asyncio.sleep(0.3)
        assert [each["outcome"] for each in await chat.history()] == ["answer"]
        assert (await chat.say(QUESTION, message="a"))["outcome"] == "answer"
        assert engine.asked == [QUESTION]


@pytest.mark.slow
async def test_a_gateway_killed_during_the_turn(impatient: None, tmp_path: Path, stores: Stores, engine: ObservedEngine) -> None:
    async with serving(tmp_path, stores, engine) as client:
        chat = await open_chat(client)
    conversation = store_as_a_gateway_would(stores, chat.token, QUESTION)
    assert stores.conversations.take(conversation, "dead", 0.5)
    async with serving(tmp_path, stores, engine) as client:
        chat.client = client
        await asyncio.sleep(0.2)
        assert engine.asked == [], "the lease of the other process still holds"
        assert (await chat.say(QUESTION, message="a"))["outcome"] == "answer"
        assert engine.asked == [QUESTION] and len(await chat.history()) == 1


@pytest.mark.slow
async def test_a_message_that_kills_every_process_is_given_up(
    impatient: None, tmp_path: Path, stores: Stores, engine: ObservedEngine
) -> None:
    async with serving(tmp_path, stores, engine) as client:
        chat = await open_chat(client)
    conversation = store_as_a_gateway_would(stores, chat.token, QUESTION)
    for _ in range(3):
        assert stores.conversations.take(conversation, "dead", -1)
    async with serving(tmp_path, stores, engine) as client:
        chat.client = client
        assert "115" in texts_of(await chat.say(QUESTION, message="a"))
        assert engine.asked == []


async def test_two_gateways_over_one_database_answer_once(stores: Stores) -> None:
    engine = ObservedEngine()
    engine.before = lambda _: asyncio.sleep(0.2)
    gateways = [ConversationService(stores.conversations, engine, Releases(stores.knowledge), 24) for _ in range(2)]
    message = IncomingMessage("web", "k", "k:a", QUESTION)
    first, second = await asyncio.gather(*(each.answer(message) for each in gateways))
    assert first == second and engine.asked == [QUESTION]


@pytest.mark.slow
async def test_a_gateway_that_was_taken_for_dead_drops_its_result(stores: Stores) -> None:
    slow, quick = ObservedEngine(), ObservedEngine()
    release, started = asyncio.Event(), asyncio.Event()

    def hang(_: TurnRequest) -> Any:
        started.set()
        return release.wait()

    slow.before = hang
    first, second = (ConversationService(stores.conversations, each, Releases(stores.knowledge), 24) for each in (slow, quick))
    message = IncomingMessage("web", "k", "k:a", QUESTION)
    waiting = asyncio.create_task(first.answer(message))
    await started.wait()
    stores.conversations.lease(1, owner_of(stores), -1)  # its lease runs out
    answered = await second.answer(message)
    release.set()
    assert await asyncio.wait_for(waiting, 5) == answered
    assert len(slow.asked) == len(quick.asked) == 1
    assert len(stores.conversations.answers("web", "k")) == 1


def owner_of(stores: Stores) -> str:
    with stores.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT lease FROM conversation").scalar_one())


async def test_nobody_finishes_without_the_lease(stores: Stores) -> None:
    receipt = stores.conversations.receive(IncomingMessage("web", "k", "k:a", QUESTION))
    assert stores.conversations.lease(receipt.conversation, "one", 10)
    with pytest.raises(LeaseLost):
        stores.conversations.finish(receipt.inbox, "two", {}, "answer", [])
    stores.conversations.finish(receipt.inbox, "one", {}, "answer", [])
    with pytest.raises(LeaseLost):
        stores.conversations.finish(receipt.inbox, "one", {}, "answer", [])
    stores.conversations.forget("web", "k")
    with pytest.raises(LeaseLost):
        stores.conversations.finish(receipt.inbox, "one", {}, "answer", [])


async def test_a_lease_that_cannot_be_extended_does_no_harm(
    chat: Chat, engine: ObservedEngine, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_service, "_RENEW_S", 0.02)
    works, calls = stores.conversations.lease, []

    def only_once(*arguments: Any) -> bool:
        calls.append(arguments)
        if len(calls) > 1:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        return works(*arguments)

    monkeypatch.setattr(stores.conversations, "lease", only_once)
    engine.before = lambda _: eventually(lambda: len(calls) > 2)
    assert (await chat.say(QUESTION))["outcome"] == "answer"
    assert len(calls) > 2
    assert stores.conversations.waiting() == [] and works(1, "other", 1), "the lease was not given back"


async def test_old_conversations_are_deleted(chat: Chat, stores: Stores) -> None:
    with stores.engine.begin() as connection:
        row = "INSERT INTO conversation (channel, key, reply_to, state, last_active) VALUES ('web', ?, '', '{}', ?)"
        connection.exec_driver_sql(row, [(f"k{number}", time.time()) for number in range(1100)])
    await chat.say(QUESTION)
    assert stores.conversations.purge(3600) == 0
    assert stores.conversations.purge(-1) == 1101
    assert (await chat.client.get(f"{chat.url}/messages")).status_code == 404


# --- what is logged


async def test_the_words_of_a_citizen_are_never_logged(
    impatient: None,
    chat: Chat,
    engine: ObservedEngine,
    stores: Stores,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "lotse")
    text = f"{QUESTION}, {SECRET} 4"
    await chat.say(text)
    engine.before = fails(EngineUnavailable(text))
    await chat.say(text)
    engine.before = fails(ValueError(text))
    await chat.say(text)
    engine.before = None
    with locked(database):
        await chat.send(text)
    with monkeypatch.context() as patch, suppress(RuntimeError):
        patch.setattr(stores.conversations, "receive", lambda message: (_ for _ in ()).throw(RuntimeError(message.text)))
        assert (await chat.send(text)).status_code == 500
    with monkeypatch.context() as patch:
        error = OperationalError("INSERT", {"text": text}, Exception(text))
        patch.setattr(stores.conversations, "finish", lambda *_: (_ for _ in ()).throw(error))
        await chat.send(text)
        await asyncio.sleep(0.3)  # the sweep fails as well
    await chat.client.post(f"{chat.url}/messages", json={"client_message_id": text, "text": text})
    await chat.client.post(f"{chat.url}/messages", content=text, headers={"content-type": "application/json"})
    assert len(caplog.records) > 5
    assert SECRET not in caplog.text
    assert not [each for each in caplog.records if each.exc_info]

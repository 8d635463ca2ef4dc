"""Server-sent events over a real server: nothing missed, nothing twice, whatever happens in between."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import fastapi.routing
import httpx
import pytest
from sqlalchemy.exc import OperationalError

from bot.bootstrap import Stores, gateway, open_stores
from bot.channels.web import events as streams_module
from bot.commands.serve import Server
from bot.conversation import service as conversation_service
from bot.conversation.messages import IncomingMessage
from tests.in_thread import serve_in_thread
from tests.integration.desks import FakeDesk, app_with_desk, handover
from tests.integration.wiring import Chat, ObservedEngine, open_chat, settings_for

pytestmark = pytest.mark.slow  # real waits: everything runs in `make test`

QUESTION = "Hundesteuer anmelden in Ammerfeld"
CLERK = {
    "outcome": "clerk",
    "author": "clerk",
    "author_name": "Frau Huber",
    "blocks": [{"type": "text", "text": "Grüß Gott", "tone": "plain"}],
}


class Ended(Exception):
    """The stream is over."""


class Events:
    """What one stream brought so far."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self, seconds: float = 10) -> dict[str, Any]:
        """The next event: {event, id, data}, or {comment}. Raises `Ended` at the end."""
        return await asyncio.wait_for(self._next(), seconds)

    async def _next(self) -> dict[str, Any]:
        event: dict[str, Any] = {}
        async for line in self._lines:
            if not line and event:
                return event
            name, _, value = line.partition(": ")
            if name in ("", ":"):
                event["comment"] = value
            elif name:
                event[name] = json.loads(value) if name == "data" else value
        raise Ended

    async def until(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        """The data of the next event of a kind."""
        while (event := await self.next(seconds)).get("event") != kind:
            pass
        return dict(event["data"])

    async def answers(self, count: int) -> list[dict[str, Any]]:
        return [await self.until("answer") for _ in range(count)]

    async def ends(self, seconds: float = 5) -> bool:
        """Whether the stream ends in time."""
        try:
            while True:
                await self.next(seconds)
        except Ended:
            return True
        except TimeoutError:
            return False


@asynccontextmanager
async def following(chat: Chat, after: int = 0, last: str = "") -> AsyncIterator[Events]:
    headers = {"Last-Event-ID": last} if last else {}
    async with chat.client.stream("GET", f"{chat.url}/events", params={"after": after}, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "no-" in response.headers["cache-control"]
        events = Events(response)
        assert (await events.next())["retry"] == "2000"
        yield events


def client_of(url: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(base_url=url, timeout=30, limits=limits)


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def url(stores: Stores, engine: ObservedEngine, desk: FakeDesk) -> Iterator[str]:
    with serve_in_thread(app_with_desk(stores, engine, desk, streams=20), Server) as url:
        yield url


@pytest.fixture
async def chat(url: str) -> AsyncIterator[Chat]:
    async with client_of(url) as client:
        yield await open_chat(client)


async def test_what_was_missed_comes_first_then_what_happens(chat: Chat) -> None:
    first = await chat.say(QUESTION)
    async with following(chat) as events:
        assert await events.next() == {"event": "answer", "id": str(first["id"]), "data": first}
        second = await chat.say("Gewerbe anmelden", message="b")
        assert await events.next() == {"event": "progress", "data": {"client_message_id": "b", "state": "received"}}
        assert await events.next() == {"event": "progress", "data": {"client_message_id": "b", "state": "working"}}
        assert await events.next() == {"event": "answer", "id": str(second["id"]), "data": second}
    assert await chat.history() == [first, second]


async def test_a_reader_who_comes_back_gets_the_rest_once(chat: Chat) -> None:
    answers = [await chat.say(QUESTION) for _ in range(4)]
    async with following(chat, after=answers[0]["id"]) as events:
        assert await events.answers(3) == answers[1:]
    async with following(chat, after=answers[0]["id"], last=str(answers[2]["id"])) as events:
        assert await events.answers(1) == answers[3:]
        assert await events.answers(0) == []
        answers.append(await chat.say(QUESTION))
        assert await events.answers(1) == answers[4:]


@pytest.mark.parametrize("last", ["x", "-1", "9" * 39, "1e3"])
async def test_an_id_that_is_none_is_ignored(chat: Chat, last: str) -> None:
    answer = await chat.say(QUESTION)
    async with following(chat, last=last) as events:
        assert await events.answers(1) == [answer]


async def test_a_message_in_work_is_told_to_who_comes_later(chat: Chat, engine: ObservedEngine) -> None:
    engine.before = lambda _: asyncio.sleep(0.5)
    asking = asyncio.create_task(chat.say(QUESTION, message="a"))
    await asyncio.sleep(0.2)
    async with following(chat) as events:
        assert (await events.next())["data"] == {"client_message_id": "a", "state": "working"}
        assert await events.answers(1) == [await asking]


async def test_the_words_of_a_clerk(chat: Chat, stores: Stores) -> None:
    conversation = stores.conversations.find("web", key(chat))
    assert conversation
    async with following(chat) as events:
        await asyncio.to_thread(stores.conversations.post, conversation, CLERK)
        (said,) = await events.answers(1)
    assert (said["author"], said["author_name"], said["question"]) == ("clerk", "Frau Huber", "")
    assert said["blocks"] == CLERK["blocks"]


@pytest.mark.slow
async def test_what_another_gateway_writes(chat: Chat, stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = open_stores(settings_for(tmp_path))
    conversation = other.conversations.find("web", key(chat))
    assert conversation
    async with following(chat) as events:
        await asyncio.sleep(0.3)
        for _ in range(2):
            said = await asyncio.to_thread(other.conversations.post, conversation, CLERK)
            assert [each["id"] for each in await events.answers(1)] == [said.id]
    other.engine.dispose()


async def test_a_conversation_that_is_deleted_ends_its_streams(chat: Chat) -> None:
    async with following(chat) as one, following(chat) as two:
        await chat.client.delete(chat.url)
        for events in (one, two):
            assert await events.next() == {"event": "gone", "data": {}}
            assert await events.ends()
    response = await chat.client.get(f"{chat.url}/events")
    assert response.status_code == 404 and response.headers["content-type"] == "application/problem+json"


async def test_streams_know_nothing_of_other_conversations(chat: Chat) -> None:
    other = await open_chat(chat.client)
    async with following(chat) as events:
        await other.say(QUESTION)
        mine = await chat.say(QUESTION)
        assert await events.answers(1) == [mine]


async def test_the_heartbeat(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.05)
    async with following(chat) as events:
        assert [list(await events.next()) for _ in range(3)] == [["comment"]] * 3


@pytest.mark.slow
async def test_too_many_streams_are_refused_and_the_page_goes_on_without(chat: Chat, url: str) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(4):
            each = await open_chat(chat.client)
            for _ in range(5):
                await stack.enter_async_context(following(each))
        response = await chat.client.get(f"{chat.url}/events")
        assert response.status_code == 503 and int(response.headers["retry-after"]) > 0
        assert (await chat.say(QUESTION))["outcome"] == "answer"
    await asyncio.sleep(0.2)
    async with following(chat) as events:
        assert len(await events.answers(1)) == 1


async def test_of_one_conversation_the_oldest_stream_ends(chat: Chat) -> None:
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(following(chat)) for _ in range(9)]
        assert await opened[0].ends()
        answer = await chat.say(QUESTION)
        for events in opened[1:]:
            assert await events.answers(1) == [answer]


@pytest.mark.slow
async def test_a_database_that_fails_for_a_while(
    chat: Chat, stores: Stores, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(streams_module, "_LOOK_AGAIN_S", 0.2)

    def broken(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    async with following(chat) as events:
        with monkeypatch.context() as patch:
            patch.setattr(stores.conversations, "dialogue", broken)
            patch.setattr(stores.conversations, "highest", broken)
            answer = await chat.say(QUESTION)
            await asyncio.sleep(1.2)
        assert await events.answers(1) == [answer]
    assert "a stream could not be read: OperationalError" in caplog.text


async def test_the_way_to_a_person(chat: Chat, desk: FakeDesk, stores: Stores, engine: ObservedEngine) -> None:
    async with following(chat) as events:
        asked = await chat.client.post(f"{chat.url}/handover")
        assert (await events.until("handover"))["state"] == "waiting"
        desk.now = handover("active")
        stores.conversations.post(desk.asked[0], CLERK)
        assert (await events.until("answer"))["author"] == "clerk"
        assert (await events.next())["data"]["state"] == "active"
        silent = await chat.say("Ich habe zwei Hunde")
        assert (silent["outcome"], silent["blocks"]) == ("to_clerk", [])
        desk.now = None
        stores.conversations.post(desk.asked[0], CLERK)
        assert (await events.until("handover"))["state"] == "closed"
    assert asked.json()["blocks"] == [handover("waiting")]
    assert (await chat.say(QUESTION))["outcome"] == "answer"


async def test_closing_the_server_ends_streams_at_once(
    stores: Stores, engine: ObservedEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with serve_in_thread(gateway(settings_for(tmp_path), stores, engine), Server) as url:
        client = client_of(url)
        chat = await open_chat(client)
        stack = AsyncExitStack()
        streams = [await stack.enter_async_context(following(chat)) for _ in range(3)]
        begun = time.monotonic()
        ending = asyncio.gather(*(events.ends() for events in streams))
    assert await ending == [True, True, True]
    assert time.monotonic() - begun < 4, "streams held the server up"
    await stack.aclose()
    await client.aclose()
    assert "graceful shutdown exceeded" not in caplog.text


async def test_a_gateway_that_dies_and_comes_back(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: ObservedEngine
) -> None:
    """Stored and not answered: the reader who comes back to the next gateway gets the answer, once."""
    monkeypatch.setattr(conversation_service, "_SWEEP_S", 0.1)
    with serve_in_thread(gateway(settings_for(tmp_path), stores, engine), Server) as url:
        async with client_of(url) as client:
            chat = await open_chat(client)
            first = await chat.say(QUESTION)
    stores.conversations.receive(IncomingMessage("web", key(chat), f"{key(chat)[:40]}:late", "Gewerbe anmelden"))
    with serve_in_thread(gateway(settings_for(tmp_path), stores, engine), Server) as url:
        async with client_of(url) as client:
            chat.client = client
            async with following(chat, last=str(first["id"])) as events:
                (late,) = await events.answers(1)
                assert (late["client_message_id"], late["outcome"]) == ("late", "answer")
                again = await chat.say("Gewerbe anmelden", message="late")
                assert again == late
            assert [each["client_message_id"] for each in await chat.history()] == ["m1", "late"]


@pytest.mark.slow
async def test_two_hundred_open_chats(stores: Stores, engine: ObservedEngine, tmp_path: Path) -> None:
    with serve_in_thread(gateway(settings_for(tmp_path), stores, engine), Server) as url:
        async with client_of(url) as client, AsyncExitStack() as stack:
            chats = [await open_chat(client) for _ in range(200)]
            opened = [await stack.enter_async_context(following(chat)) for chat in chats]
            answers = await asyncio.gather(*(chat.say(QUESTION) for chat in chats))
            assert {each["outcome"] for each in answers} == {"answer"}
            told = await asyncio.gather(*(events.answers(1) for events in opened))
            assert [each for (each,) in told] == answers
            assert (await client.get("/healthz")).status_code == 200


def key(chat: Chat) -> str:
    return hashlib.sha256(chat.token.encode()).hexdigest()

"""The HTTP interface: conversations, wrong input, errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.bootstrap import Stores
from bot.bootstrap import gateway as wired_gateway
from bot.engine.keyword import KeywordEngine
from tests.in_thread import serve_in_thread
from tests.integration.wiring import Chat, ObservedEngine, block, open_chat, settings_for, texts_of

AMMERFELD = "091990112112"
QUESTION = "Hundesteuer anmelden in Ammerfeld"
LARGEST_BODY = 1_000_000
SECURITY_HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy")


def is_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert all(name in response.headers for name in SECURITY_HEADERS)
    problem = dict(response.json())
    assert problem["title"] and problem["status"] == status and problem["type"] == "about:blank"
    return problem


# --- a conversation


async def test_question_missing_place_button_and_the_place_is_remembered(chat: Chat) -> None:
    asked = await chat.say("Hundesteuer anmelden")
    assert asked["outcome"] == "missing"
    choices = block(asked, "choices")
    assert choices["kind"] == "place" and {"value": AMMERFELD, "label": "Ammerfeld"} in choices["options"]

    answered = await chat.press("place", AMMERFELD, "Ammerfeld")
    assert answered["outcome"] == "answer" and answered["question"] == "Ammerfeld"
    office = block(answered, "office")
    assert office["id"] == "steueramt-gemeinde@ammerfeld" and office["why"]
    assert "in Ammerfeld" in texts_of(answered)

    following = await chat.say("Gewerbe anmelden")
    assert following["outcome"] == "answer"
    assert block(following, "office")["id"] == "gewerbeamt-gemeinde@ammerfeld"

    history = await chat.history()
    assert history == [asked, answered, following]
    assert await chat.history(after=answered["id"]) == [following]


async def test_conversations_know_nothing_of_each_other(client: httpx.AsyncClient) -> None:
    first, second = await open_chat(client), await open_chat(client)
    await first.say(QUESTION, message="same")
    assert (await second.say("Gewerbe anmelden", message="same"))["outcome"] == "missing"
    assert len(await first.history()) == len(await second.history()) == 1


async def test_the_same_id_twice_has_one_effect_and_one_answer(chat: Chat, engine: ObservedEngine) -> None:
    first = await chat.say(QUESTION, message="a")
    again = await chat.say("etwas anderes", message="a")
    assert first == again
    assert engine.asked == [QUESTION]


async def test_the_same_id_twice_at_once_has_one_effect(chat: Chat, engine: ObservedEngine) -> None:
    engine.before = lambda _: asyncio.sleep(0.05)
    answers = await asyncio.gather(*(chat.say(QUESTION, message="a") for _ in range(5)))
    assert all(each == answers[0] for each in answers)
    assert engine.asked == [QUESTION]


async def test_two_messages_at_once_are_answered_in_order(chat: Chat, engine: ObservedEngine) -> None:
    engine.before = lambda _: asyncio.sleep(0.2)
    first = asyncio.create_task(chat.say("Hundesteuer anmelden"))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(chat.say("Ammerfeld"))
    assert (await first)["outcome"] == "missing"
    assert (await second)["outcome"] == "answer"
    assert [each["question"] for each in await chat.history()] == ["Hundesteuer anmelden", "Ammerfeld"]


async def test_many_conversations_at_once(client: httpx.AsyncClient, engine: ObservedEngine) -> None:
    chats = [await open_chat(client) for _ in range(20)]
    answers = await asyncio.gather(*(chat.say(QUESTION) for chat in chats))
    assert {each["outcome"] for each in answers} == {"answer"}
    assert len(engine.asked) == 20


async def test_deleting_forgets_everything(chat: Chat) -> None:
    await chat.say(QUESTION)
    assert (await chat.client.delete(chat.url)).status_code == 204
    is_problem(await chat.client.get(f"{chat.url}/messages"), 404)
    is_problem(await chat.send(QUESTION), 404)
    assert (await chat.client.delete(chat.url)).status_code == 204


async def test_deleting_while_a_message_waits_ends_the_waiting(chat: Chat, engine: ObservedEngine) -> None:
    engine.before = lambda _: asyncio.sleep(0.3)
    waiting = asyncio.create_task(chat.send(QUESTION))
    await asyncio.sleep(0.1)
    assert (await chat.client.delete(chat.url)).status_code == 204
    is_problem(await asyncio.wait_for(waiting, 5), 404)


# --- what people type


async def test_a_very_long_message_is_read_up_to_its_limit(chat: Chat, engine: ObservedEngine) -> None:
    answer = await chat.say(f"{QUESTION} {'x' * 100_000}")
    assert len(engine.asked[0]) == 4000
    assert "sehr lang" in answer["blocks"][0]["text"]
    assert answer["outcome"] == "answer"


@pytest.mark.parametrize("text", ["", "   \n\t ", "😀🎉👍🏽", "?!…", "\x00", "\x00\x07\x1b"])
async def test_no_words_get_a_friendly_hint(chat: Chat, engine: ObservedEngine, text: str) -> None:
    answer = await chat.say(text)
    assert answer["outcome"] == "fallback"
    assert "keine Frage" in texts_of(answer)
    assert engine.asked == []


async def test_control_characters_do_no_harm(chat: Chat, engine: ObservedEngine) -> None:
    answer = await chat.say("Hundesteuer\x00\x07 anmelden\x1b in\x85Ammerfeld\u202e")
    assert answer["outcome"] == "answer"
    assert not any(ord(char) < 32 for char in engine.asked[0])


@pytest.mark.parametrize("text", ["/restart", '/intent{"a":1}', "/anliegen/hundesteuer-anmelden", "/inform{}"])
async def test_what_looks_like_a_command_is_text(chat: Chat, text: str) -> None:
    await chat.say(QUESTION)
    assert (await chat.say(text))["outcome"] in ("fallback", "choices", "answer", "missing")
    assert (await chat.say("Gewerbe anmelden"))["outcome"] == "answer", "the place was forgotten"


async def test_html_is_not_repeated_in_an_answer(chat: Chat) -> None:
    text = "<script>alert(1)</script><b>Hundesteuer anmelden in Ammerfeld</b>"
    answer = await chat.say(text)
    assert answer["question"] == text
    assert "<" not in json.dumps(answer["blocks"])


async def test_an_unknown_place_is_not_guessed(chat: Chat) -> None:
    await chat.say("Hundesteuer anmelden")
    answer = await chat.say("Hinterpfuiteufel")
    assert answer["outcome"] in ("fallback", "missing")
    assert not [each for each in answer["blocks"] if each["type"] == "office" and each["role"] == "zustaendig"]


async def test_a_postcode_of_another_county_is_sent_to_115(chat: Chat) -> None:
    await chat.say("Hundesteuer anmelden")
    answer = await chat.say("80331")
    assert answer["outcome"] == "nothere" and "115" in texts_of(answer)
    assert not [each for each in answer["blocks"] if each["type"] == "office"]


async def test_an_ambiguous_postcode_is_asked_back(chat: Chat) -> None:
    asked = await chat.say("Reisepass beantragen in 85902")
    assert asked["outcome"] == "ambiguous"
    assert [each["label"] for each in block(asked, "choices")["options"]] == ["Birkenried", "Eichelbach"]
    assert (await chat.say("Eichelbach"))["outcome"] == "answer"


@pytest.mark.parametrize(
    ("kind", "value"),
    [("place", "xyz"), ("place", ""), ("place", "|/|"), ("value", "xyz"), ("service", "gibt-es-nicht"), ("surname", "!!")],
)
async def test_a_made_up_button_does_not_block_the_conversation(chat: Chat, kind: str, value: str) -> None:
    await chat.say("Hundesteuer anmelden")
    assert (await chat.press(kind, value))["outcome"] in ("missing", "fallback", "nothere")
    assert (await chat.say(QUESTION))["outcome"] == "answer"


# --- wrong requests


async def test_a_message_needs_no_id(chat: Chat) -> None:
    address = f"/api/v1/conversations/{chat.token}/messages"
    first, second = [(await chat.client.post(address, json={"text": QUESTION})).json() for _ in range(2)]
    assert first["outcome"] == second["outcome"] == "answer"
    assert first["client_message_id"] != second["client_message_id"]


async def test_a_wrong_method_is_told_which_ones_there_are(chat: Chat) -> None:
    refused = await chat.client.patch(f"/api/v1/conversations/{chat.token}")
    is_problem(refused, 405)
    assert refused.headers["allow"] == "DELETE, GET"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"client_message_id": "a b", "text": "x"}',
        b'{"client_message_id": "a", "text": 7}',
        b'{"client_message_id": "a", "text": "\\ud83d"}',
        b'{"client_message_id": "a", "choice": {"kind": "place", "value": "\\ud83d"}}',
        b'{"client_message_id": "a", "choice": {"kind": "unknown", "value": "x"}}',
        b'{"client_message_id": "a", "choice": {"kind": "place"}}',
        b'{"client_message_id": "a", "text": "' + b"x" * 200_001 + b'"}',
        b"[" * 100_000,
    ],
)
async def test_an_unusable_body_is_a_problem(chat: Chat, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = await chat.client.post(f"{chat.url}/messages", content=body, headers=headers)
    is_problem(response, response.status_code)
    assert response.status_code in (400, 422)
    assert await chat.history() == []


async def test_too_large_a_body_is_refused(chat: Chat) -> None:
    problem = is_problem(await chat.send("x" * LARGEST_BODY), 413)
    assert "4.000 Zeichen" in problem["detail"]


async def test_too_large_a_body_of_unsaid_length_is_refused(chat: Chat) -> None:
    async def chunks() -> Any:
        yield b'{"client_message_id": "a", "text": "'
        for _ in range(20):
            yield b"x" * 60_000
        yield b'"}'

    headers = {"content-type": "application/json"}
    problem = is_problem(await chat.client.post(f"{chat.url}/messages", content=chunks(), headers=headers), 413)
    assert "4.000 Zeichen" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/v1/conversations/{unknown}/messages", 404),
        ("GET", "/api/v1/conversations/{unknown}/messages", 404),
        ("POST", "/api/v1/conversations/zu-kurz/messages", 422),
        ("GET", "/api/v1/conversations/{bad}/messages", 422),
        ("DELETE", "/api/v1/conversations/zu-kurz", 422),
        ("GET", "/api/v1/conversations/{unknown}/messages?after=x", 422),
        ("GET", "/api/v1/conversations/{unknown}/messages?after=-1", 422),
        ("GET", "/api/v1/conversations/{unknown}/messages?after=99999999999999999999999", 422),
        ("GET", "/gibt/es/nicht", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/gibt-es-nicht.js", 404),
        ("PUT", "/api/v1/conversations", 405),
    ],
)
async def test_every_error_is_a_problem_document(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    url = path.format(unknown="u" * 32, bad="%20!" * 10)
    content = {"json": {"client_message_id": "a", "text": "Hallo"}} if method == "POST" else {}
    is_problem(await client.request(method, url, **content), status)


async def test_an_unexpected_error_is_a_problem_and_tells_nothing(
    chat: Chat, stores: Stores, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Zwiebelturm")

    monkeypatch.setattr(stores.conversations, "answers", broken)
    response = await chat.client.get(f"{chat.url}/messages")
    is_problem(response, 500)
    assert "Zwiebelturm" not in response.text + caplog.text
    assert "RuntimeError" in caplog.text


async def test_every_response_has_security_headers(chat: Chat) -> None:
    for response in (
        await chat.client.get("/healthz"),
        await chat.client.get("/readyz"),
        await chat.client.post("/api/v1/conversations"),
        await chat.send("Hallo"),
    ):
        assert response.is_success
        assert all(name in response.headers for name in SECURITY_HEADERS)
        assert "default-src 'none'" in response.headers["content-security-policy"]


# --- a real server


@pytest.fixture
def server(stores: Stores, tmp_path: Any) -> Iterator[str]:
    with serve_in_thread(wired_gateway(settings_for(tmp_path), stores, KeywordEngine())) as url:
        yield url


async def test_a_conversation_with_a_real_server(server: str) -> None:
    async with httpx.AsyncClient(base_url=server) as client:
        assert (await client.get("/readyz")).json()["status"] == "ready"
        chat = await open_chat(client)
        assert (await chat.say("Hundesteuer anmelden"))["outcome"] == "missing"
        assert (await chat.press("place", AMMERFELD))["outcome"] == "answer"
        is_problem(await chat.send("x" * LARGEST_BODY), 413)
        headers = {"content-type": "application/json"}

        async def chunks() -> Any:
            for _ in range(20):
                yield b"x" * 60_000

        is_problem(await client.post(f"{chat.url}/messages", content=chunks(), headers=headers), 413)
        assert len(await chat.history()) == 2

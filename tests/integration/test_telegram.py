"""Telegram, against a stand-in of its Bot API."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from telegram import Update

from bot.bootstrap import Stores
from bot.channels.telegram import channel as telegram_channel
from bot.channels.telegram.channel import TelegramChannel, keyboard
from bot.conversation.service import ConversationService, Releases
from bot.engine.port import TurnRequest, TurnResult
from knowledge.model import OUTSIDE, ROAD_CLASSES, Locality
from knowledge.places import Gazetteer
from knowledge.release import Knowledge, Release
from tests.integration.wiring import ObservedEngine, eventually
from tests.telegram_standin import PAUSE_S, TelegramStandIn, telegram_server

CHAT = 987654321
QUESTION = "Hundesteuer anmelden in Ammerfeld"
OPEN = "SELECT (SELECT count(*) FROM inbox WHERE done IS NULL) + (SELECT count(*) FROM outbox WHERE sent IS NULL)"


@pytest.fixture(scope="module")
def standins() -> Iterator[Callable[[], TelegramStandIn]]:
    with telegram_server() as new:
        yield new


@pytest.fixture
def telegram(standins: Callable[[], TelegramStandIn], monkeypatch: pytest.MonkeyPatch) -> TelegramStandIn:
    monkeypatch.setattr(telegram_channel, "_PAUSE_AFTER_ERROR_S", 0.05)
    monkeypatch.setattr(telegram_channel, "_LONGEST_PAUSE_S", 0.2)
    monkeypatch.setattr(telegram_channel, "_SEND_PAUSE_S", 0.02)
    return standins()


def settled(telegram: TelegramStandIn, stores: Stores) -> bool:
    """Whether every update is confirmed, every message answered and every answer sent."""
    if telegram.unconfirmed:
        return False
    with stores.engine.connect() as connection:
        return connection.exec_driver_sql(OPEN).scalar_one() == 0


@asynccontextmanager
async def running(telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine) -> AsyncIterator[TelegramChannel]:
    service = ConversationService(stores.conversations, engine, Releases(stores.knowledge), 24)
    channel = TelegramChannel("4711:token", telegram.base_url, b"secret", service, stores.conversations)
    telegram.settled = lambda: settled(telegram, stores)
    tasks = [asyncio.create_task(channel.run_forever()), asyncio.create_task(service.run_forever())]
    try:
        yield channel
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def channel(telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine) -> AsyncIterator[TelegramChannel]:
    async with running(telegram, stores, engine) as opened:
        yield opened


async def answers(telegram: TelegramStandIn, count: int, chat: int = CHAT) -> list[str]:
    """The texts sent to a chat, once there are so many and nothing is left to be sent."""
    await eventually(lambda: len(telegram.texts(chat)) >= count)
    await eventually(telegram.settled)
    await asyncio.sleep(0.05)
    assert len(telegram.texts(chat)) == count, telegram.texts(chat)
    return telegram.texts(chat)


# --- commands and questions


async def test_commands(telegram: TelegramStandIn, channel: TelegramChannel, engine: ObservedEngine) -> None:
    for text in ("/start", "/help", "/hilfe@lotse_bot", "/datenschutz", "/START payload", "/"):
        telegram.write(text, CHAT)
    said = await answers(telegram, 6)
    assert "/loeschen" in said[0] and "Landkreis Lindenau" in said[0]
    assert said[1] == said[2] and "Schreiben Sie einfach" in said[1]
    assert "24 Stunden" in said[3]
    assert said[4] == said[0]
    assert "keine Frage" in said[5]
    assert engine.asked == []


async def test_a_question_a_button_and_the_place_is_remembered(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write("Hundesteuer anmelden", CHAT)
    assert "Wo wohnen Sie" in (await answers(telegram, 1))[0]
    buttons = telegram.buttons(CHAT)
    data = next(each["callback_data"] for each in buttons if each["text"] == "Ammerfeld")
    telegram.press(data, CHAT)
    answer = (await answers(telegram, 2))[1]
    assert "in Ammerfeld" in answer and "Telefon:" in answer and "Warum diese Stelle?" in answer
    assert telegram.callbacks_answered == [f"q{data}"]
    telegram.write("Gewerbe anmelden", CHAT)
    assert "in Ammerfeld" in (await answers(telegram, 3))[2]


async def test_people_do_not_see_each_other(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write(QUESTION, 1)
    telegram.write("Gewerbe anmelden", 2)
    assert "in Ammerfeld" in (await answers(telegram, 1, 1))[0]
    assert "Wo wohnen Sie" in (await answers(telegram, 1, 2))[0]


async def test_forgetting(telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores) -> None:
    telegram.write(QUESTION, CHAT)
    await answers(telegram, 1)
    telegram.write("/loeschen", CHAT)
    assert "Alles gelöscht" in (await answers(telegram, 2))[1]
    with stores.engine.connect() as connection:
        for table in ("conversation", "inbox", "outbox"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0
    telegram.write("Gewerbe anmelden", CHAT)
    assert "Wo wohnen Sie" in (await answers(telegram, 3))[2]


async def test_a_photo_without_text(telegram: TelegramStandIn, channel: TelegramChannel, engine: ObservedEngine) -> None:
    telegram.write(None, CHAT, photo=[{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}])
    assert "nur Text" in (await answers(telegram, 1))[0]
    assert engine.asked == []


async def test_groups_are_ignored(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write(QUESTION, -100, kind="group")
    telegram.write("/start", -200, kind="supergroup")
    telegram.write("/start", CHAT)
    await answers(telegram, 1)
    assert {each["chat_id"] for each in telegram.sent} == {str(CHAT)}


async def test_odd_messages_do_not_stop_the_others(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    for text in ("/@lotse_bot", "/@", "//", "/ ", "@", "/\n", "😀"):
        telegram.write(text, 1)
    telegram.write("/start", CHAT)
    await answers(telegram, 7, 1)
    await answers(telegram, 1)


async def test_forgetting_for_somebody_who_has_blocked_the_bot(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.fail("sendMessage", 403)
    telegram.write("/loeschen", 1)
    telegram.write("/start", CHAT)
    await answers(telegram, 1)
    assert telegram.texts(1) == []


async def test_an_answer_of_more_than_4096_characters(
    telegram: TelegramStandIn, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram.fail("sendMessage", "ok", 429, "ok", "drop")
    paragraphs = [f"{number} " + "wort " * 300 for number in range(9)]
    monkeypatch.setattr(telegram_channel, "plain_text", lambda _: "\n\n".join([*paragraphs, "z" * 9000]))
    async with running(telegram, stores, ObservedEngine()):
        telegram.write("Hundesteuer anmelden", CHAT)
        said = await answers(telegram, 8)
    assert all(0 < len(each) <= 4096 for each in said)
    assert "".join("".join(said).split()) == "".join("".join([*paragraphs, "z" * 9000]).split())
    assert [bool(each["reply_markup"]) for each in telegram.sent] == [False] * 7 + [True]


# --- buttons


def all_choices(release: Release) -> Iterator[tuple[str, str]]:
    """Every button that the demo knowledge can lead to."""
    yield "service", "keins"
    yield from (("service", slug) for slug in release.services)
    yield "place", OUTSIDE
    for place in release.places.values():
        yield "place", place.ars
        yield from (("place", str(Locality(place.ars, district.name))) for district in place.districts)
        yield from (("district", district.name) for district in place.districts)
        for name in (place.name, place.vg, *place.plz):
            yield from (("place", str(each)) for each in Gazetteer(release).lookup(name))
    yield from (("district", road) for road in ROAD_CLASSES)
    yield from (("surname", initial) for initial in [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Sch", "St"])
    yield from (("audience", each) for each in ("citizen", "business"))
    yield "value", "0"
    yield from (("value", str(rule.value_from)) for rule in release.knowledge.rules if rule.value_from is not None)


def test_every_possible_button_fits_into_64_bytes_and_comes_back(stores: Stores, demo: Knowledge) -> None:
    release = stores.knowledge.release()
    assert release
    channel = TelegramChannel("4711:token", "http://unused/bot", b"secret", None, stores.conversations)  # type: ignore[arg-type]
    count = 0
    for kind, value in dict.fromkeys(all_choices(release)):
        markup = keyboard([{"type": "choices", "kind": kind, "options": [{"value": value, "label": "x"}]}])
        assert markup
        data = str(markup.inline_keyboard[0][0].callback_data)
        assert 1 <= len(data.encode()) <= 64
        message = channel.incoming(pressed(data))
        assert message and message.choice == {"kind": kind, "value": value}
        count += 1
    assert count > 350


def pressed(data: str) -> Update:
    person = {"id": CHAT, "is_bot": False, "first_name": "Resi"}
    message = {"message_id": 1, "date": 1, "chat": {"id": CHAT, "type": "private"}}
    query = {"id": "1", "from": person, "chat_instance": "1", "data": data, "message": message}
    update = Update.de_json({"update_id": 1, "callback_query": query})
    assert update
    return update


def test_what_does_not_fit_goes_by_its_number(stores: Stores) -> None:
    options = [{"value": "kurz", "label": "a"}, {"value": "ü" * 40, "label": "b"}]
    markup = keyboard([{"type": "choices", "kind": "place", "options": options}])
    assert markup
    assert [row[0].callback_data for row in markup.inline_keyboard] == ["place:kurz", "#2"]
    channel = TelegramChannel("4711:token", "http://unused/bot", b"secret", None, stores.conversations)  # type: ignore[arg-type]
    message = channel.incoming(pressed("#2"))
    assert message and message.choice is None and message.text == "2"


async def test_callback_data_of_somebody_else_does_no_harm(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    for data in ("", "x", "place:", "unknown:1", "value:abc", "#", "::::"):
        telegram.press(data, CHAT)
    await answers(telegram, 7)
    telegram.write(QUESTION, CHAT)
    assert "in Ammerfeld" in (await answers(telegram, 8))[-1]


# --- once, and in order


async def test_the_same_update_twice_is_answered_once(
    telegram: TelegramStandIn, channel: TelegramChannel, engine: ObservedEngine
) -> None:
    update = telegram.write(QUESTION, CHAT, times=2)
    await answers(telegram, 1)
    telegram.press("place:091990111111", CHAT, times=2)
    await answers(telegram, 2)
    assert len(engine.asked) == 2
    assert telegram.unconfirmed == [] and max(telegram.offsets) == update + 2


async def test_an_update_delivered_again_after_a_restart_is_answered_once(
    telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine
) -> None:
    async with running(telegram, stores, engine):
        update = telegram.write(QUESTION, CHAT)
        await answers(telegram, 1)
    content = {"message_id": 1, "date": int(time.time()), "chat": {"id": CHAT, "type": "private"}, "text": QUESTION}
    telegram.deliver({"message": content}, update_id=update)
    async with running(telegram, stores, engine):
        await eventually(lambda: telegram.unconfirmed == [])
        await answers(telegram, 1)
    assert engine.asked == [QUESTION]


@pytest.mark.parametrize("how", [[429], [500, 502], ["drop", "drop"], ["drop", 429, 500]])
async def test_trouble_while_sending(telegram: TelegramStandIn, channel: TelegramChannel, how: list[Any]) -> None:
    telegram.fail("sendMessage", *how)
    started = time.monotonic()
    for text in ("/start", "/help", "/datenschutz"):
        telegram.write(text, CHAT)
    said = await answers(telegram, 3)
    assert ["Guten Tag!" in said[0], "Schreiben Sie einfach" in said[1], "24 Stunden" in said[2]] == [True] * 3
    if 429 in how:
        assert telegram.sent[0]["at"] - started >= PAUSE_S, "the pause that was asked for was not kept"


@pytest.mark.slow
async def test_trouble_with_one_person_does_not_hold_up_another(
    telegram: TelegramStandIn, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_channel, "_seconds", lambda error: 5.0)  # longer than the other one's answer can take
    telegram.fail("sendMessage", 429)
    telegram.write("/start", CHAT)
    await eventually(lambda: not telegram.failures["sendMessage"])
    telegram.write("/start", 1)
    await eventually(lambda: len(telegram.sent) == 2)
    assert [each["chat_id"] for each in telegram.sent] == ["1", str(CHAT)]


@pytest.mark.parametrize("status", [400, 403])
async def test_what_can_never_be_delivered_is_given_up(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores, status: int
) -> None:
    telegram.fail("sendMessage", status)
    telegram.write("/start", CHAT)
    telegram.write("/help", CHAT)
    assert "Schreiben Sie einfach" in (await answers(telegram, 1))[0]
    assert stores.conversations.due("telegram") == []


@pytest.mark.parametrize("method", ["getMe", "getUpdates"])
@pytest.mark.parametrize("how", [429, 500, "drop"])
async def test_trouble_while_receiving(telegram: TelegramStandIn, stores: Stores, method: str, how: Any) -> None:
    telegram.fail(method, how)
    telegram.write(QUESTION, CHAT)
    async with running(telegram, stores, ObservedEngine()):
        await answers(telegram, 1)


async def test_trouble_while_acknowledging_a_button(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.fail("answerCallbackQuery", 400)
    telegram.write("Hundesteuer anmelden", CHAT)
    telegram.press("place:091990112112", CHAT)
    assert "in Ammerfeld" in (await answers(telegram, 2))[1]
    assert telegram.unconfirmed == []


async def test_the_offset_waits_until_the_message_is_stored(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores, engine: ObservedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, calls, offsets = stores.conversations.receive, [], []

    def fails_once(message: Any) -> Any:
        calls.append(message.id)
        offsets.append(max(telegram.offsets))
        if len(calls) == 2:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return works(message)

    monkeypatch.setattr(stores.conversations, "receive", fails_once)
    first = telegram.write("Hundesteuer anmelden", CHAT)
    telegram.write("Ammerfeld", CHAT)
    said = await answers(telegram, 2)
    assert "Wo wohnen Sie" in said[0] and "in Ammerfeld" in said[1]
    assert calls in ([str(first), str(first + 1), str(first + 1)], [str(first), str(first + 1), str(first), str(first + 1)])
    assert all(offset <= first + 1 for offset in offsets)
    assert engine.asked == ["Hundesteuer anmelden", "Ammerfeld"]


async def test_an_answer_made_before_a_restart_is_delivered_after_it(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("sendMessage", *[500] * 50)
    engine = ObservedEngine()
    async with running(telegram, stores, engine):
        telegram.write(QUESTION, CHAT)
        await eventually(lambda: len(telegram.failures["sendMessage"]) < 50)
    telegram.failures.clear()
    async with running(telegram, stores, engine):
        await answers(telegram, 1)
    assert engine.asked == [QUESTION]


async def test_a_wrong_token_ends_the_channel_and_nothing_else(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("getMe", 401)
    service = ConversationService(stores.conversations, ObservedEngine(), Releases(stores.knowledge), 24)
    channel = TelegramChannel("4711:token", telegram.base_url, b"secret", service, stores.conversations)
    await asyncio.wait_for(channel.run_forever(), 5)


# --- what is kept of a person


async def test_the_chat_id_is_not_in_the_key_and_the_name_is_nowhere(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores
) -> None:
    telegram.write(QUESTION, CHAT)
    await answers(telegram, 1)
    with stores.engine.connect() as connection:
        key, reply_to = connection.exec_driver_sql("SELECT key, reply_to FROM conversation").one()
        rows = [
            str(row)
            for table in ("conversation", "inbox", "outbox")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        ]
    assert reply_to == str(CHAT) and str(CHAT) not in key
    assert key != hashlib.sha256(str(CHAT).encode()).hexdigest(), "guessable without the secret"
    assert sum(str(CHAT) in row for row in rows) == 1
    assert not [row for row in rows if "Resi" in row]


@pytest.mark.slow
async def test_the_token_and_the_words_are_not_logged(
    telegram: TelegramStandIn, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "lotse")
    telegram.fail("sendMessage", 429, 500, "drop", 403)
    telegram.fail("getUpdates", 500, "drop")

    class Broken(ObservedEngine):
        async def respond(self, request: TurnRequest) -> TurnResult:
            raise ValueError(request.text)

    async with running(telegram, stores, Broken()):
        telegram.write(QUESTION, CHAT)
        telegram.write("/start", CHAT)
        await eventually(lambda: telegram.texts(CHAT))
    assert caplog.records
    assert not any(each in caplog.text for each in ("4711:token", "Hundesteuer", str(CHAT)))

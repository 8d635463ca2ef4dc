"""How answers get to Telegram: limits, refusals, faults, and processes that die at any moment."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.bootstrap import Stores
from bot.channels.telegram import channel as channel_module
from bot.channels.telegram import sending
from bot.channels.telegram.chats import Chats
from bot.channels.telegram.pace import BETWEEN_S, OVERALL
from bot.channels.telegram.store import TelegramStore
from tests.integration.messenger import CHAT, QUESTION, NotedPace, answers, count, hurry, rows, running
from tests.integration.wiring import ObservedEngine, eventually
from tests.telegram_standin import PAUSE_S, TelegramStandIn, telegram_server

AGAIN = "(Noch einmal, falls es vorhin nicht angekommen ist.)"


@pytest.fixture(scope="module")
def standins() -> Iterator[Callable[[], TelegramStandIn]]:
    with telegram_server() as new:
        yield new


@pytest.fixture
def telegram(standins: Callable[[], TelegramStandIn], monkeypatch: pytest.MonkeyPatch) -> TelegramStandIn:
    hurry(monkeypatch)
    return standins()


def post(stores: Stores, text: str, chat: int = CHAT, **more: Any) -> int:
    """Something to be sent to a chat."""
    chats = Chats(b"secret")
    conversation = stores.conversations.open_conversation("telegram", chats.key(chat), chats.seal(chat))
    block = {"type": "text", "text": text, "tone": "plain"}
    content = {"outcome": "told", "author": "system", "author_name": "", "blocks": [block]} | more
    return stores.conversations.post(conversation, content).id


async def sent(telegram: TelegramStandIn, stores: Stores) -> None:
    await eventually(lambda: count(stores, "SELECT count(*) FROM outbox WHERE sent IS NULL") == 0)


# --- limits


@pytest.mark.slow
async def test_thirty_a_second_in_all_and_one_a_second_in_a_chat(telegram: TelegramStandIn, stores: Stores) -> None:
    for number in range(2):
        for chat in range(1, 36):
            post(stores, f"{number}", chat)
    pace = NotedPace()
    async with running(telegram, stores, ObservedEngine(), pace=pace):
        await sent(telegram, stores)
    assert [telegram.texts(chat) for chat in range(1, 36)] == [["0", "1"]] * 35
    moments = [at for at, _ in pace.turns]
    assert len(moments) == 70
    assert all(later - earlier >= 1.0 for earlier, later in zip(moments, moments[OVERALL:], strict=False))
    of_chat: defaultdict[int, list[float]] = defaultdict(list)
    for at, chat in pace.turns:
        of_chat[chat].append(at)
    for each in of_chat.values():
        assert all(later - earlier >= BETWEEN_S for earlier, later in pairwise(each))


async def test_several_chats_at_the_same_time(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("sendMessage", *["hang"] * 5)
    for chat in range(1, 7):
        post(stores, "x", chat)
    async with running(telegram, stores, ObservedEngine()):
        await eventually(lambda: len(telegram.sent) == 6)
        assert count(stores, "SELECT count(*) FROM outbox WHERE sent IS NULL") >= 5, "none of the five has been answered"
        telegram.released.set()


@pytest.mark.slow
async def test_a_long_answer_goes_out_in_pieces_at_the_pace_of_a_chat(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("sendMessage", "ok", 429, "ok", "drop")
    paragraphs = [f"{number} " + "wort " * 300 for number in range(9)]
    text = "\n\n".join([*paragraphs, "z" * 9000])
    pace = NotedPace()
    button = {"type": "choices", "kind": "place", "options": [{"value": "1", "label": "Hier"}]}
    post(stores, text, blocks=[{"type": "text", "text": text, "tone": "plain"}, button])
    async with running(telegram, stores, ObservedEngine(), pace=pace):
        await sent(telegram, stores)
    said = [each.replace(AGAIN, "") for each in telegram.texts(CHAT)]
    assert len(said) == 8
    assert all(0 < len(each) <= 4096 for each in telegram.texts(CHAT))
    assert "".join("".join(said).split()).startswith("".join(text.split()))
    assert [bool(each["reply_markup"]) for each in telegram.sent] == [False] * 7 + [True]
    moments = [at for at, _ in pace.turns]
    assert all(later - earlier >= BETWEEN_S for earlier, later in pairwise(moments))


# --- refusals


@pytest.mark.slow
async def test_a_pause_that_is_asked_for_is_kept(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("sendMessage", 429)
    post(stores, "eins")
    post(stores, "zwei")
    started = time.monotonic()
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert telegram.texts(CHAT) == ["eins", "zwei"]
    assert telegram.sent[0]["at"] - started >= PAUSE_S


async def test_trouble_with_one_person_does_not_hold_up_another(
    telegram: TelegramStandIn, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "seconds", lambda error: 30.0)
    telegram.fail("sendMessage", 429)
    post(stores, "später", 1)
    async with running(telegram, stores, ObservedEngine()):
        await eventually(lambda: not telegram.failures["sendMessage"])
        post(stores, "jetzt", 2)
        await eventually(lambda: telegram.texts(2) == ["jetzt"])
    assert telegram.texts(1) == []


async def test_a_keyboard_that_is_refused_is_left_out(telegram: TelegramStandIn, stores: Stores) -> None:
    bad = {"type": "choices", "kind": "place", "options": [{"value": "1", "label": ""}]}
    post(stores, "x", blocks=[{"type": "text", "text": "Wo?", "tone": "plain"}, bad])
    post(stores, "danach")
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert [each.partition("\n")[0] for each in telegram.texts(CHAT)] == ["Wo?", "danach"]
    assert telegram.sent[0]["reply_markup"] == {}


async def test_what_can_never_be_delivered_is_given_up(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("sendMessage", 400)
    post(stores, "nie")
    post(stores, "danach")
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert telegram.texts(CHAT) == ["danach"]


async def test_somebody_who_has_blocked_the_bot_is_forgotten(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.blocked.add(CHAT)
    post(stores, "x")
    post(stores, "y", 5)
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert telegram.texts(5) == ["y"]
    assert len(rows(stores, "conversation")) == 1


# --- faults


@pytest.mark.slow
@pytest.mark.parametrize("how", [[500, 502], [429, 500], [503] * 5])
async def test_what_was_refused_is_sent_once(telegram: TelegramStandIn, stores: Stores, how: list[Any]) -> None:
    telegram.fail("sendMessage", *how)
    for text in ("eins", "zwei", "drei"):
        post(stores, text)
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert telegram.texts(CHAT) == ["eins", "zwei", "drei"]


@pytest.mark.parametrize("how", ["lost", "html"])
@pytest.mark.slow
async def test_what_may_have_been_accepted_is_repeated_and_says_so(telegram: TelegramStandIn, stores: Stores, how: str) -> None:
    telegram.fail("sendMessage", how)
    post(stores, "eins")
    post(stores, "zwei")
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    again = f"eins\n\n{AGAIN}"
    assert telegram.texts(CHAT) == (["eins", again, "zwei"] if how == "lost" else [again, "zwei"])
    repeated = telegram.sent[-2]
    assert repeated["disable_notification"] == "true"


@pytest.mark.slow
async def test_an_answer_that_times_out_is_repeated_and_says_so(
    telegram: TelegramStandIn, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "_READ_TIMEOUT_S", 0.3)
    telegram.fail("sendMessage", "hang")
    post(stores, "eins")
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    telegram.released.set()
    assert telegram.texts(CHAT) == ["eins", f"eins\n\n{AGAIN}"]


@pytest.mark.slow
async def test_repetitions_have_an_end(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("sendMessage", *["lost"] * 10)
    post(stores, "eins")
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert len(telegram.texts(CHAT)) == 3


@pytest.mark.slow
async def test_nothing_is_given_up_while_telegram_is_away(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("sendMessage", *[500] * 3)
    answer = post(stores, "eins")
    with stores.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE outbox SET attempts = 5000 WHERE id = {answer}")
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert telegram.texts(CHAT) == ["eins"]


@pytest.mark.slow
async def test_the_database_fails_while_sending(
    telegram: TelegramStandIn, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, calls = TelegramStore.begin, []

    def fails_at_first(*args: Any, **more: Any) -> bool:
        calls.append(args)
        if len(calls) < 3:
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        return works(*args, **more)

    monkeypatch.setattr(TelegramStore, "begin", fails_at_first)
    post(stores, "eins")
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert telegram.texts(CHAT) == ["eins"]


# --- processes that die


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@asynccontextmanager
async def killed(
    monkeypatch: pytest.MonkeyPatch, stores: Stores, target: Any, method: str, before: bool = False
) -> AsyncIterator[list[str]]:
    """While this lasts, a process dies as soon as it calls a method: before it does anything, or right after it."""
    monkeypatch.setattr(channel_module, "_LEASE_S", 0.2)
    works, dead = getattr(target, method), []

    with monkeypatch.context() as patch:

        def dies(*args: Any) -> Any:
            if not before:
                works(*args)
            dead.append(method)
            patch.setattr(stores.conversations, "due", lambda *_: [])
            raise Killed

        patch.setattr(target, method, dies)
        patch.setattr(TelegramStore, "be_silent", lambda *_: None)  # a process that is killed gives nothing back
        yield dead


@pytest.mark.parametrize(
    ("owner", "method", "before", "expected"),
    [
        ("store", "begin", True, ["eins"]),
        ("store", "begin", False, [f"eins\n\n{AGAIN}"]),
        ("conversations", "mark_sent", True, ["eins", f"eins\n\n{AGAIN}"]),
        ("conversations", "mark_sent", False, ["eins"]),
    ],
)
@pytest.mark.slow
async def test_killed_while_sending(
    telegram: TelegramStandIn,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
    method: str,
    before: bool,
    expected: list[str],
) -> None:
    """Before it is noted that a piece is being sent, and after it is noted that it was, nothing is repeated."""
    post(stores, "eins")
    target = stores.conversations if owner == "conversations" else TelegramStore
    async with killed(monkeypatch, stores, target, method, before) as dead, running(telegram, stores, ObservedEngine()):
        await eventually(lambda: dead)
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
        await asyncio.sleep(0.1)
    assert telegram.texts(CHAT) == expected


@pytest.mark.slow
async def test_killed_between_two_pieces(telegram: TelegramStandIn, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was delivered stays delivered; the next piece had not been begun."""
    post(stores, "a" * 4000 + "\n\n" + "b" * 4000)
    async with killed(monkeypatch, stores, TelegramStore, "ended") as dead, running(telegram, stores, ObservedEngine()):
        await eventually(lambda: dead)
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
    assert [each[0] + str(len(each)) for each in telegram.texts(CHAT)] == ["a4000", "b4000"]


@pytest.mark.slow
async def test_stopped_in_order_what_is_under_way_is_finished(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("sendMessage", "hang")
    post(stores, "eins")
    async with running(telegram, stores, ObservedEngine()):
        await eventually(lambda: telegram.sent)
        asyncio.get_running_loop().call_later(0.2, telegram.released.set)  # while the channel is shutting down
    async with running(telegram, stores, ObservedEngine()):
        await sent(telegram, stores)
        await asyncio.sleep(0.1)
    assert telegram.texts(CHAT) == ["eins"]


@pytest.mark.slow
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


# --- several gateways


@pytest.mark.slow
async def test_of_two_gateways_one_speaks(telegram: TelegramStandIn, stores: Stores) -> None:
    for chat in range(1, 21):
        post(stores, "x", chat)
    first, second = NotedPace(), NotedPace()
    async with running(telegram, stores, ObservedEngine(), pace=first):
        await eventually(lambda: first.turns)
        async with running(telegram, stores, ObservedEngine(), pace=second):
            await sent(telegram, stores)
    assert len(telegram.sent) == 20
    assert (len(first.turns), second.turns) == (20, [])


@pytest.mark.slow
async def test_when_one_goes_the_other_goes_on(telegram: TelegramStandIn, stores: Stores) -> None:
    async with running(telegram, stores, ObservedEngine()):
        await eventually(lambda: telegram.offsets)
        waiting = running(telegram, stores, ObservedEngine())
        await waiting.__aenter__()
    post(stores, "x")
    await sent(telegram, stores)
    await waiting.__aexit__(None, None, None)
    assert telegram.texts(CHAT) == ["x"]


@pytest.mark.slow
async def test_who_lost_the_right_to_speak_is_silent(
    telegram: TelegramStandIn, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "_RENEW_S", 60.0)  # it has not noticed yet
    async with running(telegram, stores, ObservedEngine()):
        await eventually(lambda: telegram.offsets)
        with stores.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE telegram_lease SET owner = 'another', until = {time.time() + 60}")
        post(stores, "x")
        await asyncio.sleep(0.3)
        assert telegram.sent == []

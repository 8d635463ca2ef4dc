"""What the Telegram channel keeps; `test_postgresql.py` does the same on a server."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bot.channels.telegram.store import FORGOTTEN, NotSpeaking, Sending, TelegramStore
from bot.conversation.messages import IncomingMessage
from bot.conversation.store import ConversationStore
from tests.databases import empty_database

UPDATE = 2**40


def content(said: str = "x", outcome: str = "telegram") -> dict[str, Any]:
    block = {"type": "text", "text": said, "tone": "plain"}
    return {"outcome": outcome, "author": "bot", "author_name": "", "blocks": [block]}


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def check_store(engine: Engine) -> None:
    """All that the store promises, also to several at the same moment."""
    conversations = ConversationStore(engine)
    store = TelegramStore(engine, conversations.notices)
    check_updates(engine, conversations, store)
    check_forgetting(engine, conversations, store)
    check_sending(engine, conversations, store)
    check_speaking(store)


def check_updates(engine: Engine, conversations: ConversationStore, store: TelegramStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda _: store.say(UPDATE, "k", "r", content(), {"language": "en"}), range(8)))
    assert sorted(said) == [False] * 7 + [True]
    assert store.say(UPDATE + 1, "k", "r", content(), {"language": "de"}, {"places": ["1"]})
    known = store.look(UPDATE + 1, "k")
    assert (known.taken, known.state, known.waiting) == (True, {"language": "en", "places": ["1"]}, False)
    conversations.receive(IncomingMessage("telegram", "k", str(UPDATE + 2), "Hallo"))
    assert store.look(UPDATE + 2, "k").waiting
    assert not store.look(UPDATE + 2, "k").taken, "it stands in the inbox"
    store.take(UPDATE + 3)
    store.take(UPDATE + 3)
    assert store.look(UPDATE + 3, "unknown").taken


def check_forgetting(engine: Engine, conversations: ConversationStore, store: TelegramStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: forgets(store), range(8)))
    assert store.look(UPDATE + 2, "k").taken, "what stood in the inbox is still known to have been there"
    assert (count(engine, "inbox"), count(engine, "outbox"), count(engine, "conversation")) == (0, 1, 1)
    [last] = conversations.due("telegram")
    assert (last.outcome, last.reply_to) == (FORGOTTEN, "r2")
    store.discard(last.id)
    store.discard(last.id)
    assert count(engine, "conversation") == 0
    store.forget(UPDATE + 5, "k", "r2", content(outcome=FORGOTTEN))
    [last] = conversations.due("telegram")
    conversations.receive(IncomingMessage("telegram", "k", str(UPDATE + 6), "Hallo"))
    store.discard(last.id)
    assert (count(engine, "inbox"), count(engine, "outbox"), count(engine, "conversation")) == (1, 0, 1)
    store.forget(None, "k")
    assert count(engine, "conversation") == 0
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE telegram_update SET taken = {time.time() - 49 * 3600} WHERE id < {UPDATE + 5}"))
    store.purge()
    assert not store.look(UPDATE, "k").taken and store.look(UPDATE + 5, "k").taken


def forgets(store: TelegramStore) -> None:
    store.forget(UPDATE + 4, "k", "r2", content("fort", FORGOTTEN))


def check_sending(engine: Engine, conversations: ConversationStore, store: TelegramStore) -> None:
    conversation = conversations.open_conversation("telegram", "s", "r", "de-simple")
    answer = conversations.post(conversation, content()).id
    assert store.sending(answer) == Sending(language="de-simple")
    with pytest.raises(NotSpeaking):
        store.begin(answer, 0, "me")
    assert store.speak("me", 60)
    assert store.begin(answer, 0, "me")
    assert store.sending(answer) == Sending(0, True, 0, "de-simple")
    assert store.begin(answer, 0, "me", repeats=1)
    store.ended(answer, 1)
    assert store.sending(answer) == Sending(1, False, 1, "de-simple")
    conversations.mark_sent(answer)
    assert not store.begin(answer, 1, "me"), "it was sent"
    conversations.forget("telegram", "s")
    assert count(engine, "telegram_sending") == 0
    assert not store.begin(answer, 1, "me"), "it is gone"
    store.be_silent("me")


def check_speaking(store: TelegramStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        spoke = list(threads.map(lambda each: store.speak(str(each), 60), range(8)))
    assert sum(spoke) == 1
    speaker = str(spoke.index(True))
    assert store.speak(speaker, -1)
    assert store.speak("another", 60), "the right has run out"
    assert not store.speak(speaker, 60)
    store.be_silent(speaker)
    assert not store.speak(speaker, 60), "only who has it gives it back"
    store.be_silent("another")
    assert store.speak(speaker, 60)


def test_the_store(tmp_path: Path) -> None:
    engine = empty_database(tmp_path / "x.db")
    check_store(engine)
    engine.dispose()

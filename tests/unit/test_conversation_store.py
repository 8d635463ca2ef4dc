from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.conversation.messages import Block, IncomingMessage
from bot.conversation.store import Conversation, ConversationStore, Inbox, LeaseLost, Outbox, UnknownConversation
from knowledge.store.database import connect, migrate

HELLO: list[Block] = [{"type": "text", "text": "Guten Tag", "tone": "plain"}]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path}/lotse.db")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> ConversationStore:
    return ConversationStore(engine)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Clock:
    """Time that passes when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        monkeypatch.setattr(time, "time", lambda: self.now)

    def passes(self, seconds: float) -> None:
        self.now += seconds


def message(number: str, conversation: str = "anna", channel: str = "web", **more: Any) -> IncomingMessage:
    return IncomingMessage(channel, conversation, f"{conversation}:{number}", **{"text": "Wo melde ich mich an?", **more})


def counts(engine: Engine) -> list[int]:
    with Session(engine) as session:
        return [session.query(table).count() for table in (Conversation, Inbox, Outbox)]


def answered(store: ConversationStore, incoming: IncomingMessage) -> int:
    """Take a message through its whole turn; the id of its place in the inbox."""
    receipt = store.receive(incoming)
    assert store.take(receipt.conversation, "me", 15)
    store.finish(receipt.inbox, "me", {"service": "x"}, "answer", HELLO)
    return receipt.inbox


class TestReceiving:
    def test_a_message_is_stored_before_anything_else(self, store: ConversationStore) -> None:
        receipt = store.receive(message("1", choice={"kind": "place", "value": "091990111111", "label": "Lindenau"}))
        assert not receipt.duplicate
        assert store.holds(receipt.inbox)
        waiting = store.take(receipt.conversation, "me", 15)
        assert waiting
        assert (waiting.inbox, waiting.state, waiting.attempts) == (receipt.inbox, {}, 1)
        assert waiting.content["text"] == "Wo melde ich mich an?"
        assert waiting.content["choice"]["label"] == "Lindenau"

    def test_the_same_message_twice_is_stored_once(self, engine: Engine, store: ConversationStore) -> None:
        first, second = store.receive(message("1")), store.receive(message("1", text="anders"))
        assert (second.conversation, second.inbox, second.duplicate) == (first.conversation, first.inbox, True)
        assert counts(engine) == [1, 1, 0]

    def test_the_same_id_on_another_channel_is_another_message(self, store: ConversationStore) -> None:
        assert not store.receive(message("1")).duplicate
        assert not store.receive(message("1", channel="telegram")).duplicate

    def test_two_copies_at_the_same_moment(self, store: ConversationStore, monkeypatch: pytest.MonkeyPatch) -> None:
        first = store.receive(message("1"))
        insert, calls = store._insert, iter([IntegrityError("insert", {}, Exception()), None])

        def collide(incoming: IncomingMessage) -> Any:
            if error := next(calls):
                raise error
            return insert(incoming)

        monkeypatch.setattr(store, "_insert", collide)
        assert store.receive(message("1")).inbox == first.inbox

    def test_a_channel_may_open_its_conversations_itself(self, engine: Engine, store: ConversationStore) -> None:
        with pytest.raises(UnknownConversation):
            store.receive(message("1", opened=True))
        assert counts(engine) == [0, 0, 0]
        conversation = store.open_conversation("web", "anna")
        assert store.receive(message("1", opened=True)).conversation == conversation

    def test_a_conversation_is_opened_once(self, store: ConversationStore) -> None:
        assert not store.knows("web", "anna")
        assert store.open_conversation("web", "anna") == store.open_conversation("web", "anna")
        assert store.knows("web", "anna")
        assert not store.knows("telegram", "anna")


class TestLease:
    def test_it_excludes_others(self, store: ConversationStore, clock: Clock) -> None:
        conversation = store.open_conversation("web", "anna")
        assert store.lease(conversation, "me", 15)
        assert not store.lease(conversation, "you", 15)
        assert store.lease(store.open_conversation("web", "berta"), "you", 15)

    def test_its_owner_extends_it(self, store: ConversationStore, clock: Clock) -> None:
        conversation = store.open_conversation("web", "anna")
        for _ in range(3):
            assert store.lease(conversation, "me", 15)
            clock.passes(10)
        assert not store.lease(conversation, "you", 15)

    def test_it_ends_by_itself(self, store: ConversationStore, clock: Clock) -> None:
        conversation = store.open_conversation("web", "anna")
        store.lease(conversation, "me", 15)
        clock.passes(16)
        assert store.lease(conversation, "you", 15)
        assert not store.lease(conversation, "me", 15)

    def test_it_can_be_given_back_by_its_owner_alone(self, store: ConversationStore, clock: Clock) -> None:
        conversation = store.open_conversation("web", "anna")
        store.lease(conversation, "me", 15)
        store.give_back(conversation, "you")
        assert not store.lease(conversation, "you", 15)
        store.give_back(conversation, "me")
        assert store.lease(conversation, "you", 15)

    def test_nobody_holds_what_is_not_there(self, store: ConversationStore) -> None:
        assert not store.lease(4711, "me", 15)
        with pytest.raises(LeaseLost):
            store.take(4711, "me", 15)

    def test_who_takes_a_message_holds_its_conversation(self, store: ConversationStore, clock: Clock) -> None:
        conversation = store.receive(message("1")).conversation
        store.take(conversation, "me", 15)
        with pytest.raises(LeaseLost):
            store.take(conversation, "you", 15)
        clock.passes(16)
        assert store.take(conversation, "you", 15)

    def test_it_stays_while_more_messages_wait(self, store: ConversationStore) -> None:
        first, second = store.receive(message("1")), store.receive(message("2"))
        store.take(first.conversation, "me", 15)
        assert store.finish(first.inbox, "me", {}, "answer", HELLO).more
        assert not store.lease(first.conversation, "you", 15)
        assert not store.finish(second.inbox, "me", {}, "answer", HELLO).more
        assert store.lease(first.conversation, "you", 15)

    def test_nothing_to_take_gives_it_back(self, store: ConversationStore) -> None:
        conversation = store.open_conversation("web", "anna")
        assert store.take(conversation, "me", 15) is None
        assert store.lease(conversation, "you", 15)


class TestTurns:
    def test_in_order(self, store: ConversationStore) -> None:
        first, second = store.receive(message("1")), store.receive(message("2"))
        for receipt in (first, second):
            waiting = store.take(first.conversation, "me", 15)
            assert waiting
            assert waiting.inbox == receipt.inbox
            store.finish(receipt.inbox, "me", {"turn": receipt.inbox}, "answer", HELLO)
        assert store.take(first.conversation, "me", 15) is None

    def test_the_next_one_knows_the_state(self, store: ConversationStore) -> None:
        answered(store, message("1"))
        receipt = store.receive(message("2"))
        waiting = store.take(receipt.conversation, "me", 15)
        assert waiting
        assert waiting.state == {"service": "x"}

    def test_attempts_are_counted(self, store: ConversationStore) -> None:
        receipt = store.receive(message("1"))
        taken = [store.take(receipt.conversation, "me", 15) for _ in range(3)]
        assert [waiting.attempts for waiting in taken if waiting] == [1, 2, 3]

    def test_finish_answers(self, store: ConversationStore) -> None:
        receipt = store.receive(message("1"))
        store.take(receipt.conversation, "me", 15)
        finished = store.finish(receipt.inbox, "me", {"service": "x"}, "answer", HELLO)
        answer = store.answer_to(receipt.inbox)
        assert answer
        assert finished.answer == answer
        assert (answer.message_id, answer.question, answer.outcome) == ("anna:1", "Wo melde ich mich an?", "answer")
        assert answer.blocks == HELLO
        assert store.answers("web", "anna") == [answer]

    def test_the_label_of_a_button_is_the_question(self, store: ConversationStore) -> None:
        pressed = {"kind": "place", "value": "091990111111", "label": "Lindenau"}
        answer = store.answer_to(answered(store, message("1", text="", choice=pressed)))
        assert answer
        assert answer.question == "Lindenau"

    def test_answers_after_one(self, store: ConversationStore) -> None:
        for number in ("1", "2", "3"):
            answered(store, message(number))
        first, second, third = store.answers("web", "anna")
        assert store.answers("web", "anna", after=first.id) == [second, third]
        assert store.answers("web", "berta") == []


class TestFinishIsAllOrNothing:
    def unchanged(self, engine: Engine, store: ConversationStore, conversation: int, inbox: int) -> None:
        assert counts(engine)[2] == 0
        assert store.answer_to(inbox) is None
        with Session(engine) as session:
            assert session.get_one(Inbox, inbox).done is None
            assert session.get_one(Conversation, conversation).state == {}

    def test_without_the_lease(self, engine: Engine, store: ConversationStore) -> None:
        receipt = store.receive(message("1"))
        with pytest.raises(LeaseLost):
            store.finish(receipt.inbox, "me", {"service": "x"}, "answer", HELLO)
        self.unchanged(engine, store, receipt.conversation, receipt.inbox)

    def test_when_another_took_over(self, engine: Engine, store: ConversationStore, clock: Clock) -> None:
        receipt = store.receive(message("1"))
        store.lease(receipt.conversation, "me", 15)
        clock.passes(16)
        store.lease(receipt.conversation, "you", 15)
        with pytest.raises(LeaseLost):
            store.finish(receipt.inbox, "me", {"service": "x"}, "answer", HELLO)
        self.unchanged(engine, store, receipt.conversation, receipt.inbox)

    def test_when_the_answer_cannot_be_written(self, engine: Engine, store: ConversationStore) -> None:
        receipt = store.receive(message("1"))
        store.lease(receipt.conversation, "me", 15)
        with engine.begin() as connection:
            connection.execute(text("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END"))
        with pytest.raises(IntegrityError, match="full"):
            store.finish(receipt.inbox, "me", {"service": "x"}, "answer", HELLO)
        self.unchanged(engine, store, receipt.conversation, receipt.inbox)

    def test_a_second_time(self, engine: Engine, store: ConversationStore) -> None:
        receipt = store.receive(message("1"))
        store.lease(receipt.conversation, "me", 15)
        store.finish(receipt.inbox, "me", {"service": "x"}, "answer", HELLO)
        with pytest.raises(LeaseLost):
            store.finish(receipt.inbox, "me", {"service": "y"}, "answer", [])
        assert counts(engine) == [1, 1, 1]
        with Session(engine) as session:
            assert session.get_one(Conversation, receipt.conversation).state == {"service": "x"}

    def test_when_it_was_forgotten_meanwhile(self, engine: Engine, store: ConversationStore) -> None:
        receipt = store.receive(message("1"))
        store.lease(receipt.conversation, "me", 15)
        store.forget("web", "anna")
        with pytest.raises(LeaseLost):
            store.finish(receipt.inbox, "me", {"service": "x"}, "answer", HELLO)
        assert not store.holds(receipt.inbox)
        assert counts(engine) == [0, 0, 0]


class TestWaiting:
    def test_open_messages_that_nobody_holds(self, store: ConversationStore, clock: Clock) -> None:
        answered(store, message("1", "anna"))
        berta = store.receive(message("1", "berta")).conversation
        store.receive(message("2", "berta"))
        assert store.waiting() == [berta]
        store.lease(berta, "me", 15)
        assert store.waiting() == []
        clock.passes(16)
        assert store.waiting() == [berta]


class TestOutbox:
    def test_the_oldest_of_each_conversation_is_due(self, store: ConversationStore) -> None:
        for number, who in (("1", "anna"), ("2", "anna"), ("1", "berta")):
            answered(store, message(number, who, "telegram", reply_to=f"chat-{who}"))
        answered(store, message("1", "carl", "web"))
        due = store.due("telegram")
        assert [(each.message_id, each.reply_to) for each in due] == [("anna:1", "chat-anna"), ("berta:1", "chat-berta")]
        store.mark_sent(due[0].id)
        assert [each.message_id for each in store.due("telegram")] == ["anna:2", "berta:1"]
        assert len(store.due("telegram", limit=1)) == 1

    def test_put_off_holds_up_its_conversation_alone(self, store: ConversationStore, clock: Clock) -> None:
        for number, who in (("1", "anna"), ("2", "anna"), ("1", "berta")):
            answered(store, message(number, who, "telegram"))
        store.put_off(store.due("telegram")[0].id, 30)
        assert [each.message_id for each in store.due("telegram")] == ["berta:1"]
        clock.passes(31)
        again = store.due("telegram")
        assert [(each.message_id, each.attempts) for each in again] == [("anna:1", 1), ("berta:1", 0)]


class TestForgetting:
    def test_one_conversation(self, engine: Engine, store: ConversationStore) -> None:
        answered(store, message("1", "anna"))
        answered(store, message("1", "berta"))
        assert store.forget("web", "anna")
        assert counts(engine) == [1, 1, 1]
        assert not store.knows("web", "anna")
        assert store.answers("web", "anna") == []
        assert not store.forget("web", "anna")

    def test_the_same_message_may_come_again(self, store: ConversationStore) -> None:
        answered(store, message("1"))
        store.forget("web", "anna")
        assert not store.receive(message("1")).duplicate

    def test_purge_deletes_what_is_idle(self, engine: Engine, store: ConversationStore, clock: Clock) -> None:
        answered(store, message("1", "anna"))
        store.receive(message("1", "berta"))
        clock.passes(3000)
        answered(store, message("1", "carl"))
        clock.passes(1000)
        assert store.purge(3600) == 2
        assert counts(engine) == [1, 1, 1]
        assert store.knows("web", "carl")
        assert store.purge(3600) == 0

    def test_a_new_message_keeps_a_conversation(self, store: ConversationStore, clock: Clock) -> None:
        answered(store, message("1"))
        clock.passes(3000)
        answered(store, message("2"))
        clock.passes(1000)
        assert store.purge(3600) == 0

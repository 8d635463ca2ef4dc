from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.conversation.feedback import About, FeedbackStore, about_of
from bot.conversation.messages import Block, IncomingMessage
from bot.conversation.notices import Happened, Listener
from bot.conversation.store import Conversation, ConversationStore, Inbox, LeaseLost, Outbox, Unanswered, UnknownConversation
from tests.databases import empty_database

HELLO: list[Block] = [{"type": "text", "text": "Guten Tag", "tone": "plain"}]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = empty_database(tmp_path / "lotse.db")
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
            answered(store, message(number, who, "telegram", reply_to=f"chat-{who}"))
        store.put_off(store.due("telegram")[0].id, 30)
        assert [each.message_id for each in store.due("telegram")] == ["berta:1"]
        clock.passes(31)
        again = store.due("telegram")
        assert [(each.message_id, each.attempts) for each in again] == [("anna:1", 1), ("berta:1", 0)]

    def test_what_its_reader_fetches_is_never_due(self, engine: Engine, store: ConversationStore) -> None:
        """The web has no address to send to: its answers would be looked through again and again."""
        answered(store, message("1", "carl", "web"))
        store.post(store.open_conversation("web", "carl"), TestWordsThatAnswerNothing.CLERK)
        store.post(store.open_conversation("telegram", "anna", "4711"), TestWordsThatAnswerNothing.CLERK)
        with Session(engine) as session:
            assert session.query(Outbox).filter(Outbox.sent.is_(None)).count() == 1
        assert store.due("web") == []
        assert len(store.answers("web", "carl")) == 2

    def test_what_is_due_is_found_by_an_index(self, engine: Engine) -> None:
        with engine.connect() as connection:
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE sent IS NULL").all()
        assert "outbox_open" in str(plan)


class TestWordsThatAnswerNothing:
    """A clerk or the system speaks."""

    CLERK: ClassVar = {"outcome": "clerk", "author": "clerk", "author_name": "Frau Huber", "blocks": HELLO}

    def test_they_stand_in_order_among_the_answers(self, store: ConversationStore, clock: Clock) -> None:
        receipt = store.receive(message("1"))
        said = store.post(receipt.conversation, self.CLERK)
        answered(store, message("1"))
        first, second = store.answers("web", "anna")
        assert (first, second.message_id) == (said, "anna:1")
        assert (first.author, first.author_name, first.outcome) == ("clerk", "Frau Huber", "clerk")
        assert (first.message_id, first.question, first.created) == ("", "", clock.now)
        assert (second.author, second.author_name, second.created) == ("bot", "", clock.now)
        assert store.newest(0) == {receipt.conversation: second.id} and store.highest() == second.id
        assert store.newest(second.id) == {}

    def test_the_channel_delivers_them(self, store: ConversationStore) -> None:
        conversation = store.open_conversation("telegram", "anna", "4711")
        said = store.post(conversation, self.CLERK)
        assert store.due("telegram") == [said]
        assert said.reply_to == "4711"

    def test_they_keep_a_conversation(self, store: ConversationStore, clock: Clock) -> None:
        conversation = store.open_conversation("web", "anna")
        clock.passes(3000)
        store.post(conversation, self.CLERK)
        clock.passes(1000)
        assert store.purge(3600) == 0

    def test_nobody_speaks_in_a_conversation_that_is_gone(self, engine: Engine, store: ConversationStore) -> None:
        conversation = store.open_conversation("web", "anna")
        store.post(conversation, self.CLERK)
        store.forget("web", "anna")
        assert counts(engine) == [0, 0, 0]
        with pytest.raises(UnknownConversation):
            store.post(conversation, self.CLERK)

    def test_an_answer_without_a_word_is_for_the_record(self, store: ConversationStore) -> None:
        receipt = store.receive(message("1", channel="telegram"))
        store.take(receipt.conversation, "me", 15)
        store.finish(receipt.inbox, "me", {}, "to_clerk", [])
        assert store.due("telegram") == []
        assert [each.question for each in store.answers("telegram", "anna")] == ["Wo melde ich mich an?"]


class TestLanguage:
    def test_german_unless_told(self, store: ConversationStore) -> None:
        assert store.language(store.open_conversation("web", "anna")) == "de"
        assert store.language(store.open_conversation("web", "berta", language="en")) == "en"
        with pytest.raises(UnknownConversation):
            store.language(4711)

    def test_a_message_may_set_it(self, store: ConversationStore) -> None:
        conversation = store.receive(message("1", language="en")).conversation
        assert store.language(conversation) == "en"
        store.receive(message("2"))
        assert store.language(conversation) == "en"
        store.receive(message("3", language="de-simple"))
        assert store.language(conversation) == "de-simple"

    def test_a_repetition_does_not(self, store: ConversationStore) -> None:
        conversation = store.receive(message("1")).conversation
        store.receive(message("1", language="en"))
        assert store.language(conversation) == "de"

    def test_it_outlives_turns_with_the_source(self, store: ConversationStore) -> None:
        conversation = store.open_conversation("web", "anna", language="en", source="rathaus")
        answered(store, message("1"))
        receipt = store.receive(message("2"))
        waiting = store.take(conversation, "me", 15)
        assert waiting and waiting.state == {"service": "x", "language": "en", "source": "rathaus"}
        store.set_language("web", "anna", "de-simple")  # while the turn runs
        store.finish(receipt.inbox, "me", {"service": "y", "language": "en"}, "answer", HELLO)
        assert store.language(conversation) == "de-simple"

    def test_setting_it_where_nothing_is(self, store: ConversationStore) -> None:
        with pytest.raises(UnknownConversation):
            store.set_language("web", "anna", "en")


class TestDialogue:
    def test_what_was_said_and_what_waits(self, store: ConversationStore, clock: Clock) -> None:
        answered(store, message("1"))
        second, _ = store.receive(message("2", text="Und wann?")), store.receive(message("3", text="Und wo?"))
        dialogue = store.dialogue("web", "anna")
        assert (dialogue.conversation, dialogue.language) == (second.conversation, "de")
        assert [each.message_id for each in dialogue.answers] == ["anna:1"]
        assert dialogue.unanswered == [
            Unanswered("anna:2", "Und wann?", clock.now, working=False),
            Unanswered("anna:3", "Und wo?", clock.now, working=False),
        ]
        store.take(second.conversation, "me", 15)
        assert [each.working for each in store.dialogue("web", "anna").unanswered] == [True, False]
        store.finish(second.inbox, "me", {}, "answer", HELLO)
        later = store.dialogue("web", "anna", dialogue.answers[-1].id)
        assert [each.message_id for each in later.answers] == ["anna:2"]
        assert [each.message_id for each in later.unanswered] == ["anna:3"]

    def test_of_nobody(self, store: ConversationStore) -> None:
        with pytest.raises(UnknownConversation):
            store.dialogue("web", "anna")

    def test_an_answer_belongs_to_its_conversation(self, store: ConversationStore) -> None:
        answered(store, message("1"))
        (answer,) = store.answers("web", "anna")
        assert store.answer_in("web", "anna", answer.id) == answer
        assert store.answer_in("web", "berta", answer.id) is None
        assert store.answer_in("web", "anna", answer.id + 1) is None


class TestNotices:
    """Who listens hears of everything once it stands in the database."""

    async def heard(self, listener: Listener) -> list[tuple[str, str]]:
        return [(each.what, each.message_id) for each in await listener.wait(1)]

    async def test_the_life_of_a_message(self, store: ConversationStore) -> None:
        conversation = store.open_conversation("web", "anna")
        with store.notices.listening(conversation) as listener:
            await asyncio.to_thread(answered, store, message("1"))
            assert await self.heard(listener) == [("received", "anna:1"), ("working", "anna:1"), ("answered", "anna:1")]
            store.receive(message("1"))
            store.receive(message("1", "berta"))
            store.post(conversation, {"outcome": "clerk", "blocks": HELLO})
            assert await self.heard(listener) == [("answered", "")]
            store.forget("web", "anna")
            assert await self.heard(listener) == [("gone", "")]
            assert await listener.wait(0.01) == []
        assert store.notices._listeners == {}

    async def test_purging_is_told(self, store: ConversationStore) -> None:
        with store.notices.listening(store.open_conversation("web", "anna")) as listener:
            store.purge(-1)
            assert await self.heard(listener) == [("gone", "")]

    async def test_waking_ends_waiting(self, store: ConversationStore) -> None:
        with store.notices.listening(1) as listener, store.notices.listening(1) as other:
            listener.wake()
            assert await listener.wait(10) == []
            store.notices.tell(1, Happened("gone"))
            assert await self.heard(other) == [("gone", "")]

    def test_a_loop_that_is_closed_hears_nothing(self, store: ConversationStore) -> None:
        async def listen() -> Listener:
            return Listener()

        asyncio.run(listen()).hear(Happened("gone"))


class TestFeedback:
    BLOCKS: ClassVar[list[Any]] = [
        {"type": "office", "id": "nebenan", "role": "mitwirkend", "rule": "r0"},
        {"type": "office", "id": "kasse", "role": "zustaendig", "rule": "r1"},
        {"type": "office", "id": "kasse2", "role": "zustaendig", "rule": "r2"},
        {"type": "service", "slug": "hundesteuer"},
        {"type": "note", "text": "Stand", "release": "7-abc"},
    ]

    def test_what_an_answer_was_about(self) -> None:
        assert about_of(self.BLOCKS) == About("hundesteuer", "kasse", "r1", "7-abc")
        assert about_of(HELLO) == about_of([]) == About()

    def test_what_is_said_last_about_an_answer_counts(self, engine: Engine, store: ConversationStore, clock: Clock) -> None:
        answered(store, message("1"))
        (answer,) = store.answers("web", "anna")
        feedback = FeedbackStore(engine)
        feedback.record("anna", answer, "up")
        feedback.record("berta", answer, "up")
        clock.passes(1)
        feedback.record("anna", replace(answer, blocks=self.BLOCKS), "wrong", "Das macht jetzt das Bauamt." + "x" * 1000)
        newest, older = feedback.newest()
        assert (newest.rating, newest.about.rule, newest.created) == ("wrong", "r1", clock.now)
        assert newest.comment.startswith("Das macht jetzt") and len(newest.comment) == 1000
        assert (older.rating, older.comment, older.about) == ("up", "", About())
        assert feedback.newest(rating="up") == [older]
        assert feedback.newest(limit=1) == [newest]

    def test_it_outlives_the_conversation_and_does_not_name_it(self, engine: Engine, store: ConversationStore) -> None:
        answered(store, message("1"))
        (answer,) = store.answers("web", "anna")
        FeedbackStore(engine).record("anna", answer, "down")
        store.forget("web", "anna")
        assert [each.rating for each in FeedbackStore(engine).newest()] == ["down"]
        with engine.connect() as connection:
            row = connection.execute(text("SELECT * FROM feedback")).one()
        assert "anna" not in str(row) and "Wo melde ich mich an?" not in str(row)


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

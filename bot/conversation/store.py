"""Conversations, inbox and outbox in the database. Each method is one transaction; times are seconds since 1970."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    JSON,
    CursorResult,
    Engine,
    Float,
    ForeignKey,
    Integer,
    Select,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bot.conversation.messages import Block, IncomingMessage

_DELETED_AT_ONCE = 1000
"""Databases take some 30,000 parameters in a statement."""


class Base(DeclarativeBase):
    """Root of the tables of conversations; the migrations stand in `knowledge/store/migrations`."""


class Conversation(Base):
    """What is remembered of a conversation. `lease` names the process that is doing a turn for it."""

    __tablename__ = "conversation"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))
    reply_to: Mapped[str] = mapped_column(String(64))
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    lease: Mapped[str | None] = mapped_column(String(36))
    leased_until: Mapped[float | None] = mapped_column(Float)
    last_active: Mapped[float] = mapped_column(Float)


class Inbox(Base):
    """A message that came in; open until `done`."""

    __tablename__ = "inbox"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    channel: Mapped[str] = mapped_column(String(16))
    message_id: Mapped[str] = mapped_column(String(100))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    received: Mapped[float] = mapped_column(Float)
    done: Mapped[float | None] = mapped_column(Float)


class Outbox(Base):
    """The answer to one message; `sent` when the channel has delivered it."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    created: Mapped[float] = mapped_column(Float)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due: Mapped[float] = mapped_column(Float)
    sent: Mapped[float | None] = mapped_column(Float)


@dataclass(frozen=True)
class Receipt:
    """Where a message was stored; `duplicate` when it was there already."""

    conversation: int
    inbox: int
    duplicate: bool


@dataclass(frozen=True)
class OpenMessage:
    """A message that waits for its turn, with what the conversation remembers. `attempts` counts this one."""

    inbox: int
    content: dict[str, Any]
    attempts: int
    state: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer in the outbox. `message_id` is the channel's id of the message it answers."""

    id: int
    message_id: str
    question: str
    blocks: list[Block]
    outcome: str
    reply_to: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class Finished:
    """The answer that was stored, and whether more messages of the conversation wait."""

    answer: Answer
    more: bool


class UnknownConversation(Exception):
    """The conversation was never opened, or was deleted."""


class LeaseLost(Exception):
    """Another process took the conversation over; this turn's result is void."""


class ConversationStore:
    """All reading and writing of conversations."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_conversation(self, channel: str, key: str, reply_to: str = "") -> int:
        """The id of a conversation, made if it is new."""
        with Session(self._engine) as session, session.begin():
            return self._conversation(session, channel, key, reply_to).id

    def knows(self, channel: str, key: str) -> bool:
        with Session(self._engine) as session:
            return session.scalar(_conversation_id(channel, key)) is not None

    def receive(self, message: IncomingMessage) -> Receipt:
        """Store a message before anything is done with it. The same (channel, id) twice is stored once.

        Raises `UnknownConversation` where the channel opens conversations itself (`message.opened`).
        """
        try:
            return self._insert(message)
        except IntegrityError:
            # Two copies, or the first two messages of one conversation, arrived at the same moment.
            return self._insert(message)

    def _insert(self, message: IncomingMessage) -> Receipt:
        now = time.time()
        content = {"text": message.text, "choice": message.choice, "facts": message.facts, "command": message.command}
        same = (_CONVERSATION.c.channel == message.channel) & (_CONVERSATION.c.key == message.conversation)
        with self._engine.begin() as connection:
            known = connection.execute(
                select(_INBOX.c.conversation_id, _INBOX.c.id).where(
                    _INBOX.c.channel == message.channel, _INBOX.c.message_id == message.id
                )
            ).first()
            if known:
                return Receipt(known.conversation_id, known.id, True)
            conversation = connection.scalar(select(_CONVERSATION.c.id).where(same))
            if conversation is not None:
                connection.execute(update(_CONVERSATION).where(same).values(last_active=now))
            elif message.opened:
                raise UnknownConversation
            else:
                made = insert(_CONVERSATION).values(
                    channel=message.channel, key=message.conversation, reply_to=message.reply_to, state={}, last_active=now
                )
                conversation = _new_id(connection.execute(made))
            stored = connection.execute(
                insert(_INBOX).values(
                    conversation_id=conversation,
                    channel=message.channel,
                    message_id=message.id,
                    content=content,
                    attempts=0,
                    received=now,
                )
            )
            return Receipt(conversation, _new_id(stored), False)

    @staticmethod
    def _conversation(session: Session, channel: str, key: str, reply_to: str) -> Conversation:
        found = session.scalars(select(Conversation).where(Conversation.channel == channel, Conversation.key == key)).first()
        if found is None:
            found = Conversation(channel=channel, key=key, reply_to=reply_to, state={}, last_active=time.time())
            session.add(found)
            session.flush()
        return found

    def lease(self, conversation: int, owner: str, seconds: float) -> bool:
        """Take or extend the right to do the turns of a conversation. One owner at a time, across processes."""
        now = time.time()
        free = or_(Conversation.lease.is_(None), Conversation.lease == owner, Conversation.leased_until < now)
        with Session(self._engine) as session, session.begin():
            changed = session.execute(
                update(Conversation).where(Conversation.id == conversation, free).values(lease=owner, leased_until=now + seconds)
            )
            return _rows(changed) == 1

    def give_back(self, conversation: int, owner: str) -> None:
        with Session(self._engine) as session, session.begin():
            session.execute(
                update(Conversation)
                .where(Conversation.id == conversation, Conversation.lease == owner)
                .values(lease=None, leased_until=None)
            )

    def take(self, conversation: int, owner: str, seconds: float) -> OpenMessage | None:
        """Lease a conversation and take its oldest open message, counting the attempt; None when all are answered.

        Raises `LeaseLost` when another owner holds the conversation or it was deleted.
        """
        now = time.time()
        free = or_(_CONVERSATION.c.lease.is_(None), _CONVERSATION.c.lease == owner, _CONVERSATION.c.leased_until < now)
        mine = _CONVERSATION.c.id == conversation
        oldest = select(_INBOX.c.id, _INBOX.c.content, _INBOX.c.attempts, _CONVERSATION.c.state).join_from(_INBOX, _CONVERSATION)
        with self._engine.begin() as connection:
            leased = connection.execute(update(_CONVERSATION).where(mine, free).values(lease=owner, leased_until=now + seconds))
            if leased.rowcount != 1:
                raise LeaseLost
            row = connection.execute(oldest.where(mine, _INBOX.c.done.is_(None)).order_by(_INBOX.c.id).limit(1)).first()
            if row is None:
                connection.execute(update(_CONVERSATION).where(mine).values(lease=None, leased_until=None))
                return None
            connection.execute(update(_INBOX).where(_INBOX.c.id == row.id).values(attempts=row.attempts + 1))
            return OpenMessage(row.id, row.content, row.attempts + 1, row.state)

    def finish(self, inbox: int, owner: str, state: dict[str, Any], outcome: str, blocks: list[Block]) -> Finished:
        """Message done, new state, answer: all or nothing. The lease stays while more messages wait. Raises `LeaseLost`."""
        now = time.time()
        content = {"outcome": outcome, "blocks": blocks}
        with self._engine.begin() as connection:
            # The conversation is locked before its messages, here as everywhere: PostgreSQL would find a deadlock otherwise.
            of_inbox = select(_INBOX.c.conversation_id).where(_INBOX.c.id == inbox).scalar_subquery()
            connection.execute(select(_CONVERSATION.c.id).where(_CONVERSATION.c.id == of_inbox).with_for_update())
            row = connection.execute(
                select(_INBOX.c.conversation_id, _INBOX.c.done, _INBOX.c.message_id, _INBOX.c.content).where(_INBOX.c.id == inbox)
            ).first()
            if row is None or row.done is not None:  # deleted or answered meanwhile
                raise LeaseLost
            connection.execute(update(_INBOX).where(_INBOX.c.id == inbox).values(done=now))
            waiting = connection.execute(
                select(_INBOX.c.id).where(_INBOX.c.conversation_id == row.conversation_id, _INBOX.c.done.is_(None)).limit(1)
            ).first()
            kept = {} if waiting else {"lease": None, "leased_until": None}
            held = connection.execute(
                update(_CONVERSATION)
                .where(_CONVERSATION.c.id == row.conversation_id, _CONVERSATION.c.lease == owner)
                .values(state=state, last_active=now, **kept)
            )
            if held.rowcount != 1:
                raise LeaseLost
            stored = connection.execute(
                insert(_OUTBOX).values(
                    conversation_id=row.conversation_id, inbox_id=inbox, content=content, created=now, due=now, attempts=0
                )
            )
            answer = Answer(_new_id(stored), row.message_id, _question(row.content), blocks, outcome)
            return Finished(answer, more=waiting is not None)

    def holds(self, inbox: int) -> bool:
        """Whether a message is still stored."""
        with Session(self._engine) as session:
            return session.scalar(select(Inbox.id).where(Inbox.id == inbox)) is not None

    def waiting(self) -> list[int]:
        """Conversations with open messages that nobody holds."""
        free = or_(Conversation.lease.is_(None), Conversation.leased_until < time.time())
        with Session(self._engine) as session:
            return list(session.scalars(select(Conversation.id).join(Inbox).where(Inbox.done.is_(None), free).distinct()))

    def answers(self, channel: str, key: str, after: int = 0) -> list[Answer]:
        """The answers of a conversation with an id above `after`, oldest first."""
        wanted = _answers().where(Conversation.channel == channel, Conversation.key == key, Outbox.id > after).order_by(Outbox.id)
        with Session(self._engine) as session:
            return [_answer(*row) for row in session.execute(wanted)]

    def answer_to(self, inbox: int) -> Answer | None:
        """The answer to one message; None while it is open."""
        with Session(self._engine) as session:
            row = session.execute(_answers().where(Outbox.inbox_id == inbox)).first()
            return _answer(*row) if row else None

    def due(self, channel: str, limit: int = 100) -> list[Answer]:
        """Answers of a channel that are to be sent now, at most the oldest one a conversation."""
        first = (
            select(Outbox.conversation_id, Outbox.id)
            .join(Conversation, Conversation.id == Outbox.conversation_id)
            .where(Outbox.sent.is_(None), Conversation.channel == channel)
            .order_by(Outbox.id)
        )
        with Session(self._engine) as session:
            oldest: dict[int, int] = {}
            for conversation, answer in session.execute(first):
                oldest.setdefault(conversation, answer)
            wanted = _answers().where(Outbox.id.in_(list(oldest.values())), Outbox.due <= time.time())
            return [_answer(*row) for row in session.execute(wanted.order_by(Outbox.id).limit(limit))]

    def mark_sent(self, answer: int) -> None:
        with Session(self._engine) as session, session.begin():
            session.execute(update(Outbox).where(Outbox.id == answer).values(sent=time.time()))

    def put_off(self, answer: int, seconds: float) -> None:
        """Try an answer again later."""
        with Session(self._engine) as session, session.begin():
            session.execute(
                update(Outbox).where(Outbox.id == answer).values(due=time.time() + seconds, attempts=Outbox.attempts + 1)
            )

    def forget(self, channel: str, key: str) -> bool:
        """Delete a conversation with all its messages; False when there was none."""
        with Session(self._engine) as session, session.begin():
            conversation = session.scalar(_conversation_id(channel, key).with_for_update())
            if conversation is None:
                return False
            self._delete(session, [conversation])
            return True

    def purge(self, idle_seconds: float) -> int:
        """Delete conversations that have been idle for so long; how many they were."""
        with Session(self._engine) as session, session.begin():
            idle = select(Conversation.id).where(Conversation.last_active < time.time() - idle_seconds)
            conversations = list(session.scalars(idle.with_for_update()))
            self._delete(session, conversations)
            return len(conversations)

    @staticmethod
    def _delete(session: Session, conversations: list[int]) -> None:
        for start in range(0, len(conversations), _DELETED_AT_ONCE):
            some = conversations[start : start + _DELETED_AT_ONCE]
            for table in (Outbox, Inbox):
                session.execute(delete(table).where(table.conversation_id.in_(some)))
            session.execute(delete(Conversation).where(Conversation.id.in_(some)))


_CONVERSATION = cast("Table", Conversation.__table__)
_INBOX = cast("Table", Inbox.__table__)
_OUTBOX = cast("Table", Outbox.__table__)


def _conversation_id(channel: str, key: str) -> Select[int]:
    return select(Conversation.id).where(Conversation.channel == channel, Conversation.key == key)


def _answers() -> Select[Outbox, str, dict[str, Any], str]:
    return (
        select(Outbox, Inbox.message_id, Inbox.content, Conversation.reply_to)
        .join(Inbox, Inbox.id == Outbox.inbox_id)
        .join(Conversation, Conversation.id == Outbox.conversation_id)
    )


def _answer(outbox: Outbox, message_id: str, question: dict[str, Any], reply_to: str) -> Answer:
    return Answer(
        id=outbox.id,
        message_id=message_id,
        question=_question(question),
        blocks=outbox.content["blocks"],
        outcome=outbox.content["outcome"],
        reply_to=reply_to,
        attempts=outbox.attempts,
    )


def _new_id(result: CursorResult[Any]) -> int:
    assert result.inserted_primary_key
    return int(result.inserted_primary_key[0])


def _question(content: dict[str, Any]) -> str:
    return str((content.get("choice") or {}).get("label") or content.get("text") or "")


def _rows(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)

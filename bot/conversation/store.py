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
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bot.conversation.messages import LANGUAGES, Block, IncomingMessage
from bot.conversation.notices import Happened, Notices

_KEPT = ("language", "source")
"""What a conversation's state holds that is not the engine's: it outlives every turn."""
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
    """What goes to the citizen: the answer to one message, or what a clerk or the system says (then without `inbox_id`).

    `sent` when the channel has delivered it, or when there is nothing to deliver: without blocks, or in a conversation
    without `reply_to`, whose reader fetches what was said.
    """

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), unique=True)
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
    """An answer in the outbox. `message_id` is the channel's id of the message it answers, empty when it answers none.

    `author` is `bot`, `clerk` or `system`; `created` is in seconds since 1970.
    """

    id: int
    message_id: str
    question: str
    blocks: list[Block]
    outcome: str
    reply_to: str = ""
    attempts: int = 0
    author: str = "bot"
    author_name: str = ""
    created: float = 0.0


@dataclass(frozen=True)
class Unanswered:
    """A message that was stored and has no answer yet. `working` when its turn was begun."""

    message_id: str
    question: str
    received: float
    working: bool


@dataclass(frozen=True)
class Dialogue:
    """A conversation as it is to be shown: what was said, oldest first, and what is not answered yet."""

    conversation: int
    language: str
    answers: list[Answer]
    unanswered: list[Unanswered]


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
    """All reading and writing of conversations. What it has written it tells to `notices`."""

    def __init__(self, engine: Engine, notices: Notices | None = None) -> None:
        self.notices = notices or Notices()
        self._engine = engine
        self._reading = engine.execution_options(reading=True)

    def open_conversation(self, channel: str, key: str, reply_to: str = "", language: str = "", source: str = "") -> int:
        """The id of a conversation, made if it is new. `source` tells the page or the link it was opened from."""
        state = {name: value for name, value in (("language", language), ("source", source)) if value}
        with Session(self._engine) as session, session.begin():
            return self._conversation(session, channel, key, reply_to, state).id

    def knows(self, channel: str, key: str) -> bool:
        return self.find(channel, key) is not None

    def find(self, channel: str, key: str) -> int | None:
        """The id of a conversation; None when there is none."""
        with Session(self._reading) as session:
            return session.scalar(_conversation_id(channel, key))

    def language(self, conversation: int) -> str:
        """The language of a conversation. Raises `UnknownConversation`."""
        with Session(self._reading) as session:
            state = session.scalar(select(Conversation.state).where(Conversation.id == conversation))
        if state is None:
            raise UnknownConversation
        return language_of(state)

    def set_language(self, channel: str, key: str, language: str) -> None:
        """Raises `UnknownConversation`."""
        with Session(self._engine) as session, session.begin():
            of_key = select(Conversation).where(Conversation.channel == channel, Conversation.key == key)
            found = session.scalars(of_key.with_for_update()).first()
            if found is None:
                raise UnknownConversation
            kept = {name: value for name, value in found.state.items() if name != "heard"}
            found.state = {**kept, "language": language}
            found.last_active = time.time()

    def receive(self, message: IncomingMessage) -> Receipt:
        """Store a message before anything is done with it. The same (channel, id) twice is stored once.

        Raises `UnknownConversation` where the channel opens conversations itself (`message.opened`).
        """
        try:
            receipt = self._insert(message)
        except IntegrityError:
            # Two copies, or the first two messages of one conversation, arrived at the same moment.
            receipt = self._insert(message)
        if not receipt.duplicate:
            self.notices.tell(receipt.conversation, Happened("received", message.id))
        return receipt

    def _insert(self, message: IncomingMessage) -> Receipt:
        now = time.time()
        content = {"text": message.text, "choice": message.choice, "facts": message.facts, "command": message.command}
        with self._engine.begin() as connection:
            known = connection.execute(_SAME_MESSAGE, {"channel": message.channel, "message": message.id}).first()
            if known:
                return Receipt(known.conversation_id, known.id, True)
            language = {"language": message.language} if message.language else {}
            found = connection.execute(_OF_KEY, {"channel": message.channel, "key": message.conversation}).first()
            if found is not None:
                conversation = int(found.id)
                spoken = {"state": {**found.state, **language}} if language else {}
                connection.execute(_CHANGE_CONVERSATION, {"of": conversation, "last_active": now, **spoken})
            elif message.opened:
                raise UnknownConversation
            else:
                made = {
                    "channel": message.channel,
                    "key": message.conversation,
                    "reply_to": message.reply_to,
                    "state": language,
                    "last_active": now,
                }
                conversation = _new_id(connection.execute(_NEW_CONVERSATION, made))
            stored = {
                "conversation_id": conversation,
                "channel": message.channel,
                "message_id": message.id,
                "content": content,
                "attempts": 0,
                "received": now,
            }
            return Receipt(conversation, _new_id(connection.execute(_NEW_MESSAGE, stored)), False)

    @staticmethod
    def _conversation(session: Session, channel: str, key: str, reply_to: str, state: dict[str, Any]) -> Conversation:
        found = session.scalars(select(Conversation).where(Conversation.channel == channel, Conversation.key == key)).first()
        if found is None:
            found = Conversation(channel=channel, key=key, reply_to=reply_to, state=state, last_active=time.time())
            session.add(found)
            session.flush()
        return found

    def lease(self, conversation: int, owner: str, seconds: float) -> bool:
        """Take or extend the right to do the turns of a conversation. One owner at a time, across processes."""
        now = time.time()
        mine = {"of": conversation, "owner": owner, "now": now}
        with self._engine.begin() as connection:
            return connection.execute(_LEASE, {**mine, "lease": owner, "leased_until": now + seconds}).rowcount == 1

    def give_back(self, conversation: int, owner: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(_CHANGE_HELD, {"of": conversation, "owner": owner, "lease": None, "leased_until": None})

    def take(self, conversation: int, owner: str, seconds: float) -> OpenMessage | None:
        """Lease a conversation and take its oldest open message, counting the attempt; None when all are answered.

        Raises `LeaseLost` when another owner holds the conversation or it was deleted.
        """
        now = time.time()
        mine = {"of": conversation, "owner": owner, "now": now}
        with self._engine.begin() as connection:
            leased = connection.execute(_LEASE, {**mine, "lease": owner, "leased_until": now + seconds})
            if leased.rowcount != 1:
                raise LeaseLost
            row = connection.execute(_OLDEST_OPEN, {"of": conversation}).first()
            if row is None:
                connection.execute(_CHANGE_CONVERSATION, {"of": conversation, "lease": None, "leased_until": None})
                return None
            connection.execute(_CHANGE_MESSAGE, {"of": row.id, "attempts": row.attempts + 1})
        self.notices.tell(conversation, Happened("working", row.message_id))
        return OpenMessage(row.id, row.content, row.attempts + 1, row.state)

    def finish(self, inbox: int, owner: str, state: dict[str, Any], outcome: str, blocks: list[Block]) -> Finished:
        """Message done, new state, answer: all or nothing. The lease stays while more messages wait. Raises `LeaseLost`.

        An answer without blocks is for the record: there is nothing to send. The language stays what it is by now.
        """
        now = time.time()
        content = {"outcome": outcome, "blocks": blocks}
        with self._engine.begin() as connection:
            # The conversation is locked before its messages, here as everywhere: PostgreSQL would find a deadlock otherwise.
            found = connection.execute(_OF_MESSAGE, {"of": inbox}).first()
            row = connection.execute(_MESSAGE, {"of": inbox}).first()
            if found is None or row is None or row.done is not None:  # deleted or answered meanwhile
                raise LeaseLost
            before = found.state
            connection.execute(_CHANGE_MESSAGE, {"of": inbox, "done": now})
            waiting = connection.execute(_OLDEST_OPEN, {"of": row.conversation_id}).first()
            kept = {} if waiting else {"lease": None, "leased_until": None}
            state = state | {name: before[name] for name in _KEPT if name in before}
            mine = {"of": row.conversation_id, "owner": owner}
            if connection.execute(_CHANGE_HELD, {**mine, "state": state, "last_active": now, **kept}).rowcount != 1:
                raise LeaseLost
            stored = {
                "conversation_id": row.conversation_id,
                "inbox_id": inbox,
                "content": content,
                "created": now,
                "due": now,
                "attempts": 0,
                "sent": None if blocks and found.reply_to else now,
            }
            answer = Answer(
                _new_id(connection.execute(_NEW_ANSWER, stored)),
                row.message_id,
                _question(row.content),
                blocks,
                outcome,
                created=now,
            )
        self.notices.tell(row.conversation_id, Happened("answered", row.message_id))
        return Finished(answer, more=waiting is not None)

    def post(self, conversation: int, content: dict[str, Any]) -> Answer:
        """Say something that answers no message: a clerk's or the system's words. Raises `UnknownConversation`.

        `content` holds `outcome`, `author` („clerk“, „system“), `author_name` and `blocks`.
        """
        now = time.time()
        with Session(self._engine) as session, session.begin():
            # Locked first, so that ids of a conversation grow in the order in which its readers see them.
            found = session.get(Conversation, conversation, with_for_update=True)
            if found is None:
                raise UnknownConversation
            found.last_active = now
            sent = None if found.reply_to else now
            posted = Outbox(conversation_id=conversation, content=content, created=now, due=now, attempts=0, sent=sent)
            session.add(posted)
            session.flush()
            answer = _answer(posted, "", {}, found.reply_to)
        self.notices.tell(conversation, Happened("answered"))
        return answer

    def holds(self, inbox: int) -> bool:
        """Whether a message is still stored."""
        with Session(self._reading) as session:
            return session.scalar(select(Inbox.id).where(Inbox.id == inbox)) is not None

    def waiting(self) -> list[int]:
        """Conversations with open messages that nobody holds."""
        free = or_(Conversation.lease.is_(None), Conversation.leased_until < time.time())
        with Session(self._reading) as session:
            return list(session.scalars(select(Conversation.id).join(Inbox).where(Inbox.done.is_(None), free).distinct()))

    def answers(self, channel: str, key: str, after: int = 0) -> list[Answer]:
        """The answers of a conversation with an id above `after`, oldest first."""
        wanted = _answers().where(Conversation.channel == channel, Conversation.key == key, Outbox.id > after).order_by(Outbox.id)
        with Session(self._reading) as session:
            return [_answer(*row) for row in session.execute(wanted)]

    def answer_in(self, channel: str, key: str, answer: int) -> Answer | None:
        """One answer of a conversation; None when it is of another one."""
        wanted = _answers().where(Conversation.channel == channel, Conversation.key == key, Outbox.id == answer)
        with Session(self._reading) as session:
            row = session.execute(wanted).first()
            return _answer(*row) if row else None

    def dialogue(self, channel: str, key: str, after: int = 0) -> Dialogue:
        """All that is to be shown of a conversation, answers with an id above `after`. Raises `UnknownConversation`."""
        with Session(self._reading) as session:
            of_key = select(Conversation).where(Conversation.channel == channel, Conversation.key == key)
            found = session.scalars(of_key).first()
            if found is None:
                raise UnknownConversation
            # Open messages are read first: one that is answered meanwhile is then found twice, never not at all.
            unanswered = list(session.scalars(select(Inbox).where(Inbox.conversation_id == found.id, Inbox.done.is_(None))))
            wanted = _answers().where(Outbox.conversation_id == found.id, Outbox.id > after).order_by(Outbox.id)
            answers = [_answer(*row) for row in session.execute(wanted)]
            answered = {each.message_id for each in answers}
            waiting = [
                Unanswered(each.message_id, _question(each.content), each.received, each.attempts > 0)
                for each in sorted(unanswered, key=lambda each: each.id)
                if each.message_id not in answered
            ]
            return Dialogue(found.id, language_of(found.state), answers, waiting)

    def highest(self) -> int:
        """The highest id of an answer so far; 0 when there is none."""
        with Session(self._reading) as session:
            return session.scalar(select(func.max(Outbox.id))) or 0

    def newest(self, above: int) -> dict[int, int]:
        """The highest id of an answer in each conversation that has one above `above`."""
        wanted = select(Outbox.conversation_id, func.max(Outbox.id)).where(Outbox.id > above).group_by(Outbox.conversation_id)
        with Session(self._reading) as session:
            return {row[0]: row[1] for row in session.execute(wanted)}

    def answer_to(self, inbox: int) -> Answer | None:
        """The answer to one message; None while it is open."""
        with Session(self._reading) as session:
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
        with Session(self._reading) as session:
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
        self.notices.tell(conversation, Happened("gone"))
        return True

    def purge(self, idle_seconds: float) -> int:
        """Delete conversations that have been idle for so long; how many they were."""
        with Session(self._engine) as session, session.begin():
            idle = select(Conversation.id).where(Conversation.last_active < time.time() - idle_seconds)
            conversations = list(session.scalars(idle.with_for_update()))
            self._delete(session, conversations)
        for conversation in conversations:
            self.notices.tell(conversation, Happened("gone"))
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

# The statements of every turn, put together once: that costs as much as running them.
_OF = bindparam("of", type_=Integer)
_HELD = (_CONVERSATION.c.id == _OF, _CONVERSATION.c.lease == bindparam("owner"))
_FREE = or_(_CONVERSATION.c.lease.is_(None), _HELD[1], _CONVERSATION.c.leased_until < bindparam("now"))
_LEASE = update(_CONVERSATION).where(_HELD[0], _FREE)
_CHANGE_HELD = update(_CONVERSATION).where(*_HELD)
_CHANGE_CONVERSATION = update(_CONVERSATION).where(_CONVERSATION.c.id == _OF)
_CHANGE_MESSAGE = update(_INBOX).where(_INBOX.c.id == _OF)
_NEW_CONVERSATION, _NEW_MESSAGE, _NEW_ANSWER = insert(_CONVERSATION), insert(_INBOX), insert(_OUTBOX)
_SAME_MESSAGE = select(_INBOX.c.conversation_id, _INBOX.c.id).where(
    _INBOX.c.channel == bindparam("channel"), _INBOX.c.message_id == bindparam("message")
)
_OF_KEY = (
    select(_CONVERSATION.c.id, _CONVERSATION.c.state)
    .where(_CONVERSATION.c.channel == bindparam("channel"), _CONVERSATION.c.key == bindparam("key"))
    .with_for_update()
)
_OLDEST_OPEN = (
    select(_INBOX.c.id, _INBOX.c.message_id, _INBOX.c.content, _INBOX.c.attempts, _CONVERSATION.c.state)
    .join_from(_INBOX, _CONVERSATION)
    .where(_CONVERSATION.c.id == _OF, _INBOX.c.done.is_(None))
    .order_by(_INBOX.c.id)
    .limit(1)
)
_MESSAGE = select(_INBOX.c.conversation_id, _INBOX.c.done, _INBOX.c.message_id, _INBOX.c.content).where(_INBOX.c.id == _OF)
_OF_MESSAGE = (
    select(_CONVERSATION.c.state, _CONVERSATION.c.reply_to)
    .where(_CONVERSATION.c.id == select(_INBOX.c.conversation_id).where(_INBOX.c.id == _OF).scalar_subquery())
    .with_for_update()
)


def _conversation_id(channel: str, key: str) -> Select[int]:
    return select(Conversation.id).where(Conversation.channel == channel, Conversation.key == key)


def language_of(state: dict[str, Any]) -> str:
    """The language of a conversation: the one somebody writes in, else the one that was chosen.

    What was heard counts only until another language is chosen.
    """
    heard = state.get("heard") or {}
    if heard and heard.get("instead_of") == state.get("language", ""):
        return str(heard["language"])
    return str(state.get("language") or LANGUAGES[0])


def with_heard(state: dict[str, Any], spoken: str | None) -> dict[str, Any]:
    """The state after a message that was clearly English (`en`) or German (`de`), or neither.

    English goes on in English, German in what was chosen; who has chosen English stays with it.
    """
    chosen = str(state.get("language", ""))
    if spoken == "en" and chosen != "en":
        return {**state, "heard": {"language": "en", "instead_of": chosen}}
    return {name: value for name, value in state.items() if name != "heard"} if spoken == "de" else state


def _answers() -> Select[Outbox, str | None, dict[str, Any] | None, str]:
    return (
        select(Outbox, Inbox.message_id, Inbox.content, Conversation.reply_to)
        .outerjoin(Inbox, Inbox.id == Outbox.inbox_id)
        .join(Conversation, Conversation.id == Outbox.conversation_id)
    )


def _answer(outbox: Outbox, message_id: str | None, question: dict[str, Any] | None, reply_to: str) -> Answer:
    return Answer(
        id=outbox.id,
        message_id=message_id or "",
        question=_question(question or {}),
        blocks=outbox.content["blocks"],
        outcome=outbox.content["outcome"],
        reply_to=reply_to,
        attempts=outbox.attempts,
        author=outbox.content.get("author", "bot"),
        author_name=outbox.content.get("author_name", ""),
        created=outbox.created,
    )


def _new_id(result: CursorResult[Any]) -> int:
    assert result.inserted_primary_key
    return int(result.inserted_primary_key[0])


def _question(content: dict[str, Any]) -> str:
    return str((content.get("choice") or {}).get("label") or content.get("text") or "")

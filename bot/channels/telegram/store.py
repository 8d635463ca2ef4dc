"""What the channel keeps beside inbox and outbox. Each method is one transaction; times are seconds since 1970.

The migration is `0006_telegram`. Nothing here names a person: an update is known by its number, a chat by the keyed hash
that is the key of its conversation.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Boolean, Engine, Float, ForeignKey, Integer, String, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.conversation.messages import LANGUAGES
from bot.conversation.notices import Happened, Notices
from bot.conversation.store import Base, Conversation, Inbox, Outbox, language_of

CHANNEL = "telegram"
FORGOTTEN = "forgotten"
"""The outcome of the last words of a conversation that was deleted."""
_KEPT_S = 48 * 3600.0
"""Telegram keeps an update for 24 hours: an older one cannot come again."""
_LEASE = "bot"


class UpdateRow(Base):
    """An update that has had its effect. Those that stand in the inbox are not named here as long as they do."""

    __tablename__ = "telegram_update"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    taken: Mapped[float] = mapped_column(Float)


class SendingRow(Base):
    """How far an answer has been sent: `delivered` pieces; `uncertain` when the next one was begun and no end is known."""

    __tablename__ = "telegram_sending"
    answer_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), primary_key=True, autoincrement=False)
    delivered: Mapped[int] = mapped_column(Integer)
    uncertain: Mapped[bool] = mapped_column(Boolean)
    repeats: Mapped[int] = mapped_column(Integer)


class LeaseRow(Base):
    """Which process speaks for the bot."""

    __tablename__ = "telegram_lease"
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[str] = mapped_column(String(36))
    until: Mapped[float] = mapped_column(Float)


@dataclass(frozen=True)
class Known:
    """What is known when an update comes: whether it came before, and the conversation, if there is one, with its state.

    `waiting` while a message of the conversation is not answered yet: the state will be another one then.
    """

    taken: bool
    conversation: int | None = None
    state: dict[str, Any] = field(default_factory=dict)
    waiting: bool = False


@dataclass(frozen=True)
class Sending:
    """How far an answer has been sent. `repeats` counts the pieces that were sent again because no end was known."""

    delivered: int = 0
    uncertain: bool = False
    repeats: int = 0
    language: str = LANGUAGES[0]


class NotSpeaking(Exception):
    """Another process speaks for the bot now."""


class TelegramStore:
    """All reading and writing of what the channel keeps. What it has written it tells to `notices`."""

    def __init__(self, engine: Engine, notices: Notices) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reading=True)
        self._notices = notices

    # --- updates

    def look(self, update_id: int, key: str) -> Known:
        """What is known of an update and of the conversation it belongs to."""
        of_key = select(Conversation.id, Conversation.state).where(Conversation.channel == CHANNEL, Conversation.key == key)
        with Session(self._reading) as session:
            taken = session.get(UpdateRow, update_id) is not None
            found = session.execute(of_key).first()
            if found is None:
                return Known(taken)
            unanswered = select(Inbox.id).where(Inbox.conversation_id == found.id, Inbox.done.is_(None)).limit(1)
            return Known(taken, found.id, found.state, session.scalar(unanswered) is not None)

    def take(self, update_id: int) -> None:
        """Note that an update has had its effect."""
        with Session(self._engine) as session, session.begin():
            _take(session, [update_id])

    def say(
        self,
        update_id: int,
        key: str,
        reply_to: str,
        content: dict[str, Any],
        first: dict[str, Any] | None = None,
        change: dict[str, Any] | None = None,
    ) -> bool:
        """Answer an update at once, without a turn; False when it had been answered before.

        The conversation is made with the state `first` if there is none; `change` goes into the state in any case.
        """
        now = time.time()
        try:
            with Session(self._engine) as session, session.begin():
                found = session.scalars(_of_key(key)).first()
                if session.get(UpdateRow, update_id):
                    return False
                session.add(UpdateRow(id=update_id, taken=now))
                if found is None:
                    found = Conversation(channel=CHANNEL, key=key, reply_to=reply_to, state=first or {}, last_active=now)
                    session.add(found)
                    session.flush()
                found.state, found.last_active = {**found.state, **(change or {})}, now
                session.add(Outbox(conversation_id=found.id, content=content, created=now, due=now, attempts=0))
                conversation = found.id
        except IntegrityError:  # two copies of the update, or the first two of one chat, at the same moment
            return self.look(update_id, key).taken is False and self.say(update_id, key, reply_to, content, first, change)
        self._notices.tell(conversation, Happened("answered"))
        return True

    def forget(self, update_id: int | None, key: str, reply_to: str = "", last_words: dict[str, Any] | None = None) -> None:
        """Delete a conversation. Of what it held only the numbers of its updates stay, so that none of them begins it anew.

        `last_words` are sent afterwards, then their conversation is deleted as well (`discard`).
        """
        now, gone = time.time(), None
        with Session(self._engine) as session, session.begin():
            found = session.scalars(_of_key(key)).first()
            if update_id is not None:
                if session.get(UpdateRow, update_id):
                    return
                session.add(UpdateRow(id=update_id, taken=now))
                session.flush()
            if found is not None:
                gone = found.id
                self._delete(session, gone)
            if last_words:
                empty = Conversation(channel=CHANNEL, key=key, reply_to=reply_to, state={}, last_active=now)
                session.add(empty)
                session.flush()
                session.add(Outbox(conversation_id=empty.id, content=last_words, created=now, due=now, attempts=0))
        if gone is not None:
            self._notices.tell(gone, Happened("gone"))

    def discard(self, answer: int) -> None:
        """Delete an answer that was sent, and its conversation unless something else was said in it meanwhile."""
        with Session(self._engine) as session, session.begin():
            conversation = session.scalar(select(Outbox.conversation_id).where(Outbox.id == answer))
            if conversation is None:
                return
            session.get(Conversation, conversation, with_for_update=True)
            session.execute(delete(Outbox).where(Outbox.id == answer))
            for table in (Inbox, Outbox):
                if session.scalar(select(table.id).where(table.conversation_id == conversation).limit(1)) is not None:
                    return
            session.execute(delete(Conversation).where(Conversation.id == conversation))

    @staticmethod
    def _delete(session: Session, conversation: int) -> None:
        numbers = session.scalars(select(Inbox.message_id).where(Inbox.conversation_id == conversation))
        _take(session, [int(each) for each in numbers if each.isdecimal()])
        for table in (Outbox, Inbox):
            session.execute(delete(table).where(table.conversation_id == conversation))
        session.execute(delete(Conversation).where(Conversation.id == conversation))
        session.expire_all()

    def purge(self) -> None:
        """Forget the numbers of updates that cannot come again."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(UpdateRow).where(UpdateRow.taken < time.time() - _KEPT_S))

    # --- sending

    def sending(self, answer: int) -> Sending:
        """How far an answer has been sent, and the language of its conversation."""
        of_answer = select(Conversation.state).join(Outbox, Outbox.conversation_id == Conversation.id).where(Outbox.id == answer)
        with Session(self._reading) as session:
            row = session.get(SendingRow, answer)
            language = language_of(session.scalar(of_answer) or {})
            return Sending(row.delivered, row.uncertain, row.repeats, language) if row else Sending(language=language)

    def begin(self, answer: int, piece: int, owner: str, repeats: int = 0) -> bool:
        """Note that a piece (from 0) is about to be sent; False when the answer was sent or deleted by now.

        Raises `NotSpeaking`.
        """
        with Session(self._engine) as session, session.begin():
            lease = session.get(LeaseRow, _LEASE)
            if lease is None or lease.owner != owner or lease.until < time.time():
                raise NotSpeaking
            outgoing = session.get(Outbox, answer)
            if outgoing is None or outgoing.sent is not None:
                return False
            session.merge(SendingRow(answer_id=answer, delivered=piece, uncertain=True, repeats=repeats))
            return True

    def ended(self, answer: int, delivered: int) -> None:
        """The outcome is known: so many pieces have been delivered."""
        with Session(self._engine) as session, session.begin():
            session.execute(update(SendingRow).where(SendingRow.answer_id == answer).values(delivered=delivered, uncertain=False))

    # --- who speaks

    def speak(self, owner: str, seconds: float) -> bool:
        """Take or keep the right to speak for the bot. One process at a time: the limits hold for all of them together."""
        now = time.time()
        try:
            with Session(self._engine) as session, session.begin():
                lease = session.get(LeaseRow, _LEASE, with_for_update=True)
                if lease is None:
                    session.add(LeaseRow(name=_LEASE, owner=owner, until=now + seconds))
                elif lease.owner == owner or lease.until < now:
                    lease.owner, lease.until = owner, now + seconds
                else:
                    return False
        except IntegrityError:  # another one was quicker
            return False
        return True

    def be_silent(self, owner: str) -> None:
        """Give the right to speak back."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(LeaseRow).where(LeaseRow.name == _LEASE, LeaseRow.owner == owner))


def _of_key(key: str) -> Any:
    return select(Conversation).where(Conversation.channel == CHANNEL, Conversation.key == key).with_for_update()


def _take(session: Session, updates: list[int]) -> None:
    known = set(session.scalars(select(UpdateRow.id).where(UpdateRow.id.in_(updates))))
    rows = [{"id": each, "taken": time.time()} for each in updates if each not in known]
    if rows:
        session.execute(insert(UpdateRow), rows)

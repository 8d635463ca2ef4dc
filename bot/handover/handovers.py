"""Handovers in the database, and what was said in their conversations. Each method is one transaction.

What the citizen is told is stored in the same transaction as the change it tells of: whatever is killed when, nobody is
kept waiting without a word. The conversation is locked first, as everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.conversation.messages import Block
from bot.conversation.notices import Happened, Notices
from bot.conversation.rendering import plain_text
from bot.conversation.store import Conversation, Inbox, Outbox, UnknownConversation
from bot.handover.model import Handover, Line
from bot.handover.tables import HandoverRow

OPEN = ("waiting", "active")
DESK = 0
"""Who listens to this in place of a conversation (their ids begin at 1) hears of every handover that begins, changes or ends."""
Content = dict[str, Any]
"""What the outbox holds: `outcome`, `author`, `author_name`, `blocks`."""


class NotYours(Exception):
    """Somebody else has it, or it is over."""


class Gone(UnknownConversation):
    """The conversation was deleted, and its handovers with it."""


class HandoverStore:
    """All reading and writing of handovers. What it has said it tells to `notices`."""

    def __init__(self, engine: Engine, notices: Notices | None = None) -> None:
        self.notices = notices or Notices()
        self._engine = engine
        self._reading = engine.execution_options(reading=True)

    def is_open(self, conversation: int) -> bool:
        """Whether somebody waits or talks to a clerk."""
        wanted = select(HandoverRow.id).where(HandoverRow.conversation_id == conversation, HandoverRow.state.in_(OPEN))
        with self._reading.connect() as connection:  # asked before every turn
            return connection.scalar(wanted.limit(1)) is not None

    def newest(self, conversation: int) -> Handover | None:
        """The last handover of a conversation."""
        wanted = select(HandoverRow).where(HandoverRow.conversation_id == conversation).order_by(HandoverRow.id.desc())
        with Session(self._reading) as session:
            row = session.scalars(wanted.limit(1)).first()
            return _handover(row) if row else None

    def get(self, handover: int) -> Handover | None:
        with Session(self._reading) as session:
            row = session.get(HandoverRow, handover)
            return _handover(row) if row else None

    def open_ones(self) -> list[Handover]:
        """All that wait or are active, longest first."""
        wanted = select(HandoverRow).where(HandoverRow.state.in_(OPEN)).order_by(HandoverRow.requested)
        with Session(self._reading) as session:
            return [_handover(row) for row in session.scalars(wanted)]

    def request(self, conversation: int, office: str, service: str, language: str) -> Handover:
        """Begin to wait; the open one if there is one. Raises `Gone`."""
        try:
            requested = self._request(conversation, office, service, language)
        except IntegrityError:  # asked twice at the same moment
            requested = self._request(conversation, office, service, language)
        self.notices.tell(DESK, Happened("received"))
        return requested

    def _request(self, conversation: int, office: str, service: str, language: str) -> Handover:
        with Session(self._engine) as session, session.begin():
            _lock(session, conversation)
            wanted = select(HandoverRow).where(HandoverRow.conversation_id == conversation, HandoverRow.state.in_(OPEN))
            row = session.scalars(wanted).first()
            if row is None:
                row = HandoverRow(
                    conversation_id=conversation,
                    office=office,
                    service=service,
                    language=language,
                    state="waiting",
                    requested=time.time(),
                    clerk_name="",
                    last_key="",
                )
                session.add(row)
                session.flush()
            return _handover(row)

    def accept(self, handover: int, clerk: int, name: str, told: Content) -> Handover:
        """A clerk takes it. Exactly one can. Raises `NotYours` and `Gone`."""
        with Session(self._engine) as session, session.begin():
            row = self._locked(session, handover)
            if row.state == "active" and row.clerk_id == clerk:
                return _handover(row)
            if row.state != "waiting":
                raise NotYours
            row.state, row.accepted, row.clerk_id, row.clerk_name = "active", time.time(), clerk, name
            _say(session, row.conversation_id, told)
            accepted = _handover(row)
        self._tell(accepted.conversation)
        return accepted

    def write(self, handover: int, clerk: int, key: str, said: Content) -> bool:
        """A clerk's message to the citizen; False when it had been sent before (`key`). Raises `NotYours` and `Gone`."""
        with Session(self._engine) as session, session.begin():
            row = self._locked(session, handover)
            if row.state != "active" or row.clerk_id != clerk:
                raise NotYours
            if row.last_key == key:
                return False
            row.last_key = key
            conversation = row.conversation_id
            _say(session, conversation, said)
        self._tell(conversation)
        return True

    def close(self, handover: int, told: Content, clerk: int | None = None) -> bool:
        """The end of a talk; False when it is over already. Raises `NotYours` for another clerk's, and `Gone`."""
        with Session(self._engine) as session, session.begin():
            row = self._locked(session, handover)
            if row.state not in OPEN:
                return False
            if clerk is not None and row.clerk_id != clerk:
                raise NotYours
            row.state, row.closed = "closed", time.time()
            conversation = row.conversation_id
            _say(session, conversation, told)
        self._tell(conversation)
        return True

    def withdraw(self, conversation: int) -> None:
        """Wait no longer, without a word: the citizen has left a message instead."""
        waiting = (HandoverRow.conversation_id == conversation) & (HandoverRow.state == "waiting")
        with Session(self._engine) as session, session.begin():
            session.execute(update(HandoverRow).where(waiting).values(state="closed", closed=time.time()))
        self.notices.tell(DESK, Happened("gone"))

    def expire(self, waiting_since: float, told: Callable[[Handover], Content]) -> list[int]:
        """End all that have waited since before a time; the conversations."""
        wanted = select(HandoverRow.id).where(HandoverRow.state == "waiting", HandoverRow.requested <= waiting_since)
        with Session(self._reading) as session:
            late = list(session.scalars(wanted))
        ended = []
        for handover in late:
            with Session(self._engine) as session, session.begin():
                try:
                    row = self._locked(session, handover)
                except Gone:
                    continue
                if row.state == "waiting":  # not accepted at the last moment
                    row.state, row.closed = "expired", time.time()
                    _say(session, row.conversation_id, told(_handover(row)))
                    ended.append(row.conversation_id)
        for conversation in ended:
            self._tell(conversation)
        return ended

    def _tell(self, conversation: int) -> None:
        for each in (conversation, DESK):
            self.notices.tell(each, Happened("answered"))

    @staticmethod
    def _locked(session: Session, handover: int) -> HandoverRow:
        """A handover, its conversation locked before it. Raises `Gone`."""
        conversation = session.scalar(select(HandoverRow.conversation_id).where(HandoverRow.id == handover))
        if conversation is None:
            raise Gone
        _lock(session, conversation)
        row = session.get(HandoverRow, handover, with_for_update=True)
        if row is None:
            raise Gone
        return row

    # --- what was said

    def lines(self, conversation: int) -> list[Line]:
        """All that was said, in order, as plain text."""
        asked = select(Inbox.id, Inbox.content, Inbox.received).where(Inbox.conversation_id == conversation)
        told = select(Outbox.id, Outbox.content, Outbox.created).where(Outbox.conversation_id == conversation)
        with Session(self._reading) as session:
            questions = [
                Line(f"i{id}", "citizen", "", text, at)
                for id, content, at in session.execute(asked)
                if (text := _question(content))
            ]
            answers = [_line(f"o{id}", content, at) for id, content, at in session.execute(told)]
        return sorted((*questions, *filter(None, answers)), key=lambda line: line.at)

    def answers(self, conversation: int, limit: int = 20) -> list[Content]:
        """What the bot has answered, newest first."""
        wanted = select(Outbox.content).where(Outbox.conversation_id == conversation).order_by(Outbox.id.desc()).limit(limit)
        with Session(self._reading) as session:
            return [content for content in session.scalars(wanted) if content.get("author", "bot") == "bot"]

    def state_of(self, conversation: int) -> dict[str, Any] | None:
        """What the conversation remembers; None when it was deleted."""
        with Session(self._reading) as session:
            return session.scalar(select(Conversation.state).where(Conversation.id == conversation))

    def key_of(self, conversation: int) -> str:
        """The channel's key of a conversation, which is never given twice. Raises `Gone`."""
        with Session(self._reading) as session:
            key = session.scalar(select(Conversation.key).where(Conversation.id == conversation))
        if key is None:
            raise Gone
        return key


def _lock(session: Session, conversation: int) -> None:
    found = session.scalar(select(Conversation.id).where(Conversation.id == conversation).with_for_update())
    if found is None:
        raise Gone


def _say(session: Session, conversation: int, content: Content) -> None:
    now = time.time()
    found = session.get_one(Conversation, conversation)
    found.last_active = now
    sent = None if found.reply_to else now
    session.add(Outbox(conversation_id=conversation, content=content, created=now, due=now, attempts=0, sent=sent))


def system_says(block: Block) -> Content:
    """A message of nobody in particular: what has become of the handover."""
    return {"outcome": "handover", "author": "system", "author_name": "", "blocks": [block]}


def clerk_says(name: str, text: str) -> Content:
    return {
        "outcome": "clerk",
        "author": "clerk",
        "author_name": name,
        "blocks": [{"type": "text", "text": text, "tone": "plain"}],
    }


def _question(content: dict[str, Any]) -> str:
    return str((content.get("choice") or {}).get("label") or content.get("text") or "")


def _line(id: str, content: Content, at: float) -> Line | None:
    text = plain_text(_shown(content.get("blocks", ())))
    return Line(id, content.get("author", "bot"), content.get("author_name", ""), text, at) if text else None


def _shown(blocks: Iterable[Block]) -> list[Block]:
    return [block for block in blocks if block["type"] != "note"]


def _handover(row: HandoverRow) -> Handover:
    return Handover(
        id=row.id,
        conversation=row.conversation_id,
        office=row.office,
        service=row.service,
        language=row.language,
        state=row.state,  # type: ignore[arg-type]
        requested=row.requested,
        accepted=row.accepted,
        closed=row.closed,
        clerk=row.clerk_id,
        clerk_name=row.clerk_name,
    )

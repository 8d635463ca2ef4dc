"""What citizens say about answers: kept apart from conversations, without a word of theirs but the comment they wrote for it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, Float, Integer, String, Text, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.conversation.messages import Block
from bot.conversation.store import Answer, Base

Rating = Literal["up", "down", "wrong"]
"""Thumb up, thumb down, and „Das stimmt nicht“."""
RATINGS: tuple[Rating, ...] = ("up", "down", "wrong")
LONGEST_COMMENT = 1000


class FeedbackRow(Base):
    """One rating of one answer. `answer` is a hash: it finds the same answer again, never the conversation."""

    __tablename__ = "feedback"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    answer: Mapped[str] = mapped_column(String(64), unique=True)
    rating: Mapped[str] = mapped_column(String(8))
    comment: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(String(200))
    office: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str] = mapped_column(String(200))
    release: Mapped[str] = mapped_column(String(64))
    created: Mapped[float] = mapped_column(Float)


@dataclass(frozen=True)
class About:
    """What an answer named: ids of service, responsible office, its rule, and release; empty where it named none."""

    service: str = ""
    office: str = ""
    rule: str = ""
    release: str = ""


@dataclass(frozen=True)
class Feedback:
    """A rating as it is read. `created` is in seconds since 1970."""

    rating: str
    comment: str
    about: About
    created: float


class FeedbackStore:
    """All reading and writing of feedback."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reading=True)

    def record(self, key: str, answer: Answer, rating: Rating, comment: str = "") -> None:
        """Store what somebody says about an answer of the conversation `key`; said again, it replaces what they said before."""
        same = hashlib.sha256(f"{key}:{answer.id}:{answer.created}".encode()).hexdigest()
        said = {"rating": rating, "comment": comment[:LONGEST_COMMENT], "created": time.time()}
        said |= about_of(answer.blocks).__dict__
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        row = insert(FeedbackRow).values(answer=same, **said)
        with self._engine.begin() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["answer"], set_=said))

    def newest(self, limit: int = 100, rating: str = "") -> list[Feedback]:
        """The newest first, all or those of one rating."""
        wanted = select(FeedbackRow).order_by(FeedbackRow.created.desc(), FeedbackRow.id.desc()).limit(limit)
        if rating:
            wanted = wanted.where(FeedbackRow.rating == rating)
        with Session(self._reading) as session:
            return [
                Feedback(row.rating, row.comment, About(row.service, row.office, row.rule, row.release), row.created)
                for row in session.scalars(wanted)
            ]


def about_of(blocks: Iterable[Block]) -> About:
    """What an answer named: its service, the first responsible office and its rule, the release."""
    service = office = rule = release = ""
    responsible = False
    for block in blocks:
        if block["type"] == "service" or block["type"] == "journey":
            service = service or block["slug"]
        elif block["type"] == "office" and not responsible and (not office or block["role"] == "zustaendig"):
            office, rule, responsible = block["id"], block.get("rule", ""), block["role"] == "zustaendig"
        elif block["type"] == "note":
            release = release or block.get("release", "")
    return About(service, office, rule, release)

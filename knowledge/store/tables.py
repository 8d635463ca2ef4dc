"""Tables of the knowledge: entries that staff edit, published releases, and the record of changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, DateTime, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LONGEST_KEY = 200
"""Characters that name an entry."""


class Base(DeclarativeBase):
    """Root of all tables."""


class Entry(Base):
    """A place, office, service, rule and so on as it stands in the draft.

    `version` grows with each change; `origin` says which import it belongs to.
    """

    __tablename__ = "entry"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer, default=1)
    origin: Mapped[str] = mapped_column(String(64), default="")
    content: Mapped[dict[str, object]] = mapped_column(JSON)


class AuditEntry(Base):
    """One change of one entry, written in the transaction of the change; triggers refuse to alter or delete it.

    `content` is what the entry is afterwards; what it was before stands in the row before, of the same kind and key.
    """

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    content: Mapped[dict[str, object] | None] = mapped_column(JSON)


class ReleaseRow(Base):
    """A published release; triggers refuse to alter or delete it. The newest number is the one in force.

    `based_on` is the number of the older release whose content this one repeats; None where it was the draft.
    """

    __tablename__ = "release"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))
    published: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    based_on: Mapped[int | None] = mapped_column(Integer)
    content: Mapped[str] = mapped_column(Text)

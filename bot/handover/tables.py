"""The tables of handovers and tickets; times are seconds since 1970. The migration is `0005_handover`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversation.store import Base


class StaffAccount(Base):
    """Somebody who answers. `offices` are ids of offices, or `*` for all; `password` is an Argon2id hash."""

    __tablename__ = "staff_account"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    login: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password: Mapped[str] = mapped_column(String(200))
    offices: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(Boolean)
    created: Mapped[float] = mapped_column(Float)


class StaffSession(Base):
    """A signed-in browser; `token` is the SHA-256 of what its cookie holds, `seen` when it last asked."""

    __tablename__ = "staff_session"
    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("staff_account.id"))
    created: Mapped[float] = mapped_column(Float)
    expires: Mapped[float] = mapped_column(Float)
    seen: Mapped[float] = mapped_column(Float)
    present: Mapped[bool] = mapped_column(Boolean)


class StaffAttempt(Base):
    """Failed sign-ins of a login or an address; `key` is a SHA-256, so that no address is kept."""

    __tablename__ = "staff_attempt"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last: Mapped[float] = mapped_column(Float)


class HandoverRow(Base):
    """A citizen who asked for a person. `last_key` names the clerk's last message, so that none is sent twice."""

    __tablename__ = "handover"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    office: Mapped[str] = mapped_column(String(200))
    service: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    requested: Mapped[float] = mapped_column(Float)
    accepted: Mapped[float | None] = mapped_column(Float)
    closed: Mapped[float | None] = mapped_column(Float)
    clerk_id: Mapped[int | None] = mapped_column(ForeignKey("staff_account.id"))
    clerk_name: Mapped[str] = mapped_column(String(100))
    last_key: Mapped[str] = mapped_column(String(64))


class TicketRow(Base):
    """A message somebody left. `origin` is the same for the same form sent twice; `expected` is an ISO date."""

    __tablename__ = "ticket"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    origin: Mapped[str] = mapped_column(String(64), unique=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))
    office: Mapped[str] = mapped_column(String(200))
    office_name: Mapped[str] = mapped_column(String(300))
    service: Mapped[str] = mapped_column(String(200))
    service_name: Mapped[str] = mapped_column(String(300))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(50))
    message: Mapped[str] = mapped_column(Text)
    transcript: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    created: Mapped[float] = mapped_column(Float)
    expected: Mapped[str] = mapped_column(String(10))


class DeliveryRow(Base):
    """A ticket on its way to one system. `key` is the same in every attempt; `error` says in words why the last one failed."""

    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(Integer)
    due: Mapped[float] = mapped_column(Float)
    done: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str] = mapped_column(String(500))

"""What the desk deals with, as plain values. Times are seconds since 1970."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

ALL_OFFICES = "*"
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, 1, I and O, which people confuse on the telephone."""

State = Literal["waiting", "active", "closed", "expired"]
Kind = Literal["smtp", "webhook", "zammad"]


@dataclass(frozen=True)
class Account:
    """Somebody who answers, for some offices (ids) or for `*`, all of them."""

    id: int
    login: str
    name: str
    offices: tuple[str, ...]
    active: bool = True

    def answers_for(self, office: str) -> bool:
        return ALL_OFFICES in self.offices or office in self.offices


@dataclass(frozen=True)
class Handover:
    """A citizen who asked for a person. `office` and `service` are ids, empty when unknown."""

    id: int
    conversation: int
    office: str
    service: str
    language: str
    state: State
    requested: float
    accepted: float | None = None
    closed: float | None = None
    clerk: int | None = None
    clerk_name: str = ""


@dataclass(frozen=True)
class Line:
    """One line of what was said: `who` is citizen, bot, clerk or system, `id` the same as long as it is stored."""

    id: str
    who: Literal["citizen", "bot", "clerk", "system"]
    name: str
    text: str
    at: float

    def to_dict(self) -> dict[str, Any]:
        return dict(self.__dict__)


@dataclass(frozen=True)
class Delivery:
    """A ticket on its way to one system. `key` is the same in every attempt, so that the receiver can tell a repetition."""

    id: int
    kind: Kind
    key: str
    payload: dict[str, Any]
    attempts: int
    due: float
    done: float | None
    error: str


@dataclass(frozen=True)
class Ticket:
    """A message that somebody left. `transcript` is empty without consent; `expected` is the day by which an answer is due."""

    reference: str
    office: str
    office_name: str
    service: str
    service_name: str
    message: str
    name: str = ""
    email: str = ""
    phone: str = ""
    transcript: tuple[Line, ...] = ()
    state: Literal["open", "done"] = "open"
    created: float = 0.0
    expected: str = ""
    deliveries: tuple[Delivery, ...] = field(default=(), compare=False)

    @property
    def title(self) -> str:
        """One line for subjects and lists."""
        return f"{self.service_name or 'Anfrage'} [{self.reference}]"


def new_reference(year: int) -> str:
    """A reference number such as „L-2026-7F3K9Q“: six of 32 letters, a thousand million possibilities a year."""
    return f"L-{year}-{''.join(secrets.choice(_LETTERS) for _ in range(6))}"

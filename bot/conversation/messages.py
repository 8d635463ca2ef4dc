"""What comes in and what goes out, for every channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

CHOICE_KINDS = ("service", "place", "district", "surname", "audience", "value")
LONGEST_TEXT = 4000
"""Characters of a message that are read; Telegram's own limit is 4096."""


@dataclass(frozen=True)
class IncomingMessage:
    """A message as a channel received it.

    `conversation` is the channel's key of the conversation, `id` its id of the message: the same id twice has one effect.
    `reply_to` is what the channel needs to answer (empty for the web). `choice` is the button pressed (kind, value and, for
    the history, label). `command` names a fixed text instead. `opened` says that the conversation has to exist already.
    """

    channel: str
    conversation: str
    id: str
    text: str = ""
    choice: dict[str, str] | None = None
    reply_to: str = ""
    command: str = ""
    opened: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


class TextBlock(TypedDict):
    """A paragraph; `tone` is `plain` or `urgent`."""

    type: Literal["text"]
    text: str
    tone: str


class ServiceBlock(TypedDict):
    """What a service is, what to bring, and which other services („title“, „text“) people confuse with it."""

    type: Literal["service"]
    slug: str
    title: str
    short: str
    requirements: list[str]
    documents: list[str]
    procedure: list[str]
    fees: list[str]
    deadlines: list[str]
    processing_time: str
    online: dict[str, str] | None
    forms: list[dict[str, str]]
    legal_basis: list[str]
    not_to_confuse: list[dict[str, str]]


class OfficeBlock(TypedDict):
    """One office with all that is needed to reach it. `open_now` is None when that cannot be said."""

    type: Literal["office"]
    id: str
    title: str
    role: str
    role_label: str
    address: list[str]
    phone: str
    email: str
    website: str
    hours_today: str
    open_now: bool | None
    appointment: str
    why: str
    certainty: str


class ChoicesBlock(TypedDict):
    """Buttons; `kind` and each `value` come back as the choice."""

    type: Literal["choices"]
    kind: str
    options: list[dict[str, str]]


class LinkBlock(TypedDict):
    type: Literal["link"]
    label: str
    url: str


class NoteBlock(TypedDict):
    """Small print: release and its date."""

    type: Literal["note"]
    text: str


Block = TextBlock | ServiceBlock | OfficeBlock | ChoicesBlock | LinkBlock | NoteBlock

"""What comes in and what goes out, for every channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

Language = Literal["de", "en", "de-simple"]
LANGUAGES: tuple[Language, ...] = ("de", "en", "de-simple")
"""German, English, Einfache Sprache; the first is the default."""
CHOICE_KINDS = ("service", "journey", "place", "district", "surname", "audience", "value")
LONGEST_TEXT = 4000
"""Characters of a message that are read; Telegram's own limit is 4096."""


@dataclass(frozen=True)
class IncomingMessage:
    """A message as a channel received it.

    `conversation` is the channel's key of the conversation, `id` its id of the message: the same id twice has one effect.
    `reply_to` is what the channel needs to answer (empty for the web). `choice` is the button pressed (kind, value and, for
    the history, label). `command` names a fixed text instead, or "human": a person is asked for. `opened` says that the
    conversation has to exist already. `language` sets the language of the conversation; empty leaves it as it is.
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
    language: str = ""


class TextBlock(TypedDict):
    """A paragraph; `tone` is `plain` or `urgent`."""

    type: Literal["text"]
    text: str
    tone: str


class ServiceBlock(TypedDict):
    """What a service is, what to bring, and which other services („title“, „text“) people confuse with it.

    `page` is the address of its public page, `simple` the same in Einfache Sprache (empty when nobody has written it),
    `language` the language of title and short text, `lang` that of the lists where it is another.
    """

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
    page: NotRequired[str]
    simple: NotRequired[str]
    lang: NotRequired[str]
    language: NotRequired[str]


class OfficeBlock(TypedDict):
    """One office with all that is needed to reach it. `open_now` is None when that cannot be said.

    `rule` is the id of the rule that made it responsible, `page` and `vcard` are addresses, `hours` the week ahead („days“,
    „text“). `language` is that of labels and hours, `lang` that of name and reason where it is another.
    """

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
    page: NotRequired[str]
    rule: NotRequired[str]
    vcard: NotRequired[str]
    hours: NotRequired[list[dict[str, str]]]
    lang: NotRequired[str]
    language: NotRequired[str]


class ChoicesBlock(TypedDict):
    """Buttons; `kind` and each `value` come back as the choice. A `hint` tells an option apart from the others."""

    type: Literal["choices"]
    kind: str
    options: list[dict[str, str]]


class LinkBlock(TypedDict):
    type: Literal["link"]
    label: str
    url: str


class NoteBlock(TypedDict):
    """Small print: release and its date (`stand`, ISO), and the name of the `place` that the answer holds for."""

    type: Literal["note"]
    text: str
    stand: NotRequired[str]
    release: NotRequired[str]
    place: NotRequired[str]


class JourneyStep(TypedDict):
    """One step of a journey, with the office („id“, „title“, „page“) responsible for it here, or the fact that is missing.

    `certainty` is a sentence where the office is not certain, `text` one that stands in place of an office.
    """

    service: str
    title: str
    condition: str
    hint: str
    office: dict[str, str] | None
    missing: str
    certainty: str
    text: NotRequired[str]
    page: NotRequired[str]


class JourneyBlock(TypedDict):
    """A checklist: what to do in which order, and who is responsible for each step here.

    `language` is that of the titles, `lang` that of conditions and hints where it is another.
    """

    type: Literal["journey"]
    slug: str
    title: str
    short: str
    place: str
    steps: list[JourneyStep]
    page: str
    ics: str
    lang: NotRequired[str]
    language: NotRequired[str]


class JourneyHintBlock(TypedDict):
    """The way from one service to the whole journey it begins; `text` says so in words."""

    type: Literal["journey_hint"]
    slug: str
    title: str
    text: str
    page: str


class HandoverBlock(TypedDict):
    """Where a conversation stands on its way to a person. `form` asks to leave a message; `expected` says when it is answered."""

    type: Literal["handover"]
    state: Literal["offered", "waiting", "active", "closed", "form"]
    office: str
    text: str
    reference: str
    expected: str


class LanguageCardBlock(TypedDict):
    """Honest sentences in a language that Lotse does not speak, with the number to call.

    `language` is a BCP 47 tag, `dir` the direction of writing (`ltr`, `rtl`).
    """

    type: Literal["language_card"]
    language: str
    text: str
    phone: str
    dir: NotRequired[str]


Block = (
    TextBlock
    | ServiceBlock
    | OfficeBlock
    | ChoicesBlock
    | LinkBlock
    | NoteBlock
    | JourneyBlock
    | JourneyHintBlock
    | HandoverBlock
    | LanguageCardBlock
)

"""What a conversation asks of the desk where people sit. `bot/handover` implements it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.turn import Reply
from bot.conversation.messages import Block, HandoverBlock


class NoPerson(Exception):
    """Nobody can be asked: this Lotse has no desk."""


class NotAccepted(ValueError):
    """A contact form that cannot be taken; the message says why, in German."""


@dataclass(frozen=True)
class ContactForm:
    """What a citizen leaves when nobody is there. The same `id` twice makes one ticket.

    `consent` allows the conversation to go with it; the message itself is sent in any case.
    """

    id: str
    message: str
    consent: bool
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Left:
    """A message was left: its reference number, and in words when an answer can be expected.

    `repeated` when the form had been taken before.
    """

    reference: str
    expected: str
    text: str = ""
    office: str = ""
    repeated: bool = False


class Desk(Protocol):
    """The desk. Methods are called in a thread, so they may wait for the database; `conversation` is the id in the store.

    What happens later (somebody accepts, writes, closes; nobody accepts in time) the desk itself says to the citizen with
    `ConversationStore.post`. Its rows refer to `conversation.id` with `ON DELETE CASCADE`.
    """

    def takes(self, conversation: int) -> bool:
        """Whether a person has the conversation or is being waited for; the bot is silent then."""
        ...

    def status(self, conversation: int) -> HandoverBlock | None:
        """Where the conversation stands now; None when no person was asked for or all is over."""
        ...

    def offer(self, conversation: int, state: dict[str, Any], reply: Reply) -> list[Block]:
        """What to add to an answer of the bot: an offer to speak to a person, or nothing. `state` is that after the turn."""
        ...

    def ask(self, conversation: int) -> HandoverBlock:
        """Ask for a person: `waiting`, or `form` outside hours. Asking twice gives the same. Raises `NoPerson`.

        The block is the answer to the citizen's wish; the desk does not post it.
        """
        ...

    def leave(self, conversation: int, form: ContactForm) -> Left:
        """Take a contact form; the citizen is told by the caller. Raises `NotAccepted`, `NoPerson`."""
        ...


class NoDesk:
    """There is no desk: the bot answers everything itself. Implements `Desk`."""

    def takes(self, conversation: int) -> bool:
        return False

    def status(self, conversation: int) -> HandoverBlock | None:
        return None

    def offer(self, conversation: int, state: dict[str, Any], reply: Reply) -> list[Block]:
        return []

    def ask(self, conversation: int) -> HandoverBlock:
        raise NoPerson

    def leave(self, conversation: int, form: ContactForm) -> Left:
        raise NoPerson

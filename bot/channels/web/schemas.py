"""What goes over HTTP in conversations: bodies of requests and responses."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from bot.conversation.feedback import LONGEST_COMMENT, Rating
from bot.conversation.messages import Language
from bot.conversation.store import Answer, Dialogue

_PLAIN_ID = re.compile(r"[\w-]{1,40}", re.ASCII)


def storable(text: str) -> str:
    """PostgreSQL cannot hold NUL, and a lone surrogate is no text."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


Text = Annotated[str, AfterValidator(storable)]
MessageId = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]


class Choice(BaseModel):
    """A pressed button."""

    kind: Literal["service", "place", "district", "surname", "audience", "value", "journey"]
    value: Text = Field(max_length=200)
    label: Text = Field(default="", max_length=300)


class Location(BaseModel):
    """Where somebody is (WGS 84, degrees). Only the place found from it is stored."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)


class ConversationIn(BaseModel):
    """How a conversation begins. `source` names the page or the link it was opened from."""

    language: Language | Literal[""] = ""
    source: Text = Field(default="", max_length=100)


class ConversationOut(BaseModel):
    """A conversation. The token is the only key to it."""

    conversation: str
    language: Language


class MessageIn(BaseModel):
    """A message. With an id of the client's making, or the header `Idempotency-Key`, a repetition has no effect."""

    client_message_id: MessageId = ""
    text: Text = Field(default="", max_length=200_000)
    choice: Choice | None = None
    language: Language | Literal[""] = ""
    location: Location | None = None


class LanguageIn(BaseModel):
    """The language to go on in."""

    language: Language


class HandoverIn(BaseModel):
    """The wish to speak to a person."""

    client_message_id: MessageId = ""


class FormIn(BaseModel):
    """A message for a person who is not there now. `consent` allows the conversation to go with it.

    What is missing or cannot be right is said by the desk, in the citizen's words (422).
    """

    client_message_id: MessageId = ""
    name: Text = Field(default="", max_length=200)
    email: Text = Field(default="", max_length=254)
    phone: Text = Field(default="", max_length=40)
    message: Text = Field(default="", max_length=4000)
    consent: bool = False


class FormOut(BaseModel):
    """The number of a ticket, and in words when an answer can be expected."""

    reference: str
    expected: str


class FeedbackIn(BaseModel):
    """What somebody says about an answer: thumb up, thumb down, or „Das stimmt nicht“."""

    answer: int = Field(ge=1, le=2**31 - 1)
    rating: Rating
    comment: Text = Field(default="", max_length=LONGEST_COMMENT)


class AnswerOut(BaseModel):
    """What was said to the citizen, with the message that it answers (a clerk's words answer none).

    `id` grows; ask with `after` for what came later. `created` is an ISO time.
    """

    id: int
    client_message_id: str
    question: str
    outcome: str
    author: Literal["bot", "clerk", "system"]
    author_name: str
    created: str
    blocks: list[dict[str, Any]]


class OpenOut(BaseModel):
    """A message that has no answer yet."""

    client_message_id: str
    question: str
    created: str
    state: Literal["received", "working"]


class DialogueOut(BaseModel):
    """All that a page needs to show a conversation: what was said, in order, and what waits for an answer."""

    language: Language
    handover: dict[str, Any] | None
    messages: list[AnswerOut]
    open: list[OpenOut]


def message_id(given: str, idempotency_key: str) -> str:
    """The id of a message: the client's own, or made of the header (draft-ietf-httpapi-idempotency-key); empty without both."""
    key = storable(idempotency_key).strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if given or not key:
        return given
    return key if _PLAIN_ID.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()[:40]


def answer_out(answer: Answer) -> AnswerOut:
    return AnswerOut(
        id=answer.id,
        client_message_id=client_id(answer.message_id),
        question=answer.question,
        outcome=answer.outcome,
        author=answer.author,  # type: ignore[arg-type]
        author_name=answer.author_name,
        created=iso(answer.created),
        blocks=[dict(block) for block in answer.blocks],
    )


def dialogue_out(dialogue: Dialogue, handover: Any) -> DialogueOut:
    return DialogueOut(
        language=dialogue.language,  # type: ignore[arg-type]
        handover=handover,
        messages=[answer_out(each) for each in dialogue.answers],
        open=[
            OpenOut(
                client_message_id=client_id(each.message_id),
                question=each.question,
                created=iso(each.received),
                state="working" if each.working else "received",
            )
            for each in dialogue.unanswered
        ],
    )


def client_id(stored: str) -> str:
    """The client's part of a message id."""
    return stored.partition(":")[2]


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

"""Conversations over HTTP. A conversation is known by an unguessable token that the server issues."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Response
from fastapi import Path as PathParameter
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.channels.web.events import Stream, Streams
from bot.channels.web.problems import GONE
from bot.channels.web.schemas import (
    AnswerOut,
    ConversationIn,
    ConversationOut,
    DialogueOut,
    FeedbackIn,
    FormIn,
    FormOut,
    HandoverIn,
    LanguageIn,
    MessageIn,
    answer_out,
    dialogue_out,
    message_id,
)
from bot.conversation.desk import ContactForm
from bot.conversation.feedback import FeedbackStore
from bot.conversation.location import place_at
from bot.conversation.messages import LANGUAGES, IncomingMessage
from bot.conversation.service import HUMAN, ConversationService, Releases
from bot.conversation.store import ConversationStore

CHANNEL = "web"
LARGEST_BODY = 1_000_000
"""Bytes of a request, also of one that does not say its length."""
STATIC = Path(__file__).parent / "static"
_LARGEST_ID = 2**31 - 1

Token = Annotated[str, PathParameter(min_length=20, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
After = Annotated[int, Query(ge=0, le=_LARGEST_ID, description="id of the last answer that is known already")]
Once = Annotated[str, Header(alias="Idempotency-Key", max_length=255, description="replaces `client_message_id`")]
Known = Annotated[str, Header(alias="Last-Event-ID", max_length=40, description="id of the last answer received")]


def create_router(
    service: ConversationService, store: ConversationStore, feedback: FeedbackStore, streams: Streams, releases: Releases
) -> APIRouter:
    """The routes of the chat page and of `/api/v1/conversations`."""
    router = APIRouter(max_body_size=LARGEST_BODY, tags=["conversations"])

    @router.post("/api/v1/conversations", status_code=201)
    async def open_conversation(begin: ConversationIn | None = None) -> ConversationOut:
        """Begin a conversation. The token is the only key to it."""
        begin = begin or ConversationIn()
        token = secrets.token_urlsafe(24)
        await asyncio.to_thread(store.open_conversation, CHANNEL, key_of(token), language=begin.language, source=begin.source)
        return ConversationOut(conversation=token, language=begin.language or LANGUAGES[0])

    @router.get("/api/v1/conversations/{token}")
    async def show(token: Token) -> DialogueOut:
        """Everything that was said, in order, and what waits for an answer: enough to show the conversation anew."""
        dialogue = await asyncio.to_thread(store.dialogue, CHANNEL, key_of(token))
        return dialogue_out(dialogue, await asyncio.to_thread(service.desk.status, dialogue.conversation))

    @router.post("/api/v1/conversations/{token}/messages")
    async def send(token: Token, message: MessageIn, once: Once = "") -> AnswerOut:
        """Send a message and get its answer. The same `client_message_id` again gives the same answer."""
        choice = message.choice.model_dump() if message.choice else None
        facts: dict[str, Any] = {}
        if message.location:
            choice, facts = await _located(message, choice)
        return await _say(
            token,
            message_id(message.client_message_id, once) or secrets.token_hex(8),
            text=message.text,
            choice=choice,
            facts=facts,
            language=message.language,
        )

    @router.get("/api/v1/conversations/{token}/messages")
    async def history(token: Token, after: After = 0) -> list[AnswerOut]:
        """The answers so far, oldest first, each with its question."""
        await _existing(token)
        return [answer_out(each) for each in await asyncio.to_thread(store.answers, CHANNEL, key_of(token), after)]

    async def _followed(token: Token, after: After = 0, known: Known = "") -> AsyncIterator[Stream]:
        last = int(known) if known.isascii() and known.isdecimal() and int(known) <= _LARGEST_ID else 0
        async with streams.open(key_of(token), max(after, last)) as stream:
            yield stream

    @router.get("/api/v1/conversations/{token}/events", response_class=EventSourceResponse)
    async def events(stream: Stream = Depends(_followed)) -> AsyncIterator[ServerSentEvent]:
        """What happens, as server-sent events: `progress`, `answer` (its id is the event's id), `handover`, `gone`."""
        async for event in streams.events(stream):
            yield event

    @router.put("/api/v1/conversations/{token}/language")
    async def speak(token: Token, wanted: LanguageIn) -> LanguageIn:
        """Go on in another language: German, English, Einfache Sprache."""
        await asyncio.to_thread(store.set_language, CHANNEL, key_of(token), wanted.language)
        return wanted

    @router.post("/api/v1/conversations/{token}/feedback", status_code=204)
    async def rate(token: Token, given: FeedbackIn) -> Response:
        """Say what you think of an answer. What you say later about the same answer replaces it."""
        key = key_of(token)
        await _existing(token)
        answer = await asyncio.to_thread(store.answer_in, CHANNEL, key, given.answer)
        if answer is None:
            raise HTTPException(404, "Diese Antwort gibt es nicht oder nicht mehr.")
        await asyncio.to_thread(feedback.record, key, answer, given.rating, given.comment)
        return Response(status_code=204)

    @router.post("/api/v1/conversations/{token}/handover")
    async def ask_for_a_person(token: Token, wish: HandoverIn | None = None, once: Once = "") -> AnswerOut:
        """Ask to speak to a person. The answer says whether somebody comes, or that a message can be left."""
        given = message_id(wish.client_message_id if wish else "", once)
        return await _say(token, given or secrets.token_hex(8), command=HUMAN)

    @router.post("/api/v1/conversations/{token}/handover/form")
    async def leave_a_message(token: Token, form: FormIn, once: Once = "") -> FormOut:
        """Leave a message for a person; it becomes a ticket."""
        given = message_id(form.client_message_id, once) or secrets.token_hex(8)
        fields = form.model_dump(exclude={"client_message_id"})
        left = await service.leave(CHANNEL, key_of(token), ContactForm(id=_stored_id(token, given), **fields))
        return FormOut(reference=left.reference, expected=left.expected)

    @router.delete("/api/v1/conversations/{token}", status_code=204)
    async def forget(token: Token) -> Response:
        """Delete a conversation with all its messages."""
        await asyncio.to_thread(store.forget, CHANNEL, key_of(token))
        return Response(status_code=204)

    async def _say(token: str, client_id: str, **said: Any) -> AnswerOut:
        answer = await service.answer(
            IncomingMessage(channel=CHANNEL, conversation=key_of(token), id=_stored_id(token, client_id), opened=True, **said)
        )
        return answer_out(answer)

    async def _located(message: MessageIn, choice: dict[str, str] | None) -> tuple[dict[str, str] | None, dict[str, Any]]:
        """A place instead of where somebody stands: the answer to a question, or a fact beside a text."""
        assert message.location
        place = place_at(await releases.current(), message.location.lat, message.location.lon)
        if choice or message.text.strip():
            return choice, {"places": [place.value]}
        return {"kind": "place", "value": place.value, "label": place.label}, {"places": [place.value]}

    async def _existing(token: str) -> None:
        if not await asyncio.to_thread(store.knows, CHANNEL, key_of(token)):
            raise HTTPException(404, GONE)

    return router


def key_of(token: str) -> str:
    """What is stored of a token: who reads the database cannot enter a conversation."""
    return hashlib.sha256(token.encode()).hexdigest()


def _stored_id(token: str, client_id: str) -> str:
    return f"{key_of(token)[:40]}:{client_id}"

"""Conversations over HTTP. A conversation is known by an unguessable token that the server issues."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field, model_validator

from bot.channels.web.problems import GONE
from bot.conversation.messages import IncomingMessage
from bot.conversation.service import ConversationService
from bot.conversation.store import Answer, ConversationStore

CHANNEL = "web"
LARGEST_BODY = 1_000_000
"""Bytes of a request, also of one that does not say its length."""
STATIC = Path(__file__).parent / "static"

Token = Annotated[str, PathParameter(min_length=20, max_length=64, pattern=r"^[\w-]+$")]

After = Annotated[int, Query(ge=0, le=2**31 - 1)]


class Choice(BaseModel):
    """A pressed button."""

    kind: Literal["service", "place", "district", "surname", "audience", "value"]
    value: str = Field(max_length=200)
    label: str = Field(default="", max_length=300)


class MessageIn(BaseModel):
    """A message; the client makes the id, so that a repetition has no effect."""

    client_message_id: str = Field(min_length=1, max_length=40, pattern=r"^[\w-]+$")
    text: str = Field(default="", max_length=200_000)
    choice: Choice | None = None

    @model_validator(mode="after")
    def storable(self) -> MessageIn:
        """PostgreSQL cannot hold NUL, and a lone surrogate is no text."""
        self.text = self.text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
        return self


class AnswerOut(BaseModel):
    """The answer to one message. `id` grows; ask with `after` for what came later."""

    id: int
    client_message_id: str
    question: str
    outcome: str
    blocks: list[dict[str, Any]]


class ConversationOut(BaseModel):
    conversation: str


def create_router(service: ConversationService, store: ConversationStore) -> APIRouter:
    """The routes of the chat page and of `/api/v1/conversations`."""
    router = APIRouter(max_body_size=LARGEST_BODY)

    @router.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(STATIC / "index.html", media_type="text/html; charset=utf-8")

    @router.post("/api/v1/conversations", status_code=201)
    async def open_conversation() -> ConversationOut:
        """Begin a conversation. The token is the only key to it."""
        token = secrets.token_urlsafe(24)
        await asyncio.to_thread(store.open_conversation, CHANNEL, _key(token))
        return ConversationOut(conversation=token)

    @router.post("/api/v1/conversations/{token}/messages")
    async def send(token: Token, message: MessageIn) -> AnswerOut:
        """Send a message and get its answer. The same `client_message_id` again gives the same answer."""
        key = _key(token)
        answer = await service.answer(
            IncomingMessage(
                channel=CHANNEL,
                conversation=key,
                id=f"{key[:40]}:{message.client_message_id}",
                text=message.text,
                choice=message.choice.model_dump() if message.choice else None,
                opened=True,
            )
        )
        return _out(answer)

    @router.get("/api/v1/conversations/{token}/messages")
    async def history(token: Token, after: After = 0) -> list[AnswerOut]:
        """The answers so far, oldest first."""
        await _known(token)
        return [_out(each) for each in await asyncio.to_thread(store.answers, CHANNEL, _key(token), after)]

    @router.delete("/api/v1/conversations/{token}", status_code=204)
    async def forget(token: Token) -> Response:
        """Delete a conversation with all its messages."""
        await asyncio.to_thread(store.forget, CHANNEL, _key(token))
        return Response(status_code=204)

    async def _known(token: str) -> None:
        if not await asyncio.to_thread(store.knows, CHANNEL, _key(token)):
            raise HTTPException(404, GONE)

    return router


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _out(answer: Answer) -> AnswerOut:
    return AnswerOut(
        id=answer.id,
        client_message_id=answer.message_id.partition(":")[2],
        question=answer.question,
        outcome=answer.outcome,
        blocks=[dict(block) for block in answer.blocks],
    )

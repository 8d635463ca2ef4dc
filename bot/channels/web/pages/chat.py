"""The chat without a script: a form that is sent, an answer that is shown, an address that can be reloaded.

The token of the conversation stands in the address, as in `/api/v1/conversations`; there is no cookie. Pages are not kept by
anybody (`no-store`), tell no other site where they are (`Referrer-Policy`), and can be deleted with one button.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from bot.channels.web.pages.view import PageSettings, View, language_of
from bot.channels.web.routes import CHANNEL, LARGEST_BODY, key_of
from bot.channels.web.schemas import Choice, FeedbackIn, FormIn, storable
from bot.conversation.desk import ContactForm, NoPerson, NotAccepted
from bot.conversation.feedback import FeedbackStore
from bot.conversation.messages import IncomingMessage
from bot.conversation.service import HUMAN, ConversationService, Forgotten, Releases
from bot.conversation.store import Answer, ConversationStore, Dialogue, UnknownConversation

Token = Annotated[str, PathParameter(min_length=20, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Text = Annotated[str, Query(max_length=400)]
_SEE_OTHER = 303
_MOST_FIELDS = 40
_NONCE_BYTES = 12
_RATED = ("answer", "nothere", "journey", "choices", "missing", "fallback")


def create_chat_router(
    releases: Releases, service: ConversationService, store: ConversationStore, feedback: FeedbackStore, settings: PageSettings
) -> APIRouter:
    """The pages of the chat as a form."""
    router = APIRouter(include_in_schema=False, max_body_size=LARGEST_BODY)
    chat = _Chat(releases, service, store, feedback, settings)
    router.add_api_route("/chat", chat.begin, methods=["GET", "HEAD"])
    router.add_api_route("/chat", chat.open, methods=["POST"])
    router.add_api_route("/chat/{token}", chat.show, methods=["GET", "HEAD"])
    router.add_api_route("/chat/{token}", chat.say, methods=["POST"])
    router.add_api_route("/chat/{token}/loeschen", chat.forget, methods=["POST"])
    router.add_api_route("/chat/{token}/rueckmeldung", chat.rate, methods=["POST"])
    router.add_api_route("/chat/{token}/nachricht", chat.form, methods=["GET", "HEAD"])
    router.add_api_route("/chat/{token}/nachricht", chat.leave, methods=["POST"])
    return router


class _Chat:
    def __init__(
        self,
        releases: Releases,
        service: ConversationService,
        store: ConversationStore,
        feedback: FeedbackStore,
        settings: PageSettings,
    ) -> None:
        self._releases = releases
        self._service = service
        self._store = store
        self._feedback = feedback
        self._settings = settings

    async def begin(self, request: Request, frage: Text = "", hinweis: Text = "", sprache: Text = "") -> Response:
        """An empty chat."""
        view = await self._view(request, sprache)
        return view.private("chat.html", **_shown(None) | {"query": {"frage": frage}}, question=frage, hint=hinweis)

    async def open(self, request: Request) -> Response:
        """The first message: a conversation begins."""
        fields = await _fields(request)
        if not _means_something(fields):
            return _to("/chat", fields, hinweis="leer")
        token = secrets.token_urlsafe(24)
        language = language_of(fields.get("sprache", ""))
        await asyncio.to_thread(self._store.open_conversation, CHANNEL, key_of(token), language=language)
        return await self._said(request, token, fields)

    async def show(self, request: Request, token: Token, hinweis: Text = "", sprache: Text = "") -> Response:
        """A conversation so far."""
        try:
            dialogue = await asyncio.to_thread(self._store.dialogue, CHANNEL, key_of(token))
        except UnknownConversation:
            return await self._gone(request, sprache)
        handover = await asyncio.to_thread(self._service.desk.status, dialogue.conversation)
        view = await self._view(request, sprache or dialogue.language)
        return view.private("chat.html", **_shown(dialogue, handover) | {"token": token}, question="", hint=hinweis)

    async def say(self, request: Request, token: Token) -> Response:
        """A message, a pressed button, or the wish for a person."""
        fields = await _fields(request)
        if not _means_something(fields):
            return _to(f"/chat/{token}", fields, hinweis="leer")
        return await self._said(request, token, fields)

    async def forget(self, request: Request, token: Token) -> Response:
        """Delete everything."""
        await asyncio.to_thread(self._store.forget, CHANNEL, key_of(token))
        return _to("/chat", await _fields(request), hinweis="geloescht")

    async def rate(self, request: Request, token: Token) -> Response:
        """What somebody thinks of an answer."""
        fields = await _fields(request)
        try:
            given = FeedbackIn.model_validate(
                {"answer": fields.get("antwort"), "rating": fields.get("wertung"), "comment": fields.get("anmerkung", "")}
            )
        except ValidationError:
            return _to(f"/chat/{token}", fields)
        answer = await asyncio.to_thread(self._store.answer_in, CHANNEL, key_of(token), given.answer)
        if answer is None:
            return await self._gone(request, fields.get("sprache", ""))
        await asyncio.to_thread(self._feedback.record, key_of(token), answer, given.rating, given.comment)
        return _to(f"/chat/{token}", fields, hinweis="danke")

    async def form(self, request: Request, token: Token, sprache: Text = "") -> Response:
        """The form for a message to a person."""
        if not await asyncio.to_thread(self._store.knows, CHANNEL, key_of(token)):
            return await self._gone(request, sprache)
        view = await self._view(request, sprache)
        return view.private("form.html", token=token, nonce=_nonce(), given={}, problem="", left=None)

    async def leave(self, request: Request, token: Token) -> Response:
        """A message for a person; the page tells its number. Sent twice, it is one message."""
        fields = await _fields(request)
        view = await self._view(request, fields.get("sprache", ""))
        problem, left = "", None
        try:
            checked = FormIn.model_validate(
                {
                    "name": fields.get("name", ""),
                    "email": fields.get("email", "").strip(),
                    "phone": fields.get("telefon", "").strip(),
                    "message": fields.get("nachricht", ""),
                    "consent": fields.get("einverstanden") == "1",
                }
            )
            if not (checked.email or checked.phone) or not checked.message.strip():
                raise NotAccepted(view.texts["form_check"])
            said = checked.model_dump(exclude={"client_message_id"})
            form = ContactForm(id=_stored_id(token, fields, *map(str, said.values())), **said)
            left = await self._service.leave(CHANNEL, key_of(token), form)
        except ValidationError:
            problem = view.texts["form_check"]
        except NotAccepted as error:
            problem = str(error)
        except NoPerson:
            problem = view.texts["form_unavailable"]
        except UnknownConversation:
            return await self._gone(request, fields.get("sprache", ""))
        nonce = fields.get("kennung", "") or _nonce()
        status = 422 if problem else 200
        return view.private("form.html", status, token=token, nonce=nonce, given=fields, problem=problem, left=left)

    async def _said(self, request: Request, token: str, fields: dict[str, str]) -> Response:
        choice = _choice(fields.get("auswahl", ""))
        human = fields.get("mensch") == "1"
        text = "" if choice or human else fields.get("text", "")
        message = IncomingMessage(
            channel=CHANNEL,
            conversation=key_of(token),
            id=_stored_id(token, fields, text, str(choice), str(human)),
            text=text,
            choice=choice,
            command=HUMAN if human else "",
            opened=True,
            language=language_of(fields["sprache"]) if fields.get("sprache") else "",
        )
        try:
            await self._service.answer(message)
        except (UnknownConversation, Forgotten):
            return await self._gone(request, fields.get("sprache", ""))
        return _to(f"/chat/{token}", fields, anchor="neu")

    async def _gone(self, request: Request, language: str) -> Response:
        view = await self._view(request, language)
        return view.private("gone.html", 404)

    async def _view(self, request: Request, language: str) -> View:
        return View(request, await self._releases.current(), self._settings, language_of(language))


def _shown(dialogue: Dialogue | None, handover: Any = None) -> dict[str, Any]:
    """What the page needs of a conversation; `ratable` is the answer that can be rated."""
    answers: list[Answer] = dialogue.answers if dialogue else []
    last = next((each for each in reversed(answers) if each.author == "bot" and each.outcome in _RATED), None)
    return {
        "token": "",
        "nonce": _nonce(),
        "answers": answers,
        "unanswered": dialogue.unanswered if dialogue else [],
        "handover": handover,
        "ratable": last.id if last else None,
        "query": {},
    }


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form (`application/x-www-form-urlencoded`); too many, or none that can be read, are as good as none."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: storable(value) for name, value in pairs}


def _means_something(fields: dict[str, str]) -> bool:
    return bool(fields.get("text", "").strip() or _choice(fields.get("auswahl", "")) or fields.get("mensch") == "1")


def _choice(text: str) -> dict[str, str] | None:
    try:
        return Choice.model_validate_json(text).model_dump() if text else None
    except ValidationError:
        return None


def _nonce() -> str:
    return secrets.token_urlsafe(_NONCE_BYTES)


def _stored_id(token: str, fields: dict[str, str], *said: str) -> str:
    """The same page sent twice with the same content is one message; with other content it is another."""
    content = "\0".join((fields.get("kennung", ""), *said))
    return f"{key_of(token)[:40]}:{hashlib.sha256(content.encode()).hexdigest()[:40]}"


def _to(path: str, fields: dict[str, str], anchor: str = "", **query: str) -> Response:
    """Go and see (303): a reload sends nothing again."""
    language = language_of(fields.get("sprache", ""))
    values = query | ({"sprache": language} if language != "de" else {})
    text = "&".join(f"{name}={value}" for name, value in values.items())
    target = f"{path}{'?' + text if text else ''}{'#' + anchor if anchor else ''}"
    return RedirectResponse(target, _SEE_OTHER, {"Cache-Control": "no-store"})

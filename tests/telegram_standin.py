"""A small stand-in of the Telegram Bot API over HTTP, as far as Lotse uses it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.in_thread import serve_in_thread

_LONGEST_POLL_S = 0.15
_HANGS_S = 10.0
PAUSE_S = 0.4
"""What 429 asks for; the real one names whole seconds."""
_BOT = {"id": 4711, "is_bot": True, "first_name": "Lotse", "username": "lotse_bot"}


class Dropped(Response):
    """A response that breaks off, so that the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"500")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class Refused(Exception):
    """What the Bot API answers with 400."""


@dataclass
class TelegramStandIn:
    """Holds updates until they are confirmed by an offset or by a webhook's 200, and what a bot sent.

    `failures[method]` is worked off call by call: a number is an HTTP status (429 asks for a pause of `PAUSE_S`), `drop`
    breaks the connection, `html` is a gateway's 502 with a page, `ok` lets the call through. Such a call has no effect. The
    calls `lost` and `hang` do have one, but nobody hears of it: the connection breaks, or no answer comes before `released`.
    """

    base_url: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)
    edited: list[dict[str, Any]] = field(default_factory=list)
    callbacks_answered: list[str] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    profile: dict[tuple[str, str], Any] = field(default_factory=dict)
    webhook: dict[str, Any] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)
    offsets: list[int] = field(default_factory=list)
    failures: dict[str, deque[int | str]] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    settled: Callable[[], bool] = lambda: True
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _next: int = 1000
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, method: str, *how: int | str) -> None:
        self.failures.setdefault(method, deque()).extend(how)

    def deliver(self, content: dict[str, Any], update_id: int | None = None, times: int = 1) -> int:
        """Put an update into the queue; its id."""
        with self._lock:
            if update_id is None:
                self._next += 1
                update_id = self._next
            self._updates += [{"update_id": update_id, **content}] * times
            return update_id

    def write(self, text: str | None, chat: int = 77, kind: str = "private", times: int = 1, **more: Any) -> int:
        """Somebody writes a message; None for one without text."""
        message = {"message_id": 1, "date": int(time.time()), "chat": {"id": chat, "type": kind}, "from": _person(chat), **more}
        if text is not None:
            message["text"] = text
        return self.deliver({"message": message}, times=times)

    def press(self, data: str, chat: int = 77, times: int = 1) -> int:
        """Somebody presses a button of the last message that has it."""
        message: dict[str, Any] = {
            "message_id": 2,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private"},
            "from": _BOT,
        }
        for number, each in enumerate(self.sent, 1):
            if each["chat_id"] == str(chat) and data in str(each["reply_markup"]):
                message |= {"message_id": number, "reply_markup": each["reply_markup"], "text": each["text"]}
        query = {"id": f"q{data}", "from": _person(chat), "chat_instance": "1", "data": data, "message": message}
        return self.deliver({"callback_query": query}, times=times)

    def reply(self, text: str, chat: int = 77) -> int:
        """Somebody replies to the last message of the bot."""
        answered = self.texts(chat)[-1]
        here = {"id": chat, "type": "private"}
        return self.write(text, chat, reply_to_message={"message_id": 9, "date": 1, "chat": here, "from": _BOT, "text": answered})

    def membership(self, status: str, chat: int = 77, kind: str = "private") -> int:
        """The bot is blocked or let in again, or comes into a group or out of it."""
        me: dict[str, Any] = {"user": _BOT}
        restricted = {"can_be_edited": False, "until_date": 0}
        change = {
            "chat": {"id": chat, "type": kind},
            "from": _person(abs(chat)),
            "date": int(time.time()),
            "old_chat_member": {**me, "status": "left"},
            "new_chat_member": {**me, "status": status} | (restricted if status == "kicked" else {}),
        }
        return self.deliver({"my_chat_member": change})

    async def bring(self, client: httpx.AsyncClient, path: str, secret: str, times: int = 1) -> list[int]:
        """Bring each unconfirmed update to a webhook, in order; the statuses. What gets 2xx is confirmed."""
        statuses = []
        for update in list(self._updates):
            for _ in range(times):
                got = await client.post(path, json=update, headers={"X-Telegram-Bot-Api-Secret-Token": secret})
                statuses.append(got.status_code)
                if got.is_success and update in self._updates:
                    self._updates.remove(update)
        return statuses

    def texts(self, chat: int = 77) -> list[str]:
        """What was sent to a chat, in order."""
        return [each["text"] for each in self.sent if each["chat_id"] == str(chat)]

    def buttons(self, chat: int = 77) -> list[dict[str, Any]]:
        """The buttons of the last message to a chat."""
        return [button for row in self.rows(chat) for button in row]

    def rows(self, chat: int = 77) -> list[list[dict[str, Any]]]:
        """The rows of buttons of the last message to a chat."""
        last = [each for each in self.sent if each["chat_id"] == str(chat)][-1]
        return list(last["reply_markup"].get("inline_keyboard", []))

    @property
    def unconfirmed(self) -> list[int]:
        with self._lock:
            return [each["update_id"] for each in self._updates]

    async def call(self, request: Request) -> Response:
        """POST /bot<token>/<method> with form-encoded parameters."""
        parameters = dict(parse_qsl((await request.body()).decode()))
        method = request.path_params["method"]
        how = self.failures[method].popleft() if self.failures.get(method) else "ok"
        if how == "drop":
            return Dropped()
        if how == "html":
            return HTMLResponse("<h1>Bad Gateway</h1>", 502)
        if how not in ("ok", "lost", "hang"):
            return _error(int(how))
        handle = getattr(self, f"_{method.lower()}", None)
        if handle is None:
            return _error(404)
        try:
            result = await handle(parameters)
        except Refused as refused:
            return _error(400, str(refused))
        except PermissionError:
            return _error(403)
        except BlockingIOError:
            return _error(409)
        if how == "hang":
            await asyncio.to_thread(self.released.wait, _HANGS_S)
        return Dropped() if how == "lost" else JSONResponse({"ok": True, "result": result})

    async def _getme(self, _: dict[str, str]) -> dict[str, Any]:
        return _BOT

    async def _getupdates(self, parameters: dict[str, str]) -> list[dict[str, Any]]:
        if self.webhook:
            raise BlockingIOError
        offset = int(parameters.get("offset", "0"))
        self.offsets.append(offset)
        until = time.monotonic() + min(float(parameters.get("timeout", "0")), _LONGEST_POLL_S)
        while True:
            with self._lock:
                self._updates = [each for each in self._updates if each["update_id"] >= offset]
                if self._updates or time.monotonic() > until:
                    return self._updates[: int(parameters.get("limit", "100"))]
            await asyncio.sleep(0.01)

    async def _sendmessage(self, parameters: dict[str, str]) -> dict[str, Any]:
        markup = json.loads(parameters.get("reply_markup", "{}"))
        if int(parameters["chat_id"]) in self.blocked:
            raise PermissionError
        if not 1 <= len(parameters["text"].strip()) <= 4096:
            raise Refused("message text is empty or too long")
        _check(markup)
        self.sent.append({**parameters, "reply_markup": markup, "at": time.monotonic()})
        chat = {"id": int(parameters["chat_id"]), "type": "private"}
        return {"message_id": len(self.sent), "date": int(time.time()), "chat": chat, "text": parameters["text"]}

    async def _editmessagereplymarkup(self, parameters: dict[str, str]) -> bool:
        markup = json.loads(parameters.get("reply_markup", "{}"))
        _check(markup)
        self.edited.append({**parameters, "reply_markup": markup})
        return True

    async def _answercallbackquery(self, parameters: dict[str, str]) -> bool:
        self.callbacks_answered.append(parameters["callback_query_id"])
        self.toasts.append(parameters.get("text", ""))
        return True

    async def _leavechat(self, parameters: dict[str, str]) -> bool:
        self.left.append(int(parameters["chat_id"]))
        return True

    async def _setwebhook(self, parameters: dict[str, str]) -> bool:
        if not parameters["url"].startswith("https://"):
            raise Refused("bad webhook: HTTPS url must be provided for webhook")
        self.webhook = dict(parameters)
        return True

    async def _deletewebhook(self, _: dict[str, str]) -> bool:
        self.webhook = {}
        return True

    async def _setmycommands(self, parameters: dict[str, str]) -> bool:
        return self._profile("commands", parameters, json.loads(parameters["commands"]))

    async def _setmydescription(self, parameters: dict[str, str]) -> bool:
        return self._profile("description", parameters, parameters["description"])

    async def _setmyshortdescription(self, parameters: dict[str, str]) -> bool:
        return self._profile("short", parameters, parameters["short_description"])

    def _profile(self, what: str, parameters: dict[str, str], value: Any) -> bool:
        self.profile[what, parameters.get("language_code", "")] = value
        return True


def _check(markup: dict[str, Any]) -> None:
    """What Telegram refuses in a keyboard."""
    for row in markup.get("inline_keyboard", []):
        for button in row:
            if not button["text"] or not 1 <= len(button.get("callback_data", "x").encode()) <= 64:
                raise Refused("BUTTON_DATA_INVALID")
            if not button.get("url", "https://x.example").startswith(("https://", "http://")):
                raise Refused("BUTTON_URL_INVALID")


@contextmanager
def telegram_server() -> Iterator[Callable[[], TelegramStandIn]]:
    """Serve on a free port; gives a function that makes a new stand-in with a base URL of its own."""
    made: list[TelegramStandIn] = []

    async def call(request: Request) -> Response:
        return await made[int(request.path_params["number"])].call(request)

    app = Starlette(routes=[Route("/{number:int}/bot{token}/{method}", call, methods=["POST"])])
    with serve_in_thread(app) as url:

        def new() -> TelegramStandIn:
            made.append(TelegramStandIn(f"{url}/{len(made)}/bot"))
            return made[-1]

        yield new


def _person(chat: int) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Resi"}


def _error(status: int, description: str = "") -> Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description or f"stand-in says {status}"}
    if status == 429:
        body["parameters"] = {"retry_after": PAUSE_S}
    return JSONResponse(body, status)

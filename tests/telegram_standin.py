"""A small stand-in of the Telegram Bot API over HTTP, as far as Lotse uses it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

_LONGEST_POLL_S = 0.15
PAUSE_S = 0.4
"""What 429 asks for; the real one names whole seconds."""
_BOT = {"id": 4711, "is_bot": True, "first_name": "Lotse", "username": "lotse_bot"}


class Dropped(Response):
    """A response that breaks off, so that the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"500")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


@dataclass
class TelegramStandIn:
    """Holds updates until they are confirmed by an offset, and what a bot sent.

    `failures[method]` is worked off call by call: a number is an HTTP status (429 asks for a pause of `PAUSE_S`), `drop`
    breaks the connection, `ok` lets the call through. A call that fails has no effect.
    """

    base_url: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)
    callbacks_answered: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    failures: dict[str, deque[int | str]] = field(default_factory=dict)
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
        """Somebody presses a button."""
        message = {"message_id": 2, "date": int(time.time()), "chat": {"id": chat, "type": "private"}, "from": _BOT}
        query = {"id": f"q{data}", "from": _person(chat), "chat_instance": "1", "data": data, "message": message}
        return self.deliver({"callback_query": query}, times=times)

    def texts(self, chat: int = 77) -> list[str]:
        """What was sent to a chat, in order."""
        return [each["text"] for each in self.sent if each["chat_id"] == str(chat)]

    def buttons(self, chat: int = 77) -> list[dict[str, Any]]:
        """The buttons of the last message to a chat."""
        last = [each for each in self.sent if each["chat_id"] == str(chat)][-1]
        return [button for row in last["reply_markup"].get("inline_keyboard", []) for button in row]

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
        if how != "ok":
            return _error(int(how))
        handle = getattr(self, f"_{method.lower()}", None)
        if handle is None:
            return _error(404)
        return JSONResponse({"ok": True, "result": await handle(parameters)})

    async def _getme(self, _: dict[str, str]) -> dict[str, Any]:
        return _BOT

    async def _getupdates(self, parameters: dict[str, str]) -> list[dict[str, Any]]:
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
        self.sent.append({**parameters, "reply_markup": markup, "at": time.monotonic()})
        chat = {"id": int(parameters["chat_id"]), "type": "private"}
        return {"message_id": len(self.sent), "date": int(time.time()), "chat": chat, "text": parameters["text"]}

    async def _answercallbackquery(self, parameters: dict[str, str]) -> bool:
        self.callbacks_answered.append(parameters["callback_query_id"])
        return True


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


def _error(status: int) -> Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": f"stand-in says {status}"}
    if status == 429:
        body["parameters"] = {"retry_after": PAUSE_S}
    return JSONResponse(body, status)


@contextmanager
def serve_in_thread(app: ASGIApp) -> Iterator[str]:
    """A real uvicorn server on a free port; its URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, log_level="critical", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive() and time.monotonic() < deadline, "the server does not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)

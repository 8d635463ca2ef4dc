"""The ASGI application of the gateway."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.web.problems import add_problem_handlers, problem
from bot.channels.web.routes import LARGEST_BODY, STATIC, create_router
from bot.conversation.service import ConversationService, NoRelease, Releases
from bot.conversation.store import ConversationStore
from bot.engine.port import DialogueEngine

log = logging.getLogger("lotse.web")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Refuses bodies that are too large or of unknown length, adds security headers, keeps citizens' words out of error logs.

    Plain ASGI: Starlette's BaseHTTPMiddleware runs each request through a task group and two streams.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY or "transfer-encoding" in headers:
            return await problem(413)(scope, receive, send_guarded)
        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:
            log.error("unexpected: %s", type(error).__name__)
            if not begun:
                await problem(500)(scope, receive, send_guarded)


def create_app(
    service: ConversationService,
    store: ConversationStore,
    releases: Releases,
    engine: DialogueEngine,
    background: Callable[[], AbstractAsyncContextManager[None]],
) -> FastAPI:
    """Routes and error handling around a wired service; `background` runs while the application lives."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with background():
            yield

    app = FastAPI(title="Lotse", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    add_problem_handlers(app)

    app.add_middleware(Guard)
    app.include_router(create_router(service, store))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/healthz", include_in_schema=False)
    async def alive() -> Response:
        return JSONResponse({"status": "up"})

    @app.get("/readyz", include_in_schema=False)
    async def ready() -> Response:
        """200 when a question would be answered at once."""
        try:
            release = await releases.current()
        except NoRelease:
            return problem(503, "Das Wissen ist noch nicht veröffentlicht.")
        if not engine.is_ready():
            return problem(503, "Das Sprachmodell wird noch geladen.", {"Retry-After": "5"})
        return JSONResponse({"status": "ready", "release": release.id})

    return app

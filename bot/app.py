"""The ASGI application of the gateway."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.web.api.openapi import describe
from bot.channels.web.pages.routes import STATIC as PAGES_STATIC
from bot.channels.web.problems import add_problem_handlers, problem
from bot.channels.web.rates import RATE_HEADERS, RateLimits, Rates
from bot.channels.web.routes import LARGEST_BODY, STATIC
from bot.conversation.service import NoRelease, Releases
from bot.engine.port import DialogueEngine

log = logging.getLogger("lotse.web")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
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


@dataclass(frozen=True)
class Access:
    """How much one visitor may ask, and which other sites may call from a browser (their origins, or `*`)."""

    rates: Rates
    origins: tuple[str, ...] = ()


class OtherSites(CORSMiddleware):
    """Cross-origin calls of what is made for other sites: the HTTP interface and the widget's files. Never with cookies."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("/api/", "/static/")):
            return await super().__call__(scope, receive, send)
        return await self.app(scope, receive, send)


def _cors(origins: tuple[str, ...]) -> dict[str, Any]:
    return {
        "allow_origins": origins,
        "allow_methods": ["GET", "POST", "PUT", "DELETE"],
        "allow_headers": ["Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"],
        "expose_headers": ["ETag", "Link", *RATE_HEADERS],
    }


def create_app(
    releases: Releases,
    engine: DialogueEngine,
    background: Callable[[], AbstractAsyncContextManager[None]],
    routers: Iterable[APIRouter],
    access: Access,
    close: Callable[[], None] = lambda: None,
) -> FastAPI:
    """Routes and error handling around wired parts; `background` runs while the application lives.

    The server calls `app.state.close` when it begins to shut down: `close` ends what would hold it up.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with background():
            yield

    app = FastAPI(title="Lotse", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    add_problem_handlers(app)

    app.state.close = close
    # The last one added is the outermost.
    app.add_middleware(RateLimits, rates=access.rates)
    app.add_middleware(Guard)
    if access.origins:
        app.add_middleware(OtherSites, **_cors(access.origins))
    for router in routers:
        app.include_router(router)
    describe(app)
    app.mount("/seiten", StaticFiles(directory=PAGES_STATIC), name="pages")
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

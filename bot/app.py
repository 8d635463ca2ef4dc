"""The ASGI application of the gateway."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

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

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY or "transfer-encoding" in request.headers:
            response: Response = problem(413)
        else:
            try:
                response = await call_next(request)
            except Exception as error:  # its message may hold a citizen's words
                log.error("unexpected: %s", type(error).__name__)
                response = problem(500)
        response.headers.update(_HEADERS)
        return response

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

"""The worker over HTTP: health, readiness, releases and turns."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections import OrderedDict
from typing import Any, AsyncIterator, Dict, Optional

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.worker.quiet import be_quiet_after_import
from knowledge.active import use_release
from knowledge.release import Release

log = logging.getLogger("lotse.worker")
_RELEASES_KEPT = 4


class Worker:
    """One loaded model and the last few releases."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._releases: "OrderedDict[str, Release]" = OrderedDict()
        self.processor: Optional[Any] = None
        self.failure: Optional[str] = None

    def load(self) -> None:
        """Import Rasa and load the model: seconds, in which the worker already answers `/health`."""
        try:
            from bot.worker.processor import TurnProcessor

            be_quiet_after_import()
            self.processor = TurnProcessor(self._model)
        except Exception as error:  # reported by /ready; the supervisor decides
            self.failure = f"{type(error).__name__}: {error}"
            log.exception("the model cannot be loaded")

    async def add_release(self, release: Release) -> None:
        """Keep a release, and build what it needs to answer."""
        use_release(release)
        if self.processor is not None:
            await self.processor.warm_up()
        self._releases[release.id] = release
        while len(self._releases) > _RELEASES_KEPT:
            self._releases.popitem(last=False)
        gc.unfreeze()  # what an older release left behind goes
        gc.collect()
        gc.freeze()  # a million objects that stay: looking through them for garbage would hold up a turn

    def release(self, release_id: str) -> Optional[Release]:
        return self._releases.get(release_id)


def create_app(worker: Worker) -> Starlette:
    """The ASGI application of a worker. Routes: GET /health, GET /ready, PUT /releases/{id}, POST /turn."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        loading = asyncio.get_running_loop().run_in_executor(None, worker.load)
        yield
        loading.cancel()

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "up"})

    async def ready(_: Request) -> Response:
        if worker.failure:
            return JSONResponse({"status": "failed", "detail": worker.failure}, 500)
        if worker.processor is None:
            return JSONResponse({"status": "loading"}, 503)
        return JSONResponse({"status": "ready", "model": worker.processor.model_id})

    async def put_release(request: Request) -> Response:
        try:
            release = Release.from_json(await request.body())
        except ValueError as error:
            return JSONResponse({"detail": str(error)}, 422)
        await worker.add_release(release)
        return Response(status_code=204)

    async def turn(request: Request) -> Response:
        if worker.processor is None:
            return JSONResponse({"detail": "loading"}, 503)
        body: Dict[str, Any] = await request.json()
        release = worker.release(body["release"])
        if release is None:
            return JSONResponse({"detail": "release unknown"}, 409)
        use_release(release)
        try:
            result = await worker.processor.turn(body["text"], body["state"], body["metadata"])
        except Exception as error:
            # The message may hold personal text: only the kind of failure is logged.
            log.error("a turn failed: %s", type(error).__name__)
            return JSONResponse({"detail": type(error).__name__}, 500)
        return JSONResponse({**result, "model": worker.processor.model_id})

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/ready", ready),
            Route("/releases/{id}", put_release, methods=["PUT"]),
            Route("/turn", turn, methods=["POST"]),
        ],
        lifespan=lifespan,
    )

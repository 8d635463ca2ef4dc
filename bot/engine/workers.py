"""The workers: started, watched, restarted; and the client that hands them turns."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from actions.turn import Reply
from bot.engine.port import EngineUnavailable, TurnRequest, TurnResult
from bot.settings import HOME
from knowledge.release import Release

log = logging.getLogger("lotse.workers")

_BACK_OFF_S = (1, 2, 5, 10, 30, 60)
_STABLE_AFTER_S = 60
_POLL_S = 0.05
_HOPELESS_AFTER = 3
_STOP_PATIENCE_S = 5
_TRIES = 2


CurrentRelease = Callable[[], Awaitable[Release | None]]


@dataclass(frozen=True)
class WorkerCommand:
    """How a worker is started: its Python, its model."""

    python: Path
    model: Path

    def arguments(self, socket: Path) -> list[str]:
        return [str(self.python), "-m", "bot.worker", "--model", str(self.model), "--socket", str(socket)]


class WorkerProcess:
    """One worker that is kept alive: restarted with growing pauses when it ends."""

    def __init__(
        self, number: int, command: WorkerCommand, folder: Path, turn_timeout: float, current_release: CurrentRelease | None
    ) -> None:
        self._number = number
        self._current_release = current_release
        self._command = command
        self._folder = folder
        self._timeout = turn_timeout
        self._process: asyncio.subprocess.Process | None = None
        self._client: httpx.AsyncClient | None = None
        self.ready = False
        self._task: asyncio.Task[None] | None = None
        self._known_releases: set[str] = set()
        self.busy = 0
        self.failure = ""
        self.failed_starts = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_alive(), name=f"worker-{self._number}")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._end_process()

    async def _keep_alive(self) -> None:
        for attempt in itertools.count(1):
            started = time.monotonic()
            socket = self._folder / f"worker-{self._number}-{attempt}.sock"
            try:
                await self._run_once(socket)
            except OSError as error:
                self.failure = f"Python lässt sich nicht starten: {self._command.python}"
                log.error("worker %d cannot be started: %s", self._number, error)
            finally:
                self.ready = False
                await self._end_process()
                socket.unlink(missing_ok=True)
            self.failed_starts = 0 if time.monotonic() - started > _STABLE_AFTER_S else self.failed_starts
            pause = _BACK_OFF_S[min(self.failed_starts, len(_BACK_OFF_S) - 1)]
            self.failed_starts += 1
            code = self._process.returncode if self._process else None
            log.warning("worker %d ended (exit code %s); starting it again in %d s", self._number, code, pause)
            await asyncio.sleep(pause)

    async def _run_once(self, socket: Path) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command.arguments(socket),
            cwd=HOME,
            env=os.environ | {"PYTHONPATH": str(HOME)},
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the gateway, which ends its workers itself
        )
        transport = httpx.AsyncHTTPTransport(uds=str(socket))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://worker", timeout=self._timeout)
        self._known_releases.clear()
        ended = asyncio.create_task(self._process.wait())
        try:
            await self._until_ready(ended)
            await ended
        finally:
            ended.cancel()
            await self._client.aclose()

    async def _until_ready(self, ended: asyncio.Task[int]) -> None:
        assert self._client
        started = time.monotonic()
        while not ended.done():
            with suppress(httpx.HTTPError):
                response = await self._client.get("/ready")
                if response.status_code == 200:
                    await self._take_release()
                    self.ready = True
                    self.failure = ""
                    log.info("worker %d is ready after %.1f s", self._number, time.monotonic() - started)
                    return
                if response.status_code == 500:
                    name = self._command.model.name
                    self.failure = (
                        f"Die Datei lässt sich nicht laden: {name}. Ist sie älter als dieses Programm, hilft „lotse train“."
                    )
                    log.error("worker %d cannot load its model: %s", self._number, response.json()["detail"])
                    await self._end_process()
                    return
            await asyncio.sleep(_POLL_S)

    async def _take_release(self) -> None:
        """Hand over the release in force, so that the first question need not wait for it."""
        release = await self._current_release() if self._current_release else None
        if release:
            await self._ensure_release(release)

    async def _end_process(self) -> None:
        process = self._process
        if not process or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
            try:
                async with asyncio.timeout(_STOP_PATIENCE_S):  # `wait_for` of Python 3.11 may swallow that it is cancelled
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    async def turn(self, request: TurnRequest) -> dict[str, Any]:
        """Raises `httpx.HTTPError` when the worker dies, stays silent or fails."""
        assert self._client
        self.busy += 1
        try:
            await self._ensure_release(request.release)
            body = _body(request)
            response = await self._client.post("/turn", json=body)
            if response.status_code == 409:
                self._known_releases.discard(request.release.id)
                await self._ensure_release(request.release)
                response = await self._client.post("/turn", json=body)
            response.raise_for_status()
            result: dict[str, Any] = response.json()
            return result
        finally:
            self.busy -= 1

    async def _ensure_release(self, release: Release) -> None:
        assert self._client
        if release.id in self._known_releases:
            return
        response = await self._client.put(f"/releases/{release.id}", content=release.to_json().encode(), timeout=60)
        response.raise_for_status()
        self._known_releases.add(release.id)


class WorkerPool:
    """N workers behind one engine. Use as an async context manager."""

    def __init__(
        self,
        command: WorkerCommand,
        count: int,
        turn_timeout: float,
        patience: float = 90,
        current_release: CurrentRelease | None = None,
    ) -> None:
        self._command = command
        self._current_release = current_release
        self._count = count
        self._turn_timeout = turn_timeout
        self._patience = patience
        self._folder = tempfile.TemporaryDirectory(prefix="lotse-")
        self._workers: list[WorkerProcess] = []

    async def __aenter__(self) -> WorkerPool:
        folder = Path(self._folder.name)
        self._workers = [
            WorkerProcess(number, self._command, folder, self._turn_timeout, self._current_release)
            for number in range(1, self._count + 1)
        ]
        for worker in self._workers:
            worker.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        self._folder.cleanup()

    def is_ready(self) -> bool:
        return any(worker.ready for worker in self._workers)

    def failure(self) -> str:
        """Why no worker is ready, if that is known: a German sentence. What was wrong in detail stands in the log."""
        return next((worker.failure for worker in self._workers if worker.failure), "")

    async def respond(self, request: TurnRequest) -> TurnResult:
        """Hand a turn to the least busy worker; when it dies or stays silent, once more to another one.

        A worker keeps nothing, so doing a turn again has no effect but its answer.
        """
        tried: list[WorkerProcess] = []
        for _ in range(_TRIES):
            worker = await self._pick(tried)
            tried.append(worker)
            try:
                return _result(await worker.turn(request))
            except httpx.HTTPError as error:
                log.warning("a turn failed on a worker: %s", type(error).__name__)
        raise EngineUnavailable("Das Sprachmodell hat nicht geantwortet. Bitte versuchen Sie es noch einmal.")

    async def _pick(self, avoid: list[WorkerProcess]) -> WorkerProcess:
        until = time.monotonic() + self._patience
        while True:
            ready = [worker for worker in self._workers if worker.ready]
            others = [worker for worker in ready if worker not in avoid]
            if ready:
                return min(others or ready, key=lambda worker: worker.busy)
            hopeless = all(worker.failed_starts >= _HOPELESS_AFTER for worker in self._workers)
            if hopeless or time.monotonic() > until:
                raise EngineUnavailable(" ".join(filter(None, ("Das Sprachmodell lässt sich nicht starten.", self.failure()))))
            await asyncio.sleep(_POLL_S)


def _body(request: TurnRequest) -> dict[str, Any]:
    metadata = {"choice": request.choice, "facts": request.facts, "today": request.today}
    return {"release": request.release.id, "text": request.text, "state": request.state, "metadata": metadata}


def _result(data: dict[str, Any]) -> TurnResult:
    return TurnResult(
        reply=Reply.from_dict(data["reply"]),
        state=data["state"],
        ranking=tuple((row["service"], row["confidence"]) for row in data["ranking"]),
        model=data["model"],
        timings_ms=data["timings_ms"],
    )

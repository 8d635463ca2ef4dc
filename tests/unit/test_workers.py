"""What the pool of workers says when there is none: in German, without a stack of English reasons."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bot.engine import workers
from bot.engine.port import EngineUnavailable, TurnRequest
from bot.engine.workers import WorkerCommand, WorkerPool, WorkerProcess
from knowledge.release import Release


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_BACK_OFF_S", (0,))


def request(release: Release) -> TurnRequest:
    return TurnRequest(release, {}, "Hundesteuer", "2026-11-22")


async def refusal(pool: WorkerPool, release: Release) -> str:
    with pytest.raises(EngineUnavailable) as raised:
        await pool.respond(request(release))
    return str(raised.value)


async def test_a_python_that_is_not_there(release: Release, tmp_path: Path) -> None:
    command = WorkerCommand(tmp_path / "python", tmp_path / "model.tar.gz")
    async with WorkerPool(command, 1, 1) as pool:
        said = await refusal(pool, release)
    assert said == f"Das Sprachmodell lässt sich nicht starten. Python lässt sich nicht starten: {tmp_path}/python"


async def test_a_model_that_cannot_be_loaded(release: Release, tmp_path: Path) -> None:
    """The reason of the worker is for the log."""
    worker: Any = WorkerProcess(1, WorkerCommand(tmp_path / "python", tmp_path / "lotse-1.tar.gz"), tmp_path, 1, None)

    def failed(_: httpx.Request) -> httpx.Response:
        return httpx.Response(500, json={"detail": "InvalidModel: no such component"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(failed), base_url="http://worker") as client:
        worker._client = client
        await worker._until_ready(asyncio.get_running_loop().create_future())
    assert worker.failure and worker.failure.startswith("Die Datei lässt sich nicht laden: lotse-1.tar.gz.")


async def test_workers_that_die_over_a_turn(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(_: TurnRequest) -> None:
        raise httpx.ReadError("connection reset by peer")

    pool = WorkerPool(WorkerCommand(tmp_path / "python", tmp_path / "model"), 1, 1)
    worker: Any = SimpleNamespace(ready=True, busy=0, failed_starts=0, failure="", turn=dies)
    monkeypatch.setattr(pool, "_workers", [worker])
    assert await refusal(pool, release) == "Das Sprachmodell hat nicht geantwortet. Bitte versuchen Sie es noch einmal."


async def test_stopping_a_worker_can_itself_be_stopped(tmp_path: Path) -> None:
    """A worker that ends at the moment in which the gateway is told to hurry."""
    for steps in range(4):
        ended = asyncio.Event()
        worker: Any = WorkerProcess(1, WorkerCommand(tmp_path / "python", tmp_path / "model"), tmp_path, 1, None)
        worker._process = SimpleNamespace(returncode=None, terminate=lambda: None, wait=ended.wait)
        stopping = asyncio.create_task(worker._end_process())
        await asyncio.sleep(0.01)
        ended.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        if stopping.cancel():
            with pytest.raises(asyncio.CancelledError):
                await stopping

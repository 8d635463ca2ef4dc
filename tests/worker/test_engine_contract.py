"""The contract of a `DialogueEngine`, kept by the trained worker. Needs .venv-rasa and a model in models/."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.bootstrap import worker_pool
from bot.engine.port import DialogueEngine
from bot.settings import Settings
from tests.contract.test_engine import EngineContract, release
from tests.integration.wiring import eventually

__all__ = ["release"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine() -> AsyncIterator[DialogueEngine]:
    async with worker_pool(Settings.from_environment()) as pool:
        await eventually(pool.is_ready, 90)
        yield pool


@pytest.mark.asyncio(loop_scope="session")
class TestWorker(EngineContract):
    """One worker with the newest model."""

"""The demo knowledge in SQLite, made once and copied for each test, and the application over it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bot.bootstrap import Stores, gateway, open_stores
from bot.engine.keyword import KeywordEngine
from knowledge.exchange.seed import SEED, read_seed
from knowledge.release import Knowledge, Release
from tests.integration.wiring import Chat, ObservedEngine, open_chat, serving, settings_for


@pytest.fixture(scope="session", autouse=True)
def releases_are_read_once() -> Iterator[None]:
    """Reading the same release anew for each test would take most of the time of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Release, "from_json", lru_cache(maxsize=8)(Release.from_json))
        yield


@pytest.fixture(scope="session")
def demo() -> Knowledge:
    return read_seed(SEED)


@pytest.fixture(scope="session")
def published(demo: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the demo knowledge published; to be copied."""
    folder = tmp_path_factory.mktemp("published")
    stores = open_stores(settings_for(folder))
    stores.knowledge.replace_draft(demo, "test")
    stores.knowledge.publish("test")
    stores.engine.dispose()
    return folder / "lotse.db"


@pytest.fixture
def database(published: Path, tmp_path: Path) -> Path:
    """A database file of its own, with the demo knowledge."""
    return Path(shutil.copy(published, tmp_path / "lotse.db"))


@pytest.fixture
def stores(database: Path) -> Iterator[Stores]:
    opened = open_stores(settings_for(database.parent))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def empty_stores(tmp_path: Path) -> Iterator[Stores]:
    """Stores with tables and without knowledge."""
    opened = open_stores(settings_for(tmp_path, f"sqlite:///{tmp_path / 'empty.db'}"))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def engine() -> ObservedEngine:
    return ObservedEngine()


@pytest.fixture
async def client(tmp_path: Path, stores: Stores, engine: ObservedEngine) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, stores, engine) as opened:
        yield opened


@pytest.fixture
async def chat(client: httpx.AsyncClient) -> Chat:
    return await open_chat(client)


@pytest.fixture(scope="session")
def reading(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application for tests that only read the knowledge: made once, without what runs in its background."""
    folder = tmp_path_factory.mktemp("reading")
    shutil.copy(published, folder / "lotse.db")
    opened = open_stores(settings_for(folder))
    yield gateway(settings_for(folder), opened, KeywordEngine())
    opened.engine.dispose()


@pytest.fixture
async def reader(reading: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that application."""
    transport = httpx.ASGITransport(reading)
    async with httpx.AsyncClient(transport=transport, base_url="http://lotse", timeout=30) as opened:
        yield opened

"""The demo knowledge in SQLite, made once and copied for each test, and the application over it.

What the fixtures need is imported in them: see `tests/conftest.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

    from bot.bootstrap import Stores
    from knowledge.release import Knowledge
    from tests.integration.wiring import Chat, ObservedEngine


@pytest.fixture(scope="session", autouse=True)
def what_never_changes_is_made_once() -> Iterator[None]:
    """Reading the same release, analysing the same interface, compiling the same statements takes most of the time."""
    import httpx._transports.default
    from httpx import create_ssl_context

    from knowledge.release import Release
    from tests.databases import compiled_once
    from tests.integration.interface import analysed_once

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Release, "from_json", lru_cache(maxsize=8)(Release.from_json))
        patch.setattr(httpx._transports.default, "create_ssl_context", lru_cache(maxsize=8)(create_ssl_context))
        analysed_once(patch)
        compiled_once(patch)
        yield


@pytest.fixture(scope="session")
def demo() -> Knowledge:
    from tests.county import demo_county

    return demo_county()


@pytest.fixture(scope="session")
def published(demo: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the demo knowledge published; to be copied."""
    from bot.bootstrap import open_stores
    from tests.integration.wiring import settings_for

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
    from knowledge.store.database import connect
    from tests.integration.wiring import stores_on

    opened = stores_on(connect(f"sqlite:///{database}"))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def empty_stores(tmp_path: Path) -> Iterator[Stores]:
    """Stores with tables and without knowledge."""
    from tests.databases import empty_database
    from tests.integration.wiring import stores_on

    opened = stores_on(empty_database(tmp_path / "empty.db"))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def engine() -> ObservedEngine:
    from tests.integration.wiring import ObservedEngine

    return ObservedEngine()


@pytest.fixture
async def client(tmp_path: Path, stores: Stores, engine: ObservedEngine) -> AsyncIterator[httpx.AsyncClient]:
    from tests.integration.wiring import serving

    async with serving(tmp_path, stores, engine) as opened:
        yield opened


@pytest.fixture
async def chat(client: httpx.AsyncClient) -> Chat:
    from tests.integration.wiring import open_chat

    return await open_chat(client)


@pytest.fixture(scope="session")
def reading(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application for tests that only read the knowledge: made once, without what runs in its background."""
    from bot.bootstrap import gateway, open_stores
    from bot.engine.keyword import KeywordEngine
    from tests.integration.wiring import settings_for

    folder = tmp_path_factory.mktemp("reading")
    shutil.copy(published, folder / "lotse.db")
    opened = open_stores(settings_for(folder))
    yield gateway(settings_for(folder), opened, KeywordEngine())
    opened.engine.dispose()


@pytest.fixture
async def reader(reading: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that application."""
    import httpx

    transport = httpx.ASGITransport(reading)
    async with httpx.AsyncClient(transport=transport, base_url="http://lotse", timeout=30) as opened:
        yield opened

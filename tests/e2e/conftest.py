"""A gateway with the keyword engine and the demo knowledge, and one Chromium for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bot.bootstrap import open_stores
from bot.settings import Settings
from knowledge.exchange.seed import SEED, read_seed
from tests.e2e.browser import CHROMIUM, FLAGS, USUAL, Gateway, OpenPage, running
from tests.integration.wiring import settings_for


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a folder whose database holds the demo knowledge."""
    settings = settings_for(tmp_path_factory.mktemp("lotse"))
    stores = open_stores(settings)
    stores.knowledge.replace_draft(read_seed(SEED), "test")
    stores.knowledge.publish("test")
    stores.engine.dispose()
    return settings


@pytest.fixture(scope="session")
def lotse(published: Settings) -> Iterator[Gateway]:
    """The gateway that most tests share; other sites may call it."""
    with running(published, cors_origins=("*",)) as served:
        yield served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open a page with settings of its own; script errors and calls to other hosts fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(url: str, **settings: Any) -> Page:
        context = browser.new_context(**USUAL | settings)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: _only_here(request.url, errors))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def _only_here(url: str, errors: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:")):
        errors.append(f"a request to {url}")

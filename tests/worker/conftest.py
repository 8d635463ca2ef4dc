"""One served Lotse for all tests with a trained worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served import Served, serve
from tests.telegram_standin import TelegramStandIn, telegram_server

TOKEN = "1234:standin"


@pytest.fixture(scope="session")
def telegram() -> Iterator[TelegramStandIn]:
    with telegram_server() as new:
        yield new()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, telegram: TelegramStandIn) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("served")
    with serve(folder, LOTSE_TELEGRAM_TOKEN=TOKEN, LOTSE_TELEGRAM_API=telegram.base_url) as running:
        yield running

"""The engines that keep to the contract. The trained worker has its own file: tests/worker/test_engine_contract.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bot.engine.port import DialogueEngine


@pytest.fixture(params=["keyword"])
def engine(request: pytest.FixtureRequest) -> DialogueEngine:
    from bot.engine.keyword import KeywordEngine

    return {"keyword": KeywordEngine}[request.param]()

"""The engines that keep to the contract. The trained worker has its own file: tests/worker/test_engine_contract.py."""

from __future__ import annotations

import pytest

from bot.engine.keyword import KeywordEngine
from bot.engine.port import DialogueEngine


@pytest.fixture(params=["keyword"])
def engine(request: pytest.FixtureRequest) -> DialogueEngine:
    return {"keyword": KeywordEngine}[request.param]()

"""The whole HTTP API against its own description: what it says it takes and gives is what it takes and gives."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI

from bot.bootstrap import gateway, open_stores
from bot.channels.web import events as events_over_http
from bot.channels.web.routes import CHANNEL, key_of
from bot.engine.keyword import KeywordEngine
from tests.integration.wiring import settings_for

if TYPE_CHECKING:
    from schemathesis.engine import events

pytestmark = pytest.mark.slow

_KNOWN: dict[str, list[Any]] = {
    "service": ["hundesteuer-anmelden", "fuehrerschein-umtauschen", "elterngeld-beantragen", "reisepass-beantragen"],
    "office": ["standesamt@lindenau", "fuehrerscheinstelle#a-k", "zbfs"],
    "journey": ["haus-bauen", "gaststaette-eroeffnen"],
    "place": ["Ammerfeld", "85902", "091990112112", "München"],
}
_BOUND = (
    ("path.token", "token"),
    ("path.office", "office"),
    ("query.service", "service"),
    ("query.place", "place"),
)
_TOKENS = [f"gespraech-{number:02}-{'x' * 20}" for number in range(40)]
"""Conversations that exist; some are deleted on the way."""
_ACCEPTED = ["2xx", "401", "403", "404", "409", "5xx"]
_CONVERSATION = "/api/v1/conversations/{token}"
_KNOWN_EXCEPTIONS = [
    # What the desk needs in a form, it says itself in the citizen's words (422); a location far away cannot be described.
    {
        "include-path": [f"{_CONVERSATION}/messages", f"{_CONVERSATION}/handover/form"],
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_ACCEPTED, "422"]}},
    },
]
_CONFIG: dict[str, Any] = {
    "operations": _KNOWN_EXCEPTIONS,
    "max-stream-events": 1,
    "generation": {"max-examples": 10, "deterministic": True, "database": "none"},
    "dictionaries": {name: {"values": values} for name, values in (_KNOWN | {"token": _TOKENS}).items()},
    "parameters": {name: {"dictionary": known, "probability": 0.5} for name, known in _BOUND},
}


@pytest.fixture
def app(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """The gateway with the keyword engine and the demo release; streams of events end after what was missed."""
    monkeypatch.setattr(events_over_http, "_LIFETIME_S", 0.0)
    shutil.copy(published, tmp_path / "lotse.db")
    stores = open_stores(settings_for(tmp_path))
    for token in _TOKENS:
        stores.conversations.open_conversation(CHANNEL, key_of(token))
    yield gateway(settings_for(tmp_path), stores, KeywordEngine())
    stores.engine.dispose()


def test_the_api_keeps_its_word(app: FastAPI) -> None:
    import schemathesis  # takes a second, also of those who leave this test out
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import events, from_schema

    api = schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig.from_dict(_CONFIG))
    failed, cases = [], 0
    for event in from_schema(api).execute():
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.cases)
            failed += list(_failures(event))
        elif isinstance(event, events.NonFatalError | events.FatalError):
            failed.append(str(getattr(event, "info", event)))
    assert failed == [], "\n\n".join(failed)
    assert cases > 500


def _failures(event: events.ScenarioFinished) -> Iterator[str]:
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info:
                yield f"{event.phase} {event.label}: {check.failure_info.failure}\n{check.failure_info.code_sample}"

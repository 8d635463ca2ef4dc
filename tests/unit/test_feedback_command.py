from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.bootstrap import open_stores
from bot.cli import run
from bot.conversation.feedback import FeedbackStore
from bot.conversation.messages import Block
from bot.conversation.store import Answer
from bot.settings import Settings

NOTE: Block = {"type": "note", "text": "", "stand": "2026-11-01", "release": "7-abc"}


@pytest.fixture
def rated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ratings, the second with a comment that a terminal should not obey."""
    monkeypatch.setenv("LOTSE_VAR", str(tmp_path))
    monkeypatch.delenv("LOTSE_DATABASE_URL", raising=False)
    stores = open_stores(Settings.from_environment())
    feedback = FeedbackStore(stores.engine)
    feedback.record("k", Answer(1, "m", "Wo?", [], "answer"), "up")
    feedback.record("k", Answer(2, "m", "Wo?", [NOTE], "answer"), "wrong", "Das macht\n\x1b[2Jjetzt das Bauamt")
    stores.engine.dispose()


def test_the_newest_first(rated: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["feedback"]) == 0
    newest, older = capsys.readouterr().out.split("\n\n")
    assert "stimmt nicht" in newest and "Ausgabe: 7-abc" in newest and "„Das macht [2Jjetzt das Bauamt“" in newest
    assert "\x1b" not in newest
    assert "hilfreich" in older and "Ausgabe" not in older


def test_as_json_and_selected(rated: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["feedback", "--json", "--rating", "wrong"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["rating"], found["release"], found["service"]) == ("wrong", "7-abc", "")
    assert run(["feedback", "--json", "--limit", "1"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_nobody_said_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LOTSE_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    assert run(["feedback"]) == 0
    assert "Noch hat niemand" in capsys.readouterr().out
    assert run(["feedback", "--limit", "0"]) == 2

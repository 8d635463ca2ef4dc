"""`lotse bench --web` says in one sentence what it lacks, before it starts anything."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bot.cli import UsageError
from bot.commands import bench_web
from bot.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    def begun(*_: Any) -> None:
        raise AssertionError("a server was started")

    monkeypatch.setattr(bench_web, "served", begun)
    (tmp_path / "lotse-20261122-000000.tar.gz").touch()
    return replace(Settings.from_environment({"LOTSE_VAR": str(tmp_path)}), models=tmp_path)


def refusal(settings: Settings) -> str:
    with pytest.raises(UsageError) as raised:
        bench_web.bench_web_command(settings)
    return str(raised.value)


def test_there_is_no_model(settings: Settings, tmp_path: Path) -> None:
    assert "lotse train" in refusal(replace(settings, models=tmp_path / "none"))


def test_playwright_is_missing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    assert refusal(settings) == "Playwright fehlt. Bitte „make environments“ aufrufen."


def test_chromium_is_missing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = ModuleType("playwright.sync_api")
    fake.Error = type("Error", (Exception,), {})

    def launch(**_: Any) -> None:
        raise fake.Error("Executable doesn't exist")

    @contextmanager
    def sync_playwright() -> Any:
        yield SimpleNamespace(chromium=SimpleNamespace(launch=launch))

    fake.sync_playwright = sync_playwright
    monkeypatch.setitem(sys.modules, "playwright.sync_api", fake)
    said = refusal(settings)
    assert said.startswith("Chromium lässt sich nicht starten.") and "LOTSE_CHROMIUM" in said

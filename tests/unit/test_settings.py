from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.settings import HOME, Settings, SettingsError


def test_everything_has_a_default() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8080, 1)
    assert (settings.retention_hours, settings.turn_timeout) == (24, 10.0)
    assert settings.database_url == f"sqlite:///{HOME / 'var' / 'lotse.db'}"
    assert settings.release_file == HOME / "var" / "release.json"
    assert settings.telegram_token == ""


def test_the_environment_decides(tmp_path: Path) -> None:
    settings = Settings.from_environment({"LOTSE_VAR": str(tmp_path), "LOTSE_PORT": "9000", "LOTSE_TELEGRAM_TOKEN": "1:a"})
    assert settings.database_url == f"sqlite:///{tmp_path}/lotse.db"
    assert settings.release_file == tmp_path / "release.json"
    assert (settings.port, settings.telegram_token) == (9000, "1:a")


def test_an_empty_variable_is_none_at_all() -> None:
    assert Settings.from_environment({"LOTSE_PORT": "", "LOTSE_HOST": "", "LOTSE_VAR": ""}) == Settings.from_environment({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOTSE_PORT", "achtzig"),
        ("LOTSE_PORT", "0"),
        ("LOTSE_PORT", "65536"),
        ("LOTSE_PORT", "-1"),
        ("LOTSE_PORT", "80.5"),
        ("LOTSE_PORT", "²"),
        ("LOTSE_WORKERS", "65"),
        ("LOTSE_RETENTION_HOURS", "0"),
        ("LOTSE_TURN_TIMEOUT", "301"),
    ],
)
def test_a_number_that_cannot_be_used(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name} muss eine ganze Zahl von \d+ bis \d+ sein, nicht „{value}“\."):
        Settings.from_environment({name: value})


def test_the_newest_model(tmp_path: Path) -> None:
    settings = Settings.from_environment({"LOTSE_MODELS": str(tmp_path)})
    assert settings.newest_model() is None
    for age, name in enumerate(("b.tar.gz", "a.tar.gz")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    assert settings.newest_model() == tmp_path / "a.tar.gz"

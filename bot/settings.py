"""All settings, read once from the environment (`LOTSE_*`).

A plain dataclass: pydantic-settings takes longer to import than `lotse resolve` may take to answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
"""The repository, or wherever the package lies."""


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message is for the operator, in German."""


@dataclass(frozen=True)
class Settings:
    """See the README for each variable."""

    database_url: str
    host: str
    port: int
    workers: int
    worker_python: Path
    models: Path
    var: Path
    telegram_token: str
    telegram_api: str
    retention_hours: int
    turn_timeout: float

    @property
    def release_file(self) -> Path:
        """Where publications leave the release for tools that run without a gateway."""
        return self.var / "release.json"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Raises `SettingsError` for a value that is no number where one is needed."""
        var = Path(environment.get("LOTSE_VAR") or HOME / "var")
        return cls(
            database_url=environment.get("LOTSE_DATABASE_URL") or f"sqlite:///{var / 'lotse.db'}",
            host=environment.get("LOTSE_HOST") or "127.0.0.1",
            port=_number(environment, "LOTSE_PORT", 8080, 1, 65535),
            workers=_number(environment, "LOTSE_WORKERS", 1, 1, 64),
            worker_python=Path(environment.get("LOTSE_WORKER_PYTHON") or HOME / ".venv-rasa/bin/python"),
            models=Path(environment.get("LOTSE_MODELS") or HOME / "models"),
            var=var,
            telegram_token=environment.get("LOTSE_TELEGRAM_TOKEN", ""),
            telegram_api=environment.get("LOTSE_TELEGRAM_API") or "https://api.telegram.org/bot",
            retention_hours=_number(environment, "LOTSE_RETENTION_HOURS", 24, 1, 8760),
            turn_timeout=float(_number(environment, "LOTSE_TURN_TIMEOUT", 10, 1, 300)),
        )

    def newest_model(self) -> Path | None:
        """The model trained last; None before the first training."""
        found = sorted(self.models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
        return found[-1] if found else None


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"{name} muss eine ganze Zahl von {least} bis {most} sein, nicht „{text}“.")
    return int(text)

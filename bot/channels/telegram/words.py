"""What only the Telegram channel says, as data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_TEXTS = Path(__file__).parent / "texts.yaml"


@cache
def words(language: str) -> dict[str, str]:
    """All texts in a language; Einfache Sprache holds only what differs from German."""
    data: dict[str, dict[str, str]] = yaml.safe_load(_TEXTS.read_text("utf-8"))
    return data["de"] | data.get(language, {})


def word(key: str, language: str, **values: Any) -> str:
    """A sentence, filled in."""
    return words(language)[key].format(**values)

"""What Lotse says, kept as data so that it can be changed without touching code."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent
_BUILDS_ON = {"de-simple": "de"}
"""Einfache Sprache holds only what differs from German."""


@lru_cache(maxsize=4)
def texts(language: str = "de") -> dict[str, str]:
    """All texts of a language by key. Raises `FileNotFoundError` for a language without texts."""
    own: dict[str, str] = _read(f"{language}.yaml")
    return {**texts(_BUILDS_ON[language]), **own} if language in _BUILDS_ON else own


@lru_cache(maxsize=4)
def phrases(language: str) -> dict[str, str]:
    """Fixed German phrases of the data (holidays, „nach Vereinbarung“) in another language; empty for German."""
    return _read(f"phrases.{language}.yaml") if (_FOLDER / f"phrases.{language}.yaml").exists() else {}


@lru_cache(maxsize=1)
def journey_entries() -> dict[str, list[str]]:
    """The services that usually begin a journey, by its slug."""
    entries: dict[str, list[str]] = _read("journey_entries.yaml")
    return entries


@lru_cache(maxsize=1)
def other_languages() -> dict[str, str]:
    """What people read whose language Lotse does not speak, by ISO 639-1; `und` for all others."""
    told: dict[str, str] = _read("other_languages.yaml")
    return told


def small_words() -> dict[str, str]:
    """Frequent small words of each language, apart by blanks; `home` is German and English."""
    words: dict[str, str] = _read("small_words.yaml")
    return words


def _read(name: str) -> Any:
    return yaml.safe_load((_FOLDER / name).read_text("utf-8"))

"""What Lotse says, kept as data so that it can be changed without touching code."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml


@lru_cache(maxsize=4)
def texts(language: str = "de") -> dict[str, str]:
    """All texts of a language by key. Raises `FileNotFoundError` for a language without texts."""
    loaded: dict[str, str] = yaml.safe_load((Path(__file__).parent / f"{language}.yaml").read_text("utf-8"))
    return loaded

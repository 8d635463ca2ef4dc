"""Places as command-line options give them."""

from __future__ import annotations

from bot.cli import UsageError
from knowledge.active import gazetteer
from knowledge.model import Locality
from knowledge.release import Release


def localities(release: Release, text: str | None) -> tuple[Locality, ...] | None:
    """What a place option means; None without one. Raises `UsageError` for a place nobody knows."""
    if not text or not text.strip():
        return None
    found = gazetteer(release).lookup(text)
    if not found:
        raise UsageError(f"Den Ort „{text}“ kenne ich nicht; möglich sind Gemeinde, Ortsteil, VG, Postleitzahl oder ARS.")
    return found

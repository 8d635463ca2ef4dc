"""The demo county, read once in each process."""

from __future__ import annotations

from functools import cache

from knowledge.exchange.seed import read_seed
from knowledge.release import Knowledge


@cache
def demo_county() -> Knowledge:
    """What `knowledge/seed` holds; immutable, so that all tests may share it."""
    return read_seed()

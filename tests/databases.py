"""Databases of SQLite, cheaply: migrated once in each process, then copied; statements compiled once for all of them."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from knowledge.store import database
from knowledge.store.database import connect, migrate


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/lotse.db")
        migrate(engine)
        engine.dispose()
        return (Path(folder) / "lotse.db").read_bytes()


def empty_database(path: Path) -> Engine:
    """A new database in that file; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_empty())
    return connect(f"sqlite:///{path}")


def compiled_once(patch: pytest.MonkeyPatch) -> None:
    """Let all engines for SQLite share what they make of statements; each would compile all of them anew."""
    patch.setattr(database, "create_engine", _sharing)


def _sharing(url: Any, **how: Any) -> Engine:
    engine = create_engine(url, **how)
    if engine.dialect.name == "sqlite":
        engine.dialect, engine._compiled_cache = _SHARED.setdefault("sqlite", (engine.dialect, engine._compiled_cache))
    return engine


_SHARED: dict[str, tuple[Any, Any]] = {}

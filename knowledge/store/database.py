"""Connections to SQLite or PostgreSQL, and the migrations that shape them."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_MS = 5000
_POOL = 16
"""Connections kept, as many as a gateway has threads; as many again may be opened for a while."""
_WRITING = "lotse_writing"
_MIGRATION_LOCK = 0x4C6F7473


def connect(url: str) -> Engine:
    """An engine for a database URL such as `sqlite:///var/lotse.db` or `postgresql+psycopg://user@host/lotse`.

    SQLite runs in WAL mode, every transaction takes the write lock at its beginning and waits up to 5 s for it, so that a
    transaction never fails half-way because another one wrote first. With the execution option `reading` it takes no lock:
    readers wait for nobody. Threads of one engine that want to write queue up before they ask SQLite, which lets whoever
    happens to ask at the right moment go first.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, pool_size=_POOL, max_overflow=_POOL)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    patience: dict[str, Any] = {"connect_args": {"timeout": _BUSY_TIMEOUT_MS / 1000}}
    if parsed.database and parsed.database != ":memory:":
        patience |= {"pool_size": _POOL, "max_overflow": _POOL}
    engine = create_engine(parsed, **patience)
    event.listen(engine, "connect", _configure_sqlite)
    _Queue(_BUSY_TIMEOUT_MS / 1000).stand_before(engine)
    return engine


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database up or down to a revision, such as `0001`; `head` is the newest, `base` is empty.

    All in one transaction. Programs that start at the same time wait for each other.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        go = command.downgrade if _lies_below(connection, config, revision) else command.upgrade
        go(config, revision)
        connection.commit()


def _lies_below(connection: Connection, config: Config, revision: str) -> bool:
    current = MigrationContext.configure(connection).get_current_revision()
    if revision == "base" or current is None:
        return revision == "base"
    older = ScriptDirectory.from_config(config).iterate_revisions(current, "base")
    return revision in {each.revision for each in older} - {current}


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


class _Queue:
    """Lets one connection of an engine write at a time, from the beginning of its transaction until it is given back."""

    def __init__(self, patience_s: float) -> None:
        self._turn = threading.Lock()
        self._patience_s = patience_s

    def stand_before(self, engine: Engine) -> None:
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "checkin", self._given_back)

    def _begin(self, connection: Connection) -> None:
        if connection.get_execution_options().get("reading", False):
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get(_WRITING):
            if not self._turn.acquire(timeout=self._patience_s):
                raise OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))
            connection.info[_WRITING] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _given_back(self, _connection: Any, record: Any) -> None:
        if record.info.pop(_WRITING, False):
            self._turn.release()

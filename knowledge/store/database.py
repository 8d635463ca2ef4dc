"""Connections to SQLite or PostgreSQL, and the migrations that shape them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_MS = 5000
_MIGRATION_LOCK = 0x4C6F7473


def connect(url: str) -> Engine:
    """An engine for a database URL such as `sqlite:///var/lotse.db` or `postgresql+psycopg://user@host/lotse`.

    SQLite runs in WAL mode, every transaction takes the write lock at its beginning and waits up to 5 s for it, so that a
    transaction never fails half-way because another one wrote first. With the execution option `reading` it takes no lock:
    readers wait for nobody.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=20)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_immediately)
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


def _begin_immediately(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

"""The tables go up and down with what is in them; `test_postgresql.py` does the same on a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from bot.conversation.store import ConversationStore, Outbox
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import KnowledgeStore

FIRST_TABLES = {"entry", "audit", "release", "conversation", "inbox", "outbox"}
TABLES = FIRST_TABLES | {
    "feedback",
    "staff_account",
    "staff_session",
    "staff_attempt",
    "handover",
    "ticket",
    "delivery",
    "telegram_lease",
    "telegram_sending",
    "telegram_update",
}
AT_FIRST = """
INSERT INTO entry VALUES ('offices', 'kasse', 0, 3, '{"id": "kasse", "name": "„Kasse“"}');
INSERT INTO entry VALUES ('outside_places', 'München', 1, 1, '{"name": "München"}');
INSERT INTO audit VALUES (1, '2026-11-01 10:00:00', 'anna', 'added', 'outside_places', 'München', '{"name": "München"}');
INSERT INTO audit VALUES (2, '2026-11-02 10:00:00', 'berta', 'published', 'release', '1', '{"digest": "d1"}');
INSERT INTO audit VALUES (3, '2026-11-03 10:00:00', 'anna', 'removed', 'offices', 'alt', NULL);
INSERT INTO release VALUES (1, 'd1', '2026-11-02T10:00:00+00:00', '{"number": 1}');
INSERT INTO release VALUES (2, 'd2', '2026-11-03T10:00:00+00:00', '{"number": 2}');
INSERT INTO conversation VALUES (1, 'web', 'k', '', '{}', NULL, NULL, 1.5);
INSERT INTO inbox VALUES (1, 1, 'web', 'k:1', '{"text": "Hallo"}', 1, 1.5, 2.5);
INSERT INTO outbox VALUES (1, 1, 1, '{}', 1.5, 0, 1.5, NULL)
"""
"""Rows of the first revision."""


def fill(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in AT_FIRST.strip().split(";\n"):
            connection.exec_driver_sql(statement)


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """All that the tables of the first revision hold."""
    with engine.connect() as connection:
        wanted = {table: text(f"SELECT * FROM {table} ORDER BY 1, 2") for table in sorted(FIRST_TABLES)}
        return {table: [dict(row._mapping) for row in connection.execute(query)] for table, query in wanted.items()}


def check_up_and_down(engine: Engine) -> None:
    """From the first revision to the newest and back, twice; nothing may be lost."""
    migrate(engine, "0001")
    fill(engine)
    first = rows(engine)
    for _ in range(2):
        migrate(engine)
        newest = rows(engine)
        assert [(row["kind"], row["key"], row["version"]) for row in newest["entry"]] == [
            ("offices", "kasse", 3),
            ("outside", "München", 1),
        ]
        assert [row["kind"] for row in newest["audit"]] == ["outside", "release", "offices"]
        assert [(row["number"], row["actor"], row["note"], row["based_on"]) for row in newest["release"]] == [
            (1, "berta", "", None),
            (2, "", "", None),
        ]
        assert {table: newest[table] for table in ("conversation", "inbox", "outbox")} == {
            table: first[table] for table in ("conversation", "inbox", "outbox")
        }
        store = KnowledgeStore(engine)
        assert [each.actor for each in store.history("outside", "München")] == ["anna"]
        check_append_only(engine)
        check_words_of_a_clerk(engine)
        migrate(engine, "0001")
        assert rows(engine) == first


def check_words_of_a_clerk(engine: Engine) -> None:
    """What answers no message can be stored, a message is answered once, and ids are not given twice."""
    store = ConversationStore(engine)
    if engine.dialect.name == "postgresql":  # which does not count rows that brought their own id
        with engine.begin() as connection:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('outbox', 'id'), 1)"))
    first = store.post(1, {"outcome": "clerk", "author": "clerk", "author_name": "Frau Huber", "blocks": []})
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM outbox WHERE id > 1"))
    second = store.post(1, {"outcome": "clerk", "author": "clerk", "author_name": "Frau Huber", "blocks": []})
    assert 1 < first.id < second.id
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(Outbox).values(conversation_id=1, inbox_id=1, content={}, created=1, due=1, attempts=0))
    with engine.begin() as connection:  # as it was, for the way down
        connection.execute(text("UPDATE conversation SET last_active = 1.5"))


def check_append_only(engine: Engine) -> None:
    """Neither audit nor releases can be altered, by whatever statement."""
    before = rows(engine)
    statements = [
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE audit SET actor = 'nobody' WHERE id = 3",
        "DELETE FROM audit",
        "DELETE FROM release WHERE number = 2",
        "UPDATE release SET note = 'x'",
    ]
    if engine.dialect.name == "postgresql":
        conflict = "ON CONFLICT (number) DO UPDATE SET digest = 'x'"
        statements += [
            "TRUNCATE audit",
            "TRUNCATE release CASCADE",
            f"INSERT INTO release (number, digest, published, actor, note, content) VALUES (1, '', '', '', '', '') {conflict}",
        ]
    for statement in statements:
        with pytest.raises(DatabaseError, match="is append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    assert rows(engine) == before


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path}/new.db")
    yield engine
    engine.dispose()


def test_tables_come_and_go(engine: Engine) -> None:
    for _ in range(2):
        migrate(engine)
        assert set(inspect(engine).get_table_names()) == {*TABLES, "alembic_version"}
        migrate(engine)
        migrate(engine, "base")
        assert set(inspect(engine).get_table_names()) == {"alembic_version"}
        migrate(engine, "base")


def test_nothing_is_lost_on_the_way_up_and_down(engine: Engine) -> None:
    check_up_and_down(engine)


def test_the_newest_revision_stays_where_it_is(engine: Engine) -> None:
    migrate(engine, "0002")
    migrate(engine, "0002")
    assert "note" not in {column["name"] for column in inspect(engine).get_columns("release")}
    migrate(engine, "0003")
    migrate(engine, "0003")
    assert "note" in {column["name"] for column in inspect(engine).get_columns("release")}


def test_a_migration_that_fails_changes_nothing(engine: Engine) -> None:
    migrate(engine, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE release ADD COLUMN based_on INTEGER")
    with pytest.raises(DatabaseError):
        migrate(engine)
    assert "origin" not in {column["name"] for column in inspect(engine).get_columns("entry")}
    assert "actor" not in {column["name"] for column in inspect(engine).get_columns("release")}

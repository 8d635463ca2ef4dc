from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from knowledge.release import KINDS, Knowledge, Release, digest_of
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import KnowledgeStore, MergeReport
from knowledge.store.published import read_published
from knowledge.store.tables import AuditEntry, Entry

TABLES = {"entry", "audit", "release", "conversation", "inbox", "outbox"}


@pytest.fixture
def small(knowledge: Knowledge) -> Knowledge:
    """A few entries of each kind: enough to see what changes."""
    return Knowledge(
        knowledge.places[:3], knowledge.offices[:3], knowledge.services[:3], knowledge.rules[:3], knowledge.outside[:2]
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/var/lotse.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = connect(url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> KnowledgeStore:
    return KnowledgeStore(engine)


def total(knowledge: Knowledge) -> int:
    return sum(len(getattr(knowledge, kind)) for kind in KINDS)


def audit(engine: Engine) -> list[tuple[str, str, str, str]]:
    with Session(engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.actor, row.action, row.kind, row.key) for row in rows]


def test_migrations_go_up_and_down(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/new.db")
    for _ in range(2):
        migrate(engine)
        assert set(inspect(engine).get_table_names()) == {*TABLES, "alembic_version"}
        migrate(engine)
        migrate(engine, "base")
        assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    engine.dispose()


def test_the_draft_is_what_was_imported(store: KnowledgeStore, knowledge: Knowledge) -> None:
    report = store.replace_draft(knowledge, "anna")
    assert (report.count("added"), len(report.changes), report.unchanged) == (total(knowledge), total(knowledge), 0)
    assert total(knowledge) == 15 + 246 + 258 + 682 + 95 + 120 + 12 + 100
    assert store.draft() == knowledge


def test_importing_twice_changes_nothing(engine: Engine, store: KnowledgeStore, small: Knowledge) -> None:
    store.replace_draft(small, "anna")
    before = audit(engine)
    assert store.replace_draft(small, "berta") == MergeReport(unchanged=14)
    assert audit(engine) == before
    with Session(engine) as session:
        assert set(session.scalars(select(Entry.version))) == {1}


def test_every_change_leaves_an_audit_row(engine: Engine, store: KnowledgeStore, small: Knowledge, knowledge: Knowledge) -> None:
    store.replace_draft(small, "anna")
    assert Counter(row[:3] for row in audit(engine)) == {
        ("anna", "added", "places"): 3,
        ("anna", "added", "offices"): 3,
        ("anna", "added", "services"): 3,
        ("anna", "added", "rules"): 3,
        ("anna", "added", "outside"): 2,
    }
    renamed = replace(small.offices[0], name="Rathaus")
    changed = replace(small, offices=(renamed, *small.offices[1:]), rules=(*small.rules[:2], knowledge.rules[7]))
    report = store.replace_draft(changed, "berta")
    assert [report.count(action) for action in ("added", "changed", "removed")] == [1, 1, 1]
    assert report.unchanged == 12
    assert audit(engine)[14:] == [
        ("berta", "changed", "offices", renamed.id),
        ("berta", "added", "rules", "R0008"),
        ("berta", "removed", "rules", "R0003"),
    ]
    assert store.draft() == changed
    with Session(engine) as session:
        assert session.get_one(Entry, ("offices", renamed.id)).version == 2


def test_an_audit_row_holds_the_new_content(engine: Engine, store: KnowledgeStore, small: Knowledge) -> None:
    store.replace_draft(small, "anna")
    store.replace_draft(replace(small, outside=()), "anna")
    with Session(engine) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.kind == "outside").order_by(AuditEntry.id))
        assert [(row.action, row.content) for row in rows][:2] == [("added", {"name": n.name}) for n in small.outside]
        removed = session.scalars(select(AuditEntry).where(AuditEntry.action == "removed"))
        assert {row.content for row in removed} == {None}


def test_publishing_twice_gives_the_same_release(engine: Engine, store: KnowledgeStore, small: Knowledge) -> None:
    store.replace_draft(small, "anna")
    first, is_new = store.publish("anna")
    assert (first.number, first.digest, is_new) == (1, digest_of(small), True)
    again, is_new = store.publish("berta")
    assert (again, is_new) == (first, False)
    assert [row for row in audit(engine) if row[1] == "published"] == [("anna", "published", "release", "1")]


def test_a_change_makes_a_new_release(store: KnowledgeStore, small: Knowledge) -> None:
    store.replace_draft(small, "anna")
    first, _ = store.publish("anna")
    store.replace_draft(replace(small, rules=small.rules[:1]), "anna")
    assert store.release() == first
    second, _ = store.publish("anna")
    assert (second.number, store.newest_number(), store.release()) == (2, 2, second)
    assert store.release(1) == first


def test_before_the_first_publication_there_is_none(store: KnowledgeStore) -> None:
    assert (store.newest_number(), store.release(), store.release(7)) == (None, None, None)


class TestReadPublished:
    """The short way to the release in force."""

    def test_the_newest(self, url: str, store: KnowledgeStore, small: Knowledge) -> None:
        store.replace_draft(small, "anna")
        store.publish("anna")
        store.replace_draft(replace(small, rules=()), "anna")
        newest, _ = store.publish("anna")
        assert read_published(url) == newest == store.release()

    def test_with_a_driver_in_the_url(self, url: str, store: KnowledgeStore, small: Knowledge) -> None:
        store.replace_draft(small, "anna")
        store.publish("anna")
        assert isinstance(read_published(url.replace("sqlite:", "sqlite+pysqlite:")), Release)

    def test_of_a_path_relative_to_here(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: KnowledgeStore, small: Knowledge
    ) -> None:
        store.replace_draft(small, "anna")
        store.publish("anna")
        monkeypatch.chdir(tmp_path)
        assert read_published("sqlite:///var/lotse.db") == store.release()

    def test_without_a_release(self, url: str, store: KnowledgeStore) -> None:
        assert read_published(url) is None

    def test_without_tables(self, tmp_path: Path) -> None:
        (tmp_path / "empty.db").touch()
        assert read_published(f"sqlite:///{tmp_path}/empty.db") is None

    def test_without_a_database(self, tmp_path: Path) -> None:
        assert read_published(f"sqlite:///{tmp_path}/none.db") is None
        assert not (tmp_path / "none.db").exists()

from __future__ import annotations

import gc
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from knowledge.model import Notice, Office, OutsidePlace
from knowledge.release import KINDS, Knowledge, Release, digest_of, entry_from_row, entry_to_row
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import (
    Conflict,
    KnowledgeStore,
    MergeReport,
    NoSuchRelease,
    NotPublishable,
    NotStorable,
    Stored,
    open_knowledge,
)
from knowledge.store.published import read_published, read_release
from knowledge.store.tables import AuditEntry, Entry


@pytest.fixture
def small(knowledge: Knowledge) -> Knowledge:
    """A few entries of each kind: enough to see what changes."""
    return Knowledge(
        knowledge.places[:3], knowledge.offices[:3], knowledge.services[:3], knowledge.rules[:3], knowledge.outside[:2]
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/var/lotse.db"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and nothing in them; to be copied."""
    path = tmp_path_factory.mktemp("empty") / "lotse.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def engine(url: str, empty: Path, tmp_path: Path) -> Iterator[Engine]:
    (tmp_path / "var").mkdir()
    shutil.copy(empty, tmp_path / "var" / "lotse.db")
    engine = connect(url)
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


def test_the_draft_is_what_was_imported(store: KnowledgeStore, knowledge: Knowledge) -> None:
    report = store.replace_draft(knowledge, "anna")
    assert (report.count("added"), len(report.changes), report.unchanged) == (total(knowledge), total(knowledge), 0)
    assert total(knowledge) == 15 + 246 + 258 + 682 + 4_104 + 120 + 12 + 100
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


class TestOrigins:
    """Whose an entry is."""

    def origins(self, store: KnowledgeStore, knowledge: Knowledge) -> set[str]:
        found = [store.entry("offices", office.id) for office in knowledge.offices]
        return {each.origin for each in found if each}

    def test_without_an_origin_entries_keep_theirs_and_new_ones_are_by_hand(
        self, store: KnowledgeStore, small: Knowledge, knowledge: Knowledge
    ) -> None:
        store.merge(small, "anna", "seed")
        changed, new = replace(small.offices[1], phone="1"), knowledge.offices[5]
        report = store.merge(Knowledge(offices=(new, changed)), "berta", "")
        assert (report.count("added"), report.count("changed"), report.unchanged) == (1, 1, 0)
        assert store.entry("offices", changed.id) == Stored(changed, 2, "seed")
        assert store.entry("offices", new.id) == Stored(new, 1, "hand")
        assert store.draft().offices == (small.offices[0], changed, small.offices[2], new), "nobody changes places"

    def test_another_origin_takes_over(self, store: KnowledgeStore, small: Knowledge) -> None:
        store.merge(small, "anna", "seed")
        assert store.merge(small, "anna", "dldb") == MergeReport(unchanged=14)
        assert self.origins(store, small) == {"dldb"}
        assert store.merge(small, "anna", "") == MergeReport(unchanged=14)
        assert self.origins(store, small) == {"dldb"}

    def test_only_what_came_from_the_same_origin_goes(
        self, store: KnowledgeStore, small: Knowledge, knowledge: Knowledge
    ) -> None:
        store.merge(small, "anna", "seed")
        store.save("offices", knowledge.offices[5], "berta", None)
        store.merge(replace(small, offices=small.offices[:1]), "anna", "seed", complete=True)
        assert store.draft().offices == (small.offices[0], knowledge.offices[5])

    def test_nothing_can_be_complete_without_an_origin(self, store: KnowledgeStore, small: Knowledge) -> None:
        with pytest.raises(ValueError):
            store.merge(small, "anna", "", complete=True)

    def test_the_order_follows_an_import(self, store: KnowledgeStore, small: Knowledge) -> None:
        store.merge(small, "anna", "seed")
        turned = replace(small, offices=small.offices[::-1])
        assert store.merge(turned, "anna", "seed") == MergeReport(unchanged=14)
        assert store.draft() == turned

    def test_a_dry_run_writes_nothing(self, engine: Engine, store: KnowledgeStore, small: Knowledge) -> None:
        assert len(store.merge(small, "anna", "seed", dry_run=True).changes) == 14
        assert store.draft() == Knowledge() and audit(engine) == []


class TestEditing:
    """One entry at a time."""

    @pytest.fixture
    def filled(self, store: KnowledgeStore, small: Knowledge) -> KnowledgeStore:
        store.merge(small, "anna", "seed")
        return store

    def test_a_change_keeps_origin_and_position(self, filled: KnowledgeStore, small: Knowledge) -> None:
        changed = replace(small.offices[0], phone="+49 89 1")
        assert filled.save("offices", changed, "berta", 1) == Stored(changed, 2, "seed") == filled.entry("offices", changed.id)
        assert filled.draft().offices == (changed, *small.offices[1:])

    def test_a_new_one_comes_last(self, filled: KnowledgeStore, knowledge: Knowledge) -> None:
        assert filled.save("offices", knowledge.offices[7], "berta", None) == Stored(knowledge.offices[7], 1, "hand")
        assert filled.draft().offices[-1] == knowledge.offices[7]

    def test_the_very_first_one(self, store: KnowledgeStore) -> None:
        notice = Notice("1", "Zu", date(2026, 12, 24), date(2026, 12, 31))
        store.save("notices", notice, "berta", None)
        assert store.draft() == Knowledge(notices=(notice,))

    def test_saying_the_same_is_no_change(self, engine: Engine, filled: KnowledgeStore, small: Knowledge) -> None:
        before = audit(engine)
        assert filled.save("offices", small.offices[0], "berta", 1).version == 1
        assert audit(engine) == before

    def test_whoever_is_slower_is_told_who_was_faster(self, filled: KnowledgeStore, small: Knowledge) -> None:
        filled.save("offices", replace(small.offices[0], phone="1"), "berta", 1)
        with pytest.raises(Conflict) as caught:
            filled.save("offices", replace(small.offices[0], phone="2"), "carla", 1)
        conflict = caught.value
        assert (conflict.kind, conflict.key, conflict.version) == ("offices", small.offices[0].id, 2)
        assert conflict.actor == "berta"
        assert conflict.at and abs(datetime.now(timezone.utc) - conflict.at) < timedelta(minutes=1)
        assert str(conflict).startswith(f"Der Eintrag „{small.offices[0].id}“ wurde inzwischen geändert (berta, am ")
        stored = filled.entry("offices", small.offices[0].id)
        assert stored and stored.entry.phone == "1"

    def test_a_stale_version_conflicts_even_where_it_says_the_same(self, filled: KnowledgeStore, small: Knowledge) -> None:
        changed = replace(small.offices[0], phone="1")
        filled.save("offices", changed, "berta", 1)
        with pytest.raises(Conflict):
            filled.save("offices", changed, "carla", 1)

    def test_a_new_one_must_not_exist(self, filled: KnowledgeStore, small: Knowledge) -> None:
        with pytest.raises(Conflict) as caught:
            filled.save("offices", small.offices[0], "berta", None)
        assert (caught.value.version, caught.value.actor) == (1, "anna")

    def test_what_was_removed_meanwhile(self, filled: KnowledgeStore, small: Knowledge) -> None:
        key = small.offices[0].id
        filled.remove("offices", key, "berta", 1)
        assert filled.entry("offices", key) is None
        for change in (
            lambda: filled.save("offices", small.offices[0], "carla", 1),
            lambda: filled.remove("offices", key, "carla", 1),
        ):
            with pytest.raises(Conflict, match=r"wurde inzwischen entfernt \(berta, am") as caught:
                change()
            assert caught.value.version is None
        assert filled.save("offices", small.offices[0], "carla", None).version == 1

    def test_what_never_existed(self, filled: KnowledgeStore) -> None:
        assert filled.entry("offices", "none") is None
        with pytest.raises(Conflict, match="gibt es nicht"):
            filled.remove("offices", "none", "berta", 1)

    def test_removing_needs_the_version_that_was_seen(self, filled: KnowledgeStore, small: Knowledge) -> None:
        filled.save("offices", replace(small.offices[0], phone="1"), "berta", 1)
        with pytest.raises(Conflict):
            filled.remove("offices", small.offices[0].id, "carla", 1)
        filled.remove("offices", small.offices[0].id, "carla", 2)

    def test_an_import_makes_an_open_edit_stale(self, filled: KnowledgeStore, small: Knowledge) -> None:
        filled.merge(Knowledge(offices=(replace(small.offices[0], phone="9"),)), "import", "seed")
        with pytest.raises(Conflict) as caught:
            filled.save("offices", replace(small.offices[0], phone="1"), "berta", 1)
        assert (caught.value.version, caught.value.actor) == (2, "import")

    @pytest.mark.parametrize(
        ("kind", "entry"),
        [
            ("offices", OutsidePlace("München")),
            ("nonsense", OutsidePlace("München")),
            ("outside", OutsidePlace("")),
            ("outside", OutsidePlace("x" * 201)),
            ("outside", OutsidePlace("x\0")),
            ("outside", OutsidePlace("\ud83d")),
            ("outside", OutsidePlace("München", county="\ud83d")),
            ("offices", Office("a", "b", "c", "d", geo=(float("nan"), 1.0))),
        ],
    )
    def test_what_no_release_could_hold_is_refused(self, engine: Engine, store: KnowledgeStore, kind: str, entry: Any) -> None:
        with pytest.raises(NotStorable):
            store.save(kind, entry, "berta", None)
        if kind == "outside" or isinstance(entry, Office):
            with pytest.raises(NotStorable):
                store.merge(Knowledge(**{kind: (entry,)}), "berta", "seed")
        assert audit(engine) == []

    def test_a_key_that_comes_twice_changes_nothing(self, engine: Engine, store: KnowledgeStore, small: Knowledge) -> None:
        with pytest.raises(NotStorable, match="kommt doppelt vor"):
            store.merge(replace(small, offices=(*small.offices, small.offices[0])), "berta", "seed")
        assert audit(engine) == []


class TestAudit:
    """What happened, and that nobody can say otherwise."""

    def test_before_and_after(self, store: KnowledgeStore, small: Knowledge) -> None:
        office = small.offices[0]
        renamed = replace(office, name="Rathaus")
        store.save("offices", office, "anna", None)
        store.save("offices", renamed, "berta", 1)
        store.save("offices", small.offices[1], "dora", None)
        store.remove("offices", office.id, "carla", 2)
        store.save("offices", office, "anna", None)
        history = store.history("offices", office.id)
        assert [(each.actor, each.action) for each in history] == [
            ("anna", "added"),
            ("carla", "removed"),
            ("berta", "changed"),
            ("anna", "added"),
        ]
        contents = [(each.before, each.after) for each in history]
        first, second = entry_to_row(office), entry_to_row(renamed)
        assert contents == [(None, first), (second, None), (first, second), (None, first)]
        assert entry_from_row("offices", contents[2][1] or {}) == renamed
        assert all(each.at.tzinfo == timezone.utc for each in history)
        assert store.history("offices", "none") == []

    def test_a_merge_and_a_publication_are_in_it_too(self, store: KnowledgeStore, small: Knowledge) -> None:
        store.merge(small, "anna", "seed")
        store.publish("berta", "Erste")
        newest, *older = store.audit()
        assert (newest.actor, newest.action, newest.kind, newest.key) == ("berta", "published", "release", "1")
        assert newest.after == {"digest": digest_of(small), "note": "Erste", "based_on": None}
        assert len(older) == 14 and {each.before for each in older} == {None}

    def test_page_by_page(self, store: KnowledgeStore, small: Knowledge) -> None:
        store.merge(small, "anna", "seed")
        pages, before = [], None
        while page := store.audit(limit=5, before=before):
            pages.append(page)
            before = page[-1].id
        assert [len(page) for page in pages] == [5, 5, 4]
        assert [each for page in pages for each in page] == store.audit(limit=100)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit SET actor = 'nobody'",
            "DELETE FROM audit",
            "INSERT OR REPLACE INTO audit (id, at, actor, action, kind, key) VALUES (1, '2026-01-01', 'x', 'x', 'x', 'x')",
            "UPDATE release SET published = '1999'",
            "DELETE FROM release WHERE number = 1",
            "INSERT OR REPLACE INTO release (number, digest, published, content) VALUES (1, 'x', 'x', 'x')",
        ],
    )
    def test_nothing_in_it_can_be_altered(self, engine: Engine, store: KnowledgeStore, small: Knowledge, statement: str) -> None:
        store.merge(small, "anna", "seed")
        store.publish("anna")
        before = store.audit(), store.release()
        with pytest.raises(IntegrityError, match="is append-only"), engine.begin() as connection:
            connection.execute(text(statement))
        assert (store.audit(), store.release()) == before


class TestReleases:
    """Publishing, refusing to, and going back."""

    def test_the_list(self, store: KnowledgeStore, small: Knowledge) -> None:
        assert store.releases() == []
        store.merge(small, "anna", "seed")
        first, _ = store.publish("anna", "Erste")
        store.merge(replace(small, rules=()), "anna", "seed", complete=True)
        second, _ = store.publish("berta")
        third, _ = store.roll_back(1, "carla", "Versehen")
        listed = store.releases()
        assert [(each.number, each.digest, each.published) for each in listed] == [
            (each.number, each.digest, each.published) for each in (third, second, first)
        ]
        assert [(each.actor, each.note, each.based_on) for each in listed] == [
            ("carla", "Versehen", 1),
            ("berta", "", None),
            ("anna", "Erste", None),
        ]

    def test_rolling_back_publishes_the_old_content_and_leaves_the_draft(
        self, store: KnowledgeStore, small: Knowledge, url: str
    ) -> None:
        store.merge(small, "anna", "seed")
        first, _ = store.publish("anna")
        changed = replace(small, rules=())
        store.replace_draft(changed, "anna")
        store.publish("anna")
        third, new = store.roll_back(1, "carla")
        assert (third.number, third.digest, third.knowledge, new) == (3, first.digest, small, True)
        assert store.draft() == changed
        assert read_published(url) == store.release() == third
        assert (store.audit(1)[0].action, store.audit(1)[0].key) == ("rolled_back", "3")
        assert store.publish("anna")[0].number == 4, "the draft says something else again"

    def test_rolling_back_to_what_is_in_force_does_nothing(self, store: KnowledgeStore, small: Knowledge) -> None:
        store.merge(small, "anna", "seed")
        first, _ = store.publish("anna")
        assert store.roll_back(1, "carla") == (first, False)
        assert len(store.releases()) == 1

    def test_rolling_back_to_nothing(self, store: KnowledgeStore) -> None:
        with pytest.raises(NoSuchRelease, match="Die Ausgabe 7 gibt es nicht"):
            store.roll_back(7, "carla")

    def test_a_gate_stops_a_release(self, engine: Engine, store: KnowledgeStore, small: Knowledge) -> None:
        store.merge(small, "anna", "seed")
        before = audit(engine)
        seen: list[Release] = []

        def gate(release: Release) -> list[str]:
            seen.append(release)
            return ["Es fehlt etwas."] if release.knowledge.rules else []

        with pytest.raises(NotPublishable) as caught:
            store.publish("anna", gate=gate)
        assert caught.value.findings == ("Es fehlt etwas.",)
        assert (store.releases(), audit(engine)) == ([], before)
        store.replace_draft(replace(small, rules=()), "anna")
        assert store.publish("anna", gate=gate)[0].number == 1
        assert [each.number for each in seen] == [1, 1]
        store.publish("anna", gate=gate)
        assert len(seen) == 2, "what is in force is not checked again"

    def test_the_json_is_the_release(self, store: KnowledgeStore, small: Knowledge) -> None:
        assert store.release_json() is None
        store.merge(small, "anna", "seed")
        first, _ = store.publish("anna")
        assert store.release_json() == store.release_json(1) == first.to_json()


def test_readers_do_not_wait_for_a_writer(engine: Engine, store: KnowledgeStore, small: Knowledge) -> None:
    store.merge(small, "anna", "seed")
    with engine.begin() as writing:
        writing.execute(text("UPDATE entry SET version = 7"))
        stored = store.entry("offices", small.offices[0].id)
        assert stored and stored.version == 1
        assert (store.draft(), store.release(), len(store.audit())) == (small, None, 14)


def test_opening_makes_the_tables(tmp_path: Path) -> None:
    assert open_knowledge(f"sqlite:///{tmp_path}/new/lotse.db").releases() == []


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

    def test_garbage_is_collected_again_afterwards(self, url: str, store: KnowledgeStore, small: Knowledge) -> None:
        store.replace_draft(small, "anna")
        store.publish("anna")
        read_published(url)
        with pytest.raises(ValueError, match="not a release"):
            read_release("{}")
        assert gc.isenabled()

    def test_without_a_release(self, url: str, store: KnowledgeStore) -> None:
        assert read_published(url) is None

    def test_without_tables(self, tmp_path: Path) -> None:
        (tmp_path / "empty.db").touch()
        assert read_published(f"sqlite:///{tmp_path}/empty.db") is None

    def test_without_a_database(self, tmp_path: Path) -> None:
        assert read_published(f"sqlite:///{tmp_path}/none.db") is None
        assert not (tmp_path / "none.db").exists()

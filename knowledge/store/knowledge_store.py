"""Draft and releases in the database: edit the draft or merge into it, publish it, read what is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any, cast

from sqlalchemy import Connection, Engine, Select, Table, delete, func, insert, select, text, update

from knowledge.release import KINDS, Knowledge, Release, digest_of, entry_from_row
from knowledge.store.database import connect, migrate
from knowledge.store.merging import (
    AUDIT,
    BY_HAND,
    ENTRIES,
    READ_AT_ONCE,
    Merge,
    Name,
    audit_row,
    name_of,
    new_row,
    storable,
)
from knowledge.store.published import collecting_later, read_release
from knowledge.store.records import (
    AuditRecord,
    Change,
    Conflict,
    MergeReport,
    NoSuchRelease,
    NotPublishable,
    NotStorable,
    ReleaseRecord,
    Stored,
)
from knowledge.store.tables import ReleaseRow

__all__ = [
    "AuditRecord",
    "Change",
    "Conflict",
    "Gate",
    "KnowledgeStore",
    "MergeReport",
    "NoSuchRelease",
    "NotPublishable",
    "NotStorable",
    "ReleaseRecord",
    "Stored",
    "open_knowledge",
]

Gate = Callable[[Release], Iterable[str]]
"""Says, in German, what forbids publishing; nothing where all is well."""

_RELEASES = cast(Table, ReleaseRow.__table__)


class KnowledgeStore:
    """Reads and writes the knowledge; each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reading=True)

    # The draft as a whole

    def draft(self) -> Knowledge:
        """The knowledge as it stands in the draft."""
        with self._reading.begin() as connection:
            return _draft(connection)

    def merge(
        self, knowledge: Knowledge, actor: str, origin: str, *, complete: bool = False, dry_run: bool = False
    ) -> MergeReport:
        """Add and change the entries given; every change leaves an audit row in the same transaction.

        With an empty origin, entries that exist keep theirs and new ones get `hand`. With `complete`, entries that came
        from the same origin before and are missing now are removed. With `dry_run` nothing is written. Raises
        `NotStorable`, and `ValueError` for `complete` without an origin.
        """
        if complete and not origin:
            raise ValueError("only an origin can be complete")
        return self._merge(knowledge, actor, origin, dry_run, complete=complete)

    def replace_draft(self, knowledge: Knowledge, actor: str, origin: str = "restore", *, dry_run: bool = False) -> MergeReport:
        """Make the draft equal to `knowledge`, wherever its entries came from. Raises `NotStorable`."""
        return self._merge(knowledge, actor, origin, dry_run, everything=True)

    def _merge(self, knowledge: Knowledge, actor: str, origin: str, dry_run: bool, **removing: bool) -> MergeReport:
        with self._engine.begin() as connection:
            _write_alone(connection, ENTRIES)
            merge = Merge(connection, knowledge, origin, **removing)
            if not dry_run:
                merge.write(actor)
        return merge.report

    # One entry of the draft

    def entry(self, kind: str, key: str) -> Stored | None:
        """One entry with its version; None if there is none."""
        with self._reading.begin() as connection:
            row = _row(connection, (kind, key))
        return Stored(entry_from_row(kind, row.content), row.version, row.origin) if row else None

    def save(self, kind: str, entry: Any, actor: str, version: int | None) -> Stored:
        """Write one entry; `version` is the one that was edited, None for an entry that must not exist yet.

        Keeps origin and position; new ones come last, by hand. What says the same already stays as it is. Raises
        `Conflict` when somebody else was faster, `NotStorable`.
        """
        name, content = name_of(kind, entry), storable(kind, entry)
        with self._engine.begin() as connection:
            row = _row_of_version(connection, name, version)
            if row is None:
                last = connection.scalar(select(func.max(ENTRIES.c.position)))
                position = 0 if last is None else last + 1
                connection.execute(insert(ENTRIES), [new_row(name, position, BY_HAND, content)])
            elif row.content == content:
                return Stored(entry, row.version, row.origin)
            else:
                connection.execute(update(ENTRIES).where(*_is(name)).values(version=row.version + 1, content=content))
            _record(connection, actor, "changed" if row else "added", name, content)
        return Stored(entry, row.version + 1, row.origin) if row else Stored(entry, 1, BY_HAND)

    def remove(self, kind: str, key: str, actor: str, version: int) -> None:
        """Remove one entry in the version that was seen. Raises `Conflict`."""
        name = (kind, key)
        with self._engine.begin() as connection:
            _row_of_version(connection, name, version)
            connection.execute(delete(ENTRIES).where(*_is(name)))
            _record(connection, actor, "removed", name, None)

    # Who changed what

    def history(self, kind: str, key: str) -> list[AuditRecord]:
        """All changes of one entry, newest first."""
        with self._reading.begin() as connection:
            return _records(connection, _changes().where(AUDIT.c.kind == kind, AUDIT.c.key == key))

    def audit(self, limit: int = 100, before: int | None = None) -> list[AuditRecord]:
        """The newest changes, newest first; with `before` (the id of a record) only older ones."""
        wanted = _changes().limit(limit)
        with self._reading.begin() as connection:
            return _records(connection, wanted if before is None else wanted.where(AUDIT.c.id < before))

    # Releases

    def publish(self, actor: str, note: str = "", gate: Gate | None = None) -> tuple[Release, bool]:
        """Publish the draft as a new release; the flag is False when the release in force says the same already.

        Raises `NotPublishable` with what the gate found; then nothing is changed.
        """
        with self._engine.begin() as connection:
            _write_alone(connection, _RELEASES)
            return _publish(connection, _draft(connection), actor, note, gate)

    def roll_back(self, number: int, actor: str, note: str = "") -> tuple[Release, bool]:
        """Publish the content of an older release under a new number, whatever its errors; the draft stays as it is.

        The flag is False when the release in force says the same already. Raises `NoSuchRelease`.
        """
        with self._engine.begin() as connection:
            _write_alone(connection, _RELEASES)
            content = _content(connection, number)
            if content is None:
                raise NoSuchRelease(number)
            return _publish(connection, read_release(content).knowledge, actor, note, based_on=number)

    def releases(self) -> list[ReleaseRecord]:
        """All releases, newest first, without their content."""
        columns = [each for each in _RELEASES.c if each.name != "content"]
        with self._reading.begin() as connection:
            rows = connection.execute(select(*columns).order_by(_RELEASES.c.number.desc()))
            return [ReleaseRecord(**row._mapping) for row in rows]

    def newest_number(self) -> int | None:
        """Number of the release in force; None before the first one.

        Asked before each turn, which has to write: unlike other readers it fails where nobody can.
        """
        with self._engine.begin() as connection:
            newest: int | None = connection.scalar(select(func.max(_RELEASES.c.number)))
        return newest

    def release(self, number: int | None = None) -> Release | None:
        """A release by number, or the one in force; None if there is none."""
        content = self.release_json(number)
        return read_release(content) if content is not None else None

    def release_json(self, number: int | None = None) -> str | None:
        """The same as the JSON text that `Release.from_json` reads."""
        with self._reading.begin() as connection:
            return _content(connection, number)


def open_knowledge(url: str) -> KnowledgeStore:
    """The knowledge in a database, its tables brought up to date; for commands that need nothing else of it."""
    engine = connect(url)
    migrate(engine)
    return KnowledgeStore(engine)


def _write_alone(connection: Connection, table: Table) -> None:
    """Let no other transaction write to a table until this one ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))


def _is(name: Name) -> tuple[Any, Any]:
    return ENTRIES.c.kind == name[0], ENTRIES.c.key == name[1]


def _row(connection: Connection, name: Name) -> Any:
    wanted = select(ENTRIES.c.content, ENTRIES.c.version, ENTRIES.c.origin)
    return connection.execute(wanted.where(*_is(name))).first()


def _row_of_version(connection: Connection, name: Name, version: int | None) -> Any:
    """The row that is to be changed. Raises `Conflict` when it has another version."""
    _write_alone(connection, ENTRIES)
    row = _row(connection, name)
    if (row.version if row else None) == version:
        return row
    latest = connection.execute(
        select(AUDIT.c.actor, AUDIT.c.at).where(AUDIT.c.kind == name[0], AUDIT.c.key == name[1]).order_by(AUDIT.c.id.desc())
    ).first()
    raise Conflict(*name, row.version if row else None, latest.actor if latest else "", _utc(latest.at) if latest else None)


def _record(connection: Connection, actor: str, action: str, name: Name, content: dict[str, Any] | None) -> None:
    connection.execute(insert(AUDIT), [audit_row(_now(), actor, action, name, content)])


def _changes() -> Select[Any]:
    """Changes, newest first, each with the content that the change before it left."""
    earlier = AUDIT.alias()
    before = (
        select(earlier.c.content)
        .where(earlier.c.kind == AUDIT.c.kind, earlier.c.key == AUDIT.c.key, earlier.c.id < AUDIT.c.id)
        .order_by(earlier.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = (AUDIT.c.id, AUDIT.c.at, AUDIT.c.actor, AUDIT.c.action, AUDIT.c.kind, AUDIT.c.key)
    return select(*columns, before.label("before"), AUDIT.c.content.label("after")).order_by(AUDIT.c.id.desc())


def _records(connection: Connection, wanted: Select[Any]) -> list[AuditRecord]:
    return [AuditRecord(**{**row._mapping, "at": _utc(row.at)}) for row in connection.execute(wanted)]


def _draft(connection: Connection) -> Knowledge:
    entries: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    wanted = select(ENTRIES.c.kind, ENTRIES.c.content).order_by(ENTRIES.c.position, ENTRIES.c.kind, ENTRIES.c.key)
    with collecting_later():
        for kind, content in connection.execute(wanted, execution_options=READ_AT_ONCE):
            entries[kind].append(entry_from_row(kind, content))
    return Knowledge(**{kind: tuple(entries[kind]) for kind in KINDS})


def _publish(
    connection: Connection, knowledge: Knowledge, actor: str, note: str, gate: Gate | None = None, based_on: int | None = None
) -> tuple[Release, bool]:
    digest = digest_of(knowledge)
    columns = (_RELEASES.c.number, _RELEASES.c.digest, _RELEASES.c.published)
    newest = connection.execute(select(*columns).order_by(_RELEASES.c.number.desc()).limit(1)).first()
    if newest and newest.digest == digest:
        return Release(*newest, knowledge), False
    release = Release(newest.number + 1 if newest else 1, digest, _now().isoformat(timespec="seconds"), knowledge)
    if gate and (findings := tuple(gate(release))):
        raise NotPublishable(findings)
    head = {"number": release.number, "digest": digest, "published": release.published}
    row = {**head, "actor": actor, "note": note, "based_on": based_on, "content": release.to_json()}
    connection.execute(insert(_RELEASES), [row])
    about = {"digest": digest, "note": note, "based_on": based_on}
    action = "published" if based_on is None else "rolled_back"
    _record(connection, actor, action, ("release", str(release.number)), about)
    return release, True


def _content(connection: Connection, number: int | None) -> str | None:
    wanted = select(_RELEASES.c.content).order_by(_RELEASES.c.number.desc()).limit(1)
    return connection.scalar(wanted if number is None else wanted.where(_RELEASES.c.number == number))


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _utc(at: datetime) -> datetime:
    """SQLite keeps no time zone."""
    return at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)

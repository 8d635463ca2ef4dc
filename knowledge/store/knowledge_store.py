"""Draft and releases in the database: merge into the draft, publish it, read what is in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.orm import Session

from knowledge.release import KINDS, Knowledge, Release, digest_of, entry_to_row, key_of, knowledge_from_dict
from knowledge.store.tables import AuditEntry, Entry, ReleaseRow

_Name = tuple[str, str]
"""Kind and key of an entry."""


@dataclass(frozen=True)
class Change:
    """What happened to an entry: `added`, `changed` or `removed`."""

    action: str
    kind: str
    key: str


@dataclass(frozen=True)
class MergeReport:
    """What merging changed, in order, and how many entries it left as they were."""

    changes: tuple[Change, ...] = ()
    unchanged: int = 0

    def count(self, action: str) -> int:
        return Counter(change.action for change in self.changes)[action]


class KnowledgeStore:
    """Reads and writes the knowledge; each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def merge(
        self, knowledge: Knowledge, actor: str, origin: str, *, complete: bool = False, dry_run: bool = False
    ) -> MergeReport:
        """Add and change the entries given; every change leaves an audit row in the same transaction.

        With `complete`, entries that came from the same origin before and are missing now are removed. With `dry_run`
        nothing is written.
        """
        return self._merge(knowledge, actor, origin, _of_origin(origin) if complete else None, dry_run)

    def replace_draft(self, knowledge: Knowledge, actor: str, origin: str = "restore", *, dry_run: bool = False) -> MergeReport:
        """Make the draft equal to `knowledge`, wherever its entries came from."""
        return self._merge(knowledge, actor, origin, lambda entry: True, dry_run)

    def _merge(self, knowledge: Knowledge, actor: str, origin: str, owned: Any, dry_run: bool) -> MergeReport:
        with Session(self._engine) as session, session.begin():
            present = {
                (row.kind, row.key): row
                for row in session.execute(select(Entry.kind, Entry.key, Entry.position, Entry.origin, Entry.content))
            }
            plan = _Plan(origin)
            for position, (name, content) in enumerate(_rows(knowledge)):
                plan.keep(name, content, position, present.pop(name, None))
            if owned is not None:
                plan.remove(name for name, row in present.items() if owned(row))
            if not dry_run:
                plan.carry_out(session, actor)
        return MergeReport(tuple(plan.changes), plan.unchanged)

    def draft(self) -> Knowledge:
        """The knowledge as it stands in the draft."""
        with Session(self._engine) as session:
            return _draft(session)

    def publish(self, actor: str) -> tuple[Release, bool]:
        """Publish the draft as a new release; the flag is False when the release in force says the same already."""
        with Session(self._engine) as session, session.begin():
            knowledge = _draft(session)
            digest = digest_of(knowledge)
            newest = session.scalars(select(ReleaseRow).order_by(ReleaseRow.number.desc()).limit(1)).first()
            if newest and newest.digest == digest:
                return Release.from_json(newest.content), False
            number = newest.number + 1 if newest else 1
            release = Release(number, digest, _now().isoformat(timespec="seconds"), knowledge)
            session.add(ReleaseRow(number=number, digest=digest, published=release.published, content=release.to_json()))
            session.execute(
                insert(AuditEntry), [_audit(_now(), actor, "published", ("release", str(number)), {"digest": digest})]
            )
        return release, True

    def newest_number(self) -> int | None:
        """Number of the release in force; None before the first one."""
        with Session(self._engine) as session:
            return session.scalar(select(func.max(ReleaseRow.number)))

    def release(self, number: int | None = None) -> Release | None:
        """A release by number, or the one in force; None if there is none."""
        wanted = select(ReleaseRow).order_by(ReleaseRow.number.desc()).limit(1)
        if number is not None:
            wanted = select(ReleaseRow).where(ReleaseRow.number == number)
        with Session(self._engine) as session:
            row = session.scalars(wanted).first()
        return Release.from_json(row.content) if row else None


class _Plan:
    """What a merge will do, gathered before anything is written."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._new: list[dict[str, Any]] = []
        self._changed: list[tuple[_Name, dict[str, Any]]] = []
        self._moved: list[tuple[_Name, int]] = []
        self._contents: dict[_Name, dict[str, Any]] = {}
        self.changes: list[Change] = []
        self.unchanged = 0

    def keep(self, name: _Name, content: dict[str, Any], position: int, row: Any) -> None:
        values = {"position": position, "origin": self._origin, "content": content}
        if row is None:
            self._new.append({"kind": name[0], "key": name[1], "version": 1, **values})
        elif row.content != content:
            self._changed.append((name, values))
        else:
            self.unchanged += 1
            if (row.position, row.origin) != (position, self._origin):
                self._moved.append((name, position))
            return
        self._contents[name] = content
        self.changes.append(Change("added" if row is None else "changed", *name))

    def remove(self, names: Iterator[_Name]) -> None:
        self.changes.extend(Change("removed", *name) for name in names)

    def carry_out(self, session: Session, actor: str) -> None:
        if self._new:
            session.execute(insert(Entry), self._new)
        for name, values in self._changed:
            session.execute(update(Entry).where(*_is(name)).values(version=Entry.version + 1, **values))
        for name, position in self._moved:
            session.execute(update(Entry).where(*_is(name)).values(position=position, origin=self._origin))
        for change in self.changes:
            if change.action == "removed":
                session.execute(delete(Entry).where(*_is((change.kind, change.key))))
        if self.changes:
            now = _now()
            names = [(change.action, (change.kind, change.key)) for change in self.changes]
            session.execute(
                insert(AuditEntry), [_audit(now, actor, action, name, self._contents.get(name)) for action, name in names]
            )


def _of_origin(origin: str) -> Any:
    return lambda row: row.origin == origin


def _is(name: _Name) -> tuple[Any, Any]:
    return Entry.kind == name[0], Entry.key == name[1]


def _draft(session: Session) -> Knowledge:
    data: dict[str, Any] = {kind: [] for kind in KINDS}
    rows = session.execute(select(Entry.kind, Entry.content).order_by(Entry.position, Entry.kind, Entry.key))
    for kind, content in rows:
        data[kind].append(content)
    return knowledge_from_dict(data)


def _rows(knowledge: Knowledge) -> Iterator[tuple[_Name, dict[str, Any]]]:
    for kind in KINDS:
        for entry in getattr(knowledge, kind):
            yield (kind, key_of(kind, entry)), entry_to_row(entry)


def _audit(at: datetime, actor: str, action: str, name: _Name, content: dict[str, Any] | None) -> dict[str, Any]:
    return {"at": at, "actor": actor, "action": action, "kind": name[0], "key": name[1], "content": content}


def _now() -> datetime:
    return datetime.now(timezone.utc)

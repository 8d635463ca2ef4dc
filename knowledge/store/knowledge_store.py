"""Draft and releases in the database: replace the draft, publish it, read what is in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from knowledge.release import Knowledge, Release, digest_of, knowledge_from_dict, knowledge_to_dict
from knowledge.store.tables import AuditEntry, Entry, ReleaseRow

_KEYS = {"places": "ars", "offices": "id", "services": "slug", "rules": "id"}
_OUTSIDE = "outside_places"


@dataclass(frozen=True)
class ImportReport:
    """How many entries an import added, changed, removed, and left as they were."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


class KnowledgeStore:
    """Reads and writes the knowledge; each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace_draft(self, knowledge: Knowledge, actor: str) -> ImportReport:
        """Make the draft equal to `knowledge`; every change leaves an audit row in the same transaction."""
        wanted = {(kind, key): (position, content) for position, (kind, key, content) in enumerate(_rows(knowledge))}
        counts = {"added": 0, "changed": 0, "removed": 0, "unchanged": 0}
        now = _now()
        with Session(self._engine) as session, session.begin():
            present = {(entry.kind, entry.key): entry for entry in session.scalars(select(Entry))}
            for name, (position, content) in wanted.items():
                entry = present.get(name)
                if entry is None:
                    session.add(Entry(kind=name[0], key=name[1], position=position, content=content))
                    action = "added"
                else:
                    action = "unchanged" if entry.content == content else "changed"
                    entry.position = position
                    if action == "changed":
                        entry.content = content
                counts[action] += 1
                if action != "unchanged":
                    session.add(_audit(now, actor, action, name, content))
            for name in present.keys() - wanted.keys():
                session.delete(present[name])
                session.add(_audit(now, actor, "removed", name, None))
                counts["removed"] += 1
        return ImportReport(**counts)

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
            session.add(_audit(_now(), actor, "published", ("release", str(number)), {"digest": digest}))
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


def _draft(session: Session) -> Knowledge:
    data: dict[str, Any] = {kind: [] for kind in (*_KEYS, _OUTSIDE)}
    for entry in session.scalars(select(Entry).order_by(Entry.position)):
        data[entry.kind].append(entry.content["name"] if entry.kind == _OUTSIDE else entry.content)
    return knowledge_from_dict(data)


def _rows(knowledge: Knowledge) -> Iterator[tuple[str, str, dict[str, Any]]]:
    data = knowledge_to_dict(knowledge)
    for kind, key in _KEYS.items():
        for content in data[kind]:
            yield kind, content[key], content
    for name in knowledge.outside_places:
        yield _OUTSIDE, name, {"name": name}


def _audit(at: datetime, actor: str, action: str, name: tuple[str, str], content: dict[str, Any] | None) -> AuditEntry:
    return AuditEntry(at=at, actor=actor, action=action, kind=name[0], key=name[1], content=content)


def _now() -> datetime:
    return datetime.now(timezone.utc)

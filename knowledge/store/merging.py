"""Merging knowledge into the draft: what is new, changed, moved or gone, written in batches.

Of a large county's entries only names are gathered; contents are compared and written as they pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from knowledge.release import KINDS, Knowledge, entry_to_row, key_of
from knowledge.store.records import Change, MergeReport, NotStorable
from knowledge.store.tables import LONGEST_KEY, AuditEntry, Entry

BY_HAND = "hand"
"""Origin of entries that no import brought."""

ENTRIES = cast(Table, Entry.__table__)
AUDIT = cast(Table, AuditEntry.__table__)
READ_AT_ONCE = {"yield_per": 2000}
_WRITTEN_AT_ONCE = 2000

Name = tuple[str, str]
"""Kind and key of an entry."""

_T = TypeVar("_T")
_IS = (ENTRIES.c.kind == bindparam("of_kind"), ENTRIES.c.key == bindparam("of_key"))
_CHANGE = (
    update(ENTRIES)
    .where(*_IS)
    .values(
        version=ENTRIES.c.version + 1,
        position=bindparam("new_position"),
        origin=bindparam("new_origin"),
        content=bindparam("new_content"),
    )
)
_MOVE = update(ENTRIES).where(*_IS).values(position=bindparam("new_position"), origin=bindparam("new_origin"))
_REMOVE = delete(ENTRIES).where(*_IS)


class Merge:
    """One merge, planned by comparing with the draft; `write` carries it out.

    With `complete`, what came from the same origin and is missing now goes; with `everything`, all else goes. Without an
    origin, entries keep their own and their position, and new ones come last, by hand. Raises `NotStorable`.
    """

    def __init__(
        self, connection: Connection, knowledge: Knowledge, origin: str, *, complete: bool = False, everything: bool = False
    ) -> None:
        self._connection = connection
        self._origin = origin
        self._wanted = _by_name(knowledge)
        self._present: dict[Name, tuple[int, str]] = {}
        self._actions: dict[Name, str] = dict.fromkeys(self._wanted, "added")
        self._last = -1
        self._compare(lambda its: everything or (complete and its == origin))
        self.report = MergeReport(
            tuple(Change(action, *name) for name, action in self._actions.items() if action != "unchanged"),
            sum(action == "unchanged" for action in self._actions.values()),
        )

    def _compare(self, owned: Any) -> None:
        columns = (ENTRIES.c.kind, ENTRIES.c.key, ENTRIES.c.position, ENTRIES.c.origin, ENTRIES.c.content)
        for kind, key, position, origin, content in self._connection.execute(select(*columns), execution_options=READ_AT_ONCE):
            name = (kind, key)
            self._last = max(self._last, position)
            if name in self._wanted:
                self._present[name] = (position, origin)
                same = entry_to_row(self._wanted[name][1]) == content
                self._actions[name] = "unchanged" if same else "changed"
            elif owned(origin):
                self._actions[name] = "removed"

    def write(self, actor: str) -> None:
        """Change the draft; every change leaves an audit row. Raises `NotStorable` before anything is written."""
        for change in self.report.changes:
            if change.action != "removed":
                storable(change.kind, self._wanted[change.kind, change.key][1])
        now = datetime.now(timezone.utc)
        for changes in _batches(self.report.changes, _WRITTEN_AT_ONCE):
            self._write(changes, now, actor)
        for moved in _batches(self._moved(), _WRITTEN_AT_ONCE):
            self._connection.execute(_MOVE, moved)

    def _write(self, changes: list[Change], now: datetime, actor: str) -> None:
        audit, added, changed, removed = [], [], [], []
        for action, kind, key in ((each.action, each.kind, each.key) for each in changes):
            name = (kind, key)
            if action == "removed":
                content = None
                removed.append({"of_kind": kind, "of_key": key})
            else:
                content = entry_to_row(self._wanted[name][1])
                position, origin = self._place(name)
                if action == "added":
                    added.append(new_row(name, position, origin, content))
                else:
                    changed.append({"of_kind": kind, "of_key": key, **_new(position, origin), "new_content": content})
            audit.append(audit_row(now, actor, action, name, content))
        for statement, rows in ((insert(ENTRIES), added), (_CHANGE, changed), (_REMOVE, removed), (insert(AUDIT), audit)):
            if rows:
                self._connection.execute(statement, rows)

    def _moved(self) -> Iterator[dict[str, Any]]:
        for name, action in self._actions.items():
            if action == "unchanged" and self._present[name] != (place := self._place(name)):
                yield {"of_kind": name[0], "of_key": name[1], **_new(*place)}

    def _place(self, name: Name) -> tuple[int, str]:
        """Position and origin that an entry is to have."""
        position = self._wanted[name][0]
        if self._origin:
            return position, self._origin
        return self._present.get(name) or (self._last + 1 + position, BY_HAND)


def _by_name(knowledge: Knowledge) -> dict[Name, tuple[int, Any]]:
    wanted: dict[Name, tuple[int, Any]] = {}
    for kind in KINDS:
        for entry in getattr(knowledge, kind):
            name = name_of(kind, entry)
            if name in wanted:
                raise NotStorable(f"„{name[1]}“ kommt doppelt vor ({kind}).")
            wanted[name] = (len(wanted), entry)
    return wanted


def name_of(kind: str, entry: Any) -> Name:
    """Kind and key of an entry. Raises `NotStorable` for one of another kind, without a key or with one that is too long."""
    if kind not in KINDS or not isinstance(entry, KINDS[kind]):
        raise NotStorable(f"„{type(entry).__name__}“ ist kein Eintrag der Art „{kind}“.")
    try:
        key = key_of(kind, entry)
    except StopIteration:
        raise NotStorable(f"Ein Eintrag hat keinen Schlüssel ({kind}).") from None
    if len(key) > LONGEST_KEY or "\0" in key or not _is_unicode(key):
        raise NotStorable(f"Der Schlüssel „{key[:40]!a}…“ ist zu lang oder enthält unerlaubte Zeichen ({kind}).")
    return kind, key


def storable(kind: str, entry: Any) -> dict[str, Any]:
    """An entry as a row. Raises `NotStorable` for half characters (single surrogates) and for numbers that are none."""
    content = entry_to_row(entry)
    try:
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        raise NotStorable(f"„{key_of(kind, entry)}“ enthält Zeichen oder Zahlen, die es nicht gibt ({kind}).") from None
    return content


def new_row(name: Name, position: int, origin: str, content: dict[str, Any]) -> dict[str, Any]:
    """A row of the table of entries, in its first version."""
    return {"kind": name[0], "key": name[1], "position": position, "version": 1, "origin": origin, "content": content}


def audit_row(at: datetime, actor: str, action: str, name: Name, content: dict[str, Any] | None) -> dict[str, Any]:
    """A row of the table of changes."""
    return {"at": at, "actor": actor, "action": action, "kind": name[0], "key": name[1], "content": content}


def _new(position: int, origin: str) -> dict[str, Any]:
    return {"new_position": position, "new_origin": origin}


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch

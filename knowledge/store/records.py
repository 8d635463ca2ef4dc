"""What the store hands out and what it refuses with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.hours import BERLIN


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


@dataclass(frozen=True)
class Stored:
    """An entry of the draft: its value, its version (1 when new, one more with each change), the import it belongs to."""

    entry: Any
    version: int
    origin: str


@dataclass(frozen=True)
class AuditRecord:
    """One change: who did what to which entry when (UTC), and its content before and after.

    `action` is `added`, `changed`, `removed`, `published` or `rolled_back`; the last two are of the kind `release` and have
    its number as key. Contents are rows as `entry_from_row` reads them, None where there was no entry.
    """

    id: int
    at: datetime
    actor: str
    action: str
    kind: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True)
class ReleaseRecord:
    """A release without its content. `published` is an ISO 8601 time in UTC.

    `based_on` is the number of the older release whose content it repeats; None where it was the draft.
    """

    number: int
    digest: str
    published: str
    actor: str
    note: str
    based_on: int | None


class Conflict(Exception):
    """Somebody else changed the entry first: its `version` now (None when it is gone), who did it and when (UTC)."""

    def __init__(self, kind: str, key: str, version: int | None, actor: str, at: datetime | None) -> None:
        self.kind = kind
        self.key = key
        self.version = version
        self.actor = actor
        self.at = at
        super().__init__(kind, key, version, actor, at)

    def __str__(self) -> str:
        if self.at is None:
            return f"Den Eintrag „{self.key}“ gibt es nicht."
        day = f"{self.at.astimezone(BERLIN):am %d.%m.%Y um %H:%M Uhr}"
        what = "entfernt" if self.version is None else "geändert"
        return f"Der Eintrag „{self.key}“ wurde inzwischen {what} ({self.actor}, {day})."


class NotStorable(ValueError):
    """An entry that no database or release can hold; the message is German. Nothing was changed."""


class NotPublishable(Exception):
    """The draft has errors and was not published; `findings` says which, in German."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))


class NoSuchRelease(Exception):
    """There is no release of this number."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"Die Ausgabe {number} gibt es nicht.")

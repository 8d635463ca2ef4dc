"""`lotse publish`, `rollback`, `releases`, `diff`, `preview`: what was published, what will be, and what that changes."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy.exc import SQLAlchemyError

from bot.cli import UsageError
from bot.settings import Settings
from knowledge.hours import BERLIN
from knowledge.release import Knowledge, Release, digest_of
from knowledge.store.knowledge_store import KnowledgeStore, NoSuchRelease, NotPublishable, ReleaseRecord, open_knowledge

_SHOWN = 50
_DRAFT = 0
"""Stands in for the number of a release that is none yet."""


def publish(settings: Settings, store: KnowledgeStore, actor: str, note: str = "") -> tuple[Release, bool]:
    """Check and publish the draft, and leave it for tools that run without a gateway. Raises `NotPublishable`."""
    published = store.publish(actor, note, errors_of)
    _leave_release(settings, store)
    return published


def errors_of(release: Release) -> list[str]:
    """What forbids publishing, in German."""
    from knowledge.checks import ERROR, check

    return [f"{finding.entry}: {finding.message}" for finding in check(release) if finding.severity == ERROR]


def say_not_publishable(error: NotPublishable) -> None:
    """Print the errors to stderr."""
    for finding in error.findings[:_SHOWN]:
        print(finding, file=sys.stderr)
    if len(error.findings) > _SHOWN:
        print(f"… und {len(error.findings) - _SHOWN} weitere.", file=sys.stderr)
    print(f"{len(error.findings)} Fehler. Es wurde nichts veröffentlicht.", file=sys.stderr)


def publish_command(settings: Settings, note: str) -> int:
    """Publish the draft; exit code 1 when it has errors, and then nothing is changed."""

    def run(store: KnowledgeStore) -> int:
        try:
            release, new = publish(settings, store, _actor(), note)
        except NotPublishable as error:
            say_not_publishable(error)
            return 1
        print(f"Ausgabe {release.number} ist {'veröffentlicht' if new else 'unverändert in Kraft'} ({release.id}).")
        return 0

    return _with_store(settings, run)


def rollback_command(settings: Settings, number: int, note: str) -> int:
    """Publish an older release again, under a new number."""

    def run(store: KnowledgeStore) -> int:
        try:
            release, new = store.roll_back(number, _actor(), note)
        except NoSuchRelease as error:
            raise UsageError(str(error)) from None
        if not new:
            print(f"Ausgabe {release.number} ist in Kraft und sagt dasselbe wie Ausgabe {number}; es bleibt dabei.")
            return 0
        _leave_release(settings, store)
        print(f"Ausgabe {release.number} ist veröffentlicht ({release.id}), mit dem Inhalt von Ausgabe {number}.")
        print("Der Entwurf bleibt, wie er ist. „lotse diff“ zeigt, was ihn von dieser Ausgabe unterscheidet.")
        return 0

    return _with_store(settings, run)


def releases_command(settings: Settings, *, as_json: bool) -> int:
    """List the releases, newest first."""

    def run(store: KnowledgeStore) -> int:
        records = store.releases()
        if as_json:
            print(json.dumps([record.__dict__ for record in records], ensure_ascii=False))
        elif not records:
            print("Es ist noch nichts veröffentlicht.")
        else:
            print("\n".join(_line(record, in_force=record is records[0]) for record in records))
        return 0

    return _with_store(settings, run)


def diff_command(settings: Settings, old: int | None, new: int | None, *, as_json: bool) -> int:
    """Say what changed from one release to another; by default from the one in force to the draft."""
    from knowledge.diff import differences

    def run(store: KnowledgeStore) -> int:
        before = _release(store, old)
        after = _release(store, new) if new is not None else _draft(store)
        found = differences(before.knowledge, after.knowledge)
        if as_json:
            print(json.dumps([each.__dict__ for each in found], ensure_ascii=False))
            return 0
        for each in found:
            print(each)
        names = f"{_name(before)} und {_name(after)}"
        if found:
            print(f"{len(found)} Unterschiede zwischen {names}." if len(found) > 1 else f"Ein Unterschied zwischen {names}.")
        else:
            order = "" if before.digest == after.digest else "; nur die Reihenfolge der Einträge ist anders"
            print(f"Kein Unterschied zwischen {names}{order}.")
        return 0

    return _with_store(settings, run)


def preview_command(settings: Settings, on: date, today: date, *, draft: bool, as_json: bool) -> int:
    """Say which answers change until a day, with the release in force or, with `draft`, with the draft."""
    from knowledge.preview import preview

    if on < today or (on == today and not draft):
        raise UsageError(f"Der Tag muss {'heute oder später' if draft else 'nach heute'} sein, nicht {on:%d.%m.%Y}.")

    def run(store: KnowledgeStore) -> int:
        now = _release(store, None)
        shifts = preview(now, _draft(store) if draft else now, today, on)
        if as_json:
            print(json.dumps([{**each.__dict__, "text": str(each)} for each in shifts], ensure_ascii=False, default=str))
            return 0
        for each in shifts:
            print(each)
        if not shifts:
            print(f"Bis zum {on:%d.%m.%Y} ändert sich keine Antwort.")
        return 0

    return _with_store(settings, run)


def draft_release(settings: Settings) -> Release:
    """The draft as if it were published, with the number 0."""
    found: list[Release] = []

    def run(store: KnowledgeStore) -> int:
        found.append(_draft(store))
        return 0

    if _with_store(settings, run):
        raise UsageError("Der Entwurf ist nicht lesbar.")
    return found[0]


def _draft(store: KnowledgeStore) -> Release:
    knowledge: Knowledge = store.draft()
    return Release(_DRAFT, digest_of(knowledge), datetime.now(BERLIN).isoformat(timespec="seconds"), knowledge)


def _release(store: KnowledgeStore, number: int | None) -> Release:
    release = store.release(number)
    if release is None and number is None:
        raise UsageError("Es ist noch kein Wissen veröffentlicht, bitte zuerst „lotse publish“ aufrufen.")
    if release is None:
        raise UsageError(f"Die Ausgabe {number} gibt es nicht; „lotse releases“ zeigt alle.")
    return release


def _name(release: Release) -> str:
    return f"Ausgabe {release.number}" if release.number != _DRAFT else "dem Entwurf"


def _line(record: ReleaseRecord, *, in_force: bool) -> str:
    when = datetime.fromisoformat(record.published).astimezone(BERLIN)
    parts = [f"{record.number:>4}  {record.digest[:12]}  {when:%d.%m.%Y %H:%M}  {record.actor or 'unbekannt'}"]
    if record.based_on is not None:
        parts.append(f"Inhalt von Ausgabe {record.based_on}")
    parts += [each for each in (record.note, "in Kraft" if in_force else "") if each]
    return "  ".join(parts)


def _leave_release(settings: Settings, store: KnowledgeStore) -> None:
    """Write the release file in one step, so that nobody reads half of it."""
    content = store.release_json() or ""
    new = settings.release_file.with_name(f".release-{os.getpid()}.json")
    try:
        settings.var.mkdir(parents=True, exist_ok=True)
        new.write_text(content, "utf-8")
        new.replace(settings.release_file)
    except OSError as error:
        new.unlink(missing_ok=True)
        print(f"Veröffentlicht, aber {settings.release_file} war nicht zu schreiben ({error.strerror}).", file=sys.stderr)


def _actor() -> str:
    """Who sits at this command line."""
    try:
        return getpass.getuser()[:100]
    except (OSError, KeyError, ImportError):
        return "Kommandozeile"


def _with_store(settings: Settings, run: Callable[[KnowledgeStore], int]) -> int:
    try:
        return run(open_knowledge(settings.database_url))
    except (SQLAlchemyError, OSError) as error:
        reason = (str(getattr(error, "orig", error)).splitlines() or ["unbekannt"])[0]
        print(f"Die Datenbank ist nicht erreichbar oder voll ({reason}). Es wurde nichts geändert.", file=sys.stderr)
        return 1

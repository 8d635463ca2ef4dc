"""`lotse import`: knowledge from files into the draft, and published."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.commands.releases import publish, say_not_publishable
from bot.settings import Settings
from knowledge.exchange.reading import Note, Reading, Unreadable, kept_apart
from knowledge.release import Knowledge, Release
from knowledge.store.knowledge_store import KnowledgeStore, MergeReport, NotPublishable, NotStorable, open_knowledge

_SHOWN = 50
_ACTOR = "import"
_KIND_NAMES = {
    "places": "Orte",
    "offices": "Stellen",
    "services": "Leistungen",
    "rules": "Regeln",
    "outside": "Orte außerhalb",
    "office_types": "Arten von Stellen",
    "journeys": "Lebenslagen",
    "distinctions": "Unterscheidungen",
    "notices": "Hinweise",
}


@dataclass(frozen=True)
class ImportOptions:
    """How to import: `publish` afterwards, or only say what would happen (`dry_run`)."""

    publish: bool = False
    dry_run: bool = False
    as_json: bool = False
    county: str | None = None


_Reader = Callable[[Path, Knowledge, ImportOptions], Reading]


def _seed(path: Path, _draft: Knowledge, _options: ImportOptions) -> Reading:
    from knowledge.exchange.seed import SeedError, read_seed

    try:
        return Reading(read_seed(path), "seed", complete=True)
    except SeedError as error:
        raise Unreadable([Note(f"{each.file}, Zeile {each.line}", each.message) for each in error.problems]) from error


def _dldb(path: Path, _draft: Knowledge, _options: ImportOptions) -> Reading:
    from knowledge.exchange.dldb import read_dldb

    return read_dldb(path)


def _xzufi(path: Path, _draft: Knowledge, _options: ImportOptions) -> Reading:
    from knowledge.exchange.xzufi import read_xzufi

    return read_xzufi(path)


def _table(path: Path, draft: Knowledge, _options: ImportOptions) -> Reading:
    from knowledge.exchange.spreadsheet import read_spreadsheet

    return read_spreadsheet(path, draft)


def _leika(path: Path, draft: Knowledge, _options: ImportOptions) -> Reading:
    from knowledge.exchange.leika import read_leika

    return read_leika(path, draft)


def _municipalities(path: Path, draft: Knowledge, options: ImportOptions) -> Reading:
    from knowledge.exchange.register import read_municipalities

    return read_municipalities(path, draft, options.county)


def _postcodes(path: Path, draft: Knowledge, _options: ImportOptions) -> Reading:
    from knowledge.exchange.register import read_postcodes

    return read_postcodes(path, draft)


def _dump(path: Path, _draft: Knowledge, _options: ImportOptions) -> Reading:
    from knowledge.exchange.dump import read_dump

    return read_dump(path)


READERS: dict[str, _Reader] = {
    "seed": _seed,
    "dldb": _dldb,
    "xzufi": _xzufi,
    "tabelle": _table,
    "leika": _leika,
    "gemeinden": _municipalities,
    "plz": _postcodes,
    "dump": _dump,
}
"""What `lotse import` can read, by the name of the source."""


def import_command(settings: Settings, source: str, path: Path, options: ImportOptions) -> int:
    """Read and check a file, then change the draft in one transaction. A broken file changes nothing; exit code 1."""
    try:
        store = open_knowledge(settings.database_url)
        draft = store.draft()
        reading = READERS[source](path, draft, options)
        reading = reading if reading.everything else kept_apart(reading, draft)
        report = _merge(store, reading, options.dry_run)
        release, errors = _publish(settings, store) if options.publish and not options.dry_run else (None, None)
    except Unreadable as error:
        _say_refused(error.notes)
        return 1
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        print(f"Die Datenbank ist nicht erreichbar oder voll ({reason}). Es wurde nichts geändert.", file=sys.stderr)
        return 1
    if options.as_json:
        print(json.dumps(_data(reading, report, release), ensure_ascii=False))
    else:
        _say(reading, report, release, options)
    if errors:
        say_not_publishable(errors)
        print("Das Eingelesene steht im Entwurf.", file=sys.stderr)
    return int(errors is not None)


def _merge(store: KnowledgeStore, reading: Reading, dry_run: bool) -> MergeReport:
    try:
        if reading.everything:
            return store.replace_draft(reading.knowledge, _ACTOR, reading.origin, dry_run=dry_run)
        return store.merge(reading.knowledge, _ACTOR, reading.origin, complete=reading.complete, dry_run=dry_run)
    except NotStorable as error:
        raise Unreadable(str(error)) from None


def _publish(settings: Settings, store: KnowledgeStore) -> tuple[tuple[Release, bool] | None, NotPublishable | None]:
    """The release, or what forbids it."""
    try:
        return publish(settings, store, _ACTOR), None
    except NotPublishable as error:
        return None, error


def _say_refused(notes: list[Note]) -> None:
    for note in notes[:_SHOWN]:
        print(note.message if not note.where else note, file=sys.stderr)
    more = len(notes) - _SHOWN
    if more > 0:
        print(f"… und {more} weitere.", file=sys.stderr)
    print(f"{len(notes)} Fehler. Es wurde nichts geändert.", file=sys.stderr)


def _say(reading: Reading, report: MergeReport, release: tuple[Release, bool] | None, options: ImportOptions) -> None:
    would = "Probelauf, es wurde nichts geändert: " if options.dry_run else ""
    print(
        f"{would}{report.count('added')} neu, {report.count('changed')} geändert, {report.count('removed')} entfernt, "
        f"{report.unchanged} unverändert; {_contents(reading.knowledge)}."
    )
    _say_notes("Berichtigt", reading.mended)
    _say_notes("Nicht übernommen", reading.refused)
    if release:
        state = "veröffentlicht" if release[1] else "unverändert in Kraft"
        print(f"Ausgabe {release[0].number} ist {state} ({release[0].id}).")


def _say_notes(title: str, notes: Iterable[Note]) -> None:
    listed = list(notes)
    if listed:
        print(f"{title}: {len(listed)}")
        for note in listed[:_SHOWN]:
            print(f"  {note}")
        if len(listed) > _SHOWN:
            print(f"  … und {len(listed) - _SHOWN} weitere (alle mit --json).")


def _contents(knowledge: Knowledge) -> str:
    counts = ((len(getattr(knowledge, kind)), name) for kind, name in _KIND_NAMES.items())
    return ", ".join(f"{count} {name}" for count, name in counts if count) or "nichts gelesen"


def _data(reading: Reading, report: MergeReport, release: tuple[Release, bool] | None) -> dict[str, Any]:
    return {
        "read": {kind: len(getattr(reading.knowledge, kind)) for kind in _KIND_NAMES},
        "changes": [dict(change.__dict__) for change in report.changes],
        "unchanged": report.unchanged,
        "mended": [dict(note.__dict__) for note in reading.mended],
        "refused": [dict(note.__dict__) for note in reading.refused],
        "release": release[0].id if release else None,
    }

"""`lotse import`: knowledge from files into the draft, and published."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import open_stores
from bot.settings import Settings
from knowledge.exchange.seed import SEED, SeedError, read_seed

_SHOWN = 50
_ACTOR = "import"


def import_seed(settings: Settings, folder: Path | None, *, publish: bool) -> int:
    """Read and check the files, then replace the draft in one transaction. A broken file changes nothing; exit code 1."""
    try:
        knowledge = read_seed(folder or SEED)
    except SeedError as error:
        for problem in error.problems[:_SHOWN]:
            print(problem, file=sys.stderr)
        more = len(error.problems) - _SHOWN
        print(f"… und {more} weitere." if more > 0 else "", end="\n" if more > 0 else "", file=sys.stderr)
        print(f"{len(error.problems)} Fehler. Es wurde nichts geändert.", file=sys.stderr)
        return 1
    try:
        stores = open_stores(settings)
        report = stores.knowledge.replace_draft(knowledge, _ACTOR)
        print(
            f"{report.added} neu, {report.changed} geändert, {report.removed} entfernt, {report.unchanged} unverändert: "
            f"{len(knowledge.services)} Leistungen, {len(knowledge.offices)} Stellen, {len(knowledge.places)} Orte, "
            f"{len(knowledge.rules)} Regeln."
        )
        if publish:
            release, new = stores.knowledge.publish(_ACTOR)
            settings.var.mkdir(parents=True, exist_ok=True)
            settings.release_file.write_text(release.to_json(), "utf-8")
            print(f"Ausgabe {release.number} ist {'veröffentlicht' if new else 'unverändert in Kraft'} ({release.id}).")
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        print(f"Die Datenbank ist nicht erreichbar oder voll ({reason}). Es wurde nichts geändert.", file=sys.stderr)
        return 1
    return 0

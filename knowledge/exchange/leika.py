"""The catalogue of public services (LeiKa) as a table: what it calls them, and which keys there are.

A key has 14 digits: `99`, then Leistungsgruppierung, Leistungskennung, Verrichtung and Detail with three digits each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.exchange.limits import Notes, clean_text, csv_rows, one_line, read_text
from knowledge.exchange.reading import Reading, Unreadable
from knowledge.model import OfficeType, Service
from knowledge.release import Knowledge
from knowledge.text import fold, folded_words

OFFICE_TYPE = OfficeType("leika", "Zuständige Stelle", "landkreis")
LEVELS = {"1": "bund", "2": "landkreis", "3": "landkreis", "4": "land", "5": "gemeinde"}
"""Level by Typisierung: 1 Bund, 2 and 3 federal rules that Länder or municipalities carry out, 4 Land, 5 municipal."""

_KEY = re.compile(r"99\d{12}")
_DIGITS = re.compile(r"\d+")
_LONGEST_NAME = 300
_COLUMNS = {
    "key": ("leika_key", "leika", "leika-id", "leika-schluessel", "leikaschluessel", "leistungsschluessel", "schluessel"),
    "name": ("name", "bezeichnung", "leistungsbezeichnung", "leistung"),
    "kind": ("typ", "typisierung"),
    "life_situation": ("lage", "lebenslage"),
}


@dataclass(frozen=True)
class _Row:
    line: int
    key: str
    name: str
    kind: str
    life_situation: str


def read_leika(path: Path, draft: Knowledge) -> Reading:
    """Compare the services of a draft with a list (CSV with a head; columns such as `leika_key` and `name`).

    Those in the list get its name as a synonym where it says something new; only they are in the reading, and they stay with
    the origin they have. Keys that are malformed, unknown, or stand at several services are refused, as are junk keys of the
    list. Raises `Unreadable` when the file is no such list.
    """
    mended, refused = Notes(), Notes()
    names = {row.key: row.name for row in _rows(path, mended, refused)}
    shared = Counter(service.leika for service in draft.services if service.leika)
    changed = []
    for service in draft.services:
        if not service.leika:
            continue
        where = f"services[{service.slug}].leika"
        if not _KEY.fullmatch(service.leika):
            refused.add(where, f"„{service.leika[:50]}“ ist kein LeiKa-Schlüssel (99 und zwölf Ziffern).")
            continue
        if shared[service.leika] > 1:
            refused.add(where, f"Den Schlüssel {service.leika} haben {shared[service.leika]} Leistungen. Bitte prüfen.")
        name = names.get(service.leika)
        if name is None:
            refused.add(where, f"Den Schlüssel {service.leika} kennt die Liste nicht.")
        elif _says_something_new(name, service):
            changed.append(replace(service, synonyms=(*service.synonyms, name)))
    return Reading(Knowledge(services=tuple(changed)), "", mended.all(), refused.all())


def leika_services(path: Path) -> list[Service]:
    """All rows with a valid key as bare services, each key once. Raises `Unreadable` when the file is no such list."""
    found: dict[str, Service] = {}
    for row in _rows(path, Notes(), Notes()):
        found[row.key] = Service(
            slug=f"leika-{row.key}",
            name=row.name,
            audience="both",
            level=next((LEVELS[digit] for digit in _DIGITS.findall(row.kind) if digit in LEVELS), OFFICE_TYPE.level),
            office_type=OFFICE_TYPE.type,
            life_situation=row.life_situation or "Allgemein",
            leika=row.key,
            source_ids=(f"leika:{row.key}",),
        )
    return list(found.values())


def _rows(path: Path, mended: Notes, refused: Notes) -> Iterator[_Row]:
    """The rows with a valid key and a name, each key once; digits that are no key are junk."""
    text, notes = read_text(path)
    mended.extend(notes)
    rows = csv_rows(text, path.name)
    _, head = next(rows, (1, []))
    columns = {name: _column(head, titles) for name, titles in _COLUMNS.items()}
    if columns["key"] is None or columns["name"] is None:
        raise Unreadable(f"Die Datei „{path.name}“ ist keine LeiKa-Liste: Es fehlt die Spalte leika_key oder name.")
    seen: set[str] = set()
    for line, cells in rows:
        where = f"Zeile {line}"
        values = {name: _cell(cells, column) for name, column in columns.items()}
        key = re.sub(r"\s", "", values["key"])
        if not any(map(str.isdigit, key)):
            continue
        name = one_line(clean_text(values["name"], where, mended, _LONGEST_NAME))
        if not _KEY.fullmatch(key):
            refused.add(where, f"„{key[:50]}“ ist kein LeiKa-Schlüssel (99 und zwölf Ziffern).")
        elif key in seen:
            refused.add(where, f"Der Schlüssel {key} steht schon weiter oben.")
        elif not name:
            refused.add(where, "Der Name fehlt.")
        else:
            seen.add(key)
            yield _Row(line, key, name, values["kind"], one_line(values["life_situation"], most=_LONGEST_NAME))


def _column(head: list[str], titles: tuple[str, ...]) -> int | None:
    folded = [re.sub(r"[\s-]+", "-", fold(title).strip()) for title in head]
    return next((folded.index(title) for title in titles if title in folded), None)


def _cell(cells: list[str], column: int | None) -> str:
    return cells[column] if column is not None and column < len(cells) else ""


def _says_something_new(name: str, service: Service) -> bool:
    return _plain(name) not in {_plain(each) for each in (service.name, *service.synonyms)}


def _plain(text: str) -> str:
    return " ".join(sorted(folded_words(text)))


__all__ = ["LEVELS", "OFFICE_TYPE", "leika_services", "read_leika"]

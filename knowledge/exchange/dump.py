"""The knowledge as one JSON file, and back: what a county keeps beside its database, or takes to another one.

A dump holds the knowledge alone. Releases, the audit trail, conversations and accounts are not in it; a backup of the
database holds those.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from knowledge.exchange import limits
from knowledge.exchange.reading import Note, Reading, Unreadable
from knowledge.model import Service
from knowledge.release import KINDS, Knowledge, digest_of, entry_from_row, key_of, knowledge_to_dict

FORMAT = "lotse-dump"
VERSION = 1
_MOST_NOTES = 200
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NAMES = {str: "ein Text", int: "eine ganze Zahl", float: "eine Zahl", bool: "true oder false"}


def write_dump(knowledge: Knowledge) -> bytes:
    """JSON in UTF-8, the same bytes for the same knowledge."""
    data = {"format": FORMAT, "version": VERSION, "digest": digest_of(knowledge), "knowledge": knowledge_to_dict(knowledge)}
    return f"{json.dumps(data, ensure_ascii=False, indent=1)}\n".encode()


def is_restorable(dump: bytes) -> bool:
    """Whether `read_dump` takes a dump of this size; that of a whole Land may be larger than files from outside may be."""
    text = dump.decode()
    values = text.count(",") + text.count("[") + text.count("{")
    return (
        len(dump) <= limits.MOST_TEXT_BYTES and text.__sizeof__() <= limits.MOST_JSON_MEMORY and values <= limits.MOST_JSON_VALUES
    )


def read_dump(path: Path) -> Reading:
    """Read what `write_dump` wrote; it replaces the whole draft.

    Editing a dump by hand is allowed: that its digest no longer fits is noted as mended. Raises `Unreadable` for what is no
    dump, and for entries of another shape, each with its path („knowledge.services[3].fees[0]“).
    """
    data, notes = limits.load_json(path)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise Unreadable(f"Die Datei „{path.name}“ ist keine Sicherung von Lotse.")
    version = data.get("version")
    if type(version) is int and version > VERSION:
        raise Unreadable(f"Die Datei „{path.name}“ stammt aus einer neueren Fassung von Lotse; hier ist sie nicht lesbar.")
    if type(version) is not int or version != VERSION:
        raise Unreadable(f"Die Datei „{path.name}“ nennt keine bekannte Fassung; lesbar ist „version“: {VERSION}.")
    knowledge = _knowledge(data.get("knowledge"))
    if data.get("digest") != digest_of(knowledge):
        notes = (*notes, Note("digest", "Die Prüfsumme passt nicht. Die Datei wurde nach der Sicherung geändert."))
    return Reading(knowledge, "restore", mended=notes, everything=True)


def _knowledge(data: Any) -> Knowledge:
    notes = [*_problems(data)]
    if notes:
        more = len(notes) - _MOST_NOTES
        rest = [Note("", f"Dazu kommen {more} weitere Fehler.")] if more > 0 else []
        raise Unreadable(notes[:_MOST_NOTES] + rest)
    knowledge = Knowledge(**{kind: tuple(entry_from_row(kind, row) for row in data.get(kind, ())) for kind in KINDS})
    if twice := [*_twice(knowledge)]:
        raise Unreadable(twice[:_MOST_NOTES])
    return knowledge


def _problems(data: Any) -> Iterator[Note]:
    if not isinstance(data, dict):
        yield Note("knowledge", "Hier müssen Angaben in geschweiften Klammern stehen.")
        return
    for kind, rows in data.items():
        if kind not in KINDS:
            yield Note(f"knowledge.{kind[:50]}", f"Diese Angabe gibt es nicht. Möglich sind: {', '.join(KINDS)}.")
        elif not isinstance(rows, list):
            yield Note(f"knowledge.{kind}", "Hier muss eine Liste stehen.")
        else:
            for number, row in enumerate(rows):
                yield from _wrong_entry(KINDS[kind], row, f"knowledge.{kind}[{number}]")


def _twice(knowledge: Knowledge) -> Iterator[Note]:
    """Entries without a key, or with that of another one: the draft could not hold both."""
    for kind in KINDS:
        seen: dict[str, int] = {}
        for number, entry in enumerate(getattr(knowledge, kind)):
            where = f"knowledge.{kind}[{number}]"
            try:
                key = key_of(kind, entry)
            except (StopIteration, RuntimeError):
                yield Note(where, "Diesem Eintrag fehlt, was ihn benennt.")
                continue
            if seen.setdefault(key, number) != number:
                yield Note(where, f"„{key}“ gibt es schon: knowledge.{kind}[{seen[key]}].")


def _wrong_entry(cls: type, row: Any, where: str) -> Iterator[Note]:
    if cls is Service and isinstance(row, dict) and "examples" in row:
        yield from _wrong_examples(row["examples"], f"{where}.examples")
        row = {name: value for name, value in row.items() if name != "examples"}
    yield from _wrong(cls, row, where)


def _wrong_examples(examples: Any, where: str) -> Iterator[Note]:
    """Examples are gathered by style: `{"stichwort": ["…", "…"]}`."""
    if not isinstance(examples, dict):
        yield Note(where, "Hier müssen Angaben in geschweiften Klammern stehen.")
        return
    for style, texts in examples.items():
        yield from _wrong(str, style, where)
        yield from _wrong(tuple[str, ...], texts, f"{where}.{style}")


def _wrong(hint: Any, value: Any, where: str) -> Iterator[Note]:
    """What is wrong about a value that should be of a type of the model."""
    if get_origin(hint) in (Union, UnionType):
        if value is not None:
            yield from _wrong(next(each for each in get_args(hint) if each is not type(None)), value, where)
    elif get_origin(hint) is tuple:
        if not isinstance(value, list):
            yield Note(where, "Hier muss eine Liste stehen.")
        else:
            for number, each in enumerate(value):
                yield from _wrong(get_args(hint)[0], each, f"{where}[{number}]")
    elif is_dataclass(hint):
        yield from _wrong_record(hint, value, where)
    elif reason := _wrong_value(hint, value):
        yield Note(where, reason)


def _wrong_record(cls: Any, row: Any, where: str) -> Iterator[Note]:
    if not isinstance(row, dict):
        yield Note(where, "Hier müssen Angaben in geschweiften Klammern stehen.")
        return
    known = _fields(cls)
    for name, (hint, required) in known.items():
        if name in row:
            yield from _wrong(hint, row[name], f"{where}.{name}")
        elif required:
            yield Note(where, f"Die Angabe „{name}“ fehlt.")
    for name in sorted(row.keys() - known.keys()):
        yield Note(where, f"Die Angabe „{name[:50]}“ gibt es hier nicht.")


@cache
def _fields(cls: Any) -> Mapping[str, tuple[Any, bool]]:
    """The type of each field, and whether it has to be given."""
    hints = get_type_hints(cls)
    return {each.name: (hints[each.name], each.default is MISSING) for each in fields(cls)}


def _wrong_value(hint: type, value: Any) -> str:
    if hint in (date, Decimal):
        return _wrong_written(hint, value)
    if isinstance(value, str) and hint is str:
        return "Der Text enthält Zeichen, die es nicht gibt." if _UNSTORABLE.search(value) else ""
    fits = type(value) in ((int, float) if hint is float else (hint,))
    return "" if fits else f"Hier muss {_NAMES[hint]} stehen."


def _wrong_written(hint: type, value: Any) -> str:
    """Days and amounts are texts, in the one form in which they are written."""
    try:
        if isinstance(value, str) and hint is date and date.fromisoformat(value).isoformat() == value:
            return ""
        if isinstance(value, str) and hint is Decimal and Decimal(value).is_finite():
            return ""
    except (ValueError, InvalidOperation):
        pass
    example = "ein Tag stehen (Beispiel: „2027-01-31“)" if hint is date else "ein Betrag stehen (Beispiel: „1000.01“)"
    return f"Hier muss {example}."

"""Files from outside, read with bounds: how large, how deep, how long, and in which encoding they may be.

Together they keep any file within a few seconds and 256 MiB: memory is spent on the bytes, on the text (up to four bytes a
character) and on the values made of it.
"""

from __future__ import annotations

import csv
import json
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from knowledge.exchange.reading import Note, Unreadable

MOST_BYTES = 64 * 1024 * 1024
MOST_TEXT_BYTES = 32 * 1024 * 1024
"""Text in memory may take four times its bytes."""

MOST_JSON_MEMORY = 64 * 1024 * 1024
MOST_JSON_VALUES = 500_000
MOST_DIGITS = 100
MOST_ROWS = 100_000
MOST_ROW_CHARS = 1_000_000
MOST_CHARS = 20_000
"""Of a single field."""

MOST_NOTES = 5_000

# Encoded half characters, C0 but newline and tab, C1, zero width, directional overrides, invisible tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc\ud800-\udfff\U000e0000-\U000e007f]"
)
_HARMFUL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")
_SEPARATORS = ";,\t|"
# What is longer than a row may be comes in pieces, so that it is not copied as a whole.
_LINE = re.compile(rf"[^\n]{{1,{MOST_ROW_CHARS + 1}}}\n?|\n")


class Notes:
    """Notes in order, each once, at most `MOST_NOTES`; a last one says how many more there were."""

    def __init__(self) -> None:
        self._notes: dict[Note, None] = {}
        self._more = 0

    def add(self, where: str, message: str) -> None:
        """Add a note, or count it when there are too many."""
        self.extend((Note(where, message),))

    def extend(self, notes: Iterable[Note]) -> None:
        """Add notes."""
        for note in notes:
            if len(self._notes) < MOST_NOTES or note in self._notes:
                self._notes[note] = None
            else:
                self._more += 1

    def all(self) -> tuple[Note, ...]:
        """What was noted."""
        return (*self._notes, *self._rest())

    def rare_first(self) -> tuple[Note, ...]:
        """What was noted; what is said often does not hide what is said once."""
        counts = Counter(note.message for note in self._notes)
        return (*sorted(self._notes, key=lambda note: counts[note.message]), *self._rest())

    def _rest(self) -> tuple[Note, ...]:
        return (Note("", f"Dazu kommen {self._more} weitere Meldungen."),) if self._more else ()


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file. Raises `Unreadable` when it is missing, no regular file, empty, or larger than `most` bytes."""
    try:
        # A pipe without a writer would block on opening; O_NONBLOCK has no effect on regular files.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable(f"„{path}“ ist keine gewöhnliche Datei.")
            data = file.read(most + 1) if status.st_size <= most else None
    except FileNotFoundError as error:
        raise Unreadable(f"Die Datei „{path}“ gibt es nicht.") from error
    except IsADirectoryError as error:
        raise Unreadable(f"„{path}“ ist ein Ordner, keine Datei.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Unreadable(f"Die Datei „{path}“ lässt sich nicht lesen ({reason}).") from error
    if data is None or len(data) > most:
        raise Unreadable(f"Die Datei „{path}“ ist zu groß. Möglich sind {most // 1024**2} MB.")
    if not data.strip(b"\0 \r\n\t"):
        raise Unreadable(f"Die Datei „{path}“ ist leer.")
    return data


def decode(data: bytes, where: str) -> tuple[str, tuple[Note, ...]]:
    """Text in UTF-8 or UTF-16 (by its byte order mark), else in Windows-1252, which is reported as mended.

    Raises `Unreadable` for anything else, and for more than `MOST_TEXT_BYTES` bytes.
    """
    if len(data) > MOST_TEXT_BYTES:
        raise Unreadable(f"Die Datei „{where}“ ist zu groß. Möglich sind {MOST_TEXT_BYTES // 1024**2} MB Text.")
    notes: tuple[Note, ...] = ()
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        if error.encoding.startswith("utf-16"):
            raise Unreadable(f"Die Datei „{where}“ ist beschädigt (Byte {error.start}).") from error
        notes = (Note(where, f"Die Datei ist in Windows-1252 gespeichert, nicht in UTF-8 (Byte {error.start})."),)
        try:
            text = data.decode("windows-1252")
        except UnicodeDecodeError as second:
            raise Unreadable(f"Die Datei „{where}“ ist weder in UTF-8 noch in Windows-1252 gespeichert.") from second
    if "\0" in text:
        raise Unreadable(f"Die Datei „{where}“ ist kein Text.")
    return text, notes


def read_text(path: Path) -> tuple[str, tuple[Note, ...]]:
    """The text of a file and what is to be said about its encoding. Raises `Unreadable`."""
    return decode(read_bytes(path, MOST_TEXT_BYTES), path.name)


def load_json(path: Path) -> tuple[Any, tuple[Note, ...]]:
    """The value in a JSON file (RFC 8259) and what is to be said about its encoding.

    Raises `Unreadable` for what is no JSON, is nested too deep, has more than `MOST_JSON_VALUES` values, a name twice in one
    object, NaN, Infinity, or a number too large for a float.
    """
    text, notes = read_text(path)
    if sys.getsizeof(text) > MOST_JSON_MEMORY or text.count(",") + text.count("[") + text.count("{") > MOST_JSON_VALUES:
        raise Unreadable(f"Die Datei „{path.name}“ ist zu groß. Möglich sind {MOST_JSON_VALUES:,} Werte.".replace(",", "."))
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number, parse_int=_integer, parse_float=_finite)
    except RecursionError as error:
        raise Unreadable(f"Die Datei „{path.name}“ ist zu tief verschachtelt.") from error
    except json.JSONDecodeError as error:
        where = f"Zeile {error.lineno}, Spalte {error.colno}"
        raise Unreadable(f"Die Datei „{path.name}“ ist kein gültiges JSON ({where}).") from error
    except ValueError as error:
        raise Unreadable(f"Die Datei „{path.name}“ ist nicht verwendbar: {error}") from error
    return value, notes


def clean_text(text: str, where: str = "", notes: Notes | None = None, most: int = MOST_CHARS) -> str:
    """Text without control characters, half characters, zero-width spaces and changes of direction; no longer than `most`.

    Newline and tab stay. What was more than invisible, or cut, is noted.
    """
    cut = text[:most]
    if notes is not None and len(text) > most:
        notes.add(where, f"Der Text ist zu lang und wurde nach {most} Zeichen gekürzt.")
    if cut.isascii() and cut.isprintable():
        return cut
    unified = cut.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    cleaned = _UNSEEN.sub("", unified)
    if notes is not None and cleaned != unified:
        harmful = _HARMFUL.search(unified) is not None
        notes.add(where, "Steuerzeichen entfernt." if harmful else "Unsichtbare Zeichen entfernt.")
    return cleaned


def one_line(text: str, where: str = "", notes: Notes | None = None, most: int = 500) -> str:
    """`clean_text` in one line with single spaces, for names, addresses and the like; superfluous spaces are noted."""
    cleaned = clean_text(text, where, notes, most)
    line = " ".join(cleaned.split())
    if notes is not None and line != cleaned:
        notes.add(where, "Überflüssige Leerzeichen entfernt.")
    return line


def csv_rows(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV text (RFC 4180) with their line, without empty ones; separated by `;`, `,`, tab or `|`.

    Raises `Unreadable` for more than `MOST_ROWS` rows, and for fields longer than `csv.field_size_limit()` as after a quote
    that is never closed.
    """
    lines = _Lines(text if "\n" in text else text.replace("\r", "\n"), where)
    rows = csv.reader(lines, delimiter=max(_SEPARATORS, key=lines.head.count))
    start, count = 1, 0
    try:
        for row in rows:
            if any(map(str.strip, row)):
                yield start, row
            start, count, lines.pending = rows.line_num + 1, count + 1, 0
            if count > MOST_ROWS:
                raise Unreadable(f"Die Datei „{where}“ hat mehr als {MOST_ROWS} Zeilen.")
    except csv.Error as error:
        raise Unreadable(f"Die Datei „{where}“ ist ab Zeile {start} keine lesbare Tabelle ({error}).") from error


class _Lines:
    """The lines of a text with their ends; `pending` counts characters since it was last set to 0."""

    def __init__(self, text: str, where: str) -> None:
        self.head = text[:MOST_CHARS].partition("\n")[0]
        self.pending = 0
        self._matches = _LINE.finditer(text)
        self._where = where

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._matches)[0]
        self.pending += len(line)
        if self.pending > MOST_ROW_CHARS:
            raise Unreadable(f"Die Datei „{self._where}“ hat eine Zeile mit mehr als {MOST_ROW_CHARS} Zeichen.")
        return line


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    raise ValueError(f"Die Angabe „{twice[:50]}“ steht doppelt.")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"„{text}“ ist keine Zahl.")


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"Eine Zahl hat {len(text)} Ziffern.")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"Die Zahl „{text[:50]}“ ist zu groß.")
    return number

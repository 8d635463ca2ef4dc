"""Files of a spreadsheet program as tables of plain cells, whatever somebody put into them.

Nothing is evaluated: a formula is a cell that cannot be used. An archive is measured by really unpacking it, piece by
piece, before openpyxl sees it; its directory may lie.
"""

from __future__ import annotations

import csv
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from knowledge.exchange.limits import decode, read_bytes
from knowledge.exchange.reading import Note, Unreadable
from knowledge.exchange.spreadsheet.cells import MOST_CHARACTERS, Cell, Unusable

MOST_FILE_BYTES = 16 * 1024**2
MOST_ROWS = 100_000
MOST_COLUMNS = 64
MOST_CELLS = 600_000
"""Cells with content in all tables of an upload."""
MOST_TEXT = 32 * 1024**2
"""Characters in all tables of an upload."""

_MOST_UNPACKED = 96 * 1024**2
_MOST_PARTS = 1_000
_MOST_RATIO = 400
_MOST_TAGS = 1_500_000
_MOST_TAGS_ASIDE = 100_000
"""Tags that hold no cells, such as those of styles; openpyxl makes objects of all of them."""
_CELL_TAG = re.compile(rb"</?(?:row|c|v|is|t|f|si)[ />]")
_ENTRY_TAG = re.compile(rb"<(?:row|c|si)[ />]")
_MOST_BETWEEN_TAGS = 8 * MOST_CHARACTERS
_CHUNK = 64 * 1024
EXCEL_ROWS = 1_048_576
_MOST_FILES = 50
_FORMULA = Unusable("In der Zelle steht eine Formel. Kopieren Sie die Spalte, und fügen Sie sie als Werte wieder ein.")
_ERROR = Unusable("In der Zelle steht ein Fehlerwert von Excel.")
_TIME = Unusable("In der Zelle steht eine Uhrzeit. Formatieren Sie die Spalte als Text.")
_TOO_LONG = Unusable(
    f"In der Zelle stehen mehr als {MOST_CHARACTERS} Zeichen; mehr kann Excel nicht speichern. "
    "Setzen Sie den Text in einer Spalte mit dem Zusatz „(Teil 2)“ fort."
)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BROKEN = "Die Datei ist beschädigt oder keine Excel-Datei. Speichern Sie sie in Excel noch einmal als .xlsx."
_UNCLOSED = "Ein Anführungszeichen wird nicht geschlossen, oder in einer Zelle steht zu viel."


@dataclass(frozen=True)
class Table:
    """One sheet or one CSV file: `where` names it in messages, `rows` its rows that are not empty, by number (from 1)."""

    where: str
    name: str
    rows: list[tuple[int, list[Cell]]]


@dataclass
class _Measure:
    """Counts what was read of an upload."""

    cells: int = 0
    characters: int = 0

    def row(self, where: str, number: int, cells: list[Cell]) -> None:
        if number > MOST_ROWS:
            raise Unreadable([Note(where, f"Die Tabelle hat mehr als {MOST_ROWS} Zeilen. Teilen Sie sie auf.")])
        if len(cells) > MOST_COLUMNS:
            raise _too_wide(where)
        self.cells += sum(cell is not None for cell in cells)
        self.characters += sum(len(cell) for cell in cells if isinstance(cell, str))
        if self.cells > MOST_CELLS or self.characters > MOST_TEXT:
            raise Unreadable([Note(where, "Bis hierher enthält die Datei zu viel auf einmal. Teilen Sie sie auf.")])


def read_tables(path: Path) -> tuple[list[Table], list[Note]]:
    """The tables of an .xlsx file, a .csv file or a folder of .csv files, and what was mended to read them.

    Raises `Unreadable`.
    """
    measure = _Measure()
    if path.is_dir():
        try:
            files = sorted(each for each in path.iterdir() if each.suffix.lower() == ".csv")
        except OSError as error:
            raise Unreadable(f"Der Ordner „{path}“ lässt sich nicht lesen ({error.strerror}).") from error
        if not files:
            raise Unreadable(f"Im Ordner „{path}“ ist keine CSV-Datei.")
        if len(files) > _MOST_FILES:
            raise Unreadable(f"Im Ordner „{path}“ sind mehr als {_MOST_FILES} CSV-Dateien.")
        read = [_csv_table(each, read_bytes(each, MOST_FILE_BYTES), measure) for each in files]
        return [table for table, _ in read], [note for _, notes in read for note in notes]
    data = read_bytes(path, MOST_FILE_BYTES)
    if data.startswith(_OLD_EXCEL):
        raise Unreadable(
            f"Die Datei „{path.name}“ ist in einem alten Format oder mit einem Kennwort geschützt. "
            "Speichern Sie sie in Excel ohne Kennwort als .xlsx."
        )
    if data.startswith(b"PK") or path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"):
        return _workbook_tables(path.name, data, measure), []
    table, notes = _csv_table(path, data, measure)
    return [table], notes


def _workbook_tables(name: str, data: bytes, measure: _Measure) -> list[Table]:
    where = f"Datei {name}"
    try:
        _check_archive(where, data)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError) as error:
        raise Unreadable([Note(where, _BROKEN)]) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(_sheets(data, measure))
    except Unreadable:
        raise
    except Exception as error:  # openpyxl answers broken files with almost any exception
        raise Unreadable([Note(where, _BROKEN)]) from error


def _check_archive(where: str, data: bytes) -> None:
    """Refuse an archive that is no workbook, or that would fill the memory."""

    def refuse(message: str) -> Unreadable:
        return Unreadable([Note(where, message)])

    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = archive.infolist()
        names = [part.filename for part in parts]
        if "mimetype" in names and "content.xml" in names:
            raise refuse("Die Datei ist im OpenDocument-Format. Speichern Sie sie als .xlsx.")
        if "[Content_Types].xml" not in names or "xl/workbook.bin" in names:
            raise refuse("Die Datei ist keine Excel-Datei (.xlsx).")
        if any(part.flag_bits & 1 for part in parts):
            raise refuse("Die Datei ist mit einem Kennwort geschützt. Speichern Sie sie ohne Kennwort.")
        if len(parts) > _MOST_PARTS or len(set(names)) < len(names) or any(map(_leaves, names)):
            raise refuse("Die Datei ist keine gewöhnliche Excel-Datei.")
        if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
            raise refuse("Die Datei ist ungewöhnlich gepackt. Speichern Sie sie in Excel noch einmal als .xlsx.")
        announced = sum(part.file_size for part in parts)
        if announced > _MOST_UNPACKED or announced > 1024**2 + _MOST_RATIO * len(data):
            raise refuse("Die Datei ist entpackt zu groß. Löschen Sie leere Zeilen, Bilder und fremde Blätter.")
        unpacked, found = 0, _Tags()
        for part in parts:
            for chunk in _unpacked(archive, part, found):
                unpacked += len(chunk)
                if unpacked > _MOST_UNPACKED or found.all > _MOST_TAGS or found.rest > _MOST_TAGS_ASIDE:
                    raise refuse("Die Datei enthält zu viel auf einmal. Löschen Sie leere Zeilen, oder teilen Sie sie auf.")
                if found.doctype:
                    raise refuse("Die Datei enthält eine Dokumenttyp-Angabe; so etwas schreibt Excel nicht.")
                if found.gap > _MOST_BETWEEN_TAGS:
                    raise refuse(f"Die Datei enthält eine Zelle mit mehr als {MOST_CHARACTERS} Zeichen.")


def _leaves(name: str) -> bool:
    """Whether a name in an archive points out of it."""
    return name.startswith(("/", "\\")) or ":" in name or ".." in re.split(r"[/\\]", name)


@dataclass
class _Tags:
    """Counts the tags of XML parts: `all`, those of cells with the weight of the work they make; `rest`, all others."""

    all: int = 0
    rest: int = 0
    gap: int = 0
    """Bytes since the last tag, or more where there were more before."""
    doctype: bool = False
    _end: bytes = b""

    def start(self) -> None:
        self.gap, self._end = 0, b""

    def count(self, chunk: bytes) -> None:
        tags, last = chunk.count(b"<"), chunk.rfind(b"<")
        self.all += tags + 2 * len(_ENTRY_TAG.findall(chunk))
        self.rest += tags - len(_CELL_TAG.findall(chunk))
        if self.gap <= _MOST_BETWEEN_TAGS:
            first = chunk.find(b"<")
            longest = self.gap + (len(chunk) if first < 0 else first)
            self.gap = longest if first < 0 or longest > _MOST_BETWEEN_TAGS else len(chunk) - last
        whole = self._end + chunk
        self.doctype = self.doctype or b"<!DOCTYPE" in whole or b"<!ENTITY" in whole
        self._end = chunk[-9:]


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, found: _Tags) -> Iterator[bytes]:
    """A part chunk by chunk; the tags of XML are counted in `found`."""
    is_xml = part.filename.endswith((".xml", ".rels", ".vml"))
    found.start()
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            if is_xml:
                found.count(chunk)
            yield chunk


def _sheets(data: bytes, measure: _Measure) -> Iterator[Table]:
    """What openpyxl's `load_workbook` does, without what is not needed here and could be made to cost much."""
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.styles.stylesheet import apply_stylesheet

    reader = ExcelReader(BytesIO(data), read_only=True, keep_links=False)
    try:
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        for sheet, relation in reader.parser.find_sheets():
            if relation.target in reader.valid_files and "chartsheet" not in relation.Type:
                where = f"Blatt {sheet.name}"
                with reader.archive.open(relation.target) as source:
                    rows = _sheet_rows(where, source, reader)
                    yield Table(where, sheet.name, list(_filled(where, rows, measure)))
    finally:
        reader.archive.close()


def _sheet_rows(where: str, source: Any, reader: Any) -> Iterator[tuple[int, list[Cell]]]:
    from openpyxl.worksheet._reader import WorkSheetParser

    class Parser(WorkSheetParser):
        """Leaves formulas alone: to take them apart costs time, and nobody needs their parts."""

        def parse_formula(self, element: Any) -> str:
            return "="

    workbook = reader.wb
    parser = Parser(
        source,
        reader.shared_strings,
        epoch=workbook.epoch,
        date_formats=workbook._date_formats,
        timedelta_formats=workbook._timedelta_formats,
    )
    for number, found in parser.parse():
        cells: list[Cell] = []
        for cell in found:
            value, column = _plain(cell["value"], cell["data_type"]), cell["column"]
            if value is None:
                continue
            if column > MOST_COLUMNS:
                raise _too_wide(where)
            cells.extend([None] * (column - len(cells)))
            cells[column - 1] = value
        if not 0 < number <= EXCEL_ROWS:
            raise Unreadable([Note(where, _BROKEN)])
        yield number, cells


def _too_wide(where: str) -> Unreadable:
    return Unreadable([Note(where, f"Die Tabelle hat mehr als {MOST_COLUMNS} Spalten.")])


def _plain(value: Any, data_type: str) -> Cell:
    if value is None or value == "":
        return None
    if data_type == "f":
        return _FORMULA
    if data_type == "e":
        return _ERROR
    if isinstance(value, str):
        return value if len(value) <= MOST_CHARACTERS else _TOO_LONG
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, int | float | date) else _TIME


def _filled(where: str, rows: Iterable[tuple[int, list[Cell]]], measure: _Measure) -> Iterator[tuple[int, list[Cell]]]:
    """The rows with content, without the empty cells at their end."""
    for number, cells in rows:
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            measure.row(where, number, cells)
            yield number, cells


def _csv_table(path: Path, data: bytes, measure: _Measure) -> tuple[Table, list[Note]]:
    where = f"Datei {path.name}"
    text, notes = decode(data, path.name)
    if "\0" in text:
        raise Unreadable([Note(where, "Die Datei ist kein Text. Speichern Sie sie in Excel als „CSV UTF-8“.")])
    match = re.match(r'\ufeff?"?sep=(.)"?(\r\n|\r|\n)', text, re.IGNORECASE)
    start = match.end() if match else 1 if text.startswith("\ufeff") else 0
    separator = match[1] if match else _separator(text[start : start + _CHUNK])
    rows = _filled(where, _records(where, text, start, separator), measure)
    return Table(where, path.stem, list(rows)), list(notes)


def _separator(beginning: str) -> str:
    """What stands most often in the first line that is not empty."""
    line = next((each for each in beginning.splitlines() if each.strip()), "")
    return max(";,\t", key=line.count)


@dataclass
class _Lines:
    """The lines of a text one by one; a row that goes on for too long is refused before it fills the memory."""

    where: str
    text: str
    start: int
    row: int = 0
    _taken: int = field(default=0, init=False)

    def next_row(self) -> None:
        self.row, self._taken = self.row + 1, 0

    def __iter__(self) -> Iterator[str]:
        for match in re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+").finditer(self.text, self.start):
            self._taken += match.end() - match.start()
            if self._taken > MOST_COLUMNS * MOST_CHARACTERS // 2:
                raise Unreadable([Note(f"{self.where}, Zeile {self.row + 1}", f"Die Zeile ist zu lang. {_UNCLOSED}")])
            yield match.group()


def _records(where: str, text: str, start: int, separator: str) -> Iterator[tuple[int, list[Cell]]]:
    lines = _Lines(where, text, start)
    reader = csv.reader(iter(lines), delimiter=separator, strict=True)
    try:
        for record in reader:
            lines.next_row()
            if lines.row > EXCEL_ROWS:
                raise Unreadable([Note(where, f"Die Datei hat mehr als {EXCEL_ROWS} Zeilen; mehr kann Excel nicht öffnen.")])
            yield lines.row, [(cell if len(cell) <= MOST_CHARACTERS else _TOO_LONG) if cell else None for cell in record]
    except csv.Error as error:
        raise Unreadable([Note(f"{where}, Zeile {lines.row + 1}", _UNCLOSED)]) from error

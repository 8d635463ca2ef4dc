"""Tables into knowledge: every row is checked, and all mistakes are told at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from knowledge.exchange.reading import Note, Reading, Unreadable
from knowledge.exchange.spreadsheet.cells import Cell, Refused, Unusable, disarmed, restored, shown
from knowledge.exchange.spreadsheet.columns import (
    CHOICES,
    DISTINCTIONS,
    ENDS,
    GUIDE,
    OFFICE_TYPES,
    OFFICES,
    PLACES,
    RULES,
    SHEETS,
    Column,
    Sheet,
    plain_heading,
)
from knowledge.exchange.spreadsheet.files import Table, read_tables
from knowledge.exchange.spreadsheet.values import At, Reference, Scope, meant
from knowledge.model import ANYWHERE, ROAD_CLASSES
from knowledge.release import KINDS, Knowledge, key_of

ORIGIN: Final = "tabelle"
CONTINUED: Final = "…"
"""Stands where a text goes on in the next column."""

_MOST_PROBLEMS = 1_000
_HEADING_ROWS = 5
_PART = re.compile(r"(.*)\(\s*Teil\s*(\d{1,2})\s*\)\s*", re.DOTALL | re.IGNORECASE)
_FIRST = (PLACES, OFFICE_TYPES, OFFICES)
"""Others need what stands here: districts, levels."""
_NOTHING: Any = object()
_WRONG: Any = object()


def read_spreadsheet(path: Path, draft: Knowledge) -> Reading:
    """Read an .xlsx file, a .csv file or a folder of .csv files with the sheets of `columns`.

    Gives the entries that stand there, whole: what no column says is as in the draft. Nothing is ever removed. Raises
    `Unreadable` with all mistakes.
    """
    tables, mended = read_tables(path)
    return _Reader(draft).read(tables, mended)


@dataclass
class _Line:
    """One row; `key` once it is known."""

    number: int
    cells: list[Cell]
    key: str = ""


@dataclass
class _Grid:
    """A table as a sheet: which columns hold a field (several for a long text), and the rows below the headings."""

    sheet: Sheet
    where: str
    position: int
    places: dict[Column, list[int]]
    lines: list[_Line]

    def cell(self, line: _Line, column: Column) -> Cell:
        cells = [disarmed(line.cells[index]) if index < len(line.cells) else None for index in self.places[column]]
        while len(cells) > 1 and cells[-1] is None:
            cells.pop()
        if len(cells) == 1:
            return cells[0]
        try:
            pieces = [shown(cell).removeprefix(CONTINUED if number else "") for number, cell in enumerate(cells)]
        except Refused as error:
            return Unusable(str(error))
        return "".join((*(piece.removesuffix(CONTINUED) for piece in pieces[:-1]), pieces[-1]))


class _Reader:
    def __init__(self, draft: Knowledge) -> None:
        self._draft = {kind: {key_of(kind, each): each for each in getattr(draft, kind)} for kind in KINDS}
        self._made: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self._scope = Scope.of(draft)
        self._problems: list[tuple[int, int, Note]] = []
        self._mended: list[Note] = []
        self._ignored: list[Note] = []
        self._seen: dict[tuple[str, str], str] = {}

    def read(self, tables: Iterable[Table], mended: Iterable[Note]) -> Reading:
        grids = [grid for position, table in enumerate(tables) if (grid := self._grid(position, table))]
        if not grids and not self._problems:
            names = ", ".join(sheet.name for sheet in SHEETS)
            raise Unreadable(f"Die Datei enthält keine Tabelle, die ich kenne. Möglich sind: {names}.")
        grids.sort(key=lambda grid: (bool(grid.sheet.part), grid.sheet not in _FIRST, _rank(grid.sheet), grid.position))
        for own_keys in (True, False):  # what others refer to comes first
            for grid in grids:
                if own_keys == _has_own_keys(grid.sheet):
                    self._read_keys(grid)
        for grid in grids:
            for key, lines in _groups(grid):
                self._read_entry(grid, key, lines)
        if self._problems:
            raise Unreadable([note for *_, note in sorted(self._problems, key=lambda each: each[:2])])
        knowledge = Knowledge(**{kind: tuple(entries.values()) for kind, entries in self._made.items()})
        return Reading(knowledge, ORIGIN, (*mended, *self._mended), tuple(self._ignored))

    def _problem(self, grid: _Grid, line: _Line | None, column: Column | str | None, message: str) -> None:
        self._add_problem(grid.position, line.number if line else 0, Note(_where(grid.where, line, column), message))

    def _add_problem(self, position: int, row: int, note: Note) -> None:
        self._problems.append((position, row, note))
        if len(self._problems) >= _MOST_PROBLEMS:
            notes = [each for *_, each in self._problems]
            raise Unreadable([*notes, Note(note.where, "Hier wurde aufgehört, weitere Fehler zu suchen.")])

    def _grid(self, position: int, table: Table) -> _Grid | None:
        if not table.rows or plain_heading(table.name) in (plain_heading(GUIDE), plain_heading(CHOICES)):
            return None
        sheet = self._sheet(position, table)
        if sheet is None:
            return None
        columns = {plain_heading(column.heading): column for column in sheet.columns}
        head = max(range(min(_HEADING_ROWS, len(table.rows))), key=lambda row: (_known(columns, table.rows[row][1]), -row))
        lines = [_Line(number, cells) for number, cells in table.rows[head + 1 :]]
        grid = _Grid(sheet, table.where, position, {}, lines)
        parts: dict[Column, dict[int, int]] = {}
        for index, cell in enumerate(table.rows[head][1]):
            self._heading(grid, columns, parts, index, cell)
        grid.places = {column: [found[part] for part in sorted(found)] for column, found in parts.items()}
        self._note_nameless(grid, table.rows[head][1])
        needed = [column for column in sheet.columns if column.field in sheet.key and not column.of_part]
        if any(column in grid.places for column in sheet.parts):
            needed.append(sheet.parts[0])
        missing = [column.heading for column in needed if column not in grid.places]
        for heading in missing:
            self._problem(grid, None, None, f"Die Spalte „{heading}“ fehlt.")
        return None if missing else grid

    def _sheet(self, position: int, table: Table) -> Sheet | None:
        """The sheet a table is, by its name or else by its headings."""
        named = plain_heading(re.sub(r"[\s_-]*\(?\d+\)?\s*$", "", table.name))
        names = {plain_heading(sheet.name): sheet for sheet in SHEETS}
        if named in names:
            return names[named]
        heads = [max((_fit(sheet, cells) for _, cells in table.rows[:_HEADING_ROWS]), default=0) for sheet in SHEETS]
        best = max(heads)
        if best > 1 and heads.count(best) == 1:
            sheet = SHEETS[heads.index(best)]
            self._mended.append(Note(table.where, f"Nach den Überschriften gelesen als {sheet.name}."))
            return sheet
        options = meant(table.name, (sheet.name for sheet in SHEETS))
        if options or best > 1:
            known = ", ".join(sheet.name for sheet in SHEETS)
            message = f"Diese Tabelle kenne ich nicht.{options} Möglich: {known}."
            self._add_problem(position, 0, Note(table.where, message))
        else:
            self._ignored.append(Note(table.where, "Diese Tabelle wurde nicht gelesen."))
        return None

    def _heading(
        self, grid: _Grid, columns: dict[str, Column], parts: dict[Column, dict[int, int]], index: int, cell: Cell
    ) -> None:
        text = disarmed(cell)
        if text is None:
            return
        if not isinstance(text, str):
            self._ignored.append(Note(_where(grid.where, None, _letter(index)), "Die Spalte hat keine Überschrift aus Text."))
            return
        match = _PART.fullmatch(text)
        column = columns.get(plain_heading(match[1] if match else text))
        if column is None:
            options = self._scope.meant(text, (each.heading for each in columns.values()))
            if options:
                self._problem(grid, None, None, f"Die Spalte „{text[:60]}“ kenne ich nicht.{options}")
            else:
                self._ignored.append(Note(grid.where, f"Die Spalte „{text[:60]}“ wurde nicht gelesen."))
            return
        if parts.setdefault(column, {}).setdefault(int(match[2]) if match else 1, index) != index:
            self._problem(grid, None, None, f"Die Spalte „{text[:60]}“ gibt es zweimal.")

    def _note_nameless(self, grid: _Grid, head: list[Cell]) -> None:
        """Say which columns hold something below an empty heading."""
        named = {index for index, cell in enumerate(head) if cell is not None}
        filled = {index for line in grid.lines for index, cell in enumerate(line.cells) if cell is not None}
        for index in sorted(filled - named):
            self._ignored.append(
                Note(_where(grid.where, None, _letter(index)), "Die Spalte ohne Überschrift wurde nicht gelesen.")
            )

    def _read_keys(self, grid: _Grid) -> None:
        columns = [column for column in grid.sheet.columns if column.field in grid.sheet.key and not column.of_part]
        for line in grid.lines:
            values = [self._key_value(grid, line, column) for column in columns]
            if _WRONG not in values:
                line.key = "|".join(values)
                self._know(grid, line)
        grid.lines = [line for line in grid.lines if line.key]

    def _key_value(self, grid: _Grid, line: _Line, column: Column) -> Any:
        cell = grid.cell(line, column)
        if isinstance(cell, str) and len(grid.sheet.key) == 1 and restored(cell) in self._draft[grid.sheet.kind]:
            return restored(cell)
        return self._value(grid, line, column, cell, _NOTHING, required=True)

    def _know(self, grid: _Grid, line: _Line) -> None:
        """Let other rows refer to this one."""
        if not _has_own_keys(grid.sheet) or grid.sheet.kind not in self._scope.keys:
            return
        self._scope.keys[grid.sheet.kind].add(line.key)
        if grid.sheet is PLACES:
            old = self._draft["places"].get(line.key)
            self._scope.add_place(line.key, self._raw(grid, line, "name", old), self._raw(grid, line, "vg", old))

    def _raw(self, grid: _Grid, line: _Line, field: str, old: Any) -> str:
        column = next(each for each in grid.sheet.columns if each.field == field)
        if column not in grid.places:
            return getattr(old, field, "")
        cell = grid.cell(line, column)
        return restored(cell) if isinstance(cell, str) else ""

    def _read_entry(self, grid: _Grid, key: str, lines: list[_Line]) -> None:
        sheet, problems = grid.sheet, len(self._problems)
        old = self._made[sheet.kind].get(key) or self._draft[sheet.kind].get(key)
        if sheet.makes_entries:
            self._once(grid, key, lines)
        values: dict[str, Any] = dict(zip(sheet.key, key.split("|") if len(sheet.key) > 1 else [key], strict=True))
        for column in grid.places:
            if not column.of_part and column.field not in sheet.key:
                values[column.field] = self._entry_value(grid, lines, column, old)
        if sheet.part and any(column.of_part for column in grid.places):
            values[sheet.part] = self._parts(grid, lines, getattr(old, sheet.part, ()))
        if old is None:
            self._complete(grid, lines[0], values)
        self._level(sheet, values, old)
        if len(self._problems) > problems:
            return
        entry = _assembled(sheet.cls, old, values)
        self._check(grid, lines[0], entry, old)
        self._made[sheet.kind][key] = entry
        if sheet is PLACES:
            self._scope.districts.update(district.name for district in entry.districts)
        elif sheet is OFFICE_TYPES:
            self._scope.levels[entry.type] = entry.level

    def _once(self, grid: _Grid, key: str, lines: list[_Line]) -> None:
        here = _where(grid.where, lines[0], None)
        again = lines[1:] if not grid.sheet.part else []
        if self._seen.setdefault((grid.sheet.name, key), here) != here:
            again = lines[:1]
        for line in again:
            first = self._seen[(grid.sheet.name, key)]
            self._problem(grid, line, None, f"„{key.replace('|', ' / ')}“ steht schon hier: {first}.")

    def _entry_value(self, grid: _Grid, lines: list[_Line], column: Column, old: Any) -> Any:
        """The value of an entry that may go over several rows; only the first cell with content counts."""
        filled = [line for line in lines if grid.cell(line, column) is not None] or lines[:1]
        cells = [grid.cell(line, column) for line in filled]
        for line, cell in zip(filled[1:], cells[1:], strict=True):
            if cell != cells[0] and grid.sheet.part:
                self._problem(grid, line, column, f"In Zeile {filled[0].number} steht etwas anderes.")
        return self._value(grid, filled[0], column, cells[0], _inside(old, column.field))

    def _value(self, grid: _Grid, line: _Line, column: Column, cell: Cell, old: Any, required: bool | None = None) -> Any:
        if old is not _NOTHING and _same(cell, column.form.write(old, self._scope)):
            return old
        if cell is None:
            if column.required if required is None else required:
                self._problem(grid, line, column, "Hier muss etwas stehen.")
                return _WRONG
            return column.form.empty
        at = At(self._scope)
        try:
            value = column.form.read(cell, at)
        except Refused as error:
            self._problem(grid, line, column, str(error))
            return _WRONG
        self._mended.extend(Note(_where(grid.where, line, column), message) for message in at.mended)
        return value

    def _parts(self, grid: _Grid, lines: list[_Line], before: tuple[Any, ...]) -> tuple[Any, ...]:
        columns = [column for column in grid.sheet.parts if column in grid.places]
        first = columns[0]
        known: dict[str, list[Any]] = {}
        for part in before:
            known.setdefault(_text(first.form.write(getattr(part, first.field), self._scope)), []).append(part)
        parts = []
        for line in lines:
            cells = {column: grid.cell(line, column) for column in columns}
            if any(cell is not None for cell in cells.values()):
                same = known.get(_text(cells[first]))
                parts.append(self._part(grid, line, cells, same.pop(0) if same else None))
        return tuple(parts)

    def _part(self, grid: _Grid, line: _Line, cells: dict[Column, Cell], old: Any) -> Any:
        problems = len(self._problems)
        values = {
            column.field: self._value(grid, line, column, cell, _inside(old, column.field)) for column, cell in cells.items()
        }
        missing = [column.heading for column in grid.sheet.parts if column.required and column not in cells and old is None]
        if missing:
            self._problem(grid, line, None, f"Dafür fehlt noch: {', '.join(missing)}.")
        if len(self._problems) > problems:
            return None
        assert grid.sheet.part_cls
        part = _assembled(grid.sheet.part_cls, old, values)
        self._check_ends(grid, line, part)
        return part

    def _complete(self, grid: _Grid, line: _Line, values: dict[str, Any]) -> None:
        """Say what a new entry lacks; fill in what follows from the rest."""
        needed = [column for column in grid.sheet.columns if column.required and not column.of_part]
        missing = [column.heading for column in needed if column.field not in values]
        if missing:
            self._problem(grid, line, None, f"„{line.key}“ ist neu. Dafür fehlen die Spalten: {', '.join(missing)}.")
        if grid.sheet.kind == "services":
            values["intent"] = f"anliegen/{line.key}"

    def _level(self, sheet: Sheet, values: dict[str, Any], old: Any) -> None:
        """The level of an office follows from its type where nobody says otherwise."""
        if sheet is OFFICES and not values.get("level", getattr(old, "level", "")):
            values["level"] = self._scope.levels.get(values.get("type", getattr(old, "type", "")), "")

    def _check(self, grid: _Grid, line: _Line, entry: Any, old: Any) -> None:
        self._check_ends(grid, line, entry)
        if grid.sheet is RULES:
            if entry.service == ANYWHERE and not entry.office_type:
                self._problem(grid, line, "Art der Stelle", "Eine Regel für alle Leistungen braucht die Art der Stelle.")
            known = not entry.district or entry.district in self._scope.districts or entry.district in ROAD_CLASSES
            if not known and entry.district != getattr(old, "district", ""):
                options = self._scope.meant(entry.district, (*self._scope.districts, *ROAD_CLASSES))
                self._problem(grid, line, "Ortsteil", f"Den Ortsteil „{entry.district[:60]}“ gibt es nicht.{options}")
        if grid.sheet is DISTINCTIONS and entry.first == entry.second:
            self._problem(grid, line, None, "Hier steht zweimal dieselbe Leistung.")

    def _check_ends(self, grid: _Grid, line: _Line, value: Any) -> None:
        for begin, end in ENDS:
            first, last = getattr(value, begin, None), getattr(value, end, None)
            if first is not None and last is not None and not isinstance(first, str) and first > last:
                names = {column.field: column.heading for column in grid.sheet.columns}
                self._problem(grid, line, names[end], f"„{names[end]}“ liegt vor „{names[begin]}“.")


def _rank(sheet: Sheet) -> int:
    return _FIRST.index(sheet) if sheet in _FIRST else SHEETS.index(sheet)


def _has_own_keys(sheet: Sheet) -> bool:
    return not any(isinstance(column.form, Reference) for column in sheet.columns if column.field in sheet.key)


def _groups(grid: _Grid) -> Iterator[tuple[str, list[_Line]]]:
    groups: dict[str, list[_Line]] = {}
    for line in grid.lines:
        groups.setdefault(line.key, []).append(line)
    yield from groups.items()


def _known(columns: Iterable[str], cells: list[Cell]) -> int:
    return sum(isinstance(cell, str) and plain_heading(cell) in columns for cell in cells)


def _fit(sheet: Sheet, cells: list[Cell]) -> int:
    """How many headings a sheet knows; 0 where one that tells its entries apart is missing."""
    found = {plain_heading(cell) for cell in cells if isinstance(cell, str)}
    columns = {plain_heading(column.heading): column for column in sheet.columns}
    keys = {heading for heading, column in columns.items() if column.field in sheet.key and not column.of_part}
    return len(found & columns.keys()) if keys <= found else 0


def _where(where: str, line: _Line | None, column: Column | str | None) -> str:
    heading = column.heading if isinstance(column, Column) else column
    return ", ".join([where, *([f"Zeile {line.number}"] if line else ()), *([f"Spalte {heading}"] if heading else ())])


def _letter(index: int) -> str:
    """The letters a spreadsheet program shows over a column."""
    return (_letter(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def _text(cell: Cell) -> str:
    """A cell as its text; empty where it holds nothing that can be used."""
    try:
        return shown(cell)
    except Refused:
        return ""


def _same(cell: Cell, written: Cell) -> bool:
    return _text(cell) == _text(written) and (cell is None) == (written is None)


def _inside(entry: Any, field: str) -> Any:
    if entry is None:
        return _NOTHING
    for name in field.split("."):
        entry = getattr(entry, name)
    return entry


def _assembled(cls: Any, old: Any, values: dict[str, Any]) -> Any:
    """An entry from its fields; `address.street` is a field of the field before the point."""
    plain = {field: value for field, value in values.items() if "." not in field}
    for field, value in values.items():
        if "." in field:
            outer, inner = field.split(".")
            plain[outer] = replace(plain.get(outer, getattr(old or cls, outer)), **{inner: value})
    return replace(old, **plain) if old is not None else cls(**plain)

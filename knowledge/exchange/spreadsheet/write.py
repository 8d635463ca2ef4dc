"""Knowledge into tables: a workbook that is pleasant to fill in, or CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from knowledge.exchange.spreadsheet.cells import MOST_CHARACTERS, Cell, armoured, is_risky, shown
from knowledge.exchange.spreadsheet.columns import CHOICES, GUIDE, SHEETS, STYLES, Column, Sheet
from knowledge.exchange.spreadsheet.read import CONTINUED
from knowledge.exchange.spreadsheet.values import Amount, Area, Choice, Day, Flag, Reference, Scope
from knowledge.release import Knowledge

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell as XlsxCell

_BYTE_ORDER_MARK = "\ufeff"
_PIECE = MOST_CHARACTERS // 2
"""Characters of a piece of a text that does not fit; each counts for two at most."""
_LAST_ROW = 1_048_576
_INTRODUCTION = (
    "Diese Datei enthält, was Lotse weiß. Sie können sie ändern und wieder einlesen.",
    "Ein Blatt darf fehlen, ebenso eine Spalte: Was nicht da ist, bleibt, wie es ist. Nur die Spalten mit dunkler Überschrift "
    "sind für neue Zeilen nötig.",
    "Eine leere Zelle leert die Angabe. Eine gelöschte Zeile löscht den Eintrag nicht.",
    "Ist etwas falsch, wird nichts übernommen. Sie erfahren dann Blatt, Zeile und Spalte aller Fehler.",
    "Wörter und Kennungen zur Auswahl zeigt der Pfeil neben der Zelle. Formeln werden nicht gelesen.",
)
_GUIDE_HEADINGS = ("Blatt", "Spalte", "Nötig", "Was dort steht", "Möglich")


@dataclass(frozen=True)
class _Head:
    """A column as it is written: a text too long for one cell goes on in columns „(Teil 2)“, „(Teil 3)“."""

    column: Column
    part: int = 0

    @property
    def heading(self) -> str:
        return f"{self.column.heading} (Teil {self.part + 1})" if self.part else self.column.heading


def write_xlsx(knowledge: Knowledge) -> bytes:
    """A workbook (Office Open XML) with a guide, a sheet for each table, and lists to choose from."""
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    workbook.properties.creator = "Lotse"
    workbook.properties.title = "Was Lotse weiß"
    scope = Scope.of(knowledge)
    writer = _Writer(workbook, scope, knowledge)
    writer.guide()
    for sheet in SHEETS:
        writer.sheet(sheet)
    writer.choices()
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def write_csv(knowledge: Knowledge) -> dict[str, bytes]:
    """A CSV file for each table as German Excel opens it: UTF-8 with byte order mark, semicolons, CRLF. By file name."""
    scope = Scope.of(knowledge)
    files = {f"{GUIDE}.csv": _csv([list(_GUIDE_HEADINGS), *_guide_rows()])}
    for sheet in SHEETS:
        heads, rows = _table(sheet, knowledge, scope)
        files[f"{sheet.name}.csv"] = _csv([[head.heading for head in heads], *rows])
    return files


def _csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([armoured(shown(cell)) for cell in row])
    return (_BYTE_ORDER_MARK + text.getvalue()).encode()


def _table(sheet: Sheet, knowledge: Knowledge, scope: Scope) -> tuple[list[_Head], list[list[Cell]]]:
    """Headings and rows of a sheet, with long texts divided."""
    rows = [row for entry in getattr(knowledge, sheet.kind) for row in _rows(sheet, entry, scope)]
    heads: list[_Head] = []
    divided: list[list[Cell]] = [[] for _ in rows]
    for index, column in enumerate(sheet.columns):
        pieces = [_divided(row[index]) for row in rows]
        width = max(map(len, pieces), default=1)
        heads.extend(_Head(column, part) for part in range(width))
        for cells, piece in zip(divided, pieces, strict=True):
            cells.extend((*piece, *[None] * (width - len(piece))))
    return heads, divided


def _rows(sheet: Sheet, entry: Any, scope: Scope) -> Iterator[list[Cell]]:
    """One row, or one for each part; what belongs to the entry as a whole stands in the first."""
    parts = getattr(entry, sheet.part) if sheet.part else (None,)
    for number, part in enumerate(parts or ((None,) if sheet.makes_entries else ())):
        yield [
            _cell(column, part if column.of_part else entry, scope)
            if column.of_part or number == 0 or column.field in sheet.key
            else None
            for column in sheet.columns
        ]


def _cell(column: Column, owner: Any, scope: Scope) -> Cell:
    if owner is None:
        return None
    for name in column.field.split("."):
        owner = getattr(owner, name)
    return column.form.write(owner, scope)


def _divided(cell: Cell) -> list[Cell]:
    """A cell in pieces that fit; Excel counts in UTF-16."""
    if not isinstance(cell, str) or len(cell) <= _PIECE or len(cell.encode("utf-16-le")) // 2 < MOST_CHARACTERS:
        return [cell]
    step = _PIECE - 2
    pieces = [cell[start : start + step] for start in range(0, len(cell), step)]
    return [
        f"{CONTINUED if number else ''}{piece}{CONTINUED if number < len(pieces) - 1 else ''}"
        for number, piece in enumerate(pieces)
    ]


def _options(column: Column) -> list[str]:
    """The words a cell of this column may hold; none where any text may stand."""
    if isinstance(column.form, Choice):
        return list(column.form.words.values())
    if isinstance(column.form, Flag):
        return ["ja", "nein"]
    return []


def _guide_rows() -> list[list[Cell]]:
    return [
        [sheet.name, column.heading, "ja" if column.required else None, column.about, ", ".join(_options(column)) or None]
        for sheet in SHEETS
        for column in sheet.columns
        if not column.is_hidden
    ]


class _Writer:
    """Writes the sheets of a workbook one after another."""

    def __init__(self, workbook: Workbook, scope: Scope, knowledge: Knowledge) -> None:
        from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

        self._workbook, self._scope, self._knowledge = workbook, scope, knowledge
        self._lengths = {sheet.name: 0 for sheet in SHEETS}
        line = Side(style="thin", color="FFBFBFBF")
        self._border = Border(bottom=line, right=line)
        self._top = Alignment(vertical="top", wrap_text=True)
        self._bold = Font(bold=True)
        self._title = Font(bold=True, size=16)
        self._white = Font(bold=True, color="FFFFFFFF")
        self._needed = PatternFill("solid", fgColor="FF1F4E79")
        self._optional = PatternFill("solid", fgColor="FFDDEBF7")
        self._lists = (
            ("Orte", sorted(map(scope.label, scope.keys["places"]))),
            ("Gebiete", ["überall", *sorted(scope.label(code) for code, name in scope.areas.items() if name)]),
        )

    def guide(self) -> None:
        """What each sheet and each column is for."""
        sheet: Any = self._workbook.create_sheet(GUIDE)
        for letter, width in zip("ABCDE", (20, 28, 8, 80, 50), strict=True):
            sheet.column_dimensions[letter].width = width
        sheet.append([self._plain(sheet, "So füllen Sie diese Tabellen aus", self._title)])
        for sentence in _INTRODUCTION:
            sheet.append([self._plain(sheet, sentence)])
        sheet.append([])
        for each in SHEETS:
            sheet.append([self._plain(sheet, each.name, self._bold), None, None, self._wrapped(sheet, each.about)])
        sheet.append([])
        sheet.append([self._plain(sheet, heading, self._white, self._needed) for heading in _GUIDE_HEADINGS])
        for row in _guide_rows():
            sheet.append([None if cell is None else self._wrapped(sheet, shown(cell)) for cell in row])

    def _plain(self, sheet: Any, text: str, font: Any = None, fill: Any = None) -> XlsxCell:
        from openpyxl.cell import WriteOnlyCell

        cell: Any = WriteOnlyCell(sheet, text)
        if font:
            cell.font = font
        if fill:
            cell.fill = fill
        return cell  # type: ignore[no-any-return]

    def _wrapped(self, sheet: Any, text: str) -> XlsxCell:
        cell: Any = self._plain(sheet, text)
        cell.alignment = self._top
        return cell  # type: ignore[no-any-return]

    def sheet(self, sheet: Sheet) -> None:
        """One table, ready to be filled in."""
        from openpyxl.utils import get_column_letter

        heads, rows = _table(sheet, self._knowledge, self._scope)
        self._lengths[sheet.name] = len(rows)
        page: Any = self._workbook.create_sheet(sheet.name)
        page.freeze_panes = "B2"
        page.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(rows) + 1}"
        for number, head in enumerate(heads, 1):
            dimension = page.column_dimensions[get_column_letter(number)]
            dimension.width = head.column.width
            dimension.number_format = _number_format(head.column)
            dimension.alignment = self._top
            dimension.hidden = head.column.is_hidden
        page.calculate_dimension = lambda: page.auto_filter.ref  # else readers look for the size in the whole sheet
        page.append([self._heading(page, head) for head in heads])
        self._fill(page, heads, rows)
        for number, head in enumerate(heads, 1):
            self._validate(page, head.column, get_column_letter(number))
        page.page_setup.orientation = "landscape"
        page.print_title_rows = "1:1"

    def _heading(self, page: Any, head: _Head) -> XlsxCell:
        from openpyxl.comments import Comment

        needed = head.column.required
        cell: Any = self._plain(page, head.heading, self._white if needed else self._bold)
        cell.fill = self._needed if needed else self._optional
        cell.alignment, cell.border = self._top, self._border
        options = _options(head.column)
        text = f"{head.column.about} Möglich: {', '.join(options)}." if options else head.column.about
        cell.comment = Comment(text, "Lotse", height=110, width=320)
        return cell  # type: ignore[no-any-return]

    def _fill(self, page: Any, heads: list[_Head], rows: Sequence[Sequence[Any]]) -> None:
        from openpyxl.cell import WriteOnlyCell

        styles = []
        for head in heads:
            pattern: Any = WriteOnlyCell(page)
            pattern.number_format, pattern.alignment = _number_format(head.column), self._top
            quoted: Any = WriteOnlyCell(page)
            quoted.number_format, quoted.alignment, quoted.quotePrefix = "@", self._top, True
            styles.append((pattern._style, quoted._style))
        for row in rows:
            cells: list[Any] = []
            for value, (style, quoted_style) in zip(row, styles, strict=True):
                if value is None:
                    cells.append(None)
                    continue
                cell: Any = WriteOnlyCell(page, value)
                cell._style = style
                if isinstance(value, str):
                    cell.data_type = "s"  # whatever it begins with
                    if is_risky(value):
                        cell._style = quoted_style
                cells.append(cell)
            page.append(cells)

    def _validate(self, page: Any, column: Column, letter: str) -> None:
        """Let clerks choose; what must not stand there is not accepted."""
        from openpyxl.worksheet.datavalidation import DataValidation

        source, strict = self._source(column)
        if source:
            rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
            rule.errorTitle, rule.errorStyle = column.heading[:32], "stop" if strict else "warning"
            rule.error = (
                "Bitte wählen Sie einen Eintrag aus der Liste." if strict else "Das steht nicht in der Liste. Trotzdem eintragen?"
            )
        elif isinstance(column.form, Day):
            rule = DataValidation(type="date", operator="greaterThan", formula1="1", allow_blank=True, showErrorMessage=True)
            rule.errorTitle, rule.errorStyle, rule.error = column.heading[:32], "warning", "Bitte ein Datum: 31.01.2027"
        else:
            return
        rule.add(f"{letter}2:{letter}{_LAST_ROW}")
        page.data_validations.append(rule)

    def _source(self, column: Column) -> tuple[str, bool]:
        """The formula of the list to choose from, and whether nothing else may stand there."""
        options = _options(column)
        if options:
            return f'"{",".join(options)}"', True
        if isinstance(column.form, Reference):
            name = next(sheet.name for sheet in SHEETS if sheet.kind == column.form.kind and sheet.makes_entries)
            return f"'{name}'!$A$2:$A${self._room(name)}", False
        if isinstance(column.form, Area):
            letter = "B" if column.form.wide else "A"
            return f"'{CHOICES}'!${letter}$2:${letter}${len(self._lists[column.form.wide][1]) + 1}", False
        if column.field == "style":
            return f'"{",".join(STYLES)}"', False
        return "", False

    def _room(self, name: str) -> int:
        """The last row of a list: what is there, and room for new entries."""
        kind = next(sheet.kind for sheet in SHEETS if sheet.name == name)
        return len(getattr(self._knowledge, kind)) + 500

    def choices(self) -> None:
        """The lists that stand in no other sheet."""
        sheet: Any = self._workbook.create_sheet(CHOICES)
        sheet.sheet_state = "hidden"
        for letter in "AB":
            sheet.column_dimensions[letter].width = 50
        sheet.append([self._plain(sheet, name, self._bold) for name, _ in self._lists])
        for row in zip_longest(*(entries for _, entries in self._lists)):
            sheet.append([None if entry is None else self._plain(sheet, entry) for entry in row])


def _number_format(column: Column) -> str:
    if isinstance(column.form, Day):
        return "DD.MM.YYYY"
    if isinstance(column.form, Amount):
        return "#,##0.00"
    return "@"

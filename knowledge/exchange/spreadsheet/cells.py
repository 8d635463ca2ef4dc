"""What a cell can hold, and text that goes into one and comes out the same.

What a cell cannot hold (a line break inside a list entry, control characters) stands there as a visible symbol, introduced
by `␛` where it needs to be. `armoured` keeps spreadsheet programs from taking text for a formula.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MOST_CHARACTERS = 32_767
"""What a cell of Excel can hold (Microsoft: Excel specifications and limits)."""

EXACT_BELOW = 10**15
"""Excel keeps 15 digits of a number."""
_ESCAPE = "␛"
EMPTY_ITEM = "␛∅"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_FORMULA = "=+-@＝＋－＠"
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff␀-␟]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"␛u([0-9a-f]{4})|␛∅|␛(.)|([␀-␟])", re.DOTALL)


@dataclass(frozen=True)
class Unusable:
    """A cell that holds no value, such as a formula; `reason` is a German sentence."""

    reason: str


Cell = str | int | float | bool | date | Unusable | None
"""What stands in a cell; None is empty."""


class Refused(Exception):
    """A cell that cannot be read; the message is German."""


def shown(cell: Cell) -> str:
    """A cell as its text: days as 31.01.2027, numbers with a comma. Raises `Refused` for one that holds no value."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, Unusable):
        raise Refused(cell.reason)
    if isinstance(cell, bool):
        return "ja" if cell else "nein"
    if isinstance(cell, date):
        return f"{cell.day:02}.{cell.month:02}.{cell.year:04}"
    if not abs(cell) < EXACT_BELOW:
        raise Refused("Diese Zahl ist so lang, dass Excel sie gerundet hat. Formatieren Sie die Spalte als Text.")
    return str(int(cell)) if cell == int(cell) else f"{Decimal(str(cell)):f}".replace(".", ",")


def armoured(text: str) -> str:
    """Text for a CSV file that no program takes for a formula; `disarmed` gives the text back."""
    return f"'{text}" if text[:1] and text[0] in _FORMULA else text


def is_risky(text: str) -> bool:
    """Whether a program might take the text for a formula."""
    return bool(text) and text[0] in _FORMULA


def disarmed(cell: Cell) -> Cell:
    """What `armoured` was given, without white space around it, line breaks as `\\n`; other cells as they are."""
    if not isinstance(cell, str):
        return cell
    text = cell.replace("_x000D_", "\r") if "_x000D_" in cell else cell
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.strip()
    return text[1:] if text[:1] == "'" and is_risky(text[1:]) else text or None


def bare(text: str) -> str:
    """Text without the invisible characters that come along when something is copied from a web page."""
    return _INVISIBLE.sub("", text)


def code_of(char: str) -> str:
    return f"{_ESCAPE}u{ord(char):04x}"


def _symbol(match: re.Match[str]) -> str:
    char = match.group()
    if char == "_":
        return code_of("_")
    if "␀" <= char <= "␟":
        return _ESCAPE + char
    return chr(0x2400 + ord(char)) if char < " " and char != "\x1b" else code_of(char)


def visible(text: str) -> str:
    """Text that any cell can hold, with symbols for the rest."""
    text = _ODD.sub(_symbol, text)
    if text[:1].isspace() or (text[:1] == "'" and is_risky(text.lstrip("'"))):
        text = code_of(text[0]) + text[1:]
    return text[:-1] + code_of(text[-1]) if text[-1:].isspace() else text


def restored(text: str) -> str:
    """Reads what `visible` wrote."""
    return _ESCAPED.sub(_restored, text)


def _restored(match: re.Match[str]) -> str:
    code, escaped, symbol = match.groups()
    return chr(int(code, 16)) if code else chr(ord(symbol) - 0x2400) if symbol else escaped or ""


def piece(text: str) -> str:
    """Text as one piece of a cell that holds several."""
    return visible(text).replace("\n", "␊").replace("|", code_of("|"))


def pieces(line: str) -> list[str]:
    return [restored(each.strip()) for each in line.split("|")]

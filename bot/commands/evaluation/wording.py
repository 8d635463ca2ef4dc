"""Figures and texts as German readers expect them."""

from __future__ import annotations

from collections.abc import Sequence

NONE = "–"


def percent(share: float | None) -> str:
    """A share as „90,3 %“; a dash where there is none."""
    return NONE if share is None else f"{share * 100:.1f} %".replace(".", ",")


def points(difference: float | None) -> str:
    """A difference of shares in percentage points, with its sign."""
    if difference is None:
        return NONE
    return f"{difference * 100:+.1f}".replace(".", ",").replace("-", "−").replace("−0,0", "0,0").replace("+0,0", "0,0")


def number(count: int) -> str:
    """A count, thousands apart by a point."""
    return f"{count:,}".replace(",", ".")


def questions_counted(count: int) -> str:
    """„1 Frage“, „1.234 Fragen“."""
    return f"{number(count)} {'Frage' if count == 1 else 'Fragen'}"


def one_line(text: str) -> str:
    """Text of a stranger in one line, without control characters: a terminal would obey them."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def table(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Rows as lines, the first `left` columns aligned to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(_cell(cell, width, index < left) for index, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def _cell(text: str, width: int, left: bool) -> str:
    return text.ljust(width) if left else text.rjust(width)

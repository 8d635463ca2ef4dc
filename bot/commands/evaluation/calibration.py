"""Is it right as often as it is sure? Bins of confidence, the calibration error, and a reliability diagram."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from bot.commands.evaluation.results import Result
from bot.commands.evaluation.wording import number, one_line, percent, questions_counted

BINS = 10

_INK, _FILL, _GRID, _ACCENT = "#1a1a1a", "#c9d8ea", "#c8c8c8", "#8a1c1c"
_WIDTH, _HEIGHT = 640, 680
_LEFT, _RIGHT = 90.0, 610.0
_TOP, _BOTTOM = 92.0, 452.0
_COUNT_TOP, _COUNT_BOTTOM = 520.0, 620.0
_TITLE, _DESC = "eichung-titel", "eichung-beschreibung"


@dataclass(frozen=True)
class Bin:
    """Answers whose confidence lies between two bounds (0..1); `confidence` and `accuracy` are means over them."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON, with four digits."""
        means = {"confidence": self.confidence, "accuracy": self.accuracy}
        rounded = {key: None if value is None else round(value, 4) for key, value in means.items()}
        return {"from": self.low, "to": self.high, "n": self.count, **rounded}

    @property
    def sentence(self) -> str:
        """For people who do not see the drawing."""
        span = f"{self.low * 100:.0f} bis {self.high * 100:.0f} %"
        if self.confidence is None or self.accuracy is None:
            return f"{span}: keine Frage."
        return (
            f"{span}: {questions_counted(self.count)}, im Mittel {percent(self.confidence)} sicher, "
            f"{percent(self.accuracy)} richtig."
        )


def bins_of(results: Iterable[Result]) -> list[Bin]:
    """Ten bins of equal width over the first rank of the questions that have a right service."""
    groups = _grouped(results)
    return [_bin(index, groups.get(index, ())) for index in range(BINS)]


def expected_calibration_error(results: Iterable[Result]) -> float | None:
    """Mean distance between confidence and accuracy over ten bins of the first rank (Naeini et al. 2015)."""
    groups = _grouped(results)
    counted = sum(map(len, groups.values()))
    if not counted:
        return None
    distances = (abs(sum(confidence for confidence, _ in group) - sum(right for _, right in group)) for group in groups.values())
    return round(sum(distances) / counted, 4)


def _grouped(results: Iterable[Result]) -> dict[int, list[tuple[float, bool]]]:
    groups: dict[int, list[tuple[float, bool]]] = {}
    for result in results:
        if result.in_scope and result.ranking:
            confidence = result.ranking[0][1]
            groups.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, result.hit(1)))
    return groups


def _bin(index: int, group: Sequence[tuple[float, bool]]) -> Bin:
    low, high = index / BINS, (index + 1) / BINS
    if not group:
        return Bin(low, high, 0, None, None)
    sure = sum(confidence for confidence, _ in group) / len(group)
    return Bin(low, high, len(group), sure, sum(right for _, right in group) / len(group))


def reliability_diagram(bins: Sequence[Bin], error: float | None, model: str) -> str:
    """The calibration as an SVG 1.1 document: accuracy over confidence, and how many questions lie in each bin.

    Readable in black and white; title and description say the same in words (SVG-AAM 1.0).
    """
    counted = sum(each.count for each in bins)
    known = "kein Wert" if error is None else percent(error)
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "lang": "de",
            "role": "img",
            "aria-labelledby": f"{_TITLE} {_DESC}",
            "width": "160mm",
            "height": f"{160 * _HEIGHT / _WIDTH:g}mm",
            "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
            "font-family": "sans-serif",
            "font-size": "14",
            "fill": _INK,
        },
    )
    heading = f"Eichung: {questions_counted(counted)}, mittlerer Fehler (ECE) {known}"
    _add(svg, "title", heading, id=_TITLE)
    _add(
        svg,
        "desc",
        " ".join(("Wie oft die erste Leistung stimmt, nach Sicherheit.", *(each.sentence for each in bins))),
        id=_DESC,
    )
    _add(svg, "rect", width=_WIDTH, height=_HEIGHT, fill="#ffffff")
    _add(svg, "text", heading, x=_LEFT, y=30, font_size=17, font_weight="bold")
    _add(svg, "text", one_line(model), x=_LEFT, y=52)
    _axes(svg)
    for each in bins:
        _draw_accuracy(svg, each)
    _add(svg, "line", x1=_LEFT, y1=_BOTTOM, x2=_RIGHT, y2=_TOP, stroke=_INK, stroke_dasharray="7 5", stroke_width=1.5)
    for each in bins:
        _draw_mean(svg, each)
    _draw_counts(svg, bins)
    _legend(svg)
    ET.indent(svg)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(svg, encoding="unicode")}\n'


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: float | str) -> ET.Element:
    """An element; numbers get one decimal, `font_size` becomes `font-size` and `class_` `class`."""
    written = {
        key.rstrip("_").replace("_", "-"): each if isinstance(each, str) else f"{each:.1f}" for key, each in attributes.items()
    }
    element = ET.SubElement(parent, tag, written)
    element.text = text or None
    return element


def _x(share: float) -> float:
    return _LEFT + share * (_RIGHT - _LEFT)


def _y(share: float) -> float:
    return _BOTTOM - share * (_BOTTOM - _TOP)


def _axes(svg: ET.Element) -> None:
    for tenths in range(0, 11, 2):
        share = tenths / 10
        _add(svg, "line", x1=_LEFT, y1=_y(share), x2=_RIGHT, y2=_y(share), stroke=_GRID)
        _add(svg, "text", f"{tenths * 10} %", x=_LEFT - 8, y=_y(share) + 5, text_anchor="end")
        for bottom in (_BOTTOM, _COUNT_BOTTOM):
            _add(svg, "text", f"{tenths * 10} %", x=_x(share), y=bottom + 20, text_anchor="middle")
    for bottom in (_BOTTOM, _COUNT_BOTTOM):
        _add(svg, "line", x1=_LEFT, y1=bottom, x2=_RIGHT, y2=bottom, stroke=_INK)
    middle, upright = (_TOP + _BOTTOM) / 2, (_COUNT_TOP + _COUNT_BOTTOM) / 2
    for text, at in (("davon richtig (Platz 1)", middle), ("Fragen", upright)):
        _add(svg, "text", text, transform=f"translate(28 {at:.1f}) rotate(-90)", text_anchor="middle")
    centre = (_LEFT + _RIGHT) / 2
    _add(svg, "text", "so sicher war Lotse", x=centre, y=_COUNT_BOTTOM + 42, text_anchor="middle")


def _draw_accuracy(svg: ET.Element, each: Bin) -> None:
    if each.accuracy is None:
        return
    left, right, top = _x(each.low) + 2, _x(each.high) - 2, _y(each.accuracy)
    bar = _add(svg, "rect", x=left, y=top, width=right - left, height=_BOTTOM - top, fill=_FILL, stroke=_INK)
    _add(bar, "title", each.sentence)


def _draw_mean(svg: ET.Element, each: Bin) -> None:
    if each.confidence is not None and each.accuracy is not None:
        _add(svg, "circle", cx=_x(each.confidence), cy=_y(each.accuracy), r=4.5, fill=_ACCENT, stroke="#ffffff")


def _draw_counts(svg: ET.Element, bins: Sequence[Bin]) -> None:
    most = max((each.count for each in bins), default=0) or 1
    for each in bins:
        left, right = _x(each.low) + 2, _x(each.high) - 2
        top = _COUNT_BOTTOM - each.count / most * (_COUNT_BOTTOM - _COUNT_TOP)
        if each.count:
            _add(svg, "rect", x=left, y=top, width=right - left, height=_COUNT_BOTTOM - top, fill=_FILL, stroke=_INK)
        _add(svg, "text", number(each.count), x=(left + right) / 2, y=top - 5, text_anchor="middle", class_="anzahl")


def _legend(svg: ET.Element) -> None:
    y = _TOP - 16
    _add(svg, "rect", x=_LEFT, y=y - 10, width=16, height=10, fill=_FILL, stroke=_INK)
    _add(svg, "text", "Anteil richtig", x=_LEFT + 22, y=y)
    _add(svg, "circle", cx=_LEFT + 136, cy=y - 5, r=4.5, fill=_ACCENT, stroke="#ffffff")
    _add(svg, "text", "bei mittlerer Sicherheit", x=_LEFT + 146, y=y)
    _add(svg, "line", x1=_LEFT + 314, y1=y - 5, x2=_LEFT + 346, y2=y - 5, stroke=_INK, stroke_dasharray="7 5", stroke_width=1.5)
    _add(svg, "text", "so oft richtig wie sicher", x=_LEFT + 352, y=y)

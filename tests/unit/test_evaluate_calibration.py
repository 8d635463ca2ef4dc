"""The bins of confidence and their drawing."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from bot.commands.evaluation.calibration import BINS, bins_of, expected_calibration_error, reliability_diagram
from bot.commands.evaluation.results import Result
from tests.evaluated import RIGHT, WRONG, result

SVG = "{http://www.w3.org/2000/svg}"


def sure(confidence: float, right: bool = True) -> Result:
    return result("answer", ranking=((RIGHT if right else WRONG, confidence),))


RESULTS = [sure(1.0), sure(0.95), sure(0.9, False), sure(0.15, False), sure(0.1), *[sure(0.55)] * 4]


def drawn(results: list[Result], model: str = "Modell") -> ET.Element:
    return ET.fromstring(reliability_diagram(bins_of(results), expected_calibration_error(results), model).encode())


def test_bins() -> None:
    bins = bins_of([*RESULTS, result("answer", gold=()), result("fallback", None, ranking=())])
    assert [each.count for each in bins] == [0, 2, 0, 0, 0, 4, 0, 0, 0, 3]
    assert bins[9].to_dict() == {"from": 0.9, "to": 1.0, "n": 3, "confidence": 0.95, "accuracy": 0.6667}
    assert bins[0].to_dict() == {"from": 0.0, "to": 0.1, "n": 0, "confidence": None, "accuracy": None}


def test_the_drawing_says_what_it_shows() -> None:
    svg = drawn(RESULTS)
    title, description = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert title is not None and description is not None
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    # By hand: |0.25 - 1| + |2.2 - 4| + |2.85 - 2| over 9 questions.
    assert title.text == "Eichung: 9 Fragen, mittlerer Fehler (ECE) 37,8 %"
    assert "90 bis 100 %: 3 Fragen, im Mittel 95,0 % sicher, 66,7 % richtig." in (description.text or "")
    assert "20 bis 30 %: keine Frage." in (description.text or "")


def test_every_bin_has_its_count() -> None:
    counts = [each.text for each in drawn(RESULTS).iter(f"{SVG}text") if each.get("class") == "anzahl"]
    assert counts == ["0", "2", "0", "0", "0", "4", "0", "0", "0", "3"]


def test_bars_are_as_high_as_the_share_that_is_right() -> None:
    bars = [each for each in drawn(RESULTS).iter(f"{SVG}rect") if each.find(f"{SVG}title") is not None]
    heights = [float(each.get("height", "")) for each in bars]
    assert len(bars) == len(list(drawn(RESULTS).iter(f"{SVG}circle"))) - 1 == 3  # one circle is in the legend
    assert [round(height / max(heights), 2) for height in heights] == [0.5, 1.0, 0.67]


def test_everything_lies_inside_the_drawing() -> None:
    svg = drawn(RESULTS)
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    for element in svg.iter():
        for name, most in (
            ("x", width),
            ("x1", width),
            ("x2", width),
            ("cx", width),
            ("y", height),
            ("y1", height),
            ("cy", height),
        ):
            assert 0 <= float(element.get(name, "0")) <= most


def test_nothing_to_draw() -> None:
    svg = drawn([])
    assert svg.findtext(f"{SVG}title") == "Eichung: 0 Fragen, mittlerer Fehler (ECE) kein Wert"
    assert [each.text for each in svg.iter(f"{SVG}text") if each.get("class") == "anzahl"] == ["0"] * BINS


def test_a_strange_name_stays_text() -> None:
    svg = drawn(RESULTS, 'a<script>&"\x00\x1b]\n b')
    assert list(svg.iter(f"{SVG}script")) == []
    assert 'a<script>&"] b' in [each.text for each in svg.iter(f"{SVG}text")]


def test_it_needs_nothing_from_outside_and_is_the_same_every_time() -> None:
    text = reliability_diagram(bins_of(RESULTS), 0.1, "Modell")
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert text == reliability_diagram(bins_of(RESULTS), 0.1, "Modell")

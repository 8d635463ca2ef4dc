from __future__ import annotations

import pytest

from knowledge.hours import in_words, suspicious
from knowledge.release import Release

NO_REST = "auch an Feiertagen geöffnet"


@pytest.mark.parametrize(
    ("expression", "lines"),
    [
        (
            "Mo-Fr 08:00-12:00, Th 14:00-18:00; PH off",
            ["Montag bis Freitag 8:00–12:00 Uhr", "Donnerstag auch 14:00–18:00 Uhr", "an Feiertagen geschlossen"],
        ),
        (
            "Mo-Fr 08:00-12:00; Th 14:00-18:00; PH off",
            ["Montag bis Mittwoch und Freitag 8:00–12:00 Uhr", "Donnerstag 14:00–18:00 Uhr", "an Feiertagen geschlossen"],
        ),
        (
            "Mo-Th 07:00-12:00,12:45-16:15, Fr 07:00-12:00; PH off",
            ["Montag bis Freitag 7:00–12:00 Uhr", "Montag bis Donnerstag auch 12:45–16:15 Uhr", "an Feiertagen geschlossen"],
        ),
        (
            "Tu,Fr 10:00-12:00,14:00-18:00; ph off",
            ["Dienstag und Freitag 10:00–12:00 und 14:00–18:00 Uhr", "an Feiertagen geschlossen"],
        ),
        ("Mo-Su 08:00-20:00", ["täglich 8:00–20:00 Uhr", NO_REST]),
        ("24/7", ["rund um die Uhr geöffnet"]),
        ("off", ["geschlossen"]),
        ("", []),
        ('"nur nach Termin"', ["nur nach Termin"]),
        (
            'Mo 08:00-12:00 "mit Termin"; PH off || "nach Vereinbarung"',
            ["Montag 8:00–12:00 Uhr, mit Termin", "an Feiertagen geschlossen", "sonst nach Vereinbarung"],
        ),
        (
            'Mo-Tu 08:00-12:00; We "nach Vereinbarung"; PH off',
            ["Montag und Dienstag 8:00–12:00 Uhr", "Mittwoch nach Vereinbarung", "an Feiertagen geschlossen"],
        ),
        (
            'Mo-Tu 08:00-12:00, Tu "nach Vereinbarung"; PH off',
            ["Montag und Dienstag 8:00–12:00 Uhr", "Dienstag auch nach Vereinbarung", "an Feiertagen geschlossen"],
        ),
        ("PH,SH off; Mo 08:00-12:00", ["Montag 8:00–12:00 Uhr", "an Feiertagen geschlossen", "in den Schulferien geschlossen"]),
        ("Mo 08:00-12:00; PH 10:00-12:00", ["Montag 8:00–12:00 Uhr", "an Feiertagen 10:00–12:00 Uhr"]),
        ("Mo,PH 08:00-12:00", ["Montag 8:00–12:00 Uhr", "an Feiertagen 8:00–12:00 Uhr"]),
        (
            "Mo 08:00-12:00; PH Mo-Fr off; PH -1 day 08:00-09:00",
            ["Montag 8:00–12:00 Uhr", "an Feiertagen (Montag bis Freitag) geschlossen", "am Tag vor Feiertagen 8:00–9:00 Uhr"],
        ),
        ("Fr 17:00+, Sa 22:00-02:00; PH off", ["Freitag ab 17:00 Uhr", "Samstag 22:00–2:00 Uhr", "an Feiertagen geschlossen"]),
    ],
)
def test_an_ordinary_week(expression: str, lines: list[str]) -> None:
    assert in_words(expression) == lines


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (", May-Oct Sa 09:00-12:00", ["Mai bis Oktober: Samstag 9:00–12:00 Uhr"]),
        (", May-Oct Th 14:00-18:00", ["Mai bis Oktober: Donnerstag auch 14:00–18:00 Uhr"]),
        ("; Jul-Aug Mo-Fr 08:00-10:00", ["Juli bis August: Montag bis Freitag 8:00–10:00 Uhr"]),
        ("; Jul-Aug Fr off", ["Juli bis August: Freitag geschlossen"]),
        ("; Jul-Aug off", ["Juli bis August geschlossen"]),
        ("; Jul-Aug Sa off", []),
        ("; Dec 24 off", ["24. Dezember geschlossen"]),
        ("; Dec 24 08:00-10:00", ["24. Dezember 8:00–10:00 Uhr"]),
        ("; Dec 24,31 off", ["24. Dezember und 31. Dezember geschlossen"]),
        ('; 2026 Dec 28-31 off "Betriebsruhe"', ["28. bis 31. Dezember 2026 geschlossen (Betriebsruhe)"]),
        ("; 2026 Dec 28-2027 Jan 03 off", ["28. Dezember 2026 bis 3. Januar 2027 geschlossen"]),
        ("; Dec 24-Jan 06 off", ["24. Dezember bis 6. Januar geschlossen"]),
        ("; easter -2 days off", ["Karfreitag geschlossen"]),
        ("; easter +3 days off", ["3 Tage nach Ostersonntag geschlossen"]),
        ("; Mo[1,-1] off", ["jeden ersten und letzten Montag im Monat geschlossen"]),
        (", Mo[2] 14:00-16:00", ["jeden zweiten Montag im Monat auch 14:00–16:00 Uhr"]),
        (", Mo[1] +1 day 14:00-16:00", ["am Tag nach dem ersten Montag im Monat auch 14:00–16:00 Uhr"]),
        ("; week 2-52/2 Fr off", ["jede zweite Kalenderwoche (von 2 bis 52): Freitag geschlossen"]),
        ("; week 30 off", ["Kalenderwoche 30 geschlossen"]),
        ("; 2027 off", ["2027 geschlossen"]),
        ("; Dec PH off", ["Dezember an Feiertagen geschlossen"]),
    ],
)
def test_times_of_the_year(rule: str, lines: list[str]) -> None:
    rest = ["an Feiertagen geschlossen"] if "PH" not in rule else []
    expression = f"Mo-Fr 08:00-12:00{rule}" + ("; PH off" if rest else "")
    assert in_words(expression) == ["Montag bis Freitag 8:00–12:00 Uhr", *lines, *rest]


@pytest.mark.parametrize(
    ("expression", "says", "mended"),
    [
        (
            "Mo-Fr 07:30-12:30; Th 14:00-17:30",
            "So ist Donnerstag nur 14:00–17:30 Uhr offen, nicht 7:30–12:30 Uhr.",
            "Mo-Fr 07:30-12:30, Th 14:00-17:30",
        ),
        ("Mo-Fr 08:00-12:00; Th 14:00-18:00; PH off", "So ist Donnerstag nur", "Mo-Fr 08:00-12:00, Th 14:00-18:00; PH off"),
        (
            "Mo-Fr 08:00-12:00; Mo-Tu 14:00-16:00; Th 14:00-18:00",
            "So ist Montag und Dienstag nur 14:00–16:00 Uhr",
            "Mo-Fr 08:00-12:00, Mo-Tu 14:00-16:00, Th 14:00-18:00",
        ),
        (
            "Mo-Fr 08:00-12:00,13:00-16:00; Th 13:00-18:00",
            "nicht 8:00–12:00 Uhr",
            "Mo-Fr 08:00-12:00,13:00-16:00, Th 13:00-18:00",
        ),
        (
            "Mo-Fr 08:00-12:00; Jun-Sep Th 14:00-17:00",
            "So ist Donnerstag (Juni bis September) nur",
            "Mo-Fr 08:00-12:00, Jun-Sep Th 14:00-17:00",
        ),
        ("Mo-Fr 08:00-12:00; Mo[1] 14:00-17:00", "So ist Montag nur", "Mo-Fr 08:00-12:00, Mo[1] 14:00-17:00"),
        (
            'Mo-Fr 08:00-12:00; Th 14:00-16:00 "mit Termin"',
            "14:00–16:00 Uhr, mit Termin offen",
            'Mo-Fr 08:00-12:00, Th 14:00-16:00 "mit Termin"',
        ),
    ],
)
def test_a_semicolon_that_closes_too_much(expression: str, says: str, mended: str) -> None:
    text = suspicious(expression)
    assert says in text
    assert text.endswith(f"schreiben Sie ein Komma: „{mended}“")
    assert suspicious(mended) == ""


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "24/7",
        "Mo-We 08:00-16:00; Th 08:00-18:00",
        "Mo-Fr 08:00-12:00; Th 08:00-18:00",
        "Mo-Fr 08:00-12:00, Th 14:00-18:00; PH off",
        "Mo-Fr 08:00-12:00; PH 14:00-16:00",
        "Mo-Fr 08:00-12:00; Dec 24 13:00-14:00",
        "Mo-Fr 08:00-12:00; Th off",
        "Mo-Fr 08:00-12:00,13:00-16:00; Fr 07:00-13:00",
        "Mo-Fr 08:00-12:00,13:00-16:00; Fr 08:00-12:00",
        "Oct-Apr Mo-Fr 08:00-12:00; May-Sep Mo-Fr 14:00-18:00",
        'Mo-Fr 08:00-12:00; We "nach Vereinbarung"',
    ],
)
def test_a_semicolon_that_means_what_it_says(expression: str) -> None:
    assert suspicious(expression) == ""


@pytest.mark.parametrize("words", [in_words, suspicious])
def test_what_is_no_opening_hours_has_no_words(words: object) -> None:
    with pytest.raises(SyntaxError):
        words("vormittags")  # type: ignore[operator]


def test_all_hours_of_the_county_have_words_and_no_traps(release: Release) -> None:
    for office in release.offices.values():
        if office.hours:
            assert in_words(office.hours), office.id
            assert suspicious(office.hours) == "", office.id

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.surnames import INITIALS, in_range, range_label, surname_initial


@pytest.mark.parametrize(
    ("surname", "initial"),
    [
        ("Huber", "H"),
        ("huber", "H"),
        ("Ärmel", "A"),
        ("Öttl", "O"),
        ("Übelacker", "U"),
        ("ßler", "S"),
        ("Schmidt", "Sch"),
        ("SCHMIDT", "Sch"),
        ("Sch", "Sch"),
        ("Stadler", "St"),
        ("Straßer", "St"),
        ("S", "S"),
        ("Sailer", "S"),
        ("Scholz", "Sch"),
        ("Scala", "S"),
        ("von Arnim", "A"),
        ("Von der Leyen", "L"),
        ("v. Stein", "St"),
        ("van den Berg", "B"),
        ("de Boer", "B"),
        ("zu Guttenberg", "G"),
        ("In der Au", "A"),
        ("Dr. Huber", "H"),
        ("Prof. Dr. von Stein", "St"),
        ("Müller-Schmidt", "M"),
        ("Schmidt-Müller", "Sch"),
        ("Müller Schmidt", "M"),
        ("Meyer–Stark", "M"),
        ("O'Brien", "O"),
        ("Şahin", "S"),
        ("Østergaard", "O"),
        ("Łukasz", "L"),
        ("İnan", "I"),
        ("Çelik", "C"),
        ("Von", "V"),
        ("  Zorn ", "Z"),
        ("", None),
        ("-", None),
        ("李", None),
        ("1234", None),
    ],
)
def test_the_initial_that_decides(surname: str, initial: str | None) -> None:
    assert surname_initial(surname) == initial


@pytest.mark.parametrize(
    ("initial", "first", "last", "inside"),
    [
        ("A", "A", "K", True),
        ("K", "A", "K", True),
        ("L", "A", "K", False),
        ("S", "L", "S", True),
        ("Sch", "L", "S", False),
        ("St", "L", "S", False),
        ("Sch", "Sch", "Z", True),
        ("T", "Sch", "Z", True),
        ("S", "Sch", "Z", False),
        ("Sch", "S", "Z", True),
        ("B", "", "C", True),
        ("X", "C", "", True),
    ],
)
def test_both_ends_of_a_range_are_in_it(initial: str, first: str, last: str, inside: bool) -> None:
    assert in_range(initial, first, last) is inside


@pytest.mark.parametrize(
    ("initials", "label"),
    [(["A", "B", "C"], "A–C"), (["R", "S"], "R–S (ohne Sch, St)"), (["Sch", "St"], "Sch–St"), (["Q"], "Q")],
)
def test_a_range_has_a_readable_name(initials: list[str], label: str) -> None:
    assert range_label(initials) == label


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_text_has_a_known_initial_or_none(text: str) -> None:
    assert surname_initial(text) in (*INITIALS, None)

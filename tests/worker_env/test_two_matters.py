"""Messages with two matters: how they are cut, and what is learnt from them."""

from __future__ import annotations

import numpy as np
import pytest

from bot.worker.quiet import be_quiet, be_quiet_after_import

be_quiet()

from actions.wording import is_settled, wants_something  # noqa: E402
from bot.worker.components import two_matters  # noqa: E402
from bot.worker.components.questions import Part, SparseVector, parts_of  # noqa: E402

be_quiet_after_import()

DOG, CAR, NOTHING = 0, 1, 2
CLASSES = two_matters.Classes(np.full(3, -0.5), 0.1, np.array([True, True, False]), np.eye(3))


def message(*parts: tuple[str, str, tuple[float, float, float]]) -> two_matters.Message:
    """Parts with what stands behind each and with their margins."""
    vector = SparseVector(np.arange(4, dtype=np.int32), np.full(4, 0.5, np.float32))
    margins = np.array([given for _, _, given in parts])
    found = [Part(text, after, vector) for text, after, _ in parts]
    text = "".join(f"{part.text} {part.after} " for part in found)
    return two_matters.Message(text, found, margins, margins.sum(axis=0) / np.sqrt(len(parts)))


TWO = message(("Wo melde ich den Hund an", "und", (1.2, 0, 0)), ("wo das Auto", "?", (0, 1.2, 0)))
TOLD = message(("Mein Auto ist schon angemeldet", ".", (0, 0.4, 0)), ("Wo melde ich den Hund an", "?", (1.2, 0, 0)))
ONE = message(("Wo melde ich den Hund an", "und", (1.2, 0, 0)), ("was kostet er", "?", (0.3, 0, 0)))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hund abmelden", [("Hund abmelden", "")]),
        ("Hund abmelden + neuer Perso", [("Hund abmelden", " + "), ("neuer Perso", "")]),
        ("Hundesteuer / Angelschein?", [("Hundesteuer", " / "), ("Angelschein", "?")]),
        ("Pass, und Führerschein.", [("Pass", ", und"), (" Führerschein", ".")]),
        ("", []),
        ("?!", []),
    ],
)
def test_parts_say_something_and_know_what_follows(text: str, parts: list[tuple[str, str]]) -> None:
    assert [(part.strip(), "".join(after.split())) for part, after in parts_of(text)] == [
        (part.strip(), "".join(after.split())) for part, after in parts
    ]


def test_of_many_parts_the_shortest_neighbours_are_one() -> None:
    text = ", ".join(["eins", "zwei", *(f"ein viel längerer Teil der Nachricht {number}" for number in range(8))])
    parts = parts_of(text)
    assert len(parts) == 8
    assert "eins, zwei" in parts[0][0]
    assert sum(len(part) for part, _ in parts) > len(text) * 0.8


def test_a_message_is_cut_where_its_sides_differ() -> None:
    [cut] = two_matters.cuts(TWO, CLASSES)
    assert (cut.first, cut.second) == (DOG, CAR)
    assert np.isfinite(cut.signs).all()
    assert two_matters.cuts(ONE, CLASSES) == []


def test_what_is_learnt_tells_two_from_one() -> None:
    told: list[tuple[two_matters.Message, tuple[int, int] | None]] = [(TWO, (DOG, CAR)), (TOLD, None), (ONE, None)]
    judge = two_matters.learn(told * 20, CLASSES)
    both, sure = two_matters.two_matters(TWO, CLASSES, judge)
    assert (both, sure > 0.5) == ((DOG, CAR), True)
    assert two_matters.two_matters(TOLD, CLASSES, judge)[1] < 0.5
    assert two_matters.two_matters(ONE, CLASSES, judge) == ((-1, -1), 0.0)


@pytest.mark.parametrize(
    ("part", "wants", "settled"),
    [
        ("Wo melde ich mein Auto um", True, False),
        ("das Auto habe ich schon umgemeldet", False, True),
        ("I need a passport", True, False),
        ("Führungszeugnis hab ich auch", False, True),
        ("mein Hund", False, False),
    ],
)
def test_what_is_wanted_and_what_is_settled(part: str, wants: bool, settled: bool) -> None:
    assert (wants_something(part), is_settled(part)) == (wants, settled)

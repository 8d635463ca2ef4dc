"""Two models on the same questions."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.evaluation.comparison import compare, mcnemar_exact
from bot.commands.evaluation.results import Result
from tests.evaluated import RIGHT, WRONG, result


@pytest.mark.parametrize(
    ("won", "lost", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),  # 2 * 1/2
        (3, 3, 1.0),  # 2 * 42/64 is more than certain
        (6, 0, 0.03125),  # 2 * 1/64
        (5, 2, 0.453125),  # 2 * (1 + 7 + 21)/128
        (9, 1, 0.021484375),  # 2 * (1 + 10)/1024
        (2, 8, 0.109375),  # 2 * (1 + 10 + 45)/1024
    ],
)
def test_mcnemar_exact(won: int, lost: int, p: float) -> None:
    assert mcnemar_exact(won, lost) == p
    assert mcnemar_exact(lost, won) == mcnemar_exact(won, lost)


def test_mcnemar_of_very_many_questions() -> None:
    assert mcnemar_exact(3000, 3000) == 1.0
    assert 0 <= mcnemar_exact(3000, 0) < 1e-300


def right(name: str, **more: Any) -> Result:
    return result("answer", name=name, **more)


def wrong(name: str, **more: Any) -> Result:
    return result("answer", WRONG, name=name, ranking=((WRONG, 0.9), (RIGHT, 0.1)), **more)


def test_what_changed() -> None:
    ours = [right("a"), right("b"), wrong("c"), right("d"), result("fallback", None, gold=(), name="e")]
    theirs = [right("a"), wrong("b"), right("c"), wrong("d"), result("answer", WRONG, gold=(), name="e")]
    found = compare(ours, theirs)
    assert [each["id"] for each in found["won"]] == ["b", "d", "e"]
    assert [each["id"] for each in found["lost"]] == ["c"]
    assert found["mcnemar"] == {"passed": {"won": 3, "lost": 1, "p": 0.625}, "hit@1": {"won": 2, "lost": 1, "p": 1.0}}
    assert (found["differences"]["hit@1"], found["differences"]["passed"]) == (0.25, 0.4)
    assert (found["differences"]["out_of_scope_answered"], found["differences"]["aspect"]) == (-1.0, None)
    assert found["against"]["hit@1"] == 0.5
    assert found["won"][0]["said"] == {"outcome": "answer", "service": RIGHT, "top": RIGHT}
    assert found["won"][0]["said_against"] == {"outcome": "answer", "service": WRONG, "top": WRONG}


def test_the_same_model_twice() -> None:
    results = [right("a"), wrong("b")]
    found = compare(results, results)
    assert (found["won"], found["lost"], found["mcnemar"]["passed"]["p"]) == ([], [], 1.0)
    assert {each for each in found["differences"].values() if each is not None} == {0.0}

"""The figures of `lotse evaluate`, on hand-made results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.turn import Reply
from bot.commands.evaluation.figures import PAIRS_SHOWN, Share, figures
from bot.commands.evaluation.questions import Question
from bot.commands.evaluation.results import Result
from tests.evaluated import RIGHT, WRONG, result


def share(results: list[Result], name: str) -> Any:
    return figures(results)[name]


def test_nothing_to_count() -> None:
    data = figures([])
    assert all(data[key] is None for key in ("hit@1", "passed", "out_of_scope_answered", "aspect", "crisis_recognised", "ece"))
    assert (data["n"], data["misses"], data["by_style"], data["files"], data["services"], data["confusions"]) == (
        0, [], {}, {}, [], [],
    )  # fmt: skip
    assert data["counts"] == data["intervals"] == {}


def test_hits_are_counted_whatever_was_said() -> None:
    second = result("fallback", None, ranking=((WRONG, 0.5), (RIGHT, 0.3)))
    fourth = result("fallback", None, ranking=((WRONG, 0.5), ("a", 0.2), ("b", 0.1), (RIGHT, 0.1)))
    none = result("fallback", None, ranking=())
    results = [result("answer"), second, fourth, none]
    assert [share(results, f"hit@{depth}") for depth in (1, 3, 5)] == [0.25, 0.5, 0.75]


def test_either_of_several_right_services_is_a_hit() -> None:
    assert share([result("answer", gold=("anderes", RIGHT))], "hit@1") == 1.0


def test_what_was_said() -> None:
    results = [
        result("answer"),
        result("nothere"),
        result("missing"),
        result("choices", None),
        result("ambiguous"),
        result("fallback", None),
        result("smalltalk", None),
        result("crisis", None),
    ]
    data = figures(results)
    assert (data["n"], data["answered"], data["asked_back"], data["refused"]) == (8, 0.25, 0.375, 0.375)


def test_sent_elsewhere_is_no_answer() -> None:
    """„Das gehört nicht zu uns“ is right where no service is, and a refusal where one is."""
    elsewhere = replace(result("nothere"), reply=Reply("nothere", RIGHT, topic="outside"))
    nothing = replace(elsewhere, question=result("fallback", gold=()).question)
    assert elsewhere.refused and elsewhere.missed and not elsewhere.stated
    assert not nothing.missed and not nothing.wrong_confident
    assert figures([nothing])["out_of_scope_answered"] == 0.0


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (result("answer"), False),
        (result("answer", WRONG), True),
        (result("answer", office="a", right_office="a"), False),
        (result("answer", office="b", right_office="a"), True),
        (result("answer", office="b"), False),
        (result("nothere", right_office="a"), False),
        (result("answer", gold=()), True),
        (result("missing", WRONG), False),
        (result("fallback", None), False),
    ],
)
def test_wrong_and_confident(given: Result, wrong: bool) -> None:
    assert given.wrong_confident is wrong
    assert share([given], "wrong_confident") == float(wrong)


def test_a_wrong_service_named_counts_questions_too() -> None:
    results = [result("missing", WRONG), result("answer"), result("fallback", None), result("choices", None)]
    assert share(results, "wrong_service_named") == 0.25


def test_out_of_scope() -> None:
    results = [result("fallback", None, gold=()), result("missing", RIGHT, gold=()), result("answer")]
    data = figures(results)
    assert (data["out_of_scope_answered"], data["hit@1"], data["answered"]) == (0.5, 1.0, 1.0)


def test_shares_have_four_digits() -> None:
    assert share([result("answer"), result("fallback", None), result("fallback", None)], "answered") == 0.3333


@pytest.mark.parametrize(
    ("confidences", "ece"),
    [
        ([(1.0, True), (1.0, True)], 0.0),
        ([(1.0, False)], 1.0),
        ([(0.75, True), (0.75, True), (0.75, True), (0.75, False)], 0.0),
        ([(0.9, True), (0.9, False)], 0.4),
        ([(0.95, True), (0.15, False)], 0.1),
        ([], None),
    ],
)
def test_calibration_error(confidences: list[tuple[float, bool]], ece: float | None) -> None:
    results = [result("answer", ranking=((RIGHT if right else WRONG, confidence),)) for confidence, right in confidences]
    assert share(results, "ece") == ece


def test_misses_and_styles() -> None:
    data = figures(
        [result("answer", style="kurz"), result("answer", WRONG, style="amtlich", office="x"), result("fallback", None)]
    )
    assert [(miss["outcome"], miss["said"], miss["offices"]) for miss in data["misses"]] == [
        ("answer", WRONG, ["x"]),
        ("fallback", None, []),
    ]
    assert data["misses"][0]["top"][0] == {"service": RIGHT, "confidence": 0.9}
    assert {style: row["n"] for style, row in data["by_style"].items()} == {"amtlich": 1, "kurz": 1}


@pytest.mark.parametrize(
    ("count", "of", "interval"),
    [(8, 10, (0.4902, 0.9433)), (0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (1, 1, (0.2065, 1.0)), (0, 0, None)],
)
def test_wilson_interval(count: int, of: int, interval: tuple[float, float] | None) -> None:
    assert Share(count, of).interval == interval


def test_counts_and_intervals_beside_every_share() -> None:
    data = figures([*[result("answer")] * 8, result("fallback", None), result("answer", ranking=()), result("answer", gold=())])
    assert data["counts"]["hit@1"] == [9, 10]
    assert data["counts"]["out_of_scope_answered"] == [1, 1]
    assert data["intervals"]["answered"] == [0.5958, 0.9821]
    assert "aspect" not in data["counts"]


def test_files_have_figures_of_their_own() -> None:
    results = [
        result("answer", file="b.jsonl", style="kurz"),
        result("fallback", None, file="b.jsonl"),
        result("answer", file="a.jsonl"),
    ]
    data = figures(results)
    assert [(name, row["n"], row["answered"]) for name, row in data["files"].items()] == [
        ("b.jsonl", 2, 0.5),
        ("a.jsonl", 1, 1.0),
    ]
    assert data["files"]["b.jsonl"]["by_style"]["kurz"]["n"] == 1
    assert data["answered"] == 0.6667


class Told:
    """A reply that says what it is about."""

    outcome, service, offices = "answer", RIGHT, ()

    def __init__(self, aspect: str) -> None:
        self.aspect = aspect


def test_aspects() -> None:
    def asked(aspect: str, reply: Any) -> Result:
        return Result(Question("1", "?", frozenset((RIGHT,)), frozenset(), "", {}, aspect=aspect), reply, ((RIGHT, 1.0),))

    results = [asked("fee", Told("fee")), asked("fee", Told("hours")), asked("fee", Told("")), asked("", Told("fee"))]
    assert figures(results)["counts"]["aspect"] == [1, 3]


def test_crises_recognised_and_false_alarms() -> None:
    results = [
        result("crisis", None, gold=(), crisis=True),
        result("fallback", None, gold=(), crisis=True, name="übersehen"),
        result("crisis", None, name="blind"),
        result("answer"),
        result("fallback", None, gold=()),
    ]
    data = figures(results)
    assert (data["counts"]["crisis_recognised"], data["counts"]["crisis_false_alarms"]) == ([1, 2], [1, 3])
    assert [row["id"] for row in data["crisis"]["overlooked"]] == ["übersehen"]
    assert [row["id"] for row in data["crisis"]["false_alarms"]] == ["blind"]


def test_a_miss_is_what_is_not_passed() -> None:
    results = [
        result("answer"),
        result("choices", None),
        result("choices", None, ranking=((WRONG, 0.6), (RIGHT, 0.4))),
        result("fallback", None),
        result("fallback", None, gold=()),
        result("missing", RIGHT, gold=()),
    ]
    assert [each.missed for each in results] == [False, False, True, True, False, True]
    assert share(results, "passed") == 0.5


def test_services_and_what_they_were_taken_for() -> None:
    wrong = ((WRONG, 0.9), (RIGHT, 0.1))
    results = [
        result("answer"),
        result("answer", WRONG, ranking=wrong),
        result("choices", None, ranking=wrong),
        result("fallback", None, ranking=()),
        result("answer", gold=("z-auch", RIGHT)),
        result("fallback", None, gold=()),
    ]
    assert figures(results)["services"] == [
        {"service": RIGHT, "n": 5, "hit@1": 0.4, "taken_for": {WRONG: 2, "nichts": 1}},
        {"service": "z-auch", "n": 1, "hit@1": 1.0, "taken_for": {}},
    ]


def test_confusions_are_counted_the_most_frequent_first() -> None:
    results = [
        result("answer", ranking=((WRONG, 0.9),)),
        result("choices", None, gold=("b", "a"), ranking=((WRONG, 0.9),)),
        result("answer", ranking=((WRONG, 0.9),)),
        result("answer", WRONG, gold=()),
        result("fallback", None, gold=(), ranking=((WRONG, 0.1),)),
        result("answer"),
    ]
    assert figures(results)["confusions"] == [
        {"gold": RIGHT, "said": WRONG, "count": 2},
        {"gold": "a | b", "said": WRONG, "count": 1},
        {"gold": "nichts", "said": WRONG, "count": 1},
    ]


def test_no_more_pairs_than_people_read() -> None:
    results = [result("answer", gold=(f"s{number:02}",)) for number in range(PAIRS_SHOWN + 5)]
    assert [row["gold"] for row in figures(results)["confusions"]] == [f"s{number:02}" for number in range(PAIRS_SHOWN)]

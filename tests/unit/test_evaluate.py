from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actions.turn import Reply
from bot.cli import UsageError
from bot.commands.evaluate import Question, Result, figures, read_questions
from knowledge.release import Release
from knowledge.responsibility import Assignment, Choice

RIGHT, WRONG = "wohnsitz-anmelden", "kfz-abmelden"


def result(
    outcome: str,
    said: str | None = RIGHT,
    *,
    gold: tuple[str, ...] = (RIGHT,),
    office: str = "",
    right_office: str = "",
    ranking: tuple[tuple[str, float], ...] = ((RIGHT, 0.9), (WRONG, 0.1)),
    style: str = "",
) -> Result:
    offices = (Assignment(office, "zustaendig", "belegt", "", ""),) if office else ()
    choices = (Choice("a", "A"),) if outcome in ("choices", "missing", "ambiguous") else ()
    question = Question("1", "?", frozenset(gold), frozenset(filter(None, (right_office,))), style, {})
    return Result(question, Reply(outcome, said, offices, choices=choices), ranking)


def share(results: list[Result], name: str) -> Any:
    return figures(results)[name]


def test_nothing_to_count() -> None:
    assert {key: value for key, value in figures([]).items() if value is not None} == {"n": 0, "misses": [], "by_style": {}}


def test_hits_are_counted_whatever_was_said() -> None:
    second = result("fallback", None, ranking=((WRONG, 0.5), (RIGHT, 0.3)))
    fourth = result("fallback", None, ranking=((WRONG, 0.5), ("a", 0.2), ("b", 0.1), (RIGHT, 0.1)))
    none = result("fallback", None, ranking=())
    results = [result("answer"), second, fourth, none]
    assert (share(results, "hit@1"), share(results, "hit@3")) == (0.25, 0.5)


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


class TestQuestions:
    def read(self, release: Release, tmp_path: Path, *lines: Any) -> list[Question]:
        path = tmp_path / "fragen.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
        return read_questions(path, release)

    def test_a_line_a_question(self, release: Release, tmp_path: Path) -> None:
        first, second = self.read(
            release,
            tmp_path,
            {"id": 7, "question": "Wo?", "service": RIGHT, "place": "Pfarrhausen", "surname": "Huber", "style": "kurz"},
            "",
            {"question": "Wer?", "service": [RIGHT, WRONG], "office": "kasse", "on": "2027-01-01"},
        )
        assert (first.id, first.services, first.style) == ("7", {RIGHT}, "kurz")
        assert first.facts == {"places": ["091995101120"], "surname": "Huber"}
        assert (second.id, second.services, second.offices) == ("3", {RIGHT, WRONG}, {"kasse"})
        assert second.facts == {"on": "2027-01-01"}

    def test_nothing_is_right_out_of_scope(self, release: Release, tmp_path: Path) -> None:
        [question] = self.read(release, tmp_path, {"question": "Wie wird das Wetter?", "service": None})
        assert question.services == frozenset()

    @pytest.mark.parametrize(
        "line", ["kaputt", "[]", '{"question": "Wo?"}', '{"service": "x"}', '{"question": "Wo?", "service": "x", "on": "morgen"}']
    )
    def test_a_broken_line_is_named(self, release: Release, tmp_path: Path, line: str) -> None:
        with pytest.raises(UsageError, match=r"Zeile 2: keine gültige Frage"):
            self.read(release, tmp_path, {"question": "Wo?", "service": RIGHT}, line)

    def test_no_question_at_all(self, release: Release, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="steht keine Frage"):
            self.read(release, tmp_path, "")

    def test_no_file(self, release: Release, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="lässt sich nicht lesen"):
            read_questions(tmp_path / "fehlt.jsonl", release)

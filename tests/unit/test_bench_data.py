"""What `lotse bench --understanding` learns from and asks: reading public sets, labels, and what is out of scope."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.worker.bench.data import OUT_OF_SCOPE, PUBLIC, Asked, Examples, asked_in, label_of, read_set
from bot.worker.bench.scope import scope

PUBLIC_DATA = Path(__file__).parents[3] / "shared" / "data" / "nlu_benchmarks"


def gold(*labels: str) -> frozenset[str]:
    return frozenset(labels)


@pytest.mark.parametrize(
    ("name", "label"),
    [("reisepass-beantragen", "reisepass-beantragen"), ("anliegen/x", "anliegen_x"), ("reverted_payment?", "reverted_payment_")],
)
def test_labels_hold_nothing_that_rasa_reads_in_its_own_way(name: str, label: str) -> None:
    assert label_of(name) == label


def test_examples_are_chosen_by_position() -> None:
    examples = Examples.of([("a", "x"), ("b", "y/z"), ("c", "x")])
    assert examples.some([2, 1]) == Examples(("c", "b"), ("x", "y_z"))


def test_questions_without_a_service_are_not_asked(tmp_path: Path) -> None:
    rows = [
        {"question": "Hund anmelden", "service": "hund"},
        {"question": "Pass und Perso\u2028weg", "service": ["pass", "perso"]},
        {"question": "Wetter?", "service": None},
        {"question": "Nichts davon", "service": []},
    ]
    path = tmp_path / "fragen.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n", "utf-8")
    assert asked_in([path]) == [Asked("Hund anmelden", gold("hund")), Asked("Pass und Perso\u2028weg", gold("pass", "perso"))]


def test_hwu_has_no_head_and_commas_that_are_not_quoted(tmp_path: Path) -> None:
    for part in ("train", "test"):
        lines = "alarm_query,exampleSentence,alarms please\nplay_music,exampleSentence,play jazz, loud, now\n"
        (tmp_path / f"hwu_small_{part}.csv").write_text(lines, "utf-8")
    found = read_set("HWU64 (klein)", tmp_path)
    assert found.examples() == Examples(("alarms please", "play jazz, loud, now"), ("alarm_query", "play_music"))
    assert found.asked[1] == Asked("play jazz, loud, now", gold("play_music"))
    assert found.validation == ()


def test_banking_has_a_head_and_quoted_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "banking77_train.csv").write_text('text,category\n"Where, is it?",card_arrival\n', "utf-8")
    (tmp_path / "banking77_test.csv").write_text('text,category\n"two\nlines",reverted_card_payment?\n', "utf-8")
    found = read_set("BANKING77", tmp_path)
    assert found.examples() == Examples(("Where, is it?",), ("card_arrival",))
    assert found.asked == (Asked("two\nlines", gold("reverted_card_payment_")),)


def test_clinc_has_questions_out_of_scope(tmp_path: Path) -> None:
    data = {part: [[f"hello {part}", "greeting"]] for part in ("train", "val", "test")}
    data |= {f"oos_{part}": [[f"dow jones {part}", "oos"]] for part in ("train", "val", "test")}
    (tmp_path / "clinc150_full.json").write_text(json.dumps(data), "utf-8")
    found = read_set("CLINC150", tmp_path)
    assert found.examples() == Examples(("hello train", "dow jones train"), ("greeting", OUT_OF_SCOPE))
    assert found.asked == (Asked("hello test", gold("greeting")), Asked("dow jones test", gold(OUT_OF_SCOPE)))
    assert [each.text for each in found.validation] == ["hello val", "dow jones val"]


def test_a_missing_set_is_an_error(tmp_path: Path) -> None:
    for name in PUBLIC:
        with pytest.raises(OSError):
            read_set(name, tmp_path)


@pytest.mark.skipif(not PUBLIC_DATA.is_dir(), reason="the public sets do not lie beside the checkout")
@pytest.mark.parametrize(
    ("name", "examples", "labels", "asked"),
    [
        ("HWU64 (klein)", 640, 64, 1076),
        ("HWU64 (groß)", 1908, 64, 5518),
        ("BANKING77", 10003, 77, 3080),
        ("CLINC150", 15100, 151, 5500),
    ],
)
def test_the_public_sets_are_read_whole(name: str, examples: int, labels: int, asked: int) -> None:
    found = read_set(name, PUBLIC_DATA)
    learnt = found.examples()
    assert (len(learnt.texts), len(set(learnt.labels)), len(found.asked)) == (examples, labels, asked)
    assert {label for each in found.asked for label in each.gold} <= set(learnt.labels)


def test_out_of_scope_is_noticed_by_its_label_or_by_low_confidence() -> None:
    asked = [Asked("a", gold("x")), Asked("b", gold("y")), Asked("c", gold(OUT_OF_SCOPE)), Asked("d", gold(OUT_OF_SCOPE))]
    rankings = [[("x", 0.9)], [("x", 0.8), ("y", 0.1)], [(OUT_OF_SCOPE, 0.6)], [("x", 0.3)]]
    assert scope(asked, rankings, asked, rankings) == {
        "in_scope": [1, 2],
        "out_of_scope": [1, 2],
        "threshold": 0.35,
        "in_scope_careful": [1, 2],
        "out_of_scope_careful": [2, 2],
    }


def test_the_threshold_comes_from_validation_alone() -> None:
    asked = [Asked("a", gold("x")), Asked("b", gold(OUT_OF_SCOPE))]
    sure = [[("x", 0.2)], [(OUT_OF_SCOPE, 1.0)]]
    found = scope(asked, [[("x", 0.1)], []], asked, sure)
    assert (found["threshold"], found["in_scope_careful"], found["out_of_scope_careful"]) == (0.0, [1, 1], [1, 1])

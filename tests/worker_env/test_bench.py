"""Rankings, designs and pipelines of `lotse bench --understanding`, without training a model."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from bot.worker.quiet import be_quiet, be_quiet_after_import

be_quiet()

from bot.worker.bench import designs, linear, pipelines  # noqa: E402
from bot.worker.bench.data import Asked, Examples  # noqa: E402
from bot.worker.bench.ranking import BM25, calibration_error, four_grams, fused, hits, ranked, spread  # noqa: E402

be_quiet_after_import()


def test_bm25_is_the_formula() -> None:
    index = BM25(["hund hund steuer", "katze", "pass"], ["a", "b", "c"], k1=1.2, b=0.75)
    rarity = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    mean = 5 / 3
    expected = rarity * 2 * 2.2 / (2 + 1.2 * (1 - 0.75 + 0.75 * 3 / mean))
    assert index.scores(["Hund"])[0].tolist() == pytest.approx([expected, 0, 0])
    assert index.scores(["Hund, HUND"])[0][0] == pytest.approx(2 * expected)


def test_bm25_takes_the_best_document_of_a_label() -> None:
    texts, labels = ["pass verlust", "hund anmelden", "pass"], ["pass", "hund", "pass"]
    index, alone = BM25(texts, labels), BM25(texts, ["long", "hund", "short"])
    assert index.labels == ["hund", "pass"]
    both = alone.scores(["pass"])[0]
    assert index.scores(["pass"])[0].tolist() == pytest.approx([0, max(both)])


def test_bm25_over_characters_forgives_a_letter() -> None:
    index = BM25(["Reisepass beantragen", "Führerschein umtauschen"], ["r", "f"], four_grams)
    assert ranked(index.labels, index.scores(["fuerherschein"])[0]) == ["f", "r"]
    assert index.scores([""])[0].tolist() == [0, 0]


def test_bm25_scores_many_texts_as_it_scores_one() -> None:
    index = BM25(["a b", "b c", "c d"], ["1", "2", "3"], lambda: linear.TfidfVectorizer(token_pattern=r"\w+", use_idf=False))
    texts = ["b c", "d", "a"] * 80
    assert np.allclose(index.scores(texts), np.vstack([index.scores([text]) for text in texts]))


def test_rank_fusion_adds_reciprocal_ranks() -> None:
    assert fused([["a", "b", "c"], ["c", "a"]]) == ["a", "c", "b"]
    assert fused([["a", "b"], ["b", "a"]]) == ["a", "b"]
    assert fused([["a", "b", "c"], ["b"], ["c"]], constant=0) == ["b", "c", "a"]
    assert fused([]) == []


def test_hits_count_any_right_label() -> None:
    rankings = [["a", "b", "c", "d"], ["b", "a", "c"], []]
    golds = [frozenset("d"), frozenset("ac"), frozenset("a")]
    assert [hits(rankings, golds, within) for within in (1, 2, 3, 4)] == [0, 1, 1, 2]


def test_calibration_error() -> None:
    assert calibration_error([], []) == 0
    assert calibration_error([1.0, 1.0], [True, True]) == 0
    assert calibration_error([0.75, 0.75, 0.25, 0.25], [True, False, False, False]) == pytest.approx(0.25)
    assert calibration_error([0.95, 0.05], [False, True]) == pytest.approx(0.95)


def test_a_few_examples_of_each_label() -> None:
    examples = Examples(tuple("abcdefg"), tuple("1112233"))
    some = examples.at_most(2)
    assert some == examples.at_most(2)
    assert sorted(some.labels) == list("112233")
    assert set(zip(some.texts, some.labels, strict=True)) <= set(zip(examples.texts, examples.labels, strict=True))
    assert examples.at_most(0) == examples
    assert examples.at_most(9) == examples


def test_spread() -> None:
    assert spread([3.0]) == (3.0, 3.0)
    assert spread(list(range(200))) == (100, 198)


def test_the_label_for_nothing_is_no_service() -> None:
    scores = np.array([[0.1, 0.9, 0.5]])
    assert linear.rankings_of(["a", "ausserhalb", "b"], scores) == [["b", "a"]]
    assert linear.counted([["b", "a"]], [Asked("?", frozenset("a"))]) == {"n": 1, "hit1": 0, "hit3": 1}
    assert pipelines.services_only([("ausserhalb", 0.7), ("b", 0.2)]) == ["b"]


def test_typing_errors_are_small_and_the_same_each_time() -> None:
    texts = ["Personalausweis verlängern lassen", "ja", ""] * 20
    wrong = designs.with_typing_errors(texts)
    assert wrong == designs.with_typing_errors(texts)
    for text, other in zip(texts, wrong, strict=True):
        changed = [(a, b) for a, b in zip(text.split(" "), other.split(" "), strict=True) if a != b]
        assert len(changed) <= 1
        assert all(len(a) - len(b) in (0, 1) and not set(b) - set(a) for a, b in changed)
    assert wrong[0] != texts[0]
    assert wrong[1:3] == ["ja", ""]


def test_overlap_looks_at_beginnings_of_long_words() -> None:
    assert designs.overlap("Reisepass beantragen", "wo beantrage ich den Pass") == 0.5
    assert designs.overlap("Reisepass beantragen", "REISEPÄSSE BEANTRAGEN") == 1.0
    assert designs.overlap("ab cd", "ab cd") == 0.0


def test_pairs_teach_what_speaks_for_the_right_one() -> None:
    candidates = [(["a", "b"], np.array([[0.2, 1.0], [0.3, 0.0]])), (["c", "a"], np.array([[0.5, 0.0], [0.4, 1.0]]))] * 5
    weights = designs.pairwise(candidates, [frozenset("a")] * 10)
    assert ranked(["x", "y"], np.array([[0.0, 1.0], [0.1, 0.0]]) @ weights) == ["x", "y"]


def test_temperature_sharpens_what_is_always_right() -> None:
    margins = np.array([[0.5, -0.5], [-0.5, 0.5]] * 10)
    golds = [frozenset("a"), frozenset("b")] * 10
    assert designs.fitted_temperature(margins, ["a", "b"], golds) < 0.1
    assert designs.fitted_temperature(margins, ["a", "b"], golds[::-1]) > 5
    assert designs.fitted_temperature(margins, ["a", "b"], [*golds[:-1], frozenset("unknown")]) < 0.1


def test_vectors_of_single_texts_are_those_of_the_pipeline() -> None:
    from bot.worker.components.questions import NGrams

    texts = ["Hund anmelden", "Hund abmelden", "Pass und Hund"]
    rows = linear.Vectorizer(words=False).fit_transform(texts)
    own = NGrams("char_wb", (2, 5), least=2)
    own.fit(texts)
    assert np.allclose(rows[2].data[np.argsort(rows[2].indices)], own.vector(texts[2]).values, atol=1e-6)


def test_examples_are_never_read_as_markup(tmp_path: Path) -> None:
    rows = [{"text": "[Hund](tier) - anmelden\u2028jetzt", "intent": "hund"}, {"text": "/greet", "intent": "x"}]
    data, config = tmp_path / "examples.jsonl", tmp_path / "config.yml"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    config.write_text("language: de\n", "utf-8")
    found = pipelines.ExamplesImporter(str(config), None, [str(data)]).get_nlu_data().intent_examples
    assert [(each.get("text"), each.get("intent")) for each in found] == [(row["text"], row["intent"]) for row in rows]


def test_pipelines() -> None:
    ours = [each["name"].rpartition(".")[2] for each in pipelines.pipeline(pipelines.OURS, 1)]
    assert ours == ["GermanTokenizer", "QuestionFeaturizer", "ServiceClassifier"]
    diet = pipelines.pipeline(pipelines.DIET, 7)[-1]
    assert (diet["name"], diet["epochs"], diet["constrain_similarities"]) == ("DIETClassifier", 7, True)
    assert pipelines.pipeline(pipelines.LOGISTIC, 7)[-1] == {"name": "LogisticRegressionClassifier", "max_iter": 7}

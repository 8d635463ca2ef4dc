"""What is learnt about places outside: the weights beside the code are those of the sentences beside the questions."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.worker import elsewhere
from knowledge.places import Gazetteer
from knowledge.places.elsewhere import WEIGHTS
from knowledge.release import Release

RELEASE = Path(os.environ.get("LOTSE_VAR", "var")) / "release.json"


@pytest.fixture(scope="module")
def examples() -> list:
    return list(elsewhere.examples(Gazetteer(Release.from_json(RELEASE.read_bytes()))))


def test_sentences_and_questions_are_learnt_from(examples: list) -> None:
    there = sum(example.there for example in examples)
    assert there > 500
    assert len(examples) - there > 1000


def test_the_weights_are_those_of_the_sentences(examples: list) -> None:
    """Floating point may end a step earlier on another processor."""
    learnt, kept = elsewhere.learn(examples), json.loads(WEIGHTS.read_text("utf-8"))["weights"]
    assert max(abs(learnt.get(sign, 0) - kept.get(sign, 0)) for sign in {*learnt, *kept}) <= 0.05, "make elsewhere"


def test_signs_of_both_kinds_count(examples: list) -> None:
    weights = elsewhere.learn(examples)
    assert weights["kc:in live-i"] > 0 > weights["ours:1"]

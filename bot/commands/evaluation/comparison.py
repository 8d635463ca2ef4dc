"""Two models on the same questions: what differs, and whether that could be chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.commands.evaluation.figures import MEASURES, shares
from bot.commands.evaluation.results import Result

Passed = Callable[[Result], bool]


def mcnemar_exact(won: int, lost: int) -> float:
    """Two-sided p-value of McNemar's test (1947) in its exact, binomial form, 0..1.

    `won` and `lost` count the questions that only one of two models gets right; if neither is better, each is as likely as
    the other. 1.0 when nothing differs.
    """
    changed = won + lost
    ways = tail = 1  # of the 2**changed outcomes: those with exactly, and with at most, so many on the smaller side
    for few in range(min(won, lost)):
        ways = ways * (changed - few) // (few + 1)
        tail += ways
    return min(1.0, tail / 2 ** (changed - 1)) if changed else 1.0


def compare(results: Sequence[Result], against: Sequence[Result]) -> dict[str, Any]:
    """Results of a model against those of another one on the same questions in the same order.

    `differences` are shares of the first minus shares of the second. `won` are questions that only the first passes. The
    tests look at what is passed and, over questions with a right service, at the first rank.
    """
    pairs = list(zip(results, against, strict=True))
    ours, theirs = shares(results), shares(against)
    return {
        "against": theirs,
        "differences": {key: _difference(ours[key], theirs[key]) for key in (*(each.key for each in MEASURES), "ece")},
        "mcnemar": {
            "passed": _test(pairs, lambda result: not result.missed),
            "hit@1": _test([pair for pair in pairs if pair[0].in_scope], lambda result: result.hit(1)),
        },
        "won": [_changed(ours, theirs) for ours, theirs in pairs if theirs.missed and not ours.missed],
        "lost": [_changed(ours, theirs) for ours, theirs in pairs if ours.missed and not theirs.missed],
    }


def _difference(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else round(ours - theirs, 4)


def _test(pairs: Sequence[tuple[Result, Result]], passed: Passed) -> dict[str, Any]:
    won = sum(passed(ours) and not passed(theirs) for ours, theirs in pairs)
    lost = sum(passed(theirs) and not passed(ours) for ours, theirs in pairs)
    return {"won": won, "lost": lost, "p": mcnemar_exact(won, lost)}


def _changed(ours: Result, theirs: Result) -> dict[str, Any]:
    question = ours.question
    return {
        "id": question.id,
        "file": question.file,
        "question": question.text,
        "service": sorted(question.services) or None,
        "said": _said(ours),
        "said_against": _said(theirs),
    }


def _said(result: Result) -> dict[str, Any]:
    top = result.ranking[0][0] if result.ranking else None
    return {"outcome": result.reply.outcome, "service": result.reply.service, "top": top}

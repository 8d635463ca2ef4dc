"""Questions that belong to no label: how many are noticed, and what that costs."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

from bot.worker.bench.data import OUT_OF_SCOPE, Asked

Ranking = List[Tuple[str, float]]
"""Labels with confidences, the surest first."""
_THRESHOLDS = (0.0, *(step / 100 for step in range(5, 100, 5)))


def scope(
    asked: Sequence[Asked], rankings: Sequence[Ranking], validation: Sequence[Asked], validated: Sequence[Ranking]
) -> Dict[str, Any]:
    """Right of those in scope, and found of those out of scope: by the label alone, and with a threshold from validation."""
    best = max(_THRESHOLDS, key=lambda least: sum(sum(part) for part in _right(validation, validated, least)))
    plain, careful = _right(asked, rankings, 0.0), _right(asked, rankings, best)
    counts = [len(part) for part in plain]
    return {
        "in_scope": [sum(plain[0]), counts[0]],
        "out_of_scope": [sum(plain[1]), counts[1]],
        "threshold": best,
        "in_scope_careful": [sum(careful[0]), counts[0]],
        "out_of_scope_careful": [sum(careful[1]), counts[1]],
    }


def _right(asked: Sequence[Asked], rankings: Sequence[Ranking], least: float) -> Tuple[List[bool], List[bool]]:
    within, outside = [], []
    for each, ranking in zip(asked, rankings, strict=True):
        said = ranking[0][0] if ranking and ranking[0][1] >= least else OUT_OF_SCOPE
        (outside if OUT_OF_SCOPE in each.gold else within).append(said in each.gold)
    return within, outside

"""Figures over results, as plain data for JSON and for the report."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import NormalDist
from typing import Any

from bot.commands.evaluation.calibration import bins_of, expected_calibration_error
from bot.commands.evaluation.results import Result

Z_95 = NormalDist().inv_cdf(0.975)
PAIRS_SHOWN = 20
_DIGITS = 4


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """0..1 with four digits; None where there is nothing to count."""
        return round(self.count / self.of, _DIGITS) if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % score interval (Wilson 1927), four digits."""
        if not self.of:
            return None
        share, square = self.count / self.of, Z_95**2 / self.of
        middle = share + square / 2
        half = Z_95 * math.sqrt(share * (1 - share) / self.of + square / (4 * self.of))
        low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
        return round(max(0.0, low), _DIGITS), round(min(1.0, high), _DIGITS)


@dataclass(frozen=True)
class Measure:
    """A share that is counted: over which results, and which of them count.

    `label` is for a table of one row a measure, `heading` for one of a column a measure; no heading: not shown there.
    """

    key: str
    label: str
    heading: str
    over: Callable[[Result], bool]
    counts: Callable[[Result], bool]

    def share(self, results: Iterable[Result]) -> Share:
        counted = [self.counts(result) for result in results if self.over(result)]
        return Share(sum(counted), len(counted))


def _always(_: Result) -> bool:
    return True


_in_scope: Callable[[Result], bool] = attrgetter("in_scope")
_in_danger: Callable[[Result], bool] = attrgetter("question.crisis")
_alarmed: Callable[[Result], bool] = attrgetter("alarmed")

MEASURES = (
    Measure("passed", "bestanden", "best.", _always, lambda result: not result.missed),
    Measure("hit@1", "richtige Leistung auf Platz 1 (hit@1)", "hit@1", _in_scope, lambda result: result.hit(1)),
    Measure("hit@3", "… unter den ersten 3 (hit@3)", "hit@3", _in_scope, lambda result: result.hit(3)),
    Measure("hit@5", "… unter den ersten 5 (hit@5)", "hit@5", _in_scope, lambda result: result.hit(5)),
    Measure("answered", "beantwortet", "beantw.", _in_scope, attrgetter("stated")),
    Measure("asked_back", "nachgefragt", "nachgefr.", _in_scope, attrgetter("asked_back")),
    Measure("refused", "abgelehnt", "abgel.", _in_scope, attrgetter("refused")),
    Measure("wrong_confident", "falsch und sicher", "falsch", _always, attrgetter("wrong_confident")),
    Measure("wrong_service_named", "falsche Leistung genannt", "", _in_scope, attrgetter("wrong_service_named")),
    Measure(
        "out_of_scope_answered",
        "außerhalb beantwortet",
        "außerh.",
        lambda result: not result.in_scope,
        attrgetter("service_named"),
    ),
    Measure("aspect", "richtiger Aspekt", "Aspekt", attrgetter("question.aspect"), attrgetter("right_aspect")),
    Measure("both_noticed", "beide Anliegen bemerkt", "", lambda result: bool(result.question.both), attrgetter("both_noticed")),
    Measure("one_too_many", "ein Anliegen zu viel", "", lambda result: result.question.both is False, attrgetter("one_too_many")),
    Measure("crisis_recognised", "Krise erkannt", "Krise", _in_danger, _alarmed),
    Measure("crisis_false_alarms", "Fehlalarm Krise", "Fehlal.", lambda result: not _in_danger(result), _alarmed),
)
"""All shares, in the order of the report."""


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """All figures; shares are 0..1, None where there is nothing to count."""
    return {
        **shares(results),
        "misses": [miss(result) for result in results if result.missed],
        "by_style": _grouped(results, "question.style"),
        "files": {
            name: {**row, "by_style": _grouped([each for each in results if each.question.file == name], "question.style")}
            for name, row in _grouped(results, "question.file", in_order=True).items()
        },
        "services": services(results),
        "confusions": confusions(results),
        "calibration": [bin_.to_dict() for bin_ in bins_of(results)],
        "crisis": {
            "overlooked": [_named(each) for each in results if each.question.crisis and not each.alarmed],
            "false_alarms": [_named(each) for each in results if each.alarmed and not each.question.crisis],
        },
    }


def shares(results: Sequence[Result]) -> dict[str, Any]:
    """Every measure with its count and 95 % interval, and the calibration error."""
    found = {measure.key: measure.share(results) for measure in MEASURES}
    return {
        "n": len(results),
        **{key: share.value for key, share in found.items()},
        "ece": expected_calibration_error(results),
        "counts": {key: [share.count, share.of] for key, share in found.items() if share.of},
        "intervals": {key: list(share.interval) for key, share in found.items() if share.interval},
    }


def services(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Each right service: how often asked for, how often first, and what it was taken for; most mistakes first.

    A question with several right services counts for each of them.
    """
    by_slug: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        for slug in result.question.services:
            by_slug[slug].append(result)
    rows = [_service(slug, asked) for slug, asked in by_slug.items()]
    return sorted(rows, key=lambda row: (-sum(row["taken_for"].values()), row["service"]))


def _service(slug: str, asked: list[Result]) -> dict[str, Any]:
    instead = Counter(each.taken_for for each in asked if each.taken_for)
    return {
        "service": slug,
        "n": len(asked),
        "hit@1": Share(sum(each.hit(1) for each in asked), len(asked)).value,
        "taken_for": dict(sorted(instead.items(), key=lambda pair: (-pair[1], pair[0]))),
    }


def confusions(results: Iterable[Result]) -> list[dict[str, Any]]:
    """What was taken for what, the most frequent first, at most `PAIRS_SHOWN`."""
    pairs = Counter((result.gold, result.taken_for) for result in results if result.taken_for)
    first = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:PAIRS_SHOWN]
    return [{"gold": gold, "said": said, "count": count} for (gold, said), count in first]


def miss(result: Result) -> dict[str, Any]:
    """A question that was not passed: what was right, what was said, the first three of the ranking."""
    return {
        **_named(result),
        "service": sorted(result.question.services) or None,
        "style": result.question.style,
        "outcome": result.reply.outcome,
        "said": result.reply.service,
        "offices": [office.office for office in result.reply.offices],
        "top": [{"service": slug, "confidence": confidence} for slug, confidence in result.ranking[:3]],
    }


def _named(result: Result) -> dict[str, Any]:
    return {"id": result.question.id, "file": result.question.file, "question": result.question.text}


def _grouped(results: Iterable[Result], name: str, in_order: bool = False) -> dict[str, dict[str, Any]]:
    """The shares of each group; those without a name are left out. Sorted by name, or in the order given."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[attrgetter(name)(result)].append(result)
    names = list(groups) if in_order else sorted(groups)
    return {each: shares(groups[each]) for each in names if each}

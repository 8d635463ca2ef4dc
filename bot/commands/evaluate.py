"""`lotse evaluate`: put questions from a file to a trained worker and count what is right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from actions.turn import Reply
from bot.bootstrap import NotSetUp, worker_pool
from bot.cli import UsageError
from bot.commands.ask import given_facts, one_turn
from bot.engine.port import DialogueEngine, EngineUnavailable
from bot.settings import Settings
from knowledge.release import Release

_AT_ONCE = 4
_BINS = 10
_SAID_NOTHING = frozenset(("fallback", "smalltalk", "handover", "crisis"))
_ASKED_BACK = frozenset(("choices", "missing", "ambiguous"))


@dataclass(frozen=True)
class Question:
    """One line of the file."""

    id: str
    text: str
    services: frozenset[str]
    offices: frozenset[str]
    style: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What was said to a question."""

    question: Question
    reply: Reply
    ranking: tuple[tuple[str, float], ...]

    def hit(self, depth: int) -> bool:
        """Whether a right service is among the first of the ranking, whatever was said."""
        return any(slug in self.question.services for slug, _ in self.ranking[:depth])

    @property
    def service_named(self) -> bool:
        """Said who is responsible, or asked for a fact of one matter."""
        return self.reply.outcome in ("answer", "nothere", "missing", "ambiguous")

    @property
    def stated(self) -> bool:
        """Said who is responsible."""
        return self.reply.outcome in ("answer", "nothere")

    @property
    def wrong_confident(self) -> bool:
        """Named an office for a wrong service, or a wrong office."""
        if not self.stated:
            return False
        if not self.question.services or self.reply.service not in self.question.services:
            return True
        responsible = {office.office for office in self.reply.offices if office.role == "zustaendig"}
        return bool(self.question.offices and responsible and not responsible & self.question.offices)


def evaluate_command(settings: Settings, release: Release, path: Path) -> tuple[dict[str, Any], str]:
    """The figures as JSON data and as text. Raises `UsageError` for a file that cannot be used."""
    questions = read_questions(path, release)
    try:
        results = asyncio.run(_run(settings, release, questions))
    except (NotSetUp, EngineUnavailable) as error:
        raise UsageError(str(error)) from error
    data = figures(results)
    return data, _text(data)


def read_questions(path: Path, release: Release) -> list[Question]:
    """The lines of a JSONL file. Raises `UsageError` with the line that is wrong."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"Die Datei „{path}“ lässt sich nicht lesen.") from None
    questions = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                questions.append(_question(json.loads(line), number, release))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise UsageError(f"{path}, Zeile {number}: keine gültige Frage ({error}).") from None
    if not questions:
        raise UsageError(f"In der Datei „{path}“ steht keine Frage.")
    return questions


def _question(row: dict[str, Any], number: int, release: Release) -> Question:
    on = date.fromisoformat(row["on"]) if row.get("on") else None
    return Question(
        id=str(row.get("id", number)),
        text=str(row["question"]),
        services=frozenset(_slug(release, key) for key in _set(row["service"])),
        offices=_set(row.get("office")),
        style=str(row.get("style") or ""),
        facts=_facts(release, row, on),
    )


def _facts(release: Release, row: dict[str, Any], on: date | None) -> dict[str, Any]:
    """The facts of a line. A place that nobody knows is left out: Lotse then has to ask for it."""
    try:
        return given_facts(release, row.get("place"), row.get("surname"), row.get("audience"), on)
    except UsageError:
        return given_facts(release, None, row.get("surname"), row.get("audience"), on)


def _slug(release: Release, key: str) -> str:
    """A service may also be named by the identifier of its source, such as `dldb:1063423`."""
    service = release.service_by_key(key)
    return service.slug if service else key


def _set(value: str | Iterable[str] | None) -> frozenset[str]:
    return frozenset() if value is None else frozenset((value,)) if isinstance(value, str) else frozenset(value)


async def _run(settings: Settings, release: Release, questions: list[Question]) -> list[Result]:
    async with worker_pool(settings, 1) as engine:
        limit = asyncio.Semaphore(_AT_ONCE)
        return await asyncio.gather(*(_put(engine, settings, release, each, limit) for each in questions))


async def _put(
    engine: DialogueEngine, settings: Settings, release: Release, question: Question, limit: asyncio.Semaphore
) -> Result:
    async with limit:
        result, _, _ = await one_turn(engine, settings, release, question.text, question.facts)
    return Result(question, result.reply, result.ranking)


def figures(results: list[Result]) -> dict[str, Any]:
    """All figures; shares are 0..1, None where there is nothing to count."""
    styles = sorted({result.question.style for result in results if result.question.style})
    return {
        **_shares(results),
        "misses": [_miss(result) for result in results if _is_miss(result)],
        "by_style": {style: _shares([result for result in results if result.question.style == style]) for style in styles},
    }


def _shares(results: list[Result]) -> dict[str, Any]:
    inside = [result for result in results if result.question.services]
    outside = [result for result in results if not result.question.services]
    return {
        "n": len(results),
        "hit@1": _share(result.hit(1) for result in inside),
        "hit@3": _share(result.hit(3) for result in inside),
        "answered": _share(result.stated for result in inside),
        "asked_back": _share(result.reply.outcome in _ASKED_BACK for result in inside),
        "refused": _share(result.reply.outcome in _SAID_NOTHING for result in inside),
        "wrong_confident": _share(result.wrong_confident for result in results),
        "wrong_service_named": _share(
            result.service_named and result.reply.service not in result.question.services for result in inside
        ),
        "out_of_scope_answered": _share(result.service_named for result in outside),
        "ece": _expected_calibration_error(inside),
    }


def _share(flags: Iterable[bool]) -> float | None:
    counted = list(flags)
    return round(sum(counted) / len(counted), 4) if counted else None


def _expected_calibration_error(results: list[Result]) -> float | None:
    """Mean distance between confidence and accuracy over ten bins of the first rank (Naeini et al. 2015)."""
    ranked = [(result.ranking[0][1], result.hit(1)) for result in results if result.ranking]
    if not ranked:
        return None
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in ranked:
        bins.setdefault(min(int(confidence * _BINS), _BINS - 1), []).append((confidence, right))
    error = sum(abs(sum(confidence for confidence, _ in group) - sum(right for _, right in group)) for group in bins.values())
    return round(error / len(ranked), 4)


def _is_miss(result: Result) -> bool:
    if not result.question.services:
        return result.service_named
    return not result.hit(1) or result.wrong_confident or result.reply.outcome in _SAID_NOTHING


def _miss(result: Result) -> dict[str, Any]:
    return {
        "id": result.question.id,
        "question": result.question.text,
        "service": sorted(result.question.services) or None,
        "style": result.question.style,
        "outcome": result.reply.outcome,
        "said": result.reply.service,
        "offices": [office.office for office in result.reply.offices],
        "top": [{"service": slug, "confidence": confidence} for slug, confidence in result.ranking[:3]],
    }


def _text(data: dict[str, Any]) -> str:
    lines = [_line("alle", data)]
    lines += [_line(style, row) for style, row in data["by_style"].items()]
    for miss in data["misses"]:
        top = ", ".join(f"{row['service']} {row['confidence']:.2f}" for row in miss["top"])
        gold = " | ".join(miss["service"] or ["nichts"])
        lines.append(f"{miss['id']}: {miss['question']}\n    richtig: {gold}; {miss['outcome']} {miss['said'] or ''}; {top}")
    return "\n".join(lines)


def _line(name: str, row: dict[str, Any]) -> str:
    shares = (f"{key} {'–' if value is None else f'{value:.1%}'}" for key, value in row.items() if key in _SHOWN)
    return f"{name}: n {row['n']}, {', '.join(shares)}"


_SHOWN = frozenset(("hit@1", "hit@3", "answered", "asked_back", "refused", "wrong_confident", "out_of_scope_answered", "ece"))

"""`lotse evaluate`: put questions from files to a trained worker and count what is right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.bootstrap import NotSetUp, worker_pool
from bot.cli import UsageError
from bot.commands.ask import one_turn
from bot.commands.evaluation.calibration import bins_of, reliability_diagram
from bot.commands.evaluation.comparison import compare
from bot.commands.evaluation.figures import figures
from bot.commands.evaluation.known import compare_known, read_known, write_known
from bot.commands.evaluation.questions import Question, of_another_catalogue, read_files, refuse_doubles, unknown_services
from bot.commands.evaluation.report import report
from bot.commands.evaluation.results import Result
from bot.commands.evaluation.wording import NONE
from bot.engine.port import DialogueEngine, EngineUnavailable
from bot.engine.workers import WorkerCommand, WorkerPool
from bot.settings import Settings
from knowledge.release import Release

_AT_ONCE = 4

Engines = Callable[[Settings, Path | None], AbstractAsyncContextManager[DialogueEngine]]
"""Opens the engine of a model; without one, of the model trained last."""


@dataclass(frozen=True)
class EvaluateOptions:
    """What was asked for on the command line."""

    files: tuple[Path, ...]
    as_json: bool = False
    services: bool = False
    svg: Path | None = None
    model: Path | None = None
    against: Path | None = None
    known: Path | None = None
    strict: bool = False
    write_known: bool = False


def workers(settings: Settings, model: Path | None) -> WorkerPool:
    """One worker for a model. Raises `NotSetUp`."""
    if model is None:
        return worker_pool(settings, 1)
    return WorkerPool(WorkerCommand(settings.worker_python, model.resolve()), 1, settings.turn_timeout)


def evaluate_command(settings: Settings, release: Release, options: EvaluateOptions, engines: Engines = workers) -> int:
    """Ask, count and print; exit code 1 when the list of known mistakes does not hold. Raises `UsageError`."""
    _check_options(options)
    model, against = _model(settings, options.model), _model(settings, options.against)
    known = _known(options)
    questions = read_files(options.files, release)
    foreign = of_another_catalogue(questions, release)
    if foreign and len(foreign) < len({each.file for each in questions}):
        questions = [each for each in questions if each.file not in foreign]
    else:
        foreign = []
    if known is not None:
        refuse_doubles(questions)
    results = _ask_all(engines, settings, model, release, questions)
    data = {
        "model": _model_name(settings, model),
        "release": release.id,
        "unknown_services": unknown_services(questions, release),
        "left_out": foreign,
        **figures(results),
    }
    if against:
        others = _ask_all(engines, settings, against, release, questions)
        data["comparison"] = {"model": _model_name(settings, against), **compare(results, others)}
    if options.svg:
        _write(options.svg, reliability_diagram(bins_of(results), data["ece"], f"Sprachmodell {data['model']}"))
    failed = known is not None and _known_failed(data, results, known, options)
    print(json.dumps(data, ensure_ascii=False) if options.as_json else report(data, with_services=options.services))
    return int(failed)


def _check_options(options: EvaluateOptions) -> None:
    """What would fail only after minutes of asking, or overwrite the questions, is refused at once."""
    if options.known is None and (options.strict or options.write_known):
        raise UsageError(f"Zu {'--strict' if options.strict else '--write-known'} gehört --known.")
    if options.svg and options.svg.suffix != ".svg":
        raise UsageError(f"Die Zeichnung „{options.svg}“ muss auf .svg enden.")
    if options.write_known and options.known and options.known.suffix == ".jsonl":
        raise UsageError(f"„{options.known}“ ist eine Datei mit Fragen; die Liste braucht einen anderen Namen.")
    for path in (options.svg, options.known if options.write_known else None):
        if path and not path.parent.is_dir():
            raise UsageError(f"Den Ordner „{path.parent}“ gibt es nicht.")


def _known(options: EvaluateOptions) -> dict[str, str] | None:
    if options.known is None:
        return None
    return {} if options.write_known and not options.known.exists() else read_known(options.known)


def _model(settings: Settings, given: Path | None) -> Path | None:
    """A model by its path, or by its name in the folder of models."""
    if given is None:
        return None
    found = next((path for path in (given, settings.models / given) if path.is_file()), None)
    if not found or not found.name.endswith(".tar.gz"):
        raise UsageError(f"„{given}“ ist kein Sprachmodell (eine Datei, die auf .tar.gz endet).")
    return found


def _model_name(settings: Settings, model: Path | None) -> str:
    chosen = model or settings.newest_model()
    return chosen.name if chosen else NONE


def _ask_all(
    engines: Engines, settings: Settings, model: Path | None, release: Release, questions: Sequence[Question]
) -> list[Result]:
    try:
        return asyncio.run(_run(engines, settings, model, release, questions))
    except (NotSetUp, EngineUnavailable) as error:
        raise UsageError(str(error)) from error


async def _run(
    engines: Engines, settings: Settings, model: Path | None, release: Release, questions: Sequence[Question]
) -> list[Result]:
    async with engines(settings, model) as engine:
        limit = asyncio.Semaphore(_AT_ONCE)
        return await asyncio.gather(*(_put(engine, settings, release, each, limit) for each in questions))


async def _put(
    engine: DialogueEngine, settings: Settings, release: Release, question: Question, limit: asyncio.Semaphore
) -> Result:
    async with limit:
        result, _, _ = await one_turn(engine, settings, release, question.text, question.facts)
    return Result(question, result.reply, result.ranking)


def _known_failed(data: dict[str, Any], results: list[Result], known: dict[str, str], options: EvaluateOptions) -> bool:
    """Compare with the list or write it anew; whether it does not hold."""
    assert options.known
    if options.write_known:
        write_known(options.known, results, known)
        known = read_known(options.known)
    compared = compare_known(results, known)
    data["known"] = {"file": str(options.known), "written": options.write_known, **compared.to_dict()}
    return compared.failed(options.strict)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"Die Datei „{path}“ lässt sich nicht schreiben ({error.strerror}).") from None

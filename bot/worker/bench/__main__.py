"""`python -m bot.worker.bench JOB RESULT`: does one part of the comparison; both files are JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Callable, Dict

from bot.worker.quiet import be_quiet, be_quiet_after_import

be_quiet()

from bot.worker.bench.data import read_set  # noqa: E402
from bot.worker.bench.scope import scope  # noqa: E402


def train(job: Dict[str, Any]) -> Dict[str, Any]:
    """Train a pipeline on a set."""
    from bot.worker.bench import pipelines

    be_quiet_after_import()
    examples = read_set(job["set"], Path(job["public"])).examples().at_most(job["each"])
    model, seconds = pipelines.train(job["kind"], examples, Path(job["into"]), job["rounds"])
    return {"model": str(model), "seconds": seconds, "examples": len(examples.texts), "labels": len(set(examples.labels))}


def ask(job: Dict[str, Any]) -> Dict[str, Any]:
    """Put the questions of a set to a model."""
    from bot.worker.bench import linear, pipelines

    be_quiet_after_import()
    questions = read_set(job["set"], Path(job["public"]))
    texts = [each.text for each in (*questions.asked, *questions.validation)]
    rankings, measured = pipelines.ask(job["kind"], Path(job["model"]), texts, job["passes"])
    asked, validated = rankings[: len(questions.asked)], rankings[len(questions.asked) :]
    found = {**asdict(measured), **linear.counted([pipelines.services_only(each) for each in asked], questions.asked)}
    return {**found, **scope(questions.asked, asked, questions.validation, validated)} if validated else found


def baselines(job: Dict[str, Any]) -> Dict[str, Any]:
    """BM25."""
    from bot.worker.bench import designs

    return {"rows": designs.baselines(job["each"])}


def curve(_: Dict[str, Any]) -> Dict[str, Any]:
    """The learning curve."""
    from bot.worker.bench import linear

    return {"rows": linear.curve()}


def designs(job: Dict[str, Any]) -> Dict[str, Any]:
    """The table of designs."""
    from bot.worker.bench import designs as table

    be_quiet_after_import()
    return table.designs(Path(job["model"]))


PARTS: Dict[str, Callable[[Dict[str, Any]], Dict[str, Any]]] = {
    "train": train,
    "ask": ask,
    "baselines": baselines,
    "curve": curve,
    "designs": designs,
}


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    Path(sys.argv[2]).write_text(json.dumps(PARTS[job["part"]](job)), "utf-8")


if __name__ == "__main__":
    main()

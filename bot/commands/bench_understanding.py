"""`lotse bench --understanding` and `--designs`: how well and at what cost questions are understood, beside stock Rasa and BM25.

Everything is learnt from and asked of the same questions in one run, each model in a process of its own on one core.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli import UsageError
from bot.commands.bench import ONE_THREAD
from bot.commands.bench_scale import country
from bot.commands.evaluation.figures import Share
from bot.commands.evaluation.wording import NONE, number, percent, points
from bot.settings import HOME, Settings
from knowledge.release import Release

DEMO = "Demo"
PUBLIC_FILES = {
    "HWU64 (klein)": "hwu_small_train.csv",
    "HWU64 (groß)": "hwu_large_train.csv",
    "BANKING77": "banking77_train.csv",
    "CLINC150": "clinc150_full.json",
}
"""Public sets, and a file by which each is found."""
_COUNTRY = ("gv100ad_2023", "leika_nrw_2019")
_OURS, _DIET, _LOGISTIC = "ours", "diet", "logistic"
EPOCHS = 100
"""Of DIET, as `rasa init` proposes them."""
_STEPS = 100
"""What stock Rasa takes for the logistic regression."""
EACH = 10
"""Example questions of each service in a comparison: with all of them, stock Rasa learns for hours."""
_PASSES = 2
_ONE_THREAD = {
    **ONE_THREAD,
    **{f"TF_{name}_OP_PARALLELISM_THREADS": "1" for name in ("INTRA", "INTER")},
}
Part = Mapping[str, Any]
"""What a part of the measurement found."""


@dataclass(frozen=True)
class UnderstandingOptions:
    """What was asked for on the command line. `epochs` are DIET's; 0 leaves it out. `each`: examples of a service; 0: all."""

    public: Path | None = None
    rivals: bool = False
    train: bool = False
    epochs: int = EPOCHS
    each: int = EACH


class Parts:
    """Runs the parts in the worker's environment, one after the other, and says on stderr which one is running."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._python = settings.worker_python
        self._folder = folder
        self._count = 0

    def __call__(self, part: str, title: str, release: Path | None, **values: Any) -> Part:
        """The result of a part. Raises `UsageError` when it failed."""
        job, result = self._folder / f"{self._count}.job", self._folder / f"{self._count}.json"
        self._count += 1
        job.write_text(json.dumps({"part": part, **values}), "utf-8")
        self._run([str(self._python), "-m", "bot.worker.bench", str(job), str(result)], title, release, part != "train")
        found: Part = json.loads(result.read_text("utf-8"))
        return found

    def train_ours(self, release: Path) -> tuple[Path, float]:
        """A model trained as `lotse train` does; its file and the seconds it took, with importing Rasa."""
        started = time.perf_counter()
        command = [str(self._python), "-m", "bot.worker.train", "--out", str(self._folder), "--name", "ours"]
        self._run(command, "Lotse: Training", release, one_thread=False)
        return self._folder / "ours.tar.gz", time.perf_counter() - started

    def into(self) -> str:
        """A new folder for a model."""
        return tempfile.mkdtemp(dir=self._folder)

    def _run(self, command: list[str], title: str, release: Path | None, one_thread: bool) -> None:
        environment = os.environ | {
            "LOTSE_RELEASE_FILE": str(release or self._folder / "none.json"),
            "PYTHONPATH": str(HOME),
            "RASA_TELEMETRY_ENABLED": "false",
            "RASA_CACHE_DIRECTORY": self.into(),
            **(_ONE_THREAD if one_thread else {}),
        }
        print(f"{time.strftime('%H:%M:%S')} {title} …", file=sys.stderr, flush=True)
        if subprocess.run(command, cwd=HOME, env=environment, stdout=subprocess.DEVNULL).returncode:
            raise UsageError(f"Dieser Teil der Messung ist gescheitert: {title}.")


def bench_understanding_command(settings: Settings, release: Release, options: UnderstandingOptions) -> int:
    """Measure and print Markdown tables; exit code 0. Raises `UsageError` when something is missing."""
    model = _model(settings, optional=options.train)
    public = _public(options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        active = _written(folder / "release.json", release)
        run = Parts(settings, folder)
        seconds = None
        if options.train:
            model, seconds = run.train_ours(active)
        assert model
        _print(_head(model, release))
        systems = _systems(run, active, model, seconds, options)
        searched = run("baselines", "BM25", active, each=options.each)["rows"]
        _print(services_table(systems, searched))
        _print(_cost(run, systems, model, public.parent, folder))
        _print(curve_table(run("curve", "Lernkurve", active)["rows"]))
        _print(_public_sets(run, public, options))
    return 0


def bench_designs_command(settings: Settings, release: Release) -> int:
    """Compare ways to tell the service, and print Markdown tables; exit code 0. Raises `UsageError`."""
    model = _model(settings, optional=False)
    assert model
    with tempfile.TemporaryDirectory() as name:
        active = _written(Path(name) / "release.json", release)
        found = Parts(settings, Path(name))("designs", "Entwürfe", active, model=str(model))
    _print(_head(model, release))
    _print(designs_tables(found))
    return 0


def services_table(systems: Sequence[Part], searched: Sequence[Part]) -> list[str]:
    """Hits and cost of everything that finds services."""
    rows = [
        "| Verfahren | hit@1 | 95 %-Bereich | hit@3 | Training | Modell laden | Parse p50 | Parse p99 | Arbeitsspeicher |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in systems:
        figures = (_seconds(each.get("seconds")), _seconds(each["load_s"]), *_parse(each), f"{each['memory_mb']} MB")
        rows.append(_row(each["name"], *_hits(each), *figures))
    rows += [_row(each["name"], *_hits(each), NONE, NONE, f"{_comma(each['ms'], 2)} ms", NONE, NONE) for each in searched]
    counted = f"{systems[0]['n']} Fragen mit Leistung aus general und styles"
    examples = next((each["examples"] for each in systems if "examples" in each), None)
    learnt = f"; die Vergleiche lernen aus denselben {number(examples)} Beispielen" if examples else ""
    notes = "Parse ist CPU-Zeit auf einem Kern. Das Training aller Beispiele zählt den Start von Rasa und alle übrigen Teile mit."
    return ["## Leistungen", "", f"{counted}{learnt}. {notes}", "", *rows]


def cost_table(rows: Sequence[Part], base: Part | None) -> list[str]:
    """What a parse costs; `base` is what stock Rasa needs."""
    lines = ["| | Parse p50 | Parse p99 | Verhältnis p50 zu Rasa mit DIET | Arbeitsspeicher |", "|---|---|---|---|---|"]
    for each in rows:
        ratio = _comma(each["p50"] / base["p50"], 2) if base else NONE
        lines.append(_row(each["name"], *_parse(each), ratio, f"{each['memory_mb']} MB"))
    return ["## Kosten des Verstehens", "", "CPU-Zeit auf einem Kern.", "", *lines]


def curve_table(rows: Sequence[Part]) -> list[str]:
    """Hits over the number of examples, and what a thousand more brought."""
    lines = ["| Beispiele | hit@1 | 95 %-Bereich | hit@3 | je 1.000 mehr: hit@1 |", "|---|---|---|---|---|"]
    for before, each in zip([None, *rows], rows, strict=False):
        gain = NONE
        if before:
            thousands = (each["examples"] - before["examples"]) / 1000
            gain = f"{points((each['hit1'] - before['hit1']) / each['n'] / thousands)} Punkte"
        lines.append(_row(number(each["examples"]), *_hits(each), gain))
    return ["## Lernkurve", "", "Nur das lineare Modell, zufällige Anteile der Beispiele.", "", *lines]


def public_table(rows: Sequence[Part]) -> list[str]:
    """Accuracy on public sets; where there are questions out of scope, also how many of them were noticed."""
    lines = [
        "| Daten | Verfahren | gelernt aus | gefragt | richtig | 95 %-Bereich | außerhalb erkannt | mit Schwelle: richtig | "
        "außerhalb erkannt | Training | Parse p50 |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for each in rows:
        right = Share(*each.get("in_scope", (each["hit1"], each["n"])))
        others = [_share(each, key) for key in ("out_of_scope", "in_scope_careful", "out_of_scope_careful")]
        figures = (_seconds(each["seconds"]), f"{_comma(each['p50'], 1)} ms")
        numbers = (number(each["examples"]), number(each["n"]), percent(right.value), _interval(right))
        lines.append(_row(each["set"], each["name"], *numbers, *others, *figures))
    return ["## Öffentliche Datensätze", "", *lines]


def designs_tables(found: Part) -> list[str]:
    """Designs by their hits, and calibration errors."""
    lines = ["| Entwurf | hit@1 | 95 %-Bereich | hit@3 | Training |", "|---|---|---|---|---|"]
    lines += [_row(each["name"], *_hits(each), _seconds(each.get("seconds"))) for each in found["designs"]]
    sure = ["| Sicherheit | ECE |", "|---|---|", *(_row(each["name"], percent(each["ece"])) for each in found["calibrations"])]
    return ["## Entwürfe", "", f"{found['designs'][0]['n']} Fragen.", "", *lines, "", *sure]


def _systems(run: Parts, active: Path, model: Path, seconds: float | None, options: UnderstandingOptions) -> list[Part]:
    ours = run("ask", "Lotse: Fragen", active, kind=_OURS, model=str(model), set=DEMO, public="", passes=_PASSES)
    found: list[Part] = [{"name": "Lotse, alle Beispiele", "seconds": seconds, **ours}]
    rivals = [(_OURS, "Lotse", 1), (_LOGISTIC, _logistic(), _STEPS), *_diet(options.epochs)]
    for kind, title, rounds in rivals:
        asked = _trained_and_asked(run, active, kind, title, DEMO, "", rounds, _PASSES, options.each)
        found.append({"kind": kind, "name": title, **asked})
    return found


def _logistic() -> str:
    return f"Rasa, LogisticRegression ({_STEPS} Schritte)"


def _diet(epochs: int) -> list[tuple[str, str, int]]:
    return [(_DIET, f"Rasa, DIET ({epochs} von {EPOCHS} Durchgängen)", epochs)] if epochs else []


def _trained_and_asked(
    run: Parts, release: Path | None, kind: str, title: str, name: str, public: str, rounds: int, passes: int, each: int = 0
) -> dict[str, Any]:
    common = {"kind": kind, "set": name, "public": public}
    trained = run("train", f"{name}: {title}: Training", release, rounds=rounds, each=each, into=run.into(), **common)
    asked = run("ask", f"{name}: {title}: Fragen", release, model=trained["model"], passes=passes, **common)
    return {**trained, **asked}


def _cost(run: Parts, systems: Sequence[Part], model: Path, data: Path, folder: Path) -> list[str]:
    ours, *others = systems
    rows = [{**ours, "name": "Lotse, Demo-Katalog"}, *(each for each in others if each["kind"] != _OURS)]
    missing = [name for name in _COUNTRY if not (data / name).is_dir()]
    if not missing:
        knowledge = country(data)
        whole = _written(folder / "country.json", Release(1, "bench", "", knowledge))
        size = number(len(knowledge.services))
        title = f"Lotse, Katalog mit {size} Leistungen und {number(len(knowledge.places))} Orten"
        asked = run("ask", title, whole, kind=_OURS, model=str(model), set=DEMO, public="", passes=_PASSES)
        rows.insert(1, {**asked, "name": title})
    base = next((each for each in systems if each.get("kind") == _DIET), None)
    lines = cost_table(rows, base)
    if missing:
        lines += ["", f"Der Katalog eines ganzen Landes ist nicht gemessen: In „{data}“ fehlt {' und '.join(missing)}."]
    return lines


def _public_sets(run: Parts, public: Path, options: UnderstandingOptions) -> list[str]:
    names = [name for name, file in PUBLIC_FILES.items() if (public / file).is_file()]
    if not names:
        return [f"Öffentliche Datensätze sind nicht gemessen: In „{public}“ liegen keine (--public ORDNER)."]
    systems = [(_OURS, "Lotse (Merkmale und lineares Modell)", 1)]
    if options.rivals:
        systems += [(_LOGISTIC, _logistic(), _STEPS), *_diet(options.epochs)]
    rows = [
        {"set": name, "name": title, **_trained_and_asked(run, None, kind, title, name, str(public), rounds, 1)}
        for name in names
        for kind, title, rounds in systems
    ]
    return public_table(rows)


def _model(settings: Settings, optional: bool) -> Path | None:
    if not settings.worker_python.exists():
        raise UsageError("Die Umgebung des Sprachmodells fehlt, bitte zuerst „make setup“ aufrufen.")
    model = settings.newest_model()
    if model is None and not optional:
        raise UsageError("Es gibt noch kein Sprachmodell, bitte zuerst „lotse train“ aufrufen.")
    return model


def _public(options: UnderstandingOptions) -> Path:
    if options.public and not options.public.is_dir():
        raise UsageError(f"Den Ordner „{options.public}“ gibt es nicht.")
    return (options.public or HOME.parent / "shared" / "data" / "nlu_benchmarks").resolve()


def _written(path: Path, release: Release) -> Path:
    path.write_text(release.to_json(), "utf-8")
    return path


def _head(model: Path, release: Release) -> list[str]:
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} Kerne"
    return [f"Rechner: {machine}; Modell: {model.name}; Ausgabe {release.id}."]


def _print(lines: Sequence[str]) -> None:
    print("\n".join([*lines, ""]), flush=True)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _hits(each: Part) -> Iterator[str]:
    first, three = Share(each["hit1"], each["n"]), Share(each["hit3"], each["n"])
    yield from (percent(first.value), _interval(first), percent(three.value))


def _interval(share: Share) -> str:
    if share.interval is None:
        return NONE
    low, high = share.interval
    return f"{_comma(low * 100, 1)}–{percent(high)}"


def _share(each: Part, key: str) -> str:
    return percent(Share(*each[key]).value) if key in each else NONE


def _parse(each: Part) -> tuple[str, str]:
    return f"{_comma(each['p50'], 1)} ms", f"{_comma(each['p99'], 1)} ms"


def _seconds(value: float | None) -> str:
    return NONE if value is None else f"{_comma(value, 0 if value >= 100 else 1)} s"


def _comma(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")

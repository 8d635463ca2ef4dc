"""`lotse bench --understanding`: which parts are run, with what, and what is printed. A stand-in answers for the worker."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.cli import WRONG_USE, UsageError, run
from bot.commands import bench_understanding
from bot.commands.bench_understanding import (
    DEMO,
    PUBLIC_FILES,
    UnderstandingOptions,
    bench_designs_command,
    bench_understanding_command,
    cost_table,
    curve_table,
    public_table,
    services_table,
)
from bot.settings import Settings
from bot.worker.bench.data import DEMO as WORKERS_DEMO
from bot.worker.bench.data import PUBLIC
from knowledge.release import Knowledge, Release

RELEASE = Release(7, "abc", "", Knowledge())
PARSED = {"n": 200, "hit1": 180, "hit3": 196, "load_s": 1.24, "p50": 2.5, "p99": 5.05, "memory_mb": 600}
SEARCHED = [{"name": "BM25", "ms": 0.123, "n": 200, "hit1": 50, "hit3": 70}]
FOUND: dict[str, dict[str, Any]] = {
    "train": {"model": "m.tar.gz", "seconds": 123.4, "examples": 25169, "labels": 259},
    "ask": PARSED,
    "baselines": {"rows": SEARCHED},
    "curve": {"rows": [{**PARSED, "examples": 1000, "hit1": 160}, {**PARSED, "examples": 3000}]},
    "designs": {"designs": SEARCHED, "calibrations": [{"name": "isoton", "ece": 0.034}]},
}


class Bench:
    """Settings, and a stand-in for the worker's processes with the jobs it was given."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.broken = ""
        self.jobs: list[dict[str, Any]] = []
        (folder / "models").mkdir()
        (folder / "models" / "lotse-1.tar.gz").touch()
        self.public = folder / "public"
        self.public.mkdir()
        environment = {"LOTSE_VAR": str(folder), "LOTSE_MODELS": str(folder / "models"), "LOTSE_WORKER_PYTHON": sys.executable}
        self.settings = Settings.from_environment(environment)
        monkeypatch.setattr(bench_understanding, "subprocess", SimpleNamespace(run=self._answer, DEVNULL=None))

    def _answer(self, command: list[str], env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        assert command[:2] == [sys.executable, "-m"]
        if command[2] == "bot.worker.train":
            return subprocess.CompletedProcess(command, 0)
        job = json.loads(Path(command[3]).read_text("utf-8"))
        self.jobs.append({**job, "release": Path(env["LOTSE_RELEASE_FILE"]).exists(), "threads": env.get("OMP_NUM_THREADS")})
        if job["part"] == self.broken:
            return subprocess.CompletedProcess(command, 1)
        slow = {"p50": 25.0} if (job["part"], job.get("kind")) == ("ask", "diet") else {}
        Path(command[4]).write_text(json.dumps({**FOUND[job["part"]], **slow}), "utf-8")
        return subprocess.CompletedProcess(command, 0)

    def run(self, **options: Any) -> int:
        return bench_understanding_command(self.settings, RELEASE, UnderstandingOptions(self.public, **options))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return Bench(tmp_path, monkeypatch)


def test_gateway_and_worker_call_the_sets_the_same() -> None:
    assert WORKERS_DEMO == DEMO
    assert list(PUBLIC_FILES) == list(PUBLIC)


def test_parts_run_one_after_the_other(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (bench.public / "clinc150_full.json").touch()
    assert bench.run(epochs=4) == 0
    assert [(job["part"], job.get("kind"), job.get("set")) for job in bench.jobs] == [
        ("ask", "ours", DEMO),
        ("train", "ours", DEMO),
        ("ask", "ours", DEMO),
        ("train", "logistic", DEMO),
        ("ask", "logistic", DEMO),
        ("train", "diet", DEMO),
        ("ask", "diet", DEMO),
        ("baselines", None, None),
        ("curve", None, None),
        ("train", "ours", "CLINC150"),
        ("ask", "ours", "CLINC150"),
    ]
    printed = capsys.readouterr()
    assert "| Rasa, DIET (4 von 100 Durchgängen) | 90,0 % | 85,1–93,4 % | 98,0 % | 123 s | 1,2 s | 25,0 ms |" in printed.out
    assert "| BM25 | 25,0 % | 19,5–31,4 % | 35,0 % | – | – | 0,12 ms | – | – |" in printed.out
    assert "Modell: lotse-1.tar.gz; Ausgabe 7-abc." in printed.out
    assert len(printed.err.splitlines()) == len(bench.jobs)


def test_training_may_use_all_cores_and_asking_one(bench: Bench) -> None:
    bench.run()
    assert {(job["part"], job["threads"]) for job in bench.jobs if job["part"] in ("train", "ask")} == {
        ("train", None),
        ("ask", "1"),
    }


def test_all_that_is_compared_learns_from_as_many_examples(bench: Bench) -> None:
    bench.run(each=7)
    assert {job["each"] for job in bench.jobs if job["part"] in ("train", "baselines")} == {7}


def test_public_sets_know_no_release(bench: Bench) -> None:
    (bench.public / "banking77_train.csv").touch()
    bench.run(epochs=0, rivals=True)
    public = [job for job in bench.jobs if job.get("set") == "BANKING77"]
    assert [(job["part"], job["kind"]) for job in public] == [
        (part, kind) for kind in ("ours", "logistic") for part in ("train", "ask")
    ]
    assert not any(job["release"] for job in public)
    assert all(job["release"] for job in bench.jobs if job not in public)


def test_without_public_sets_a_sentence_says_so(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.run(epochs=0)
    printed = capsys.readouterr().out
    assert f"Öffentliche Datensätze sind nicht gemessen: In „{bench.public}“ liegen keine (--public ORDNER)." in printed
    assert "Der Katalog eines ganzen Landes ist nicht gemessen: " in printed
    assert "DIET (" not in printed


def test_the_catalogue_of_a_country_is_measured_with_the_same_model(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gv100ad_2023", "leika_nrw_2019"):
        (bench.public.parent / name).mkdir()
    monkeypatch.setattr(bench_understanding, "country", lambda _: Knowledge())
    bench.run()
    assert "| Lotse, Katalog mit 0 Leistungen und 0 Orten | 2,5 ms | 5,0 ms | 0,10 | 600 MB |" in capsys.readouterr().out
    models = [job["model"] for job in bench.jobs if job["part"] == "ask" and job["kind"] == "ours"]
    assert models[0] == models[2] == str(bench.settings.models / "lotse-1.tar.gz")


def test_a_newly_trained_model_is_the_one_asked(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (bench.settings.models / "lotse-1.tar.gz").unlink()
    bench.run(train=True, epochs=0)
    assert Path(bench.jobs[0]["model"]).name == "ours.tar.gz"
    assert "Modell: ours.tar.gz" in capsys.readouterr().out


def test_designs(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_designs_command(bench.settings, RELEASE) == 0
    printed = capsys.readouterr().out
    assert "| BM25 | 25,0 % | 19,5–31,4 % | 35,0 % | – |" in printed
    assert "| isoton | 3,4 % |" in printed
    assert [job["threads"] for job in bench.jobs] == ["1"]


def test_a_failed_part_ends_the_run(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.broken = "baselines"
    with pytest.raises(UsageError, match=r"Dieser Teil der Messung ist gescheitert: BM25\."):
        bench.run()
    assert bench.jobs[-1]["part"] == "baselines"
    assert "##" not in capsys.readouterr().out


def test_what_is_missing_is_said_at_once(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Den Ordner „.*nirgends“ gibt es nicht"):
        bench_understanding_command(bench.settings, RELEASE, UnderstandingOptions(tmp_path / "nirgends"))
    (bench.settings.models / "lotse-1.tar.gz").unlink()
    with pytest.raises(UsageError, match="Es gibt noch kein Sprachmodell"):
        bench.run()
    with pytest.raises(UsageError, match="Die Umgebung des Sprachmodells fehlt"):
        bench_designs_command(replace(bench.settings, worker_python=tmp_path / "none"), RELEASE)
    assert bench.jobs == []


def test_a_negative_number_of_epochs_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--understanding", "--epochs", "-1"]) == WRONG_USE
    assert "-1 ist keine Zahl von Durchgängen" in capsys.readouterr().err


def test_the_curve_says_what_a_thousand_more_brought() -> None:
    rows = [{"examples": 1000, "n": 100, "hit1": 50, "hit3": 60}, {"examples": 3000, "n": 100, "hit1": 60, "hit3": 61}]
    lines = curve_table([*rows, {"examples": 5000, "n": 100, "hit1": 59, "hit3": 61}])[-3:]
    assert [line.split("|")[1].strip() for line in lines] == ["1.000", "3.000", "5.000"]
    assert [line.split("|")[5].strip() for line in lines] == ["–", "+5,0 Punkte", "−0,5 Punkte"]


def test_without_diet_there_is_no_ratio() -> None:
    row = {"name": "Lotse", "p50": 2.0, "p99": 3.0, "memory_mb": 5}
    assert cost_table([row], None)[-1] == "| Lotse | 2,0 ms | 3,0 ms | – | 5 MB |"
    assert cost_table([row], {**row, "p50": 8.0})[-1] == "| Lotse | 2,0 ms | 3,0 ms | 0,25 | 5 MB |"


def test_out_of_scope_is_shown_where_it_was_asked() -> None:
    row: dict[str, Any] = {"set": "S", "name": "N", "examples": 1500, "n": 10, "hit1": 5, "hit3": 6, "seconds": 9.94, "p50": 1.0}
    outside = {"in_scope": [6, 8], "out_of_scope": [1, 2], "in_scope_careful": [5, 8], "out_of_scope_careful": [2, 2]}
    plain, counted = public_table([row, {**row, **outside}])[-2:]
    assert plain == "| S | N | 1.500 | 10 | 50,0 % | 23,7–76,3 % | – | – | – | 9,9 s | 1,0 ms |"
    assert counted == "| S | N | 1.500 | 10 | 75,0 % | 40,9–92,8 % | 50,0 % | 62,5 % | 100,0 % | 9,9 s | 1,0 ms |"


def test_services_without_any_rival() -> None:
    ours = {"name": "Lotse", "n": 3, "hit1": 3, "hit3": 3, "load_s": 0.5, "p50": 1, "p99": 2, "memory_mb": 9, "seconds": None}
    lines = services_table([ours], [])
    assert lines[-1] == "| Lotse | 100,0 % | 43,9–100,0 % | 100,0 % | – | 0,5 s | 1,0 ms | 2,0 ms | 9 MB |"
    assert lines[2].startswith("3 Fragen mit Leistung aus general und styles. Parse ist CPU-Zeit")

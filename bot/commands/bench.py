"""`lotse bench`: the whole of Lotse against stock Rasa, the same model and the same turns, in one run."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from bot.bootstrap import worker_pool
from bot.cli import UsageError
from bot.engine.port import TurnRequest
from bot.settings import HOME, Settings
from knowledge.release import Release

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
"""For the libraries under numpy."""
_PATIENCE_S = 180
_LENGTHS = (4, 20)
"""Turns a conversation: a usual one, and a long one, because stock Rasa replays what was said before."""
_WARM_UP = 8
_FOLLOW_UPS = ("in Ammerfeld", "und in Grünsee?", "danke")


@dataclass(frozen=True)
class Timing:
    """Times of turns in ms, and turns per second of one client."""

    count: int
    p50: float
    p99: float
    per_second: float


def bench_command(settings: Settings, release: Release, turns: int) -> int:
    """Measure and print a Markdown table; exit code 0. Raises `UsageError` when there is no model."""
    model = settings.newest_model()
    if model is None:
        raise UsageError("Es gibt noch kein Sprachmodell, bitte zuerst „lotse train“ aufrufen.")
    sets = [_conversations(turns, length) for length in _LENGTHS]
    with tempfile.TemporaryDirectory() as folder:
        ours, facts = _measure_ours(settings, Path(folder), sets)
        worker = asyncio.run(_measure_worker(settings, release, sets))
        stock, stock_facts = _measure_stock(settings, model, sets)
    print(f"Rechner: {platform.processor() or platform.machine()}, {os.cpu_count()} Kerne, Python {platform.python_version()}")
    print(f"Modell: {model.name}; Ausgabe {release.id}; ein Client, ein Schritt nach dem anderen\n")
    print("| | Lotse, ganz | Lotse, Worker allein | `rasa run` mit Action-Server | Verhältnis ganz | Verhältnis Worker |")
    print("|---|---|---|---|---|---|")
    for length, whole, alone, other in zip(_LENGTHS, ours, worker, stock, strict=True):
        print(_row(f"Gespräche zu {length}: Schritte je Sekunde", "", *(each.per_second for each in (whole, alone, other))))
        print(_row(f"Gespräche zu {length}: p50", " ms", whole.p50, alone.p50, other.p50))
        print(_row(f"Gespräche zu {length}: p99", " ms", whole.p99, alone.p99, other.p99))
    print()
    print("| | |\n|---|---|")
    for name, value in {**facts, **stock_facts}.items():
        print(f"| {name} | {value} |")
    return 0


def _row(name: str, unit: str, whole: float, alone: float, other: float) -> str:
    ratios = (other / whole, other / alone) if unit else (whole / other, alone / other)
    return f"| {name} | {whole:.1f}{unit} | {alone:.1f}{unit} | {other:.1f}{unit} | {ratios[0]:.1f} | {ratios[1]:.1f} |"


def _conversations(turns: int, length: int) -> list[list[str]]:
    """Real questions, each with follow-ups that need the memory of the conversation."""
    path = HOME / "nlu_data/calibration.jsonl"
    questions = [row["question"] for row in map(json.loads, path.read_text("utf-8").splitlines()) if row["service"]]
    said = itertools.chain.from_iterable((question, *_FOLLOW_UPS) for question in itertools.cycle(questions))
    return [list(itertools.islice(said, length)) for _ in range(max(1, turns // length))]


def _measure_ours(settings: Settings, folder: Path, sets: list[list[list[str]]]) -> tuple[list[Timing], dict[str, str]]:
    started = 0.0

    def begin() -> None:
        nonlocal started
        started = time.perf_counter()

    with served(settings, folder, begin) as (url, process), httpx.Client(base_url=url) as client:
        page = time.perf_counter() - started
        client.timeout = httpx.Timeout(_PATIENCE_S)
        _ask_ours(client, ["Personalausweis verlängern"], 0)
        answer = time.perf_counter() - started
        timings = [_time(lambda number, said: _ask_ours(client, said, number), each) for each in sets]
        worker = children(process.pid)
        facts = {
            "`lotse serve` bis zur Seite": f"{page:.1f} s",
            "`lotse serve` bis zur ersten Antwort": f"{answer:.1f} s",
            "Arbeitsspeicher Gateway": f"{resident_mb(process.pid)} MB",
            "Arbeitsspeicher Worker": f"{sum(map(resident_mb, worker))} MB",
        }
    return timings, facts


@contextmanager
def served(
    settings: Settings, folder: Path, begin: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`lotse serve` with the demo county and the newest model on a free port, without limits to how fast one asks.

    Gives its address, and its process, as soon as the page is there; `begin` is called when the process is started.
    """
    port = _free_port()
    environment = os.environ | {"LOTSE_PORT": str(port), "LOTSE_TELEGRAM_TOKEN": "", "LOTSE_VAR": str(folder)}
    environment["LOTSE_DATABASE_URL"] = f"sqlite:///{folder / 'bench.db'}"
    environment["LOTSE_MODELS"] = str(settings.models)
    environment |= {f"LOTSE_RATE_{what}": "10000000" for what in ("ADDRESS", "CONVERSATIONS", "MESSAGES")}
    lotse = [sys.executable, "-m", "bot"]
    subprocess.run([*lotse, "import", "seed"], env=environment, cwd=HOME, check=True, stdout=subprocess.DEVNULL)
    begin()
    url = f"http://127.0.0.1:{port}"
    with _process([*lotse, "serve"], environment) as process:
        _wait(lambda: httpx.get(url).status_code == 200, process)
        yield url, process


async def _measure_worker(settings: Settings, release: Release, sets: list[list[list[str]]]) -> list[Timing]:
    """The worker over its socket, with the state handed in and out, but without inbox, outbox and database."""
    async with worker_pool(settings, 1) as engine:

        async def ask(said: list[str]) -> list[float]:
            state: dict[str, Any] = {}
            times = []
            for text in said:
                started = time.perf_counter()
                result = await engine.respond(TurnRequest(release, state, text, date.today().isoformat()))
                times.append((time.perf_counter() - started) * 1000)
                state = result.state
            return times

        timings = []
        for conversations in sets:
            for said in conversations[:_WARM_UP]:
                await ask(said)
            started = time.perf_counter()
            times = [each for said in conversations for each in await ask(said)]
            timings.append(_timing(times, time.perf_counter() - started))
        return timings


def _ask_ours(client: httpx.Client, said: list[str], number: int) -> list[float]:
    path = f"/api/v1/conversations/{client.post('/api/v1/conversations').json()['conversation']}/messages"
    times = []
    for turn, text in enumerate(said):
        started = time.perf_counter()
        response = client.post(path, json={"client_message_id": f"{number}-{turn}", "text": text})
        times.append((time.perf_counter() - started) * 1000)
        response.raise_for_status()
    return times


def _measure_stock(settings: Settings, model: Path, sets: list[list[list[str]]]) -> tuple[list[Timing], dict[str, str]]:
    port, action_port = _free_port(), _free_port()
    environment = os.environ | {
        "LOTSE_RELEASE_FILE": str(settings.release_file),
        "PYTHONPATH": str(HOME),
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        **ONE_THREAD,  # as our worker has it: what only spins would count against Rasa
    }
    rasa = [str(settings.worker_python), "-m", "rasa", "run"]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as endpoints:
        endpoints.write(f"action_endpoint:\n  url: http://127.0.0.1:{action_port}/webhook\n")
        endpoints.flush()
        options = ["--endpoints", endpoints.name, "--credentials", "deploy/rasa/credentials.yml", "--model", str(model)]
        actions = [*rasa, "actions", "--actions", "actions.actions", "--port", str(action_port)]
        server = [*rasa, "--port", str(port), "--interface", "127.0.0.1", *options]
        started = time.perf_counter()
        with (
            _process(actions, environment) as action_process,
            _process(server, environment) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_PATIENCE_S) as client,
        ):
            _wait(lambda: client.get("/").status_code == 200, process)
            _wait(lambda: httpx.get(f"http://127.0.0.1:{action_port}/health").status_code == 200, action_process)
            _ask_stock(client, ["Personalausweis verlängern"], "first")
            answer = time.perf_counter() - started
            timings = [_time(lambda number, said: _ask_stock(client, said, f"{len(said)}-{number}"), each) for each in sets]
            facts = {
                "`rasa run` bis zur ersten Antwort": f"{answer:.1f} s",
                "Arbeitsspeicher `rasa run`": f"{resident_mb(process.pid)} MB",
                "Arbeitsspeicher Action-Server": f"{resident_mb(action_process.pid)} MB",
            }
    return timings, facts


def _ask_stock(client: httpx.Client, said: list[str], sender: str) -> list[float]:
    times = []
    for text in said:
        started = time.perf_counter()
        response = client.post("/webhooks/rest/webhook", json={"sender": sender, "message": text})
        times.append((time.perf_counter() - started) * 1000)
        response.raise_for_status()
        if not response.json():
            raise UsageError("Rasa hat nicht geantwortet; der Vergleich gilt nicht.")
    return times


def _time(ask: Callable[[int, list[str]], list[float]], conversations: list[list[str]]) -> Timing:
    for number in range(_WARM_UP):
        ask(-1 - number, conversations[number % len(conversations)])
    started = time.perf_counter()
    times = [each for number, said in enumerate(conversations) for each in ask(number, said)]
    return _timing(times, time.perf_counter() - started)


def _timing(times: list[float], took: float) -> Timing:
    return Timing(len(times), statistics.median(times), statistics.quantiles(times, n=100)[98], len(times) / took)


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        try:
            if ready():
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise UsageError(f"Ein Dienst für den Vergleich ist nicht gestartet: {' '.join(map(str, process.args))}")  # type: ignore[arg-type]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def children(pid: int) -> list[int]:
    """Ids of the processes that a process has started."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def resident_mb(pid: int) -> int:
    """Resident memory in MB (proc_pid_status(5), VmRSS)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0

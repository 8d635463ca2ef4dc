"""A whole Lotse as its users meet it: `lotse serve` in a process of its own, on a free port, with a database of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
PATIENCE_S = 120


@dataclass
class Served:
    """A running gateway; `log` is what it wrote so far."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8")

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]

    def wait_ready(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.HTTPError:
                assert self.process.poll() is None, self.log
            time.sleep(0.2)
        raise AssertionError(f"not ready: {self.log}")


@contextmanager
def serve(folder: Path, **settings: str) -> Iterator[Served]:
    """Import the demo knowledge, serve it, and end with Ctrl-C; nothing may be left behind."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "LOTSE_VAR": str(folder),
        "LOTSE_DATABASE_URL": f"sqlite:///{folder / 'lotse.db'}",
        "LOTSE_MODELS": str(ROOT / "models"),
        "LOTSE_PORT": str(port),
        "LOTSE_TELEGRAM_TOKEN": "",
        **{f"LOTSE_RATE_{what}": "10000000" for what in ("ADDRESS", "CONVERSATIONS", "MESSAGES")},
        **settings,
    }
    lotse = [sys.executable, "-m", "bot"]
    subprocess.run([*lotse, "import", "seed"], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    log_file = folder / "serve.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen([*lotse, "serve"], env=environment, cwd=ROOT, stdout=log, stderr=log)
    served = Served(f"http://127.0.0.1:{port}", process, log_file)
    workers: list[int] = []
    try:
        served.wait_ready()
        yield served
        workers = served.workers()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
    assert process.returncode == 0, served.log
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()], "a worker was left behind"

"""`lotse train`: train a Rasa model on the published knowledge, in the worker's environment."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime

from bot.cli import UsageError
from bot.settings import HOME, Settings
from knowledge.release import Release


def train_command(settings: Settings, release: Release) -> int:
    """Train and keep the model as the newest one; the exit code. The old model stays until the new one is complete."""
    if not settings.worker_python.exists():
        raise UsageError("Die Umgebung des Sprachmodells fehlt, bitte zuerst „make setup“ aufrufen.")
    settings.var.mkdir(parents=True, exist_ok=True)
    settings.release_file.write_text(release.to_json(), "utf-8")
    name = f"lotse-{datetime.now():%Y%m%d-%H%M%S}"
    print("Das Sprachmodell wird trainiert. Das dauert ein bis drei Minuten.", flush=True)
    environment = os.environ | {"LOTSE_RELEASE_FILE": str(settings.release_file), "PYTHONPATH": str(HOME)}
    command = [str(settings.worker_python), "-m", "bot.worker.train", "--out", str(settings.models), "--name", name]
    code = subprocess.run(command, cwd=HOME, env=environment).returncode
    if code == 0:
        print(f"Fertig: {settings.models / name}.tar.gz")
    else:
        print("Das Training ist gescheitert. Das bisherige Modell bleibt in Kraft.", file=sys.stderr)
    return 1 if code else 0

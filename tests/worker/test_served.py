"""The whole way, through the channels to a trained worker and back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.served import ROOT, Served
from tests.telegram_standin import TelegramStandIn

STORY = "ich zieh nächsten monat nach Pfarrhausen, wo muss ich da hin"


class Citizen:
    """Somebody with the web page open."""

    def __init__(self, served: Served) -> None:
        self.client = httpx.Client(base_url=served.url, timeout=60)
        self.token = self.client.post("/api/v1/conversations").json()["conversation"]
        self.path = f"/api/v1/conversations/{self.token}/messages"

    def say(self, text: str = "", message_id: str = "", **more: Any) -> dict[str, Any]:
        body = {"client_message_id": message_id or uuid.uuid4().hex, "text": text, **more}
        response = self.client.post(self.path, json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def offices(self, answer: dict[str, Any]) -> list[str]:
        return [block["id"] for block in answer["blocks"] if block["type"] == "office"]


def test_web_to_the_right_office_with_the_reason(served: Served) -> None:
    citizen = Citizen(served)
    answer = citizen.say(STORY)
    card = next(block for block in answer["blocks"] if block["type"] == "office")
    assert card["id"] == "buergerbuero@vg-moosham"
    assert "Verwaltungsgemeinschaft Moosham" in card["why"]
    assert citizen.offices(citizen.say("und mein hund, wo meld ich den an?")) == ["gemeindekasse@vg-moosham"]


def test_telegram_to_the_right_office(served: Served, telegram: TelegramStandIn) -> None:
    telegram.write(STORY, chat=4242)
    until = time.monotonic() + 30
    while not telegram.texts(4242) and time.monotonic() < until:
        time.sleep(0.1)
    assert "Bürgerbüro der VG Moosham" in telegram.texts(4242)[0]


def test_a_second_message_while_the_first_is_under_way(served: Served) -> None:
    citizen = Citizen(served)
    answers: dict[str, dict[str, Any]] = {}

    def say(text: str) -> None:
        answers[text] = citizen.say(text)

    first = threading.Thread(target=say, args=("Personalausweis verlängern",))
    first.start()
    time.sleep(0.01)
    say("in Ammerfeld")
    first.join()
    assert answers["Personalausweis verlängern"]["outcome"] == "missing"
    assert citizen.offices(answers["in Ammerfeld"]) == ["buergerbuero@ammerfeld"]


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(served: Served) -> None:
    citizen = Citizen(served)
    citizen.say("Hallo")
    before = served.workers()
    os.kill(before[0], signal.SIGSTOP)
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(citizen.say(STORY, message_id="once")))
    asking.start()
    time.sleep(0.5)
    os.kill(before[0], signal.SIGKILL)
    asking.join(90)
    assert answers[0]["blocks"], "neither answered nor apologised"
    assert citizen.say(STORY, message_id="once")["id"] == answers[0]["id"]
    history = citizen.client.get(citizen.path).json()
    assert [each["client_message_id"] for each in history].count("once") == 1
    served.wait_ready()
    assert citizen.offices(citizen.say(STORY)) == ["buergerbuero@vg-moosham"]
    assert served.workers() != before
    assert "starting it again" in served.log


def test_nothing_of_a_citizen_is_in_the_log(served: Served) -> None:
    Citizen(served).say("Mein Kennwort lautet Zwetschgendatschi, wo melde ich mein Gewerbe an?")
    assert "Zwetschgendatschi" not in served.log


def test_no_connection_leaves_the_machine(served: Served) -> None:
    Citizen(served).say("Wohngeld")
    for pid in (served.process.pid, *served.workers()):
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                _, _, remote, state, *rest = line.split()
                if state == "01" and rest[5] in _sockets(pid):
                    assert remote.split(":")[0] in ("0100007F", "0000000000000000FFFF00000100007F"), line


def _sockets(pid: int) -> set[str]:
    links = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(str(descriptor.readlink()))
        except OSError:
            continue
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def lotse(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=200)


def test_ask_on_the_command_line() -> None:
    done = lotse("ask", "Wo bekomme ich Wohngeld?", "--surname", "Schmidt", "--place", "Lindenau", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {
        "outcome", "service", "ranking", "offices", "missing", "choices", "text", "release", "model", "timings_ms",
    }  # fmt: skip
    assert (answer["outcome"], answer["service"]) == ("answer", "wohngeld-beantragen")
    assert answer["offices"][0]["id"] == "wohngeldbehoerde#sch-z"
    assert "Wohngeldbehörde" in answer["text"]


def test_evaluate_on_questions_nobody_trained_on() -> None:
    done = lotse("evaluate", "nlu_data/evaluation/general.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["n"] == 288
    assert figures["hit@1"] >= 0.85
    assert figures["hit@3"] >= 0.94
    assert figures["wrong_confident"] <= 0.04
    assert figures["out_of_scope_answered"] <= 0.15


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["test", "nlu", "--nlu", "tests/worker/nlu_sample.yml", "--out", "{out}", "--no-plot"], 0),
        (["shell", "nlu"], 0),
    ],
)
def test_the_stock_tools_work_from_the_root(command: list[str], expected: int, tmp_path: Path) -> None:
    environment = os.environ | {"RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(ROOT)}
    arguments = [part.format(out=tmp_path) for part in command]
    done = subprocess.run(
        [str(ROOT / ".venv-rasa/bin/rasa"), *arguments],
        input="Wo melde ich meinen Hund an?\n/stop\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=200,
    )
    assert done.returncode == expected, done.stderr[-2000:]
    if command[0] == "shell":
        assert "hundesteuer-anmelden" in done.stdout
    else:
        report = json.loads((tmp_path / "intent_report.json").read_text())
        assert report["accuracy"] >= 0.8

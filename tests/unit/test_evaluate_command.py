"""`lotse evaluate` with the keyword engine: what is printed, written, and the exit code."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bot.cli import WRONG_USE, UsageError, run
from bot.commands.evaluate import EvaluateOptions, evaluate_command
from bot.engine.keyword import KeywordEngine
from bot.engine.port import DialogueEngine, TurnRequest, TurnResult
from bot.settings import Settings
from knowledge.release import Release

DOG, DRIVE = "hundesteuer-anmelden", "fuehrerschein-umtauschen"
QUESTIONS = (
    {"id": "hund", "question": "Hundesteuer anmelden in Ammerfeld", "service": DOG, "style": "kurz", "aspect": "fee"},
    {"id": "fahren", "question": "Brrzl mpf\x1b[2J", "service": DRIVE, "style": "alltag"},
    {"id": "wetter", "question": "Regnet es morgen?", "service": None},
    {"id": "feuer", "question": "Hilfe, es brennt", "service": None, "crisis": True},
)


class Deaf(KeywordEngine):
    """Understands nothing."""

    async def respond(self, request: TurnRequest) -> TurnResult:
        return await super().respond(replace(request, text="hm"))


@asynccontextmanager
async def engines(_: Settings, model: Path | None) -> AsyncIterator[DialogueEngine]:
    yield Deaf() if model and model.name.startswith("taub") else KeywordEngine()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "models").mkdir()
    return Settings.from_environment({"LOTSE_VAR": str(tmp_path), "LOTSE_MODELS": str(tmp_path / "models")})


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return lines(tmp_path / "fragen.jsonl", *QUESTIONS)


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


class Said:
    """Runs the command; what it printed."""

    def __init__(self, settings: Settings, release: Release, capsys: pytest.CaptureFixture[str]) -> None:
        self._settings, self._release, self._capsys = settings, release, capsys
        self.code = 0

    def __call__(self, *files: Path, **options: Any) -> str:
        self.code = evaluate_command(self._settings, self._release, EvaluateOptions(files, **options), engines)
        return self._capsys.readouterr().out

    def data(self, *files: Path, **options: Any) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self(*files, as_json=True, **options))
        return data


@pytest.fixture
def said(settings: Settings, release: Release, capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(settings, release, capsys)


def model(settings: Settings, name: str) -> Path:
    path = settings.models / name
    path.touch()
    return path


def test_a_table_in_german(said: Said, questions: Path) -> None:
    text = said(questions)
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert text.startswith("4 Fragen aus 1 Datei; Sprachmodell –, Ausgabe 1-")
    assert "bestanden 75,0 % 30,1 % bis 95,4 % 3 von 4" in rows
    assert "richtige Leistung auf Platz 1 (hit@1) 50,0 % 9,4 % bis 90,5 % 1 von 2" in rows
    assert "Krise erkannt 100,0 % 20,6 % bis 100,0 % 1 von 1" in rows
    assert "Nicht bestanden (1)\nfahren: Brrzl mpf[2J\n    richtig: fuehrerschein-umtauschen; fallback; –" in text
    assert not any(row.startswith("Datei n") for row in rows)
    assert "Krise nicht erkannt" not in text
    assert said.code == 0


def test_columns_stand_below_each_other(said: Said, questions: Path) -> None:
    text = said(questions)
    table = text[text.index("Stil ") :].split("\n\n")[0].splitlines()
    assert table[0].split() == (
        "Stil n best. hit@1 hit@3 hit@5 beantw. nachgefr. abgel. falsch Aspekt Fehlal. ECE".split()
    )  # nothing out of scope and no crisis has a style
    assert [line.split()[0] for line in table[1:]] == ["alltag", "kurz"]
    assert len({line.index("n" if number == 0 else "1") for number, line in enumerate(table)}) == 1


def test_figures_per_file_and_over_all(said: Said, questions: Path, tmp_path: Path) -> None:
    other = lines(tmp_path / "zweite.jsonl", {"question": "Hundesteuer anmelden", "service": DOG})
    data = said.data(questions, other)
    assert (data["n"], data["hit@1"]) == (5, 0.6667)
    assert {Path(name).name: row["n"] for name, row in data["files"].items()} == {"fragen.jsonl": 4, "zweite.jsonl": 1}
    assert data["files"][str(other)]["hit@1"] == 1.0
    text = said(questions, other)
    assert [line.split()[:2] for line in text.splitlines() if line.startswith(("fragen", "zweite"))] == [
        ["fragen.jsonl", "4"],
        ["zweite.jsonl", "1"],
    ]


def test_the_same_every_time(said: Said, questions: Path) -> None:
    assert said(questions, services=True) == said(questions, services=True)


def test_per_service_only_when_asked_for(said: Said, questions: Path) -> None:
    assert "verwechselt mit" not in said(questions)
    text = said(questions, services=True)
    start = text.index("verwechselt mit")
    assert text[start:].split("\n")[1].split() == [DRIVE, "1", "0,0", "%", "nichts", "1"]


def test_services_that_the_release_lacks_are_named(said: Said, tmp_path: Path) -> None:
    text = said(lines(tmp_path / "a.jsonl", {"question": "Wo?", "service": "gibt-es-nicht"}))
    assert "Diese Leistungen kennt die Ausgabe nicht: gibt-es-nicht." in text


def test_the_drawing(said: Said, questions: Path, tmp_path: Path) -> None:
    said(questions, svg=tmp_path / "eichung.svg")
    svg = ET.fromstring((tmp_path / "eichung.svg").read_bytes())
    assert svg.findtext("{http://www.w3.org/2000/svg}title", "").startswith("Eichung: 1 Frage, ")


def test_two_models(said: Said, settings: Settings, questions: Path) -> None:
    model(settings, "wach.tar.gz")
    deaf = model(settings, "taub.tar.gz")
    data = said.data(questions, model=Path("wach.tar.gz"), against=deaf)
    assert (data["model"], data["comparison"]["model"]) == ("wach.tar.gz", "taub.tar.gz")
    assert (data["hit@1"], data["comparison"]["against"]["hit@1"], data["comparison"]["differences"]["hit@1"]) == (0.5, 0, 0.5)
    assert [row["id"] for row in data["comparison"]["won"]] == ["hund"]
    text = said(questions, model=Path("wach.tar.gz"), against=deaf)
    assert "Vergleich: A = wach.tar.gz, B = taub.tar.gz" in text
    assert "bestanden: 1 gewonnen, 0 verloren; p = 1,000 (McNemar, exakt, zweiseitig)" in text
    assert "Gewonnen (nur A besteht): 1\nhund: Hundesteuer" in text
    assert "Verloren" not in text
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("Krise erkannt")][-1] == "+100,0"


def test_the_list_of_known_mistakes(said: Said, questions: Path, tmp_path: Path) -> None:
    known = tmp_path / "bekannt.txt"
    assert f"Geschrieben: {known} (1 Frage)." in said(questions, known=known, write_known=True)
    assert (said.code, known.read_text("utf-8").splitlines()[1]) == (0, "fahren  # Brrzl mpf[2J")
    said(questions, known=known, strict=True)
    assert said.code == 0
    known.write_text("hund\nalt\n", "utf-8")
    text = said(questions, known=known)
    assert said.code == 1
    assert "2, davon noch falsch 0." in text
    assert "Jetzt bestanden, bitte aus der Liste nehmen: hund" in text
    assert "Nicht bestanden und nicht in der Liste: fahren" in text
    assert "In der Liste, aber in keiner der Dateien: alt" in text
    known.write_text("", "utf-8")
    assert (said.data(questions, known=known)["known"]["unlisted"], said.code) == (["fahren"], 0)
    said(questions, known=known, strict=True)
    assert said.code == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"strict": True}, "Zu --strict gehört --known."),
        ({"write_known": True}, "Zu --write-known gehört --known."),
        ({"svg": "andere.jsonl"}, "muss auf .svg enden"),
        ({"svg": "fehlt/a.svg"}, "Den Ordner „.*fehlt“ gibt es nicht"),
        ({"known": "andere.jsonl", "write_known": True}, "ist eine Datei mit Fragen"),
        ({"known": "fehlt/a.txt", "write_known": True}, "Den Ordner „.*fehlt“ gibt es nicht"),
        ({"known": "fehlt.txt"}, "lässt sich nicht lesen"),
        ({"model": "fehlt.tar.gz"}, "ist kein Sprachmodell"),
        ({"against": "fragen.jsonl"}, "ist kein Sprachmodell"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_asked(
    said: Said, questions: Path, tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    before = questions.read_bytes()
    given = {key: tmp_path / value if isinstance(value, str) else value for key, value in options.items()}
    with pytest.raises(UsageError, match=sentence):
        said(questions, **given)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fragen.jsonl", "models"]
    assert questions.read_bytes() == before


def test_without_a_model(settings: Settings, release: Release, questions: Path) -> None:
    with pytest.raises(UsageError, match="noch kein Sprachmodell"):
        evaluate_command(settings, release, EvaluateOptions((questions,)))


def test_the_command_line_wants_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate"]) == WRONG_USE
    assert capsys.readouterr().err == "Es fehlt: DATEI.\n"

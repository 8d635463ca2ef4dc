"""The language data: what is trained on is not what is measured with, and danger is seen without a model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.text import fold

DATA = Path(__file__).parents[2] / "nlu_data"
DANGER = [
    "ich kann nicht mehr leben ohne sie, ich bring mich um",
    "i mog nimma lebn",
    "Ich will sterben",
    "bei uns brennts",
    "Die Küche brennt, was soll ich tun",
    "hier riecht es stark nach Gas",
    "mein Kind hat Spülmaschinenreiniger getrunken",
    "Opa ist umgekippt und atmet nicht",
    "Mein Mann schlägt mich gerade",
    "da steht einer mit einem Messer vor der Tür",
    "Unfall auf der B 15, ein Verletzter liegt auf der Straße",
    "my baby is not breathing",
    "Nach dem Wohngeld wollte ich fragen, aber eigentlich hab ich den Abschiedsbrief schon geschrieben",
    "er hat mich gewürgt und kommt gleich wieder",
    "Oma hat einen Schlaganfall, das Gesicht ist gelähmt",
    "jemand ist im Eis eingebrochen",
    "notruf",
]
ORDINARY = [
    "Wie werde ich bei der freiwilligen Feuerwehr Mitglied?",
    "Unfallauto abmelden",
    "Die Straßenlampe vor dem Haus brennt nicht",
    "Wo gebe ich Gift und alte Farben ab?",
    "Feuerwerk zum 50. Geburtstag",
    "Mein Vater hatte einen Schlaganfall und braucht jetzt Pflege",
    "Sterbeurkunde für meinen Mann",
    "Die Nebenkosten sind explodiert",
    "Die Gemeinde rührt sich nicht",
    "Darf ich im Garten ein Feuer machen?",
    "Waffe geerbt, wo melden?",
    "Rauchmelder Pflicht",
    "Ich sterbe vor Langeweile im Wartezimmer",
    "Brandschutznachweis für ein Gasthaus",
    "drowning in paperwork for my business registration",
    "Wir ziehen in ein Haus am See",
]


def blocks(folder: str) -> Iterator[dict[str, Any]]:
    found = DATA / folder
    for path in [found] if found.is_file() else sorted(found.glob("*.yml")):
        yield from yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)["nlu"]


def examples(block: dict[str, Any]) -> list[str]:
    lines = [line.strip() for line in block["examples"].splitlines()]
    return [line[2:] for line in lines if line.startswith("- ")]


def questions(folder: str) -> list[str]:
    return [text for block in blocks(folder) for text in examples(block)]


def measured() -> Iterator[tuple[str, str]]:
    for path in sorted((DATA / "evaluation").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            yield path.name, json.loads(line)["question"]


def bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text)))


@pytest.fixture(scope="module")
def danger() -> re.Pattern[str]:
    return re.compile("|".join(questions("krise_muster.yml")))


def test_nothing_measured_with_is_trained_on() -> None:
    folders = ("anliegen", "dialog", "aspekt", "lebenslagen.yml")
    trained = {bare(text) for folder in folders for text in questions(folder) if len(text.split()) > 3}
    sentences = (DATA / "anderswo.jsonl").read_text("utf-8").splitlines()
    trained |= {bare(json.loads(line)["text"]) for line in sentences}
    assert [(file, text) for file, text in measured() if bare(text) in trained] == []


def test_nothing_measured_with_calibrates() -> None:
    files = (DATA / name for name in ("calibration.jsonl", "zwei_anliegen.jsonl"))
    calibrating = {bare(json.loads(line)["question"]) for file in files for line in file.read_text("utf-8").splitlines()}
    assert [(file, text) for file, text in measured() if bare(text) in calibrating] == []


@pytest.mark.parametrize("text", DANGER)
def test_danger_is_seen(danger: re.Pattern[str], text: str) -> None:
    assert danger.search(fold(text))


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_matters_are_no_danger(danger: re.Pattern[str], text: str) -> None:
    assert not danger.search(fold(text))


@pytest.mark.slow
def test_the_questions_about_services_are_hardly_ever_danger(danger: re.Pattern[str]) -> None:
    """Those about violence at home and despair may be: whoever asks them may need the numbers.

    Hundreds were written to sound like danger, and the numbers in front of an answer do no harm.
    """
    touched = {
        "hilfe-bei-haeuslicher-gewalt",
        "psychische-krise-hilfe",
        "kindeswohlgefaehrdung-melden",
        "polizei-anzeige-erstatten",
    }
    ordinary = [block for block in blocks("anliegen") if block["intent"].partition("/")[2] not in touched]
    texts = [text for block in ordinary for text in examples(block)]
    found = [text for text in texts if danger.search(fold(text))]
    assert len(found) <= len(texts) // 1500, found


def test_no_pattern_runs_away(danger: re.Pattern[str]) -> None:
    assert not danger.search(fold("ich weiß nicht mehr weiter mit dem Antrag und " * 200))


def test_the_lexicon_names_each_everyday_word_once() -> None:
    rows = yaml.load((DATA / "lexikon.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
    words = [bare(word) for row in rows for word in row["words"]]
    assert len(words) == len(set(words)) > 1500
    assert all(row["means"] for row in rows)

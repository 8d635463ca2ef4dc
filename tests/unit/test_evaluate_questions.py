"""Files with questions: what a line may hold, and what is said about a line that is none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cli import UsageError
from bot.commands.evaluation.questions import (
    Question,
    of_another_catalogue,
    read_files,
    read_questions,
    refuse_doubles,
    unknown_services,
)
from knowledge.release import Knowledge, Release

RIGHT, WRONG = "wohnsitz-anmelden", "kfz-abmelden"


def write(path: Path, *lines: Any) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


def read(release: Release, tmp_path: Path, *lines: Any) -> list[Question]:
    return read_questions(write(tmp_path / "fragen.jsonl", *lines), release)


def test_a_line_a_question(release: Release, tmp_path: Path) -> None:
    first, second = read(
        release,
        tmp_path,
        {"id": 7, "question": "Wo?", "service": RIGHT, "place": "Pfarrhausen", "surname": "Huber", "style": "kurz"},
        "",
        {"question": "Wer?", "service": [RIGHT, WRONG], "office": "kasse", "on": "2027-01-01"},
    )
    assert (first.id, first.services, first.style, first.line) == ("7", {RIGHT}, "kurz", 1)
    assert first.facts == {"places": ["091995101120"], "surname": "Huber"}
    assert (second.id, second.services, second.offices, second.line) == ("fragen:3", {RIGHT, WRONG}, {"kasse"}, 3)
    assert second.facts == {"on": "2027-01-01"}
    assert (second.aspect, second.crisis) == ("", False)


def test_aspect_and_crisis(release: Release, tmp_path: Path) -> None:
    first, second = read(
        release,
        tmp_path,
        {"question": "Was kostet das?", "service": RIGHT, "aspect": "fee", "crisis": False},
        {"question": "Es brennt", "service": None, "aspect": None, "crisis": True},
    )
    assert [(each.aspect, each.crisis) for each in (first, second)] == [("fee", False), ("", True)]


def test_nothing_is_right_out_of_scope(release: Release, tmp_path: Path) -> None:
    [question] = read(release, tmp_path, {"question": "Wie wird das Wetter?", "service": None})
    assert question.services == frozenset()


def test_a_service_by_the_identifier_of_its_source(release: Release, tmp_path: Path) -> None:
    service = replace(release.services[RIGHT], source_ids=("dldb:1063423",))
    imported = Release(1, "", "", Knowledge(services=(service,)))
    [question] = read(imported, tmp_path, {"question": "Wo?", "service": "dldb:1063423"})
    assert question.services == {RIGHT}


def test_services_that_are_gone_are_named(release: Release, tmp_path: Path) -> None:
    questions = read(release, tmp_path, {"question": "Wo?", "service": [RIGHT, "gibt-es-nicht"]})
    assert unknown_services(questions, release) == ["gibt-es-nicht"]


def test_a_file_about_another_catalogue_is_found(release: Release, tmp_path: Path) -> None:
    foreign = write(tmp_path / "fremd.jsonl", {"question": "Wo?", "service": "dldb:1"}, {"question": "Wetter?", "service": None})
    own = write(tmp_path / "eigen.jsonl", {"question": "Wo?", "service": RIGHT}, {"question": "Was?", "service": "dldb:1"})
    nothing = write(tmp_path / "nichts.jsonl", {"question": "Wetter?", "service": None})
    questions = read_files([foreign, own, nothing], release)
    assert of_another_catalogue(questions, release) == [str(foreign)]


def test_an_unknown_place_is_left_for_lotse_to_ask(release: Release, tmp_path: Path) -> None:
    [question] = read(release, tmp_path, {"question": "Wo?", "service": RIGHT, "place": "Atlantis", "surname": "Huber"})
    assert question.facts == {"surname": "Huber"}


def test_separators_inside_a_question_do_not_end_the_line(release: Release, tmp_path: Path) -> None:
    line = json.dumps({"question": "Wo?\u2028Und wann?\u0085", "service": RIGHT}, ensure_ascii=False)
    [question] = read(release, tmp_path, f"{line}\r")
    assert question.text == "Wo?\u2028Und wann?\u0085"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("kaputt", "kein gültiges JSON"),
        ("[" * 100_000, "kein gültiges JSON"),
        ('{"question": "\\ud800", "service": null}', "kein gültiges JSON"),
        ("[]", "kein Objekt"),
        ('{"question": "Wo?"}', "es fehlt „service“"),
        ('{"service": "x"}', "es fehlt „question“"),
        ('{"question": null, "service": "x"}', "„question“ ist leer"),
        ('{"question": " ", "service": "x"}', "„question“ ist leer"),
        ('{"question": 5, "service": "x"}', "„question“ ist kein Text"),
        ('{"question": "Wo?", "service": 5}', "„service“ ist weder"),
        ('{"question": "Wo?", "service": {"x": 1}}', "„service“ ist weder"),
        ('{"question": "Wo?", "service": ["x", null]}', "„service“ ist weder"),
        ('{"question": "Wo?", "service": ""}', "„service“ ist weder"),
        ('{"question": "Wo?", "service": "x", "office": [[]]}', "„office“ ist weder"),
        ('{"question": "Wo?", "service": "x", "id": true}', "„id“ ist kein Text"),
        ('{"question": "Wo?", "service": "x", "on": "morgen"}', "„morgen“ ist kein Tag"),
        ('{"question": "Wo?", "service": "x", "surname": ["Huber"]}', "„surname“ ist kein Text"),
        ('{"question": "Wo?", "service": "x", "aspect": "preis"}', "„aspect“ ist keines von who, documents, fee"),
        ('{"question": "Wo?", "service": "x", "crisis": 1}', "„crisis“ ist weder true noch false"),
        ('{"question": "Wo?", "service": "x", "crisis": "ja"}', "„crisis“ ist weder true noch false"),
    ],
)
def test_a_broken_line_is_named_with_its_file(release: Release, tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(release, tmp_path, {"question": "Wo?", "service": RIGHT}, line)
    assert str(raised.value).startswith(f"{tmp_path / 'fragen.jsonl'}, Zeile 2: keine gültige Frage ({reason}")


def test_no_question_at_all(release: Release, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="steht keine Frage"):
        read(release, tmp_path, "")


def test_no_file_and_no_text(release: Release, tmp_path: Path) -> None:
    (tmp_path / "bild.jsonl").write_bytes(b"\xff\xfe\x00")
    for name in ("fehlt.jsonl", "bild.jsonl"):
        with pytest.raises(UsageError, match=f"{name}“ lässt sich nicht lesen"):
            read_questions(tmp_path / name, release)


def test_several_files_in_order_each_once(release: Release, tmp_path: Path) -> None:
    first = write(tmp_path / "b.jsonl", {"question": "Wo?", "service": RIGHT})
    second = write(tmp_path / "a.jsonl", {"question": "Wer?", "service": RIGHT})
    questions = read_files([first, second, first], release)
    assert [(each.id, each.file) for each in questions] == [("b:1", str(first)), ("a:1", str(second))]


def test_two_questions_with_one_id(release: Release, tmp_path: Path) -> None:
    row = {"id": "x", "question": "Wo?", "service": RIGHT}
    questions = read_files([write(tmp_path / "a.jsonl", row), write(tmp_path / "b.jsonl", "", row)], release)
    with pytest.raises(UsageError, match=r"b\.jsonl, Zeile 2: „x“ heißt schon .*a\.jsonl, Zeile 1\."):
        refuse_doubles(questions)

"""`lotse check`: what is printed, and the exit code."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.commands.check import check_command
from knowledge.checks import ERROR, TOPICS, check
from knowledge.model import Office, Rule, Service
from knowledge.release import Knowledge, Release

TODAY = date(2026, 11, 22)
OFFICE = Office("amt", "amt", "landkreis", "Amt", phone="089 99998-001", confirmed=TODAY)
SERVICE = Service("gut", "Gutes", "both", "landkreis", "amt", "Leben", source_ids=("x:1",), short="Kurz.", confirmed=TODAY)
RULE = Rule("R1", "gut", "amt", "zustaendig", "belegt", "Darum.", confirmed=TODAY)
SOUND = Knowledge(offices=(OFFICE,), services=(SERVICE,), rules=(RULE,))
BROKEN = replace(SOUND, offices=(replace(OFFICE, phone="x", email="y"),))
MUNICH = Path(__file__).parents[3] / "shared" / "data" / "munich_services_2026"


def test_grouped_by_severity_and_topic(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command(Release(7, "", "", BROKEN), as_json=False, on=TODAY) == 1
    assert capsys.readouterr().out == (
        "Fehler: Erreichbarkeit (2)\n"
        "  amt: Die E-Mail-Adresse „y“ stimmt nicht. Bitte berichtigen.\n"
        "  amt: Die Telefonnummer „x“ stimmt nicht. Bitte mit Vorwahl eintragen, zum Beispiel 08151 148-0.\n"
        "\n"
        "Hinweise: Texte (1)\n"
        "  gut: Es fehlen Beispielfragen. Bitte ergänzen.\n"
        "\n"
        "2 Fehler, 1 Hinweis in Ausgabe 7.\n"
    )


def test_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command(Release(0, "", "", SOUND), as_json=False, errors_only=True, on=TODAY) == 0
    assert capsys.readouterr().out == "0 Fehler, 1 Hinweis im Entwurf.\n"


def test_long_lists_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    offices = tuple(replace(OFFICE, id=f"amt{number:02}", name=f"Amt {number}", phone="x") for number in range(25))
    check_command(Release(1, "", "", replace(SOUND, offices=(OFFICE, *offices))), as_json=False, errors_only=True, on=TODAY)
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[0], lines[21]) == (24, "Fehler: Erreichbarkeit (25)", "  … und 5 weitere (alle mit --json).")


def test_json_for_other_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command(Release(1, "", "", BROKEN), as_json=True, errors_only=True, on=TODAY) == 1
    [first, _] = json.loads(capsys.readouterr().out)
    assert first == {
        "severity": "Fehler",
        "entry": "amt",
        "message": "Die E-Mail-Adresse „y“ stimmt nicht. Bitte berichtigen.",
        "topic": "contact",
        "kind": "offices",
    }


def test_every_topic_has_a_heading(release: Release) -> None:
    assert {each.topic for each in check(release, TODAY)} <= TOPICS.keys()


def test_a_foreign_catalogue_can_be_published() -> None:
    if not MUNICH.is_dir():
        reason = f"the public catalogue is not at {MUNICH}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from knowledge.exchange.dldb import read_dldb

    release = Release(1, "", "", read_dldb(MUNICH).knowledge)
    assert len(release.services) == 287
    assert [each for each in check(release, TODAY) if each.severity == ERROR] == []

"""Scripted conversations over HTTP with a trained worker. How to read and write them: `conversations/README.md`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from knowledge.release import Release
from knowledge.text import fold
from tests.served import Served

FOLDER = Path(__file__).parent / "conversations"
LEAST = 110
OUTCOMES = {
    "Antwort": {"answer"},
    "andere Behörde": {"nothere"},
    "Auswahl": {"choices"},
    "Rückfrage": {"missing", "ambiguous"},
    "Lebenslage": {"journey"},
    "weiß nicht": {"fallback"},
    "Mensch": {"handover"},
    "Notfall": {"crisis"},
    "Plauderei": {"smalltalk"},
    "andere Sprache": {"other_language"},
}
ASKED = {
    "Ort": "place",
    "Ortsteil": "district",
    "Straße": "district",
    "Nachname": "surname",
    "privat oder Betrieb": "audience",
    "Auftragswert": "value",
}
BLOCKS = {
    "Leistung": "service",
    "Stelle": "office",
    "Knöpfe": "choices",
    "Telefon 115": "link",
    "Lebenslage": "journey",
    "Hinweis auf Lebenslage": "journey_hint",
    "Sprachkarte": "language_card",
    "Stand": "note",
}
ACTIONS = {"sagt", "drückt", "stellt um auf"}
TRIES = {"mal", "dann"}


@dataclass(frozen=True)
class Said:
    """What Lotse said to one line of the citizen."""

    answer: dict[str, Any]
    language: str
    release: Release

    def blocks(self, kind: str) -> list[dict[str, Any]]:
        return [block for block in self.answer["blocks"] if block["type"] == kind]

    @property
    def outcome(self) -> str:
        return str(self.answer["outcome"])

    @property
    def text(self) -> str:
        return "\n".join(block["text"] for kind in ("text", "language_card") for block in self.blocks(kind))

    @property
    def services(self) -> list[str]:
        return [block["slug"] for block in self.blocks("service")]

    @property
    def offices(self) -> list[str]:
        return [block["id"] for block in self.blocks("office")]

    @property
    def options(self) -> list[dict[str, str]]:
        return [{"kind": block["kind"], **option} for block in self.blocks("choices") for option in block["options"]]

    @property
    def offered(self) -> set[str]:
        return {option[key] for option in self.options for key in ("value", "label")}

    def names(self, slug: str) -> bool:
        """Whether the text speaks of a service."""
        service = self.release.services[slug]
        return any(name and name in self.text for name in (service.name, service.name_en))

    def in_short(self) -> str:
        steps = [step["service"] for block in self.blocks("journey") for step in block["steps"]]
        told = [*self.services, *self.offices, *steps, *(f"[{option['label']}]" for option in self.options)]
        return f"{self.outcome}: {' · '.join(told)}\n      {self.text[:300]!r}"


Check = Callable[[Said, list[str]], Iterable[str]]


def _outcome(said: Said, wanted: list[str]) -> Iterator[str]:
    if not any(said.outcome in OUTCOMES[each] for each in wanted):
        yield said.outcome


def _not_outcome(said: Said, unwanted: list[str]) -> Iterator[str]:
    if any(said.outcome in OUTCOMES[each] for each in unwanted):
        yield said.outcome


def _service(said: Said, wanted: list[str]) -> Iterator[str]:
    answered = said.services[:1] or [slug for slug in wanted if said.outcome == "missing" and said.names(slug)]
    if not set(answered) & set(wanted):
        yield str(answered)


def _understood(said: Said, wanted: list[str]) -> Iterator[str]:
    if not any(slug in said.services or slug in said.offered or said.names(slug) for slug in wanted):
        yield f"{said.services}, {sorted(said.offered)}"


def _first_office(said: Said, wanted: list[str]) -> Iterator[str]:
    if not set(said.offices[:1]) & set(wanted):
        yield str(said.offices)


def _also_office(said: Said, wanted: list[str]) -> Iterator[str]:
    yield from (each for each in wanted if each not in said.offices)


def _asks(said: Said, wanted: list[str]) -> Iterator[str]:
    kinds = {option["kind"] for option in said.options}
    for each in wanted:
        if kinds != {ASKED[each]}:
            yield f"{each}, but {kinds}"
        elif each == "Straße" and "Gemeindestraße" not in said.offered:
            yield "no class of road"


def _offers(said: Said, wanted: list[str]) -> Iterator[str]:
    yield from (each for each in wanted if each not in said.offered)


def _text(said: Said, wanted: list[str]) -> Iterator[str]:
    yield from (each for each in wanted if each.lower() not in said.text.lower())


def _any_text(said: Said, wanted: list[str]) -> Iterator[str]:
    if not any(each.lower() in said.text.lower() for each in wanted):
        yield said.text[:200]


def _not_text(said: Said, unwanted: list[str]) -> Iterator[str]:
    yield from (each for each in unwanted if each.lower() in said.text.lower())


def _also(said: Said, wanted: list[str]) -> Iterator[str]:
    for slug in wanted:
        waits = said.outcome in ("missing", "ambiguous") and said.names(slug)
        if not waits and slug not in said.offered - set(said.services):
            yield slug


def _place(said: Said, wanted: list[str]) -> Iterator[str]:
    shown = [block.get("place") for block in (*said.blocks("note"), *said.blocks("journey"))]
    yield from (f"{each}, but {shown}" for each in wanted if each not in shown)


def _language(said: Said, wanted: list[str]) -> Iterator[str]:
    spoken = {block["language"] for block in said.blocks("language_card")} or {said.language}
    if spoken != set(wanted):
        yield str(spoken)


def _journey(said: Said, wanted: list[str]) -> Iterator[str]:
    shown = [block["slug"] for block in (*said.blocks("journey"), *said.blocks("journey_hint"))]
    if shown != wanted:
        yield str(shown)


def _steps(said: Said, wanted: list[str]) -> Iterator[str]:
    steps = [step["service"] for block in said.blocks("journey") for step in block["steps"]]
    yield from (each for each in wanted if each not in steps)


def _step_office(said: Said, wanted: list[str]) -> Iterator[str]:
    offices = {(step["office"] or {}).get("id") for block in said.blocks("journey") for step in block["steps"]}
    yield from (each for each in wanted if each not in offices)


def _block(said: Said, wanted: list[str]) -> Iterator[str]:
    yield from (each for each in wanted if not said.blocks(BLOCKS[each]))


def _no_block(said: Said, unwanted: list[str]) -> Iterator[str]:
    yield from (each for each in unwanted if said.blocks(BLOCKS[each]))


CHECKS: dict[str, Check] = {
    "ergebnis": _outcome,
    "nicht ergebnis": _not_outcome,
    "leistung": _service,
    "verstanden": _understood,
    "stelle": _first_office,
    "auch stelle": _also_office,
    "fragt": _asks,
    "bietet": _offers,
    "text": _text,
    "text eins von": _any_text,
    "nicht text": _not_text,
    "auch": _also,
    "ort": _place,
    "sprache": _language,
    "lebenslage": _journey,
    "schritte": _steps,
    "schritt bei": _step_office,
    "block": _block,
    "kein block": _no_block,
}


def complaints(said: Said, expected: dict[str, Any]) -> list[str]:
    """What is not as a good clerk would have done it."""
    return [f"{key}: {wrong}" for key, wanted in _with_outcome(expected).items() for wrong in CHECKS[key](said, _listed(wanted))]


def _with_outcome(expected: dict[str, Any]) -> dict[str, Any]:
    """Who expects an office expects an answer, unless the line says otherwise."""
    if "ergebnis" in expected:
        return expected
    for sign, outcome in (("fragt", "Rückfrage"), ("schritte", "Lebenslage"), ("stelle", "Antwort"), ("leistung", "Antwort")):
        if sign in expected:
            return {"ergebnis": outcome, **expected}
    return expected


def _listed(wanted: Any) -> list[str]:
    return [str(each) for each in wanted] if isinstance(wanted, list) else [str(wanted)]


class Citizen:
    """Somebody in a conversation of their own; remembers what was offered last."""

    def __init__(self, client: httpx.Client, release: Release) -> None:
        self.client = client
        self.release = release
        self.path = f"/api/v1/conversations/{client.post('/api/v1/conversations').json()['conversation']}"
        self.offered: list[dict[str, str]] = []

    def act(self, line: dict[str, Any]) -> Said:
        """Do what a line of the script says. Raises `LookupError` for a button that was not offered."""
        if "stellt um auf" in line:
            changed = self.client.put(f"{self.path}/language", json={"language": line["stellt um auf"]})
            assert changed.status_code == 200, changed.text
        if "drückt" in line:
            return self._send(choice=self._button(line["drückt"]))
        return self._send(text=line["sagt"] * line.get("mal", 1))

    def _button(self, name: str) -> dict[str, str]:
        """Raises `LookupError` where it was not offered."""
        for option in self.offered:
            if name in (option["label"], option["value"]):
                return {key: option[key] for key in ("kind", "value", "label")}
        raise LookupError(f"no button „{name}“ in {[option['label'] for option in self.offered]}")

    def _send(self, **message: Any) -> Said:
        response = self.client.post(f"{self.path}/messages", json={"client_message_id": uuid.uuid4().hex, **message})
        assert response.status_code == 200, response.text
        said = Said(response.json(), self.client.get(self.path).json()["language"], self.release)
        self.offered = said.options
        return said


def conversations() -> list[dict[str, Any]]:
    return [each for file in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load(file.read_text("utf-8"))]


SCRIPTS = conversations()


@pytest.fixture
def citizen(served: Served, release: Release) -> Iterator[Citizen]:
    with httpx.Client(base_url=served.url, timeout=60) as client:
        yield Citizen(client, release)


def played(script: dict[str, Any], citizen: Citizen) -> Iterator[str]:
    """The conversation as it went, with what is wrong in lines that begin with ✗."""
    for line in script["verlauf"]:
        yield f"» {line.get('sagt', line.get('drückt'))[:300]}"
        try:
            said = citizen.act(line)
        except LookupError as error:
            yield f"✗ {error.args[0]}"
            return
        yield f"  {said.in_short()}"
        yield from (f"✗ {each}" for each in complaints(said, line["dann"]))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: "-".join(re.findall(r"\w+", fold(script["gespräch"]))))
def test_conversation(script: dict[str, Any], citizen: Citizen) -> None:
    went = list(played(script, citizen))
    if any(line.startswith("✗") for line in went):
        pytest.fail("\n".join(went), pytrace=False)


def test_the_scripts_can_be_read(release: Release) -> None:
    assert len(SCRIPTS) >= LEAST
    names = [each["gespräch"] for each in SCRIPTS]
    assert len(set(names)) == len(names)
    known: dict[str, Any] = {
        **dict.fromkeys(("ergebnis", "nicht ergebnis"), OUTCOMES),
        **dict.fromkeys(("leistung", "verstanden", "schritte"), release.services),
        "auch": {**release.services, **release.journeys},
        **dict.fromkeys(("stelle", "auch stelle", "schritt bei"), release.offices),
        **dict.fromkeys(("block", "kein block"), BLOCKS),
        "fragt": ASKED,
        "lebenslage": release.journeys,
    }
    for script in SCRIPTS:
        assert set(script) <= {"gespräch", "verlauf"}, script["gespräch"]
        for line in script["verlauf"]:
            assert set(line) <= ACTIONS | TRIES, line
            assert len({"sagt", "drückt"} & set(line)) == 1, line
            assert line["dann"], line
            for key, wanted in line["dann"].items():
                assert key in CHECKS, (script["gespräch"], key)
                unknown = [each for each in _listed(wanted) if each not in known.get(key, _listed(wanted))]
                assert not unknown, (script["gespräch"], key, unknown)


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ({"stelle": "a"}, []),
        ({"stelle": "b"}, ["stelle: ['a', 'c']"]),
        ({"auch stelle": "c", "ort": "Dorf"}, []),
        ({"fragt": "Ort"}, ["ergebnis: answer", "fragt: Ort, but set()"]),
        ({"text": "40 Euro", "nicht text": "46 euro"}, ["text: 40 Euro", "nicht text: 46 euro"]),
        ({"nicht ergebnis": "Antwort", "kein block": "Stelle"}, ["nicht ergebnis: answer", "kein block: Stelle"]),
        ({"ergebnis": ["Notfall", "Mensch"], "sprache": "en"}, ["ergebnis: answer", "sprache: {'de'}"]),
    ],
)
def test_what_is_wrong_is_told(expected: dict[str, Any], wrong: list[str], release: Release) -> None:
    blocks = [
        {"type": "text", "text": "Das kostet es: 46 Euro"},
        *({"type": "office", "id": office} for office in "ac"),
        {"type": "note", "text": "Stand", "place": "Dorf"},
    ]
    tell = partial(complaints, Said({"outcome": "answer", "blocks": blocks}, "de", release))
    assert tell(expected) == wrong

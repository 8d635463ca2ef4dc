"""A dump holds all the knowledge and gives it back; one that was damaged says where."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.exchange import limits
from knowledge.exchange.dump import is_restorable, read_dump, write_dump
from knowledge.exchange.reading import Unreadable
from knowledge.model import Closure, Contact, Fee, Notice, Office, Place, Rule, Service
from knowledge.release import KINDS, Knowledge, digest_of
from knowledge.store.knowledge_store import KnowledgeStore
from tests.databases import empty_database


@pytest.fixture
def small(knowledge: Knowledge) -> Knowledge:
    """A few entries of each kind, one office with everything an office can have."""
    first, *others = knowledge.offices[:3]
    office = replace(
        first,
        closures=(Closure(date(2026, 12, 24), date(2027, 1, 1), "Betriebsferien"),),
        contacts=(Contact("Anna Beispiel", "Passwesen", valid_to=date(2027, 6, 30)),),
        geo=(48.1, 11.5),
        source_ids=("dldb:1",),
        confirmed=date(2026, 11, 1),
    )
    rule = replace(knowledge.rules[0], value_from=Decimal("1000.01"), valid_to=date(2026, 12, 31))
    notice = Notice("umzug", "Das Amt zieht um.", date(2026, 12, 1), date(2026, 12, 5), office=office.id)
    kinds = {kind: getattr(knowledge, kind)[:3] for kind in KINDS}
    return Knowledge(**{**kinds, "offices": (office, *others), "rules": (rule, *knowledge.rules[1:3]), "notices": (notice,)})


@pytest.fixture
def dump(tmp_path: Path) -> Callable[[Any], Path]:
    """Writes bytes, or a value as JSON, to a file."""

    def write(content: Any) -> Path:
        path = tmp_path / "lotse.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def changed(knowledge: Knowledge, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(write_dump(knowledge))
    change(data)
    return data


def problems(path: Path) -> list[str]:
    with pytest.raises(Unreadable) as caught:
        read_dump(path)
    return [str(note).removeprefix(": ") for note in caught.value.notes]


def test_the_whole_county_comes_back_as_it_was(knowledge: Knowledge, dump: Callable[[Any], Path]) -> None:
    reading = read_dump(dump(write_dump(knowledge)))
    assert reading.knowledge == knowledge
    assert (reading.origin, reading.everything, reading.complete) == ("restore", True, False)
    assert (reading.mended, reading.refused) == ((), ())


def test_restored_into_an_empty_database_the_digest_is_the_same(
    small: Knowledge, dump: Callable[[Any], Path], tmp_path: Path
) -> None:
    engine = empty_database(tmp_path / "other.db")
    store = KnowledgeStore(engine)
    reading = read_dump(dump(write_dump(small)))
    store.replace_draft(reading.knowledge, "test", reading.origin)
    assert store.draft() == small
    release, _ = store.publish("test")
    assert release.digest == digest_of(small)
    assert write_dump(release.knowledge) == write_dump(small)
    engine.dispose()


def test_the_same_knowledge_gives_the_same_bytes_in_lines_that_can_be_compared(small: Knowledge) -> None:
    first = write_dump(small)
    assert first == write_dump(Knowledge(**{kind: tuple(getattr(small, kind)) for kind in KINDS}))
    head = json.loads(first)
    assert list(head) == ["format", "version", "digest", "knowledge"]
    assert (head["format"], head["version"], head["digest"]) == ("lotse-dump", 1, digest_of(small))
    assert max(len(line) for line in first.decode().splitlines()) < 2000
    assert "Bürgermeister" in first.decode()


def test_empty_knowledge(dump: Callable[[Any], Path]) -> None:
    assert read_dump(dump(write_dump(Knowledge()))).knowledge == Knowledge()


_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
_DAYS = st.dates(date(1900, 1, 1))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    office=st.builds(
        Office,
        id=_TEXT.map("o{}".format),
        **dict.fromkeys(("type", "level", "name", "hours", "remark"), _TEXT),
        closures=st.lists(st.builds(Closure, _DAYS, _DAYS, _TEXT), max_size=2).map(tuple),
        geo=st.tuples(st.floats(-90, 90), st.floats(-180, 180)) | st.just(()),
    ),
    rule=st.builds(
        Rule,
        id=_TEXT.map("r{}".format),
        **dict.fromkeys(("service", "office", "role", "certainty", "reason"), _TEXT),
        value_from=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
        valid_from=_DAYS,
        shared=st.booleans(),
    ),
    service=st.builds(
        Service,
        slug=_TEXT.map("s{}".format),
        **dict.fromkeys(("name", "audience", "level", "office_type", "life_situation"), _TEXT),
        synonyms=st.lists(_TEXT, max_size=2).map(tuple),
        fees=st.lists(st.builds(Fee, _TEXT, st.booleans()), max_size=2).map(tuple),
        confirmed=st.none() | _DAYS,
    ),
)
def test_any_text_any_day_any_amount(dump: Callable[[Any], Path], office: Office, rule: Rule, service: Service) -> None:
    knowledge = Knowledge(offices=(office,), rules=(rule,), services=(service,))
    reading = read_dump(dump(write_dump(knowledge)))
    assert reading.knowledge == knowledge
    assert reading.mended == ()


def test_a_dump_changed_by_hand_is_read_and_says_so(small: Knowledge, dump: Callable[[Any], Path]) -> None:
    data = changed(small, lambda data: data["knowledge"]["offices"][0].update(name="Rathaus"))
    reading = read_dump(dump(data))
    assert reading.knowledge.offices[0].name == "Rathaus"
    assert [note.where for note in reading.mended] == ["digest"]


def test_a_digest_that_is_missing_is_no_obstacle(small: Knowledge, dump: Callable[[Any], Path]) -> None:
    reading = read_dump(dump(changed(small, lambda data: data.pop("digest"))))
    assert reading.knowledge == small
    assert len(reading.mended) == 1


@pytest.mark.parametrize("content", [[], "lotse-dump", 1, None, {}, {"format": "lotse"}, {"number": 1, "knowledge": {}}])
def test_other_json_is_no_dump(content: Any, dump: Callable[[Any], Path]) -> None:
    assert problems(dump(content)) == ["Die Datei „lotse.json“ ist keine Sicherung von Lotse."]


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        (2, "stammt aus einer neueren Fassung von Lotse; hier ist sie nicht lesbar."),
        *((version, "nennt keine bekannte Fassung; lesbar ist „version“: 1.") for version in (0, "1", None, True, [1])),
    ],
)
def test_another_version_is_not_guessed_at(small: Knowledge, version: Any, reason: str, dump: Callable[[Any], Path]) -> None:
    assert problems(dump(changed(small, lambda data: data.update(version=version)))) == [f"Die Datei „lotse.json“ {reason}"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": "lotse-dump", "format": "x"}', b"[" * 100_000, b"\xff\xfe\x00"])
def test_what_is_no_json_at_all(content: bytes, dump: Callable[[Any], Path]) -> None:
    assert len(problems(dump(content))) == 1


RECORD = "Hier müssen Angaben in geschweiften Klammern stehen."


@pytest.mark.parametrize(
    ("where", "value", "problem"),
    [
        ("knowledge", [], RECORD),
        ("knowledge.offices", {}, "Hier muss eine Liste stehen."),
        ("knowledge.offices[1]", "rathaus", RECORD),
        ("knowledge.offices[1].name", 7, "Hier muss ein Text stehen."),
        ("knowledge.offices[1].name", None, "Hier muss ein Text stehen."),
        ("knowledge.offices[1].name", "a\0b", "Der Text enthält Zeichen, die es nicht gibt."),
        ("knowledge.offices[1].name", "\ud800", "Der Text enthält Zeichen, die es nicht gibt."),
        ("knowledge.offices[1].appointment_only", 1, "Hier muss true oder false stehen."),
        ("knowledge.offices[1].geo", 48.1, "Hier muss eine Liste stehen."),
        ("knowledge.offices[0].geo[1]", "11", "Hier muss eine Zahl stehen."),
        ("knowledge.offices[0].geo[1]", True, "Hier muss eine Zahl stehen."),
        ("knowledge.offices[0].address", "Rathausplatz 1", RECORD),
        ("knowledge.offices[0].closures[0].first", "24.12.2026", "Hier muss ein Tag stehen (Beispiel: „2027-01-31“)."),
        ("knowledge.offices[0].closures[0].first", "20261224", "Hier muss ein Tag stehen (Beispiel: „2027-01-31“)."),
        ("knowledge.offices[0].contacts[0]", None, RECORD),
        ("knowledge.rules[0].value_from", 1000.01, "Hier muss ein Betrag stehen (Beispiel: „1000.01“)."),
        ("knowledge.rules[0].value_from", "NaN", "Hier muss ein Betrag stehen (Beispiel: „1000.01“)."),
        ("knowledge.rules[0].value_from", "1.000,01", "Hier muss ein Betrag stehen (Beispiel: „1000.01“)."),
        ("knowledge.services[2].fees[0]", "5 Euro", RECORD),
        ("knowledge.services[2].examples", ["Wo?"], RECORD),
        ("knowledge.services[2].examples.alltag", "Wo?", "Hier muss eine Liste stehen."),
        ("knowledge.services[2].examples.alltag[0]", 1, "Hier muss ein Text stehen."),
    ],
)
def test_what_has_another_shape_is_named_by_its_path(
    small: Knowledge, dump: Callable[[Any], Path], where: str, value: Any, problem: str
) -> None:
    def change(data: dict[str, Any]) -> None:
        steps = [int(step) if step.isdecimal() else step for step in where.replace("[", ".").replace("]", "").split(".")]
        at: Any = data
        for step in steps[:-1]:
            at = at[step]
        at[steps[-1]] = value

    assert problems(dump(changed(small, change))) == [f"{where}: {problem}"]


def test_unknown_and_missing_fields(small: Knowledge, dump: Callable[[Any], Path]) -> None:
    def change(data: dict[str, Any]) -> None:
        del data["knowledge"]["offices"][1]["name"]
        data["knowledge"]["offices"][1]["nmae"] = "Rathaus"
        data["knowledge"]["amter"] = []

    assert problems(dump(changed(small, change))) == [
        "knowledge.offices[1]: Die Angabe „name“ fehlt.",
        "knowledge.offices[1]: Die Angabe „nmae“ gibt es hier nicht.",
        f"knowledge.amter: Diese Angabe gibt es nicht. Möglich sind: {', '.join(KINDS)}.",
    ]


def test_two_entries_of_one_key_and_one_without(small: Knowledge, dump: Callable[[Any], Path]) -> None:
    offices = small.offices[0], small.offices[0]
    twice = replace(small, offices=offices, outside=(), places=(Place("", "", "Ort", "gemeinde"),))
    assert problems(dump(write_dump(twice))) == [
        "knowledge.places[0]: Diesem Eintrag fehlt, was ihn benennt.",
        f"knowledge.offices[1]: „{offices[0].id}“ gibt es schon: knowledge.offices[0].",
    ]


def test_thousands_of_errors_are_not_all_told(dump: Callable[[Any], Path]) -> None:
    told = problems(dump({"format": "lotse-dump", "version": 1, "knowledge": {"offices": [1] * 5000}}))
    assert len(told) == 201
    assert told[-1] == "Dazu kommen 4800 weitere Fehler."


def test_a_dump_too_large_to_be_read_is_known_beforehand(
    small: Knowledge, dump: Callable[[Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_dump(small)
    assert is_restorable(data)
    for name in ("MOST_TEXT_BYTES", "MOST_JSON_MEMORY", "MOST_JSON_VALUES"):
        with monkeypatch.context() as context:
            context.setattr(limits, name, 100)
            assert not is_restorable(data), name
            assert "zu groß" in problems(dump(data))[0]

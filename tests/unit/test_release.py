from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import date
from decimal import Decimal

import pytest

from knowledge.model import Rule
from knowledge.release import (
    Knowledge,
    Release,
    digest_of,
    entry_from_row,
    entry_to_row,
    knowledge_from_dict,
    knowledge_to_dict,
)


def test_it_travels_as_json(release: Release) -> None:
    again = Release.from_json(release.to_json())
    assert again.knowledge == release.knowledge
    assert (again.number, again.digest, again.published) == (1, release.digest, "2026-11-22T00:00:00+00:00")
    assert digest_of(again.knowledge) == release.digest


def test_its_digest_depends_on_the_content_alone(release: Release, knowledge: Knowledge) -> None:
    assert Release(2, digest_of(knowledge), "2027-01-01T00:00:00+00:00", knowledge).digest == release.digest
    renamed = replace(knowledge.services[0], name="Anders")
    assert digest_of(replace(knowledge, services=(renamed, *knowledge.services[1:]))) != release.digest
    assert len(release.digest) == 64


def test_its_id_is_number_and_digest(release: Release) -> None:
    assert release.id == f"1-{release.digest[:12]}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"number": 1, "digest": "", "published": "", "knowledge": []}',
        '{"number": 1, "digest": "", "published": "", "knowledge": {"places": ["x"], "offices": [], "services": [], "rules": '
        "[]}}",
        '{"number": 1, "digest": "", "published": "", "knowledge": {"places": [], "offices": [], "services": [], "rules": '
        '[{"id": "R", "value_from": "viel"}]}}',
    ],
)
def test_other_text_is_no_release(text: str) -> None:
    with pytest.raises(ValueError):
        Release.from_json(text)


def test_empty_entries_are_left_out_of_the_json(knowledge: Knowledge) -> None:
    data = json.loads(json.dumps(knowledge_to_dict(knowledge)))
    assert not any(value in (None, "", [], {}, False) for rows in data.values() for row in rows[:5] for value in list(row))
    assert knowledge_from_dict(data) == knowledge


def test_a_rule_keeps_cents_and_days() -> None:
    rule = Rule("R1", "x", "y", "zustaendig", "belegt", "Darum.", value_from=Decimal("1000.01"), valid_to=date(2026, 12, 31))
    row = entry_to_row(rule)
    assert (row["value_from"], row["valid_to"]) == ("1000.01", "2026-12-31")
    assert "valid_from" not in row
    assert entry_from_row("rules", row) == rule


@pytest.mark.parametrize(
    ("ars", "chain"),
    [
        ("091995101120", ("091995101120", "091995101", "091990000000", "091000000000", "090000000000", "000000000000", "*")),
        ("091990111111", ("091990111111", "091990111", "091990000000", "091000000000", "090000000000", "000000000000", "*")),
        ("091990000000", ("091990000000", "091990000", "091000000000", "090000000000", "000000000000", "*")),
        ("nowhere", ("*",)),
        ("outside", ("*",)),
    ],
)
def test_the_areas_a_place_lies_in(release: Release, ars: str, chain: tuple[str, ...]) -> None:
    assert release.chain(ars) == chain


def test_rules_of_a_day(release: Release) -> None:
    service = release.services["eheschliessung-anmelden"]
    offices = [{rule.office for rule in release.rules_for(service, day)} for day in (date(2026, 12, 31), date(2027, 1, 1))]
    assert "standesamt@wallersbach" in offices[0]
    assert "standesamt@wallersbach" not in offices[1]


def test_without_a_county_the_offices_say_where_it_is(knowledge: Knowledge) -> None:
    assert Release(1, "", "", knowledge).region == "Landkreis Lindenau"
    city = Release(1, "", "", replace(knowledge, places=()))
    assert (city.county, city.region) == (None, "Lindenau")


def test_values_cannot_be_changed(release: Release) -> None:
    with pytest.raises(FrozenInstanceError):
        release.knowledge.places[0].name = "Anderswo"  # type: ignore[misc]

"""The seed and the catalogue of the demo county say the same."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from knowledge.exchange.seed import SEED
from knowledge.release import Knowledge

CATALOGUE = Path(__file__).parents[3] / "shared" / "catalogue"


def rows(name: str) -> list[dict[str, str]]:
    with (CATALOGUE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    if CATALOGUE.is_dir():
        return
    reason = f"the catalogue of the demo county is not at {CATALOGUE}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def test_services(knowledge: Knowledge) -> None:
    ours = {
        service.slug: {
            "slug": service.slug,
            "leika": service.leika,
            "name": service.name,
            "audience": service.audience,
            "level": service.level,
            "office_type": service.office_type,
            "life_situation": service.life_situation,
            "varies_by": ";".join(service.varies_by),
        }
        for service in knowledge.services
    }
    theirs = {row["slug"]: {key: value for key, value in row.items() if key != "note"} for row in rows("services.csv")}
    assert ours == theirs


def test_offices(knowledge: Knowledge) -> None:
    ours = [
        {
            "office_id": office.id,
            "office_type": office.type,
            "place_ars": office.place,
            "name": office.name,
            "parent_id": office.parent,
            "hours_osm": office.hours,
            "appointment_only": "yes" if office.appointment_only else "no",
            "leitweg_id": office.leitweg_id,
            "note": office.remark,
        }
        for office in knowledge.offices
    ]
    assert sorted(ours, key=lambda row: row["office_id"]) == sorted(
        rows("office_instances.csv"), key=lambda row: row["office_id"]
    )


def test_levels_of_offices(knowledge: Knowledge) -> None:
    levels = {row["office_type"]: row["level"] for row in rows("offices.csv")}
    assert [(office.id, office.level) for office in knowledge.offices if office.level != levels[office.type]] == []


def test_places(knowledge: Knowledge) -> None:
    ours = [
        {
            "ars": place.ars,
            "ags": place.ags,
            "name": place.name,
            "kind": place.kind,
            "vg": place.vg,
            "plz": ";".join(sorted({*place.plz, *(plz for each in place.districts for plz in each.plz)})),
            "districts": ";".join(district.name for district in place.districts),
        }
        for place in knowledge.places
    ]
    assert ours == [{key: value for key, value in row.items() if key != "note"} for row in rows("places.csv")]


OWN = ("id", "reason", "source", "confirmed")
"""Columns of the rules in our own words."""


def test_rules() -> None:
    with (SEED / "rules.csv").open(encoding="utf-8", newline="") as file:
        ours = [{key: value for key, value in row.items() if key not in OWN} for row in csv.DictReader(file)]
    named = [{("office" if key == "office_id" else key): value for key, value in row.items()} for row in rows("assignments.csv")]
    theirs = [{key: value for key, value in row.items() if key not in OWN} for row in named]
    assert ours == theirs

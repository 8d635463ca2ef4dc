"""`lotse bench --scale ORDNER`: the knowledge of a whole country: every Gemeinde, every Leistung, rules that inherit.

Names and keys are the real ones of the public lists in the folder; who is responsible is made up by a fixed pattern.
"""

from __future__ import annotations

import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from knowledge.checks import check
from knowledge.exchange.leika import leika_services
from knowledge.exchange.register import read_municipalities
from knowledge.model import Address, Facts, Locality, Office, Place, Rule, Service
from knowledge.release import Knowledge, Release
from knowledge.responsibility import Responsible, resolve
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import KnowledgeStore
from knowledge.store.published import read_published

_T = TypeVar("_T")
_MUNICIPAL, _COUNTY, _STATE = 5, 10, 6
"""Kinds of offices on each level; a Leistung belongs to one of them."""
_BROKEN = 0.05
"""Share of the members of a Verwaltungsgemeinschaft that do a task themselves."""
_ROWS_IN_LIST = 5251
_ON = date(2026, 11, 22)
_RESOLVED = 20_000


def bench_scale_command(folder: Path) -> int:
    """Measure and print a Markdown table; exit code 0. `folder` holds gv100ad_2023 and leika_nrw_2019."""
    knowledge = country(folder)
    rows = dict(_measured(knowledge))
    print(
        f"{len(knowledge.services)} Leistungen, {len(knowledge.places)} Orte, {len(knowledge.offices)} Stellen, "
        f"{len(knowledge.rules)} Regeln\n"
    )
    print("| | |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    return 0


def country(folder: Path) -> Knowledge:
    """All Gemeinden and Leistungen, with offices and rules on four levels."""
    register = next((folder / "gv100ad_2023").glob("GV100AD*.txt"))
    found = read_municipalities(register, Knowledge(), None).knowledge.outside
    places = tuple(Place(each.ars, each.ars[:5] + each.ars[9:], each.name, "gemeinde", plz=each.plz) for each in found)
    services = tuple(_with_office_type(_all(leika_services(folder / "leika_nrw_2019" / "leistungen.csv"))))
    offices: dict[str, Office] = {}
    rules = list(_rules(places, offices))
    return Knowledge(places, tuple(offices.values()), services, tuple(rules))


def _all(services: list[Service]) -> Iterator[Service]:
    """As many as the list has rows: those without a key are stood in for by copies."""
    yield from services
    for service in services[: _ROWS_IN_LIST - len(services)]:
        yield replace(service, slug=f"{service.slug}-2", leika="", source_ids=())


def _with_office_type(services: Iterator[Service]) -> Iterator[Service]:
    kinds = [
        *(f"gemeinde-{number}" for number in range(_MUNICIPAL)),
        *(f"kreis-{number}" for number in range(_COUNTY)),
        *(f"land-{number}" for number in range(_STATE)),
    ]
    for number, service in enumerate(services):
        yield replace(service, office_type=kinds[number % len(kinds)])


def _rules(places: tuple[Place, ...], offices: dict[str, Office]) -> Iterator[Rule]:
    chance = random.Random(1)
    members: dict[str, int] = {}
    for place in places:
        members[place.ars[:9]] = members.get(place.ars[:9], 0) + 1
    areas: dict[str, list[str]] = {"gemeinde": [], "kreis": [], "land": []}
    for place in places:
        areas["kreis"].append(place.ars[:5] + "0" * 7)
        areas["land"].append(place.ars[:2] + "0" * 10)
        shared = members[place.ars[:9]] > 1
        areas["gemeinde"].append(place.ars[:9] if shared else place.ars)
        if shared and chance.random() < _BROKEN:
            areas["gemeinde"].append(place.ars)
    for level, count in (("gemeinde", _MUNICIPAL), ("kreis", _COUNTY), ("land", _STATE)):
        for number in range(count):
            for area in dict.fromkeys(areas[level]):
                office = f"{level}-{number}@{area}"
                address = Address("Hauptstraße 1", "12345", area)
                offices[office] = Office(
                    office,
                    f"{level}-{number}",
                    "gemeinde" if level == "gemeinde" else "landkreis",
                    f"Amt {area}",
                    address=address,
                )
                yield Rule(
                    f"R-{office}",
                    "*",
                    office,
                    "zustaendig",
                    "belegt",
                    "Beispiel.",
                    office_type=f"{level}-{number}",
                    applies_to=area,
                )


def _measured(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{name}/country.db"
        engine = connect(url)
        migrate(engine)
        store = KnowledgeStore(engine)
        _, took = _timed(lambda: store.merge(knowledge, "bench", "bench"))
        yield "in den Entwurf einlesen", f"{took:.1f} s"
        _, took = _timed(lambda: store.publish("bench"))
        yield "Ausgabe bauen und veröffentlichen", f"{took:.1f} s"
        engine.dispose()
        release, took = _timed(lambda: read_published(url))
        assert release is not None
        yield "Ausgabe laden", f"{took:.1f} s"
    _, took = _timed(lambda: check(release, _ON))
    yield "Ausgabe prüfen (`lotse check`)", f"{took:.1f} s"
    yield from _resolved(release)
    yield "größter Arbeitsspeicher, alles zusammen", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def _resolved(release: Release) -> Iterator[tuple[str, str]]:
    chance = random.Random(2)
    slugs, places = list(release.services), list(release.places)
    pairs = [(chance.choice(slugs), Facts(places=(Locality(chance.choice(places)),))) for _ in range(_RESOLVED)]
    times = []
    for slug, facts in pairs:
        outcome, took = _timed(lambda slug=slug, facts=facts: resolve(release, slug, facts, _ON))  # type: ignore[misc]
        assert isinstance(outcome, Responsible)
        times.append(took * 1000)
    yield f"`resolve` mit Ort, {_RESOLVED} zufällige Paare: p50, p99, höchstens", _spread(times)
    times = [_timed(lambda slug=slug: resolve(release, slug, Facts(), _ON))[1] * 1000 for slug in slugs]  # type: ignore[misc]
    yield f"`resolve` ohne Ort, jede der {len(slugs)} Leistungen: p50, p99, höchstens", _spread(times)


def _spread(times: list[float]) -> str:
    ordered = sorted(times)
    return f"{statistics.median(ordered):.3f} ms, {ordered[len(ordered) * 99 // 100]:.3f} ms, {ordered[-1]:.1f} ms"


def _timed(run: Callable[[], _T]) -> tuple[_T, float]:
    started = time.perf_counter()
    result = run()
    return result, time.perf_counter() - started

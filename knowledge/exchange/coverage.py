"""Which office does what where: the rules of a service laid over the places, for formats that know no rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

from knowledge.exchange.offices import STATES
from knowledge.model import NOWHERE, ROAD_CLASSES, Rule, Service
from knowledge.release import Release
from knowledge.responsibility import FURTHER_DOORS, RESPONSIBLE, area_level
from knowledge.surnames import INITIALS, in_range

ROLES = {RESPONSIBLE: "Zuständige Stelle", "ansprechpunkt": "Ansprechpunkt", "annahme": "Antragsannahme"}


@dataclass(frozen=True)
class Coverage:
    """What an office does for a service in one role: the places (ARS) it does so for, and for whom, in German.

    `conditions` is empty when it is for everybody there.
    """

    office: str
    role: str
    places: tuple[str, ...]
    conditions: tuple[str, ...] = ()


def coverage(release: Release, service: Service, on: date, places: Iterable[str] | None = None) -> list[Coverage]:
    """The offices for a service on a day, the responsible ones first, in the order of the places.

    Where a more specific rule holds, the general one gives nothing, as in `knowledge.responsibility`.
    """
    found: dict[tuple[str, str], dict[str, list[Rule]]] = {}
    index = release.rule_index(service)
    for ars in all_places(release) if places is None else places:
        rules = index.at(release.chain(ars), on)
        for role in (RESPONSIBLE, *FURTHER_DOORS):
            for rule in _in_force([each for each in rules if each.role == role], service):
                found.setdefault((role, rule.office), {}).setdefault(ars, []).append(rule)
    entries = [_coverage(office, role, at) for (role, office), at in found.items() if office in release.offices]
    return sorted(entries, key=lambda each: list(ROLES).index(each.role))


def all_places(release: Release) -> list[str]:
    """The Gemeinden (ARS); the county itself, or no place at all, where there are none."""
    gemeinden = [place.ars for place in release.places.values() if not place.is_county]
    return gemeinden or list(release.places) or [NOWHERE]


def areas(release: Release, places: tuple[str, ...]) -> list[tuple[str, str]]:
    """ARS and name of the areas that make up the places: the county when it is all of them. Empty where no place is known."""
    if set(places) >= set(all_places(release)) and release.county:
        return [(release.county.ars, release.county.name)]
    return [(ars, release.places[ars].name) for ars in places if ars in release.places]


def county_and_state(release: Release, ars: str) -> tuple[str, str]:
    """The names of the county and the Land a place lies in; empty when not known."""
    county = release.county.name if release.county and release.county.ars[:5] == ars[:5] else ""
    return county, STATES.get(ars[:2], "")


def _coverage(office: str, role: str, at: dict[str, list[Rule]]) -> Coverage:
    rules = {rule.id: rule for rules in at.values() for rule in rules}.values()
    everybody = any(not _condition(rule) for rule in rules)
    conditions = () if everybody else tuple(dict.fromkeys(_condition(rule) for rule in rules))
    return Coverage(office, role, tuple(at), conditions)


def _in_force(rules: list[Rule], service: Service) -> list[Rule]:
    """The rules of one role at one place that decide for somebody."""
    districts = {"", *(rule.district for rule in rules)}
    initials = INITIALS if any(rule.surname_from or rule.surname_to for rule in rules) else INITIALS[:1]
    audiences = (service.audience,) if service.audience in ("citizen", "business") else ("citizen", "business")
    values = {Decimal(0), *(rule.value_from for rule in rules if rule.value_from is not None)}
    winning: set[str] = set()
    for case in product(districts, initials, audiences, values):
        fitting = [rule for rule in rules if _fits(rule, *case)]
        best = max(fitting, key=_specificity, default=None)
        if best:
            equal = [rule for rule in fitting if rule.shared and _specificity(rule) == _specificity(best)]
            winning.update(rule.id for rule in (equal if best.shared else [best]))
    return [rule for rule in rules if rule.id in winning]


def _fits(rule: Rule, district: str, initial: str, audience: str, value: Decimal) -> bool:
    return (
        rule.district in ("", district)
        and (not (rule.surname_from or rule.surname_to) or in_range(initial, rule.surname_from, rule.surname_to))
        and rule.audience in ("both", audience)
        and (rule.value_from is None or rule.value_from <= value)
        and (rule.value_to is None or value <= rule.value_to)
    )


def _specificity(rule: Rule) -> tuple[bool, int, bool]:
    return bool(rule.district), area_level(rule.applies_to), rule.service != "*"


def _condition(rule: Rule) -> str:
    """For whom a rule is, in German; empty when it is for everybody."""
    parts = []
    if rule.surname_from or rule.surname_to:
        parts.append(f"Nachnamen {rule.surname_from or 'A'} bis {rule.surname_to or 'Z'}")
    if rule.district:
        parts.append(rule.district if rule.district in ROAD_CLASSES else f"Ortsteil {rule.district}")
    if rule.value_from is not None:
        parts.append(f"Auftragswert ab {_euros(rule.value_from)}")
    if rule.value_to is not None:
        parts.append(f"Auftragswert bis {_euros(rule.value_to)}")
    if rule.audience != "both":
        parts.append("für Betriebe" if rule.audience == "business" else "für Privatpersonen")
    return ", ".join(parts)


def _euros(value: Decimal) -> str:
    """„1.000 Euro“, „1.000,01 Euro“."""
    text = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{text.removesuffix(',00')} Euro"

"""`lotse resolve`: the resolver alone."""

from __future__ import annotations

import difflib
from datetime import date
from decimal import Decimal
from typing import Any

from bot.cli import UsageError
from bot.commands.places import localities
from knowledge.active import gazetteer
from knowledge.model import ROAD_CLASSES, Facts, Locality
from knowledge.release import Release
from knowledge.responsibility import Ambiguous, Missing, NotHere, Outcome, Responsible, resolve

_OUTCOMES = {Responsible: "answer", Missing: "missing", Ambiguous: "ambiguous", NotHere: "nothere"}


def resolve_command(
    release: Release,
    service: str,
    *,
    place: str | None,
    district: str | None,
    surname: str | None,
    audience: str | None,
    value: Decimal | None,
    on: date,
) -> tuple[dict[str, Any], str]:
    """The outcome as JSON data and as text. Raises `UsageError` for an unknown service, place or district."""
    found = release.service_by_key(service)
    if found is None:
        near = difflib.get_close_matches(service, release.services, n=1)
        raise UsageError(f"Die Leistung „{service}“ gibt es nicht" + (f", meinten Sie „{near[0]}“?" if near else "."))
    service = found.slug
    places, district = _with_district(release, localities(release, place), district)
    facts = Facts(places, district, surname or None, audience, value)
    outcome = resolve(release, service, facts, on)
    data = _data(release, service, outcome)
    return data, _text(release, outcome)


def _with_district(
    release: Release, places: tuple[Locality, ...] | None, district: str | None
) -> tuple[tuple[Locality, ...] | None, str | None]:
    """Narrow the places by an Ortsteil; a road class stays a fact of its own."""
    if not district or district in ROAD_CLASSES:
        return places, district or None
    found = gazetteer(release).lookup(district)
    areas = {each.ars for each in places or found}
    named = tuple(each for each in found if each.ars in areas)
    if not named:
        known = {name.name for each in places or () if each.ars in release.places for name in release.places[each.ars].districts}
        if district not in known:
            raise UsageError(f"Den Ortsteil oder die Straßenklasse „{district}“ kenne ich dort nicht.")
        return places, district
    return named, next((each.district for each in named if each.district), district)


def _data(release: Release, service: str, outcome: Outcome) -> dict[str, Any]:
    choices = getattr(outcome, "choices", ())
    return {
        "outcome": _OUTCOMES[type(outcome)],
        "service": service,
        "offices": offices_data(release, getattr(outcome, "offices", ())),
        "missing": outcome.fact if isinstance(outcome, Missing) else "place" if isinstance(outcome, Ambiguous) else None,
        "choices": [dict(choice.__dict__) for choice in choices],
        "release": release.id,
    }


def offices_data(release: Release, assignments: Any) -> list[dict[str, str]]:
    """Offices as the JSON of the command line shows them."""
    return [
        {
            "id": each.office,
            "name": release.offices[each.office].name,
            "role": each.role,
            "certainty": each.certainty,
            "reason": each.reason,
            "rule": each.rule,
        }
        for each in assignments
    ]


def _text(release: Release, outcome: Outcome) -> str:
    if isinstance(outcome, Missing | Ambiguous):
        what = outcome.fact if isinstance(outcome, Missing) else "place"
        return "\n".join((f"Noch offen: {what}", *(f"  {choice.value}  {choice.label}" for choice in outcome.choices)))
    if not outcome.offices:
        return "Keine Stelle im Landkreis ist zuständig."
    lines = [
        f"{each.role}: {release.offices[each.office].name} [{each.office}, {each.certainty}]\n  {each.reason}"
        for each in outcome.offices
    ]
    return "\n".join(lines)

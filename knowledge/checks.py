"""Does the knowledge hold together? Each finding names the entry and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from knowledge.hours import day_hours
from knowledge.model import Facts, Locality, Rule, Service
from knowledge.release import Release
from knowledge.responsibility import NotHere, resolve
from knowledge.surnames import INITIALS, in_range

ERROR = "Fehler"
HINT = "Hinweis"


@dataclass(frozen=True)
class Finding:
    """Something to mend (`Fehler`) or to look at (`Hinweis`)."""

    severity: str
    entry: str
    message: str


def check(release: Release, on: date | None = None) -> list[Finding]:
    """All findings for a day, today by default."""
    on = on or date.today()
    return [
        *_services_without_office(release, on),
        *_surname_gaps(release, on),
        *_offices(release),
        *_thin_services(release),
    ]


def _services_without_office(release: Release, on: date) -> Iterator[Finding]:
    for service in release.services.values():
        rules = [rule for rule in release.rules_for(service, on) if rule.role == "zustaendig"]
        if not rules:
            yield Finding(ERROR, service.slug, "Für diese Leistung gibt es keine Regel. Bitte eine zuständige Stelle eintragen.")
            continue
        for place in release.places.values():
            if place.is_county:
                continue
            outcome = resolve(release, service.slug, Facts(places=(Locality(place.ars),)), on)
            covered = any(rule.applies_to in release.chain(place.ars) for rule in rules)
            if not covered or (isinstance(outcome, NotHere) and not outcome.offices):
                yield Finding(ERROR, service.slug, f"In {place.name} ist niemand zuständig. Bitte eine Regel ergänzen.")


def _surname_gaps(release: Release, on: date) -> Iterator[Finding]:
    groups: dict[tuple[str, str, str, str, str, str], list[Rule]] = {}
    for rule in release.knowledge.rules:
        if (rule.surname_from or rule.surname_to) and rule.valid_from <= on <= rule.valid_to:
            key = (rule.service, rule.office_type, rule.applies_to, rule.district, rule.audience, rule.role)
            groups.setdefault(key, []).append(rule)
    for key, rules in groups.items():
        entry = key[0] if key[0] != "*" else key[1]
        for initial in INITIALS:
            hits = [rule for rule in rules if in_range(initial, rule.surname_from, rule.surname_to)]
            if len(hits) != 1:
                what = "keine Regel" if not hits else "mehrere Regeln (" + ", ".join(rule.id for rule in hits) + ")"
                yield Finding(ERROR, entry, f"Für Nachnamen mit {initial} gibt es {what}. Bitte die Bereiche anpassen.")


def _offices(release: Release) -> Iterator[Finding]:
    used = {rule.office for rule in release.knowledge.rules}
    parents = {office.parent for office in release.offices.values()}
    for office in release.offices.values():
        try:
            day_hours(office.hours, date(2026, 3, 2)) if office.hours else None
        except SyntaxError:
            yield Finding(ERROR, office.id, f"Die Öffnungszeiten „{office.hours}“ sind nicht lesbar (OSM opening_hours).")
        if office.id not in used and office.id not in parents:
            yield Finding(HINT, office.id, "Keine Regel führt zu dieser Stelle. Bitte prüfen, ob sie noch gebraucht wird.")
        if not (office.phone or office.email or office.website):
            yield Finding(HINT, office.id, "Es fehlt jeder Kontakt (Telefon, E-Mail oder Internet).")


def _thin_services(release: Release) -> Iterator[Finding]:
    for service in release.services.values():
        yield from _thin(service)


def _thin(service: Service) -> Iterator[Finding]:
    if not service.short:
        yield Finding(HINT, service.slug, "Es fehlt der kurze Text.")
    if len(service.examples) < 8:
        yield Finding(HINT, service.slug, f"Nur {len(service.examples)} Beispielfragen; mindestens 8 sollten es sein.")

"""Entries that name others which do not exist, keys that exist twice, chains that run in a circle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from knowledge.checks.finding import ERROR, HINT, Finding, listed
from knowledge.model import ANYWHERE, ROAD_CLASSES, Place, Rule
from knowledge.release import KINDS, Release, key_of


def references(release: Release) -> Iterator[Finding]:
    """What names something that does not exist."""
    yield from _of_rules(release)
    yield from _of_services(release)
    yield from _of_offices(release)
    for journey in release.knowledge.journeys:
        for slug in dict.fromkeys(step.service for step in journey.steps):
            if slug not in release.services:
                yield _dead(journey.slug, "journeys", f"Der Schritt „{slug}“ ist keine Leistung.", "berichtigen oder streichen")
    for each in release.knowledge.distinctions:
        for slug in (each.first, each.second):
            if slug not in release.services:
                yield _dead(each.key, "distinctions", f"Die Leistung „{slug}“ gibt es nicht.", "berichtigen oder löschen")
    for notice in release.knowledge.notices:
        if notice.office and notice.office not in release.offices:
            yield _dead(notice.id, "notices", f"Die Stelle „{notice.office}“ gibt es nicht.", "berichtigen oder löschen")
        if notice.service and notice.service not in release.services:
            yield _dead(notice.id, "notices", f"Die Leistung „{notice.service}“ gibt es nicht.", "berichtigen oder löschen")


def _dead(entry: str, kind: str, what: str, advice: str) -> Finding:
    return Finding(ERROR, entry, f"{what} Bitte {advice}.", "reference", kind)


def _of_rules(release: Release) -> Iterator[Finding]:
    types = {each.type for each in release.knowledge.office_types} | {each.office_type for each in release.services.values()}
    areas = {ANYWHERE, *(area for ars in release.places for area in release.chain(ars))}
    districts = _districts(release)
    for rule in release.knowledge.rules:
        if rule.office not in release.offices:
            yield _dead(rule.id, "rules", f"Die Stelle „{rule.office}“ gibt es nicht.", "eine vorhandene Stelle eintragen")
        if rule.service != ANYWHERE and rule.service not in release.services:
            yield _dead(rule.id, "rules", f"Die Leistung „{rule.service}“ gibt es nicht.", "berichtigen oder die Regel löschen")
        if rule.service == ANYWHERE and rule.office_type not in types:
            what = f"Die Art von Stelle „{rule.office_type}“ gibt es nicht."
            yield _dead(rule.id, "rules", what, "berichtigen oder die Regel löschen")
        if rule.applies_to not in areas:
            what = f"Das Gebiet „{rule.applies_to}“ gehört zu keinem Ort."
            yield _dead(rule.id, "rules", what, "einen ARS (12 Ziffern), eine VG (9 Ziffern) oder * eintragen")
        elif rule.district and rule.district not in ROAD_CLASSES and not _has(release, rule, districts):
            what = f"Den Ortsteil „{rule.district}“ gibt es im Gebiet „{rule.applies_to}“ nicht."
            yield _dead(rule.id, "rules", what, "die Schreibweise prüfen")


def _districts(release: Release) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for place in release.places.values():
        for district in place.districts:
            found.setdefault(district.name, []).append(place)
    return found


def _has(release: Release, rule: Rule, districts: dict[str, list[Place]]) -> bool:
    return any(rule.applies_to in release.chain(place.ars) for place in districts.get(rule.district, ()))


def _of_services(release: Release) -> Iterator[Finding]:
    known = {each.type for each in release.knowledge.office_types}
    missing: dict[str, list[str]] = {}
    for service in release.services.values():
        if service.office_type not in known and known:
            missing.setdefault(service.office_type, []).append(service.slug)
    for office_type, slugs in missing.items():
        what = f"Die Art von Stelle „{office_type}“ gibt es nicht, sie steht bei {listed(slugs)}."
        yield _dead(slugs[0] if len(slugs) == 1 else office_type, "services", what, "die Art anlegen oder berichtigen")


def _of_offices(release: Release) -> Iterator[Finding]:
    types = {each.type for each in release.knowledge.office_types}
    for office in release.offices.values():
        if office.parent and office.parent not in release.offices:
            what = f"Die übergeordnete Stelle „{office.parent}“ gibt es nicht."
            yield _dead(office.id, "offices", what, "berichtigen oder weglassen")
        if office.place and office.place not in release.places and release.places:
            yield _dead(office.id, "offices", f"Den Ort „{office.place}“ gibt es nicht.", "den ARS berichtigen oder weglassen")
        if office.type and types and office.type not in types:
            yield _dead(
                office.id, "offices", f"Die Art von Stelle „{office.type}“ gibt es nicht.", "die Art anlegen oder berichtigen"
            )


def circles(release: Release) -> Iterator[Finding]:
    """Offices above themselves, services told apart from themselves, a Verwaltungsgemeinschaft of one."""
    for circle in _parent_circles(release):
        if len(circle) == 1:
            message = "Die Stelle ist sich selbst übergeordnet. Bitte die übergeordnete Stelle berichtigen."
        else:
            message = f"Diese Stellen sind einander übergeordnet: {', '.join(circle)}. Bitte eine Übergeordnete streichen."
        yield Finding(ERROR, circle[0], message, "circle", "offices")
    for each in release.knowledge.distinctions:
        if each.first == each.second:
            message = "Eine Leistung lässt sich nicht von sich selbst unterscheiden. Bitte eine der beiden ersetzen."
            yield Finding(ERROR, each.key, message, "circle", "distinctions")
    members = Counter(place.ars[:9] for place in release.places.values())
    for place in release.places.values():
        if place.vg and place.vg == place.name and members[place.ars[:9]] == 1:
            message = f"{place.name} ist als einzige Gemeinde der eigenen Verwaltungsgemeinschaft eingetragen. Bitte prüfen."
            yield Finding(HINT, place.ars, message, "circle", "places")


def _parent_circles(release: Release) -> Iterator[list[str]]:
    done: set[str] = set()
    for start in sorted(release.offices):
        path: dict[str, int] = {}
        at = start
        while at and at in release.offices and at not in done:
            done.add(at)
            path[at] = len(path)
            at = release.offices[at].parent
        if at in path:
            circle = list(path)[path[at] :]
            first = circle.index(min(circle))
            yield circle[first:] + circle[:first]


def duplicates(release: Release) -> Iterator[Finding]:
    """Keys that exist twice among their kind: the later entry hides the earlier one."""
    for kind in KINDS:
        entries = getattr(release.knowledge, kind)
        keys = Counter(_key(kind, entry) for entry in entries)
        for key, count in keys.items():
            if not key:
                message = f"{'Ein Eintrag hat' if count == 1 else f'{count} Einträge haben'} keinen Schlüssel. Bitte ergänzen."
                yield Finding(ERROR, kind, message, "duplicate", kind)
            elif count > 1:
                message = f"Diesen Schlüssel gibt es {count}-mal. Bitte umbenennen oder löschen, was zu viel ist."
                yield Finding(ERROR if kind != "outside" else HINT, key, message, "duplicate", kind)
    for what, by_name in (("Die Kennung", _by_source(release)), ("Die Absicht", _by_intent(release))):
        for name, slugs in by_name.items():
            if len(slugs) > 1:
                message = f"{what} „{name}“ steht bei mehreren Leistungen: {listed(slugs)}. Bitte nur bei einer lassen."
                yield Finding(ERROR, slugs[0], message, "duplicate", "services")
    yield from _same_pairs(release)


def _key(kind: str, entry: object) -> str:
    try:
        return key_of(kind, entry)
    except StopIteration:
        return ""


def _by_source(release: Release) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for service in release.services.values():
        for each in dict.fromkeys(service.source_ids):
            found.setdefault(each, []).append(service.slug)
    return found


def _by_intent(release: Release) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for service in release.services.values():
        if service.intent:
            found.setdefault(service.intent, []).append(service.slug)
    return found


def _same_pairs(release: Release) -> Iterator[Finding]:
    pairs = Counter(tuple(sorted((each.first, each.second))) for each in release.knowledge.distinctions)
    for (one, other), count in pairs.items():
        keys = {each.key for each in release.knowledge.distinctions if {each.first, each.second} == {one, other}}
        if count > 1 and len(keys) > 1:
            message = "Dieses Paar ist zweimal unterschieden, einmal in jeder Richtung. Bitte eine Unterscheidung löschen."
            yield Finding(HINT, f"{one}|{other}", message, "duplicate", "distinctions")

"""Names and keys that two entries share, and keys that are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from knowledge.checks.finding import ERROR, HINT, Finding, listed
from knowledge.release import Release
from knowledge.text import fold

_LEIKA = re.compile(r"99\d{12}")
_CPV = re.compile(r"\d{2,8}")


def names(release: Release) -> Iterator[Finding]:
    """Services, offices and places of the same name, and words that lead to several services."""
    services = release.services.values()
    for slugs in _same((fold(each.name), each.slug) for each in services):
        name = release.services[slugs[0]].name
        message = f"„{name}“ heißen mehrere Leistungen: {listed(slugs)}. Bitte zusammenführen oder die Namen unterscheiden."
        yield Finding(HINT, slugs[0], message, "name", "services")
    for ids in _same((fold(each.name), each.id) for each in release.offices.values()):
        message = (
            f"„{release.offices[ids[0]].name}“ heißen mehrere Stellen: {listed(ids)}. Bitte zusammenführen oder unterscheiden."
        )
        yield Finding(HINT, ids[0], message, "name", "offices")
    for places in _same((fold(each.name), each.ars) for each in release.places.values()):
        message = (
            f"Den Ortsnamen „{release.places[places[0]].name}“ gibt es mehrfach: {listed(places)}. Bitte einen Zusatz anfügen."
        )
        yield Finding(HINT, places[0], message, "name", "places")
    yield from _shared_words(release)


def _same(named: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    """Keys that have the same name, at least two each."""
    by_name: dict[str, list[str]] = {}
    for name, key in named:
        by_name.setdefault(name, []).append(key)
    return (sorted(keys) for name, keys in by_name.items() if name and len(keys) > 1)


def _shared_words(release: Release) -> Iterator[Finding]:
    """A word that is a synonym of several services, unless it is told what tells them apart."""
    told = {frozenset((each.first, each.second)) for each in release.knowledge.distinctions}
    words: dict[str, dict[str, str]] = {}
    namesakes: dict[str, set[str]] = {}
    for service in release.services.values():
        namesakes.setdefault(fold(service.name), set()).add(service.slug)
        for word in (service.name, *service.synonyms):
            words.setdefault(fold(word), {}).setdefault(service.slug, word)
    for folded, by_slug in words.items():
        slugs = sorted(by_slug)
        if len(slugs) < 2 or set(slugs) == namesakes.get(folded) or (len(slugs) == 2 and frozenset(slugs) in told):
            continue
        message = f"„{by_slug[slugs[0]]}“ führt zu mehreren Leistungen: {listed(slugs)}. Bitte nur bei einer lassen."
        yield Finding(HINT, slugs[0], message, "name", "services")


def keys(release: Release) -> Iterator[Finding]:
    """LeiKa keys, CPV codes, ARS and AGS that are none, or that stand twice."""
    for service in release.services.values():
        if service.leika and not _LEIKA.fullmatch(service.leika):
            message = f"„{service.leika}“ ist kein LeiKa-Schlüssel. Bitte 14 Ziffern eintragen, beginnend mit 99."
            yield Finding(ERROR, service.slug, message, "key", "services")
        for code in service.cpv:
            if not _CPV.fullmatch(code):
                message = f"„{code}“ ist kein CPV-Code. Bitte 2 bis 8 Ziffern eintragen, ohne Prüfziffer."
                yield Finding(ERROR, service.slug, message, "key", "services")
    for slugs in _same((each.leika, each.slug) for each in release.services.values()):
        key = release.services[slugs[0]].leika
        message = f"Der LeiKa-Schlüssel {key} steht bei mehreren Leistungen: {listed(slugs)}. Bitte prüfen."
        yield Finding(HINT, slugs[0], message, "key", "services")
    for place in release.places.values():
        if not re.fullmatch(r"\d{12}", place.ars):
            message = f"„{place.ars}“ ist kein Regionalschlüssel. Bitte 12 Ziffern eintragen, auch die Null am Anfang."
            yield Finding(ERROR, place.ars, message, "key", "places")
        elif place.ags not in ("", place.ars[:5], place.ars[:5] + place.ars[9:]):
            message = f"Der AGS {place.ags} passt nicht zum ARS. Bitte {place.ars[:5] + place.ars[9:]} eintragen."
            yield Finding(ERROR, place.ars, message, "key", "places")
    yield from _same_ags(release)


def _same_ags(release: Release) -> Iterator[Finding]:
    for places in _same((each.ags, each.ars) for each in release.places.values()):
        message = f"Den AGS {release.places[places[0]].ags} haben mehrere Orte: {listed(places)}. Bitte berichtigen."
        yield Finding(ERROR, places[0], message, "key", "places")

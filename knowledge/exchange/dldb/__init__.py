"""Services and locations from a DLDB export (`services_de.json`, `locations_de.json`), as Berlin and Munich publish them.

In DLDB `requirements` are the documents to bring and `prerequisites` the conditions; half of the fields may be missing. The
format is described at https://github.com/it-at-m/eappointment (zmsdldb).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from knowledge.exchange.dldb.entry import LONGEST_NAME, OFFICE_TYPE, Entry, Export
from knowledge.exchange.dldb.offices import read_offices
from knowledge.exchange.dldb.services import read_service
from knowledge.exchange.limits import load_json, one_line
from knowledge.exchange.reading import Reading, Unreadable
from knowledge.model import Rule
from knowledge.release import Knowledge
from knowledge.text import fold

SERVICES, LOCATIONS, TOPICS = "services_de.json", "locations_de.json", "topics_de.json"

_MOST_ENTRIES = 10_000
_MOST_PAIRS = 50_000
_LONGEST_SLUG = 100
# Fields for booking appointments, or that say the same as another one.
_TECHNICAL = frozenset(
    "id meta leika public authorities authority relation combinable duration maxQuantity showOnStartPage "
    "allowDisabledServicesMix dontShowByServices forceSlotTimeUpdate sharedBookingOfficeIds showAlternativeLocations "
    "slotTimeInMinutes prio category office appointment responsibility_all".split()
)
_SERVICE_FIELDS = _TECHNICAL | frozenset(
    "name description locations links forms publications fees requirements prerequisites legal process_time processing_time "
    "onlineprocessing responsibility hint".split()
)
_LOCATION_FIELDS = _TECHNICAL | frozenset(
    "name displayName displayNameAlternatives organization organizationUnit address geo contact opening_times services note "
    "payment accessibility".split()
)


@dataclass(frozen=True)
class _Pair:
    """A service at a location; `by` names the files that say so."""

    reference: Entry
    by: frozenset[str]


def read_dldb(path: Path) -> Reading:
    """Read the export in a folder; one of its two files may be named instead.

    Raises `Unreadable` when a file is missing or no export, or holds no usable entry.
    """
    return _Reader(_folder(path)).read()


def _folder(path: Path) -> Path:
    try:
        resolved = path.resolve()
        if resolved.is_dir():
            return resolved
    except (OSError, RuntimeError, ValueError) as error:
        raise Unreadable(f"„{path}“ lässt sich nicht lesen.") from error
    if path.name in (SERVICES, LOCATIONS):
        return resolved.parent
    raise Unreadable(f"„{path}“ ist kein Ordner mit {SERVICES} und {LOCATIONS}.")


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._export = Export(one_line(folder.name, most=50))
        self._mended, self._refused = self._export.mended, self._export.refused

    def read(self) -> Reading:
        if (self._folder / TOPICS).exists():
            self._export.topics = {key: entry.line("name") for key, entry in self._identified(TOPICS, "topics").items()}
        services = self._identified(SERVICES, "services")
        locations = self._identified(LOCATIONS, "locations")
        self._report_unused(services.values(), "services", _SERVICE_FIELDS)
        self._report_unused(locations.values(), "locations", _LOCATION_FIELDS)
        slugs = _slugs({key: entry.line("name", LONGEST_NAME) for key, entry in services.items()})
        knowledge = Knowledge(
            offices=read_offices(locations),
            services=tuple(read_service(entry, key, slugs[key]) for key, entry in services.items()),
            rules=tuple(self._rules(self._pairs(services, locations), slugs)),
            office_types=(OFFICE_TYPE,),
        )
        return Reading(
            knowledge, f"dldb:{self._export.name}", self._mended.rare_first(), self._refused.rare_first(), complete=True
        )

    def _identified(self, file: str, kind: str) -> dict[str, Entry]:
        """The entries of a file that have a name, by identifier."""
        found: dict[str, Entry] = {}
        for entry in self._entries(file, kind):
            key = entry.identifier()
            if not key:
                self._refused.add(entry.at("id"), "Die Kennung fehlt oder ist nicht verwendbar.")
            elif key in found:
                self._refused.add(entry.where, f"Die Kennung {key} gibt es schon.")
            elif not _slug(entry.line("name", LONGEST_NAME)):
                self._refused.add(entry.at("name"), "Der Name fehlt.")
            else:
                found[key] = entry
        if not found:
            raise Unreadable(f"In der Datei „{file}“ steht kein verwendbarer Eintrag.")
        return found

    def _entries(self, file: str, kind: str) -> Iterator[Entry]:
        export, notes = load_json(self._folder / file)
        self._mended.extend(notes)
        if not isinstance(export, dict) or not isinstance(export.get("data"), list):
            raise Unreadable(f"Die Datei „{file}“ ist kein DLDB-Export: Es fehlt die Liste „data“.")
        if len(export["data"]) > _MOST_ENTRIES:
            raise Unreadable(f"Die Datei „{file}“ hat mehr als {_MOST_ENTRIES} Einträge.")
        if export.get("error"):
            raise Unreadable(f"Die Datei „{file}“ ist ein misslungener Export („error“).")
        meta = export.get("meta")
        head = Entry({**export, **(meta if isinstance(meta, dict) else {})}, kind, self._export)
        self._export.stamps.add(head.line("created") or head.line("generated"))
        announced, listed = head.line("datacount"), len(export["data"])
        if announced and announced != str(listed):
            self._mended.add(head.at("datacount"), f"Angekündigt sind {announced} Einträge, es sind {listed}.")
        return Entry({kind: export["data"]}, "", self._export).entries(kind)

    def _report_unused(self, entries: Iterable[Entry], kind: str, known: frozenset[str]) -> None:
        listed = list(entries)
        unknown = Counter(key for entry in listed for key, value in entry.data.items() if value and key not in known)
        for key, entries_with in unknown.items():
            self._refused.add(
                f"{kind}[*].{one_line(key, most=50)}", f"Für diese Angabe hat Lotse kein Feld ({entries_with} Einträge)."
            )
        hidden = sum(entry.data.get("public") is False for entry in listed)
        if hidden:
            message = f"{hidden} Einträge sind als nicht öffentlich gekennzeichnet. Lotse zeigt sie wie alle anderen."
            self._refused.add(f"{kind}[*].public", message)

    def _pairs(self, services: Mapping[str, Entry], locations: Mapping[str, Entry]) -> dict[tuple[str, str], _Pair]:
        pairs: dict[tuple[str, str], _Pair] = {}
        for key, entry in services.items():
            for reference in entry.entries("locations"):
                location = reference.identifier("location")
                if location in locations:
                    self._pair(pairs, (key, location), reference, SERVICES)
                else:
                    self._refused.add(reference.where, f"Den Standort {location or '(ohne Kennung)'} gibt es nicht.")
        for key, entry in locations.items():
            for reference in entry.entries("services"):
                service = reference.identifier("service")
                if service in services:
                    self._pair(pairs, (service, key), reference, LOCATIONS)
                else:
                    self._refused.add(reference.where, f"Die Leistung {service or '(ohne Kennung)'} gibt es nicht.")
        return {pair: self._checked(found, services[pair[0]], locations[pair[1]]) for pair, found in pairs.items()}

    def _pair(self, pairs: dict[tuple[str, str], _Pair], pair: tuple[str, str], reference: Entry, file: str) -> None:
        known = pairs.get(pair)
        if known and file in known.by:
            self._mended.add(reference.where, "Diese Zuordnung steht doppelt.")
        else:
            pairs[pair] = replace(known, by=known.by | {file}) if known else _Pair(reference, frozenset((file,)))
        if len(pairs) > _MOST_PAIRS:
            raise Unreadable(f"Der Export hat mehr als {_MOST_PAIRS} Zuordnungen von Leistungen zu Standorten.")

    def _checked(self, pair: _Pair, service: Entry, location: Entry) -> _Pair:
        """A pair only one file names, though the other one lists others, is likely but not sure."""
        silent = not (service.data.get("locations") if LOCATIONS in pair.by else location.data.get("services"))
        if len(pair.by) == 1 and not silent:
            (file,) = pair.by
            self._mended.add(pair.reference.where, f"Diese Zuordnung steht nur in {file}. Sie gilt als vermutlich.")
            return pair
        return replace(pair, by=frozenset((SERVICES, LOCATIONS)))

    def _rules(self, pairs: Mapping[tuple[str, str], _Pair], slugs: Mapping[str, str]) -> Iterator[Rule]:
        offices = Counter(service for service, _ in pairs)
        order = {service: position for position, service in enumerate(slugs)}
        for service, location in sorted(pairs, key=lambda pair: order[pair[0]]):
            pair = pairs[service, location]
            hints = (pair.reference.plain(key) for key in ("hint", "responsibility_hint"))
            yield Rule(
                id=f"dldb-{service}-{location}",
                service=slugs[service],
                office=f"dldb-{location}",
                role="zustaendig",
                certainty="belegt" if len(pair.by) > 1 else "vermutlich",
                reason=" ".join(("Diese Leistung wird hier angeboten.", *filter(None, hints))),
                shared=offices[service] > 1,
                source=self._export.source,
            )


def _slugs(names: Mapping[str, str]) -> dict[str, str]:
    """A slug for each identifier. Of equal names the lowest identifier has the plain one, whatever the order of the file."""
    taken: dict[str, str] = {}
    for key in sorted(names, key=lambda each: (len(each), each)):
        slug = _slug(names[key])
        others = (f"{slug}-{_slug(key)}-{number}" for number in count(2))
        free = next(each for each in chain((slug, f"{slug}-{_slug(key)}"), others) if each not in taken)
        taken[free] = key
    slugs = {key: slug for slug, key in taken.items()}
    return {key: slugs[key] for key in names}


def _slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")
    return slug if len(slug) <= _LONGEST_SLUG else slug[:_LONGEST_SLUG].rpartition("-")[0] or slug[:_LONGEST_SLUG]

"""A release: the published knowledge as one immutable value, with the indexes that answers need.

It travels as JSON between store, gateway and worker. Its digest is the SHA-256 of its content in canonical form, so equal
knowledge has an equal digest whatever its number.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import count
from typing import Any, Final

from knowledge.codec import from_row, to_row
from knowledge.model import (
    ANYWHERE,
    NOWHERE,
    OUTSIDE,
    Distinction,
    Example,
    Journey,
    Locality,
    Notice,
    Office,
    OfficeType,
    OutsidePlace,
    Place,
    Rule,
    Service,
)


@dataclass(frozen=True)
class Knowledge:
    """Everything a release holds: the places, the offices, the services, the rules that tie them together, and the rest."""

    places: tuple[Place, ...] = ()
    offices: tuple[Office, ...] = ()
    services: tuple[Service, ...] = ()
    rules: tuple[Rule, ...] = ()
    outside: tuple[OutsidePlace, ...] = ()
    office_types: tuple[OfficeType, ...] = ()
    journeys: tuple[Journey, ...] = ()
    distinctions: tuple[Distinction, ...] = ()
    notices: tuple[Notice, ...] = ()


KINDS: Final[Mapping[str, type]] = {
    "places": Place,
    "offices": Office,
    "services": Service,
    "rules": Rule,
    "outside": OutsidePlace,
    "office_types": OfficeType,
    "journeys": Journey,
    "distinctions": Distinction,
    "notices": Notice,
}
"""The fields of `Knowledge` and what each holds."""

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "places": ("ars",),
    "offices": ("id",),
    "services": ("slug",),
    "rules": ("id",),
    "outside": ("ars", "name", "plz"),
    "office_types": ("type",),
    "journeys": ("slug",),
    "distinctions": ("key",),
    "notices": ("id",),
}


def key_of(kind: str, entry: Any) -> str:
    """What names an entry among those of its kind."""
    key = next(value for name in _KEYS[kind] if (value := getattr(entry, name)))
    return key if isinstance(key, str) else str(key[0])


class RuleIndex:
    """The rules that may decide about a service, by area; shared by all services that have the same ones."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_area: dict[str, list[Rule]] = {}
        for rule in rules:
            self._by_area.setdefault(rule.applies_to, []).append(rule)
        self._found: list[str] = []
        self._search: Iterator[str] | None = None

    def at(self, chain: Iterable[str], on: date) -> list[Rule]:
        """The rules for a chain of areas on a day."""
        found = [rule for area in chain for rule in self._by_area.get(area, ())]
        return [rule for rule in found if rule.valid_from <= on <= rule.valid_to]

    def everywhere(self, on: date) -> list[Rule]:
        """The rules of all areas on a day."""
        return self.at(self._by_area, on)

    def representatives(self, release: Release) -> Iterator[str]:
        """One place (ARS) for each set of places that no rule tells apart, found as far as they are asked for."""
        if self._search is None:
            self._search = self._classes_of(release)
        for number in count():
            if number == len(self._found):
                following = next(self._search, None)
                if following is None:
                    return
                self._found.append(following)
            yield self._found[number]

    def _classes_of(self, release: Release) -> Iterator[str]:
        seen: set[tuple[str, ...]] = set()
        for ars in release.places:
            areas = tuple(area for area in release.chain(ars) if area in self._by_area)
            if areas and areas not in seen:
                seen.add(areas)
                yield ars


@dataclass
class Release:
    """One published state. `published` is an ISO 8601 time in UTC. Never changed after it is made."""

    number: int
    digest: str
    published: str
    knowledge: Knowledge
    places: dict[str, Place] = field(init=False, repr=False)
    offices: dict[str, Office] = field(init=False, repr=False)
    services: dict[str, Service] = field(init=False, repr=False)
    journeys: dict[str, Journey] = field(init=False, repr=False)
    _chains: dict[str, tuple[str, ...]] = field(init=False, repr=False)
    _indexes: dict[str, RuleIndex] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.places = {place.ars: place for place in self.knowledge.places}
        self.offices = {office.id: office for office in self.knowledge.offices}
        self.services = {service.slug: service for service in self.knowledge.services}
        self.journeys = {journey.slug: journey for journey in self.knowledge.journeys}
        self._chains, self._indexes = {}, {}

    @property
    def id(self) -> str:
        """Names the release across machines: number and the beginning of the digest."""
        return f"{self.number}-{self.digest[:12]}"

    @cached_property
    def county(self) -> Place | None:
        """The county itself; None where the knowledge is that of a single city or of many counties."""
        counties = [place for place in self.places.values() if place.is_county]
        return counties[0] if len(counties) == 1 else None

    @cached_property
    def region(self) -> str:
        """What all this is about, for people: „Landkreis Lindenau“, else the place most offices are in, else empty."""
        if self.county:
            return self.county.name
        cities = Counter(office.address.city for office in self.offices.values() if office.address.city)
        return cities.most_common(1)[0][0] if cities else ""

    def service_by_key(self, key: str) -> Service | None:
        """A service by its slug or by the identifier of its source, such as `dldb:1063423`."""
        return self.services.get(key) or self._by_source.get(key)

    def distinctions_of(self, slug: str) -> list[Distinction]:
        """What tells a service apart from others that people confuse with it."""
        return self._distinctions.get(slug, [])

    @cached_property
    def _distinctions(self) -> dict[str, list[Distinction]]:
        found: dict[str, list[Distinction]] = {}
        for each in self.knowledge.distinctions:
            found.setdefault(each.first, []).append(each)
            found.setdefault(each.second, []).append(each)
        return found

    @cached_property
    def _by_source(self) -> dict[str, Service]:
        return {each: service for service in self.knowledge.services for each in service.source_ids}

    @cached_property
    def _rules(self) -> tuple[dict[str, list[Rule]], dict[str, list[Rule]]]:
        """By service and by office type."""
        by_service: dict[str, list[Rule]] = {}
        by_type: dict[str, list[Rule]] = {}
        for rule in self.knowledge.rules:
            index, key = (by_type, rule.office_type) if rule.service == ANYWHERE else (by_service, rule.service)
            index.setdefault(key, []).append(rule)
        return by_service, by_type

    @cached_property
    def _outside_names(self) -> frozenset[str]:
        return frozenset(place.name for place in self.knowledge.outside if place.name)

    def rule_index(self, service: Service) -> RuleIndex:
        """The rules that may decide about a service, whatever the day."""
        by_service, by_type = self._rules
        own = by_service.get(service.slug)
        key = f"{service.slug}/{service.office_type}" if own else f"/{service.office_type}"
        if key not in self._indexes:
            self._indexes[key] = RuleIndex([*(own or ()), *by_type.get(service.office_type, ())])
        return self._indexes[key]

    def rules_for(self, service: Service, on: date) -> list[Rule]:
        """The rules that may decide about a service on a day."""
        return self.rule_index(service).everywhere(on)

    def chain(self, ars: str) -> tuple[str, ...]:
        """The areas a place lies in, smallest first.

        ARS, VG prefix (9 digits), Kreis, Regierungsbezirk, Land, everywhere.
        """
        if ars not in self._chains:
            larger = (ars, ars[:9], *(ars[:digits].ljust(12, "0") for digits in (5, 3, 2, 0)), ANYWHERE)
            self._chains[ars] = (ANYWHERE,) if ars in (OUTSIDE, NOWHERE) else tuple(dict.fromkeys(larger))
        return self._chains[ars]

    def locality_name(self, locality: Locality) -> str:
        """A name for people: „Ammerfeld“, „Strandsiedlung (Unterseeham)“."""
        if locality.ars == OUTSIDE and locality.district in self._outside_names:
            return locality.district
        if locality.ars == OUTSIDE:
            return f"ein Ort außerhalb ({self.region})" if not self.county else _outside_name(self.county)
        place = self.places[locality.ars]
        if place.is_county:
            return place.name.replace("Landkreis", "Landratsamt", 1)
        if locality.district and locality.district != place.name:
            return f"{locality.district} ({place.name})"
        return place.name

    def to_json(self) -> str:
        """The whole release as JSON text; `from_json` reads it."""
        encoder = json.JSONEncoder(ensure_ascii=False)
        head = encoder.encode({"number": self.number, "digest": self.digest, "published": self.published})
        return "".join((head[:-1], ', "knowledge": ', *_pieces(self.knowledge, KINDS, encoder), "}"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Release:
        """Raises `ValueError` when the text is no release."""
        try:
            data = json.loads(text)
            return cls(data["number"], data["digest"], data["published"], knowledge_from_dict(data["knowledge"]))
        except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"not a release: {error!r}") from error


def _outside_name(county: Place) -> str:
    return f"ein Ort außerhalb des Landkreises {county.name.removeprefix('Landkreis ')}"


def digest_of(knowledge: Knowledge) -> str:
    """SHA-256 over the canonical JSON form, 64 hexadecimal digits."""
    encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256()
    for piece in _pieces(knowledge, sorted(KINDS), encoder):
        digest.update(piece.encode())
    return digest.hexdigest()


def _pieces(knowledge: Knowledge, kinds: Iterable[str], encoder: json.JSONEncoder) -> Iterator[str]:
    """The JSON text entry by entry: the rows of a whole Land at once would take as much memory again."""
    comma = encoder.item_separator
    for number, kind in enumerate(kinds):
        yield f'{comma if number else "{"}"{kind}"{encoder.key_separator}['
        for position, entry in enumerate(getattr(knowledge, kind)):
            if position:
                yield comma
            yield encoder.encode(entry_to_row(entry))
        yield "]"
    yield "}"


def knowledge_to_dict(knowledge: Knowledge) -> dict[str, Any]:
    """Plain lists and dictionaries that JSON can hold; empty values are left out."""
    return {kind: [entry_to_row(entry) for entry in getattr(knowledge, kind)] for kind in KINDS}


def knowledge_from_dict(data: Mapping[str, Any]) -> Knowledge:
    """Raises `TypeError` or `ValueError` when the data is no knowledge. Kinds that are missing are empty."""
    return Knowledge(**{kind: tuple(entry_from_row(kind, row) for row in data.get(kind, ())) for kind in KINDS})


def entry_to_row(entry: Any) -> dict[str, Any]:
    """One entry as plain values."""
    if isinstance(entry, Service) and entry.examples:
        return {**to_row(replace(entry, examples=())), "examples": _by_style(entry.examples)}
    return to_row(entry)


def entry_from_row(kind: str, row: Mapping[str, Any]) -> Any:
    """Reads what `entry_to_row` wrote."""
    if kind == "outside":  # eleven thousand of them, read at every start
        return OutsidePlace(row["name"], row.get("ars", ""), row.get("county", ""), tuple(row.get("plz", ())))
    if kind != "services":
        return from_row(KINDS[kind], row)
    examples = tuple(Example(text, style) for style, texts in row.get("examples", {}).items() for text in texts)
    service = from_row(Service, {key: value for key, value in row.items() if key != "examples"})
    return replace(service, examples=examples) if examples else service


def _by_style(examples: Iterable[Example]) -> dict[str, list[str]]:
    styles: dict[str, list[str]] = {}
    for example in examples:
        styles.setdefault(example.style, []).append(example.text)
    return styles

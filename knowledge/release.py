"""A release: the published knowledge as one immutable value, with the indexes that answers need.

It travels as JSON between store, gateway and worker. Its digest is the SHA-256 of its content in canonical form, so equal
knowledge has an equal digest whatever its number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from knowledge.model import (
    ANYWHERE,
    OUTSIDE,
    Address,
    District,
    Example,
    Fee,
    Locality,
    Office,
    OnlineService,
    Place,
    Rule,
    Service,
)


@dataclass(frozen=True)
class Knowledge:
    """Everything a release holds: the places, the offices, the services and the rules that tie them together."""

    places: tuple[Place, ...]
    offices: tuple[Office, ...]
    services: tuple[Service, ...]
    rules: tuple[Rule, ...]
    outside_places: tuple[str, ...] = ()


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
    _chains: dict[str, tuple[str, ...]] = field(init=False, repr=False)
    _by_service: dict[str, list[Rule]] = field(init=False, repr=False)
    _by_type: dict[str, list[Rule]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.places = {place.ars: place for place in self.knowledge.places}
        self.offices = {office.id: office for office in self.knowledge.offices}
        self.services = {service.slug: service for service in self.knowledge.services}
        self._chains = {}
        self._by_service, self._by_type = {}, {}
        for rule in self.knowledge.rules:
            index, key = (self._by_type, rule.office_type) if rule.service == ANYWHERE else (self._by_service, rule.service)
            index.setdefault(key, []).append(rule)

    @property
    def id(self) -> str:
        """Names the release across machines: number and the beginning of the digest."""
        return f"{self.number}-{self.digest[:12]}"

    @property
    def county(self) -> Place:
        """The county itself; raises `LookupError` when the release holds none."""
        for place in self.places.values():
            if place.is_county:
                return place
        raise LookupError("release without a county")

    def rules_for(self, service: Service, on: date) -> list[Rule]:
        """The rules that may decide about a service on a day."""
        rules = [*self._by_service.get(service.slug, ()), *self._by_type.get(service.office_type, ())]
        return [rule for rule in rules if rule.valid_from <= on <= rule.valid_to]

    def chain(self, ars: str) -> tuple[str, ...]:
        """The areas a place lies in, smallest first: ARS, VG prefix (9 digits), county, everywhere."""
        if ars not in self._chains:
            inside = ars != OUTSIDE
            self._chains[ars] = tuple(dict.fromkeys((ars, ars[:9], ars[:5] + "0" * 7, ANYWHERE))) if inside else (ANYWHERE,)
        return self._chains[ars]

    def locality_name(self, locality: Locality) -> str:
        """A name for people: „Ammerfeld", „Strandsiedlung (Unterseeham)"."""
        if locality.ars == OUTSIDE:
            return f"ein Ort außerhalb des Landkreises {self.county.name.removeprefix('Landkreis ')}"
        place = self.places[locality.ars]
        if place.is_county:
            return place.name.replace("Landkreis", "Landratsamt", 1)
        if locality.district and locality.district != place.name:
            return f"{locality.district} ({place.name})"
        return place.name

    def to_json(self) -> str:
        """The whole release as JSON text; `from_json` reads it."""
        head = {"number": self.number, "digest": self.digest, "published": self.published}
        return json.dumps({**head, "knowledge": knowledge_to_dict(self.knowledge)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Release:
        """Raises `ValueError` when the text is no release."""
        try:
            data = json.loads(text)
            return cls(data["number"], data["digest"], data["published"], knowledge_from_dict(data["knowledge"]))
        except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"not a release: {error!r}") from error


def digest_of(knowledge: Knowledge) -> str:
    """SHA-256 over the canonical JSON form, 64 hexadecimal digits."""
    canonical = json.dumps(knowledge_to_dict(knowledge), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def knowledge_to_dict(knowledge: Knowledge) -> dict[str, Any]:
    """Plain lists and dictionaries that JSON can hold; empty values are left out."""
    return {
        "places": [place_to_dict(place) for place in knowledge.places],
        "offices": [office_to_dict(office) for office in knowledge.offices],
        "services": [service_to_dict(service) for service in knowledge.services],
        "rules": [rule_to_dict(rule) for rule in knowledge.rules],
        "outside_places": list(knowledge.outside_places),
    }


def knowledge_from_dict(data: Mapping[str, Any]) -> Knowledge:
    return Knowledge(
        places=tuple(place_from_dict(row) for row in data["places"]),
        offices=tuple(office_from_dict(row) for row in data["offices"]),
        services=tuple(service_from_dict(row) for row in data["services"]),
        rules=tuple(rule_from_dict(row) for row in data["rules"]),
        outside_places=tuple(data.get("outside_places", ())),
    )


def place_to_dict(place: Place) -> dict[str, Any]:
    return _slim_row(asdict(place))


def place_from_dict(row: Mapping[str, Any]) -> Place:
    districts = tuple(District(each["name"], tuple(each.get("plz", ()))) for each in row.get("districts", ()))
    return Place(**{**row, "plz": tuple(row.get("plz", ())), "districts": districts})


def office_to_dict(office: Office) -> dict[str, Any]:
    return _slim_row(asdict(office))


def office_from_dict(row: Mapping[str, Any]) -> Office:
    return Office(**{**row, "address": Address(**row.get("address", {}))})


def service_to_dict(service: Service) -> dict[str, Any]:
    row = _slim_row({**asdict(service), "examples": ()})
    if service.examples:
        row["examples"] = _by_style(service.examples)
    return row


def service_from_dict(row: Mapping[str, Any]) -> Service:
    online = row.get("online")
    return Service(
        **{
            **row,
            **{key: tuple(row[key]) for key in _LISTS if key in row},
            "fees": tuple(Fee(**fee) for fee in row.get("fees", ())),
            "online": OnlineService(**online) if online else None,
            "examples": tuple(Example(text, style) for style, texts in row.get("examples", {}).items() for text in texts),
        }
    )


def rule_to_dict(rule: Rule) -> dict[str, Any]:
    row = dict(rule.__dict__)
    for key in ("value_from", "value_to"):
        row[key] = None if row[key] is None else str(row[key])
    row["valid_from"] = "" if rule.valid_from == date.min else rule.valid_from.isoformat()
    row["valid_to"] = "" if rule.valid_to == date.max else rule.valid_to.isoformat()
    return _slim_row(row)


def rule_from_dict(row: Mapping[str, Any]) -> Rule:
    changed: dict[str, Any] = {key: Decimal(row[key]) for key in ("value_from", "value_to") if key in row}
    changed |= {key: date.fromisoformat(row[key]) for key in ("valid_from", "valid_to") if key in row}
    return Rule(**{**row, **changed})


_LISTS = ("varies_by", "synonyms", "documents", "deadlines", "legal_basis")


def _by_style(examples: Iterable[Example]) -> dict[str, list[str]]:
    styles: dict[str, list[str]] = {}
    for example in examples:
        styles.setdefault(example.style, []).append(example.text)
    return styles


def _slim_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty entries; tuples as lists."""
    slim = {key: _slim(each) for key, each in row.items()}
    return {key: each for key, each in slim.items() if each not in (None, "", [], {}, False)}


def _slim(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _slim_row(value)
    if isinstance(value, (list, tuple)):
        return [_slim(each) for each in value]
    return value

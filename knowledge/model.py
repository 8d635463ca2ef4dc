"""What the county knows, as plain values: services, offices, places and rules of responsibility.

Identifiers follow the public standards: ARS (12 digits, Amtlicher Regionalschlüssel) and AGS (8 digits) for places,
LeiKa (14 digits) for services, OSM `opening_hours` for hours, Leitweg-ID for electronic invoices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ANYWHERE = "*"
OUTSIDE = "outside"
"""Stands in for the ARS of every place that is not in this county."""

ROAD_CLASSES = ("Gemeindestraße", "Kreisstraße", "Staatsstraße", "Bundesstraße", "Autobahn")
"""Classes of roads (Art. 3 BayStrWG, § 1 FStrG). The first is meant where a rule names none."""

SUPRALOCAL_LEVELS = frozenset({"land", "bund", "kammer", "privat"})
"""Levels at which somebody other than the county and its Gemeinden is responsible."""


@dataclass(frozen=True)
class District:
    """An Ortsteil; `plz` only where its postcode differs from the rest of the Gemeinde."""

    name: str
    plz: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A Gemeinde or the county itself.

    `ars` 12 digits, `ags` 8 digits (5 for the county), `vg` the name of the Verwaltungsgemeinschaft, if any.
    """

    ars: str
    ags: str
    name: str
    kind: str
    vg: str = ""
    plz: tuple[str, ...] = ()
    districts: tuple[District, ...] = ()

    @property
    def is_county(self) -> bool:
        return self.kind == "landkreis"


@dataclass(frozen=True, order=True)
class Locality:
    """Where somebody is: a place by ARS and, if known, the Ortsteil."""

    ars: str
    district: str = ""

    def __str__(self) -> str:
        return f"{self.ars}/{self.district}" if self.district else self.ars

    @classmethod
    def parse(cls, text: str) -> Locality:
        """Read what `str(locality)` wrote."""
        ars, _, district = text.partition("/")
        return cls(ars, district)


@dataclass(frozen=True)
class Address:
    street: str = ""
    plz: str = ""
    city: str = ""


@dataclass(frozen=True)
class Office:
    """An office that people can turn to; `hours` in OSM syntax, empty when unknown."""

    id: str
    type: str
    level: str
    name: str
    place: str = ""
    parent: str = ""
    hours: str = ""
    appointment_only: bool = False
    leitweg_id: str = ""
    address: Address = Address()
    phone: str = ""
    email: str = ""
    website: str = ""
    remark: str = ""

    @property
    def is_supralocal(self) -> bool:
        return self.level in SUPRALOCAL_LEVELS


@dataclass(frozen=True)
class Fee:
    """A fee in words; `example` marks local figures that only show the form."""

    text: str
    example: bool = False


@dataclass(frozen=True)
class OnlineService:
    title: str
    url: str = ""
    example: bool = False


@dataclass(frozen=True)
class Example:
    """A question as somebody would type it, with the style it is written in."""

    text: str
    style: str


@dataclass(frozen=True)
class Service:
    """A Leistung. `intent` is the class the understanding answers with: `anliegen/<slug>`."""

    slug: str
    name: str
    audience: str
    level: str
    office_type: str
    life_situation: str
    leika: str = ""
    varies_by: tuple[str, ...] = ()
    intent: str = ""
    synonyms: tuple[str, ...] = ()
    short: str = ""
    short_en: str = ""
    documents: tuple[str, ...] = ()
    fees: tuple[Fee, ...] = ()
    deadlines: tuple[str, ...] = ()
    online: OnlineService | None = None
    legal_basis: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Who is responsible, where and for whom.

    `service` is a slug or `*` (every service of `office_type`). `applies_to` is an ARS of 12 digits, a VG prefix of 9
    digits or `*`. Values are order values in EUR net. Both ends of every range are included.
    """

    id: str
    service: str
    office: str
    role: str
    certainty: str
    reason: str
    office_type: str = ""
    applies_to: str = ANYWHERE
    district: str = ""
    surname_from: str = ""
    surname_to: str = ""
    audience: str = "both"
    value_from: Decimal | None = None
    value_to: Decimal | None = None
    valid_from: date = date.min
    valid_to: date = date.max


@dataclass(frozen=True)
class Facts:
    """What is known about the one who asks; None is unknown.

    `places` holds more than one entry when a postcode or name fits several places. `surname` is the name or its
    beginning, `audience` is `citizen` or `business`, `value` an order value in EUR net.
    """

    places: tuple[Locality, ...] | None = None
    district: str | None = None
    surname: str | None = None
    audience: str | None = None
    value: Decimal | None = None

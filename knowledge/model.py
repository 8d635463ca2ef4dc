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

NOWHERE = "nowhere"
"""Stands in for the place of somebody whose place is not known and need not be: only rules for everywhere hold."""

ROAD_CLASSES = ("Gemeindestraße", "Kreisstraße", "Staatsstraße", "Bundesstraße", "Autobahn")
"""Classes of roads (Art. 3 BayStrWG, § 1 FStrG). The first is meant where a rule names none."""

LOCAL_HOLIDAYS = ("mariae-himmelfahrt", "fronleichnam", "friedensfest")
"""Holidays that hold in single Gemeinden: Assumption Day in Bavaria where Catholics are in the majority (Art. 1 Abs. 1 Nr. 2
BayFTG), the peace festival in Augsburg (Art. 1 Abs. 2 BayFTG), Corpus Christi in parts of Saxony and Thuringia.
"""

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

    `ars` 12 digits, `ags` 8 digits (5 for the county), `vg` the name of the Verwaltungsgemeinschaft, if any,
    `holidays` those of `LOCAL_HOLIDAYS` that are kept here, `geo` latitude and longitude (WGS 84) of its seat, if known.
    """

    ars: str
    ags: str
    name: str
    kind: str
    vg: str = ""
    plz: tuple[str, ...] = ()
    districts: tuple[District, ...] = ()
    holidays: tuple[str, ...] = ()
    geo: tuple[float, ...] = ()

    @property
    def is_county(self) -> bool:
        return self.kind == "landkreis"


@dataclass(frozen=True)
class OutsidePlace:
    """A place that does not belong here, from the national register; `county` is the name of its Kreis."""

    name: str
    ars: str = ""
    county: str = ""
    plz: tuple[str, ...] = ()


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
class OfficeType:
    """A kind of office, such as „Standesamt“; rules for every service of a kind name it."""

    type: str
    name: str
    level: str
    topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Closure:
    """Closed from one day to another, both included: a bridge day, a works outing, a move."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True)
class Contact:
    """A person in an office; not shown after `valid_to`."""

    name: str
    task: str = ""
    phone: str = ""
    email: str = ""
    deputy: str = ""
    valid_to: date = date.max


@dataclass(frozen=True)
class Office:
    """An office that people can turn to.

    `hours` in OSM syntax, empty when unknown; `geo` latitude and longitude (WGS 84); `source_ids` name the entry where it
    came from, such as `dldb:10489`; `confirmed` is the day somebody last said that all this is true.
    """

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
    closures: tuple[Closure, ...] = ()
    contacts: tuple[Contact, ...] = ()
    accessibility: str = ""
    appointment_url: str = ""
    geo: tuple[float, ...] = ()
    source_ids: tuple[str, ...] = ()
    confirmed: date | None = None

    @property
    def is_supralocal(self) -> bool:
        return self.level in SUPRALOCAL_LEVELS


@dataclass(frozen=True)
class Fee:
    """A fee in words; `example` marks local figures that only show the form."""

    text: str
    example: bool = False


@dataclass(frozen=True)
class Link:
    """An online service or a form; `example` marks what only shows the place where a real one belongs."""

    title: str
    url: str = ""
    example: bool = False


@dataclass(frozen=True)
class Source:
    """Where claims come from: `of` names the fields of the service, `source` a law, an ordinance or an official page."""

    of: tuple[str, ...]
    source: str
    url: str = ""


@dataclass(frozen=True)
class Example:
    """A question as somebody would type it, with the style it is written in."""

    text: str
    style: str


@dataclass(frozen=True)
class Service:
    """A Leistung. `intent` is the class the understanding answers with: `anliegen/<slug>`.

    `short` is what it is, `simple` the same in plain language (Einfache Sprache), `requirements` who can have it;
    `cpv` are the product groups (8 digits or their beginning) that a purchasing service covers.
    """

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
    name_en: str = ""
    simple: str = ""
    requirements: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    procedure: tuple[str, ...] = ()
    fees: tuple[Fee, ...] = ()
    deadlines: tuple[str, ...] = ()
    processing_time: str = ""
    online: Link | None = None
    forms: tuple[Link, ...] = ()
    legal_basis: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    cpv: tuple[str, ...] = ()
    source_ids: tuple[str, ...] = ()
    confirmed: date | None = None
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Who is responsible, where and for whom.

    `service` is a slug or `*` (every service of `office_type`). `applies_to` is an ARS of 12 digits, a VG prefix of 9
    digits or `*`. Values are order values in EUR net. Both ends of every range are included. With `shared`, all equally
    specific rules hold together: people may choose among their offices.
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
    shared: bool = False
    source: str = ""
    confirmed: date | None = None


@dataclass(frozen=True)
class JourneyStep:
    """One step: a service, when it is needed (empty: always), and a hint such as how early."""

    service: str
    condition: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Journey:
    """A situation that takes several services, in order."""

    slug: str
    title: str
    steps: tuple[JourneyStep, ...]
    title_en: str = ""
    short: str = ""


@dataclass(frozen=True)
class Distinction:
    """What tells two services apart that people confuse."""

    first: str
    second: str
    text: str

    @property
    def key(self) -> str:
        return f"{self.first}|{self.second}"

    def other(self, slug: str) -> str:
        """The one of the two that is not `slug`."""
        return self.second if slug == self.first else self.first


@dataclass(frozen=True)
class Notice:
    """A message shown from one day to another, at an office, a service, or (both empty) everywhere."""

    id: str
    text: str
    first: date
    last: date
    office: str = ""
    service: str = ""


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

"""What the knowledge API answers with. All texts are German; fields that end in `_en` are English."""

from __future__ import annotations

from datetime import date
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReleaseOut(_Out):
    """The published state of the knowledge that an answer comes from."""

    id: str = Field(examples=["7-0f3a9c1d2b4e"])
    number: int
    published: str = Field(description="ISO 8601, UTC")


class Page(_Out, Generic[T]):
    """A part of a list. `next` is the cursor of the following part; null at the end."""

    items: list[T]
    next: str | None
    release: ReleaseOut


class ServiceItem(_Out):
    """A service in a list. `url` leads to all about it, `page` to the same for people."""

    slug: str
    name: str
    name_en: str
    short: str
    life_situation: str
    audience: str = Field(description="citizen, business, both or staff")
    url: str
    page: str


class OfficeItem(_Out):
    """An office in a list."""

    id: str
    name: str
    type: str
    level: str
    city: str
    url: str
    page: str


class FeeOut(_Out):
    """A fee in words; `example` marks local figures that only show the form."""

    text: str
    example: bool


class LinkOut(_Out):
    """An online service or a form; `example` marks what only shows the place where a real one belongs."""

    title: str
    url: str
    example: bool


class SourceOut(_Out):
    """Where the fields named in `of` come from."""

    of: list[str]
    source: str
    url: str


class DistinctionOut(_Out):
    """Another service that people confuse with this one, and what tells them apart."""

    service: str
    name: str
    text: str


class ServiceLinks(_Out):
    """Other forms of the same."""

    self: str
    page: str
    jsonld: str


class ServiceOut(_Out):
    """A service (Leistung)."""

    slug: str
    name: str
    name_en: str
    short: str
    short_en: str
    simple: str = Field(description="the same as `short` in plain language (Einfache Sprache); empty where there is none")
    audience: str = Field(description="citizen, business, both or staff")
    level: str
    life_situation: str
    leika: str = Field(description="LeiKa key of 14 digits, empty when there is none")
    synonyms: list[str]
    varies_by: list[str] = Field(description="the facts that may decide who is responsible")
    requirements: list[str]
    documents: list[str]
    procedure: list[str]
    fees: list[FeeOut]
    deadlines: list[str]
    processing_time: str
    online: LinkOut | None
    forms: list[LinkOut]
    legal_basis: list[str]
    sources: list[SourceOut]
    distinctions: list[DistinctionOut]
    notices: list[str]
    confirmed: date | None = Field(description="the day somebody last said that all this is true")
    links: ServiceLinks
    release: ReleaseOut


class AddressOut(_Out):
    """Where an office is."""

    street: str
    plz: str
    city: str


class DayOut(_Out):
    """The hours of one day in words; `holiday` names a public holiday, `reason` why it is closed."""

    date: date
    hours: str
    open: bool
    holiday: str
    reason: str


class ClosureOut(_Out):
    """Closed from one day to another, both included."""

    first: date
    last: date
    reason: str


class OfficeLinks(_Out):
    """Other forms of the same."""

    self: str
    page: str
    jsonld: str
    vcard: str
    calendar: str


class NamedOut(_Out):
    """A service or an office by its key."""

    id: str
    title: str


class OfficeOut(_Out):
    """An office. `hours` in OSM syntax (empty when unknown), `hours_text` the same in German, one line each."""

    id: str
    name: str
    type: str
    level: str
    place: NamedOut | None
    parent: NamedOut | None
    address: AddressOut
    phone: str
    email: str
    website: str
    hours: str
    hours_text: list[str]
    days: list[DayOut] = Field(description="today and the six days after it, with holidays and closures; empty when unknown")
    open_now: bool | None = Field(description="null when that cannot be said")
    appointment_only: bool
    appointment_url: str
    accessibility: str
    remark: str
    leitweg_id: str
    geo: list[float] = Field(description="latitude and longitude (WGS 84), or empty")
    closures: list[ClosureOut]
    services: list[NamedOut] = Field(description="the services this office is responsible for")
    notices: list[str]
    confirmed: date | None
    links: OfficeLinks
    release: ReleaseOut


class PlaceOut(_Out):
    """A place: `id` is what `place=` understands, `label` what people call it."""

    id: str
    label: str
    ars: str
    name: str
    district: str
    kind: str
    vg: str
    plz: list[str]
    here: bool = Field(description="false for a place that does not belong to this county")


class PlacesOut(_Out):
    """All that a text may mean. Several entries mean that the person has to say which."""

    items: list[PlaceOut]
    release: ReleaseOut


class ResponsibleOffice(_Out):
    """An office in an answer, and why it is this one.

    `certainty` is `belegt` (documented), `vermutlich` (likely) or `nur-ebene` (only the kind of office is known).
    """

    office: OfficeItem
    role: str = Field(description="zustaendig (responsible), ansprechpunkt (helps as well) or annahme (takes applications)")
    role_label: str
    certainty: str
    certainty_text: str
    rule: str
    reason: str
    source: str
    confirmed: date | None


class ChoiceOut(_Out):
    """One way to answer the open question: `value` goes into the parameter that `missing` names."""

    value: str
    label: str


class ResponsibleOut(_Out):
    """Who is responsible.

    `responsible`: the first office is, the others are further doors. `missing`: the fact in `missing` decides, ask again with
    one of `choices` (none where they are too many to list). `ambiguous`: the place fits several, `missing` is `place`.
    `not_here`: somebody else than the county and its Gemeinden is responsible; `outside` says that the place lies elsewhere.
    """

    outcome: Literal["responsible", "missing", "ambiguous", "not_here"]
    service: ServiceItem
    places: list[PlaceOut]
    on: date
    offices: list[ResponsibleOffice]
    missing: Literal["place", "district", "surname", "audience", "value"] | None
    question: str
    choices: list[ChoiceOut]
    outside: bool
    text: str
    notices: list[str]
    release: ReleaseOut


class JourneyItem(_Out):
    """A situation that takes several services."""

    slug: str
    title: str
    title_en: str
    short: str
    steps: int
    url: str
    page: str


class StepOut(_Out):
    """One step. `condition` says when it is needed (empty: always), `missing` which fact would decide who is responsible.

    With neither an office nor a missing fact nobody here is responsible; `outside` says that the place lies elsewhere.
    """

    service: str
    title: str
    title_en: str
    condition: str
    hint: str
    office: NamedOut | None
    missing: str
    outside: bool
    certainty: str
    page: str


class JourneyOut(_Out):
    """A situation that takes several services, in order, with the office for each at a place."""

    slug: str
    title: str
    title_en: str
    short: str
    place: PlaceOut | None
    steps: list[StepOut]
    page: str
    ics: str
    release: ReleaseOut


class JourneysOut(_Out):
    items: list[JourneyItem]
    release: ReleaseOut


class Problem(BaseModel):
    """An error (RFC 9457); `detail` is for people, in German."""

    type: str
    title: str
    status: int
    detail: str = ""

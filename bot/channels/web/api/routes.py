"""The routes of the knowledge API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi import Path as PathParameter

from bot.channels.web.api.addresses import API
from bot.channels.web.api.conditional import CALENDAR, JSONLD, VCARD, answer, wants_jsonld
from bot.channels.web.api.describe import (
    journey_item,
    office_item,
    office_out,
    place_out,
    release_out,
    service_item,
    service_out,
)
from bot.channels.web.api.journeys import journey_out
from bot.channels.web.api.models import (
    JourneyOut,
    JourneysOut,
    OfficeItem,
    OfficeOut,
    Page,
    PlacesOut,
    ResponsibleOut,
    ServiceItem,
    ServiceOut,
)
from bot.channels.web.api.paging import Cursor, Limit, part
from bot.channels.web.api.places import find_places
from bot.channels.web.api.search import Understand, find_services
from bot.channels.web.api.who import LONGEST_PLACE, Question, UnknownPlace, localities_of, who
from bot.conversation.service import Releases
from knowledge.exchange.ical import journey_calendar, office_ical
from knowledge.exchange.jsonld import office_jsonld, service_jsonld
from knowledge.exchange.vcard import office_vcard
from knowledge.hours import BERLIN
from knowledge.model import Journey, Locality, Office, Service
from knowledge.release import Release
from knowledge.text import fold

Clock = Callable[[], datetime]

Slug = Annotated[str, PathParameter(min_length=1, max_length=200, examples=["hundesteuer-anmelden"])]
OfficeId = Annotated[str, PathParameter(min_length=1, max_length=200, examples=["standesamt@lindenau"])]
JourneySlug = Annotated[str, PathParameter(min_length=1, max_length=200, examples=["haus-bauen"])]
PlaceText = Annotated[
    str,
    Query(
        max_length=LONGEST_PLACE,
        description="name of a Gemeinde or an Ortsteil, postcode, ARS, or the `id` of a place",
        examples=["Ammerfeld"],
    ),
]
Day = Annotated[date | None, Query(description="the day asked about; today by default", examples=["2027-01-31"])]

_OTHER_FORMS: dict[int | str, dict[str, Any]] = {304: {"description": "The client has it already."}}


def _forms(*media_types: str) -> dict[int | str, dict[str, Any]]:
    return {**_OTHER_FORMS, 200: {"content": {each: {"schema": {"type": "string"}} for each in media_types}}}


_WITH_JSONLD: dict[int | str, dict[str, Any]] = {**_OTHER_FORMS, 200: {"content": {JSONLD: {"schema": {"type": "object"}}}}}
_ONLY_JSONLD: dict[str, Any] = {"responses": _WITH_JSONLD, "response_class": Response}


def berlin_now() -> datetime:
    return datetime.now(BERLIN)


@dataclass(frozen=True)
class _Source:
    releases: Releases
    understand: Understand | None
    clock: Clock
    public_url: str

    def today(self) -> date:
        return self.clock().date()

    def base(self, request: Request) -> str:
        return self.public_url or str(request.base_url).rstrip("/")


def create_knowledge_router(
    releases: Releases, understand: Understand | None = None, clock: Clock = berlin_now, public_url: str = ""
) -> APIRouter:
    """All routes; `understand` helps where the words of a search are not those of the services.

    `public_url` is the address people see (empty: the one they asked for).
    """
    router = APIRouter(prefix=API, tags=["knowledge"], responses=_OTHER_FORMS)
    for add in (_services, _offices, _responsible, _journeys):
        add(router, _Source(releases, understand, clock, public_url))
    return router


def _services(router: APIRouter, source: _Source) -> None:
    @router.get("/services", response_model=Page[ServiceItem])
    async def services(
        request: Request,
        q: Annotated[str, Query(max_length=400, description="words, or a question", examples=["Hund anmelden"])] = "",
        life_situation: Annotated[str, Query(max_length=100, examples=["Umzug"])] = "",
        audience: Annotated[Literal["", "citizen", "business", "both", "staff"], Query()] = "",
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Response:
        """The services, by name; with `q` those that fit, the best first."""
        release = await source.releases.current()
        scores = {each.slug: score for each, score in await find_services(release, q, source.understand)} if q.strip() else None
        found = [
            each
            for each in release.services.values()
            if (scores is None or each.slug in scores)
            and life_situation in ("", each.life_situation)
            and audience in ("", each.audience)
        ]
        items, following = part(
            found, lambda each: (-(scores or {}).get(each.slug, 0), fold(each.name), each.slug), cursor, limit
        )
        return answer(
            request,
            release,
            Page[ServiceItem](items=[service_item(each) for each in items], next=following, release=release_out(release)),
        )

    @router.get("/services/{slug}.jsonld", **_ONLY_JSONLD)
    async def service_for_machines(request: Request, slug: Slug, place: PlaceText = "") -> Response:
        """A service as `GovernmentService` of schema.org, for everywhere or for one place."""
        release = await source.releases.current()
        return await _service_jsonld(request, release, _service(release, slug), place, source.today())

    @router.get("/services/{slug}", response_model=ServiceOut, responses=_WITH_JSONLD)
    async def service(request: Request, slug: Slug) -> Response:
        """All about a service; its slug, or the identifier of its source. As JSON-LD where `Accept` says so."""
        release = await source.releases.current()
        found = _service(release, slug)
        if wants_jsonld(request):
            return await _service_jsonld(request, release, found, "", source.today())
        return answer(request, release, service_out(release, found, source.today()))


def _offices(router: APIRouter, source: _Source) -> None:
    @router.get("/offices", response_model=Page[OfficeItem])
    async def offices(request: Request, cursor: Cursor = "", limit: Limit = 50) -> Response:
        """The offices, by name."""
        release = await source.releases.current()
        items, following = part(release.offices.values(), lambda each: (fold(each.name), each.id), cursor, limit)
        return answer(
            request,
            release,
            Page[OfficeItem](items=[office_item(each) for each in items], next=following, release=release_out(release)),
        )

    @router.get("/offices/{office}.jsonld", **_ONLY_JSONLD)
    async def office_for_machines(request: Request, office: OfficeId) -> Response:
        """An office as `GovernmentOffice` of schema.org."""
        release = await source.releases.current()
        return await _office_jsonld(request, release, _office(release, office), source.today())

    @router.get("/offices/{office}.vcf", responses=_forms("text/vcard"), response_class=Response)
    async def card(request: Request, office: OfficeId) -> Response:
        """An office as a vCard 4.0 (RFC 6350)."""
        release = await source.releases.current()
        text = office_vcard(release, _office(release, office).id, source.today())
        return answer(request, release, text.encode(), VCARD, **_as_file(office, "vcf"))

    @router.get("/offices/{office}.ics", responses=_forms("text/calendar"), response_class=Response)
    async def calendar(request: Request, office: OfficeId) -> Response:
        """The opening hours of a year as a calendar (RFC 5545) that one can subscribe to."""
        release = await source.releases.current()
        content = await asyncio.to_thread(office_ical, release, _office(release, office).id, source.today())
        return answer(request, release, content, CALENDAR, **_as_file(office, "ics"))

    @router.get("/offices/{office}", response_model=OfficeOut, responses=_WITH_JSONLD)
    async def office(request: Request, office: OfficeId) -> Response:
        """All about an office, with the hours of the coming week. As JSON-LD where `Accept` says so."""
        release = await source.releases.current()
        found = _office(release, office)
        if wants_jsonld(request):
            return await _office_jsonld(request, release, found, source.today())
        return answer(request, release, await asyncio.to_thread(office_out, release, found, source.clock()))


def _responsible(router: APIRouter, source: _Source) -> None:
    @router.get("/responsible", response_model=ResponsibleOut)
    async def responsible(
        request: Request,
        service: Annotated[str, Query(min_length=1, max_length=200, examples=["hundesteuer-anmelden"])],
        place: PlaceText = "",
        on: Day = None,
        district: Annotated[str, Query(max_length=LONGEST_PLACE, description="Ortsteil or class of the road")] = "",
        surname: Annotated[str, Query(max_length=100, description="the name or its first letter")] = "",
        audience: Annotated[Literal["", "citizen", "business"], Query()] = "",
        value: Annotated[
            str, Query(pattern=r"^([0-9]{1,12}(\.[0-9]{1,2})?)?$", description="order value in EUR net", examples=["20000"])
        ] = "",
    ) -> Response:
        """Who is responsible for a service here, and why; or the one fact that decides, with the answers to choose from."""
        release = await source.releases.current()
        asked = Question(
            _service(release, service),
            on or source.today(),
            place=place.strip() or None,
            district=district.strip() or None,
            surname=surname.strip() or None,
            audience=audience or None,
            value=Decimal(value) if value else None,
        )
        try:
            return answer(request, release, who(release, asked))
        except UnknownPlace:
            raise _no_such_place() from None

    @router.get("/places", response_model=PlacesOut)
    async def places(
        request: Request,
        q: Annotated[str, Query(max_length=LONGEST_PLACE, description="what somebody typed", examples=["86899"])] = "",
    ) -> Response:
        """The places a text may mean, or whose names begin with it; without `q` all Gemeinden."""
        release = await source.releases.current()
        found = find_places(release, q)
        return answer(
            request, release, PlacesOut(items=[place_out(release, each) for each in found], release=release_out(release))
        )


def _journeys(router: APIRouter, source: _Source) -> None:
    @router.get("/journeys", response_model=JourneysOut)
    async def journeys(request: Request) -> Response:
        """The situations that take several services."""
        release = await source.releases.current()
        items = [journey_item(each) for each in release.journeys.values()]
        return answer(request, release, JourneysOut(items=items, release=release_out(release)))

    @router.get("/journeys/{slug}.ics", responses=_forms("text/calendar"), response_class=Response)
    async def tasks(request: Request, slug: JourneySlug, place: PlaceText = "") -> Response:
        """The steps as tasks for a calendar (RFC 5545)."""
        release = await source.releases.current()
        found, at = _journey(release, slug), _place(release, place)
        content = journey_calendar(release, found.slug, at, source.today(), source.base(request))
        return answer(request, release, content, CALENDAR, **_as_file(slug, "ics"))

    @router.get("/journeys/{slug}", response_model=JourneyOut)
    async def journey(request: Request, slug: JourneySlug, place: PlaceText = "") -> Response:
        """The steps in order, with the office responsible for each at a place."""
        release = await source.releases.current()
        found, at = _journey(release, slug), _place(release, place)
        return answer(request, release, journey_out(release, found, at, source.today()))


def _service(release: Release, key: str) -> Service:
    found = release.service_by_key(key)
    if found is None:
        raise HTTPException(404, "Diese Leistung gibt es nicht.")
    return found


def _office(release: Release, key: str) -> Office:
    if key not in release.offices:
        raise HTTPException(404, "Diese Stelle gibt es nicht.")
    return release.offices[key]


def _journey(release: Release, slug: str) -> Journey:
    if slug not in release.journeys:
        raise HTTPException(404, "Diese Lebenslage gibt es nicht.")
    return release.journeys[slug]


def _place(release: Release, text: str) -> tuple[Locality, ...]:
    if not text.strip():
        return ()
    found = localities_of(release, text)
    if not found:
        raise _no_such_place()
    return found


def _no_such_place() -> HTTPException:
    return HTTPException(404, "Diesen Ort kenne ich nicht. Richtig wäre eine Gemeinde, ein Ortsteil oder eine Postleitzahl.")


async def _service_jsonld(request: Request, release: Release, service: Service, place: str, on: date) -> Response:
    at = next((each.ars for each in _place(release, place) if each.ars in release.places), None)
    if place.strip() and at is None:
        raise _no_such_place()
    node = await asyncio.to_thread(service_jsonld, release, service.slug, at, on)
    return answer(request, release, json.dumps(node, ensure_ascii=False).encode(), JSONLD)


async def _office_jsonld(request: Request, release: Release, office: Office, on: date) -> Response:
    node = await asyncio.to_thread(office_jsonld, release, office.id, on)
    return answer(request, release, json.dumps(node, ensure_ascii=False).encode(), JSONLD)


def _as_file(key: str, suffix: str) -> dict[str, str]:
    name = "".join(char if char.isascii() and (char.isalnum() or char in "-_@.") else "_" for char in key)
    return {"Content-Disposition": f'inline; filename="{name}.{suffix}"'}

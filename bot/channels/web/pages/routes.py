"""The routes of the pages for people: services, offices, journeys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup

from bot.channels.web.api.addresses import journey_page, service_page
from bot.channels.web.api.conditional import answer
from bot.channels.web.api.describe import office_out, service_out
from bot.channels.web.api.journeys import journey_out
from bot.channels.web.api.models import ResponsibleOffice, ResponsibleOut
from bot.channels.web.api.search import Understand, find_services
from bot.channels.web.api.who import Question, UnknownPlace, localities_of, who
from bot.channels.web.pages.qr import LONGEST_PATH, is_own, qr_svg
from bot.channels.web.pages.view import PageSettings, View, berlin_now, days_between, language_of
from bot.channels.web.problems import problem
from bot.conversation.service import Releases
from knowledge.exchange.jsonld import office_jsonld, service_jsonld
from knowledge.model import Service
from knowledge.release import Release
from knowledge.text import fold

STATIC = Path(__file__).parent / "static"
_FACTS = {"place": "ort", "district": "ortsteil", "surname": "name", "audience": "fuer", "value": "wert"}
"""What the facts are called in the address line."""
_MOST_NAMES = 400
_GERMAN = Markup(' lang="de"')
_READ = ["GET", "HEAD"]

Text = Annotated[str, Query(max_length=100)]
Long = Annotated[str, Query(max_length=400)]


def create_pages_router(
    releases: Releases, settings: PageSettings, understand: Understand | None = None, clock: Callable[[], datetime] = berlin_now
) -> APIRouter:
    """The pages that show the knowledge."""
    router = APIRouter(include_in_schema=False)
    pages = _Pages(releases, settings, understand, clock)
    for path, show in (
        ("/leistungen", pages.services),
        ("/leistungen/{slug}", pages.service),
        ("/stellen/{office}", pages.office),
        ("/lebenslagen", pages.journeys),
        ("/lebenslagen/{slug}", pages.journey),
        ("/qr.svg", pages.qr),
        ("/datenschutz", pages.privacy),
        ("/barrierefreiheit", pages.accessibility),
    ):
        router.add_api_route(path, show, methods=_READ, response_class=Response)
    return router


class _Pages:
    def __init__(
        self, releases: Releases, settings: PageSettings, understand: Understand | None, clock: Callable[[], datetime]
    ) -> None:
        self._releases = releases
        self._settings = settings
        self._understand = understand
        self._clock = clock

    async def _view(self, request: Request, language: str) -> View:
        return View(request, await self._releases.current(), self._settings, language_of(language))

    async def services(self, request: Request, q: Long = "", ansicht: Text = "", sprache: Text = "") -> Response:
        """All services from A to Z or by topic, or those a search finds."""
        view = await self._view(request, sprache)
        q = q.strip()
        found = await find_services(view.release, q, self._understand) if q else []
        public = [each for each in view.release.services.values() if each.audience != "staff"]
        by_topic = ansicht == "themen"
        return view.page(
            "services.html",
            q=q,
            by_topic=by_topic,
            found=[_listed(each, view.language) for each, _ in found],
            groups=[] if q else _by_topic(public, view.language) if by_topic else _by_letter(public, view.language),
            query={"q": q, "ansicht": ansicht},
            indexed=not q,
        )

    async def service(
        self,
        request: Request,
        slug: str,
        ort: Text = "",
        ortsteil: Text = "",
        name: Text = "",
        fuer: Annotated[str, Query(pattern="^(citizen|business)?$")] = "",
        wert: Annotated[str, Query(pattern=r"^([0-9]{1,12}(\.[0-9]{1,2})?)?$")] = "",
        sprache: Text = "",
    ) -> Response:
        """One service, and who is responsible for it at a place."""
        view = await self._view(request, sprache)
        release = view.release
        found = release.service_by_key(slug)
        if found is None:
            return view.missing()
        now = self._clock()
        facts = {"ort": ort.strip(), "ortsteil": ortsteil.strip(), "name": name.strip(), "fuer": fuer, "wert": wert}
        told = _answer(release, found, facts, now, view.language)
        place = next((each.ars for each in told.places if each.ars in release.places), None) if told else None
        title, title_lang = _named(found.name, found.name_en, view.language)
        lead, lead_lang = _lead(found, view.language)
        return view.page(
            "service.html",
            service=service_out(release, found, now.date()),
            title=title,
            title_lang=title_lang,
            lead=lead.split("\n") if lead else [],
            lead_lang=lead_lang,
            topic_id=_topic_id(found.life_situation),
            answer=told,
            unknown_place=told is None,
            place=told.places[0].label if told and len(told.places) == 1 else facts["ort"],
            places=_place_names(release),
            asks_place=told is None or told.missing == "place",
            changes_place=told is not None and told.missing != "place" and bool(told.places),
            offices=[_with_details(release, each, now) for each in told.offices] if told else [],
            choices=_choices(view, service_page(found.slug), told, facts),
            query=facts,
            jsonld=await asyncio.to_thread(service_jsonld, release, found.slug, place, now.date()),
            indexed=not any(facts.values()),
        )

    async def office(self, request: Request, office: str, sprache: Text = "") -> Response:
        """One office."""
        view = await self._view(request, sprache)
        found = view.release.offices.get(office)
        if found is None:
            return view.missing()
        now = self._clock()
        told = await asyncio.to_thread(office_out, view.release, found, now)
        return view.page(
            "office.html",
            office=told,
            closures=[{"when": days_between(each.first, each.last, view.texts), "reason": each.reason} for each in told.closures],
            services=[_listed(view.release.services[each.id], view.language) for each in told.services],
            jsonld=await asyncio.to_thread(office_jsonld, view.release, office, now.date()),
        )

    async def journeys(self, request: Request, sprache: Text = "") -> Response:
        """All journeys."""
        view = await self._view(request, sprache)
        listed = []
        for each in view.release.journeys.values():
            title, lang = _named(each.title, each.title_en, view.language)
            listed.append({"slug": each.slug, "title": title, "lang": lang, "short": each.short, "steps": len(each.steps)})
        return view.page("journeys.html", journeys=listed)

    async def journey(self, request: Request, slug: str, ort: Text = "", sprache: Text = "") -> Response:
        """One journey as a checklist, with the office for each step at a place."""
        view = await self._view(request, sprache)
        found = view.release.journeys.get(slug)
        if found is None:
            return view.missing()
        ort = ort.strip()
        places = localities_of(view.release, ort) if ort else ()
        told = journey_out(view.release, found, places, self._clock().date())
        title, title_lang = _named(found.title, found.title_en, view.language)
        path = journey_page(slug)
        several = [each for each in places if each.ars in view.release.places] if len(places) > 1 else []
        return view.page(
            "journey.html",
            journey=told,
            title=title,
            title_lang=title_lang,
            steps=[_step(view, each) for each in told.steps],
            unknown_place=bool(ort) and not places,
            place=told.place.label if told.place else ort,
            places=_place_names(view.release),
            choices=[{"label": view.release.locality_name(each), "url": view.url(path, ort=str(each))} for each in several],
            query={"ort": ort},
            indexed=not ort,
        )

    async def qr(self, request: Request, pfad: Annotated[str, Query(max_length=LONGEST_PATH)] = "/") -> Response:
        """The QR code of a page of ours."""
        if not is_own(pfad):
            return problem(404, "Für diese Adresse gibt es keinen QR-Code.")
        view = await self._view(request, "")
        return answer(request, view.release, qr_svg(view.base + pfad), "image/svg+xml")

    async def privacy(self, request: Request, sprache: Text = "") -> Response:
        """What is stored, why, and how long."""
        return (await self._view(request, sprache)).page("privacy.html")

    async def accessibility(self, request: Request, sprache: Text = "") -> Response:
        """The statement on accessibility."""
        return (await self._view(request, sprache)).page("accessibility.html")


def _answer(release: Release, service: Service, facts: dict[str, str], now: datetime, language: str) -> ResponsibleOut | None:
    """None when nobody knows the place."""
    asked = Question(
        service,
        now.date(),
        place=facts["ort"] or None,
        district=facts["ortsteil"] or None,
        surname=facts["name"] or None,
        audience=facts["fuer"] or None,
        value=Decimal(facts["wert"]) if facts["wert"] else None,
    )
    try:
        return who(release, asked, language)
    except UnknownPlace:
        return None


def _choices(view: View, path: str, told: ResponsibleOut | None, facts: dict[str, str]) -> list[dict[str, str]]:
    """The answers to the open question, each with the address that gives it."""
    if told is None or told.missing is None:
        return []
    given = {_FACTS[told.missing]: ""} if told.missing == "place" else {}
    kept = facts | given
    return [{"label": each.label, "url": view.url(path, **(kept | {_FACTS[told.missing]: each.value}))} for each in told.choices]


def _with_details(release: Release, each: ResponsibleOffice, now: datetime) -> dict[str, Any]:
    details = office_out(release, release.offices[each.office.id], now, with_services=False)
    return dict(each) | {"details": details}


def _step(view: View, step: Any) -> dict[str, Any]:
    title, lang = _named(step.title, step.title_en, view.language)
    return dict(step) | {"title": title, "lang": lang, "url": view.url(step.page)}


def _named(german: str, english: str, language: str) -> tuple[str, Markup]:
    """A name in the language of the page, marked as German where it is German all the same."""
    if language == "en":
        return (english, Markup("")) if english else (german, _GERMAN)
    return german, Markup("")


def _lead(service: Service, language: str) -> tuple[str, Markup]:
    if language == "de-simple" and service.simple:
        return service.simple, Markup("")
    return _named(service.short, service.short_en, language)


def _listed(service: Service, language: str) -> dict[str, Any]:
    title, lang = _named(service.name, service.name_en, language)
    short, short_lang = _lead(service, language)
    return {"slug": service.slug, "title": title, "lang": lang, "short": short, "short_lang": short_lang}


def _by_letter(services: Iterable[Service], language: str) -> list[dict[str, Any]]:
    listed = sorted((_listed(each, language) for each in services), key=lambda each: fold(each["title"]))
    groups = groupby(listed, key=lambda each: fold(each["title"])[:1].upper())
    return [{"id": f"buchstabe-{letter}", "title": letter, "lang": "", "services": list(group)} for letter, group in groups]


def _by_topic(services: Iterable[Service], language: str) -> list[dict[str, Any]]:
    ordered = sorted(services, key=lambda each: (fold(each.life_situation), fold(each.name)))
    lang = _GERMAN if language == "en" else ""
    return [
        {"id": _topic_id(topic), "title": topic, "lang": lang, "services": [_listed(each, language) for each in group]}
        for topic, group in groupby(ordered, key=lambda each: each.life_situation)
    ]


def _topic_id(topic: str) -> str:
    return "thema-" + "".join(char if char.isalnum() else "-" for char in fold(topic))


def _place_names(release: Release) -> list[str]:
    """Names to choose from while typing; none where they are too many for a page."""
    names = [place.name for place in release.places.values() if not place.is_county]
    districts = [district.name for place in release.places.values() for district in place.districts]
    all_names = sorted(dict.fromkeys((*names, *districts)), key=fold)
    return all_names if len(all_names) <= _MOST_NAMES else names if len(names) <= _MOST_NAMES else []

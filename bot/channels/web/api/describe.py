"""From the release to what the API says about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache

from bot.channels.web.api.addresses import journey_page, journey_url, office_page, office_url, service_page, service_url
from bot.channels.web.api.models import (
    AddressOut,
    ClosureOut,
    DayOut,
    DistinctionOut,
    FeeOut,
    JourneyItem,
    LinkOut,
    NamedOut,
    OfficeItem,
    OfficeLinks,
    OfficeOut,
    PlaceOut,
    ReleaseOut,
    ServiceItem,
    ServiceLinks,
    ServiceOut,
    SourceOut,
)
from knowledge.exchange.coverage import all_places, coverage
from knowledge.exchange.offices import coming_closures, hours_of_days, hours_text
from knowledge.hours import DayHours, office_hours, spans_in_words
from knowledge.model import ANYWHERE, OUTSIDE, Journey, Link, Locality, Office, Service
from knowledge.release import Release
from knowledge.responsibility import RESPONSIBLE

_WEEK = 7


def release_out(release: Release) -> ReleaseOut:
    return ReleaseOut(id=release.id, number=release.number, published=release.published)


def service_item(service: Service) -> ServiceItem:
    return ServiceItem(
        slug=service.slug,
        name=service.name,
        name_en=service.name_en,
        short=service.short,
        life_situation=service.life_situation,
        audience=service.audience,
        url=service_url(service.slug),
        page=service_page(service.slug),
    )


def office_item(office: Office) -> OfficeItem:
    return OfficeItem(
        id=office.id,
        name=office.name,
        type=office.type,
        level=office.level,
        city=office.address.city,
        url=office_url(office.id),
        page=office_page(office.id),
    )


def journey_item(journey: Journey) -> JourneyItem:
    return JourneyItem(
        slug=journey.slug,
        title=journey.title,
        title_en=journey.title_en,
        short=journey.short,
        steps=len(journey.steps),
        url=journey_url(journey.slug),
        page=journey_page(journey.slug),
    )


def service_out(release: Release, service: Service, on: date) -> ServiceOut:
    """All about a service, with the notices of a day."""
    return ServiceOut(
        slug=service.slug,
        name=service.name,
        name_en=service.name_en,
        short=service.short,
        short_en=service.short_en,
        simple=service.simple,
        audience=service.audience,
        level=service.level,
        life_situation=service.life_situation,
        leika=service.leika,
        synonyms=list(service.synonyms),
        varies_by=list(service.varies_by),
        requirements=list(service.requirements),
        documents=list(service.documents),
        procedure=list(service.procedure),
        fees=[FeeOut(text=fee.text, example=fee.example) for fee in service.fees],
        deadlines=list(service.deadlines),
        processing_time=service.processing_time,
        online=_link(service.online) if service.online else None,
        forms=[_link(form) for form in service.forms],
        legal_basis=list(service.legal_basis),
        sources=[SourceOut(of=list(each.of), source=each.source, url=each.url) for each in service.sources],
        distinctions=list(_distinctions(release, service)),
        notices=notices(release, on, service=service.slug),
        confirmed=service.confirmed,
        links=ServiceLinks(
            self=service_url(service.slug), page=service_page(service.slug), jsonld=service_url(service.slug, ".jsonld")
        ),
        release=release_out(release),
    )


def office_out(release: Release, office: Office, now: datetime, *, with_services: bool = True) -> OfficeOut:
    """All about an office at a time (in Berlin). The names of staff are left out, as in the other public formats."""
    above, place = release.offices.get(office.parent), release.places.get(office.place)
    opening = office_hours(release, office, now)
    slugs = services_of(release, office.id, now.date()) if with_services else ()
    return OfficeOut(
        id=office.id,
        name=office.name,
        type=office.type,
        level=office.level,
        place=NamedOut(id=place.ars, title=place.name) if place else None,
        parent=NamedOut(id=above.id, title=above.name) if above else None,
        address=AddressOut(street=office.address.street, plz=office.address.plz, city=office.address.city),
        phone=office.phone,
        email=office.email,
        website=office.website,
        hours=office.hours,
        hours_text=hours_text(office),
        days=[_day(each) for each in hours_of_days(release, office, now.date(), _WEEK)],
        open_now=opening.open_now if opening else None,
        appointment_only=office.appointment_only,
        appointment_url=office.appointment_url,
        accessibility=office.accessibility,
        remark=office.remark,
        leitweg_id=office.leitweg_id,
        geo=list(office.geo),
        closures=[
            ClosureOut(first=each.first, last=each.last, reason=each.reason) for each in coming_closures(office, now.date())
        ],
        services=[NamedOut(id=slug, title=release.services[slug].name) for slug in slugs],
        notices=notices(release, now.date(), office=office.id),
        confirmed=office.confirmed,
        links=OfficeLinks(
            self=office_url(office.id),
            page=office_page(office.id),
            jsonld=office_url(office.id, ".jsonld"),
            vcard=office_url(office.id, ".vcf"),
            calendar=office_url(office.id, ".ics"),
        ),
        release=release_out(release),
    )


def place_out(release: Release, locality: Locality) -> PlaceOut:
    """A locality for people; also one that does not belong here."""
    place = release.places.get(locality.ars)
    return PlaceOut(
        id=str(locality),
        label=release.locality_name(locality),
        ars=place.ars if place else "",
        name=place.name if place else locality.district,
        district=locality.district if place else "",
        kind=place.kind if place else "",
        vg=place.vg if place else "",
        plz=list(place.plz) if place else [],
        here=locality.ars != OUTSIDE,
    )


def notices(release: Release, on: date, *, service: str = "", office: str = "") -> list[str]:
    """What staff want said on a day about a service or an office, and what they want said to everybody."""
    return [
        notice.text
        for notice in release.knowledge.notices
        if notice.first <= on <= notice.last and notice.service in ("", service) and notice.office in ("", office)
    ]


def services_of(release: Release, office: str, on: date) -> tuple[str, ...]:
    """The slugs of the services an office is responsible for somewhere on a day, by name; not those that are for staff."""
    kept = _services_of(release.digest, office, on)
    if not kept:
        kept.append(tuple(sorted(_responsible_for(release, office, on), key=lambda slug: release.services[slug].name)))
    return kept[0]


@lru_cache(maxsize=512)
def _services_of(digest: str, office: str, on: date) -> list[tuple[str, ...]]:
    return []


def _responsible_for(release: Release, office: str, on: date) -> Iterator[str]:
    """A general rule may be overruled by special ones everywhere: only what is left of it counts."""
    areas: dict[str, set[str]] = {}
    for rule in release.knowledge.rules:
        if rule.office == office and rule.role == RESPONSIBLE and rule.valid_from <= on <= rule.valid_to:
            for slug in _services_meant(release, rule.service, rule.office_type):
                areas.setdefault(slug, set()).add(rule.applies_to)
    for slug, area in areas.items():
        places = [ars for ars in all_places(release) if not area.isdisjoint(release.chain(ars))]
        found = coverage(release, release.services[slug], on, places)
        if any(each.office == office and each.role == RESPONSIBLE for each in found):
            yield slug


def _services_meant(release: Release, service: str, office_type: str) -> Iterable[str]:
    if service != ANYWHERE:
        return [service] if service in release.services and release.services[service].audience != "staff" else []
    return [each.slug for each in release.services.values() if each.office_type == office_type and each.audience != "staff"]


def _day(hours: DayHours) -> DayOut:
    return DayOut(
        date=hours.day,
        hours=spans_in_words(hours.spans) if hours.spans else hours.note,
        open=bool(hours.spans),
        holiday=hours.holiday,
        reason=hours.reason,
    )


def _link(link: Link) -> LinkOut:
    return LinkOut(title=link.title, url=link.url, example=link.example)


def _distinctions(release: Release, service: Service) -> Iterator[DistinctionOut]:
    for each in release.distinctions_of(service.slug):
        other = each.other(service.slug)
        if other in release.services:
            yield DistinctionOut(service=other, name=release.services[other].name, text=each.text)

"""Services and offices for search engines: JSON-LD with the vocabulary of schema.org, and nothing but that.

Left out are example fees and example links, which only show where real ones belong, and the names of staff.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, time
from typing import Any

from knowledge.exchange.coverage import areas, county_and_state, coverage
from knowledge.exchange.offices import (
    closed_on_holidays,
    coming_closures,
    phone_number,
    published_on,
    root_of,
    seasons,
    stable_id,
    state_of,
)
from knowledge.hours import Span
from knowledge.model import Closure, Link, Office, Service
from knowledge.release import Release
from knowledge.responsibility import RESPONSIBLE

Node = dict[str, Any]

CONTEXT = "https://schema.org"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CITIZENS: Node = {"@type": "Audience", "audienceType": "Bürgerinnen und Bürger"}
_BUSINESSES: Node = {"@type": "BusinessAudience", "audienceType": "Betriebe"}
_AUDIENCES = {
    "citizen": (_CITIZENS,),
    "business": (_BUSINESSES,),
    "both": (_CITIZENS, _BUSINESSES),
    "staff": ({"@type": "Audience", "audienceType": "Beschäftigte der Verwaltung"},),
}


def service_jsonld(release: Release, slug: str, place: str | None = None, on: date | None = None) -> Node:
    """A service as `GovernmentService`, for everywhere or for one place (ARS), on a day (that of publication by default).

    Raises `KeyError` for a slug or a place that does not exist.
    """
    day = on or published_on(release)
    service = release.services[slug]
    places = [release.places[place].ars] if place else None
    offices = list(dict.fromkeys(each.office for each in coverage(release, service, day, places)))
    node = _service(release, service, day, places)
    channels = [_channel(release, release.offices[office], day, embed=True) for office in offices]
    return {"@context": CONTEXT, **node, **_filled({"availableChannel": [*_online(service), *channels]})}


def office_jsonld(release: Release, office_id: str, on: date | None = None) -> Node:
    """An office as `GovernmentOffice`, with the hours of the year from a day (that of publication by default).

    Raises `KeyError` for an office that does not exist.
    """
    return {"@context": CONTEXT, **_office(release, release.offices[office_id], on or published_on(release))}


def write_jsonld(release: Release, on: date | None = None) -> bytes:
    """All services and offices as one graph in UTF-8; services refer to offices by `@id`."""
    day = on or published_on(release)
    graph = [_office(release, office, day) for office in release.offices.values()]
    for service in release.services.values():
        offices = dict.fromkeys(each.office for each in coverage(release, service, day))
        channels = [_channel(release, release.offices[office], day, embed=False) for office in offices]
        graph.append(_service(release, service, day, None) | _filled({"availableChannel": [*_online(service), *channels]}))
    return json.dumps({"@context": CONTEXT, "@graph": graph}, ensure_ascii=False, indent=1).encode()


def for_script(node: Node) -> str:
    """JSON text that may stand inside `<script type="application/ld+json">`: nothing in it can end the element."""
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _service(release: Release, service: Service, on: date, places: list[str] | None) -> Node:
    found = [each for each in coverage(release, service, on, places) if each.role == RESPONSIBLE]
    offices = [release.offices[each.office] for each in found]
    served = tuple(dict.fromkeys(ars for each in found for ars in each.places))
    only = offices[0] if len(offices) == 1 else None
    return _filled(
        {
            "@type": "GovernmentService",
            "@id": stable_id(release, "service", service.slug).urn,
            "name": service.name,
            "alternateName": list(service.synonyms),
            "description": service.short,
            "serviceType": service.life_situation,
            "identifier": _leika(service),
            "audience": list(_AUDIENCES.get(service.audience, ())),
            "provider": _unique(_reference(release, root_of(release, office)) for office in offices),
            "serviceOperator": _unique(_reference(release, office) for office in offices),
            "areaServed": [_area(release, *area) for area in areas(release, served)],
            "hoursAvailable": _hours(release, only, on) if only else [],
            "offers": [{"@type": "Offer", "description": fee.text} for fee in service.fees if not fee.example],
            "subjectOf": [{"@type": "Legislation", "name": law} for law in service.legal_basis],
        }
    )


def _leika(service: Service) -> list[Node]:
    if not service.leika:
        return []
    return [_property("LeiKa", f"urn:de:fim:leika:leistung:{service.leika}")]


def _property(kind: str, value: str) -> Node:
    return {"@type": "PropertyValue", "propertyID": kind, "value": value}


def _area(release: Release, ars: str, name: str) -> Node:
    inside = [each for each in county_and_state(release, ars) if each and each != name]
    within: Node = {}
    for outer in reversed(inside):
        within = _filled({"@type": "AdministrativeArea", "name": outer, "containedInPlace": within})
    return _filled({"@type": "AdministrativeArea", "name": name, "identifier": _property("ARS", ars), "containedInPlace": within})


def _online(service: Service) -> list[Node]:
    link = service.online
    if not link or not _is_real(link):
        return []
    return [{"@type": "ServiceChannel", "name": link.title, "serviceUrl": link.url}]


def _is_real(link: Link) -> bool:
    return bool(link.url) and not link.example


def _channel(release: Release, office: Office, on: date, embed: bool) -> Node:
    """How to reach an office about a service; with `embed` it is complete, else it refers to the office."""
    return _filled(
        {
            "@type": "ServiceChannel",
            "name": office.name,
            "serviceUrl": office.appointment_url,
            "servicePhone": _contact_point(office),
            "serviceLocation": _office(release, office, on) if embed else _reference(release, office),
        }
    )


def _contact_point(office: Office) -> Node:
    if not office.phone:
        return {}
    return _filled({"@type": "ContactPoint", "telephone": phone_number(office.phone), "email": office.email})


def _reference(release: Release, office: Office) -> Node:
    return {"@type": _type(office), "@id": stable_id(release, "office", office.id).urn, "name": office.name}


def _type(office: Office) -> str:
    return "LocalBusiness" if office.level == "privat" else "GovernmentOffice"


def _office(release: Release, office: Office, on: date) -> Node:
    above = release.offices.get(office.parent)
    place = release.places.get(office.place)
    return _filled(
        {
            **_reference(release, office),
            "identifier": _property("Leitweg-ID", office.leitweg_id) if office.leitweg_id else {},
            "parentOrganization": _reference(release, above) if above and above is not office else {},
            "areaServed": _area(release, place.ars, place.name) if place else {},
            "address": _address(release, office),
            "geo": _geo(office),
            "telephone": phone_number(office.phone) if office.phone else "",
            "email": office.email,
            "url": office.website,
            "openingHoursSpecification": _hours(release, office, on),
            "specialOpeningHoursSpecification": _special(office, on),
            "amenityFeature": _accessibility(office),
            "potentialAction": _appointment(office),
        }
    )


def _address(release: Release, office: Office) -> Node:
    address = office.address
    if not (address.street or address.plz or address.city):
        return {}
    return _filled(
        {
            "@type": "PostalAddress",
            "streetAddress": address.street,
            "postalCode": address.plz,
            "addressLocality": address.city,
            "addressRegion": state_of(release, office),
            "addressCountry": "DE",
        }
    )


def _geo(office: Office) -> Node:
    if len(office.geo) != 2:
        return {}
    return {"@type": "GeoCoordinates", "latitude": office.geo[0], "longitude": office.geo[1]}


def _accessibility(office: Office) -> list[Node]:
    if not office.accessibility:
        return []
    return [{"@type": "LocationFeatureSpecification", "name": office.accessibility, "value": True}]


def _appointment(office: Office) -> Node:
    if not office.appointment_url:
        return {}
    target = {"@type": "EntryPoint", "urlTemplate": office.appointment_url}
    return {"@type": "ReserveAction", "name": "Termin vereinbaren", "target": target}


def _hours(release: Release, office: Office, on: date) -> list[Node]:
    return [
        _filled(
            {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": [f"{CONTEXT}/{_DAYS[day]}" for day in days],
                "opens": f"{span.start:%H:%M}",
                "closes": _closes(span),
                "validFrom": season.first.isoformat() if season.first else "",
                "validThrough": season.last.isoformat() if season.last else "",
            }
        )
        for season in seasons(release, office, on)
        for span, days in season.slots
    ]


def _closes(span: Span) -> str:
    """Past midnight is the time of the next day; a whole day ends at `23:59`, for from 00:00 to 00:00 would mean closed."""
    if span.until:
        return f"{span.until:%H:%M}"
    if span.all_day:
        return "23:59"
    return "00:00" if span.end == time.max else f"{span.end:%H:%M}"


def _special(office: Office, on: date) -> list[Node]:
    """Without `opens` an office is closed: on holidays if the hours say so, and in the closures to come."""
    holidays = {"@type": "OpeningHoursSpecification", "dayOfWeek": f"{CONTEXT}/PublicHolidays"}
    closed = [holidays] if closed_on_holidays(office) else []
    return [*closed, *(_closed(closure) for closure in coming_closures(office, on))]


def _closed(closure: Closure) -> Node:
    return _filled(
        {
            "@type": "OpeningHoursSpecification",
            "name": closure.reason,
            "validFrom": closure.first.isoformat(),
            "validThrough": closure.last.isoformat(),
        }
    )


def _unique(nodes: Iterable[Node]) -> list[Node]:
    return list({node["@id"]: node for node in nodes}.values())


def _filled(node: Node) -> Node:
    """Without what is empty."""
    return {key: value for key, value in node.items() if value or value == 0}

"""Services and offices as tables of the Human Services Data Specification 3.0 (Open Referral), with a data package.

HSDS gives every service to one organization. So a Leistung becomes one `service` for each office that does it, with the
areas it does it for; its role (zuständige Stelle, Ansprechpunkt, Antragsannahme) is an attribute. Times are those of the
clock in Germany: an offset from UTC, as HSDS knows it, would be wrong for half the year. Left out are example fees and
example links, and contact persons whose time is over.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from knowledge.exchange.coverage import ROLES, Coverage, areas, coverage
from knowledge.exchange.offices import (
    closed_on_holidays,
    closure_text,
    coming_closures,
    phone_number,
    seasons,
    stable_id,
    state_of,
)
from knowledge.hours import Span
from knowledge.model import Office, Service
from knowledge.release import Knowledge, Release, digest_of

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREE = frozenset(("kostenfrei", "kostenlos", "gebührenfrei"))
_TYPES = {
    **dict.fromkeys(("latitude", "longitude", "interval", "amount"), "number"),
    **dict.fromkeys(("valid_from", "valid_to", "assured_date"), "date"),
}


@dataclass(frozen=True)
class Table:
    """A table of HSDS: its file, the columns we fill, those that must not be empty, and where the others point."""

    path: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    references: Mapping[str, str] = field(default_factory=dict)


def _table(path: str, required: str, optional: str = "", **references: str) -> Table:
    needed = ("id", *required.split())
    return Table(path, (*needed, *optional.split()), needed, references)


TABLES: Mapping[str, Table] = {
    "organization": _table(
        "organizations.csv", "name description", "email website parent_organization_id", parent_organization_id="organization"
    ),
    "organization_identifier": _table(
        "organization_identifiers.csv",
        "organization_id identifier_type identifier",
        "identifier_scheme",
        organization_id="organization",
    ),
    "service": _table(
        "services.csv",
        "organization_id name status",
        "alternate_name description url email application_process fees_description eligibility_description assured_date alert",
        organization_id="organization",
    ),
    "location": _table(
        "locations.csv",
        "location_type",
        "url organization_id name latitude longitude",
        organization_id="organization",
    ),
    "service_at_location": _table(
        "service_at_location.csv", "service_id location_id", "description", service_id="service", location_id="location"
    ),
    "service_area": _table("service_areas.csv", "service_id", "name description", service_id="service"),
    "address": _table(
        "addresses.csv",
        "address_1 city state_province postal_code country address_type",
        "location_id region",
        location_id="location",
    ),
    "phone": _table(
        "phones.csv",
        "number",
        "location_id organization_id contact_id type",
        location_id="location",
        organization_id="organization",
        contact_id="contact",
    ),
    "contact": _table("contacts.csv", "", "organization_id name title email", organization_id="organization"),
    "schedule": _table(
        "schedules.csv",
        "",
        "location_id valid_from valid_to wkst freq interval byday opens_at closes_at schedule_link attending_type notes",
        location_id="location",
    ),
    "accessibility": _table("accessibility.csv", "", "location_id description", location_id="location"),
    "required_document": _table("required_documents.csv", "", "service_id document", service_id="service"),
    "cost_option": _table("cost_options.csv", "service_id", "currency amount amount_description", service_id="service"),
    "taxonomy": _table("taxonomies.csv", "name description"),
    "taxonomy_term": _table(
        "taxonomy_terms.csv", "name description", "code taxonomy language taxonomy_id term_uri", taxonomy_id="taxonomy"
    ),
    "attribute": _table(
        "attributes.csv",
        "link_id taxonomy_term_id link_entity",
        "link_type",
        link_id="service",
        taxonomy_term_id="taxonomy_term",
    ),
}
"""The tables of HSDS 3.0 that are written, by their names."""

_TAXONOMIES = {
    "leika": ("LeiKa", "Leistungskatalog der öffentlichen Verwaltung (FIM)"),
    "life_situation": ("Lebenslagen", "Anlässe, aus denen Menschen eine Leistung brauchen"),
    "role": ("Rollen", "Was eine Stelle für eine Leistung tut"),
}


def write_hsds(knowledge: Knowledge, on: date | None = None) -> dict[str, bytes]:
    """The files by name, CSV (RFC 4180) in UTF-8 and `datapackage.json`, for a day (today by default)."""
    release = Release(0, digest_of(knowledge), "", knowledge)
    rows = _Rows(release, on or date.today()).all()
    files = {table.path: _csv(table, rows[name]) for name, table in TABLES.items()}
    return {**files, "datapackage.json": _datapackage(release)}


class _Rows:
    def __init__(self, release: Release, on: date) -> None:
        self._release = release
        self._on = on
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self._terms: dict[str, str] = {}
        self._located: dict[str, str] = {}

    def all(self) -> dict[str, list[dict[str, Any]]]:
        for code, (name, description) in _TAXONOMIES.items():
            self._add("taxonomy", code, name=name, description=description)
        for office in self._release.offices.values():
            self._office(office)
        for service in self._release.services.values():
            by_office: dict[str, list[Coverage]] = {}
            for each in coverage(self._release, service, self._on):
                by_office.setdefault(each.office, []).append(each)
            for office_id, found in by_office.items():
                self._service(service, self._release.offices[office_id], found)
        return self._rows

    def _id(self, table: str, key: str) -> str:
        return str(stable_id(self._release, f"hsds:{table}", key))

    def _add(self, table: str, key: str, **values: Any) -> str:
        identifier = self._id(table, key)
        self._rows[table].append({"id": identifier, **values})
        return identifier

    def _office(self, office: Office) -> None:
        parent = office.parent if office.parent in self._release.offices and office.parent != office.id else ""
        organization = self._add(
            "organization",
            office.id,
            name=office.name,
            description=self._description(office),
            email=office.email,
            website=office.website,
            parent_organization_id=self._id("organization", parent) if parent else "",
        )
        if office.leitweg_id:
            self._add(
                "organization_identifier",
                office.id,
                organization_id=organization,
                identifier_type="Leitweg-ID",
                identifier=office.leitweg_id,
                identifier_scheme="Leitweg-ID",
            )
        location = self._location(office, organization)
        if office.phone:
            number = phone_number(office.phone)
            self._add("phone", office.id, number=number, location_id=location, organization_id=organization, type="voice")
        self._contacts(office, organization)

    def _description(self, office: Office) -> str:
        kind = next((each for each in self._release.knowledge.office_types if each.type == office.type), None)
        if kind is None:
            return office.name
        return f"{kind.name}: {', '.join(kind.topics)}" if kind.topics else kind.name

    def _location(self, office: Office, organization: str) -> str:
        """The location of an office, a virtual one if it has only a page; empty if it has neither."""
        address = office.address
        physical = bool(address.street or address.city)
        if not physical and not office.website:
            return ""
        latitude, longitude = office.geo if len(office.geo) == 2 else ("", "")
        location = self._located[office.id] = self._add(
            "location",
            office.id,
            location_type="physical" if physical else "virtual",
            url="" if physical else office.website,
            organization_id=organization,
            name=office.name,
            latitude=latitude,
            longitude=longitude,
        )
        state = state_of(self._release, office)
        if address.street and address.plz and address.city and state:
            self._add(
                "address",
                office.id,
                address_1=address.street,
                city=address.city,
                state_province=state,
                postal_code=address.plz,
                country="DE",
                address_type="physical",
                location_id=location,
                region=self._release.county.name if self._release.county and office.place else "",
            )
        if office.accessibility:
            self._add("accessibility", office.id, location_id=location, description=office.accessibility)
        self._schedules(office, location)
        return location

    def _schedules(self, office: Office, location: str) -> None:
        notes = ["Ortszeit (Europe/Berlin)"]
        if closed_on_holidays(office):
            notes.append("an Feiertagen geschlossen")
        notes += [closure_text(closure) for closure in coming_closures(office, self._on)]
        for season in seasons(self._release, office, self._on):
            for span, days in season.slots:
                self._add(
                    "schedule",
                    f"{office.id}:{season.first or ''}:{span}",
                    location_id=location,
                    valid_from=season.first or "",
                    valid_to=season.last or "",
                    wkst="MO",
                    freq="WEEKLY",
                    interval=1,
                    byday=",".join(_DAYS[day] for day in days),
                    opens_at=f"{span.start:%H:%M}",
                    closes_at=_closes(span),
                    schedule_link=office.appointment_url,
                    attending_type="Nur nach Terminvereinbarung" if office.appointment_only else "",
                    notes="; ".join(notes),
                )

    def _contacts(self, office: Office, organization: str) -> None:
        for number, person in enumerate(office.contacts):
            if person.valid_to < self._on:
                continue
            key = f"{office.id}:{number}"
            contact = self._add(
                "contact", key, organization_id=organization, name=person.name, title=person.task, email=person.email
            )
            if person.phone:
                self._add("phone", f"contact:{key}", number=phone_number(person.phone), contact_id=contact, type="voice")

    def _service(self, service: Service, office: Office, found: list[Coverage]) -> None:
        key = f"{service.slug}:{office.id}"
        fees = [fee.text for fee in service.fees if not fee.example]
        conditions = dict.fromkeys(condition for each in found for condition in each.conditions)
        for_all = any(not each.conditions for each in found)
        entry = self._add(
            "service",
            key,
            organization_id=self._id("organization", office.id),
            name=service.name,
            status="active",
            alternate_name=", ".join(service.synonyms),
            description=service.short,
            url=service.online.url if service.online and not service.online.example else "",
            email=office.email,
            application_process="\n".join(service.procedure),
            fees_description="\n".join(fees),
            eligibility_description="\n".join((*service.requirements, *(() if for_all else conditions))),
            assured_date=service.confirmed or "",
            alert="\n".join(self._alerts(service)),
        )
        self._located_at(entry, key, office, found)
        self._areas(entry, key, found)
        for number, document in enumerate(service.documents):
            self._add("required_document", f"{key}:{number}", service_id=entry, document=document)
        for number, fee in enumerate(fees):
            free = {"currency": "EUR", "amount": 0} if fee.strip(". ").casefold() in _FREE else {}
            self._add("cost_option", f"{key}:{number}", service_id=entry, amount_description=fee, **free)
        self._attributes(entry, key, service, found)

    def _alerts(self, service: Service) -> list[str]:
        return [
            notice.text
            for notice in self._release.knowledge.notices
            if notice.service == service.slug and notice.first <= self._on <= notice.last
        ]

    def _located_at(self, entry: str, key: str, office: Office, found: list[Coverage]) -> None:
        if office.id in self._located:
            roles = ", ".join(ROLES[each.role] for each in found)
            self._add("service_at_location", key, service_id=entry, location_id=self._located[office.id], description=roles)

    def _areas(self, entry: str, key: str, found: list[Coverage]) -> None:
        places = tuple(dict.fromkeys(ars for each in found for ars in each.places))
        for ars, name in areas(self._release, places):
            self._add("service_area", f"{key}:{ars}", service_id=entry, name=name, description=f"Regionalschlüssel (ARS) {ars}")

    def _attributes(self, entry: str, key: str, service: Service, found: list[Coverage]) -> None:
        terms = [("role", each.role, ROLES[each.role]) for each in found]
        if service.life_situation:
            terms.append(("life_situation", service.life_situation, service.life_situation))
        if service.leika:
            terms.append(("leika", service.leika, service.name))
        for taxonomy, code, name in terms:
            self._add(
                "attribute",
                f"{key}:{taxonomy}:{code}",
                link_id=entry,
                taxonomy_term_id=self._term(taxonomy, code, name),
                link_entity="service",
                link_type=taxonomy,
            )

    def _term(self, taxonomy: str, code: str, name: str) -> str:
        key = f"{taxonomy}:{code}"
        if key not in self._terms:
            self._terms[key] = self._add(
                "taxonomy_term",
                key,
                name=name,
                description=name,
                code=code,
                taxonomy=_TAXONOMIES[taxonomy][0],
                language="de",
                taxonomy_id=self._id("taxonomy", taxonomy),
                term_uri=f"urn:de:fim:leika:leistung:{code}" if taxonomy == "leika" else "",
            )
        return self._terms[key]


def _closes(span: Span) -> str:
    """Past midnight is the time of the next day; HSDS knows no 24:00."""
    if span.until:
        return f"{span.until:%H:%M}"
    return "23:59" if span.end == time.max else f"{span.end:%H:%M}"


def _csv(table: Table, rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, table.columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _datapackage(release: Release) -> bytes:
    package = {
        "name": "lotse-hsds",
        "title": f"Leistungen und Stellen: {release.region}" if release.region else "Leistungen und Stellen",
        "description": "Human Services Data Specification 3.0",
        "profile": "tabular-data-package",
        "resources": [_resource(name, table) for name, table in TABLES.items()],
    }
    return json.dumps(package, ensure_ascii=False, indent=2).encode()


def _resource(name: str, table: Table) -> dict[str, Any]:
    fields = [
        {"name": column, "type": _TYPES.get(column, "string"), "constraints": {"required": column in table.required}}
        for column in table.columns
    ]
    foreign = [
        {"fields": column, "reference": {"resource": other if other != name else "", "fields": "id"}}
        for column, other in table.references.items()
    ]
    return {
        "name": name,
        "path": table.path,
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "schema": {"fields": fields, "primaryKey": "id", "foreignKeys": foreign},
    }

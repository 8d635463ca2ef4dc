"""The tables of HSDS are read back with the csv module and held against the specification and against the rules."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from dateutil.rrule import rrulestr

from knowledge.exchange.hsds import write_hsds
from knowledge.hours import day_hours
from knowledge.model import Address, Closure, Contact, Facts, Fee, Link, Locality, Notice, Office, Rule, Service
from knowledge.release import Knowledge, Release
from knowledge.responsibility import NotHere, Responsible, resolve

ON = date(2026, 11, 22)
Row = dict[str, str]
LOOKED_AT = ("wohnsitz-anmelden", "gewerbe-anmelden", "fuehrerschein-ersatz", "eheschliessung-anmelden")

# Field names and required fields of HSDS 3.0 (https://docs.openreferral.org), for the tables that are written.
FIELDS = {
    "organizations.csv": "id name alternate_name description email website tax_status tax_id year_incorporated legal_status logo "
    "uri parent_organization_id",
    "organization_identifiers.csv": "id organization_id identifier_scheme identifier_type identifier",
    "services.csv": "id organization_id program_id name alternate_name description url email status interpretation_services "
    "application_process fees_description wait_time fees accreditations eligibility_description minimum_age maximum_age "
    "assured_date assurer_email licenses alert last_modified",
    "locations.csv": "id location_type url organization_id name alternate_name description transportation latitude longitude "
    "external_identifier external_identifier_type",
    "service_at_location.csv": "id service_id location_id description",
    "service_areas.csv": "id service_id name description extent extent_type uri",
    "addresses.csv": "id location_id attention address_1 address_2 city region state_province postal_code country address_type",
    "phones.csv": "id location_id service_id organization_id contact_id service_at_location_id number extension type description",
    "contacts.csv": "id organization_id service_id service_at_location_id location_id name title department email",
    "schedules.csv": "id service_id location_id service_at_location_id valid_from valid_to dtstart timezone until count wkst "
    "freq interval byday byweekno bymonthday byyearday description opens_at closes_at schedule_link attending_type notes",
    "accessibility.csv": "id location_id description details url",
    "required_documents.csv": "id service_id document uri",
    "cost_options.csv": "id service_id valid_from valid_to option currency amount amount_description",
    "taxonomies.csv": "id name description uri version",
    "taxonomy_terms.csv": "id code name description parent_id taxonomy language taxonomy_id term_uri",
    "attributes.csv": "id link_id taxonomy_term_id link_type link_entity value",
}
REQUIRED = {
    "organizations.csv": "id name description",
    "organization_identifiers.csv": "id identifier_type identifier organization_id",
    "services.csv": "id name status organization_id",
    "locations.csv": "id location_type",
    "service_at_location.csv": "id service_id location_id",
    "addresses.csv": "id address_1 city state_province postal_code country address_type",
    "phones.csv": "id number",
    "cost_options.csv": "id service_id",
    "taxonomies.csv": "id name description",
    "taxonomy_terms.csv": "id name description",
    "attributes.csv": "id link_id taxonomy_term_id link_entity",
}


def rows(data: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


@pytest.fixture(scope="module")
def some(knowledge: Knowledge) -> Knowledge:
    """The county with every sixth service, and those that are looked at."""
    services = [each for number, each in enumerate(knowledge.services) if number % 6 == 0 or each.slug in LOOKED_AT]
    return replace(knowledge, services=tuple(services))


@pytest.fixture(scope="module")
def files(some: Knowledge) -> dict[str, bytes]:
    return write_hsds(some, ON)


@pytest.fixture(scope="module")
def tables(files: dict[str, bytes]) -> dict[str, list[Row]]:
    return {name: rows(data) for name, data in files.items() if name.endswith(".csv")}


def small(service: dict[str, Any] | None = None, office: dict[str, Any] | None = None, **kinds: Any) -> dict[str, list[Row]]:
    """One service at one office."""
    amt = Office("amt", "amt", "gemeinde", "Amt", **(office or {}))
    leistung = Service("pass", "Pass", "citizen", "gemeinde", "amt", "Reise", **(service or {}))
    rule = Rule("R1", "pass", "amt", "zustaendig", "belegt", "Das Amt tut es.")
    knowledge = replace(Knowledge(offices=(amt,), services=(leistung,), rules=(rule,)), **kinds)
    return {name: rows(data) for name, data in write_hsds(knowledge, ON).items() if name.endswith(".csv")}


def test_files_and_fields_are_those_of_the_specification(files: dict[str, bytes]) -> None:
    assert set(files) == {*FIELDS, "datapackage.json"}
    for name, fields in FIELDS.items():
        [head, *_] = csv.reader(io.StringIO(files[name].decode(), newline=""))
        assert set(head) <= set(fields.split()), name
        assert len(set(head)) == len(head)


def test_required_fields_are_filled(tables: dict[str, list[Row]]) -> None:
    empty = [
        (name, field) for name, fields in REQUIRED.items() for field in fields.split() for row in tables[name] if not row[field]
    ]
    assert empty == []


def test_identifiers_are_uuids_and_unique(tables: dict[str, list[Row]]) -> None:
    identifiers = [row["id"] for table in tables.values() for row in table]
    assert len(set(identifiers)) == len(identifiers)
    assert {UUID(each).version for each in identifiers} == {5}


def test_every_reference_leads_somewhere(files: dict[str, bytes], tables: dict[str, list[Row]]) -> None:
    package = json.loads(files["datapackage.json"])
    paths = {resource["name"]: resource["path"] for resource in package["resources"]}
    known = {name: {row["id"] for row in tables[path]} for name, path in paths.items()}
    pointing = set()
    for resource in package["resources"]:
        for key in resource["schema"]["foreignKeys"]:
            column, other = key["fields"], key["reference"]["resource"] or resource["name"]
            pointing.add((resource["path"], column))
            wrong = [row for row in tables[resource["path"]] if row[column] and row[column] not in known[other]]
            assert wrong == [], (resource["name"], column)
    heads = {name: next(csv.reader(io.StringIO(files[name].decode()))) for name in FIELDS}
    assert pointing == {(name, column) for name, head in heads.items() for column in head if column.endswith("_id")}


def test_the_data_package_describes_the_files(files: dict[str, bytes]) -> None:
    package = json.loads(files["datapackage.json"])
    assert (package["profile"], package["name"]) == ("tabular-data-package", "lotse-hsds")
    assert {resource["path"] for resource in package["resources"]} == set(FIELDS)
    for resource in package["resources"]:
        [head, *_] = csv.reader(io.StringIO(files[resource["path"]].decode(), newline=""))
        assert [field["name"] for field in resource["schema"]["fields"]] == head
        required = {field["name"] for field in resource["schema"]["fields"] if field["constraints"]["required"]}
        assert required >= set(REQUIRED.get(resource["path"], "id").split())


def test_the_same_knowledge_gives_the_same_files(some: Knowledge, files: dict[str, bytes]) -> None:
    fewer = write_hsds(replace(some, services=some.services[:2]), ON)
    assert fewer == write_hsds(replace(some, services=some.services[:2]), ON)
    assert {row["id"] for row in rows(fewer["services.csv"])} < {row["id"] for row in rows(files["services.csv"])}


def test_every_office_and_every_service_is_there(some: Knowledge, tables: dict[str, list[Row]]) -> None:
    assert len(tables["organizations.csv"]) == len(some.offices)
    assert {row["name"] for row in tables["services.csv"]} == {service.name for service in some.services}


@pytest.mark.parametrize("slug", LOOKED_AT)
@pytest.mark.parametrize("ars", ["091990111111", "091990115115", "091995101121"])
@pytest.mark.parametrize("surname", ["Abel", "Zacherl"])
def test_services_and_areas_say_what_the_rules_say(
    release: Release, tables: dict[str, list[Row]], slug: str, ars: str, surname: str
) -> None:
    outcome = resolve(release, slug, Facts(places=(Locality(ars),), surname=surname), ON)
    assert isinstance(outcome, Responsible | NotHere)
    responsible = {release.offices[each.office].name for each in outcome.offices if each.role == "zustaendig"}
    place, county = release.places[ars].name, release.county.name if release.county else ""
    areas = {row["service_id"] for row in tables["service_areas.csv"] if row["name"] in (place, county)}
    names = {row["id"]: row["name"] for row in tables["organizations.csv"]}
    role = next(row["id"] for row in tables["taxonomy_terms.csv"] if row["code"] == "zustaendig")
    in_role = {row["link_id"] for row in tables["attributes.csv"] if row["taxonomy_term_id"] == role}
    found = {
        names[row["organization_id"]]: row["eligibility_description"]
        for row in tables["services.csv"]
        if row["name"] == release.services[slug].name and row["id"] in areas & in_role
    }
    assert responsible
    assert responsible <= set(found)
    assert all("Nachnamen" in found[name] for name in set(found) - responsible)


def test_a_rule_of_tomorrow_does_not_count_today(knowledge: Knowledge) -> None:
    births = replace(knowledge, services=tuple(each for each in knowledge.services if each.office_type == "standesamt")[:1])
    names = {}
    for on in (ON, date(2027, 1, 1)):
        found = {name: rows(data) for name, data in write_hsds(births, on).items() if name.endswith(".csv")}
        area = {row["service_id"] for row in found["service_areas.csv"] if row["name"] == "Wallersbach"}
        [office] = [row["organization_id"] for row in found["services.csv"] if row["id"] in area]
        names[on] = next(row["name"] for row in found["organizations.csv"] if row["id"] == office)
    assert "Wallersbach" in names[ON]
    assert "Lindenau" in names[date(2027, 1, 1)]


def test_schedules_are_the_ordinary_weeks(knowledge: Knowledge, tables: dict[str, list[Row]]) -> None:
    monday = date(2027, 6, 14)
    week = [monday + timedelta(days=ahead) for ahead in range(7)]
    locations = {row["name"]: row["id"] for row in tables["locations.csv"]}
    offices = {each.hours: each for each in knowledge.offices if each.hours and each.name in locations}
    assert len(offices) > 40
    for hours, office in offices.items():
        found = []
        for row in tables["schedules.csv"]:
            valid = row["valid_from"] <= "2027-06-14" and (row["valid_to"] or "9999") >= "2027-06-20"
            if row["location_id"] == locations[office.name] and valid:
                rule = f"FREQ={row['freq']};INTERVAL={row['interval']};BYDAY={row['byday']};WKST={row['wkst']};COUNT=7"
                days = [each.date() for each in rrulestr(rule, dtstart=datetime.combine(monday, time.min))]
                found += [(day, row["opens_at"], row["closes_at"]) for day in days if day in week]
        expected = [(day, f"{span.start:%H:%M}", f"{span.end:%H:%M}") for day in week for span in day_hours(hours, day).spans]
        assert sorted(found) == expected, hours


def test_times_of_the_year_are_bounded() -> None:
    tables = small(office={"hours": "May-Sep Mo-Su 09:00-20:00", "website": "https://bad.example"})
    assert [(row["valid_from"], row["valid_to"], row["byday"]) for row in tables["schedules.csv"]] == [
        ("2027-05-01", "2027-09-30", "MO,TU,WE,TH,FR,SA,SU")
    ]
    [location] = tables["locations.csv"]
    assert (location["location_type"], location["url"]) == ("virtual", "https://bad.example")


def test_all_that_an_office_can_have() -> None:
    tables = small(
        office={
            "address": Address("Markt 1", "85901", "Lindenau"),
            "place": "091990111111",
            "hours": "Mo 08:00-24:00; PH off",
            "appointment_only": True,
            "appointment_url": "https://termin.example",
            "closures": (Closure(date(2026, 12, 24), date(2026, 12, 31)), Closure(date(2026, 1, 1), date(2026, 1, 2))),
            "phone": "089 99998-001",
            "geo": (48.1, 11.5),
            "accessibility": "Rampe",
            "leitweg_id": "09199111-STL0001-95",
            "contacts": (
                Contact("Anna Beispiel", "Passwesen", "110", "a@amt.example", valid_to=ON),
                Contact("Bernd Beispiel", phone="089 99998-002", valid_to=ON - timedelta(days=1)),
            ),
        }
    )
    [schedule] = tables["schedules.csv"]
    assert (schedule["byday"], schedule["opens_at"], schedule["closes_at"]) == ("MO", "08:00", "23:59")
    assert schedule["schedule_link"] == "https://termin.example"
    assert schedule["attending_type"] == "Nur nach Terminvereinbarung"
    assert schedule["notes"] == ("Ortszeit (Europe/Berlin); an Feiertagen geschlossen; Geschlossen vom 24.12.2026 bis 31.12.2026")
    [address] = tables["addresses.csv"]
    assert (address["state_province"], address["country"], address["postal_code"]) == ("Bayern", "DE", "85901")
    [location] = tables["locations.csv"]
    assert (location["location_type"], location["latitude"], location["longitude"]) == ("physical", "48.1", "11.5")
    assert [row["name"] for row in tables["contacts.csv"]] == ["Anna Beispiel"]
    assert [row["number"] for row in tables["phones.csv"]] == ["+498999998001", "110"]
    assert [row["identifier"] for row in tables["organization_identifiers.csv"]] == ["09199111-STL0001-95"]
    assert [row["description"] for row in tables["accessibility.csv"]] == ["Rampe"]
    assert [row["description"] for row in tables["service_at_location.csv"]] == ["Zuständige Stelle"]


def test_an_address_without_its_land_is_not_half_told() -> None:
    tables = small(office={"address": Address("Markt 1", "85901", "Lindenau")})
    assert len(tables["locations.csv"]) == 1
    assert tables["addresses.csv"] == []


def test_all_that_a_service_can_have() -> None:
    tables = small(
        service={
            "leika": "99115005104000",
            "synonyms": ("Reisepass", "Ausweis"),
            "requirements": ("Sie sind Deutsche oder Deutscher.",),
            "documents": ("Foto", "Foto"),
            "procedure": ("Sie kommen.", "Sie warten."),
            "fees": (Fee("70 Euro"), Fee("Kostenfrei."), Fee("Beispiel: 5 Euro", example=True)),
            "online": Link("Pass", "https://pass.example"),
            "confirmed": date(2026, 11, 1),
        },
        notices=(
            Notice("a", "Heute zu.", ON, ON, service="pass"),
            Notice("b", "Gestern zu.", ON - timedelta(days=1), ON - timedelta(days=1), service="pass"),
        ),
    )
    [service] = tables["services.csv"]
    assert service["alternate_name"] == "Reisepass, Ausweis"
    assert service["application_process"] == "Sie kommen.\nSie warten."
    assert service["fees_description"] == "70 Euro\nKostenfrei."
    assert (service["url"], service["assured_date"], service["alert"]) == ("https://pass.example", "2026-11-01", "Heute zu.")
    assert [row["document"] for row in tables["required_documents.csv"]] == ["Foto", "Foto"]
    assert [(row["amount"], row["currency"]) for row in tables["cost_options.csv"]] == [("", ""), ("0", "EUR")]
    terms = {row["code"]: row["term_uri"] for row in tables["taxonomy_terms.csv"]}
    assert terms == {"zustaendig": "", "Reise": "", "99115005104000": "urn:de:fim:leika:leistung:99115005104000"}


def test_example_links_are_not_told() -> None:
    tables = small(service={"online": Link("Pass", "https://pass.example", example=True)})
    assert tables["services.csv"][0]["url"] == ""


@pytest.mark.parametrize("text", ['a,b"c', "zwei\r\nZeilen", "; = + @ ' ", "Ä\u2028ß"])
def test_any_text_stays_in_its_cell(text: str) -> None:
    tables = small(service={"documents": (text,), "short": text})
    assert tables["required_documents.csv"][0]["document"] == text
    assert tables["services.csv"][0]["description"] == text


def test_offices_that_do_not_exist_are_not_referred_to() -> None:
    tables = small(
        office={"parent": "nirgends"},
        rules=(Rule("R1", "pass", "nirgends", "zustaendig", "belegt", "Niemand tut es."),),
    )
    assert tables["services.csv"] == []
    assert tables["organizations.csv"][0]["parent_organization_id"] == ""


def test_no_knowledge_gives_tables_without_rows() -> None:
    files = write_hsds(Knowledge(), ON)
    assert {name for name in FIELDS if rows(files[name])} == {"taxonomies.csv"}

"""JSON-LD is held against the vocabulary of schema.org, term by term."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from knowledge.exchange.jsonld import for_script, office_jsonld, service_jsonld, write_jsonld
from knowledge.model import Address, Closure, Fee, Link, Office, Place, Rule, Service
from knowledge.release import Knowledge, Release

ON = date(2026, 11, 22)
Node = dict[str, Any]

THING = {"name", "alternateName", "description", "identifier", "url", "subjectOf", "potentialAction"}
ORGANIZATION = THING | {"address", "email", "telephone", "areaServed", "parentOrganization"}
PLACE = {"geo", "openingHoursSpecification", "specialOpeningHoursSpecification", "amenityFeature", "containedInPlace", "address"}
TERMS = {
    "GovernmentService": THING
    | {"serviceType", "audience", "provider", "serviceOperator", "areaServed", "availableChannel", "hoursAvailable", "offers"},
    "GovernmentOffice": ORGANIZATION | PLACE,
    "LocalBusiness": ORGANIZATION | PLACE,
    "AdministrativeArea": THING | PLACE,
    "ServiceChannel": THING | {"serviceUrl", "servicePhone", "serviceLocation", "processingTime", "availableLanguage"},
    "ContactPoint": THING | {"telephone", "email", "hoursAvailable", "contactType"},
    "PostalAddress": THING | {"streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry"},
    "GeoCoordinates": THING | {"latitude", "longitude"},
    "OpeningHoursSpecification": THING | {"dayOfWeek", "opens", "closes", "validFrom", "validThrough"},
    "LocationFeatureSpecification": THING | {"value"},
    "PropertyValue": THING | {"propertyID", "value"},
    "Audience": THING | {"audienceType", "geographicArea"},
    "BusinessAudience": THING | {"audienceType", "geographicArea"},
    "Offer": THING | {"price", "priceCurrency"},
    "Legislation": THING,
    "ReserveAction": THING | {"target"},
    "EntryPoint": THING | {"urlTemplate"},
}
"""The properties of each type, their own and inherited, as far as they may be used here (schema.org)."""

WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]


def nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from nodes(each)


def released(office: Office, service: dict[str, Any] | None = None, **kinds: Any) -> Release:
    leistung = Service("pass", "Pass", "citizen", "gemeinde", "amt", "Reise", **(service or {}))
    rule = Rule("R1", "pass", "amt", "zustaendig", "belegt", "Das Amt tut es.")
    knowledge = replace(Knowledge(offices=(office,), services=(leistung,), rules=(rule,)), **kinds)
    return Release(1, "0" * 64, "2026-11-22T08:30:00+00:00", knowledge)


def office(**values: Any) -> Office:
    return replace(Office("amt", "amt", "gemeinde", "Amt"), **values)


def hours(node: Node) -> list[tuple[Any, ...]]:
    return [
        ([day.removeprefix("https://schema.org/") for day in each["dayOfWeek"]], each["opens"], each["closes"])
        for each in node.get("openingHoursSpecification", [])
    ]


@pytest.fixture(scope="module")
def some(release: Release) -> Release:
    """The county with every sixth service."""
    few = replace(release.knowledge, services=release.knowledge.services[::6])
    return Release(release.number, release.digest, release.published, few)


@pytest.fixture(scope="module")
def graph(some: Release) -> list[Node]:
    data = json.loads(write_jsonld(some))
    assert data["@context"] == "https://schema.org"
    found: list[Node] = data["@graph"]
    return found


def test_only_terms_of_schema_org(graph: list[Node]) -> None:
    wrong = {
        (node["@type"], key) for node in nodes(graph) for key in node if key[0] != "@" and key not in TERMS.get(node["@type"], ())
    }
    assert wrong == set()
    assert all("@type" in node for node in nodes(graph))


def test_nothing_is_empty(graph: list[Node]) -> None:
    assert [node for node in nodes(graph) if any(value in ("", [], {}, None) for value in node.values())] == []


def test_all_are_there_and_every_reference_leads_somewhere(some: Release, graph: list[Node]) -> None:
    assert len(graph) == len(some.offices) + len(some.services)
    known = {node["@id"] for node in graph}
    assert len(known) == len(graph)
    assert {node["@id"] for node in nodes(graph) if "@id" in node} == known


def test_a_service_of_the_county(release: Release) -> None:
    node = service_jsonld(release, "fuehrerschein-ersatz")
    assert node["@context"] == "https://schema.org"
    assert node["@type"] == "GovernmentService"
    assert node["name"] == "Ersatzführerschein bei Verlust oder Diebstahl"
    assert "Führerschein verloren" in node["alternateName"]
    assert node["identifier"][0] == {
        "@type": "PropertyValue",
        "propertyID": "LeiKa",
        "value": "urn:de:fim:leika:leistung:99023001036000",
    }
    assert [each["name"] for each in node["provider"]] == ["Landratsamt Lindenau"]
    assert [each["name"][-3:] for each in node["serviceOperator"]] == ["A–K", "L–Z"]
    [area] = node["areaServed"]
    assert (area["name"], area["identifier"]["value"]) == ("Landkreis Lindenau", "091990000000")
    assert area["containedInPlace"] == {"@type": "AdministrativeArea", "name": "Bayern"}
    assert node["audience"] == [{"@type": "Audience", "audienceType": "Bürgerinnen und Bürger"}]
    assert "hoursAvailable" not in node
    assert [each["serviceLocation"]["telephone"] for each in node["availableChannel"]] == ["+498999998114", "+498999998115"]


def test_a_service_at_a_place(release: Release) -> None:
    node = service_jsonld(release, "wohnsitz-anmelden", "091990111111")
    assert [each["name"] for each in node["serviceOperator"]] == ["Bürgerbüro der Stadt Lindenau"]
    [area] = node["areaServed"]
    assert (area["name"], area["identifier"]["value"]) == ("Lindenau", "091990111111")
    assert area["containedInPlace"]["name"] == "Landkreis Lindenau"
    assert area["containedInPlace"]["containedInPlace"]["name"] == "Bayern"
    assert node["hoursAvailable"] == node["availableChannel"][-1]["serviceLocation"]["openingHoursSpecification"]
    assert len(service_jsonld(release, "wohnsitz-anmelden")["serviceOperator"]) > 5


def test_the_day_counts(release: Release) -> None:
    service = next(each for each in release.services.values() if each.office_type == "standesamt")
    names = [
        service_jsonld(release, service.slug, "091990115115", on)["serviceOperator"][0]["name"] for on in (ON, date(2027, 1, 1))
    ]
    assert "Wallersbach" in names[0]
    assert "Lindenau" in names[1]


def test_what_does_not_exist(release: Release) -> None:
    for call in (
        lambda: service_jsonld(release, "fliegen"),
        lambda: service_jsonld(release, "wohnsitz-anmelden", "000000000000"),
        lambda: office_jsonld(release, "nirgends"),
    ):
        with pytest.raises(KeyError):
            call()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Mo-Fr 08:00-12:00, Th 14:00-18:00; PH off", [(WEEK, "08:00", "12:00"), (["Thursday"], "14:00", "18:00")]),
        (
            "Mo-Fr 08:00-12:00; Th 14:00-18:00",
            [([*WEEK[:3], "Friday"], "08:00", "12:00"), (["Thursday"], "14:00", "18:00")],
        ),
        ("24/7", [([*WEEK, "Saturday", "Sunday"], "00:00", "23:59")]),
        ("Fr 22:00-02:00", [(["Friday"], "22:00", "02:00")]),
        ("Fr 18:00-24:00", [(["Friday"], "18:00", "00:00")]),
        ("Mo-Fr 08:00-12:00; PH 10:00-11:00", [(WEEK, "08:00", "12:00")]),
        ("off", []),
        ("vormittags", []),
        ("", []),
    ],
)
def test_hours_of_ordinary_weeks(expression: str, expected: list[tuple[Any, ...]]) -> None:
    for on in (ON, date(2026, 12, 24), date(2027, 3, 26), date(2027, 8, 15)):
        assert hours(office_jsonld(released(office(hours=expression)), "amt", on)) == expected


def test_closures_do_not_change_the_ordinary_week() -> None:
    closed = Closure(date(2026, 12, 24), date(2027, 1, 1), "Betriebsferien")
    past = Closure(date(2026, 1, 1), date(2026, 1, 2))
    node = office_jsonld(released(office(hours="Mo-Fr 08:00-12:00; PH off", closures=(closed, past))), "amt")
    assert hours(node) == [(WEEK, "08:00", "12:00")]
    assert node["specialOpeningHoursSpecification"] == [
        {"@type": "OpeningHoursSpecification", "dayOfWeek": "https://schema.org/PublicHolidays"},
        {
            "@type": "OpeningHoursSpecification",
            "name": "Betriebsferien",
            "validFrom": "2026-12-24",
            "validThrough": "2027-01-01",
        },
    ]


def test_times_of_the_year_are_bounded() -> None:
    node = office_jsonld(released(office(hours="May-Sep Mo-Su 09:00-20:00, Oct-Apr Mo-Fr 09:00-12:00")), "amt")
    assert [(each["closes"], each["validFrom"], each["validThrough"]) for each in node["openingHoursSpecification"]] == [
        ("12:00", "2026-11-22", "2027-04-30"),
        ("20:00", "2027-05-01", "2027-09-30"),
        ("12:00", "2027-10-01", "2027-11-27"),
    ]
    assert "specialOpeningHoursSpecification" not in node


def test_all_that_an_office_can_have() -> None:
    found = office(
        place="091990111111",
        parent="amt",
        address=Address("Markt 1", "85901", "Lindenau"),
        phone="089 99998-001",
        email="amt@lindenau.example",
        website="https://lindenau.example",
        geo=(48.1, 0.0),
        leitweg_id="09199111-STL0001-95",
        accessibility="Rampe am Eingang",
        appointment_url="https://termin.example",
        remark="nur für das Haus",
    )
    place = Place("091990111111", "09199111", "Lindenau", "stadt")
    node = office_jsonld(released(found, places=(place,)), "amt")
    assert node["address"] == {
        "@type": "PostalAddress",
        "streetAddress": "Markt 1",
        "postalCode": "85901",
        "addressLocality": "Lindenau",
        "addressRegion": "Bayern",
        "addressCountry": "DE",
    }
    assert (node["geo"]["latitude"], node["geo"]["longitude"]) == (48.1, 0.0)
    assert (node["telephone"], node["email"], node["url"]) == (
        "+498999998001",
        "amt@lindenau.example",
        "https://lindenau.example",
    )
    assert node["identifier"]["value"] == "09199111-STL0001-95"
    assert node["amenityFeature"] == [{"@type": "LocationFeatureSpecification", "name": "Rampe am Eingang", "value": True}]
    assert node["potentialAction"]["target"]["urlTemplate"] == "https://termin.example"
    assert "parentOrganization" not in node
    assert "Haus" not in json.dumps(node)


@pytest.mark.parametrize(("phone", "number"), [("110", "110"), ("116 016", "116016"), ("0800 655 3000", "+498006553000")])
def test_numbers_that_nobody_outside_can_dial_stay_as_they_are(phone: str, number: str) -> None:
    assert office_jsonld(released(office(phone=phone)), "amt")["telephone"] == number


def test_a_private_body_is_no_government_office() -> None:
    assert office_jsonld(released(office(level="privat")), "amt")["@type"] == "LocalBusiness"


def test_examples_are_not_told_as_facts() -> None:
    service = {
        "fees": (Fee("70 Euro"), Fee("Beispiel: 5 Euro", example=True)),
        "online": Link("Pass", "https://pass.example", example=True),
    }
    node = service_jsonld(released(office(), service), "pass")
    assert node["offers"] == [{"@type": "Offer", "description": "70 Euro"}]
    assert "pass.example" not in json.dumps(node)
    real = service_jsonld(released(office(), {"online": Link("Pass", "https://pass.example")}), "pass")
    assert real["availableChannel"][0] == {"@type": "ServiceChannel", "name": "Pass", "serviceUrl": "https://pass.example"}


@pytest.mark.parametrize(
    ("audience", "types"),
    [("citizen", ["Audience"]), ("business", ["BusinessAudience"]), ("both", ["Audience", "BusinessAudience"]), ("x", [])],
)
def test_audiences(audience: str, types: list[str]) -> None:
    knowledge = released(office())
    service = replace(knowledge.knowledge.services[0], audience=audience)
    node = service_jsonld(released(office(), services=(service,)), "pass")
    assert [each["@type"] for each in node.get("audience", [])] == types


def test_a_service_that_nobody_does() -> None:
    node = service_jsonld(released(office(), rules=()), "pass")
    assert not {"provider", "serviceOperator", "availableChannel", "areaServed"} & set(node)


def test_inside_a_page_it_cannot_end_its_element() -> None:
    node = service_jsonld(released(office(), {"short": "</script><script>alert(1)</script><!--&"}), "pass")
    text = for_script(node)
    assert not set("<>&") & set(text)
    assert json.loads(text) == node


def test_the_same_release_gives_the_same_bytes(release: Release) -> None:
    few = replace(release.knowledge, services=release.knowledge.services[:5], offices=release.knowledge.offices[:5])
    part = Release(release.number, release.digest, release.published, few)
    assert write_jsonld(part) == write_jsonld(part)

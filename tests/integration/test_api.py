"""The knowledge over HTTP, from the demo release."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from bot.bootstrap import Stores
from knowledge.model import Notice
from knowledge.release import Knowledge
from tests.integration.wiring import ObservedEngine, serving

AMMERFELD = "091990112112"
API = "/api/v1"


async def got(client: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    response = await client.get(API + path, params=query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return dict(response.json())


def is_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    return dict(response.json())


async def all_items(client: httpx.AsyncClient, path: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await got(client, path, cursor=cursor, **query)
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = page["next"]


# --- services


@pytest.mark.slow
async def test_services_come_in_parts_without_losing_any(reader: httpx.AsyncClient, demo: Knowledge) -> None:
    first = await got(reader, "/services", limit=7)
    assert len(first["items"]) == 7
    items = await all_items(reader, "/services", limit=97)
    assert sorted(each["slug"] for each in items) == sorted(each.slug for each in demo.services)
    assert items[:7] == first["items"]


async def test_the_last_part_has_no_next(reader: httpx.AsyncClient, demo: Knowledge) -> None:
    assert (await got(reader, "/offices", limit=200))["next"] is not None
    offices = await all_items(reader, "/offices", limit=len(demo.offices) // 2)
    assert len(offices) == len({each["id"] for each in offices}) == len(demo.offices)


@pytest.mark.parametrize("cursor", ["x", "bm9wZQ", "eyJhIjoxfQ", "WzFd", "W1tdXQ", "_" * 600, "W" * 599])
async def test_a_cursor_of_no_list(reader: httpx.AsyncClient, cursor: str) -> None:
    problem = is_problem(await reader.get(f"{API}/services", params={"cursor": cursor}), 404)
    assert "beginnen Sie von vorn" in problem["detail"]


async def test_a_search_finds_by_name_synonym_and_part_of_a_word(reader: httpx.AsyncClient) -> None:
    for words, slug in (
        ("Hundesteuer", "hundesteuer-anmelden"),
        ("hund abmelden", "hundesteuer-anmelden"),
        ("Konzession", "gaststaettenerlaubnis-beantragen"),
        ("FÜHRUNGSZEUGNIS", "fuehrungszeugnis-beantragen"),
        ("fuehrungszeugnis", "fuehrungszeugnis-beantragen"),
        ("restaurant licence", "gaststaettenerlaubnis-beantragen"),
    ):
        found = await got(reader, "/services", q=words)
        assert found["items"][0]["slug"] == slug, words


async def test_a_search_that_finds_nothing(reader: httpx.AsyncClient) -> None:
    assert (await got(reader, "/services", q="Xylophonstimmung"))["items"] == []


async def test_where_words_do_not_tell_the_understanding_helps(client: httpx.AsyncClient, engine: ObservedEngine) -> None:
    named = await got(client, "/services", q="Reisepass beantragen")
    assert (named["items"][0]["slug"], engine.asked) == ("reisepass-beantragen", [])
    asked = await got(client, "/services", q="Welches Amt braucht mein neuer Reisepass eigentlich?")
    assert engine.asked == ["Welches Amt braucht mein neuer Reisepass eigentlich?"]
    assert "reisepass-beantragen" in [each["slug"] for each in asked["items"]]


async def test_services_of_a_topic_and_for_somebody(reader: httpx.AsyncClient) -> None:
    pets = await got(reader, "/services", life_situation="Tiere")
    assert {each["life_situation"] for each in pets["items"]} == {"Tiere"}
    staff = await all_items(reader, "/services", audience="staff")
    assert staff and {each["audience"] for each in staff} == {"staff"}


async def test_a_service_with_all_it_needs(reader: httpx.AsyncClient) -> None:
    service = await got(reader, "/services/hundesteuer-anmelden")
    assert service["name_en"] == "Register or deregister a dog for dog tax"
    assert service["simple"].startswith("Sie haben einen Hund?")
    assert service["varies_by"] == ["place"]
    assert service["fees"][0]["example"] is True
    assert service["links"]["page"] == "/leistungen/hundesteuer-anmelden"
    assert service["release"]["number"] == 1


@pytest.mark.parametrize("path", ["/services/gibt-es-nicht", "/offices/gibt-es-nicht", "/journeys/gibt-es-nicht"])
@pytest.mark.parametrize("suffix", ["", ".jsonld", ".vcf", ".ics"])
async def test_what_does_not_exist(reader: httpx.AsyncClient, path: str, suffix: str) -> None:
    is_problem(await reader.get(API + path + suffix), 404)


async def test_a_service_for_machines(reader: httpx.AsyncClient) -> None:
    by_suffix = await reader.get(f"{API}/services/hundesteuer-anmelden.jsonld")
    by_accept = await reader.get(f"{API}/services/hundesteuer-anmelden", headers={"Accept": "application/ld+json"})
    assert by_suffix.headers["content-type"] == by_accept.headers["content-type"] == "application/ld+json"
    assert by_suffix.json() == by_accept.json()
    assert (by_suffix.json()["@context"], by_suffix.json()["@type"]) == ("https://schema.org", "GovernmentService")
    everywhere = len(by_suffix.json()["serviceOperator"])
    here = await reader.get(f"{API}/services/hundesteuer-anmelden.jsonld", params={"place": "Ammerfeld"})
    assert [each["name"] for each in here.json()["serviceOperator"]] == ["Steueramt der Stadt Ammerfeld"]
    assert everywhere > 5
    for nowhere in ("Quatschhausen", "München"):
        is_problem(await reader.get(f"{API}/services/hundesteuer-anmelden.jsonld", params={"place": nowhere}), 404)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/ld+json, application/json;q=0.5", "application/ld+json"),
        ("application/ld+json;q=0.4, application/json;q=0.5", "application/json"),
        ("application/ld+json;q=0", "application/json"),
        ("application/ld+json;q=viel", "application/json"),
        ("APPLICATION/LD+JSON", "application/ld+json"),
        ("text/html", "application/json"),
    ],
)
async def test_the_form_that_accept_asks_for(reader: httpx.AsyncClient, accept: str, media_type: str) -> None:
    response = await reader.get(f"{API}/offices/zbfs", headers={"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, media_type)
    assert response.headers["vary"] == "Accept"


# --- offices


async def test_an_office_with_its_week(reader: httpx.AsyncClient) -> None:
    office = await got(reader, "/offices/standesamt@lindenau")
    assert office["place"] == {"id": "091990111111", "title": "Lindenau"}
    assert office["hours_text"][0] == "Montag bis Freitag 8:30–12:00 Uhr"
    assert len(office["days"]) == 7
    assert office["appointment_only"] is True
    assert {"id": "eheschliessung-anmelden", "title": "Eheschließung anmelden"} in office["services"]
    assert office["links"]["vcard"] == "/api/v1/offices/standesamt@lindenau.vcf"


async def test_an_office_whose_id_needs_quoting(reader: httpx.AsyncClient) -> None:
    page = await all_items(reader, "/offices")
    listed = next(each for each in page if each["id"] == "fuehrerscheinstelle#a-k")
    assert listed["url"] == "/api/v1/offices/fuehrerscheinstelle%23a-k"
    assert (await reader.get(listed["url"])).json()["id"] == "fuehrerscheinstelle#a-k"


async def test_an_office_as_card_and_calendar(reader: httpx.AsyncClient) -> None:
    card = await reader.get(f"{API}/offices/standesamt@lindenau.vcf")
    assert card.headers["content-type"] == "text/vcard; charset=utf-8"
    assert card.text.startswith("BEGIN:VCARD\r\nVERSION:4.0")
    assert card.headers["content-disposition"] == 'inline; filename="standesamt@lindenau.vcf"'
    calendar = await reader.get(f"{API}/offices/fuehrerscheinstelle%23a-k.ics")
    assert calendar.headers["content-type"] == "text/calendar; charset=utf-8"
    assert calendar.headers["content-disposition"] == 'inline; filename="fuehrerscheinstelle_a-k.ics"'
    assert Calendar.from_ical(calendar.content).walk("VEVENT")


async def test_services_for_staff_are_not_among_those_of_an_office(reader: httpx.AsyncClient, demo: Knowledge) -> None:
    internal = {each.slug for each in demo.services if each.audience == "staff"}
    kinds = {each.office_type for each in demo.services if each.slug in internal}
    for office in [each.id for each in demo.offices if each.type in kinds][:5]:
        shown = {each["id"] for each in (await got(reader, f"/offices/{office.replace('#', '%23')}"))["services"]}
        assert not shown & internal


# --- who is responsible


async def test_responsible_here_and_why(reader: httpx.AsyncClient) -> None:
    told = await got(reader, "/responsible", service="hundesteuer-anmelden", place="Ammerfeld")
    assert (told["outcome"], told["missing"], told["choices"]) == ("responsible", None, [])
    office = told["offices"][0]
    assert office["office"]["name"] == "Steueramt der Stadt Ammerfeld"
    assert (office["role"], office["certainty"]) == ("zustaendig", "belegt")
    assert office["rule"] and office["reason"] and office["source"] and office["confirmed"]
    assert told["text"].endswith("ist in Ammerfeld diese Stelle zuständig: Steueramt der Stadt Ammerfeld.")
    assert told["places"][0]["id"] == AMMERFELD


async def test_the_missing_fact_and_its_answers_lead_on(reader: httpx.AsyncClient) -> None:
    told = await got(reader, "/responsible", service="fuehrerschein-umtauschen", place="Ammerfeld")
    assert (told["outcome"], told["missing"]) == ("missing", "surname")
    assert told["question"].startswith("Mit welchem Buchstaben")
    offices = {
        (await got(reader, "/responsible", service="fuehrerschein-umtauschen", surname=each["value"]))["offices"][0]["office"][
            "id"
        ]
        for each in told["choices"]
    }
    assert offices == {"fuehrerscheinstelle#a-k", "fuehrerscheinstelle#l-z"}


async def test_every_choice_of_place_is_understood(reader: httpx.AsyncClient) -> None:
    told = await got(reader, "/responsible", service="hundesteuer-anmelden")
    assert (told["outcome"], told["missing"]) == ("missing", "place")
    for each in told["choices"]:
        answer = await got(reader, "/responsible", service="hundesteuer-anmelden", place=each["value"])
        assert answer["outcome"] == "responsible", each


async def test_a_postcode_of_two_places(reader: httpx.AsyncClient) -> None:
    told = await got(reader, "/responsible", service="hundesteuer-anmelden", place="85902")
    assert (told["outcome"], told["missing"]) == ("ambiguous", "place")
    assert [each["label"] for each in told["choices"]] == ["Birkenried", "Eichelbach"]


async def test_somebody_else_is_responsible(reader: httpx.AsyncClient) -> None:
    told = await got(reader, "/responsible", service="elterngeld-beantragen", place="Ammerfeld")
    assert (told["outcome"], told["outside"]) == ("not_here", False)
    assert told["offices"][0]["office"]["id"] == "zbfs"


async def test_a_place_elsewhere(reader: httpx.AsyncClient) -> None:
    told = await got(reader, "/responsible", service="hundesteuer-anmelden", place="München")
    assert (told["outcome"], told["outside"], told["offices"]) == ("not_here", True, [])
    assert told["text"].startswith("München liegt nicht im Landkreis Lindenau.")
    again = await got(reader, "/responsible", service="hundesteuer-anmelden", place=told["places"][0]["id"])
    assert again == told


async def test_the_county_as_a_place_asks_for_the_gemeinde(reader: httpx.AsyncClient) -> None:
    told = await got(reader, "/responsible", service="hundesteuer-anmelden", place="Landkreis Lindenau")
    assert (told["outcome"], told["missing"]) == ("missing", "place")


async def test_the_day_decides(reader: httpx.AsyncClient) -> None:
    """From 2027 the register office of Lindenau is there for Wallersbach, too."""
    asked = {"service": "eheschliessung-anmelden", "place": "Wallersbach"}
    before = await got(reader, "/responsible", **asked, on="2026-12-31")
    after = await got(reader, "/responsible", **asked, on="2027-01-01")
    assert before["offices"][0]["office"]["id"] != after["offices"][0]["office"]["id"] == "standesamt@lindenau"
    assert after["on"] == "2027-01-01"


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31"])
async def test_the_first_and_the_last_day_there_is(reader: httpx.AsyncClient, on: str) -> None:
    await got(reader, "/responsible", service="hundesteuer-anmelden", place="Ammerfeld", on=on)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"service": "gibt-es-nicht"}, 404),
        ({"service": "hundesteuer-anmelden", "place": "Quatschhausen"}, 404),
        ({}, 422),
        ({"service": ""}, 422),
        ({"service": "hundesteuer-anmelden", "on": "2027-02-30"}, 422),
        ({"service": "hundesteuer-anmelden", "value": "-1"}, 422),
        ({"service": "hundesteuer-anmelden", "value": "NaN"}, 422),
        ({"service": "hundesteuer-anmelden", "value": "٣"}, 422),
        ({"service": "hundesteuer-anmelden", "audience": "cat"}, 422),
        ({"service": "hundesteuer-anmelden", "place": "x" * 101}, 422),
    ],
)
async def test_what_cannot_be_answered(reader: httpx.AsyncClient, query: dict[str, str], status: int) -> None:
    is_problem(await reader.get(f"{API}/responsible", params=query), status)


# --- places


async def test_places_by_name_code_and_beginning(reader: httpx.AsyncClient) -> None:
    for text, labels in (
        ("Ammerfeld", ["Ammerfeld"]),
        ("amm", ["Ammerfeld"]),
        ("85902", ["Birkenried", "Eichelbach"]),
        (AMMERFELD, ["Ammerfeld"]),
        ("Xyzhausen", []),
    ):
        assert [each["label"] for each in (await got(reader, "/places", q=text))["items"]] == labels, text
    outside = (await got(reader, "/places", q="München"))["items"][0]
    assert (outside["here"], outside["label"]) == (False, "München")
    everywhere = (await got(reader, "/places"))["items"]
    assert len(everywhere) == 14
    assert all(each["here"] and each["kind"] != "landkreis" for each in everywhere)


# --- journeys


async def test_a_journey_at_a_place(reader: httpx.AsyncClient) -> None:
    listed = (await got(reader, "/journeys"))["items"]
    assert "gaststaette-eroeffnen" in [each["slug"] for each in listed]
    anywhere = await got(reader, "/journeys/gaststaette-eroeffnen")
    here = await got(reader, "/journeys/gaststaette-eroeffnen", place="Ammerfeld")
    trade = {each["service"]: each for each in here["steps"]}["gewerbe-anmelden"]
    assert trade["office"] and not trade["missing"]
    assert {each["service"]: each for each in anywhere["steps"]}["gewerbe-anmelden"]["missing"] == "place"
    assert (here["place"]["label"], anywhere["place"]) == ("Ammerfeld", None)
    assert here["ics"] == f"/api/v1/journeys/gaststaette-eroeffnen.ics?place={AMMERFELD}"
    tasks = Calendar.from_ical((await reader.get(here["ics"])).content)
    summaries = [str(each["summary"]) for each in tasks.subcomponents if "summary" in each]
    assert len(summaries) >= len(here["steps"])
    is_problem(await reader.get(f"{API}/journeys/haus-bauen", params={"place": "Quatschhausen"}), 404)


# --- caching


@pytest.fixture
def paths() -> Iterator[str]:
    return iter(
        (
            f"{API}/services?limit=3",
            f"{API}/services/hundesteuer-anmelden",
            f"{API}/services/hundesteuer-anmelden.jsonld",
            f"{API}/offices/standesamt@lindenau.vcf",
            f"{API}/responsible?service=hundesteuer-anmelden&place=Ammerfeld",
            f"{API}/places?q=Ammerfeld",
            f"{API}/journeys",
        )
    )


@pytest.mark.slow
async def test_nothing_is_sent_twice_until_the_release_changes(
    client: httpx.AsyncClient, stores: Stores, demo: Knowledge, paths: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.service._FRESH_S", 0.0)
    tags = {}
    for path in paths:
        first = await client.get(path)
        tags[path] = first.headers["etag"]
        assert first.headers["cache-control"] == "public, no-cache"
        for known in (tags[path], f'"other", W/{tags[path]}', "*"):
            again = await client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tags[path]
        assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    assert len(set(tags.values())) == len(tags)
    today = datetime.now(UTC).date()
    notice = Notice(
        "umzug", "Das Amt zieht um.", today - timedelta(days=2), today + timedelta(days=2), service="hundesteuer-anmelden"
    )
    stores.knowledge.save("notices", notice, "test", None)
    stores.knowledge.publish("test")
    for path, tag in tags.items():
        response = await client.get(path, headers={"If-None-Match": tag})
        assert response.status_code == 200, path
    assert (await got(client, "/services/hundesteuer-anmelden"))["notices"] == ["Das Amt zieht um."]


async def test_without_a_release(tmp_path: Any, empty_stores: Stores, engine: ObservedEngine) -> None:
    async with serving(tmp_path, empty_stores, engine) as client:
        for path in ("/services", "/offices/x", "/responsible?service=x", "/places?q=x", "/journeys"):
            problem = is_problem(await client.get(API + path), 503)
            assert "noch nicht veröffentlicht" in problem["detail"]


# --- the description


async def test_the_description_tells_of_every_error_as_a_problem(reader: httpx.AsyncClient) -> None:
    described = (await reader.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    for path, methods in described["paths"].items():
        assert path.startswith(f"{API}/")
        for operation in methods.values():
            for status, response in operation["responses"].items():
                assert status[0] in "23" or list(response["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in json.dumps(described)


async def test_a_read_only_api_stays_so(reader: httpx.AsyncClient) -> None:
    described = (await reader.get("/openapi.json")).json()["paths"]
    for path in (each for each in described if "/conversations" not in each):
        assert list(described[path]) == ["get"]
    response = await reader.post(f"{API}/services")
    is_problem(response, 405)
    assert response.headers["allow"] == "GET"


def test_the_demo_has_the_day_the_tests_speak_of(demo: Knowledge) -> None:
    assert any(rule.valid_from == date(2027, 1, 1) for rule in demo.rules)

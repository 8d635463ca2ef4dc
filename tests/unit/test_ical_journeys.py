"""Journeys as task lists, read back with icalendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from icalendar import Calendar

from knowledge.exchange.ical import journey_calendar
from knowledge.model import Address, Journey, JourneyStep, Link, Locality
from knowledge.release import Release

ON = date(2026, 11, 24)
PFARRHAUSEN = Locality("091995101120")
CAFE = "gaststaette-eroeffnen"


def calendar(release: Release, *places: Locality, slug: str = CAFE, base: str = "https://lotse.example/") -> Any:
    return Calendar.from_ical(journey_calendar(release, slug, places, ON, base))


def task(found: Any, beginning: str) -> Any:
    return next(todo for todo in found.walk("VTODO") if str(todo["SUMMARY"]).startswith(beginning))


def test_one_task_a_step_in_order(release: Release) -> None:
    summaries = [str(todo["SUMMARY"]) for todo in calendar(release, PFARRHAUSEN).walk("VTODO")]
    steps = [release.services[step.service].name for step in release.journeys[CAFE].steps]
    assert summaries == [f"{number}. {name}" for number, name in enumerate(steps, 1)]


def test_a_task_names_office_place_and_page(release: Release) -> None:
    todo = task(calendar(release, PFARRHAUSEN), "4. ")
    assert str(todo["DESCRIPTION"]) == (
        "Nur wenn Sie Alkohol ausschenken.\nAls Nachweis für die Gaststättenerlaubnis.\nZuständig: Bürgerbüro der VG Moosham\n"
        "Telefon: +498999998025\nE-Mail: buergerbuero@moosham.example"
    )
    assert str(todo["LOCATION"]) == "Moosstraße 1, 85907 Moosham"
    assert str(todo["URL"]) == "https://lotse.example/leistungen/fuehrungszeugnis-beantragen?ort=091995101120"
    assert str(todo["STATUS"]) == "NEEDS-ACTION"
    assert [str(each) for each in todo["CATEGORIES"].cats] == ["Gaststätte eröffnen"]


def test_programs_without_tasks_get_the_whole_list(release: Release) -> None:
    [event] = calendar(release, PFARRHAUSEN).walk("VEVENT")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (ON, date(2026, 11, 25))
    assert str(event["SUMMARY"]) == "Checkliste: Gaststätte eröffnen"
    assert "8. Gewerbe anmelden: Zuständig: Ordnungs- und Gewerbeamt der VG Moosham" in str(event["DESCRIPTION"])
    assert str(event["URL"]) == "https://lotse.example/lebenslagen/gaststaette-eroeffnen?ort=091995101120"


def test_what_is_missing_is_said(release: Release) -> None:
    todo = task(calendar(release), "8. ")
    assert str(todo["DESCRIPTION"]) == "Die zuständige Stelle hängt ab vom Ort."
    assert "LOCATION" not in todo
    assert str(todo["URL"]) == "https://lotse.example/leistungen/gewerbe-anmelden"
    elsewhere = task(calendar(release, Locality("outside")), "8. ")
    assert "115" in str(elsewhere["DESCRIPTION"])
    doubtful = task(calendar(release, slug="pflegefall-in-der-familie"), "2. ")
    assert str(doubtful["DESCRIPTION"]).endswith("(bitte vorher nachfragen)")


def test_without_pages_the_link_is_the_online_service(release: Release) -> None:
    found = calendar(release, PFARRHAUSEN, slug="umzug-in-den-landkreis", base="")
    assert str(task(found, "3. ")["URL"]) == "https://wohnsitzanmeldung.gov.de"
    assert all("lotse" not in str(todo.get("URL", "")) for todo in found.walk("VTODO"))


def test_identifiers_stay_and_differ(release: Release) -> None:
    def ids(*places: Locality) -> list[str]:
        return [str(each["UID"]) for each in calendar(release, *places).walk() if "UID" in each]

    assert ids(PFARRHAUSEN) == ids(PFARRHAUSEN)
    assert len(set(ids(PFARRHAUSEN) + ids())) == 2 * len(ids())


def test_an_unknown_journey(release: Release) -> None:
    with pytest.raises(KeyError):
        journey_calendar(release, "gone", (), ON)


def test_hostile_texts_stay_one_property(release: Release) -> None:
    evil = "A\r\nEND:VCALENDAR\r\nBEGIN:VEVENT\x00;,\\"
    service = replace(release.services["gewerbe-anmelden"], name=evil, online=Link("x", f"https://x.example/\r\nX-EVIL:1{evil}"))
    office = replace(release.offices["ordnungsamt-gemeinde@vg-moosham"], name=evil, address=Address(evil, "1", evil), email=evil)
    known = replace(
        release.knowledge,
        services=(service,),
        offices=tuple(office if each.id == office.id else each for each in release.knowledge.offices),
        journeys=(Journey("j", evil, (JourneyStep("gewerbe-anmelden", evil, evil),), short=evil),),
    )
    hostile = Release(1, "", release.published, known)
    for base in ("", "https://lotse.example"):
        found = Calendar.from_ical(journey_calendar(hostile, "j", (PFARRHAUSEN,), ON, base))
        assert len(found.walk("VTODO")) == len(found.walk("VEVENT")) == 1
        assert not [name for each in found.walk() for name in each if name.startswith("X-EVIL")]

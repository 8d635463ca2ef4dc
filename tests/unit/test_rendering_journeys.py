"""A journey as an answer, and the way to it from one service."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from actions.turn import Reply
from bot.conversation.messages import Block
from bot.conversation.rendering import Renderer, plain_text
from knowledge.hours import BERLIN
from knowledge.model import Facts, Locality
from knowledge.release import Release
from knowledge.responsibility import Choice, Responsible, resolve

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=BERLIN)
CAFE = "gaststaette-eroeffnen"
PFARRHAUSEN = "091995101120"


def rendered(release: Release, reply: Reply, language: str = "de") -> list[Block]:
    return Renderer(release, TUESDAY, 24, language).blocks(reply)


def journey(release: Release, *places: str, language: str = "de", slug: str = CAFE) -> tuple[str, dict[str, Any]]:
    """What is said before the list, and the list."""
    blocks = [dict(each) for each in rendered(release, Reply("journey", topic=slug, places=places), language)]
    assert [each["type"] for each in blocks[-2:]] == ["journey", "note"]
    return "\n".join(str(each["text"]) for each in blocks[:-2]), blocks[-2]


def test_a_journey_at_a_place(release: Release) -> None:
    said, block = journey(release, PFARRHAUSEN)
    assert said == "So gehen Sie der Reihe nach vor: „Gaststätte eröffnen“ in Pfarrhausen."
    assert (block["title"], block["place"]) == ("Gaststätte eröffnen", "Pfarrhausen")
    assert block["page"] == "/lebenslagen/gaststaette-eroeffnen?ort=091995101120"
    assert block["ics"] == "/api/v1/journeys/gaststaette-eroeffnen.ics?place=091995101120"
    step = next(each for each in block["steps"] if each["service"] == "gewerbe-anmelden")
    assert step == {
        "service": "gewerbe-anmelden",
        "title": "Gewerbe anmelden",
        "condition": "",
        "hint": "",
        "office": {
            "id": "ordnungsamt-gemeinde@vg-moosham",
            "title": "Ordnungs- und Gewerbeamt der VG Moosham",
            "page": "/stellen/ordnungsamt-gemeinde@vg-moosham",
        },
        "missing": "",
        "certainty": "",
        "text": "",
        "page": "/leistungen/gewerbe-anmelden",
    }
    road = next(each for each in block["steps"] if each["service"] == "sondernutzung-strasse-beantragen")
    assert (road["office"], road["missing"]) == (None, "district")
    assert road["text"] == "Welche Stelle das ist, hängt von der Straße ab."


def test_without_a_place_it_says_where_the_place_decides(release: Release) -> None:
    said, block = journey(release)
    assert said.startswith(
        "So gehen Sie der Reihe nach vor: „Gaststätte eröffnen“.\nBei manchen Schritten kommt es auf den Ort an."
    )
    assert (block["place"], block["page"]) == ("", "/lebenslagen/gaststaette-eroeffnen")
    missing = {each["service"]: each["missing"] for each in block["steps"]}
    assert (missing["gewerbe-anmelden"], missing["lebensmittelbetrieb-registrieren"]) == ("place", "")
    assert all(bool(each["office"]) != bool(each["text"]) for each in block["steps"])


def test_the_county_alone_is_no_place(release: Release) -> None:
    assert journey(release, "091990000000")[1]["place"] == ""


def test_places_to_press_when_the_turn_offers_some(release: Release) -> None:
    reply = Reply("journey", topic=CAFE, missing="place", choices=(Choice(PFARRHAUSEN, "Pfarrhausen"),))
    buttons = dict(rendered(release, reply)[-2])
    assert buttons == {"type": "choices", "kind": "place", "options": [{"value": PFARRHAUSEN, "label": "Pfarrhausen"}]}


def test_a_journey_elsewhere(release: Release) -> None:
    said, block = journey(release, "outside")
    assert "Ihr Ort liegt nicht im Landkreis Lindenau." in said
    assert {each["office"] for each in block["steps"]} == {None}
    assert block["page"] == "/lebenslagen/gaststaette-eroeffnen"


def test_doubt_is_told(release: Release) -> None:
    _, block = journey(release, PFARRHAUSEN, slug="pflegefall-in-der-familie")
    step = next(each for each in block["steps"] if each["service"] == "pflegegrad-beantragen")
    assert step["certainty"].startswith("Ich weiß, welche Art von Stelle es ist")


def test_a_journey_in_english(release: Release) -> None:
    said, block = journey(release, PFARRHAUSEN, language="en")
    assert said.startswith("This is how to proceed, step by step: “Opening a restaurant or café” in Pfarrhausen.")
    assert "in German" in said
    assert (block["language"], block["lang"], block["steps"][7]["title"]) == ("en", "de", "Register a trade")


@pytest.mark.parametrize("language", ["de", "en", "de-simple"])
def test_every_journey_everywhere(release: Release, language: str) -> None:
    for slug in release.journeys:
        for places in ((), (PFARRHAUSEN,), ("091995101119", "091995101120"), ("091990111111/Altstadt",)):
            text = plain_text(rendered(release, Reply("journey", topic=slug, places=places), language))
            assert "{" not in text
            assert "\n1. " in text


def test_a_journey_the_release_has_dropped(release: Release) -> None:
    text, *_ = rendered(release, Reply("journey", topic="gone"))
    assert dict(text)["text"].startswith("Das weiß ich leider nicht sicher.")
    with pytest.raises(KeyError):
        Renderer(release, TUESDAY, 24).journey("gone")
    assert Renderer(release, TUESDAY, 24).journey(CAFE)[1]["type"] == "text"


def answer(release: Release, slug: str) -> Reply:
    facts = Facts(places=(Locality(PFARRHAUSEN),), audience="citizen", surname="M", district="Gemeindestraße")
    outcome = resolve(release, slug, facts, TUESDAY.date())
    assert isinstance(outcome, Responsible)
    return Reply("answer", slug, outcome.offices, places=(PFARRHAUSEN,))


@pytest.mark.parametrize(
    ("slug", "hinted"),
    [
        ("gaststaettenerlaubnis-beantragen", "gaststaette-eroeffnen"),
        ("wohnsitz-anmelden", "umzug-in-den-landkreis"),
        ("geburt-beurkunden", "geburt-eines-kindes"),
        ("ferienwohnung-anmelden", "ferienwohnung-vermieten"),
        ("gewerbe-anmelden", ""),
        ("muelltonne-an-ab-ummelden", ""),
        ("fuehrungszeugnis-beantragen", ""),
    ],
)
def test_the_first_step_shows_the_way(release: Release, slug: str, hinted: str) -> None:
    hints = [dict(each) for each in rendered(release, answer(release, slug)) if each["type"] == "journey_hint"]
    assert [each["slug"] for each in hints] == ([hinted] if hinted else [])


def test_the_hint_in_words(release: Release) -> None:
    blocks = rendered(release, answer(release, "gaststaettenerlaubnis-beantragen"))
    hint = dict(blocks[-2])
    assert hint == {
        "type": "journey_hint",
        "slug": CAFE,
        "title": "Gaststätte eröffnen",
        "text": "Alles der Reihe nach: Gaststätte eröffnen",
        "page": f"/lebenslagen/{CAFE}?ort={PFARRHAUSEN}",
    }
    assert "\n\nAlles der Reihe nach: Gaststätte eröffnen\n\nStand" in plain_text(blocks)
    assert f"eröffnen https://lotse.example/lebenslagen/{CAFE}?ort=" in plain_text(blocks, "https://lotse.example/")


def test_a_plain_journey(release: Release) -> None:
    text = plain_text(rendered(release, Reply("journey", topic=CAFE, places=(PFARRHAUSEN,))), "https://lotse.example")
    assert "\n7. Gaststättenerlaubnis (Konzession) beantragen (wenn Sie Alkohol ausschenken)\n   Landratsamt Lindenau – " in text
    assert "https://lotse.example/api/v1/journeys/gaststaette-eroeffnen.ics?place=091995101120" in text


def test_plain_handover_and_hints() -> None:
    handover: Block = {
        "type": "handover",
        "state": "closed",
        "office": "Bürgerbüro Ammerfeld",
        "text": "Ihre Nachricht ist angekommen.",
        "reference": "L-2026-17",
        "expected": "Donnerstag, 26.11.",
    }
    assert plain_text([handover]) == (
        "Ihre Nachricht ist angekommen.\nBürgerbüro Ammerfeld\n"
        "Vorgangsnummer: L-2026-17\nAntwort voraussichtlich: Donnerstag, 26.11."
    )
    choices: Block = {
        "type": "choices",
        "kind": "service",
        "options": [{"value": "a", "label": "A", "hint": "Das erste."}, {"value": "b", "label": "B"}],
    }
    assert plain_text([choices]) == "1. A\n   Das erste.\n2. B"


def test_a_title_that_is_only_german(release: Release) -> None:
    bare = replace(release.journeys[CAFE], title_en="")
    german = Release(1, "", release.published, replace(release.knowledge, journeys=(bare,)))
    assert journey(german, language="en")[1]["title"] == "Gaststätte eröffnen"

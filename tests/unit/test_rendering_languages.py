"""The same answers in German, in English and in Einfache Sprache."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from string import Formatter
from typing import Any

import pytest

from actions.turn import NONE_OF_THESE, Reply
from bot.conversation.messages import LANGUAGES
from bot.conversation.rendering import Renderer, plain_text
from bot.conversation.texts import journey_entries, phrases, texts
from knowledge.hours import BERLIN, Calendar
from knowledge.hours.calendars import LAENDER
from knowledge.model import LOCAL_HOLIDAYS, ROAD_CLASSES, Closure, Facts, Locality, Notice
from knowledge.release import Release
from knowledge.responsibility import Choice, NotHere, Responsible, resolve

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=BERLIN)
PFARRHAUSEN = "091995101120"


def answer(release: Release, service: str, place: str = PFARRHAUSEN, **more: Any) -> Reply:
    outcome = resolve(release, service, Facts(places=(Locality.parse(place),)), TUESDAY.date())
    assert isinstance(outcome, Responsible | NotHere)
    return Reply("answer", service, outcome.offices, places=(place,), on="2026-11-24", **more)


def blocks(release: Release, reply: Reply, language: str, now: datetime = TUESDAY) -> list[dict[str, Any]]:
    return [dict(block) for block in Renderer(release, now, 24, language).blocks(reply)]


def block(release: Release, reply: Reply, language: str, kind: str, now: datetime = TUESDAY) -> dict[str, Any]:
    return next(each for each in blocks(release, reply, language, now) if each["type"] == kind)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_says_everything() -> None:
    assert set(texts("en")) == set(texts("de")) == set(texts("de-simple"))
    for language in LANGUAGES:
        assert all(isinstance(text, str) for text in texts(language).values())
        for key, text in texts(language).items():
            assert fields(text) <= fields(texts("de")[key]) | {"county", "hours", "service"}, (language, key)


def test_what_is_filled_in_is_not_forgotten_in_english() -> None:
    english = {key: fields(text) for key, text in texts("en").items()}
    assert [key for key, text in texts("de").items() if not fields(text) <= english[key] and key != "outside_place"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_danger_every_language_names_the_numbers(release: Release, language: str) -> None:
    [crisis] = blocks(release, Reply("crisis"), language)
    assert crisis["tone"] == "urgent"
    assert all(number in crisis["text"] for number in ("112", "110", "0800 655 3000", "116 016"))


def test_einfache_sprache_has_short_sentences() -> None:
    changed = {key: text for key, text in texts("de-simple").items() if text != texts("de")[key]}
    assert len(changed) > 40
    for key, text in changed.items():
        for sentence in re.split(r"(?<=[.!?:])\s+|\n", text):
            assert len(sentence.split()) <= 13, (key, sentence)


def test_an_answer_in_english(release: Release) -> None:
    heading, office, note, service, journey, stand = blocks(release, answer(release, "wohnsitz-anmelden"), "en")
    assert heading["text"] == "For “Register your residence (moving in)” in Pfarrhausen this office is responsible:"
    assert (office["title"], office["role_label"]) == ("Bürgerbüro der VG Moosham", "responsible")
    assert office["hours_today"] == "Open now (today 8:00–12:00)"
    assert office["why"].endswith("As of 1 November 2026. Source: Aufgabenverteilung der Gemeinde (Beispiel).")
    assert "in German" in note["text"]
    assert (service["title"], service["language"], service["lang"]) == ("Register your residence (moving in)", "en", "de")
    assert service["short"].startswith("When you move to a municipality")
    assert "Personalausweis oder Reisepass aller Personen, die einziehen" in service["documents"]
    assert journey["text"] == "Everything step by step: Moving to the county"
    assert stand["text"] == "As of 22 November 2026, release 1"


def test_german_details_are_announced_once(release: Release) -> None:
    told = plain_text(Renderer(release, TUESDAY, 24, "en").blocks(answer(release, "wohnsitz-anmelden", aspect="fee")))
    assert told.startswith("What it costs (in German): ")
    assert len(re.findall(r"in German\b", told)) == 1
    bare = replace(
        release.services["wohnsitz-anmelden"],
        requirements=(),
        documents=(),
        procedure=(),
        fees=(),
        deadlines=(),
        processing_time="",
    )
    english = Release(1, "", release.published, replace(release.knowledge, services=(bare,)))
    assert not re.search(
        r"in German\b", plain_text(Renderer(english, TUESDAY, 24, "en").blocks(answer(release, "wohnsitz-anmelden")))
    )


def test_labels_follow_the_language(release: Release) -> None:
    english = plain_text(Renderer(release, TUESDAY, 24, "en").blocks(answer(release, "wohnsitz-anmelden")))
    assert all(label in english for label in ("\nPhone: 089", "\nWhat to bring:\n• ", "\nWhy this office? ", "\nFees:\n"))
    assert not re.search(r"^(Telefon|Mitbringen|Kosten|Dauer|Formular):", english, re.MULTILINE)


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-11-26T09:00", "Open now (today 8:00–12:00 and 14:00–18:00)"),
        ("2026-11-26T07:00", "Closed now, opens at 8:00 (today 8:00–12:00 and 14:00–18:00)"),
        ("2026-11-26T13:00", "Lunch break, open again from 14:00 (today 8:00–12:00 and 14:00–18:00)"),
        ("2026-11-26T19:00", "Closed now. Opens again tomorrow, Friday, 27 November, 8:00–12:00"),
        ("2026-11-28T10:00", "Closed today. Opens again on Monday, 30 November, 8:00–12:00 and 14:00–16:00"),
        (
            "2027-01-06T10:00",
            "Closed today: Epiphany. Opens again tomorrow, Thursday, 7 January, 8:00–12:00 and 14:00–18:00",
        ),
    ],
)
def test_hours_in_english(release: Release, now: str, hours: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
    assert block(release, answer(release, "wohnsitz-anmelden"), "en", "office", at)["hours_today"] == hours


@pytest.mark.parametrize(
    ("hours", "now", "text"),
    [
        ("24/7", "2026-12-25T03:00", "Open day and night"),
        ("Fr 17:00+", "2026-11-27T18:00", "Open now (today from 17:00)"),
        ("Fr 08:00-12:00+", "2026-11-27T09:00", "Open now (today at least 8:00–12:00)"),
        ('"nur nach Termin"', "2026-11-27T18:00", "By appointment only"),
        ('Fr 08:00-12:00 || "nach Vereinbarung"', "2026-11-27T09:00", "Open now (today 8:00–12:00). Otherwise by arrangement"),
        ('Fr 08:00-12:00 "nur Zulassung"', "2026-11-27T09:00", "Open now (today 8:00–12:00, nur Zulassung)"),
        ("", "2026-12-02T09:00", "Closed today: annual closure (until 4 December 2026)"),
    ],
)
def test_hours_of_every_kind_in_english(release: Release, hours: str, now: str, text: str) -> None:
    closures = (Closure(date(2026, 12, 1), date(2026, 12, 4), "Betriebsferien"),) if not hours else ()
    changed = replace(release.offices["buergerbuero@vg-moosham"], hours=hours, closures=closures)
    offices = tuple(changed if each.id == changed.id else each for each in release.knowledge.offices)
    other = Release(1, "", release.published, replace(release.knowledge, offices=offices))
    at = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
    assert block(other, answer(other, "wohnsitz-anmelden"), "en", "office", at)["hours_today"] == text


def test_every_holiday_has_an_english_name() -> None:
    calendars = [Calendar(land, local) for land in LAENDER.values() for local in ((), LOCAL_HOLIDAYS)]
    names = {name for calendar in calendars for name in calendar.holidays(2026).values()}
    assert names - set(phrases("en")) == set()
    assert phrases("de") == {}


@pytest.mark.parametrize(
    ("kind", "choice", "label"),
    [
        ("audience", Choice("citizen", "Privatperson"), "private person"),
        ("district", Choice("Kreisstraße", "Kreisstraße"), "Kreisstraße (county road)"),
        ("district", Choice("Altstadt", "Altstadt"), "Altstadt"),
        ("surname", Choice("L", "L–S (ohne Sch, St)"), "L–S (without Sch, St)"),
        ("value", Choice("0", "bis 1.000 Euro"), "up to 1,000 euros"),
        ("value", Choice("0", "unter 25.000 Euro"), "under 25,000 euros"),
        ("value", Choice("1", "über 1.000 Euro bis 25.000 Euro"), "over 1,000 and up to 25,000 euros"),
        ("value", Choice("1", "ab 221.000 Euro"), "221,000 euros or more"),
        ("place", Choice("091990112112", "Ammerfeld"), "Ammerfeld"),
        (
            "place",
            Choice("outside", "ein Ort außerhalb des Landkreises Lindenau"),
            "a place that is not in the county of Lindenau",
        ),
    ],
)
def test_buttons_in_english(release: Release, kind: str, choice: Choice, label: str) -> None:
    reply = Reply("missing", "wohnsitz-anmelden", missing=kind, choices=(choice,))
    assert block(release, reply, "en", "choices")["options"] == [{"value": choice.value, "label": label}]
    assert block(release, reply, "de", "choices")["options"][0]["label"] == choice.label


def test_a_service_button_in_english(release: Release) -> None:
    reply = Reply("choices", choices=(Choice("kfz-abmelden", "Kfz abmelden"), Choice(NONE_OF_THESE, "Nichts davon")))
    first, none = block(release, reply, "en", "choices")["options"]
    assert first["label"] == release.services["kfz-abmelden"].name_en
    assert none == {"value": NONE_OF_THESE, "label": "None of these"}


def test_dates_and_elsewhere_in_english(release: Release) -> None:
    later = replace(answer(release, "wohnsitz-anmelden"), on="2027-01-01")
    assert "from 1 January 2027" in blocks(release, later, "en")[0]["text"]
    elsewhere = Reply("nothere", "wohnsitz-anmelden", topic="outside", places=("outside",))
    assert blocks(release, elsewhere, "en")[0]["text"].startswith("Your place is not in the county of Lindenau.")


def test_a_notice_stays_german_and_says_so(release: Release) -> None:
    notice = Notice("n", "Der Aufzug ist außer Betrieb.", date(2026, 11, 24), date(2026, 11, 25))
    told = Release(1, "", release.published, replace(release.knowledge, notices=(notice,)))
    reply = answer(told, "wohnsitz-anmelden")
    assert blocks(told, reply, "en")[1]["text"] == "Notice (in German): Der Aufzug ist außer Betrieb."
    assert blocks(told, reply, "de")[1]["text"] == "Der Aufzug ist außer Betrieb."


def test_a_simple_card_says_what_where_what_to_bring_and_what_it_costs(release: Release) -> None:
    reply = answer(release, "wohnsitz-anmelden")
    service, whole = block(release, reply, "de-simple", "service"), block(release, reply, "de", "service")
    assert service["short"] == release.services["wohnsitz-anmelden"].simple
    assert (service["documents"], service["fees"]) == (whole["documents"], whole["fees"])
    assert [service[key] for key in ("requirements", "procedure", "deadlines", "forms", "legal_basis")] == [[]] * 5
    assert service["processing_time"] == ""
    assert "Einfacher Sprache" not in plain_text(Renderer(release, TUESDAY, 24, "de-simple").blocks(reply))
    office = block(release, reply, "de-simple", "office")
    assert (office["role_label"], office["phone"], office["website"]) == ("ist dafür da", "089 99998-025", "")


def test_without_a_simple_text_the_normal_one_is_shown_and_called_so(release: Release) -> None:
    reply = answer(release, "reisegewerbekarte-beantragen")
    shown = blocks(release, reply, "de-simple")
    index = next(index for index, each in enumerate(shown) if each["type"] == "service")
    assert shown[index - 1]["text"] == texts("de-simple")["no_simple"]
    normal = block(release, reply, "de", "service")
    assert {**shown[index], "language": "de"} == normal


def test_the_choice_says_what_tells_the_services_apart(release: Release) -> None:
    slugs = ("wohnsitz-anmelden", "wohnsitz-ummelden", "fischereischein-beantragen")
    choices = (*(Choice(slug, release.services[slug].name) for slug in slugs), Choice(NONE_OF_THESE, "Nichts davon"))
    question, buttons = blocks(release, Reply("choices", choices=choices), "de")
    assert question["text"].endswith("Was trifft zu?")
    hints = [option.get("hint") for option in buttons["options"]]
    assert hints[:2] == ["Sie ziehen aus einer anderen Gemeinde zu: anmelden.", "Sie ziehen innerhalb der Gemeinde um: ummelden."]
    assert release.services[slugs[2]].short.startswith(str(hints[2]).rstrip("…"))
    assert hints[3] is None
    english = block(release, Reply("choices", choices=choices), "en", "choices")["options"]
    assert all(release.services[each["value"]].short_en.startswith(each["hint"].rstrip("…")) for each in english[:3])


def test_a_hint_is_one_short_line(release: Release) -> None:
    for distinction in release.knowledge.distinctions:
        pair = (distinction.first, distinction.second)
        reply = Reply("choices", choices=tuple(Choice(slug, slug) for slug in pair))
        for language in LANGUAGES:
            hints = [option["hint"] for option in block(release, reply, language, "choices")["options"]]
            assert all(0 < len(hint) <= 120 and "\n" not in hint for hint in hints), pair
            assert len(set(hints)) == 2, pair
            assert not [hint for hint in hints if hint.startswith(("Sonst", "Das eine"))]


def test_services_without_texts_have_no_hint(release: Release) -> None:
    bare = replace(release.services["kfz-abmelden"], short="", short_en="", simple="")
    poor = Release(1, "", release.published, replace(release.knowledge, services=(bare,), distinctions=()))
    reply = Reply("choices", choices=(Choice("kfz-abmelden", "Abmelden"), Choice(NONE_OF_THESE, "")))
    question, buttons = blocks(poor, reply, "de")
    assert question["text"].endswith("Was davon meinen Sie?")
    assert buttons["options"][0] == {"value": "kfz-abmelden", "label": "Abmelden"}


@pytest.mark.parametrize("language", ["en", "de-simple"])
def test_every_service_can_be_shown(release: Release, language: str) -> None:
    facts = Facts(
        places=(Locality("091995101119"),), district=ROAD_CLASSES[0], surname="M", audience="citizen", value=Decimal(100)
    )
    for slug in release.services:
        outcome = resolve(release, slug, facts, TUESDAY.date())
        assert isinstance(outcome, Responsible | NotHere)
        kind = "answer" if isinstance(outcome, Responsible) else "nothere"
        told = plain_text(Renderer(release, TUESDAY, 24, language).blocks(Reply(kind, slug, outcome.offices)))
        assert "{" not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_fixed_texts(release: Release, language: str) -> None:
    renderer = Renderer(release, TUESDAY, 24, language)
    fixed = [renderer.apology(), *map(renderer.command, ("start", "help", "datenschutz", "unlesbar")), [renderer.shortened()]]
    fixed += [renderer.blocks(Reply("smalltalk", topic=key[10:])) for key in texts() if key.startswith("smalltalk_")]
    assert all("{" not in plain_text(each) for each in fixed)


def test_entries_of_journeys_exist(release: Release) -> None:
    assert set(journey_entries()) == set(release.journeys)
    for slug, entries in journey_entries().items():
        assert set(entries) <= {step.service for step in release.journeys[slug].steps}, slug

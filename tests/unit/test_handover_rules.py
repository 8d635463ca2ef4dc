"""What the desk decides without a database: which office, when an answer is due, what is delicate, what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml

from bot.conversation.desk import ContactForm, NotAccepted
from bot.handover import words
from bot.handover.desk import checked_form
from bot.handover.expected import expected_day, in_english, in_words
from bot.handover.model import new_reference
from bot.handover.routing import chats_now, help_desk, matter_of
from bot.handover.topics import topics
from knowledge.hours import BERLIN
from knowledge.model import Closure, Office
from knowledge.release import Release

TAX_OFFICE = "steueramt-gemeinde@ammerfeld"


def answer(office: str = "", service: str = "", outcome: str = "answer") -> dict[str, object]:
    blocks = [{"type": "office", "id": office}] if office else []
    blocks += [{"type": "service", "slug": service}] if service else []
    return {"outcome": outcome, "blocks": blocks}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_the_office_of_the_last_answer(release: Release) -> None:
    answers = [answer(outcome="fallback"), answer(TAX_OFFICE, "hundesteuer-anmelden"), answer("standesamt@ammerfeld", "x")]
    matter = matter_of(release, answers, {})
    assert matter.office and matter.office.id == TAX_OFFICE and matter.service == "hundesteuer-anmelden"


def test_the_help_desk_where_nothing_was_answered_or_the_office_is_not_ours(release: Release) -> None:
    desk = help_desk(release)
    assert desk and desk.id == "landratsamt-buergerservice"
    assert matter_of(release, [], {}).office == desk
    assert matter_of(release, [answer("gibt-es-nicht", "hundesteuer-anmelden")], {}).office == desk
    elsewhere = next(office for office in release.offices.values() if office.is_supralocal)
    assert matter_of(release, [answer(elsewhere.id, "hundesteuer-anmelden")], {}).office == desk
    assert matter_of(release, [], {"service": "hundesteuer-anmelden"}).service == "hundesteuer-anmelden"


def test_the_chat_keeps_the_opening_hours(release: Release) -> None:
    office = release.offices["landratsamt-buergerservice"]
    assert chats_now(release, office, at("2026-11-23T10:00"))
    assert not chats_now(release, office, at("2026-11-22T10:00"))
    assert not chats_now(release, office, at("2026-12-25T10:00"))
    assert chats_now(release, replace(office, hours=""), at("2026-11-22T03:00"))
    assert chats_now(release, None, at("2026-11-22T03:00"))


@pytest.mark.parametrize(
    ("now", "days", "due"),
    [
        ("2026-11-23T10:00", 2, "2026-11-25"),  # Monday
        ("2026-11-20T10:00", 2, "2026-11-24"),  # Friday
        ("2026-11-22T10:00", 1, "2026-11-23"),  # Sunday
        ("2026-12-24T10:00", 1, "2026-12-28"),  # Christmas, and a weekend
        ("2026-01-02T10:00", 2, "2026-01-07"),  # Epiphany on Tuesday: a holiday in Bavaria
    ],
)
def test_an_answer_is_due_after_working_days(release: Release, now: str, days: int, due: str) -> None:
    office = release.offices["landratsamt-buergerservice"]
    assert expected_day(release, office, at(now), days) == date.fromisoformat(due)
    assert expected_day(release, None, at(now), days) == date.fromisoformat(due)


def test_days_on_which_the_office_is_closed_do_not_count(release: Release) -> None:
    office = replace(release.offices["landratsamt-buergerservice"], hours="Tu,Th 08:00-12:00")
    assert expected_day(release, office, at("2026-11-23T10:00"), 2) == date(2026, 11, 26)
    away = Closure(date(2026, 11, 26), date(2026, 12, 1))
    assert expected_day(release, replace(office, closures=(away,)), at("2026-11-23T10:00"), 2) == date(2026, 12, 3)
    never = Office(id="x", type="x", level="kreis", name="x", closures=(Closure(date(2026, 1, 1), date(2030, 1, 1)),))
    assert expected_day(release, never, at("2026-11-23T10:00"), 2) > date(2026, 12, 1)


def test_days_in_words() -> None:
    assert in_words(date(2026, 11, 25)) == "bis Mittwoch, 25.11.2026"
    assert in_english(date(2026, 11, 25)) == "by Wednesday, 25 November 2026"


def test_references_are_short_and_cannot_be_mistaken() -> None:
    made = {new_reference(2026) for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"L-2026-[2-9A-HJ-NP-Z]{6}", each) for each in made)


def test_delicate_topics_exist_in_the_knowledge(release: Release) -> None:
    known = topics()
    assert known.services <= set(release.services)
    assert known.office_types <= {each.type for each in release.knowledge.office_types}
    assert known.include(release, "hilfe-bei-haeuslicher-gewalt")
    assert known.include(release, "schuldnerberatung-vereinbaren")
    assert not known.include(release, "hundesteuer-anmelden") and not known.include(release, "gibt-es-nicht")


def test_texts_have_the_same_keys_and_gaps_in_every_language() -> None:
    data = yaml.safe_load(Path(words.__file__).with_name("texts.yaml").read_text("utf-8"))
    assert set(data) == {"de", "en"}
    gaps = {
        language: {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in texts.items()} for language, texts in data.items()
    }
    assert gaps["de"] == gaps["en"]


def test_blocks_hold_all_that_channels_need() -> None:
    block = words.handover_block("form", "en", "form", office="the tax office", day=date(2026, 11, 25))
    assert block["state"] == "form" and block["expected"] == "by Wednesday, 25 November 2026" and "tax office" in block["text"]
    simple = words.handover_block("waiting", "de-simple", "waiting", office="das Steueramt", minutes=3)
    assert "3 Minuten" in simple["text"] and simple["expected"] == simple["reference"] == ""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"message": " \n\x00 "}, "worum es geht"),
        ({"message": "a" * 4001}, "zu lang"),
        ({"name": "a" * 201}, "zu lang"),
        ({"email": "", "phone": ""}, "E-Mail-Adresse oder eine Telefonnummer"),
        ({"email": "eva"}, "E-Mail-Adresse stimmt nicht"),
        ({"email": "eva@post.example\r\nBcc: x@y.example"}, "E-Mail-Adresse stimmt nicht"),
        ({"email": "eva@post.example,x@y.example"}, "E-Mail-Adresse stimmt nicht"),
        ({"phone": "ruf an"}, "Telefonnummer stimmt nicht"),
        ({"phone": "(((((((((("}, "Telefonnummer stimmt nicht"),
    ],
)
def test_why_a_form_cannot_be_taken(changed: dict[str, str], reason: str) -> None:
    form = ContactForm(id="1", message="Bitte melden.", consent=True, email="eva@post.example")
    with pytest.raises(NotAccepted, match=reason):
        checked_form(replace(form, **changed))


def test_a_form_is_cleaned() -> None:
    form = ContactForm("1", " Hallo\r\nAmt\x07! ", False, name="Eva\r\nMuster", phone=" +49 (89) 99998-0 ")
    assert checked_form(form) == ContactForm("1", "Hallo\nAmt !", False, name="Eva  Muster", phone="+49 (89) 99998-0")

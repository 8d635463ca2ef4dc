from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from actions.turn import NONE_OF_THESE, Reply
from bot.conversation.rendering import Renderer, plain_text
from bot.conversation.texts import texts
from knowledge.hours import BERLIN
from knowledge.model import Closure, Facts, Locality, Notice, OutsidePlace
from knowledge.places import Gazetteer
from knowledge.release import Release
from knowledge.responsibility import Choice, NotHere, Responsible, resolve

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=BERLIN)


def renderer(release: Release, now: datetime = TUESDAY) -> Renderer:
    return Renderer(release, now, retention_hours=24)


def answer(release: Release, service: str, place: str = "", on: str = "2026-11-24", **facts: Any) -> Reply:
    places = tuple(Locality.parse(each) for each in place.split("|")) if place else None
    outcome = resolve(release, service, Facts(places=places, **facts), date.fromisoformat(on))
    assert isinstance(outcome, Responsible | NotHere)
    name = "answer" if isinstance(outcome, Responsible) else "nothere"
    topic = "outside" if isinstance(outcome, NotHere) and outcome.outside else ""
    return Reply(name, service, outcome.offices, topic=topic, places=tuple(place.split("|")) if place else (), on=on)


def blocks(release: Release, reply: Reply, now: datetime = TUESDAY) -> list[dict[str, Any]]:
    return [dict(block) for block in renderer(release, now).blocks(reply)]


def test_an_answer_in_reading_order(release: Release) -> None:
    heading, office, service, journey, note = blocks(release, answer(release, "wohnsitz-anmelden", "091995101120"))
    assert heading["text"] == "Für Ihr Anliegen „Wohnsitz anmelden (Zuzug)“ ist in Pfarrhausen diese Stelle zuständig:"
    assert (office["id"], office["title"]) == ("buergerbuero@vg-moosham", "Bürgerbüro der VG Moosham")
    assert (office["role"], office["role_label"], office["certainty"]) == ("zustaendig", "zuständig", "")
    assert office["why"].startswith("Moosham, Pfarrhausen und Unterseeham gehören zur Verwaltungsgemeinschaft Moosham.")
    assert (office["hours_today"], office["open_now"]) == ("Jetzt geöffnet (heute 8:00–12:00 Uhr)", True)
    assert (service["slug"], service["title"]) == ("wohnsitz-anmelden", "Wohnsitz anmelden (Zuzug)")
    assert service["documents"]
    assert (journey["type"], journey["slug"]) == ("journey_hint", "umzug-in-den-landkreis")
    assert note == {
        "type": "note",
        "text": "Stand 22.11.2026, Ausgabe 1",
        "stand": "2026-11-22",
        "release": f"1-{release.digest[:12]}",
        "place": "Pfarrhausen",
    }


def test_an_answer_says_by_which_rule_and_where_more_stands(release: Release) -> None:
    _, office, service, *_ = blocks(release, answer(release, "wohnsitz-anmelden", "091995101120"))
    rule = next(rule for rule in release.knowledge.rules if rule.id == office["rule"])
    assert (rule.office, rule.office_type) == (office["id"], "buergerbuero")
    assert office["page"] == "/stellen/buergerbuero@vg-moosham"
    assert office["vcard"] == "/api/v1/offices/buergerbuero@vg-moosham.vcf"
    assert service["page"] == "/leistungen/wohnsitz-anmelden"
    assert service["simple"] == release.services["wohnsitz-anmelden"].simple != ""


def test_the_week_ahead(release: Release) -> None:
    office = blocks(release, answer(release, "wohnsitz-anmelden", "091995101120"))[1]
    assert office["hours"][0] == {"days": "Dienstag, 24.11.", "text": "8:00–12:00 Uhr"}
    assert [each["text"] for each in office["hours"][4:6]] == ["geschlossen", "geschlossen"]
    assert len(office["hours"]) == 7
    january = datetime(2027, 1, 4, 9, 0, tzinfo=BERLIN)
    week = blocks(release, answer(release, "wohnsitz-anmelden", "091995101120"), january)[1]["hours"]
    assert week[2] == {"days": "Mittwoch, 06.01.", "text": "geschlossen (Heilige Drei Könige)"}
    assert blocks(release, answer(release, "kindergeld-beantragen"))[1]["hours"] == []


@pytest.mark.parametrize(
    ("service", "place", "on", "heading"),
    [
        ("kfz-abmelden", "091995101120", "2026-11-24", "ist diese Stelle"),
        ("wohnsitz-anmelden", "091995101121/Strandsiedlung", "2026-11-24", "ist in Strandsiedlung (Unterseeham) diese"),
        ("wohnsitz-anmelden", "091995101119|091995101120", "2026-11-24", "ist diese Stelle"),
        ("mahnung-klaeren", "091990000000", "2026-11-24", "ist diese Stelle"),
        ("eheschliessung-anmelden", "091990115115", "2027-01-01", "ist ab 01.01.2027 diese Stelle"),
    ],
)
def test_the_heading_names_what_decided(release: Release, service: str, place: str, on: str, heading: str) -> None:
    assert heading in blocks(release, answer(release, service, place, on))[0]["text"]


def test_further_doors_follow(release: Release) -> None:
    offices = [b for b in blocks(release, answer(release, "vaterschaft-anerkennen", "091995101120")) if b["type"] == "office"]
    assert [(each["id"], each["role_label"]) for each in offices] == [
        ("jugendamt", "zuständig"),
        ("standesamt@vg-moosham", "hilft auch weiter"),
    ]
    assert offices[1]["appointment"] == "Nur mit Termin"


def test_an_office_is_shown_once(release: Release) -> None:
    reply = answer(release, "lieferant-kontakt-it", "091990112112")
    assert [each.office for each in reply.offices] == ["hauptverwaltung-gemeinde@ammerfeld"] * 2
    assert [block["type"] for block in blocks(release, reply)].count("office") == 1


@pytest.mark.parametrize(
    ("service", "place", "certainty"),
    [
        ("brandschutznachweis-pruefen", "091990111111", "Das ist sehr wahrscheinlich, aber nicht bestätigt."),
        ("pflegegrad-beantragen", "", "Ich weiß, welche Art von Stelle es ist, aber nicht welche genau."),
    ],
)
def test_doubt_is_told(release: Release, service: str, place: str, certainty: str) -> None:
    office = next(block for block in blocks(release, answer(release, service, place)) if block["type"] == "office")
    assert office["certainty"].startswith(certainty)


@pytest.mark.parametrize(
    ("now", "hours", "open_now"),
    [
        ("2026-11-26T09:00", "Jetzt geöffnet (heute 8:00–12:00 und 14:00–18:00 Uhr)", True),
        ("2026-11-26T07:00", "Jetzt geschlossen, öffnet um 8:00 Uhr (heute 8:00–12:00 und 14:00–18:00 Uhr)", False),
        ("2026-11-26T13:00", "Mittagspause, wieder offen ab 14:00 Uhr (heute 8:00–12:00 und 14:00–18:00 Uhr)", False),
        ("2026-11-26T19:00", "Jetzt geschlossen. Öffnet wieder morgen, Freitag, 27.11., 8:00–12:00 Uhr", False),
        ("2026-11-28T10:00", "Heute geschlossen. Öffnet wieder am Montag, 30.11., 8:00–12:00 und 14:00–16:00 Uhr", False),
        (
            "2027-01-06T10:00",
            "Heute geschlossen: Heilige Drei Könige. Öffnet wieder morgen, Donnerstag, 07.01., 8:00–12:00 und 14:00–18:00 Uhr",
            False,
        ),
    ],
)
def test_hours_of_today(release: Release, now: str, hours: str, open_now: bool) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
    office = blocks(release, answer(release, "wohnsitz-anmelden", "091995101120"), at)[1]
    assert (office["hours_today"], office["open_now"]) == (hours, open_now)


@pytest.mark.parametrize(
    ("hours", "now", "text", "open_now"),
    [
        ("24/7", "2026-12-25T03:00", "Rund um die Uhr geöffnet", True),
        ("Fr 22:00-02:00", "2026-11-27T23:00", "Jetzt geöffnet (heute 22:00–2:00 Uhr)", True),
        ("Fr 17:00+", "2026-11-27T18:00", "Jetzt geöffnet (heute ab 17:00 Uhr)", True),
        ('"nur nach Termin"', "2026-11-27T18:00", "Nur nach Termin", None),
        (
            'Fr 08:00-12:00 || "nach Vereinbarung"',
            "2026-11-27T09:00",
            "Jetzt geöffnet (heute 8:00–12:00 Uhr). Sonst nach Vereinbarung",
            True,
        ),
        ('Fr 08:00-12:00 "nur Zulassung"', "2026-11-27T09:00", "Jetzt geöffnet (heute 8:00–12:00 Uhr, nur Zulassung)", True),
        ('Fr 08:00-12:00 "mit Termin"', "2026-11-27T09:00", "Termine heute 8:00–12:00 Uhr, mit Termin", None),
        (
            'Fr 08:00-12:00, Fr 13:00-14:00 "mit Termin"',
            "2026-11-27T13:30",
            "Jetzt mit Termin (heute 8:00–12:00 Uhr und 13:00–14:00 Uhr, mit Termin)",
            None,
        ),
        (
            'Th 08:00-12:00; We "nach Vereinbarung"',
            "2026-11-25T09:00",
            "Heute nach Vereinbarung. Öffnet wieder morgen, Donnerstag, 26.11., 8:00–12:00 Uhr",
            None,
        ),
        ('closed "Umbau"', "2026-11-25T09:00", "Heute geschlossen: Umbau", False),
        ("vormittags", "2026-11-25T09:00", "", None),
    ],
)
def test_hours_of_every_kind(release: Release, hours: str, now: str, text: str, open_now: bool | None) -> None:
    assert shown_hours(release, now, hours=hours) == (text, open_now)


def shown_hours(release: Release, now: str, **office: Any) -> tuple[str, bool | None]:
    at = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
    changed = replace(release.offices["familienkasse"], **office)
    offices = tuple(changed if each.id == changed.id else each for each in release.knowledge.offices)
    other = Release(1, "", release.published, replace(release.knowledge, offices=offices))
    block = blocks(other, answer(other, "kindergeld-beantragen"), at)[1]
    return block["hours_today"], block["open_now"]


@pytest.mark.parametrize(
    ("now", "text"),
    [
        ("2026-11-26T09:00", "Termine heute 8:00–12:00 Uhr"),
        ("2026-11-26T13:00", "Nächste Termine morgen, Freitag, 27.11., 8:00–12:00 Uhr"),
        ("2026-11-28T09:00", "Heute keine Termine. Nächste Termine am Montag, 30.11., 8:00–12:00 Uhr"),
    ],
)
def test_an_office_by_appointment_is_never_called_closed(release: Release, now: str, text: str) -> None:
    assert shown_hours(release, now, hours="Mo-Fr 08:00-12:00", appointment_only=True) == (text, None)
    assert shown_hours(release, now, hours="", appointment_only=True) == ("", None)


def test_closures_say_why_and_until_when(release: Release) -> None:
    closures = (
        Closure(date(2026, 5, 15), date(2026, 5, 15), "Betriebsausflug"),
        Closure(date(2026, 12, 1), date(2027, 4, 1), "Umzug"),
        Closure(date(2026, 6, 8), date(2026, 6, 8)),
    )

    def shown(now: str, hours: str = "Mo-Fr 08:00-12:00") -> str:
        return shown_hours(release, now, hours=hours, closures=closures)[0]

    assert shown("2026-05-15T09:00") == "Heute geschlossen: Betriebsausflug. Öffnet wieder am Montag, 18.05., 8:00–12:00 Uhr"
    assert shown("2026-05-15T09:00", hours="") == "Heute geschlossen: Betriebsausflug"
    assert shown("2026-12-01T09:00") == "Heute geschlossen: Umzug (bis 01.04.2027)"
    assert shown("2026-06-08T09:00") == "Heute geschlossen. Öffnet wieder morgen, Dienstag, 09.06., 8:00–12:00 Uhr"


def test_hours_nobody_knows(release: Release) -> None:
    office = blocks(release, answer(release, "kindergeld-beantragen"))[1]
    assert (office["id"], office["hours_today"], office["open_now"]) == ("familienkasse", "", None)


def test_another_level(release: Release) -> None:
    text, office, service, _ = blocks(release, answer(release, "kindergeld-beantragen"))
    assert text["text"].endswith("ist nicht die Verwaltung im Landkreis zuständig, sondern:")
    assert (office["id"], service["slug"]) == ("familienkasse", "kindergeld-beantragen")


def test_a_place_elsewhere(release: Release) -> None:
    text, _ = blocks(release, answer(release, "wohnsitz-anmelden", "outside"))
    assert text["text"].startswith("Ihr Ort liegt nicht im Landkreis Lindenau.")
    _, hint, _ = blocks(release, answer(release, "kfz-abmelden", "outside"))
    assert "unabhängig vom Wohnort" in hint["text"]


def test_autobahn(release: Release) -> None:
    reply = answer(release, "strassenschaden-melden", district="Autobahn")
    assert blocks(release, reply)[0]["text"].startswith("Für Autobahnen ist die Autobahn GmbH des Bundes zuständig")


def test_nobody(release: Release) -> None:
    reply = answer(release, "wohnsitz-anmelden", "091990111111", on="2019-01-01")
    assert "ist hier keine Stelle im Landkreis zuständig" in blocks(release, reply)[0]["text"]


@pytest.mark.parametrize(
    ("service", "fact", "value", "text"),
    [
        ("wohnsitz-anmelden", "place", "091990111111", "Wo wohnen Sie, oder um welchen Ort geht es?"),
        ("lieferant-kontakt-it", "place", "091990000000", "Um welche Verwaltung geht es?"),
        ("e-rechnung-einreichen", "place", "091990000000", "Um welche Verwaltung geht es?"),
        ("schulanmeldung-grundschule", "district", "Altstadt", "In welchem Ortsteil?"),
        ("strassenschaden-melden", "district", "Gemeindestraße", "Um was für eine Straße geht es?"),
        ("wohngeld-beantragen", "surname", "A", "Mit welchem Buchstaben beginnt der Nachname?"),
        ("wertstoffhof-nutzen", "audience", "citizen", "Fragen Sie als Privatperson oder für einen Betrieb?"),
        ("lieferant-kontakt-it", "value", "0", "Wie hoch ist der Auftragswert ungefähr"),
    ],
)
def test_a_missing_fact_is_asked_for(release: Release, service: str, fact: str, value: str, text: str) -> None:
    reply = Reply("missing", service, missing=fact, choices=(Choice(value, "So"), Choice("x", "Anders")))
    question, buttons = blocks(release, reply)
    assert question["text"].startswith(text)
    assert buttons == {
        "type": "choices",
        "kind": fact,
        "options": [{"value": value, "label": "So"}, {"value": "x", "label": "Anders"}],
    }


def test_services_to_choose_from(release: Release) -> None:
    reply = Reply("choices", choices=(Choice("kfz-abmelden", "Abmelden"), Choice(NONE_OF_THESE, "")))
    text, buttons = blocks(release, reply)
    assert (text["type"], buttons["kind"]) == ("text", "service")
    assert buttons["options"][-1] == {"value": NONE_OF_THESE, "label": "Nichts davon"}


def test_places_to_choose_from(release: Release) -> None:
    reply = Reply("ambiguous", "wohnsitz-anmelden", missing="place", choices=(Choice("a", "A"), Choice("b", "B")))
    assert [block.get("kind") for block in blocks(release, reply)] == [None, "place"]


@pytest.mark.parametrize("reply", [Reply("fallback"), Reply("handover", topic="mensch")])
def test_a_way_out_to_people(release: Release, reply: Reply) -> None:
    _, link, office = blocks(release, reply)
    assert link == {"type": "link", "label": "Behördennummer 115", "url": "tel:115"}
    assert (office["id"], office["role"]) == ("landratsamt-buergerservice", "")


def test_a_way_out_is_not_forced_on_anybody(release: Release) -> None:
    assert len(blocks(release, Reply("fallback", topic="empty"))) == 1


def test_who_asks_for_something_else_gets_a_number_and_no_office(release: Release) -> None:
    told = blocks(release, Reply("fallback", topic="ausserhalb"))
    assert [block["type"] for block in told] == ["text", "link"]
    assert "weiß ich nicht" in told[0]["text"]
    assert told[1]["url"] == "tel:115"


def test_in_danger_the_numbers_come_first(release: Release) -> None:
    [block] = blocks(release, Reply("crisis", topic="krise"))
    assert block["tone"] == "urgent"
    assert all(number in block["text"] for number in ("112", "110", "0800 655 3000", "116 016"))


def test_behind_the_numbers_a_matter_may_be_offered(release: Release) -> None:
    slug = "wohnsitz-anmelden"
    numbers, told, choice = blocks(release, Reply("crisis", choices=(Choice(slug, release.services[slug].name),)))
    assert numbers["tone"] == "urgent"
    assert "niemand in Gefahr" in told["text"]
    assert [option["value"] for option in choice["options"]] == [slug]


@pytest.mark.parametrize("topic", ["gruss", "dank", "abschied", "hilfe", "ueber_mich", "beleidigung", "neustart", "ja_nein"])
def test_small_talk(release: Release, topic: str) -> None:
    [block] = blocks(release, Reply("smalltalk", topic=topic))
    assert "{" not in block["text"]


@pytest.mark.parametrize("command", ["start", "help", "datenschutz", "unlesbar"])
def test_commands(release: Release, command: str) -> None:
    [block] = [dict(each) for each in renderer(release).command(command)]
    assert "{" not in block["text"]


def test_every_turn_can_end_in_an_apology(release: Release) -> None:
    [block] = [dict(each) for each in renderer(release).apology()]
    assert "115" in block["text"]


def test_all_roles_and_certainties_have_words(release: Release) -> None:
    for rule in release.knowledge.rules:
        assert f"role_{rule.role}" in texts()
        assert rule.certainty == "belegt" or f"certainty_{rule.certainty}" in texts()


def test_no_texts_in_a_language_without_texts() -> None:
    with pytest.raises(FileNotFoundError):
        texts("tlh")


def test_plain_text(release: Release, gazetteer: Gazetteer) -> None:
    text = plain_text(renderer(release).blocks(answer(release, "wohnsitz-anmelden", "091995101120")))
    assert "Bürgerbüro der VG Moosham (zuständig)\n" in text
    assert "Jetzt geöffnet (heute 8:00–12:00 Uhr)\n" in text
    assert "Warum diese Stelle? Moosham, Pfarrhausen und Unterseeham gehören" in text
    assert "\nMitbringen:\n• " in text
    assert text.endswith("\n\nStand 22.11.2026, Ausgabe 1")


def test_why_it_is_this_office_ends_with_day_and_source(release: Release) -> None:
    blocks = renderer(release).blocks(answer(release, "wohnsitz-anmelden", "091995101120"))
    office = next(dict(block) for block in blocks if block["type"] == "office")
    assert office["why"].endswith(" Stand: 01.11.2026. Quelle: Aufgabenverteilung der Gemeinde (Beispiel).")


def test_a_service_says_what_it_is_confused_with(release: Release) -> None:
    blocks = renderer(release).blocks(answer(release, "wohnsitz-anmelden", "091995101120"))
    service = next(dict(block) for block in blocks if block["type"] == "service")
    titles = [each["title"] for each in service["not_to_confuse"]]
    assert "Wohnsitz ummelden (Umzug innerhalb der Gemeinde)" in titles
    assert "Wohnsitz anmelden (Zuzug)" not in titles
    assert service["procedure"]


def test_a_place_outside_is_called_by_its_name(release: Release) -> None:
    known = replace(release.knowledge, outside=(OutsidePlace("Augsburg", "097610000000", "Augsburg"),))
    elsewhere = Release(1, "", "2026-11-22T00:00:00+00:00", known)
    reply = Reply("nothere", "wohnsitz-anmelden", topic="outside", places=("outside/Augsburg",))
    assert said(elsewhere, reply).startswith("Augsburg liegt nicht im Landkreis Lindenau.")
    made_up = replace(reply, places=("outside/Rufen Sie 0900 an",))
    assert said(elsewhere, made_up).startswith("Ihr Ort liegt nicht im Landkreis Lindenau.")


@pytest.mark.parametrize(
    ("aspect", "start"),
    [
        ("fee", "Das kostet es: \n• 46 Euro ab 24 Jahren\n• "),
        ("documents", "Das bringen Sie mit: \n• Bisheriger"),
        ("procedure", "So geht es: \n• "),
        ("hours", "Jetzt geöffnet (heute 8:00–12:00 Uhr).\n"),
        ("contact", "So erreichen Sie die Stelle: \n• 089 99998"),
        ("requirements", "Das sind die Voraussetzungen: \n• "),
        ("appointment", "Dass Sie einen Termin brauchen, steht nicht in meinen Angaben."),
        ("who", "Für Ihr Anliegen"),
        ("of a later release", "Für Ihr Anliegen"),
    ],
)
def test_what_was_asked_comes_first(release: Release, aspect: str, start: str) -> None:
    reply = replace(answer(release, "personalausweis-beantragen", "091990113113"), aspect=aspect)
    assert said(release, reply).startswith(start)


def test_what_is_not_known_is_said(release: Release) -> None:
    bare = replace(release.services["personalausweis-beantragen"], fees=(), forms=(), online=None)
    knowledge = replace(release.knowledge, services=(bare,))
    poor = Release(1, "", release.published, knowledge)
    reply = answer(release, "personalausweis-beantragen", "091990113113")
    assert said(poor, replace(reply, aspect="fee")).startswith("Was „Personalausweis beantragen“ kostet, weiß ich nicht.")
    assert said(poor, replace(reply, aspect="online")).startswith("Einen Online-Dienst für")
    assert said(poor, replace(reply, aspect="form")).startswith("Ein Formular für")


@pytest.mark.parametrize(
    ("day", "service", "office", "shown"),
    [
        (24, "", "", True),
        (24, "personalausweis-beantragen", "", True),
        (24, "", "buergerbuero@gruensee", True),
        (24, "kfz-abmelden", "", False),
        (24, "", "buergerbuero@lindenau", False),
        (24, "personalausweis-beantragen", "buergerbuero@lindenau", False),
        (23, "", "", False),
        (26, "", "", False),
    ],
)
def test_a_notice_is_shown_in_its_time_and_place(release: Release, day: int, service: str, office: str, shown: bool) -> None:
    notice = Notice("n", "Der Aufzug ist außer Betrieb.", date(2026, 11, 24), date(2026, 11, 25), office, service)
    told = Release(1, "", release.published, replace(release.knowledge, notices=(notice,)))
    now = datetime(2026, 11, day, 9, 0, tzinfo=BERLIN)
    blocks = renderer(told, now).blocks(answer(release, "personalausweis-beantragen", "091990113113"))
    assert (notice.text in plain_text(blocks)) == shown


def said(release: Release, reply: Reply) -> str:
    return plain_text(renderer(release).blocks(reply))


def test_plain_choices_are_numbered(release: Release) -> None:
    reply = Reply(
        "ambiguous", "wohnsitz-anmelden", missing="place", choices=(Choice("a", "Birkenried"), Choice("b", "Eichelbach"))
    )
    assert plain_text(renderer(release).blocks(reply)).endswith("\n\n1. Birkenried\n2. Eichelbach")


def test_a_plain_link_is_a_number_to_call(release: Release) -> None:
    assert "Behördennummer 115: 115" in plain_text(renderer(release).blocks(Reply("fallback")))


def test_every_answer_of_every_service_can_be_shown(release: Release) -> None:
    facts = {"surname": "M", "audience": "citizen", "district": "Gemeindestraße"}
    for slug in release.services:
        shown = blocks(release, replace(answer(release, slug, "091995101119", **facts, value=Decimal(100)), on=None))
        assert shown[0]["text"]
        assert shown[-1]["type"] == "note"

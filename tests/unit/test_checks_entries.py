"""Offices, services and notices by themselves: each test breaks one field and reads what is said about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.checks import ERROR, HINT, check
from knowledge.model import (
    Address,
    Closure,
    Contact,
    Distinction,
    District,
    Example,
    Fee,
    Link,
    Notice,
    Office,
    OfficeType,
    OutsidePlace,
    Place,
    Rule,
    Service,
    Source,
)
from knowledge.release import Knowledge, Release

TODAY = date(2026, 11, 22)
PLACES = (
    Place("091990111111", "09199111", "Lindenau", "stadt", plz=("85901",), districts=(District("Neuhofen", ("85900",)),)),
    Place("091990113113", "09199113", "Grünsee", "markt", plz=("85904",)),
)
OFFICE = Office("amt", "amt", "landkreis", "Amt für Gutes", phone="089 99998-001", confirmed=TODAY)
SERVICE = Service(
    "gut",
    "Gutes beantragen",
    "both",
    "landkreis",
    "amt",
    "Leben",
    short="Sie beantragen Gutes.",
    sources=(Source(("short", "fees", "documents"), "§ 1 GutG"),),
    examples=tuple(Example(f"Frage {number}", "kurz") for number in range(8)),
    confirmed=TODAY,
)
RULE = Rule("R1", "*", "amt", "zustaendig", "belegt", "Das Amt ist zuständig.", office_type="amt", confirmed=TODAY)


def world(**changes: Any) -> Knowledge:
    types = (OfficeType("amt", "Amt", "landkreis"),)
    small = Knowledge(places=PLACES, offices=(OFFICE,), services=(SERVICE,), rules=(RULE,), office_types=types)
    return replace(small, **changes)


def said(knowledge: Knowledge) -> list[tuple[str, str, str]]:
    return [(each.severity, each.entry, each.message) for each in check(Release(1, "", "", knowledge), TODAY)]


def about_office(**changes: Any) -> list[tuple[str, str]]:
    found = said(world(offices=(replace(OFFICE, **changes),)))
    assert {entry for _, entry, _ in found} <= {"amt"}
    return [(severity, message) for severity, _, message in found]


def about_service(**changes: Any) -> list[tuple[str, str]]:
    found = said(world(services=(replace(SERVICE, **changes),)))
    assert {entry for _, entry, _ in found} <= {"gut"}
    return [(severity, message) for severity, _, message in found]


def about_services(one: dict[str, Any], other: dict[str, Any], **changes: Any) -> list[tuple[str, str, str]]:
    second = replace(SERVICE, slug="besser", name="Besseres beantragen")
    return said(world(services=(replace(SERVICE, **one), replace(second, **other)), **changes))


def test_nothing_is_wrong() -> None:
    assert said(world()) == []


# Reaching an office


@pytest.mark.parametrize(
    "number",
    [
        "089 99998-001",
        "089 99998-0",
        "+49 89 233-96000",
        "(0 89) 2 33 – 4 42 26",
        "089/233-44555",
        "0800 4 5555 00",
        "115",
        "116117",
    ],
)
def test_telephone_numbers(number: str) -> None:
    assert about_office(phone=number) == []


@pytest.mark.parametrize("number", ["abc", "089", "12", "089 99998-001, 089 2", "12345678901234567", "+999 12345678"])
def test_no_telephone_numbers(number: str) -> None:
    message = f"Die Telefonnummer „{number}“ stimmt nicht. Bitte mit Vorwahl eintragen, zum Beispiel 08151 148-0."
    assert about_office(phone=number) == [(ERROR, message)]
    assert about_office(contacts=(Contact("Frau Gut", phone=number),)) == [(ERROR, message)]


@pytest.mark.parametrize("email", ["rathaus@lindenau.example", "a.b-c+d@sub.ämter.de"])
def test_addresses_for_mail(email: str) -> None:
    assert about_office(email=email) == []


@pytest.mark.parametrize(
    "email", ["rathaus", "rathaus@lindenau", "a@b.de, c@d.de", "rat haus@lindenau.de", "@lindenau.de", "a@-b.de"]
)
def test_no_addresses_for_mail(email: str) -> None:
    assert about_office(email=email) == [(ERROR, f"Die E-Mail-Adresse „{email}“ stimmt nicht. Bitte berichtigen.")]


@pytest.mark.parametrize(
    ("url", "severity", "message"),
    [
        ("https://a.de/x y", ERROR, "Die Internetadresse „https://a.de/x y“ enthält Leerzeichen. Bitte entfernen."),
        (
            "https://a.de/{serviceId}",
            ERROR,
            "In der Internetadresse „https://a.de/{serviceId}“ steht ein Platzhalter. Bitte die wirkliche Adresse eintragen.",
        ),
        (
            "www.a.de",
            ERROR,
            "„www.a.de“ ist keine Internetadresse. Bitte vollständig eintragen, beginnend mit https://.",
        ),
        (
            "https://[",
            ERROR,
            "„https://[“ ist keine Internetadresse. Bitte vollständig eintragen, beginnend mit https://.",
        ),
        (
            "javascript:alert(1)//a.de",
            ERROR,
            "„javascript:alert(1)//a.de“ ist keine Internetadresse. Bitte vollständig eintragen, beginnend mit https://.",
        ),
        (
            "http://a.de",
            HINT,
            "Die Internetadresse „http://a.de“ ist unverschlüsselt. Bitte prüfen, ob es sie mit https gibt.",
        ),
    ],
)
def test_web_addresses(url: str, severity: str, message: str) -> None:
    assert about_office(website=url) == [(severity, message)]
    assert about_office(appointment_url=url) == [(severity, message)]
    for changes in (
        {"online": Link("Antrag", url)},
        {"forms": (Link("Antrag", url),)},
        {"sources": (*SERVICE.sources, Source(("short",), "Seite", url))},
    ):
        assert about_service(**changes) == [(severity, message)]


def test_an_office_that_cannot_be_reached() -> None:
    message = "Es fehlt jeder Kontakt (Telefon, E-Mail oder Internet). Bitte einen eintragen."
    assert about_office(phone="") == [(HINT, message)]


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("04011000-900X999-08", True),
        ("09564000-NUE0001-49", True),
        ("09564000-NUE0001-48", False),
        (" 04011000-900X999-08", False),
        ("x", False),
    ],
)
def test_leitweg_ids(number: str, right: bool) -> None:
    message = f"Die Leitweg-ID „{number}“ stimmt nicht. Bitte Aufbau und Prüfziffer vergleichen."
    assert about_office(leitweg_id=number) == ([] if right else [(ERROR, message)])


@pytest.mark.parametrize(
    ("geo", "message"),
    [
        ((48.1, 11.6), ""),
        ((54.9, 8.3), ""),
        (
            (11.6, 48.1),
            "Die Lage 11.6, 48.1 liegt nicht in Deutschland. Breite und Länge sind wohl vertauscht. Bitte berichtigen.",
        ),
        ((0.0, 0.0), "Die Lage 0.0, 0.0 liegt nicht in Deutschland. Bitte berichtigen."),
        ((float("nan"), 11.6), "Die Lage nan, 11.6 liegt nicht in Deutschland. Bitte berichtigen."),
        ((48.1,), "Die Lage braucht genau zwei Zahlen: Breite und Länge. Bitte berichtigen."),
    ],
)
def test_positions(geo: tuple[float, ...], message: str) -> None:
    assert about_office(geo=geo) == ([(ERROR, message)] if message else [])


@pytest.mark.parametrize(
    ("plz", "city", "found"),
    [
        ("85901", "Lindenau", []),
        ("85900", "Lindenau", []),
        ("85900", "Neuhofen", []),
        ("", "Lindenau", []),
        ("80331", "München", []),
        ("99999", "Anderswo", []),
        (
            "85904",
            "LINDENAU",
            [(ERROR, "Die Postleitzahl 85904 passt nicht zu LINDENAU, sie gehört zu Grünsee. Bitte 85900 oder 85901 eintragen.")],
        ),
        ("85999", "Lindenau", [(HINT, "Die Postleitzahl 85999 ist bei Lindenau nicht bekannt. Bitte prüfen.")]),
        ("8590", "Lindenau", [(ERROR, "„8590“ ist keine Postleitzahl. Bitte fünf Ziffern eintragen.")]),
        ("00123", "Lindenau", [(ERROR, "„00123“ ist keine Postleitzahl. Bitte fünf Ziffern eintragen.")]),
    ],
)
def test_postcodes(plz: str, city: str, found: list[tuple[str, str]]) -> None:
    office = replace(OFFICE, address=Address("Weg 1", plz, city))
    outside = (OutsidePlace("München", plz=("80331",)),)
    assert [(severity, message) for severity, _, message in said(world(offices=(office,), outside=outside))] == found


# Opening hours


@pytest.mark.parametrize(
    "hours",
    [
        "Mo-Fr 08:00-12:00, Th 14:00-17:30; PH off",
        "24/7",
        "May-Sep Mo-Su 09:00-20:00",
        'Mo-Fr 08:00-12:00; "nach Vereinbarung"',
        '"nach Vereinbarung"',
        "PH 10:00-12:00",
    ],
)
def test_hours_that_are_well(hours: str) -> None:
    assert about_office(hours=hours) == []


@pytest.mark.parametrize("hours", ["vormittags", "Mo-Fr 8-12 Uhr", "Mo-Fr 08:00-12:00" * 100, "Mo-Fr (", "\0"])
def test_hours_that_cannot_be_read(hours: str) -> None:
    assert about_office(hours=hours) == [(ERROR, f"Die Öffnungszeiten „{hours}“ sind nicht lesbar (OSM opening_hours).")]


def test_the_semicolon_that_closes_the_morning() -> None:
    [(severity, message)] = about_office(hours="Mo-Fr 07:30-12:30; Th 14:00-17:30")
    assert severity == HINT
    assert "Donnerstag" in message
    assert "„Mo-Fr 07:30-12:30, Th 14:00-17:30“" in message


@pytest.mark.parametrize("hours", ["off", "Mo-Fr off; PH off", "2019 Mo-Fr 08:00-12:00"])
def test_an_office_that_never_opens(hours: str) -> None:
    [(severity, message)] = about_office(hours=hours)
    assert (severity, message.partition(".")[0]) == (HINT, f"Nach den Öffnungszeiten „{hours}“ ist nie geöffnet")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"remark": "Nur nach Terminvereinbarung"},
            "Laut Öffnungszeiten oder Bemerkung geht es nur mit Termin. Bitte „nur mit Termin“ ankreuzen.",
        ),
        (
            {"hours": 'Mo-Fr 08:00-12:00 "nur mit Termin"'},
            "Laut Öffnungszeiten oder Bemerkung geht es nur mit Termin. Bitte „nur mit Termin“ ankreuzen.",
        ),
        (
            {"appointment_only": True, "remark": "auch ohne Termin"},
            "Die Stelle ist „nur mit Termin“, laut Öffnungszeiten oder Bemerkung geht es ohne. Bitte eines berichtigen.",
        ),
        (
            {"appointment_only": True, "hours": "24/7"},
            "„Nur mit Termin“ und rund um die Uhr geöffnet widersprechen sich. Bitte eines berichtigen.",
        ),
    ],
)
def test_hours_and_appointments_that_contradict_each_other(changes: dict[str, Any], message: str) -> None:
    assert about_office(**changes) == [(HINT, message)]


def test_hours_and_appointments_that_agree() -> None:
    assert about_office(appointment_only=True, hours="Mo-Fr 08:00-12:00", remark="Nur mit Termin") == []
    assert about_office(hours='Mo-Fr 08:00-12:00, Th 14:00-17:00 "nach Vereinbarung"') == []
    assert about_office(hours='Mo-Fr 08:00-12:00 "ohne Termin"') == []


# Keys and names


@pytest.mark.parametrize("key", ["9911500510400", "98115005104000", "99115005104000,99115005104001", "leika"])
def test_no_leika_keys(key: str) -> None:
    message = f"„{key}“ ist kein LeiKa-Schlüssel. Bitte 14 Ziffern eintragen, beginnend mit 99."
    assert about_service(leika=key) == [(ERROR, message)]


def test_the_same_leika_key_twice() -> None:
    key = {"leika": "99115005104000"}
    message = "Der LeiKa-Schlüssel 99115005104000 steht bei mehreren Leistungen: besser und gut. Bitte prüfen."
    assert about_services(key, key) == [(HINT, "besser", message)]


def test_cpv_codes() -> None:
    assert about_service(cpv=("30", "30192000")) == []
    assert about_service(cpv=("30192000-1",)) == [
        (ERROR, "„30192000-1“ ist kein CPV-Code. Bitte 2 bis 8 Ziffern eintragen, ohne Prüfziffer.")
    ]


def test_keys_of_places() -> None:
    short = Place("91990111111", "", "Kurz", "gemeinde")
    wrong = Place("091990114114", "09199999", "Falsch", "gemeinde")
    twin = Place("091995101111", "09199111", "Zwilling", "gemeinde")
    assert said(world(rules=(replace(RULE, applies_to="*"),), places=(*PLACES, short, wrong, twin))) == [
        (ERROR, "091990111111", "Den AGS 09199111 haben mehrere Orte: 091990111111 und 091995101111. Bitte berichtigen."),
        (ERROR, "091990114114", "Der AGS 09199999 passt nicht zum ARS. Bitte 09199114 eintragen."),
        (ERROR, "91990111111", "„91990111111“ ist kein Regionalschlüssel. Bitte 12 Ziffern eintragen, auch die Null am Anfang."),
    ]


def test_names_that_are_the_same() -> None:
    namesake = Place("091990115115", "09199115", "GRUENSEE", "gemeinde")
    assert said(world(offices=(OFFICE, replace(OFFICE, id="zwei", parent="amt")), places=(*PLACES, namesake))) == [
        (
            HINT,
            "091990113113",
            "Den Ortsnamen „Grünsee“ gibt es mehrfach: 091990113113 und 091990115115. Bitte einen Zusatz anfügen.",
        ),
        (HINT, "amt", "„Amt für Gutes“ heißen mehrere Stellen: amt und zwei. Bitte zusammenführen oder unterscheiden."),
        (HINT, "zwei", "Keine Regel führt zu dieser Stelle. Bitte prüfen, ob sie noch gebraucht wird."),
    ]
    message = "„Gutes beantragen“ heißen mehrere Leistungen: besser und gut. Bitte zusammenführen oder die Namen unterscheiden."
    assert about_services({}, {"name": "gutes  beantragen".replace("  ", " ")}) == [
        (HINT, "besser", message.replace("„Gutes", "„gutes"))
    ]


def test_a_word_that_leads_to_two_services() -> None:
    one, other = {"synonyms": ("Grünes", "Eigenes")}, {"synonyms": ("gruenes",)}
    message = "„gruenes“ führt zu mehreren Leistungen: besser und gut. Bitte nur bei einer lassen."
    assert about_services(one, other) == [(HINT, "besser", message)]
    told = (Distinction("gut", "besser", "Das eine ist gut."),)
    assert about_services(one, other, distinctions=told) == []


def test_a_word_that_is_the_name_of_another_service() -> None:
    [(severity, entry, message)] = about_services({}, {"synonyms": ("Gutes beantragen",)})
    assert (severity, entry) == (HINT, "besser")
    assert message.startswith("„Gutes beantragen“ führt zu mehreren Leistungen")


# Fees


def fees(*texts: str) -> dict[str, Any]:
    return {"fees": tuple(Fee(text, text.startswith("Beispiel")) for text in texts)}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("37 Euro", "28,80 Euro"), "ohne Zusatz stehen hier 37 Euro und 28,80 Euro"),
        (("Kostenfrei", "5 Euro"), "ohne Zusatz stehen hier kostenfrei und 5 Euro"),
        (("Kopie: 5 Euro", "Kopie: 6 €"), "für „kopie #“ stehen hier 5 Euro und 6 Euro"),
        (("Beispiel: 5 Euro je Kopie", "7 EUR je Kopie."), "für „# je kopie“ stehen hier 5 Euro und 7 Euro"),
        (("10 bis 20 Euro", "10 bis 30 Euro"), "für „# bis #“ stehen hier 10 Euro / 20 Euro und 10 Euro / 30 Euro"),
        (("Gebühr 1.000 Euro", "Gebühr 1.500,50 Euro"), "für „gebuehr #“ stehen hier 1000 Euro und 1500,50 Euro"),
    ],
)
def test_fees_that_contradict_each_other(texts: tuple[str, ...], message: str) -> None:
    [(severity, whole)] = about_service(**fees(*texts))
    assert severity == ERROR
    assert whole == f"Widersprüchliche Gebühren: {message}. Bitte nur den richtigen Betrag lassen."


@pytest.mark.parametrize(
    "texts",
    [
        ("37 Euro", "37,00 €"),
        ("37,- Euro", "37 EUR"),
        ("1.000 Euro", "1000,00 Euro"),
        ("37 Euro ab 24 Jahren", "22,80 Euro unter 24 Jahren"),
        ("Beispiel: 5 Euro je Kopie", "Beispiel: 20 Euro je Unterschrift", "Kostenfrei für die Rente"),
        ("Kopie ab 6 Seiten", "Kopie ab 8 Seiten"),
        ("online: Abmeldung: 2 Euro", "Tausch: 3 Euro", "vor Ort: Abmeldung: 4 Euro", "Tausch: 5 Euro"),
        ("Parken: 30 Euro", "Für Elektroautos:", "Parken: 10 Euro"),
        ("Nach Aufwand", "Nach Satzung"),
    ],
)
def test_fees_that_agree(texts: tuple[str, ...]) -> None:
    assert about_service(**fees(*texts)) == []


SAME_KEY = {"leika": "99115005104000"}


def contradicting(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry, message) for severity, entry, message in about_services(one, other) if severity == ERROR]


def test_the_same_matter_with_different_fees() -> None:
    end = "aber verschiedene Gebühren. Bitte zusammenführen oder die Gebühren angleichen."
    key = f"Widersprüchliche Gebühren: besser und gut haben den LeiKa-Schlüssel 99115005104000, {end}"
    assert contradicting(SAME_KEY | fees("10 Euro"), SAME_KEY | fees("12 Euro")) == [("besser", key)]
    assert contradicting(SAME_KEY | fees("Kostenfrei"), SAME_KEY | fees("12 Euro je Urkunde")) == [("besser", key)]
    [(entry, message)] = contradicting(fees("10 Euro"), {"name": "GUTES BEANTRAGEN"} | fees("12 Euro"))
    assert entry == "besser"
    assert message.startswith("Widersprüchliche Gebühren: besser und gut haben den Namen „")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SAME_KEY | fees("10 Euro"), SAME_KEY | fees("10,00 €")),
        (SAME_KEY | fees("10 Euro"), SAME_KEY | fees("10 Euro", "5 Euro für Kinder")),
        (SAME_KEY | fees("10 Euro"), SAME_KEY),
        (SAME_KEY | fees("10 Euro"), SAME_KEY | fees("Nach Satzung")),
        (fees("10 Euro"), fees("12 Euro")),
        # One source holds both apart; a key without a Verrichtung names an object only.
        (SAME_KEY | fees("10 Euro") | {"source_ids": ("dldb:1",)}, SAME_KEY | fees("12 Euro") | {"source_ids": ("dldb:2",)}),
        ({"leika": "99108001000000"} | fees("10 Euro"), {"leika": "99108001000000"} | fees("12 Euro")),
    ],
)
def test_the_same_matter_with_fees_that_agree(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert contradicting(one, other) == []


def test_the_same_service_from_two_sources() -> None:
    one = SAME_KEY | fees("10 Euro") | {"source_ids": ("dldb:1",)}
    assert len(contradicting(one, SAME_KEY | fees("12 Euro") | {"source_ids": ("xzufi:2",)})) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("Euro €,.:0123456789 Beispiel-", max_size=20), max_size=4))
def test_any_text_may_be_a_fee(texts: list[str]) -> None:
    check(Release(1, "", "", world(services=(replace(SERVICE, fees=tuple(map(Fee, texts))),))), TODAY)


# Texts


def test_a_service_without_texts() -> None:
    assert about_service(short="", examples=()) == [
        (HINT, "Es fehlen Beispielfragen. Bitte ergänzen."),
        (HINT, "Es fehlt der kurze Text. Bitte ergänzen."),
    ]
    assert about_service(examples=SERVICE.examples[:1]) == [(HINT, "Nur eine Beispielfrage; mindestens 8 sollten es sein.")]
    assert about_service(examples=SERVICE.examples[:7]) == [(HINT, "Nur 7 Beispielfragen; mindestens 8 sollten es sein.")]


def test_hints_after_an_import_of_many_are_one() -> None:
    many = tuple(replace(SERVICE, slug=f"s{number:02}", name=f"Leistung {number}", examples=()) for number in range(1234))
    message = (
        "Bei 1.234 Leistungen fehlen Beispielfragen. Bitte nach und nach ergänzen: s00, s01, s02, s03, s04 und 1.229 weitere."
    )
    assert said(world(services=many)) == [(HINT, "Leistungen", message)]


def test_claims_without_a_source() -> None:
    assert about_service(sources=()) == [(HINT, "Es fehlt jede Quelle. Bitte ergänzen.")]
    assert about_service(deadlines=("Sofort.",), processing_time="Ein Tag") == [
        (HINT, "Woher stammen die Angaben zu Fristen und Dauer? Bitte die Quelle eintragen.")
    ]
    assert about_service(sources=(), source_ids=("dldb:1",)) == []
    assert about_service(sources=(Source(("short",), "§ 1"),), fees=(Fee("Beispiel: 5 Euro", example=True),)) == []


def test_examples_say_that_they_are() -> None:
    message = "„5 Euro“ ist nur ein Beispiel, sagt es aber nicht. Bitte mit „Beispiel“ beginnen."
    assert about_service(fees=(Fee("5 Euro", example=True),)) == [(ERROR, message)]
    assert about_service(online=Link("Antrag", "https://a.de", example=True)) == [
        (ERROR, "„Antrag“ ist nur ein Beispiel, sagt es aber nicht. Bitte mit „Beispiel“ beginnen.")
    ]
    assert about_service(fees=(Fee("Beispiel: 5 Euro"),)) == [
        (HINT, "„Beispiel: 5 Euro“ nennt sich Beispiel, ist aber nicht so gekennzeichnet. Bitte kennzeichnen oder umschreiben.")
    ]
    assert about_service(fees=(Fee("5 Euro, zum Beispiel für Kopien"),)) == []
    assert about_service(forms=(Link("Antrag (Beispiel)", example=True),)) == []


@pytest.mark.parametrize("text", ["Wenn du umziehst.", "Bring deinen Ausweis.", "Das schickt man Dir."])
def test_texts_say_sie(text: str) -> None:
    [(severity, message)] = about_service(short=text)
    assert severity == HINT
    assert message.endswith(f"Bitte „Sie“ schreiben: „{text}“")
    assert about_service(documents=(text,)) == [(severity, message)]


@pytest.mark.parametrize("text", ["Die Duale Ausbildung in Duisburg.", "Deinstallation", "Im Direktorat."])
def test_words_that_only_look_like_du(text: str) -> None:
    assert about_service(short=text) == []


def test_long_sentences() -> None:
    assert about_service(short=" ".join(["Wort"] * 30) + ". Kurz.") == []
    [(severity, message)] = about_service(short=" ".join(["Wort"] * 31) + ". Kurz.")
    assert severity == HINT
    assert message.startswith("Ein Satz hat 31 Wörter, höchstens 30 sollten es sein: „Wort Wort")


def test_other_texts_are_read_too() -> None:
    notice = Notice("n", "Komm zu deinem Amt.", TODAY, TODAY)
    rule = replace(RULE, reason="Du wohnst dort.")
    assert [(entry, message[:41]) for _, entry, message in said(world(notices=(notice,), rules=(rule,)))] == [
        ("R1", "Der Text spricht die Leute mit „Du“ an. B"),
        ("n", "Der Text spricht die Leute mit „deinem“ a"),
    ]


# Age


def test_confirmations() -> None:
    assert about_office(confirmed=date(2025, 11, 22)) == []
    assert about_office(confirmed=date(2025, 11, 21)) == [
        (HINT, "Die Bestätigung ist überfällig, die letzte ist vom 21.11.2025. Bitte bestätigen lassen.")
    ]
    assert about_service(confirmed=date(2026, 11, 23)) == [
        (HINT, "Die Bestätigung liegt in der Zukunft (23.11.2026). Bitte den Tag berichtigen.")
    ]


def test_overdue_rules_are_told_to_their_office() -> None:
    rules = tuple(replace(RULE, id=f"R{year}", role="annahme", shared=True, confirmed=date(year, 1, 1)) for year in (2020, 2021))
    found = [
        each for each in said(world(rules=(RULE, rules[0], replace(rules[1], applies_to="091990111111")))) if each[1] == "amt"
    ]
    message = "2 Regeln, die hierher führen, sind überfällig, zuletzt bestätigt am 01.01.2020. Bitte bestätigen lassen."
    assert found == [(HINT, "amt", message)]


def test_what_was_never_confirmed_is_said_once() -> None:
    second = replace(SERVICE, slug="b", name="B")
    unconfirmed = world(
        services=(replace(SERVICE, confirmed=None), second), rules=(replace(RULE, confirmed=None),), offices=(OFFICE,)
    )
    assert said(unconfirmed) == [
        (HINT, "Leistungen", "1 von 2 hat noch keine Bestätigung. Bitte die Stellen darum bitten."),
        (HINT, "Regeln", "1 von 1 hat noch keine Bestätigung. Bitte die Stellen darum bitten."),
    ]


def test_what_is_over() -> None:
    yesterday = date(2026, 11, 21)
    assert about_office(contacts=(Contact("Frau Gut", valid_to=yesterday), Contact("Herr Neu", valid_to=TODAY))) == [
        (HINT, "Nicht mehr gültig: Frau Gut. Bitte löschen oder verlängern.")
    ]
    assert about_office(closures=(Closure(yesterday, yesterday), Closure(yesterday, TODAY))) == [
        (HINT, "Eine Schließung ist vorbei. Bitte löschen.")
    ]
    assert about_office(closures=(Closure(TODAY, yesterday),)) == [
        (ERROR, "Eine Schließung endet (21.11.2026), bevor sie beginnt (22.11.2026). Bitte berichtigen.")
    ]
    over = replace(RULE, id="R0", valid_to=yesterday)
    notices = Notice("alt", "Zu.", yesterday, yesterday), Notice("quer", "Zu.", TODAY, yesterday)
    assert said(world(rules=(RULE, over), notices=notices)) == [
        (ERROR, "quer", "Das Ende (21.11.2026) liegt vor dem Anfang (22.11.2026). Bitte berichtigen."),
        (HINT, "R0", "Die Regel ist am 21.11.2026 ausgelaufen. Bitte löschen, wenn sie nicht mehr gebraucht wird."),
        (HINT, "alt", "Die Meldung ist seit dem 21.11.2026 vorbei. Bitte löschen."),
    ]


# Without use


def test_what_nothing_leads_to() -> None:
    types = (
        OfficeType("amt", "Amt", "landkreis"),
        OfficeType("leer", "Leer", "landkreis"),
        OfficeType("still", "S", "landkreis"),
    )
    spare = replace(OFFICE, id="still", name="Stilles Amt", type="still")
    idle = replace(RULE, id="R2", office_type="still", office="still")
    assert said(world(office_types=types, offices=(OFFICE, spare), rules=(RULE, idle))) == [
        (HINT, "R2", "Keine Leistung ist von der Art „still“, die Regel greift also nie. Bitte prüfen."),
        (HINT, "leer", "Weder eine Leistung noch eine Stelle ist von dieser Art. Bitte prüfen, ob sie noch gebraucht wird."),
    ]

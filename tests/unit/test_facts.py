from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.facts import bare_surname, bare_value, find_facts
from actions.wording import content_of
from knowledge.places import Gazetteer


@pytest.mark.parametrize(
    ("text", "surname"),
    [
        ("Mein Nachname ist Huber", "Huber"),
        ("mein nachname ist huber", "huber"),
        ("Mein Nachname beginnt mit Sch", "Sch"),
        ("Mein Nachname fängt mit dem Buchstaben S an", "S"),
        ("Nachname: von der Leyen", "von der Leyen"),
        ("Familienname Müller-Schmidt", "Müller-Schmidt"),
        ("Ich heiße Anna Müller und brauche Wohngeld", "Müller"),
        ("Ich heiße Ursula von der Leyen", "von der Leyen"),
        ("Mein Name ist Dr. Huber", "Huber"),
        ("mein name ist huber brauche wohngeld", "huber"),
        ("Ich heiße Huber, wo bekomme ich Wohngeld?", "Huber"),
        ("Ich heisse Stadler und wohne in Moosham", "Stadler"),
        ("Ich will meinen Nachnamen ändern lassen", None),
        ("Mein Name ist falsch geschrieben", None),
        ("mein name steht falsch im ausweis", None),
        ("Wohngeld beantragen", None),
        ("Und mein Mann heißt Zeller", "Zeller"),
        ("Meine Freundin, die heißt Sommer", "Sommer"),
        ("Und wenn ich Zeller heiße?", "Zeller"),
        ("Halt, ich heiße ja jetzt Stadler", "Stadler"),
        ("my husband, his name is Zeller", "Zeller"),
        ("Wie heißt der Sachbearbeiter?", None),
        ("Wie heißt das Formular?", None),
    ],
)
def test_surname(gazetteer: Gazetteer, text: str, surname: str | None) -> None:
    assert find_facts(text, gazetteer).surname == surname


@pytest.mark.parametrize(
    ("text", "road"),
    [
        ("Schlagloch auf der B 304", "Bundesstraße"),
        ("Schlagloch an der Bundesstrasse", "Bundesstraße"),
        ("Baustelle an der St 2080", "Staatsstraße"),
        ("auf der Kreisstraße nach Moosham", "Kreisstraße"),
        ("Stau auf der A8", "Autobahn"),
        ("in unserer Wohnstraße", "Gemeindestraße"),
        ("Gemeindestraße", "Gemeindestraße"),
        ("Schlagloch in der Lindenstraße", None),
        ("Führerschein Klasse B", None),
    ],
)
def test_class_of_the_road(gazetteer: Gazetteer, text: str, road: str | None) -> None:
    assert find_facts(text, gazetteer).road == road


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("Wohin mit dem Bauschutt aus meinem Betrieb?", "business"),
        ("für unsere GmbH", "business"),
        ("als Selbständige", "business"),
        ("privater Haushalt", "citizen"),
        ("ich frage als Privatperson", "citizen"),
        ("Bauschutt abgeben", None),
    ],
)
def test_audience(gazetteer: Gazetteer, text: str, audience: str | None) -> None:
    assert find_facts(text, gazetteer).audience == audience


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Auftrag über 20000 Euro", "20000"),
        ("Auftrag über 20.000 €", "20000"),
        ("ein Angebot über 1.000,01 Euro", "1000.01"),
        ("ca. 5 000 EUR", "5000"),
        ("1,5 Mio. Euro", "1500000"),
        ("20 Tsd. Euro", "20000"),
        ("50k €", "50000"),
        ("1500.50 €", None),
        ("20000 Stühle", None),
        ("PLZ 85902", None),
    ],
)
def test_order_value(gazetteer: Gazetteer, text: str, value: str | None) -> None:
    assert find_facts(text, gazetteer).value == (Decimal(value) if value else None)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("Wir heiraten am 1.1.2027", date(2027, 1, 1)),
        ("Wir heiraten am 01. 02. 2027", date(2027, 2, 1)),
        ("am 14. März 2027", date(2027, 3, 14)),
        ("ab Januar 2027", date(2027, 1, 1)),
        ("am 31.2.2027", None),
        ("am 1.1.", None),
        ("nächste Woche", None),
    ],
)
def test_date(gazetteer: Gazetteer, text: str, on: date | None) -> None:
    assert find_facts(text, gazetteer).on == on


def test_place(gazetteer: Gazetteer) -> None:
    found = find_facts("Ich ziehe von Moosham nach Pfarrhausen", gazetteer)
    assert list(map(str, found.localities or ())) == ["091995101120"]
    assert [mention.text for mention in found.mentions] == ["Moosham", "Pfarrhausen"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Nein, nicht Grünsee, ich wohne in Pfarrhausen.", "091995101120"),
        ("doch nicht in Tannberg, sondern in Pfarrhausen", "091995101120"),
        ("Pfarrhausen statt Grünsee", "091995101120"),
        ("nicht in Grünsee", "091990113113"),
        ("Ich wohne in Augsburg und bin innerhalb der Stadt umgezogen, wo melde ich mich um?", "outside/Augsburg"),
    ],
)
def test_the_place_that_is_meant(gazetteer: Gazetteer, text: str, place: str) -> None:
    assert list(map(str, find_facts(text, gazetteer).localities or ())) == [place]


def test_what_is_left_beside_the_facts(gazetteer: Gazetteer) -> None:
    text = "Unser Betrieb, mein Name ist Huber, zahlt ab 1.3.2027 in Grünsee auf der Kreisstraße 500 Euro für Schilder"
    found = find_facts(text, gazetteer)
    assert found.any
    assert content_of(found.rest) == ("zahlt", "schilder")
    assert not find_facts("Schilder", gazetteer).any


def test_a_text_may_say_several_things(gazetteer: Gazetteer) -> None:
    found = find_facts("Unsere Firma in Grünsee bietet dem Markt ab 1. März 2027 Möbel für 12.000 Euro an", gazetteer)
    assert (found.audience, found.value, found.on) == ("business", Decimal(12000), date(2027, 3, 1))
    assert list(map(str, found.localities or ())) == ["091990113113"]


@pytest.mark.parametrize(
    ("text", "surname"),
    [
        ("Huber", "Huber"),
        ("huber", "huber"),
        ("S", "S"),
        ("mit Sch", "Sch"),
        ("mit dem Buchstaben S", "S"),
        ("S wie Stefan", "S"),
        ("Anna Huber", "Huber"),
        ("Huber, Anna", "Huber"),
        ("Huber bitte", "Huber"),
        ("von der Leyen", "von der Leyen"),
        ("der Name ist Huber", "Huber"),
        ("ich heiße Huber", "Huber"),
        ("Dr. Huber", "Huber"),
        ("huber aus moosham", "huber"),
        ("Weiß", "Weiß"),
        ("weiß ich nicht", None),
        ("das ist doch egal", None),
        ("warum?", None),
        ("Was kostet das denn?", None),
        ("ok", None),
        ("Huber ist mein Name", "Huber"),
        ("Ich bin die Frau Meier", "Meier"),
        ("Weil", "Weil"),
        ("123", None),
    ],
)
def test_a_surname_that_was_asked_for(text: str, surname: str | None) -> None:
    assert bare_surname(text) == surname


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20000", "20000"),
        ("20.000", "20000"),
        ("etwa 5 tausend", "5000"),
        ("ungefähr 1.000,01", "1000.01"),
        ("2 Mio", "2000000"),
        ("ca. 100.000 Euro", "100000"),
        ("viel", None),
    ],
)
def test_a_value_that_was_asked_for(text: str, value: str | None) -> None:
    assert bare_value(text) == (Decimal(value) if value else None)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_read(gazetteer: Gazetteer, text: str) -> None:
    find_facts(text, gazetteer)
    bare_surname(text)
    bare_value(text)


def test_a_surname_told_in_english(gazetteer: Gazetteer) -> None:
    assert find_facts("I need a residence permit. My surname is Okafor", gazetteer).surname == "Okafor"

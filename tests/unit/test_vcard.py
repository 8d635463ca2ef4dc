"""Cards are read back with a small reader of their own, made from RFC 6350."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.exchange.vcard import office_vcard, write_vcard
from knowledge.model import Address, Closure, Office
from knowledge.release import Knowledge, Release

ON = date(2026, 11, 22)
PLAIN = Office("rathaus", "rathaus", "gemeinde", "Rathaus")


def released(*offices: Office) -> Release:
    return Release(1, "0" * 64, "2026-11-22T08:30:00+00:00", Knowledge(offices=offices))


def lines(card: str) -> list[str]:
    """The content lines, unfolded (3.2)."""
    assert card.endswith("\r\n")
    return card[:-2].replace("\r\n ", "").split("\r\n")


def read(card: str) -> dict[str, str]:
    """Values by name and parameters."""
    pairs = (line.partition(":") for line in lines(card))
    return {name: value for name, _, value in pairs}


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def components(value: str) -> list[str]:
    """The parts of a structured value, at semicolons that are not escaped."""
    return [unescaped(part) for part in re.findall(r"(?:^|;)((?:\\.|[^;\\])*)", value)]


@pytest.fixture
def card() -> Callable[..., dict[str, str]]:
    def make(**values: object) -> dict[str, str]:
        return read(office_vcard(released(replace(PLAIN, **values)), "rathaus", ON))  # type: ignore[arg-type]

    return make


def test_an_office_of_the_county(release: Release) -> None:
    card = read(office_vcard(release, "buergerbuero@lindenau"))
    assert list(card)[:2] == ["BEGIN", "VERSION"]
    assert list(card)[-1] == "END"
    assert (card["VERSION"], card["KIND"], card["LANG"]) == ("4.0", "org", "de")
    assert card["FN"] == "Bürgerbüro der Stadt Lindenau"
    assert components(card["ORG"]) == [
        "Hauptamt und Büro des Oberbürgermeisters der Stadt Lindenau",
        "Bürgerbüro der Stadt Lindenau",
    ]
    assert components(card["ADR;TYPE=work"]) == ["", "", "Rathausplatz 1", "Lindenau", "Bayern", "85901", "Deutschland"]
    assert card["TEL;VALUE=uri;TYPE=work,voice"] == "tel:+498999998017"
    assert card["EMAIL;TYPE=work"] == "buergerbuero@lindenau.example"
    assert card["REV"] == "20261122T000000Z"
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", card["UID"])
    assert "18:00" in unescaped(card["NOTE;LANGUAGE=de"])


def test_the_identifier_stays_when_the_office_changes(release: Release) -> None:
    office = release.offices["buergerbuero@lindenau"]
    renamed = replace(release.knowledge, offices=(replace(office, name="Bürgerservice", phone=""),))
    other = Release(7, "1" * 64, "2027-05-01T12:00:00+02:00", renamed)
    cards = [read(office_vcard(each, office.id)) for each in (release, other)]
    assert cards[0]["UID"] == cards[1]["UID"]
    assert cards[1]["REV"] == "20270501T100000Z"


def test_what_is_not_known_is_left_out(card: Callable[..., dict[str, str]]) -> None:
    assert list(card()) == ["BEGIN", "VERSION", "PRODID", "KIND", "UID", "REV", "LANG", "FN", "ORG", "END"]


@pytest.mark.parametrize(
    ("phone", "uri"),
    [
        ("089 99998-001", "tel:+498999998001"),
        ("+49 (0)89 / 99998 001", "tel:+498999998001"),
        ("0800 655 3000", "tel:+498006553000"),
        ("110", "tel:110;phone-context=+49"),
        ("116 016", "tel:116016;phone-context=+49"),
        ("0", "tel:0;phone-context=+49"),
    ],
)
def test_telephone(card: Callable[..., dict[str, str]], phone: str, uri: str) -> None:
    assert card(phone=phone)["TEL;VALUE=uri;TYPE=work,voice"] == uri


def test_all_that_an_office_can_have(card: Callable[..., dict[str, str]]) -> None:
    found = card(
        address=Address("Am Markt 1, Hinterhaus; 2. Stock", "85901", "Lindenau"),
        website="https://lindenau.example/amt?a=1,2;b",
        geo=(48.137154, 11.5),
        hours="Mo-Fr 08:00-12:00; PH off",
        appointment_only=True,
        appointment_url="https://termin.example",
        accessibility="Rampe am Eingang",
        closures=(
            Closure(date(2026, 12, 24), date(2027, 1, 1), "Betriebsferien"),
            Closure(date(2026, 12, 4), date(2026, 12, 4)),
            Closure(date(2026, 5, 1), date(2026, 5, 2), "vorbei"),
        ),
    )
    assert components(found["ADR;TYPE=work"])[2] == "Am Markt 1, Hinterhaus; 2. Stock"
    assert found["URL;TYPE=work"] == "https://lindenau.example/amt?a=1,2;b"
    assert found["GEO"] == "geo:48.137154,11.500000"
    hours, *rest = unescaped(found["NOTE;LANGUAGE=de"]).splitlines()
    assert hours.startswith("Öffnungszeiten: Montag bis Freitag 8:00–12:00 Uhr")
    assert rest == [
        "Nur nach Terminvereinbarung",
        "Termine: https://termin.example",
        "Barrierefreiheit: Rampe am Eingang",
        "Geschlossen am 04.12.2026",
        "Geschlossen vom 24.12.2026 bis 01.01.2027: Betriebsferien",
    ]


def test_hours_that_nobody_can_read_do_not_spoil_the_card(card: Callable[..., dict[str, str]]) -> None:
    assert "NOTE;LANGUAGE=de" not in card(hours="vormittags")


def test_names_cannot_add_lines(card: Callable[..., dict[str, str]]) -> None:
    found = card(name="Amt\r\nTEL:+4990000\nNOTE:x", website="https://a.example\r\nEND:VCARD", email="a@b.example\nTEL:1")
    assert list(found)[-1] == "END"
    assert len(found) == 12
    assert unescaped(found["FN"]) == "Amt\nTEL:+4990000\nNOTE:x"


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1), st.text())
def test_any_text_is_escaped_and_folded(name: str, street: str) -> None:
    card = office_vcard(released(replace(PLAIN, name=name, address=Address(street, "85901", "Ort"))), "rathaus", ON)
    for line in card.encode().split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    found = read(card)
    assert list(found) == ["BEGIN", "VERSION", "PRODID", "KIND", "UID", "REV", "LANG", "FN", "ORG", "ADR;TYPE=work", "END"]
    plain = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]+", " ", name.replace("\r\n", "\n").replace("\r", "\n"))
    assert unescaped(found["FN"]) == plain
    assert components(found["ORG"]) == [plain]
    assert len(components(found["ADR;TYPE=work"])) == 7


def test_parents_that_go_round_in_circles_end() -> None:
    ring = [replace(PLAIN, id=name, name=name, parent=parent) for name, parent in (("a", "b"), ("b", "a"))]
    assert read(office_vcard(released(*ring), "a", ON))["ORG"] == "b;a"


def test_all_offices(release: Release) -> None:
    cards = write_vcard(release).decode()
    assert cards.count("BEGIN:VCARD\r\n") == cards.count("END:VCARD\r\n") == len(release.offices)
    assert len(set(re.findall(r"UID:(\S+)", cards))) == len(release.offices)
    assert "\n" not in cards.replace("\r\n", "")


def test_an_office_that_does_not_exist(release: Release) -> None:
    with pytest.raises(KeyError):
        office_vcard(release, "nirgends")

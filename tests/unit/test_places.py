from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.model import Locality
from knowledge.places import Gazetteer, decide
from knowledge.release import Release
from tests.county import demo_county

BIRKENRIED, EICHELBACH, GRUENSEE = "091990116116", "091990117117", "091990113113"
STRANDSIEDLUNG, FORSTHAUS = "091995101121/Strandsiedlung", "091995102124/Forsthaus"
MOOSHAM, PFARRHAUSEN, UNTERSEEHAM = VG_MOOSHAM = ("091995101119", "091995101120", "091995101121")
VG_TANNBERG = ("091995102122", "091995102123", "091995102124")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pfarrhausen", [PFARRHAUSEN]),
        ("  pfarrhausen ", [PFARRHAUSEN]),
        ("PFARRHAUSEN", [PFARRHAUSEN]),
        ("Gruensee", [GRUENSEE]),
        ("Grünsee", [GRUENSEE]),
        ("Pfarhausen", [PFARRHAUSEN]),
        ("Waldhausen a. Forst", ["091995102124"]),
        ("Waldhausen", ["091995102124/Waldhausen"]),
        ("091995101120", [PFARRHAUSEN]),
        ("09199120", [PFARRHAUSEN]),
        (STRANDSIEDLUNG, [STRANDSIEDLUNG]),
        ("Strandsiedlung", [STRANDSIEDLUNG]),
        ("Strandsiedlung in Unterseeham", [STRANDSIEDLUNG]),
        ("VG Moosham", list(VG_MOOSHAM)),
        ("Verwaltungsgemeinschaft Tannberg", list(VG_TANNBERG)),
        ("Pfarrhausen, VG Moosham", [PFARRHAUSEN]),
        ("85901", ["091990111111"]),
        ("85902", [BIRKENRIED, EICHELBACH]),
        ("85904", [GRUENSEE, STRANDSIEDLUNG]),
        ("85907", list(VG_MOOSHAM)),
        ("85908", list(VG_TANNBERG)),
        ("85999", [FORSTHAUS, "outside"]),
        ("85902 Eichelbach", [EICHELBACH]),
        ("85904 Unterseeham", [STRANDSIEDLUNG]),
        ("85999 Forsthaus", [FORSTHAUS]),
        ("85999 Waldhausen am Forst", [FORSTHAUS]),
        ("80331", ["outside"]),
        ("80331 München", ["outside/München"]),
        ("München", ["outside/München"]),
        ("Bad Tölz", ["outside/Bad Tölz"]),
        ("Landkreis Miesbach", ["outside/Miesbach"]),
        ("Kirchdorf", ["091990112112/Kirchdorf", "091990118118/Kirchdorf"]),
        ("Kirchdorf im Moos", ["091990118118"]),
        ("Kirchdorf i. Moos", ["091990118118"]),
        ("Kirchdorf bei Ammerfeld", ["091990112112/Kirchdorf"]),
        ("Sankt Veit", ["091990111111/Sankt Veit"]),
        ("St. Veit", ["091990111111/Sankt Veit"]),
        ("Sankt Veit am Berg", ["091990115115/Sankt Veit am Berg"]),
        ("St. Veit a. Berg", ["091990115115/Sankt Veit am Berg"]),
        ("Moosham-Siedlung", ["091990118118/Moosham-Siedlung"]),
        ("Landratsamt", ["091990000000"]),
        ("Landratsamt Lindenau", ["091990000000"]),
        ("LRA Lindenau", ["091990000000"]),
        ("Landkreis Lindenau", ["091990000000"]),
        ("Lindenau", ["091990111111"]),
        ("Hintertupfing", []),
        ("1234", []),
        ("", []),
    ],
)
def test_what_a_place_means(gazetteer: Gazetteer, text: str, expected: list[str]) -> None:
    assert sorted(map(str, gazetteer.lookup(text))) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ich ziehe nach Pfarrhausen, wo muss ich hin?", [PFARRHAUSEN]),
        ("Wir wohnen in der Strandsiedlung", [STRANDSIEDLUNG]),
        ("Ich ziehe von Moosham nach Pfarrhausen", [PFARRHAUSEN]),
        ("Ich komme aus Moosham", [MOOSHAM]),
        ("Ich ziehe aus München nach Grünsee", [GRUENSEE]),
        ("Ich ziehe von Grünsee nach München", [GRUENSEE]),
        ("Moosham oder Pfarrhausen?", [MOOSHAM, PFARRHAUSEN]),
        ("die Mooshamer Kirche", [MOOSHAM]),
        ("in Pfarhausen", [PFARRHAUSEN]),
        ("Ich wohne in 85902", [BIRKENRIED, EICHELBACH]),
        ("Ich wohne im Landkreis Miesbach", ["outside/Miesbach"]),
        ("Ich arbeite in einem anderen Landkreis", ["outside"]),
        ("Unser Weiher ist gekippt", []),
        ("Einen neuen Ausweis bitte", []),
        ("Wer kauft Möbel für 20000 Euro?", []),
        ("ein Auftrag über 85902 €", []),
        ("Ein Auftrag über 20000 Euro vom Landratsamt", ["091990000000"]),
    ],
)
def test_places_in_what_people_write(gazetteer: Gazetteer, text: str, expected: list[str]) -> None:
    assert list(map(str, decide(gazetteer.find(text)))) == expected


def test_a_mention_says_where_it_stands(gazetteer: Gazetteer) -> None:
    text = "Umzug von Ammerfeld nach St. Veit am Berg"
    ammerfeld, veit = gazetteer.find(text)
    assert (text[ammerfeld.start : ammerfeld.end], ammerfeld.preposition, ammerfeld.is_origin) == ("Ammerfeld", "von", True)
    assert (veit.text, veit.preposition, veit.is_origin) == ("St. Veit am Berg", "nach", False)


def test_every_name_and_code_of_the_county_is_found(release: Release, gazetteer: Gazetteer) -> None:
    for place in release.places.values():
        for text in (place.name, place.ars, place.ags, *place.plz):
            assert place.ars in {each.ars for each in gazetteer.lookup(text)}, text
        for district in place.districts:
            assert place.ars in {each.ars for each in gazetteer.lookup(district.name)}, district


@pytest.mark.parametrize(
    ("locality", "name"),
    [
        (PFARRHAUSEN, "Pfarrhausen"),
        (STRANDSIEDLUNG, "Strandsiedlung (Unterseeham)"),
        ("091995101119/Moosham", "Moosham"),
        ("091990000000", "Landratsamt Lindenau"),
        ("outside", "ein Ort außerhalb des Landkreises Lindenau"),
    ],
)
def test_a_locality_has_a_name_for_people(release: Release, locality: str, name: str) -> None:
    assert release.locality_name(Locality.parse(locality)) == name


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_looked_up(gazetteer: Gazetteer, text: str) -> None:
    for mention in gazetteer.find(text):
        assert text[mention.start : mention.end] == mention.text
    gazetteer.lookup(text)


def test_the_kind_of_a_place_stands_for_a_preposition(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("Wasseranschluss Neubau Weiler Forsthaus")
    assert [str(each) for each in found[0].localities] == ["091995102124/Forsthaus"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in Grünseeer Ortsteil", [GRUENSEE]),
        ("die Grünseer Bürger", [GRUENSEE]),
        ("nach Lindenau", ["091990111111"]),
        ("ich bin Lindenauerin", ["091990111111"]),
        ("wir Lindenauer", ["091990111111"]),
        ("in der Lindenauer Altstadt", ["091990111111/Altstadt"]),
        ("aus der Strandsiedlung", [STRANDSIEDLUNG]),
        ("der Pfarrhauser Verein", [PFARRHAUSEN]),
        ("der Pfarrhausener Verein", [PFARRHAUSEN]),
        ("in Grunsee", [GRUENSEE]),
        ("in Grünse", [GRUENSEE]),
        ("wir wohnen in Kirchdorf/Moos", ["091990118118"]),
        ("wir wohnen in Kirchdorf a. Moos", ["091990118118"]),
        ("wir wohnen in Kirchdorf im Mos", ["091990118118"]),
        ("wir wohnen in Lindenau Süd", ["091990111111/Lindenau-Süd"]),
        ("wir wohnen in Lindenau und arbeiten dort", ["091990111111"]),
        ("nach Ostern", []),
        ("in Forstern", ["091995102122/Forstern am Hang"]),
        ("in der VGem Moosham", list(VG_MOOSHAM)),
        ("beim Lkr. Lindenau", ["091990000000"]),
        ("beim LK Lindenau", ["091990000000"]),
        ("Schlagloch in der Wallersbacher Straße", []),
        ("Schlagloch in der Walersbacher Str.", []),
        ("Lindenauer Weg 5, Moosham", [MOOSHAM]),
        ("in Unterseeham, Strandsiedlung", [STRANDSIEDLUNG]),
        ("Termin bei Frau Lindenauer", []),
        ("Mein Name ist Moosham", []),
        ("I need a passport", []),
    ],
)
def test_endings_and_other_spellings(gazetteer: Gazetteer, text: str, expected: list[str]) -> None:
    assert list(map(str, decide(gazetteer.find(text)))) == expected


FRAMES = (
    "Ich wohne in {}",
    "Wir ziehen nach {}, wo muss ich hin?",
    "wer ist in {} zuständig",
    "Ich komme aus {} und brauche einen Ausweis",
    "Umzug von München nach {}",
    "Wo ist das Rathaus von {}?",
    "Hundesteuer für {} anmelden",
    "in {} ist eine Laterne kaputt",
    "Müllabfuhr in der Gemeinde {}, wann?",
    "Ich bin neu in {}.",
)
NAMES = sorted(
    {
        (name, place.ars)
        for place in demo_county().places
        if not place.is_county
        for name in (place.name, *(district.name for district in place.districts))
    }
)


def misspelt(name: str, kind: str, at: int) -> str:
    """One slip behind the first letter."""
    at = 1 + at % (len(name) - 2)
    if kind == "left out":
        return name[:at] + name[at + 1 :]
    if kind == "twice":
        return name[:at] + name[at] + name[at:]
    if kind == "swapped":
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + "q" + name[at + 1 :]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(FRAMES), st.sampled_from(["", "s", "er", "UPPER", "lower", "ae"]))
def test_every_name_in_every_form_is_found(gazetteer: Gazetteer, name: tuple[str, str], frame: str, form: str) -> None:
    written, ars = name
    if form in ("s", "er"):
        written += form
    elif form == "ae":
        written = written.replace("ü", "ue").replace("ö", "oe").replace("ß", "ss")
    elif form:
        written = written.upper() if form == "UPPER" else written.lower()
    assert ars in {each.ars for each in decide(gazetteer.find(frame.format(written)))}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([name for name in NAMES if len(name[0]) >= 8 and name[0].isalpha()]),
    st.sampled_from(FRAMES),
    st.sampled_from(["left out", "twice", "swapped", "wrong"]),
    st.integers(0, 30),
)
def test_a_long_name_with_one_slip_is_found(gazetteer: Gazetteer, name: tuple[str, str], frame: str, kind: str, at: int) -> None:
    found = decide(gazetteer.find(frame.format(misspelt(name[0], kind, at))))
    assert name[1] in {each.ars for each in found}

"""Places outside, with a register as large as a test needs: when they count, and what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge.model import OUTSIDE, Locality, OutsidePlace, Place
from knowledge.places import Gazetteer, decide
from knowledge.places.everyday import EVERYDAY
from knowledge.places.names import name_words
from knowledge.release import Knowledge, Release
from knowledge.text import fold

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = list(map(json.loads, Path(__file__).with_name("outside_sentences.jsonl").read_text("utf-8").splitlines()))
RECOGNISED, TAKEN_AWAY = 0.55, 0.1
"""Shares of the matters that lie elsewhere and of those that lie here."""
REGISTERS = [each / "shared/data/gv100ad_2023/GV100AD_301123.txt" for each in Path(__file__).resolve().parents]
KIRCHDORF = ["091990112112/Kirchdorf", "091990118118/Kirchdorf"]
REGISTER = (
    OutsidePlace("Augsburg", "097610000000", "Augsburg", ("86150", "86152")),
    OutsidePlace("Essen", "051130000000", "Essen", ("45127",)),
    OutsidePlace("Haar", "091840123123", "Landkreis München", ("85540",)),
    OutsidePlace("Neustadt a.d.Aisch", "095755509153", "Landkreis Neustadt a.d.Aisch-Bad Windsheim", ("91413",)),
    OutsidePlace("Frankfurt am Main", "064120000000", "Frankfurt am Main", ("60311",)),
    OutsidePlace("Halle (Saale)", "150020000000", "Halle (Saale)", ("06108",)),
    OutsidePlace("Cottbus/Chóśebuz", "120520000000", "Cottbus/Chóśebuz", ("03046",)),
    OutsidePlace("Lindenau", "120660177177", "Landkreis Oberspreewald-Lausitz", ("01945",)),
    OutsidePlace("Ruhland", "120665601292", "Landkreis Oberspreewald-Lausitz", ("01945",)),
    OutsidePlace("Kirchdorf an der Iller", "084260070070", "Landkreis Biberach", ("88457",)),
    OutsidePlace("Tannenberg", "145210001001", "Erzgebirgskreis", ("09468",)),
    OutsidePlace("Regen", "092760138138", "Landkreis Regen", ("94209",)),
    OutsidePlace("Sankt Augustin", "053820056056", "Rhein-Sieg-Kreis", ("53757",)),
    OutsidePlace("Ebersberger Forst", "091750451451", "Landkreis Ebersberg"),
    OutsidePlace("Waldbüttelbrunn", "096790205205", "Landkreis Würzburg", ("97297", "85999")),
)


def gazetteer_with(knowledge: Knowledge, *outside: OutsidePlace, places: tuple[Place, ...] = ()) -> Gazetteer:
    held = replace(knowledge, outside=(*knowledge.outside, *outside), places=(*knowledge.places, *places))
    return Gazetteer(Release(2, "0" * 64, "2026-11-22T00:00:00+00:00", held))


@pytest.fixture(scope="module")
def germany(knowledge: Knowledge) -> Gazetteer:
    return gazetteer_with(knowledge, *REGISTER)


def found(gazetteer: Gazetteer, text: str) -> list[str]:
    return list(map(str, decide(gazetteer.find(text))))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ich wohne in Augsburg", "Augsburg"),
        ("Ich wohne in augsburg", "Augsburg"),
        ("bin nach Haar gezogen", "Haar"),
        ("aus Neustadt a.d. Aisch", "Neustadt a.d.Aisch"),
        ("Neustadt an der Aisch", "Neustadt a.d.Aisch"),
        ("Neustadt/Aisch", "Neustadt a.d.Aisch"),
        ("Neustadt", "Neustadt"),
        ("Frankfurt am Main", "Frankfurt am Main"),
        ("Frankfurt a. M.", "Frankfurt"),
        ("wohnhaft in Halle/Saale", "Halle (Saale)"),
        ("Cottbus", "Cottbus"),
        ("St. Augustin", "Sankt Augustin"),
        ("86150", "Augsburg"),
        ("PLZ 86152 Augsburg", "Augsburg"),
        ("01945 Lindenau", "Lindenau"),
        ("Kirchdorf an der Iller", "Kirchdorf an der Iller"),
        ("Ich wohne im Landkreis Regen", "Landkreis Regen"),
        ("Landratsamt Biberach", "Landkreis Biberach"),
        ("Lkr. Würzburg", "Landkreis Würzburg"),
        ("Rhein-Sieg-Kreis", "Rhein-Sieg-Kreis"),
        ("Ausweis in Augsburg", "Augsburg"),
        ("Wir ziehen nach Augsburg, was brauche ich?", "Augsburg"),
        ("I moved to Augsburg", "Augsburg"),
        ("Ich ziehe von Augsburg nach Essen", "Essen"),
    ],
)
def test_a_place_outside_keeps_its_name(germany: Gazetteer, text: str, name: str) -> None:
    assert list(map(str, germany.lookup(text))) == [f"outside/{name}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lindenau", ["091990111111"]),
        ("nach Lindenau", ["091990111111"]),
        ("01945", ["outside"]),
        ("85999", ["091995102124/Forsthaus", "outside"]),
        ("Kirchdorf", KIRCHDORF),
        ("ich wohne in Kirchdorf", KIRCHDORF),
        ("ich ziehe aus Augsburg nach Tannberg", ["091995102122"]),
        ("Pfarhausen", ["091995101120"]),
        ("Tannenberg", ["outside/Tannenberg"]),
        ("Tannberk", ["091995102122"]),
        ("wohne in Essen", ["outside/Essen"]),
        ("Essen", ["outside/Essen"]),
        ("aus Essen bitte", ["outside/Essen"]),
        ("eigentlich noch in Augsburg", ["outside/Augsburg"]),
        ("im Regen", []),
        ("99999", []),
        ("12345", []),
        ("097610000000", ["outside/Augsburg"]),
        ("09761000", ["outside/Augsburg"]),
        ("12345678", []),
    ],
)
def test_what_an_answer_means(germany: Gazetteer, text: str, expected: list[str]) -> None:
    assert sorted(map(str, germany.lookup(text))) == sorted(expected)


@pytest.mark.parametrize(
    "text",
    [
        "Essen",
        "in Essen",
        "Essen auf Rädern für meine Mutter",
        "Im Kindergarten wird das Essen teurer",
        "Bei Regen läuft der Kanal über",
        "Meine Haare wachsen im Haar",
        "käufer referenz gemeinde essen",
        "Gebühr für das Essen in Halle",
        "Mein Sohn studiert in Augsburg, wer zahlt BAföG?",
        "Wir sind aus Augsburg hergezogen",
        "Ich komme aus Augsburg, jetzt neue Wohnung hier",
        "Gilt meine Plakette aus dem Landkreis Regen hier weiter?",
        "Ich wohne in Augsburg, habe aber am See ein Ferienhaus geerbt und will wissen, wer die Steuer dafür erhebt",
        "Wann fährt ein Zug nach Augsburg?",
        "Die Augsburger Straße ist gesperrt",
        "Herr Tannenberg hat mir geschrieben",
        "Rechnung 12345 ist falsch",
        "Nehmen Sie auch EN 16931?",
    ],
)
def test_what_is_no_place_of_the_matter(germany: Gazetteer, text: str) -> None:
    assert [each for each in found(germany, text) if each.startswith(OUTSIDE)] == []


def test_a_longer_name_outside_is_not_ours_even_where_it_is_not_meant(germany: Gazetteer) -> None:
    assert found(germany, "Meine Tante kommt aus Kirchdorf an der Iller") == []
    assert found(germany, "Meine Tante kommt aus Kirchdorf") == KIRCHDORF


def test_a_short_name_needs_somebody_who_lives_there(germany: Gazetteer) -> None:
    assert germany.lookup("Ebersberger Forst") == (Locality(OUTSIDE, "Ebersberger Forst"),)
    assert germany.lookup("Ebersberger") == ()


def test_without_a_table_of_postcodes_an_unknown_one_lies_outside(knowledge: Knowledge) -> None:
    seats = gazetteer_with(knowledge, OutsidePlace("Augsburg", "097610000000", "Augsburg", ("86150",)))
    assert seats.lookup("86152") == (Locality(OUTSIDE),)
    assert seats.lookup("86150") == (Locality(OUTSIDE, "Augsburg"),)
    assert gazetteer_with(knowledge, REGISTER[0]).lookup("86153") == ()


def test_names_twice_in_germany_need_no_question(knowledge: Knowledge) -> None:
    twice = gazetteer_with(
        knowledge, OutsidePlace("Fürth", "095630000000", "Fürth"), OutsidePlace("Fürth", "064310007007", "Bergstraße")
    )
    assert twice.lookup("Fürth") == (Locality(OUTSIDE, "Fürth"),)


def test_a_gemeinde_of_ours_with_an_everyday_name_needs_a_cue(knowledge: Knowledge) -> None:
    ours = gazetteer_with(knowledge, places=(Place("091840123123", "09184123", "Haar", "gemeinde"),))
    assert found(ours, "in Haar") == found(ours, "Haar") == ["091840123123"]
    assert found(ours, "Das Haar liegt im Abfluss") == []


def test_the_short_name_of_a_place_of_ours(knowledge: Knowledge) -> None:
    ours = gazetteer_with(knowledge, *REGISTER, places=(Place("091850149149", "09185149", "Neuburg a.d.Donau", "stadt"),))
    for text in ("Neuburg", "Neuburg an der Donau", "Neuburg/Donau", "Neuburger Rathaus", "85633 Neuburg"):
        assert "091850149149" in map(str, ours.lookup(text)), text


def test_the_list_of_everyday_names_is_in_the_spelling_of_look_ups() -> None:
    assert {word for word in EVERYDAY if fold(word) != word or not word.isalpha()} == set()
    assert 250 <= len(EVERYDAY) <= 450


def belongs_there(gazetteer: Gazetteer, row: dict[str, Any]) -> bool | None:
    """Whether the matter of a sentence is taken to belong to the place; None where that is not known as one outside."""
    statement, named = gazetteer.statement(row["text"])
    begin = row["text"].lower().find(row["place"].lower())
    found = [each for (start, end), each in named.items() if start < begin + len(row["place"]) and end > begin]
    return any(statement.belongs_to(each) for each in found) if found else None


def test_where_matters_belong_whose_sentences_were_not_learnt_from(gazetteer: Gazetteer) -> None:
    """Who is told that the matter lies elsewhere is sent away: that must be rare where it lies here."""
    judged = [(row["there"], belongs_there(gazetteer, row)) for row in SENTENCES]
    there = [said for belongs, said in judged if belongs and said is not None]
    here = [said for belongs, said in judged if not belongs and said is not None]
    assert min(len(there), len(here)) >= 35
    assert sum(there) / len(there) >= RECOGNISED
    assert sum(here) / len(here) <= TAKEN_AWAY


def test_no_sentence_kept_for_this_test_was_learnt_from() -> None:
    learnt = {json.loads(line)["text"] for line in (ROOT / "nlu_data/anderswo.jsonl").read_text("utf-8").splitlines()}
    assert not learnt & {row["text"] for row in SENTENCES}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Wir leben in Augsburg-Göggingen und suchen einen Kindergartenplatz", "Augsburg"),
        ("Ich wohne in Göggingen", "Augsburg"),
        ("kreis weilheim schongau sperrmüll", "Weilheim-Schongau"),
        ("wohne in nürnbreg", "Nürnberg"),
        ("wohne in Munchen", "München"),
        ("I live in Nuremberg", "Nürnberg"),
        ("Ich wohne in Kempten", "Kempten (Allgäu)"),
        ("Ich wohne in Neustadt", ""),
    ],
)
def test_what_the_place_is_called(gazetteer: Gazetteer, text: str, name: str) -> None:
    assert decide(gazetteer.find(text)) == (Locality(OUTSIDE, name),)


@pytest.mark.parametrize(
    "text", ["Kind in Bremsen eingeklemmt", "wie kann ich das erlangen", "ich will in Kassen zahlen", "Der Köln-Urlaub fällt aus"]
)
def test_a_word_like_a_name_is_no_place(gazetteer: Gazetteer, text: str) -> None:
    assert found(gazetteer, text) == []


def test_a_number_of_something_else_is_no_postcode(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("Nehmen Sie ZUGFeRD oder nur EN 16931?") == []


def records(path: Path) -> Iterator[tuple[str, str, str]]:
    """Textkennzeichen, Land and name of each Gemeinde."""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("60"):
            yield line[122:124], line[10:12], " ".join(line[22:72].split()).partition(",")[0]


def test_the_list_has_every_town_of_germany_and_every_gemeinde_of_bavaria(knowledge: Knowledge, gazetteer: Gazetteer) -> None:
    path = next((path for path in REGISTERS if path.exists()), None)
    if path is None:
        pytest.skip("needs the Gemeindeverzeichnis in shared/data/gv100ad_2023")
    for kind, land, name in records(path):
        is_town = kind in ("61", "62", "63", "67")
        is_plain = " ".join(name_words(name)) not in EVERYDAY
        if (is_town or (land == "09" and kind in ("60", "64"))) and is_plain:
            assert gazetteer.lookup(name), name


def test_no_place_of_ours_is_in_the_list(knowledge: Knowledge) -> None:
    ours = {fold(each.name) for place in knowledge.places for each in (place, *place.districts)}
    assert [place.name for place in knowledge.outside if fold(place.name) in ours] == []


def test_without_the_list_nothing_but_its_names_is_lost(knowledge: Knowledge) -> None:
    few = replace(knowledge, outside=(OutsidePlace("Augsburg"), OutsidePlace("", plz=("85999",))))
    old = Gazetteer(Release(2, "0" * 64, "2026-11-22T00:00:00+00:00", few))
    assert found(old, "Ich wohne in Augsburg") == ["outside/Augsburg"]
    assert found(old, "Ich wohne in Passau") == []

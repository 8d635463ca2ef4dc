"""The LeiKa list beside the services of a draft."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowledge.exchange.leika import leika_services, read_leika
from knowledge.exchange.limits import MOST_ROWS
from knowledge.exchange.reading import Reading, Unreadable
from knowledge.model import Service
from knowledge.release import Knowledge

REAL = Path(__file__).parents[3] / "shared" / "data" / "leika_nrw_2019" / "leistungen.csv"
LIST = """leika_key,name,typ,lage
99012001001000,Abbruchgenehmigung Erteilung,4,Bauen
99001001002000,Abfallgebühr  Festsetzung,5,
nicht im LeiKa,Abfallerzeugernummer,4,
25323525,Test,2,
99001001002000,Noch einmal,5,
99001001003000,,5,
"9,90121E+13",Aus Excel,1,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "leika.csv"
    path.write_text(LIST, "utf-8")
    return path


def service(slug: str, leika: str = "", name: str = "", synonyms: tuple[str, ...] = ()) -> Service:
    return Service(slug, name or slug, "both", "gemeinde", "amt", "Allgemein", leika=leika, synonyms=synonyms)


def read(path: Path, *services: Service) -> Reading:
    return read_leika(path, Knowledge(services=services))


def test_the_name_of_the_list_becomes_a_synonym(table: Path) -> None:
    reading = read(table, service("abriss", "99012001001000", synonyms=("Abreißen",)), service("ohne"))
    assert [(each.slug, each.synonyms) for each in reading.knowledge.services] == [
        ("abriss", ("Abreißen", "Abbruchgenehmigung Erteilung"))
    ]
    assert (reading.origin, reading.complete, reading.everything) == ("", False, False)


@pytest.mark.parametrize("said", ["Abfallgebühr Festsetzung", "abfallgebuehr festsetzung", "Festsetzung Abfallgebühr"])
def test_what_is_said_already_is_not_said_again(table: Path, said: str) -> None:
    as_name = service("a", "99001001002000", name=said)
    as_synonym = service("a", "99001001002000", synonyms=(said,))
    assert read(table, as_name).knowledge.services == read(table, as_synonym).knowledge.services == ()


def test_a_second_run_changes_nothing(table: Path) -> None:
    first = read(table, service("abriss", "99012001001000"))
    assert read(table, *first.knowledge.services).knowledge.services == ()


def test_keys_to_look_at(table: Path) -> None:
    reading = read(
        table,
        service("fremd", "99999999999999"),
        service("kurz", "9901200100100"),
        service("eins", "99012001001000"),
        service("zwei", "99012001001000"),
    )
    notes = [str(note) for note in reading.refused]
    assert "services[fremd].leika: Den Schlüssel 99999999999999 kennt die Liste nicht." in notes
    assert "services[kurz].leika: „9901200100100“ ist kein LeiKa-Schlüssel (99 und zwölf Ziffern)." in notes
    assert "services[eins].leika: Den Schlüssel 99012001001000 haben 2 Leistungen. Bitte prüfen." in notes
    assert "services[zwei].leika: Den Schlüssel 99012001001000 haben 2 Leistungen. Bitte prüfen." in notes
    assert len(reading.knowledge.services) == 2


def test_junk_in_the_list_is_named_with_its_line(table: Path) -> None:
    assert {note.where: note.message for note in read(table).refused} == {
        "Zeile 5": "„25323525“ ist kein LeiKa-Schlüssel (99 und zwölf Ziffern).",
        "Zeile 6": "Der Schlüssel 99001001002000 steht schon weiter oben.",
        "Zeile 7": "Der Name fehlt.",
        "Zeile 8": "„9,90121E+13“ ist kein LeiKa-Schlüssel (99 und zwölf Ziffern).",
    }


def test_bare_services(table: Path) -> None:
    first, second = leika_services(table)
    assert (first.slug, first.name, first.level) == ("leika-99012001001000", "Abbruchgenehmigung Erteilung", "land")
    assert (first.leika, first.source_ids) == ("99012001001000", ("leika:99012001001000",))
    assert (first.life_situation, second.life_situation) == ("Bauen", "Allgemein")
    assert (second.name, second.level) == ("Abfallgebühr Festsetzung", "gemeinde")


@pytest.mark.parametrize(
    ("kind", "level"), [("1", "bund"), ("2/3", "landkreis"), ("1, 2/3", "bund"), ("44", "landkreis"), ("", "landkreis")]
)
def test_levels(tmp_path: Path, kind: str, level: str) -> None:
    path = tmp_path / "l.csv"
    path.write_text(f'Name;LeiKa-Schlüssel;Typisierung\nx;99 012 001 001 000;"{kind}"\n', "utf-8")
    assert [(each.leika, each.level) for each in leika_services(path)] == [("99012001001000", level)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
def test_encodings(table: Path, encoding: str) -> None:
    table.write_bytes(LIST.replace("\n", "\r\n").encode(encoding))
    reading = read(table, service("gebuehr", "99001001002000"))
    assert reading.knowledge.services[0].synonyms == ("Abfallgebühr Festsetzung",)
    assert bool(reading.mended) == (encoding == "windows-1252")


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "leika_key\n99012001001000\n", '{"data": []}', "leika_key,name\n1," + '"' + "x\n" * 100_000],
)
def test_what_is_no_list(table: Path, text: str) -> None:
    table.write_text(text, "utf-8")
    with pytest.raises(Unreadable, match=r"leika\.csv"):
        read(table)


def test_too_many_rows(table: Path) -> None:
    table.write_text("leika_key,name\n" + "\n" * (MOST_ROWS + 1), "utf-8")
    with pytest.raises(Unreadable, match="mehr als"):
        read(table)


def test_the_list_of_nrw() -> None:
    if not REAL.exists():
        reason = f"the list is not at {REAL}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    assert len(leika_services(REAL)) == 4813
    assert [str(note) for note in read(REAL).refused] == [
        "Zeile 5251: „25323525“ ist kein LeiKa-Schlüssel (99 und zwölf Ziffern).",
        "Zeile 5252: „3233“ ist kein LeiKa-Schlüssel (99 und zwölf Ziffern).",
    ]

"""Tables as clerks fill them in, out and in again; and files that only look like tables."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from knowledge.exchange.reading import Reading, Unreadable
from knowledge.exchange.spreadsheet import files as spreadsheet_files
from knowledge.exchange.spreadsheet import read_spreadsheet, write_csv, write_xlsx
from knowledge.exchange.spreadsheet.columns import SHEETS
from knowledge.model import (
    Address,
    Closure,
    Contact,
    Distinction,
    District,
    Example,
    Fee,
    Journey,
    JourneyStep,
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
from knowledge.release import Knowledge, digest_of

ROOT = Path(__file__).parents[2]
LINDENAU, UNTERSEEHAM = "091990111111", "091990112112"
SMALL = Knowledge(
    places=(
        Place("091990000000", "09199", "Landkreis Lindenau", "landkreis"),
        Place(LINDENAU, "09199111", "Lindenau", "grosse-kreisstadt", "", ("85901",), (District("Neuhofen", ("85900",)),)),
        Place(UNTERSEEHAM, "09199112", "Unterseeham", "gemeinde", "Seeham"),
    ),
    offices=(
        Office(
            "standesamt@lindenau",
            "standesamt",
            "gemeinde",
            "Standesamt Lindenau",
            LINDENAU,
            hours="Mo-Fr 08:00-12:00; PH off",
            address=Address("Rathausplatz 1", "85901", "Lindenau"),
            phone="089 99998-001",
            email="standesamt@lindenau.example",
            closures=(Closure(date(2027, 1, 7), date(2027, 1, 8), "Umzug"),),
            contacts=(Contact("Anna Amsel", "Urkunden", "089 99998-011", valid_to=date(2027, 6, 30)), Contact("Bodo Bär")),
        ),
        Office("kasse", "kasse", "landkreis", "Kreiskasse", confirmed=date(2026, 11, 1)),
    ),
    services=(
        Service(
            "heiraten",
            "Eheschließung anmelden",
            "citizen",
            "gemeinde",
            "standesamt",
            "Heirat",
            "99059001104000",
            ("place",),
            "anliegen/heiraten",
            fees=(Fee("Beispiel: 60 Euro", True), Fee("Kostenfrei für Kinder")),
            sources=(Source(("fees", "short"), "§ 12 PStG", "https://www.gesetze-im-internet.de/pstg/__12.html"),),
            examples=(Example("Wo kann ich heiraten?", "alltag"),),
        ),
        Service("zahlen", "Rechnung zahlen", "both", "landkreis", "kasse", "Rechnung", intent="anliegen/zahlen"),
    ),
    rules=(
        Rule("R1", "*", "standesamt@lindenau", "zustaendig", "belegt", "Macht die Stadt.", "standesamt", LINDENAU),
        Rule("R2", "zahlen", "kasse", "annahme", "nur-ebene", "Die Kasse zahlt.", value_to=Decimal("1000.01")),
    ),
    outside=(OutsidePlace("München"),),
    office_types=(OfficeType("standesamt", "Standesamt", "gemeinde", ("Geburt",)), OfficeType("kasse", "Kasse", "landkreis")),
    journeys=(Journey("hochzeit", "Hochzeit", (JourneyStep("heiraten", "immer"), JourneyStep("zahlen"))),),
    distinctions=(Distinction("heiraten", "zahlen", "Das eine ist schön."),),
    notices=(Notice("N1", "Heute zu", date(2027, 1, 2), date(2027, 1, 3), service="heiraten"),),
)
OFFICE = SMALL.offices[0]
Cells = list[list[Any]]
SERVICE = ["ID", "Name", "Für wen", "Ebene", "Art der Stelle", "Lebenslage"]


def xlsx(sheets: dict[str, Cells], change: Callable[[Workbook], None] | None = None) -> bytes:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change:
        change(workbook)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def read_bytes(data: bytes, name: str, draft: Knowledge = SMALL) -> Reading:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read_spreadsheet(path, draft)


def read(sheet: str, *rows: list[Any], draft: Knowledge = SMALL) -> Reading:
    return read_bytes(xlsx({sheet: list(rows)}), "tabelle.xlsx", draft)


def saved(sheet: str, *rows: list[Any]) -> tuple[bytes, str]:
    """The rows as CSV where that says the same, else as XLSX, which takes longer."""
    if not all(cell is None or (isinstance(cell, str) and cell[:1] not in ("=", "#")) for row in rows for cell in row):
        return xlsx({sheet: list(rows)}), "tabelle.xlsx"
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode("utf-8-sig"), f"{sheet}.csv"


def read_csv(text: str, name: str = "Stellen.csv", encoding: str = "utf-8", draft: Knowledge = SMALL) -> Reading:
    return read_bytes(text.encode(encoding), name, draft)


def read_folder(files: dict[str, bytes], draft: Knowledge) -> Reading:
    with TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        return read_spreadsheet(Path(folder), draft)


def refused(data: bytes, name: str = "tabelle.xlsx", draft: Knowledge = SMALL) -> str:
    with pytest.raises(Unreadable) as caught:
        read_bytes(data, name, draft)
    return str(caught.value)


def problems(sheet: str, *rows: list[Any], draft: Knowledge = SMALL) -> list[str]:
    return refused(xlsx({sheet: list(rows)}), draft=draft).splitlines()


def kept(knowledge: Knowledge) -> Knowledge:
    """What the tables hold."""
    return replace(knowledge, outside=())


def part_of(knowledge: Knowledge) -> Knowledge:
    """Every eighth service of the demo county with a question each, every eighth rule."""
    services = tuple(replace(each, examples=each.examples[:1]) for each in knowledge.services[::8])
    kept_services = {each.slug for each in services}
    journeys = tuple(
        replace(each, steps=tuple(step for step in each.steps if step.service in kept_services)) for each in knowledge.journeys
    )
    distinctions = tuple(each for each in knowledge.distinctions if {each.first, each.second} <= kept_services)
    rules = tuple(each for each in knowledge.rules[::8] if each.service in {*kept_services, "*"})
    return replace(knowledge, services=services, rules=rules, journeys=journeys, distinctions=distinctions)


class TestRoundTrip:
    @pytest.mark.slow
    def test_the_demo_county_in_csv(self, knowledge: Knowledge) -> None:
        services = tuple(replace(each, examples=each.examples[:1]) for each in knowledge.services)
        county = replace(knowledge, services=services)
        reading = read_folder(write_csv(county), Knowledge())
        assert (reading.mended, reading.refused) == ((), ())
        assert digest_of(reading.knowledge) == digest_of(kept(county))

    def test_part_of_it_in_xlsx(self, knowledge: Knowledge) -> None:
        part = part_of(knowledge)
        reading = read_bytes(write_xlsx(part), "tabelle.xlsx", Knowledge())
        assert (reading.mended, reading.refused) == ((), ())
        assert digest_of(reading.knowledge) == digest_of(kept(part))

    @pytest.mark.parametrize("draft", [SMALL, Knowledge()], ids=["known", "new"])
    def test_every_field(self, draft: Knowledge) -> None:
        reading = read_bytes(write_xlsx(SMALL), "tabelle.xlsx", draft)
        assert (reading.knowledge, reading.origin, reading.complete) == (kept(SMALL), "tabelle", False)
        assert read_folder(write_csv(SMALL), draft).knowledge == kept(SMALL)

    @pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
    def test_every_field_has_a_column(self, sheet: Any) -> None:
        columns = {column.field.split(".")[0] for column in sheet.columns if not column.of_part}
        others = {each.part for each in SHEETS if each.kind == sheet.kind}
        if sheet.makes_entries:
            assert {field.name for field in fields(sheet.cls)} - others - {"intent"} == columns
        if sheet.part_cls:
            assert {field.name for field in fields(sheet.part_cls)} == {column.field for column in sheet.parts}

    def test_nothing_at_all(self) -> None:
        assert read_bytes(write_xlsx(Knowledge()), "tabelle.xlsx").knowledge == Knowledge()
        assert read_folder(write_csv(Knowledge()), SMALL).knowledge == Knowledge()


odd = st.text(min_size=1, max_size=12) | st.builds(
    "{}{}{}".format,
    st.sampled_from(["=", "+", "-", "@", "\t", "\r", "'", "'=", "''=", "＝", '"', ";", "\n", " ", "_x000D_", "␊", "␛", "|", "…"]),
    st.text(max_size=8),
    st.sampled_from(["", "\n", " ", "\x00", "\ud800", "\uffff", "_x0041_", "äöüß", "🚀", '";=A1', " | ", "\u2028", "␛∅", "\x1b"]),
)
texts = st.lists(odd | st.just(""), max_size=3).map(tuple)
days = st.dates(date(1, 1, 2), date(9999, 12, 30))
amounts = st.none() | st.decimals(0, 10**9, places=2) | st.integers(0, 10**18).map(Decimal)


@st.composite
def any_knowledge(draw: st.DrawFn) -> Knowledge:
    def text() -> str:
        return draw(odd)

    link = st.builds(Link, odd, st.sampled_from(["", "https://a.example/{id}|x"]), st.booleans())
    place = replace(SMALL.places[1], name=text(), vg=text(), districts=(District(text()), District(text(), ("01234",))))
    begin, end = sorted((draw(days), draw(days)))
    office = replace(
        OFFICE,
        name=text(),
        remark=text(),
        address=Address(text(), "01234", text()),
        geo=draw(st.just(()) | st.tuples(st.floats(-90, 90), st.floats(-180, 180))),
        source_ids=draw(texts),
        confirmed=draw(st.none() | days),
        closures=(Closure(begin, end, text()),),
        contacts=(Contact(text(), text(), "110", "", text(), end), Contact(text())),
    )
    service = replace(
        SMALL.services[0],
        name=text(),
        life_situation=text(),
        synonyms=draw(texts),
        documents=draw(texts),
        short=text(),
        fees=tuple(draw(st.lists(st.builds(Fee, odd | st.just("Beispiel"), st.booleans()), max_size=3))),
        online=draw(st.none() | link),
        forms=tuple(draw(st.lists(link, max_size=2))),
        sources=(Source(("forms", "short"), text()),),
        examples=(Example(text(), text()), Example(text(), "alltag")),
    )
    low, high = sorted((draw(amounts), draw(amounts)), key=lambda amount: (amount is None, amount))
    rule = replace(
        SMALL.rules[0],
        reason=text(),
        source=text(),
        district=place.districts[0].name,
        value_from=low,
        value_to=high,
        valid_from=begin,
        valid_to=end,
        shared=draw(st.booleans()),
    )
    journey = Journey("hochzeit", text(), (JourneyStep("heiraten", text()), JourneyStep("heiraten", "")), text(), text())
    notice = Notice("N1", text(), begin, end)
    kasse = Distinction("heiraten", "zahlen", text())
    others = SMALL.services[1:]
    types = (OfficeType("standesamt", text(), "gemeinde", draw(texts)), *SMALL.office_types[1:])
    return Knowledge((place,), (office,), (service, *others), (rule,), (), types, (journey,), (kasse,), (notice,))


class TestOddText:
    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(any_knowledge())
    def test_survives_csv(self, county: Knowledge) -> None:
        assert read_folder(write_csv(county), Knowledge()).knowledge == county

    @settings(max_examples=3, deadline=None, derandomize=True, database=None)
    @given(any_knowledge())
    def test_survives_xlsx(self, county: Knowledge) -> None:
        assert read_bytes(write_xlsx(county), "tabelle.xlsx", Knowledge()).knowledge == county

    @pytest.mark.parametrize("text", ["🚀" * 20_000, "=" * 40_000, "… \n" * 15_000])
    def test_too_long_for_a_cell_goes_on_in_the_next_column(self, text: str) -> None:
        long = Knowledge(offices=(replace(OFFICE, remark=text, place=""),), office_types=SMALL.office_types)
        data = write_xlsx(long)
        assert read_bytes(data, "tabelle.xlsx", Knowledge()).knowledge == long
        assert read_folder(write_csv(long), Knowledge()).knowledge == long
        sheet = load_workbook(io.BytesIO(data), read_only=True)["Stellen"]
        cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell]
        assert "Bemerkung (Teil 2)" in cells
        assert max(len(str(cell).encode("utf-16-le")) // 2 for cell in cells) <= 32_767

    def test_is_no_formula(self) -> None:
        remarks = ["=1+1", "+49 89 1", "-5", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(1)", "＝1", "#N/A"]
        county = replace(SMALL, offices=tuple(replace(OFFICE, id=f"a{n}", remark=each) for n, each in enumerate(remarks)))
        sheet = load_workbook(io.BytesIO(write_xlsx(county)))["Stellen"]
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s"}
        risky = [cell for cell in cells if cell.value[0] in "=+-@＝"]
        assert [cell.value for cell in risky] == [each for each in remarks if each[0] in "=+-@＝"]
        assert all(cell.quotePrefix for cell in risky)
        rows = csv.reader(io.StringIO(write_csv(county)["Stellen.csv"].decode("utf-8-sig"), newline=""), delimiter=";")
        assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r＝")]


class TestOnlySomeColumns:
    def test_keep_the_rest(self) -> None:
        reading = read("Stellen", ["ID", "Telefon"], ["standesamt@lindenau", "089 5"])
        assert reading.knowledge == Knowledge(offices=(replace(OFFICE, phone="089 5"),))

    def test_an_empty_cell_empties(self) -> None:
        [office] = read("Stellen", ["ID", "Telefon", "Straße"], ["standesamt@lindenau"]).knowledge.offices
        assert (office.phone, office.address) == ("", Address("", "85901", "Lindenau"))

    def test_what_must_be_there_cannot_be_emptied(self) -> None:
        assert problems("Stellen", ["ID", "Name"], ["kasse", " "]) == [
            "Blatt Stellen, Zeile 2, Spalte Name: Hier muss etwas stehen."
        ]

    def test_a_new_entry_needs_more(self) -> None:
        assert problems("Stellen", ["ID", "Telefon"], ["neu", "1"]) == [
            "Blatt Stellen, Zeile 2: „neu“ ist neu. Dafür fehlen die Spalten: Art, Name."
        ]

    def test_a_new_entry(self) -> None:
        reading = read("Stellen", ["ID", "Art", "Name"], ["neu", "standesamt", "Neues Amt"])
        assert reading.knowledge.offices == (Office("neu", "standesamt", "gemeinde", "Neues Amt"),)
        [service] = read("Leistungen", SERVICE, ["neu", "Neues", "intern", "Bund", "kasse", "Arbeit"]).knowledge.services
        assert service == Service("neu", "Neues", "staff", "bund", "kasse", "Arbeit", intent="anliegen/neu")

    def test_people_of_an_office_replace_those_before(self) -> None:
        rows = [["Stelle", "Name", "Telefon"], ["standesamt@lindenau", "Cora", "1"], ["standesamt@lindenau", "Anna Amsel", "2"]]
        [office] = read("Kontakte", *rows).knowledge.offices
        assert office.contacts == (Contact("Cora", phone="1"), replace(OFFICE.contacts[0], phone="2"))
        assert office.closures == OFFICE.closures

    def test_a_row_with_the_office_alone_means_nobody(self) -> None:
        [office] = read("Kontakte", ["Stelle", "Name"], ["standesamt@lindenau"]).knowledge.offices
        assert office == replace(OFFICE, contacts=())

    def test_people_of_an_office_that_is_new(self) -> None:
        sheets = {
            "Kontakte": [["Stelle", "Name"], ["neu", "Dora"]],
            "Stellen": [["ID", "Art", "Name"], ["neu", "kasse", "Neue Kasse"]],
        }
        [office] = read_bytes(xlsx(sheets), "t.xlsx").knowledge.offices
        assert (office.name, office.contacts) == ("Neue Kasse", (Contact("Dora"),))

    def test_a_part_that_is_new_needs_more(self) -> None:
        assert problems("Beispielfragen", ["Leistung", "Frage"], ["heiraten", "Wo?"]) == [
            "Blatt Beispielfragen, Zeile 2: Dafür fehlt noch: Stil."
        ]
        [service] = read("Beispielfragen", ["Leistung", "Frage"], ["heiraten", "Wo kann ich heiraten?"]).knowledge.services
        assert service == SMALL.services[0]

    def test_the_title_of_a_journey_alone(self) -> None:
        [journey] = read("Lebenslagen", ["ID", "Titel"], ["hochzeit", "Heirat"]).knowledge.journeys
        assert journey == replace(SMALL.journeys[0], title="Heirat")
        assert problems("Lebenslagen", ["ID", "Titel"], ["hochzeit", "A"], ["hochzeit", "B"]) == [
            "Blatt Lebenslagen, Zeile 3, Spalte Titel: In Zeile 2 steht etwas anderes."
        ]

    def test_what_was_wrong_before_may_stay(self) -> None:
        draft = replace(
            SMALL, offices=(replace(OFFICE, type="weg", hours="immer", leitweg_id="1", website="ftp://x", place="1"),)
        )
        assert read_bytes(write_xlsx(draft), "t.xlsx", draft).knowledge.offices == draft.offices


LEIKA = "99059001104001"
HOLIDAYS = ("mariae-himmelfahrt", "friedensfest")
DISTRICTS = (District("A-Dorf"), District("B (x)", ("01234", "85900")))
ROLES = "„zuständg“ ist nicht möglich. Möglich: zuständig, Ansprechpunkt, Annahme. Meinten Sie „zuständig“?"
RULE = ["ID", "Leistung", "Stelle", "Rolle", "Sicherheit", "Grund"]
DAYS = ["ID", "Gültig ab", "Gültig bis"]


class TestCells:
    @pytest.mark.parametrize(
        ("sheet", "heading", "cell", "field", "value", "mended"),
        [
            ("Orte", "AGS", 9199111, "ags", "09199111", "Führende Null ergänzt: 09199111."),
            ("Orte", "AGS", "9199", "ags", "09199", "Führende Null ergänzt: 09199."),
            ("Orte", "PLZ", 1234, "plz", ("01234",), "Führende Null ergänzt: 01234."),
            ("Orte", "PLZ", "85901, 1234\n85902", "plz", ("85901", "01234", "85902"), "Führende Null ergänzt: 01234."),
            ("Orte", "Art", "grosse Kreisstadt", "kind", "grosse-kreisstadt", ""),
            ("Orte", "Art", "MARKT", "kind", "markt", ""),
            ("Orte", "Örtliche Feiertage", "Mariä Himmelfahrt; friedensfest", "holidays", HOLIDAYS, ""),
            ("Orte", "Ortsteile", "A-Dorf\n\nB (x) | 1234,85900 ", "districts", DISTRICTS, "Führende Null ergänzt: 01234."),
            ("Stellen", "Telefon", 8999998001, "phone", "08999998001", "Führende Null ergänzt: 08999998001."),
            ("Stellen", "Art", "standesamt\u200b", "type", "standesamt", ""),
            ("Stellen", "Telefon", "\ufeff089 1", "phone", "089 1", ""),
            ("Stellen", "Telefon", 110, "phone", "110", ""),
            ("Stellen", "Telefon", "+49 89 1", "phone", "+49 89 1", ""),
            ("Stellen", "Nur mit Termin", True, "appointment_only", True, ""),
            ("Stellen", "Nur mit Termin", "X", "appointment_only", True, ""),
            ("Stellen", "Stand", datetime(2027, 1, 31), "confirmed", date(2027, 1, 31), ""),
            ("Stellen", "Stand", "31.1.2027", "confirmed", date(2027, 1, 31), ""),
            ("Stellen", "Stand", "2027-01-31", "confirmed", date(2027, 1, 31), ""),
            ("Stellen", "Lage", "48,5; 11,25", "geo", (48.5, 11.25), ""),
            ("Stellen", "Gemeinde", "unterseeham", "place", UNTERSEEHAM, ""),
            ("Stellen", "Gemeinde", 91990112112, "place", UNTERSEEHAM, "Führende Null ergänzt: 091990112112."),
            ("Stellen", "Bemerkung", 5.0, "remark", "5", ""),
            ("Stellen", "Bemerkung", 0.1, "remark", "0,1", ""),
            ("Stellen", "Bemerkung", "'=1", "remark", "=1", ""),
            ("Stellen", "Bemerkung", "'s Amt", "remark", "'s Amt", ""),
            ("Stellen", "Bemerkung", " a\r\nb\rc_x000D_\nd ", "remark", "a\nb\nc\nd", ""),
            ("Stellen", "Bemerkung", date(2027, 3, 1), "remark", "01.03.2027", "Ein Datum gelesen als Text „01.03.2027“."),
            ("Regeln", "Rolle", "Zustaendig", "role", "zustaendig", ""),
            ("Regeln", "Sicherheit", "nur Ebene", "certainty", "nur-ebene", ""),
            ("Regeln", "Für wen", None, "audience", "both", ""),
            ("Regeln", "Gebiet", "VG Seeham", "applies_to", UNTERSEEHAM[:9], ""),
            ("Regeln", "Gebiet", "91990112", "applies_to", UNTERSEEHAM[:9], "Führende Null ergänzt: 091990112."),
            ("Regeln", "Gebiet", "090000000000", "applies_to", "090000000000", ""),
            ("Regeln", "Gebiet", None, "applies_to", "*", ""),
            ("Regeln", "Wert von", "1.000,01 €", "value_from", Decimal("1000.01"), ""),
            ("Regeln", "Wert von", "1.000", "value_from", Decimal(1000), ""),
            ("Regeln", "Wert von", "10.5", "value_from", Decimal("10.5"), "Gelesen als 10,5 EUR."),
            ("Regeln", "Wert von", 1000.01, "value_from", Decimal("1000.01"), ""),
            ("Regeln", "Nachname von", "sch", "surname_from", "Sch", ""),
            ("Regeln", "Ortsteil", "Kreisstraße", "district", "Kreisstraße", ""),
            ("Regeln", "Gültig bis", None, "valid_to", date.max, ""),
            ("Leistungen", "LeiKa-Schlüssel", 99059001104000, "leika", "99059001104000", ""),
            ("Leistungen", "LeiKa-Schlüssel", "99 05900110400 1", "leika", LEIKA, f"Leerzeichen entfernt: {LEIKA}."),
            ("Leistungen", "Gebühren", "Beispiel: 5 Euro\nfrei", "fees", (Fee("Beispiel: 5 Euro", True), Fee("frei")), ""),
            ("Leistungen", "Online-Dienst", "Antrag | https://a.example", "online", Link("Antrag", "https://a.example"), ""),
            ("Leistungen", "Online-Dienst", "Antrag (Beispiel)", "online", Link("Antrag (Beispiel)", "", True), ""),
            ("Leistungen", "Quellen", "gebühren, Fristen|§ 1", "sources", (Source(("fees", "deadlines"), "§ 1"),), ""),
            ("Leistungen", "Hängt ab von", "Ort\nStraße", "varies_by", ("place", "street"), ""),
        ],
    )  # fmt: skip
    def test_are_read_as_clerks_write_them(
        self, sheet: str, heading: str, cell: Any, field: str, value: Any, mended: str
    ) -> None:
        key, kind = {
            "Orte": (LINDENAU, "places"),
            "Stellen": ("kasse", "offices"),
            "Regeln": ("R2", "rules"),
            "Leistungen": ("zahlen", "services"),
        }[sheet]
        rows = [["ARS" if sheet == "Orte" else "ID", heading], [key, cell]]
        reading = read_bytes(*saved(sheet, *rows))
        assert getattr(getattr(reading.knowledge, kind)[0], field) == value
        assert [note.message for note in reading.mended] == ([mended] if mended else [])
        assert all(note.where.endswith(f", Zeile 2, Spalte {heading}") for note in reading.mended)

    def test_a_lost_zero_in_an_ars(self) -> None:
        reading = read("Orte", ["ARS", "Name"], [91990111111, "Lindenau an der Linde"])
        assert reading.knowledge.places == (replace(SMALL.places[1], name="Lindenau an der Linde"),)
        assert list(map(str, reading.mended)) == ["Blatt Orte, Zeile 2, Spalte ARS: Führende Null ergänzt: 091990111111."]

    @pytest.mark.parametrize(
        ("sheet", "heading", "cell", "message"),
        [
            ("Orte", "ARS", "9,19901E+10", "„9,19901E+10“ ist eine Zahl, bei der Excel die letzten Ziffern verloren hat."),
            ("Orte", "ARS", "9.19901E+10", "„9.19901E+10“ ist eine Zahl"),
            ("Orte", "ARS", 12, "„12“ ist nicht möglich. Ein ARS hat 12 Ziffern."),
            ("Orte", "ARS", "٠" * 12, f"„{'٠' * 12}“ ist nicht möglich."),
            ("Orte", "PLZ", "123", "„123“ ist nicht möglich. Eine Postleitzahl hat 5 Ziffern."),
            ("Orte", "Art", "Dorf", "„Dorf“ ist nicht möglich. Möglich: Landkreis, Große Kreisstadt, kreisfreie Stadt"),
            ("Orte", "Ortsteile", "a | b | c", "„a | b | c“: Schreiben Sie „Ortsteil“ oder „Ortsteil | PLZ“."),
            ("Stellen", "Art", "standesammt", "Die Art „standesammt“ gibt es nicht. Meinten Sie „standesamt“?"),
            ("Stellen", "Gemeinde", "Lindnau", "Den Ort „Lindnau“ gibt es nicht. Meinten Sie „Lindenau“?"),
            ("Stellen", "Gemeinde", UNTERSEEHAM[:9], f"Den Ort „{UNTERSEEHAM[:9]}“ gibt es nicht."),
            ("Stellen", "Telefon", "keins", "„keins“ ist nicht möglich. Eine Telefonnummer hat Ziffern."),
            ("Stellen", "E-Mail", "a b@c", "„a b@c“ ist nicht möglich. Eine E-Mail-Adresse hat ein @"),
            ("Stellen", "Website", "javascript:x()", "„javascript:x()“ ist nicht möglich. Eine Adresse beginnt mit https://"),
            ("Stellen", "Öffnungszeiten", "morgens", "„morgens“ sind keine Öffnungszeiten in der vereinbarten Schreibweise"),
            ("Stellen", "Leitweg-ID", "04011000-900X999-09", "„04011000-900X999-09“ ist keine Leitweg-ID"),
            ("Stellen", "Nur mit Termin", "manchmal", "„manchmal“ ist nicht möglich. Möglich: ja, nein."),
            ("Stellen", "Lage", "Rathaus", "„Rathaus“ ist keine Lage"),
            ("Stellen", "Lage", "148.1, 11.5", "„148.1, 11.5“ liegt nicht auf der Erde."),
            ("Stellen", "Stand", "31.02.2027", "„31.02.2027“ ist kein Datum (Beispiel: 31.01.2027)."),
            ("Stellen", "Stand", 46418, "„46418“ ist kein Datum (Beispiel: 31.01.2027). Meinten Sie 31.01.2027?"),
            ("Stellen", "Stand", time(8, 30), "In der Zelle steht eine Uhrzeit."),
            ("Stellen", "Bemerkung", "=1+1", "In der Zelle steht eine Formel."),
            ("Stellen", "Bemerkung", "#N/A", "In der Zelle steht ein Fehlerwert von Excel."),
            ("Stellen", "Bemerkung", 1e300, "Diese Zahl ist so lang, dass Excel sie gerundet hat."),
            ("Regeln", "Rolle", "zuständg", ROLES),
            ("Regeln", "Leistung", "heirate", "Die Leistung „heirate“ gibt es nicht. Meinten Sie „heiraten“?"),
            ("Regeln", "Stelle", "amt", "Die Stelle „amt“ gibt es nicht."),
            ("Regeln", "Gebiet", "Seeham", "Das Gebiet „Seeham“ gibt es nicht."),
            ("Regeln", "Wert bis", "-1", "„-1“ ist kein Betrag (Beispiel: 1.000,01)."),
            ("Regeln", "Wert bis", "1,000.50", "„1,000.50“ ist kein Betrag"),
            ("Regeln", "Wert bis", "viel", "„viel“ ist kein Betrag"),
            ("Regeln", "Ortsteil", "Neuhof", "Den Ortsteil „Neuhof“ gibt es nicht. Meinten Sie „Neuhofen“?"),
            ("Leistungen", "LeiKa-Schlüssel", "9,9059E+13", "„9,9059E+13“ ist eine Zahl, bei der Excel"),
            ("Leistungen", "Gebühren", "5 Euro | ca.", "„ca.“ ist nicht möglich. Nach „|“ steht „Beispiel“ oder „kein"),
            ("Leistungen", "Formulare", "a | b", "„b“ ist nicht möglich. Eine Adresse beginnt mit https://"),
            ("Leistungen", "Quellen", "§ 1", "„§ 1“: Schreiben Sie „Spalten | Quelle | https://…“."),
            ("Leistungen", "Quellen", "Preise | § 1", "„Preise“ ist nicht möglich. Möglich: Kurzbeschreibung"),
        ],
    )  # fmt: skip
    def test_that_make_no_sense(self, sheet: str, heading: str, cell: Any, message: str) -> None:
        key = {"Orte": "ARS"}.get(sheet, "ID")
        known = {"Orte": LINDENAU, "Stellen": "kasse", "Regeln": "R2", "Leistungen": "zahlen"}[sheet]
        rows = [[key], [cell]] if key == heading else [[key, heading], [known, cell]]
        data, name = saved(sheet, *rows)
        [problem] = refused(data, name).splitlines()
        where = f"Datei {name}" if name.endswith(".csv") else f"Blatt {sheet}"
        assert problem.startswith(f"{where}, Zeile 2, Spalte {heading}: {message}")

    def test_too_much_in_one(self) -> None:
        text = refused(f"ID;Bemerkung\r\nkasse;{'x' * 40_000}\r\n".encode(), "Stellen.csv")
        assert text.startswith("Datei Stellen.csv, Zeile 2, Spalte Bemerkung: In der Zelle stehen mehr als 32767 Zeichen")

    def test_all_mistakes_are_told_in_order(self) -> None:
        sheets: dict[str, Cells] = {
            "Regeln": [RULE, ["R3", "x", "y", "z", "vermutlich", ""], ["R4", "zahlen", "kasse", "Annahme", "belegt", "Gut"]],
            "Stellen": [["ID", "Art"], ["kasse", "amt"]],
        }
        assert [line.partition(": ")[0] for line in refused(xlsx(sheets)).splitlines()] == [
            "Blatt Regeln, Zeile 2, Spalte Leistung",
            "Blatt Regeln, Zeile 2, Spalte Stelle",
            "Blatt Regeln, Zeile 2, Spalte Rolle",
            "Blatt Regeln, Zeile 2, Spalte Grund",
            "Blatt Stellen, Zeile 2, Spalte Art",
        ]

    def test_references_into_the_same_file(self) -> None:
        sheets: dict[str, Cells] = {
            "Regeln": [[*RULE, "Gebiet"], ["R3", "neu", "amt", "Annahme", "belegt", "Gut", "Neustadt"]],
            "Leistungen": [SERVICE, ["neu", "N", "alle", "Land", "art", "L"]],
            "Stellen": [["ID", "Art", "Name"], ["amt", "art", "Amt"]],
            "Arten von Stellen": [["ID", "Name", "Ebene"], ["art", "Art", "Land"]],
            "Orte": [["ARS", "AGS", "Name", "Art"], ["091990113113", "09199113", "Neustadt", "Stadt"]],
        }  # fmt: skip
        knowledge = read_bytes(xlsx(sheets), "t.xlsx", Knowledge()).knowledge
        assert (knowledge.rules[0].applies_to, knowledge.offices[0].level) == ("091990113113", "land")

    def test_ranges_that_end_before_they_begin(self) -> None:
        assert problems("Regeln", DAYS, ["R2", "02.01.2027", "01.01.2027"]) == [
            "Blatt Regeln, Zeile 2, Spalte Gültig bis: „Gültig bis“ liegt vor „Gültig ab“."
        ]
        assert problems("Schließtage", ["Stelle", "Von", "Bis"], ["kasse", "02.01.2027", "01.01.2027"]) == [
            "Blatt Schließtage, Zeile 2, Spalte Bis: „Bis“ liegt vor „Von“."
        ]

    def test_a_rule_for_all_services_of_no_kind(self) -> None:
        assert problems("Regeln", ["ID", "Leistung"], ["R2", "alle"]) == [
            "Blatt Regeln, Zeile 2, Spalte Art der Stelle: Eine Regel für alle Leistungen braucht die Art der Stelle."
        ]

    def test_the_same_entry_twice(self) -> None:
        assert problems("Stellen", ["ID"], ["kasse"], [], ["kasse"]) == [
            "Blatt Stellen, Zeile 4: „kasse“ steht schon hier: Blatt Stellen, Zeile 2."
        ]

    def test_after_a_thousand_mistakes_it_is_enough(self) -> None:
        rows = "".join(f"amt{number};x\r\n" for number in range(1500))
        text = refused(f"ID;Telefon\r\n{rows}".encode(), "Stellen.csv").splitlines()
        assert (len(text), text[-1]) == (1001, "Datei Stellen.csv, Zeile 501: Hier wurde aufgehört, weitere Fehler zu suchen.")


class TestHeadings:
    @pytest.mark.parametrize("heading", ["telefon", "TELEFON ", "Telefon*", "Tele-fon:"])
    def test_however_they_are_written(self, heading: str) -> None:
        assert read("Stellen", ["id", heading], ["kasse", "1"]).knowledge.offices[0].phone == "1"

    def test_that_are_misspelt(self) -> None:
        assert problems("Stellen", ["ID", "Telefn"], ["kasse", "1"]) == [
            "Blatt Stellen: Die Spalte „Telefn“ kenne ich nicht. Meinten Sie „Telefon“?"
        ]

    def test_of_a_column_of_ones_own(self) -> None:
        reading = read("Stellen", ["ID", "Notizen von Frau Kohl", None], ["kasse", "1", "2"])
        assert list(map(str, reading.refused)) == [
            "Blatt Stellen: Die Spalte „Notizen von Frau Kohl“ wurde nicht gelesen.",
            "Blatt Stellen, Spalte C: Die Spalte ohne Überschrift wurde nicht gelesen.",
        ]

    def test_twice(self) -> None:
        assert problems("Stellen", ["ID", "Telefon", "telefon"], ["kasse"]) == [
            "Blatt Stellen: Die Spalte „telefon“ gibt es zweimal."
        ]

    def test_without_what_tells_entries_apart(self) -> None:
        assert problems("Stellen", ["Name", "Telefon"], ["Kasse", "1"]) == ["Blatt Stellen: Die Spalte „ID“ fehlt."]
        assert problems("Lebenslagen", ["ID", "Bedingung"], ["hochzeit", "nie"]) == [
            "Blatt Lebenslagen: Die Spalte „Leistung“ fehlt."
        ]

    def test_below_a_title(self) -> None:
        reading = read("Stellen", ["Stellen im Landkreis"], [], ["ID", "Telefon"], ["kasse", "1"])
        assert reading.knowledge.offices[0].phone == "1"

    def test_of_a_sheet_with_another_name(self) -> None:
        reading = read("Tabelle1", ["ID", "Telefon", "Straße"], ["kasse", "1", "Weg"])
        assert reading.knowledge.offices[0].phone == "1"
        assert list(map(str, reading.mended)) == ["Blatt Tabelle1: Nach den Überschriften gelesen als Stellen."]

    def test_of_a_sheet_that_is_misspelt(self) -> None:
        assert problems("Stelen", ["Telefon"], ["1"])[0].startswith(
            "Blatt Stelen: Diese Tabelle kenne ich nicht. Meinten Sie „Stellen“?"
        )

    def test_of_a_sheet_of_ones_own(self) -> None:
        reading = read_bytes(xlsx({"Urlaub": [["Wer"], ["Ich"]], "Stellen": [["ID"], ["kasse"]]}), "t.xlsx")
        assert list(map(str, reading.refused)) == ["Blatt Urlaub: Diese Tabelle wurde nicht gelesen."]
        assert problems("Urlaub", ["Wer"], ["Ich"])[0].startswith(
            "Die Datei enthält keine Tabelle, die ich kenne. Möglich sind: Leistungen,"
        )


class TestCsv:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
    @pytest.mark.parametrize("separator", [";", ",", "\t"])
    @pytest.mark.parametrize("end", ["\r\n", "\n"])
    def test_however_it_was_saved(self, encoding: str, separator: str, end: str) -> None:
        text = end.join(separator.join(row) for row in (["ID", "Straße"], ["kasse", '"Rote ""Öffnung""; 1, 2"'], []))
        reading = read_csv(text, encoding=encoding)
        assert reading.knowledge.offices[0].address.street == 'Rote "Öffnung"; 1, 2'
        assert len(reading.mended) == (encoding == "windows-1252")

    def test_that_names_its_separator(self) -> None:
        assert read_csv("sep=,\r\nID,Bemerkung\r\nkasse,a;b;c;d\r\n").knowledge.offices[0].remark == "a;b;c;d"

    def test_that_was_downloaded_twice(self) -> None:
        assert read_csv("ID\nkasse\n", "Stellen (1).csv").knowledge.offices == SMALL.offices[1:]

    def test_lines_are_counted_as_a_spreadsheet_shows_them(self) -> None:
        text = refused(b'ID;Bemerkung\r\nkasse;"a\r\nb"\r\n\r\nneu;c\r\n', "Stellen.csv")
        assert text.startswith("Datei Stellen.csv, Zeile 4: „neu“ ist neu.")

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"ID;Telefon\r\nka\0sse;1\r\n", "ist kein Text"),
            (b'ID;Telefon\r\nkasse;"1\r\nx;2\r\n', "Zeile 2: Ein Anführungszeichen wird nicht geschlossen"),
            (b'ID;Telefon\r\n"' + b"a;b\r\n" * 100_000, "Zeile 2: Ein Anführungszeichen wird nicht geschlossen"),
            (b"ID;Telefon\r\n" + b"x" * 3_000_000, "Zeile 2: Die Zeile ist zu lang."),
            (b"ID;Telefon\r\n" + b";" * 3_000_000, "Zeile 2: Die Zeile ist zu lang."),
            (b"ID;Telefon\r\n" + b'"\n";' * 800_000, "Zeile 2: Die Zeile ist zu lang."),
            (b";".join(b"S%d" % number for number in range(16_384)), "Die Tabelle hat mehr als 64 Spalten."),
            (b"ID;Telefon\r\n" + b"\r\n" * 3_000, "Die Datei hat mehr als 2000 Zeilen; mehr kann Excel nicht öffnen."),
            (b"ID;Telefon\r\n" + b"a\r\n" * 1_001, "Die Tabelle hat mehr als 1000 Zeilen."),
            (b"x" * (16 * 1024**2 + 1), "zu groß"),
            (b"", "leer"),
        ],
        ids=[
            "nul",
            "unclosed",
            "unclosed long",
            "long line",
            "separators",
            "row of lines",
            "columns",
            "blank",
            "rows",
            "50 MB",
            "empty",
        ],
    )
    def test_that_is_none(self, monkeypatch: pytest.MonkeyPatch, data: bytes, message: str) -> None:
        monkeypatch.setattr(spreadsheet_files, "MOST_ROWS", 1_000)
        monkeypatch.setattr(spreadsheet_files, "EXCEL_ROWS", 2_000)
        assert message in refused(data, "Stellen.csv")

    def test_a_folder_without_any(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match="ist keine CSV-Datei"):
            read_spreadsheet(tmp_path, SMALL)

    def test_a_file_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match="gibt es nicht"):
            read_spreadsheet(tmp_path / "Stellen.csv", SMALL)

    def test_is_written_as_german_excel_opens_it(self) -> None:
        data = write_csv(SMALL)["Unterscheidungen.csv"]
        assert data == b"\xef\xbb\xbfErste Leistung;Zweite Leistung;Unterschied\r\nheiraten;zahlen;Das eine ist sch\xc3\xb6n.\r\n"
        assert "2027" in write_csv(SMALL)["Hinweise.csv"].decode() and b"1000,01" in write_csv(SMALL)["Regeln.csv"]


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STRINGS = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    types = parts["[Content_Types].xml"]
    return {
        **parts,
        "[Content_Types].xml": types if b"sharedStrings" in types else types.replace(b"</Types>", STRINGS),
        "xl/sharedStrings.xml": f"<sst {MAIN}/>".encode(),
    }


SHEET = "xl/worksheets/sheet1.xml"
PARTS = parts_of(xlsx({"Stellen": [["ID"], ["kasse"]]}))


def packed(changed: dict[str, bytes], padding: int = 400_000, **options: Any) -> bytes:
    """A workbook with some parts replaced; `padding` hides how well the rest is packed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **{"compression": zipfile.ZIP_DEFLATED, **options}) as archive:
        for name, data in {**PARTS, **changed}.items():
            archive.writestr(name, data)
        archive.writestr(zipfile.ZipInfo("xl/media/bild.png"), bytes(range(256)) * (padding // 256))
    return file.getvalue()


def sheet_of(rows: str, head: str = "", tail: str = "") -> dict[str, bytes]:
    return {SHEET: f'<?xml version="1.0"?>{head}<worksheet {MAIN}><sheetData>{rows}</sheetData>{tail}</worksheet>'.encode()}


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
MERGED = '<mergeCell ref="A1:XFD9"/>'
TOO_MUCH = "Die Datei enthält zu viel auf einmal."
BROKEN = "ist beschädigt oder keine Excel-Datei"


class TestHostileWorkbooks:
    def test_the_form_they_take_is_sound(self) -> None:
        assert read_bytes(packed({}), "t.xlsx").knowledge.offices == SMALL.offices[1:]

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (lambda: packed(sheet_of('<row r="2"><c/></row>' * 300_000)), TOO_MUCH),
            (lambda: packed(sheet_of("<row>" + '<c><v>1</v></c>' * 16_384 + "</row>")), "mehr als 64 Spalten"),
            (lambda: packed(sheet_of('<row r="100001"><c><v>1</v></c></row>')), "mehr als 100000 Zeilen"),
            (lambda: packed(sheet_of('<row r="2000000000"><c><v>1</v></c></row>')), BROKEN),
            (lambda: packed(sheet_of('<row r="-1"><c><v>1</v></c></row>')), BROKEN),
            (lambda: packed(sheet_of('<row><c t="s"><v>99</v></c></row>')), BROKEN),
            (lambda: packed(sheet_of(f"<row><c><v>{'9' * 9999}</v></c></row>")), BROKEN),
            (lambda: packed(sheet_of("", tail=f"<mergeCells>{MERGED * 150_000}</mergeCells>")), TOO_MUCH),
            (lambda: packed(sheet_of("<a>" * 100_000 + "</a>" * 100_000)), TOO_MUCH),
            (lambda: packed({"xl/sharedStrings.xml": f"<sst {MAIN}>{'<si/>' * 600_000}</sst>".encode()}), TOO_MUCH),
            (lambda: packed({"xl/styles.xml": f"<styleSheet {MAIN}>{'<xf/>' * 150_000}</styleSheet>".encode()}), TOO_MUCH),
            (lambda: packed(sheet_of(f'<row><c t="str"><v>{"x" * 300_000}</v></c></row>')), "eine Zelle mit mehr als"),
            (lambda: packed(sheet_of("", LAUGHS)), "Dokumenttyp"),
            (lambda: packed({SHEET: f"{LAUGHS}<worksheet>&b;</worksheet>".encode("utf-16")}), BROKEN),
            (lambda: packed({"xl/workbook.xml": b"<a><b></a>"}), BROKEN),
            (lambda: packed({"xl/a.xml": b" " * 1024**2 * 8}, 1_000), "entpackt zu groß"),
            (lambda: packed({"../../etc/passwd": b"x"}), "keine gewöhnliche Excel-Datei"),
            (lambda: packed({"C:\\x": b"x"}), "keine gewöhnliche Excel-Datei"),
            (lambda: packed({f"xl/{number}": b"" for number in range(1_001)}), "keine gewöhnliche Excel-Datei"),
            (lambda: packed({"xl/workbook.bin": b""}), "keine Excel-Datei"),
            (lambda: packed({"mimetype": b"", "content.xml": b""}), "OpenDocument"),
            (lambda: packed({}, compression=zipfile.ZIP_LZMA), "ungewöhnlich gepackt"),
            (lambda: packed({})[:-200], BROKEN),
            (lambda: packed({})[:300_000], BROKEN),
            (lambda: packed({})[:500] + b"\0" * 500 + packed({})[1000:], BROKEN),
            (lambda: b"PK\3\4 kein Archiv", BROKEN),
            (lambda: b"Kein Archiv", BROKEN),
            (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "mit einem Kennwort geschützt"),
        ],
        ids=[
            "rows", "columns", "last row", "row number", "negative row", "string number", "digits", "merged", "nested", "strings",
            "styles", "text", "entities", "entities utf-16", "no xml", "ratio", "slip", "drive", "parts", "binary", "ods", "lzma",
            "cut", "cut short", "overwritten", "no archive", "no zip", "encrypted",
        ],
    )  # fmt: skip
    def test_are_refused(self, data: Callable[[], bytes], message: str) -> None:
        assert message in refused(data())

    def test_a_directory_that_lies(self) -> None:
        data = bytearray(packed(sheet_of(" " * 90_000)))
        announced = (len(sheet_of(" " * 90_000)[SHEET])).to_bytes(4, "little")
        place = data.rfind(announced)
        data[place : place + 4] = (10).to_bytes(4, "little")
        assert BROKEN in refused(bytes(data))

    def test_macros_and_links_are_left_alone(self) -> None:
        types = (
            PARTS["[Content_Types].xml"]
            .replace(b"sheet.main+xml", b"sheet.main+xml")
            .replace(
                b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
            )
        )
        data = packed({"[Content_Types].xml": types, "xl/vbaProject.bin": b"Auto_Open"})
        assert read_bytes(data, "tabelle.xlsm").knowledge.offices == SMALL.offices[1:]

    def test_formulas_are_not_read_even_where_excel_left_a_result(self) -> None:
        cells = (
            '<row><c t="inlineStr"><is><t>ID</t></is></c></row><row><c t="str"><f t="shared" si="0">A1</f><v>kasse</v></c></row>'
        )
        assert refused(packed(sheet_of(cells))).startswith("Blatt Stellen, Zeile 2, Spalte ID: In der Zelle steht eine Formel.")

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says how much memory a process took at most")
    @pytest.mark.parametrize("name", ["tabelle.xlsx", "Stellen.csv"])
    @pytest.mark.slow
    def test_need_little_memory(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        if name == "Stellen.csv":
            path.write_bytes("ID;Telefon\n🚀;1\n".encode() + b"a;b;c;d;e\n" * 1_600_000)
        else:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for part, data in PARTS.items():
                    archive.writestr(part, data)
                archive.writestr(zipfile.ZipInfo("xl/media/bild.png"), bytes(2**20))
                with archive.open("xl/worksheets/sheet2.xml", "w") as bomb:
                    for _ in range(97):
                        bomb.write(bytes(2**20))
        code = f"""
from pathlib import Path
from knowledge.exchange.reading import Unreadable
from knowledge.exchange.spreadsheet import read_spreadsheet
from knowledge.release import Knowledge
try:
    read_spreadsheet(Path({str(path)!r}), Knowledge())
except Unreadable as error:
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), error)
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
        used, _, message = done.stdout.partition(" ")
        assert int(used) < 256
        assert "zu viel auf einmal" in message or "zu groß" in message or "100000 Zeilen" in message


@pytest.fixture(scope="module")
def book() -> Workbook:
    return load_workbook(io.BytesIO(write_xlsx(SMALL)))


class TestTemplate:
    def test_sheets(self, book: Workbook) -> None:
        assert book.sheetnames == ["Anleitung", *(sheet.name for sheet in SHEETS), "Auswahl"]
        assert book["Auswahl"].sheet_state == "hidden"

    def test_the_guide_explains_every_column(self, book: Workbook) -> None:
        rows = {row[:2]: row[2:] for row in book["Anleitung"].iter_rows(values_only=True)}
        for sheet in SHEETS:
            for column in sheet.columns:
                if not column.is_hidden:
                    needed, about, _ = rows[(sheet.name, column.heading)]
                    assert (needed == "ja", about) == (column.required, column.about)
                    assert about.endswith((".", "?", ")", "“"))

    def test_headings_stay_in_sight(self, book: Workbook) -> None:
        for each in SHEETS:
            sheet = book[each.name]
            heads = [cell for cell in sheet[1] if cell.value]
            assert [cell.value for cell in heads] == [column.heading for column in each.columns]
            assert all(cell.font.b and cell.comment for cell in heads)
            assert (sheet.freeze_panes, sheet.auto_filter.ref[:3]) == ("B2", "A1:")

    def test_codes_are_text_days_are_days(self, book: Workbook) -> None:
        places, rules, notices = book["Orte"], book["Regeln"], book["Hinweise"]
        assert (places["A3"].value, places["A3"].number_format) == (LINDENAU, "@")
        assert places.column_dimensions["A"].number_format == "@"
        assert (notices["C2"].value, notices["C2"].number_format) == (datetime(2027, 1, 2), "DD.MM.YYYY")
        value_to = next(cell for cell in rules[3] if rules.cell(1, cell.column).value == "Wert bis")
        assert (value_to.value, value_to.number_format) == (1000.01, "#,##0.00")

    def test_choices_and_references_come_from_lists(self, book: Workbook) -> None:
        lists = {
            (sheet.title, sheet[f"{str(rule.sqref).partition(':')[0][:-1]}1"].value): rule.formula1
            for sheet in book
            for rule in sheet.data_validations.dataValidation
            if rule.type == "list"
        }
        assert lists[("Regeln", "Rolle")] == '"zuständig,Ansprechpunkt,Annahme"'
        assert lists[("Regeln", "Stelle")] == "'Stellen'!$A$2:$A$502"
        assert lists[("Kontakte", "Stelle")] == "'Stellen'!$A$2:$A$502"
        assert lists[("Stellen", "Gemeinde")] == "'Auswahl'!$A$2:$A$4"
        assert all(len(formula) <= 255 for formula in lists.values())
        assert [cell.value for cell in book["Auswahl"]["A"]][:2] == ["Orte", "Landkreis Lindenau (091990000000)"]
        assert book["Stellen"]["E2"].value == f"Lindenau ({LINDENAU})"

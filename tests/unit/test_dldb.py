"""DLDB exports: what becomes of each field, what is mended, and the real exports of Munich and Berlin."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.exchange.dldb import read_dldb
from knowledge.exchange.dldb.hours import read_hours
from knowledge.exchange.limits import Notes
from knowledge.exchange.markup import read_markup, sentences
from knowledge.exchange.reading import Reading, Unreadable
from knowledge.hours import day_hours
from knowledge.model import Address, Facts, Fee, Link, Office, Service, Source
from knowledge.release import Knowledge, Release
from knowledge.responsibility import Responsible, resolve

DATA = Path(__file__).parents[3] / "shared" / "data"


def service(**fields: Any) -> dict[str, Any]:
    return {"id": "7", "name": "Reisepass", "locations": [{"location": "1"}], **fields}


def location(**fields: Any) -> dict[str, Any]:
    return {"id": "1", "name": "Bürgerbüro", "services": [], **fields}


def write(folder: Path, services: list[Any], locations: list[Any], **head: Any) -> Path:
    (folder / "services_de.json").write_text(json.dumps({**head, "data": services}), "utf-8")
    (folder / "locations_de.json").write_text(json.dumps({**head, "data": locations}), "utf-8")
    return folder


def read_service(folder: Path, **fields: Any) -> tuple[Service, Reading]:
    reading = read_dldb(write(folder, [service(**fields)], [location()]))
    return reading.knowledge.services[0], reading


def read_office(folder: Path, **fields: Any) -> tuple[Office, Reading]:
    reading = read_dldb(write(folder, [service()], [location(**fields)]))
    return reading.knowledge.offices[0], reading


def real(folder: str) -> Path:
    path = DATA / folder
    if path.is_dir():
        return path
    reason = f"the export is not at {path}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def where(reading: Reading) -> tuple[list[str], list[str]]:
    return [note.where for note in reading.mended], [note.where for note in reading.refused]


def test_a_service_at_an_office(tmp_path: Path) -> None:
    reading = read_dldb(write(tmp_path, [service()], [location()]))
    (found,), (office,), (rule,) = reading.knowledge.services, reading.knowledge.offices, reading.knowledge.rules
    assert (found.slug, found.name, found.audience, found.level) == ("reisepass", "Reisepass", "both", "gemeinde")
    assert (found.office_type, found.life_situation, found.source_ids) == ("dldb", "Allgemein", ("dldb:7",))
    assert (office.id, office.type, office.level, office.source_ids) == ("dldb-1", "dldb", "gemeinde", ("dldb:1",))
    assert (rule.id, rule.service, rule.office, rule.role) == ("dldb-7-1", "reisepass", "dldb-1", "zustaendig")
    assert (rule.certainty, rule.applies_to, rule.shared) == ("belegt", "*", False)
    assert rule.reason == "Diese Leistung wird hier angeboten."
    assert tmp_path.name in rule.source
    assert reading.origin == f"dldb:{tmp_path.name}"[:55]
    assert reading.complete
    assert [each.type for each in reading.knowledge.office_types] == ["dldb"]
    assert (reading.mended, reading.refused) == ((), ())


def test_a_file_may_be_named_instead_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, [service()], [location()])
    assert read_dldb(tmp_path / "locations_de.json") == read_dldb(tmp_path)


def test_people_may_choose_among_several_locations(tmp_path: Path) -> None:
    here = [location(), location(id="2", name="Rathaus")]
    knowledge = read_dldb(write(tmp_path, [service(locations=[{"location": "1"}, {"location": "2"}])], here)).knowledge
    outcome = resolve(Release(1, "", "", knowledge), "reisepass", Facts(), date(2026, 11, 22))
    assert isinstance(outcome, Responsible)
    assert {each.office for each in outcome.offices} == {"dldb-1", "dldb-2"}


def test_slugs_stay_whatever_the_order(tmp_path: Path) -> None:
    names = {"9": "Straßen-Café  Gebühr", "30": "Strassen-Café: Gebühr", "4": "Straßen-Café Gebühr 9", "12": "§ 5"}
    rows = [service(id=key, name=name) for key, name in names.items()]
    both = [read_dldb(write(tmp_path, each, [location()])).knowledge.services for each in (rows, rows[::-1])]
    slugs = [{each.source_ids[0]: each.slug for each in services} for services in both]
    assert slugs[0] == slugs[1]
    assert slugs[0] == {
        "dldb:4": "strassen-cafe-gebuehr-9",
        "dldb:9": "strassen-cafe-gebuehr",
        "dldb:12": "5",
        "dldb:30": "strassen-cafe-gebuehr-30",
    }


def test_texts_read_well(tmp_path: Path) -> None:
    html = """<p>\u200b<strong>Wichtig:</strong> Der Pass gilt zehn&nbsp;Jahre, z. B. ab dem 1. Mai. Er kostet
    Geld &amp; Zeit. Das ist der dritte Satz.</p><p>Nötig sind:</p><ul><li>Foto;</li><li>Geduld</li></ul>
    <h3>Voraussetzungen</h3><p>Sie sind Deutsche.</p><p><strong>So geht es:</strong></p><ol><li>Termin
    buchen</li><li><strong>Kommen</strong><br>Bitte pünktlich.</li></ol><p><strong>Frist</strong></p><p>Drei Wochen.</p>"""
    found, _ = read_service(tmp_path, description=html)
    assert found.short == (
        "Wichtig: Der Pass gilt zehn Jahre, z. B. ab dem 1. Mai. Er kostet Geld & Zeit. Das ist der dritte Satz."
    )
    assert found.procedure == ("Nötig sind: Foto; Geduld.", "So geht es: Termin buchen", "Kommen. Bitte pünktlich.")
    assert found.requirements == ("Voraussetzungen: Sie sind Deutsche.",)
    assert found.deadlines == ("Frist: Drei Wochen.",)


@pytest.mark.parametrize(
    ("html", "short"),
    [
        ("", ""),
        ("<p>&nbsp;</p><br>", ""),
        ("Nur ein Satz", "Nur ein Satz."),
        ("<p>Eins. Zwei. Drei. Vier. Fünf.</p>", "Eins. Zwei. Drei. Vier."),
        (
            "<p>Wir helfen bei Fragen</p><ul><li>zur Rente</li><li>zum Geld</li></ul>",
            "Wir helfen bei Fragen zur Rente; zum Geld.",
        ),
        ("<b>Wer kann das?</b><p>Alle.</p>", "Wer kann das? Alle."),
        ("a < b, <kein Tag> und <!-- weg --> da", "a < b, und da."),
        ("<script>alert(1)</script><style>p{}</style>Text.", "Text."),
        ("<p>Am Montag geschlossen.Wir bitten um Geduld.</p>", "Am Montag geschlossen. Wir bitten um Geduld."),
        ("<!-- nie geschlossen <p>Text", ""),
    ],
)
def test_the_short_text(tmp_path: Path, html: str, short: str) -> None:
    assert read_service(tmp_path, description=html)[0].short == short


def test_a_long_list_is_told_in_full_in_the_procedure(tmp_path: Path) -> None:
    items = [f"Posten Nummer {number} mit einem langen Namen" for number in range(30)]
    html = f"<p>Dazu gehören:</p><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    found, _ = read_service(tmp_path, description=html)
    assert found.short.endswith("; und weitere.")
    assert found.procedure == ("Dazu gehören:", *items)


def test_fees_one_by_one(tmp_path: Path) -> None:
    html = (
        "<p>Ab 24: 70 Euro<br>Darunter:\n 37,50 Euro</p><p><strong>Express</strong></p><ul><li>32 Euro</li><li>48 Euro</li></ul>"
    )
    found, _ = read_service(tmp_path, fees=html)
    assert found.fees == tuple(map(Fee, ("Ab 24: 70 Euro", "Darunter: 37,50 Euro", "Express: 32 Euro", "48 Euro")))


def test_documents_and_conditions_are_not_mixed_up(tmp_path: Path) -> None:
    found, _ = read_service(
        tmp_path,
        requirements=[{"name": "Ausweis", "description": "Oder Pass.", "link": ""}, {"name": "Foto", "description": False}],
        prerequisites=[{"name": "Sie sind 18."}],
        legal=[{"name": "§ 1 PaßG", "link": "https://www.gesetze-im-internet.de/pa_g_1986/__1.html"}],
        process_time="4 Wochen",
        responsibility="Der Bezirk.",
    )
    assert found.documents == ("Ausweis: Oder Pass.", "Foto")
    assert found.requirements == ("Sie sind 18.",)
    assert found.legal_basis == ("§ 1 PaßG",)
    assert found.processing_time == "4 Wochen"
    assert found.procedure == ("Zuständigkeit: Der Bezirk.",)
    assert found.sources[-1] == Source(("legal_basis",), "§ 1 PaßG", "https://www.gesetze-im-internet.de/pa_g_1986/__1.html")


def test_addresses_on_the_web(tmp_path: Path) -> None:
    found, reading = read_service(
        tmp_path,
        appointment={"link": "https://a.example/#/services/{serviceId}"},
        description='<p>Sie können das <a href="https://a.example/form?a=1&amp;b=2">online</a> tun.</p>',
        forms=[
            {"name": "Antrag", "link": "//a.example/antrag.pdf"},
            {"name": "Merkblatt", "link": "javascript:alert(1)"},
            {"name": "Antrag", "link": "https://a.example/antrag.pdf"},
        ],
        links=[{"name": "Mehr", "link": "/nirgends"}],
        onlineprocessing={"link": "http://unsicher.example/", "description": ""},
    )
    assert found.online == Link("Termin vereinbaren", "https://a.example/#/services/7")
    assert found.forms == (
        Link("Antrag", "https://a.example/antrag.pdf"),
        Link("Merkblatt"),
        Link("Online-Formular", "https://a.example/form?a=1&b=2"),
    )
    mended, refused = where(reading)
    assert sorted(mended) == ["services[0].appointment.link", "services[0].forms[0].link"]
    assert sorted(refused) == [
        "services[0].forms[1].link",
        "services[0].links[0].link",
        "services[0].onlineprocessing.link",
    ]


def test_an_online_service_goes_before_the_appointment(tmp_path: Path) -> None:
    found, _ = read_service(
        tmp_path,
        onlineprocessing={"link": "https://a.example/online", "description": None},
        appointment={"link": "https://a.example/termin"},
    )
    assert found.online == Link("Reisepass", "https://a.example/online")
    assert found.forms == (Link("Termin vereinbaren", "https://a.example/termin"),)


@pytest.mark.parametrize(
    ("written", "read", "mended", "refused"),
    [
        ("99036008007003", "99036008007003", 0, 0),
        (" 99036008007003", "99036008007003", 1, 0),
        ("99036008007003, 99036008007004", "99036008007003", 1, 0),
        ("123; 99036008007003", "99036008007003", 1, 0),
        (99036008007003, "99036008007003", 0, 0),
        ("09036008007003", "", 0, 1),
        ("9903600800700", "", 0, 1),
        (None, "", 0, 0),
        ({"key": 1}, "", 0, 1),
    ],
)
def test_leika(tmp_path: Path, written: Any, read: str, mended: int, refused: int) -> None:
    found, reading = read_service(tmp_path, leika=written)
    assert found.leika == read
    assert where(reading) == (["services[0].leika"] * mended, ["services[0].leika"] * refused)


def test_keywords_are_synonyms(tmp_path: Path) -> None:
    found, _ = read_service(tmp_path, meta={"keywords": "Pass, reisepass,  Ausweis ; pass"})
    assert found.synonyms == ("Pass", "Ausweis")


def test_the_day_of_the_last_change_but_not_that_of_the_export(tmp_path: Path) -> None:
    rows = [
        service(meta={"lastupdate": "2017-11-20T07:52:10+01:00"}),
        service(id="8", meta={"lastupdate": "2026-06-08T07:41:01"}),
    ]
    reading = read_dldb(write(tmp_path, rows, [location()], meta={"generated": "2026-06-08T07:41:01"}))
    assert [each.confirmed for each in reading.knowledge.services] == [date(2017, 11, 20), None]


def test_topics_are_life_situations(tmp_path: Path) -> None:
    write(tmp_path, [service(relation={"root_topic": "3"})], [location()])
    (tmp_path / "topics_de.json").write_text('{"data": [{"id": "3", "name": "Reisen"}]}', "utf-8")
    assert read_dldb(tmp_path).knowledge.services[0].life_situation == "Reisen"


def test_an_office_in_full(tmp_path: Path) -> None:
    office, reading = read_office(
        tmp_path,
        displayName="Bürgerbüro Mitte",
        displayNameAlternatives=["Referat für Pässe und", "Ausweise", "Bürgerbüro Mitte"],
        organization="Stadt",
        address={"street": "Weg ", "house_number": 5, "postal_code": "10115 Berl", "city": "Berlin"},
        geo={"lat": "52.45´", "lon": "13.45"},
        contact={"phone": "030 115", "fax": "030 116", "email": "a@b.example", "webinfo": "https://b.example/"},
        accessibility={"access": "rollstuhlgerecht", "wc": "2", "note": "Rampe links."},
        note="Bitte klingeln",
        services=[{"service": "7", "appointment": {"link": "https://t.example/book#/services/7/locations/1"}}],
        meta={"url": "https://t.example/book#/locations/{locationId}"},
    )
    assert office.name == "Bürgerbüro Mitte"
    assert office.address == Address("Weg 5", "10115", "Berlin")
    assert office.geo == (52.45, 13.45)
    assert (office.phone, office.email, office.website) == ("030 115", "a@b.example", "https://b.example/")
    assert office.remark == "Stadt, Referat für Pässe und Ausweise. Bitte klingeln. Fax: 030 116."
    assert office.accessibility == "Zugang: rollstuhlgerecht, WC: rollstuhlgeeignet. Rampe links."
    assert office.appointment_url == "https://t.example/book#/locations/1"
    mended = {"address.street", "address.postal_code", "geo", "meta.url"}
    assert {note.where for note in reading.mended} == {f"locations[0].{each}" for each in mended}


def test_equal_names_shown_give_way_to_the_full_ones(tmp_path: Path) -> None:
    names = [("Amt (A 1)", "Amt"), ("Amt (A 2)", "Amt"), ("Rathaus (R)", "Rathaus")]
    rows = [location(id=f"{key}", name=name, displayName=shown) for key, (name, shown) in enumerate(names)]
    reading = read_dldb(write(tmp_path, [service()], rows))
    assert [each.name for each in reading.knowledge.offices] == ["Amt (A 1)", "Amt (A 2)", "Rathaus"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contact.phone", "siehe Aushang"),
        ("contact.email", "keine"),
        ("address.postal_code", "1011"),
        ("geo", {"lat": "0", "lon": "0"}),
        ("opening_times.monday", "nur bei Vollmond"),
        ("meta.lastupdate", "gestern"),
    ],
)
def test_what_is_wrong_with_an_office_is_left_out(tmp_path: Path, field: str, value: Any) -> None:
    outer, _, inner = field.partition(".")
    office, reading = read_office(tmp_path, **{outer: {inner: value} if inner else value})
    assert where(reading) == ([], [f"locations[0].{field}"])
    assert (office.phone, office.email, office.address, office.geo, office.hours) == ("", "", Address(), (), "")


@pytest.mark.parametrize(
    ("times", "osm", "remark"),
    [
        ({"monday": "08.00-12.00 Uhr und 14.00-18.00 Uhr"}, "Mo 08:00-12:00,14:00-18:00; PH off", ""),
        ({"monday": "8-12", "tuesday": "8:00 bis 12 Uhr", "thursday": "8-12"}, "Mo-Tu 08:00-12:00, Th 08:00-12:00; PH off", ""),
        ({"friday": [{"from": "08:00:00", "to": "12:30:00"}], "saturday": []}, "Fr 08:00-12:30; PH off", ""),
        ({"monday": "08.00-15.00 Uhr mit und ohne Termin"}, "Mo 08:00-15:00; PH off", ""),
        ({"sunday": "geschlossen", "monday": "-"}, "", ""),
        ({"tuesday": "9-11 nur Termine 11-18"}, "Tu 09:00-18:00; PH off", "Dienstag: 9-11 nur Termine 11-18"),
        ({"monday": "8-12", "tuesday": "nach Vereinbarung"}, "Mo 08:00-12:00; PH off", "Dienstag: nach Vereinbarung"),
        ({"monday": "8-12", "tuesday": "vormittags"}, "", "Dienstag: vormittags"),
        ({"monday": "12-8"}, "", "Montag: 12-8"),
        ({"monday": "8-25"}, "", "Montag: 8-25"),
        ({"special": "Im August geschlossen."}, "", "Im August geschlossen"),
        ({"monday": 7, "tuesday": {"x": 1}}, "", ""),
    ],
)
def test_opening_times(times: dict[str, Any], osm: str, remark: str) -> None:
    hours = read_hours(times, "t", Notes(), Notes())
    assert (hours.osm, hours.remark) == (osm, remark)
    day_hours(hours.osm, date(2026, 3, 2)) if hours.osm else None


def test_only_with_an_appointment() -> None:
    assert read_hours({"monday": "8-12 nur mit Termin"}, "t", Notes(), Notes()).appointment_only
    assert not read_hours({"monday": "8-12 nur mit Termin", "friday": "8-12"}, "t", Notes(), Notes()).appointment_only
    assert not read_hours({"monday": "8-12 mit und ohne Termin"}, "t", Notes(), Notes()).appointment_only


def test_an_afternoon_does_not_close_the_morning() -> None:
    hours = read_hours({"thursday": "07:30-12:30, 14:00-17:30"}, "t", Notes(), Notes())
    spans = [
        (span.start.isoformat("minutes"), span.end.isoformat("minutes")) for span in day_hours(hours.osm, date(2026, 3, 5)).spans
    ]
    assert spans == [("07:30", "12:30"), ("14:00", "17:30")]


def test_references_to_nothing_and_doubles(tmp_path: Path) -> None:
    references = [{"location": "1"}, {"location": "99"}, {"location": "1"}, {}, 5]
    reading = read_dldb(write(tmp_path, [service(locations=references)], [location(services=[{"service": "8"}])]))
    assert len(reading.knowledge.rules) == 1
    assert "services[0].locations[2]" in where(reading)[0]
    assert sorted(where(reading)[1]) == [
        "locations[0].services[0]",
        "services[0].locations[1]",
        "services[0].locations[3]",
        "services[0].locations[4]",
    ]


def test_what_only_one_file_says_is_likely(tmp_path: Path) -> None:
    rows = [service(), service(id="8", name="Ausweis", locations=[{"location": "1"}])]
    both = [location(services=[{"service": "7"}]), location(id="2", name="Rathaus", services=[{"service": "7"}])]
    reading = read_dldb(write(tmp_path, rows, both))
    assert {rule.id: rule.certainty for rule in reading.knowledge.rules} == {
        "dldb-7-1": "belegt",
        "dldb-7-2": "vermutlich",
        "dldb-8-1": "vermutlich",
    }
    assert sorted(where(reading)[0]) == ["locations[1].services[0]", "services[1].locations[0]"]


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"name": "x"}, "services[1].id"),
        ({"id": "a-b", "name": "x"}, "services[1].id"),
        ({"id": "8"}, "services[1].name"),
        ({"id": "8", "name": "\u200b…"}, "services[1].name"),
        ({"id": "7", "name": "x"}, "services[1]"),
        ("text", "services[1]"),
        (None, "services[1]"),
    ],
)
def test_an_entry_nobody_can_use(tmp_path: Path, row: Any, path: str) -> None:
    reading = read_dldb(write(tmp_path, [service(), row], [location()]))
    assert len(reading.knowledge.services) == 1
    assert where(reading)[1] == [path]


def test_fields_lotse_has_no_place_for_are_named(tmp_path: Path) -> None:
    _, reading = read_service(tmp_path, representation="Vollmacht genügt", duration=15, public=False)
    assert sorted(where(reading)[1]) == ["services[*].public", "services[*].representation"]


@pytest.mark.parametrize(
    "export",
    [
        "[]",
        '"text"',
        "null",
        "{}",
        '{"data": {}}',
        '{"data": []}',
        '{"data": [[]]}',
        '{"data": [{"id": "1"}]}',
        '{"error": true, "data": [{"id": "1", "name": "x"}]}',
    ],
)
@pytest.mark.parametrize("file", ["services_de.json", "locations_de.json"])
def test_what_is_no_export_changes_nothing(tmp_path: Path, file: str, export: str) -> None:
    write(tmp_path, [service()], [location()])
    (tmp_path / file).write_text(export, "utf-8")
    with pytest.raises(Unreadable, match=file):
        read_dldb(tmp_path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"services_de\.json.*gibt es nicht"):
        read_dldb(tmp_path)
    with pytest.raises(Unreadable, match="kein Ordner mit"):
        read_dldb(tmp_path / "nirgends")


def test_links_and_sentences() -> None:
    markup = read_markup("<a href='https://a.example/?x=1&amp;y'>Zum <b>Formular</b></a> <a>leer</a>")
    assert [(each.text, each.url) for each in markup.anchors] == [("Zum Formular", "https://a.example/?x=1&y")]
    assert sentences("Am 27. Juni 2024. Danach gem. Abs. 2 Nr. 3 nicht! Oder?") == [
        "Am 27. Juni 2024.",
        "Danach gem. Abs. 2 Nr. 3 nicht!",
        "Oder?",
    ]


@pytest.fixture(scope="module")
def munich() -> Reading:
    return read_dldb(real("munich_services_2026"))


def test_munich_in_numbers(munich: Reading) -> None:
    knowledge = munich.knowledge
    assert (len(knowledge.services), len(knowledge.offices), len(knowledge.rules)) == (287, 109, 526)
    assert len({each.slug for each in knowledge.services}) == 287
    assert {rule.certainty for rule in knowledge.rules} == {"belegt"}
    assert {rule.office for rule in knowledge.rules} <= {office.id for office in knowledge.offices}
    assert munich.origin == "dldb:munich_services_2026"


def test_munich_says_what_it_mended(munich: Reading) -> None:
    notes = {note.where: note.message for note in munich.mended}
    assert notes["services[33].leika"] == (
        "Von mehreren LeiKa-Schlüsseln gilt der erste, 99036008007003; entfallen: 99036008007004, 99036008007006, 99036008007007."
    )
    assert notes["locations.datacount"] == "Angekündigt sind 108 Einträge, es sind 109."
    messages = Counter(note.message for note in munich.mended)
    assert messages["Der Platzhalter in der Internetadresse ist ausgefüllt."] == 2 * 287 + 109
    assert messages["Die Beschreibung ist leer, der kurze Text bleibt frei."] == 63
    assert messages["Unsichtbare Zeichen entfernt."] == 36
    assert sorted(note.where for note in munich.refused) == ["locations[*].public", "services[*].public"]


def test_munich_reads_well(munich: Reading) -> None:
    texts = [
        text
        for each in munich.knowledge.services
        for text in (each.name, each.short, *each.procedure, *each.requirements, *(fee.text for fee in each.fees))
    ]
    assert not [text for text in texts if any(sign in text for sign in ("<", ">", "{", "\u200b", "\xa0", "&amp;", "  "))]
    assert not [each.short for each in munich.knowledge.services if each.short and each.short[-1] not in ".!?…”“:"]
    assert not [each.url for service in munich.knowledge.services for each in service.forms if "{" in each.url]
    assert all(each.online and each.online.url.startswith("https://") for each in munich.knowledge.services)
    by_slug = {each.slug: each for each in munich.knowledge.services}
    assert by_slug["gewerbe-abmeldung"].fees == (Fee("35 Euro"),)
    assert by_slug["wohnsitz-abmelden"].short


def test_munich_is_read_alike_each_time(munich: Reading) -> None:
    assert read_dldb(real("munich_services_2026")) == munich


def test_berlin() -> None:
    reading = read_dldb(real("berlin_dldb_2018"))
    assert (len(reading.knowledge.services), len(reading.knowledge.offices)) == (653, 537)
    assert len(reading.refused) == 243
    assert all(".locations[" in note.where and note.message.endswith("gibt es nicht.") for note in reading.refused)
    assert len(reading.knowledge.rules) == 6566
    assert Counter(rule.certainty for rule in reading.knowledge.rules) == {"belegt": 6384, "vermutlich": 182}
    assert not any(office.geo for office in reading.knowledge.offices)
    assert not [each for each in reading.knowledge.offices if each.address.plz and len(each.address.plz) != 5]
    assert isinstance(reading.knowledge, Knowledge)

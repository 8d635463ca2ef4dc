"""XZuFi messages: our own come back as they were, those of others are understood, hostile ones are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.exchange.reading import Reading, Unreadable
from knowledge.exchange.xzufi import read as xzufi_read
from knowledge.exchange.xzufi import read_xzufi, write_xzufi
from knowledge.exchange.xzufi import xml as xzufi_xml
from knowledge.exchange.xzufi.terms import language_of
from knowledge.exchange.xzufi.text import german_hours, osm_hours, read_html, slug_of
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
from knowledge.release import KINDS, Knowledge, key_of

ReadText = Callable[[str | bytes], Reading]

FOREIGN = Path(__file__).parent / "xzufi_foreign.xml"

FULL = Knowledge(
    places=(
        Place("091990000000", "09199", "Landkreis Lindenau", "landkreis"),
        Place("091995101119", "09199119", "Moosham", "markt", "VG Moosham", ("85906",), (District("Au", ("85907",)),)),
        Place("091995101120", "09199120", "Pfarrhausen", "gemeinde", "VG Moosham", holidays=("mariae-himmelfahrt",)),
    ),
    offices=(
        Office(
            id="passamt@lindenau",
            type="passamt",
            level="landkreis",
            name="Passamt & <Ausweise>",
            place="091990000000",
            parent="landratsamt",
            hours="Mo-Fr 08:00-12:00, Th 14:00-17:30; PH off",
            appointment_only=True,
            leitweg_id="09199000-LRA0001-45",
            address=Address("Große Gasse 12 a", "85901", "Lindenau"),
            phone="089 99998-001",
            email="pass@lindenau.example",
            website="https://lindenau.example/pass",
            remark="Eingang im Hof.\nZimmer 3",
            closures=(Closure(date(2026, 12, 24), date(2027, 1, 6), "Ferien"),),
            contacts=(Contact("Frau Huber", "Pässe", "089 1", "h@lindenau.example", "Herr Maier", date(2027, 1, 1)),),
            accessibility="Aufzug im Hof",
            appointment_url="https://lindenau.example/zeiten",
            geo=(48.125, 11.5),
            source_ids=("xzufi:S1000:77", "dldb:10489"),
            confirmed=date(2026, 11, 1),
        ),
        Office("landratsamt", "landratsamt", "landkreis", "Landratsamt"),
    ),
    services=(
        Service(
            slug="reisepass-beantragen",
            name="Reisepass beantragen",
            audience="citizen",
            level="landkreis",
            office_type="passamt",
            life_situation="Reisen",
            leika="99091004012000",
            varies_by=("place", "surname"),
            intent="anliegen/reisepass-beantragen",
            synonyms=("Pass", "ePass <rot>"),
            short="Der Pass gilt zehn Jahre.\nKinder & Jugendliche: sechs.",
            short_en="Valid for ten years.",
            name_en="Apply for a passport",
            simple="Sie wollen reisen? Dann brauchen Sie einen Pass.",
            requirements=("Sie sind Deutsche oder Deutscher.",),
            documents=("Foto", "Alter Pass"),
            procedure=("Termin vereinbaren", "Antrag unterschreiben"),
            fees=(Fee("37,50 Euro"), Fee("Beispiel: 5 Euro", example=True)),
            deadlines=("Vor Ablauf",),
            processing_time="Vier Wochen",
            online=Link("Pass online", "https://pass.example/antrag"),
            forms=(Link("Einwilligung", "https://pass.example/e.pdf"), Link("Vollmacht")),
            legal_basis=("§ 5 PassG",),
            sources=(Source(("short",), "§ 5 PassG", "https://www.gesetze-im-internet.de/pa_g_1986/__5.html"),),
            cpv=("22", "79800000"),
            source_ids=("dldb:1063423",),
            confirmed=date(2026, 10, 1),
            examples=(Example("Wo gibt es Pässe?", "kurz"), Example("where can I get a passport", "englisch")),
        ),
        Service(
            "pass-verlust", "Passverlust anzeigen", "both", "gemeinde", "passamt", "Reisen", online=Link("Melden", example=True)
        ),
    ),
    rules=(
        Rule("R1", "reisepass-beantragen", "passamt@lindenau", "zustaendig", "belegt", "Art. 37 LKrO", applies_to="091990000000"),
        Rule("R2", "*", "passamt@lindenau", "annahme", "vermutlich", "Auch", office_type="passamt", applies_to="091995101"),
        Rule(
            id="R3",
            service="pass-verlust",
            office="landratsamt",
            role="ansprechpunkt",
            certainty="nur-ebene",
            reason="So verteilt.",
            applies_to="091995101119",
            district="Au",
            surname_from="A",
            surname_to="Sch",
            audience="business",
            value_from=Decimal("0.01"),
            value_to=Decimal("1000"),
            valid_from=date(2027, 1, 1),
            valid_to=date(2027, 12, 31),
            shared=True,
            source="§ 1",
            confirmed=date(2026, 9, 1),
        ),
        Rule("R4", "unbekannt", "niemand", "zustaendig", "belegt", "Hängt in der Luft"),
    ),
    outside=(OutsidePlace("München", "091620000000", "München", ("80331",)), OutsidePlace("", plz=("80333",))),
    office_types=(OfficeType("passamt", "Passamt", "landkreis", ("Pässe",)),),
    journeys=(Journey("reise", "Reise", (JourneyStep("reisepass-beantragen", "im Ausland"),), "Trip", "Weg"),),
    distinctions=(Distinction("reisepass-beantragen", "pass-verlust", "Neu oder weg?> ?>"),),
    notices=(Notice("n1", "Heute zu", date(2026, 12, 1), date(2026, 12, 2), office="landratsamt"),),
)


@pytest.fixture
def read_text(tmp_path: Path) -> ReadText:
    def read(content: str | bytes) -> Reading:
        path = tmp_path / "datei.xml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_xzufi(path)

    return read


@pytest.fixture(scope="module")
def foreign() -> Reading:
    return read_xzufi(FOREIGN)


def message(*produced: str, space: str = "2_2_0", head: str = "") -> str:
    inside = "".join(f"<x:schreibe>{each}</x:schreibe>" for each in produced)
    return f'{head}<x:nachricht xmlns:x="http://xoev.de/schemata/xzufi/{space}">{inside}</x:nachricht>'


LEISTUNG = (
    '<x:leistung><x:id schemeAgencyID="A">1</x:id><x:modulText><x:inhalt>Hund anmelden</x:inhalt>'
    "<x:leikaTextmodul><code>03</code></x:leikaTextmodul></x:modulText></x:leistung>"
)


def unit(*inside: str, identifier: str = "9", name: str = "Steueramt") -> str:
    return (
        f'<x:organisationseinheit><x:id schemeAgencyID="A">{identifier}</x:id>'
        f"<x:name><x:name>{name}</x:name></x:name>{''.join(inside)}</x:organisationseinheit>"
    )


def duty(*areas: str, leistung: str = "1", more: str = "<x:rolle><code>01</code></x:rolle>") -> str:
    named = "".join(f"<x:gebietID>{area}</x:gebietID>" for area in areas)
    reference = f'<x:leistungID schemeAgencyID="A">{leistung}</x:leistungID>'
    return f'<x:zustaendigkeit><x:id schemeAgencyID="A">z{leistung}</x:id>{reference}{named}{more}</x:zustaendigkeit>'


def refusal(read_text: ReadText, content: str | bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read_text(content)
    return str(caught.value)


# Our own messages


@pytest.mark.parametrize("version", ["2.2.0", "2.3.1"])
@pytest.mark.slow
def test_the_demo_county_comes_back_as_it_was(knowledge: Knowledge, read_text: ReadText, version: str) -> None:
    written = write_xzufi(knowledge, version)
    reading = read_text(written)
    assert reading.knowledge == knowledge
    assert (reading.origin, reading.complete, reading.everything) == ("xzufi:datei", True, False)
    assert (reading.mended, reading.refused) == ((), ())


@pytest.mark.parametrize("version", ["2.2.0", "2.3.1"])
def test_every_field_comes_back(read_text: ReadText, version: str) -> None:
    assert read_text(write_xzufi(FULL, version)).knowledge == FULL


def test_equal_knowledge_gives_equal_bytes() -> None:
    assert write_xzufi(FULL) == write_xzufi(replace(FULL))
    assert write_xzufi(FULL) != write_xzufi(replace(FULL, notices=()))


def test_empty_knowledge_comes_back_empty(read_text: ReadText) -> None:
    assert read_text(write_xzufi(Knowledge())).knowledge == Knowledge()


def test_an_unknown_version_is_not_written() -> None:
    with pytest.raises(ValueError, match=r"2\.2\.0, 2\.3\.1"):
        write_xzufi(FULL, "1.0")


def test_what_other_programs_find_in_our_message() -> None:
    root = ElementTree.fromstring(write_xzufi(FULL, "2.2.0"))
    spaces = {"x": "http://xoev.de/schemata/xzufi/2_2_0"}
    leistung = root.findall("x:schreibe/x:leistung", spaces)[0]
    assert root.attrib["xzufiVersion"] == "2.2.0"
    assert leistung.findtext("x:referenzLeiKa/code", namespaces=spaces) == "99091004012000"
    contents = {
        (module.findtext("x:leikaTextmodul/code", namespaces=spaces), text.get("languageCode")): text.text
        for module in leistung.findall("x:modulText", spaces)
        for text in module.findall("x:inhalt", spaces)
    }
    assert contents["02", "de"] == "Reisepass beantragen"
    assert contents["05", "de-simple"] == "Sie wollen reisen? Dann brauchen Sie einen Pass."
    assert contents["08", "de"] == "<ul><li>Foto</li><li>Alter Pass</li></ul>"
    assert [each.findtext("code") for each in leistung.findall("x:leistungsadressat", spaces)] == ["001"]
    online = root.find("x:schreibe/x:onlinedienst", spaces)
    assert online is not None
    assert online.findtext("x:link/x:link", namespaces=spaces) == "https://pass.example/antrag"


def test_a_rule_for_all_services_of_a_type_names_each_of_them_and_each_gemeinde() -> None:
    root = ElementTree.fromstring(write_xzufi(FULL, "2.2.0"))
    spaces = {"x": "http://xoev.de/schemata/xzufi/2_2_0"}
    office = root.findall("x:schreibe/x:organisationseinheit", spaces)[0]
    found = [
        (
            duty.findtext("x:leistungID", namespaces=spaces),
            duty.findtext("x:rolle/code", namespaces=spaces),
            [area.text for area in duty.findall("x:gebietID", spaces)],
        )
        for duty in office.findall("x:zustaendigkeit", spaces)
    ]
    assert found == [
        ("reisepass-beantragen", "01", ["091990000000"]),
        ("reisepass-beantragen", "03", ["091995101119", "091995101120"]),
        ("pass-verlust", "03", ["091995101119", "091995101120"]),
    ]


def test_without_what_is_beside_it_our_message_is_still_understood(read_text: ReadText) -> None:
    bare = re.sub(rb"<\?lotse .*?\?>", b"", write_xzufi(FULL))
    knowledge = read_text(bare).knowledge
    assert [service.slug for service in knowledge.services] == ["reisepass-beantragen", "pass-verlust"]
    assert knowledge.services[0].documents == FULL.services[0].documents
    assert knowledge.offices[0].address == FULL.offices[0].address
    assert knowledge.offices[0].parent == "landratsamt"
    assert {(rule.service, rule.office, rule.role, rule.applies_to) for rule in knowledge.rules} == {
        ("reisepass-beantragen", "passamt@lindenau", "zustaendig", "091990000000"),
        *(
            (service, "passamt@lindenau", "ansprechpunkt", area)
            for service in ("reisepass-beantragen", "pass-verlust")
            for area in ("091995101119", "091995101120")
        ),
        ("pass-verlust", "landratsamt", "ansprechpunkt", "091995101119"),
    }


def test_what_another_program_has_changed_holds(read_text: ReadText) -> None:
    changed = write_xzufi(FULL).replace(b"Beispiel: 5 Euro&lt;", b"6 Euro&lt;")
    fees = read_text(changed).knowledge.services[0].fees
    assert fees == (Fee("37,50 Euro"), Fee("6 Euro"))


@pytest.mark.parametrize(
    "rest",
    [
        "{",
        "[]",
        '{"art":"services"}',
        '{"art":"services","felder":{"cpv":[7]}}',
        '{"art":"services","felder":{"unbekannt":"x"}}',
        '{"art":"services","felder":{"forms":[{"title":{}}]}}',
        '{"art":"services","felder":{"confirmed":"gestern"}}',
        '{"art":"services","felder":{"examples":["x"]}}',
        '{"art":"services","felder":{"slug":""},"stand":{"slug":"d9c8b83a6210"}}',
        '{"art":"services","felder":{"cpv":NaN}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_rest_is_reported_and_the_object_holds(read_text: ReadText, rest: str) -> None:
    reading = read_text(message(LEISTUNG.replace("</x:leistung>", f"<?lotse {rest}?></x:leistung>")))
    assert [service.slug for service in reading.knowledge.services] == ["hund-anmelden"]
    assert [note.message for note in reading.refused] == [
        "Die Zusatzangaben von Lotse sind beschädigt. Es gilt, was XZuFi selbst sagt."
    ]


@pytest.mark.parametrize(
    "rest", ['{"art":"geheim","eintrag":{}}', '{"art":"places"}', '{"art":["places"]}', '{"art":"places","eintrag":7}']
)
def test_a_damaged_entry_at_the_beginning_is_reported(read_text: ReadText, rest: str) -> None:
    content = message(LEISTUNG).replace("<x:schreibe>", f"<?lotse {rest}?><x:schreibe>")
    reading = read_text(content)
    assert (len(reading.refused), reading.knowledge.places) == (1, ())


_TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", " a ", "a\r\nb", "\x01", "\x85\u2028", "<b>&amp;</b>", "]]>", "?>", "- x", "­"]
)
_KEYS = _TEXTS.filter(bool)
_DAYS = st.dates()
_KNOWLEDGE_PARTS = {
    "services": st.builds(
        Service,
        slug=_KEYS,
        **dict.fromkeys(("name", "short", "short_en", "name_en", "simple", "processing_time", "intent", "leika"), _TEXTS),
        audience=_TEXTS | st.sampled_from(["citizen", "staff"]),
        level=_TEXTS | st.sampled_from(["bund", "gemeinde"]),
        office_type=st.sampled_from(["a", "b", ""]),
        life_situation=_TEXTS,
        synonyms=st.lists(_TEXTS, max_size=3).map(tuple),
        documents=st.lists(_TEXTS, max_size=3).map(tuple),
        fees=st.lists(st.builds(Fee, _TEXTS, st.booleans()), max_size=2).map(tuple),
        online=st.none() | st.builds(Link, _TEXTS, _TEXTS, st.booleans()),
        forms=st.lists(st.builds(Link, _TEXTS, _TEXTS), max_size=2).map(tuple),
        source_ids=st.lists(_TEXTS | st.sampled_from(["xzufi:A:1", "xzufi:lotse:1", "dldb:1"]), max_size=2).map(tuple),
        confirmed=st.none() | _DAYS,
    ),
    "offices": st.builds(
        Office,
        id=_KEYS | st.sampled_from(["o", "p"]),
        **dict.fromkeys(("type", "level", "name", "place", "hours", "phone", "email", "website", "remark", "leitweg_id"), _TEXTS),
        parent=_TEXTS | st.sampled_from(["o", "p"]),
        appointment_only=st.booleans(),
        address=st.builds(Address, _TEXTS, _TEXTS, _TEXTS),
        closures=st.lists(st.builds(Closure, _DAYS, _DAYS, _TEXTS), max_size=1).map(tuple),
        geo=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=2).map(tuple),
        confirmed=st.none() | _DAYS,
    ),
    "rules": st.builds(
        Rule,
        id=_KEYS,
        service=st.sampled_from(["*", "s"]) | _TEXTS,
        office=st.sampled_from(["o", "p"]) | _TEXTS,
        role=st.sampled_from(["zustaendig", "annahme", "?"]),
        certainty=_TEXTS,
        reason=_TEXTS,
        office_type=st.sampled_from(["a", "b"]),
        applies_to=st.sampled_from(["*", "091995101", "091990000000", "000000000000", "outside", ""]) | _TEXTS,
        value_from=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
        valid_from=_DAYS,
        valid_to=_DAYS,
        shared=st.booleans(),
        source=_TEXTS | st.just("XZuFi A"),
    ),
    "places": st.builds(Place, _KEYS, _TEXTS, _TEXTS, st.sampled_from(["landkreis", "markt"])),
    "notices": st.builds(Notice, _KEYS, _TEXTS, _DAYS, _DAYS),
}


def _distinct(kind: str) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(_KNOWLEDGE_PARTS[kind], max_size=3, unique_by=lambda entry: key_of(kind, entry)).map(tuple)


def test_equal_entries_at_the_beginning_are_taken_once(read_text: ReadText) -> None:
    place = '<?lotse {"art":"places","eintrag":{"ars":"091990000000","ags":"09199","name":"L","kind":"landkreis"}}?>'
    reading = read_text(message(LEISTUNG).replace("<x:schreibe>", f"{place}{place}<x:schreibe>"))
    assert len(reading.knowledge.places) == 1
    assert str(reading.refused[0]) == "places „091990000000“: Diese Kennung ist schon vergeben."


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    knowledge=st.builds(Knowledge, **{kind: _distinct(kind) for kind in _KNOWLEDGE_PARTS}),
    version=st.sampled_from(["2.2.0", "2.3.1"]),
)
def test_whatever_the_knowledge_holds_comes_back(read_text: ReadText, knowledge: Knowledge, version: str) -> None:
    written = write_xzufi(knowledge, version)
    reading = read_text(written)
    for kind in KINDS:
        assert getattr(reading.knowledge, kind) == getattr(knowledge, kind)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]", written.decode())
    assert written == write_xzufi(knowledge, version)


# Messages of other producers


def test_services_of_other_producers(foreign: Reading) -> None:
    service = foreign.knowledge.services[0]
    assert (service.slug, service.name) == ("wohnsitz-anmelden", "Wohnsitz anmelden")
    assert service.intent == "anliegen/wohnsitz-anmelden"
    assert service.source_ids == ("xzufi:S100002:L100042_8967570",)
    assert (service.leika, service.level, service.audience) == ("99115005104000", "landkreis", "citizen")
    assert service.short == "Wer umzieht, meldet sich binnen zwei Wochen an."
    assert (service.name_en, service.short_en) == ("Register your residence", "Register within two weeks.")
    assert service.simple == "Sie sind umgezogen? Dann müssen Sie sich anmelden."
    assert service.documents == ("Personalausweis oder Reisepass", "Wohnungsgeberbestätigung (Formular & Unterschrift)")
    assert service.procedure == ("Sie vereinbaren einen Termin.", "Sie legen die Unterlagen vor.")
    assert service.requirements == ("Sie sind eingezogen.",)
    assert service.fees == (Fee("Es fallen keine Kosten an."),)
    assert service.deadlines == ("Zwei Wochen nach dem Einzug",)
    assert service.processing_time == "Meist sofort."
    assert service.synonyms == ("Ummeldung", "Umzug melden")
    assert service.life_situation == "Umzug"
    assert service.legal_basis == ("§ 17 Bundesmeldegesetz (BMG)",)
    assert service.forms == (Link("Wohnungsgeberbestätigung", "https://formulare.example/wgb.pdf"),)
    assert service.online == Link("Elektronische Wohnsitzanmeldung", "https://wohnsitzanmeldung.example/")
    assert service.confirmed == date(2026, 3, 14)


def test_offices_of_other_producers(foreign: Reading) -> None:
    office, parent = foreign.knowledge.offices
    assert (office.id, office.name, office.type) == ("buergerbuero-beispielstadt", "Bürgerbüro Beispielstadt", "behoerde")
    assert (office.level, office.place, office.parent) == ("gemeinde", "091780112112", parent.id)
    assert office.address == Address("Marktplatz 3 b", "85399", "Beispielstadt")
    assert (office.phone, office.email) == ("+49 811 555-0", "buergerbuero@beispielstadt.example")
    assert (office.website, office.appointment_url) == ("https://beispielstadt.example", "https://termine.beispielstadt.example")
    assert office.hours == "Mo,Tu,Th 08:00-12:00,14:00-16:00, We,Fr 08:00-12:30"
    assert office.geo == (48.31, 11.68)
    assert office.contacts == (Contact("Erika Muster", "Meldewesen", "+49 811 555-12"),)
    assert office.source_ids == ("xzufi:S100002:B100019_600",)
    assert (parent.level, parent.hours) == ("landkreis", "")
    assert parent.remark == "Öffnungszeiten: siehe Aushang"


def test_rules_of_other_producers(foreign: Reading) -> None:
    found = {(rule.service, rule.office, rule.role, rule.applies_to, rule.shared) for rule in foreign.knowledge.rules}
    assert found == {
        ("wohnsitz-anmelden", "buergerbuero-beispielstadt", "zustaendig", "091780112112", False),
        ("wohnsitz-anmelden", "buergerbuero-beispielstadt", "zustaendig", "091780113113", False),
        ("wohnsitz-anmelden", "landratsamt-beispielland", "ansprechpunkt", "091780000000", False),
        ("hundesteuer", "landratsamt-beispielland", "zustaendig", "091780000000", False),
    }
    rule = next(each for each in foreign.knowledge.rules if each.applies_to == "091780112112")
    assert (rule.certainty, rule.source) == ("belegt", "XZuFi S100002")
    assert (rule.valid_from, rule.valid_to) == (date(2024, 1, 1), date(2029, 12, 31))
    assert len({each.id for each in foreign.knowledge.rules}) == 4


def test_what_was_mended_and_left_out(foreign: Reading) -> None:
    assert [str(note) for note in foreign.refused] == [
        "spezialisierung[1], Zeile 104: Spezialisierungen von Leistungen werden nicht übernommen.",
        "leistung[3], Zeile 107: Das Objekt L100042_3 hat keinen Namen.",
        "organisationseinheit[1]/zustaendigkeit[2], Zeile 154: Die Leistung L100042_404 steht nicht in der Datei.",
        "organisationseinheit[2]/zustaendigkeit[2], Zeile 173, gebietID[1]: „Oberbayern“ ist kein Regionalschlüssel.",
        "zustaendigkeitTransferObjekt[2], Zeile 199: Die Stelle B100019_404 steht nicht in der Datei.",
        "modulText 06 (Volltext neben einem kürzeren Text): Dafür gibt es kein Feld. Das betrifft eine Leistung.",
        "modulText 18 (Urheber): Dafür gibt es kein Feld. Das betrifft eine Leistung.",
    ]
    assert [str(note) for note in foreign.mended] == [
        "leistung[1]/referenzLeiKa, Zeile 8: Von mehreren LeiKa-Schlüsseln gilt der erste (99115005104000).",
        "leistung[2]/referenzLeiKa, Zeile 90: „UNBEKANNT“ ist kein LeiKa-Schlüssel.",
        "loesche[1], Zeile 210: Das Objekt L100042_4 wurde später gelöscht und gilt nicht.",
        "zustaendigkeitTransferObjekt[1], Zeile 189, gebietID[1]: Die führende Null fehlte. Gelesen als 091780000000.",
    ]


def test_a_foreign_message_survives_our_own(foreign: Reading, read_text: ReadText) -> None:
    assert read_text(write_xzufi(foreign.knowledge)).knowledge == foreign.knowledge


def test_equal_names_get_different_identifiers_whatever_the_order(read_text: ReadText) -> None:
    second = LEISTUNG.replace(">1</x:id>", ">2</x:id>")
    forth, back = (read_text(message(*order)).knowledge.services for order in ((LEISTUNG, second), (second, LEISTUNG)))
    assert [service.slug for service in forth] == ["hund-anmelden", "hund-anmelden-2"]
    assert sorted(service.slug for service in back) == ["hund-anmelden", "hund-anmelden-2"]
    assert {service.slug: service.source_ids for service in forth} == {service.slug: service.source_ids for service in back}


def test_the_last_of_equal_objects_holds(read_text: ReadText) -> None:
    reading = read_text(message(LEISTUNG, LEISTUNG.replace("Hund", "Katze")))
    assert [service.name for service in reading.knowledge.services] == ["Katze anmelden"]
    assert str(reading.mended[0]) == "leistung[2], Zeile 1: Das Objekt 1 steht mehrmals in der Datei. Das letzte gilt."


def test_several_offices_for_the_same_are_a_choice(read_text: ReadText) -> None:
    reading = read_text(message(LEISTUNG, unit(duty("091990000000")), unit(duty("091990000000"), identifier="8", name="Kasse")))
    assert [(rule.office, rule.shared) for rule in reading.knowledge.rules] == [("steueramt", True), ("kasse", True)]


@pytest.mark.parametrize(
    ("area", "meant"),
    [
        ("091990111111", "091990111111"),
        ("91990111111", "091990111111"),
        ("09199", "091990000000"),
        ("9199", "091990000000"),
        ("09", "090000000000"),
        ("09199000", "091990000000"),
        ("091995101", "091995101"),
        ("000000000000", "*"),
    ],
)
def test_areas(read_text: ReadText, area: str, meant: str) -> None:
    assert [rule.applies_to for rule in read_text(message(LEISTUNG, unit(duty(area)))).knowledge.rules] == [meant]


@pytest.mark.parametrize("area", ["09199111", "0919911111", "١٢", "Bayern", "", "1" * 5000])
def test_areas_that_are_none_are_left_out(read_text: ReadText, area: str) -> None:
    reading = read_text(message(LEISTUNG, unit(duty(area))))
    assert reading.knowledge.rules == ()
    assert reading.refused[0].where == "organisationseinheit[1]/zustaendigkeit[1], Zeile 1, gebietID[1]"


def test_without_an_area_it_holds_everywhere_and_that_is_said(read_text: ReadText) -> None:
    reading = read_text(message(LEISTUNG, unit(duty())))
    assert [rule.applies_to for rule in reading.knowledge.rules] == ["*"]
    assert "gilt überall" in reading.mended[0].message


@pytest.mark.parametrize(
    ("code", "role"), [("01", "zustaendig"), ("02", "zustaendig"), ("03", "ansprechpunkt"), ("1", "zustaendig")]
)
def test_roles(read_text: ReadText, code: str, role: str) -> None:
    duties = duty("09", more=f"<x:rolle><code>{code}</code></x:rolle>")
    assert [rule.role for rule in read_text(message(LEISTUNG, unit(duties))).knowledge.rules] == [role]


def test_an_unknown_role_is_left_out(read_text: ReadText) -> None:
    reading = read_text(message(LEISTUNG, unit(duty("09", more="<x:rolle><code>99</code></x:rolle>"))))
    assert (reading.knowledge.rules, reading.refused[0].message) == ((), "Die Rolle „99“ ist nicht bekannt.")


def test_a_rule_holds_no_longer_than_its_service(read_text: ReadText) -> None:
    span = "<x:gueltigkeit><x:beginn>2026-01-01</x:beginn><x:ende>2026-06-30</x:ende></x:gueltigkeit>"
    bounded = LEISTUNG.replace("</x:leistung>", f"{span}</x:leistung>")
    rule = read_text(message(bounded, unit(duty("09")))).knowledge.rules[0]
    assert (rule.valid_from, rule.valid_to) == (date(2026, 1, 1), date(2026, 6, 30))
    later = duty("09", more="<x:gueltigkeit><x:beginn>2027-01-01+01:00</x:beginn></x:gueltigkeit>")
    reading = read_text(message(bounded, unit(later)))
    assert (reading.knowledge.rules, "an keinem Tag" in reading.refused[0].message) == ((), True)


def test_a_responsibility_that_was_deleted_later_is_gone(read_text: ReadText) -> None:
    above = '<x:uebergeordnetesObjektID schemeAgencyID="A">9</x:uebergeordnetesObjektID>'
    transfer = f"<x:zustaendigkeitTransferObjekt>{above}{duty('09')}</x:zustaendigkeitTransferObjekt>"
    gone = '<x:loesche klasse="Zustaendigkeit"><x:id schemeAgencyID="A">z1</x:id></x:loesche>'
    assert len(read_text(message(LEISTUNG, unit(), transfer)).knowledge.rules) == 1
    assert read_text(message(LEISTUNG, unit(), transfer, gone)).knowledge.rules == ()


def test_a_superior_office_that_is_not_there_is_reported(read_text: ReadText) -> None:
    above = '<x:uebergeordneteOrganisationseinheitID schemeAgencyID="A">7</x:uebergeordneteOrganisationseinheitID>'
    reading = read_text(message(unit(above)))
    assert reading.knowledge.offices[0].parent == ""
    assert str(reading.refused[0]) == (
        "organisationseinheit[1], Zeile 1, uebergeordneteOrganisationseinheitID: "
        "Die übergeordnete Stelle 7 steht nicht in der Datei."
    )


def test_html_given_as_elements(read_text: ReadText) -> None:
    inside = '<p xmlns="http://www.w3.org/1999/xhtml">Hund <b>an</b>melden</p>'
    reading = read_text(message(LEISTUNG.replace("Hund anmelden", inside)))
    assert reading.knowledge.services[0].name == "Hund anmelden"


# Hostile and broken files


ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE x>",
        ENTITIES,
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://x.example/x.dtd">',
    ],
)
def test_document_types_and_entities_are_refused(read_text: ReadText, head: str) -> None:
    said = refusal(read_text, message(LEISTUNG.replace("Hund", "&a;"), head=head))
    assert said == "Zeile 1: Die Datei enthält eine DTD oder Entitäten. So etwas wird nicht gelesen."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (message(LEISTUNG)[:-40], "Zeile 1: Die Datei bricht ab. Sie ist nicht vollständig."),
        ('<?xml version="1.0"?>\n', "Zeile 2: Die Datei bricht ab. Sie ist nicht vollständig."),
        (message("\n<x:leistung></x:id>"), "Zeile 2: Ein Element ist nicht richtig geschlossen."),
        (message(LEISTUNG) + "\nx", "Zeile 2: Nach dem Ende des Inhalts steht noch etwas."),
        (message(LEISTUNG.replace("Hund", "&nbsp;")), "Zeile 1: Hier steht eine Entität, die es nicht gibt."),
        (message("<y:leistung/>"), "Zeile 1: Ein Namensraum ist nicht erklärt."),
        (message("\n<x:leistung a='' a=''/>"), "Zeile 2: Ein Element hat zweimal dasselbe Attribut."),
        (message(LEISTUNG.replace("Hund", "\x01")), "Zeile 1: Hier steht ein Zeichen, das es in XML nicht gibt."),
        ("%PDF-1.7", "Zeile 1: Die Datei bricht ab. Sie ist nicht vollständig."),
        ('{"data": []}', "Zeile 1: Hier steht ein Zeichen, das es in XML nicht gibt."),
        (message(LEISTUNG, space="2_1_0"), "Zeile 1: Das ist XZuFi 2.1.0. Gelesen werden die Versionen 2.2 und 2.3."),
        ("<html/>", "Zeile 1: Das ist keine XZuFi-Datei"),
        ('<a xmlns="urn:xoev-de:fim:standard:xdatenfelder_3.0.0"/>', "Zeile 1: Das ist keine XZuFi-Datei"),
        (message(), "Die Datei enthält keine Leistung und keine Stelle."),
        (
            message(LEISTUNG).replace("<x:leistung>", "<x:leistung " + 'a="' + "y" * 10_001 + '">'),
            "Zeile 1: Ein Attribut ist zu lang.",
        ),
        (message(LEISTUNG.replace("Hund", "H" * 200_001)), "Zeile 1: Ein Text ist zu lang."),
        (message("<x:leistung>" * 100_000), "Zeile 1: Die Elemente sind zu tief geschachtelt."),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_line(read_text: ReadText, content: str, said: str) -> None:
    assert refusal(read_text, content).startswith(said)


@pytest.mark.parametrize(
    ("declared", "stored", "said"),
    [
        ("UTF-8", "latin-1", "Vielleicht ist die Zeichenkodierung falsch angegeben."),
        ("UTF-16", "latin-1", "Die angegebene Zeichenkodierung stimmt nicht."),
        ("klingonisch", "latin-1", "Die angegebene Zeichenkodierung ist nicht bekannt."),
        ("zip_codec", "latin-1", "Die angegebene Zeichenkodierung ist nicht bekannt."),
        ("shift_jis", "latin-1", "Die angegebene Zeichenkodierung ist nicht bekannt."),
    ],
)
def test_wrong_encodings_are_refused(read_text: ReadText, declared: str, stored: str, said: str) -> None:
    content = message(LEISTUNG.replace("Hund", "Hündin"), head=f'<?xml version="1.0" encoding="{declared}"?>\n')
    assert said in refusal(read_text, content.encode(stored))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "windows-1252"])
def test_right_encodings_are_read(read_text: ReadText, encoding: str) -> None:
    content = message(LEISTUNG.replace("Hund", "Hündin"), head=f'<?xml version="1.0" encoding="{encoding}"?>\n')
    reading = read_text(content.encode(encoding))
    assert (reading.knowledge.services[0].name, reading.mended) == ("Hündin anmelden", ())


def test_utf_8_that_is_called_something_else_is_mended(read_text: ReadText) -> None:
    content = message(LEISTUNG.replace("Hund", "Hündin"), head='<?xml version="1.0" encoding="ISO-8859-1"?>\n')
    reading = read_text(content)
    assert reading.knowledge.services[0].name == "Hündin anmelden"
    assert str(reading.mended[0]) == "Zeile 1: Die Datei nennt die Zeichenkodierung ISO-8859-1, ist aber in UTF-8 gespeichert."


def test_a_small_file_cannot_make_rules_without_end(read_text: ReadText, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xzufi_read, "MOST_RULES", 3)
    assert len(read_text(message(LEISTUNG, unit(duty("09", "10", "11", "11")))).knowledge.rules) == 3
    said = refusal(read_text, message(LEISTUNG, unit(duty("09", "10", "11", "12"))))
    assert said == "Die Datei hat zu viele Zuständigkeiten. Möglich sind 3."


def test_an_element_without_end_is_refused(read_text: ReadText) -> None:
    content = message("\n<x:leistung a='" + "y" * xzufi_xml.LONGEST_TAG + "'/>")
    assert refusal(read_text, content) == "Zeile 2: Ein Element ist zu lang. Möglich sind 2000000 Byte."


def test_objects_without_an_identifier_are_left_out(read_text: ReadText) -> None:
    reading = read_text(message(LEISTUNG.replace(">1</x:id>", "></x:id>")))
    assert (reading.knowledge.services, reading.refused[0].message) == ((), "Das Objekt hat keine Kennung (id).")


# Texts


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", []),
        ("einfach", ["einfach"]),
        ("zwei\nZeilen", ["zwei", "Zeilen"]),
        ("<p>ein\n Absatz</p><p>noch einer</p>", ["ein Absatz", "noch einer"]),
        ("<ul>\n<li>eins</li><li><p>zwei</p></li></ul>", ["eins", "zwei"]),
        ("- eins\n• zwei", ["eins", "zwei"]),
        ("a<br/>b", ["a", "b"]),
        ("Einkommen < 500 Euro &amp; mehr", ["Einkommen < 500 Euro & mehr"]),
        ("<p>&nbsp;</p>", []),
        ("<script>alert(1)</script><p onclick='x'>gut</p><style>p {}</style>", ["gut"]),
        ("vor<!-- weg <p>weg</p> -->nach", ["vornach"]),
        ("Wohn\u00adsitz\u200b", ["Wohnsitz"]),
        ("<!--" * 20_000, []),
        ("<a href='" * 20_000, [("<a href='" * 20_000)]),
    ],
)
def test_html_becomes_clean_lines(source: str, lines: list[str]) -> None:
    assert list(read_html(source).entries) == lines


def test_points_of_a_list_stay_points_in_a_flowing_text() -> None:
    assert read_html("<p>Sie brauchen:</p><ul><li>Foto</li></ul>").flowing == "Sie brauchen:\n- Foto"


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Montag bis Freitag: 8:00 – 12:00 Uhr", ("Mo-Fr 08:00-12:00", False)),
        ("Mo, Di 8-12 Uhr und 14-16 Uhr\nMi geschlossen", ("Mo,Tu 08:00-12:00,14:00-16:00", False)),
        ("Do. von 7.30 bis 18.00 Uhr; an Feiertagen geschlossen", ("Th 07:30-18:00; PH off", False)),
        ("Nur nach Terminvereinbarung.", ("", True)),
        ("Mo-Do 9-12 Uhr, nach Vereinbarung", ("Mo-Th 09:00-12:00", True)),
        ("siehe Aushang", None),
        ("Mo-Fr", None),
        ("8-12 Uhr", None),
        ("Mo 8 Uhr", None),
        ("jeden 1. Montag 8-12 Uhr", None),
        ("mittags 8-12", None),
    ],
)
def test_german_opening_hours(text: str, hours: tuple[str, bool] | None) -> None:
    assert osm_hours(text) == hours


def test_hours_as_germans_write_them() -> None:
    assert german_hours("Mo-Fr 08:00-12:00, Th 14:00-17:30; PH off", True) == (
        "Mo-Fr 08:00-12:00, Do 14:00-17:30; feiertags geschlossen\nNur nach Terminvereinbarung."
    )


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Führungszeugnis – Ausstellung", "fuehrungszeugnis-ausstellung"),
        ("§§§", ""),
        (
            "Erteilung einer " + "sehr " * 20 + "langen Genehmigung",
            "erteilung-einer-sehr-sehr-sehr-sehr-sehr-sehr-sehr-sehr-sehr",
        ),
        ("x" * 80, "x" * 60),
    ],
)
def test_names_become_identifiers(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("code", "language"),
    [("de", "de"), ("de-DE", "de"), ("en_GB", "en"), ("de-simple", "de-simple"), ("de-x-leicht", "de-simple"), ("uk", "uk")],
)
def test_languages(code: str, language: str) -> None:
    assert language_of(code) == language

"""A small county in files; each test breaks one thing and reads what is said about it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.exchange.seed import SeedError, read_seed
from knowledge.model import Distinction, JourneyStep, OutsidePlace
from knowledge.release import Knowledge

RULES_HEAD = (
    "id,service,office_type,applies_to,district,surname_from,surname_to,audience,value_from,value_to,valid_from,valid_to,"
    "office,role,certainty,reason,source,confirmed"
)
FILES = {
    "seed/places.yaml": """\
- ars: "091990000000"
  ags: "09199"
  name: Landkreis Lindenau
  kind: landkreis
- ars: "091990111111"
  ags: "09199111"
  name: Lindenau
  kind: grosse-kreisstadt
  plz: ["85901"]
  districts:
  - {name: Altstadt}
  - {name: Neuhofen, plz: ["85900"]}
""",
    "seed/office_types.yaml": """\
- type: buergerbuero
  name: Bürgerbüro
  level: gemeinde
  topics: [Ausweise]
- type: kasse
  name: Kasse
  level: landkreis
""",
    "seed/offices.yaml": """\
- id: buergerbuero@lindenau
  type: buergerbuero
  name: Bürgerbüro der Stadt Lindenau
  place: "091990111111"
  hours: "Mo-Fr 08:00-12:00; PH off"
  appointment_only: true
  address: {street: Rathausplatz 1, plz: "85901", city: Lindenau}
  phone: 089 99998-001
- id: kasse
  type: kasse
  name: Kreiskasse
  leitweg_id: 09199000-LRA0001-45
""",
    "seed/outside.yaml": """\
names: [München]
postcodes: ["80331"]
""",
    "seed/services/wohnsitz-anmelden.yaml": """\
slug: wohnsitz-anmelden
name: Wohnsitz anmelden
leika: "99115005104000"
audience: citizen
level: gemeinde
office_type: buergerbuero
life_situation: Umzug
varies_by: [place]
synonyms:
- Ummeldung
short: Wer umzieht, meldet sich an.
documents:
- Ausweis
fees:
- {text: "Beispiel: 5 Euro", example: true}
online: {title: Wohnsitz anmelden, url: https://wohnsitz.example}
""",
    "seed/rules.csv": RULES_HEAD
    + """
R1,*,buergerbuero,091990111111,,,,both,,,2020-01-01,,buergerbuero@lindenau,zustaendig,belegt,Stadt tut es.,Art. 57 GO,2026-11-01
R2,wohnsitz-anmelden,,091990111111,Neuhofen,A,Sch,citizen,0,1000.01,2020-01-01,2026-12-31,kasse,annahme,vermutlich,"Ja, auch",,
""",
    "seed/journeys.yaml": """\
- slug: umzug
  title: Umzug
  short: Weg
  steps:
  - {service: wohnsitz-anmelden, condition: wenn Sie umziehen}
  - {service: wohnsitz-anmelden}
""",
    "seed/distinctions.yaml": """\
- first: wohnsitz-anmelden
  second: wohnsitz-anmelden
  text: Alles gleich.
""",
    "anliegen/umzug.yml": """\
version: "3.1"
nlu:
- intent: anliegen/wohnsitz-anmelden
  metadata: {style: kurz}
  examples: |
    - wohnsitz anmelden
    - umzug melden
""",
}
SERVICE = "services/wohnsitz-anmelden.yaml"


@pytest.fixture
def county(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def read(county: Path) -> Knowledge:
    return read_seed(county / "seed", county / "anliegen")


def problems(county: Path) -> list[str]:
    with pytest.raises(SeedError) as caught:
        read(county)
    return [str(problem) for problem in caught.value.problems]


def change(county: Path, name: str, old: str, new: str) -> None:
    path = county / (name if name.startswith("anliegen") else f"seed/{name}")
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_what_the_files_say(county: Path) -> None:
    knowledge = read(county)
    lindenau, office, service = knowledge.places[1], knowledge.offices[0], knowledge.services[0]
    assert [(each.name, each.plz) for each in lindenau.districts] == [("Altstadt", ()), ("Neuhofen", ("85900",))]
    assert (office.level, office.appointment_only, office.address.city) == ("gemeinde", True, "Lindenau")
    assert (service.intent, service.varies_by, service.fees[0].example) == ("anliegen/wohnsitz-anmelden", ("place",), True)
    assert [(each.text, each.style) for each in service.examples] == [("wohnsitz anmelden", "kurz"), ("umzug melden", "kurz")]
    assert (knowledge.rules[1].value_to, knowledge.rules[1].valid_to) == (Decimal("1000.01"), date(2026, 12, 31))
    assert knowledge.rules[1].reason == "Ja, auch"
    assert (knowledge.rules[0].source, knowledge.rules[0].confirmed) == ("Art. 57 GO", date(2026, 11, 1))
    assert knowledge.outside == (OutsidePlace("München"), OutsidePlace("", plz=("80331",)))
    assert [each.type for each in knowledge.office_types] == ["buergerbuero", "kasse"]
    steps = (JourneyStep("wohnsitz-anmelden", "wenn Sie umziehen"), JourneyStep("wohnsitz-anmelden"))
    assert knowledge.journeys[0].steps == steps
    assert knowledge.distinctions == (Distinction("wohnsitz-anmelden", "wohnsitz-anmelden", "Alles gleich."),)


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "message"),
    [
        ("journeys.yaml", "{service: wohnsitz-anmelden}", "{service: hund}", 1, "Die Leistung „hund“ gibt es nicht."),
        ("journeys.yaml", "short: Weg", "kurz: Weg", 3, None),
        ("distinctions.yaml", "first: wohnsitz-anmelden", "first: hund", 1, "Die Leistung „hund“ gibt es nicht."),
        ("rules.csv", "2026-11-01", "bald", 2, "„bald“ ist kein Datum (Beispiel: 2027-01-31)."),
        ("places.yaml", '"091990000000"', '"9199"', 1, "„9199“ passt nicht zu „ars“."),
        ("places.yaml", "kind: landkreis", "kind: dorf", 4, None),
        ("places.yaml", '["85901"]', '["8590"]', 9, "„8590“ passt nicht zu „plz“."),
        ("places.yaml", '["85901"]', '"85901"', 9, "„plz“ muss eine Liste sein."),
        ("places.yaml", "  name: Lindenau\n", "", 5, "Das Feld „name“ fehlt."),
        ("places.yaml", '- ars: "091990111111"\n  ags', "- ags", 5, "Das Feld „ars“ fehlt."),
        ("places.yaml", "{name: Altstadt}", "Altstadt", 11, "Hier müssen Felder stehen (Name: Wert)."),
        ("places.yaml", "{name: Altstadt}", "{plz: []}", 11, "Das Feld „name“ fehlt."),
        ("places.yaml", "  name: Lindenau\n", "  name:\n", 7, "„name“ muss ein Text sein."),
        ("places.yaml", "  name: Lindenau\n", "  name: [Lindenau]\n", 7, "„name“ muss ein Text sein."),
        (
            "places.yaml",
            '"091990111111"',
            '"091990000000"',
            5,
            "ars „091990000000“ gibt es schon: places.yaml, Zeile 1.",
        ),
        ("office_types.yaml", "- type: kasse\n  name: Kasse", "- name: Kasse", 5, "Das Feld „type“ fehlt."),
        ("office_types.yaml", "level: landkreis", "level: kreis", 7, None),
        ("offices.yaml", "- id: kasse\n  type: kasse", "- type: kasse", 9, "Das Feld „id“ fehlt."),
        ("offices.yaml", "  type: kasse\n", "", 9, "Das Feld „type“ fehlt."),
        ("offices.yaml", "  type: kasse\n", "  type: amt\n", 9, "Die Art „amt“ steht nicht in office_types.yaml."),
        ("offices.yaml", '"091990111111"', '"091990999999"', 1, "Den Ort 091990999999 gibt es nicht in places.yaml."),
        (
            "offices.yaml",
            "  name: Kreiskasse\n",
            "  name: Kreiskasse\n  parent: amt\n",
            9,
            "Die übergeordnete Stelle „amt“ gibt es nicht.",
        ),
        ("offices.yaml", "-45", "-46", 9, "Die Prüfziffer der Leitweg-ID 09199000-LRA0001-46 stimmt nicht."),
        ("offices.yaml", "appointment_only: true", "appointment_only: ja", 6, "„appointment_only“ muss true oder false sein."),
        ("offices.yaml", "089 99998-001", "keins", 8, "„keins“ passt nicht zu „phone“."),
        ("offices.yaml", ", city: Lindenau}", "}", 7, "Das Feld „city“ fehlt."),
        ("offices.yaml", "  hours:", "  oeffnung:", 5, None),
        ("offices.yaml", "  name: Kreiskasse\n", "  name: Kasse\n  name: Kreiskasse\n", 12, "Das Feld „name“ steht zweimal da."),
        ("offices.yaml", "- id: buergerbuero@lindenau\n  type", "- ? [a, b]\n  : c\n  type", 1, None),
        ("offices.yaml", "- id: kasse\n", "- id: buergerbuero@lindenau\n", 9, None),
        ("outside.yaml", '"80331"', '"8033"', 2, "„8033“ passt nicht zu „postcodes“."),
        (SERVICE, "slug: wohnsitz-anmelden", "slug: Wohnsitz", 1, None),
        (SERVICE, "slug: wohnsitz-anmelden\n", "", 1, "Das Feld „slug“ fehlt."),
        (SERVICE, '"99115005104000"', '"4711"', 3, "„4711“ passt nicht zu „leika“."),
        (SERVICE, "audience: citizen", "audience: alle", 4, None),
        (SERVICE, "office_type: buergerbuero", "office_type: amt", 1, "Die Art „amt“ steht nicht in office_types.yaml."),
        (SERVICE, "office_type: buergerbuero\n", "", 1, "Das Feld „office_type“ fehlt."),
        (SERVICE, "[place]", "[wetter]", 8, None),
        (SERVICE, "synonyms:\n- Ummeldung", "synonyms: []", 1, "Das Feld „synonyms“ fehlt."),
        (SERVICE, "- Ausweis", "- {text: Ausweis}", 13, "„documents“ muss ein Text sein."),
        (SERVICE, "Beispiel: 5", "Kosten: 5", 1, "Eine Beispielgebühr muss mit „Beispiel“ beginnen."),
        (SERVICE, "https://", "http://", 16, "„http://wohnsitz.example“ passt nicht zu „url“."),
        ("anliegen/umzug.yml", "anliegen/wohnsitz-anmelden", "wohnsitz", 3, "Hier fehlt intent: anliegen/… oder examples."),
        ("anliegen/umzug.yml", "  examples: |", "  beispiele: |", 3, "Hier fehlt intent: anliegen/… oder examples."),
        (
            "anliegen/umzug.yml",
            "    - umzug melden\n",
            "    - umzug melden\n- intent: anliegen/fliegen\n  examples: |\n    - fliegen\n",
            8,
            "Beispielfragen für „fliegen“, aber diese Leistung gibt es nicht.",
        ),
        ("rules.csv", "id,service,", "nr,service,", 1, None),
        ("rules.csv", "R2,", "R1,", 3, "id „R1“ gibt es schon: rules.csv, Zeile 2."),
        ("rules.csv", ",zustaendig,belegt,Stadt", ",zustaendig,Stadt", 2, "Die Zeile hat nicht 18 Spalten."),
        ("rules.csv", "tut es.", "tut, es.", 2, "Die Zeile hat nicht 18 Spalten."),
        ("rules.csv", "Stadt tut es.", "", 2, "„reason“ fehlt."),
        ("rules.csv", ",both,", ",alle,", 2, "„alle“ ist für „audience“ nicht möglich."),
        ("rules.csv", "zustaendig", "chef", 2, "„chef“ ist für „role“ nicht möglich."),
        ("rules.csv", "belegt", "sicher", 2, "„sicher“ ist für „certainty“ nicht möglich."),
        ("rules.csv", "A,Sch", "A,Sp", 3, "„Sp“ ist für „surname_to“ nicht möglich."),
        ("rules.csv", "1000.01", '"1.000,01"', 3, "„1.000,01“ ist kein Betrag (Beispiel: 1000.01)."),
        ("rules.csv", "1000.01", "NaN", 3, "„NaN“ ist kein Betrag (Beispiel: 1000.01)."),
        ("rules.csv", "2026-12-31", "31.12.2026", 3, "„31.12.2026“ ist kein Datum (Beispiel: 2027-01-31)."),
        ("rules.csv", "2026-12-31", "2019-12-31", 3, "Das Ende der Gültigkeit liegt vor dem Anfang."),
        ("rules.csv", "kasse,annahme", "amt,annahme", 3, "Die Stelle „amt“ gibt es nicht in offices.yaml."),
        ("rules.csv", "R2,wohnsitz-anmelden", "R2,fliegen", 3, "Die Leistung „fliegen“ gibt es nicht."),
        ("rules.csv", "*,buergerbuero", "*,amt", 2, "Die Art „amt“ steht nicht in office_types.yaml."),
        ("rules.csv", "091990111111", "091990999999", 2, "Das Gebiet „091990999999“ gibt es nicht in places.yaml."),
        ("rules.csv", "Neuhofen", "Althofen", 3, "Den Ortsteil oder die Straßenklasse „Althofen“ gibt es nicht."),
        (
            "rules.csv",
            "Stadt",
            '"Stadt',
            2,
            "Ein Anführungszeichen steht falsch oder fehlt. Innerhalb eines Textes wird es verdoppelt.",
        ),
    ],
)
def test_one_mistake_gives_one_problem(county: Path, file: str, old: str, new: str, line: int, message: str | None) -> None:
    change(county, file, old, new)
    found = problems(county)
    assert [each for each in found if not each.startswith(f"{file}, Zeile {line}: {message or ''}")] == []
    assert len(found) == (2 if old in TWO_AT_ONCE else 1)


TWO_AT_ONCE = ("slug: wohnsitz-anmelden", "- id: buergerbuero@lindenau\n  type")
"""A slug that is none does not fit its file either; a field that is none leaves another one out."""


@pytest.mark.parametrize(
    "name", ["places.yaml", "office_types.yaml", "offices.yaml", "outside.yaml", SERVICE, "rules.csv", "anliegen/umzug.yml"]
)
class TestWholeFiles:
    def path(self, county: Path, name: str) -> Path:
        return county / (name if name.startswith("anliegen") else f"seed/{name}")

    def test_that_are_missing(self, county: Path, name: str) -> None:
        self.path(county, name).unlink()
        if name == SERVICE:
            assert "rules.csv, Zeile 3: Die Leistung „wohnsitz-anmelden“ gibt es nicht." in problems(county)
        elif name.startswith("anliegen"):
            [problem] = problems(county)
            assert problem.startswith(f"{SERVICE}, Zeile 1: Es gibt keine Beispielfragen")
        else:
            assert problems(county) == [f"{name}, Zeile 1: Die Datei fehlt."]

    def test_that_are_empty(self, county: Path, name: str) -> None:
        self.path(county, name).write_text("")
        [problem] = problems(county)
        assert problem.startswith(f"{name}, Zeile 1: {'Die Spalten' if name == 'rules.csv' else 'Die Datei ist leer.'}")

    def test_that_are_not_utf_8(self, county: Path, name: str) -> None:
        self.path(county, name).write_bytes("# Bürger\n".encode("latin-1"))
        assert problems(county) == [f"{name}, Zeile 1: Die Datei ist nicht in UTF-8 gespeichert (Byte 3)."]

    def test_that_are_no_yaml(self, county: Path, name: str) -> None:
        with self.path(county, name).open("a") as file:
            file.write("\n{kaputt: [\n")
        [problem] = problems(county)
        lines = self.path(county, name).read_text("utf-8").count("\n")
        assert problem.startswith(tuple(f"{name}, Zeile {line}: " for line in range(lines - 1, lines + 2)))
        assert ("hat nicht 18 Spalten" if name == "rules.csv" else "kein gültiges YAML") in problem

    def test_of_another_shape(self, county: Path, name: str) -> None:
        self.path(county, name).write_text("nur ein Text\n")
        if name.startswith("anliegen"):
            assert "keine Beispielfragen" in problems(county)[0]
            return
        [problem] = problems(county)
        shape = {"rules.csv": "Die Spalten", SERVICE: "Hier müssen Felder", "outside.yaml": "Hier müssen Felder"}
        assert problem.startswith(f"{name}, Zeile 1: {shape.get(name, 'Hier muss eine Liste stehen')}")


def test_a_file_under_another_name(county: Path) -> None:
    (county / "seed" / SERVICE).rename(county / "seed/services/umzug.yaml")
    assert problems(county) == ["services/umzug.yaml, Zeile 1: Der Dateiname muss wohnsitz-anmelden.yaml heißen."]


def test_a_byte_order_mark_is_no_mistake(county: Path) -> None:
    for name in FILES:
        path = county / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(county).rules) == 2


def test_all_mistakes_are_told_in_the_order_of_the_files(county: Path) -> None:
    change(county, "rules.csv", "zustaendig", "chef")
    change(county, "places.yaml", '["85901"]', '["1"]')
    change(county, "places.yaml", "kind: landkreis", "kind: land")
    assert [each.split(":")[0] for each in problems(county)] == [
        "places.yaml, Zeile 4",
        "places.yaml, Zeile 9",
        "rules.csv, Zeile 2",
    ]


def test_the_demo_county_has_none(knowledge: Knowledge) -> None:
    assert (len(knowledge.places), len(knowledge.offices), len(knowledge.services), len(knowledge.rules)) == (15, 246, 258, 682)

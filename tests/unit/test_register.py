"""The national register and tables of postcodes: small files of their form, and the real ones where they are at hand."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.exchange.reading import Reading, Unreadable
from knowledge.exchange.register import read_municipalities, read_postcodes
from knowledge.model import District, OutsidePlace, Place
from knowledge.release import Knowledge, key_of

DATA = Path(__file__).parents[3] / "shared" / "data"
GV100AD = DATA / "gv100ad_2023" / "GV100AD_301123.txt"
OSM = DATA / "plz_ort" / "zuordnung_plz_ort_2022_osm.csv"
GEONAMES = DATA / "plz_ort" / "zipcodes_de_geonames_2026.csv"


def line(satzart: str, key: str, name: str, kind: str = "", plz: str = "") -> str:
    """A line of GV100AD; the key is AGS and Verband as they stand there."""
    return f"{satzart}20231130{key:<12}{name:<100}{kind:<43}{plz:<55}"


LINES = [
    line("10", "09", "Bayern"),
    line("20", "091", "Oberbayern"),
    line("40", "09162", "München", "41"),
    line("50", "09162   0000", "München", "50"),
    line("60", "091620000000", "München, Landeshauptstadt", "61", "80331"),
    line("40", "09175", "Ebersberg", "44"),
    line("50", "09175   5102", "Glonn (VGem)", "54"),
    line("60", "091751125102", "Baiern", "64", "85625"),
    line("60", "091751210121", "Glonn, M", "60", "85625"),
    line("60", "091751150115", "Ebersberg, St", "63", "85560"),
    line("60", "091754510451", "Ebersberger Forst, gemfr. Gebiet", "66"),
    line("40", "05382", "Rhein-Sieg-Kreis", "43"),
    line("60", "053820560056", "Sankt Augustin, Stadt", "63", "53757"),
]
FORST, BAIERN, GLONN = "091750451451", "091755102112", "091750121121"


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return write(tmp_path, LINES)


def write(folder: Path, lines: list[str], encoding: str = "utf-8", name: str = "GV100AD.txt") -> Path:
    path = folder / name
    path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return path


def merged(draft: Knowledge, reading: Reading) -> Knowledge:
    """The draft after an import: what is given replaces what has its key."""
    changed = {}
    for kind in ("places", "outside"):
        entries = {key_of(kind, entry): entry for entry in getattr(draft, kind)}
        changed[kind] = tuple((entries | {key_of(kind, each): each for each in getattr(reading.knowledge, kind)}).values())
    return replace(draft, **changed)


def outside(reading: Reading) -> dict[str, OutsidePlace]:
    return {place.ars: place for place in reading.knowledge.outside}


class TestMunicipalities:
    def test_all_are_places_outside(self, register: Path) -> None:
        reading = read_municipalities(register, Knowledge())
        assert (reading.origin, reading.complete, reading.refused, reading.knowledge.places) == ("register", True, (), ())
        assert list(outside(reading).values()) == [
            OutsidePlace("Sankt Augustin", "053820056056", "Rhein-Sieg-Kreis", ("53757",)),
            OutsidePlace("München", "091620000000", "München", ("80331",)),
            OutsidePlace("Ebersberg", "091750115115", "Landkreis Ebersberg", ("85560",)),
            OutsidePlace("Glonn", GLONN, "Landkreis Ebersberg", ("85625",)),
            OutsidePlace("Ebersberger Forst", FORST, "Landkreis Ebersberg"),
            OutsidePlace("Baiern", BAIERN, "Landkreis Ebersberg", ("85625",)),
        ]

    @pytest.mark.parametrize(
        "own", [Place(BAIERN, "09175112", "Baiern", "gemeinde"), Place("0", "09175112", "Baiern", "gemeinde")]
    )
    def test_a_place_of_ours_is_not_outside(self, register: Path, own: Place) -> None:
        assert BAIERN not in outside(read_municipalities(register, Knowledge(places=(own,))))

    def test_the_demo_county_is_in_no_register(self, register: Path, knowledge: Knowledge) -> None:
        reading = read_municipalities(register, knowledge)
        assert (len(reading.knowledge.outside), reading.knowledge.places) == (6, ())

    def test_a_place_of_ours_that_the_register_has_is_not_removed(self, register: Path) -> None:
        own = Place(BAIERN, "09175112", "Baiern", "gemeinde", districts=(District("Antholing"),))
        reading = read_municipalities(register, Knowledge(places=(own,)))
        assert reading.complete
        assert reading.knowledge.places == (own,)

    def test_known_postcodes_stay(self, register: Path) -> None:
        draft = Knowledge(outside=(OutsidePlace("Glonn", GLONN, plz=("85000", "99999")), OutsidePlace("Glonn")))
        reading = read_municipalities(register, draft)
        assert outside(reading)[GLONN].plz == ("85000", "85625", "99999")
        assert "" not in outside(reading)

    def test_a_kreis_becomes_ours(self, register: Path) -> None:
        reading = read_municipalities(register, Knowledge(), "09175")
        assert reading.knowledge.places == (
            Place("091750000000", "09175", "Landkreis Ebersberg", "landkreis"),
            Place("091750115115", "09175115", "Ebersberg", "stadt", plz=("85560",)),
            Place(GLONN, "09175121", "Glonn", "markt", plz=("85625",)),
            Place(BAIERN, "09175112", "Baiern", "gemeinde", "VG Glonn", ("85625",)),
        )
        assert {place.name for place in outside(reading).values()} == {"Sankt Augustin", "München"}

    def test_a_kreisfreie_stadt_is_one_place(self, register: Path) -> None:
        reading = read_municipalities(register, Knowledge(), "09162")
        assert reading.knowledge.places == (Place("091620000000", "09162000", "München", "kreisfreie-stadt", plz=("80331",)),)

    def test_what_is_known_of_a_place_of_the_kreis_stays(self, register: Path) -> None:
        known = Place(
            GLONN, "09175121", "Markt Glonn", "markt", plz=("85600",), districts=(District("Balkham"),), holidays=("x",)
        )
        reading = read_municipalities(register, Knowledge(places=(known,)), "09175")
        glonn = next(place for place in reading.knowledge.places if place.ars == GLONN)
        assert glonn == replace(known, name="Glonn", plz=("85600", "85625"))

    @pytest.mark.parametrize("county", [None, "09175", "09162"])
    def test_twice_changes_nothing(self, register: Path, county: str | None) -> None:
        first = read_municipalities(register, Knowledge(), county)
        draft = first.knowledge
        assert read_municipalities(register, draft, county) == first
        assert read_municipalities(register, draft).knowledge.places == first.knowledge.places

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "iso-8859-1"])
    def test_encodings(self, tmp_path: Path, encoding: str) -> None:
        reading = read_municipalities(write(tmp_path, LINES, encoding), Knowledge())
        assert outside(reading)["091620000000"].name == "München"

    def test_names_that_tell_doubles_apart(self, tmp_path: Path) -> None:
        lines = [
            line("40", "01054", "Nordfriesland", "43"),
            line("50", "01054   5417", "Eiderstedt", "51"),
            line("60", "010540350001", "Garding, Kirchspiel", "64", "25836"),
            line("60", "010540360002", "Garding, Stadt", "63", "25836"),
            line("60", "010540370003", "Tating, Stadt", "63", "25881"),
            line("60", "010540380004", "Tating, gemfr. Gebiet", "66"),
            line("60", "010540395417", "Oldenswort", "64", "25870"),
            line("60", "010540405417", "Oldenswort", "64", "25870"),
        ]
        names = [place.name for place in outside(read_municipalities(write(tmp_path, lines), Knowledge())).values()]
        assert names == [
            "Garding, Kirchspiel",
            "Garding, Stadt",
            "Tating",
            "Tating, gemeindefreies Gebiet",
            "Oldenswort, Amt Eiderstedt",
            "Oldenswort, Amt Eiderstedt",
        ]

    def test_the_sheet_with_its_lost_zeros(self, tmp_path: Path) -> None:
        lines = [
            "Gemeindeverzeichnis;;;;;;;;",
            "10;;9;;;;;Bayern;;;;;;;",
            "40;44;9;1;75;;;Ebersberg;;;;;;;",
            "50;54;9;1;75;5102;;Glonn (VGem);;;;;;;",
            "60;64;9;1;75;5102;112;Baiern;20;1500;;;73;85625;",
            "60;64;9;1;75;121;121;Glonn, M;20;1500;;;73;1067;",
            "© Statistisches Bundesamt;;;;;;;;",
        ]
        reading = read_municipalities(write(tmp_path, lines, name="auszug.csv"), Knowledge(), "09175")
        assert [(place.ars, place.vg, place.plz) for place in reading.knowledge.places] == [
            ("091750000000", "", ()),
            (GLONN, "", ("01067",)),
            (BAIERN, "VG Glonn", ("85625",)),
        ]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda text: text.replace("6020231130091751210121", "6020231130091751A10121"), "Zeile 9: Der Schlüssel"),
            (lambda text: text.replace("6020231130091751210121", "7020231130091751210121"), "Zeile 9: Die Satzart „70“"),
            (lambda text: text.replace("Glonn, M", "        "), "Zeile 9: Der Name fehlt."),
            (lambda text: text.replace("4020231130091", "3020231130091"), "Zeile 3: Der Schlüssel"),
            (lambda text: text.replace("091751210121", "091751120121"), "Zeile 9: Der AGS 09175112 steht schon in Zeile 8."),
            (lambda text: text.replace("80331", "8033x"), "Zeile 5: „8033x“ ist keine Postleitzahl."),
            (lambda text: text[: text.rindex("6020") + 8], "Zeile 13: Der Schlüssel"),
            (lambda text: "\n".join(each for each in text.split("\n") if each[:2] != "60"), "keine Gemeinde"),
            (lambda text: "ags,plz\n1,2\n", "Zeile 1: Die Satzart „ag“"),
            (lambda text: '{"places": []}', "Zeile 1"),
            (lambda text: "", "leer"),
            (lambda text: "\0" * 40, "leer"),
        ],
    )
    def test_a_broken_file_is_refused(self, tmp_path: Path, change: object, message: str) -> None:
        path = tmp_path / "GV100AD.txt"
        path.write_text(change("\n".join(LINES)), "utf-8")  # type: ignore[operator]
        with pytest.raises(Unreadable, match=message):
            read_municipalities(path, Knowledge())

    def test_a_gemeinde_without_its_kreis(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match="Zeile 7: Der Kreis 09175 von „Baiern“ fehlt"):
            read_municipalities(write(tmp_path, [each for each in LINES if each[:2] + each[10:15] != "4009175"]), Knowledge())

    @pytest.mark.parametrize("county", ["9175", "09999", "", "0917500"])
    def test_a_kreis_that_is_not_there(self, register: Path, county: str) -> None:
        with pytest.raises(Unreadable, match="Den Kreis"):
            read_municipalities(register, Knowledge(), county)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "any"
        for start in (b"", "\n".join(LINES[:5]).encode(), b"ags;plz;ort\n", b"zipcode,place,community_code\n"):
            path.write_bytes(start + data)
            for read in (read_municipalities, read_postcodes):
                try:
                    read(path, Knowledge())
                except Unreadable as error:
                    assert error.notes


class TestPostcodes:
    @pytest.fixture
    def draft(self, register: Path) -> Knowledge:
        own = (Place("091990111111", "09199111", "Lindenau", "stadt", plz=("85901",)),)
        named = (OutsidePlace("Augsburg"),)
        read = read_municipalities(register, Knowledge(), "09162").knowledge
        return Knowledge(places=(*own, *read.places), outside=(*named, *read.outside))

    def write(self, folder: Path, text: str) -> Path:
        path = folder / "plz.csv"
        path.write_text(text, "utf-8")
        return path

    def test_by_ags_with_lost_zeros(self, tmp_path: Path, draft: Knowledge) -> None:
        rows = ("9175121,Glonn,1067", "05382056,Sankt Augustin,53757", "9162000,München,80333", "9162000,München,80331")
        table = "ags,ort,plz\n" + "\n".join(rows)
        reading = read_postcodes(self.write(tmp_path, table), draft)
        assert (reading.origin, reading.complete, reading.refused) == ("register", False, ())
        assert outside(reading)[GLONN].plz == ("01067", "85625")
        assert [place.plz for place in reading.knowledge.places] == [("80331", "80333")]
        assert [str(note) for note in reading.mended] == [
            "plz.csv: AGS in 3 Zeilen ohne führende Null; sie ist ergänzt.",
            "plz.csv: Postleitzahl in 1 Zeile ohne führende Null; sie ist ergänzt.",
        ]

    def test_hand_made_places_and_the_demo_county_keep_their_origin(self, tmp_path: Path, draft: Knowledge) -> None:
        reading = read_postcodes(self.write(tmp_path, "ags;plz\n09175121;85625\n"), draft)
        assert reading.knowledge.places == ()
        assert all(place.ars for place in reading.knowledge.outside)

    def test_by_name(self, tmp_path: Path, draft: Knowledge) -> None:
        rows = [
            ("80313", "Stadtwerke GmbH", "09162"),
            ("85626", "Glonn", "09175"),
            ("85627", "Glonn Balkham", "09175"),
            ("85560", "Hinterdupfing", "09175"),
            ("53758", "St. Augustin", "05382"),
            ("12345", "Glonn", "05382"),
            ("12346", "Glonn", ""),
        ]
        table = "country_code,zipcode,place,community_code\n" + "".join(f"DE,{','.join(row)}\n" for row in rows)
        reading = read_postcodes(self.write(tmp_path, table), draft)
        assert outside(reading)[GLONN].plz == ("85625", "85626", "85627")
        assert outside(reading)["053820056056"].plz == ("53757", "53758")
        assert reading.knowledge.places[0].plz == ("80313", "80331")
        assert [str(note) for note in reading.refused] == [
            "plz.csv: 3 Zeilen passen zu keiner Gemeinde "
            "(Zeile 5: 85560 Hinterdupfing; Zeile 7: 12345 Glonn; Zeile 8: 12346 Glonn)"
        ]

    def test_twice_changes_nothing(self, tmp_path: Path, register: Path, draft: Knowledge) -> None:
        path = self.write(tmp_path, "ags,plz\n09175121,85699\n09162000,80333\n")
        after = merged(draft, read_postcodes(path, draft))
        assert after != draft
        assert merged(after, read_postcodes(path, after)) == after
        assert merged(after, read_municipalities(register, after)) == after

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("ags,plz\n09175121,85625\n09175121,8562A\n", "Zeile 3: Postleitzahl „8562A“ hat keine 5 Ziffern."),
            ("ags,plz\n9175,85625\n", "Zeile 2: AGS „9175“ hat keine 8 Ziffern."),
            ("ags,plz\n09175121,00100\n", "Zeile 2: „00100“ ist keine Postleitzahl."),
            ("ags,plz\n09175121\n", "Zeile 2: Postleitzahl „“"),
            ('ags,plz\n"09175121,85625\n', "keine Tabellenzeile"),
            ("ort,plz\nGlonn,85625\n", "Zeile 1: Die Spalten"),
            ("ags,plz\n01001000,24937\n", "passt zu keinem Ort. Lesen Sie zuerst die Gemeinden ein"),
            ("ags,plz\n", "passt zu keinem Ort"),
            ("", "leer"),
        ],
    )
    def test_a_broken_table_is_refused(self, tmp_path: Path, draft: Knowledge, text: str, message: str) -> None:
        with pytest.raises(Unreadable, match=message):
            read_postcodes(self.write(tmp_path, text), draft)


@pytest.fixture
def _data() -> None:
    if DATA.is_dir():
        return
    reason = f"the public data is not at {DATA}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.usefixtures("_data")
@pytest.mark.slow
def test_the_whole_register_and_both_tables(knowledge: Knowledge) -> None:
    reading = read_municipalities(GV100AD, knowledge)
    assert (len(reading.knowledge.outside), reading.mended, reading.refused) == (10_981, (), ())
    assert len({place.ars for place in reading.knowledge.outside}) == 10_981
    doubles = [(place.name, place.county) for place in reading.knowledge.outside]
    assert len(set(doubles)) == len(doubles)
    draft = merged(knowledge, reading)

    by_ags = read_postcodes(OSM, draft)
    assert [note.message for note in by_ags.mended] == [
        "AGS in 9.825 Zeilen ohne führende Null; sie ist ergänzt.",
        "Postleitzahl in 1.082 Zeilen ohne führende Null; sie ist ergänzt.",
    ]
    assert [note.message.split(" zu")[0] for note in by_ags.refused] == ["16 Zeilen passen"]
    assert len({plz for place in by_ags.knowledge.outside for plz in place.plz}) >= 8_170
    draft = merged(draft, by_ags)
    draft = merged(draft, read_postcodes(GEONAMES, draft))
    augsburg = next(place for place in draft.outside if place.ars == "097610000000")
    assert {"86150", "86199"} <= set(augsburg.plz)
    assert OutsidePlace("Augsburg", county="Augsburg") in draft.outside

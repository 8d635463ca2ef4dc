"""The national register of places: the Gemeindeverzeichnis (Destatis) and tables of postcodes.

`read_municipalities` reads GV100AD, fixed width, or the sheet of GV-ISys saved as CSV. `read_postcodes` reads tables of
suche-postleitzahl.org (OpenStreetMap, ODbL) and GeoNames (CC BY 4.0).
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from knowledge.exchange.limits import decode, read_bytes
from knowledge.exchange.reading import Note, Reading, Unreadable
from knowledge.model import OutsidePlace, Place
from knowledge.places.names import name_words, short_name
from knowledge.release import Knowledge

ORIGIN: Final = "register"
_MOST_PROBLEMS = 20
_SHOWN = 5
_LAND, _REGION, _PLANNING, _KREIS, _VERBAND, _GEMEINDE = "10", "20", "30", "40", "50", "60"
_DIGITS: Final[Mapping[str, int]] = {_LAND: 2, _REGION: 3, _PLANNING: 4, _KREIS: 5, _VERBAND: 5, _GEMEINDE: 8}
"""For each Satzart, how many digits of the AGS it has."""

_KINDS: Final[Mapping[str, str]] = {
    "60": "markt",
    "61": "kreisfreie-stadt",
    "62": "kreisfreie-stadt",
    "63": "stadt",
    "64": "gemeinde",
    "65": "gemeindefreies-gebiet",
    "66": "gemeindefreies-gebiet",
    "67": "grosse-kreisstadt",
}
"""Kinds of Gemeinden by Textkennzeichen."""

_UNINHABITED = "66"
_CITIES = frozenset(("41", "42"))
_KREIS_NAMES: Final[Mapping[str, str]] = {"43": "Kreis", "44": "Landkreis"}
_ASSOCIATIONS: Final[Mapping[str, str]] = {
    "51": "Amt",
    "52": "Samtgemeinde",
    "53": "Verbandsgemeinde",
    "54": "VG",
    "55": "Kirchspielslandgemeinde",
    "56": "Verwaltungsverband",
    "58": "Erfüllende Gemeinde",
}
"""Kinds of Gemeindeverbände by Textkennzeichen; 50 is none."""

_SHEET_DIGITS = (2, 1, 2, 4, 3)
"""Land, Regierungsbezirk, Kreis, Verband, Gemeinde: a spreadsheet loses their leading zeros."""

_NO_KREIS = "000"
_FREE_AREA = "gemeindefreies Gebiet"


@dataclass(frozen=True)
class _Record:
    """One line of the register; `kreis` 5 digits, `verband` 4, `gemeinde` 3 (empty where there is none)."""

    line: int
    satzart: str
    kind: str
    kreis: str
    verband: str
    gemeinde: str
    full_name: str
    plz: str

    @property
    def ars(self) -> str:
        return self.kreis + self.verband + self.gemeinde

    @property
    def ags(self) -> str:
        return self.kreis + self.gemeinde

    @property
    def name(self) -> str:
        """The name without „Stadt", „M", „gemfr. Gebiet" behind the comma."""
        return self.full_name.partition(",")[0].strip()

    @property
    def addition(self) -> str:
        """What stands behind the comma."""
        return self.full_name.partition(",")[2].strip()


@dataclass(frozen=True)
class _Register:
    kreise: Mapping[str, _Record]
    verbaende: Mapping[str, _Record]
    gemeinden: tuple[_Record, ...]

    def county(self, record: _Record) -> str:
        """The Kreis of a Gemeinde, for people; empty for coastal waters and the like."""
        return _kreis_name(self.kreise[record.kreis]) if record.kreis in self.kreise else ""

    def association(self, record: _Record) -> str:
        """The Gemeindeverband of a Gemeinde, for people: „VG Glonn", „Amt Anklam-Land"; empty without one."""
        verband = self.verbaende.get(record.kreis + record.verband)
        if verband is None or verband.kind not in _ASSOCIATIONS:
            return ""
        kind, name = _ASSOCIATIONS[verband.kind], verband.name.removesuffix(" (VGem)")
        named = name.startswith((kind, "GVV", "VVG", "Verwaltungs"))
        return name if named else f"{kind} {name}"


def read_municipalities(path: Path, draft: Knowledge, county: str | None = None) -> Reading:
    """All Gemeinden of the register as places outside, but for those that are places of the draft.

    With `county`, an AGS of 5 digits, the Gemeinden of this Kreis become places of ours, and the Kreis itself. Postcodes,
    Ortsteile, holidays and coordinates that the draft knows of a place stay. Raises `Unreadable`.
    """
    text, mended = decode(read_bytes(path), path.name)
    register = _register(text)
    if county is not None and county not in register.kreise:
        raise Unreadable(f"Den Kreis „{county}“ gibt es in „{path.name}“ nicht. Gemeint ist der AGS mit 5 Ziffern.")
    names = dict(zip(register.gemeinden, _telling_names(register), strict=True))
    ours = _own_places(register, names, draft, county)
    own = {place.ars for place in (*draft.places, *ours)} | {place.ags for place in (*draft.places, *ours)}
    known = _known_postcodes(draft)
    outside = [
        OutsidePlace(names[each], each.ars, register.county(each), _union(known[each.ags], (each.plz,)))
        for each in register.gemeinden
        if each.ars not in own and each.ags not in own and each.kreis != county
    ]
    outside.sort(key=lambda place: place.ars)
    return Reading(Knowledge(places=ours, outside=tuple(outside)), ORIGIN, mended, complete=True)


def _own_places(register: _Register, names: Mapping[_Record, str], draft: Knowledge, county: str | None) -> tuple[Place, ...]:
    """The Kreis that becomes ours, and what the draft has of the Kreise in the register: it is not to be removed."""
    places = {place.ags: place for place in draft.places if place.ars[:5] in register.kreise}
    known = _known_postcodes(draft)
    if county is not None:
        new = [_place(register, each, names[each]) for each in _inhabited(register.gemeinden, county)]
        kreis = register.kreise[county]
        if kreis.kind not in _CITIES:
            new.append(Place(county.ljust(12, "0"), county, _kreis_name(kreis), "landkreis"))
        for place in new:
            places[place.ags] = _joined(place, places.get(place.ags), known[place.ags])
    return tuple(sorted(places.values(), key=lambda place: place.ars))


def _inhabited(gemeinden: Iterable[_Record], county: str) -> Iterator[_Record]:
    return (each for each in gemeinden if each.kreis == county and each.kind != _UNINHABITED)


def _place(register: _Register, record: _Record, name: str) -> Place:
    return Place(record.ars, record.ags, name, _KINDS[record.kind], register.association(record), _union((record.plz,)))


def _joined(new: Place, old: Place | None, plz: Iterable[str]) -> Place:
    """What the register says of a place, with what else is known about it."""
    joined = replace(new, plz=_union(new.plz, plz))
    return replace(joined, districts=old.districts, holidays=old.holidays, geo=old.geo) if old else joined


def _known_postcodes(draft: Knowledge) -> defaultdict[str, set[str]]:
    """By AGS, wherever the draft has the place."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for outside in draft.outside:
        if outside.ars:
            known[_ags(outside.ars)].update(outside.plz)
    for place in draft.places:
        known[place.ags].update(place.plz)
    return known


def _ags(ars: str) -> str:
    return ars[:5] + ars[9:]


def _union(*codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({code for each in codes for code in each if code}))


def _kreis_name(kreis: _Record) -> str:
    """„Landkreis Ebersberg", „Rhein-Sieg-Kreis", „Region Hannover"; of a kreisfreie Stadt the name alone."""
    kind = _KREIS_NAMES.get(kreis.kind, "")
    says_itself = "kreis" in kreis.name.lower() or kreis.name.lower().startswith(("region", "städteregion"))
    return kreis.name if says_itself or not kind else f"{kind} {kreis.name}"


def _telling_names(register: _Register) -> Iterator[str]:
    """Names as people use them; where two of a Kreis have the same, what tells them apart."""
    alike = Counter((each.kreis, each.name) for each in register.gemeinden)
    inhabited = Counter((each.kreis, each.name) for each in register.gemeinden if each.kind != _UNINHABITED)
    for each in register.gemeinden:
        if alike[each.kreis, each.name] > 1 and each.kind == _UNINHABITED:
            yield f"{each.name}, {_FREE_AREA}"
        elif inhabited[each.kreis, each.name] > 1 and (addition := each.addition or register.association(each)):
            yield f"{each.name}, {addition}"
        else:
            yield each.name


def _register(text: str) -> _Register:
    records, problems = [], []
    lines = text.replace("\r\n", "\n").split("\n")
    read = _of_sheet if ";" in lines[0] or any(line.startswith(("10;", "60;")) for line in lines) else _of_fixed_width
    for number, line in enumerate(lines, 1):
        try:
            record = read(number, line)
        except ValueError as error:
            problems.append(Note(f"Zeile {number}", str(error)))
            continue
        if record:
            records.append(record)
    problems = problems or list(_contradictions(records))
    if problems:
        raise Unreadable(problems[:_MOST_PROBLEMS])
    return _Register(
        {each.kreis: each for each in records if each.satzart == _KREIS},
        {each.kreis + each.verband: each for each in records if each.satzart == _VERBAND},
        tuple(each for each in records if each.satzart == _GEMEINDE),
    )


def _contradictions(records: Sequence[_Record]) -> Iterator[Note]:
    kreise = {each.kreis for each in records if each.satzart == _KREIS}
    gemeinden = [each for each in records if each.satzart == _GEMEINDE]
    if not gemeinden:
        yield Note("", "In der Datei steht keine Gemeinde (Satzart 60). Erwartet wird das Gemeindeverzeichnis GV100AD.")
    seen: dict[str, int] = {}
    for each in gemeinden:
        if each.kreis not in kreise and not each.kreis.endswith(_NO_KREIS):
            yield Note(f"Zeile {each.line}", f"Der Kreis {each.kreis} von „{each.name}“ fehlt in der Datei (Satzart 40).")
        if each.kind not in _KINDS:
            yield Note(f"Zeile {each.line}", f"Das Textkennzeichen „{each.kind}“ gibt es für Gemeinden nicht.")
        if seen.setdefault(each.ags, each.line) != each.line:
            yield Note(f"Zeile {each.line}", f"Der AGS {each.ags} steht schon in Zeile {seen[each.ags]}.")


def _of_fixed_width(number: int, line: str) -> _Record | None:
    """A line of GV100AD as in its description (Datensatzbeschreibung): counted from 0, the key stands at 10 to 22, the name
    at 22 to 72, the Textkennzeichen at 122 to 124, the postcode of the administration's seat at 165 to 170.
    """
    if not line.strip():
        return None
    satzart, key = line[:2], line[10:22]
    if satzart not in _DIGITS:
        raise ValueError(f"Die Satzart „{satzart}“ gibt es nicht. Erwartet wird das Gemeindeverzeichnis GV100AD.")
    return _record(number, satzart, line[122:124], (key[:5], key[8:12], key[5:8]), line[22:72], line[165:170])


def _of_sheet(number: int, line: str) -> _Record | None:
    """A row of the sheet „Gemeindedaten" of GV-ISys: Satzart, Textkennzeichen, Land, RB, Kreis, VB, Gem, name ... postcode."""
    try:
        cells = next(csv.reader([line], delimiter=";"), [])
    except csv.Error as error:
        raise ValueError(f"Das ist keine Tabellenzeile ({error}).") from error
    if len(cells) < 8 or cells[0].strip() not in _DIGITS:
        return None
    satzart, kind, *key, name = (cell.strip() for cell in cells[:8])
    padded = (cell and cell.zfill(width) for cell, width in zip(key, _SHEET_DIGITS, strict=True))
    land, region, kreis, verband, gemeinde = padded
    plz = cells[13].strip() if len(cells) > 13 else ""
    return _record(number, satzart, kind, (land + region + kreis, verband, gemeinde), name, plz and plz.zfill(5))


def _record(number: int, satzart: str, kind: str, key: tuple[str, str, str], name: str, plz: str) -> _Record:
    kreis, verband, gemeinde = (part.strip() for part in key)
    of_gemeinde = satzart == _GEMEINDE
    wanted = (min(_DIGITS[satzart], 5), 4 if satzart in (_VERBAND, _GEMEINDE) else 0, 3 if of_gemeinde else 0)
    given = (kreis, verband if wanted[1] else "", gemeinde if wanted[2] else "")
    if not all(len(part) == length and _is_number(part) for part, length in zip(given, wanted, strict=True)):
        raise ValueError(f"Der Schlüssel „{''.join(key).rstrip()}“ ist kein amtlicher Schlüssel der Satzart {satzart}.")
    if not name.strip():
        raise ValueError("Der Name fehlt.")
    plz = plz.strip()
    if of_gemeinde and plz and not _is_postcode(plz):
        raise ValueError(f"„{plz}“ ist keine Postleitzahl.")
    return _Record(number, satzart, kind.strip(), *given, " ".join(name.split()), plz if of_gemeinde else "")


def _is_number(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit())


def _is_postcode(text: str) -> bool:
    return len(text) == 5 and text.isascii() and text.isdigit() and text >= "01000"


@dataclass(frozen=True)
class _Row:
    """One row of a table of postcodes: which Gemeinden it may mean (AGS), and its text for people."""

    line: int
    plz: str
    ags: tuple[str, ...]
    text: str


def read_postcodes(path: Path, draft: Knowledge) -> Reading:
    """Adds the postcodes of a table to the places of the draft, its own and those of the register.

    Rows of no known Gemeinde are counted in `refused`. Raises `Unreadable`, also when no row fits.
    """
    text, mended = decode(read_bytes(path), path.name)
    table = _Table(path.name, text)
    gazetteer = _ByName(draft)
    codes: defaultdict[str, set[str]] = defaultdict(set)
    nowhere: list[_Row] = []
    for row in table.rows(gazetteer):
        known = [ags for ags in row.ags if ags in gazetteer.names]
        for ags in known:
            codes[ags].add(row.plz)
        if not known:
            nowhere.append(row)
    if not codes:
        raise Unreadable(f"„{path.name}“ passt zu keinem Ort. Lesen Sie zuerst die Gemeinden ein („lotse import gemeinden“).")
    found = _with_postcodes(draft, codes)
    return Reading(found, ORIGIN, (*mended, *table.notes()), tuple(_unmatched(path.name, nowhere)))


def _with_postcodes(draft: Knowledge, codes: Mapping[str, set[str]]) -> Knowledge:
    """All places of the register in its order, so that the order of the draft stays, and our own of the same Kreise."""
    kreise = {ags[:5] for ags in codes}
    places = (
        replace(place, plz=_union(place.plz, codes.get(place.ags, ())))
        for place in sorted(draft.places, key=lambda place: place.ars)
        if place.ars[:5] in kreise
    )
    outside = (
        replace(place, plz=_union(place.plz, codes.get(_ags(place.ars), ())))
        for place in sorted(draft.outside, key=lambda place: place.ars)
        if place.ars
    )
    return Knowledge(places=tuple(places), outside=tuple(outside))


def _unmatched(file: str, rows: Sequence[_Row]) -> Iterator[Note]:
    if rows:
        shown = "; ".join(f"Zeile {row.line}: {row.plz} {row.text}" for row in rows[:_SHOWN])
        more = " …" if len(rows) > _SHOWN else ""
        yield Note(file, f"{_count(len(rows), 'Zeile passt', 'Zeilen passen')} zu keiner Gemeinde ({shown}{more})")


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}".replace(",", ".")


class _ByName:
    """The Gemeinden of a draft by Kreis and name."""

    def __init__(self, draft: Knowledge) -> None:
        own = {place.ags: place.name for place in draft.places if not place.is_county}
        self.names = {_ags(place.ars): place.name for place in draft.outside if place.ars} | own
        self._of_kreis: defaultdict[str, dict[tuple[str, ...], list[str]]] = defaultdict(dict)
        for ags, name in self.names.items():
            for words in {name_words(name), name_words(short_name(name))}:
                self._of_kreis[ags[:5]].setdefault(words, []).append(ags)

    def in_kreis(self, kreis: str, place: str) -> tuple[str, ...]:
        """The Gemeinde named, or the one whose name begins a name such as „Rheinsberg Kagar"; a kreisfreie Stadt is all of
        its Kreis.
        """
        if (city := f"{kreis}000") in self.names:
            return (city,)
        known = self._of_kreis.get(kreis, {})
        words = name_words(place)
        for length in range(len(words), 0, -1):
            if words[:length] in known:
                return tuple(known[words[:length]])
        return ()


_Cells = Mapping[str, str | None]


class _Table:
    """A table of postcodes, recognised by the names of its columns."""

    def __init__(self, file: str, text: str) -> None:
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        self._reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self._file = file
        self._restored: Counter[str] = Counter()
        columns = set(self._columns())
        if {"ags", "plz"} <= columns:
            self._read: Callable[[int, _Cells, _ByName], _Row] = self._with_ags
        elif {"zipcode", "place", "community_code"} <= columns:
            self._read = self._with_names
        else:
            raise Unreadable(
                f"„{file}“, Zeile 1: Die Spalten „ags“ und „plz“ (suche-postleitzahl.org) oder „zipcode“, „place“ und "
                f"„community_code“ (GeoNames) fehlen."
            )

    def _columns(self) -> Sequence[str]:
        try:
            return self._reader.fieldnames or ()
        except csv.Error as error:
            raise self._no_row(error) from error

    def _no_row(self, error: csv.Error) -> Unreadable:
        return Unreadable([Note(f"Zeile {self._reader.line_num}", f"Das ist keine Tabellenzeile ({error}).")])

    def rows(self, gazetteer: _ByName) -> Iterator[_Row]:
        """Raises `Unreadable` with the first rows that cannot be read."""
        problems: list[Note] = []
        try:
            for cells in self._reader:
                try:
                    yield self._read(self._reader.line_num, cells, gazetteer)
                except ValueError as error:
                    problems.append(Note(f"Zeile {self._reader.line_num}", str(error)))
        except csv.Error as error:
            raise self._no_row(error) from error
        if problems:
            raise Unreadable(problems[:_MOST_PROBLEMS])

    def notes(self) -> Iterator[Note]:
        """What was mended, in few words."""
        for column, count in self._restored.items():
            rows = _count(count, "Zeile", "Zeilen")
            yield Note(self._file, f"{column} in {rows} ohne führende Null; sie ist ergänzt.")

    def _with_ags(self, line: int, cells: _Cells, _gazetteer: _ByName) -> _Row:
        ags = self._restore("AGS", cells["ags"], 8)
        plz = self._postcode(cells["plz"])
        return _Row(line, plz, (ags,), f"{cells.get('ort') or ''} ({ags})".strip())

    def _with_names(self, line: int, cells: _Cells, gazetteer: _ByName) -> _Row:
        place, kreis = cells["place"] or "", (cells["community_code"] or "").strip()
        if kreis:
            kreis = self._restore("Kreisschlüssel", kreis, 5)
        return _Row(line, self._postcode(cells["zipcode"]), gazetteer.in_kreis(kreis, place), place)

    def _postcode(self, cell: str | None) -> str:
        plz = self._restore("Postleitzahl", cell, 5)
        if not _is_postcode(plz):
            raise ValueError(f"„{plz}“ ist keine Postleitzahl.")
        return plz

    def _restore(self, column: str, cell: str | None, length: int) -> str:
        digits = (cell or "").strip()
        if not (digits.isascii() and digits.isdigit() and length - 1 <= len(digits) <= length):
            raise ValueError(f"{column} „{digits}“ hat keine {length} Ziffern.")
        if len(digits) < length:
            self._restored[column] += 1
        return digits.zfill(length)

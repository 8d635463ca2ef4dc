"""How one value of the knowledge stands in a cell, and how a cell becomes a value again: `Text`, `Choice`, `Day` and so on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Protocol

from knowledge.exchange.spreadsheet.cells import (
    EMPTY_ITEM,
    EXACT_BELOW,
    Cell,
    Refused,
    bare,
    is_risky,
    piece,
    pieces,
    restored,
    shown,
    visible,
)
from knowledge.model import ANYWHERE, District, Fee, Link, Source
from knowledge.release import Knowledge, key_of
from knowledge.text import fold

_EXCEL_KNOWS_FROM = date(1900, 3, 1)
"""Before that day, Excel's count of days and the calendar differ."""
_SUGGESTIONS = 30
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_GERMAN_AMOUNT = re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?|\d+(,\d+)?")
_PLAIN_AMOUNT = re.compile(r"\d+\.\d+")
_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})|(\d{4})-(\d\d)-(\d\d)(?:[T ]00:00(?::00)?)?")


@dataclass
class Scope:
    """What cells may refer to: the keys of each kind, and the areas with their names for people.

    `services`, `offices` … are keys; `areas` maps an ARS or the beginning of one (9 digits) to a name.
    """

    keys: dict[str, set[str]]
    areas: dict[str, str] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    """The level of each kind of office."""
    districts: set[str] = field(default_factory=set)
    _named: dict[str, set[str]] = field(default_factory=dict)
    _left: int = _SUGGESTIONS

    @classmethod
    def of(cls, knowledge: Knowledge) -> Scope:
        """Of what is there already."""
        kinds = ("places", "offices", "services", "office_types", "journeys")
        scope = cls({kind: {key_of(kind, each) for each in getattr(knowledge, kind)} for kind in kinds})
        for place in knowledge.places:
            scope.add_place(place.ars, place.name, place.vg)
            scope.districts.update(district.name for district in place.districts)
        scope.levels = {each.type: each.level for each in knowledge.office_types}
        return scope

    def add_place(self, ars: str, name: str, vg: str) -> None:
        """Make a place and the areas it lies in known."""
        self.keys["places"].add(ars)
        for digits in (2, 3, 5):
            self.areas.setdefault(ars[:digits].ljust(12, "0"), "")
        if vg or ars[:9] not in self.areas:
            self.areas[ars[:9]] = f"VG {vg}" if vg else ""
        self.areas[ars] = name
        for code, named in ((ars, name), (ars[:9], f"VG {vg}" if vg else "")):
            if named:
                self._named.setdefault(fold(named), set()).add(code)

    def label(self, code: str) -> str:
        """An area for people, with its code in brackets: „Lindenau (091990111111)“."""
        name = " ".join(self.areas.get(code, "").split())
        return f"{name} ({code})" if name and visible(name) == name and not is_risky(name) else code

    def code(self, text: str) -> str:
        """The code in what `label` wrote, or of the only area that is named so; else the text."""
        match = re.fullmatch(r".*\((\d+)\)", text, re.DOTALL)
        if match:
            return match[1]
        found = self._named.get(fold(text), ())
        if len(found) > 1:
            raise Refused(f"„{short(text)}“ gibt es mehrmals. Möglich: {', '.join(map(self.label, sorted(found)))}.")
        return next(iter(found), text)

    def meant(self, text: str, options: Iterable[str]) -> str:
        """„ Meinten Sie …?“, or nothing. Searched for a few mistakes only; one after another is slow."""
        if self._left <= 0:
            return ""
        self._left -= 1
        return meant(text, options)


def meant(text: str, options: Iterable[str]) -> str:
    """„ Meinten Sie …?“ with a leading space, or nothing."""
    folded = {fold(each): each for each in options}
    found = get_close_matches(fold(text[:80]), folded, 1, 0.7)
    return f" Meinten Sie „{folded[found[0]]}“?" if found else ""


def short(text: str) -> str:
    """The beginning of what a clerk wrote, to name it in a message."""
    return text if len(text) <= 60 else f"{text[:60]}…"


@dataclass
class At:
    """Where a cell is read: what it may refer to, and what was mended in it."""

    scope: Scope
    mended: list[str] = field(default_factory=list)


class Form(Protocol):
    """How values of one kind stand in cells."""

    @property
    def empty(self) -> Any:
        """The value of an empty cell."""

    def write(self, value: Any, scope: Scope) -> Cell: ...

    def read(self, cell: Cell, at: At) -> Any:
        """Raises `Refused`. `cell` is not empty."""


@dataclass(frozen=True)
class Text:
    """Any text; `pattern` and `wrong` (a German sentence) where it has to look a certain way."""

    pattern: str = ""
    wrong: str = ""
    is_code: bool = False
    digits: tuple[int, ...] = ()
    """Lengths that a number may have; one digit less is a leading zero that got lost."""
    empty: Any = ""

    def write(self, value: Any, scope: Scope) -> Cell:
        return visible(value) or None

    def read(self, cell: Cell, at: At) -> Any:
        text = shown(cell)
        if isinstance(cell, date):
            at.mended.append(f"Ein Datum gelesen als Text „{text}“.")
        if _ROUNDED.fullmatch(text):
            raise Refused(
                f"„{text}“ ist eine Zahl, bei der Excel die letzten Ziffern verloren hat. "
                "Formatieren Sie die Spalte als Text, und tragen Sie die Nummer neu ein."
            )
        value = restored(text) if not self.pattern else bare(restored(text))
        if self.is_code:
            value = self._mended(value, at)
        if self.pattern and not _compiled(self.pattern).fullmatch(value):
            raise Refused(f"„{short(value)}“ ist nicht möglich. {self.wrong}")
        return value

    def _mended(self, text: str, at: At) -> str:
        joined = "".join(text.split())
        if joined.isdecimal() and len(joined) not in self.digits and len(joined) + 1 in self.digits:
            at.mended.append(f"Führende Null ergänzt: 0{joined}.")
            return f"0{joined}"
        if joined != text and self.pattern and _compiled(self.pattern).fullmatch(joined):
            at.mended.append(f"Leerzeichen entfernt: {joined}.")
            return joined
        return text


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@dataclass(frozen=True)
class Telephone(Text):
    """A telephone number; one that Excel made a number of gets its leading zero back."""

    pattern: str = r"[^\n]*\d[^\n]*"
    wrong: str = "Eine Telefonnummer hat Ziffern."

    def read(self, cell: Cell, at: At) -> Any:
        text = super().read(cell, at)
        if isinstance(cell, int | float) and len(text) > 6 and not text.startswith("116"):
            at.mended.append(f"Führende Null ergänzt: 0{text}.")
            return f"0{text}"
        return text


@dataclass(frozen=True)
class Choice:
    """One of several words; `words` maps the codes of the model to them."""

    words: Mapping[str, str]
    empty: Any = ""

    def write(self, value: Any, scope: Scope) -> Cell:
        return self.words.get(value, visible(value)) or None

    def read(self, cell: Cell, at: At) -> Any:
        text = bare(shown(cell))
        for code, word in self.words.items():
            if fold(text) in (fold(word), fold(code)):
                return code
        options = at.scope.meant(text, self.words.values())
        raise Refused(f"„{short(text)}“ ist nicht möglich. Möglich: {', '.join(self.words.values())}.{options}")


_YES, _NO = ("ja", "j", "x", "wahr", "true", "1"), ("nein", "n", "falsch", "false", "0", "-")


@dataclass(frozen=True)
class Flag:
    """ja or nein."""

    empty: Any = False

    def write(self, value: Any, scope: Scope) -> Cell:
        return "ja" if value else "nein"

    def read(self, cell: Cell, at: At) -> Any:
        text = shown(cell).lower()
        if text not in (*_YES, *_NO):
            raise Refused(f"„{short(text)}“ ist nicht möglich. Möglich: ja, nein.")
        return text in _YES


@dataclass(frozen=True)
class Day:
    """A day as TT.MM.JJJJ; `empty` stands for one that is not given."""

    empty: Any = None

    def write(self, value: Any, scope: Scope) -> Cell:
        if value == self.empty:
            return None
        return value if value >= _EXCEL_KNOWS_FROM else shown(value)

    def read(self, cell: Cell, at: At) -> Any:
        if isinstance(cell, date):
            return cell
        text = shown(cell)
        match = _DAY.fullmatch(text)
        try:
            if match and match[4]:
                return date(int(match[4]), int(match[5]), int(match[6]))
            if match:
                return date(int(match[3]), int(match[2]), int(match[1]))
        except ValueError:
            pass
        number = text.isdecimal() and 20_000 <= int(text[:9]) < 80_000
        hint = f" Meinten Sie {shown(date(1899, 12, 30) + timedelta(int(text)))}?" if number else ""
        raise Refused(f"„{short(text)}“ ist kein Datum (Beispiel: 31.01.2027).{hint}")


@dataclass(frozen=True)
class Amount:
    """An amount in EUR: 1.000,01."""

    empty: Any = None

    def write(self, value: Any, scope: Scope) -> Cell:
        if value is None:
            return None
        number = int(value) if value == int(value) else float(value)
        exact = abs(value) < EXACT_BELOW and str(Decimal(str(number))) == str(value)
        return number if exact else f"{value:f}".replace(".", ",")

    def read(self, cell: Cell, at: At) -> Any:
        if isinstance(cell, bool | date):
            raise self._wrong(shown(cell))
        if isinstance(cell, int | float):
            text = shown(cell).replace(",", ".")
        else:
            text = re.sub(r"\s*(€|EUR|Euro)$|^(€|EUR)\s*", "", shown(cell)).replace("\u00a0", "")
            if _GERMAN_AMOUNT.fullmatch(text):
                text = text.replace(".", "").replace(",", ".")
            elif _PLAIN_AMOUNT.fullmatch(text):
                at.mended.append(f"Gelesen als {text.replace('.', ',')} EUR.")
            else:
                raise self._wrong(text)
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise self._wrong(text) from None
        if not value.is_finite() or value < 0:
            raise self._wrong(text)
        return value

    def _wrong(self, text: str) -> Refused:
        return Refused(f"„{short(text)}“ ist kein Betrag (Beispiel: 1.000,01).")


@dataclass(frozen=True)
class Position:
    """Latitude and longitude (WGS 84): 48.137154, 11.576124."""

    empty: Any = ()

    def write(self, value: Any, scope: Scope) -> Cell:
        return ", ".join(map(repr, value)) or None

    def read(self, cell: Cell, at: At) -> Any:
        text = shown(cell)
        parts = [each.replace(",", ".") for each in text.split(";")] if ";" in text else text.split(",")
        try:
            latitude, longitude = map(float, parts)
        except ValueError:
            raise Refused(f"„{short(text)}“ ist keine Lage (Beispiel: 48.137154, 11.576124).") from None
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise Refused(f"„{short(text)}“ liegt nicht auf der Erde. Zuerst steht die geografische Breite.")
        return (latitude, longitude)


@dataclass(frozen=True)
class Reference:
    """The key of another entry; `also` maps further values to words, such as `*` to „alle“."""

    kind: str
    name: str
    also: Mapping[str, str] = field(default_factory=dict)
    empty: Any = ""

    def write(self, value: Any, scope: Scope) -> Cell:
        return self.also.get(value, visible(value)) or None

    def read(self, cell: Cell, at: At) -> Any:
        text = bare(restored(shown(cell)))
        for value, word in self.also.items():
            if text.lower() in (word, value):
                return value
        known = at.scope.keys[self.kind]
        if text not in known:
            raise Refused(f"{self.name} „{short(text)}“ gibt es nicht.{at.scope.meant(text, known)}")
        return text


@dataclass(frozen=True)
class Area:
    """A place or what it lies in, by code or name. Without `wide`, only a place."""

    wide: bool = False
    empty: Any = ""

    def write(self, value: Any, scope: Scope) -> Cell:
        if self.wide and value == ANYWHERE:
            return "überall"
        return visible(scope.label(value)) or None

    def read(self, cell: Cell, at: At) -> Any:
        text = bare(restored(shown(cell)))
        if self.wide and text.lower() in ("überall", ANYWHERE):
            return ANYWHERE
        code = _AREA.read(at.scope.code(text), at)
        known = code in at.scope.areas if self.wide else code in at.scope.keys["places"]
        if not known:
            options = at.scope.meant(text, filter(None, at.scope.areas.values()))
            raise Refused(f"{'Das Gebiet' if self.wide else 'Den Ort'} „{short(text)}“ gibt es nicht.{options}")
        return code


_AREA = Text(is_code=True, digits=(9, 12))


@dataclass(frozen=True)
class DistrictLine:
    """An Ortsteil in a line: „Neuhofen | 85900, 85901“."""

    empty: Any = None

    def write(self, value: Any, scope: Scope) -> Cell:
        codes = ", ".join(map(piece, value.plz))
        return f"{piece(value.name) or EMPTY_ITEM} | {codes}" if codes else piece(value.name)

    def read(self, cell: Cell, at: At) -> Any:
        name, *codes = shown(cell).split("|")
        if len(codes) > 1:
            raise Refused(f"„{short(shown(cell))}“: Schreiben Sie „Ortsteil“ oder „Ortsteil | PLZ“.")
        plz = [each for each in re.split(r"[,;\s]+", "".join(codes)) if each]
        return District(restored(name.strip()), tuple(POSTCODE.read(each, at) for each in plz))


_EXAMPLE, _NO_EXAMPLE = "Beispiel", "kein Beispiel"


def _example_word(said: bool, meant_by_text: bool) -> str:
    return "" if said == meant_by_text else _EXAMPLE if said else _NO_EXAMPLE


@dataclass(frozen=True)
class FeeLine:
    """A fee; one that begins with „Beispiel“ is an example."""

    empty: Any = None

    def write(self, value: Any, scope: Scope) -> Cell:
        word = _example_word(value.example, value.text.startswith(_EXAMPLE))
        return f"{piece(value.text) or EMPTY_ITEM} | {word}" if word else piece(value.text)

    def read(self, cell: Cell, at: At) -> Any:
        text, *rest = pieces(shown(cell))
        if rest and rest not in ([_EXAMPLE], [_NO_EXAMPLE]):
            raise Refused(f"„{short(rest[0])}“ ist nicht möglich. Nach „|“ steht „{_EXAMPLE}“ oder „{_NO_EXAMPLE}“.")
        return Fee(text, rest == [_EXAMPLE] if rest else text.startswith(_EXAMPLE))


@dataclass(frozen=True)
class LinkLine:
    """A form or an online service in a line: „Antrag | https://…“; a title that ends with „(Beispiel)“ is an example."""

    empty: Any = None

    def write(self, value: Any, scope: Scope) -> Cell:
        if value is None:
            return None
        word = _example_word(value.example, value.title.endswith(f"({_EXAMPLE})"))
        parts = [piece(value.title) or EMPTY_ITEM, piece(value.url), word]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        return " | ".join(parts)

    def read(self, cell: Cell, at: At) -> Any:
        title, *rest = pieces(shown(cell))
        words = [each for each in rest if each in (_EXAMPLE, _NO_EXAMPLE)]
        urls = [each for each in rest if each and each not in words]
        if len(words) > 1 or len(urls) > 1:
            raise Refused(f"„{short(shown(cell))}“: Schreiben Sie „Titel | https://…“.")
        url = WEB.read(urls[0], at) if urls else ""
        return Link(title, url, words == [_EXAMPLE] if words else title.endswith(f"({_EXAMPLE})"))


@dataclass(frozen=True)
class SourceLine:
    """Where claims come from, in a line: „Fristen, Gebühren | § 38 SGB III | https://…“."""

    words: Mapping[str, str]
    empty: Any = None

    def write(self, value: Any, scope: Scope) -> Cell:
        of = ", ".join(self.words.get(each, piece(each)) for each in value.of)
        parts = [of, piece(value.source), piece(value.url)]
        return " | ".join(parts if value.url else parts[:2])

    def read(self, cell: Cell, at: At) -> Any:
        of, *rest = shown(cell).split("|")
        if not 1 <= len(rest) <= 2:
            raise Refused(f"„{short(shown(cell))}“: Schreiben Sie „Spalten | Quelle | https://…“.")
        source, *urls = (restored(each.strip()) for each in rest)
        fields = tuple(Choice(self.words).read(each.strip(), at) for each in of.split(",") if each.strip())
        return Source(fields, source, WEB.read(urls[0], at) if urls and urls[0] else "")


@dataclass(frozen=True)
class Many:
    """A list, one entry a line; short entries may stand in one line with `separators` between."""

    form: Form
    separators: str = ""
    empty: Any = ()

    def write(self, value: Any, scope: Scope) -> Cell:
        lines = [shown(self.form.write(each, scope)).replace("\n", "␊") or EMPTY_ITEM for each in value]
        return "\n".join(lines) or None

    def read(self, cell: Cell, at: At) -> Any:
        parts = re.split(f"[\n{self.separators}]", shown(cell))
        return tuple(self.form.read(each.strip(), at) for each in parts if each.strip())


POSTCODE = Text(r"[0-9]{5}", "Eine Postleitzahl hat 5 Ziffern.", True, (5,))
WEB = Text(r"https?://\S+", "Eine Adresse beginnt mit https:// und hat keine Leerzeichen.")
EMAIL = Text(r"[^@\s]+@[^@\s]+", "Eine E-Mail-Adresse hat ein @ und keine Leerzeichen.")

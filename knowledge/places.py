"""Places in what people write: Gemeinden, Ortsteile, Verwaltungsgemeinschaften, postcodes, ARS and AGS."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.model import OUTSIDE, Locality
from knowledge.release import Release
from knowledge.text import fold

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*\.?")
_SPELLED_OUT = {"st": "sankt", "a": "am", "i": "im", "lkr": "landkreis", "kreis": "landkreis", "lra": "landratsamt"}
_BEFORE_A_PLACE = frozenset(
    [
        "in",
        "im",
        "nach",
        "aus",
        "bei",
        "von",
        "vom",
        "fuer",
        "ortsteil",
        "weiler",
        "gemeinde",
        "stadt",
        "markt",
        "dorf",
        "vg",
        "richtung",
        "ort",
        "wohnort",
        "plz",
        "hierher",
    ]
)
_COUNTY = frozenset(("landkreis", "landratsamt"))
_FROM = frozenset(("von", "vom", "aus"))
_FILLERS = frozenset(
    ["der", "die", "das", "dem", "den", "unserem", "unserer", "ortsteil", "gemeinde", "stadt", "markt", "weiler"]
)
_ENDINGS = ("", "s", "er", "ern", "ener")
_AMOUNT = re.compile(r"\s*(?:€|eur)", re.IGNORECASE)
_CLOSE_ENOUGH = 0.84
_SHORTEST_FUZZY = 6


@dataclass(frozen=True)
class Mention:
    """A place named in a text: what it may mean, where it stands (character offsets), the word before it."""

    localities: tuple[Locality, ...]
    start: int
    end: int
    text: str
    preposition: str = ""

    @property
    def is_origin(self) -> bool:
        """„von Ammerfeld", „aus Ammerfeld": where somebody comes from."""
        return self.preposition in _FROM


@dataclass(frozen=True)
class _Word:
    key: str
    start: int
    end: int


class Gazetteer:
    """All names of places of a release, ready for look-up. Build once a release; never changed."""

    def __init__(self, release: Release) -> None:
        self._release = release
        # The steps of one turn ask for the same text one after the other.
        self._last: tuple[str, tuple[Mention, ...]] = ("", ())
        self._names: dict[tuple[str, ...], tuple[Locality, ...]] = {}
        self._codes: dict[str, tuple[Locality, ...]] = {}
        self._districts: set[tuple[str, ...]] = set()
        self._outside = {_key(place.name) for place in release.knowledge.outside if place.name}
        self._county = (Locality(release.county.ars),) if release.county else ()
        for place in release.places.values():
            self._codes[place.ars] = self._codes[place.ags] = (Locality(place.ars),)
            if place.is_county:
                continue
            self._add(place.name, Locality(place.ars))
            if place.vg:
                self._add(place.vg, Locality(place.ars))
                self._add(place.vg.replace("VG", "Verwaltungsgemeinschaft", 1), Locality(place.ars))
            for plz in place.plz:
                self._add_code(plz, Locality(place.ars))
            for district in place.districts:
                if district.name != place.name:
                    self._add(district.name, Locality(place.ars, district.name))
                    self._districts.add(_key(district.name))
                for plz in district.plz:
                    self._add_code(plz, Locality(place.ars, district.name))
        for outside in release.knowledge.outside:
            for plz in outside.plz:
                self._add_code(plz, Locality(OUTSIDE))
        self._longest = max(map(len, self._names), default=1)
        self._fuzzy = {" ".join(key): key for key in self._names if len("".join(key)) >= _SHORTEST_FUZZY}

    def lookup(self, text: str) -> tuple[Locality, ...]:
        """What a text that names nothing but a place means; empty when no such place is known.

        Several results mean that the text fits several places. A postcode or city known to lie elsewhere gives `OUTSIDE`.
        """
        text = text.strip()
        digits = text.replace(" ", "")
        if digits.isascii() and digits.isdigit():
            return self._by_code(digits)
        if "/" in text and (code := self._codes.get(text.partition("/")[0])):
            return (Locality(code[0].ars, text.partition("/")[2]),)
        words = tuple(word.key for word in _words(text))
        exact = self._exact(words)
        if exact:
            return exact
        mentions = list(self.find(text))
        if mentions:
            return decide(mentions)
        return self._similar(words) or self._similar(words[1:])

    def find(self, text: str) -> list[Mention]:
        """The places named in a free text, in order. Inflected and, after a preposition, misspelt names count too."""
        if self._last[0] != text:
            self._last = (text, tuple(self._find(text)))
        return list(self._last[1])

    def _find(self, text: str) -> list[Mention]:
        words = [word for word in _words(text) if not (word.key.isdigit() and _AMOUNT.match(text, word.end))]
        mentions: list[Mention] = []
        at = 0
        while at < len(words):
            length, localities = self._starting_at(words, at)
            if localities:
                start, end = words[at].start, words[at + length - 1].end
                mentions.append(Mention(localities, start, end, text[start:end], _preposition(words, at)))
            at += max(length, 1)
        return mentions

    def _starting_at(self, words: list[_Word], at: int) -> tuple[int, tuple[Locality, ...]]:
        if words[at].key == "landkreis" and at and words[at - 1].key in ("anderer", "anderen", "anderem", "nachbar"):
            return 1, (Locality(OUTSIDE),)
        for length in range(min(self._longest, len(words) - at), 0, -1):
            keys = tuple(word.key for word in words[at : at + length])
            if len(keys) == 1 and _is_postcode(words[at]):
                return 1, self._by_code(keys[0])
            found = self._exact(keys)
            if found and self._may_stand_here(found, keys, words, at):
                return length, found
        if _preposition(words, at) and words[at].key not in _FILLERS:
            return 1, self._similar((words[at].key,))
        return 0, ()

    def _may_stand_here(self, found: tuple[Locality, ...], keys: tuple[str, ...], words: list[_Word], at: int) -> bool:
        """Many Ortsteile and cities are everyday words: they count only after a preposition or postcode, alone, or beside
        their Gemeinde.
        """
        city = found == (Locality(OUTSIDE),) and keys[0] not in _COUNTY
        everyday = city or all(locality.district for locality in found)
        if not everyday or len(words) == len(keys) or _preposition(words, at) or (at and _is_postcode(words[at - 1])):
            return True
        rest = (*words[:at], *words[at + len(keys) :])
        names = {_key(self._release.places[locality.ars].name) for locality in found if locality.ars != OUTSIDE}
        return any(" ".join(name) in " ".join(word.key for word in rest) for name in names)

    def _exact(self, words: tuple[str, ...]) -> tuple[Locality, ...]:
        if words and words[0] in _COUNTY and words[1:] in ((), _key(self._release.region)[1:]):
            return self._county
        if words and words[0] in _COUNTY and words[1:] in self._outside:
            return (Locality(OUTSIDE),)
        for ending in _ENDINGS:
            if words and words[-1].endswith(ending):
                base = (*words[:-1], words[-1][: len(words[-1]) - len(ending)])
                if base in self._names:
                    return self._names[base]
        return (Locality(OUTSIDE),) if words in self._outside else ()

    def _similar(self, words: tuple[str, ...]) -> tuple[Locality, ...]:
        name = " ".join(words)
        if len(name) < _SHORTEST_FUZZY:
            return ()
        close = difflib.get_close_matches(name, self._fuzzy, n=2, cutoff=_CLOSE_ENOUGH)
        return self._names[self._fuzzy[close[0]]] if close else ()

    def _by_code(self, digits: str) -> tuple[Locality, ...]:
        known = self._codes.get(digits)
        if known:
            return known
        return (Locality(OUTSIDE),) if len(digits) in (5, 8, 12) and digits > "01000" else ()

    def _add(self, name: str, locality: Locality) -> None:
        key = _key(name)
        self._names[key] = (*self._names.get(key, ()), locality)

    def _add_code(self, code: str, locality: Locality) -> None:
        self._codes[code] = (*self._codes.get(code, ()), locality)


def decide(mentions: list[Mention]) -> tuple[Locality, ...]:
    """Which place counts when a text names several: inside before outside, a destination before an origin.

    More than one result means that the person has to say which.
    """
    for kept in (
        [each for each in mentions if not _outside(each) and not each.is_origin],
        [each for each in mentions if not _outside(each)],
        [each for each in mentions if not each.is_origin],
        mentions,
    ):
        if kept:
            return _together(kept)
    return ()


def _together(mentions: list[Mention]) -> tuple[Locality, ...]:
    """„85902 Eichelbach", „Filzen, Moosham": names of one place narrow each other; names of several places add up."""
    places: list[tuple[Locality, ...]] = []
    for mention in mentions:
        for number, known in enumerate(places):
            common = tuple(dict.fromkeys(both for one in known for other in mention.localities for both in _common(one, other)))
            if common:
                places[number] = common
                break
        else:
            places.append(mention.localities)
    return tuple(dict.fromkeys(locality for group in places for locality in group))


def _common(one: Locality, other: Locality) -> Iterator[Locality]:
    if one.ars == other.ars and (one.district == other.district or not (one.district and other.district)):
        yield max(one, other)


def _outside(mention: Mention) -> bool:
    return all(locality.ars == OUTSIDE for locality in mention.localities)


def _words(text: str) -> Iterator[_Word]:
    for match in _WORD.finditer(text):
        key = fold(match[0].rstrip("."))
        yield _Word(_SPELLED_OUT.get(key, key), match.start(), match.end())


def _is_postcode(word: _Word) -> bool:
    return len(word.key) == 5 and word.key.isdigit()


def _key(name: str) -> tuple[str, ...]:
    return tuple(word.key for word in _words(name))


def _preposition(words: list[_Word], at: int) -> str:
    """The preposition before a place, over an article or „Ortsteil": „aus der Strandsiedlung"."""
    kind = ""
    for word in reversed(words[max(0, at - 3) : at]):
        if word.key not in _FILLERS:
            return word.key if word.key in _BEFORE_A_PLACE else kind
        if word.key in _BEFORE_A_PLACE:
            kind = word.key
    return kind

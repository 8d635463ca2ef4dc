"""Places in what people write: Gemeinden, Ortsteile, Verwaltungsgemeinschaften, postcodes, ARS and AGS.

Places of the county come before places outside of the same name. What a place outside is called is kept in the locality:
`Locality(OUTSIDE, "Augsburg")`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.model import OUTSIDE, Locality
from knowledge.places.elsewhere import Found, Statement, is_short_statement
from knowledge.places.everyday import EVERYDAY
from knowledge.places.names import CONNECTING, STREETS, Match, Names, Word, name_words, short_name, window, words_of
from knowledge.places.outside import Outside, names_place
from knowledge.places.spelling import Spellings
from knowledge.release import Release

_BEFORE_A_PLACE = frozenset(
    """in im nach aus bei von vom fuer from to ortsteil weiler gemeinde stadt markt dorf vg richtung ort wohnort plz
    hierher""".split()
)
_COUNTY = frozenset(("landkreis", "landratsamt"))
_OTHER = frozenset("anderer anderen anderem nachbar".split())
_FROM = frozenset(("von", "vom", "aus", "from"))
_FILLERS = frozenset("der die das dem den unserem unserer ortsteil gemeinde stadt markt weiler".split())
_POLITE = frozenset("in aus nach ich wir wohne wohnen komme kommen bin sind bitte danke also ja".split())
_BEFORE_A_PERSON = frozenset("herr herrn frau familie fam dr prof nachname nachnamen familienname heisse heissen".split())
_NAMES_OF_PERSONS = frozenset("name nachname familienname".split())
_AMOUNT = re.compile(r"\s*(?:€|eur)", re.IGNORECASE)
_NUMBERED = frozenset("en din iso nr nummer az aktenzeichen rechnung".split())


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
class _Named:
    """What a word begins: over how many words, what it may mean, and the name of a place outside."""

    length: int = 0
    localities: tuple[Locality, ...] = ()
    outside: Match[str] | None = None


_NOTHING = _Named()


class Gazetteer:
    """All names of places of a release, ready for look-up. Build once a release; never changed."""

    def __init__(self, release: Release) -> None:
        self._release = release
        # The steps of one turn ask for the same text one after the other.
        self._last: tuple[str, tuple[Mention, ...]] = ("", ())
        self._outside = Outside(release.knowledge.outside)
        self._names: Names[tuple[Locality, ...]] = Names()
        self._codes: dict[str, tuple[Locality, ...]] = {}
        self._county = (Locality(release.county.ars),) if release.county else ()
        self._region = name_words(release.region)[1:]
        for place in release.places.values():
            self._codes[place.ars] = self._codes[place.ags] = (Locality(place.ars),)
            if place.is_county:
                continue
            self._add(place.name, Locality(place.ars))
            if place.vg:
                self._add(place.vg, Locality(place.ars))
            for plz in place.plz:
                self._add_code(plz, Locality(place.ars))
            for district in place.districts:
                if district.name != place.name:
                    self._add(district.name, Locality(place.ars, district.name))
                for plz in district.plz:
                    self._add_code(plz, Locality(place.ars, district.name))
        self._spellings = Spellings(self._names.values)
        self._add_short_names()

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
        words = list(words_of(text))
        return (
            self._whole(words, text)
            or decide(self.find(text))
            or self._named_outside(words, text)
            or self._similar([word.key for word in words])
            or self._similar([word.key for word in words[1:]])
        )

    def find(self, text: str) -> list[Mention]:
        """The places named in a free text, in order. Inflected and, after a preposition, misspelt names count too."""
        if self._last[0] != text:
            self._last = (text, tuple(self._find(text)))
        return list(self._last[1])

    def _whole(self, words: list[Word], text: str) -> tuple[Locality, ...]:
        """A name that is all of a text, but for words such as „in" and „bitte"."""
        kept = [number for number, word in enumerate(words) if word.key not in _POLITE]
        words = words[kept[0] : kept[-1] + 1] if kept else []
        if not words:
            return ()
        if county := self._county_at(words, 0, text):
            return county.localities if county.length == len(words) else ()
        for match in self._names.at(words, 0, inflected=True):
            if match.length == len(words):
                return match.value
        outside = next(self._outside.names.at(words, 0, inflected=False), None)
        return (Locality(OUTSIDE, outside.value),) if outside and outside.length == len(words) else ()

    def _named_outside(self, words: list[Word], text: str) -> tuple[Locality, ...]:
        """Where a place is asked for, a preposition says enough: „eigentlich noch in München"."""
        for at, word in enumerate(words):
            if _preposition(words, at) and word.key not in EVERYDAY:
                match = self._outside.at(words, at, text) or self._outside.misspelt(word, text)
                if match:
                    return (Locality(OUTSIDE, match.value),)
        return ()

    def _find(self, text: str) -> list[Mention]:
        words, named = self._named(text)
        found = _found_outside(words, named)
        statement = _statement(text, words, named) if found else None
        mentions = []
        for at, each in named:
            if statement is None or at not in found or statement.belongs_to(found[at]):
                start, end = words[at].start, words[at + each.length - 1].end
                mentions.append(Mention(each.localities, start, end, text[start:end], _preposition(words, at)))
        return mentions

    def statement(self, text: str) -> tuple[Statement, dict[tuple[int, int], Found]]:
        """A text that may name places outside, and these by where they stand (character offsets)."""
        words, named = self._named(text)
        found = _found_outside(words, named)
        return _statement(text, words, named), {(words[at].start, words[each.end - 1].end): each for at, each in found.items()}

    def _named(self, text: str) -> tuple[list[Word], list[tuple[int, _Named]]]:
        """The words of a text, and what they name from which word on."""
        words = [word for word in words_of(text) if not (word.key.isdigit() and _AMOUNT.match(text, word.end))]
        named: list[tuple[int, _Named]] = []
        at = 0
        while at < len(words):
            here = self._starting_at(words, at, text)
            if here.localities:
                named.append((at, here))
            at += max(here.length, 1)
        return words, named

    def _starting_at(self, words: list[Word], at: int, text: str) -> _Named:
        if words[at].is_postcode:
            if at and words[at - 1].key in _NUMBERED:
                return _NOTHING
            return _Named(1, self._by_code(words[at].key))
        if county := self._county_at(words, at, text):
            return county
        if words[at].key in CONNECTING or _is_person(words, at):
            return _NOTHING
        ours = list(self._names.at(words, at, inflected=True))
        inside = next((each for each in ours if self._may_stand(each, words, at)), None)
        outside = self._outside.at(words, at, text)
        if outside and all(self._is_elsewhere(outside, each, words, at) for each in ours[:1]):
            return _named_outside(outside)
        if inside:
            found = self._longer(inside, words, at)
            return _without_street(found.length, found.value, found.inflected, words, at)
        similar = self._similar_at(words, at) if _preposition(words, at) and words[at].key not in _FILLERS else _NOTHING
        if similar.length:
            return similar
        misspelt = self._outside.misspelt(words[at], text)
        return _named_outside(misspelt) if misspelt else _NOTHING

    def _county_at(self, words: list[Word], at: int, text: str) -> _Named | None:
        """„Landkreis", „Landratsamt Lindenau", „Lkr. Miesbach", „in einem anderen Landkreis"."""
        if words[at].key not in _COUNTY:
            return None
        if at and words[at - 1].key in _OTHER and words[at].key == "landkreis":
            is_meant = is_short_statement(words) and _preposition(words, at - 1) not in _FROM
            return _Named(1, (Locality(OUTSIDE),) if is_meant else ())
        behind = tuple(word.key for word in words[at + 1 : at + 1 + len(self._region)])
        if self._county and behind == self._region:
            return _Named(1 + len(behind), self._county)
        named = self._county_outside(words, at, text)
        return _named_outside(named) if named else _Named(1, self._county)

    def _county_outside(self, words: list[Word], at: int, text: str) -> Match[str] | None:
        """A Kreis by its own name, else by that of a place: „Landratsamt Rosenheim", „Landratsamt in Rosenheim"."""
        behind = at + 1
        if words[at].key == "landratsamt" and behind < len(words) and words[behind].key in ("in", "von"):
            behind += 1
        if behind == len(words) or not names_place(words[behind], text):
            return None
        kreis = next(self._outside.names.at(words, at, inflected=False), None)
        if kreis or words[behind].key in EVERYDAY:
            return kreis
        place = self._outside.at(words, behind, text)
        if place is None:
            return None
        is_kreis = not place.value or place.value.startswith(("Landkreis ", "Kreis ")) or not self._outside.is_register
        return Match(behind - at + place.length, place.name, place.value if is_kreis else f"Landkreis {place.value}")

    def _is_elsewhere(self, outside: Match[str], inside: Match[tuple[Locality, ...]], words: list[Word], at: int) -> bool:
        """A longer name than that of a place of ours, or „01945 Lindenau": with a postcode of its own."""
        if outside.words > inside.words:
            return True
        code = words[at - 1].key if at and words[at - 1].is_postcode else ""
        return bool(code) and code not in self._codes and self._outside.has(outside.value, code)

    def _may_stand(self, match: Match[tuple[Locality, ...]], words: list[Word], at: int) -> bool:
        """Many Ortsteile are everyday words: they count only after a preposition or postcode, alone, or beside their Gemeinde."""
        if match.name not in EVERYDAY and not all(locality.district for locality in match.value):
            return True
        if len(words) == match.length or _preposition(words, at) or (at and words[at - 1].is_postcode):
            return True
        rest = " ".join(word.key for word in (*words[:at], *words[at + match.length :]))
        gemeinden = (name_words(self._release.places[locality.ars].name) for locality in match.value)
        return any(" ".join(words) in rest for words in gemeinden)

    def _longer(self, match: Match[tuple[Locality, ...]], words: list[Word], at: int) -> Match[tuple[Locality, ...]]:
        """A longer name that begins with the same word and is misspelt later on, else what was found."""
        keys, lengths = self._names.window(words, at)
        for count in range(len(keys), match.words, -1):
            if name := self._spellings.closest(keys[:count], begins=keys[0]):
                return Match(lengths[count - 1], name, self._names.values[name])
        return match

    def _similar_at(self, words: list[Word], at: int) -> _Named:
        keys, lengths = window(words, at, self._spellings.longest)
        for count in range(len(keys), 0, -1):
            if localities := self._similar(keys[:count]):
                return _without_street(lengths[count - 1], localities, keys[count - 1].endswith("er"), words, at)
        return _NOTHING

    def _similar(self, words: Sequence[str]) -> tuple[Locality, ...]:
        words = [word for word in words if word not in CONNECTING]
        name = self._spellings.closest(words)
        return self._names.values[name] if name else ()

    def _by_code(self, digits: str) -> tuple[Locality, ...]:
        known = self._codes.get(digits, ())
        if len(digits) == 5:
            if digits in self._outside.codes:
                return (*known, Locality(OUTSIDE, self._outside.codes[digits]))
            return known or (() if self._outside.has_all_codes or digits <= "01000" else (Locality(OUTSIDE),))
        if known or len(digits) not in (8, 12):
            return known
        named = tuple(Locality(OUTSIDE, name) for name in self._outside.by_key(digits))
        return named or (() if self._outside.is_register or digits <= "01000" else (Locality(OUTSIDE),))

    def _add(self, name: str, locality: Locality) -> None:
        for words in {name_words(name), name_words(name.replace("-", " "))}:
            known = self._names.values.get(" ".join(words), ())
            self._names.add(words, (*known, locality) if locality not in known else known)

    def _add_short_names(self) -> None:
        """„Neustadt" for „Neustadt a.d.Aisch", where nothing of ours is called so."""
        taken = set(self._names.values)
        for place in self._release.places.values():
            for name, locality in [(place.name, Locality(place.ars))] + [
                (district.name, Locality(place.ars, district.name)) for district in place.districts
            ]:
                if " ".join(name_words(short_name(name))) not in taken and not place.is_county:
                    self._add(short_name(name), locality)

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


def _without_street(length: int, localities: tuple[Locality, ...], inflected: bool, words: list[Word], at: int) -> _Named:
    """„Wallersbacher Straße" is no place."""
    behind = at + length
    if inflected and behind < len(words) and words[behind].key in STREETS:
        return _Named(length + 1)
    return _Named(length, localities)


def _found_outside(words: list[Word], named: list[tuple[int, _Named]]) -> dict[int, Found]:
    return {at: Found(at, each.outside, _preposition(words, at)) for at, each in named if each.outside}


def _statement(text: str, words: list[Word], named: list[tuple[int, _Named]]) -> Statement:
    ours = [range(at, at + each.length) for at, each in named if not each.outside]
    return Statement(text, words, tuple(_found_outside(words, named).values()), ours)


def _named_outside(match: Match[str]) -> _Named:
    return _Named(match.length, (Locality(OUTSIDE, match.value),), match)


def _is_person(words: list[Word], at: int) -> bool:
    """„Frau Lindenauer", „mein Name ist Moosham"."""
    before = [word.key for word in words[max(0, at - 2) : at]]
    return bool(before) and (before[-1] in _BEFORE_A_PERSON or (before[-1] == "ist" and before[0] in _NAMES_OF_PERSONS))


def _preposition(words: list[Word], at: int) -> str:
    """The preposition before a place, over an article or „Ortsteil": „aus der Strandsiedlung"."""
    kind = ""
    for word in reversed(words[max(0, at - 3) : at]):
        if word.key not in _FILLERS:
            return word.key if word.key in _BEFORE_A_PLACE else kind
        if word.key in _BEFORE_A_PLACE:
            kind = word.key
    return kind

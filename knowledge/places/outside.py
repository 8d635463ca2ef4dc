"""The places outside: those of the national register, and those of a list made by hand or a selection."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from knowledge.model import OutsidePlace
from knowledge.places.everyday import EVERYDAY, NO_INHABITANTS, VERBS
from knowledge.places.names import STREETS, Match, Names, Word, name_words, short_name

_SHORTEST_MISSPELT = 7
_INHABITANT = re.compile(r"([a-z-]{3,})(?:er|erin|ers)")
_UMLAUT = re.compile("([aou])e")
_NO_BOROUGHS = frozenset(
    """reise reisen tour urlaub trip fahrt ausflug ticket besuch flug spiel fan fans messe umzug kennzeichen""".split()
)


class Outside:
    """The places outside, by name and postcode, made when first needed: there are thousands.

    A value is what the place is called, or for a borough its city; empty where several places share a name or postcode.
    """

    def __init__(self, places: tuple[OutsidePlace, ...]) -> None:
        self._places = places

    @cached_property
    def names(self) -> Names[str]:
        """All names, those of the register first."""
        names: Names[str] = Names()

        def add(name: str, value: str) -> None:
            words = name_words(name)
            if words and " ".join(words) not in names.values:
                names.add(words, value)

        registered = [place for place in self._places if place.ars]
        for place in registered:
            add(place.name, place.name)
        # Nobody lives in a place without a postcode: a forest, a lake.
        for name in {short for place in registered if place.plz and (short := short_name(place.name)) != place.name}:
            add(name, name)
        for county in dict.fromkeys(place.county for place in registered if place.county):
            add(county, county)
            add(county.removeprefix("Landkreis ").removeprefix("Kreis "), county)
        listed = [place for place in self._places if not place.ars and place.name]
        for place in listed:
            add(place.name, place.county or place.name)
        shorts = Counter(short for place in listed if (short := short_name(place.name)) != place.name)
        for place in listed:
            short = short_name(place.name)
            if short in shorts and (place.county or name_words(short)[0] not in EVERYDAY):
                add(short, place.name if shorts[short] == 1 else "")
        for place in self._places:
            if "-" in place.name:
                add(place.name.replace("-", " "), place.name)
        return names

    @cached_property
    def _slips(self) -> dict[str, list[tuple[str, str]]]:
        """How large cities may be written, and their names, by what is left of them when a letter is left out.

        Two words that are one slip apart have a word in common among these, or are such a word.
        """
        slips: dict[str, list[tuple[str, str]]] = {}
        for city in self._cities:
            if len(city) >= _SHORTEST_MISSPELT:
                for written in {city, _UMLAUT.sub(r"\1", city)}:
                    for left in (written, *_one_letter_less(written)):
                        slips.setdefault(left, []).append((written, city))
        return slips

    @cached_property
    def _cities(self) -> frozenset[str]:
        """Names of one word of large cities that are no everyday words."""
        cities = (place for place in self._places if place.county and place.name == place.county)
        named = (name_words(short_name(place.name)) for place in cities)
        return frozenset(words[0] for words in named if len(words) == 1 and words[0] not in EVERYDAY)

    def at(self, words: Sequence[Word], at: int, text: str) -> Match[str] | None:
        """The longest name that begins at a word and is written like one; or the city of „Köln-Porz"."""
        if not names_place(words[at], text):
            return None
        found = next(self.names.at(words, at, inflected=False), None)
        if found:
            return found
        if inhabitants := self._inhabitants(words, at):
            return inhabitants
        city, hyphen, borough = words[at].key.partition("-")
        if hyphen and city in self.names.values and city not in EVERYDAY and borough not in _NO_BOROUGHS:
            return Match(1, city, self.names.values[city])
        return None

    def _inhabitants(self, words: Sequence[Word], at: int) -> Match[str] | None:
        """„die Flensburger Zulassungsstelle", „als Nürnbergerin"; not „Münchner Straße", nor a Rottweiler."""
        people = _INHABITANT.fullmatch(words[at].key)
        behind = words[at + 1].key if at + 1 < len(words) else ""
        if not people or words[at].key in NO_INHABITANTS or behind in STREETS:
            return None
        for name in (people[1], f"{people[1]}e", f"{people[1]}en", f"{people[1].removesuffix('n')}en"):
            if name in self.names.values and name not in EVERYDAY:
                return Match(1, name, self.names.values[name], inflected=True)
        return None

    def misspelt(self, word: Word, text: str) -> Match[str] | None:
        """The large city that a word means with one slip in it: „nürnbreg"."""
        key = word.key
        if len(key) < _SHORTEST_MISSPELT - 1 or not key.isalpha() or not names_place(word, text):
            return None
        near = (pair for left in (key, *_one_letter_less(key)) for pair in self._slips.get(left, ()))
        name = next((name for written, name in near if name[0] == key[0] and _is_one_slip(key, written)), None)
        return Match(1, name, self.names.values[name]) if name else None

    @cached_property
    def codes(self) -> dict[str, str]:
        """By postcode."""
        codes: dict[str, str] = {}
        for place in self._places:
            for plz in place.plz:
                codes[plz] = place.name if codes.get(plz, place.name) == place.name else ""
        return codes

    @cached_property
    def has_all_codes(self) -> bool:
        """Whether a table of postcodes was read: the Gemeindeverzeichnis has the one of the seat alone."""
        return any(place.ars and len(place.plz) > 1 for place in self._places)

    def by_key(self, key: str) -> tuple[str, ...]:
        """Names of the place with an ARS or AGS."""
        return tuple(place.name for place in self._places if place.ars and key in (place.ars, place.ars[:5] + place.ars[9:]))

    @cached_property
    def is_register(self) -> bool:
        """Whether the Gemeindeverzeichnis was read, or only names from a hand-made list are known."""
        return any(place.ars for place in self._places)

    def has(self, name: str, plz: str) -> bool:
        """Whether a place of this name has the postcode."""
        return any(plz in place.plz and place.name == name for place in self._places)


def names_place(word: Word, text: str) -> bool:
    """Whether a name is written like one: not „wenden" in lower case in the middle of a text that has capitals."""
    if word.key in VERBS:
        return text[word.start].isupper() and not text.isupper()
    return text[word.start].isupper() or text[1:].islower()


def _one_letter_less(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _is_one_slip(word: str, name: str) -> bool:
    """Whether one letter is missing, too many, wrong, or has changed places with the next."""
    if len(word) != len(name):
        return True
    wrong = [at for at, (one, other) in enumerate(zip(word, name, strict=True)) if one != other]
    if len(wrong) == 2:
        first, second = wrong
        return second == first + 1 and word[first] == name[second] and word[second] == name[first]
    return len(wrong) < 2

"""Places outside: which there are, and when a text that names one means that its matter belongs there.

Most texts that name a place elsewhere do not: „Meine Tochter studiert in Passau", „Ich bin aus Köln hergezogen". Taking such
a place for the person's own would send somebody away who is right here, while missing one costs a single question. So it
counts only where a text says little else, or says in so many words that somebody lives there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from knowledge.model import OutsidePlace
from knowledge.places.everyday import EVERYDAY
from knowledge.places.names import CONNECTING, Match, Names, Word, name_words, short_name

_ALONE = CONNECTING | frozenset(
    """nach aus fuer plz ort wohnort ich wir wohne wohnen komme kommen bin sind es ist das bitte danke also ja nein und oder
    wie was auch jetzt dann doch hallo m gemeinde stadt markt dorf unser unsere from to we live my is""".split()
)
"""Words beside a place that leave it all that is said."""

_KINDS = frozenset("gemeinde stadt markt marktgemeinde ortschaft kreisstadt".split())
_STAYS = frozenset("wohne wohnen wohn wohnhaft wohnsitz wohnort lebe leben gemeldet daheim zuhause live living".split())
_GOES = frozenset(
    """ziehe ziehen gezogen zieh umziehe umziehen umgezogen umzuziehen umzug wegziehen weggezogen wegzug verzogen verziehen
    zuzug move moved moving""".split()
)
_COMES = frozenset("komme kommen bin sind stamme come am are".split())
_STORY = re.compile(
    r"""hier\w*|her|herge\w+|herzieh\w*|zugezogen|zurueck|frueher\w*|vorher|bisher|bislang|damals|gewohnt|neue?[nrms]?|uns|euch
    |here|used|arbeit\w*|studi\w*|studen\w*|jobb?\w*|praktik\w*|ausbildung\w*|uni\w*|lehrgang|seminar|klinik|firma|gmbh|betrieb
    |mutter|vater|eltern|mama|papa|bruder|schwester|geschwister|sohn\w*|tochter|toechter|kind\w*|enkel\w*|oma|opa|gross\w+
    |freund\w*|partner\w*|mann|frau|tante|onkel|nichte|neffe|cousin\w*|schwieger\w*|mieter\w*|nachbar\w*|kolleg\w*|anwalt
    |brother|sister|son|daughter|mother|father|parents|friend|husband|wife|work\w*|study\w*
    |zug|zuege|bus|bahn|flug|flight|fahre?n?|faehrt|fahrt\w*|ausflug|urlaub|ferien\w*|reise\w*|hotel|nebenwohn\w*|zweit\w*
    |schick\w*|geschickt|kennzeichen|ausgestellt|gekauft|geboren""".replace("\n", "").replace(" ", "")
)
"""Words that make a place elsewhere a part of a story: what was before, other people, work, journeys."""

_LONGEST_STATEMENT = 15
"""With more words, a place elsewhere is a part of a story too."""

_SHORT_QUESTION = 9
_BESIDE = 5


class Outside:
    """The places outside, by name and postcode, made when first needed: with the national register there are thousands.

    A value is what the place is called; empty where a hand-made list only knows a name as people use it, or where several
    places share a postcode.
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
        for place in self._places:
            if not place.ars and place.name:
                add(place.name, "")
        return names

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
    return text[word.start].isupper() or text[1:].islower()


def is_meant(match: Match[str], words: Sequence[Word], at: int, text: str, preposition: str) -> bool:
    """Whether a text that names a place outside means it as the place of its matter. `preposition` stands before the name,
    perhaps over an article.
    """
    everyday = match.name in EVERYDAY
    before = words[at - 1].key if at else ""
    is_called = before in _KINDS and (text[words[at].start].isupper() or not everyday)
    if at and words[at - 1].is_postcode:
        return True
    rest = [word.key for word in (*words[:at], *words[at + match.length :])]
    if not everyday and all(word in _ALONE for word in rest):
        return True
    if len(words) > _LONGEST_STATEMENT or any(_STORY.fullmatch(word) for word in rest):
        return False
    preposition = before if everyday else preposition
    if is_called or _lives_there(preposition, words, at, match.length):
        return True
    return preposition in ("in", "im") and not everyday and is_short_statement(words)


def is_short_statement(words: Sequence[Word]) -> bool:
    """Whether a text says so little that a place in it is what it is about."""
    return len(words) <= _SHORT_QUESTION


def _lives_there(preposition: str, words: Sequence[Word], at: int, length: int) -> bool:
    """„ich wohne in Augsburg", „bin nach Haar gezogen", „komme aus Neustadt"."""
    beside = {word.key for word in words[max(0, at - _BESIDE) : at + length + _BESIDE]}
    if preposition in ("in", "im"):
        return bool(beside & _STAYS)
    if preposition in ("nach", "to"):
        return bool(beside & _GOES)
    return preposition in ("aus", "from") and at > 1 and words[at - 2].key in _COMES and not beside & _GOES

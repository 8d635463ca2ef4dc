"""Names of places as people write them: their words, short forms, endings; and an index to find them in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from knowledge.text import fold

_Value = TypeVar("_Value")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*\.?")
_SPELLED_OUT = {
    "st": "sankt",
    "lkr": "landkreis",
    "lkrs": "landkreis",
    "lk": "landkreis",
    "kreis": "landkreis",
    "lra": "landratsamt",
    "verwaltungsgemeinschaft": "vg",
    "vgem": "vg",
}
CONNECTING = frozenset("a am an auf b bei beim d dem den der die i im in o ob u unter v vom von vor vorm zu zum zur".split())
"""Words inside of names that people leave out or spell differently: „Kirchdorf im Moos", „Kirchdorf i. Moos", „Kirchdorf/Moos".
"""

STREETS = frozenset("strasse str weg platz allee gasse ring ufer damm chaussee steig pfad".split())

_SHORT = re.compile(r"\s*[,(/].*|(?<=\w)\s+(?:a|am|an|auf|b|bei|i|im|in|o|ob|unter|v|vom|von|vor|vorm)\b.*")
_ENDINGS = ("", "s", "er", "ers", "ern", "ener", "erin", "erinnen")
_PEOPLE = re.compile(r"(.+?)(?:er|ers|ern|erin|erinnen)")
_MOST_CONNECTING = 3
_KEPT = 20_000
"""Words whose base forms are kept: most come again and again."""


@dataclass(frozen=True)
class Word:
    """A word of a text in the spelling of look-ups, and where it stands (character offsets)."""

    key: str
    start: int
    end: int

    @property
    def is_postcode(self) -> bool:
        return len(self.key) == 5 and self.key.isdigit()


@dataclass(frozen=True)
class Match(Generic[_Value]):
    """A name found in a text: over how many words of the text, the name itself, what it stands for."""

    length: int
    name: str
    value: _Value
    inflected: bool = False

    @property
    def words(self) -> int:
        """How many words of the name count."""
        return self.name.count(" ") + 1


class Names(Generic[_Value]):
    """Names by their words, ready for look-up at any word of a text; connecting words do not count."""

    def __init__(self) -> None:
        self.values: dict[str, _Value] = {}
        self._most_words: dict[str, int] = {}

    def add(self, words: tuple[str, ...], value: _Value) -> None:
        """`words` as `name_words` gives them; a name that is there already gets the new value."""
        self.values[" ".join(words)] = value
        if len(words) > 1:
            self._most_words[words[0]] = max(len(words), self._most_words.get(words[0], 0))

    def at(self, words: Sequence[Word], at: int, *, inflected: bool) -> Iterator[Match[_Value]]:
        """The names that begin at a word, longest first; with `inflected` also „Ammerfelder", „Grünsees"."""
        keys, lengths = self.window(words, at)
        for count in range(len(keys), 0, -1):
            before, last = "".join(f"{key} " for key in keys[: count - 1]), keys[count - 1]
            for form in _base_forms(last) if inflected else (last,):
                if (name := before + form) in self.values:
                    yield Match(lengths[count - 1], name, self.values[name], form != last)
                    break

    def window(self, words: Sequence[Word], at: int) -> tuple[list[str], list[int]]:
        """The words that count from here on, as many as a name that begins so may have, and how far each reaches."""
        return window(words, at, self._most_words.get(words[at].key, 1))


def window(words: Sequence[Word], at: int, most: int) -> tuple[list[str], list[int]]:
    """Up to `most` words from here on, without connecting ones, and how far each reaches."""
    keys, lengths = [words[at].key], [1]
    for number in range(at + 1, min(len(words), at + most + _MOST_CONNECTING)):
        if len(keys) == most:
            break
        if words[number].key not in CONNECTING:
            keys.append(words[number].key)
            lengths.append(number - at + 1)
    return keys, lengths


def words_of(text: str) -> Iterator[Word]:
    """The words of a text, abbreviations such as „St." spelled out."""
    for match in _WORD.finditer(text):
        yield Word(_spelled_out(fold(match[0])), match.start(), match.end())


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name that count, in one spelling: „neustadt", „aisch" of „Neustadt a.d.Aisch"."""
    if name.isalpha():
        return (_spelled_out(fold(name)),)
    words = [_spelled_out(word) for word in _WORD.findall(fold(name))]
    return tuple([word for word in words if word not in CONNECTING] or words)


def short_name(name: str) -> str:
    """What people leave away gone: „Neustadt" of „Neustadt a.d.Aisch", „Halle" of „Halle (Saale)"."""
    return name if name.isalpha() else _SHORT.sub("", name)


def _spelled_out(word: str) -> str:
    word = word.rstrip(".")
    return _SPELLED_OUT.get(word, word)


@lru_cache(maxsize=_KEPT)
def _base_forms(word: str) -> tuple[str, ...]:
    """What an inflected name may come from: „ammerfeld" of „ammerfelder", „pfarrhausen" of „pfarrhauser"."""
    forms = [word[: len(word) - len(ending)] for ending in _ENDINGS if word.endswith(ending)]
    if people := _PEOPLE.fullmatch(word):
        forms += [f"{people[1]}e", f"{people[1]}en", f"{people[1].replace('haeus', 'haus')}en"]
    return tuple(forms)

"""Everyday words and the official ones they stand for: „Perso“ is a Personalausweis. Staff extend `nlu_data/lexikon.yml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Tuple

import yaml

from knowledge.text import folded_words

FILE = Path("nlu_data/lexikon.yml")
_ENDINGS = frozenset(("", "s", "e", "en", "er", "es"))
_LONGEST_ENDING = 2
_SHORTEST = 2
_KEPT = 20_000
"""Words whose base forms are kept: most come again and again."""


class Lexicon:
    """Finds everyday words and phrases in a text, inflected or not."""

    def __init__(self, entries: Iterable[Tuple[Iterable[str], Iterable[str]]]) -> None:
        """`entries` are pairs of what people say and what offices call it."""
        self._by_first: Dict[str, List[Tuple[Tuple[str, ...], Tuple[str, ...]]]] = {}
        for said, meant in entries:
            for phrase in said:
                words = tuple(folded_words(phrase))
                if words:
                    self._by_first.setdefault(words[0], []).append((words, tuple(meant)))

    def meanings(self, text: str) -> List[str]:
        """The official words for what the text says, each once, in order."""
        words = folded_words(text)
        return list(dict.fromkeys(meant for at in range(len(words)) for meant in self._at(words, at)))

    def _at(self, words: List[str], at: int) -> Iterator[str]:
        for first in _base_forms(words[at]):
            for phrase, meant in self._by_first.get(first, ()):
                rest = words[at + 1 : at + len(phrase)]
                if len(rest) == len(phrase) - 1 and all(map(_means, rest, phrase[1:])):
                    yield from meant


def _means(said: str, listed: str) -> bool:
    return listed in _base_forms(said)


@lru_cache(maxsize=_KEPT)
def _base_forms(word: str) -> Tuple[str, ...]:
    cuts = range(max(len(word) - _LONGEST_ENDING, _SHORTEST), len(word) + 1)
    return tuple(word[:cut] for cut in reversed(cuts) if word[cut:] in _ENDINGS)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon of the project, read once a process; empty where there is none."""
    if not FILE.exists():
        return Lexicon(())
    rows = yaml.load(FILE.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or []
    return Lexicon((row["words"], row["means"]) for row in rows)

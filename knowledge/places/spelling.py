"""Names that a misspelt one may stand for."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

_CLOSE_ENOUGH = 0.84
_CLOSE_WORD = 0.75
_SHORTEST = 6
_IN_COMMON = 3
"""Pairs of letters that a name shares with every name so close to it."""


class Spellings:
    """Names of six letters or more, found by a likeness of 0.84 (Ratcliff and Obershelp) as a whole and 0.75 of each word.

    Only those are compared that share pairs of letters: one in a hundred of the names of a country.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """`names`: folded, words between single spaces."""
        self._having: dict[tuple[int, str], list[str]] = {}
        self.longest = 1
        for name in names:
            if _letters(name) >= _SHORTEST:
                words = name.count(" ") + 1
                self.longest = max(self.longest, words)
                for pair in _pairs(name):
                    self._having.setdefault((words, pair), []).append(name)

    def closest(self, words: Sequence[str], begins: str = "") -> str:
        """The name of as many words that is meant, of those that begin with the word `begins`; empty if there is none."""
        said = " ".join(words)
        if _letters(said) < _SHORTEST:
            return ""
        shared = Counter(name for pair in _pairs(said) for name in self._having.get((len(words), pair), ()))
        near = [name for name, pairs in shared.items() if pairs >= _IN_COMMON and (not begins or name.startswith(f"{begins} "))]
        for close in difflib.get_close_matches(said, near, n=3, cutoff=_CLOSE_ENOUGH):
            each = zip(words, close.split(), strict=True)
            if all(difflib.SequenceMatcher(None, one, other).ratio() >= _CLOSE_WORD for one, other in each):
                return close
        return ""


def _letters(name: str) -> int:
    return len(name.replace(" ", ""))


def _pairs(name: str) -> set[str]:
    return {name[at : at + 2] for at in range(len(name) - 1)}

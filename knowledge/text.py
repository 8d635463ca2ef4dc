"""Spelling that does not matter: case, umlauts, ß, accents."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def fold(text: str) -> str:
    """Lower case with ä=ae, ö=oe, ü=ue, ß=ss and no accents, so that both spellings of a word meet."""
    composed = unicodedata.normalize("NFKC", text).lower().translate(_GERMAN)
    if composed.isascii():
        return composed
    decomposed = unicodedata.normalize("NFKD", composed)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def folded_words(text: str) -> list[str]:
    """The words of a text, folded, in order."""
    return _WORD.findall(fold(text))

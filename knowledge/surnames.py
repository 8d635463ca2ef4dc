"""Surname initials as German offices divide them: A..S, Sch, St, T..Z."""

from __future__ import annotations

import re
import unicodedata

INITIALS = (*"ABCDEFGHIJKLMNOPQRS", "Sch", "St", *"TUVWXYZ")
"""`Sch` and `St` stand behind `S` and are not part of it."""

_RANK = {initial: rank for rank, initial in enumerate(INITIALS)}
PARTICLES = frozenset(
    "af am an auf aus av da de del della dem den der des di dos du im in la le ten ter und v van vom von zu zum zur".split()
)
"""Words before a surname that do not count."""

_NOT_COUNTED = PARTICLES | {"dr", "prof"}
_FOLD = str.maketrans({"Ø": "O", "Æ": "A", "Œ": "O", "Ł": "L", "Đ": "D", "Þ": "T", "ẞ": "S", "ß": "s", "İ": "I"})


def surname_initial(surname: str) -> str | None:
    """The initial that decides, one of `INITIALS`; None when the text holds no Latin letter.

    Ä=A, Ö=O, Ü=U, ß=ss (DIN 5007-1); „von", „van", „de" and the like, „Dr." and „Prof." do not count; a double
    name goes by its first part.
    """
    words = [word for word in re.split(r"[\s\-–]+", surname.strip()) if word]
    named = [word for word in words if word.lower().strip(".") not in _NOT_COUNTED] or words[-1:]
    for word in named:
        letters = "".join(
            char for char in unicodedata.normalize("NFKD", word.strip("'’.\"").upper().translate(_FOLD)) if "A" <= char <= "Z"
        )
        if letters:
            return "Sch" if letters.startswith("SCH") else "St" if letters.startswith("ST") else letters[0]
    return None


def in_range(initial: str, first: str, last: str) -> bool:
    """Whether an initial lies between two others, both included; an empty end is open."""
    rank = _RANK[initial]
    return (not first or _RANK[first] <= rank) and (not last or rank <= _RANK[last])


def range_label(initials: list[str]) -> str:
    """A readable name for neighbouring initials: „A–K", „L–S (ohne Sch, St)"."""
    first, last = initials[0], initials[-1]
    label = first if first == last else f"{first}–{last}"
    return f"{label} (ohne Sch, St)" if last == "S" else label

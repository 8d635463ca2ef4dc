"""Which of the offered answers a text picks: by number, by order, by label, or by words that only one of them is called by."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from actions.state import NONE_OF_THESE
from actions.wording import alike, content_of
from knowledge.text import fold, folded_words

Option = tuple[str, str]
"""Value and label."""

_ORDER = (
    "erst first eins one",
    "zweit second zwei two",
    "dritt third drei three",
    "viert fourth vier four",
    "fuenft fifth fuenf five",
    "sechst sixth sechs six",
)
_PLACE_IN_ORDER = {word: number for number, words in enumerate(_ORDER) for word in words.split()}
_LAST = frozenset(("letzt", "last"))
_AROUND = (
    r"(?:(?:ja|also|dann|bitte|please|das|die|der|den|dem|the|nehme ich|ich nehme|ich meine|i mean|option|answer|antwort) ?,? ?)*"
)
_NUMBER = re.compile(rf"{_AROUND}(?:nummer |number |no\.? ?|nr\.? ?|#)?(\d)\.?")
_NTH = re.compile(
    rf"{_AROUND}(?:nummer |number |nr\.? ?)?([a-z]+?)(?:e|er|es|en|em)?(?: (?:one|option|davon|moeglichkeit|punkt))?"
)
_NONE = re.compile(
    r"(?:nein |no |leider |ne |na |,)*(?:kein\w*|nichts?|nix|koan\w*|none|neither|nothing)"
    r"(?: (?:davon|hiervon|dabei|von (?:denen|allen|allem|beiden|diesen|dene)|(?:passt|trifft zu)|of (?:these|those|them|that)))*"
)
_MOST_WORDS = 6


def shown(options: Sequence[Option]) -> tuple[Option, ...]:
    """The options that stood on buttons: those behind `NONE_OF_THESE` did not."""
    values = [value for value, _ in options]
    return tuple(options[: values.index(NONE_OF_THESE) + 1] if NONE_OF_THESE in values else options)


def picked(text: str, options: Sequence[Option], *, numbers: bool = True) -> str | None:
    """The value of the option that a text names by its number, its place in the order, or its label.

    `numbers` is False where a number would be an answer of its own.
    """
    said, buttons = fold(text).strip(" .!?,").removesuffix(" bitte").removesuffix(" please").strip(" ,"), shown(options)
    if _NONE.fullmatch(said) and any(value == NONE_OF_THESE for value, _ in buttons):
        return NONE_OF_THESE
    at = _in_order(said, [value for value, _ in buttons if value != NONE_OF_THESE], numbers)
    if at is not None:
        return buttons[at][0] if 0 <= at < len(buttons) else None
    return next((value for value, label in options if fold(label) == said), None)


def _in_order(said: str, values: Sequence[str], numbers: bool) -> int | None:
    number = _NUMBER.fullmatch(said) if numbers else None
    if number:
        return int(number[1]) - 1
    nth = _NTH.fullmatch(said)
    if nth is None:
        return None
    if nth[1] in _LAST:
        return len(values) - 1
    return _PLACE_IN_ORDER.get(nth[1])


def names_a_place_in_order(text: str) -> bool:
    """Whether a text can only be a pick: „die zweite“, “number two”."""
    return _in_order(fold(text).strip(" .!?,"), [], True) is not None


def picked_by_words(text: str, options: Sequence[Option], is_called: Callable[[str, str], bool]) -> str | None:
    """The one option whose label or names hold every word that was said, give or take a typing error.

    `is_called` says whether a word stands in a name of a value.
    """
    words = content_of(text)
    if not words or len(folded_words(text)) > _MOST_WORDS:
        return None
    real = [(value, folded_words(label)) for value, label in options if value != NONE_OF_THESE]
    ways: tuple[Callable[[str, str, list[str]], bool], ...] = (
        lambda word, value, label: word in label,
        lambda word, value, label: any(alike(word, each) for each in label),
        lambda word, value, label: is_called(word, value) or any(alike(word, each) for each in label),
    )
    for fits in ways:
        fitting = [value for value, label in real if all(fits(word, value, label) for word in words)]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None

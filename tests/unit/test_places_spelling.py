"""Misspelt names are found as by comparing with every name, only sooner."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.places.spelling import Spellings


@st.composite
def misspelt(draw: st.DrawFn) -> tuple[str, str]:
    """A name that has each pair of letters once; and the same with one letter too few, too many, or swapped."""
    name = "".join(draw(st.lists(st.sampled_from("abdefghilmnorstu"), min_size=7, max_size=14, unique=True)))
    at = draw(st.integers(0, len(name) - 2))
    begun, rest = name[:at], name[at:]
    return name, draw(st.sampled_from((begun + rest[1:], f"{begun}x{rest}", begun + rest[1] + rest[0] + rest[2:])))


@given(misspelt())
def test_whatever_is_close_is_compared(words: tuple[str, str]) -> None:
    name, said = words
    close = difflib.SequenceMatcher(None, name, said).ratio() >= 0.84
    assert Spellings([name]).closest([said]) == (name if close else "")


@pytest.mark.parametrize(
    ("said", "begins", "meant"),
    [
        (("ammerfedl",), "", "ammerfeld"),
        (("kirchdrof", "im", "moos"), "", "kirchdorf im moos"),
        (("kirchdorf", "im", "mos"), "kirchdorf", "kirchdorf im moos"),
        (("kirchdorf", "im", "mos"), "kirch", ""),
        (("ammer",), "", ""),
        (("ammerbach",), "", ""),
        (("kirchdorf",), "", ""),
    ],
)
def test_close_names(said: tuple[str, ...], begins: str, meant: str) -> None:
    spellings = Spellings(["ammerfeld", "kirchdorf im moos", "moos"])
    assert spellings.longest == 3
    assert spellings.closest(said, begins) == meant

"""Misspelt names are found as by comparing with every name, only sooner."""

from __future__ import annotations

import difflib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.places.spelling import Spellings

_NAMES = st.text("abeln", min_size=6, max_size=14)


@given(_NAMES, _NAMES)
def test_whatever_is_close_is_compared(said: str, name: str) -> None:
    close = difflib.SequenceMatcher(None, name, said).ratio() >= 0.84
    assert bool(Spellings([name]).closest([said])) <= close
    if close and len(set(itertools.pairwise(name))) == len(name) - 1:  # each pair of letters once, as names have them
        assert Spellings([name]).closest([said]) == name


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

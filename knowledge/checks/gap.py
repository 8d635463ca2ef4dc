"""A gap: for whom nobody is responsible and when, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from knowledge.checks.finding import euros, german, initials_label, listed
from knowledge.model import ROAD_CLASSES

EVERYBODY: Final = {"citizen": "für Privatpersonen", "business": "für Betriebe"}

Amounts = tuple[Decimal, Decimal | None]
"""The lowest and the highest order value of a range (EUR net); None is open."""


@dataclass(frozen=True)
class Gap:
    """For whom nobody is responsible from one day to another; what is not named is everybody, everywhere, every amount.

    An empty `district` stands for all Ortsteile that no rule names. `ended_on` is the end of the rules that held before.
    """

    first: date = date.min
    last: date = date.max
    district: str | None = None
    audience: str = ""
    initials: tuple[str, ...] = ()
    values: tuple[Amounts, ...] = ()
    ended_on: date | None = None


def gap_in_words(gap: Gap, places: str, ended: list[str], on: date) -> str:
    """What is to be mended, and how: `places` as „in Lindenau“, `ended` the rules whose end left the gap."""
    parts = (_when(gap, on), places, _district(gap), _whom(gap))
    first, *rest = [part for part in parts if part] or ["es"]
    words = " ".join((first, "ist", *rest, "niemand zuständig"))
    return f"{words[0].upper()}{words[1:]}{_because(gap, ended)}. {_advice(gap)}"


def _because(gap: Gap, ended: list[str]) -> str:
    if not gap.ended_on or not ended:
        return ""
    rules = f"die Regel {ended[0]} endet" if len(ended) == 1 else f"die Regeln {listed(ended, 3)} enden"
    return f", denn {rules} am {german(gap.ended_on)}"


def _when(gap: Gap, on: date) -> str:
    if gap.first <= on:
        return "" if gap.last == date.max else f"bis {german(gap.last)}"
    return f"ab {german(gap.first)}" if gap.last == date.max else f"vom {german(gap.first)} bis {german(gap.last)}"


def _district(gap: Gap) -> str:
    if gap.district is None:
        return ""
    if gap.district in ROAD_CLASSES:
        return f"auf {gap.district}n"
    return f"im Ortsteil {gap.district}" if gap.district else "in den übrigen Ortsteilen"


def _whom(gap: Gap) -> str:
    words = [EVERYBODY[gap.audience]] if gap.audience else []
    if gap.initials:
        words.append(f"für Nachnamen mit {initials_label(gap.initials)}")
    if gap.values:
        words.append(f"für Auftragswerte {listed(map(_amounts, gap.values))}")
    return " ".join(words)


def _amounts(bounds: Amounts) -> str:
    low, high = bounds
    if high is None:
        return f"ab {euros(low)}"
    return f"von {euros(low)} bis {euros(high)}" if low else f"bis {euros(high)}"


def _advice(gap: Gap) -> str:
    if gap.initials or gap.values:
        return "Bitte die Bereiche anpassen."
    return "Bitte eine Nachfolge eintragen." if gap.ended_on else "Bitte eine Regel ergänzen."

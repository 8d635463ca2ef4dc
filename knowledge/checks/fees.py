"""Fees that contradict each other: two amounts for the same wording, two services that are the same matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from knowledge.checks.finding import ERROR, Finding, listed
from knowledge.model import Service
from knowledge.release import Release
from knowledge.text import fold

_NUMBER: Final = r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?"
_MONEY: Final = re.compile(
    rf"(?:({_NUMBER})(?:,-+)?\s*(?:bis|-|–|und|oder)\s*)?({_NUMBER})(?:,[-–]+)?\s*(?:euro|eur|€)|(?:euro|eur|€)\s*({_NUMBER})"
)
_FREE: Final = re.compile(r"\b(?:kostenfrei|kostenlos|gebuehrenfrei|unentgeltlich|keine (?:gebuehr(?:en)?|kosten))\b")
_MARK: Final = re.compile(r"^\s*beispiel\s*:?\s*")
_MOST_OF_ONE_MATTER: Final = 20

_Amounts = tuple[str, ...]
_Fees = dict[str, list[_Amounts]]
"""The amounts that stand in each wording."""


def fees(release: Release) -> Iterator[Finding]:
    """Contradictions within a service, and between services of the same name or LeiKa key."""
    every = {service.slug: wordings(service) for service in release.services.values() if service.fees}
    for slug, own in every.items():
        for wording, amounts in own.items():
            different = list(dict.fromkeys(amounts))
            if len(different) > 1:
                what = f"für „{wording}“" if wording.strip("# ") else "ohne Zusatz"
                values = listed((_readable(each) for each in different), 4)
                message = f"Widersprüchliche Gebühren: {what} stehen hier {values}. Bitte nur den richtigen Betrag lassen."
                yield Finding(ERROR, slug, message, "fee", "services")
    yield from _between_services(release, every)


def wordings(service: Service) -> _Fees:
    """What the fees of a service say, with the amounts taken out."""
    found: _Fees = {}
    heading = ""
    for fee in service.fees:
        text = _MARK.sub("", fold(fee.text))
        heading = _heading(text) or heading
        amounts: list[str] = []

        def take(match: re.Match[str], into: list[str] = amounts) -> str:
            numbers = [_plain(each) for each in match.groups() if each] if match.re is _MONEY else ["0"]
            into.extend(numbers)
            return "#" if match.re is _FREE or len(numbers) == 1 else "# bis #"

        wording = _FREE.sub(take, _MONEY.sub(take, text.removeprefix(heading)))
        if amounts:
            found.setdefault(re.sub(r"[\s.;:]+", " ", f"{heading} {wording}").strip(), []).append(tuple(amounts))
    return found


def _heading(text: str) -> str:
    """„Online:“ alone, or „vor Ort: Neufahrzeug: 30 Euro“: what holds for the lines below as well."""
    return text if text.rstrip().endswith(":") else text.rpartition(": ")[0].rpartition(": ")[0]


def _plain(number: str) -> str:
    """„1.000,50“, „37,00“ and „37“ as numbers that can be compared."""
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", number):
        number = number.replace(".", "")
    whole, _, cents = number.replace(",", ".").partition(".")
    return f"{int(whole)}.{cents.ljust(2, '0')}" if cents.strip("0") else str(int(whole))


def _between_services(release: Release, every: dict[str, _Fees]) -> Iterator[Finding]:
    by_matter: dict[tuple[str, str], list[Service]] = {}
    for slug in every:
        service = release.services[slug]
        by_matter.setdefault(("name", fold(service.name)), []).append(service)
        if service.leika:
            by_matter.setdefault(("leika", service.leika), []).append(service)
    said: set[frozenset[str]] = set()
    for (kind, _), services in by_matter.items():
        for one, other in combinations(services[:_MOST_OF_ONE_MATTER], 2):
            pair = frozenset((one.slug, other.slug))
            if pair in said or not _contradict(every[one.slug], every[other.slug]):
                continue
            said.add(pair)
            if kind == "name" or not _kept_apart(one, other):
                yield _conflict(kind, one, other)


def _conflict(kind: str, one: Service, other: Service) -> Finding:
    first, second = sorted((one.slug, other.slug))
    same = f"den Namen „{one.name}“" if kind == "name" else f"den LeiKa-Schlüssel {one.leika}"
    advice = "Bitte zusammenführen oder die Gebühren angleichen."
    message = f"Widersprüchliche Gebühren: {first} und {second} haben {same}, aber verschiedene Gebühren. {advice}"
    return Finding(ERROR, first, message, "fee", "services")


def _kept_apart(one: Service, other: Service) -> bool:
    """Whether a key means less than it seems: it names only an object („Parkausweis“), or one source holds both apart."""
    schemes = [{each.partition(":")[0] for each in service.source_ids} for service in (one, other)]
    return one.leika[8:11] == "000" or bool(schemes[0] & schemes[1])


def _contradict(one: _Fees, other: _Fees) -> bool:
    """Different amounts for the same wording, or not a single amount in common."""
    if any(set(one[wording]) != set(other[wording]) for wording in one.keys() & other.keys()):
        return True
    mine, theirs = ({amount for amounts in each.values() for group in amounts for amount in group} for each in (one, other))
    return bool(mine and theirs) and not mine & theirs


def _readable(amounts: _Amounts) -> str:
    return " / ".join("kostenfrei" if amount == "0" else f"{amount.replace('.', ',')} Euro" for amount in amounts)

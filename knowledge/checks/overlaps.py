"""Rules that are equally specific, hold for the same people and lead to different offices: chance would decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from knowledge.checks.finding import ERROR, HINT, Finding, euros, german, initials_label, owner
from knowledge.model import ANYWHERE, Rule
from knowledge.release import Release
from knowledge.responsibility import area_level
from knowledge.surnames import INITIALS, in_range

_CENT = Decimal("0.01")
_MOST_PER_GROUP = 20
_ADVICE = "Bitte die Bereiche trennen oder die Regeln als gemeinsam zuständig kennzeichnen."


def overlaps(release: Release, rules: Iterable[Rule], on: date) -> Iterator[Finding]:
    """Pairs of rules of which chance would choose one, on a day or later; and pairs that say the same."""
    groups: dict[tuple[str, ...], list[Rule]] = {}
    for rule in rules:
        if rule.valid_to >= on:
            groups.setdefault(_place_in_order(rule), []).append(rule)
    for group in groups.values():
        if len(group) > 1:
            yield from _in_group(release, group, on)


def _place_in_order(rule: Rule) -> tuple[str, ...]:
    """Rules that differ here are never equally specific, or never hold for the same people."""
    area = ANYWHERE if area_level(rule.applies_to) == 0 else rule.applies_to
    return (*owner(rule), area, rule.district, rule.role)


def _in_group(release: Release, group: list[Rule], on: date) -> Iterator[Finding]:
    entry, kind = owner(group[0])
    found = 0
    for one, other in _pairs(group):
        if not _same_people(one, other):
            continue
        if one.office == other.office:
            message = f"Die Regeln {one.id} und {other.id} sagen dasselbe. Bitte eine davon löschen."
            yield Finding(HINT, entry, message, "overlap", kind)
            continue
        yield Finding(ERROR, entry, _conflict(release, one, other, on), "overlap", kind)
        found += 1
        if found == _MOST_PER_GROUP:
            return


def _pairs(group: list[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Pairs that hold on a common day; two that share their task may go together, unless they name the same office."""
    open_rules: list[Rule] = []
    for rule in sorted(group, key=lambda each: (each.valid_from, each.id)):
        open_rules = [each for each in open_rules if each.valid_to >= rule.valid_from]
        for other in open_rules:
            if not (rule.shared and other.shared) or rule.office == other.office:
                yield other, rule
        open_rules.append(rule)


def _same_people(one: Rule, other: Rule) -> bool:
    low, high = _common_values(one, other)
    return (
        ("both" in (one.audience, other.audience) or one.audience == other.audience)
        and (low is None or high is None or low < high + _CENT)
        and bool(_common_initials(one, other))
    )


def _common_values(one: Rule, other: Rule) -> tuple[Decimal | None, Decimal | None]:
    low = max((each for each in (one.value_from, other.value_from) if each is not None), default=None)
    high = min((each for each in (one.value_to, other.value_to) if each is not None), default=None)
    return low, high


def _common_initials(one: Rule, other: Rule) -> list[str]:
    return [each for each in INITIALS if all(in_range(each, rule.surname_from, rule.surname_to) for rule in (one, other))]


def _conflict(release: Release, one: Rule, other: Rule, on: date) -> str:
    return (
        f"{_where(release, one)}{_when(one, other, on)}{_whom(one, other)} gibt es mehrere Regeln ({one.id}, {other.id}), "
        f"die zu verschiedenen Stellen führen ({one.office}, {other.office}). {_ADVICE}"
    )


def _where(release: Release, rule: Rule) -> str:
    place = release.places.get(rule.applies_to)
    where = f"{place.name}: " if place and not place.is_county else ""
    return f"{where}{rule.district}: " if rule.district else where


def _when(one: Rule, other: Rule, on: date) -> str:
    first, last = max(one.valid_from, other.valid_from), min(one.valid_to, other.valid_to)
    if first <= on:
        return "" if last == date.max else f"Bis {german(last)}: "
    return f"Ab {german(first)}: " if last == date.max else f"Vom {german(first)} bis {german(last)}: "


def _whom(one: Rule, other: Rule) -> str:
    initials = _common_initials(one, other)
    if len(initials) < len(INITIALS):
        return f"Für Nachnamen mit {initials_label(initials)}"
    low, high = _common_values(one, other)
    if low is not None or high is not None:
        ends = (f"ab {euros(low)}" if low is not None else "", f"bis {euros(high)}" if high is not None else "")
        return f"Für Auftragswerte {' '.join(end for end in ends if end)}"
    if one.audience != "both" or other.audience != "both":
        citizens = "citizen" in (one.audience, other.audience)
        return "Für Privatpersonen" if citizens else "Für Betriebe"
    return "Für dieselben Fälle"

"""Surname ranges that leave out initials: something more general holds for them, or they have no further door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from knowledge.checks.finding import HINT, LOOK_AHEAD, Finding, initials_label, listed, owner
from knowledge.model import Rule
from knowledge.release import Release
from knowledge.responsibility import RESPONSIBLE
from knowledge.surnames import INITIALS, in_range

_DOORS: Final = {"ansprechpunkt": "keinen Ansprechpunkt", "annahme": "keine Annahmestelle"}


def partial_ranges(release: Release, rules: Sequence[Rule], on: date) -> Iterator[Finding]:
    """What is left out may be meant so, or forgotten; where nobody is responsible, `gaps` says so."""
    groups: dict[tuple[str, ...], list[Rule]] = {}
    for rule in rules:
        if rule.valid_to >= on:
            groups.setdefault((*owner(rule), rule.applies_to, rule.district, rule.role), []).append(rule)
    by_surname = [group for group in groups.values() if any(rule.surname_from or rule.surname_to for rule in group)]
    if not by_surname:
        return
    by_area: dict[tuple[str, str, str], list[Rule]] = {}
    for rule in rules:
        by_area.setdefault((*owner(rule), rule.applies_to), []).append(rule)
    for group in by_surname:
        days = sorted({on, *(rule.valid_from for rule in group if on < rule.valid_from <= on + LOOK_AHEAD)})
        messages = (_partial(release, group, by_area, day) for day in days)
        for message in dict.fromkeys(message for message in messages if message):
            yield Finding(HINT, owner(group[0])[0], message, "gap", owner(group[0])[1])


def _partial(release: Release, group: list[Rule], by_area: dict[tuple[str, str, str], list[Rule]], day: date) -> str:
    valid = [rule for rule in group if rule.valid_from <= day <= rule.valid_to]
    left = [each for each in INITIALS if not any(in_range(each, rule.surname_from, rule.surname_to) for rule in valid)]
    if not valid or not left:
        return ""
    one = valid[0]
    general = [
        rule
        for name in _more_general(release, one)
        for area in release.chain(one.applies_to)
        for rule in by_area.get((*name, area), ())
        if rule not in group and rule.role == one.role and rule.district in ("", one.district)
        if rule.valid_from <= day <= rule.valid_to and any(in_range(each, rule.surname_from, rule.surname_to) for each in left)
    ]
    label = initials_label(left)
    if general:
        ids = listed(sorted({rule.id for rule in general}), 3)
        rests = f"gilt die allgemeinere Regel {ids}" if len(general) == 1 else f"gelten die allgemeineren Regeln {ids}"
        return f"Für Nachnamen mit {label} {rests}, denn {listed([rule.id for rule in valid])} nennen sie nicht. Bitte prüfen."
    if one.role == RESPONSIBLE:
        return ""
    return f"Für Nachnamen mit {label} gibt es {_DOORS[one.role]}. Bitte die Bereiche prüfen."


def _more_general(release: Release, rule: Rule) -> list[tuple[str, str]]:
    names = [owner(rule)]
    if rule.service in release.services:
        names.append((release.services[rule.service].office_type, "office_types"))
    return names

"""Rules that cannot hold whatever the rest of the knowledge says: bounds that are no letters, ranges that run backwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowledge.checks.finding import ERROR, HINT, Finding, euros, german
from knowledge.model import ROAD_CLASSES, Rule
from knowledge.release import Release
from knowledge.responsibility import FURTHER_DOORS, RESPONSIBLE
from knowledge.surnames import INITIALS, surname_initial

ROLES: Final = (RESPONSIBLE, *FURTHER_DOORS)
CERTAINTIES: Final = ("belegt", "vermutlich", "nur-ebene")
AUDIENCES: Final = ("citizen", "business", "both")
_BOUNDS: Final = frozenset((*INITIALS, ""))
_NEVER: Final = (ROAD_CLASSES[0], ROAD_CLASSES[-1])


def sound_rules(release: Release) -> tuple[Rule, ...]:
    """The rules that can be reckoned with."""
    return tuple(rule for rule in release.knowledge.rules if _is_sound(rule))


def unsound_rules(release: Release) -> Iterator[Finding]:
    """What is wrong with single rules."""
    for rule in release.knowledge.rules:
        for message in _wrong(rule):
            yield Finding(ERROR, rule.id, message, "rule", "rules")
        if rule.district in _NEVER:
            message = f"Eine Regel für „{rule.district}“ greift nie. Bitte die Straßenklasse weglassen oder die Regel löschen."
            yield Finding(HINT, rule.id, message, "rule", "rules")


def _is_sound(rule: Rule) -> bool:
    return (
        {rule.surname_from, rule.surname_to} <= _BOUNDS
        and all(value is None or value.is_finite() for value in (rule.value_from, rule.value_to))
        and rule.role in ROLES
        and rule.audience in AUDIENCES
        and not _is_reversed(rule)
    )


def _is_reversed(rule: Rule) -> bool:
    if rule.valid_from > rule.valid_to:
        return True
    if rule.surname_from and rule.surname_to and INITIALS.index(rule.surname_from) > INITIALS.index(rule.surname_to):
        return True
    return rule.value_from is not None and rule.value_to is not None and rule.value_from > rule.value_to


def _wrong(rule: Rule) -> Iterator[str]:
    for bound in (rule.surname_from, rule.surname_to):
        if bound not in _BOUNDS:
            yield _wrong_bound(bound)
    for value in (rule.value_from, rule.value_to):
        if value is not None and not value.is_finite():
            yield f"„{value}“ ist kein Betrag. Bitte eine Zahl in Euro eintragen, zum Beispiel 1000.01."
        elif value is not None and value < 0:
            yield f"Der Auftragswert {euros(value)} ist kleiner als null. Bitte einen Betrag ab 0 eintragen."
    for options, given, what in (
        (ROLES, rule.role, "Rolle"),
        (CERTAINTIES, rule.certainty, "Sicherheit"),
        (AUDIENCES, rule.audience, "Zielgruppe"),
    ):
        if given not in options:
            yield f"„{given}“ ist als {what} nicht möglich. Möglich sind: {', '.join(options)}."
    yield from _backwards(rule)


def _wrong_bound(bound: str) -> str:
    letter = surname_initial(bound)
    if letter is None:
        return f"„{bound}“ ist kein Anfangsbuchstabe. Bitte A bis Z, Sch oder St eintragen."
    return f"„{bound}“ ist keine mögliche Grenze für Nachnamen. Bitte „{letter}“ eintragen; Ä, Ö, Ü, ß zählen wie A, O, U, S."


def _backwards(rule: Rule) -> Iterator[str]:
    if rule.valid_from > rule.valid_to:
        yield (
            f"Das Ende der Gültigkeit ({german(rule.valid_to)}) liegt vor dem Anfang ({german(rule.valid_from)}). "
            "Bitte die Tage tauschen oder berichtigen."
        )
    first, last = rule.surname_from, rule.surname_to
    if first in _BOUNDS and last in _BOUNDS and first and last and INITIALS.index(first) > INITIALS.index(last):
        yield f"Der Bereich {first} bis {last} läuft rückwärts. Bitte die Grenzen tauschen."
    low, high = rule.value_from, rule.value_to
    if low is not None and high is not None and low.is_finite() and high.is_finite() and low > high:
        yield f"Der Bereich von {euros(low)} bis {euros(high)} läuft rückwärts. Bitte die Beträge tauschen."

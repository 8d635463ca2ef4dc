"""What has run out, and what nobody has confirmed for a year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final

from knowledge.checks.finding import ERROR, HINT, Finding, few_or_one, german, listed, thousands
from knowledge.model import Office
from knowledge.release import Release

OVERDUE_DAYS: Final = 365
_SUBJECTS: Final = {"offices": "Stellen", "services": "Leistungen", "rules": "Regeln"}


_OVERDUE: Final = "Die Bestätigung ist überfällig, die letzte ist vom {}. Bitte bestätigen lassen."


def age(release: Release, on: date) -> Iterator[Finding]:
    """Confirmations that are missing or old; rules, notices, contacts and closures that are over."""
    yield from _unconfirmed(release)
    yield from _overdue(release, on)
    yield from _expired_rules(release, on)
    for notice in release.knowledge.notices:
        if notice.first > notice.last:
            message = f"Das Ende ({german(notice.last)}) liegt vor dem Anfang ({german(notice.first)}). Bitte berichtigen."
            yield Finding(ERROR, notice.id, message, "age", "notices")
        elif notice.last < on:
            message = f"Die Meldung ist seit dem {german(notice.last)} vorbei. Bitte löschen."
            yield Finding(HINT, notice.id, message, "age", "notices")
    for office in release.offices.values():
        yield from _of_office(office, on)


def _unconfirmed(release: Release) -> Iterator[Finding]:
    for kind, plural in _SUBJECTS.items():
        entries = getattr(release.knowledge, kind)
        count = sum(entry.confirmed is None for entry in entries)
        if count:
            have = "hat" if count == 1 else "haben"
            message = (
                f"{thousands(count)} von {thousands(len(entries))} {have} noch keine Bestätigung. Bitte die Stellen darum bitten."
            )
            yield Finding(HINT, plural, message, "age", kind)


def _overdue(release: Release, on: date) -> Iterator[Finding]:
    for kind, entries in (("offices", release.offices.items()), ("services", release.services.items())):
        late = (
            Finding(HINT, key, _OVERDUE.format(german(entry.confirmed)), "age", kind)
            for key, entry in entries
            if entry.confirmed and (on - entry.confirmed).days > OVERDUE_DAYS
        )
        plural = _SUBJECTS[kind]
        yield from few_or_one(late, plural, f"Bei {{}} {plural} ist die Bestätigung überfällig. Bitte bestätigen lassen:")
        for key, entry in entries:
            if entry.confirmed and entry.confirmed > on:
                message = f"Die Bestätigung liegt in der Zukunft ({german(entry.confirmed)}). Bitte den Tag berichtigen."
                yield Finding(HINT, key, message, "age", kind)
    yield from few_or_one(
        _rules_overdue(release, on), "Regeln", "Bei {} Stellen sind Regeln überfällig. Bitte bestätigen lassen:"
    )


def _rules_overdue(release: Release, on: date) -> Iterator[Finding]:
    by_office: dict[str, list[date]] = {}
    for rule in release.knowledge.rules:
        if rule.confirmed and (on - rule.confirmed).days > OVERDUE_DAYS and rule.valid_to >= on:
            by_office.setdefault(rule.office, []).append(rule.confirmed)
    for office, days in by_office.items():
        rules = (
            "Eine Regel, die hierher führt, ist" if len(days) == 1 else f"{thousands(len(days))} Regeln, die hierher führen, sind"
        )
        message = f"{rules} überfällig, zuletzt bestätigt am {german(min(days))}. Bitte bestätigen lassen."
        yield Finding(HINT, office, message, "age", "offices")


def _expired_rules(release: Release, on: date) -> Iterator[Finding]:
    for rule in release.knowledge.rules:
        if rule.valid_from <= rule.valid_to < on:
            message = f"Die Regel ist am {german(rule.valid_to)} ausgelaufen. Bitte löschen, wenn sie nicht mehr gebraucht wird."
            yield Finding(HINT, rule.id, message, "age", "rules")


def _of_office(office: Office, on: date) -> Iterator[Finding]:
    gone = [contact.name for contact in office.contacts if contact.valid_to < on]
    if gone:
        yield Finding(HINT, office.id, f"Nicht mehr gültig: {listed(gone)}. Bitte löschen oder verlängern.", "age", "offices")
    for closure in office.closures:
        if closure.first > closure.last:
            message = (
                f"Eine Schließung endet ({german(closure.last)}), bevor sie beginnt ({german(closure.first)}). Bitte berichtigen."
            )
            yield Finding(ERROR, office.id, message, "age", "offices")
    over = Counter(closure.last < on for closure in office.closures if closure.first <= closure.last)[True]
    if over:
        what = "Eine Schließung ist" if over == 1 else f"{over} Schließungen sind"
        yield Finding(HINT, office.id, f"{what} vorbei. Bitte löschen.", "age", "offices")

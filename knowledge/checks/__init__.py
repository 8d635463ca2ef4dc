"""Does the knowledge hold together? Each finding names the entry and says what to do."""

from __future__ import annotations

from datetime import date

from knowledge.checks.age import age
from knowledge.checks.contact import contact
from knowledge.checks.fees import fees
from knowledge.checks.finding import ERROR, HINT, TOPICS, Finding
from knowledge.checks.gaps import gaps
from knowledge.checks.hours import hours
from knowledge.checks.names import keys, names
from knowledge.checks.overlaps import overlaps
from knowledge.checks.partial import partial_ranges
from knowledge.checks.references import circles, duplicates, references
from knowledge.checks.sound import sound_rules, unsound_rules
from knowledge.checks.texts import texts, unused
from knowledge.release import Release

__all__ = ["ERROR", "HINT", "TOPICS", "Finding", "check"]


def check(release: Release, on: date | None = None) -> list[Finding]:
    """All findings for a day (today by default) and what is known of the two years after it: errors first, then by topic and
    entry.
    """
    on = on or date.today()
    rules = sound_rules(release)
    found = [
        *duplicates(release),
        *references(release),
        *circles(release),
        *unsound_rules(release),
        *gaps(release, rules, on),
        *partial_ranges(release, rules, on),
        *overlaps(release, rules, on),
        *fees(release),
        *hours(release, on),
        *contact(release),
        *keys(release),
        *age(release, on),
        *names(release),
        *texts(release),
        *unused(release),
    ]
    return sorted(found, key=lambda finding: finding.order)

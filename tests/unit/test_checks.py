from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from knowledge.checks import ERROR, HINT, Finding, check
from knowledge.release import Knowledge, Release

TODAY = date(2026, 11, 22)


def findings(knowledge: Knowledge, severity: str = ERROR) -> list[Finding]:
    return [each for each in check(Release(1, "", "", knowledge), TODAY) if each.severity == severity]


def without_rules(knowledge: Knowledge, **match: str) -> Knowledge:
    kept = [rule for rule in knowledge.rules if any(getattr(rule, key) != value for key, value in match.items())]
    return replace(knowledge, rules=tuple(kept))


def with_office(knowledge: Knowledge, office: str, **changes: Any) -> Knowledge:
    return replace(knowledge, offices=tuple(replace(o, **changes) if o.id == office else o for o in knowledge.offices))


def with_service(knowledge: Knowledge, slug: str, **changes: Any) -> Knowledge:
    return replace(knowledge, services=tuple(replace(s, **changes) if s.slug == slug else s for s in knowledge.services))


@pytest.mark.parametrize("on", [TODAY, date(2026, 12, 31), date(2027, 1, 1), None])
def test_the_demo_county_holds_together(release: Release, on: date | None) -> None:
    assert [each for each in check(release, on) if each.severity == ERROR] == []


def test_a_service_without_any_rule(knowledge: Knowledge) -> None:
    broken = without_rules(knowledge, office_type="kreistagsbuero")
    assert findings(broken) == [
        Finding(
            ERROR,
            "kreistag-sitzungen",
            "Für diese Leistung gibt es keine Regel. Bitte eine zuständige Stelle eintragen.",
        )
    ]


def test_a_gemeinde_without_an_office(knowledge: Knowledge) -> None:
    broken = without_rules(knowledge, office_type="fundbuero", applies_to="091995101")
    assert [(each.entry, each.message) for each in findings(broken)] == [
        ("fundsache-melden-oder-suchen", f"In {name} ist niemand zuständig. Bitte eine Regel ergänzen.")
        for name in ("Moosham", "Pfarrhausen", "Unterseeham")
    ]


def test_a_rule_that_has_ended(knowledge: Knowledge) -> None:
    ended = tuple(
        replace(rule, valid_to=date(2026, 11, 21)) if rule.office_type == "kreistagsbuero" else rule for rule in knowledge.rules
    )
    assert [each.entry for each in findings(replace(knowledge, rules=ended))] == ["kreistag-sitzungen"]


def test_a_gap_between_surnames(knowledge: Knowledge) -> None:
    rules = tuple(
        replace(rule, surname_from="M") if rule.office == "fuehrerscheinstelle#l-z" else rule for rule in knowledge.rules
    )
    found = findings(replace(knowledge, rules=rules))
    assert Finding(ERROR, "fuehrerscheinstelle", "Für Nachnamen mit L gibt es keine Regel. Bitte die Bereiche anpassen.") in found


def test_an_overlap_of_surnames(knowledge: Knowledge) -> None:
    rules = tuple(replace(rule, surname_to="L") if rule.office == "fuehrerscheinstelle#a-k" else rule for rule in knowledge.rules)
    [found] = findings(replace(knowledge, rules=rules))
    assert found.entry == "fuehrerscheinstelle"
    assert found.message.startswith("Für Nachnamen mit L gibt es mehrere Regeln (R")


def test_unreadable_hours(knowledge: Knowledge) -> None:
    broken = with_office(knowledge, "kreiskasse", hours="vormittags")
    assert findings(broken) == [
        Finding(ERROR, "kreiskasse", "Die Öffnungszeiten „vormittags“ sind nicht lesbar (OSM opening_hours).")
    ]


def test_an_office_that_no_rule_leads_to(knowledge: Knowledge) -> None:
    spare = replace(knowledge.offices[0], id="vergessen")
    found = findings(replace(knowledge, offices=(*knowledge.offices, spare)), HINT)
    assert "vergessen" in {each.entry for each in found if "Keine Regel führt" in each.message}


def test_an_office_that_cannot_be_reached(knowledge: Knowledge) -> None:
    found = findings(with_office(knowledge, "kreiskasse", phone="", email="", website=""), HINT)
    assert ("kreiskasse", "Es fehlt jeder Kontakt (Telefon, E-Mail oder Internet).") in [(f.entry, f.message) for f in found]


def test_a_thin_service(knowledge: Knowledge) -> None:
    found = findings(with_service(knowledge, "kfz-abmelden", short="", examples=()), HINT)
    assert [each.message for each in found if each.entry == "kfz-abmelden"] == [
        "Es fehlt der kurze Text.",
        "Nur 0 Beispielfragen; mindestens 8 sollten es sein.",
    ]

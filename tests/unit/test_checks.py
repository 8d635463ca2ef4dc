"""A county of four Gemeinden; each test breaks one rule and reads what is said about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.checks import ERROR, HINT, Finding, check
from knowledge.model import (
    ANYWHERE,
    Distinction,
    District,
    Journey,
    JourneyStep,
    Notice,
    Office,
    OfficeType,
    Place,
    Rule,
    Service,
)
from knowledge.release import Knowledge, Release
from knowledge.surnames import INITIALS, in_range

TODAY = date(2026, 11, 22)
COUNTY, STADT, MARKT, MOOS, SEE = "091990000000", "091990111111", "091990113113", "091995101119", "091995101120"
VG = "091995101"

PLACES = (
    Place(COUNTY, "09199", "Landkreis Lindenau", "landkreis"),
    Place(STADT, "09199111", "Lindenau", "stadt", districts=(District("Altstadt"), District("Neuhofen"))),
    Place(MARKT, "09199113", "Grünsee", "markt"),
    Place(MOOS, "09199119", "Moosham", "gemeinde", vg="VG Moosham"),
    Place(SEE, "09199120", "Unterseeham", "gemeinde", vg="VG Moosham"),
)
OFFICES = tuple(Office(each, "amt", "landkreis", f"Amt {each}", phone="089 99998-001") for each in ("a", "b", "c"))
GUT = Service("gut", "Gutes beantragen", "both", "landkreis", "amt", "Leben", short="Sie beantragen Gutes.")


def rule(id: str = "R1", office: str = "a", **changes: Any) -> Rule:
    return replace(Rule(id, "gut", office, "zustaendig", "belegt", "Das Amt ist zuständig."), **changes)


def world(*rules: Rule, **changes: Any) -> Knowledge:
    types = (OfficeType("amt", "Amt", "landkreis"),)
    small = Knowledge(places=PLACES, offices=OFFICES, services=(GUT,), rules=rules or (rule(),), office_types=types)
    return replace(small, **changes)


def findings(knowledge: Knowledge, severity: str = ERROR, on: date = TODAY) -> list[Finding]:
    return [each for each in check(Release(1, "", "", knowledge), on) if each.severity == severity]


def said(knowledge: Knowledge, severity: str = ERROR, on: date = TODAY) -> list[tuple[str, str]]:
    return [(each.entry, each.message) for each in findings(knowledge, severity, on)]


def hints(knowledge: Knowledge, topic: str) -> list[tuple[str, str]]:
    return [(each.entry, each.message) for each in findings(knowledge, HINT) if each.topic == topic]


def test_the_small_county_has_no_errors() -> None:
    assert findings(world()) == []


@pytest.mark.parametrize("on", [TODAY, date(2026, 12, 31), date(2027, 1, 1), None])
def test_the_demo_county_has_no_errors(release: Release, on: date | None) -> None:
    assert [each for each in check(release, on) if each.severity == ERROR] == []


def test_few_hints_on_the_demo_county(release: Release) -> None:
    assert len(check(release, TODAY)) < 40


# Nobody is responsible


def test_a_service_without_any_rule() -> None:
    assert findings(world(services=(GUT, replace(GUT, slug="neu", name="Neues", office_type="neu")), office_types=())) == [
        Finding(ERROR, "neu", "Für diese Leistung gibt es keine Regel. Bitte eine zuständige Stelle eintragen.")
    ]


def test_a_service_for_which_another_source_names_no_office_may_be_published() -> None:
    foreign = replace(GUT, slug="neu", name="Neues", office_type="dldb", source_ids=("dldb:7",))
    knowledge = world(services=(GUT, foreign), office_types=())
    assert findings(knowledge) == []
    assert ("neu", "Für diese Leistung gibt es keine Regel. Bitte eine zuständige Stelle eintragen.") in hints(knowledge, "gap")


def test_only_a_further_door_is_no_office() -> None:
    assert said(world(rule(role="annahme"))) == [
        ("gut", "Für diese Leistung gibt es keine Regel. Bitte eine zuständige Stelle eintragen.")
    ]


def test_places_without_an_office() -> None:
    knowledge = world(rule(applies_to=VG), rule("R2", applies_to=STADT))
    assert said(knowledge) == [("gut", "In Grünsee ist niemand zuständig. Bitte eine Regel ergänzen.")]
    assert said(world(rule(applies_to=STADT))) == [
        ("gut", "In Grünsee, Moosham und Unterseeham ist niemand zuständig. Bitte eine Regel ergänzen.")
    ]


def test_the_county_itself_needs_no_rule() -> None:
    areas = (STADT, MARKT, VG)
    assert findings(world(*(rule(f"R{number}", applies_to=area) for number, area in enumerate(areas)))) == []


def test_many_places_are_counted() -> None:
    more = tuple(Place(f"09199012{number:04}", f"09199{number + 200}", f"Dorf {number}", "gemeinde") for number in range(8))
    more = tuple(replace(place, ags=place.ars[:5] + place.ars[9:]) for place in more)
    [(_, message)] = said(
        world(rule(applies_to=COUNTY), places=(*PLACES, *(replace(p, ars="10" + p.ars[2:], ags="") for p in more)))
    )
    assert message == (
        "In Dorf 0, Dorf 1, Dorf 2, Dorf 3, Dorf 4 und 3 weiteren Orten ist niemand zuständig. Bitte eine Regel ergänzen."
    )


def test_services_with_the_same_rules_are_named_together() -> None:
    other = replace(GUT, slug="besser", name="Besseres beantragen")
    knowledge = world(rule(service="*", office_type="amt", applies_to=STADT), services=(GUT, other), places=PLACES[:3])
    assert said(knowledge) == [
        ("amt", "In Grünsee ist niemand zuständig. Bitte eine Regel ergänzen. Das betrifft: besser und gut.")
    ]


def test_a_service_with_a_rule_of_its_own_inherits_the_rest() -> None:
    general = rule(service="*", office_type="amt", applies_to=STADT)
    own = rule("R2", applies_to=VG)
    other = replace(GUT, slug="besser", name="Besseres beantragen")
    assert said(world(general, own, services=(GUT, other))) == [
        ("besser", "In Grünsee, Moosham und Unterseeham ist niemand zuständig. Bitte eine Regel ergänzen."),
        ("gut", "In Grünsee ist niemand zuständig. Bitte eine Regel ergänzen."),
    ]


def test_knowledge_without_places() -> None:
    shared = (rule(shared=True), rule("R2", "b", shared=True))
    assert findings(world(*shared, places=())) == []
    assert [message for _, message in said(world(rule(applies_to=STADT), places=())) if "niemand" in message] == [
        "Es ist niemand zuständig. Bitte eine Regel ergänzen."
    ]


def test_a_rule_that_has_ended() -> None:
    assert said(world(rule(valid_to=date(2026, 11, 21)))) == [
        ("gut", "Es ist niemand zuständig, denn die Regel R1 endet am 21.11.2026. Bitte eine Nachfolge eintragen.")
    ]


def test_a_rule_that_will_end_without_a_successor() -> None:
    ending = rule("R2", "b", applies_to=STADT, valid_to=date(2026, 12, 31))
    knowledge = world(ending, rule("R3", applies_to=MARKT), rule("R4", applies_to=VG))
    message = (
        "Ab 01.01.2027 ist in Lindenau niemand zuständig, denn die Regel R2 endet am 31.12.2026. Bitte eine Nachfolge eintragen."
    )
    assert said(knowledge) == [("gut", message)]
    successor = rule("R5", "c", applies_to=STADT, valid_from=date(2027, 1, 1))
    assert findings(replace(knowledge, rules=(*knowledge.rules, successor))) == []
    assert findings(replace(knowledge, rules=(*knowledge.rules, rule("R6", applies_to=COUNTY)))) == []


def test_a_successor_that_comes_too_late() -> None:
    rules = rule(valid_to=date(2026, 12, 31)), rule("R2", valid_from=date(2027, 2, 1))
    assert said(world(*rules)) == [
        (
            "gut",
            "Vom 01.01.2027 bis 31.01.2027 ist niemand zuständig, denn die Regel R1 endet am 31.12.2026. "
            "Bitte eine Nachfolge eintragen.",
        )
    ]


def test_a_rule_that_does_not_hold_yet() -> None:
    assert said(world(rule(valid_from=date(2027, 1, 1)))) == [
        ("gut", "Bis 31.12.2026 ist niemand zuständig. Bitte eine Regel ergänzen.")
    ]


def test_an_end_far_ahead_is_no_concern_yet() -> None:
    assert findings(world(rule(valid_to=date(2029, 1, 1)))) == []
    assert len(findings(world(rule(valid_to=date(2028, 11, 1))))) == 1


def test_a_gap_between_surnames() -> None:
    rules = rule(surname_to="K"), rule("R2", "b", surname_from="M", surname_to="R"), rule("R3", "c", surname_from="Sch")
    assert said(world(*rules)) == [
        ("gut", "Für Nachnamen mit L und S (ohne Sch, St) ist niemand zuständig. Bitte die Bereiche anpassen.")
    ]


def test_a_gap_between_surnames_that_opens_later() -> None:
    rules = (
        rule(surname_to="K"),
        rule("R2", "b", surname_from="L", valid_to=date(2026, 12, 31)),
        rule("R3", "c", surname_from="M", valid_from=date(2027, 1, 1)),
    )
    [(entry, message)] = said(world(*rules))
    assert entry == "gut"
    assert message.startswith("Ab 01.01.2027 ist für Nachnamen mit L niemand zuständig")


def test_a_gap_between_surnames_in_one_place() -> None:
    rules = [rule(f"R{number}", applies_to=area) for number, area in enumerate((MARKT, VG))]
    assert said(world(*rules, rule("R9", applies_to=STADT, surname_to="Y"))) == [
        ("gut", "In Lindenau ist für Nachnamen mit Z niemand zuständig. Bitte die Bereiche anpassen.")
    ]


def test_surnames_left_to_a_more_general_rule_are_a_hint() -> None:
    knowledge = world(rule(), rule("R2", "b", applies_to=STADT, surname_to="K"))
    assert findings(knowledge) == []
    assert hints(knowledge, "gap") == [
        ("gut", "Für Nachnamen mit L–Z gilt die allgemeinere Regel R1, denn R2 nennen sie nicht. Bitte prüfen.")
    ]


def test_surnames_without_a_further_door_are_a_hint() -> None:
    knowledge = world(rule(), rule("R2", "b", role="ansprechpunkt", surname_from="C"))
    assert hints(knowledge, "gap") == [("gut", "Für Nachnamen mit A–B gibt es keinen Ansprechpunkt. Bitte die Bereiche prüfen.")]


def test_a_gap_between_values() -> None:
    rules = (
        rule(value_to=Decimal(1000)),
        rule("R2", "b", value_from=Decimal("2000.01"), value_to=Decimal(5000)),
        rule("R3", "c", value_from=Decimal("5000.01"), value_to=Decimal(9000)),
    )
    assert said(world(*rules)) == [
        (
            "gut",
            "Für Auftragswerte von 1.000,01 Euro bis 2.000 Euro und ab 9.000,01 Euro ist niemand zuständig. "
            "Bitte die Bereiche anpassen.",
        )
    ]


def test_nobody_for_firms() -> None:
    citizens = rule(audience="citizen")
    assert said(world(citizens)) == [("gut", "Für Betriebe ist niemand zuständig. Bitte eine Regel ergänzen.")]
    assert findings(world(citizens, services=(replace(GUT, audience="citizen"),))) == []


def test_nobody_in_the_other_ortsteile() -> None:
    others = [rule(f"R{number}", applies_to=area) for number, area in enumerate((MARKT, VG))]
    one = rule("R8", applies_to=STADT, district="Neuhofen")
    assert said(world(*others, one)) == [
        ("gut", "In Lindenau ist in den übrigen Ortsteilen niemand zuständig. Bitte eine Regel ergänzen.")
    ]
    assert findings(world(*others, one, rule("R9", applies_to=STADT, district="Altstadt"))) == []


def test_nobody_for_some_roads() -> None:
    roads = [rule(f"R{number}", district=road) for number, road in enumerate(("Kreisstraße", "Staatsstraße", "Bundesstraße"))]
    [(_, message)] = said(world(*roads))
    assert message == "Auf Gemeindestraßen ist niemand zuständig. Bitte eine Regel ergänzen."
    assert findings(world(*roads, rule("R9", "b"))) == []


# Rules that overlap


def test_an_overlap_of_surnames() -> None:
    rules = rule(surname_to="L"), rule("R2", "b", surname_from="L")
    assert said(world(*rules)) == [
        (
            "gut",
            "Für Nachnamen mit L gibt es mehrere Regeln (R1, R2), die zu verschiedenen Stellen führen (a, b). "
            "Bitte die Bereiche trennen oder die Regeln als gemeinsam zuständig kennzeichnen.",
        )
    ]


def test_two_rules_for_the_same() -> None:
    [(entry, message)] = said(world(rule(), rule("R2", "b")))
    assert (entry, message.partition(",")[0]) == ("gut", "Für dieselben Fälle gibt es mehrere Regeln (R1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"applies_to": STADT}, {"applies_to": ANYWHERE}),
        ({"district": "Neuhofen"}, {}),
        ({"role": "annahme"}, {}),
        ({"service": "*", "office_type": "amt"}, {}),
        ({"shared": True}, {"shared": True}),
        ({"audience": "citizen"}, {"audience": "business"}),
        ({"surname_to": "S"}, {"surname_from": "Sch"}),
        ({"value_to": Decimal(1000)}, {"value_from": Decimal("1000.01")}),
        ({"valid_to": date(2026, 12, 31)}, {"valid_from": date(2027, 1, 1)}),
        ({"valid_to": date(2026, 1, 1)}, {"valid_to": date(2026, 10, 1)}),
    ],
)
def test_rules_that_do_not_compete(one: dict[str, Any], other: dict[str, Any]) -> None:
    knowledge = world(rule("R1", "a", **one), rule("R2", "b", **other))
    assert [each for each in findings(knowledge) if each.topic == "overlap"] == []


@pytest.mark.parametrize(
    ("one", "other", "whom"),
    [
        ({"audience": "citizen"}, {"audience": "both"}, "Für Privatpersonen"),
        ({"value_to": Decimal(1000)}, {"value_from": Decimal(1000)}, "Für Auftragswerte ab 1.000 Euro bis 1.000 Euro"),
        ({"shared": True}, {"shared": False}, "Für dieselben Fälle"),
        ({"applies_to": STADT}, {"applies_to": STADT}, "Lindenau: Für dieselben Fälle"),
        ({"valid_from": date(2027, 1, 1)}, {}, "Ab 01.01.2027: Für dieselben Fälle"),
        ({"valid_to": date(2027, 1, 1)}, {"valid_from": date(2027, 1, 1)}, "Vom 01.01.2027 bis 01.01.2027: Für dieselben Fälle"),
        ({"applies_to": ANYWHERE}, {"applies_to": "000000000000"}, "Für dieselben Fälle"),
    ],
)
def test_rules_that_compete(one: dict[str, Any], other: dict[str, Any], whom: str) -> None:
    found = [
        each.message for each in findings(world(rule("R1", "a", **one), rule("R2", "b", **other))) if each.topic == "overlap"
    ]
    assert [message.partition(" gibt es")[0] for message in found] == [whom]


def test_the_same_rule_twice_is_a_hint() -> None:
    knowledge = world(rule(), rule("R2"))
    assert findings(knowledge) == []
    assert hints(knowledge, "overlap") == [("gut", "Die Regeln R1 und R2 sagen dasselbe. Bitte eine davon löschen.")]


# Ranges at random: the linter says what trying out all initials says

_bound = st.sampled_from(("", *INITIALS))
_day = st.sampled_from((date.min, date(2026, 1, 1), date(2027, 1, 1), date(2027, 7, 1)))
_last = st.sampled_from((date(2026, 12, 31), date(2027, 6, 30), date.max))


@st.composite
def _rules(draw: st.DrawFn) -> list[Rule]:
    drawn = []
    for number in range(draw(st.integers(1, 5))):
        first, last = draw(_bound), draw(_bound)
        if first and last and INITIALS.index(first) > INITIALS.index(last):
            first, last = last, first
        changes: dict[str, Any] = {"surname_from": first, "surname_to": last, "valid_from": draw(_day), "valid_to": draw(_last)}
        changes["audience"] = draw(st.sampled_from(("both", "both", "citizen", "business")))
        low, high = draw(
            st.sampled_from([(None, None), (None, Decimal(10)), (Decimal("10.01"), None), (Decimal(10), Decimal(20))])
        )
        changes |= {"value_from": low, "value_to": high, "applies_to": draw(st.sampled_from((COUNTY, COUNTY, STADT, VG, "*")))}
        drawn.append(rule(f"R{number}", f"{'abc'[number % 3]}", **changes))
    return [each for each in drawn if each.valid_from <= each.valid_to]


_VALUES = (Decimal(0), Decimal(10), Decimal("10.01"), Decimal(20), Decimal("20.01"))
_DAYS = (TODAY, date(2027, 1, 1), date(2027, 7, 1))


def _fitting(rules: list[Rule], ars: str, initial: str, audience: str, value: Decimal, day: date) -> list[Rule]:
    return [
        each
        for each in rules
        if each.applies_to in (ars, ars[:9], COUNTY, ANYWHERE)
        and in_range(initial, each.surname_from, each.surname_to)
        and each.audience in ("both", audience)
        and (each.value_from is None or each.value_from <= value)
        and (each.value_to is None or value <= each.value_to)
        and each.valid_from <= day <= each.valid_to
    ]


@settings(max_examples=30, deadline=None)
@given(_rules())
def test_a_gap_is_found_exactly_when_somebody_has_nobody(rules: list[Rule]) -> None:
    places = (STADT, MARKT, MOOS, SEE)
    cases = product(places, INITIALS, ("citizen", "business"), _VALUES, _DAYS)
    gap = not rules or any(not _fitting(rules, *case) for case in cases)
    knowledge = replace(world(), rules=tuple(rules))
    assert bool([each for each in findings(knowledge) if each.topic == "gap"]) == gap


@settings(max_examples=30, deadline=None)
@given(_rules())
def test_an_overlap_is_found_exactly_when_chance_would_decide(rules: list[Rule]) -> None:
    here = [replace(each, applies_to=COUNTY) for each in rules]
    cases = product((MARKT,), INITIALS, ("citizen", "business"), _VALUES, _DAYS)
    chance = any(len({each.office for each in _fitting(here, *case)}) > 1 for case in cases)
    found = [each for each in findings(replace(world(), rules=tuple(here))) if each.topic == "overlap"]
    assert bool(found) == chance


# Rules that cannot hold


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"surname_from": "Ä"},
            "„Ä“ ist keine mögliche Grenze für Nachnamen. Bitte „A“ eintragen; Ä, Ö, Ü, ß zählen wie A, O, U, S.",
        ),
        (
            {"surname_to": "ß"},
            "„ß“ ist keine mögliche Grenze für Nachnamen. Bitte „S“ eintragen; Ä, Ö, Ü, ß zählen wie A, O, U, S.",
        ),
        (
            {"surname_to": "k"},
            "„k“ ist keine mögliche Grenze für Nachnamen. Bitte „K“ eintragen; Ä, Ö, Ü, ß zählen wie A, O, U, S.",
        ),
        (
            {"surname_to": "SCH"},
            "„SCH“ ist keine mögliche Grenze für Nachnamen. Bitte „Sch“ eintragen; Ä, Ö, Ü, ß zählen wie A, O, U, S.",
        ),
        ({"surname_from": "1"}, "„1“ ist kein Anfangsbuchstabe. Bitte A bis Z, Sch oder St eintragen."),
        ({"surname_from": "L", "surname_to": "B"}, "Der Bereich L bis B läuft rückwärts. Bitte die Grenzen tauschen."),
        ({"surname_from": "St", "surname_to": "Sch"}, "Der Bereich St bis Sch läuft rückwärts. Bitte die Grenzen tauschen."),
        (
            {"value_from": Decimal(2000), "value_to": Decimal("1000.50")},
            "Der Bereich von 2.000 Euro bis 1.000,50 Euro läuft rückwärts. Bitte die Beträge tauschen.",
        ),
        ({"value_from": Decimal("NaN")}, "„NaN“ ist kein Betrag. Bitte eine Zahl in Euro eintragen, zum Beispiel 1000.01."),
        (
            {"value_to": Decimal("Infinity")},
            "„Infinity“ ist kein Betrag. Bitte eine Zahl in Euro eintragen, zum Beispiel 1000.01.",
        ),
        ({"value_from": Decimal(-1)}, "Der Auftragswert -1 Euro ist kleiner als null. Bitte einen Betrag ab 0 eintragen."),
        (
            {"valid_from": date(2027, 1, 1), "valid_to": date(2026, 12, 31)},
            "Das Ende der Gültigkeit (31.12.2026) liegt vor dem Anfang (01.01.2027). Bitte die Tage tauschen oder berichtigen.",
        ),
        ({"role": "chef"}, "„chef“ ist als Rolle nicht möglich. Möglich sind: zustaendig, ansprechpunkt, annahme."),
        ({"certainty": "sicher"}, "„sicher“ ist als Sicherheit nicht möglich. Möglich sind: belegt, vermutlich, nur-ebene."),
        ({"audience": "alle"}, "„alle“ ist als Zielgruppe nicht möglich. Möglich sind: citizen, business, both."),
    ],
)
def test_a_rule_that_cannot_hold(changes: dict[str, Any], message: str) -> None:
    found = said(world(rule("R0"), rule("R1", **changes)))
    assert ("R1", message) in found
    assert [each for each in found if each[0] != "R1"] == []


@pytest.mark.parametrize("road", ["Gemeindestraße", "Autobahn"])
def test_a_rule_for_a_road_that_is_never_asked_for(road: str) -> None:
    [(entry, message)] = hints(world(rule(), rule("R2", "b", district=road)), "rule")
    assert entry == "R2"
    assert message.startswith(f"Eine Regel für „{road}“ greift nie.")


# References, circles, duplicates


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"office": "z"}, "Die Stelle „z“ gibt es nicht. Bitte eine vorhandene Stelle eintragen."),
        ({"service": "weg"}, "Die Leistung „weg“ gibt es nicht. Bitte berichtigen oder die Regel löschen."),
        (
            {"service": "*", "office_type": "weg"},
            "Die Art von Stelle „weg“ gibt es nicht. Bitte berichtigen oder die Regel löschen.",
        ),
        (
            {"applies_to": "091990999999"},
            "Das Gebiet „091990999999“ gehört zu keinem Ort. Bitte einen ARS (12 Ziffern), eine VG (9 Ziffern) oder * eintragen.",
        ),
        (
            {"applies_to": MARKT, "district": "Neuhofen"},
            f"Den Ortsteil „Neuhofen“ gibt es im Gebiet „{MARKT}“ nicht. Bitte die Schreibweise prüfen.",
        ),
    ],
)
def test_a_rule_that_points_nowhere(changes: dict[str, Any], message: str) -> None:
    assert said(world(rule("R0"), replace(rule("R1", role="annahme"), **changes))) == [("R1", message)]


@pytest.mark.parametrize(
    ("changes", "entry", "message"),
    [
        (
            {"journeys": (Journey("umzug", "Umzug", (JourneyStep("gut"), JourneyStep("weg"))),)},
            "umzug",
            "Der Schritt „weg“ ist keine Leistung. Bitte berichtigen oder streichen.",
        ),
        (
            {"distinctions": (Distinction("gut", "weg", "Das eine, das andere."),)},
            "gut|weg",
            "Die Leistung „weg“ gibt es nicht. Bitte berichtigen oder löschen.",
        ),
        (
            {"notices": (Notice("n", "Zu.", TODAY, TODAY, office="weg"),)},
            "n",
            "Die Stelle „weg“ gibt es nicht. Bitte berichtigen oder löschen.",
        ),
        (
            {"notices": (Notice("n", "Zu.", TODAY, TODAY, service="weg"),)},
            "n",
            "Die Leistung „weg“ gibt es nicht. Bitte berichtigen oder löschen.",
        ),
        (
            {"offices": (*OFFICES[:2], replace(OFFICES[2], parent="weg"))},
            "c",
            "Die übergeordnete Stelle „weg“ gibt es nicht. Bitte berichtigen oder weglassen.",
        ),
        (
            {"offices": (*OFFICES[:2], replace(OFFICES[2], place="091990999999"))},
            "c",
            "Den Ort „091990999999“ gibt es nicht. Bitte den ARS berichtigen oder weglassen.",
        ),
        (
            {"offices": (*OFFICES[:2], replace(OFFICES[2], type="weg"))},
            "c",
            "Die Art von Stelle „weg“ gibt es nicht. Bitte die Art anlegen oder berichtigen.",
        ),
        (
            {"services": (replace(GUT, office_type="weg"),)},
            "gut",
            "Die Art von Stelle „weg“ gibt es nicht, sie steht bei gut. Bitte die Art anlegen oder berichtigen.",
        ),
        (
            {"offices": (replace(OFFICES[0], parent="a"),)},
            "a",
            "Die Stelle ist sich selbst übergeordnet. Bitte die übergeordnete Stelle berichtigen.",
        ),
        (
            {"offices": tuple(replace(o, parent=p) for o, p in zip(OFFICES, ("b", "c", "b"), strict=True))},
            "b",
            "Diese Stellen sind einander übergeordnet: b, c. Bitte eine Übergeordnete streichen.",
        ),
        (
            {"distinctions": (Distinction("gut", "gut", "Dasselbe."),)},
            "gut|gut",
            "Eine Leistung lässt sich nicht von sich selbst unterscheiden. Bitte eine der beiden ersetzen.",
        ),
        (
            {"services": (GUT, GUT)},
            "gut",
            "Diesen Schlüssel gibt es 2-mal. Bitte umbenennen oder löschen, was zu viel ist.",
        ),
        (
            {"rules": (rule(), rule())},
            "R1",
            "Diesen Schlüssel gibt es 2-mal. Bitte umbenennen oder löschen, was zu viel ist.",
        ),
        (
            {"offices": (*OFFICES, replace(OFFICES[0], id="", name="Ohne"))},
            "offices",
            "Ein Eintrag hat keinen Schlüssel. Bitte ergänzen.",
        ),
        (
            {"services": (replace(GUT, intent="anliegen/gut"), replace(GUT, slug="x", name="X", intent="anliegen/gut"))},
            "gut",
            "Die Absicht „anliegen/gut“ steht bei mehreren Leistungen: gut und x. Bitte nur bei einer lassen.",
        ),
    ],
)
def test_an_entry_that_points_nowhere_or_at_itself(changes: dict[str, Any], entry: str, message: str) -> None:
    general = rule(service="*", office_type="amt"), rule("R2")
    assert said(world(*general, **changes)) == [(entry, message)]


def test_the_same_number_of_a_source_at_two_services() -> None:
    services = tuple(replace(GUT, slug=slug, name=slug, source_ids=("dldb:7",)) for slug in ("gut", "besser"))
    [(entry, message)] = said(world(rule(service="*", office_type="amt"), services=services))
    assert (entry, message) == (
        "gut",
        "Die Kennung „dldb:7“ steht bei mehreren Leistungen: gut und besser. Bitte nur bei einer lassen.",
    )


def test_a_pair_told_apart_in_both_directions() -> None:
    other = replace(GUT, slug="besser", name="Besseres")
    pairs = Distinction("gut", "besser", "So."), Distinction("besser", "gut", "Und so.")
    knowledge = world(rule(service="*", office_type="amt"), services=(GUT, other), distinctions=pairs)
    assert hints(knowledge, "duplicate") == [
        (
            "besser|gut",
            "Dieses Paar ist zweimal unterschieden, einmal in jeder Richtung. Bitte eine Unterscheidung löschen.",
        )
    ]


def test_errors_come_first_and_in_the_same_order_every_time() -> None:
    knowledge = world(rule("R2", "weg", applies_to=STADT), rule("R1", "weg", applies_to=STADT))
    found = check(Release(1, "", "", knowledge), TODAY)
    assert [each.severity for each in found] == sorted((each.severity for each in found), key=[ERROR, HINT].index)
    assert [each.entry for each in found[:2]] == ["R1", "R2"]
    assert found == check(Release(1, "", "", replace(knowledge, rules=knowledge.rules[::-1])), TODAY)

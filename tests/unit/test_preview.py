from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from knowledge.model import District, Office, OfficeType, Place, Rule, Service
from knowledge.preview import Shift, preview
from knowledge.release import Knowledge, Release

TODAY = date(2026, 11, 22)
NEW_YEAR = date(2027, 1, 1)
OLD_YEAR = date(2026, 12, 31)

COUNTY = Place("091990000000", "09199", "Landkreis Lindenau", "landkreis")
LINDENAU = Place("091990111111", "09199111", "Lindenau", "stadt", districts=(District("Altstadt"), District("Au")))
WALLERSBACH = Place("091990115115", "09199115", "Wallersbach", "markt")
MOOSHAM = Place("091990116116", "09199116", "Moosham", "gemeinde")
OFFICES = tuple(Office(key, "amt", "gemeinde", f"Amt {key.upper()}") for key in "abcd")
WEDDING = Service("heiraten", "Eheschließung anmelden", "citizen", "gemeinde", "amt", "Familie")
DOG = Service("hund", "Hundesteuer anmelden", "citizen", "gemeinde", "amt", "Tiere")


def rule(number: int, office: str, **more: object) -> Rule:
    base = Rule(f"R{number}", "heiraten", office, "zustaendig", "belegt", "Darum.", applies_to=COUNTY.ars)
    return replace(base, **more)  # type: ignore[arg-type]


def county(*rules: Rule, services: tuple[Service, ...] = (WEDDING,), places: tuple[Place, ...] = ()) -> Release:
    some = places or (COUNTY, LINDENAU, WALLERSBACH, MOOSHAM)
    types = (OfficeType("amt", "Amt", "gemeinde"),)
    return Release(1, "d", "", Knowledge(some, OFFICES, services, rules, office_types=types))


def changes(now: Release, then: Release | None = None, on: date = NEW_YEAR) -> list[str]:
    return [str(each) for each in preview(now, then or now, TODAY, on)]


def test_nothing_changes() -> None:
    assert changes(county(rule(1, "a"))) == []


def test_another_office_in_one_place() -> None:
    release = county(
        rule(1, "a"),
        rule(2, "b", applies_to=WALLERSBACH.ars, valid_to=OLD_YEAR),
        rule(3, "c", applies_to=WALLERSBACH.ars, valid_from=NEW_YEAR),
    )
    assert changes(release) == ["Ab 01.01.2027: Eheschließung anmelden in Wallersbach: Amt C statt Amt B"]
    assert changes(release, on=OLD_YEAR) == []
    assert preview(release, release, TODAY, NEW_YEAR) == [
        Shift("heiraten", "Eheschließung anmelden", "Amt B", "Amt C", NEW_YEAR, ("Wallersbach",))
    ]


def test_the_day_of_the_change_is_named_not_the_day_that_was_asked_for() -> None:
    release = county(rule(1, "a", valid_to=OLD_YEAR), rule(2, "b", valid_from=NEW_YEAR), rule(3, "c", role="annahme"))
    assert changes(release, on=date(2029, 5, 5)) == ["Ab 01.01.2027: Eheschließung anmelden überall: Amt B statt Amt A"]


def test_what_has_changed_back_by_then_is_no_change() -> None:
    release = county(
        rule(1, "a", valid_to=OLD_YEAR),
        rule(2, "b", valid_from=NEW_YEAR, valid_to=date(2027, 1, 31)),
        rule(3, "a", valid_from=date(2027, 2, 1)),
    )
    assert changes(release, on=date(2027, 1, 31)) == ["Ab 01.01.2027: Eheschließung anmelden überall: Amt B statt Amt A"]
    assert changes(release, on=date(2027, 2, 1)) == []


def test_nobody_any_more_and_somebody_at_last() -> None:
    release = county(
        rule(1, "a", applies_to=LINDENAU.ars, valid_to=OLD_YEAR),
        rule(2, "b", applies_to=MOOSHAM.ars, valid_from=NEW_YEAR),
        rule(3, "c", applies_to=WALLERSBACH.ars),
    )
    assert changes(release, on=date(2027, 3, 1)) == [
        "Ab 01.01.2027: Eheschließung anmelden in Lindenau: niemand mehr statt Amt A",
        "Ab 01.01.2027: Eheschließung anmelden in Moosham: Amt B statt bisher niemand",
    ]


def test_other_ranges_of_surnames() -> None:
    release = county(
        rule(1, "a", surname_from="A", surname_to="K", valid_to=OLD_YEAR),
        rule(2, "b", surname_from="L", surname_to="Z", valid_to=OLD_YEAR),
        rule(3, "a", surname_from="A", surname_to="M", valid_from=NEW_YEAR),
        rule(4, "b", surname_from="N", surname_to="Z", valid_from=NEW_YEAR),
    )
    assert changes(release) == ["Ab 01.01.2027: Eheschließung anmelden überall (Nachname L–M): Amt A statt Amt B"]


def test_surnames_begin_to_matter() -> None:
    release = county(
        rule(1, "a", valid_to=OLD_YEAR),
        rule(2, "a", surname_to="K", valid_from=NEW_YEAR),
        rule(3, "b", surname_from="L", valid_from=NEW_YEAR),
    )
    assert changes(release) == ["Ab 01.01.2027: Eheschließung anmelden überall (Nachname L–Z): Amt B statt Amt A"]


def test_other_bounds_of_value() -> None:
    buying = replace(WEDDING, audience="business")
    release = county(
        rule(1, "a", value_to=Decimal(1000), valid_to=OLD_YEAR),
        rule(2, "b", value_from=Decimal("1000.01"), valid_to=OLD_YEAR),
        rule(3, "a", value_to=Decimal(5000), valid_from=NEW_YEAR),
        rule(4, "b", value_from=Decimal("5000.01"), valid_from=NEW_YEAR),
        services=(buying,),
    )
    (change,) = changes(release)
    assert change.startswith("Ab 01.01.2027: Eheschließung anmelden überall (Auftragswert über 1.000 Euro")
    assert change.endswith(": Amt A statt Amt B")


def test_one_district_of_a_place() -> None:
    release = county(rule(1, "a"), rule(2, "b", applies_to=LINDENAU.ars, district="Au", valid_from=NEW_YEAR))
    assert changes(release) == ["Ab 01.01.2027: Eheschließung anmelden in Lindenau (Au): Amt B statt Amt A"]


def test_many_places_are_counted() -> None:
    places = tuple(Place(f"09199{number:07}", f"09199{number:03}", f"Ort {number}", "gemeinde") for number in range(1, 11))
    moved = [rule(number, "b", applies_to=place.ars, valid_from=NEW_YEAR) for number, place in enumerate(places[:8])]
    (change,) = changes(county(rule(99, "a"), *moved, places=(COUNTY, *places)))
    assert change == (
        "Ab 01.01.2027: Eheschließung anmelden in Ort 1, Ort 2, Ort 3, Ort 4, Ort 5, Ort 6 und 2 weiteren Orten: "
        "Amt B statt Amt A"
    )


class TestDraft:
    """Against a draft, which may differ today already."""

    def test_what_comes_at_once_and_what_comes_later(self) -> None:
        now = county(rule(1, "a"), rule(2, "a", service="hund"), services=(WEDDING, DOG))
        then = county(
            rule(1, "b"),
            rule(2, "a", service="hund", valid_to=OLD_YEAR),
            rule(3, "c", service="hund", valid_from=NEW_YEAR),
            services=(WEDDING, DOG),
        )
        assert changes(now, then) == [
            "Mit der Veröffentlichung: Eheschließung anmelden überall: Amt B statt Amt A",
            "Ab 01.01.2027: Hundesteuer anmelden überall: Amt C statt Amt A",
        ]
        assert changes(now, then, on=TODAY) == ["Mit der Veröffentlichung: Eheschließung anmelden überall: Amt B statt Amt A"]

    def test_services_that_come_and_go(self) -> None:
        now = county(rule(1, "a"), services=(WEDDING,))
        then = county(rule(1, "a", service="hund"), services=(DOG,))
        assert changes(now, then) == [
            "Mit der Veröffentlichung: Eheschließung anmelden entfällt",
            "Mit der Veröffentlichung: Hundesteuer anmelden kommt dazu",
        ]

    def test_places_that_are_new_have_no_answer_yet(self) -> None:
        now = county(rule(1, "a"), places=(COUNTY, LINDENAU))
        assert changes(now, county(rule(1, "a"))) == []

    def test_offices_of_the_same_name_are_told_apart(self) -> None:
        now = county(rule(1, "a"))
        twins = tuple(replace(each, name="Amt") for each in OFFICES)
        same = Release(1, "d", "", replace(now.knowledge, offices=twins))
        then = Release(2, "e", "", replace(same.knowledge, rules=(rule(1, "b"),)))
        assert changes(same, then) == ["Mit der Veröffentlichung: Eheschließung anmelden überall: Amt (b) statt Amt (a)"]


def test_the_new_year_in_the_demo_county(release: Release) -> None:
    found = preview(release, release, TODAY, NEW_YEAR)
    assert (
        Shift(
            "eheschliessung-anmelden",
            "Eheschließung anmelden",
            "Standesamt des Marktes Wallersbach",
            "Standesamt der Stadt Lindenau",
            NEW_YEAR,
            ("Wallersbach",),
        )
        in found
    )
    assert preview(release, release, TODAY, TODAY) == []

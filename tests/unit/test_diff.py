from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import model
from knowledge.diff import FIELD_NAMES, Difference, Names, differences, entry_differences
from knowledge.model import (
    Address,
    Closure,
    Contact,
    Distinction,
    District,
    Example,
    Fee,
    Journey,
    JourneyStep,
    Link,
    Notice,
    Office,
    OfficeType,
    OutsidePlace,
    Place,
    Rule,
    Service,
    Source,
)
from knowledge.release import KINDS, Knowledge

PLACE = Place("091990115115", "09199115", "Wallersbach", "markt", "VG Moosham", ("85906",))
OTHER = Place("091990111111", "09199111", "Lindenau", "stadt")
OFFICE = Office("standesamt@w", "standesamt", "gemeinde", "Standesamt Wallersbach", phone="089 1")
NEXT = Office("standesamt@l", "standesamt", "gemeinde", "Standesamt Lindenau", phone="089 2")
SERVICE = Service("hundesteuer", "Hundesteuer anmelden", "citizen", "gemeinde", "steueramt", "Tiere")
RULE = Rule("R0012", "*", OFFICE.id, "zustaendig", "belegt", "Darum.", "standesamt", PLACE.ars)
BASE = Knowledge((PLACE, OTHER), (OFFICE, NEXT), (SERVICE,), (RULE,), office_types=(OfficeType("standesamt", "Standesamt", "g"),))


def words(old: Knowledge, new: Knowledge) -> list[str]:
    return [str(each) for each in differences(old, new)]


def service_words(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is said about one service, without its title."""
    old, new = replace(SERVICE, **before), replace(SERVICE, **after)
    return [each.change for each in differences(replace(BASE, services=(old,)), replace(BASE, services=(new,)))]


def office_words(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = replace(OFFICE, **before), replace(OFFICE, **after)
    return [each.change for each in differences(replace(BASE, offices=(old, NEXT)), replace(BASE, offices=(new, NEXT)))]


def rule_words(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = replace(RULE, **before), replace(RULE, **after)
    return [each.change for each in differences(replace(BASE, rules=(old,)), replace(BASE, rules=(new,)))]


def test_every_field_has_a_german_name() -> None:
    entries = [*KINDS.values(), District, Address, Closure, Contact, Fee, Link, Source, Example, JourneyStep]
    assert {cls: {field.name for field in fields(cls)} for cls in entries} == {
        cls: set(names) for cls, names in FIELD_NAMES.items()
    }
    assert all(name for names in FIELD_NAMES.values() for name in names.values())


def test_equal_knowledge_has_no_differences(knowledge: Knowledge) -> None:
    assert differences(knowledge, knowledge) == differences(Knowledge(), Knowledge()) == []


def test_order_is_no_difference() -> None:
    assert differences(BASE, replace(BASE, offices=(NEXT, OFFICE))) == []


def test_entries_that_come_and_go() -> None:
    new = Knowledge(
        offices=(NEXT,),
        outside=(OutsidePlace("München"), OutsidePlace("", plz=("80331",))),
        journeys=(Journey("geburt", "Ein Kind kommt", ()),),
        distinctions=(Distinction("hundesteuer", "anleinpflicht", "So."),),
        notices=(Notice("1", "Zu", date(2026, 1, 1), date(2026, 1, 2)),),
    )
    assert words(BASE, new) == [
        "Ort „Wallersbach“: entfernt",
        "Ort „Lindenau“: entfernt",
        "Stelle „Standesamt Wallersbach“: entfernt",
        "Leistung „Hundesteuer anmelden“: entfernt",
        "Regel R0012 (Standesamt, Wallersbach): entfernt",
        "Ort außerhalb „München“: neu",
        "Ort außerhalb „80331“: neu",
        "Art von Stellen „Standesamt“: entfernt",
        "Lebenslage „Ein Kind kommt“: neu",
        "Unterscheidung „Hundesteuer anmelden“ und „anleinpflicht“: neu",
        "Hinweis „1“: neu",
    ]
    assert differences(BASE, replace(BASE, offices=(OFFICE,))) == [
        Difference("offices", NEXT.id, "Stelle „Standesamt Lindenau“", "removed", "entfernt")
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"phone": "089 9"}, "Telefon geändert von „089 1“ zu „089 9“"),
        ({}, {"phone": ""}, "Telefon „089 1“ entfällt"),
        ({}, {"email": "a@b.example"}, "E-Mail „a@b.example“ kam hinzu"),
        ({}, {"appointment_only": True}, "Nur mit Termin: jetzt ja"),
        ({"appointment_only": True}, {}, "Nur mit Termin: jetzt nein"),
        ({}, {"place": PLACE.ars}, "Ort „Wallersbach“ kam hinzu"),
        ({}, {"parent": NEXT.id}, "übergeordnete Stelle „Standesamt Lindenau“ kam hinzu"),
        ({}, {"geo": (48.1, 11.5)}, "Koordinaten „48.1, 11.5“ kam hinzu"),
        ({}, {"confirmed": date(2026, 3, 1)}, "bestätigt am „01.03.2026“ kam hinzu"),
        ({}, {"address": Address("Weg 1", "85901", "Lindenau")}, "Anschrift „Weg 1, 85901 Lindenau“ kam hinzu"),
        ({"address": Address("Weg 1")}, {}, "Anschrift „Weg 1“ entfällt"),
        (
            {"address": Address("Weg 1", "85901", "Lindenau")},
            {"address": Address("Weg 2", "85901", "Lindenau")},
            "Anschrift: Straße geändert von „Weg 1“ zu „Weg 2“",
        ),
        (
            {},
            {"closures": (Closure(date(2026, 12, 24), date(2026, 12, 31), "Ferien"),)},
            "Schließung „24.12.2026 bis 31.12.2026 (Ferien)“ kam hinzu",
        ),
        (
            {"closures": (Closure(date(2026, 5, 15), date(2026, 5, 15)),)},
            {"closures": (Closure(date(2026, 5, 15), date(2026, 5, 16)),)},
            "Schließung „15.05.2026 bis 16.05.2026“: letzter Tag geändert von „15.05.2026“ zu „16.05.2026“",
        ),
        (
            {"contacts": (Contact("Frau Huber", phone="1"),)},
            {"contacts": (Contact("Herr Maier"), Contact("Frau Huber", phone="2"))},
            "Ansprechperson „Frau Huber“: Telefon geändert von „1“ zu „2“",
        ),
        (
            {"contacts": (Contact("Frau Huber"),)},
            {"contacts": (Contact("Frau Huber", valid_to=date(2026, 12, 31)),)},
            "Ansprechperson „Frau Huber“: gilt nur noch bis 31.12.2026",
        ),
    ],
)
def test_fields_of_an_office(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    assert office_words(before, after)[0] == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"valid_to": date(2026, 12, 31)}, "gilt nur noch bis 31.12.2026"),
        ({"valid_to": date(2026, 12, 31)}, {}, "gilt nun unbefristet (bisher bis 31.12.2026)"),
        (
            {"valid_to": date(2026, 12, 31)},
            {"valid_to": date(2026, 6, 30)},
            "gilt nur noch bis 30.06.2026 (bisher bis 31.12.2026)",
        ),
        ({"valid_to": date(2026, 6, 30)}, {"valid_to": date(2026, 12, 31)}, "gilt bis 31.12.2026 (bisher bis 30.06.2026)"),
        ({}, {"valid_from": date(2027, 1, 1)}, "gilt erst ab 01.01.2027"),
        ({"valid_from": date(2027, 1, 1)}, {}, "gilt nun auch vor dem 01.01.2027"),
        ({"valid_from": date(2027, 1, 1)}, {"valid_from": date(2027, 2, 1)}, "gilt ab 01.02.2027 (bisher ab 01.01.2027)"),
        ({}, {"office": NEXT.id}, "Stelle geändert von „Standesamt Wallersbach“ zu „Standesamt Lindenau“"),
        ({}, {"office": "weg"}, "Stelle geändert von „Standesamt Wallersbach“ zu „weg“"),
        ({}, {"applies_to": "*"}, "Gebiet geändert von „Wallersbach“ zu „überall“"),
        ({}, {"applies_to": "091990115"}, "Gebiet geändert von „Wallersbach“ zu „VG Moosham“"),
        ({}, {"service": "hundesteuer"}, "Leistung geändert von „alle“ zu „Hundesteuer anmelden“"),
        ({}, {"audience": "business"}, "Zielgruppe geändert von „alle“ zu „Betriebe“"),
        ({}, {"role": "annahme"}, "Rolle geändert von „zuständige Stelle“ zu „nimmt Anträge an“"),
        ({}, {"value_to": Decimal("1234.5")}, "Auftragswert bis „1.234,50 Euro“ kam hinzu"),
        ({"value_from": Decimal(0)}, {"value_from": None}, "Auftragswert von „0,00 Euro“ entfällt"),
        ({}, {"shared": True}, "Gemeinsam mit anderen Stellen: jetzt ja"),
        ({}, {"surname_to": "K"}, "Nachname bis „K“ kam hinzu"),
    ],
)
def test_fields_of_a_rule(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    assert rule_words(before, after) == [said]


def test_a_rule_is_called_by_what_and_where() -> None:
    names = Names(BASE)
    assert names.title(RULE) == "Regel R0012 (Standesamt, Wallersbach)"
    assert names.title(replace(RULE, applies_to="*", surname_to="K")) == "Regel R0012 (Standesamt, überall, Nachnamen A–K)"
    assert names.title(replace(RULE, applies_to="1", office_type="x", district="Au")) == "Regel R0012 (x, 1, Au)"
    assert names.title(replace(RULE, service="hundesteuer")) == "Regel R0012 (Hundesteuer anmelden, Wallersbach)"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"fees": (Fee("45 Euro"),)}, ["Gebühr „45 Euro“ kam hinzu"]),
        ({"fees": (Fee("45 Euro"), Fee("9 Euro"))}, {"fees": (Fee("9 Euro"),)}, ["Gebühr „45 Euro“ entfällt"]),
        ({"fees": (Fee("4 Euro"),)}, {"fees": (Fee("4 Euro", True),)}, ["Gebühr „4 Euro“: Nur ein Beispiel: jetzt ja"]),
        (
            {"fees": (Fee("Beispiel: 45 Euro im Jahr"),)},
            {"fees": (Fee("Beispiel: 50 Euro im Jahr"),)},
            ["Gebühr geändert von „Beispiel: 45 Euro im Jahr“ zu „Beispiel: 50 Euro im Jahr“"],
        ),
        ({"documents": ("a", "b")}, {"documents": ("b", "a")}, ["Unterlage: Reihenfolge geändert"]),
        ({"documents": ("a", "a")}, {"documents": ("a",)}, ["Unterlage „a“ entfällt"]),
        ({"cpv": ("30",)}, {"cpv": ("31",)}, ["Produktgruppe (CPV) „30“ entfällt", "Produktgruppe (CPV) „31“ kam hinzu"]),
        ({}, {"online": Link("Antrag", "https://a.example")}, ["Online-Dienst „Antrag“ kam hinzu"]),
        ({"online": Link("Antrag")}, {}, ["Online-Dienst „Antrag“ entfällt"]),
        (
            {"online": Link("Antrag", "https://a.example")},
            {"online": Link("Antrag", "https://b.example")},
            ["Online-Dienst: Adresse geändert von „https://a.example“ zu „https://b.example“"],
        ),
        (
            {"sources": (Source(("short",), "§ 1"),)},
            {"sources": (Source(("short", "fees"), "§ 1"),)},
            ["Quelle „§ 1“: Belegtes Feld „Gebühr“ kam hinzu"],
        ),
        ({"examples": (Example("Hund?", "stichwort"),)}, {}, ["Beispielfrage „Hund?“ entfällt"]),
        ({"short": "a b"}, {"short": "a\n b"}, ["Kurztext: nur Leerzeichen und Zeilenumbrüche geändert"]),
        (
            {"audience": "citizen", "name": "A"},
            {"audience": "both", "name": "B"},
            ["Name geändert von „A“ zu „B“", "Zielgruppe geändert von „Privatpersonen“ zu „alle“"],
        ),
    ],
)
def test_fields_of_a_service(before: dict[str, Any], after: dict[str, Any], said: list[str]) -> None:
    assert service_words(before, after) == said


def test_names_that_are_the_same_are_told_apart() -> None:
    twin = replace(NEXT, name=OFFICE.name)
    old = replace(BASE, offices=(OFFICE, twin))
    assert words(old, replace(old, rules=(replace(RULE, office=twin.id),)))[0].endswith(
        "Stelle geändert von „Standesamt Wallersbach (standesamt@w)“ zu „Standesamt Wallersbach (standesamt@l)“"
    )


def test_steps_of_a_journey() -> None:
    old = Journey("geburt", "Geburt", (JourneyStep("hundesteuer"), JourneyStep("x")))
    new = replace(old, steps=(JourneyStep("hundesteuer", "wenn Hund"), JourneyStep("x")))
    assert words(replace(BASE, journeys=(old,)), replace(BASE, journeys=(new,))) == [
        "Lebenslage „Geburt“: Schritt „Hundesteuer anmelden“: Bedingung „wenn Hund“ kam hinzu"
    ]


class TestLongTexts:
    TEXT = " ".join(f"Satz {number} sagt etwas." for number in range(60))

    def test_only_what_changed_is_shown(self) -> None:
        new = self.TEXT.replace("Satz 30 sagt etwas", "Satz 30 verschweigt alles")
        assert service_words({"short": self.TEXT}, {"short": new}) == [
            "Kurztext geändert von „… etwas. Satz 30 sagt etwas. Satz 31 sagt …“ "
            "zu „… etwas. Satz 30 verschweigt alles. Satz 31 sagt …“"
        ]

    def test_two_changes(self) -> None:
        new = self.TEXT.replace("Satz 0 ", "Satz null ").replace("Satz 59 ", "Satz letzter ")
        (said,) = service_words({"short": self.TEXT}, {"short": new})
        assert said == (
            "Kurztext geändert von „Satz 0 sagt etwas. Satz … sagt etwas. Satz 59 sagt etwas.“ "
            "zu „Satz null sagt etwas. Satz … sagt etwas. Satz letzter sagt etwas.“"
        )

    def test_something_was_only_added(self) -> None:
        assert service_words({"short": self.TEXT}, {"short": self.TEXT + " Ende."}) == [
            "Kurztext geändert von „… 59 sagt etwas.“ zu „… 59 sagt etwas. Ende.“"
        ]

    def test_the_whole_is_kept_for_machines(self) -> None:
        old = replace(BASE, services=(replace(SERVICE, short=self.TEXT),))
        (found,) = differences(old, replace(old, services=(replace(SERVICE, short=self.TEXT + " Ende."),)))
        assert (found.field, found.old, found.new) == ("short", self.TEXT, self.TEXT + " Ende.")

    def test_a_new_one_is_shown_by_its_ends(self) -> None:
        (said,) = service_words({}, {"short": self.TEXT})
        assert said.startswith("Kurztext „Satz 0 sagt etwas.") and said.endswith("59 sagt etwas.“ kam hinzu")
        assert len(said) < 120

    def test_a_field_within_a_field_has_a_path(self) -> None:
        old = replace(BASE, offices=(replace(OFFICE, address=Address("Weg 1")),))
        (found,) = differences(old, replace(BASE, offices=(replace(OFFICE, address=Address("Weg 2")),)))
        assert (found.kind, found.key, found.action, found.field) == ("offices", OFFICE.id, "changed", "address.street")

    @pytest.mark.parametrize(("before", "after"), [("x " * 50_000, "y " * 50_000), ("x" * 100_000, "y" * 100_000)])
    def test_hostile_sizes_stay_short(self, before: str, after: str) -> None:
        (said,) = service_words({"short": before}, {"short": after})
        assert len(said) < 600

    def test_long_lists(self) -> None:
        old, new = (tuple(f"{number} {word * 20}" for number in range(2000)) for word in ("ja", "nein"))
        assert len(service_words({"synonyms": old}, {"synonyms": new})) == 4000
        contacts = [tuple(Contact(f"Person {number}", task) for number in range(1000)) for task in ("alt", "neu")]
        assert len(office_words({"contacts": contacts[0]}, {"contacts": contacts[1]})) == 1000


def test_one_entry_for_the_history_of_an_entry() -> None:
    changed = replace(OFFICE, phone="089 9")
    assert [str(each) for each in entry_differences("offices", OFFICE, changed, Names(BASE))] == [
        "Stelle „Standesamt Wallersbach“: Telefon geändert von „089 1“ zu „089 9“"
    ]
    assert [each.action for each in entry_differences("offices", None, OFFICE, Names())] == ["added"]
    assert [each.action for each in entry_differences("offices", OFFICE, None, Names())] == ["removed"]
    assert list(entry_differences("offices", None, None, Names())) == []


def test_all_of_the_demo_can_be_told(knowledge: Knowledge) -> None:
    some: dict[str, Any] = {kind: getattr(knowledge, kind)[::12] for kind in KINDS}
    shifted = Knowledge(
        **{
            kind: tuple(replace(each, **_others_values(kind, each, entries[number - 1])) for number, each in enumerate(entries))
            for kind, entries in some.items()
        }
    )
    found = differences(Knowledge(**some), shifted)
    assert len(found) > 500
    assert all(each.change and "object at" not in each.change and "None" not in each.change for each in found)


def _others_values(kind: str, entry: Any, other: Any) -> dict[str, Any]:
    keys = {"ars", "id", "slug", "type", "first", "second"} | ({"name", "plz"} if kind == "outside" else set())
    return {field.name: getattr(other, field.name) for field in fields(entry) if field.name not in keys}


_texts = st.text(st.sampled_from("ab „“\n.\ud83d😀"), max_size=120)


@given(_texts, _texts, st.lists(_texts, max_size=4), st.lists(_texts, max_size=4))
def test_whatever_changes_is_said(before: str, after: str, old: list[str], new: list[str]) -> None:
    found = service_words({"short": before, "documents": tuple(old)}, {"short": after, "documents": tuple(new)})
    assert bool(found) == ((before, old) != (after, new))


def test_the_model_has_no_other_records() -> None:
    records = {each for each in vars(model).values() if isinstance(each, type) and hasattr(each, "__dataclass_fields__")}
    assert records - set(FIELD_NAMES) == {model.Locality, model.Facts}

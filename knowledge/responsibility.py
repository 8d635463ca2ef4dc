"""Who is responsible? A pure function from a release and the known facts to an answer or the one open question.

Rules inherit: Ortsteil or road class, then Gemeinde, then Verwaltungsgemeinschaft, then county, then everywhere; at the
same place a rule for one service beats a rule for all services of an office type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

from knowledge.model import (
    ANYWHERE,
    OUTSIDE,
    ROAD_CLASSES,
    Facts,
    Locality,
    Rule,
    Service,
)
from knowledge.release import Release
from knowledge.surnames import INITIALS, in_range, range_label, surname_initial

RESPONSIBLE = "zustaendig"
FURTHER_DOORS = ("ansprechpunkt", "annahme")
_ROADS_IN_RULES = frozenset(ROAD_CLASSES[1:])
_WEAKEST_FIRST = ("nur-ebene", "vermutlich", "belegt")
_CENT = Decimal("0.01")

_Open = tuple[str, str, str, Decimal]
"""What may still be open at a place: district, initial, audience, value."""
_Signature = frozenset[tuple[str, str, Decimal, "str | None"]]
"""All that a place leads to, whatever its Ortsteile and roads are called."""


@dataclass(frozen=True)
class Assignment:
    """One office in an answer, and why it is that one."""

    office: str
    role: str
    certainty: str
    reason: str
    rule: str


@dataclass(frozen=True)
class Choice:
    """One way to answer the open question: `value` for the machine, `label` for people."""

    value: str
    label: str


@dataclass(frozen=True)
class Responsible:
    """The responsible office first, further doors behind it."""

    offices: tuple[Assignment, ...]


@dataclass(frozen=True)
class Missing:
    """The one fact that decides, with the answers that still lead to different offices."""

    fact: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Ambiguous:
    """The place that was named fits several Gemeinden with different offices."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class NotHere:
    """Another level is responsible (with its office) or another county (without one)."""

    offices: tuple[Assignment, ...] = ()
    outside: bool = False


Outcome = Responsible | Missing | Ambiguous | NotHere


@dataclass(frozen=True)
class _Case:
    """One complete set of facts."""

    chain: tuple[str, ...]
    district: str
    initial: str
    audience: str
    value: Decimal


def resolve(release: Release, slug: str, facts: Facts, on: date) -> Outcome:
    """Find the responsible office for a service.

    Asks for one fact only if it changes the responsible office, in the order place, district, surname, audience, value.
    Raises `KeyError` for an unknown slug.
    """
    return _Resolver(release, release.services[slug], facts, on).outcome()


class _Resolver:
    def __init__(self, release: Release, service: Service, facts: Facts, on: date) -> None:
        self._release = release
        self._service = service
        self._facts = facts
        rules = release.rules_for(service, on)
        self._deciding = [rule for rule in rules if rule.role == RESPONSIBLE]
        self._doors = [rule for rule in rules if rule.role != RESPONSIBLE]
        self._by_road = any(rule.district in _ROADS_IN_RULES for rule in self._deciding)
        self._initials = self._open_initials()
        self._audiences = self._open_audiences()
        self._values = self._open_values()

    def outcome(self) -> Outcome:
        localities, place_known = self._localities()
        if place_known and all(locality.ars == OUTSIDE for locality in localities):
            return NotHere(outside=True)
        if self._by_road and self._facts.district == "Autobahn":
            return NotHere()
        if not localities:
            return NotHere()
        signatures = {locality: self._signature(locality) for locality in localities}
        if len(set(signatures.values())) > 1:
            if place_known:
                return Ambiguous(self._place_choices(localities))
            return Missing("place", self._place_choices(self._worth_naming(localities, signatures)))
        return self._within(localities, localities[0])

    def _worth_naming(self, localities: list[Locality], signatures: Mapping[Locality, _Signature]) -> list[Locality]:
        """All Gemeinden; the county itself only where it has an office that no Gemeinde leads to."""
        gemeinden = [each for each in localities if not self._release.places[each.ars].is_county]
        reached = {signatures[each] for each in gemeinden}
        return [each for each in localities if each in gemeinden or signatures[each] not in reached]

    def _place_choices(self, localities: list[Locality]) -> tuple[Choice, ...]:
        return tuple(Choice(str(each), self._release.locality_name(each)) for each in localities)

    def _within(self, localities: list[Locality], locality: Locality) -> Outcome:
        districts = self._districts(locality)
        rest = (self._initials, self._audiences, self._values)
        table = {each: self._office(self._case(locality, *each)) for each in product(districts, *rest)}
        for axis, fact in enumerate(("district", "surname", "audience", "value")):
            if self._decides(table, axis):
                return Missing(fact, self._choices(fact, locality, table, axis))
        cases = [self._case(at, *each) for at in localities for each in product(self._districts(at), *rest)]
        return self._answer(cases)

    def _answer(self, cases: list[_Case]) -> Outcome:
        decided = [self._best(self._deciding, case) for case in cases]
        # With open facts that lead to the same office, the most general rule explains and the weakest certainty holds.
        rules = [rule for rule in decided if rule]
        if not rules:
            return NotHere()
        rule = min(rules, key=_specificity)
        certainty = min((each.certainty for each in rules), key=_WEAKEST_FIRST.index)
        responsible = Assignment(rule.office, rule.role, certainty, rule.reason, rule.id)
        if self._release.offices[rule.office].is_supralocal:
            return NotHere((responsible, *self._further_doors(cases)))
        return Responsible((responsible, *self._further_doors(cases)))

    def _further_doors(self, cases: list[_Case]) -> Iterator[Assignment]:
        for role in FURTHER_DOORS:
            rules = [rule for rule in self._doors if rule.role == role]
            found = [self._best(rules, case) for case in cases]
            rule = found[0]
            if rule and all(each and each.office == rule.office for each in found):
                yield Assignment(rule.office, rule.role, rule.certainty, rule.reason, rule.id)

    def _localities(self) -> tuple[list[Locality], bool]:
        """The places still possible, and whether the person named one."""
        named = [locality for locality in self._facts.places or () if locality.ars == OUTSIDE or self._covers(locality)]
        if named:
            return named, True
        return [locality for ars in self._release.places if self._covers(locality := Locality(ars))], False

    def _covers(self, locality: Locality) -> bool:
        chain = self._release.chain(locality.ars)
        return any(rule.applies_to in chain for rule in self._deciding)

    def _signature(self, locality: Locality) -> _Signature:
        if locality.ars == OUTSIDE:
            return frozenset()
        axes = product(self._districts(locality), self._initials, self._audiences, self._values)
        return frozenset((*each[1:], self._office(self._case(locality, *each))) for each in axes)

    def _districts(self, locality: Locality) -> list[str]:
        """The Ortsteile or road classes still possible; an empty one stands for all that no rule names."""
        chain = self._release.chain(locality.ars)
        in_rules = {rule.district for rule in self._deciding if rule.applies_to in chain and rule.district}
        if not in_rules:
            return [""]
        known = self._facts.district
        if self._by_road:
            if known in ROAD_CLASSES:
                return ["" if known == ROAD_CLASSES[0] else known]
            return ["", *ROAD_CLASSES[1:-1]]
        known = locality.district or known
        of_place = {district.name for district in self._release.places[locality.ars].districts}
        if known in of_place:
            return [known if known in in_rules else ""]
        return ["", *sorted(in_rules)]

    def _open_initials(self) -> list[str]:
        if not any(rule.surname_from or rule.surname_to for rule in self._deciding):
            return [INITIALS[0]]
        known = surname_initial(self._facts.surname) if self._facts.surname else None
        return [known] if known else list(INITIALS)

    def _open_audiences(self) -> list[str]:
        if self._facts.audience:
            return [self._facts.audience]
        return [self._service.audience] if self._service.audience in ("citizen", "business") else ["citizen", "business"]

    def _open_values(self) -> list[Decimal]:
        if self._facts.value is not None:
            return [self._facts.value]
        return sorted({Decimal(0), *(rule.value_from for rule in self._deciding if rule.value_from is not None)})

    def _case(self, locality: Locality, district: str, initial: str, audience: str, value: Decimal) -> _Case:
        return _Case(self._release.chain(locality.ars), district, initial, audience, value)

    def _office(self, case: _Case) -> str | None:
        rule = self._best(self._deciding, case)
        return rule.office if rule else None

    @staticmethod
    def _best(rules: list[Rule], case: _Case) -> Rule | None:
        fitting = [rule for rule in rules if _fits(rule, case)]
        return max(fitting, key=_specificity, default=None)

    @staticmethod
    def _decides(table: Mapping[_Open, str | None], axis: int) -> bool:
        """Whether two cases that differ in this fact alone lead to different offices."""
        groups: dict[tuple[object, ...], str | None] = {}
        return any(groups.setdefault((*key[:axis], *key[axis + 1 :]), office) != office for key, office in table.items())

    def _choices(self, fact: str, locality: Locality, table: Mapping[_Open, str | None], axis: int) -> tuple[Choice, ...]:
        if fact == "district":
            if self._by_road:
                return tuple(Choice(road, road) for road in ROAD_CLASSES)
            names = [district.name for district in self._release.places[locality.ars].districts]
            return tuple(Choice(name, name) for name in names)
        if fact == "surname":
            return tuple(_surname_choices(self._by_class(table, axis)))
        if fact == "audience":
            return (Choice("citizen", "Privatperson"), Choice("business", "Betrieb oder Firma"))
        return tuple(_value_choices(self._values))

    @staticmethod
    def _by_class(table: Mapping[_Open, str | None], axis: int) -> dict[str, list[object]]:
        """For each value on an axis, all it leads to."""
        classes: dict[str, list[object]] = {}
        for key, office in table.items():
            classes.setdefault(str(key[axis]), []).append(office)
        return classes


def _fits(rule: Rule, case: _Case) -> bool:
    return (
        rule.applies_to in case.chain
        and rule.district in ("", case.district)
        and (not (rule.surname_from or rule.surname_to) or in_range(case.initial, rule.surname_from, rule.surname_to))
        and rule.audience in ("both", case.audience)
        and (rule.value_from is None or rule.value_from <= case.value)
        and (rule.value_to is None or case.value < rule.value_to + _CENT)
    )


def _specificity(rule: Rule) -> tuple[bool, int, bool]:
    if rule.applies_to == ANYWHERE:
        area = 0
    elif rule.applies_to.endswith("0000000"):
        area = 1
    else:
        area = 2 if len(rule.applies_to) < 12 else 3
    return (bool(rule.district), area, rule.service != ANYWHERE)


def _surname_choices(classes: dict[str, list[object]]) -> Iterator[Choice]:
    run: list[str] = []
    for initial in (*INITIALS, ""):
        if run and (not initial or classes[initial] != classes[run[0]]):
            yield Choice(run[0], range_label(run))
            run = []
        run.append(initial)


def _value_choices(values: list[Decimal]) -> Iterator[Choice]:
    for first, following in zip(values, [*values[1:], None], strict=False):
        upper = None if following is None else _euros(following)
        if first == 0:
            yield Choice("0", f"unter {upper}" if upper and _is_round(following) else f"bis {upper}")
        elif upper is None:
            yield Choice(str(first), f"{'ab' if _is_round(first) else 'über'} {_euros(first)}")
        else:
            yield Choice(str(first), f"über {_euros(first)} bis {upper}")


def _is_round(value: Decimal | None) -> bool:
    return value is not None and value == value.to_integral_value()


def _euros(value: Decimal) -> str:
    """Whole euros with German thousands: a bound of 1000.01 reads „1.000 Euro"."""
    return f"{int(value):,}".replace(",", ".") + " Euro"

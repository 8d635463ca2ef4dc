"""Who is responsible? A pure function from a release and the known facts to an answer or the one open question.

Rules inherit: Ortsteil or road class, then Gemeinde, then Verwaltungsgemeinschaft, then county, then everywhere; at the
same place a rule for one service beats a rule for all services of an office type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice, product

from knowledge.model import (
    ANYWHERE,
    NOWHERE,
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
_MOST_CHOICES = 100
"""With more places than that, nobody reads a list: the place is asked for without choices."""

_Open = tuple[str, str, str, Decimal]
"""What may still be open at a place: district, initial, audience, value."""
_Offices = tuple[str, ...]
_Signature = frozenset[tuple[str, str, Decimal, _Offices]]
"""All that a place leads to, whatever its Ortsteile and roads are called."""


@dataclass(frozen=True)
class Assignment:
    """One office in an answer, and why it is that one: the rule, where it comes from, when it was last confirmed."""

    office: str
    role: str
    certainty: str
    reason: str
    rule: str
    source: str = ""
    confirmed: str = ""


@dataclass(frozen=True)
class Choice:
    """One way to answer the open question: `value` for the machine, `label` for people."""

    value: str
    label: str


@dataclass(frozen=True)
class Responsible:
    """The responsible office first (several where people may choose), further doors behind it."""

    offices: tuple[Assignment, ...]


@dataclass(frozen=True)
class Missing:
    """The one fact that decides, with the answers that still lead to different offices; none when they are too many."""

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
    """One complete set of facts, and the rules of its place."""

    rules: tuple[Rule, ...]
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
        self._on = on
        self._index = release.rule_index(service)
        self._at: dict[str, tuple[Rule, ...]] = {}

    def outcome(self) -> Outcome:
        if self._place_is_one_of_very_many():
            return Missing("place", ())
        localities, place_known = self._localities()
        if place_known and all(locality.ars == OUTSIDE for locality in localities):
            return NotHere(outside=True)
        if not localities:
            return NotHere()
        self._open_axes(localities)
        if self._by_road and self._facts.district == "Autobahn":
            return NotHere()
        signatures = {locality: self._signature(locality) for locality in localities}
        if len(set(signatures.values())) > 1:
            if place_known:
                return Ambiguous(self._place_choices(localities))
            return Missing("place", self._place_choices(self._worth_naming(localities, signatures)))
        return self._within(localities, localities[0])

    def _place_is_one_of_very_many(self) -> bool:
        """Whether the place is open and decides, where the places are too many to be offered."""
        if len(self._release.places) <= _MOST_CHOICES or self._named():
            return False
        possible = self._possible()
        first = next(possible, None)
        return first is not None and any(self._differ(first, other) for other in possible)

    def _differ(self, one: Locality, other: Locality) -> bool:
        self._open_axes([one, other])
        return self._signature(one) != self._signature(other)

    def _open_axes(self, localities: list[Locality]) -> None:
        """What else may decide at these places."""
        rules = {rule.id: rule for each in localities for rule in self._deciding(each)}.values()
        self._by_road = any(rule.district in _ROADS_IN_RULES for rule in rules)
        self._initials = self._open_initials(rules)
        self._audiences = self._open_audiences()
        self._values = self._open_values(rules)

    def _rules_at(self, ars: str) -> tuple[Rule, ...]:
        if ars not in self._at:
            self._at[ars] = tuple(self._index.at(self._release.chain(ars), self._on))
        return self._at[ars]

    def _deciding(self, locality: Locality) -> Iterator[Rule]:
        return (rule for rule in self._rules_at(locality.ars) if rule.role == RESPONSIBLE)

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
        table = {each: self._offices(self._case(locality, *each)) for each in product(districts, *rest)}
        for axis, fact in enumerate(("district", "surname", "audience", "value")):
            if self._decides(table, axis):
                return Missing(fact, self._choices(fact, locality, table, axis))
        cases = [self._case(at, *each) for at in localities for each in product(self._districts(at), *rest)]
        return self._answer(cases)

    def _answer(self, cases: list[_Case]) -> Outcome:
        decided = [winners for case in cases if (winners := _winners(case, RESPONSIBLE))]
        # With open facts that lead to the same office, the most general rule explains and the weakest certainty holds.
        if not decided:
            return NotHere()
        rules = min(decided, key=lambda winners: _specificity(winners[0]))
        certainty = min((winners[0].certainty for winners in decided), key=_WEAKEST_FIRST.index)
        responsible = [_assignment(rule, certainty) for rule in rules]
        if self._release.offices[rules[0].office].is_supralocal:
            return NotHere((*responsible, *self._further_doors(cases)))
        return Responsible((*responsible, *self._further_doors(cases)))

    def _further_doors(self, cases: list[_Case]) -> Iterator[Assignment]:
        for role in FURTHER_DOORS:
            found = [_winners(case, role) for case in cases]
            if all([rule.office for rule in winners] == [rule.office for rule in found[0]] for winners in found):
                yield from (_assignment(rule, rule.certainty) for rule in found[0])

    def _localities(self) -> tuple[list[Locality], bool]:
        """The places still possible, and whether the person named one."""
        named = self._named()
        if named:
            return named, True
        if len(self._release.places) > _MOST_CHOICES:
            # None of them decides, so one stands for all.
            return list(islice(self._possible(), 1)), False
        # Knowledge of a single city may do without places.
        nowhere = Locality(NOWHERE)
        return list(self._possible()) or ([nowhere] if self._covers(nowhere) else []), False

    def _named(self) -> list[Locality]:
        return [locality for locality in self._facts.places or () if locality.ars == OUTSIDE or self._covers(locality)]

    def _possible(self) -> Iterator[Locality]:
        """Every place somebody is responsible for, or one for all that no rule tells apart where they are very many."""
        few = len(self._release.places) <= _MOST_CHOICES
        places = self._release.places if few else self._index.representatives(self._release)
        return (locality for ars in places if self._covers(locality := Locality(ars)))

    def _covers(self, locality: Locality) -> bool:
        return any(True for _ in self._deciding(locality))

    def _signature(self, locality: Locality) -> _Signature:
        if locality.ars == OUTSIDE:
            return frozenset()
        axes = product(self._districts(locality), self._initials, self._audiences, self._values)
        return frozenset((*each[1:], self._offices(self._case(locality, *each))) for each in axes)

    def _districts(self, locality: Locality) -> list[str]:
        """The Ortsteile or road classes still possible; an empty one stands for all that no rule names."""
        in_rules = {rule.district for rule in self._deciding(locality) if rule.district}
        if not in_rules:
            return [""]
        known = self._facts.district
        if self._by_road:
            if known in ROAD_CLASSES:
                return ["" if known == ROAD_CLASSES[0] else known]
            return ["", *ROAD_CLASSES[1:-1]]
        known = locality.district or known
        place = self._release.places.get(locality.ars)
        of_place = {district.name for district in place.districts} if place else set()
        if known in of_place:
            return [known if known in in_rules else ""]
        return ["", *sorted(in_rules)]

    def _open_initials(self, rules: Iterable[Rule]) -> list[str]:
        if not any(rule.surname_from or rule.surname_to for rule in rules):
            return [INITIALS[0]]
        known = surname_initial(self._facts.surname) if self._facts.surname else None
        return [known] if known else list(INITIALS)

    def _open_audiences(self) -> list[str]:
        if self._facts.audience:
            return [self._facts.audience]
        return [self._service.audience] if self._service.audience in ("citizen", "business") else ["citizen", "business"]

    def _open_values(self, rules: Iterable[Rule]) -> list[Decimal]:
        if self._facts.value is not None:
            return [self._facts.value]
        return sorted({Decimal(0), *(rule.value_from for rule in rules if rule.value_from is not None)})

    def _case(self, locality: Locality, district: str, initial: str, audience: str, value: Decimal) -> _Case:
        return _Case(self._rules_at(locality.ars), district, initial, audience, value)

    @staticmethod
    def _offices(case: _Case) -> _Offices:
        return tuple(rule.office for rule in _winners(case, RESPONSIBLE))

    @staticmethod
    def _decides(table: Mapping[_Open, _Offices], axis: int) -> bool:
        """Whether two cases that differ in this fact alone lead to different offices."""
        groups: dict[tuple[object, ...], _Offices] = {}
        return any(groups.setdefault((*key[:axis], *key[axis + 1 :]), offices) != offices for key, offices in table.items())

    def _choices(self, fact: str, locality: Locality, table: Mapping[_Open, _Offices], axis: int) -> tuple[Choice, ...]:
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
    def _by_class(table: Mapping[_Open, _Offices], axis: int) -> dict[str, list[object]]:
        """For each value on an axis, all it leads to."""
        classes: dict[str, list[object]] = {}
        for key, offices in table.items():
            classes.setdefault(str(key[axis]), []).append(offices)
        return classes


def _winners(case: _Case, role: str) -> list[Rule]:
    """The most specific rule of a role; several where they share the task."""
    fitting = [rule for rule in case.rules if rule.role == role and _fits(rule, case)]
    if not fitting:
        return []
    best = max(fitting, key=_specificity)
    if not best.shared:
        return [best]
    return [rule for rule in fitting if rule.shared and _specificity(rule) == _specificity(best)]


def _assignment(rule: Rule, certainty: str) -> Assignment:
    confirmed = rule.confirmed.isoformat() if rule.confirmed else ""
    return Assignment(rule.office, rule.role, certainty, rule.reason, rule.id, rule.source, confirmed)


def _fits(rule: Rule, case: _Case) -> bool:
    return (
        rule.district in ("", case.district)
        and (not (rule.surname_from or rule.surname_to) or in_range(case.initial, rule.surname_from, rule.surname_to))
        and rule.audience in ("both", case.audience)
        and (rule.value_from is None or rule.value_from <= case.value)
        and (rule.value_to is None or case.value < rule.value_to + _CENT)
    )


def _specificity(rule: Rule) -> tuple[bool, int, bool]:
    return (bool(rule.district), area_level(rule.applies_to), rule.service != ANYWHERE)


def area_level(area: str) -> int:
    """How small an area is: everywhere 0, Land 1, Regierungsbezirk 2, Kreis 3, VG 4, Gemeinde 5."""
    if len(area) < 12:
        return 0 if area == ANYWHERE else 4
    for level, digits in enumerate((0, 2, 3, 5)):
        if area.endswith("0" * (12 - digits)):
            return level
    return 5


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

"""Places and people for whom nobody is responsible, on a day and on every day on which rules change in the next two years.

Services that the same rules decide about are looked at together, and so are places that no rule tells apart: what counts is
the number of rules, not services times places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache, reduce
from itertools import groupby, product
from operator import or_
from typing import TypeVar

from knowledge.checks.areas import PlaceMap
from knowledge.checks.finding import ERROR, HINT, LOOK_AHEAD, Finding, few_or_one, listed, next_day, owner
from knowledge.checks.gap import EVERYBODY, Amounts, Gap, gap_in_words
from knowledge.model import ANYWHERE, ROAD_CLASSES, Rule, Service
from knowledge.release import Release
from knowledge.responsibility import RESPONSIBLE, area_level
from knowledge.surnames import INITIALS, in_range

_CENT = Decimal("0.01")
_level = lru_cache(maxsize=65536)(area_level)
_ROADS = frozenset(ROAD_CLASSES[1:-1])

_Case = tuple[str, str, str, Decimal]
"""District, audience, initial, value."""
_ByArea = dict[str, list[Rule]]
_Part = TypeVar("_Part")


@dataclass(frozen=True)
class _Axes:
    """All that may tell people at a place apart; of each range of values the lowest."""

    districts: tuple[str, ...]
    audiences: tuple[str, ...]
    initials: tuple[str, ...]
    values: tuple[Decimal, ...]

    def cases(self) -> Iterator[_Case]:
        return product(self.districts, self.audiences, self.initials, self.values)


@dataclass
class _Extent:
    """Where a gap is (as bits), and id and area of the rules whose end left it."""

    places: int = 0
    ended: dict[str, str] = field(default_factory=dict)

    def add(self, places: int, ended: Mapping[str, str]) -> None:
        self.places |= places
        self.ended.update(ended)


_Left = dict[Gap, _Extent]


@dataclass(frozen=True)
class _Found:
    """A gap, the places where it is (as bits), and the office type whose rules leave it."""

    gap: Gap
    places: int
    office_type: str


def gaps(release: Release, rules: Iterable[Rule], on: date) -> Iterator[Finding]:
    """Services without a rule, places without an office, initials and amounts that no rule names."""
    by_owner: dict[tuple[str, str], _ByArea] = {}
    for rule in rules:
        if rule.role == RESPONSIBLE:
            by_owner.setdefault(owner(rule), {}).setdefault(rule.applies_to, []).append(rule)
    where = PlaceMap(release)
    found: dict[_Found, list[Service]] = {}
    ended: dict[_Found, dict[str, str]] = {}
    without: list[Service] = []
    for office_type, services in _by_type(release).items():
        general = by_owner.get((office_type, "office_types"), {})
        left_by_type = _left(where, general, {}, on)
        for service in services:
            own = by_owner.get((service.slug, "services"), {})
            if not own and not general:
                without.append(service)
                continue
            for gap, extent in (_left_by_service(where, own, general, left_by_type, on) if own else left_by_type).items():
                if gap.audience in ("", *_audiences(service)):
                    key = _Found(gap, extent.places, office_type)
                    found.setdefault(key, []).append(service)
                    ended.setdefault(key, {}).update(extent.ended)
    yield from _without_rules(without)
    for key, concerned in found.items():
        yield _finding(where, key, ended[key], concerned, on)


def _without_rules(services: list[Service]) -> Iterator[Finding]:
    """What another source gives without an office may stay so; a service of one's own has one."""
    message = "Für diese Leistung gibt es keine Regel. Bitte eine zuständige Stelle eintragen."
    for service in services:
        if not service.source_ids:
            yield Finding(ERROR, service.slug, message, "gap", "services")
    hints = (Finding(HINT, service.slug, message, "gap", "services") for service in services if service.source_ids)
    yield from few_or_one(hints, "Leistungen", "Für {} eingelesene Leistungen gibt es keine Regel. Bitte nach und nach ergänzen:")


def _by_type(release: Release) -> dict[str, list[Service]]:
    found: dict[str, list[Service]] = {}
    for service in release.services.values():
        found.setdefault(service.office_type, []).append(service)
    return found


def _audiences(service: Service) -> tuple[str, ...]:
    return (service.audience,) if service.audience in EVERYBODY else tuple(EVERYBODY)


def _left(where: PlaceMap, general: _ByArea, own: _ByArea, on: date) -> _Left:
    """Each gap that rules leave, with all places where it is; with rules of its own, only where a service has them."""
    reach = reduce(or_, map(where.within, own), 0) if own else where.everywhere
    found: _Left = {}
    done = 0
    # Areas lie within each other or apart: the smallest one around a place fixes all its rules.
    for area in _areas(where, general, own, reach):
        places = where.within(area) & reach & ~done
        done |= places
        if places:
            deciding = [rule for each in where.chain(places) for by_area in (own, general) for rule in by_area.get(each, ())]
            for gap, lacking in _of_places(where, deciding, places, on):
                found.setdefault(gap, _Extent()).add(lacking, _ended(gap, deciding))
    if reach & ~done:
        found.setdefault(Gap(), _Extent()).add(reach & ~done, {})
    return found


def _ended(gap: Gap, rules: list[Rule]) -> dict[str, str]:
    return {rule.id: rule.applies_to for rule in rules if rule.valid_to == gap.ended_on}


def _areas(where: PlaceMap, general: _ByArea, own: _ByArea, reach: int) -> list[str]:
    """The areas with rules, smallest first."""
    lowest = min(map(_level, own), default=0)
    others = [area for area in general if _level(area) >= lowest and where.within(area) & reach]
    return sorted({**own, **dict.fromkeys(others)}, key=_level, reverse=True)


def _left_by_service(where: PlaceMap, own: _ByArea, general: _ByArea, by_type: _Left, on: date) -> _Left:
    """The gaps of a service with rules of its own: where these reach anew, elsewhere those of its office type."""
    if any(_always(rule, on) for rule in own.get(ANYWHERE, ())):
        return {}
    found = _left(where, general, own, on)
    reach = reduce(or_, map(where.within, own), 0)
    for gap, extent in by_type.items():
        if elsewhere := extent.places & ~reach:
            found.setdefault(gap, _Extent()).add(elsewhere, extent.ended)
    return found


def _always(rule: Rule, on: date) -> bool:
    """Whether a rule holds for everybody and every day that is looked at."""
    return rule.valid_from <= on and on + LOOK_AHEAD <= rule.valid_to and _is_plain(rule)


def _is_plain(rule: Rule) -> bool:
    unlimited = rule.value_from is None and rule.value_to is None and rule.audience == "both"
    return unlimited and not (rule.district or rule.surname_from or rule.surname_to)


def _of_places(where: PlaceMap, rules: list[Rule], places: int, on: date) -> Iterator[tuple[Gap, int]]:
    if any(_always(rule, on) for rule in rules):
        return
    named = frozenset(rule.district for rule in rules if rule.district)
    for gap in _over_time(rules, named, on):
        if named & _ROADS:
            yield replace(gap, district=ROAD_CLASSES[0]) if gap.district == "" else gap, places
        elif gap.district is None:
            yield gap, places
        elif lacking := where.lacking(places, gap.district, named):
            yield gap, lacking


def _over_time(rules: list[Rule], named: frozenset[str], on: date) -> list[Gap]:
    """The gaps of one place; one that goes on after a change of rules is one gap."""
    axes = _axes(rules, named)
    until = on + LOOK_AHEAD
    changes = {day for rule in rules for day in (rule.valid_from, next_day(rule.valid_to)) if on < day <= until}
    days = sorted({on, *changes})
    running: dict[Gap, date] = {}
    gaps: list[Gap] = []
    for day in days:
        now = set(_described(_missing(rules, axes, day), axes))
        gaps += [_ending(gap, first, day, rules, on) for gap, first in running.items() if gap not in now]
        running = {gap: running.get(gap, day) for gap in now}
    return gaps + [_ending(gap, first, None, rules, on) for gap, first in running.items()]


def _ending(gap: Gap, first: date, end: date | None, rules: list[Rule], on: date) -> Gap:
    """A gap with its days and the rules whose end began it, if it is one for everybody."""
    last = end - timedelta(days=1) if end else date.max
    dated = replace(gap, first=first if first > on else date.min, last=last)
    over = [rule for rule in rules if rule.valid_to < first]
    if not over or (first == on and gap != Gap()):
        return dated
    latest = max(rule.valid_to for rule in over)
    if first > on and next_day(latest) != first:
        return dated
    return replace(dated, ended_on=latest)


def _axes(rules: list[Rule], named: frozenset[str]) -> _Axes:
    by_surname = any(rule.surname_from or rule.surname_to for rule in rules)
    lowest = {rule.value_from for rule in rules if rule.value_from is not None}
    above = {rule.value_to + _CENT for rule in rules if rule.value_to is not None}
    return _Axes(
        ("", *sorted(named)),
        tuple(EVERYBODY) if any(rule.audience != "both" for rule in rules) else ("",),
        INITIALS if by_surname else INITIALS[:1],
        tuple(sorted({Decimal(0), *(bound for bound in lowest | above if bound > 0)})),
    )


def _missing(rules: list[Rule], axes: _Axes, day: date) -> set[_Case]:
    valid = [rule for rule in rules if rule.valid_from <= day <= rule.valid_to]
    if any(_is_plain(rule) for rule in valid):
        return set()
    return {case for case in axes.cases() if not any(_fits(rule, case) for rule in valid)}


def _fits(rule: Rule, case: _Case) -> bool:
    district, audience, initial, value = case
    return (
        rule.district in ("", district)
        and rule.audience in ("both", audience)
        and in_range(initial, rule.surname_from, rule.surname_to)
        and (rule.value_from is None or rule.value_from <= value)
        and (rule.value_to is None or value < rule.value_to + _CENT)
    )


def _described(missing: set[_Case], axes: _Axes) -> Iterator[Gap]:
    """The missing cases in as few words as possible."""
    by_district = {each: frozenset(case[1:] for case in missing if case[0] == each) for each in axes.districts}
    for district, rest in _distinct(by_district):
        by_audience = {each: frozenset(case[1:] for case in rest if case[0] == each) for each in axes.audiences}
        for audience, lacking in _distinct(by_audience):
            for initials, values in _rectangles(lacking, axes):
                yield Gap(district=district, audience=audience or "", initials=initials, values=values)


def _distinct(by_name: dict[str, frozenset[_Part]]) -> Iterator[tuple[str | None, frozenset[_Part]]]:
    """What is missing for each name, or once for all where it is the same."""
    if len(set(by_name.values())) == 1:
        yield None, next(iter(by_name.values()))
    else:
        yield from by_name.items()


def _rectangles(lacking: frozenset[tuple[str, Decimal]], axes: _Axes) -> Iterator[tuple[tuple[str, ...], tuple[Amounts, ...]]]:
    """Initials and ranges of values that are missing together; empty where all are."""
    by_initials: dict[tuple[str, ...], list[int]] = {}
    for position, value in enumerate(axes.values):
        initials = tuple(initial for initial in axes.initials if (initial, value) in lacking)
        if initials:
            by_initials.setdefault(initials, []).append(position)
    for initials, positions in by_initials.items():
        every_value, every_initial = len(positions) == len(axes.values), len(initials) == len(axes.initials)
        yield () if every_initial else initials, () if every_value else tuple(_ranges(positions, axes.values))


def _ranges(positions: list[int], values: Sequence[Decimal]) -> Iterator[Amounts]:
    for _, run in groupby(enumerate(positions), key=lambda pair: pair[1] - pair[0]):
        together = [position for _, position in run]
        following = together[-1] + 1
        yield values[together[0]], values[following] - _CENT if following < len(values) else None


def _finding(where: PlaceMap, found: _Found, ended: Mapping[str, str], services: list[Service], on: date) -> Finding:
    here = sorted(rule for rule, area in ended.items() if where.within(area) & found.places)
    message = gap_in_words(found.gap, where.in_words(found.places), here, on)
    if len(services) == 1:
        return Finding(ERROR, services[0].slug, message, "gap", "services")
    slugs = listed(sorted(service.slug for service in services))
    return Finding(ERROR, found.office_type, f"{message} Das betrifft: {slugs}.", "gap", "office_types")

"""Which answers change from today to another day, or with the draft: for every service and place, the responsible office."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from knowledge.model import Facts, Locality, Service
from knowledge.release import Release
from knowledge.responsibility import RESPONSIBLE, Missing, Outcome, resolve
from knowledge.surnames import INITIALS, range_label

_PLACES_NAMED = 6
_FACT_NAMES = {"surname": "Nachname ", "value": "Auftragswert "}

_Offices = tuple[str, ...]
_Change = tuple[_Offices, _Offices, date | None]
"""Offices before and after, and since when."""


@dataclass(frozen=True)
class Shift:
    """The responsible office of a service changes on a day, in some places, perhaps only for some people.

    `old` and `new` are the names of the offices, empty when nobody is responsible. `since` is the first day of the new
    answer, None when it comes with the publication. With `comes` the service itself is new, or gone where it is False.
    """

    service: str
    name: str
    old: str = ""
    new: str = ""
    since: date | None = None
    places: tuple[str, ...] = ()
    everywhere: bool = False
    facts: str = ""
    comes: bool | None = None

    def __str__(self) -> str:
        when = f"Ab {self.since:%d.%m.%Y}" if self.since else "Mit der Veröffentlichung"
        if self.comes is not None:
            return f"{when}: {self.name} {'kommt dazu' if self.comes else 'entfällt'}"
        facts = f" ({self.facts})" if self.facts else ""
        return f"{when}: {self.name} {self._where()}{facts}: {self.new or 'niemand mehr'} statt {self.old or 'bisher niemand'}"

    def _where(self) -> str:
        if self.everywhere:
            return "überall"
        more = len(self.places) - _PLACES_NAMED
        named = ", ".join(self.places[:_PLACES_NAMED])
        return f"in {named} und {more} weiteren Orten" if more > 0 else f"in {named}"


@dataclass(frozen=True)
class _Case:
    """Complete facts, in words what was filled in, and the offices of both days."""

    facts: Facts
    words: tuple[str, ...]
    old: _Offices
    new: _Offices


def preview(now: Release, then: Release, today: date, on: date) -> list[Shift]:
    """What is answered differently by `then` on a day than by `now` today; both may be the same release.

    Ordered by day and by service. Facts that are still open at a place (Ortsteil, surname, audience, value) are gone
    through one by one.
    """
    comparison = _Comparison(now, then, today, on)
    found = [*_services_on_one_side(now, then), *(each for slug in then.services for each in comparison.of(slug))]
    return sorted(found, key=lambda each: (each.since or date.min, each.name, each.facts))


def _services_on_one_side(now: Release, then: Release) -> Iterator[Shift]:
    for one, other, comes in ((now, then, False), (then, now, True)):
        yield from (
            Shift(service.slug, service.name, comes=comes)
            for service in one.services.values()
            if service.slug not in other.services
        )


class _Comparison:
    def __init__(self, now: Release, then: Release, today: date, on: date) -> None:
        self._now = now
        self._then = then
        self._today = today
        self._on = on
        self._places = [ars for ars, place in then.places.items() if not place.is_county and ars in now.places]
        self._same_places = now.places == then.places
        self._days = _turning_points(then, today, on)

    def of(self, slug: str) -> Iterator[Shift]:
        """The changes of one service, places with the same change together."""
        if slug not in self._now.services or not self._may_change(slug):
            return
        found: dict[tuple[_Change, str], list[str]] = {}
        for ars in self._places:
            if self._may_change_at(slug, ars):
                for change, facts in self._at(slug, ars).items():
                    found.setdefault((change, "; ".join(facts)), []).append(self._then.places[ars].name)
        for ((old, new, since), words), names in found.items():
            said = self._names(old, new)
            everywhere = len(names) == len(self._places) > 1
            yield Shift(slug, self._then.services[slug].name, *said, since, tuple(names), everywhere, words)

    def _may_change(self, slug: str) -> bool:
        """Whether anything that decides about a service changes; most services are done with that."""
        before, after = self._now.services[slug], self._then.services[slug]
        return (
            not self._same_places
            or _decisive(before) != _decisive(after)
            or self._now.rules_for(before, self._today) != self._then.rules_for(after, self._on)
        )

    def _may_change_at(self, slug: str, ars: str) -> bool:
        before, after = self._now.services[slug], self._then.services[slug]
        earlier = self._now.rule_index(before).at(self._now.chain(ars), self._today)
        later = self._then.rule_index(after).at(self._then.chain(ars), self._on)
        return earlier != later or _decisive(before) != _decisive(after) or self._now.places[ars] != self._then.places[ars]

    def _at(self, slug: str, ars: str) -> dict[_Change, list[str]]:
        """The changes at one place, each with the facts for which it holds; no facts where it holds for everybody."""
        cases = list(self._cases(slug, Facts((Locality(ars),)), ()))
        if len({(case.old, case.new) for case in cases}) == 1:
            cases = [replace(cases[0], words=())]
        found: dict[_Change, list[str]] = {}
        for case in cases:
            if case.old != case.new:
                change = (case.old, case.new, self._since(slug, case))
                found.setdefault(change, []).append(", ".join(case.words))
        return found

    def _cases(self, slug: str, facts: Facts, words: tuple[str, ...]) -> Iterator[_Case]:
        """Every way to answer what is still open, with the offices today and then."""
        before = resolve(self._now, slug, facts, self._today)
        after = resolve(self._then, slug, facts, self._on)
        asked = [each for each in (before, after) if isinstance(each, Missing) and _is_open(facts, each.fact)]
        if not asked:
            yield _Case(facts, words, _offices(before), _offices(after))
            return
        fact = asked[0].fact
        for value, label in _choices(fact, [each for each in asked if each.fact == fact]).items():
            known: Any = {fact: Decimal(value) if fact == "value" else value}
            yield from self._cases(slug, replace(facts, **known), (*words, _FACT_NAMES.get(fact, "") + label))

    def _since(self, slug: str, case: _Case) -> date | None:
        """The first day of the later answer; None when the publication brings it."""
        since = self._on
        for day in self._days:
            if _offices(resolve(self._then, slug, case.facts, day)) != case.new:
                return since
            since = day
        return None

    def _names(self, old: _Offices, new: _Offices) -> tuple[str, str]:
        before = " oder ".join(self._now.offices[each].name for each in old)
        after = " oder ".join(self._then.offices[each].name for each in new)
        if before == after:
            return f"{before} ({', '.join(old)})", f"{after} ({', '.join(new)})"
        return before, after


def _turning_points(release: Release, today: date, on: date) -> list[date]:
    """Days after which other rules hold, from the last to today."""
    days = {rule.valid_from for rule in release.knowledge.rules}
    days |= {rule.valid_to + timedelta(days=1) for rule in release.knowledge.rules if rule.valid_to < on}
    return sorted({today, *(day for day in days if today < day <= on)}, reverse=True)


def _decisive(service: Service) -> tuple[str, str]:
    return service.audience, service.office_type


def _is_open(facts: Facts, fact: str) -> bool:
    return fact != "place" and getattr(facts, fact) is None


def _offices(outcome: Outcome) -> _Offices:
    return tuple(each.office for each in getattr(outcome, "offices", ()) if each.role == RESPONSIBLE)


def _choices(fact: str, asked: list[Missing]) -> dict[str, str]:
    """All answers that one of the two days tells apart, and what they are called."""
    choices = {choice.value: choice.label for each in asked for choice in each.choices}
    if fact == "surname" and len(asked) > 1:
        starts = [*sorted(INITIALS.index(each) for each in choices), len(INITIALS)]
        return {INITIALS[first]: range_label(list(INITIALS[first:end])) for first, end in pairwise(starts)}
    if fact == "value" and len(asked) > 1:
        return {value: choices[value] for value in sorted(choices, key=Decimal)}
    return choices

"""Journeys: what to do in which order, and who is responsible for each step at a place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from knowledge.model import OUTSIDE, Facts, Journey, JourneyStep, Locality, Service
from knowledge.release import Release
from knowledge.responsibility import Ambiguous, Assignment, Choice, Missing, NotHere, Outcome, resolve


@dataclass(frozen=True)
class StepHere:
    """One step at a place.

    `offices` are those responsible, further doors behind them; without any, `missing` names the fact that decides (`place`,
    `district`, `surname`, `audience`, `value`), with the answers it can have. With neither, nobody here is responsible:
    `outside` says that the place belongs to another county.
    """

    service: str
    title: str
    title_en: str = ""
    condition: str = ""
    hint: str = ""
    offices: tuple[Assignment, ...] = ()
    missing: str = ""
    choices: tuple[Choice, ...] = ()
    outside: bool = False

    @property
    def office(self) -> str | None:
        """The id of the responsible office."""
        return self.offices[0].office if self.offices else None

    @property
    def certainty(self) -> str:
        """How sure that is: „belegt“, „vermutlich“ or „nur-ebene“; empty without an office."""
        return self.offices[0].certainty if self.offices else ""


def journey_steps(release: Release, journey: Journey, places: Sequence[Locality], on: date) -> tuple[StepHere, ...]:
    """Each step, in order, with who is responsible for it at a place on a day.

    `places` is empty when nobody has named one, and holds several when a name fits several. Places the release does not
    know count as not named; steps whose service it does not know are left out.
    """
    known = tuple(place for place in places if place.ars == OUTSIDE or place.ars in release.places)
    return tuple(
        _step(step, release.services[step.service], _resolved(release, step.service, known, on))
        for step in journey.steps
        if step.service in release.services
    )


def missing_facts(steps: Sequence[StepHere]) -> tuple[str, ...]:
    """The facts that some step still needs, each once, in the order of the steps."""
    return tuple(dict.fromkeys(step.missing for step in steps if step.missing))


def journey_from(release: Release, slug: str, entries: Mapping[str, Collection[str]] | None = None) -> Journey | None:
    """The journey that somebody who asks for a service has probably just begun; None for most services.

    `entries` are the services that begin a journey, by its slug, as editors named them. A journey that they do not mention
    begins with its first step that is always needed. A service that begins several journeys tells nothing.
    """
    found = [each for each in release.journeys.values() if slug in (entries or {}).get(each.slug, _first_step(each))]
    return found[0] if len(found) == 1 else None


def _first_step(journey: Journey) -> tuple[str, ...]:
    return tuple(step.service for step in journey.steps if not step.condition)[:1]


def _resolved(release: Release, slug: str, places: tuple[Locality, ...], on: date) -> Outcome:
    """The county alone is no place where somebody lives: it counts only where it is one of the offices to choose from."""
    if release.county and places == (Locality(release.county.ars),):
        asked = resolve(release, slug, Facts(), on)
        if not isinstance(asked, Missing) or asked.fact != "place" or release.county.ars not in _values(asked):
            return asked
    return resolve(release, slug, Facts(places=places or None), on)


def _values(asked: Missing) -> set[str]:
    return {choice.value for choice in asked.choices}


def _step(step: JourneyStep, service: Service, outcome: Outcome) -> StepHere:
    told = StepHere(service.slug, service.name, service.name_en, step.condition, step.hint)
    if isinstance(outcome, Missing):
        return replace(told, missing=outcome.fact, choices=outcome.choices)
    if isinstance(outcome, Ambiguous):
        return replace(told, missing="place", choices=outcome.choices)
    return replace(told, offices=outcome.offices, outside=isinstance(outcome, NotHere) and outcome.outside)

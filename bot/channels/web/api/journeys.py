"""Journeys: which services a situation takes, in order, and who is responsible for each at a place."""

from __future__ import annotations

from datetime import date

from bot.channels.web.api.addresses import journey_page, journey_url, service_page
from bot.channels.web.api.describe import place_out, release_out
from bot.channels.web.api.models import JourneyOut, NamedOut, StepOut
from knowledge.journeys import StepHere, journey_steps
from knowledge.model import Journey, Locality
from knowledge.release import Release


def journey_out(release: Release, journey: Journey, places: tuple[Locality, ...], on: date) -> JourneyOut:
    """The steps at a place (none: only those that are the same everywhere have an office)."""
    at = str(places[0]) if len(places) == 1 else ""
    return JourneyOut(
        slug=journey.slug,
        title=journey.title,
        title_en=journey.title_en,
        short=journey.short,
        place=place_out(release, places[0]) if len(places) == 1 else None,
        steps=[_step(release, step, at) for step in journey_steps(release, journey, places, on)],
        page=journey_page(journey.slug, ort=at),
        ics=journey_url(journey.slug, ".ics", place=at),
        release=release_out(release),
    )


def _step(release: Release, step: StepHere, at: str) -> StepOut:
    office = release.offices[step.office] if step.office else None
    return StepOut(
        service=step.service,
        title=step.title,
        title_en=step.title_en,
        condition=step.condition,
        hint=step.hint,
        office=NamedOut(id=office.id, title=office.name) if office else None,
        missing=step.missing,
        outside=step.outside,
        certainty=step.certainty,
        page=service_page(step.service, ort=at),
    )

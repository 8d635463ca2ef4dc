"""A journey as a checklist, with the office for each step at the place."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.messages import JourneyBlock, JourneyHintBlock
from bot.conversation.messages import JourneyStep as StepBlock
from bot.conversation.rendering.addresses import journey_ics, journey_page, office_page, service_page
from bot.conversation.rendering.words import Words
from knowledge.journeys import StepHere
from knowledge.model import ROAD_CLASSES, Journey
from knowledge.release import Release


def journey_block(
    words: Words, release: Release, journey: Journey, steps: Sequence[StepHere], places: Sequence[str], place: str
) -> JourneyBlock:
    """`places` is what goes along in the links, `place` its name for people."""
    block: JourneyBlock = {
        "type": "journey",
        "language": words.language,
        "slug": journey.slug,
        "title": words.journey(journey),
        "short": journey.short,
        "place": place,
        "steps": [_step(words, release, step) for step in steps],
        "page": journey_page(journey.slug, places),
        "ics": journey_ics(journey.slug, places),
    }
    return {**block, "lang": "de"} if words.english else block


def journey_hint(words: Words, journey: Journey, places: Sequence[str]) -> JourneyHintBlock:
    """„Alles der Reihe nach: Gaststätte eröffnen“."""
    title = words.journey(journey)
    text = words.texts["journey_hint"].format(title=title)
    return {
        "type": "journey_hint",
        "slug": journey.slug,
        "title": title,
        "text": text,
        "page": journey_page(journey.slug, places),
    }


def _step(words: Words, release: Release, step: StepHere) -> StepBlock:
    office = release.offices[step.office] if step.office else None
    return {
        "service": step.service,
        "title": (words.english and step.title_en) or step.title,
        "condition": step.condition,
        "hint": step.hint,
        "office": {"id": office.id, "title": office.name, "page": office_page(office.id)} if office else None,
        "missing": step.missing,
        "certainty": words.texts.get(f"certainty_{step.certainty}", ""),
        "text": "" if office else _in_place_of_an_office(words, step),
        "page": service_page(step.service),
    }


def _in_place_of_an_office(words: Words, step: StepHere) -> str:
    if not step.missing:
        return words.texts["step_nobody"]
    if step.missing == "district" and step.choices and step.choices[0].value in ROAD_CLASSES:
        return words.texts["step_missing_road"]
    return words.texts.get(f"step_missing_{step.missing}", words.texts["step_missing_other"])

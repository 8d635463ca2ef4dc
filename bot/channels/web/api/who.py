"""Who is responsible, as an answer that says why, or which one fact would decide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from bot.channels.web.api.describe import notices, office_item, place_out, release_out, service_item
from bot.channels.web.api.models import ChoiceOut, ResponsibleOffice, ResponsibleOut
from bot.conversation.texts import texts
from knowledge.active import gazetteer
from knowledge.model import OUTSIDE, ROAD_CLASSES, Facts, Locality, Service
from knowledge.release import Release
from knowledge.responsibility import Ambiguous, Assignment, Choice, Missing, NotHere, Outcome, Responsible, resolve

LONGEST_PLACE = 100


@dataclass(frozen=True)
class Question:
    """What is asked. `place` is a name, a postcode, an ARS or the `id` of a place; None where nobody said one."""

    service: Service
    on: date
    place: str | None = None
    district: str | None = None
    surname: str | None = None
    audience: str | None = None
    value: Decimal | None = None


class UnknownPlace(LookupError):
    """Nobody knows a place of that name."""


def localities_of(release: Release, text: str) -> tuple[Locality, ...]:
    """What a text means as a place: the id of one (several with `|` between them), else a name. Empty when nobody knows it."""
    exact = tuple(Locality.parse(each) for each in text.split("|"))
    if all(each.ars == OUTSIDE or (each.ars in release.places and _lies_in(release, each)) for each in exact):
        return exact
    return gazetteer(release).lookup(text)


def _lies_in(release: Release, locality: Locality) -> bool:
    return not locality.district or locality.district in (each.name for each in release.places[locality.ars].districts)


def who(release: Release, asked: Question, language: str = "de") -> ResponsibleOut:
    """The answer to a question. Raises `UnknownPlace`."""
    places = localities_of(release, asked.place) if asked.place else ()
    if asked.place and not places:
        raise UnknownPlace(asked.place)
    facts = Facts(places or None, asked.district, asked.surname, asked.audience, asked.value)
    outcome = _resolved(release, asked, facts)
    say = _Words(release, asked, places, language)
    told = ResponsibleOut(
        outcome="not_here",
        service=service_item(asked.service),
        places=[place_out(release, each) for each in places],
        on=asked.on,
        offices=[],
        missing=None,
        question="",
        choices=[],
        outside=False,
        text="",
        notices=notices(release, asked.on, service=asked.service.slug),
        release=release_out(release),
    )
    changed: dict[str, object]
    if isinstance(outcome, Responsible):
        changed = {"outcome": "responsible", "offices": say.offices(outcome.offices), "text": say.responsible(outcome.offices)}
    elif isinstance(outcome, NotHere):
        changed = {
            "offices": say.offices(outcome.offices),
            "outside": outcome.outside,
            "text": say.elsewhere(outcome),
        }
    elif isinstance(outcome, Missing):
        changed = {"outcome": "missing", "missing": outcome.fact, **say.question(outcome)}
    else:
        changed = {"outcome": "ambiguous", "missing": "place", **say.question(outcome)}
    return told.model_copy(update=changed)


def _resolved(release: Release, asked: Question, facts: Facts) -> Outcome:
    """„Im Landkreis“ names a place only where the county itself is one to choose, as in conversations."""
    slug = asked.service.slug
    if release.county and facts.places == (Locality(release.county.ars),):
        anywhere = replace(facts, places=None)
        outcome = resolve(release, slug, anywhere, asked.on)
        choices = outcome.choices if isinstance(outcome, Missing) and outcome.fact == "place" else ()
        if release.county.ars not in [each.value for each in choices]:
            return outcome
    return resolve(release, slug, facts, asked.on)


class _Words:
    """The sentences of an answer."""

    def __init__(self, release: Release, asked: Question, places: tuple[Locality, ...], language: str) -> None:
        self._release = release
        self._asked = asked
        self._places = places
        self._texts = texts_in(language)
        self._county = region_of(release, language)
        self._service = (asked.service.name_en if language == "en" else "") or asked.service.name

    def offices(self, assignments: tuple[Assignment, ...]) -> list[ResponsibleOffice]:
        return [
            ResponsibleOffice(
                office=office_item(self._release.offices[each.office]),
                role=each.role,
                role_label=self._texts[f"role_{each.role}"],
                certainty=each.certainty,
                certainty_text=self._texts.get(f"certainty_{each.certainty}", ""),
                rule=each.rule,
                reason=each.reason,
                source=each.source,
                confirmed=date.fromisoformat(each.confirmed) if each.confirmed else None,
            )
            for each in assignments
        ]

    def responsible(self, assignments: tuple[Assignment, ...]) -> str:
        (at, *others) = self._places or (None,)
        place = self._release.places.get(at.ars) if at and not others else None
        if place and at and not place.is_county and "place" in self._asked.service.varies_by:
            sentence = self._say("answer_at", place=self._release.locality_name(at))
        else:
            sentence = self._say("answer")
        return f"{sentence} {self._release.offices[assignments[0].office].name}."

    def elsewhere(self, outcome: NotHere) -> str:
        if outcome.offices:
            return f"{self._say('nothere_office')} {self._release.offices[outcome.offices[0].office].name}."
        if not outcome.outside:
            return self._say("nothere_autobahn" if self._asked.district == "Autobahn" else "nothere_none")
        at = self._places[0]
        if len(self._places) == 1 and at.district and self._release.locality_name(at) == at.district:
            return self._say("nothere_outside_named", place=at.district)
        return self._say("nothere_outside")

    def question(self, outcome: Missing | Ambiguous) -> dict[str, object]:
        fact = outcome.fact if isinstance(outcome, Missing) else ""
        key = f"missing_{fact}" if fact else "ambiguous"
        if fact == "district" and outcome.choices and outcome.choices[0].value in ROAD_CLASSES:
            key = "missing_road"
        sentence = self._say(key)
        return {"question": sentence, "text": sentence, "choices": [self._choice(each) for each in outcome.choices]}

    def _choice(self, choice: Choice) -> ChoiceOut:
        return ChoiceOut(value=choice.value, label=self._texts.get(f"choice_{choice.value}") or choice.label)

    def _say(self, key: str, **values: str) -> str:
        filled = {"service": self._service, "county": self._county} | values
        return self._texts[key].format(**filled)


def region_of(release: Release, language: str = "de") -> str:
    """„im Landkreis Lindenau“, „in München“; “in Landkreis Lindenau”."""
    if language == "en":
        return f"in {release.region}" if release.region else "here"
    if release.county:
        return f"im {release.region}"
    return f"in {release.region}" if release.region else "hier"


def texts_in(language: str) -> dict[str, str]:
    """What Lotse says in a language; Einfache Sprache has the German texts."""
    return texts("en" if language == "en" else "de")

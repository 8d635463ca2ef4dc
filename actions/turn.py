"""One turn as a pure function: what was understood and what was said before, in; what to answer, out.

A message is read in this order: an answer to the open question; a correction; more about the matter at hand (a new fact, or
something asked about it, and no word that names another matter); a new matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from actions.facts import FoundFacts
from actions.options import names_a_place_in_order
from actions.reading import Reading, confusable, related
from actions.state import ASPECT_NAMES, JOURNEY, NONE_OF_THESE, WHO, Candidate, Reply, TurnState, Understanding
from actions.wording import NO, content_of
from knowledge.model import OUTSIDE, Facts, Locality
from knowledge.places import Gazetteer
from knowledge.release import Release
from knowledge.responsibility import Ambiguous, Choice, Missing, NotHere, Responsible, resolve
from knowledge.text import fold, folded_words

__all__ = [
    "ASPECT_NAMES",
    "DOES_NOT_KNOW",
    "NONE_OF_THESE",
    "WHO",
    "Candidate",
    "Reply",
    "Turn",
    "TurnState",
    "Understanding",
]

_BACK = frozenset(
    """zurueck|einen schritt zurueck|ein schritt zurueck|eins zurueck|noch mal zurueck|nochmal zurueck|back|go back|one step back
    """.strip().split("|")
)
_AFRESH = frozenset(("neustart", "von vorne", "noch mal von vorne", "nochmal von vorne"))
_IS_NO = re.compile(r"(?:(?:das )?stimmt (?:so |doch )?nicht|das ist (?:doch |aber )?(?:falsch|verkehrt)|so nicht)\b")
_IS_GLAD = frozenset("ok okay oke gut super prima klar passt perfekt danke thanks".split())
_DOES_NOT_KNOW = re.compile(
    r"\b(?:weiss (?:ich |i )?(?:es |das )?(?:leider )?(?:nicht|ned|net)|keine ahnung|(?:do not|don t|dont) know|no idea)\b"
)
_FEW_WORDS = 3
_MOST_CHOICES = 3
_MOST_MEANINGS = 5
_OUT_OF_SCOPE = "ausserhalb"
DOES_NOT_KNOW = "weiss_nicht"
"""Topic of a fallback: the open question cannot be answered."""


@dataclass(frozen=True)
class Turn:
    """The release to answer from, the day it is, and what was said before."""

    release: Release
    gazetteer: Gazetteer
    today: date
    state: TurnState = field(default_factory=TurnState)

    def __post_init__(self) -> None:
        """Forget what the release does not know: a conversation may outlive a place or a service."""
        known = tuple(each for each in self.state.places if Locality.parse(each).ars in (OUTSIDE, *self.release.places))
        service = self.state.service if self.state.service in self.release.services else None
        journey = self.state.journey if self.state.journey in self.release.journeys and not service else None
        office = self.state.office if not (service or journey) and self._services_at(self.state.office) else None
        awaiting = self.state.awaiting if service or journey or office or self.state.awaiting == "service" else None
        state = replace(self.state, places=known, service=service, journey=journey, office=office, awaiting=awaiting)
        object.__setattr__(self, "state", state)

    def reading(self, understood: Understanding) -> Reading:
        """What a message says here."""
        return Reading(self.release, self.gazetteer, self.state, understood)

    def choose(self, kind: str, value: str) -> tuple[Reply, TurnState]:
        """Somebody pressed a button."""
        return self._stepped(*self._chosen(kind, value))

    def _chosen(self, kind: str, value: str) -> tuple[Reply, TurnState]:
        if kind == "service":
            return self._matter(value, self.state) if value in self.release.services else self.unsure()
        if kind == "journey":
            return self._journey(value, self.state) if value in self.release.journeys else self.unsure()
        return self._answered(kind, value)

    @staticmethod
    def goes_back(text: str) -> bool:
        """Whether somebody wants to go one step back."""
        return fold(text).strip(" .!").removesuffix(" bitte").strip(" ,") in _BACK

    def back(self) -> tuple[Reply, TurnState] | None:
        """One step back: the question or answer before the last one, said again. None where there is none."""
        if self.state.before is None:
            return None
        turn = replace(self, state=TurnState.from_dict(self.state.before))
        if turn.state.has_matter:
            return turn._again(turn.state)
        if turn.state.awaiting == "service":
            return turn._choices_again(turn.state)
        return Reply("smalltalk", topic="hilfe"), turn.state

    def _choices_again(self, state: TurnState) -> tuple[Reply, TurnState]:
        """The open question, which of the services is meant."""
        choices = _shown(tuple(Choice(value, label) for value, label in state.options))
        return Reply("choices", choices=choices, places=state.places, aspect=state.aspect or WHO), state

    def _stepped(self, reply: Reply, state: TurnState) -> tuple[Reply, TurnState]:
        """Remember where we came from, and what of two matters is still open."""
        # Offered beside the matter it came with, not beside the next one.
        is_stale = state.pending == self.state.pending and self.state.service and state.service not in (self.state.service, None)
        at_hand = (None, state.service, f"{JOURNEY}{state.journey}")
        pending = state.pending if state.pending not in at_hand and not is_stale else None
        before = {key: value for key, value in self.state.to_dict().items() if key != "before" and value}
        speaks_of_it = reply.outcome in ("answer", "nothere", "missing", "ambiguous")
        return replace(reply, also=pending if speaks_of_it else None), replace(state, pending=pending, before=before or None)

    def matter(self, understood: Understanding) -> tuple[Reply, TurnState]:
        """Somebody wrote something about a matter, answered a question, or said yes or no."""
        if self.goes_back(understood.text):
            return self.back() or (Reply("smalltalk", topic="ja_nein"), self.state)
        if fold(understood.text).strip(" .!") in _AFRESH:
            return Reply("smalltalk", topic="neustart"), TurnState()
        return self._stepped(*self._said(understood))

    def _said(self, understood: Understanding) -> tuple[Reply, TurnState]:
        read = self.reading(understood)
        option = read.option()
        if option is not None and self.state.awaiting:
            return self._chosen(self.state.awaiting, option)
        if read.means_the_other():
            return self._matter(self.state.pending, self.state) if self.state.pending else self._not_understood(understood)
        if not self.state.awaiting and names_a_place_in_order(understood.text):
            return self._not_understood(understood)
        answer = read.answer()
        if answer is not None:
            return self._answered(*answer)
        state = self._with_facts(understood.facts)
        meant = read.corrected()
        office = read.office_asked()
        if office and not meant:
            return self._office(office, replace(state, aspect=read.aspect_of_new()))
        if self.state.pending and read.agrees():
            return self._matter(self.state.pending, state)
        if self.state.awaiting == "service" and read.only_asks():
            return self._choices_again(replace(state, aspect=read.aspect()))
        if not meant and read.is_about_the_matter():
            return self._again(replace(state, aspect=read.aspect_asked()))
        state = replace(state, aspect=read.aspect_of_new())
        if meant:
            return self._matter(meant[0], state) if len(meant) == 1 else self._offer(meant, state)
        if read.is_yes_or_no():
            return self._yes_or_no(understood)
        return self._new_matter(read, state)

    def _new_matter(self, read: Reading, state: TurnState) -> tuple[Reply, TurnState]:
        understood = read.said
        if understood.facts.any and not self.state.has_matter and read.only_states():
            return self._noted(state)
        if understood.journey in self.release.journeys:
            return self._journey(understood.journey, state)
        if self.state.service and read.asks_more():
            return self._decide(self.state.service, replace(state, aspect=read.aspect()))
        meanings = read.meanings()
        if len(meanings) == 1:
            return self._matter(meanings[0], state)
        if meanings:
            return self._offer(meanings, state, _MOST_MEANINGS)
        both = read.two_matters()
        if both:
            return self._matter(both[0], replace(state, pending=both[1]))
        if understood.verdict == "answer" and not read.says_nothing_new():
            return self._matter(understood.ranking[0].service, state)
        named = read.named_in_full()
        if len(named) == 1:
            return self._matter(named[0], state)
        if understood.verdict == "choose" and not read.says_nothing_new():
            return self._offer(named or [each.service for each in understood.ranking], state)
        return self._not_understood(understood, state)

    def _yes_or_no(self, understood: Understanding) -> tuple[Reply, TurnState]:
        said = fold(understood.text).strip()
        words = folded_words(said)
        if self.state.awaiting:
            return self._not_understood(understood)
        if (words[:1] and words[0] in NO) or _IS_NO.match(said):
            return self._denied(polite=bool({"danke", "thanks"} & set(words)))
        if self.state.pending:
            return self._matter(self.state.pending, self.state)
        if set(content_of(understood.facts.rest)) and len(words) > _FEW_WORDS:
            return self._not_understood(understood)
        return Reply("smalltalk", topic="dank" if self.state.has_matter and _IS_GLAD & set(words) else "ja_nein"), self.state

    def _denied(self, *, polite: bool) -> tuple[Reply, TurnState]:
        """„Nein“ to an answer: what else may have been meant. After a second matter was offered it says no to that one."""
        if self.state.pending:
            return Reply("smalltalk", topic="dank"), replace(self.state, pending=None)
        if polite or not self.state.service:
            return Reply("smalltalk", topic="dank" if polite else "ja_nein"), self.state
        near = sorted(confusable(self.release, self.state.service)) or related(self.release, self.state.service)
        return self._offer(near, self.state) if near else (Reply("smalltalk", topic="ja_nein"), self.state)

    def _services_at(self, office_type: str | None) -> list[str]:
        """The services of a type of office, first those that ask for the least."""
        found = [each for each in self.release.services.values() if office_type and each.office_type == office_type]
        return [each.slug for each in sorted(found, key=lambda each: len(each.varies_by))]

    def _again(self, state: TurnState) -> tuple[Reply, TurnState]:
        """The matter at hand anew, with what is known now."""
        if state.service:
            return self._decide(state.service, state)
        if state.office:
            return self._office(state.office, state)
        if state.aspect and state.journey in self.release.journeys:  # each step has its own
            return self._offer([step.service for step in self.release.journeys[state.journey].steps], state, _MOST_MEANINGS)
        return self._journey(state.journey or "", state)

    def _journey(self, slug: str, state: TurnState) -> tuple[Reply, TurnState]:
        """A situation that takes several services: all of its steps, for the place if one is known."""
        told = Reply("journey", topic=slug, places=state.places, on=(state.on or self.today.isoformat()))
        awaiting = None if state.places else "place"
        afresh = self._afresh(state)
        return told, replace(afresh, service=None, journey=slug, office=None, awaiting=awaiting, options=(), aspect=None)

    def _office(self, office_type: str, state: TurnState) -> tuple[Reply, TurnState]:
        """An office that was asked for by name: the one that a service of its type leads to, or the question to find it."""
        for slug in self._services_at(office_type):
            reply, decided = self._decide(slug, self._afresh(state))
            here = [each for each in reply.offices if self.release.offices[each.office].type == office_type]
            if here or reply.missing:
                outcome = "answer" if here else reply.outcome
                told = replace(reply, outcome=outcome, service=None, offices=tuple(here[:1]))
                return told, replace(decided, service=None, office=office_type)
        return self.unsure(state)

    def _offer(self, services: list[str], state: TurnState, most: int = _MOST_CHOICES) -> tuple[Reply, TurnState]:
        """Offer some services; when all lead to one office there is still a choice to make: what to bring differs.

        Those that are too many to be shown may still be named.
        """
        known = [Choice(slug, self.release.services[slug].name) for slug in services if slug in self.release.services]
        choices = (*known[:most], Choice(NONE_OF_THESE, "Nichts davon"))
        reply = Reply("choices", choices=choices, places=state.places, aspect=state.aspect or WHO)
        beside = tuple(known[most:]) if most > _MOST_CHOICES else ()
        options = _options((*choices, *beside))
        return reply, replace(self._afresh(state), service=None, journey=None, office=None, awaiting="service", options=options)

    def unsure(self, state: TurnState | None = None, topic: str = "") -> tuple[Reply, TurnState]:
        """Nothing fits: say so, and leave the matter."""
        state = self._afresh(state or self.state)
        return Reply("fallback", topic=topic, aspect=state.aspect or WHO), replace(
            state, service=None, journey=None, office=None, awaiting=None, options=(), aspect=None
        )

    def _not_understood(self, understood: Understanding, state: TurnState | None = None) -> tuple[Reply, TurnState]:
        """Say so. What was spoken of still holds, and so does an open question, which is asked again."""
        topic = _OUT_OF_SCOPE if understood.intent == _OUT_OF_SCOPE and content_of(understood.text) else ""
        if self.state.awaiting and _DOES_NOT_KNOW.search(fold(understood.text)):
            topic = DOES_NOT_KNOW
        if not self.state.has_matter and not self.state.awaiting:
            return self.unsure(state, topic)
        reply = Reply("fallback", topic=topic, places=self.state.places)
        if self.state.awaiting and self.state.options:
            choices = tuple(Choice(value, label) for value, label in self.state.options)
            reply = replace(reply, service=self.state.service, missing=self.state.awaiting, choices=_shown(choices))
        return reply, self.state

    def _matter(self, slug: str, state: TurnState) -> tuple[Reply, TurnState]:
        if slug.removeprefix(JOURNEY) in self.release.journeys:
            return self._journey(slug.removeprefix(JOURNEY), state)
        if slug not in self.release.services:
            return self.unsure(state)
        return self._decide(slug, state if slug == self.state.service else self._afresh(state))

    def _afresh(self, state: TurnState) -> TurnState:
        """A new matter starts afresh: only what holds for the person stays, and what the message itself said."""
        if not self.state.service:
            return state
        return replace(
            state,
            district=state.district if state.district != self.state.district else None,
            value=state.value if state.value != self.state.value else None,
        )

    def _answered(self, fact: str, value: str) -> tuple[Reply, TurnState]:
        changed: dict[str, Any] = {"places": tuple(value.split("|"))} if fact == "place" else {fact: value}
        if not self._is_possible(fact, value):
            return self.unsure()
        state = replace(self.state, **changed)
        if self.state.has_matter:
            return self._again(state)
        return self._noted(state) if fact == "place" else self.unsure()

    def _noted(self, state: TurnState) -> tuple[Reply, TurnState]:
        """A fact before any matter: remembered, and asked what it is about; open choices stay open."""
        if state.awaiting == "service":
            choices = _shown(tuple(Choice(value, label) for value, label in state.options))
            return Reply("smalltalk", topic="ort", places=state.places, missing="service", choices=choices), state
        return Reply("smalltalk", topic="ort" if state.places else "ja_nein", places=state.places), state

    def _is_possible(self, fact: str, value: str) -> bool:
        if fact == "place":
            return all(Locality.parse(each).ars in (OUTSIDE, *self.release.places) for each in value.split("|"))
        if fact == "audience":
            return value in ("citizen", "business")
        if fact == "value":
            try:
                return Decimal(value).is_finite()
            except InvalidOperation:
                return False
        return fact in ("district", "surname")

    def _decide(self, slug: str, state: TurnState) -> tuple[Reply, TurnState]:
        on = date.fromisoformat(state.on) if state.on else self.today
        outcome = resolve(self.release, slug, self._known(slug, state, on), on)
        told = Reply("answer", slug, places=state.places, on=on.isoformat(), aspect=state.aspect or WHO)
        if isinstance(outcome, Responsible):
            reply = replace(told, offices=outcome.offices)
        elif isinstance(outcome, NotHere):
            topic = "outside" if outcome.outside else ""
            reply = replace(told, outcome="nothere", offices=outcome.offices, topic=topic)
        elif isinstance(outcome, Ambiguous):
            reply = replace(told, outcome="ambiguous", missing="place", choices=outcome.choices)
        else:
            reply = replace(told, outcome="missing", missing=outcome.fact, choices=outcome.choices)
        asked = isinstance(outcome, (Missing, Ambiguous))
        return reply, replace(
            state,
            service=slug,
            journey=None,
            office=None,
            on=state.on,
            awaiting=reply.missing if asked else None,
            options=_options(reply.choices) if asked else (),
        )

    def _known(self, slug: str, state: TurnState, on: date) -> Facts:
        """The facts of the conversation. „Im Landkreis" names a place only where the county itself is one to choose."""
        facts = _facts(state)
        county = self.release.county.ars if self.release.county else ""
        if facts.places != (Locality(county),):
            return facts
        anywhere = replace(facts, places=None)
        asked = resolve(self.release, slug, anywhere, on)
        chosen = isinstance(asked, Missing) and asked.fact == "place" and any(each.value == county for each in asked.choices)
        return facts if chosen else anywhere

    def _with_facts(self, found: FoundFacts) -> TurnState:
        state = self.state
        if found.localities:
            state = replace(state, places=tuple(map(str, found.localities)))
        if found.road:
            state = replace(state, district=found.road)
        for name in ("surname", "audience"):
            if getattr(found, name):
                state = replace(state, **{name: getattr(found, name)})
        if found.value is not None:
            state = replace(state, value=str(found.value))
        # A day that is past tells when something happened, not when somebody comes to the office.
        return replace(state, on=found.on.isoformat()) if found.on and found.on >= self.today else state

    # Answers to a question.


def _shown(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Those that stood on buttons."""
    last = next((at for at, each in enumerate(choices, 1) if each.value == NONE_OF_THESE), len(choices))
    return choices[:last]


def _options(choices: tuple[Choice, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((choice.value, choice.label) for choice in choices)


def _facts(state: TurnState) -> Facts:
    places = tuple(Locality.parse(each) for each in state.places) or None
    return Facts(
        places=places,
        district=state.district,
        surname=state.surname,
        audience=state.audience,
        value=Decimal(state.value) if state.value else None,
    )

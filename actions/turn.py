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

from actions.facts import FoundFacts, bare_surname, bare_value
from actions.names import Names, names_of
from actions.options import names_a_place_in_order, picked, picked_by_words
from actions.state import ASPECT_NAMES, NONE_OF_THESE, WHO, Candidate, Reply, TurnState, Understanding
from actions.wording import ASKING, NO, YES, adds_something, alike, aspect_in, called_by, content_of, is_about_aspect, words_of
from knowledge.model import OUTSIDE, Facts, Locality
from knowledge.places import Gazetteer
from knowledge.release import Release
from knowledge.responsibility import Ambiguous, Choice, Missing, NotHere, Responsible, resolve
from knowledge.surnames import surname_initial
from knowledge.text import fold

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
_NOT_THAT = re.compile(r"^(?:nein|ne|nee|na|no|nicht|falsch|stimmt nicht|doch nicht|sondern|ich mein\w*|i mean|wrong)\b[\s,.:!]*")
_IS_NO = re.compile(r"(?:(?:das )?stimmt (?:so |doch )?nicht|das ist (?:doch |aber )?(?:falsch|verkehrt)|so nicht)\b")
_IS_GLAD = frozenset("ok okay oke gut super prima klar passt perfekt danke thanks".split())
_DOES_NOT_KNOW = re.compile(
    r"\b(?:weiss (?:ich |i )?(?:es |das )?(?:leider )?(?:nicht|ned|net)|keine ahnung|(?:do not|don t|dont) know|no idea)\b"
)
_NOT = frozenset("nicht kein keine keinen keiner nimmer ned not no cannot".split())
_THE_OTHER = re.compile(
    r"^(?:ja|yes|und|and|jetzt|dann|now|\W|das|den|die|the|zum|zweite[ns]?|second|other|andere[ns]?|anliegen|bitte|one)+$"
)
_OTHER = re.compile(r"\b(?:zweite|andere|second|other)")
_GOES_ON = frozenset("und oder aber nein ne nee ach achso doch ok okay and but or no".split())
_OF_THE_OFFICE = frozenset(("hours", "contact", "appointment"))
_LONG_WORD = 4
_SHORT_ANSWER = 6
_SURE_OF_NEW_MATTER = 0.85
_LONGEST_FOLLOW_UP = 9
_SURE_OF_OTHER_MATTER = 0.97
_LIKELY_OTHER_MATTER = 0.5
_SHORT_MESSAGE = 6
_LIKELY_FIRST = 0.1
_FEW_WORDS = 3
_MOST_CHOICES = 3
_MOST_MEANINGS = 5
_POINTING_BACK = frozenset(
    ["das", "dafuer", "dazu", "damit", "davon", "da", "dort", "es", "und", "denn", "hierfuer", "that", "it", "this", "there"]
)
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

    @property
    def names(self) -> Names:
        return names_of(self.release)

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
            choices = _shown(tuple(Choice(value, label) for value, label in turn.state.options))
            return Reply("choices", choices=choices, places=turn.state.places, aspect=turn.state.aspect or WHO), turn.state
        return Reply("smalltalk", topic="hilfe"), turn.state

    def _stepped(self, reply: Reply, state: TurnState) -> tuple[Reply, TurnState]:
        """Remember where we came from, and what of two matters is still open."""
        # Offered beside the matter it came with, not beside the next one.
        is_stale = state.pending == self.state.pending and self.state.service and state.service not in (self.state.service, None)
        pending = state.pending if state.pending not in (None, state.service) and not is_stale else None
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
        option = self._option(understood.text)
        if option is not None and self.state.awaiting:
            return self._chosen(self.state.awaiting, option)
        if self._means_the_other(understood.text):
            return self._matter(self.state.pending, self.state) if self.state.pending else self._not_understood(understood)
        if not self.state.awaiting and names_a_place_in_order(understood.text):
            return self._not_understood(understood)
        answer = self._as_answer(understood)
        if answer is not None:
            return self._answered(*answer)
        state = self._with_facts(understood.facts)
        meant = self._corrected(understood)
        office = self._office_asked(understood)
        if office and not meant:
            return self._office(office, replace(state, aspect=self._aspect_of_new(understood)))
        if not meant and self.is_about_the_matter(understood):
            return self._again(replace(state, aspect=self._aspect_asked(understood)))
        state = replace(state, aspect=self._aspect_of_new(understood))
        if meant:
            return self._matter(meant[0], state) if len(meant) == 1 else self._offer(meant, state)
        if self._is_yes_or_no(understood):
            return self._yes_or_no(understood)
        return self._new_matter(understood, state)

    def _new_matter(self, understood: Understanding, state: TurnState) -> tuple[Reply, TurnState]:
        if understood.facts.any and not self.state.has_matter and self._only_states(understood):
            return self._noted(state)
        if understood.journey in self.release.journeys:
            return self._journey(understood.journey, state)
        if self.state.service and self._asks_more(understood):
            return self._decide(self.state.service, replace(state, aspect=self._aspect(understood)))
        meanings = self._meanings(understood)
        if len(meanings) == 1:
            return self._matter(meanings[0], state)
        if meanings:
            return self._offer(meanings, state, _MOST_MEANINGS)
        both = self._two_matters(understood)
        if both:
            return self._matter(both[0], replace(state, pending=both[1]))
        if understood.verdict == "answer" and not self._says_nothing_new(understood):
            return self._matter(understood.ranking[0].service, state)
        named = self._named_in_full(understood)
        if len(named) == 1:
            return self._matter(named[0], state)
        if understood.verdict == "choose" and not self._says_nothing_new(understood):
            return self._offer(named or [each.service for each in understood.ranking], state)
        return self._not_understood(understood, state)

    # What a message says, beside what the classifier makes of it.

    def is_about_the_matter(self, understood: Understanding) -> bool:
        """Whether a message says or asks something more about the matter at hand, and names no other.

        „Und bei meiner Mutter in Hohenreut?“, „Ich wohne ja inzwischen in Birkenried“, „Haben die eine Telefonnummer?“.
        """
        if not self.state.has_matter:
            return False
        told, words = understood.facts.any, content_of(understood.facts.rest)
        others = [word for word in words if not self._belongs_here(word)]
        if others:
            # A story around a fact: none of its words is one that a service is called by.
            is_story = words_of(understood.text)[0] in _GOES_ON and not any(map(self.names.is_known, others))
            return told and is_story and not self._is_sure_of_another(understood)
        if not told and not self._asks(understood):
            return False
        states = told and not ASKING & set(words_of(understood.text))
        return states or all(map(is_about_aspect, words)) or not self._is_sure_of_another(understood)

    def _belongs_here(self, word: str) -> bool:
        return is_about_aspect(word) or (bool(self.state.service) and self.names.belongs_to(word, self.state.service or ""))

    def _is_sure_of_another(self, understood: Understanding) -> bool:
        return understood.verdict == "answer" and understood.ranking[0].service != self.state.service

    def _asks(self, understood: Understanding) -> bool:
        words = words_of(understood.text)
        return understood.aspect != WHO or bool(aspect_in(words)) or bool(ASKING & set(words))

    def _aspect_asked(self, understood: Understanding) -> str | None:
        """What is asked about the matter at hand; what was asked before, where only a fact is new: „und morgen?“."""
        told = aspect_in(words_of(understood.facts.rest))
        if understood.facts.any:
            return told or self.state.aspect
        is_question = told or ASKING & set(words_of(understood.text))
        return self._aspect(understood) if is_question else self.state.aspect

    def _aspect_of_new(self, understood: Understanding) -> str | None:
        """What is asked about a new matter. A word or two ask for nothing in particular, „und für Kinder?“ for the same."""
        words = words_of(understood.text)
        if len(words) <= _FEW_WORDS and not aspect_in(words) and not ASKING & set(words):
            return self.state.aspect if words and words[0] in _GOES_ON else None
        return understood.aspect if understood.aspect != WHO else None

    @staticmethod
    def _aspect(understood: Understanding) -> str | None:
        return understood.aspect if understood.aspect != WHO else aspect_in(words_of(understood.facts.rest)) or None

    @staticmethod
    def _only_states(understood: Understanding) -> bool:
        """Whether a message says nothing beside its facts, and asks nothing."""
        return not content_of(understood.facts.rest) and not ASKING & set(words_of(understood.text))

    def _says_nothing_new(self, understood: Understanding) -> bool:
        """Whether a message has no word that can name a matter, while one is at hand: then the classifier only guesses."""
        return self.state.has_matter and not content_of(understood.facts.rest)

    def _is_yes_or_no(self, understood: Understanding) -> bool:
        words = words_of(understood.text)
        is_short = not content_of(understood.facts.rest) and words[:1] and words[0] in YES | NO
        return understood.intent == "ja_nein" or bool(is_short and not understood.facts.any)

    def _yes_or_no(self, understood: Understanding) -> tuple[Reply, TurnState]:
        said = fold(understood.text).strip()
        words = words_of(said)
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
        near = sorted(self._confusable(self.state.service)) or self._related(self.state.service)
        return self._offer(near, self.state) if near else (Reply("smalltalk", topic="ja_nein"), self.state)

    def _meanings(self, understood: Understanding) -> list[str]:
        """The services that a word or two may mean: „Führerschein“, „Ich möchte etwas abmelden“; the likeliest first.

        Empty where the words are the whole name of a service, or belong to one alone. Only one where the matter at hand says
        which: „und abmelden?“.
        """
        words = content_of(understood.facts.rest)
        core = [word for word in words if not is_about_aspect(word)] or list(words)
        said = words_of(understood.facts.rest)
        if not 1 <= len(core) <= 2 or len(said) > _SHORT_MESSAGE or _NOT & set(said):  # a complaint is no bare word
            return []
        if any(map(self.names.office_type, core)) or self._whole(understood, core):
            return []
        found = self.names.partly(core)
        if len(found) < 2:
            return []
        beside = self.names.beside(self.state.service, core) if self.state.service and self.state.service not in found else []
        if len(beside) == 1:
            return beside
        alone = set(self.names.holding(core))
        ranked = [each.service for each in understood.ranking if each.service in found]
        return sorted(dict.fromkeys((*ranked, *found)), key=lambda slug: slug not in alone)

    def _named_in_full(self, understood: Understanding) -> list[str]:
        """The services that a message calls by their whole name or a synonym, perhaps misspelt."""
        words = content_of(understood.facts.rest)
        core = [word for word in words if not is_about_aspect(word)]
        return self._whole(understood, core) or self.names.misspelt(words) or self.names.misspelt(core)

    def _whole(self, understood: Understanding, core: list[str]) -> list[str]:
        return self.names.whole(called_by(understood.facts.rest)) or self.names.whole(core)

    def _office_asked(self, understood: Understanding) -> str | None:
        """The type of office that is asked for by name: „Wie ist die Nummer vom Jugendamt?“, „Und die Zulassungsstelle?“."""
        words = content_of(understood.facts.rest)
        core = [word for word in words if not is_about_aspect(word)]
        kind = self.names.office_type(core[0]) if len(core) == 1 and not self._whole(understood, core) else None
        is_sure = understood.verdict == "answer" and words_of(understood.text)[0] not in _GOES_ON
        return kind if (self._aspect(understood) or "hours") in _OF_THE_OFFICE and not is_sure else None

    def _services_at(self, office_type: str | None) -> list[str]:
        """The services of a type of office, first those that ask for the least."""
        found = [each for each in self.release.services.values() if office_type and each.office_type == office_type]
        return [each.slug for each in sorted(found, key=lambda each: len(each.varies_by))]

    def _two_matters(self, understood: Understanding) -> tuple[str, ...]:
        """Two services that a message is about; not where people confuse the two, for then only one is meant."""
        both = tuple(slug for slug in understood.matters if slug in self.release.services)
        if len(both) != 2 or both[1] in self._confusable(both[0]):
            return ()
        likely = {each.service for each in understood.ranking if each.confidence >= _LIKELY_FIRST}
        # In the order mentioned, unless the first is one that is only mentioned by the way: that one is offered then.
        return both if both[0] in likely or adds_something(understood.text) else both[::-1]

    def _confusable(self, slug: str) -> set[str]:
        return {distinction.other(slug) for distinction in self.release.distinctions_of(slug)}

    def _corrected(self, understood: Understanding) -> list[str]:
        """„nein, abmelden“: the services beside the one at hand whose names say what the correction says; at most three."""
        said = fold(understood.text).strip()
        rest = _NOT_THAT.sub("", said)
        words = content_of(rest)
        if not self.state.service or rest == said or not words or len(rest.split()) > _SHORT_ANSWER:
            return []
        beside = (*self._related(self.state.service), self.state.service)
        near = [slug for slug in beside if all(self._names(slug, word) for word in words)]
        return near[:3] if len(near) == 1 else [slug for slug in near if slug != self.state.service][:3]

    def _related(self, slug: str) -> list[str]:
        """Services that people confuse with one, and those whose names share a noun with its name."""
        topic = _nouns(self.release.services[slug].name)
        near = (each.slug for each in self.release.services.values() if each.slug != slug and topic & _nouns(each.name))
        return list(dict.fromkeys((*near, *sorted(self._confusable(slug)))))

    def _names(self, slug: str, word: str) -> bool:
        service = self.release.services[slug]
        return any(alike(word, each) for each in words_of(f"{service.name} {slug}"))

    @staticmethod
    def _means_the_other(text: str) -> bool:
        said = fold(text)
        return bool(_THE_OTHER.fullmatch(said) and _OTHER.search(said))

    # What is said back.

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

    def is_answer(self, understood: Understanding) -> bool:
        """Whether a message answers the question that was asked: „Said“ where a surname was asked for, a pick where one was."""
        picks = bool(self.state.awaiting) and self._option(understood.text) is not None
        return picks or self._as_answer(understood) is not None

    def _as_answer(self, understood: Understanding) -> tuple[str, str] | None:
        """Whether the text answers the question that was asked, and how."""
        asked, text, found = self.state.awaiting, understood.text, understood.facts
        if not asked or asked == "service":
            return None
        if len(text.split()) > _SHORT_ANSWER or self._is_new_matter(understood):
            return None
        if asked == "place":
            return self._place_answer(text, found)
        if asked == "district":
            return self._district_answer(text, found)
        if asked == "surname":
            name = bare_surname(text) if not any(each.preposition for each in found.mentions) else None
            return ("surname", name) if name and surname_initial(name) else None
        if asked == "audience":
            return ("audience", found.audience) if found.audience else None
        value = bare_value(text)
        return ("value", str(value)) if value is not None else None

    def _place_answer(self, text: str, found: FoundFacts) -> tuple[str, str] | None:
        localities = found.localities or self.gazetteer.lookup(text)
        offered = [str(each) for each in localities if not self.state.options or str(each) in dict(self.state.options)]
        if len(offered) == 1:
            return "place", offered[0]
        return ("place", "|".join(map(str, localities))) if localities else None

    def _district_answer(self, text: str, found: FoundFacts) -> tuple[str, str] | None:
        if found.road:
            return "district", found.road
        offered = dict(self.state.options)
        for each in found.localities or self.gazetteer.lookup(text):
            if each.ars == OUTSIDE:
                continue
            name = each.district or self.release.places[each.ars].name
            if each.district or name in offered:
                return "district", name
        return None

    def _is_new_matter(self, understood: Understanding) -> bool:
        top = understood.ranking[0] if understood.ranking else None
        return (
            understood.intent == "anliegen"
            and top is not None
            and top.service != self.state.service
            and top.confidence >= _SURE_OF_NEW_MATTER
            and len(understood.text.split()) > 1
            and bool(content_of(understood.facts.rest))
        )

    def _asks_more(self, understood: Understanding) -> bool:
        """„und was kostet das?“: something about the matter at hand, with no other matter in it."""
        words = fold(understood.text).split()
        if not self._aspect(understood) or len(words) > _LONGEST_FOLLOW_UP or self._is_out_of_scope(understood):
            return False
        top = understood.ranking[0] if understood.ranking else None
        if top is None or top.service == self.state.service:
            return True
        points_back = bool(_POINTING_BACK & {word.strip(".,!?") for word in words})
        if understood.verdict != "answer":
            return points_back or top.confidence < _LIKELY_OTHER_MATTER
        return points_back and top.confidence < _SURE_OF_OTHER_MATTER

    def _is_out_of_scope(self, understood: Understanding) -> bool:
        """„Wie wird das Wetter?“: taken for out of scope, with a word in it that neither the matter nor an aspect explains."""
        words = content_of(understood.facts.rest)
        strange = (word for word in words if len(word) >= _LONG_WORD and not self._belongs_here(word))
        return understood.intent == _OUT_OF_SCOPE and any(strange)

    def _option(self, text: str) -> str | None:
        """The offered option that a text names: by number, by its place in the order, by its label or name."""
        if not self.state.options:
            return None
        option = picked(text, self.state.options, numbers=self.state.awaiting != "value")
        if option is None and self.state.awaiting == "service":
            option = picked_by_words(text, self.state.options, self.names.belongs_to)
        return option


def _nouns(name: str) -> set[str]:
    return {fold(word) for word in re.findall(r"\w+", name) if word[0].isupper() and len(word) > _LONG_WORD}


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

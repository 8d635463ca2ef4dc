"""One turn as a pure function: what was understood and what was said before, in; what to answer, out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any

from actions.facts import FoundFacts, bare_surname, bare_value
from knowledge.model import OUTSIDE, Facts, Locality
from knowledge.places import Gazetteer
from knowledge.release import Release
from knowledge.responsibility import Ambiguous, Assignment, Choice, Missing, NotHere, Responsible, resolve
from knowledge.surnames import surname_initial
from knowledge.text import fold

NONE_OF_THESE = "keins"
_BACK = frozenset(("zurueck", "einen schritt zurueck", "eins zurueck", "noch mal zurueck", "nochmal zurueck", "back", "go back"))
_AFRESH = frozenset(("neustart", "von vorne", "noch mal von vorne", "nochmal von vorne"))
_NOT_THAT = re.compile(r"^(?:nein|ne|nee|na|no|nicht|falsch|stimmt nicht|doch nicht|sondern|ich mein\w*|i mean|wrong)\b[\s,.:!]*")
_THE_OTHER = re.compile(
    r"^(?:ja|yes|und|and|jetzt|dann|now|\W|das|den|die|the|zum|zweite[ns]?|second|other|andere[ns]?|anliegen|bitte|one)+$"
)
_OTHER = re.compile(r"\b(?:zweite|andere|second|other)")
_ALIKE = 0.8
_LONG_WORD = 4
WHO = "who"
ASPECT_NAMES = {
    "zustaendig": WHO,
    "unterlagen": "documents",
    "kosten": "fee",
    "oeffnungszeiten": "hours",
    "frist": "deadline",
    "online": "online",
    "ablauf": "procedure",
    "kontakt": "contact",
    "formular": "form",
    "termin": "appointment",
    "voraussetzungen": "requirements",
}
"""What can be asked about a matter: the names in the training data, and what replies call it."""
_ORDINALS = ("erst", "zweit", "dritt", "viert", "fuenft")
_SHORT_ANSWER = 6
_SURE_OF_NEW_MATTER = 0.85
_LONGEST_FOLLOW_UP = 9
_SURE_OF_OTHER_MATTER = 0.97
_LIKELY_OTHER_MATTER = 0.5
_POINTING_BACK = frozenset(
    ["das", "dafuer", "dazu", "damit", "davon", "da", "dort", "es", "und", "denn", "hierfuer", "that", "it", "this", "there"]
)


@dataclass(frozen=True)
class Candidate:
    """A service that the question may mean, with a calibrated probability."""

    service: str
    confidence: float


@dataclass(frozen=True)
class Understanding:
    """What the NLU made of a message.

    `verdict` is `answer`, `choose` or `unsure`; `matters` are two services where different parts of the message are about them;
    `journey` is a situation that takes several services.
    """

    text: str
    intent: str
    ranking: tuple[Candidate, ...] = ()
    verdict: str = "unsure"
    facts: FoundFacts = FoundFacts()
    aspect: str = WHO
    matters: tuple[str, ...] = ()
    journey: str = ""


@dataclass(frozen=True)
class TurnState:
    """What a conversation remembers. JSON-safe through `to_dict` and `from_dict`.

    `pending` is a second matter that was named and not dealt with yet; `before` is the state one step back.
    """

    service: str | None = None
    places: tuple[str, ...] = ()
    district: str | None = None
    surname: str | None = None
    audience: str | None = None
    value: str | None = None
    on: str | None = None
    awaiting: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    aspect: str | None = None
    pending: str | None = None
    before: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {key: _plain(value) for key, value in self.__dict__.items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TurnState:
        known = {key: data[key] for key in cls.__dataclass_fields__ if data.get(key) is not None}
        known["places"] = tuple(known.get("places", ()))
        known["options"] = tuple((str(value), str(label)) for value, label in known.get("options", ()))
        return cls(**known)


@dataclass(frozen=True)
class Reply:
    """What to say, as references into the release.

    `outcome` is one of answer, choices, missing, ambiguous, nothere, journey, fallback, handover, crisis, smalltalk; `topic`
    says which text is meant where an outcome has several, or which journey; `aspect` is what was asked about the matter; `also`
    is a second matter that was noticed.
    """

    outcome: str
    service: str | None = None
    offices: tuple[Assignment, ...] = ()
    missing: str | None = None
    choices: tuple[Choice, ...] = ()
    topic: str = ""
    places: tuple[str, ...] = ()
    on: str | None = None
    aspect: str = WHO
    also: str | None = None

    def to_dict(self) -> dict[str, Any]:
        data = {key: _plain(value) for key, value in self.__dict__.items()}
        data["offices"] = [dict(office.__dict__) for office in self.offices]
        data["choices"] = [dict(choice.__dict__) for choice in self.choices]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Reply:
        return cls(
            **{
                **data,
                "offices": tuple(Assignment(**office) for office in data["offices"]),
                "choices": tuple(Choice(**choice) for choice in data["choices"]),
                "places": tuple(data["places"]),
            }
        )


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
        awaiting = self.state.awaiting if service or self.state.awaiting == "service" else None
        object.__setattr__(self, "state", replace(self.state, places=known, service=service, awaiting=awaiting))

    def choose(self, kind: str, value: str) -> tuple[Reply, TurnState]:
        """Somebody pressed a button."""
        return self._stepped(*self._chosen(kind, value))

    def _chosen(self, kind: str, value: str) -> tuple[Reply, TurnState]:
        if kind == "service":
            return self._matter(value, self.state) if value in self.release.services else self.unsure()
        return self._answered(kind, value)

    @staticmethod
    def goes_back(text: str) -> bool:
        """Whether somebody wants to go one step back."""
        return fold(text).strip(" .!").removesuffix(" bitte") in _BACK

    def back(self) -> tuple[Reply, TurnState] | None:
        """One step back: the question or answer before the last one, said again. None where there is none."""
        if self.state.before is None:
            return None
        state = TurnState.from_dict(self.state.before)
        turn = replace(self, state=state)
        if turn.state.service:
            return turn._decide(turn.state.service, turn.state)
        if turn.state.awaiting == "service":
            choices = tuple(Choice(value, label) for value, label in turn.state.options)
            return Reply("choices", choices=choices, places=turn.state.places, aspect=turn.state.aspect or WHO), turn.state
        return Reply("smalltalk", topic="hilfe"), turn.state

    def _stepped(self, reply: Reply, state: TurnState) -> tuple[Reply, TurnState]:
        """Remember where we came from, and what of two matters is still open."""
        pending = state.pending if state.pending not in (None, state.service) else None
        before = {key: value for key, value in self.state.to_dict().items() if key != "before" and value}
        speaks_of_it = reply.outcome in ("answer", "nothere", "missing", "ambiguous")
        return replace(reply, also=pending if speaks_of_it else None), replace(state, pending=pending, before=before or None)

    def matter(self, understood: Understanding) -> tuple[Reply, TurnState]:
        """Somebody wrote something about a matter, or answered a question."""
        if self.goes_back(understood.text) and (earlier := self.back()):
            return earlier
        if fold(understood.text).strip(" .!") in _AFRESH:
            return Reply("smalltalk", topic="neustart"), TurnState()
        return self._stepped(*self._said(understood))

    def _said(self, understood: Understanding) -> tuple[Reply, TurnState]:
        option = self._option(understood.text)
        if option is not None and self.state.awaiting:
            return self._chosen(self.state.awaiting, option)
        if self._means_the_other(understood.text):
            return self._matter(self.state.pending, self.state) if self.state.pending else self.unsure()
        answer = self._as_answer(understood)
        if answer is not None:
            return self._answered(*answer)
        state = replace(self._with_facts(understood.facts), aspect=understood.aspect if understood.aspect != WHO else None)
        if self.state.service and self._is_only_about_place(understood):
            return self._decide(self.state.service, replace(state, aspect=self.state.aspect))
        meant = self._corrected(understood)
        if len(meant) == 1:
            return self._matter(meant[0], state)
        if meant:
            return self._offer(meant, state)
        if understood.journey in self.release.journeys:
            return self._journey(understood.journey, state)
        if self.state.service and self._asks_more(understood):
            return self._decide(self.state.service, state)
        both = self._two_matters(understood)
        if both:
            return self._matter(both[0], replace(state, pending=both[1]))
        if understood.verdict == "answer":
            return self._matter(understood.ranking[0].service, state)
        if understood.verdict == "choose":
            return self._offer([each.service for each in understood.ranking], state)
        if not self.state.service and not self.state.awaiting and self._is_only_about_place(understood):
            return self._noted(state)
        return self.unsure(state)

    def _journey(self, slug: str, state: TurnState) -> tuple[Reply, TurnState]:
        """A situation that takes several services: all of its steps, for the place if one is known."""
        told = Reply("journey", topic=slug, places=state.places, on=(state.on or self.today.isoformat()))
        return told, replace(self._afresh(state), service=None, awaiting=None, options=(), aspect=None)

    def _two_matters(self, understood: Understanding) -> tuple[str, ...]:
        """Two services that a message is about; not where people confuse the two, for then only one is meant."""
        both = tuple(slug for slug in understood.matters if slug in self.release.services)
        if len(both) != 2 or both[1] in self._confusable(both[0]):
            return ()
        return both

    def _confusable(self, slug: str) -> set[str]:
        return {distinction.other(slug) for distinction in self.release.distinctions_of(slug)}

    def corrects(self, understood: Understanding) -> bool:
        """Whether a text says what is meant instead: another matter, or another place for the same one."""
        return bool(self.state.service and (understood.facts.localities or self._corrected(understood)))

    def _corrected(self, understood: Understanding) -> list[str]:
        """„nein, abmelden“: the services beside the one at hand whose names say what the correction says; at most three."""
        said = fold(understood.text).strip()
        rest = _NOT_THAT.sub("", said)
        if not self.state.service or rest == said or not rest or len(rest.split()) > _SHORT_ANSWER:
            return []
        words = [word for word in re.findall(r"\w+", rest) if len(word) >= _LONG_WORD]
        beside = (*self._related(self.state.service), self.state.service)
        near = [slug for slug in beside if words and all(self._names(slug, word) for word in words)]
        return near[:3] if len(near) == 1 else [slug for slug in near if slug != self.state.service][:3]

    def _related(self, slug: str) -> list[str]:
        """Services that people confuse with one, and those whose names share a noun with its name."""
        topic = _nouns(self.release.services[slug].name)
        alike = (each.slug for each in self.release.services.values() if each.slug != slug and topic & _nouns(each.name))
        return list(dict.fromkeys((*alike, *sorted(self._confusable(slug)))))

    def _names(self, slug: str, word: str) -> bool:
        service = self.release.services[slug]
        return any(_alike(word, each) for each in re.findall(r"\w+", fold(f"{service.name} {slug}")))

    def deny(self) -> tuple[Reply, TurnState] | None:
        """„Nein“ to an answer: what else may have been meant. None where nothing was answered or nothing is near.

        After a second matter was offered it says no to that one.
        """
        if self.state.pending:
            return Reply("smalltalk", topic="dank"), replace(self.state, pending=None)
        if not self.state.service or self.state.awaiting:
            return None
        near = sorted(self._confusable(self.state.service)) or self._related(self.state.service)
        return self._stepped(*self._offer(near, self.state)) if near else None

    def agree(self) -> tuple[Reply, TurnState] | None:
        """„Ja“ after a second matter was noticed: that one. None where there is none."""
        return self._stepped(*self._matter(self.state.pending, self.state)) if self.state.pending else None

    @staticmethod
    def _means_the_other(text: str) -> bool:
        said = fold(text)
        return bool(_THE_OTHER.fullmatch(said) and _OTHER.search(said))

    def _offer(self, services: list[str], state: TurnState) -> tuple[Reply, TurnState]:
        """Offer up to three services; when all lead to one office there is still a choice to make: what to bring differs."""
        known = [slug for slug in services if slug in self.release.services][:3]
        choices = tuple(Choice(slug, self.release.services[slug].name) for slug in known)
        choices += (Choice(NONE_OF_THESE, "Nichts davon"),)
        reply = Reply("choices", choices=choices, places=state.places, aspect=state.aspect or WHO)
        return reply, replace(self._afresh(state), service=None, awaiting="service", options=_options(choices))

    def unsure(self, state: TurnState | None = None, topic: str = "") -> tuple[Reply, TurnState]:
        """Nothing fits: say so."""
        state = self._afresh(state or self.state)
        return Reply("fallback", topic=topic, aspect=state.aspect or WHO), replace(
            state, service=None, awaiting=None, options=(), aspect=None
        )

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
        if not self.state.service:
            return self._noted(replace(self.state, **changed)) if fact == "place" else self.unsure()
        return self._decide(self.state.service, replace(self.state, **changed))

    def _noted(self, state: TurnState) -> tuple[Reply, TurnState]:
        """A place before any matter: remembered, and asked what it is about."""
        return Reply("smalltalk", topic="ort", places=state.places), state

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

    def _as_answer(self, understood: Understanding) -> tuple[str, str] | None:
        """Whether the text answers the question that was asked, and how."""
        asked, text, found = self.state.awaiting, understood.text, understood.facts
        if not asked or not self.state.service or asked == "service":
            return None
        if len(text.split()) > _SHORT_ANSWER or self._is_new_matter(understood):
            return None
        if asked == "place":
            return self._place_answer(text, found)
        if asked == "district":
            return self._district_answer(text, found)
        if asked == "surname":
            name = bare_surname(text)
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
        )

    def _is_only_about_place(self, understood: Understanding) -> bool:
        """„und in Ammerfeld?": a place, and hardly a word beside it."""
        if not understood.facts.mentions:
            return False
        rest = understood.text
        for mention in sorted(understood.facts.mentions, key=lambda each: -each.start):
            rest = rest[: mention.start] + rest[mention.end :]
        return all(len(word) <= 5 for word in re.findall(r"\w+", rest)) and len(rest.split()) <= 4

    def _asks_more(self, understood: Understanding) -> bool:
        """„und was kostet das?“: something about the matter at hand, with no other matter in it."""
        words = fold(understood.text).split()
        if understood.aspect == WHO or len(words) > _LONGEST_FOLLOW_UP:
            return False
        top = understood.ranking[0] if understood.ranking else None
        if top is None or top.service == self.state.service:
            return True
        points_back = bool(_POINTING_BACK & {word.strip(".,!?") for word in words})
        if understood.verdict != "answer":
            return points_back or top.confidence < _LIKELY_OTHER_MATTER
        return points_back and top.confidence < _SURE_OF_OTHER_MATTER

    def _option(self, text: str) -> str | None:
        """The offered option that a text names: by number, ordinal or label."""
        options, said = self.state.options, fold(text).strip(" .!?").removesuffix(" bitte")
        if not options:
            return None
        number = re.fullmatch(r"(?:nummer |nr\.? ?)?(\d)\.?", said)
        if number and self.state.awaiting != "value" and 1 <= int(number[1]) <= len(options):
            return options[int(number[1]) - 1][0]
        ordinal = re.fullmatch(r"(?:das|die|der|den|dem)? ?(\w+?)(?:e|er|es|en)?", said)
        if ordinal and ordinal[1] in _ORDINALS[: len(options)]:
            return options[_ORDINALS.index(ordinal[1])][0]
        exact = next((value for value, label in options if fold(label) == said), None)
        return exact or (self._option_by_words(said) if self.state.awaiting == "service" else None)

    def _option_by_words(self, said: str) -> str | None:
        """The one option whose label holds every word that was said, give or take a typing error."""
        words = [word for word in re.findall(r"\w+", said) if len(word) >= _LONG_WORD]
        if not words or len(said.split()) > _SHORT_ANSWER:
            return None
        fitting = [
            value
            for value, label in self.state.options
            if value != NONE_OF_THESE
            and all(any(_alike(word, each) for each in re.findall(r"\w+", fold(label))) for word in words)
        ]
        return fitting[0] if len(fitting) == 1 else None


def _nouns(name: str) -> set[str]:
    return {fold(word) for word in re.findall(r"\w+", name) if word[0].isupper() and len(word) > _LONG_WORD}


def _alike(said: str, written: str) -> bool:
    """Whether two words are one, give or take an ending or a typing error."""
    if said == written or (len(said) > _LONG_WORD and written.startswith(said[:-1])):
        return True
    # „abmelden“ and „anmelden“ are no typing errors of each other.
    return len(said) > _LONG_WORD and said[:2] == written[:2] and SequenceMatcher(None, said, written).ratio() >= _ALIKE


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


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value

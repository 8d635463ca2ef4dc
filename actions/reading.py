"""What a message says in its conversation, beside what the classifier makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.facts import FoundFacts, bare_surname, bare_value
from actions.names import Names, names_of
from actions.options import picked, picked_by_words
from actions.state import JOURNEY, WHO, TurnState, Understanding
from actions.wording import (
    ASKING,
    COURTESY,
    NO,
    YES,
    adds_something,
    alike,
    aspect_in,
    called_by,
    content_of,
    is_about_aspect,
    is_nearly_small,
)
from knowledge.model import OUTSIDE
from knowledge.places import Gazetteer
from knowledge.release import Release
from knowledge.surnames import surname_initial
from knowledge.text import fold, folded_words

_NOT_THAT = re.compile(r"^(?:nein|ne|nee|na|no|nicht|falsch|stimmt nicht|doch nicht|sondern|ich mein\w*|i mean|wrong)\b[\s,.:!]*")
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
_POINTING_BACK = frozenset(
    ["das", "dafuer", "dazu", "damit", "davon", "da", "dort", "es", "und", "denn", "hierfuer", "that", "it", "this", "there"]
)
_OUT_OF_SCOPE = "ausserhalb"


@dataclass(frozen=True)
class Reading:
    """A message against what was said before it: an answer, a correction, more about the matter at hand, or a new one."""

    release: Release
    gazetteer: Gazetteer
    state: TurnState
    said: Understanding

    @property
    def names(self) -> Names:
        return names_of(self.release)

    @property
    def _goes_on(self) -> bool:
        """Whether it begins as a follow-up does: „Und …“."""
        return bool(_GOES_ON & set(folded_words(self.said.text)[:1]))

    def is_answer(self) -> bool:
        """Whether a message answers the question that was asked: „Said“ where a surname was asked for, a pick where one was."""
        picks = bool(self.state.awaiting) and self.option() is not None
        return picks or self.answer() is not None

    def is_about_the_matter(self) -> bool:
        """Whether a message says or asks something more about the matter at hand, and names no other.

        „Und bei meiner Mutter in Hohenreut?“, „Ich wohne ja inzwischen in Birkenried“, „Haben die eine Telefonnummer?“.
        """
        if not self.state.has_matter:
            return False
        told, words = self.said.facts.any, content_of(self.said.facts.rest)
        others = [word for word in words if not self._belongs_here(word)]
        if others:
            # A story around a fact: none of its words is one that a service is called by.
            is_story = self._goes_on and not any(map(self.names.is_known, others))
            return told and is_story and not self._is_sure_of_another()
        if not told and not self._asks():
            return False
        states = told and not ASKING & set(folded_words(self.said.text))
        return states or all(map(is_about_aspect, words)) or not self._is_sure_of_another()

    def means_the_other(self) -> bool:
        """„und das andere?“: the second one of two matters."""
        said = fold(self.said.text)
        return bool(_THE_OTHER.fullmatch(said) and _OTHER.search(said))

    def option(self) -> str | None:
        """The offered option that a text names: by number, by its place in the order, by its label or name."""
        if not self.state.options:
            return None
        option = picked(self.said.text, self.state.options, numbers=self.state.awaiting != "value")
        if option is None and self.state.awaiting == "service":
            option = picked_by_words(self.said.text, self.state.options, self.names.belongs_to)
        return option

    def answer(self) -> tuple[str, str] | None:
        """Whether the text answers the question that was asked, and how."""
        asked, text, found = self.state.awaiting, self.said.text, self.said.facts
        if not asked or asked == "service":
            return None
        if len(text.split()) > _SHORT_ANSWER or self._is_new_matter():
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

    def _is_new_matter(self) -> bool:
        top = self.said.ranking[0] if self.said.ranking else None
        return (
            self.said.intent == "anliegen"
            and top is not None
            and top.service != self.state.service
            and top.confidence >= _SURE_OF_NEW_MATTER
            and len(self.said.text.split()) > 1
            and bool(content_of(self.said.facts.rest))
        )

    def is_yes_or_no(self) -> bool:
        """Whether a message agrees or denies, and says nothing else."""
        words = folded_words(self.said.text)
        is_short = not content_of(self.said.facts.rest) and words[:1] and words[0] in YES | NO
        return self.said.intent == "ja_nein" or bool(is_short and not self.said.facts.any)

    def agrees(self) -> bool:
        """„ja bitte“, and nothing else."""
        words = set(folded_words(self.said.text))
        return bool(words & YES) and words <= YES | COURTESY

    def only_asks(self) -> bool:
        """„und was kostet das?“: what is asked, with no word that may name a matter."""
        words = content_of(self.said.facts.rest)
        return not self.said.facts.any and bool(words) and all(map(is_about_aspect, words)) and bool(self.aspect())

    def only_states(self) -> bool:
        """Whether a message says nothing beside its facts, and asks nothing."""
        return not content_of(self.said.facts.rest) and not ASKING & set(folded_words(self.said.text))

    def says_nothing_new(self) -> bool:
        """Whether a message has no word that can name a matter, while one is at hand: then the classifier only guesses."""
        return self.state.has_matter and not content_of(self.said.facts.rest)

    def asks_more(self) -> bool:
        """„und was kostet das?“: something about the matter at hand, with no other matter in it."""
        words = fold(self.said.text).split()
        if not self.aspect() or len(words) > _LONGEST_FOLLOW_UP or self._is_out_of_scope():
            return False
        top = self.said.ranking[0] if self.said.ranking else None
        if top is None or top.service == self.state.service:
            return True
        points_back = bool(_POINTING_BACK & {word.strip(".,!?") for word in words})
        if self.said.verdict != "answer":
            return points_back or top.confidence < _LIKELY_OTHER_MATTER
        return points_back and top.confidence < _SURE_OF_OTHER_MATTER

    def _is_out_of_scope(self) -> bool:
        """„Wie wird das Wetter?“: taken for out of scope, with a word in it that neither the matter nor an aspect explains."""
        words = content_of(self.said.facts.rest)
        strange = (word for word in words if len(word) >= _LONG_WORD and not self._belongs_here(word))
        return self.said.intent == _OUT_OF_SCOPE and any(strange)

    def aspect_asked(self) -> str | None:
        """What is asked about the matter at hand; what was asked before, where only a fact is new: „und morgen?“."""
        told = aspect_in(folded_words(self.said.facts.rest))
        if self.said.facts.any:
            return told or self.state.aspect
        is_question = told or ASKING & set(folded_words(self.said.text))
        return self.aspect() if is_question else self.state.aspect

    def aspect_of_new(self) -> str | None:
        """What is asked about a new matter. A word or two ask for nothing in particular, „und für Kinder?“ for the same."""
        words = folded_words(self.said.text)
        if len(words) <= _FEW_WORDS and not aspect_in(words) and not ASKING & set(words):
            return self.state.aspect if words and words[0] in _GOES_ON else None
        return self.said.aspect if self.said.aspect != WHO else None

    def aspect(self) -> str | None:
        """What is asked, by the classifier or by single words."""
        return self.said.aspect if self.said.aspect != WHO else aspect_in(folded_words(self.said.facts.rest)) or None

    def _asks(self) -> bool:
        words = folded_words(self.said.text)
        return self.said.aspect != WHO or bool(aspect_in(words)) or bool(ASKING & set(words))

    def _belongs_here(self, word: str) -> bool:
        return is_about_aspect(word) or (bool(self.state.service) and self.names.belongs_to(word, self.state.service or ""))

    def _is_sure_of_another(self) -> bool:
        return self.said.verdict == "answer" and self.said.ranking[0].service != self.state.service

    def meanings(self) -> list[str]:
        """The services that a word or two may mean: „Führerschein“, „Ich möchte etwas abmelden“; the likeliest first.

        Empty where the words are the whole name of a service, or belong to one alone. Only one where the matter at hand says
        which: „und abmelden?“.
        """
        words = content_of(self.said.facts.rest)
        core = [word for word in words if not is_about_aspect(word)] or list(words)
        said = folded_words(self.said.facts.rest)
        if not 1 <= len(core) <= 2 or len(said) > _SHORT_MESSAGE or _NOT & set(said):  # a complaint is no bare word
            return []
        if any(map(self.names.office_type, core)) or self._whole(core):
            return []
        found = self.names.partly(core)
        if len(found) < 2:
            return []
        beside = self.names.beside(self.state.service, core) if self.state.service and self.state.service not in found else []
        if len(beside) == 1:
            return beside
        alone = set(self.names.holding(core))
        ranked = [each.service for each in self.said.ranking if each.service in found]
        return sorted(dict.fromkeys((*ranked, *found)), key=lambda slug: slug not in alone)

    def named_in_full(self) -> list[str]:
        """The services that a message calls by their whole name or a synonym, perhaps misspelt."""
        words = content_of(self.said.facts.rest)
        core = [word for word in words if not is_about_aspect(word)]
        meant = [word for word in core if self.names.is_known(word) or not is_nearly_small(word)]
        return self._whole(core) or self.names.misspelt(words) or self.names.misspelt(core) or self.names.misspelt(meant)

    def _whole(self, core: list[str]) -> list[str]:
        return self.names.whole(called_by(self.said.facts.rest)) or self.names.whole(core)

    def office_asked(self) -> str | None:
        """The type of office that is asked for by name: „Wie ist die Nummer vom Jugendamt?“, „Und die Zulassungsstelle?“."""
        words = content_of(self.said.facts.rest)
        core = [word for word in words if not is_about_aspect(word)]
        kind = self.names.office_type(core[0]) if len(core) == 1 and not self._whole(core) else None
        is_sure = self.said.verdict == "answer" and not self._goes_on
        return kind if (self.aspect() or "hours") in _OF_THE_OFFICE and not is_sure else None

    def two_matters(self) -> tuple[str, ...]:
        """Two services that a message is about, or a service and a journey (`lebenslage:…`), that which is answered first."""
        both = tuple(slug for slug in self.said.matters if slug in self.release.services)
        situations = [slug for slug in self.said.matters if slug.removeprefix(JOURNEY) in self.release.journeys]
        if len(both) == len(situations) == 1:  # what is asked for first, then all that the situation takes
            return (*both, *situations)
        if len(both) != 2:
            return ()
        if both[1] in confusable(self.release, both[0]):  # perhaps only one of them is meant: the likelier, if that is sure
            if self.said.verdict != "answer":
                return ()
            return both if self.said.ranking[0].service == both[0] else both[::-1]
        likely = {each.service for each in self.said.ranking if each.confidence >= _LIKELY_FIRST}
        # In the order mentioned, unless the first is one that is only mentioned by the way: that one is offered then.
        return both if both[0] in likely or adds_something(self.said.text) else both[::-1]

    def corrected(self) -> list[str]:
        """„nein, abmelden“: the services beside the one at hand whose names say what the correction says; at most three."""
        said = fold(self.said.text).strip()
        rest = _NOT_THAT.sub("", said)
        words = content_of(rest)
        if not self.state.service or rest == said or not words or len(rest.split()) > _SHORT_ANSWER:
            return []
        beside = (*related(self.release, self.state.service), self.state.service)
        near = [slug for slug in beside if all(self._names(slug, word) for word in words)]
        return near[:3] if len(near) == 1 else [slug for slug in near if slug != self.state.service][:3]

    def _names(self, slug: str, word: str) -> bool:
        service = self.release.services[slug]
        return any(alike(word, each) for each in folded_words(f"{service.name} {slug}"))


def confusable(release: Release, slug: str) -> set[str]:
    """The services that people confuse with one."""
    return {distinction.other(slug) for distinction in release.distinctions_of(slug)}


def related(release: Release, slug: str) -> list[str]:
    """Services whose names share a noun with that of one, and those that people confuse with it."""
    topic = _nouns(release.services[slug].name)
    near = (each.slug for each in release.services.values() if each.slug != slug and topic & _nouns(each.name))
    return list(dict.fromkeys((*near, *sorted(confusable(release, slug)))))


def _nouns(name: str) -> set[str]:
    return {fold(word) for word in re.findall(r"\w+", name) if word[0].isupper() and len(word) > _LONG_WORD}

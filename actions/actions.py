"""rasa-sdk actions: one for matters and answers, one for everything that needs no knowledge.

They read the understanding from the latest message and the memory from the slots, and emit one JSON reply of references.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.facts import find_facts
from actions.turn import WHO, Candidate, Reply, Turn, TurnState, Understanding
from knowledge.active import active_release, gazetteer
from knowledge.responsibility import Choice

SLOTS = tuple(TurnState.__dataclass_fields__)
REPLY = "lotse"
_CERTAIN = 1.0
"""What is written in the training data as a pattern of danger has this confidence; nothing overrules it."""


class ActionMatter(Action):
    """A matter, an answer to a question, or a pressed button."""

    def name(self) -> str:
        return "action_anliegen"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        turn, metadata = _turn(tracker)
        chosen = metadata.get("choice")
        if chosen:
            return _say(dispatcher, tracker, *turn.choose(str(chosen["kind"]), str(chosen["value"])))
        return _say(dispatcher, tracker, *turn.matter(_understanding(tracker, turn)))


class ActionUnsure(ActionMatter):
    """Nothing that Lotse seems to know, unless it follows from what was said before."""

    def name(self) -> str:
        return "action_unklar"


class _Fixed(Action):
    """A reply that depends on nothing but the intent, unless the message says more about the matter at hand."""

    intent = ""
    outcome = "smalltalk"
    forgets = False

    def name(self) -> str:
        return f"action_{self.intent}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        turn, _ = _turn(tracker)
        understood = _understanding(tracker, turn)
        if turn.goes_back(understood.text) or self.gives_way(turn, understood, tracker):
            return _say(dispatcher, tracker, *turn.matter(understood))
        return _say(dispatcher, tracker, *self.reply(turn, understood, tracker))

    def reply(self, turn: Turn, understood: Understanding, tracker: Tracker) -> tuple[Reply, TurnState]:
        return Reply(self.outcome, topic=self.intent), TurnState() if self.forgets else turn.state

    def gives_way(self, turn: Turn, understood: Understanding, tracker: Tracker) -> bool:
        """„Danke, und was kostet das?“, „Kann ich da anrufen?“, „What if I live in Tannberg?“, the surname „Said“."""
        return turn.reading(understood).is_answer() or turn.reading(understood).is_about_the_matter()


class ActionCrisis(_Fixed):
    intent, outcome = "krise", "crisis"

    def gives_way(self, turn: Turn, understood: Understanding, tracker: Tracker) -> bool:
        """Only where the classifier guesses, and nothing was said but a fact: „mein Mann heißt Zeller“, and not „Feuer“."""
        return _guessed(tracker) and understood.facts.any and super().gives_way(turn, understood, tracker)

    def reply(self, turn: Turn, understood: Understanding, tracker: Tracker) -> tuple[Reply, TurnState]:
        """The emergency numbers; behind them the matter that the message surely names, lest a false alarm ends the talk."""
        reply, state = super().reply(turn, understood, tracker)
        if not _guessed(tracker) or understood.verdict != "answer":
            return reply, state
        slug = understood.ranking[0].service
        choice = Choice(slug, turn.release.services[slug].name)
        return replace(reply, choices=(choice,)), replace(state, pending=slug)


class ActionHuman(_Fixed):
    intent, outcome = "mensch", "handover"


class ActionGreet(_Fixed):
    intent = "gruss"


class ActionThanks(_Fixed):
    intent = "dank"

    def gives_way(self, turn: Turn, understood: Understanding, tracker: Tracker) -> bool:
        return ("?" in understood.text or turn.reading(understood).is_answer()) and super().gives_way(turn, understood, tracker)


class ActionGoodbye(_Fixed):
    intent = "abschied"


class ActionHelp(_Fixed):
    intent = "hilfe"


class ActionInsult(_Fixed):
    intent = "beleidigung"

    def gives_way(self, turn: Turn, understood: Understanding, tracker: Tracker) -> bool:
        return False


class ActionAboutMe(_Fixed):
    intent = "ueber_mich"


class ActionRestart(_Fixed):
    intent, forgets = "neustart", True

    def gives_way(self, turn: Turn, understood: Understanding, tracker: Tracker) -> bool:
        return turn.reading(understood).is_answer() or (understood.facts.any and super().gives_way(turn, understood, tracker))


class ActionYes(ActionMatter):
    """Yes or no, to a question or to the answer before."""

    def name(self) -> str:
        return "action_ja_nein"


def _guessed(tracker: Tracker) -> bool:
    """Whether the intent is the classifier's guess, and no pattern's."""
    return float((tracker.latest_message.get("intent") or {}).get("confidence") or 0) < _CERTAIN


def _turn(tracker: Tracker) -> tuple[Turn, dict[str, Any]]:
    release = active_release()
    if release is None:
        raise LookupError("no release: publish one, or set LOTSE_RELEASE_FILE")
    metadata = dict(tracker.latest_message.get("metadata") or {})
    state = _with_given(_state(tracker), metadata.get("facts") or {})
    today = date.fromisoformat(metadata["today"]) if metadata.get("today") else date.today()
    return Turn(release, gazetteer(release), today, state), metadata


def _state(tracker: Tracker) -> TurnState:
    return TurnState.from_dict({slot: tracker.get_slot(slot) for slot in SLOTS})


def _with_given(state: TurnState, given: dict[str, Any]) -> TurnState:
    """Facts that the channel knows already (a place chosen on the page, options of a command)."""
    return TurnState.from_dict({**state.to_dict(), **{key: value for key, value in given.items() if value}})


def _understanding(tracker: Tracker, turn: Turn) -> Understanding:
    message = tracker.latest_message
    text = str(message.get("text") or "")
    return Understanding(
        text=text,
        intent=str((message.get("intent") or {}).get("name") or ""),
        ranking=tuple(Candidate(row["service"], row["confidence"]) for row in message.get("services") or ()),
        verdict=str(message.get("verdict") or "unsure"),
        facts=find_facts(text, turn.gazetteer),
        aspect=str(message.get("aspect") or WHO),
        matters=tuple(message.get("matters") or ()),
        journey=str(message.get("journey") or ""),
    )


def _say(dispatcher: CollectingDispatcher, tracker: Tracker, reply: Reply, state: TurnState) -> list[EventType]:
    dispatcher.utter_message(json_message={REPLY: reply.to_dict()})
    return [SlotSet(slot, value) for slot, value in state.to_dict().items() if value != tracker.get_slot(slot)]

"""A Rasa message processor whose turn is a function: state and message in, reply and new state out."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

from rasa.core.actions.action import Action, create_bot_utterance
from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import NaturalLanguageGenerator, TemplatedNaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.engine.loader import load_predict_graph_runner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk import Action as SdkAction
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.utils import all_subclasses

from actions import actions as lotse_actions
from actions.actions import REPLY, SLOTS
from actions.names import names_of
from bot.worker.runner import SequentialGraphRunner
from knowledge.active import active_release

_SENDER = "conversation"
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
CHOICE_INTENT = "auswahl"


class TurnFailed(Exception):
    """The turn gave no reply, because an action failed or no rule applied."""


class InProcessAction(Action):
    """Runs a rasa-sdk action in this process, without the HTTP request and the schema check of a remote one."""

    def __init__(self, action: SdkAction) -> None:
        self._action = action

    def name(self) -> str:
        return self._action.name()

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
        metadata: Optional[Dict[str, Any]] = None,
    ) -> List[Event]:
        dispatcher = CollectingDispatcher()
        sdk_tracker = Tracker.from_dict(tracker.current_state(EventVerbosity.NONE))
        events = self._action.run(dispatcher, sdk_tracker, {})
        said: List[Event] = [create_bot_utterance(message) for message in dispatcher.messages]
        return said + [SlotSet(event["name"], event["value"]) for event in events]


class TurnProcessor(MessageProcessor):
    """Answers turns. Keeps nothing between them."""

    def __init__(self, model_path: str) -> None:
        domain = Domain.empty()
        super().__init__(
            model_path=model_path,
            tracker_store=InMemoryTrackerStore(domain),
            lock_store=InMemoryLockStore(),
            generator=TemplatedNaturalLanguageGenerator(domain.responses),
            # Never called: every custom action of the domain runs in this process.
            action_endpoint=EndpointConfig("http://127.0.0.1:9/"),
        )
        # What a conversation remembers is decided by the code, not by the model: one trained before a slot was added serves too.
        known = {slot.name for slot in self.domain.slots}
        self._slots = [*self.domain.slots, *(AnySlot(name, mappings=[{}]) for name in SLOTS if name not in known)]
        self._actions = {action.name(): InProcessAction(action) for action in _sdk_actions()}

    @property
    def model_id(self) -> str:
        """The id of the trained model."""
        return str(self.model_metadata.model_id)

    async def turn(self, text: str, state: Dict[str, Any], metadata: Dict[str, Any]) -> Dict[str, Any]:
        """One turn. `state` holds the slots; returns reply, state, ranking, intent and times in ms. Raises `TurnFailed`."""
        started = time.perf_counter()
        channel = CollectingOutputChannel()
        message = UserMessage(text, channel, _SENDER, input_channel="lotse", metadata=metadata)
        tracker = self._tracker(state)
        if metadata.get("choice"):
            parsed: Dict[str, Any] = {
                "text": text,
                "intent": {"name": CHOICE_INTENT, "confidence": 1.0},
                "entities": [],
            }
        else:
            # A leading slash would name an intent; from outside it is plain text. Tags, as of copied pages, mean nothing.
            message.text = _TAG.sub(" ", text).lstrip("/ \t\n")
            parsed = await self.parse_message(message, tracker)
            parsed["text"] = message.text
        understood = time.perf_counter()
        message.parse_data = parsed
        await self._handle_message_with_tracker(message, tracker)
        await self._run_prediction_loop(channel, tracker)
        reply = next((row["custom"][REPLY] for row in channel.messages if REPLY in row.get("custom", {})), None)
        if reply is None:
            raise TurnFailed("the turn ended without a reply")
        return {
            "reply": reply,
            "state": {slot: tracker.get_slot(slot) for slot in SLOTS},
            "ranking": parsed.get("services", []),
            "intent": parsed["intent"]["name"],
            "timings_ms": {
                "understand": round((understood - started) * 1000, 2),
                "decide": round((time.perf_counter() - understood) * 1000, 2),
            },
        }

    async def warm_up(self) -> None:
        """Build what the first question about a release would have to wait for."""
        await self.parse_message(UserMessage("Guten Tag", sender_id=_SENDER))
        release = active_release()
        if release:
            names_of(release)

    def _tracker(self, state: Dict[str, Any]) -> DialogueStateTracker:
        tracker = DialogueStateTracker(_SENDER, self._slots)
        for slot, value in state.items():
            if slot in SLOTS:
                tracker.update(SlotSet(slot, value))
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        return tracker

    @staticmethod
    def _load_model(model_path: Union[str, Path]) -> Tuple[str, ModelMetadata, GraphRunner]:
        with tempfile.TemporaryDirectory() as folder:
            metadata, runner = load_predict_graph_runner(Path(folder), Path(model_path), LocalModelStorage, SequentialGraphRunner)
        return Path(model_path).name, metadata, runner

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        here = self._actions.get(action.name())
        more = await super()._run_action(here or action, tracker, output_channel, nlg, prediction)
        return more and here is None  # one of ours says all there is to say: that nothing follows need not be predicted


def _sdk_actions() -> List[SdkAction]:
    found = []
    for each in all_subclasses(SdkAction):
        if each.__module__ == lotse_actions.__name__ and not each.__name__.startswith("_"):
            found.append(each())
    return found

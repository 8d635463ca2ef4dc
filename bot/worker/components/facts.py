"""Places and other facts of a message as Rasa entities, read with the gazetteer of the active release."""

from __future__ import annotations

from typing import Any, Dict, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from actions.facts import find_facts
from knowledge.active import active_release, gazetteer


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class FactExtractor(GraphComponent, EntityExtractorMixin):
    """Adds an entity `place` for every place named; its value lists what the name may mean."""

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FactExtractor:
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        release = active_release()
        for message in messages if release else ():
            found = find_facts(message.get(TEXT) or "", gazetteer(release))
            entities = [
                {
                    "entity": "place",
                    "start": mention.start,
                    "end": mention.end,
                    "value": "|".join(map(str, mention.localities)),
                    "extractor": type(self).__name__,
                }
                for mention in found.mentions
            ]
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)
        return messages

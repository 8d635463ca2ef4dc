"""Training data: the files under `nlu_data` and the wording of the published services. With it `rasa train` needs no options."""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from actions.turn import ASPECT_NAMES
from knowledge.active import active_release
from knowledge.release import Release

NLU_DATA = Path("nlu_data")
DOMAIN = NLU_DATA / "domain.yml"
QUESTIONS = NLU_DATA / "anliegen"
ASPECTS = NLU_DATA / "aspekt"
CALIBRATION = NLU_DATA / "calibration.jsonl"
TWO_MATTERS = NLU_DATA / "zwei_anliegen.jsonl"
NOT_TRAINING_DATA = frozenset((NLU_DATA / "evaluation", NLU_DATA / "lexikon.yml", ASPECTS, CALIBRATION, TWO_MATTERS))
"""What lies under `nlu_data` and must not be read as intents: questions for evaluation above all."""
OUT_OF_SCOPE = "ausserhalb"
MATTER = "anliegen"
CRISIS = "krise"
ASPECT = "aspect"
"""Says on a message what is asked about the matter."""
CALIBRATES = "calibrates"
"""Marks a message that is not learnt from: it tells how sure the model may be."""
MATTERS = "matters_meant"
"""On a message that is not learnt from and tells what two matters look like: the services it means, one or two."""
_READ_WITH = (TEXT, INTENT, INTENT_RESPONSE_KEY, ASPECT, CALIBRATES, MATTERS)
_PROCESS = uuid.uuid4().hex


class LotseImporter(TrainingDataImporter):
    """Reads `nlu_data/` unless other paths are given.

    The questions about services come from the active release, which holds those of the files and those that staff added
    since; without a release they come from the files.
    """

    def __init__(
        self,
        config_file: Optional[str] = None,
        domain_path: Optional[str] = None,
        training_data_paths: Optional[Union[List[str], str]] = None,
    ) -> None:
        paths = [training_data_paths] if isinstance(training_data_paths, str) else list(training_data_paths or ())
        given = [path for path in paths if path and Path(path).exists()]
        whole = not given or {Path(path).resolve() for path in given} == {NLU_DATA.resolve()}
        self._release = active_release() if whole else None
        if whole:
            left_out = {*NOT_TRAINING_DATA, *((QUESTIONS,) if self._release else ())}
            given = [str(path) for path in sorted(NLU_DATA.iterdir()) if path not in left_out]
        self._calibration = CALIBRATION if whole and CALIBRATION.exists() else None
        self._two_matters = TWO_MATTERS if whole and TWO_MATTERS.exists() else None
        self._aspects = RasaFileImporter(config_file, None, [str(ASPECTS)]) if whole and ASPECTS.exists() else None
        domain = domain_path if domain_path and Path(domain_path).exists() else str(DOMAIN)
        self._files = RasaFileImporter(config_file, domain, given)

    def get_domain(self) -> Domain:
        return self._files.get_domain()

    def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
        return self._files.get_stories(exclusion_percentage)

    def get_conversation_tests(self) -> StoryGraph:
        return self._files.get_conversation_tests()

    def get_config(self) -> Dict:
        return self._files.get_config()

    def get_config_file_for_auto_config(self) -> Optional[str]:
        return self._files.get_config_file_for_auto_config()

    def get_nlu_data(self, language: Optional[str] = "de") -> TrainingData:
        data = self._files.get_nlu_data(language)
        messages = [Example(data=message.data) for message in data.training_examples]
        messages += [Example.build(text, intent=intent) for intent, text in _wording(self._release)] if self._release else []
        for intent, text in _calibration(self._calibration) if self._calibration else ():
            message = Example.build(text, intent=intent)
            message.set(CALIBRATES, True)
            messages.append(message)
        messages += _two_matters(self._two_matters) if self._two_matters else ()
        hints = data.regex_features
        if self._aspects:
            about = self._aspects.get_nlu_data(language)
            messages += [_about(message) for message in about.intent_examples]
            hints = hints + about.regex_features
        return TrainingData(messages, data.entity_synonyms, hints, data.lookup_tables, data.responses)


class Example(Message):
    """A message of the training data that Rasa can compare and copy at little cost.

    Rasa does both often: for tens of thousands of messages its own way takes longer than all learning. What a message was read
    with tells it from others; what components add to it does not change that. The fingerprint is another one in each process,
    so that no result of an earlier training is taken for one of this data.
    """

    @property
    def _identity(self) -> Tuple[Any, ...]:
        return tuple(self.data.get(key) for key in _READ_WITH)

    def __hash__(self) -> int:
        return hash(self.data.get(TEXT))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Example) and self._identity == other._identity

    def fingerprint(self) -> str:
        return hashlib.md5(repr((_PROCESS, self._identity)).encode(), usedforsecurity=False).hexdigest()

    def __deepcopy__(self, _: Dict[int, Any]) -> Message:
        """Components put values on a message and never change one."""
        return type(self)(data=dict(self.data), output_properties=set(self.output_properties), features=list(self.features))


def _about(message: Message) -> Message:
    """A question of `aspekt/<name>` as a matter without a service: it says what is asked, not what the matter is."""
    name = message.get(INTENT_RESPONSE_KEY).partition("/")[2]
    return Example(data={TEXT: message.get(TEXT), INTENT: MATTER, ASPECT: ASPECT_NAMES[name]})


def _wording(release: Release) -> Iterator[Tuple[str, str]]:
    for service in release.services.values():
        for text in (service.name, *service.synonyms, service.short, *(each.text for each in service.examples)):
            if text:
                yield service.intent, text


def _two_matters(path: Path) -> Iterator[Message]:
    """Messages with one matter or two: they say nothing about how sure the model may be of one."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        services = [row["service"]] if isinstance(row["service"], str) else row["service"]
        yield Example(data={TEXT: row["question"], INTENT: MATTER, CALIBRATES: True, MATTERS: tuple(services)})


def _calibration(path: Path) -> Iterator[Tuple[str, str]]:
    """Questions of other writers than those of the examples, with the one service they mean, or none."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["service"] is None:
            yield OUT_OF_SCOPE, row["question"]
        elif isinstance(row["service"], str):
            yield f"anliegen/{row['service']}", row["question"]

"""Training data: the files under `nlu_data` and the wording of the published services. With it `rasa train` needs no options."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple, Union

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.active import active_release
from knowledge.release import Release

NLU_DATA = Path("nlu_data")
DOMAIN = NLU_DATA / "domain.yml"
QUESTIONS = NLU_DATA / "anliegen"


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
            given = [str(path) for path in sorted(NLU_DATA.iterdir()) if not (self._release and path == QUESTIONS)]
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
        if self._release is None:
            return data
        return data.merge(TrainingData([Message.build(text, intent=intent) for intent, text in _wording(self._release)]))


def _wording(release: Release) -> Iterator[Tuple[str, str]]:
    for service in release.services.values():
        for text in (service.name, *service.synonyms, service.short, *(each.text for each in service.examples)):
            if text:
                yield service.intent, text

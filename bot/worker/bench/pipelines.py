"""Rasa pipelines side by side: trained by Rasa on the same examples, loaded, and asked on one core."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Optional, Sequence, Tuple

import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.worker.bench.data import OUT_OF_SCOPE, Examples
from bot.worker.bench.ranking import spread
from bot.worker.bench.scope import Ranking

OURS, DIET, LOGISTIC = "ours", "diet", "logistic"
_SERVICE = "anliegen/"
_WARM_UP = 30
_STOCK_FEATURES = (
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
)
"""As Rasa proposes them for a language without pretrained vectors (rasa init, 3.6)."""
_OURS = ("GermanTokenizer", "QuestionFeaturizer", "ServiceClassifier")


class ExamplesImporter(TrainingDataImporter):
    """Reads JSONL with `text` and `intent`: what stands in it is never read as markup."""

    def __init__(
        self,
        config_file: Optional[str] = None,
        domain_path: Optional[str] = None,
        training_data_paths: Optional[List[str]] = None,
    ) -> None:
        self._config = yaml.safe_load(Path(config_file or "").read_text("utf-8"))
        self._paths = training_data_paths or []

    def get_domain(self) -> Domain:
        return Domain.empty()

    def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
        return StoryGraph([])

    def get_conversation_tests(self) -> StoryGraph:
        return StoryGraph([])

    def get_config(self) -> Dict:
        return self._config

    def get_config_file_for_auto_config(self) -> Optional[str]:
        return None

    def get_nlu_data(self, language: Optional[str] = "de") -> TrainingData:
        rows = (json.loads(line) for path in self._paths for line in Path(path).read_text("utf-8").split("\n") if line)
        return TrainingData([Message.build(row["text"], intent=row["intent"]) for row in rows])


@dataclass(frozen=True)
class Measured:
    """Seconds until the first answer (without importing Rasa), CPU times of a parse in ms, resident memory in MB."""

    load_s: float
    p50: float
    p99: float
    memory_mb: int


def pipeline(kind: str, rounds: int) -> List[Dict[str, Any]]:
    """The components of a pipeline. `rounds` are the epochs of DIET, the iterations of the logistic regression."""
    if kind == OURS:
        ours = yaml.safe_load(Path("config.yml").read_text("utf-8"))["pipeline"]
        return [each for each in ours if each["name"].rpartition(".")[2] in _OURS]
    if kind == DIET:
        diet = {"name": "DIETClassifier", "epochs": rounds, "constrain_similarities": True, "random_seed": 1}
        return [*_STOCK_FEATURES, diet]
    return [*_STOCK_FEATURES, {"name": "LogisticRegressionClassifier", "max_iter": rounds}]


def train(kind: str, examples: Examples, folder: Path, rounds: int = 1) -> Tuple[Path, float]:
    """Train as `rasa train nlu` does; the model and the seconds it took, without importing Rasa."""
    import rasa.model_training

    prefix = _SERVICE if kind == OURS else ""
    data, config = folder / "examples.jsonl", folder / "config.yml"
    rows = zip(examples.texts, examples.labels, strict=True)
    data.write_text("".join(json.dumps({"text": text, "intent": prefix + label}) + "\n" for text, label in rows), "utf-8")
    settings = {
        "recipe": "default.v1",
        "assistant_id": "bench",
        "language": "de",
        "importers": [{"name": f"{__name__}.{ExamplesImporter.__name__}"}],
        "pipeline": pipeline(kind, rounds),
        "policies": [{"name": "RulePolicy"}],
    }
    config.write_text(yaml.safe_dump(settings), "utf-8")
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        model = rasa.model_training.train_nlu(str(config), str(data), str(folder), fixed_model_name="bench")
    return Path(str(model)), time.perf_counter() - started


def ask(kind: str, model: Path, texts: Sequence[str], passes: int = 1) -> Tuple[List[Ranking], Measured]:
    """Load a model as it is served and put all texts to it, one after the other, `passes` times."""
    on_one_core()
    started = time.perf_counter()
    parse = _ours(model) if kind == OURS else _stock(model)
    return asyncio.run(_ask(parse, texts, passes, started))


async def _ask(
    parse: Callable[[str], Awaitable[Dict[str, Any]]], texts: Sequence[str], passes: int, started: float
) -> Tuple[List[Ranking], Measured]:
    await parse("Guten Tag")
    load_s = time.perf_counter() - started
    for text in texts[:_WARM_UP]:
        await parse(text)
    rankings, times = [], []
    for turn in range(passes):
        for text in texts:
            before = time.process_time()
            parsed = await parse(text)
            times.append((time.process_time() - before) * 1000)
            if turn == 0:
                rankings.append(_ranking(parsed))
    return rankings, Measured(load_s, *spread(times), resident_mb())


def _ours(model: Path) -> Callable[[str], Awaitable[Dict[str, Any]]]:
    from rasa.core.channels.channel import UserMessage

    from bot.worker.processor import TurnProcessor

    processor = TurnProcessor(str(model))
    return lambda text: processor.parse_message(UserMessage(text.lstrip("/ \t\n"), sender_id="bench"))


def _stock(model: Path) -> Callable[[str], Awaitable[Dict[str, Any]]]:
    from rasa.core.agent import Agent
    from rasa.utils.tensorflow.environment import setup_tf_environment

    setup_tf_environment()
    agent = Agent.load(str(model))
    return lambda text: agent.parse_message(text.lstrip("/ \t\n"))


def _ranking(parsed: Dict[str, Any]) -> Ranking:
    if "services" in parsed:
        return [(row["service"], row["confidence"]) for row in parsed["services"]]
    return [(row["name"], row["confidence"]) for row in parsed["intent_ranking"]]


def services_only(ranking: Ranking) -> List[str]:
    """The labels without the one that says that no service is meant."""
    return [label for label, _ in ranking if label != OUT_OF_SCOPE]


def on_one_core() -> None:
    """Keep this process on one core (where the system can)."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def resident_mb() -> int:
    """Resident memory of this process in MB (proc_pid_status(5), VmRSS); 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:")), 0)

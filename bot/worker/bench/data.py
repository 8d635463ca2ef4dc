"""What is learnt from and what is asked: the demo's questions, and public sets of questions."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, FrozenSet, Iterable, Iterator, List, Tuple

OUT_OF_SCOPE = "ausserhalb"
"""The label of what belongs to no service."""
EVALUATION = (Path("nlu_data/evaluation/general.jsonl"), Path("nlu_data/evaluation/styles.jsonl"))
CALIBRATION = Path("nlu_data/calibration.jsonl")
_SEED = 1
_NOT_A_LABEL = re.compile(r"[^\w-]")


@dataclass(frozen=True)
class Asked:
    """A question, and the labels of which each is right."""

    text: str
    gold: FrozenSet[str]


@dataclass(frozen=True)
class Examples:
    """Texts to learn from, each with its label."""

    texts: Tuple[str, ...]
    labels: Tuple[str, ...]

    @classmethod
    def of(cls, pairs: Iterable[Tuple[str, str]]) -> Examples:
        """From (text, label)."""
        found = list(pairs)
        return cls(tuple(text for text, _ in found), tuple(label_of(label) for _, label in found))

    def some(self, chosen: Iterable[int]) -> Examples:
        """Those at the positions `chosen`."""
        positions = list(chosen)
        return Examples(tuple(self.texts[at] for at in positions), tuple(self.labels[at] for at in positions))

    def at_most(self, each: int) -> Examples:
        """As many of each label, the same ones every time; 0: all."""
        if not each:
            return self
        order = list(range(len(self.texts)))
        random.Random(_SEED).shuffle(order)
        taken: Counter[str] = Counter()
        chosen = []
        for at in order:
            if taken[self.labels[at]] < each:
                taken[self.labels[at]] += 1
                chosen.append(at)
        return self.some(sorted(chosen))


@dataclass(frozen=True)
class Set:
    """What is asked, and what a threshold is chosen with; the examples to learn from are read when they are needed."""

    examples: Callable[[], Examples]
    asked: Tuple[Asked, ...]
    validation: Tuple[Asked, ...] = ()


def label_of(name: str) -> str:
    """A label that Rasa takes for an intent: no slash and no sign that YAML or Rasa read in a way of their own."""
    return _NOT_A_LABEL.sub("_", name)


def asked_in(paths: Iterable[Path]) -> List[Asked]:
    """The questions of JSONL files that a service answers."""
    found = []
    for path in paths:
        for line in path.read_text("utf-8").split("\n"):
            row = json.loads(line) if line.strip() else {"service": None}
            services = [row["service"]] if isinstance(row["service"], str) else row["service"]
            if services:
                found.append(Asked(row["question"], frozenset(map(label_of, services))))
    return found


def demo() -> Set:
    """The questions the newest model learns from, and those of the evaluation."""
    return Set(demo_examples, tuple(asked_in(EVALUATION)))


def demo_examples() -> Examples:
    """Texts of the active release and of `nlu_data/` that say which service is meant, or that none is."""
    from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT

    from bot.worker import importer

    def labelled() -> Iterator[Tuple[str, str]]:
        for message in importer.LotseImporter("config.yml").get_nlu_data().intent_examples:
            key = message.get(INTENT_RESPONSE_KEY)
            if message.get(importer.CALIBRATES):
                continue
            if key:
                yield message.get(TEXT), key.partition("/")[2]
            elif message.get(INTENT) == importer.OUT_OF_SCOPE:
                yield message.get(TEXT), OUT_OF_SCOPE

    return Examples.of(labelled())


def hwu(folder: Path, size: str) -> Set:
    """A subset of HWU64 as AutoFAQ published it: CSV without a head, with intent, kind, text (its commas not quoted)."""
    train, test = (
        [(",".join(text), intent) for intent, _, *text in _rows(folder / f"hwu_{size}_{part}.csv")] for part in ("train", "test")
    )
    return Set(lambda: Examples.of(train), _asked(test))


def banking(folder: Path) -> Set:
    """BANKING77 (Casanueva et al. 2020): CSV with the head text, category."""
    train, test = (list(_rows(folder / f"banking77_{part}.csv"))[1:] for part in ("train", "test"))
    return Set(lambda: Examples.of((text, label) for text, label in train), _asked((text, label) for text, label in test))


def clinc(folder: Path) -> Set:
    """CLINC150, the full set (Larson et al. 2019), with its out-of-scope questions as one more label."""
    data = json.loads((folder / "clinc150_full.json").read_text("utf-8"))

    def part(name: str) -> List[Tuple[str, str]]:
        return [*map(tuple, data[name]), *((text, OUT_OF_SCOPE) for text, _ in data[f"oos_{name}"])]

    return Set(lambda: Examples.of(part("train")), _asked(part("test")), _asked(part("val")))


def _rows(path: Path) -> Iterator[List[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from (row for row in csv.reader(file) if row)


def _asked(pairs: Iterable[Tuple[str, str]]) -> Tuple[Asked, ...]:
    return tuple(Asked(text, frozenset((label_of(label),))) for text, label in pairs)


PUBLIC: Dict[str, Callable[[Path], Set]] = {
    "HWU64 (klein)": lambda folder: hwu(folder, "small"),
    "HWU64 (groß)": lambda folder: hwu(folder, "large"),
    "BANKING77": banking,
    "CLINC150": clinc,
}
DEMO = "Demo"


def read_set(name: str, folder: Path) -> Set:
    """A set by its name; the public ones lie in `folder`. Raises `OSError` where a file is missing."""
    return demo() if name == DEMO else PUBLIC[name](folder)

"""`python -m bot.worker.elsewhere`: learns when a place outside is where the matter belongs, for `knowledge.places.elsewhere`.

From `nlu_data/anderswo.jsonl` („there": whether the matter belongs to „place"), and from the questions about services, whose
matters are here whatever place they name. The weights are data of the project: they change with these files alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Set

import numpy as np
import yaml
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from knowledge.places import Gazetteer
from knowledge.places.elsewhere import WEIGHTS
from knowledge.release import Release

SENTENCES = Path("nlu_data/anderswo.jsonl")
QUESTIONS = Path("nlu_data/anliegen")
_C = 1.0
_LEAST = 2
"""Examples that have a sign, for it to count."""
_DECIMALS = 2


class Example(NamedTuple):
    """The signs beside a place that a text names, and whether the matter belongs there."""

    signs: Set[str]
    there: bool


def examples(gazetteer: Gazetteer) -> Iterator[Example]:
    """All sentences and questions that name a place the gazetteer knows as outside."""
    for line in SENTENCES.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield from _examples(gazetteer, row["text"], row["place"], row["there"])
    for file in sorted(QUESTIONS.glob("*.yml")):
        for block in yaml.load(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["nlu"]:
            for text in block["examples"].splitlines():
                yield from _examples(gazetteer, text.removeprefix("- "), "", there=False)


def learn(found: List[Example]) -> Dict[str, float]:
    """Weights of signs, logarithms of odds; that of the empty sign is the constant."""
    table = DictVectorizer(sparse=True)
    rows = table.fit_transform([dict.fromkeys(example.signs, 1.0) for example in found])
    often = np.asarray((rows > 0).sum(axis=0)).ravel() >= _LEAST
    machine = LogisticRegression(C=_C, solver="liblinear", random_state=0).fit(rows[:, often], [each.there for each in found])
    names = np.array(table.feature_names_)[often]
    weights = {name: round(float(weight), _DECIMALS) for name, weight in zip(names, machine.coef_[0], strict=True)}
    return {"": round(float(machine.intercept_[0]), _DECIMALS), **{name: weight for name, weight in weights.items() if weight}}


def _examples(gazetteer: Gazetteer, text: str, place: str, there: bool) -> Iterator[Example]:
    statement, found = gazetteer.statement(text)
    begin = text.lower().find(place.lower())
    for (start, end), each in found.items():
        if (start < begin + len(place) and end > begin) or not place:
            yield Example(statement.signs(each), there)


def main() -> int:
    parser = argparse.ArgumentParser(prog="lotse-elsewhere")
    parser.add_argument("--release", type=Path, default=Path("var/release.json"))
    options = parser.parse_args()
    gazetteer = Gazetteer(Release.from_json(options.release.read_bytes()))
    weights = learn(list(examples(gazetteer)))
    lines = ",\n".join(f"{json.dumps(sign, ensure_ascii=False)}: {weight}" for sign, weight in sorted(weights.items()))
    WEIGHTS.write_text(f'{{"weights": {{\n{lines}\n}}}}\n', "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

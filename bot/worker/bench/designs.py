"""Ways to tell which service a question means, each on the same questions: why the pipeline is what it is."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import numpy as np
import scipy.sparse
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB

from bot.worker.bench.data import CALIBRATION, OUT_OF_SCOPE, Asked, Examples, asked_in, demo
from bot.worker.bench.linear import Vectorizer, counted, machine, prepared, progress, rankings_of
from bot.worker.bench.ranking import BM25, calibration_error, four_grams, fused, ranked, words
from knowledge.active import active_release
from knowledge.release import Release
from knowledge.text import fold

_NEIGHBOURS = 10
_RERANKED = 10
_STEM = 5
_SHORTEST = 4
_SEED = 1


def release() -> Release:
    """The active release; without one nothing can be compared."""
    found = active_release()
    assert found is not None, "LOTSE_RELEASE_FILE names no release"
    return found


def wording() -> Examples:
    """One text a service: names, synonyms, short text."""
    services = release().services.values()
    return Examples.of((" \n".join((each.name, *each.synonyms, each.short)), each.slug) for each in services)


def indexes(examples: Examples) -> Dict[str, BM25]:
    """BM25 over words and over characters, without and with the questions as documents."""
    own = wording()
    asked = [(text, label) for text, label in zip(examples.texts, examples.labels, strict=True) if label != OUT_OF_SCOPE]
    both = Examples.of((*zip(own.texts, own.labels, strict=True), *asked))
    return {
        "BM25 über Wörter": BM25(own.texts, own.labels, words),
        "BM25 über Zeichen-4-Gramme": BM25(own.texts, own.labels, four_grams),
        "BM25 über Wörter, mit Beispielfragen": BM25(both.texts, both.labels, words),
        "BM25 über Zeichen-4-Gramme, mit Beispielfragen": BM25(both.texts, both.labels, four_grams),
    }


def baselines(each: int) -> List[Dict[str, Any]]:
    """Hits of BM25, where it has them with at most so many example questions of each service (0: all)."""
    questions = demo()
    found = []
    for name, index in indexes(questions.examples().at_most(each)).items():
        started = time.process_time()
        scores = index.scores([each.text for each in questions.asked])
        took = (time.process_time() - started) * 1000 / len(questions.asked)
        found.append({"name": name, "ms": took, **counted(rankings_of(index.labels, scores), questions.asked)})
    return found


@dataclass(frozen=True)
class Questions:
    """Questions with gold labels, as they are and as the pipeline prepares them."""

    asked: Tuple[Asked, ...]

    @cached_property
    def texts(self) -> List[str]:
        return [each.text for each in self.asked]

    @cached_property
    def prepared(self) -> List[str]:
        return prepared(self.texts)


class Comparison:
    """Fits designs one after the other and keeps the scores that later ones build on."""

    def __init__(self) -> None:
        questions = demo()
        self._examples = questions.examples()
        progress("Fragen vorbereiten")
        self._asked, self._calibration = Questions(questions.asked), Questions(tuple(asked_in([CALIBRATION])))
        self._prepared = prepared(self._examples.texts)
        self._labels = np.array(self._examples.labels)

    def rows(self) -> Iterator[Dict[str, Any]]:
        """Each design with its hits and the seconds it took to fit."""
        yield self._linear("Wörter, LinearSVC", Vectorizer(characters=False), machine())
        yield self._linear("Zeichen-n-Gramme 2–5, LinearSVC", Vectorizer(words=False), machine())
        yield self._linear("Zeichen und Wörter, multinomiales Naive Bayes", Vectorizer(), MultinomialNB(alpha=0.05))
        log_loss = SGDClassifier("log_loss", alpha=1e-6, max_iter=20, tol=None, random_state=_SEED)
        yield self._linear("Zeichen und Wörter, logistische Regression (SGD)", Vectorizer(), log_loss)
        yield self._raw("Zeichen und Wörter, LinearSVC, Text unvorbereitet")
        yield self._with_typing_errors("Zeichen und Wörter, LinearSVC, dazu jede Frage mit Tippfehler")
        yield self._linear(f"Zeichen und Wörter, {_NEIGHBOURS} nächste Nachbarn", Vectorizer(), _Neighbours())
        yield self._linear("Zeichen und Wörter, LinearSVC", Vectorizer(), machine(), keep=True)
        yield from self._searched()
        yield self._fused("Rangfusion (RRF): LinearSVC und BM25 über Zeichen mit Beispielfragen")
        yield self._reranked("LinearSVC, die ersten zehn paarweise neu geordnet")

    def _linear(self, name: str, vectorizer: Vectorizer, model: Any, keep: bool = False) -> Dict[str, Any]:
        row, scores, labels = self._fitted(name, vectorizer, model, self._prepared, self._labels, self._asked.prepared)
        if keep:
            self._columns = labels
            self._margins = scores
            self._calibration_margins = model.decision_function(vectorizer.transform(self._calibration.prepared))
        return row

    def _raw(self, name: str) -> Dict[str, Any]:
        return self._fitted(name, Vectorizer(), machine(), self._examples.texts, self._labels, self._asked.texts)[0]

    def _with_typing_errors(self, name: str) -> Dict[str, Any]:
        wrong = prepared(with_typing_errors(self._examples.texts))
        texts, labels = [*self._prepared, *wrong], np.concatenate((self._labels, self._labels))
        return self._fitted(name, Vectorizer(), machine(), texts, labels, self._asked.prepared)[0]

    def _fitted(
        self, name: str, vectorizer: Vectorizer, model: Any, texts: Sequence[str], labels: np.ndarray, asked: Sequence[str]
    ) -> Tuple[Dict[str, Any], np.ndarray, List[str]]:
        progress(name)
        started = time.perf_counter()
        model.fit(vectorizer.fit_transform(texts), labels)
        took = time.perf_counter() - started
        rows = vectorizer.transform(asked)
        scores = model.decision_function(rows) if hasattr(model, "decision_function") else model.predict_log_proba(rows)
        columns = list(model.classes_)
        return {"name": name, "seconds": took, **counted(rankings_of(columns, scores), self._asked.asked)}, scores, columns

    def _searched(self) -> Iterator[Dict[str, Any]]:
        progress("BM25")
        self._indexes = indexes(self._examples)
        self._found = {name: index.scores(self._asked.texts) for name, index in self._indexes.items()}
        for name, scores in self._found.items():
            yield {"name": name, **counted(rankings_of(self._indexes[name].labels, scores), self._asked.asked)}

    def _fused(self, name: str) -> Dict[str, Any]:
        searched = list(self._indexes)[-1]
        by_search = rankings_of(self._indexes[searched].labels, self._found[searched])
        by_machine = rankings_of(self._columns, self._margins)
        rankings = [fused(pair) for pair in zip(by_machine, by_search, strict=True)]
        return {"name": name, **counted(rankings, self._asked.asked)}

    def _reranked(self, name: str) -> Dict[str, Any]:
        started = time.perf_counter()
        known = self._candidates(self._calibration, self._calibration_margins)
        weigh = pairwise(known, [each.gold for each in self._calibration.asked])
        took = time.perf_counter() - started
        candidates = self._candidates(self._asked, self._margins)
        rankings = [ranked(labels, features @ weigh) for labels, features in candidates]
        return {"name": name, "seconds": took, **counted(rankings, self._asked.asked)}

    def _candidates(self, questions: Questions, margins: np.ndarray) -> List[Tuple[List[str], np.ndarray]]:
        """For each question the services that the machine puts first, with what else speaks for them."""
        by_words, by_characters = (list(self._indexes.values())[at] for at in (2, 3))
        place = {label: at for at, label in enumerate(by_words.labels)}
        column = {label: at for at, label in enumerate(self._columns)}
        names = {each.slug: each.name for each in release().services.values()}
        found = []
        for text, row, *searched in zip(
            questions.texts, margins, by_words.scores(questions.texts), by_characters.scores(questions.texts), strict=True
        ):
            labels = [label for label in ranked(self._columns, row) if label in names][:_RERANKED]
            features = [
                (row[column[label]], *(scores[place[label]] / 10 for scores in searched), overlap(names[label], text))
                for label in labels
            ]
            found.append((labels, np.array(features)))
        return found

    def calibrations(self, model: Path) -> Iterator[Dict[str, Any]]:
        """Calibration errors of the linear model and of the whole one. After `rows`."""
        golds = [each.gold for each in self._asked.asked]
        known = [each.gold for each in self._calibration.asked]
        columns = np.array(self._columns)

        def of(name: str, sure: np.ndarray, right: List[bool]) -> Dict[str, Any]:
            return {"name": name, "ece": calibration_error(sure.tolist(), right)}

        def right(margins: np.ndarray, gold: List[Any]) -> List[bool]:
            return [columns[best] in each for best, each in zip(margins.argmax(axis=1), gold, strict=True)]

        temperature = fitted_temperature(self._calibration_margins, self._columns, known)
        correct = right(self._margins, golds)
        plain, scaled = (softmax(self._margins / divisor, axis=1).max(axis=1) for divisor in (1.0, temperature))
        yield of("LinearSVC, Softmax ohne Eichung", plain, correct)
        yield of("LinearSVC, Temperatur", scaled, correct)
        isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        isotonic.fit(
            softmax(self._calibration_margins / temperature, axis=1).max(axis=1), right(self._calibration_margins, known)
        )
        yield of("LinearSVC, isotone Regression", isotonic.predict(scaled), correct)
        yield from self._whole(model, golds)

    def _whole(self, model: Path, golds: List[Any]) -> Iterator[Dict[str, Any]]:
        from bot.worker.bench.pipelines import OURS, ask, services_only

        progress("das ganze Modell")
        rankings, _ = ask(OURS, model, self._asked.texts)
        found = counted([services_only(each) for each in rankings], self._asked.asked)
        sure = [each[0][1] for each in rankings]
        right = [each[0][0] in gold for each, gold in zip(rankings, golds, strict=True)]
        yield {"name": "unser Modell: gelernte Verschmelzung mit Temperatur", "ece": calibration_error(sure, right), **found}


class _Neighbours:
    """Each of the nearest examples speaks for its label with its cosine."""

    def fit(self, rows: scipy.sparse.csr_matrix, labels: np.ndarray) -> None:
        self._rows = _of_unit_length(rows).T.tocsr()
        self.classes_, self._owners = np.unique(labels, return_inverse=True)

    def decision_function(self, rows: scipy.sparse.csr_matrix) -> np.ndarray:
        scores = np.zeros((rows.shape[0], len(self.classes_)))
        for at, row in enumerate(_of_unit_length(rows)):
            cosines = (row @ self._rows).toarray().ravel()
            nearest = np.argpartition(-cosines, _NEIGHBOURS)[:_NEIGHBOURS]
            np.add.at(scores[at], self._owners[nearest], cosines[nearest])
        return scores


def _of_unit_length(rows: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return scipy.sparse.diags(1 / np.maximum(lengths, 1e-9)) @ rows


def overlap(name: str, text: str) -> float:
    """Share of a name's words whose beginning stands in the text, 0..1."""
    stems = {word[:_STEM] for word in fold(name).split() if len(word) >= _SHORTEST}
    folded = fold(text)
    return sum(stem in folded for stem in stems) / max(1, len(stems))


def pairwise(candidates: Sequence[Tuple[List[str], np.ndarray]], golds: Sequence[Any]) -> np.ndarray:
    """Weights that put right candidates before wrong ones (logistic regression over differences of features)."""
    differences = [
        features[right] - features[wrong]
        for (labels, features), gold in zip(candidates, golds, strict=True)
        for right in range(len(labels))
        for wrong in range(len(labels))
        if labels[right] in gold and labels[wrong] not in gold
    ]
    rows = np.vstack((differences, np.negative(differences)))
    wins = np.repeat((1, 0), len(differences))
    return np.asarray(LogisticRegression(fit_intercept=False).fit(rows, wins).coef_[0])


def fitted_temperature(margins: np.ndarray, columns: Sequence[str], golds: Sequence[Any]) -> float:
    """The divisor of margins that makes the gold labels most likely (Guo et al. 2017)."""
    number = {label: at for at, label in enumerate(columns)}
    pairs = [(row, number[min(gold)]) for row, gold in enumerate(golds) if min(gold) in number]
    rows, right = np.array([row for row, _ in pairs]), np.array([label for _, label in pairs])

    def loss(exponent: float) -> float:
        return -float(log_softmax(margins[rows] / np.exp(exponent), axis=1)[np.arange(len(rows)), right].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 2), method="bounded").x))


def with_typing_errors(texts: Sequence[str], seed: int = _SEED) -> List[str]:
    """Each text with one word in which two neighbouring letters are swapped or one is missing."""
    chance = random.Random(seed)
    return [_with_error(text, chance) for text in texts]


def _with_error(text: str, chance: random.Random) -> str:
    parts = text.split(" ")
    long_enough = [at for at, word in enumerate(parts) if len(word) >= _SHORTEST]
    if not long_enough:
        return text
    at = chance.choice(long_enough)
    word = parts[at]
    letter = chance.randrange(1, len(word) - 1)
    swapped = word[:letter] + word[letter + 1] + word[letter] + word[letter + 2 :]
    parts[at] = chance.choice((swapped, word[:letter] + word[letter + 1 :]))
    return " ".join(parts)


def designs(model: Path) -> Dict[str, Any]:
    """All designs, and how well their confidence is calibrated."""
    comparison = Comparison()
    rows = list(comparison.rows())
    calibrations = list(comparison.calibrations(model))
    whole = calibrations[-1]
    rows.append({key: value for key, value in whole.items() if key != "ece"})
    return {"designs": rows, "calibrations": calibrations}

"""Whether a message brings two matters at once: it is cut in two wherever it can be, and each cut is judged.

What speaks for two matters is learnt from messages with two and from others that only look so (`nlu_data/zwei_anliegen.jsonl`).
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from actions.wording import adds_something, is_settled, wants_something
from bot.worker.components.questions import Part

_JOINED = re.compile(r"\b(?:und|and|sowie|plus)\b|[&+/]", re.IGNORECASE)
_EITHER = re.compile(r"\b(?:oder|or|statt|bzw)\b", re.IGNORECASE)
_MUCH_LIKELIER = 15.0
"""Logarithm from which on two are no more likely than one."""
_C = 0.3

Judge = Dict[str, Any]


class Classes(NamedTuple):
    """The classes of a model: intercepts and temperature of margins, which are services, and how alike two are (cosines)."""

    intercept: np.ndarray
    temperature: float
    services: np.ndarray
    alike: np.ndarray


class Message(NamedTuple):
    """A message by its parts: each part's margins (parts, classes) and those of the whole (classes), without intercepts."""

    text: str
    parts: Sequence[Part]
    margins: np.ndarray
    whole: np.ndarray


class Cut(NamedTuple):
    """The classes that the two sides of a cut are about, and what tells whether both are asked for."""

    first: int
    second: int
    signs: np.ndarray


def cuts(message: Message, classes: Classes) -> List[Cut]:
    """The ways to cut a message between two parts so that its sides are about different services.

    A side's margins are the sum of its parts', each weighed by the length of its vector before it was scaled.
    """
    sizes = np.array([len(part.vector.features) for part in message.parts], dtype=np.float64)
    weighed = message.margins * np.sqrt(sizes)[:, None]
    sums, lengths = np.cumsum(weighed, axis=0), np.cumsum(sizes)
    left = sums[:-1] / np.sqrt(np.maximum(lengths[:-1], 1))[:, None] + classes.intercept
    right = (sums[-1] - sums[:-1]) / np.sqrt(np.maximum(lengths[-1] - lengths[:-1], 1))[:, None] + classes.intercept
    likely_left, likely_right = _logarithms(left, classes), _logarithms(right, classes)
    firsts, seconds = (np.where(classes.services, each, -np.inf).argmax(axis=1) for each in (likely_left, likely_right))
    whole = message.whole + classes.intercept
    wants = np.array([wants_something(part.text) or "?" in part.after for part in message.parts])
    settled = [is_settled(part.text) for part in message.parts]
    adds, asks_twice = adds_something(message.text), message.text.count("?") > 1
    found = []
    for at in np.flatnonzero(firsts != seconds):
        first, second = int(firsts[at]), int(seconds[at])
        of_first, of_second = likely_left[at][first], likely_right[at][second]
        told_in = (int(weighed[: at + 1, first].argmax()), at + 1 + int(weighed[at + 1 :, second].argmax()))
        low, high = sorted((whole[first], whole[second]))
        rest = np.delete(whole, (first, second)).max()
        crossed = sorted((right[at][first], left[at][second]))
        signs = (
            min(of_first + of_second - (likely_left[at] + likely_right[at]).max(), _MUCH_LIKELIER),
            min(of_first, of_second),
            low,
            high,
            rest,
            low - rest,
            adds,
            classes.alike[first, second],
            *crossed,
            asks_twice,
            np.log(max(1.0, min(lengths[at], lengths[-1] - lengths[at]))),
            bool(_JOINED.search(message.parts[at].after)),
            bool(_EITHER.search(message.parts[at].after)),
            settled[told_in[0] if whole[first] < whole[second] else told_in[1]],
            wants[: at + 1].any() and wants[at + 1 :].any(),
        )
        found.append(Cut(first, second, np.array(signs, dtype=np.float64)))
    return found


def learn(messages: Sequence[Tuple[Message, Optional[Tuple[int, int]]]], classes: Classes) -> Judge:
    """From messages with the two classes they mean, or None where they mean one: what each sign of a cut is worth."""
    signs, right = [], []
    for message, both in messages:
        for cut in cuts(message, classes):
            signs.append(cut.signs)
            right.append(both is not None and {cut.first, cut.second} == set(both))
    scaler = StandardScaler().fit(signs)
    judged = LogisticRegression(C=_C, max_iter=1000).fit(scaler.transform(signs), right)
    weights = judged.coef_[0] / scaler.scale_
    return {"weights": weights, "constant": float(judged.intercept_[0] - weights @ scaler.mean_)}


def two_matters(message: Message, classes: Classes, judge: Judge) -> Tuple[Tuple[int, int], float]:
    """The two classes that a message most probably means, in the order mentioned, and how probable that is (0: no cut)."""
    best, most = (-1, -1), -np.inf
    for cut in cuts(message, classes):
        margin = float(judge["weights"] @ cut.signs) + judge["constant"]
        if margin > most:
            best, most = (cut.first, cut.second), margin
    return best, float(1 / (1 + np.exp(-most)))


def _logarithms(margins: np.ndarray, classes: Classes) -> np.ndarray:
    """Of the probabilities of the classes, a row for each row of margins."""
    values = margins / classes.temperature
    return values - logsumexp(values, axis=1)[:, None]

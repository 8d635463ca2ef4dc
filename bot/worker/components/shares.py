"""Work on tens of thousands of questions, cut among forked processes: while training, never while serving."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from typing import Callable, List, Tuple, TypeVar, Union

import numpy as np
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

_MOST_PROCESSES = 4

Result = TypeVar("Result")
Machine = Union[LinearSVC, LogisticRegression]


def in_shares(work: Callable[[np.ndarray], Result], count: int, smallest: int = 2) -> List[Result]:
    """What `work` returns for each share of the numbers from 0 to `count` - 1, in order.

    The processes see all that is in memory without copying it; only the results travel, so they have to be picklable. Where a
    share would be smaller than `smallest`, all is done here.
    """
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES)
    shares = [share for share in np.array_split(np.arange(count), processes) if len(share) >= smallest]
    if len(shares) < 2 or sum(map(len, shares)) < count:
        return [work(np.arange(count))]
    with multiprocessing.get_context("fork").Pool(len(shares), _remember, (work,)) as pool:
        return pool.map(_run, shares)


_work: Callable[[np.ndarray], object]


def _remember(work: Callable[[np.ndarray], object]) -> None:
    """Fork hands the function over as it is, closures too."""
    global _work
    _work = work


def _run(share: np.ndarray) -> object:
    return _work(share)


def against_rest(make: Callable[[], Machine], rows: scipy.sparse.csr_matrix, gold: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Weights (features, classes) and intercepts of liblinear's machines, one class against all others.

    `gold` holds class numbers from 0 without gaps. Each class is learnt alone, so that they can be shared; in each share the
    other classes are one, number -1.
    """
    parts = in_shares(lambda share: _learnt(make(), rows, gold, share), int(gold.max()) + 1)
    return np.hstack([weights for weights, _ in parts]), np.concatenate([intercepts for _, intercepts in parts])


def _learnt(
    machine: Machine, rows: scipy.sparse.csr_matrix, gold: np.ndarray, share: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(rows, np.where(np.isin(gold, share), gold, -1))
    if len(machine.classes_) == 2:  # one row says both
        weights, intercepts = (
            np.vstack([-machine.coef_, machine.coef_]),
            np.concatenate([-machine.intercept_, machine.intercept_]),
        )
    else:
        weights, intercepts = machine.coef_, machine.intercept_
    own = machine.classes_ >= 0
    return weights[own].T.astype(np.float32), intercepts[own].astype(np.float32)

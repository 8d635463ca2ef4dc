"""Work on tens of thousands of questions, cut among forked processes."""

from __future__ import annotations

import multiprocessing
import os
from typing import Callable, List, TypeVar

import numpy as np

_MOST_PROCESSES = 4
_SMALLEST = 2

Result = TypeVar("Result")


def in_shares(work: Callable[[np.ndarray], Result], count: int) -> List[Result]:
    """What `work` returns for each share of the numbers from 0 to `count` - 1, in order.

    The processes see all that is in memory without copying it; only the results travel, so they have to be picklable.
    """
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES)
    shares = [share for share in np.array_split(np.arange(count), processes) if len(share) >= _SMALLEST]
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

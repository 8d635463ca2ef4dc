"""The demo county, read once.

What the tests need is imported where it is needed: the process that hands them out to others reads this file, too.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from knowledge.places import Gazetteer
    from knowledge.release import Knowledge, Release


def pytest_collection(session: pytest.Session) -> None:
    """One state of the code gives one result: nothing kept from earlier runs, the same examples each time."""
    gc.disable()
    if is_handing_out(session.config):
        return
    from hypothesis import settings

    settings.register_profile("lotse", database=None, deadline=None, derandomize=True)
    settings.load_profile("lotse")


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: looking through it for garbage again and again took a quarter of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def is_handing_out(config: pytest.Config) -> bool:
    """Whether this process runs no tests itself (pytest-xdist)."""
    return getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    from tests.county import demo_county

    return demo_county()


@pytest.fixture(scope="session")
def release(knowledge: Knowledge) -> Release:
    from knowledge.release import Release, digest_of

    return Release(1, digest_of(knowledge), "2026-11-22T00:00:00+00:00", knowledge)


@pytest.fixture(scope="session")
def gazetteer(release: Release) -> Gazetteer:
    from knowledge.places import Gazetteer

    return Gazetteer(release)

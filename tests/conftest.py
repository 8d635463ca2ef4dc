"""The demo county, read once."""

from __future__ import annotations

import pytest
from hypothesis import settings

from knowledge.exchange.seed import read_seed
from knowledge.places import Gazetteer
from knowledge.release import Knowledge, Release, digest_of

# One state of the code gives one result: nothing kept from earlier runs, the same examples each time.
settings.register_profile("lotse", database=None, deadline=None, derandomize=True)
settings.load_profile("lotse")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return read_seed()


@pytest.fixture(scope="session")
def release(knowledge: Knowledge) -> Release:
    return Release(1, digest_of(knowledge), "2026-11-22T00:00:00+00:00", knowledge)


@pytest.fixture(scope="session")
def gazetteer(release: Release) -> Gazetteer:
    return Gazetteer(release)

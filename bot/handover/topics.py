"""Which matters are so delicate that a person is offered without being asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from knowledge.release import Release

_TOPICS = Path(__file__).parent / "topics.yaml"


@dataclass(frozen=True)
class Topics:
    """Kinds of offices and single services, by their names in the knowledge."""

    office_types: frozenset[str]
    services: frozenset[str]

    def include(self, release: Release, service: str) -> bool:
        """Whether a service (slug) is one of them."""
        known = release.services.get(service)
        return service in self.services or (known is not None and known.office_type in self.office_types)


@cache
def topics() -> Topics:
    """Those of `topics.yaml`."""
    data = yaml.safe_load(_TOPICS.read_text("utf-8"))
    return Topics(frozenset(data["office_types"]), frozenset(data["services"]))

"""The release that answers the current turn.

The worker sets it for each turn; tools that run without one (stock `rasa` commands, an action server) read the file named by
`LOTSE_RELEASE_FILE`, by default `var/release.json`, which every publication writes.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from pathlib import Path

from knowledge.places import Gazetteer
from knowledge.release import Release

_active: ContextVar[Release | None] = ContextVar("active_release", default=None)
_from_file: tuple[Path, float, Release] | None = None
_gazetteers: dict[str, Gazetteer] = {}
_KEPT = 4


def release_file() -> Path:
    """Where tools without a gateway find the release."""
    return Path(os.environ.get("LOTSE_RELEASE_FILE", "var/release.json"))


def use_release(release: Release | None) -> None:
    """Make a release the one that answers in this context."""
    _active.set(release)


def active_release() -> Release | None:
    """The release of this context, else the one in the file, else None."""
    return _active.get() or _read_file()


def gazetteer(release: Release) -> Gazetteer:
    """The gazetteer of a release, built once."""
    if release.id not in _gazetteers:
        while len(_gazetteers) >= _KEPT:
            _gazetteers.pop(next(iter(_gazetteers)))
        _gazetteers[release.id] = Gazetteer(release)
    return _gazetteers[release.id]


def _read_file() -> Release | None:
    global _from_file
    path = release_file()
    try:
        changed = path.stat().st_mtime
    except OSError:
        return None
    if _from_file is None or _from_file[:2] != (path, changed):
        _from_file = (path, changed, Release.from_json(path.read_bytes()))
    return _from_file[2]

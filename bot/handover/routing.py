"""Which office a citizen who wants a person belongs to, and whether somebody could chat there now. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.hours import office_hours
from knowledge.model import Office
from knowledge.release import Release

HELP_DESK = "landratsamt-buergerservice"
"""Kind of the office that helps where no other does."""


@dataclass(frozen=True)
class Matter:
    """What a conversation was about last: ids of office and service; None and empty when that cannot be said."""

    office: Office | None
    service: str = ""


def matter_of(release: Release, answers: Iterable[Mapping[str, Any]], state: Mapping[str, Any]) -> Matter:
    """The office and service of the last answer that named some. `answers` are the bot's, newest first.

    Offices beyond the county and its Gemeinden have no desk here: the help desk it is.
    """
    for content in answers:
        if content.get("outcome") not in ("answer", "nothere"):
            continue
        blocks = content.get("blocks", ())
        office = next((block["id"] for block in blocks if block["type"] == "office"), "")
        service = next((block["slug"] for block in blocks if block["type"] == "service"), "")
        if office or service:
            return Matter(own_office(release, office), service if service in release.services else "")
    service = state.get("service") or ""
    return Matter(help_desk(release), service if service in release.services else "")


def own_office(release: Release, office: str) -> Office | None:
    """An office of the county or its Gemeinden (by id); the help desk for any other."""
    found = release.offices.get(office)
    return found if found and not found.is_supralocal else help_desk(release)


def help_desk(release: Release) -> Office | None:
    """The office that helps where no other does; None where there is none of that kind."""
    if HELP_DESK in release.offices:
        return release.offices[HELP_DESK]
    return next((office for office in release.offices.values() if office.type == HELP_DESK), None)


def chats_now(release: Release, office: Office | None, now: datetime) -> bool:
    """Whether it is within the hours of an office's chat: its opening hours, or any time where these are not known."""
    opening = office_hours(release, office, now) if office else None
    return opening is None or opening.current is not None

"""Links that open the bot with a service or an office: `https://t.me/<bot>?start=<payload>`.

A payload has at most 64 characters out of A-Z a-z 0-9 _ - (Telegram, „Deep linking“). Of an id that does not fit, a part of
its SHA-256 stands for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from knowledge.release import Release

SERVICE = "leistung_"
OFFICE = "stelle_"
_LONGEST = 64
_HASH_DIGITS = 24
_PLAIN = re.compile(r"[A-Za-z0-9-]+(@[A-Za-z0-9-]+)?(#[A-Za-z0-9-]+)?")


def service_link(bot: str, slug: str) -> str:
    """The address that asks the bot about a service."""
    return f"https://t.me/{bot}?start={SERVICE}{_code(slug, SERVICE)}"


def office_link(bot: str, office: str) -> str:
    """The address that shows an office in the bot."""
    return f"https://t.me/{bot}?start={OFFICE}{_code(office, OFFICE)}"


def meant(release: Release, payload: str) -> tuple[str, str] | None:
    """What a payload stands for: `service` or `office`, and its id; None for what the release does not know."""
    for prefix, kind, ids in ((SERVICE, "service", release.services), (OFFICE, "office", release.offices)):
        if payload.startswith(prefix) and (found := _named(payload.removeprefix(prefix), ids, prefix)):
            return kind, found
    return None


def _named(code: str, ids: Iterable[str], prefix: str) -> str | None:
    return next((each for each in ids if _code(each, prefix) == code), None)


def _code(name: str, prefix: str) -> str:
    """`bauhof@lindenau#nord` as `bauhof_lindenau__nord`."""
    plain = name.replace("#", "__").replace("@", "_")
    if _PLAIN.fullmatch(name) and len(prefix) + len(plain) <= _LONGEST:
        return plain
    return "_" + hashlib.sha256(name.encode()).hexdigest()[:_HASH_DIGITS]

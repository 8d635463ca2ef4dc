"""Where the public pages and files of an entry stand; paths on this server."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode


def service_page(slug: str) -> str:
    return f"/leistungen/{quote(slug, safe='@')}"


def office_page(office: str) -> str:
    return f"/stellen/{quote(office, safe='@')}"


def office_vcard(office: str) -> str:
    return f"/api/v1/offices/{quote(office, safe='@')}.vcf"


def journey_page(slug: str, places: Sequence[str] = ()) -> str:
    return f"/lebenslagen/{quote(slug, safe='@')}{_query('ort', places)}"


def journey_ics(slug: str, places: Sequence[str] = ()) -> str:
    return f"/api/v1/journeys/{quote(slug, safe='@')}.ics{_query('place', places)}"


def _query(name: str, places: Sequence[str]) -> str:
    """A place goes along where there is exactly one."""
    return f"?{urlencode({name: places[0]})}" if len(places) == 1 else ""

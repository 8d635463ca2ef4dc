"""Where things stand under this server: paths of the API and of the pages for people."""

from __future__ import annotations

from urllib.parse import quote, urlencode

API = "/api/v1"


def _quoted(key: str) -> str:
    return quote(key, safe="@")


def service_url(slug: str, suffix: str = "") -> str:
    return f"{API}/services/{_quoted(slug)}{suffix}"


def office_url(office: str, suffix: str = "") -> str:
    return f"{API}/offices/{_quoted(office)}{suffix}"


def journey_url(slug: str, suffix: str = "", **query: str) -> str:
    return f"{API}/journeys/{_quoted(slug)}{suffix}{_query(query)}"


def service_page(slug: str, **query: str) -> str:
    return f"/leistungen/{_quoted(slug)}{_query(query)}"


def office_page(office: str, **query: str) -> str:
    return f"/stellen/{_quoted(office)}{_query(query)}"


def journey_page(slug: str, **query: str) -> str:
    return f"/lebenslagen/{_quoted(slug)}{_query(query)}"


def _query(values: dict[str, str]) -> str:
    filled = {name: value for name, value in values.items() if value}
    return f"?{urlencode(filled)}" if filled else ""

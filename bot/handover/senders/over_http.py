"""HTTP requests to other systems, with faults in words."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from bot.handover.senders.port import NotSent

_TIMEOUT_S = 20.0
_MEANINGS = {
    400: "versteht die Anfrage nicht",
    401: "nimmt die Zugangsdaten nicht an",
    403: "erlaubt den Zugriff nicht",
    404: "kennt die Adresse nicht",
    413: "findet die Nachricht zu groß",
    422: "nimmt die Angaben nicht an",
    429: "bittet um Geduld",
}


def post(url: str, headers: Mapping[str, str], body: bytes, client: httpx.Client | None = None) -> httpx.Response:
    """Raises `NotSent` when there is no answer. Redirects are not followed: they could lead anywhere."""
    return _request("POST", url, headers, client, content=body)


def get(url: str, headers: Mapping[str, str], params: Mapping[str, str], client: httpx.Client | None = None) -> httpx.Response:
    """Raises `NotSent` when there is no answer."""
    return _request("GET", url, headers, client, params=params)


def _request(method: str, url: str, headers: Mapping[str, str], client: httpx.Client | None, **more: object) -> httpx.Response:
    try:
        if client:
            return client.request(method, url, headers=dict(headers), **more)  # type: ignore[arg-type]
        with httpx.Client(timeout=_TIMEOUT_S) as own:
            return own.request(method, url, headers=dict(headers), **more)  # type: ignore[arg-type]
    except httpx.TimeoutException as error:
        raise NotSent("Der Server antwortet nicht.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent("Der Server ist nicht erreichbar.") from error


def refusal(who: str, response: httpx.Response) -> str:
    """„Zammad nimmt die Zugangsdaten nicht an (401).“"""
    code = response.status_code
    meaning = _MEANINGS.get(code) or ("hat selbst einen Fehler" if code >= 500 else "lehnt die Anfrage ab")
    return f"{who} {meaning} ({code})."

"""Who may do what on the clerk's page: session cookie, CSRF token bound to the session, check of the origin."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import HTTPException
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from bot.channels.staff.pages import page
from bot.channels.web.problems import problem
from bot.handover.accounts import SESSION_S, AccountStore
from bot.handover.model import Account

COOKIE = "lotse_amt"
HOME = "/amt"
SIGN_IN = "/amt/anmelden"
_MOST_FIELDS = 40
_WORTH_COMING_BACK = re.compile(rf"{HOME}/(?:uebergaben/\d{{1,10}}|nachrichten(?:/[\w-]{{1,40}})?)", re.ASCII)


class Refused(Exception):
    """The request is not done; `text` tells the clerk why, in German."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers or {}


class NotSignedIn(Exception):
    """There is no session (any more)."""


class StaffRoute(APIRoute):
    """Shows refusals as a page to browsers and as a problem document to programs; nothing here is kept in a cache."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await handle(request)
            except NotSignedIn:
                response = _sent_to_sign_in(request)
            except Refused as refused:
                response = _refusal(request, refused.status, refused.text, refused.headers)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded


def way_back(path: str) -> str:
    """Where to go on after signing in; empty for what is no page of a talk or a message."""
    return path if _WORTH_COMING_BACK.fullmatch(path) else ""


def _sent_to_sign_in(request: Request) -> Response:
    if _wants_page(request):
        then = way_back(request.url.path) if request.method == "GET" else ""
        return RedirectResponse(f"{SIGN_IN}?weiter={then}" if then else SIGN_IN, 303)
    return problem(401, "Bitte melden Sie sich an.")


def _refusal(request: Request, status: int, text: str, headers: dict[str, str]) -> Response:
    if _wants_page(request):
        return page("fehler.html", status=status, headers=headers, text=text)
    return problem(status, text, headers)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


@dataclass(frozen=True)
class Staff:
    """A signed-in clerk. `csrf` goes into every form."""

    account: Account
    present: bool
    token: str

    @property
    def csrf(self) -> str:
        return hmac.new(self.token.encode(), b"csrf", hashlib.sha256).hexdigest()


class StaffGuard:
    """Reads sessions and forms."""

    def __init__(self, accounts: AccountStore) -> None:
        self._accounts = accounts

    async def signed_in(self, request: Request) -> Staff:
        """Raises `NotSignedIn`."""
        token = request.cookies.get(COOKIE, "")
        session = await asyncio.to_thread(self._accounts.session, token) if token else None
        if session is None:
            raise NotSignedIn
        return Staff(session.account, session.present, token)

    async def posted(self, request: Request) -> tuple[Staff, dict[str, str]]:
        """A form of a signed-in clerk. Raises `NotSignedIn`, and `Refused` when it may come from elsewhere."""
        staff = await self.signed_in(request)
        form = await read_form(request)
        if not hmac.compare_digest(form.get("csrf", "").encode(), staff.csrf.encode()):
            raise Refused(403, "Diese Seite ist veraltet. Bitte laden Sie sie neu und versuchen Sie es noch einmal.")
        return staff, form


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form that this site has sent. Raises `Refused`."""
    if not from_here(request):
        raise Refused(403, "Diese Anfrage kommt von einer anderen Website und wurde nicht ausgeführt.")
    try:
        body = (await request.body()).decode("utf-8", "replace")
        fields = parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except (ValueError, HTTPException):
        raise Refused(400, "Das Formular lässt sich nicht lesen.") from None
    return {name: value.replace("\x00", "") for name, value in fields}


def from_here(request: Request) -> bool:
    """Whether a browser sent this from a page of this very site; what says nothing about itself is not."""
    origin = request.headers.get("origin", "")
    if origin and origin != "null":
        return urlsplit(origin).netloc == request.headers.get("host", "")
    return request.headers.get("sec-fetch-site") == "same-origin"


def set_session(request: Request, response: Response, token: str) -> None:
    """The cookie of a session: for this page only, and not for scripts."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_S),
        path=HOME,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def end_session(request: Request, response: Response) -> None:
    response.delete_cookie(COOKIE, path=HOME, secure=request.url.scheme == "https", httponly=True, samesite="strict")

"""Errors over HTTP as RFC 9457 problem+json, in German."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from bot.channels.web.events import TooManyStreams
from bot.conversation.desk import NoPerson, NotAccepted
from bot.conversation.location import NoSeats
from bot.conversation.service import Forgotten, NoRelease
from bot.conversation.store import UnknownConversation

log = logging.getLogger("lotse.web")

_TITLES = {
    400: "Die Anfrage ist unvollständig.",
    404: "Das gibt es hier nicht.",
    405: "So lässt sich diese Adresse nicht aufrufen.",
    413: "Die Nachricht ist zu groß.",
    422: "Die Anfrage passt nicht.",
    429: "Das waren zu viele Anfragen in kurzer Zeit. Bitte warten Sie einen Moment.",
    500: "Bei uns ist ein Fehler aufgetreten.",
    503: "Der Dienst ist gerade nicht erreichbar. Bitte versuchen Sie es in einer Minute noch einmal.",
}
_DETAILS = {400: "Der Inhalt lässt sich nicht lesen.", 413: "Bitte schreiben Sie höchstens 4.000 Zeichen."}
NO_PERSON = "Hier lässt sich kein Mensch erreichen. Bitte rufen Sie die 115 an."
NO_PLACE = "Ihren Standort kann ich keinem Ort zuordnen. Bitte schreiben Sie den Ort."
GONE = "Dieses Gespräch gibt es nicht oder nicht mehr."
_RETRY_AFTER_S = "10"


def problem(status: int, detail: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem document; `detail` is for people."""
    body = {"type": "about:blank", "status": status, "title": _TITLES.get(status, HTTPStatus(status).phrase)}
    if detail := detail or _DETAILS.get(status, ""):
        body["detail"] = detail
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _methods_of(request: Request) -> list[str]:
    """All methods that the address of a request takes (RFC 9110, section 15.5.6): Starlette names those of one route."""
    path = request.url.path
    routes = [route for route in iter_route_contexts(request.app.routes) if route.path and route.methods]
    fitting = (route for route in routes if compile_path(str(route.path))[0].match(path))
    return sorted({method for route in fitting for method in route.methods or ()})


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of an application a problem document."""

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        known = error.status_code in _DETAILS or error.detail == HTTPStatus(error.status_code).phrase
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_methods_of(request))
        return problem(error.status_code, "" if known else str(error.detail), headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        fields = ", ".join(sorted({".".join(str(part) for part in each["loc"][1:]) or "body" for each in error.errors()}))
        return problem(422, f"Bitte prüfen Sie: {fields}")

    @app.exception_handler(SQLAlchemyError)
    async def database(_: Request, error: SQLAlchemyError) -> JSONResponse:
        log.error("the database fails: %s", type(error).__name__)
        return problem(503, headers={"Retry-After": _RETRY_AFTER_S})

    @app.exception_handler(NoRelease)
    async def no_release(_: Request, error: NoRelease) -> JSONResponse:
        return problem(503, "Das Wissen ist noch nicht veröffentlicht.", {"Retry-After": _RETRY_AFTER_S})

    @app.exception_handler(UnknownConversation)
    async def unknown(_: Request, error: UnknownConversation) -> JSONResponse:
        return problem(404, GONE)

    @app.exception_handler(NoPerson)
    async def no_person(_: Request, error: NoPerson) -> JSONResponse:
        return problem(404, NO_PERSON)

    @app.exception_handler(NotAccepted)
    async def not_accepted(_: Request, error: NotAccepted) -> JSONResponse:
        return problem(422, str(error))

    @app.exception_handler(NoSeats)
    async def no_seats(_: Request, error: NoSeats) -> JSONResponse:
        return problem(422, NO_PLACE)

    @app.exception_handler(TooManyStreams)
    async def too_many_streams(_: Request, error: TooManyStreams) -> JSONResponse:
        return problem(503, headers={"Retry-After": _RETRY_AFTER_S})

    @app.exception_handler(Forgotten)
    async def forgotten(_: Request, error: Forgotten) -> JSONResponse:
        return problem(404, GONE)

"""The description of the whole HTTP API (OpenAPI 3.1): what FastAPI derives, with errors as they really are."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bot.channels.web.api.models import Problem

_DESCRIPTION = """\
Lotse sagt, welche Stelle für ein Anliegen zuständig ist, und warum.

Antworten kommen aus dem veröffentlichten Wissen; `release` sagt, aus welcher Ausgabe. Fehler sind Problem-Dokumente (RFC 9457).
Wer `If-None-Match` mit dem letzten `ETag` sendet, bekommt 304, solange sich nichts geändert hat.
"""
_ERRORS = {
    "400": "Die Anfrage lässt sich nicht lesen.",
    "404": "Das gibt es nicht (mehr).",
    "413": "Die Anfrage ist zu groß.",
    "422": "Eine Angabe passt nicht.",
    "429": "Zu viele Anfragen; `Retry-After` sagt, wie lange zu warten ist.",
    "503": "Das Wissen ist noch nicht veröffentlicht, oder die Datenbank ist nicht erreichbar.",
}
_GENERATED = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Make `/openapi.json` tell the truth about errors: every one is a problem document."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(
                title=app.title, version=app.version, openapi_version="3.1.0", description=_DESCRIPTION, routes=app.routes
            )
            app.openapi_schema = _with_problems(schema)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for name in _GENERATED:
        schemas.pop(name, None)
    for methods in schema["paths"].values():
        for operation in methods.values():
            responses = operation["responses"]
            for status, description in _ERRORS.items():
                described = responses.setdefault(status, {"description": description})
                described["description"] = description if status == "422" else described["description"]
            for status, response in responses.items():
                if status[0] in "45":
                    response["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return schema

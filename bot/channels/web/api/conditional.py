"""Answers that a client need not fetch twice (RFC 9110): `ETag`, `If-None-Match`, 304; and which form of an answer it wants."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response
from pydantic import BaseModel

from knowledge.release import Release

JSON = "application/json"
JSONLD = "application/ld+json"
VCARD = "text/vcard; charset=utf-8"
CALENDAR = "text/calendar; charset=utf-8"


def answer(request: Request, release: Release, body: BaseModel | bytes, media_type: str = JSON, **headers: str) -> Response:
    """A body with an `ETag` of the release and of what it says (hours change with the day), or 304 where the client has it."""
    content = body if isinstance(body, bytes) else body.model_dump_json().encode()
    tag = f'"{release.digest[:16]}-{hashlib.blake2b(content + media_type.encode(), digest_size=8).hexdigest()}"'
    sent = {"ETag": tag, "Cache-Control": "public, no-cache", "Vary": "Accept", **headers}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=sent)
    return Response(content, media_type=media_type, headers=sent)


def _has(given: str, tag: str) -> bool:
    return given.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in given.split(","))


def wants_jsonld(request: Request) -> bool:
    """Whether `Accept` names JSON-LD and does not like plain JSON better."""
    weights = dict(_weight(each) for each in request.headers.get("accept", "").split(","))
    plain = weights.get(JSON, weights.get("application/*", weights.get("*/*", 0.0)))
    return weights.get(JSONLD, 0.0) > 0 and weights[JSONLD] >= plain


def _weight(item: str) -> tuple[str, float]:
    media_type, *parameters = (each.strip() for each in item.lower().split(";"))
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return media_type, float(quality)
    except ValueError:
        return media_type, 0.0

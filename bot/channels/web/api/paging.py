"""Lists in parts. A cursor holds the place in the order, not a number: a list that grows between two parts loses nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from fastapi import HTTPException, Query

T = TypeVar("T")
Key = tuple[Any, ...]

LARGEST = 200
Cursor = Annotated[
    str, Query(max_length=600, pattern=r"^[A-Za-z0-9_-]*$", description="what `next` of the part before said; empty begins")
]
Limit = Annotated[int, Query(ge=1, le=LARGEST, description="entries in a part")]


def part(items: Iterable[T], key: Callable[[T], Key], cursor: str, limit: int) -> tuple[list[T], str | None]:
    """The entries after a cursor in the order of `key`, and the cursor of the next part. A cursor of no list gives 404."""
    ordered = sorted(items, key=key)
    if cursor:
        after = _read(cursor)
        if ordered and len(after) != len(key(ordered[0])):
            raise _unknown()
        try:
            ordered = [item for item in ordered if key(item) > after]
        except TypeError:
            raise _unknown() from None
    following = _written(key(ordered[limit - 1])) if len(ordered) > limit else None
    return ordered[:limit], following


def _written(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode()).decode().rstrip("=")


def _read(cursor: str) -> Key:
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        raise _unknown() from None
    if not isinstance(key, list):
        raise _unknown()
    return tuple(key)


def _unknown() -> HTTPException:
    return HTTPException(404, "Diese Seite der Liste gibt es nicht. Bitte beginnen Sie von vorn.")

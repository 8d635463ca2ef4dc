"""What XZuFi has no field for, kept beside what it has one for.

Each object may hold a processing instruction `<?lotse {…}?>` with JSON. Other programs and schema validation pass over it.
`art` is the kind of entry (as in `Knowledge`), `felder` holds the fields that the object alone does not give back as they
were (null: the default), `stand` a digest of what the object gave for them when it was written. Where another program has
changed the object since, its change holds and the kept field does not. Entries without any object of XZuFi (places,
office types, journeys, distinctions, notices, places outside) stand at the beginning of the message: `eintrag` holds all.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from knowledge.release import KINDS, entry_from_row, entry_to_row, key_of

_UNSAFE: Final = re.compile("[>\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Besides what JSON escapes itself: the end of the instruction and what XML does not hold."""
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def dumps(value: Mapping[str, Any]) -> str:
    """JSON that may stand in a processing instruction."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def loads(text: str) -> dict[str, Any]:
    """Reads what `dumps` wrote; raises `ValueError` for anything else."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def rest_of(kind: str, entry: Any, reading: Any, besides: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What `reading` (the object read alone) does not say of the entry; fields `besides` are given back by other objects."""
    kept, given = entry_to_row(entry), entry_to_row(reading)
    names = [each.name for each in fields(KINDS[kind]) if each.name not in besides]
    differing = [name for name in names if kept.get(name) != given.get(name)]
    rest: dict[str, Any] = {"art": kind, "felder": {name: kept.get(name) for name in differing}}
    stand = {name: _digest(given[name]) for name in differing if name in given}
    return {**rest, "stand": stand} if stand else rest


def completed(kind: str, reading: Any, rest: Mapping[str, Any]) -> Any:
    """The entry that `rest_of` was called with. Raises `ValueError` when the rest is none of that kind."""
    row = entry_to_row(reading)
    values, stand = rest.get("felder"), rest.get("stand", {})
    if not isinstance(values, dict) or not isinstance(stand, dict):
        raise ValueError("no fields")
    for name, value in values.items():
        if stand.get(name) != (_digest(row[name]) if name in row else None):
            continue
        row.pop(name, None)
        if value is not None:
            row[name] = value
    return entry_of(kind, row)


def entry_of(kind: str, row: Any) -> Any:
    """An entry from a row that comes from outside; raises `ValueError` when it does not fit."""
    try:
        entry = entry_from_row(kind, row)
    except (TypeError, ValueError, ArithmeticError, AttributeError, KeyError) as error:
        raise ValueError(f"no entry of {kind}") from error
    if not _check(KINDS[kind])(entry) or not _has_key(kind, entry):
        raise ValueError(f"no entry of {kind}")
    return entry


def _has_key(kind: str, entry: Any) -> bool:
    try:
        return bool(key_of(kind, entry))
    except StopIteration:
        return False


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _refuse(name: str) -> None:
    raise ValueError(name)


@cache
def _check(hint: Any) -> Callable[[Any], bool]:
    """Whether a value is of a type of the model, and can be stored."""
    if get_origin(hint) in (Union, UnionType):
        checks = [_check(each) for each in get_args(hint)]
        return lambda value: any(check(value) for check in checks)
    if get_origin(hint) is tuple:
        inner = _check(get_args(hint)[0])
        return lambda value: type(value) is tuple and all(map(inner, value))
    if is_dataclass(hint):
        parts = [(name, _check(each)) for name, each in get_type_hints(hint).items()]
        return lambda value: type(value) is hint and all(check(getattr(value, name)) for name, check in parts)
    if hint is float:
        return lambda value: type(value) in (int, float) and math.isfinite(value)
    if hint is str:
        return lambda value: type(value) is str and not _UNSTORABLE.search(value)
    return lambda value: type(value) is hint and (hint is not Decimal or value.is_finite())

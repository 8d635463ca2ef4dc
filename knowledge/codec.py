"""Frozen dataclasses as rows of plain values, and back. What equals its default is left out.

Reads `str`, `int`, `float`, `bool`, `date` (ISO 8601), `Decimal` (text), optional values, tuples and nested dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_Convert = Callable[[Any], Any] | None
_plans: dict[Any, tuple[tuple[str, Any, _Convert, _Convert], ...]] = {}


def to_row(value: Any) -> dict[str, Any]:
    """What JSON can hold; `from_row` reads it."""
    row: dict[str, Any] = {}
    own = value.__dict__
    for name, default, encode, _ in _plan(type(value)):
        each = own[name]
        if each != default:
            row[name] = encode(each) if encode else each
    return row


def from_row(cls: type[_T], row: Mapping[str, Any]) -> _T:
    """Raises `TypeError`, `ValueError` or `ArithmeticError` when the row does not describe a `cls`."""
    values = dict(row)
    for name, _, _, decode in _plan(cls):
        if decode and name in values:
            values[name] = decode(values[name])
    return cls(**values)


def _plan(cls: Any) -> tuple[tuple[str, Any, _Convert, _Convert], ...]:
    if cls not in _plans:
        hints = get_type_hints(cls)
        _plans[cls] = tuple((each.name, _default(each), *_converters(hints[each.name])) for each in fields(cls))
    return _plans[cls]


def _default(field: Any) -> Any:
    return field.default if field.default is not MISSING else MISSING


def _converters(hint: Any) -> tuple[_Convert, _Convert]:
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (each for each in get_args(hint) if each is not type(None))
        return _converters(inner)
    if get_origin(hint) is tuple:
        encode, decode = _converters(get_args(hint)[0])
        return (
            (lambda each: [encode(one) for one in each]) if encode else list,
            (lambda each: tuple(decode(one) for one in each)) if decode else tuple,
        )
    if hint is date:
        return date.isoformat, date.fromisoformat
    if hint is Decimal:
        return str, Decimal
    if is_dataclass(hint):
        nested: Any = hint
        return to_row, lambda row: from_row(nested, row)
    return None, None

"""The interface, analysed once for all applications that the tests make.

Each application has functions of its own for the same routes; what FastAPI and pydantic make of their signatures is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Signature
from types import FunctionType
from typing import Any

import fastapi.dependencies.utils
import fastapi.routing
import pytest

_PLAIN = (str, int, float, type(None))


def analysed_once(patch: pytest.MonkeyPatch) -> None:
    utils, routing = fastapi.dependencies.utils, fastapi.routing
    patch.setattr(utils, "_get_signature", _remembering(utils._get_signature, _written))
    patch.setattr(utils, "analyze_param", _remembering(utils.analyze_param, _parameter))
    patch.setattr(routing, "create_model_field", _remembering(routing.create_model_field, _answer))


def _remembering(analyse: Callable[..., Any], key_of: Callable[..., Any]) -> Callable[..., Any]:
    """The same function. What it was asked is kept with what it said, so that an id in a key stays that of the same thing."""
    kept: dict[Any, tuple[Any, Any]] = {}

    def remembered(*asked: Any, **named: Any) -> Any:
        key = key_of(*asked, **named)
        if key is None:
            return analyse(*asked, **named)
        if key not in kept:
            kept[key] = (asked, named), analyse(*asked, **named)
        return kept[key][1]

    return remembered


def _written(call: Any) -> Any:
    """Functions made anew come from the same code. What they depend on is made anew, too: it stands in the defaults."""
    if type(call) is not FunctionType or hasattr(call, "__wrapped__"):
        return None
    defaults = (call.__defaults__ or (), tuple((call.__kwdefaults__ or {}).items()))
    plain = all(isinstance(each, _PLAIN) for each in (*defaults[0], *(value for _, value in defaults[1])))
    return (id(call.__code__), repr(defaults)) if plain else None


def _parameter(*, param_name: str, annotation: Any, value: Any, path_param_names: set[str]) -> Any:
    if not (value is Signature.empty or isinstance(value, _PLAIN)):
        return None
    return param_name, id(annotation), repr(value), param_name in path_param_names


def _answer(name: str, type_: Any, **more: Any) -> Any:
    return name, id(type_), repr(more)

"""What the desk says to a citizen, as blocks, in the language of the conversation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from bot.conversation.messages import HandoverBlock
from bot.handover import expected

_TEXTS = Path(__file__).parent / "texts.yaml"
BlockState = Literal["offered", "waiting", "active", "closed", "form"]


class DeskBlock(HandoverBlock):
    """What the desk says about a handover. `name` is the clerk's, as the citizen is to see it; empty before somebody accepts."""

    name: str


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    data: dict[str, dict[str, str]] = yaml.safe_load(_TEXTS.read_text("utf-8"))
    return data


def say(language: str, key: str, **values: Any) -> str:
    """A sentence; German unless the conversation is in English."""
    return _texts()["en" if language == "en" else "de"][key].format(**values)


def day_in_words(language: str, day: date) -> str:
    return expected.in_english(day) if language == "en" else expected.in_words(day)


def handover_block(
    state: BlockState, language: str, key: str, *, office: str, clerk: str = "", day: date | None = None, **values: Any
) -> DeskBlock:
    """A block that says where the conversation stands. `day` is when an answer can be expected."""
    when = day_in_words(language, day) if day else ""
    text = say(language, key, office=office, clerk=clerk, expected=when, **values)
    return {
        "type": "handover",
        "state": state,
        "office": office,
        "text": text[:1].upper() + text[1:],
        "reference": "",
        "expected": when,
        "name": clerk,
    }

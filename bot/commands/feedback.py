"""`lotse feedback`: what citizens said about answers, the newest first."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from bot.bootstrap import open_stores
from bot.conversation.feedback import Feedback, FeedbackStore
from bot.settings import Settings
from knowledge.hours import BERLIN

_RATINGS = {"up": "hilfreich", "down": "nicht hilfreich", "wrong": "stimmt nicht"}


def feedback_command(settings: Settings, *, limit: int, rating: str, as_json: bool) -> int:
    """Print them; exit code 0."""
    stores = open_stores(settings)
    try:
        found = FeedbackStore(stores.engine).newest(limit, rating)
    finally:
        stores.engine.dispose()
    if as_json:
        print(json.dumps([_data(each) for each in found], ensure_ascii=False))
    else:
        print("\n\n".join(map(_text, found)) if found else "Noch hat niemand eine Antwort bewertet.")
    return 0


def _data(feedback: Feedback) -> dict[str, Any]:
    return {
        "rating": feedback.rating,
        "comment": feedback.comment,
        **feedback.about.__dict__,
        "created": _when(feedback).isoformat(timespec="seconds"),
    }


def _text(feedback: Feedback) -> str:
    about = feedback.about
    named = [("Leistung", about.service), ("Stelle", about.office), ("Regel", about.rule), ("Ausgabe", about.release)]
    lines = [f"{_when(feedback):%d.%m.%Y %H:%M}  {_RATINGS.get(feedback.rating, feedback.rating)}"]
    lines += [f"  {label}: {value}" for label, value in named if value]
    lines += [f"  „{line}“" for line in [_printable(feedback.comment)] if line]
    return "\n".join(lines)


def _printable(comment: str) -> str:
    """On one line, without what a terminal would obey."""
    return " ".join("".join(char if char.isprintable() else " " for char in comment).split())


def _when(feedback: Feedback) -> datetime:
    return datetime.fromtimestamp(feedback.created, BERLIN)

"""The clerk's pages as HTML."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.handover.expected import in_words
from bot.handover.senders.letter import WHO
from knowledge.hours import BERLIN

HERE = Path(__file__).parent
_KINDS = {"smtp": "E-Mail", "webhook": "Webhook", "zammad": "Zammad"}


def page(template: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:
    """A page, or a part of one."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(values), status, headers)


def waited(since: float) -> str:
    """„seit 40 Sekunden“, „seit 3 Minuten“."""
    seconds = max(0, int(time.time() - since))
    if seconds < 60:
        return f"seit {seconds // 10 * 10} Sekunden" if seconds >= 10 else "gerade eben"
    minutes = seconds // 60
    if minutes < 120:
        return "seit 1 Minute" if minutes == 1 else f"seit {minutes} Minuten"
    return f"seit {minutes // 60} Stunden"


def moment(at: float) -> str:
    """„22.11.2026, 14:05 Uhr“."""
    return f"{datetime.fromtimestamp(at, BERLIN):%d.%m.%Y, %H:%M} Uhr"


def clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, BERLIN):%H:%M}"


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, BERLIN).isoformat(timespec="seconds")


def due(day: str) -> str:
    """„bis Mittwoch, 25.11.2026“."""
    return in_words(date.fromisoformat(day))


_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(
    waited=waited, moment=moment, clock=clock, iso=iso, due=due, kind=lambda kind: _KINDS[kind], who=lambda who: WHO[who]
)

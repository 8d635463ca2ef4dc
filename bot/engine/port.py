"""What the gateway needs of an engine: one turn, as a function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from actions.turn import Reply
from knowledge.release import Release


class EngineUnavailable(Exception):
    """No worker could do the turn; it is safe to try again later."""


@dataclass(frozen=True)
class TurnRequest:
    """One message of a conversation.

    `state` is what the last turn returned (empty at first). `choice` is the button pressed: {kind, value}. `facts` are what
    the channel knows beside the text. `today` is an ISO date.
    """

    release: Release
    state: dict[str, Any]
    text: str
    today: str
    choice: dict[str, str] | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TurnResult:
    """What to say, what to remember, and how it came about."""

    reply: Reply
    state: dict[str, Any]
    ranking: tuple[tuple[str, float], ...]
    model: str
    timings_ms: dict[str, float]


class DialogueEngine(Protocol):
    """Understands and decides one turn."""

    async def respond(self, request: TurnRequest) -> TurnResult:
        """Raises `EngineUnavailable`."""
        ...

    def is_ready(self) -> bool:
        """Whether a turn would be done at once."""
        ...

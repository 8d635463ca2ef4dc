"""What the courier needs of a way out."""

from __future__ import annotations

from typing import Any, Protocol

from bot.handover.tickets import Parcel
from knowledge.model import Office


class NotSent(Exception):
    """It could not be sent; the message tells an operator why, in German. It will be tried again."""


class Sender(Protocol):
    """Sends a ticket to one system."""

    def payload(self, office: Office | None) -> dict[str, Any]:
        """What has to be remembered for sending, beside the ticket itself."""
        ...

    def send(self, parcel: Parcel) -> None:
        """Send it, or raise `NotSent`. Runs in a thread. May be called again for the same parcel, whatever came of it."""
        ...

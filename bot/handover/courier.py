"""Brings tickets to where they belong, again and again until it has worked."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from typing import Any

from bot.handover.senders.port import NotSent, Sender
from bot.handover.tickets import TicketStore
from bot.settings import DeskSettings, SettingsError
from knowledge.model import Office

log = logging.getLogger("lotse.handover")

_CLAIMED_S = 120.0
"""Longer than any attempt takes; after that a dead process's delivery is taken up again."""
_FIRST_PAUSE_S = 10.0
_LONGEST_PAUSE_S = 3600.0
_POLL_S = 2.0


class Courier:
    """Sends what is due, one delivery at a time for each kind: a slow mail server does not hold up Zammad."""

    def __init__(self, tickets: TicketStore, senders: Mapping[str, Sender]) -> None:
        self._tickets = tickets
        self._senders = dict(senders)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken: dict[str, asyncio.Event] = {}

    @property
    def kinds(self) -> tuple[str, ...]:
        """Where tickets go: smtp, webhook, zammad."""
        return tuple(self._senders)

    def payloads(self, office: Office | None) -> dict[str, dict[str, Any]]:
        """What has to be stored with a ticket for an office, for each kind of delivery."""
        return {kind: sender.payload(office) for kind, sender in self._senders.items()}

    def wake(self) -> None:
        """Something is due; from any thread."""
        if self._loop and not self._loop.is_closed():
            for event in self._woken.values():
                self._loop.call_soon_threadsafe(event.set)

    async def run_forever(self) -> None:
        """Send until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._woken = {kind: asyncio.Event() for kind in self._senders}
        await asyncio.gather(*(self._send_forever(kind) for kind in self._senders))

    async def _send_forever(self, kind: str) -> None:
        while True:
            try:
                while await asyncio.to_thread(self.send_one, kind):
                    pass
            except Exception as error:  # the database may come back
                log.error("looking for tickets to send failed: %s", type(error).__name__)
            try:
                async with asyncio.timeout(_POLL_S):  # `wait_for` of Python 3.11 may swallow that it is cancelled
                    await self._woken[kind].wait()
            except TimeoutError:
                continue
            self._woken[kind].clear()

    def send_one(self, kind: str) -> bool:
        """Try the delivery that has been due longest; False when none is."""
        parcel = self._tickets.claim(kind, _CLAIMED_S)
        if parcel is None:
            return False
        delivery = parcel.delivery
        try:
            self._senders[kind].send(parcel)
        except NotSent as error:
            log.warning("a ticket could not be sent by %s (attempt %d): %s", kind, delivery.attempts, error)
            self._tickets.failed(delivery.id, str(error), pause_after(delivery.attempts))
        except Exception as error:
            log.error("a ticket could not be sent by %s: %s", kind, type(error).__name__)
            self._tickets.failed(delivery.id, f"Unerwarteter Fehler ({type(error).__name__}).", pause_after(delivery.attempts))
        else:
            self._tickets.delivered(delivery.id)
        return True


def pause_after(attempts: int) -> float:
    """Seconds until the next attempt: 10, 20, 40 ... up to an hour, with a fifth of chance so that not all come at once."""
    return min(_FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 20), _LONGEST_PAUSE_S) * random.uniform(0.8, 1.2)


def senders_for(settings: DeskSettings) -> dict[str, Sender]:
    """The ways out that are set up. Raises `SettingsError`."""
    from bot.handover.senders.smtp import SmtpSender
    from bot.handover.senders.webhook import WebhookSender
    from bot.handover.senders.zammad import ZammadSender, read_groups

    senders: dict[str, Sender] = {}
    if settings.smtp_url:
        senders["smtp"] = SmtpSender(settings.smtp_url, settings.mail_from, settings.mail_to)
    if settings.webhook_url:
        senders["webhook"] = WebhookSender(settings.webhook_url, settings.webhook_secret)
    if settings.zammad_url:
        try:
            groups = read_groups(settings.zammad_groups) if settings.zammad_groups else {}
        except (OSError, ValueError) as error:
            raise SettingsError(f"Die Datei {settings.zammad_groups} (LOTSE_ZAMMAD_GROUPS) lässt sich nicht lesen.") from error
        customer = settings.zammad_customer or settings.mail_from
        senders["zammad"] = ZammadSender(settings.zammad_url, settings.zammad_token, settings.zammad_group, groups, customer)
    return senders

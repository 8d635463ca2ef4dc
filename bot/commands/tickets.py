"""`lotse tickets`: the messages that were left, and whether they have arrived."""

from __future__ import annotations

import json
import sys
from datetime import datetime

from bot.bootstrap import open_stores
from bot.handover.model import Delivery, Ticket
from bot.handover.tickets import TicketStore
from bot.settings import Settings
from knowledge.hours import BERLIN

_MOST = 1000


def tickets_command(settings: Settings, *, only_open: bool, resend: str | None, as_json: bool) -> int:
    """Exit code 0, or 1 when the ticket to be sent again is not there."""
    stores = open_stores(settings)
    try:
        tickets = TicketStore(stores.engine)
        if resend:
            return _resend(tickets, resend)
        found = [each for each in tickets.tickets(_MOST) if not only_open or _open(each)]
        if as_json:
            print(json.dumps([_row(each) for each in found], ensure_ascii=False))
        else:
            print("\n".join(map(_line, found)) or "Es liegen keine Nachrichten vor.")
        return 0
    finally:
        stores.engine.dispose()


def _resend(tickets: TicketStore, reference: str) -> int:
    if tickets.ticket(reference) is None:
        print(f"Die Nachricht {reference} gibt es nicht.", file=sys.stderr)
        return 1
    count = tickets.resend(reference)
    print("Sie wird gleich noch einmal zugestellt." if count else "Sie ist schon zugestellt.")
    return 0


def _open(ticket: Ticket) -> bool:
    return any(each.done is None for each in ticket.deliveries)


def _line(ticket: Ticket) -> str:
    """Neither the message nor who left it: terminals and logs are no place for that."""
    head = f"{ticket.reference}  {datetime.fromtimestamp(ticket.created, BERLIN):%d.%m.%Y %H:%M}"
    office = ticket.office_name or "Servicestelle"
    state = "erledigt" if ticket.state == "done" else "offen"
    return "\n".join((f"{head}  {office}  {state}", *(f"    {_way(each)}" for each in ticket.deliveries)))


def _way(delivery: Delivery) -> str:
    if delivery.done:
        return f"{delivery.kind}: zugestellt"
    if not delivery.error:
        return f"{delivery.kind}: unterwegs"
    return f"{delivery.kind}: nicht zugestellt, Versuche: {delivery.attempts}. {delivery.error}"


def _row(ticket: Ticket) -> dict[str, object]:
    return {
        "reference": ticket.reference,
        "created": datetime.fromtimestamp(ticket.created, BERLIN).isoformat(timespec="seconds"),
        "expected": ticket.expected,
        "office": ticket.office,
        "service": ticket.service,
        "state": ticket.state,
        "deliveries": [
            {"kind": each.kind, "delivered": each.done is not None, "attempts": each.attempts, "error": each.error}
            for each in ticket.deliveries
        ],
    }

"""Tickets and their deliveries in the database. Each method is one transaction; times are seconds since 1970."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.handover.model import Delivery, Line, Ticket, new_reference
from bot.handover.tables import DeliveryRow, TicketRow

_LONGEST_ERROR = 500
_UNIQUE_ATTEMPTS = 5


@dataclass(frozen=True)
class Parcel:
    """A delivery that is to be tried now, with its ticket."""

    delivery: Delivery
    ticket: Ticket


class TicketStore:
    """All reading and writing of tickets."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reading=True)

    def add(
        self, ticket: Ticket, origin: str, conversation: int | None, year: int, payloads: Mapping[str, dict[str, Any]]
    ) -> tuple[Ticket, bool]:
        """Store a ticket with one delivery for each kind in `payloads`, all or nothing; and whether it is new.

        The same `origin` again gives the ticket that is there. The reference number is made here.
        """
        for _ in range(_UNIQUE_ATTEMPTS):
            known = self._of_origin(origin)
            if known:
                return known, False
            try:
                return self._insert(ticket, new_reference(year), origin, conversation, payloads), True
            except IntegrityError:  # the same form at the same moment, or a reference number that is in use
                continue
        raise RuntimeError("no free reference number")

    def knows(self, origin: str) -> bool:
        """Whether this very form has been stored."""
        return self._of_origin(origin) is not None

    def _of_origin(self, origin: str) -> Ticket | None:
        with Session(self._reading) as session:
            row = session.scalars(select(TicketRow).where(TicketRow.origin == origin)).first()
            return _ticket(row, ()) if row else None

    def _insert(
        self, ticket: Ticket, reference: str, origin: str, conversation: int | None, payloads: Mapping[str, dict[str, Any]]
    ) -> Ticket:
        now = time.time()
        row = TicketRow(
            reference=reference,
            origin=origin,
            conversation_id=conversation,
            office=ticket.office,
            office_name=ticket.office_name,
            service=ticket.service,
            service_name=ticket.service_name,
            name=ticket.name,
            email=ticket.email,
            phone=ticket.phone,
            message=ticket.message,
            transcript=[line.to_dict() for line in ticket.transcript],
            state="open",
            created=now,
            expected=ticket.expected,
        )
        with Session(self._engine) as session, session.begin():
            session.add(row)
            session.flush()
            for kind, payload in payloads.items():
                session.add(
                    DeliveryRow(
                        ticket_id=row.id, kind=kind, key=str(uuid.uuid4()), payload=payload, attempts=0, due=now, error=""
                    )
                )
            session.flush()
            return _ticket(row, _deliveries(session, [row.id]).get(row.id, ()))

    def of_conversation(self, conversation: int) -> list[Ticket]:
        """The tickets left in a conversation, oldest first."""
        wanted = select(TicketRow).where(TicketRow.conversation_id == conversation).order_by(TicketRow.id)
        with Session(self._reading) as session:
            return [_ticket(row, ()) for row in session.scalars(wanted)]

    def tickets(self, limit: int = 200, offices: Sequence[str] | None = None) -> list[Ticket]:
        """Newest first, with their deliveries; only those of some offices (ids) if given."""
        wanted = select(TicketRow).order_by(TicketRow.id.desc()).limit(limit)
        if offices is not None:
            wanted = wanted.where(TicketRow.office.in_(offices))
        with Session(self._reading) as session:
            rows = list(session.scalars(wanted))
            deliveries = _deliveries(session, [row.id for row in rows])
            return [_ticket(row, deliveries.get(row.id, ())) for row in rows]

    def ticket(self, reference: str) -> Ticket | None:
        with Session(self._reading) as session:
            row = session.scalars(select(TicketRow).where(TicketRow.reference == reference)).first()
            return _ticket(row, _deliveries(session, [row.id]).get(row.id, ())) if row else None

    def settle(self, reference: str) -> bool:
        """A clerk has dealt with it; what is still on its way goes on. False when there is no such ticket."""
        with Session(self._engine) as session, session.begin():
            changed = session.execute(update(TicketRow).where(TicketRow.reference == reference).values(state="done"))
            return _rows(changed) == 1

    # --- deliveries

    def claim(self, kind: str, seconds: float) -> Parcel | None:
        """Take the delivery that has been due longest, counting the attempt; None when none is due.

        Nobody else gets it for so many seconds. Whoever dies meanwhile leaves it to be taken again.
        """
        now = time.time()
        open_ones = (DeliveryRow.kind == kind) & DeliveryRow.done.is_(None) & (DeliveryRow.due <= now)
        with Session(self._reading) as session:
            if session.scalar(select(DeliveryRow.id).where(open_ones).limit(1)) is None:
                return None
        with Session(self._engine) as session, session.begin():
            wanted = select(DeliveryRow).where(open_ones).order_by(DeliveryRow.due).limit(1)
            row = session.scalars(wanted.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            row.attempts += 1
            row.due = now + seconds
            ticket = session.get_one(TicketRow, row.ticket_id)
            return Parcel(_delivery(row), _ticket(ticket, ()))

    def delivered(self, delivery: int) -> None:
        with Session(self._engine) as session, session.begin():
            session.execute(update(DeliveryRow).where(DeliveryRow.id == delivery).values(done=time.time(), error=""))

    def failed(self, delivery: int, error: str, seconds: float) -> None:
        """Try again after some seconds; `error` tells people why."""
        values = {"error": error[:_LONGEST_ERROR], "due": time.time() + seconds}
        with Session(self._engine) as session, session.begin():
            open_one = (DeliveryRow.id == delivery) & DeliveryRow.done.is_(None)
            session.execute(update(DeliveryRow).where(open_one).values(**values))

    def resend(self, reference: str) -> int:
        """Try all open deliveries of a ticket now; how many."""
        of_ticket = select(TicketRow.id).where(TicketRow.reference == reference).scalar_subquery()
        open_ones = (DeliveryRow.ticket_id == of_ticket) & DeliveryRow.done.is_(None)
        with Session(self._engine) as session, session.begin():
            return _rows(session.execute(update(DeliveryRow).where(open_ones).values(due=time.time())))

    def undelivered(self) -> int:
        """How many deliveries have failed and are still to be done."""
        wanted = select(func.count()).where(DeliveryRow.done.is_(None), DeliveryRow.attempts > 0, DeliveryRow.error != "")
        with Session(self._reading) as session:
            return session.scalar(wanted) or 0

    def purge(self, seconds: float) -> int:
        """Delete tickets older than that; those still on their way are kept twice as long. How many they were."""
        now = time.time()
        on_their_way = select(DeliveryRow.ticket_id).where(DeliveryRow.done.is_(None))
        too_old = (TicketRow.created < now - seconds) & TicketRow.id.not_in(on_their_way)
        with Session(self._engine) as session, session.begin():
            return _rows(session.execute(delete(TicketRow).where(too_old | (TicketRow.created < now - 2 * seconds))))


def _deliveries(session: Session, tickets: Sequence[int]) -> dict[int, tuple[Delivery, ...]]:
    found: dict[int, tuple[Delivery, ...]] = {}
    for row in session.scalars(select(DeliveryRow).where(DeliveryRow.ticket_id.in_(tickets)).order_by(DeliveryRow.id)):
        found[row.ticket_id] = (*found.get(row.ticket_id, ()), _delivery(row))
    return found


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(row.id, row.kind, row.key, row.payload, row.attempts, row.due, row.done, row.error)  # type: ignore[arg-type]


def _ticket(row: TicketRow, deliveries: tuple[Delivery, ...]) -> Ticket:
    return Ticket(
        reference=row.reference,
        office=row.office,
        office_name=row.office_name,
        service=row.service,
        service_name=row.service_name,
        message=row.message,
        name=row.name,
        email=row.email,
        phone=row.phone,
        transcript=tuple(Line(**line) for line in row.transcript),
        state=row.state,  # type: ignore[arg-type]
        created=row.created,
        expected=row.expected,
        deliveries=deliveries,
    )


def _rows(result: Any) -> int:
    return int(result.rowcount)

"""A ticket in words, for whoever reads it in a mailbox or a ticket system."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from bot.handover.expected import in_words
from bot.handover.model import Line, Ticket
from knowledge.hours import BERLIN

WHO = {"citizen": "Bürger/in", "bot": "Lotse", "clerk": "Mitarbeiter/in", "system": "Hinweis"}


def letter(ticket: Ticket) -> str:
    """The whole ticket as plain text."""
    return "\n".join(_lines(ticket))


def _lines(ticket: Ticket) -> Iterator[str]:
    yield "Über den Auskunftsassistenten Lotse ist eine Nachricht für Sie eingegangen."
    yield ""
    yield f"Nummer: {ticket.reference}"
    yield f"Eingegangen: {_moment(ticket.created)}"
    yield f"Antwort zugesagt: {in_words(date.fromisoformat(ticket.expected))}"
    if ticket.office_name:
        yield f"Stelle: {ticket.office_name}"
    if ticket.service_name:
        yield f"Leistung: {ticket.service_name}"
    yield f"Name: {ticket.name or '(nicht angegeben)'}"
    yield f"E-Mail: {ticket.email or '(nicht angegeben)'}"
    yield f"Telefon: {ticket.phone or '(nicht angegeben)'}"
    yield ""
    yield "Nachricht:"
    yield ticket.message
    yield ""
    if ticket.transcript:
        yield "Gespräch mit Lotse (mit Einwilligung beigefügt):"
        for line in ticket.transcript:
            yield ""
            yield _said(line)
    else:
        yield "Das Gespräch mit Lotse ist nicht beigefügt, weil dafür keine Einwilligung vorliegt."


def _said(line: Line) -> str:
    return f"[{_moment(line.at)}] {line.name or WHO[line.who]}:\n{line.text}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, BERLIN):%d.%m.%Y, %H:%M} Uhr"

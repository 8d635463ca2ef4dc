"""Handovers and tickets on a real PostgreSQL server, where clerks and gateways work at the same moment."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select, update

from bot.bootstrap import Stores
from bot.conversation.store import Outbox
from bot.handover.accounts import AccountStore
from bot.handover.handovers import Gone, HandoverStore, NotYours, clerk_says
from bot.handover.model import Ticket
from bot.handover.tables import HandoverRow
from bot.handover.tickets import TicketStore
from tests.integration.clerk import PASSWORD, quick_hashes
from tests.integration.test_postgresql import at_once, server, stores, template, url

__all__ = ["quick_hashes", "server", "stores", "template", "url"]

pytestmark = pytest.mark.slow
TICKET = Ticket(
    "", "standesamt@ammerfeld", "Standesamt", "", "", "Bitte melden.", email="eva@post.example", expected="2026-11-25"
)


def attempt(call: partial[object]) -> object:
    try:
        return call()
    except (NotYours, Gone) as error:
        return error


def test_one_of_many_clerks_accepts(stores: Stores) -> None:
    accounts = AccountStore(stores.engine)
    clerks = [accounts.add(f"clerk{number}", "", PASSWORD).id for number in range(4)]
    handovers = HandoverStore(stores.engine)
    for number in range(5):
        conversation = stores.conversations.open_conversation("web", f"k{number}")
        asked = at_once(*[partial(handovers.request, conversation, "", "", "de")] * 3)
        assert len({each.id for each in asked}) == 1
        told = clerk_says("", "Hier bin ich.")
        calls = [partial(handovers.accept, asked[0].id, clerk, "", told) for clerk in clerks]
        results = at_once(*(partial(attempt, call) for call in calls))
        assert sum(isinstance(each, NotYours) for each in results) == 3
        with stores.engine.connect() as connection:
            said = connection.execute(select(Outbox.id).where(Outbox.conversation_id == conversation)).all()
        assert len(said) == 1


def test_accepting_expiring_and_deleting_at_the_same_moment(stores: Stores) -> None:
    clerk = AccountStore(stores.engine).add("anna", "", PASSWORD).id
    handovers = HandoverStore(stores.engine)
    told = clerk_says("", "x")
    for number in range(5):
        conversation = stores.conversations.open_conversation("web", f"k{number}")
        handover = handovers.request(conversation, "", "", "de")
        with stores.engine.begin() as connection:
            connection.execute(update(HandoverRow).values(requested=0.0))
        at_once(
            partial(attempt, partial(handovers.accept, handover.id, clerk, "", told)),
            partial(attempt, partial(handovers.expire, 1.0, lambda _: told)),
            partial(stores.conversations.forget, "web", f"k{number}"),
        )
        assert handovers.get(handover.id) is None and not handovers.is_open(conversation)


def test_a_delivery_is_claimed_by_one(stores: Stores) -> None:
    tickets = TicketStore(stores.engine)
    added = at_once(*[partial(tickets.add, TICKET, "form", None, 2026, {"smtp": {}})] * 4)
    assert len({ticket.reference for ticket, _ in added}) == 1 and sum(new for _, new in added) == 1
    claimed = at_once(*[partial(tickets.claim, "smtp", 60.0)] * 4)
    assert len([each for each in claimed if each]) == 1
    (parcel,) = filter(None, claimed)
    tickets.failed(parcel.delivery.id, "Der Mailserver antwortet nicht.", 60)
    assert tickets.undelivered() == 1 and tickets.resend(parcel.ticket.reference) == 1
    again = tickets.claim("smtp", 60)
    assert again and again.delivery.attempts == 2
    tickets.delivered(again.delivery.id)
    assert tickets.undelivered() == 0 and tickets.purge(-1) == 1


def test_sessions_presence_and_failures(stores: Stores) -> None:
    accounts = AccountStore(stores.engine)
    accounts.add("anna", "Anna", PASSWORD, ["kasse"])
    assert at_once(*[partial(accounts.sign_in, "anna", "falsch falsch", "192.0.2.1")] * 4) == [None] * 4
    token = accounts.sign_in("anna", PASSWORD, "192.0.2.1")
    assert token and accounts.session(token) and accounts.somebody_present("kasse")
    assert accounts.deactivate("anna") and accounts.session(token) is None
    accounts.purge()

"""Tickets and their deliveries: nothing is lost, nothing is sent twice where the receiver can tell."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from bot.handover.courier import Courier, pause_after, senders_for
from bot.handover.model import Line, Ticket
from bot.handover.senders.smtp import SmtpSender
from bot.handover.senders.webhook import WebhookSender, signature, signing_key
from bot.handover.senders.zammad import ZammadSender, read_groups
from bot.handover.tables import DeliveryRow, TicketRow
from bot.handover.tickets import TicketStore
from bot.settings import DeskSettings, SettingsError
from knowledge.model import Office
from tests.databases import empty_database
from tests.smtp_standin import mail_server
from tests.ticket_systems import TOKEN, webhook_receiver, zammad

OFFICE = Office(id="steueramt@ammerfeld", type="steueramt", level="gemeinde", name="Steueramt", email="steuer@ammerfeld.example")
TICKET = Ticket(
    reference="",
    office=OFFICE.id,
    office_name="Steueramt der Stadt Ammerfeld",
    service="hundesteuer-anmelden",
    service_name="Hundesteuer anmelden",
    message="Mein Hund heißt „Bello“.\nEr ist neu.",
    name="Özil Müller",
    email="mueller@post.example",
    transcript=(Line("i1", "citizen", "", "Hundesteuer?", 1790000000.0), Line("o1", "bot", "", "Das Steueramt.", 1790000001.0)),
    expected="2026-11-25",
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = empty_database(tmp_path / "tickets.db")
    yield engine
    engine.dispose()


@pytest.fixture
def tickets(engine: Engine) -> TicketStore:
    return TicketStore(engine)


def add(tickets: TicketStore, courier: Courier, ticket: Ticket = TICKET, origin: str = "o") -> Ticket:
    added, _ = tickets.add(ticket, origin, None, 2026, courier.payloads(OFFICE))
    return added


def all_due(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(DeliveryRow).where(DeliveryRow.done.is_(None)).values(due=time.time() - 1))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def only(tickets: TicketStore) -> Ticket:
    (ticket,) = tickets.tickets()
    return ticket


# --- the store


def test_the_same_form_gives_the_same_ticket(tickets: TicketStore) -> None:
    first, new = tickets.add(TICKET, "form 1", None, 2026, {"smtp": {}})
    again, new_again = tickets.add(replace(TICKET, message="anders"), "form 1", None, 2026, {"smtp": {}})
    assert new and not new_again and again.reference == first.reference and again.message == TICKET.message
    assert len(tickets.tickets()) == 1 and len(only(tickets).deliveries) == 1
    assert tickets.ticket(first.reference) == first and tickets.ticket("L-2026-XXXXXX") is None


def test_a_delivery_is_claimed_once_and_again_when_its_claimer_died(tickets: TicketStore, engine: Engine) -> None:
    tickets.add(TICKET, "o", None, 2026, {"smtp": {"to": "x@y.example"}})
    claimed = tickets.claim("smtp", 120)
    assert claimed and claimed.delivery.attempts == 1 and claimed.ticket.transcript == TICKET.transcript
    assert tickets.claim("smtp", 120) is None and tickets.claim("webhook", 120) is None
    all_due(engine)
    again = tickets.claim("smtp", 120)
    assert again and again.delivery.key == claimed.delivery.key and again.delivery.attempts == 2


def test_tickets_die_but_not_on_their_way(tickets: TicketStore, engine: Engine) -> None:
    delivered, _ = tickets.add(TICKET, "1", None, 2026, {"smtp": {}})
    claimed = tickets.claim("smtp", 1)
    assert claimed
    tickets.delivered(claimed.delivery.id)
    waiting, _ = tickets.add(TICKET, "2", None, 2026, {"smtp": {}})
    fresh, _ = tickets.add(TICKET, "3", None, 2026, {})
    with engine.begin() as connection:
        connection.execute(update(TicketRow).where(TicketRow.origin != "3").values(created=time.time() - 101))
    assert tickets.purge(100) == 1
    assert {each.reference for each in tickets.tickets()} == {waiting.reference, fresh.reference}
    assert tickets.ticket(delivered.reference) is None
    assert tickets.purge(50) == 1 and only(tickets).reference == fresh.reference


# --- by e-mail


def test_a_letter_reaches_the_office(tickets: TicketStore) -> None:
    with mail_server() as mailbox:
        courier = Courier(tickets, {"smtp": SmtpSender(f"smtp://127.0.0.1:{mailbox.port}", "lotse@kreis.example")})
        ticket = add(tickets, courier)
        assert courier.send_one("smtp") and not courier.send_one("smtp")
    (message,) = mailbox.messages
    assert mailbox.recipients == ["steuer@ammerfeld.example"]
    assert message["subject"] == f"Hundesteuer anmelden [{ticket.reference}]"
    assert message["reply-to"] == "Özil Müller <mueller@post.example>" and message["auto-submitted"] == "auto-generated"
    text = message.get_content()
    for expected in ("Mein Hund heißt „Bello“.", ticket.reference, "bis Mittwoch, 25.11.2026", "Das Steueramt.", "Özil Müller"):
        assert expected in text
    assert only(tickets).deliveries[0].done


def test_nobody_can_add_recipients_or_headers(tickets: TicketStore) -> None:
    hostile = replace(TICKET, name="A\r\nBcc: x@y.example", message=".\r\nRCPT TO:<x@y.example>\r\n.\r\n")
    with mail_server() as mailbox:
        courier = Courier(tickets, {"smtp": SmtpSender(f"smtp://127.0.0.1:{mailbox.port}", "lotse@kreis.example")})
        add(tickets, courier, hostile)
        courier.send_one("smtp")
    assert set(mailbox.recipients) <= {"steuer@ammerfeld.example"}
    assert all(message["bcc"] is None for message in mailbox.messages)


def test_without_consent_the_conversation_stays_here(tickets: TicketStore) -> None:
    with mail_server() as mailbox:
        courier = Courier(tickets, {"smtp": SmtpSender(f"smtp://127.0.0.1:{mailbox.port}", "lotse@kreis.example")})
        add(tickets, courier, replace(TICKET, transcript=()))
        courier.send_one("smtp")
    text = mailbox.messages[0].get_content()
    assert "keine Einwilligung" in text and "Das Steueramt." not in text


def test_a_mail_server_that_is_down_and_comes_back(tickets: TicketStore, engine: Engine) -> None:
    port = free_port()
    courier = Courier(tickets, {"smtp": SmtpSender(f"smtp://127.0.0.1:{port}", "lotse@kreis.example")})
    ticket = add(tickets, courier)
    for attempt in (1, 2):
        assert courier.send_one("smtp")
        (delivery,) = only(tickets).deliveries
        assert delivery.attempts == attempt and delivery.error == "Der Mailserver ist nicht erreichbar."
        assert delivery.due > time.time() and not courier.send_one("smtp")
        all_due(engine)
    assert tickets.undelivered() == 1
    with mail_server(port) as mailbox:
        assert tickets.resend(ticket.reference) == 1
        assert courier.send_one("smtp")
    assert len(mailbox.messages) == 1 and only(tickets).deliveries[0].done
    assert tickets.undelivered() == 0 and tickets.resend(ticket.reference) == 0


def test_a_repetition_has_the_same_message_id(tickets: TicketStore, engine: Engine) -> None:
    with mail_server() as mailbox:
        mailbox.drop = 1
        courier = Courier(tickets, {"smtp": SmtpSender(f"smtp://127.0.0.1:{mailbox.port}", "lotse@kreis.example")})
        add(tickets, courier)
        courier.send_one("smtp")
        assert only(tickets).deliveries[0].done is None
        all_due(engine)
        courier.send_one("smtp")
    first, second = mailbox.messages
    assert first["message-id"] == second["message-id"] and first["message-id"].endswith("@kreis.example>")


def test_a_recipient_that_is_refused_and_one_that_is_missing(tickets: TicketStore, engine: Engine) -> None:
    with mail_server() as mailbox:
        mailbox.refuse = 550
        url = f"smtp://127.0.0.1:{mailbox.port}"
        courier = Courier(tickets, {"smtp": SmtpSender(url, "lotse@kreis.example")})
        add(tickets, courier)
        courier.send_one("smtp")
        assert only(tickets).deliveries[0].error == "Der Mailserver nimmt die Adresse steuer@ammerfeld.example nicht an (550)."
        mailbox.refuse = 0
        tickets.add(TICKET, "other", None, 2026, courier.payloads(None))
        courier.send_one("smtp")
        assert "LOTSE_MAIL_TO" in tickets.tickets()[0].deliveries[0].error
        all_due(engine)
        with_fallback = Courier(tickets, {"smtp": SmtpSender(url, "lotse@kreis.example", "amt@kreis.example")})
        assert with_fallback.send_one("smtp") and with_fallback.send_one("smtp")
    assert sorted(mailbox.recipients) == ["amt@kreis.example", "steuer@ammerfeld.example"]


# --- by webhook


def test_a_webhook_is_signed(tickets: TicketStore) -> None:
    with webhook_receiver() as seen:
        courier = Courier(tickets, {"webhook": WebhookSender(f"{seen.url}/lotse", "geheim")})
        ticket = add(tickets, courier)
        courier.send_one("webhook")
    ((method, path, headers, body),) = seen.requests
    assert (method, path, headers["content-type"]) == ("POST", "/lotse", "application/json")
    key = only(tickets).deliveries[0].key
    assert headers["webhook-id"] == headers["idempotency-key"] == key
    assert headers["webhook-signature"] == signature(b"geheim", key, int(headers["webhook-timestamp"]), body)
    data = json.loads(body)
    assert data["type"] == "ticket.created" and data["data"]["reference"] == ticket.reference
    assert data["data"]["contact"] == {"name": "Özil Müller", "email": "mueller@post.example", "phone": ""}
    assert [each["who"] for each in data["data"]["transcript"]] == ["citizen", "bot"]


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of the Standard Webhooks specification.
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == ("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    assert signing_key("whsec_%%%") == b"whsec_%%%"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "nimmt die Zugangsdaten nicht an (401)"),
        (302, "lehnt die Anfrage ab (302)"),
        (500, "hat selbst einen Fehler (500)"),
    ],
)
def test_why_a_webhook_was_refused(tickets: TicketStore, status: int, words: str) -> None:
    with webhook_receiver() as seen:
        seen.status = status
        courier = Courier(tickets, {"webhook": WebhookSender(seen.url, "geheim")})
        add(tickets, courier)
        courier.send_one("webhook")
    assert only(tickets).deliveries[0].error == f"Der Empfänger {words}." and only(tickets).deliveries[0].done is None


# --- in Zammad


def zammad_sender(url: str, customer: str = "") -> ZammadSender:
    return ZammadSender(url, TOKEN, "Users", {"steueramt": "Steueramt"}, customer)


def test_a_ticket_in_zammad(tickets: TicketStore) -> None:
    with zammad() as seen:
        courier = Courier(tickets, {"zammad": zammad_sender(seen.url)})
        ticket = add(tickets, courier)
        courier.send_one("zammad")
    (made,) = seen.tickets
    assert made["given"]["title"] == f"Hundesteuer anmelden [{ticket.reference}]"
    assert made["given"]["group"] == "Steueramt" and made["given"]["customer_id"] == "guess:mueller@post.example"
    article = made["given"]["article"]
    assert "Mein Hund heißt „Bello“." in article["body"]
    assert (article["type"], article["internal"], article["content_type"]) == ("note", False, "text/plain")
    assert only(tickets).deliveries[0].done


def test_zammad_has_one_ticket_even_when_its_answer_was_lost(tickets: TicketStore, engine: Engine) -> None:
    with zammad() as seen:
        seen.lose = 1
        courier = Courier(tickets, {"zammad": zammad_sender(seen.url)})
        add(tickets, courier)
        courier.send_one("zammad")
        assert only(tickets).deliveries[0].done is None and len(seen.tickets) == 1
        all_due(engine)
        courier.send_one("zammad")
    assert only(tickets).deliveries[0].done and len(seen.tickets) == 1
    assert [(method, path.partition("?")[0]) for method, path, _, _ in seen.requests] == [
        ("POST", "/api/v1/tickets"),
        ("GET", "/api/v1/tickets/search"),
    ]


def test_zammad_is_down_refuses_and_comes_back(tickets: TicketStore, engine: Engine) -> None:
    with zammad() as seen:
        courier = Courier(tickets, {"zammad": zammad_sender(seen.url)})
        add(tickets, courier)
        for status, words in (
            (503, "Zammad hat selbst einen Fehler (503)."),
            (401, "Zammad nimmt die Zugangsdaten nicht an (401)."),
        ):
            seen.status = status
            courier.send_one("zammad")
            assert only(tickets).deliveries[0].error == words
            all_due(engine)
        seen.status, seen.groups = 0, ("Anderes",)
        courier.send_one("zammad")
        assert only(tickets).deliveries[0].error == "Zammad nimmt die Angaben nicht an (422)."
        all_due(engine)
        seen.groups = ("Steueramt",)
        courier.send_one("zammad")
    assert only(tickets).deliveries[0].done and len(seen.tickets) == 1


def test_somebody_without_an_email_address_in_zammad(tickets: TicketStore, engine: Engine) -> None:
    by_phone = replace(TICKET, email="", phone="089 99998-0")
    with zammad() as seen:
        courier = Courier(tickets, {"zammad": zammad_sender(seen.url)})
        add(tickets, courier, by_phone)
        courier.send_one("zammad")
        assert "LOTSE_ZAMMAD_CUSTOMER" in only(tickets).deliveries[0].error and not seen.requests
        all_due(engine)
        Courier(tickets, {"zammad": zammad_sender(seen.url, "lotse@kreis.example")}).send_one("zammad")
    assert seen.tickets[0]["given"]["customer_id"] == "guess:lotse@kreis.example"
    assert "Telefon: 089 99998-0" in seen.tickets[0]["given"]["article"]["body"]


# --- together


def test_one_system_that_is_down_does_not_hold_up_another(tickets: TicketStore) -> None:
    with zammad() as seen:
        senders = {
            "smtp": SmtpSender(f"smtp://127.0.0.1:{free_port()}", "lotse@kreis.example"),
            "zammad": zammad_sender(seen.url),
        }
        courier = Courier(tickets, senders)
        add(tickets, courier)
        courier.send_one("smtp")
        courier.send_one("zammad")
    assert {each.kind: each.done is not None for each in only(tickets).deliveries} == {"smtp": False, "zammad": True}


def test_pauses_grow_up_to_an_hour() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 40)]
    assert 8 <= pauses[0] <= 12 and 16 <= pauses[1] <= 24 and 2880 <= pauses[-1] <= 4320


def test_the_settings_say_what_is_sent_where(tmp_path: Path) -> None:
    groups = tmp_path / "groups.yaml"
    groups.write_text("steueramt: Steueramt\n", "utf-8")
    assert senders_for(DeskSettings()) == {}
    made = DeskSettings.from_environment(
        {
            "LOTSE_SMTP_URL": "smtps://u:p@mail.example",
            "LOTSE_MAIL_FROM": "lotse@kreis.example",
            "LOTSE_WEBHOOK_URL": "https://hook.example/x",
            "LOTSE_WEBHOOK_SECRET": "geheim",
            "LOTSE_ZAMMAD_URL": "https://zammad.example/",
            "LOTSE_ZAMMAD_TOKEN": "token",
            "LOTSE_ZAMMAD_GROUPS": str(groups),
        }
    )
    assert set(senders_for(made)) == {"smtp", "webhook", "zammad"}
    assert "geheim" not in repr(made) and "token" not in repr(made) and "u:p" not in repr(made)
    assert read_groups(groups) == {"steueramt": "Steueramt"}
    for wrong in ("- a\n", "a: 1\n", "a: [\n"):
        groups.write_text(wrong, "utf-8")
        with pytest.raises(SettingsError, match="LOTSE_ZAMMAD_GROUPS"):
            senders_for(made)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"LOTSE_SMTP_URL": "mail.example"}, "LOTSE_SMTP_URL muss"),
        ({"LOTSE_SMTP_URL": "smtp://mail.example"}, "Zu LOTSE_SMTP_URL gehört auch LOTSE_MAIL_FROM"),
        ({"LOTSE_WEBHOOK_URL": "ftp://x"}, "LOTSE_WEBHOOK_URL muss"),
        ({"LOTSE_WEBHOOK_URL": "https://x.example"}, "Zu LOTSE_WEBHOOK_URL gehört auch LOTSE_WEBHOOK_SECRET"),
        ({"LOTSE_ZAMMAD_URL": "https://x.example"}, "Zu LOTSE_ZAMMAD_URL gehört auch LOTSE_ZAMMAD_TOKEN"),
        ({"LOTSE_MAIL_TO": "amt"}, "LOTSE_MAIL_TO muss eine E-Mail-Adresse sein"),
        ({"LOTSE_CHAT": "ja"}, "LOTSE_CHAT muss"),
    ],
)
def test_settings_that_cannot_be_used(given: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        DeskSettings.from_environment(given)

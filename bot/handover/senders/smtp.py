"""Tickets by e-mail (RFC 5321, RFC 5322)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.handover.senders.letter import letter
from bot.handover.senders.port import NotSent
from bot.handover.tickets import Parcel
from knowledge.hours import BERLIN
from knowledge.model import Office

_TIMEOUT_S = 20.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SmtpSender:
    """Sends to the office, or to `fallback` where it has no address. Implements `Sender`.

    `url` is `smtp://user:password@host:587` (STARTTLS where the server offers it; with a password only so, or to this
    machine) or `smtps://…` (TLS from the beginning).
    """

    def __init__(self, url: str, sender: str, fallback: str = "") -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._fallback = fallback

    def payload(self, office: Office | None) -> dict[str, Any]:
        return {"to": office.email if office else ""}

    def send(self, parcel: Parcel) -> None:
        recipient = parcel.delivery.payload.get("to") or self._fallback
        if not recipient:
            raise NotSent("Für diese Stelle ist keine E-Mail-Adresse hinterlegt, und LOTSE_MAIL_TO fehlt.")
        try:
            message = self._message(parcel, recipient)
            with self._connected() as server:
                server.send_message(message)
        except Exception as error:
            raise NotSent(_why(error, recipient)) from error

    def _message(self, parcel: Parcel, recipient: str) -> EmailMessage:
        ticket = parcel.ticket
        message = EmailMessage(policy=SMTP)
        message["From"] = Address("Lotse", addr_spec=self._sender)
        message["To"] = Address(addr_spec=recipient)
        if ticket.email.isascii() and ticket.email:  # else it stands in the text: not every server takes SMTPUTF8
            message["Reply-To"] = Address(ticket.name, addr_spec=ticket.email)
        message["Subject"] = ticket.title
        message["Date"] = format_datetime(datetime.fromtimestamp(ticket.created, BERLIN))
        # The same in every attempt: mail servers that drop what they have seen drop a repetition.
        message["Message-ID"] = f"<{parcel.delivery.key}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter(ticket), cte="quoted-printable")
        return message

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_S, context=context)
            if self._tls
            else smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        )
        try:
            server.ehlo_or_helo_if_needed()
            if not self._tls and server.has_extn("starttls"):
                server.starttls(context=context)
            elif not self._tls and self._password and self._host not in _LOOPBACK:
                raise NotSent("Der Mailserver bietet keine Verschlüsselung an; das Passwort wurde nicht gesendet.")
            if self._user:
                server.login(self._user, self._password)
            yield server
        finally:
            with suppress(Exception):
                server.quit()


def _why(error: Exception, recipient: str) -> str:
    if isinstance(error, NotSent):
        return str(error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "Der Mailserver nimmt Benutzername oder Passwort nicht an."
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in error.recipients.values()), 0)
        return f"Der Mailserver nimmt die Adresse {recipient} nicht an ({code})."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"Der Mailserver lehnt die Nachricht ab ({error.smtp_code})."
    if isinstance(error, ssl.SSLError):
        return "Die verschlüsselte Verbindung zum Mailserver kommt nicht zustande. Stimmt sein Zertifikat?"
    if isinstance(error, TimeoutError):
        return "Der Mailserver antwortet nicht."
    if isinstance(error, (OSError, smtplib.SMTPException)):
        return "Der Mailserver ist nicht erreichbar."
    return f"Die E-Mail ließ sich nicht erstellen ({type(error).__name__})."

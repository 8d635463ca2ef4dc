"""Tickets by webhook, signed as the Standard Webhooks specification says (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx

from bot.handover.model import Ticket
from bot.handover.senders.over_http import post, refusal
from bot.handover.senders.port import NotSent
from bot.handover.tickets import Parcel
from knowledge.model import Office

_PREFIX = "whsec_"


class WebhookSender:
    """Posts the ticket as JSON. The receiver can tell a repetition by `webhook-id`. Implements `Sender`."""

    def __init__(self, url: str, secret: str, client: httpx.Client | None = None) -> None:
        self._url = url
        self._key = signing_key(secret)
        self._client = client

    def payload(self, office: Office | None) -> dict[str, Any]:
        return {"office_email": office.email if office else ""}

    def send(self, parcel: Parcel) -> None:
        body = json.dumps(_body(parcel), ensure_ascii=False).encode()
        at = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": parcel.delivery.key,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(self._key, parcel.delivery.key, at, body),
            "idempotency-key": parcel.delivery.key,
        }
        response = post(self._url, headers, body, self._client)
        if not response.is_success:
            raise NotSent(refusal("Der Empfänger", response))


def signing_key(secret: str) -> bytes:
    """`whsec_…` holds the key in base64; any other secret is the key itself."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signature(key: bytes, id: str, at: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of id, time and body, in base64."""
    signed = f"{id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _body(parcel: Parcel) -> dict[str, Any]:
    ticket = parcel.ticket
    return {
        "type": "ticket.created",
        "timestamp": _iso(ticket.created),
        "data": {**ticket_as_json(ticket), "office_email": parcel.delivery.payload.get("office_email", "")},
    }


def ticket_as_json(ticket: Ticket) -> dict[str, Any]:
    """A ticket for other programs. `transcript` is empty without consent."""
    return {
        "reference": ticket.reference,
        "created": _iso(ticket.created),
        "expected": ticket.expected,
        "office": {"id": ticket.office, "title": ticket.office_name},
        "service": {"slug": ticket.service, "title": ticket.service_name},
        "contact": {"name": ticket.name, "email": ticket.email, "phone": ticket.phone},
        "message": ticket.message,
        "transcript": [
            {"who": line.who, "name": line.name, "text": line.text, "at": _iso(line.at)} for line in ticket.transcript
        ],
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")

"""Tickets in Zammad, by its REST API (https://docs.zammad.org/en/latest/api/ticket/)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

from bot.handover.senders.letter import letter
from bot.handover.senders.over_http import get, post, refusal
from bot.handover.senders.port import NotSent
from bot.handover.tickets import Parcel
from knowledge.model import Office


class ZammadSender:
    """Makes a ticket in the group of its office. Implements `Sender`.

    `groups` maps ids or kinds of offices to groups; `group` is that of all others. The customer is found or made by e-mail
    address (`guess:`); without one it is `customer`. Zammad knows no idempotency keys: a repetition first looks for a ticket
    with the reference number in its title.
    """

    def __init__(
        self,
        url: str,
        token: str,
        group: str,
        groups: Mapping[str, str] | None = None,
        customer: str = "",
        client: httpx.Client | None = None,
    ) -> None:
        self._tickets = f"{url}/api/v1/tickets"
        self._headers = {"authorization": f"Token token={token}", "content-type": "application/json"}
        self._group = group
        self._groups = groups or {}
        self._customer = customer
        self._client = client

    def payload(self, office: Office | None) -> dict[str, Any]:
        if office is None:
            return {"group": self._group}
        return {"group": self._groups.get(office.id) or self._groups.get(office.type) or self._group}

    def send(self, parcel: Parcel) -> None:
        customer = parcel.ticket.email or self._customer
        if not customer:
            raise NotSent("Die Anfrage nennt keine E-Mail-Adresse, und LOTSE_ZAMMAD_CUSTOMER fehlt.")
        if parcel.delivery.attempts > 1 and self._is_there(parcel.ticket.reference):
            return
        ticket = {
            "title": parcel.ticket.title,
            "group": parcel.delivery.payload.get("group") or self._group,
            "customer_id": f"guess:{customer}",
            "article": {
                "subject": parcel.ticket.title,
                "body": letter(parcel.ticket),
                "content_type": "text/plain",
                "type": "note",
                "internal": False,
            },
        }
        response = post(self._tickets, self._headers, json.dumps(ticket, ensure_ascii=False).encode(), self._client)
        if response.status_code != 201:
            raise NotSent(refusal("Zammad", response))

    def _is_there(self, reference: str) -> bool:
        response = get(f"{self._tickets}/search", self._headers, {"query": f'"{reference}"', "limit": "10"}, self._client)
        if not response.is_success:
            raise NotSent(refusal("Zammad", response))
        try:
            return any(reference in str(ticket.get("title")) for ticket in _found(response.json()))
        except (ValueError, AttributeError, TypeError) as error:
            raise NotSent("Zammad antwortet anders als erwartet. Stimmt LOTSE_ZAMMAD_URL?") from error


def _found(data: Any) -> list[dict[str, Any]]:
    """The tickets of an answer to a search: `assets` of the short form, or a plain list with `expand`."""
    return data if isinstance(data, list) else list((data.get("assets") or {}).get("Ticket", {}).values())


def read_groups(path: Path) -> dict[str, str]:
    """The file that maps ids or kinds of offices to groups. Raises `ValueError` and `OSError`."""
    try:
        data = yaml.safe_load(path.read_text("utf-8")) or {}
    except yaml.YAMLError as error:
        raise ValueError("not YAML") from error
    if not isinstance(data, dict) or not all(isinstance(each, str) for pair in data.items() for each in pair):
        raise ValueError("not a mapping of offices to groups")
    return data

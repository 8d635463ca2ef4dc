"""`lotse user` and `lotse tickets`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bot.bootstrap import Stores
from bot.cli import run
from bot.handover.accounts import AccountStore
from bot.handover.model import Ticket
from bot.handover.tickets import TicketStore
from tests.integration.clerk import PASSWORD, quick_hashes

__all__ = ["quick_hashes"]

TICKET = Ticket(
    "", "standesamt@ammerfeld", "Standesamt", "", "", "Geheimes Anliegen", email="eva@post.example", expected="2026-11-25"
)


@pytest.fixture(autouse=True)
def environment(stores: Stores, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTSE_VAR", str(database.parent))
    monkeypatch.delenv("LOTSE_DATABASE_URL", raising=False)


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_adding_listing_and_closing_an_account(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["user", "list"]) == 0 and "noch keinen Zugang" in capsys.readouterr().out
    typed(monkeypatch, f"{PASSWORD}\n")
    assert run(["user", "add", "anna", "--name", "Anna Huber", "--office", "standesamt@ammerfeld"]) == 0
    typed(monkeypatch, f"{PASSWORD}\n")
    assert run(["user", "add", "berta"]) == 0
    assert PASSWORD not in capsys.readouterr().out
    assert run(["user", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"login": "anna", "name": "Anna Huber", "offices": ["standesamt@ammerfeld"], "active": True},
        {"login": "berta", "name": "berta", "offices": ["*"], "active": True},
    ]
    accounts = AccountStore(stores.engine)
    assert accounts.sign_in("anna", PASSWORD, "")
    typed(monkeypatch, "Winterregen 2027")
    assert run(["user", "password", "anna"]) == 0 and accounts.sign_in("anna", "Winterregen 2027", "")
    assert run(["user", "deactivate", "anna"]) == 0
    assert accounts.sign_in("anna", "Winterregen 2027", "") is None
    capsys.readouterr()
    assert run(["user", "list"]) == 0 and "anna  Anna Huber  standesamt@ammerfeld  (gesperrt)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "typed_in", "message", "code"),
    [
        (["add", "anna"], "kurz\n", "Das Passwort ist zu kurz", 1),
        (["add", "an na"], f"{PASSWORD}\n", "Benutzername", 1),
        (["add", "anna", "--office", "gibt-es-nicht"], f"{PASSWORD}\n", "Diese Stelle gibt es nicht: gibt-es-nicht.", 1),
        (["add", "anna", "--name", " "], f"{PASSWORD}\n", "Der Name muss", 1),
        (["password", "niemand"], f"{PASSWORD}\n", "Den Zugang „niemand“ gibt es nicht.", 1),
        (["deactivate", "niemand"], "", "Den Zugang „niemand“ gibt es nicht.", 1),
        (["add"], "", "Es fehlt: BENUTZERNAME.", 2),
        (["loeschen", "anna"], "", "Die Aktion „loeschen“ kenne ich nicht", 2),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str],
    typed_in: str,
    message: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    typed(monkeypatch, typed_in)
    assert run(["user", *arguments]) == code
    assert message in capsys.readouterr().err


def test_tickets_are_listed_without_what_people_wrote(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tickets"]) == 0 and "keine Nachrichten" in capsys.readouterr().out
    tickets = TicketStore(stores.engine)
    stuck, _ = tickets.add(TICKET, "1", None, 2026, {"smtp": {}, "zammad": {}})
    arrived, _ = tickets.add(TICKET, "2", None, 2026, {})
    claimed = tickets.claim("smtp", 1)
    assert claimed
    tickets.failed(claimed.delivery.id, "Der Mailserver antwortet nicht.", 3600)
    assert run(["tickets"]) == 0
    shown = capsys.readouterr().out
    assert stuck.reference in shown and arrived.reference in shown
    assert "smtp: nicht zugestellt, Versuche: 1. Der Mailserver antwortet nicht." in shown and "zammad: unterwegs" in shown
    assert "Geheimes" not in shown and "eva@" not in shown
    assert run(["tickets", "--open", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["reference"] == stuck.reference and [each["delivered"] for each in row["deliveries"]] == [False, False]
    assert run(["tickets", "--resend", stuck.reference]) == 0 and tickets.claim("smtp", 1)
    assert run(["tickets", "--resend", arrived.reference]) == 0 and "schon zugestellt" in capsys.readouterr().out
    assert run(["tickets", "--resend", "L-2026-XXXXXX"]) == 1

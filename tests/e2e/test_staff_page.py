"""The clerk's page in Chromium: with its script, by keyboard alone, and without faults that axe-core finds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from bot.handover.accounts import AccountStore
from bot.handover.handovers import HandoverStore, system_says
from bot.handover.model import Ticket
from bot.handover.tickets import TicketStore
from bot.settings import DeskSettings, Settings
from tests.e2e.axe import WIDE
from tests.e2e.axe import check as check_looks
from tests.e2e.browser import Gateway, OpenPage, running

PASSWORD = "ein langes Kennwort"


@pytest.fixture(scope="module")
def office(published: Settings) -> Iterator[Gateway]:
    with running(published, desk=DeskSettings(chat=True, chat_anytime=True)) as lotse:
        AccountStore(lotse.stores.engine).add("anna", "Anna Huber", PASSWORD)
        tickets = TicketStore(lotse.stores.engine)
        left = Ticket("", "", "", "", "", "Bitte melden.", email="eva@post.example", expected="2026-11-25")
        tickets.add(left, "form", None, 2026, {"smtp": {}})
        claimed = tickets.claim("smtp", 1)
        assert claimed
        tickets.failed(claimed.delivery.id, "Der Mailserver antwortet nicht.", 3600)
        yield lotse


class Citizen:
    """Somebody who asks for a person over HTTP."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=20)
        self._url = f"/conversations/{self._http.post('/conversations').json()['conversation']}"
        self.say("1", "Hundesteuer anmelden in Ammerfeld")

    def say(self, id: str, text: str) -> None:
        sent = self._http.post(f"{self._url}/messages", json={"client_message_id": id, "text": text})
        assert sent.status_code == 200, sent.text

    def ask(self) -> None:
        assert self._http.post(f"{self._url}/handover").status_code == 200

    def heard(self) -> list[str]:
        answers = self._http.get(f"{self._url}/messages").json()
        rows = answers["answers"] if isinstance(answers, dict) else answers
        return [block["text"] for row in rows if row["author"] != "bot" for block in row["blocks"]]


def signed_in(open_page: OpenPage, office: Gateway) -> Page:
    page = open_page(f"{office.url}/amt")
    page.fill("#login", "anna")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Gespräche")).to_be_visible()
    return page


def check(page: Page, name: str) -> None:
    check_looks(page, f"amt-{name}")
    page.set_viewport_size(WIDE)


def test_a_clerk_answers_by_keyboard(office: Gateway, open_page: OpenPage) -> None:
    page = signed_in(open_page, office)
    citizen = Citizen(office.url)
    citizen.ask()
    expect(page.locator("#ansage")).to_have_text("Eine Person wartet.")  # without a reload
    assert page.title().startswith("(1)")
    check(page, "warteschlange")

    page.get_by_label("Ihr Name im Chat").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Annehmen")).to_be_focused()
    page.keyboard.press("Enter")
    log = page.get_by_role("log")
    expect(log).to_contain_text("Hundesteuer anmelden in Ammerfeld")
    citizen.say("2", "Was kostet <i>das</i>?")
    expect(log).to_contain_text("Was kostet <i>das</i>?")

    page.get_by_label("Leistung", exact=True).fill("Personalausweis")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Personalausweis").first.focus()
    page.keyboard.press("Enter")
    text = page.locator("#text")
    expect(text).to_have_value(re.compile("Telefon:"))
    expect(text).to_be_focused()
    check(page, "gespraech")
    text.fill("Sechzig Euro im Jahr.")
    page.keyboard.press("Control+Enter")
    expect(log).to_contain_text("Sechzig Euro im Jahr.")
    expect(text).to_have_value("")
    text.fill("Noch etwas?")
    page.get_by_role("button", name="Senden").press("Enter")
    expect(log).to_contain_text("Noch etwas?")
    assert log.get_by_text("Sechzig Euro im Jahr.").count() == 1
    assert citizen.heard()[-2:] == ["Sechzig Euro im Jahr.", "Noch etwas?"]

    page.get_by_role("button", name="Gespräch beenden").click()
    expect(page.get_by_text("Gerade wartet niemand.")).to_be_visible()
    assert "beendet" in citizen.heard()[-1]


def test_messages_and_their_delivery(office: Gateway, open_page: OpenPage) -> None:
    page = signed_in(open_page, office)
    expect(page.get_by_text("1 Zustellung ist noch nicht gelungen.")).to_be_visible()
    page.get_by_role("link", name="Nachrichten", exact=True).click()
    expect(page.get_by_text("Der Mailserver antwortet nicht.")).to_be_visible()
    check(page, "nachrichten")
    page.get_by_role("row").nth(1).get_by_role("link").click()
    check(page, "nachricht")
    page.get_by_role("button", name="Erneut senden").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("button", name="Als erledigt kennzeichnen").click()
    expect(page.get_by_role("cell", name="erledigt")).to_be_visible()


def test_signing_in_and_out(office: Gateway, open_page: OpenPage) -> None:
    page = open_page(f"{office.url}/amt")
    check(page, "anmelden")
    page.fill("#login", "anna")
    page.fill("#password", "falsch falsch")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Benutzername und Passwort passen nicht zusammen.")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Pause machen").click()
    expect(page.get_by_text("Sie machen Pause.")).to_be_visible()
    check(page, "pause")
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()


def test_without_its_script(office: Gateway, open_page: OpenPage) -> None:
    page = open_page(f"{office.url}/amt", java_script_enabled=False)
    page.fill("#login", "anna")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    citizen = Citizen(office.url)
    citizen.ask()
    page.goto(f"{office.url}/amt")
    page.get_by_role("button", name="Annehmen").click()
    page.get_by_label("Leistung", exact=True).fill("Personalausweis")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("link", name="Personalausweis").first.click()
    assert "Telefon:" in page.locator("#text").input_value()
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_role("log")).to_contain_text("Telefon:")
    page.get_by_role("button", name="Gespräch beenden").click()
    assert "beendet" in citizen.heard()[-1]


def accepted(page: Page, citizen: Citizen) -> None:
    citizen.ask()
    page.get_by_role("button", name="Annehmen").click()
    expect(page.get_by_role("log")).to_contain_text("Hundesteuer anmelden in Ammerfeld")


@pytest.mark.parametrize("blocked", ["**/ereignisse", "**/{liste,verlauf}"], ids=["by-asking", "by-events"])
def test_news_come_by_events_and_by_asking(office: Gateway, open_page: OpenPage, blocked: str) -> None:
    """Either way alone is enough."""
    page = signed_in(open_page, office)
    page.route(blocked, lambda route: route.abort())
    page.reload()
    citizen = Citizen(office.url)
    accepted(page, citizen)
    citizen.say("2", "Sind Sie da?")
    expect(page.get_by_role("log")).to_contain_text("Sind Sie da?")
    page.get_by_role("button", name="Gespräch beenden").click()
    expect(page.get_by_text("Gerade wartet niemand.")).to_be_visible()


def test_a_draft_outlives_the_session(office: Gateway, open_page: OpenPage) -> None:
    page = signed_in(open_page, office)
    citizen = Citizen(office.url)
    accepted(page, citizen)
    talk = page.url
    page.fill("#text", "Das Formular finden Sie")
    with office.stores.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM staff_session")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    assert "das formular" not in page.url.lower()
    page.fill("#login", "anna")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(talk)
    expect(page.locator("#text")).to_have_value("Das Formular finden Sie")
    page.locator("#text").press("Control+Enter")
    expect(page.get_by_role("log")).to_contain_text("Das Formular finden Sie")
    page.reload()
    expect(page.locator("#text")).to_have_value("")
    page.fill("#text", "Auf Wiedersehen")
    handovers = HandoverStore(office.stores.engine, office.stores.conversations.notices)
    number = int(talk.rsplit("/", 1)[1])
    handovers.close(number, system_says({"type": "text", "text": "Beendet.", "tone": "plain"}))
    expect(page.get_by_text("Dieses Gespräch ist beendet.")).to_be_visible()
    expect(page.locator("#entwurf")).to_contain_text("Auf Wiedersehen")
    check(page, "beendet")
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0

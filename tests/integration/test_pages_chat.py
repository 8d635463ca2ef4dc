"""The chat without a script, as a browser with JavaScript switched off uses it: forms, redirects, reloads."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from bot.bootstrap import Stores, gateway
from bot.channels.web.routes import CHANNEL, key_of
from bot.conversation.feedback import FeedbackStore
from bot.handover.accounts import AccountStore
from bot.handover.tickets import TicketStore
from bot.settings import DeskSettings
from tests.integration.clerk import PASSWORD, quick_hashes
from tests.integration.clerk import browser as at_the_desk
from tests.integration.wiring import Chat, ObservedEngine, settings_for

__all__ = ["quick_hashes"]


@dataclass
class Form:
    """A form with what its fields hold, and its buttons: label, name, value."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._button: tuple[str, str] | None = None
        self._label = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag in ("input", "textarea") and given.get("type") != "checkbox":
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button":
            self._button, self._label = (given.get("name", ""), given.get("value", "")), ""

    def handle_data(self, data: str) -> None:
        self._label += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button:
            self.forms[-1].buttons.append((self._label.strip(), *self._button))
            self._button = None


@dataclass
class Browser:
    """Knows the page it is on, follows redirects, keeps no cookies."""

    client: httpx.AsyncClient
    page: httpx.Response | None = None

    @property
    def text(self) -> str:
        assert self.page
        inner = re.sub(r"(?s).*<main[^>]*>(.*)</main>.*", r"\1", self.page.text)
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inner)))

    @property
    def path(self) -> str:
        assert self.page
        return self.page.url.path

    async def open(self, path: str) -> None:
        self.page = await self.client.get(path)

    async def press(self, label: str, **filled: str) -> httpx.Response:
        """Press a button after filling fields; the answer to the POST itself."""
        assert self.page
        for form in _Forms(self.page.text).forms:
            for shown, name, value in form.buttons:
                if shown == label:
                    fields = form.fields | filled | ({name: value} if name else {})
                    sent = await self.client.post(form.action, data=fields)
                    self.page = await self.client.get(sent.headers["location"]) if sent.status_code == 303 else sent
                    return sent
        raise AssertionError(f"no button {label}: {self.page.text}")

    async def ask(self, text: str) -> httpx.Response:
        return await self.press("Senden", text=text)


@pytest.fixture
async def browser(client: httpx.AsyncClient) -> AsyncIterator[Browser]:
    opened = Browser(client)
    await opened.open("/chat")
    yield opened
    assert not client.cookies


async def test_a_question_a_choice_and_the_answer(browser: Browser) -> None:
    sent = await browser.ask("Hundesteuer anmelden")
    assert sent.status_code == 303
    assert re.fullmatch(r"/chat/[\w-]{32}", browser.path)
    assert "Hundesteuer anmelden" in browser.text
    await browser.press("Ammerfeld")
    assert "Steueramt der Stadt Ammerfeld" in browser.text
    assert "Warum diese Stelle?" in browser.text
    assert "/stellen/steueramt-gemeinde@ammerfeld" in ((browser.page and browser.page.text) or "")
    assert browser.text.count("Sie: Ammerfeld") == 1


async def test_only_the_last_answer_has_buttons(browser: Browser) -> None:
    for _ in range(2):
        await browser.ask("Hundesteuer anmelden")
    assert browser.page
    choices = [label for form in _Forms(browser.page.text).forms for label, name, _ in form.buttons if name == "auswahl"]
    assert choices.count("Ammerfeld") == 1


async def test_a_reload_sends_nothing_again(browser: Browser, engine: ObservedEngine) -> None:
    await browser.ask("Hundesteuer anmelden")
    for _ in range(3):
        await browser.open(browser.path)
    assert engine.asked == ["Hundesteuer anmelden"]


async def test_the_same_form_sent_twice_is_one_message(browser: Browser, engine: ObservedEngine) -> None:
    await browser.ask("Hundesteuer anmelden")
    assert browser.page
    form = next(each for each in _Forms(browser.page.text).forms if "text" in each.fields)
    for _ in range(2):
        await browser.client.post(form.action, data=form.fields | {"text": "Reisepass"})
    assert engine.asked == ["Hundesteuer anmelden", "Reisepass"]
    await browser.client.post(form.action, data=form.fields | {"text": "Personalausweis"})  # back, and something else
    assert engine.asked[-1] == "Personalausweis"


async def test_nothing_written_is_said_so(browser: Browser, engine: ObservedEngine) -> None:
    await browser.ask("   ")
    assert (browser.path, engine.asked) == ("/chat", [])
    assert "Bitte schreiben Sie eine Frage." in browser.text
    await browser.ask("Hund")
    await browser.ask("")
    assert browser.path.startswith("/chat/") and "Bitte schreiben Sie eine Frage." in browser.text


async def test_what_somebody_writes_stays_text(browser: Browser) -> None:
    await browser.ask("<script>alert(1)</script> {{ 7 * 7 }} Reisepass")
    assert browser.page
    assert "<script>" not in browser.page.text
    assert "{{ 7 * 7 }}" in browser.text


async def test_forgetting(browser: Browser, stores: Stores) -> None:
    await browser.ask("Hundesteuer anmelden")
    gone = browser.path
    await browser.press("Verlauf löschen")
    assert browser.path == "/chat" and "Alles gelöscht." in browser.text
    assert not stores.conversations.knows(CHANNEL, key_of(gone.removeprefix("/chat/")))
    for method in ("GET", "POST"):
        response = await browser.client.request(method, gone, data={"text": "Hallo"} if method == "POST" else None)
        assert response.status_code == 404
        assert "Dieses Gespräch gibt es nicht mehr." in response.text


async def test_another_language(browser: Browser) -> None:
    await browser.open("/chat?sprache=en")
    await browser.press("Send", text="Hundesteuer anmelden")
    assert browser.page and '<html lang="en">' in browser.page.text
    await browser.open(browser.path)  # the conversation remembers it
    assert '<html lang="en">' in browser.page.text
    assert "Delete this conversation" in browser.text


async def test_a_conversation_goes_on_where_a_script_began_it(browser: Browser, chat: Chat) -> None:
    await chat.say("Hundesteuer anmelden")
    await browser.open(f"/chat/{chat.token}")
    await browser.press("Ammerfeld")
    assert [each["outcome"] for each in await chat.history()] == ["missing", "answer"]


async def test_that_is_wrong_names_the_rule(browser: Browser, stores: Stores) -> None:
    await browser.ask("Hundesteuer anmelden in Ammerfeld")
    await browser.press("Das stimmt nicht", anmerkung="Das Amt ist umgezogen.")
    assert "Danke für Ihre Rückmeldung." in browser.text
    (given,) = FeedbackStore(stores.engine).newest()
    assert (given.rating, given.comment) == ("wrong", "Das Amt ist umgezogen.")
    assert given.about.service == "hundesteuer-anmelden"
    assert given.about.rule.startswith("R")


async def test_a_message_for_a_person(browser: Browser, stores: Stores, quick_hashes: None) -> None:
    AccountStore(stores.engine).add("anna", "Anna Huber", PASSWORD)
    await browser.ask("Hundesteuer anmelden in Ammerfeld")
    await browser.press("Mit einem Menschen sprechen")
    assert browser.page
    link = next(each for each in re.findall(r'href="([^"]+)"', browser.page.text) if each.endswith("/nachricht"))
    await browser.open(link)
    sent = await browser.press("Nachricht absenden", nachricht="Bitte rufen Sie mich an.")
    assert sent.status_code == 422
    assert "E-Mail-Adresse oder Telefonnummer" in browser.text
    assert "Bitte rufen Sie mich an." in browser.page.text  # nothing has to be typed again
    for _ in range(2):
        await browser.open(link)
        sent = await browser.press(
            "Nachricht absenden", nachricht="Bitte rufen Sie mich an.", email="a@post.example", kennung="k"
        )
        assert sent.status_code == 200, browser.text
        assert "Ihre Vorgangsnummer:" in browser.text
    assert len(TicketStore(stores.engine).of_conversation(1)) == 1
    await browser.open(link.removesuffix("/nachricht"))
    assert browser.text.count("Ihre Vorgangsnummer:") == 1


async def test_nobody_is_there_to_read_a_message(browser: Browser) -> None:
    await browser.ask("Hundesteuer anmelden")
    await browser.open(f"{browser.path}/nachricht")
    sent = await browser.press("Nachricht absenden", nachricht="Hallo", email="a@post.example")
    assert (sent.status_code, "Behördennummer 115" in browser.text) == (422, True)


async def test_a_conversation_with_a_clerk(tmp_path: Path, stores: Stores, engine: ObservedEngine, quick_hashes: None) -> None:
    AccountStore(stores.engine).add("anna", "Anna Huber", PASSWORD)
    app = gateway(replace(settings_for(tmp_path), desk=DeskSettings(chat=True, chat_anytime=True)), stores, engine)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lotse") as home:
        browser, clerk = Browser(home), at_the_desk(home)
        await clerk.sign_in()
        await browser.open("/chat")
        await browser.ask("Hundesteuer anmelden in Ammerfeld")
        await browser.press("Mit einem Menschen sprechen")
        (number,) = await clerk.waiting()
        await clerk.accept(number)
        await browser.ask("Sind Sie da?")
        assert "Ihre Nachricht ist bei der Person" in browser.text
        await clerk.write(number, "Guten Tag, wie kann ich helfen?")
        await browser.open(browser.path)
        assert "Frau Huber Guten Tag, wie kann ich helfen?" in browser.text


@pytest.mark.parametrize("token", ["u" * 32, "kurz", "%20" * 12])
async def test_a_conversation_that_never_was(browser: Browser, token: str) -> None:
    await browser.open(f"/chat/{token}")
    assert browser.page and browser.page.status_code in (404, 422)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"&".join(b"a=b" for _ in range(500)), b"text=%00", b"auswahl=%7B%7D", b"auswahl=" + b"[" * 5000],
)
async def test_a_form_that_no_browser_sends(browser: Browser, engine: ObservedEngine, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await browser.client.post("/chat", content=body, headers=headers)
    assert (response.status_code, response.headers["location"]) == (303, "/chat?hinweis=leer")
    assert engine.asked == []


async def test_nobody_keeps_the_page(browser: Browser) -> None:
    await browser.ask("Hundesteuer anmelden")
    assert browser.page
    assert browser.page.headers["cache-control"] == "no-store"
    assert browser.page.headers["x-robots-tag"] == "noindex"
    assert browser.page.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in browser.page.headers

"""axe-core finds nothing: in every state of the page, of the pages beside it and of the page without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.handover.words import BlockState, handover_block
from tests.e2e.axe import WIDE, check
from tests.e2e.browser import USUAL, Gateway, OpenPage, answered, say


def first(page: Page) -> None:
    expect(page.locator(".example").first).to_be_visible()


def answer(page: Page) -> None:
    """„Warum diese Stelle?“ and everything else that folds is open."""
    answered(page)
    page.locator("details").evaluate_all("all => all.forEach((each) => (each.open = true))")
    expect(page.locator(".why p").first).to_be_visible()
    expect(page.locator(".tools")).to_be_visible()


def choice(page: Page) -> None:
    answered(page, "Ausweis in Ammerfeld")
    expect(page.locator(".choice-hint").first).to_be_visible()


def choice_made(page: Page) -> None:
    choice(page)
    page.locator(".choice").first.click()
    expect(page.locator(".choice[aria-pressed=true]")).to_be_visible()
    expect(page.locator(".exchange")).to_have_count(2)


def place(page: Page) -> None:
    answered(page, "Hundesteuer Ammerfeld")
    page.locator(".chip").click()
    expect(page.locator(".place-form")).to_be_visible()


def location(page: Page) -> None:
    """Asked for the place; the position is refused."""
    answered(page, "Reisepass verloren")
    page.locator(".choice-here").click()
    expect(page.locator("#status")).to_contain_text("tippen Sie den Ort ein")


def journey(page: Page) -> None:
    answered(page, "Ich eröffne ein Café")
    page.get_by_role("checkbox").first.check()


def feedback(page: Page) -> None:
    answered(page)
    page.get_by_role("button", name="Hilfreich", exact=True).click()
    expect(page.locator(".comment")).to_be_visible()


def feedback_sent(page: Page) -> None:
    answered(page)
    page.get_by_role("button", name="Das stimmt nicht").click()
    page.get_by_role("button", name="Absenden").click()
    expect(page.locator(".tools-said")).to_contain_text("Fachleute")


def menu(page: Page) -> None:
    answered(page)
    page.get_by_role("button", name="Mehr").click()
    expect(page.locator(".menu")).to_be_visible()


def english(page: Page) -> None:
    page.get_by_label("Sprache").select_option("en")
    answered(page)


def simple_language(page: Page) -> None:
    page.get_by_label("Sprache").select_option("de-simple")
    answered(page)


def offline(page: Page) -> None:
    expect(page.locator("#message")).to_be_visible()
    page.context.set_offline(True)
    say(page, "Hundesteuer")
    expect(page.locator(".problem")).to_be_visible()


def error(page: Page) -> None:
    problem = {
        "type": "about:blank",
        "status": 500,
        "title": "Bei uns ist ein Fehler aufgetreten.",
        "detail": "Rufen Sie 115 an.",
    }
    page.route("**/messages", lambda route: route.fulfill(status=500, json=problem, content_type="application/problem+json"))
    say(page, "Hundesteuer")
    expect(page.locator(".problem")).to_contain_text("Nochmal senden")


def sending(page: Page) -> None:
    """The answer takes its time; a second message waits."""
    page.route("**/messages", lambda route: None)
    say(page, "Hundesteuer")
    say(page, "Hundesteuer Moosham")
    expect(page.locator(".typing")).to_be_visible()
    expect(page.locator(".pending")).to_be_visible()


def deleted(page: Page) -> None:
    answered(page)
    page.get_by_role("button", name="Mehr").click()
    page.get_by_role("button", name="Verlauf löschen").click()
    expect(page.locator("#status")).to_have_text("Alles gelöscht.")


def told(page: Page, *blocks: dict[str, Any], outcome: str = "handover", **more: Any) -> None:
    """The next answer holds these blocks, as the gateway would send them."""
    answer = {"id": 10**6, "client_message_id": "", "question": "?", "outcome": outcome, "author": "system", "author_name": ""}
    body = {**answer, **more, "blocks": list(blocks)}
    page.route("**/messages", lambda route: route.fulfill(json=body), times=1)
    answered(page)


def person(state: BlockState, key: str = "", **more: str) -> dict[str, Any]:
    """What the desk says."""
    office = "Steueramt der Stadt Ammerfeld"
    block = handover_block(state, "de", key or state, office=office, clerk=more.get("name", ""), minutes=3)
    return {**block, **more}


def person_offered(page: Page) -> None:
    told(page, person("offered"))
    expect(page.get_by_role("button", name="Ja, gern")).to_be_visible()


def person_waiting(page: Page) -> None:
    told(page, person("waiting"))
    expect(page.locator(".person-bar")).to_contain_text("Steueramt der Stadt Ammerfeld")


def person_there(page: Page) -> None:
    told(page, person("active", name="Frau Huber"))
    expect(page.locator(".person-bar-active")).to_contain_text("Sie schreiben jetzt mit Frau Huber · Steueramt")
    text = {"type": "text", "text": "Grüß Gott, wie kann ich helfen?", "tone": "plain"}
    told(page, text, id=10**6 + 1, author="clerk", author_name="Frau Huber", outcome="clerk")
    expect(page.locator(".answer-clerk")).to_be_visible()


def person_form(page: Page) -> None:
    told(page, person("form", expected="bis Montag"))
    page.get_by_role("button", name="Absenden").click()
    expect(page.get_by_label("Ihre Nachricht")).to_have_attribute("aria-invalid", "true")


def person_receipt(page: Page) -> None:
    told(page, person("closed", "left", reference="L-2026-7F3K9Q", expected="bis Montag"))
    expect(page.locator(".handover")).to_contain_text("L-2026-7F3K9Q")


def other_language(page: Page) -> None:
    told(
        page, {"type": "language_card", "language": "ar", "dir": "rtl", "text": "عذرا.", "phone": "115"}, outcome="other_language"
    )


def danger(page: Page) -> None:
    text = "Rufen Sie sofort an:\n112 – Feuerwehr\n110 – Polizei"
    told(page, {"type": "text", "tone": "urgent", "text": text}, outcome="crisis")


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """One window for all states, and the errors of its scripts: its cache saves half a second each time."""
    context = browser.new_context(**USUAL)
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page, errors
    context.close()


@pytest.fixture
def page(lotse: Gateway, window: tuple[Page, list[str]]) -> Iterator[Page]:
    """The window on a first visit."""
    page, errors = window
    page.context.set_offline(False)
    page.unroute_all(behavior="ignoreErrors")
    page.set_viewport_size(WIDE)
    if page.url.startswith(lotse.url):
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto(lotse.url)
    yield page
    assert errors == []


STATES = [
    first,
    answer,
    choice,
    choice_made,
    place,
    location,
    journey,
    feedback,
    feedback_sent,
    menu,
    english,
    simple_language,
    offline,
    error,
    sending,
    deleted,
    person_offered,
    person_waiting,
    person_there,
    person_form,
    person_receipt,
    other_language,
    danger,
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(state: Callable[[Page], None], page: Page) -> None:
    state(page)
    check(page, state.__name__)


PAGES = {
    "leistungen": "/leistungen",
    "leistungen-gesucht": "/leistungen?q=Hund",
    "leistung": "/leistungen/hundesteuer-anmelden?ort=Ammerfeld",
    "leistung-ohne-ort": "/leistungen/hundesteuer-anmelden",
    "leistung-englisch": "/leistungen/hundesteuer-anmelden?ort=Ammerfeld&sprache=en",
    "stelle": "/stellen/steueramt-gemeinde@ammerfeld",
    "lebenslagen": "/lebenslagen",
    "lebenslage": "/lebenslagen/gaststaette-eroeffnen?ort=Ammerfeld",
    "datenschutz": "/datenschutz",
    "barrierefreiheit": "/barrierefreiheit",
    "gibt-es-nicht": "/leistungen/gibt-es-nicht",
    "widget": "/widget",
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_public_pages(name: str, lotse: Gateway, page: Page) -> None:
    page.goto(lotse.url + PAGES[name])
    expect(page.locator("h1")).to_be_visible()
    check(page, f"seite-{name}")


def test_axe_finds_nothing_without_scripts(lotse: Gateway, page: Page) -> None:
    """The chat as a simple form: empty, with a question to choose from, with an answer, after feedback, and deleted."""
    page.goto(f"{lotse.url}/chat")  # axe-core itself needs scripts; these pages have none
    assert page.locator("script").count() == 0
    check(page, "chat-leer")
    page.get_by_label("Ihre Frage").fill("Ausweis in Ammerfeld")
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_role("button", name="Personalausweis beantragen")).to_be_visible()
    check(page, "chat-auswahl")
    page.get_by_role("button", name="Personalausweis beantragen").click()
    expect(page.get_by_text("Bürgerbüro der Stadt Ammerfeld").first).to_be_visible()
    check(page, "chat-antwort")


def test_at_four_hundred_percent_everything_is_in_reach(lotse: Gateway, open_page: OpenPage) -> None:
    """1280 x 1024 at 400 % leaves 320 x 256 CSS pixels (WCAG 2.2, 1.4.10)."""
    page = answered(open_page(lotse.url, viewport={"width": 320, "height": 256}, device_scale_factor=4))
    field = page.locator("#message")
    field.scroll_into_view_if_needed()
    field.fill("Ausweis in Ammerfeld")
    field.press("Enter")
    expect(page.locator(".choice").first).to_be_visible()
    assert page.locator(".composer").evaluate("element => getComputedStyle(element).position") == "static"
    assert page.locator("html").evaluate("element => element.scrollWidth") <= 320

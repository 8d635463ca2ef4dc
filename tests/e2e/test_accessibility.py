"""axe-core finds nothing: in every state of page and widget, light and dark, wide and 320 pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.browser import Gateway, OpenPage, say, screenshot
from tests.e2e.test_chat import answered

WIDE, NARROW = {"width": 1000, "height": 800}, {"width": 320, "height": 640}
AXE = Axe()


def faults(page: Page) -> list[str]:
    """Rule and element of each violation."""
    found: dict[str, Any] = AXE.run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def check(page: Page, name: str) -> None:
    """No violation: wide and light, then at 320 pixels light and dark; and nothing to scroll sideways there."""
    for size, scheme in ((WIDE, "light"), (NARROW, "light"), (NARROW, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert faults(page) == [], f"{name}, {scheme}, {size['width']} px"
        screenshot(page, f"{name}-{size['width']}-{scheme}", full=False)
    assert page.locator("html").evaluate("element => element.scrollWidth") <= 320, f"{name} is too wide"


def first(page: Page) -> None:
    expect(page.locator(".example").first).to_be_visible()


def answer(page: Page) -> None:
    answered(page)
    for fold in page.locator("summary").all():
        fold.click()
    expect(page.locator(".tools")).to_be_visible()


def choice(page: Page) -> None:
    answered(page, "Personalausweis Ammerfeld")
    expect(page.locator(".choice-hint").first).to_be_visible()


def place(page: Page) -> None:
    answered(page)
    answered(page, "Reisepass verloren in Ammerfeld")
    page.locator(".chip").click()
    expect(page.locator(".place-form")).to_be_visible()


def journey(page: Page) -> None:
    answered(page, "Ich eröffne ein Café")
    page.get_by_role("checkbox").first.check()


def feedback(page: Page) -> None:
    answered(page)
    page.get_by_role("button", name="Hilfreich", exact=True).click()
    expect(page.locator(".comment")).to_be_visible()


def menu(page: Page) -> None:
    answered(page)
    page.get_by_role("button", name="Mehr").click()
    expect(page.locator(".menu")).to_be_visible()


def english(page: Page) -> None:
    page.get_by_label("Sprache").select_option("en")
    answered(page)


def error(page: Page) -> None:
    expect(page.locator("#message")).to_be_visible()
    page.context.set_offline(True)
    say(page, "Hundesteuer")
    expect(page.locator(".problem")).to_be_visible()


def person(page: Page) -> None:
    """The states of a handover, as the gateway would send them."""
    blocks = [{"type": "handover", "office": "Steueramt", "reference": "", "expected": "", "text": "Bitte."} for _ in range(4)]
    for block, state in zip(blocks, ("offered", "waiting", "active", "form"), strict=True):
        block["state"] = state
    left = {**blocks[0], "state": "closed", "reference": "L-2026-ABCDEF", "expected": "bis Montag"}
    answer = {"id": 1, "client_message_id": "", "question": "?", "outcome": "handover", "author": "system"}
    clerk = {"type": "text", "text": "Guten Tag, hier ist Huber.", "tone": "plain"}
    page.route("**/messages", lambda route: route.fulfill(json={**answer, "blocks": [left, *blocks]}))
    answered(page)
    said = {**answer, "id": 2, "author": "clerk", "author_name": "Frau Huber", "outcome": "clerk", "blocks": [clerk]}
    page.unroute("**/messages")
    page.route("**/messages", lambda route: route.fulfill(json=said))
    say(page, "Guten Tag")
    expect(page.locator(".answer-clerk")).to_be_visible()


def card(page: Page) -> None:
    """A language Lotse does not speak, and danger."""
    blocks = [
        {"type": "language_card", "language": "ar", "dir": "rtl", "text": "عذرا.", "phone": "115"},
        {"type": "text", "tone": "urgent", "text": "Rufen Sie sofort an:\n112 – Feuerwehr\n110 – Polizei"},
    ]
    answer = {"id": 1, "client_message_id": "", "question": "?", "outcome": "crisis", "author": "bot", "blocks": blocks}
    page.route("**/messages", lambda route: route.fulfill(json=answer))
    answered(page)


STATES = [first, answer, choice, place, journey, feedback, menu, english, error, person, card]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(state: Callable[[Page], None], lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url)
    state(page)
    check(page, state.__name__)


def test_axe_finds_nothing_on_the_page_about_the_widget(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(f"{lotse.url}/widget")
    expect(page.locator(".launcher")).to_be_visible()
    check(page, "about-widget")


def test_at_four_hundred_percent_everything_is_in_reach(lotse: Gateway, open_page: OpenPage) -> None:
    """1280 x 1024 at 400 % leaves 320 x 256 CSS pixels (WCAG 2.2, 1.4.10)."""
    page = answered(open_page(lotse.url, viewport={"width": 320, "height": 256}, device_scale_factor=4))
    field = page.locator("#message")
    field.scroll_into_view_if_needed()
    field.fill("Personalausweis")
    field.press("Enter")
    expect(page.locator(".choice").first).to_be_visible()
    assert page.locator(".composer").evaluate("element => getComputedStyle(element).position") == "static"
    assert page.locator("html").evaluate("element => element.scrollWidth") <= 320

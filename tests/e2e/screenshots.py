"""Pictures of what a citizen sees, for the manuals: `make screenshots`. Not collected by itself; needs `LOTSE_SCREENSHOTS`."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.axe import NARROW
from tests.e2e.browser import Gateway, OpenPage, answered, screenshot
from tests.e2e.test_accessibility import choice, feedback, journey, offline, person_form, person_there

DESK: dict[str, Any] = {"viewport": {"width": 900, "height": 760}}


def quiet(page: Page) -> Page:
    """Without what was only needed to get there."""
    expect(page.locator(".typing")).to_have_count(0)
    page.wait_for_timeout(200)
    return page


def test_first_visit(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, **DESK)
    expect(page.locator(".example").first).to_be_visible()
    screenshot(page, "first-visit", full=False)
    page.set_viewport_size(NARROW)
    screenshot(page, "320px-first-visit", full=False)


def test_answer_card(lotse: Gateway, open_page: OpenPage) -> None:
    page = quiet(answered(open_page(lotse.url, **DESK)))
    expect(page.locator(".tools")).to_be_visible()
    page.get_by_text("Warum diese Stelle?").first.click()
    page.evaluate("scrollTo(0, 0)")
    page.set_viewport_size({"width": 900, "height": 1250})
    screenshot(page, "answer-card", full=False)
    page.emulate_media(color_scheme="dark")
    screenshot(page, "dark", full=False)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 320, "height": 1500})
    page.evaluate("scrollTo(0, 0)")
    screenshot(page, "320px", full=False)


def test_print(lotse: Gateway, open_page: OpenPage) -> None:
    page = quiet(answered(open_page(lotse.url, viewport={"width": 794, "height": 1123})))
    page.emulate_media(media="print")
    page.evaluate("scrollTo(0, 0)")
    screenshot(page, "print", full=False)


def test_choice(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, **DESK)
    choice(page)
    screenshot(quiet(page), "choice", full=False)


def test_journey(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, viewport={"width": 900, "height": 1200})
    journey(page)
    screenshot(quiet(page), "journey", full=False)


def test_handover(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, **DESK)
    person_there(page)
    screenshot(quiet(page), "handover", full=False)
    other = open_page(lotse.url, viewport={"width": 900, "height": 900})
    person_form(other)
    screenshot(quiet(other), "handover-form", full=False)


def test_error(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, **DESK)
    offline(page)
    screenshot(page, "error", full=False)


def test_feedback(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, **DESK)
    feedback(page)
    screenshot(page, "feedback", full=False)


def test_public_pages(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(f"{lotse.url}/leistungen/hundesteuer-anmelden?ort=Ammerfeld", viewport={"width": 900, "height": 1100})
    screenshot(page, "service-page", full=False)
    page.goto(f"{lotse.url}/stellen/steueramt-gemeinde@ammerfeld")
    screenshot(page, "office-page", full=False)

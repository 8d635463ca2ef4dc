"""The page in a real Chromium, against a served Lotse with a trained worker."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.served import ROOT, Served, serve

CHROMIUM = os.environ.get("LOTSE_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = ROOT / "var" / "screenshots"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("page")) as running:
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page(locale="de-DE")
        browser.close()


def test_a_citizen_asks_gets_a_card_and_a_choice(served: Served, page: Page) -> None:
    outside: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: outside.append(request.url) if not request.url.startswith(served.url) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(served.url)
    page.fill("#message", "ich zieh nächsten monat nach Pfarrhausen, wo muss ich da hin")
    page.press("#message", "Enter")
    card = page.locator(".office-card").first
    expect(card).to_contain_text("Bürgerbüro der VG Moosham", timeout=30_000)
    card.get_by_text("Warum diese Stelle?").click()
    expect(card).to_contain_text("Moosham, Pfarrhausen und Unterseeham gehören zur Verwaltungsgemeinschaft")
    page.fill("#message", "Schlagloch melden")
    page.click("#send")
    page.locator(".choice", has_text="Kreisstraße").click()
    expect(page.locator(".office-card", has_text="Kreisstraßenmeisterei").first).to_be_visible(timeout=15_000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "conversation.png", full_page=True)
    assert (SCREENSHOTS / "conversation.png").stat().st_size > 20_000
    page.reload()
    expect(page.locator(".office-card", has_text="Bürgerbüro der VG Moosham").first).to_be_visible(timeout=15_000)
    assert outside == []
    assert errors == []


def test_markup_in_a_question_stays_text(served: Served, page: Page) -> None:
    page.goto(served.url)
    page.fill("#message", "<img src=x onerror=\"document.title='gekapert'\"> Reisepass")
    page.click("#send")
    expect(page.locator("#log")).to_contain_text("<img src=x")
    expect(page).not_to_have_title("gekapert")


def test_the_page_fits_a_small_screen(served: Served, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(served.url)
    page.fill("#message", "Personalausweis verlängern")
    page.click("#send")
    expect(page.locator(".choice").first).to_be_visible(timeout=30_000)
    width = page.locator("html").evaluate("element => element.scrollWidth")
    assert width <= 320

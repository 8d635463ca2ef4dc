"""The page in a real Chromium, against a served Lotse with a trained worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import OpenPage, say, screenshot
from tests.served import Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("page")) as running:
        yield running


def test_a_citizen_asks_gets_a_card_and_a_choice(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.url)
    say(page, "ich zieh nächsten monat nach Pfarrhausen, wo muss ich da hin")
    card = page.locator(".office-card").first
    expect(card).to_contain_text("Bürgerbüro der VG Moosham", timeout=30_000)
    card.get_by_text("Warum diese Stelle?").click()
    expect(card).to_contain_text("Moosham, Pfarrhausen und Unterseeham gehören zur Verwaltungsgemeinschaft")
    page.fill("#message", "Schlagloch melden")
    page.click("#send")
    page.locator(".choice", has_text="Kreisstraße").click()
    expect(page.locator(".office-card", has_text="Kreisstraßenmeisterei").first).to_be_visible(timeout=15_000)
    screenshot(page, "conversation")
    page.reload()
    expect(page.locator(".office-card", has_text="Bürgerbüro der VG Moosham").first).to_be_visible(timeout=15_000)


def test_starting_over_forgets_the_matter(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.url)
    say(page, "Schlagloch melden")
    expect(page.locator(".choice").first).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Mehr").click()
    page.get_by_role("button", name="Neu beginnen").click()
    expect(page.locator(".exchange").last.locator(".answer")).to_contain_text("Worum geht es?", timeout=15_000)
    expect(page.locator(".choice:not([aria-disabled])")).to_have_count(0)

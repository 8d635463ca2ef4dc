"""The widget on a municipal site of another origin, under a strict Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bot.channels.web.assets import policy, snippet
from tests.e2e.axe import NARROW, check
from tests.e2e.browser import Gateway, OpenPage, answered, screenshot
from tests.e2e.foreign import foreign_site


@pytest.fixture(scope="module")
def site(lotse: Gateway) -> Iterator[str]:
    with foreign_site(snippet(lotse.url), policy(lotse.url)) as url:
        yield url


@pytest.fixture
def page(site: str, open_page: OpenPage) -> Iterator[Page]:
    """The foreign page; whatever its policy refuses fails the test."""
    refused: list[str] = []
    opened = open_page("about:blank")
    opened.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    opened.goto(site)
    yield opened
    assert refused == []


def opened(page: Page) -> Page:
    page.get_by_role("button", name="Fragen Sie Lotse").click()
    expect(page.locator("#message")).to_be_focused()
    return page


def test_nothing_is_stored_or_fetched_before_somebody_opens_it(lotse: Gateway, page: Page) -> None:
    expect(page.locator(".launcher")).to_be_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert (
        page.evaluate(f"performance.getEntriesByType('resource').filter((each) => each.name.startsWith('{lotse.url}')).length")
        == 1
    )
    assert page.context.cookies() == []
    screenshot(page, "widget-closed", full=False)


def test_a_citizen_asks_in_the_widget(page: Page) -> None:
    answered(opened(page))
    expect(page.locator(".office-card").first).to_contain_text("Steueramt der Stadt Ammerfeld")
    screenshot(page, "widget", full=False)
    size = page.locator("#message").evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    assert size >= 16, "the site's 62.5 % shrinks the widget"
    answered(page, "Ausweis in Ammerfeld")
    page.locator(".choice").first.click()
    expect(page.locator(".exchange")).to_have_count(3)
    page.reload()
    opened(page)
    expect(page.locator(".exchange")).to_have_count(3)
    assert page.context.cookies() == []


def test_the_keyboard_opens_leaves_and_closes_it(page: Page) -> None:
    launcher = page.get_by_role("button", name="Fragen Sie Lotse")
    launcher.press("Enter")
    expect(page.locator("#message")).to_be_focused()
    expect(page.get_by_role("dialog", name="Lotse")).to_be_visible()
    page.get_by_role("button", name="Mehr").press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(launcher).to_be_focused()
    expect(launcher).to_have_attribute("aria-expanded", "false")
    page.get_by_role("link", name="Rathaus").focus()
    expect(page.get_by_role("link", name="Rathaus")).to_be_focused()


def test_it_fills_a_small_screen_and_keeps_the_focus_inside(page: Page) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    answered(opened(page))
    assert page.locator(".dialog").evaluate("element => element.matches(':modal')")
    box = page.locator(".dialog").bounding_box()
    assert box and (box["width"], box["height"]) == (320, 640)
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(page.locator(".answer")).to_be_visible()
    assert not page.locator(".dialog").evaluate("element => element.matches(':modal')")


def test_a_closed_widget_is_silent_and_counts(lotse: Gateway, page: Page) -> None:
    answered(opened(page))
    page.get_by_role("button", name="Schließen").click()
    conversations = lotse.stores.conversations
    newest = max(conversations.newest(0))
    block = {"type": "text", "text": "Noch etwas.", "tone": "plain"}
    conversations.post(newest, {"outcome": "clerk", "author": "clerk", "author_name": "Frau Huber", "blocks": [block]})
    expect(page.locator(".unread")).to_have_text("1")
    expect(page.locator(".launcher")).to_have_accessible_name("Fragen Sie Lotse, 1 neue Nachricht")
    expect(page.locator("#log")).to_be_hidden()
    page.locator(".launcher").click()
    expect(page.locator(".answer-clerk")).to_be_visible()
    expect(page.locator(".unread")).to_be_hidden()


def test_axe_finds_nothing_in_the_widget(page: Page) -> None:
    check(page, "widget-closed-state")
    answered(opened(page))
    expect(page.locator(".tools")).to_be_visible()
    check(page, "widget-answer")


def test_printing_takes_the_conversation_alone(page: Page) -> None:
    page.evaluate("""() => {
      window.paper = "";
      new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => {
        if (node.tagName === "IFRAME") node.contentWindow.print = () => (window.paper = node.contentDocument.body.innerText);
      }))).observe(document.body, {childList: true});
      const append = document.body.append.bind(document.body);
      document.body.append = (node) => { append(node); if (node.contentWindow) node.contentWindow.print = () => {
        window.paper = node.contentDocument.body.innerText; }; };
    }""")
    answered(opened(page))
    page.get_by_role("button", name="Mehr").click()
    page.get_by_role("button", name="Drucken").click()
    paper = page.evaluate("window.paper")
    assert "Steueramt der Stadt Ammerfeld" in paper
    assert "Willkommen auf der Seite" not in paper
    assert "Worum geht es?" not in paper


def test_a_site_can_fit_it_to_itself(lotse: Gateway, open_page: OpenPage) -> None:
    own = 'data-language="en" data-color="#ffd500" data-position="left" data-theme="dark" data-open="true"'
    lines = snippet(lotse.url).replace("crossorigin", f'crossorigin {own} data-label="Ask the county" data-examples="One|Two"')
    with foreign_site(lines, policy(lotse.url)) as url:
        page = open_page(url)
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.get_by_role("button", name="Ask the county")).to_be_visible()
        assert page.evaluate("document.activeElement === document.body"), "the focus belongs to the site"
        assert page.locator(".example").all_inner_texts() == ["One", "Two"]
        assert page.locator(".head").evaluate("element => getComputedStyle(element).color") == "rgb(0, 0, 0)"
        assert page.locator(".dialog").evaluate("element => getComputedStyle(element).backgroundColor") == "rgb(15, 24, 27)"
        box = page.locator(".launcher").bounding_box()
        assert box and box["x"] < 100
        screenshot(page, "widget-fitted", full=False)


def test_a_changed_file_is_refused_by_the_browser(lotse: Gateway, open_page: OpenPage) -> None:
    lines = snippet(lotse.url).replace("sha384-", "sha384-AAAA")
    with foreign_site(lines, policy(lotse.url)) as url:
        page = open_page(url)
        page.wait_for_load_state("networkidle")
        assert page.locator("lotse-chat").count() == 0

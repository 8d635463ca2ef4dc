"""A citizen without a mouse: Tab, Enter, arrows and Escape from the question to a new chat. The focus is always somewhere, is
seen, and is not hidden behind what sticks to the screen (WCAG 2.2: 2.1.1, 2.4.3, 2.4.7, 2.4.11).
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import NARROW, WIDE
from tests.e2e.browser import Gateway, OpenPage

_FOCUS = """() => {
  const here = document.activeElement;
  const style = getComputedStyle(here);
  const label = here.labels?.[0]?.textContent ?? "";
  const box = here.getBoundingClientRect();
  const points = [0.1, 0.5, 0.9].flatMap((x) => [0.2, 0.5, 0.8].map((y) => [box.left + x * box.width, box.top + y * box.height]));
  const shown = points.filter(([x, y]) => { const top = document.elementFromPoint(x, y);
    return top && (here.contains(top) || top.contains(here)); });
  return {
    tag: here.tagName,
    name: (here.getAttribute("aria-label") ?? (label || here.textContent)).trim(),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    shown: shown.length > 0,
  };
}"""


class Keyboard:
    """Presses keys, and looks where the focus is after each."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def here(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(_FOCUS)
        return found

    def press(self, key: str, scrolls: bool = False) -> str:
        """The name of what has the focus then. `scrolls`: the page may move on to an answer, away from what was pressed."""
        before = self.here()["name"]
        self.page.keyboard.press(key)
        here = self.here()
        assert here["tag"] not in ("BODY", "HTML"), f"the focus is lost after {key} on {before}"
        assert here["outlined"], f"the focus on {here['name']} cannot be seen"
        assert here["shown"] or scrolls, f"{here['name']} has the focus and is hidden"
        return str(here["name"])

    def to(self, name: str, key: str = "Tab", most: int = 40) -> None:
        passed = []
        for _ in range(most):
            passed.append(self.press(key))
            if name in passed[-1]:
                return
        raise AssertionError(f"{name} cannot be reached, only {passed}")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "320"])
def test_from_the_question_to_a_new_chat(lotse: Gateway, open_page: OpenPage, size: Any) -> None:
    page = open_page(lotse.url, viewport=size)
    expect(page.locator("#message")).to_be_visible()
    keys = Keyboard(page)
    assert keys.press("Tab") == "Zum Inhalt"
    keys.to("Sprache", most=2)
    keys.press("ArrowDown")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    keys.press("ArrowUp")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    keys.to("Ihre Frage")
    page.keyboard.type("Ausweis in Ammerfeld")
    keys.press("Enter")
    expect(page.locator(".choice").first).to_be_visible()
    expect(page.locator("#message")).to_be_focused()

    keys.to("Personalausweis beantragen", "Shift+Tab")
    keys.press("Enter", scrolls=True)
    expect(page.locator(".office-card").first).to_be_visible()
    assert "Personalausweis beantragen" in keys.here()["name"], "the focus stays where it was pressed"
    keys.to("Warum diese Stelle?")
    keys.press("Enter")
    expect(page.locator(".why p").first).to_be_visible()

    expect(page.locator(".tools").last).to_be_visible()
    keys.to("Hilfreich")
    keys.press("Enter")
    expect(page.locator(".tools-said").last).to_contain_text("Danke")
    keys.to("Das stimmt nicht")
    keys.press("Enter")
    expect(page.get_by_label("Was stimmt nicht?")).to_be_focused()
    page.keyboard.type("Die Uhrzeit")
    keys.to("Absenden", most=1)
    keys.press("Enter")
    expect(page.locator(".tools-said").last).to_contain_text("Fachleute")
    expect(page.get_by_role("button", name="Das stimmt nicht")).to_be_focused()

    keys.to("Mehr", "Shift+Tab", 60)
    keys.press("Enter")
    expect(page.get_by_role("button", name="Mit einem Menschen sprechen")).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("button", name="Mehr")).to_be_focused()
    keys.press("Enter")
    keys.to("Neu beginnen", most=3)
    keys.press("Enter")
    expect(page.locator("#message")).to_be_focused()
    expect(page.locator(".exchange").last.locator(".answer")).to_be_visible()
    keys.to("Mehr", "Shift+Tab", 60)
    keys.press("Enter")
    keys.to("Verlauf löschen", most=4)
    keys.press("Enter")
    expect(page.locator("#status")).to_have_text("Alles gelöscht.")
    expect(page.locator("#message")).to_be_focused()

"""axe-core on a page: every rule of its default and the size of targets; in light and dark, wide and at 320 pixels."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.e2e.browser import screenshot

WIDE: Any = {"width": 1000, "height": 800}
NARROW: Any = {"width": 320, "height": 640}
LOOKS: tuple[tuple[Any, Any], ...] = ((WIDE, "light"), (WIDE, "dark"), (NARROW, "dark"), (NARROW, "light"))
_RUN = """async () => {
  const found = await axe.run({resultTypes: ["violations"], rules: {"target-size": {enabled: true}}});
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary}`));
}"""


def faults(page: Page) -> list[str]:
    """Rule and element of each violation. The script of axe-core is brought in once a document."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_RUN)
    return found


def check(page: Page, name: str) -> None:
    """No violation however the page is looked at, and nothing to scroll sideways. Ends at 320 pixels."""
    for size, scheme in LOOKS:
        if page.viewport_size != size:
            page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == [], f"{name}, {scheme}, {size['width']} px"
        if size is NARROW:
            assert page.locator("html").evaluate("element => element.scrollWidth") <= 320, f"{name} is too wide"
        screenshot(page, f"{name}-{size['width']}-{scheme}", full=False)

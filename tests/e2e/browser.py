"""What the browser tests stand on: a gateway in a thread that can be stopped, and small steps of a visitor."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Page, expect

from actions.turn import Reply
from bot.bootstrap import Stores, gateway, open_stores
from bot.commands.serve import Server
from bot.engine.port import TurnRequest, TurnResult
from bot.settings import Settings
from knowledge.responsibility import Choice
from tests.integration.wiring import ObservedEngine

CHROMIUM = os.environ.get("LOTSE_CHROMIUM", "/usr/bin/chromium")
OpenPage = Callable[..., Page]
AMMERFELD = "091990112112"
CARDS = (
    Choice("personalausweis-beantragen", "Personalausweis beantragen"),
    Choice("reisepass-beantragen", "Reisepass beantragen"),
    Choice("ausweis-verlust-melden", "Verlust oder Diebstahl des Ausweises melden"),
)
QUESTION = "Hundesteuer Ammerfeld"
USUAL: dict[str, Any] = {"locale": "de-DE", "viewport": {"width": 1000, "height": 800}, "reduced_motion": "reduce"}
"""Without motion a browser need not wait for things to come to rest."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class ScriptedEngine(ObservedEngine):
    """The keyword engine; a text that holds a word of `replies` gets that reply."""

    def __init__(self) -> None:
        super().__init__()
        self.replies = {
            "Café": Reply("journey", topic="gaststaette-eroeffnen", places=(AMMERFELD,)),
            "Ausweis in Ammerfeld": Reply("choices", choices=CARDS, places=(AMMERFELD,)),
        }

    async def respond(self, request: TurnRequest) -> TurnResult:
        for word, reply in self.replies.items():
            if word in request.text:
                self.asked.append(request.text)
                return TurnResult(reply, request.state | {"places": list(reply.places)}, (), "scripted", {})
        return await super().respond(request)


@dataclass
class Gateway:
    """A gateway on a port of its own that can be stopped and started again."""

    settings: Settings
    stores: Stores
    engine: ScriptedEngine
    port: int
    server: Server | None = None
    thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        app = gateway(self.settings, self.stores, self.engine)
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error", timeout_graceful_shutdown=2)
        self.server = Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        until = time.monotonic() + 20
        while not self.server.started:
            assert self.thread.is_alive() and time.monotonic() < until, "the gateway did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        assert self.server and self.thread
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(settings: Settings, **more: Any) -> Iterator[Gateway]:
    stores = open_stores(settings)
    served = Gateway(replace(settings, **more), stores, ScriptedEngine(), free_port())
    served.start()
    try:
        yield served
    finally:
        served.stop()
        stores.engine.dispose()


def say(page: Page, text: str) -> None:
    """Type a message and press Enter."""
    page.fill("#message", text)
    page.press("#message", "Enter")


def answered(page: Page, question: str = QUESTION) -> Page:
    """A page with the answer to a question on it."""
    say(page, question)
    expect(page.locator(".exchange").last.locator(".answer")).to_be_visible()
    return page


def screenshot(page: Page, name: str, folder: Path | None = None, full: bool = True) -> None:
    """Keep a picture of a state, for people to look at, where the environment names a folder for them."""
    wanted = folder or os.environ.get("LOTSE_SCREENSHOTS")
    if not wanted:
        return
    target = Path(wanted)
    target.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target / f"{name}.png", full_page=full)

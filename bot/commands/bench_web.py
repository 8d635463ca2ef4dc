"""`lotse bench --web`: what people wait for in the browser, and many open chats at one gateway.

Measured in Chromium through Playwright, which belongs to the development environment, against `lotse serve` with a trained
worker on the same machine.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from bot.cli import UsageError
from bot.commands.bench import children, resident_mb, served
from bot.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHATS = 200
_PATIENCE_S = 180.0
_LOADS = 9
_ASKED = 120
_TALK = 8
"""Questions of one conversation, before a new one begins."""
_MESSAGES_PER_S = 10
_SECONDS = 30
_RTT_MS, _DOWN_BIT_S, _UP_BIT_S = 150, 1_600_000, 750_000
"""„3G“ as browsers' tools for developers simulate it."""
_QUESTIONS = (
    "Hundesteuer anmelden in Ammerfeld",
    "Wo bekomme ich in Moosham einen Personalausweis?",
    "Gewerbe anmelden in Lindenau",
    "Wohnung ummelden nach Pfarrhausen",
    "Führerschein umtauschen in Grünsee",
    "Sperrmüll abholen lassen in Hohenreut",
    "Wohngeld beantragen in Ammerfeld",
    "Geburtsurkunde bestellen in Lindenau",
)
_USABLE = """new MutationObserver((_, observer) => {
  if (!document.querySelector("html.ready .example")) return;
  observer.disconnect();
  requestAnimationFrame(() => { const after = new MessageChannel();
    after.port1.onmessage = () => (window.usable = performance.now());
    after.port2.postMessage(0); });
}).observe(document, {subtree: true, childList: true, attributes: true});"""
"""After the frame in which the field and the examples are there."""
_ANSWERED = """() => {
  window.times = [];
  let began = 0;
  addEventListener("keydown", (event) => { if (event.key === "Enter") began = performance.now(); }, true);
  new MutationObserver(() => {
    if (!began || !document.querySelector(".exchange:last-child > .answer")) return;
    const from = began;
    began = 0;
    requestAnimationFrame(() => { const after = new MessageChannel();
      after.port1.onmessage = () => { window.times.push(performance.now() - from); window.shown(); };
      after.port2.postMessage(0); });
  }).observe(document.getElementById("log"), {subtree: true, childList: true});
}"""
"""From the key press to the end of the first frame that shows the answer."""


def bench_web_command(settings: Settings) -> int:
    """Measure and print a Markdown table; exit code 0. Raises `UsageError` when Chromium or a model is missing."""
    if settings.newest_model() is None:
        raise UsageError("Es gibt noch kein Sprachmodell, bitte zuerst „lotse train“ aufrufen.")
    with _chromium():
        pass  # before anything that takes long
    with tempfile.TemporaryDirectory() as folder, served(settings, Path(folder)) as (url, process):
        _wait_ready(url)
        with _chromium() as browser:
            rows = _page_loads(browser, url) | _answers(browser, url)
        rows |= asyncio.run(_many_chats(url, process.pid))
    print(f"{os.cpu_count()} Kerne; Browser, Gateway und ein Worker auf demselben Rechner\n")
    print("| | gemessen | Ziel |\n|---|---|---|")
    for name, (value, target) in rows.items():
        print(f"| {name} | {value} | {target} |")
    return 0


Rows = dict[str, tuple[str, str]]


@contextmanager
def _chromium() -> Iterator[Browser]:
    """Raises `UsageError` when Playwright or the browser is missing."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise UsageError("Playwright fehlt. Bitte „make environments“ aufrufen.") from None
    path = os.environ.get("LOTSE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        except Error:
            raise UsageError(
                "Chromium lässt sich nicht starten. Bitte „make test-tools“ aufrufen oder mit LOTSE_CHROMIUM sagen, wo es liegt."
            ) from None
        yield browser


def _wait_ready(url: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while httpx.get(f"{url}/readyz").status_code != 200:
        if time.monotonic() > until:
            raise UsageError("Das Sprachmodell ist nicht rechtzeitig bereit geworden.")
        time.sleep(0.2)


# --- the page


def _page_loads(browser: Browser, url: str) -> Rows:
    """A first visit over a slow network, nothing in the cache."""
    loads = [_page_load(browser, url) for _ in range(_LOADS)][1:]  # the first one warms up the browser itself
    usable = statistics.median(each.usable for each in loads)
    last = loads[-1]
    network = f"{_RTT_MS} ms RTT, {_DOWN_BIT_S / 1e6:g} Mbit/s ab, {_UP_BIT_S // 1000} kbit/s auf"
    return {
        f"Erster Besuch über 3G ({network}): bedienbar nach (Median von {len(loads)})": (f"{usable / 1000:.2f} s", "< 1 s"),
        "langsamster davon": (f"{max(each.usable for each in loads) / 1000:.2f} s", ""),
        "dafür geladen": (f"{last.requests} Dateien, {last.received / 1000:.1f} kB", ""),
    }


@dataclass
class _Load:
    usable: float = 0.0
    requests: int = 0
    received: float = 0.0


def _page_load(browser: Browser, url: str) -> _Load:
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    load = _Load()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    limits = {"downloadThroughput": _DOWN_BIT_S / 8, "uploadThroughput": _UP_BIT_S / 8}
    network.send("Network.emulateNetworkConditions", {"offline": False, "latency": _RTT_MS, **limits})

    def finished(event: dict[str, Any]) -> None:
        load.requests += 1
        load.received += event["encodedDataLength"]

    network.on("Network.loadingFinished", finished)
    page.add_init_script(_USABLE)
    page.goto(url)
    page.wait_for_function("window.usable")
    load.usable = page.evaluate("window.usable")
    context.close()
    return load


def _answers(browser: Browser, url: str) -> Rows:
    """A question typed on the own machine, from Enter to the card on the screen."""
    times: list[float] = []
    questions = itertools.cycle(_QUESTIONS)
    for _ in range(_ASKED // _TALK + 1):
        times += _talk(browser, url, questions)
    times = times[_TALK:]  # the first conversation warms up
    return {
        f"Antwort auf demselben Rechner, von Enter bis zur Karte auf dem Schirm: p50 ({len(times)} Fragen)": (
            f"{statistics.median(times):.0f} ms",
            "< 60 ms",
        ),
        "p99": (f"{statistics.quantiles(times, n=100)[98]:.0f} ms", ""),
    }


def _talk(browser: Browser, url: str, questions: Iterator[str]) -> list[float]:
    context = browser.new_context(locale="de-DE", reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".example")
    page.evaluate(_ANSWERED)
    for _ in range(_TALK):
        _ask(page, next(questions))
    times: list[float] = page.evaluate("window.times")
    context.close()
    return times


def _ask(page: Page, text: str) -> None:
    page.fill("#message", text)
    page.evaluate("() => { window.coming = new Promise((resolve) => (window.shown = resolve)); }")
    page.press("#message", "Enter")
    page.evaluate("() => window.coming")  # looking for it in every frame would cost frames
    page.wait_for_timeout(50)  # what comes after the answer, such as its buttons


# --- many chats


@dataclass
class _Chat:
    """One open chat: its stream, and when which answer came through it."""

    url: str
    heard: dict[str, float] = field(default_factory=dict)
    twice: int = 0

    async def listen(self, client: httpx.AsyncClient, opened: asyncio.Event) -> None:
        async with client.stream("GET", f"{self.url}/events", timeout=None) as stream:
            stream.raise_for_status()
            opened.set()
            kind = ""
            async for line in stream.aiter_lines():
                if line.startswith("event:"):
                    kind = line.removeprefix("event:").strip()
                elif line.startswith("data:") and kind == "answer":
                    message = json.loads(line.removeprefix("data:"))["client_message_id"]
                    self.twice += message in self.heard
                    self.heard[message] = time.perf_counter()


async def _many_chats(url: str, pid: int) -> Rows:
    """All chats listen, and one of them after the other asks, at an even pace."""
    unlimited = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, limits=unlimited, timeout=60) as client:
        alone = resident_mb(pid)
        chats, listening = await _opened(client)
        before = resident_mb(pid)
        posted, took = await _asked(client, chats)
        await asyncio.sleep(2)
        heard = [chat.heard[message] - began for chat, message, began in posted if message in chat.heard]
        after = resident_mb(pid)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    missing, twice = len(posted) - len(heard), sum(chat.twice for chat in chats)
    told = [each * 1000 for each in heard]
    name = f"{CHATS} offene Chats (SSE), {_MESSAGES_PER_S} Nachrichten/s"
    return {
        f"{name}: Antwort auf die Anfrage p50 / p99": (_both(took), ""),
        f"{name}: Antwort im Ereignisstrom p50 / p99": (_both(told), ""),
        "davon verloren / doppelt": (f"{missing} / {twice} von {len(posted)}", "0 / 0"),
        "Arbeitsspeicher Gateway ohne / mit offenen Chats / danach": (f"{alone} / {before} / {after} MB", ""),
        "Arbeitsspeicher Worker": (f"{sum(map(resident_mb, children(pid)))} MB", ""),
    }


async def _opened(client: httpx.AsyncClient) -> tuple[list[_Chat], list[asyncio.Task[None]]]:
    chats, tasks = [], []
    for _ in range(CHATS):
        token = (await client.post("/api/v1/conversations")).json()["conversation"]
        chat, opened = _Chat(f"/api/v1/conversations/{token}"), asyncio.Event()
        task = asyncio.create_task(chat.listen(client, opened))
        await asyncio.wait_for(opened.wait(), 30)
        chats.append(chat)
        tasks.append(task)
    return chats, tasks


async def _asked(client: httpx.AsyncClient, chats: list[_Chat]) -> tuple[list[tuple[_Chat, str, float]], list[float]]:
    posted: list[tuple[_Chat, str, float]] = []
    took: list[float] = []

    async def ask(chat: _Chat, message: str, text: str) -> None:
        began = time.perf_counter()
        posted.append((chat, message, began))
        response = await client.post(f"{chat.url}/messages", json={"client_message_id": message, "text": text})
        response.raise_for_status()
        took.append((time.perf_counter() - began) * 1000)

    tasks = []
    start = time.perf_counter()
    for number in range(_MESSAGES_PER_S * _SECONDS):
        await asyncio.sleep(max(0.0, start + number / _MESSAGES_PER_S - time.perf_counter()))
        job = ask(chats[number % len(chats)], f"m{number}", _QUESTIONS[number % len(_QUESTIONS)])
        tasks.append(asyncio.create_task(job))
    await asyncio.gather(*tasks)
    return posted, took


def _both(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} / {statistics.quantiles(times, n=100)[98]:.0f} ms"

"""Stand-ins for other systems over HTTP: Zammad, as its REST API is documented, and a receiver of webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "secret-token"


@dataclass
class Seen:
    """What a stand-in was asked for. `lose` answers so many requests, after having done them, with nothing at all."""

    url: str = ""
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    groups: tuple[str, ...] = ("Users", "Steueramt")
    status: int = 0
    lose: int = 0


class _Handler(BaseHTTPRequestHandler):
    seen: Seen

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.requests.append((self.command, self.path, headers, body))
        status, answer = (self.seen.status, {"error": "told to fail"}) if self.seen.status else self.answer(headers, body)
        if self.seen.lose:
            self.seen.lose -= 1
            self.close_connection = True
            return
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        return 200, {}

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


class _Zammad(_Handler):
    """POST /api/v1/tickets and GET /api/v1/tickets/search, with the checks Zammad makes."""

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if headers.get("authorization") != f"Token token={TOKEN}":
            return 401, {"error": "Invalid token"}
        url = urlsplit(self.path)
        if self.command == "POST" and url.path == "/api/v1/tickets":
            return self._create(headers, body)
        if self.command == "GET" and url.path == "/api/v1/tickets/search":
            return 200, self._search(parse_qs(url.query)["query"][0].strip('"'))
        return 404, {"error": "No route matches"}

    def _create(self, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        given = json.loads(body)
        article = given.get("article") or {}
        if headers.get("content-type") != "application/json" or not given.get("title") or not article.get("body"):
            return 422, {"error": 'Need at least article: { body: "some text" }'}
        if given.get("group") not in self.seen.groups:
            return 422, {"error": "No lookup value found for 'group'"}
        if not str(given.get("customer_id", "")).startswith("guess:") or "@" not in given["customer_id"]:
            return 422, {"error": "Missing required value for field 'customer_id'!"}
        number = len(self.seen.tickets) + 19
        made = {
            "id": number,
            "group_id": self.seen.groups.index(given["group"]) + 1,
            "priority_id": 2,
            "state_id": 1,
            "number": f"220{number}",
            "title": given["title"],
            "owner_id": 1,
            "customer_id": 10,
            "article_count": 1,
            "article_ids": [30],
        }
        self.seen.tickets.append({**made, "given": given})
        return 201, made

    def _search(self, words: str) -> dict[str, Any]:
        found = {
            str(each["id"]): {key: value for key, value in each.items() if key != "given"}
            for each in self.seen.tickets
            if words in each["title"]
        }
        return {"tickets": [int(id) for id in found], "tickets_count": len(found), "assets": {"Ticket": found}}


@contextmanager
def zammad() -> Iterator[Seen]:
    with _serving(_Zammad) as seen:
        yield seen


@contextmanager
def webhook_receiver() -> Iterator[Seen]:
    with _serving(_Handler) as seen:
        yield seen


@contextmanager
def _serving(kind: type[_Handler]) -> Iterator[Seen]:
    seen = Seen()
    handler = type("Handler", (kind,), {"seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    seen.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

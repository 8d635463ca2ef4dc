"""A municipal site on another origin, with a strict Content-Security-Policy and a style of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PAGE = """<!doctype html>
<html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gemeinde Grünsee</title><link rel="stylesheet" href="/site.css"></head>
<body><header><h1>Gemeinde Grünsee</h1><nav aria-label="Haupt"><a href="#rathaus">Rathaus</a></nav></header>
<main id="rathaus"><h2>Rathaus</h2><p>Willkommen auf der Seite der Gemeinde Grünsee.</p><p>{text}</p></main>
{snippet}</body></html>"""
_STYLE = """html { font-size: 62.5% } body { font: 1.6rem/1.5 Georgia, serif; margin: 2rem; max-width: 60rem; color: #222 }
h2 { color: #a00; text-transform: uppercase } button { background: #a00 !important; border-radius: 0 } p { margin: 3rem 0 }"""


@contextmanager
def foreign_site(snippet: str, policy: str) -> Iterator[str]:
    """Serve a page that holds the snippet; `policy` is what the site allows beside its own styles. Gives the address."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            styles = self.path == "/site.css"
            body = (_STYLE if styles else _PAGE.format(snippet=snippet, text="Sie erreichen uns im Rathaus. " * 60)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/css" if styles else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header(
                "Content-Security-Policy",
                f"default-src 'none'; style-src 'self'; {policy}; base-uri 'none'; require-trusted-types-for 'script'",
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("localhost", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

"""Applications served as they are in earnest: a real server on a free port, in a thread of the tests."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def serve_in_thread(app: ASGIApp, kind: type[uvicorn.Server] = uvicorn.Server) -> Iterator[str]:
    """The URL of a server of this kind; it has ended in order when the context is left."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = kind(uvicorn.Config(app, log_config=None, log_level="critical", timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until, "the server does not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the server does not end"

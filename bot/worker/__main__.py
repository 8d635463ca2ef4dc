"""`python -m bot.worker --model FILE --socket PATH`: serve turns until the parent ends."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time

from bot.worker.quiet import be_quiet

be_quiet()

import uvicorn  # noqa: E402

from bot.worker.server import Worker, create_app  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="lotse-worker")
    parser.add_argument("--model", required=True)
    parser.add_argument("--socket", required=True, help="path of the Unix socket to listen on")
    options = parser.parse_args()
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    uvicorn.run(create_app(Worker(options.model)), uds=options.socket, ws="none", log_level="warning", access_log=False)


def _end_with_parent(parent: int) -> None:
    """A gateway that was killed cannot stop its workers; they notice and go."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

"""`lotse serve`: the gateway with its workers, until Ctrl-C."""

from __future__ import annotations

import logging
import socket
import sys
from contextlib import suppress

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import NotSetUp, gateway, open_stores, worker_pool
from bot.cli import UsageError
from bot.settings import Settings


def serve_command(settings: Settings, host: str, port: int) -> int:
    """Serve until a signal ends it; exit code 1 when the port is taken or the database cannot be opened."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "httpcore", "alembic", "telegram"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        stores = open_stores(settings)
        app = gateway(settings, stores, worker_pool(settings, current_release=stores.newest_release))
    except NotSetUp as error:
        raise UsageError(str(error)) from error
    except SQLAlchemyError as error:
        print(
            f"Die Datenbank lässt sich nicht öffnen: {str(getattr(error, 'orig', error)).splitlines()[0]}",
            file=sys.stderr,
        )
        return 1
    print(f"Lotse läuft auf http://{host}:{port}/ (beenden mit Strg-C).", flush=True)
    with suppress(KeyboardInterrupt):  # uvicorn shuts down in order, then passes the signal on
        server = Server(
            uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
        )
        server.run()
    return 0 if server.started else 3


class Server(uvicorn.Server):
    """Tells the application as soon as it shuts down: open event streams would hold it up until they are cut off."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)

"""What changes on a clerk's page, as server-sent events (WHATWG HTML, section 9.2).

An event brings the very fragment that the page would otherwise ask for. A stream hears of its own process at once; what other
gateways write it finds by looking every two seconds. Each look is one of the clerk's: it needs a valid session, and keeps
somebody present.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import Response
from fastapi.sse import ServerSentEvent

from bot.channels.staff.guard import NotSignedIn, Refused
from bot.conversation.notices import Listener, Notices

log = logging.getLogger("lotse.staff")

_LOOK_S = 2.0
_LIFETIME_S = 1800.0
_RECONNECT_MS = 2000


class Live:
    """The open streams of this process."""

    def __init__(self) -> None:
        self._open: set[Listener] = set()
        self._closing = False

    async def follow(
        self, notices: Notices, conversation: int, look: Callable[[], Awaitable[Response]]
    ) -> AsyncIterator[ServerSentEvent]:
        """`stand` with the fragment that `look` gives whenever it is another one; `abgemeldet` when the session has ended,
        `vorbei` when there is nothing to see any more. Ends with the server, or after half an hour.
        """
        yield ServerSentEvent(comment="Lotse", retry=_RECONNECT_MS)
        clock = asyncio.get_running_loop().time
        until = clock() + _LIFETIME_S
        with notices.listening(conversation) as listener:
            self._open.add(listener)
            try:
                shown = b""
                while not self._closing and clock() < until:
                    try:
                        fragment = bytes((await look()).body)
                        if fragment != shown:
                            shown = fragment
                            yield ServerSentEvent(event="stand", data={"html": fragment.decode()})
                    except (NotSignedIn, Refused):
                        raise
                    except Exception as error:  # the database may come back
                        log.warning("a clerk's page could not be read: %s", type(error).__name__)
                    await listener.wait(_LOOK_S)
            except NotSignedIn:
                yield ServerSentEvent(event="abgemeldet", data={})
            except Refused:
                yield ServerSentEvent(event="vorbei", data={})
            finally:
                self._open.discard(listener)

    def close(self) -> None:
        """End all streams: the server shuts down."""
        self._closing = True
        for listener in self._open:
            listener.wake()

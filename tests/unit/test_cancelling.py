"""What waits in the background ends when it is told to, also when what it waits for happens at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.conversation.notices import Happened, Notices
from bot.handover.courier import Courier

STEPS = range(6)
"""How far the loop has come between the event and the cancellation."""


@pytest.mark.parametrize("steps", STEPS)
async def test_a_listener_that_is_woken_and_cancelled_at_once(steps: int) -> None:
    with Notices().listening(1) as listener:
        waiting = asyncio.create_task(listener.wait(30))
        await asyncio.sleep(0.01)
        listener.hear(Happened("answered"))
        for _ in range(steps):
            await asyncio.sleep(0)
        if waiting.cancel():  # not over yet
            with pytest.raises(asyncio.CancelledError):
                await waiting


async def test_a_listener_hears_and_waits_no_longer_than_asked() -> None:
    notices = Notices()
    with notices.listening(1) as listener:
        notices.tell(1, Happened("received", "m1"))
        assert await listener.wait(5) == [Happened("received", "m1")]
        assert await listener.wait(0.01) == []


class NoTickets:
    """Nothing is ever due."""

    def claim(self, kind: str, seconds: float) -> None:
        return None


@pytest.mark.parametrize("steps", STEPS)
async def test_a_courier_that_is_woken_and_cancelled_at_once(steps: int) -> None:
    tickets: Any = NoTickets()
    senders: Any = {"smtp": None}
    courier = Courier(tickets, senders)
    running = asyncio.create_task(courier.run_forever())
    await asyncio.sleep(0.02)
    courier.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=1)
    running.cancel()
    assert done and running.cancelled()

"""A clerk's page hears at once what is new, and that its session has ended."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy.exc import OperationalError

from bot.channels.staff import live as live_module
from bot.channels.staff.guard import NotSignedIn, Refused
from bot.channels.staff.live import Live
from bot.conversation.notices import Happened, Notices
from tests.integration.wiring import eventually


class Page:
    """What a clerk would see; an exception instead of it is raised."""

    def __init__(self, shown: str | Exception = "leer") -> None:
        self.shown = shown
        self.looks = 0

    async def look(self) -> Response:
        self.looks += 1
        if isinstance(self.shown, Exception):
            raise self.shown
        return Response(self.shown)


async def following(live: Live, notices: Notices, page: Page, heard: list[Any]) -> None:
    async for event in live.follow(notices, 7, page.look):
        if event.event:
            heard.append((event.event, event.data.get("html", "")))


async def test_news_come_at_once_and_the_same_state_once() -> None:
    live, notices, page = Live(), Notices(), Page()
    heard: list[Any] = []
    task = asyncio.create_task(following(live, notices, page, heard))
    await eventually(lambda: heard == [("stand", "leer")])
    notices.tell(7, Happened("received"))
    await eventually(lambda: page.looks == 2)
    page.shown = "Guten Tag"
    notices.tell(7, Happened("received"))
    await eventually(lambda: heard == [("stand", "leer"), ("stand", "Guten Tag")])
    notices.tell(8, Happened("received"))
    live.close()
    await asyncio.wait_for(task, 5)
    assert page.looks <= 4 and notices.listeners() == {}


async def test_what_other_processes_wrote_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "_LOOK_S", 0.01)
    live, page = Live(), Page()
    heard: list[Any] = []
    task = asyncio.create_task(following(live, Notices(), page, heard))
    await eventually(lambda: heard)
    page.shown = OperationalError("select", {}, Exception("locked"))
    await eventually(lambda: page.looks > 2)
    page.shown = "wieder da"
    await eventually(lambda: heard == [("stand", "leer"), ("stand", "wieder da")])
    live.close()
    await asyncio.wait_for(task, 5)


@pytest.mark.parametrize(("ends", "told"), [(NotSignedIn(), "abgemeldet"), (Refused(404, "Weg."), "vorbei")])
async def test_the_end_is_told(ends: Exception, told: str) -> None:
    heard: list[Any] = []
    await asyncio.wait_for(following(Live(), Notices(), Page(ends), heard), 5)
    assert heard == [(told, "")]

"""The tools of the MCP server. They read the release in force and change nothing; nobody has to sign in.

The SDK takes a second to import: whoever imports this module pays for it, so the gateway does so only when it is switched on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from bot.channels.web.api.describe import office_item, office_out, place_out, release_out, service_item
from bot.channels.web.api.models import OfficeItem, OfficeOut, PlacesOut, ReleaseOut, ResponsibleOut, ServiceItem
from bot.channels.web.api.places import find_places
from bot.channels.web.api.search import Understand, find_services
from bot.channels.web.api.who import LONGEST_PLACE, Question, UnknownPlace, who
from bot.conversation.service import NoRelease, Releases
from knowledge.hours import BERLIN
from knowledge.model import Office
from knowledge.release import Release
from knowledge.text import fold

PATH = "/mcp"
_MOST = 20
_LARGEST_BODY = 100_000
_INSTRUCTIONS = """\
Lotse knows which public office in this German county is responsible for which service (Leistung), and why.
Find the service first, then ask who is responsible. If the outcome is `missing` or `ambiguous`, ask the person for the one
fact that is named, with the choices given; never guess it. Pass on certainty, reason and the date the answer was confirmed.
In an emergency the numbers are 112 and 110; the public service number is 115. Texts are German; `*_en` fields are English.
"""
_READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Words = Annotated[str, Field(min_length=1, max_length=400, description="a question or words, best in German")]
Key = Annotated[str, Field(min_length=1, max_length=200)]
PlaceText = Annotated[
    str, Field(max_length=LONGEST_PLACE, description="Gemeinde, Ortsteil, postcode, ARS, or the id that `places` returned")
]


class FoundServices(BaseModel):
    """The services a question may mean, the likeliest first."""

    items: list[ServiceItem]
    release: ReleaseOut


class OpeningHours(BaseModel):
    """When an office is open: today and the coming week. `open_now` is null when that cannot be said."""

    office: OfficeItem
    hours: OfficeOut


def create_server(
    releases: Releases, understand: Understand | None = None, clock: Callable[[], datetime] = lambda: datetime.now(BERLIN)
) -> MCPServer[None]:
    """A server with the four tools."""
    logging.getLogger("mcp").setLevel(logging.WARNING)  # what people ask is not for log files
    server: MCPServer[None] = MCPServer("lotse", title="Lotse", instructions=_INSTRUCTIONS, version="1", log_level="WARNING")
    tools = _Tools(releases, understand, clock)
    for tool in (tools.find_service, tools.who_is_responsible, tools.opening_hours, tools.places):
        server.add_tool(tool, annotations=_READ_ONLY)
    return server


def http_routes(server: MCPServer[None], hosts: tuple[str, ...] = ()) -> APIRouter:
    """Streamable HTTP under `/mcp`, without sessions: any gateway can answer any request.

    `server.session_manager.run()` has to run meanwhile. With `hosts` other host names are refused; without, all are taken:
    the tools tell nothing that is not public, so that a page which makes a browser call them learns nothing.
    """
    security = TransportSecuritySettings(enable_dns_rebinding_protection=bool(hosts), allowed_hosts=list(hosts))
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=_LARGEST_BODY,
        transport_security=security,
    )
    router = APIRouter(include_in_schema=False)
    router.routes.extend(app.routes)
    return router


class _Tools:
    def __init__(self, releases: Releases, understand: Understand | None, clock: Callable[[], datetime]) -> None:
        self._releases = releases
        self._understand = understand
        self._clock = clock

    async def _release(self) -> Release:
        try:
            return await self._releases.current()
        except NoRelease:
            raise ToolError("Nothing has been published yet.") from None

    async def find_service(self, question: Words, limit: Annotated[int, Field(ge=1, le=_MOST)] = 5) -> FoundServices:
        """Find the public service (Leistung) that a question is about. Returns the slug that the other tools need."""
        release = await self._release()
        found = await find_services(release, question, self._understand)
        return FoundServices(items=[service_item(each) for each, _ in found[:limit]], release=release_out(release))

    async def who_is_responsible(
        self,
        service: Annotated[Key, Field(description="slug of a service, from find_service")],
        place: PlaceText = "",
        on: Annotated[date | None, Field(description="day, today by default")] = None,
        district: Annotated[str, Field(max_length=LONGEST_PLACE, description="Ortsteil or class of road")] = "",
        surname_initial: Annotated[str, Field(max_length=4, description="first letter of the surname, Sch or St")] = "",
        audience: Literal["", "citizen", "business"] = "",
        order_value: Annotated[float | None, Field(ge=0, le=1e12, description="EUR net, for purchases")] = None,
    ) -> ResponsibleOut:
        """Which office is responsible for a service at a place, why, how sure that is; or which one fact is still needed."""
        release = await self._release()
        found = release.service_by_key(service)
        if found is None:
            raise ToolError(f"There is no service {service!r}; find_service gives the slugs.")
        asked = Question(
            found,
            on or self._clock().date(),
            place=place.strip() or None,
            district=district.strip() or None,
            surname=surname_initial.strip() or None,
            audience=audience or None,
            value=Decimal(str(order_value)) if order_value is not None else None,
        )
        try:
            return who(release, asked)
        except UnknownPlace:
            raise ToolError(f"Nobody knows a place {place!r}; `places` finds places.") from None

    async def opening_hours(self, office: Annotated[Key, Field(description="id or name of an office")]) -> OpeningHours:
        """When an office is open (today, the coming week, holidays, closures) and how to reach it."""
        release = await self._release()
        found = _office(release, office)
        told = await asyncio.to_thread(office_out, release, found, self._clock(), with_services=False)
        return OpeningHours(office=office_item(found), hours=told)

    async def places(self, text: Annotated[str, Field(max_length=LONGEST_PLACE)] = "") -> PlacesOut:
        """The places a text may mean (Gemeinde, Ortsteil, postcode); all Gemeinden for an empty text."""
        release = await self._release()
        return PlacesOut(items=[place_out(release, each) for each in find_places(release, text)], release=release_out(release))


def _office(release: Release, key: str) -> Office:
    if key in release.offices:
        return release.offices[key]
    words = fold(key).split()
    named = [each for each in release.offices.values() if words and all(word in fold(each.name) for word in words)]
    if len(named) == 1:
        return named[0]
    if not named:
        raise ToolError(f"There is no office {key!r}; who_is_responsible gives the ids.")
    raise ToolError("Several offices fit: " + "; ".join(f"{each.id} ({each.name})" for each in named[:_MOST]))

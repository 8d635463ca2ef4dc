"""The tools for people's own assistants, called through the SDK's own client."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer

from bot.bootstrap import Stores, gateway
from bot.channels.mcp.server import create_server
from bot.conversation.service import Releases
from bot.engine.keyword import KeywordEngine
from bot.settings import Settings
from tests.integration.wiring import settings_for

ROOT = Path(__file__).parents[2]
TOOLS = ["find_service", "opening_hours", "places", "who_is_responsible"]


@pytest.fixture
def server(stores: Stores) -> MCPServer[None]:
    return create_server(Releases(stores.knowledge))


async def answered(assistant: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await assistant.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return dict(result.structured_content or {})


async def used(server: MCPServer[None], tool: str, **arguments: Any) -> dict[str, Any]:
    async with Client(server) as assistant:
        return await answered(assistant, tool, **arguments)


async def refused(server: MCPServer[None], tool: str, **arguments: Any) -> str:
    async with Client(server) as assistant:
        result = await assistant.call_tool(tool, arguments)
    assert result.is_error
    return " ".join(getattr(each, "text", "") for each in result.content)


async def test_the_tools_only_read(server: MCPServer[None]) -> None:
    async with Client(server) as assistant:
        tools = (await assistant.list_tools()).tools
    assert sorted(tool.name for tool in tools) == TOOLS
    for tool in tools:
        assert tool.description
        assert tool.annotations and tool.annotations.read_only_hint and not tool.annotations.destructive_hint


async def test_from_a_question_to_the_office_and_its_hours(server: MCPServer[None]) -> None:
    found = await used(server, "find_service", question="Hund anmelden")
    assert found["items"][0]["slug"] == "hundesteuer-anmelden"
    asked = await used(server, "who_is_responsible", service="hundesteuer-anmelden")
    assert (asked["outcome"], asked["missing"]) == ("missing", "place")
    place = (await used(server, "places", text="Ammerfeld"))["items"][0]["id"]
    told = await used(server, "who_is_responsible", service="hundesteuer-anmelden", place=place)
    office = told["offices"][0]
    assert office["rule"] and office["reason"] and office["certainty"] == "belegt"
    hours = await used(server, "opening_hours", office=office["office"]["id"])
    assert len(hours["hours"]["days"]) == 7
    assert hours["hours"]["phone"]


async def test_an_office_by_its_name(server: MCPServer[None]) -> None:
    told = await used(server, "opening_hours", office="standesamt LINDENAU stadt")
    assert told["office"]["id"] == "standesamt@lindenau"
    assert "Several offices fit" in await refused(server, "opening_hours", office="Führerscheinstelle")
    assert "There is no office" in await refused(server, "opening_hours", office="Raumfahrtamt")


async def test_facts_decide_as_in_the_api(server: MCPServer[None]) -> None:
    before = await used(server, "who_is_responsible", service="eheschliessung-anmelden", place="Wallersbach", on="2026-12-31")
    after = await used(server, "who_is_responsible", service="eheschliessung-anmelden", place="Wallersbach", on="2027-01-01")
    assert before["offices"][0]["office"]["id"] != after["offices"][0]["office"]["id"]
    by_name = await used(server, "who_is_responsible", service="fuehrerschein-umtauschen", surname_initial="M")
    assert by_name["offices"][0]["office"]["id"] == "fuehrerscheinstelle#l-z"


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("who_is_responsible", {"service": "gibt-es-nicht"}, "There is no service"),
        ("who_is_responsible", {"service": "hundesteuer-anmelden", "place": "Quatschhausen"}, "Nobody knows a place"),
        ("who_is_responsible", {"service": "hundesteuer-anmelden", "on": "gestern"}, "on"),
        ("who_is_responsible", {"service": "hundesteuer-anmelden", "order_value": -1}, "order_value"),
        ("find_service", {"question": ""}, "question"),
        ("find_service", {"question": "x" * 401}, "question"),
        ("find_service", {"question": "Hund", "limit": 1000}, "limit"),
    ],
)
async def test_what_cannot_be_used_is_said(server: MCPServer[None], tool: str, arguments: dict[str, Any], message: str) -> None:
    assert message in await refused(server, tool, **arguments)


async def test_without_a_release(empty_stores: Stores) -> None:
    server = create_server(Releases(empty_stores.knowledge))
    assert "Nothing has been published" in await refused(server, "find_service", question="Hund")


# --- over HTTP


@pytest.fixture
def switched_on(stores: Stores, tmp_path: Path) -> FastAPI:
    settings = Settings.from_environment({"LOTSE_VAR": str(tmp_path), "LOTSE_MCP": "1"})
    return gateway(settings, stores, KeywordEngine())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_over_http(switched_on: FastAPI, mode: str) -> None:
    transport = httpx2.ASGITransport(switched_on)
    async with (
        switched_on.router.lifespan_context(switched_on),
        httpx2.AsyncClient(transport=transport, base_url="http://lotse.example") as http,
        Client(streamable_http_client("http://lotse.example/mcp", http_client=http), mode=mode) as assistant,
    ):
        assert sorted(tool.name for tool in (await assistant.list_tools()).tools) == TOOLS
        told = await answered(assistant, "who_is_responsible", service="hundesteuer-anmelden", place="Ammerfeld")
        assert told["offices"][0]["office"]["id"] == "steueramt-gemeinde@ammerfeld"
        found = await answered(assistant, "find_service", question="Welches Amt braucht mein neuer Reisepass?")
        assert "reisepass-beantragen" in [each["slug"] for each in found["items"]]


async def test_it_is_off_unless_switched_on(stores: Stores, tmp_path: Path) -> None:
    app = gateway(settings_for(tmp_path), stores, KeywordEngine())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://lotse") as http:
        assert (await http.post("/mcp", json={})).status_code == 404


# --- on the same machine


@pytest.mark.slow
async def test_over_stdin_and_stdout(database: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "bot", "mcp"],
        cwd=str(ROOT),
        env={**os.environ, "LOTSE_VAR": str(database.parent), "LOTSE_DATABASE_URL": ""},
    )
    async with Client(command) as assistant:
        found = await answered(assistant, "find_service", question="Hund anmelden")
        assert found["items"][0]["slug"] == "hundesteuer-anmelden"


@pytest.mark.slow
def test_the_gateway_does_not_load_what_is_switched_off() -> None:
    code = "import bot.bootstrap, sys; sys.exit('mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0

"""`lotse mcp`: the tools over stdin and stdout, for an assistant on the same machine."""

from __future__ import annotations

import asyncio
import logging
import sys

from bot.channels.mcp.server import create_server
from bot.conversation.service import Releases
from bot.settings import Settings
from knowledge.store.knowledge_store import open_knowledge


def mcp_command(settings: Settings) -> int:
    """Serve until stdin ends. Nothing but the protocol goes to stdout."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    server = create_server(Releases(open_knowledge(settings.database_url)))
    asyncio.run(server.run_stdio_async())
    return 0

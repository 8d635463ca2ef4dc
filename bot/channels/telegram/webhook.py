"""The webhook: Telegram brings updates to the gateway.

A request counts only with the secret that was given to `setWebhook`. It is acknowledged after its update has been stored;
anything but 200 makes Telegram bring the update again. Source: Bot API, `setWebhook`.
"""

from __future__ import annotations

import hmac
import json
import logging

from fastapi import APIRouter, Request, Response
from telegram import Update

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.web.problems import problem

log = logging.getLogger("lotse.telegram")

PATH = "/telegram/webhook"
_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_LARGEST_BODY = 1_000_000


def create_webhook_router(channel: TelegramChannel, secret: str) -> APIRouter:
    """The route that Telegram calls."""
    router = APIRouter(include_in_schema=False, max_body_size=_LARGEST_BODY)

    @router.post(PATH)
    async def receive(request: Request) -> Response:
        given = request.headers.get(_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return problem(403, "Diese Adresse ist nur für Telegram.")
        try:
            update = Update.de_json(json.loads(await request.body()), channel.bot)
        except ValueError:
            return problem(400)
        except (KeyError, TypeError, AttributeError) as error:  # it would come again and again, and hold up the others
            log.error("an update cannot be read: %s", type(error).__name__)
            return Response()
        await channel.take(update)
        return Response()

    return router

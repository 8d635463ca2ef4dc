"""How the bot presents itself in Telegram: its commands and descriptions, in German and in English."""

from __future__ import annotations

import logging

from telegram import Bot
from telegram.error import TelegramError

from bot.channels.telegram.words import word
from knowledge.release import Release

log = logging.getLogger("lotse.telegram")

_COMMANDS = ("hilfe", "sprache", "mensch", "datenschutz", "loeschen", "start")
_LANGUAGES = (("de", ""), ("en", "en"))
"""The language of the texts, and the one of Telegram they are for; empty for all without texts of their own."""
_LONGEST = 512
_LONGEST_SHORT = 120


async def present(bot: Bot, release: Release) -> None:
    """Set commands and descriptions. The bot works without them: what Telegram refuses is logged and left."""
    county = release.county.name if release.county else ""
    for language, code in _LANGUAGES:
        commands = [(name, word(f"command_{name}", language)) for name in _COMMANDS]
        description = word("description", language, county=county)[:_LONGEST]
        short = word("short_description", language, county=county)[:_LONGEST_SHORT]
        try:
            await bot.set_my_commands(commands, language_code=code or None)
            await bot.set_my_description(description, language_code=code or None)
            await bot.set_my_short_description(short, language_code=code or None)
        except TelegramError as error:
            log.warning("commands and descriptions of the bot could not be set: %s", type(error).__name__)
            return

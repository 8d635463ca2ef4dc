"""Somebody writes in a language that Lotse does not speak."""

from __future__ import annotations

from pathlib import Path

from bot.bootstrap import Stores
from tests.integration.wiring import ObservedEngine, block, open_chat, serving, texts_of

UKRAINIAN = "Доброго дня, де я можу зареєструвати місце проживання?"


async def test_the_card_comes_in_that_language(tmp_path: Path, stores: Stores) -> None:
    async with serving(tmp_path, stores, ObservedEngine()) as client:
        chat = await open_chat(client)
        answer = await chat.say(UKRAINIAN)
        assert answer["outcome"] == "other_language"
        card = block(answer, "language_card")
        assert (card["language"], card["dir"]) == ("uk", "ltr")
        assert all(number in card["text"] for number in ("115", "112", "110"))
        assert block(answer, "office")["id"] == "landratsamt-buergerservice"


async def test_in_danger_the_emergency_numbers_win(tmp_path: Path, stores: Stores) -> None:
    async with serving(tmp_path, stores, ObservedEngine()) as client:
        chat = await open_chat(client)
        answer = await chat.say("Допоможіть, es brennt, пожежа в будинку!")
        assert answer["outcome"] == "crisis"
        assert "112" in texts_of(answer)


async def test_the_conversation_goes_on_where_it_was(tmp_path: Path, stores: Stores) -> None:
    async with serving(tmp_path, stores, ObservedEngine()) as client:
        chat = await open_chat(client)
        asked = await chat.say("Hundesteuer anmelden")
        assert asked["outcome"] == "missing"
        assert (await chat.say(UKRAINIAN))["outcome"] == "other_language"
        answer = await chat.say("Ammerfeld")
        assert (answer["outcome"], block(answer, "service")["slug"]) == ("answer", "hundesteuer-anmelden")


async def test_a_button_is_never_another_language(tmp_path: Path, stores: Stores) -> None:
    async with serving(tmp_path, stores, ObservedEngine()) as client:
        chat = await open_chat(client)
        await chat.say("Hundesteuer anmelden")
        answer = await chat.press("place", "091990112112", UKRAINIAN)
        assert answer["outcome"] == "answer"

"""From Telegram to a clerk and back: the wired gateway with its real desk, the Bot API's stand-in on the other side."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from bot.bootstrap import Stores, gateway
from bot.handover.accounts import AccountStore
from bot.handover.tickets import TicketStore
from bot.settings import DeskSettings
from tests.integration.clerk import PASSWORD, Clerk, browser, quick_hashes
from tests.integration.messenger import CHAT, count, hurry
from tests.integration.wiring import ObservedEngine, eventually, settings_for
from tests.telegram_standin import TelegramStandIn, telegram_server

__all__ = ["quick_hashes"]


@pytest.fixture(scope="module")
def standins() -> Iterator[Callable[[], TelegramStandIn]]:
    with telegram_server() as new:
        yield new


@dataclass
class Office:
    """A served Lotse with a Telegram bot and one clerk who is there."""

    telegram: TelegramStandIn
    anna: Clerk
    client: httpx.AsyncClient

    async def citizen_hears(self, text: str) -> str:
        """The first message to the citizen that holds a text."""

        def found() -> list[str]:
            return [each for each in self.telegram.texts(CHAT) if text in each]

        await eventually(found)
        return found()[0]


@pytest.fixture
async def office(
    tmp_path: Path,
    stores: Stores,
    engine: ObservedEngine,
    standins: Callable[[], TelegramStandIn],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Office]:
    hurry(monkeypatch)
    monkeypatch.setattr("bot.channels.telegram.pace.BETWEEN_S", 0.01)
    telegram = standins()
    AccountStore(stores.engine).add("anna", "Anna Huber", PASSWORD)
    settings = replace(
        settings_for(tmp_path),
        telegram_token="4711:token",
        telegram_api=telegram.base_url,
        desk=DeskSettings(chat=True, chat_anytime=True),
    )
    app = gateway(settings, stores, engine)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lotse", timeout=30) as client,
    ):
        anna = browser(client)
        assert (await anna.sign_in()).status_code == 303
        yield Office(telegram, anna, client)
        await anna.http.aclose()


async def test_a_citizen_in_telegram_talks_to_a_clerk_at_the_page(office: Office, engine: ObservedEngine, stores: Stores) -> None:
    telegram, anna = office.telegram, office.anna
    telegram.write("Hundesteuer anmelden in Ammerfeld", CHAT)
    await office.citizen_hears("Steueramt der Stadt Ammerfeld")
    telegram.write("/mensch", CHAT)
    assert "3 Minuten" in await office.citizen_hears("Ich frage nach, wer Zeit hat: Steueramt der Stadt Ammerfeld.")

    (number,) = await anna.waiting()
    assert (await anna.accept(number, "Frau Huber")).status_code == 303
    await office.citizen_hears("Frau Huber ist jetzt für Sie da (Steueramt der Stadt Ammerfeld).")
    page = await anna.page(f"/amt/uebergaben/{number}")
    assert "Hundesteuer anmelden in Ammerfeld" in page and "Telegram" not in page

    asked = len(engine.asked)
    telegram.write("Mein Hund ist <b>neu</b>.", CHAT)
    await eventually(lambda: count(stores, "SELECT count(*) FROM inbox WHERE done IS NOT NULL") == 3)
    assert "Mein Hund ist &lt;b&gt;neu&lt;/b&gt;." in await anna.page(f"/amt/uebergaben/{number}/verlauf")
    for _ in range(2):  # the button pressed twice
        await anna.write(number, "Dann füllen Sie bitte das Formular aus.", "k1")
    assert await office.citizen_hears("Formular") == "👤 Frau Huber:\nDann füllen Sie bitte das Formular aus."
    telegram.write("Danke!", CHAT)
    await eventually(lambda: count(stores, "SELECT count(*) FROM inbox WHERE done IS NOT NULL") == 4)
    assert len(engine.asked) - asked == 2, "read for danger, and not answered"

    assert (await anna.close(number)).status_code == 303
    await office.citizen_hears("Das Gespräch mit Frau Huber (Steueramt der Stadt Ammerfeld) ist beendet.")
    said = len(telegram.texts(CHAT))
    telegram.write("Hundesteuer anmelden in Moosham", CHAT)
    await eventually(lambda: len(telegram.texts(CHAT)) > said)
    assert "Moosham" in telegram.texts(CHAT)[-1]
    assert [text for text in telegram.texts(CHAT) if "Formular aus" in text] == [telegram.texts(CHAT)[3]]
    assert await anna.waiting() == []


async def test_nobody_is_there_and_a_message_is_left(office: Office, stores: Stores) -> None:
    """Pause: the citizen leaves a message, which becomes a ticket of the right office, with the talk only if they want."""
    telegram, anna = office.telegram, office.anna
    await anna.post("/amt/anwesenheit", present="0")
    telegram.write("Hundesteuer anmelden in Ammerfeld", CHAT)
    await office.citizen_hears("Steueramt der Stadt Ammerfeld")
    telegram.write("/mensch", CHAT)
    await office.citizen_hears("Gerade ist niemand im Chat frei.")
    telegram.press("form:1", CHAT)
    await office.citizen_hears("Ihre Antwort geht an einen Menschen")
    telegram.reply("Bitte rufen Sie mich an: 089 123456", CHAT)
    told = await office.citizen_hears("Ihre Nachricht ist angekommen.")
    (ticket,) = TicketStore(stores.engine).tickets()
    assert ticket.reference in told and ticket.office_name == "Steueramt der Stadt Ammerfeld"
    assert ticket.transcript[0].text == "Hundesteuer anmelden in Ammerfeld"
    assert ticket.reference in await anna.page("/amt/nachrichten")

"""From a citizen to a clerk and back over HTTP, and messages left when nobody is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from bot.bootstrap import Stores, gateway
from bot.handover.accounts import AccountStore
from bot.handover.tables import HandoverRow, StaffSession
from bot.handover.tickets import TicketStore
from bot.settings import DeskSettings
from tests.integration.clerk import OPEN, PASSWORD, QUESTION, Clerk, anna, ask, browser, client, quick_hashes, served
from tests.integration.wiring import Chat, ObservedEngine, block, open_chat, settings_for, texts_of
from tests.smtp_standin import mail_server

TAX_OFFICE = "steueramt-gemeinde@ammerfeld"
FORM = {"name": "Eva Muster", "email": "eva@post.example", "message": "Bitte rufen Sie mich an.", "consent": True}

Wired = Callable[..., Any]


__all__ = ["anna", "client", "quick_hashes"]


@pytest.fixture
def accounts(stores: Stores) -> AccountStore:
    made = AccountStore(stores.engine)
    made.add("anna", "Anna Huber", PASSWORD)
    return made


@pytest.fixture
async def chat(client: httpx.AsyncClient) -> Chat:
    return await open_chat(client)


async def leave(chat: Chat, **changed: Any) -> httpx.Response:
    return await chat.client.post(f"{chat.url}/handover/form", json={**FORM, **changed})


async def said(chat: Chat) -> list[dict[str, Any]]:
    return await chat.history()


async def until(happens: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait for something awaitable to come true."""
    end = time.monotonic() + seconds
    while not (found := await happens()):
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.05)
    return found


# --- live


async def test_a_citizen_talks_to_a_clerk_and_then_to_the_bot_again(chat: Chat, anna: Clerk, engine: ObservedEngine) -> None:
    await chat.say(QUESTION)
    waiting = await ask(chat)
    assert waiting["state"] == "waiting" and "Steueramt" in waiting["office"] and "3 Minuten" in waiting["text"]
    assert (await ask(chat))["state"] == "waiting"

    (number,) = await anna.waiting()
    overview = await anna.page()
    assert "Hundesteuer" in overview and "gerade eben" in overview
    assert waiting["name"] == ""
    accepted = await anna.accept(number)
    standing = (await chat.client.get(chat.url)).json()["handover"]
    assert (standing["state"], standing["name"]) == ("active", "Frau Huber") and "Steueramt" in standing["office"]
    assert (accepted.status_code, accepted.headers["location"]) == (303, f"/amt/uebergaben/{number}")
    active = (await said(chat))[-1]
    assert active["author"] == "system" and block(active, "handover")["state"] == "active"
    assert "Frau Huber" in block(active, "handover")["text"]

    page = await anna.page(f"/amt/uebergaben/{number}")
    assert QUESTION in page and "Steueramt" in page and 'role="log"' in page
    asked_before = len(engine.asked)
    silent = await chat.say("Guten Tag! Kostet das <b>viel</b>?")
    assert silent["outcome"] == "to_clerk" and silent["blocks"] == []
    assert "Kostet das &lt;b&gt;viel&lt;/b&gt;?" in await anna.page(f"/amt/uebergaben/{number}/verlauf")

    assert (await anna.write(number, "  Sechzig Euro\r\nim Jahr. ")).status_code == 303
    written = (await said(chat))[-1]
    assert (written["outcome"], written["author"], written["author_name"]) == ("clerk", "clerk", "Frau Huber")
    assert texts_of(written) == "Sechzig Euro\nim Jahr."

    assert (await anna.close(number)).status_code == 303
    assert block((await said(chat))[-1], "handover")["state"] == "closed"
    assert (await chat.say("Gewerbe anmelden"))["outcome"] == "answer"
    assert len(engine.asked) > asked_before and await anna.waiting() == []


async def test_the_word_mensch_asks_for_one(chat: Chat, anna: Clerk) -> None:
    answer = await chat.say("Ich will mit einem Menschen reden, einem Mitarbeiter")
    assert answer["outcome"] == "handover" and block(answer, "handover")["state"] == "waiting"
    assert len(await anna.waiting()) == 1


async def test_the_same_message_of_a_clerk_is_sent_once(chat: Chat, anna: Clerk) -> None:
    await ask(chat)
    (number,) = await anna.waiting()
    await anna.accept(number)
    before = len(await said(chat))
    await anna.write(number, "Guten Tag", key="a")
    await anna.write(number, "Guten Tag", key="a")
    await anna.write(number, "Guten Tag", key="b")
    await anna.write(number, "   ", key="c")
    assert (await anna.write(number, "x" * 4001, key="d")).status_code == 422
    assert len(await said(chat)) == before + 2


async def test_one_of_two_clerks_gets_it(client: httpx.AsyncClient, accounts: AccountStore, chat: Chat, anna: Clerk) -> None:
    accounts.add("berta", "Berta Maier", PASSWORD)
    berta = browser(client, "berta")
    await berta.sign_in()
    await ask(chat)
    (number,) = await anna.waiting()
    codes = sorted(each.status_code for each in await asyncio.gather(anna.accept(number), berta.accept(number, "Frau Maier")))
    assert codes == [303, 409]
    states = [block(each, "handover")["state"] for each in await said(chat)]
    assert states == ["waiting", "active"]
    winner, loser = (anna, berta) if (await anna.http.get(f"/amt/uebergaben/{number}")).status_code == 200 else (berta, anna)
    assert (await loser.http.get(f"/amt/uebergaben/{number}")).status_code == 409
    assert (await loser.write(number, "Ich auch")).status_code == 409
    assert (await loser.close(number)).status_code == 409
    assert (await winner.close(number)).status_code == 303
    assert (await winner.write(number, "Zu spät")).status_code == 409
    await berta.http.aclose()


async def test_clerks_see_only_their_own_offices(
    client: httpx.AsyncClient, accounts: AccountStore, stores: Stores, chat: Chat
) -> None:
    accounts.add("berta", "Berta", PASSWORD, ["standesamt@ammerfeld"])
    berta = browser(client, "berta")
    await berta.sign_in()
    await chat.say(QUESTION)
    assert (await ask(chat))["state"] == "form"  # she does not answer for the tax office

    clara = browser(client, "clara")
    accounts.add("clara", "Clara", PASSWORD, [TAX_OFFICE])
    await clara.sign_in()
    assert (await ask(chat))["state"] == "waiting"
    (number,) = await clara.waiting()
    assert await berta.waiting() == []
    assert (await berta.http.get(f"/amt/uebergaben/{number}")).status_code == 404
    assert (await berta.accept(number)).status_code == 404
    reference = (await leave(chat)).json()["reference"]
    assert reference in await clara.page("/amt/nachrichten") and reference not in await berta.page("/amt/nachrichten")
    assert (await berta.http.get(f"/amt/nachrichten/{reference}")).status_code == 404
    assert (await berta.post(f"/amt/nachrichten/{reference}/erledigt")).status_code == 404
    await clara.http.aclose()
    await berta.http.aclose()


@pytest.mark.slow
async def test_nobody_accepts_in_time(chat: Chat, anna: Clerk, stores: Stores) -> None:
    await ask(chat)
    with stores.engine.begin() as connection:
        connection.execute(update(HandoverRow).values(requested=time.time() - 181))

    async def form() -> Any:
        newest = (await said(chat))[-1]
        return newest if block(newest, "handover")["state"] == "form" else None

    expired = await until(form)
    assert expired["author"] == "system" and block(expired, "handover")["expected"].startswith("bis ")
    assert await anna.waiting() == []
    assert (await chat.say(QUESTION))["outcome"] == "answer"


@pytest.mark.slow
async def test_a_clerk_who_is_gone_does_not_leave_the_citizen_in_silence(chat: Chat, anna: Clerk, stores: Stores) -> None:
    await ask(chat)
    (number,) = await anna.waiting()
    await anna.accept(number)
    long_ago = time.time() - 400
    with stores.engine.begin() as connection:
        connection.execute(update(StaffSession).values(seen=long_ago))
        connection.execute(update(HandoverRow).values(accepted=long_ago))

    async def answers_again() -> bool:
        return block((await said(chat))[-1], "handover")["state"] == "form"

    await until(answers_again)
    assert (await chat.say(QUESTION))["outcome"] == "answer"


async def test_nobody_waits_when_no_clerk_is_there(chat: Chat, anna: Clerk, stores: Stores) -> None:
    await anna.post("/amt/anwesenheit", present="0")
    assert "Sie machen Pause" in await anna.page()
    form = await ask(chat)
    assert form["state"] == "form" and form["expected"]
    await anna.post("/amt/anwesenheit", present="1")
    assert (await ask(chat))["state"] == "waiting"


async def test_outside_hours_there_is_no_chat(
    tmp_path: Path, stores: Stores, engine: ObservedEngine, accounts: AccountStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_now = False
    monkeypatch.setattr("bot.handover.desk.chats_now", lambda *_: open_now)
    async with served(tmp_path, stores, engine, DeskSettings(chat=True)) as client:
        clerk = browser(client)
        await clerk.sign_in()
        chat = await open_chat(client)
        assert (await ask(chat))["state"] == "form"
        open_now = True
        assert (await ask(chat))["state"] == "waiting"
        await clerk.http.aclose()


async def test_a_deleted_conversation_takes_its_handover_with_it(chat: Chat, anna: Clerk, stores: Stores) -> None:
    await ask(chat)
    (number,) = await anna.waiting()
    await anna.accept(number)
    assert (await chat.client.delete(chat.url)).status_code == 204
    assert (await anna.write(number, "Hallo?")).status_code == 404
    gone = await anna.http.get(f"/amt/uebergaben/{number}")
    assert gone.status_code == 404 and "gelöscht" in gone.text
    with stores.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM handover")) == 0


async def test_danger_is_answered_even_while_a_clerk_writes(chat: Chat, anna: Clerk) -> None:
    await ask(chat)
    answer = await chat.say("Ich will mich umbringen")
    assert answer["outcome"] == "crisis" and "112" in texts_of(answer)


async def test_in_english(client: httpx.AsyncClient, anna: Clerk) -> None:
    opened = await client.post("/api/v1/conversations", json={"language": "en"})
    chat = Chat(client, opened.json()["conversation"])
    assert "I am asking who is free" in (await ask(chat))["text"]
    assert "Englisch" in await anna.page()


# --- offering


async def test_a_person_is_offered_after_two_failures(chat: Chat, anna: Clerk) -> None:
    first = await chat.say("xyzzy qwrtz")
    assert first["outcome"] == "fallback" and not [each for each in first["blocks"] if each["type"] == "handover"]
    second = await chat.say("plugh foobar")
    assert block(second, "handover")["state"] == "offered"
    third = await chat.say("qwrtz xyzzy plugh")
    assert block(third, "handover")["state"] == "offered"


async def test_a_person_is_offered_for_delicate_topics(chat: Chat, anna: Clerk) -> None:
    answer = await chat.press("service", "hilfe-bei-haeuslicher-gewalt")
    offered = [each for each in answer["blocks"] if each["type"] == "handover"]
    assert [each["state"] for each in offered] == (["offered"] if answer["outcome"] in ("answer", "nothere") else [])
    assert not [each for each in (await chat.say(QUESTION))["blocks"] if each["type"] == "handover"]


async def test_nobody_is_offered_where_nobody_reads(tmp_path: Path, stores: Stores, engine: ObservedEngine) -> None:
    async with served(tmp_path, stores, engine, OPEN) as client:
        chat = await open_chat(client)
        for _ in range(2):
            answer = await chat.say("xyzzy qwrtz")
        assert not [each for each in answer["blocks"] if each["type"] == "handover"]
        refused = await leave(chat)
        assert refused.status_code == 404 and refused.headers["content-type"] == "application/problem+json"


# --- messages that are left


async def test_a_message_becomes_a_ticket(chat: Chat, anna: Clerk, stores: Stores) -> None:
    await chat.say(QUESTION)
    response = await leave(chat)
    assert response.status_code in (200, 201), response.text
    left = response.json()
    assert left["reference"].startswith("L-") and left["expected"].startswith("bis ")
    (ticket,) = TicketStore(stores.engine).tickets()
    assert (ticket.reference, ticket.office, ticket.service) == (left["reference"], TAX_OFFICE, "hundesteuer-anmelden")
    assert [line.who for line in ticket.transcript] == ["citizen", "bot"] and ticket.transcript[0].text == QUESTION
    shown = block((await said(chat))[-1], "handover")
    assert (shown["state"], shown["reference"]) == ("closed", left["reference"])
    page = await anna.page(f"/amt/nachrichten/{left['reference']}")
    assert "Bitte rufen Sie mich an." in page and "nur hier" in page
    assert (await anna.post(f"/amt/nachrichten/{left['reference']}/erledigt")).status_code == 303
    assert "erledigt" in await anna.page("/amt/nachrichten")


async def test_without_consent_the_conversation_is_not_passed_on(chat: Chat, anna: Clerk, stores: Stores) -> None:
    await chat.say(QUESTION)
    reference = (await leave(chat, consent=False)).json()["reference"]
    ticket = TicketStore(stores.engine).ticket(reference)
    assert ticket and ticket.transcript == () and ticket.message == FORM["message"]
    assert "keine Einwilligung" in await anna.page(f"/amt/nachrichten/{reference}")


async def test_a_ticket_outlives_its_conversation(chat: Chat, stores: Stores) -> None:
    reference = (await leave(chat)).json()["reference"]
    await chat.client.delete(chat.url)
    assert TicketStore(stores.engine).ticket(reference)


async def test_the_same_form_twice_is_one_ticket(chat: Chat, stores: Stores) -> None:
    first, again = [await leave(chat, client_message_id="f1") for _ in range(2)]
    assert first.json() == again.json()
    assert len(TicketStore(stores.engine).tickets()) == 1
    for number in range(2, 6):
        assert (await leave(chat, client_message_id=f"f{number}")).is_success
    too_many = await leave(chat, client_message_id="f6")
    assert too_many.status_code == 422 and "mehrere Nachrichten" in too_many.json()["detail"]
    assert (await leave(chat, client_message_id="f1")).json() == first.json()


async def test_leaving_a_message_ends_the_waiting(chat: Chat, anna: Clerk) -> None:
    await ask(chat)
    await leave(chat)
    assert await anna.waiting() == []
    assert (await chat.say(QUESTION))["outcome"] == "answer"


@pytest.mark.parametrize(
    "changed",
    [
        {"message": " \n "},
        {"email": "", "phone": ""},
        {"email": "eva"},
        {"email": "eva@post"},
        {"email": "eva@post.example\r\nBcc: x@y.example"},
        {"email": "", "phone": "ruf an"},
    ],
)
async def test_forms_that_cannot_be_taken(chat: Chat, stores: Stores, changed: dict[str, str]) -> None:
    refused = await leave(chat, **changed)
    assert refused.status_code == 422 and refused.headers["content-type"] == "application/problem+json"
    assert TicketStore(stores.engine).tickets() == []


async def test_a_letter_goes_out_when_the_mail_server_is_back(
    tmp_path: Path, stores: Stores, engine: ObservedEngine, accounts: AccountStore
) -> None:
    with mail_server() as found:
        port = found.port
    desk = DeskSettings(smtp_url=f"smtp://127.0.0.1:{port}", mail_from="lotse@kreis.example")
    async with served(tmp_path, stores, engine, desk) as client:
        chat = await open_chat(client)
        await chat.say(QUESTION)
        reference = (await leave(chat)).json()["reference"]
        clerk = browser(client)
        await clerk.sign_in()

        async def shown() -> bool:
            return "nicht zugestellt" in await clerk.page(f"/amt/nachrichten/{reference}")

        await until(shown)
        assert "noch nicht gelungen" in await clerk.page()
        with mail_server(port) as mailbox:
            await clerk.post(f"/amt/nachrichten/{reference}/senden")

            async def arrived() -> bool:
                return bool(mailbox.messages)

            await until(arrived)
        assert reference in mailbox.messages[0]["subject"]
        await clerk.http.aclose()


async def test_a_letter_goes_out_after_the_gateway_was_killed(
    tmp_path: Path, stores: Stores, engine: ObservedEngine, accounts: AccountStore
) -> None:
    with mail_server() as mailbox:
        desk = DeskSettings(smtp_url=f"smtp://127.0.0.1:{mailbox.port}", mail_from="lotse@kreis.example")
        app = gateway(replace(settings_for(tmp_path), desk=desk), stores, engine)  # without anything in the background
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lotse") as client:
            await client.get("/readyz")
            assert (await leave(await open_chat(client))).is_success
        assert mailbox.messages == []
        async with served(tmp_path, stores, engine, desk):

            async def arrived() -> bool:
                return bool(mailbox.messages)

            await until(arrived)

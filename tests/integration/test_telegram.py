"""Telegram, against a stand-in of its Bot API: what people write and press, and what is kept of them."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from actions.turn import Reply
from bot.bootstrap import Stores
from bot.channels.telegram import channel as channel_module
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.links import office_link, service_link
from bot.conversation.feedback import FeedbackStore
from bot.conversation.service import ConversationService, Releases
from bot.engine.port import TurnRequest, TurnResult
from tests.integration.desks import FakeDesk, handover
from tests.integration.messenger import CHAT, QUESTION, answers, channel_for, count, hurry, rows, running
from tests.integration.wiring import ObservedEngine, eventually
from tests.telegram_standin import TelegramStandIn, telegram_server

pytestmark = pytest.mark.slow  # real waits: everything runs in `make test`

KEPT = ("conversation", "inbox", "outbox", "telegram_update", "telegram_sending", "feedback", "telegram_lease")


@pytest.fixture(scope="module")
def standins() -> Iterator[Callable[[], TelegramStandIn]]:
    with telegram_server() as new:
        yield new


@pytest.fixture
def telegram(standins: Callable[[], TelegramStandIn], monkeypatch: pytest.MonkeyPatch) -> TelegramStandIn:
    hurry(monkeypatch)
    return standins()


@pytest.fixture
async def channel(telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine) -> AsyncIterator[TelegramChannel]:
    async with running(telegram, stores, engine) as opened:
        yield opened


# --- commands and questions


async def test_commands(telegram: TelegramStandIn, channel: TelegramChannel, engine: ObservedEngine) -> None:
    for text in ("/start", "/help", "/hilfe@lotse_bot", "/datenschutz", "/START payload", "/"):
        telegram.write(text, CHAT)
    said = await answers(telegram, 6)
    assert "Landkreis Lindenau" in said[0]
    assert all(command in said[0] for command in ("/sprache", "/mensch", "/datenschutz", "/loeschen", "/hilfe"))
    assert said[1] == said[2] and "Schreiben Sie einfach" in said[1] and "/loeschen" in said[1]
    assert "24 Stunden" in said[3] and "Nummer dieses Chats" in said[3]
    assert said[4] == said[0]
    assert "keine Frage" in said[5]
    assert engine.asked == []


async def test_a_question_a_button_and_the_place_is_remembered(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write("Hundesteuer anmelden", CHAT)
    asked = (await answers(telegram, 1))[0]
    assert "Wo wohnen Sie" in asked and "Standort senden" in asked
    data = next(each["callback_data"] for each in telegram.buttons(CHAT) if each["text"] == "Ammerfeld")
    telegram.press(data, CHAT)
    answer = (await answers(telegram, 2))[1]
    assert "in Ammerfeld" in answer and "Telefon:" in answer and "Warum diese Stelle?" in answer and "Stand " in answer
    await eventually(lambda: telegram.callbacks_answered == [f"q{data}"])
    assert telegram.toasts == ["Ammerfeld"]
    telegram.write("Gewerbe anmelden", CHAT)
    assert "in Ammerfeld" in (await answers(telegram, 3))[2]


async def test_going_back_to_an_older_button(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write("Hundesteuer anmelden", CHAT)
    await answers(telegram, 1)
    telegram.press("place:091990112112", CHAT)
    await answers(telegram, 2)
    telegram.press("place:091990111111", CHAT)
    assert "in Lindenau" in (await answers(telegram, 3))[2]


async def test_people_do_not_see_each_other(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write(QUESTION, 1)
    telegram.write("Gewerbe anmelden", 2)
    assert "in Ammerfeld" in (await answers(telegram, 1, 1))[0]
    assert "Wo wohnen Sie" in (await answers(telegram, 1, 2))[0]


async def test_a_long_list_is_turned_page_by_page(telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores) -> None:
    release = stores.knowledge.release()
    assert release
    names = {place.name for place in release.places.values() if not place.is_county}
    telegram.write("Hundesteuer anmelden", CHAT)
    await answers(telegram, 1)
    seen = [button["text"] for button in telegram.buttons(CHAT)]
    assert len(telegram.rows(CHAT)) == 9 and seen[-1].startswith("Weitere (1 von 2)")
    telegram.press(telegram.buttons(CHAT)[-1]["callback_data"], CHAT)
    await eventually(lambda: telegram.edited)
    turned = telegram.edited[0]
    assert (turned["chat_id"], turned["message_id"]) == (str(CHAT), "1")
    second = [button["text"] for row in turned["reply_markup"]["inline_keyboard"] for button in row]
    assert second[-1] == "‹ Zurück"
    assert names <= {*seen, *second}
    assert len(await answers(telegram, 1)) == 1, "turning a page is no message"


@pytest.mark.parametrize(
    ("service", "expected"), [("personalausweis-beantragen", "Personalausweis"), ("gibt-es-nicht", "Ich bin Lotse")]
)
async def test_a_link_to_a_service(telegram: TelegramStandIn, channel: TelegramChannel, service: str, expected: str) -> None:
    payload = service_link("lotse_bot", service).partition("start=")[2]
    telegram.write(f"/start {payload}", CHAT)
    assert expected in (await answers(telegram, 1))[0]


async def test_a_link_to_an_office(telegram: TelegramStandIn, channel: TelegramChannel, engine: ObservedEngine) -> None:
    payload = office_link("lotse_bot", "buergerbuero@vg-moosham").partition("start=")[2]
    assert payload == "stelle_buergerbuero_vg-moosham"
    telegram.write(f"/start {payload}", CHAT, times=2)
    said = await answers(telegram, 1)
    assert "Moosham" in said[0] and "Telefon:" in said[0]
    assert engine.asked == []


# --- languages


async def test_the_language_is_chosen_and_kept(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write("/sprache", CHAT)
    await answers(telegram, 1)
    assert [each["text"] for each in telegram.buttons(CHAT)] == ["Deutsch", "English", "Einfache Sprache"]
    telegram.press("language:en", CHAT, times=2)
    assert "in English" in (await answers(telegram, 2))[1]
    telegram.write(QUESTION, CHAT)
    assert "responsible" in (await answers(telegram, 3))[2]
    assert [each["text"] for each in telegram.rows(CHAT)[-1]] == ["👍", "👎", "This is wrong"]
    telegram.press("language:de-simple", CHAT)
    assert "Einfacher Sprache" in (await answers(telegram, 4))[3]


async def test_somebody_who_uses_telegram_in_english_is_greeted_in_english(
    telegram: TelegramStandIn, channel: TelegramChannel
) -> None:
    person = {"id": CHAT, "is_bot": False, "first_name": "Resi", "language_code": "en-GB"}
    telegram.write("/start", CHAT, **{"from": person})
    assert "Hello!" in (await answers(telegram, 1))[0]
    telegram.press("language:de", CHAT)
    await answers(telegram, 2)
    telegram.write("/start", CHAT, **{"from": person})
    assert "Guten Tag!" in (await answers(telegram, 3))[2], "what was chosen counts"


# --- where somebody is


async def test_a_shared_location_answers_the_question(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores
) -> None:
    telegram.write("Hundesteuer anmelden", CHAT)
    await answers(telegram, 1)
    telegram.write(None, CHAT, location={"latitude": 48.6680, "longitude": 12.2770})
    assert "in Ammerfeld" in (await answers(telegram, 2))[1]
    assert not [row for row in rows(stores, *KEPT) if "48.66" in row or "12.27" in row], "coordinates are not kept"


async def test_a_location_before_any_question(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write(None, CHAT, location={"latitude": 48.6680, "longitude": 12.2770})
    said = (await answers(telegram, 1))[0]
    assert "Ammerfeld" in said and "Worum geht es?" in said
    telegram.write("Hundesteuer anmelden", CHAT)
    assert "in Ammerfeld" in (await answers(telegram, 2))[1]


async def test_a_location_outside_the_county(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write(None, CHAT, location={"latitude": 52.52, "longitude": 13.40})
    assert "liegt nicht bei uns" in (await answers(telegram, 1))[0]
    telegram.write("Hundesteuer anmelden", CHAT)
    telegram.write(None, CHAT, location={"latitude": 52.52, "longitude": 13.40})
    assert "115" in (await answers(telegram, 3))[2]


async def test_a_live_location_is_read_once(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    here = {"latitude": 48.6680, "longitude": 12.2770}
    telegram.write(None, CHAT, location=here)
    message = {"message_id": 1, "date": 1, "edit_date": 2, "chat": {"id": CHAT, "type": "private"}, "location": here}
    telegram.deliver({"edited_message": message})
    await answers(telegram, 1)


# --- what cannot be read


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"photo": [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]}, "Bilder"),
        ({"voice": {"file_id": "x", "file_unique_id": "y", "duration": 1}}, "anhören"),
        (
            {
                "sticker": {
                    "file_id": "x",
                    "file_unique_id": "y",
                    "width": 1,
                    "height": 1,
                    "is_animated": False,
                    "is_video": False,
                    "type": "regular",
                }
            },
            "nur Text",
        ),
        ({"contact": {"phone_number": "+49891234567", "first_name": "Vroni"}}, "nicht gespeichert"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "nur Text"),
    ],
)
async def test_what_is_no_text(
    telegram: TelegramStandIn,
    channel: TelegramChannel,
    stores: Stores,
    engine: ObservedEngine,
    sent: dict[str, Any],
    expected: str,
) -> None:
    telegram.write(None, CHAT, **sent)
    assert expected in (await answers(telegram, 1))[0]
    assert engine.asked == []
    assert not [row for row in rows(stores, *KEPT) if "1234567" in row or "Vroni" in row]


async def test_a_photo_with_words_beside_it(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    photo = [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]
    telegram.write(None, CHAT, photo=photo, caption=QUESTION, times=2)
    said = await answers(telegram, 2)
    assert any("in Ammerfeld" in each for each in said) and any("nur den Text" in each for each in said)


async def test_a_message_that_was_changed(telegram: TelegramStandIn, channel: TelegramChannel, engine: ObservedEngine) -> None:
    chat = {"id": CHAT, "type": "private"}
    telegram.deliver({"edited_message": {"message_id": 1, "date": 1, "edit_date": 2, "chat": chat, "text": "anders"}})
    assert "geändert" in (await answers(telegram, 1))[0]
    assert engine.asked == []


async def test_odd_messages_do_not_stop_the_others(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    for text in ("/@lotse_bot", "/@", "//", "/ ", "@", "/\n", "😀", "a\0b"):
        telegram.write(text, 1)
    telegram.write("/start", CHAT)
    await answers(telegram, 8, 1)
    await answers(telegram, 1)


async def test_service_messages_are_nothing(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write(None, CHAT, message_auto_delete_timer_changed={"message_auto_delete_time": 60})
    telegram.membership("member", CHAT)
    telegram.write("/start", CHAT)
    await answers(telegram, 1)


# --- groups


async def test_the_bot_leaves_groups(telegram: TelegramStandIn, channel: TelegramChannel, engine: ObservedEngine) -> None:
    telegram.membership("member", -100, "supergroup")
    telegram.write(QUESTION, -100, kind="supergroup")
    telegram.write("/start", -200, kind="group")
    telegram.membership("left", -200, "group")
    telegram.write("/start", CHAT)
    await answers(telegram, 1)
    await eventually(lambda: set(telegram.left) == {-100, -200})
    assert [len(telegram.texts(chat)) for chat in (-100, -200)] == [1, 1]
    assert "https://t.me/lotse_bot" in telegram.texts(-100)[0]
    assert engine.asked == []


# --- what people think of an answer


async def test_feedback(telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores) -> None:
    telegram.write(QUESTION, CHAT)
    await answers(telegram, 1)
    up, down, wrong = telegram.rows(CHAT)[-1]
    assert [each["text"] for each in (up, down, wrong)] == ["👍", "👎", "Das stimmt nicht"]
    telegram.press(up["callback_data"], CHAT)
    await eventually(lambda: telegram.edited)
    left = [button for row in telegram.edited[0]["reply_markup"].get("inline_keyboard", []) for button in row]
    assert not [each for each in left if each.get("callback_data", "").startswith("f:")], "it is asked only once"
    await eventually(lambda: telegram.toasts == ["Danke für Ihre Rückmeldung."])
    telegram.press(wrong["callback_data"], CHAT, times=2)
    asked = (await answers(telegram, 2))[1]
    assert "Was stimmt nicht" in asked and telegram.sent[-1]["reply_markup"]["force_reply"]
    telegram.reply("Die Telefonnummer ist alt.", CHAT)
    assert "Anmerkung ist angekommen" in (await answers(telegram, 3))[2]
    [given] = FeedbackStore(stores.engine).newest()
    assert (given.rating, given.comment, given.about.service) == ("wrong", "Die Telefonnummer ist alt.", "hundesteuer-anmelden")
    assert given.about.rule and given.about.office and given.about.release


async def test_feedback_after_everything_was_forgotten(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores
) -> None:
    telegram.write(QUESTION, CHAT)
    await answers(telegram, 1)
    wrong = telegram.rows(CHAT)[-1][-1]["callback_data"]
    telegram.write("/loeschen", CHAT)
    await answers(telegram, 2)
    telegram.press(wrong, CHAT)
    await eventually(lambda: telegram.toasts == ["Das gibt es nicht mehr. Bitte fragen Sie noch einmal."])
    assert FeedbackStore(stores.engine).newest() == []


async def test_an_answer_of_somebody_else_cannot_be_rated(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores
) -> None:
    telegram.write(QUESTION, CHAT)
    await answers(telegram, 1)
    telegram.press(telegram.rows(CHAT)[-1][0]["callback_data"], 5)
    await eventually(lambda: telegram.toasts)
    assert FeedbackStore(stores.engine).newest() == []


# --- too much, and a lot to do


async def test_a_flood_is_asked_for_patience_once(telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine) -> None:
    async with running(telegram, stores, engine, messages=3):
        for number in range(8):
            telegram.write(f"Hundesteuer {number}", CHAT)
        telegram.write(QUESTION, CHAT + 1)
        said = await answers(telegram, 4)
        assert len(engine.asked) == 4 and QUESTION in engine.asked, "nobody else waits for it"
        assert len(await answers(telegram, 1, CHAT + 1)) == 1
        patience = [each for each in said if "sehr viele Nachrichten" in each]
        assert len(patience) == 1 and "112" in patience[0]
        telegram.press(f"f:{count(stores, 'SELECT min(id) FROM outbox')}:up", CHAT)
        await eventually(lambda: any("sehr viele Nachrichten" in toast for toast in telegram.toasts))
        assert count(stores, "SELECT count(*) FROM feedback") == 0
        telegram.write("/loeschen", CHAT)
        await eventually(lambda: telegram.texts(CHAT)[-1].startswith("Alles gelöscht."))


async def test_a_journey_is_told_step_by_step(telegram: TelegramStandIn, stores: Stores) -> None:
    class Cafe(ObservedEngine):
        async def respond(self, request: TurnRequest) -> TurnResult:
            reply = Reply("journey", topic="gaststaette-eroeffnen", places=("091990112112",))
            return TurnResult(reply, request.state, (), "scripted", {})

    async with running(telegram, stores, Cafe(), site="https://lotse.example"):
        telegram.write("Ich eröffne ein Café", CHAT)
        (text,) = await answers(telegram, 1)
    journey = Releases(stores.knowledge).at_hand().journeys["gaststaette-eroeffnen"]
    places = [text.index(f"{number}. ") for number in range(1, len(journey.steps) + 1)]
    assert places == sorted(places), "in order"
    assert journey.title in text
    assert "Gewerbeamt der Stadt Ammerfeld" in text
    assert "https://lotse.example/lebenslagen/gaststaette-eroeffnen" in text
    first = telegram.sent[-1]["reply_markup"]["inline_keyboard"][0][0]
    assert first["text"] == "Als Liste zum Abhaken" and first["url"].startswith("https://lotse.example/lebenslagen/")


# --- a person


async def test_a_person_is_asked_for_and_writes(telegram: TelegramStandIn, stores: Stores) -> None:
    desk, engine = FakeDesk(), ObservedEngine()
    async with running(telegram, stores, engine, desk):
        desk.now = handover("waiting", text="Ich frage nach.")
        telegram.write("/mensch", CHAT, times=2)
        assert "Ich frage nach" in (await answers(telegram, 1))[0]
        telegram.write("Es geht um meinen Hund.", CHAT)
        await eventually(lambda: count(stores, "SELECT count(*) FROM inbox WHERE done IS NOT NULL") == 2)
        said = {"type": "text", "text": "Grüß Gott, wie kann ich helfen?", "tone": "plain"}
        content = {"outcome": "clerk", "author": "clerk", "author_name": "Frau Huber", "blocks": [said]}
        stores.conversations.post(desk.asked[0], content)
        assert (await answers(telegram, 2))[1] == "👤 Frau Huber:\nGrüß Gott, wie kann ich helfen?"
    assert len(desk.asked) == 1


async def test_an_offer_is_taken_with_a_button(telegram: TelegramStandIn, stores: Stores) -> None:
    desk = FakeDesk()
    desk.offers = True
    async with running(telegram, stores, ObservedEngine(), desk):
        telegram.write("qwertz uiop", CHAT)
        await answers(telegram, 1)
        [button] = [each for each in telegram.buttons(CHAT) if each.get("callback_data") == "human:"]
        assert button["text"] == "Mit einem Menschen sprechen"
        desk.now = handover("form", text="Gerade ist niemand frei.")
        telegram.press("human:", CHAT)
        await answers(telegram, 2)
        assert [each["callback_data"] for each in telegram.buttons(CHAT)] == ["form:0", "form:1"]


@pytest.mark.parametrize(("button", "consent"), [("form:0", False), ("form:1", True)])
async def test_a_message_is_left_for_a_person(telegram: TelegramStandIn, stores: Stores, button: str, consent: bool) -> None:
    desk = FakeDesk()
    async with running(telegram, stores, ObservedEngine(), desk):
        telegram.press(button, CHAT)
        asked = (await answers(telegram, 1))[0]
        assert telegram.sent[-1]["reply_markup"]["force_reply"]
        assert ("zusammen mit unserem Gespräch" in asked) is consent
        telegram.reply("Mein Bescheid fehlt. resi@example.org oder 089 99998123.", CHAT)
        assert "L-1" in (await answers(telegram, 2))[1]
        [form] = desk.forms.values()
        assert (form.email, form.phone, form.consent) == ("resi@example.org", "+49 89 99998123", consent)
        telegram.press(button, CHAT)
        await answers(telegram, 3)
        telegram.reply("Werbung", CHAT)
        said = (await answers(telegram, 4))[3]
        assert "Bitte keine Werbung." in said and telegram.sent[-1]["reply_markup"]["force_reply"], "it can be tried again"
        telegram.reply("Noch etwas: resi@example.org", CHAT)
        assert "L-2" in (await answers(telegram, 5))[4]
    assert not [row for row in rows(stores, *KEPT) if "resi@example.org" in row], "it is with the desk, and nowhere else"


async def test_nobody_can_be_asked(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.write("/mensch", CHAT)
    assert "115" in (await answers(telegram, 1))[0]
    telegram.press("form:0", CHAT)
    await answers(telegram, 2)
    telegram.reply("Hallo, resi@example.org", CHAT)
    assert "kein Mensch" in (await answers(telegram, 3))[2]


# --- forgetting


async def test_forgetting(telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores) -> None:
    telegram.write(QUESTION, CHAT)
    await answers(telegram, 1)
    telegram.write("/loeschen", CHAT, times=2)
    assert "Alles gelöscht" in (await answers(telegram, 2))[1]
    assert rows(stores, "conversation", "inbox", "outbox", "telegram_sending") == []
    telegram.write("Gewerbe anmelden", CHAT)
    assert "Wo wohnen Sie" in (await answers(telegram, 3))[2]


async def test_what_is_said_before_the_last_words_are_sent_stays(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores
) -> None:
    telegram.fail("sendMessage", 500, 500)
    telegram.write("/loeschen", CHAT)
    telegram.write(QUESTION, CHAT)
    said = await answers(telegram, 2)
    assert "Alles gelöscht" in said[0] and "in Ammerfeld" in said[1]
    assert count(stores, "SELECT count(*) FROM inbox") == 1


async def test_updates_from_before_do_not_begin_it_anew(
    telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine
) -> None:
    async with running(telegram, stores, engine):
        first = telegram.write(QUESTION, CHAT)
        await answers(telegram, 1)
        second = telegram.write("/loeschen", CHAT)
        await answers(telegram, 2)
    chat = {"id": CHAT, "type": "private"}
    async with running(telegram, stores, engine):  # the confirmation of both was lost
        telegram.deliver({"message": {"message_id": 1, "date": 1, "chat": chat, "text": QUESTION}}, update_id=first)
        telegram.deliver({"message": {"message_id": 2, "date": 1, "chat": chat, "text": "/loeschen"}}, update_id=second)
        await eventually(lambda: telegram.unconfirmed == [])
        await answers(telegram, 2)
    assert engine.asked == [QUESTION]
    assert rows(stores, "conversation", "inbox", "outbox") == []


async def test_blocking_the_bot_forgets_the_conversation(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores
) -> None:
    telegram.write(QUESTION, CHAT)
    await answers(telegram, 1)
    telegram.membership("kicked", CHAT)
    await eventually(lambda: rows(stores, "conversation", "inbox", "outbox") == [])


async def test_forgetting_for_somebody_who_has_blocked_the_bot(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores
) -> None:
    telegram.blocked.add(1)
    telegram.write("/loeschen", 1)
    telegram.write(QUESTION, 1)
    telegram.write("/start", CHAT)
    await answers(telegram, 1)
    await eventually(lambda: count(stores, "SELECT count(*) FROM conversation") == 1)
    assert telegram.texts(1) == []


# --- once, and in order


async def test_the_same_update_twice_is_answered_once(
    telegram: TelegramStandIn, channel: TelegramChannel, engine: ObservedEngine
) -> None:
    update = telegram.write(QUESTION, CHAT, times=2)
    await answers(telegram, 1)
    telegram.press("place:091990111111", CHAT, times=2)
    await answers(telegram, 2)
    assert len(engine.asked) == 2
    assert telegram.unconfirmed == [] and max(telegram.offsets) == update + 2


@pytest.mark.slow
@pytest.mark.parametrize("text", [QUESTION, "/start", "/sprache", "/datenschutz", "/mensch", "/loeschen", None])
async def test_an_update_delivered_again_after_a_restart_is_answered_once(
    telegram: TelegramStandIn, stores: Stores, engine: ObservedEngine, text: str | None
) -> None:
    async with running(telegram, stores, engine):
        update = telegram.write(text, CHAT)
        await answers(telegram, 1)
    content = {"message_id": 1, "date": int(time.time()), "chat": {"id": CHAT, "type": "private"}}
    telegram.deliver({"message": content | ({"text": text} if text else {})}, update_id=update)
    async with running(telegram, stores, engine):
        await eventually(lambda: telegram.unconfirmed == [])
        await answers(telegram, 1)


async def test_callback_data_of_somebody_else_does_no_harm(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    odd = ("", "x", "place:", "unknown:1", "#", "::::", "p:1:1", "f:99:up", "o:1:9", "language:xx", f"p:{10**30}:1")
    for data in odd:
        telegram.press(data, CHAT)
    await eventually(lambda: len(telegram.toasts) == len(odd))
    telegram.press("value:abc", CHAT)
    await answers(telegram, 1)
    telegram.write(QUESTION, CHAT)
    assert "in Ammerfeld" in (await answers(telegram, 2))[-1]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["getMe", "getUpdates", "deleteWebhook"])
@pytest.mark.parametrize("how", [429, 500, "drop"])
async def test_trouble_while_receiving(telegram: TelegramStandIn, stores: Stores, method: str, how: Any) -> None:
    telegram.fail(method, how)
    telegram.write(QUESTION, CHAT)
    async with running(telegram, stores, ObservedEngine()):
        await answers(telegram, 1)


async def test_trouble_while_acknowledging_a_button(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    telegram.fail("answerCallbackQuery", 400)
    telegram.write("Hundesteuer anmelden", CHAT)
    telegram.press("place:091990112112", CHAT)
    assert "in Ammerfeld" in (await answers(telegram, 2))[1]
    assert telegram.unconfirmed == []


async def test_the_offset_waits_until_the_message_is_stored(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores, engine: ObservedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, calls, offsets = stores.conversations.receive, [], []

    def fails_at_second(message: Any) -> Any:
        calls.append(message.id)
        offsets.append(max(telegram.offsets))
        if len(calls) in range(2, 9):  # longer than an update that fails by itself is tried
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return works(message)

    monkeypatch.setattr(stores.conversations, "receive", fails_at_second)
    first = telegram.write("Hundesteuer anmelden", CHAT)
    telegram.write("Ammerfeld", CHAT)
    said = await answers(telegram, 2)
    assert "Wo wohnen Sie" in said[0] and "in Ammerfeld" in said[1]
    assert all(offset <= first + 1 for offset in offsets)
    assert engine.asked == ["Hundesteuer anmelden", "Ammerfeld"]


async def test_an_update_that_always_fails_does_not_hold_up_the_others(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = stores.conversations.receive

    def fails(message: Any) -> Any:
        if message.text == "Gift":
            raise ValueError
        return works(message)

    monkeypatch.setattr(stores.conversations, "receive", fails)
    telegram.write("Gift", CHAT)
    telegram.write(QUESTION, CHAT)
    assert "in Ammerfeld" in (await answers(telegram, 1))[0]


async def test_a_wrong_token_ends_the_channel_and_nothing_else(telegram: TelegramStandIn, stores: Stores) -> None:
    service = ConversationService(stores.conversations, ObservedEngine(), Releases(stores.knowledge), 24)
    for method in ("getMe", "deleteWebhook", "getUpdates"):
        telegram.fail(method, 401)
        await asyncio.wait_for(channel_for(telegram, stores, service).run_forever(), 5)
    assert rows(stores, "telegram_lease") == []


# --- how the bot presents itself


async def test_commands_and_descriptions_are_set(telegram: TelegramStandIn, channel: TelegramChannel) -> None:
    await eventually(lambda: len(telegram.profile) == 6)
    for language, words in (("", "Was ich speichere"), ("en", "What I store")):
        commands = {each["command"]: each["description"] for each in telegram.profile["commands", language]}
        assert commands["datenschutz"] == words
        assert {"hilfe", "sprache", "mensch", "loeschen"} <= commands.keys()
        assert "Landkreis Lindenau" in telegram.profile["description", language]
        assert 0 < len(telegram.profile["description", language]) <= 512
        assert 0 < len(telegram.profile["short", language]) <= 120


async def test_the_bot_works_where_it_cannot_present_itself(telegram: TelegramStandIn, stores: Stores) -> None:
    telegram.fail("setMyCommands", 400)
    async with running(telegram, stores, ObservedEngine()):
        telegram.write("/start", CHAT)
        await answers(telegram, 1)


@pytest.mark.parametrize(("site", "link"), [("https://lotse.example", True), ("", False)])
async def test_privacy_names_the_page(telegram: TelegramStandIn, stores: Stores, site: str, link: bool) -> None:
    async with running(telegram, stores, ObservedEngine(), site=site):
        telegram.write("/datenschutz", CHAT)
        said = (await answers(telegram, 1))[0]
    assert ("https://lotse.example/datenschutz" in said) is link
    if link:
        assert telegram.buttons(CHAT) == [{"text": "Datenschutzerklärung", "url": "https://lotse.example/datenschutz"}]


# --- what is kept of a person


async def test_neither_the_chat_id_nor_the_name_is_in_the_database(
    telegram: TelegramStandIn, channel: TelegramChannel, stores: Stores
) -> None:
    telegram.write(QUESTION, CHAT)
    await answers(telegram, 1)
    telegram.write("/sprache", CHAT)
    telegram.press(telegram.rows(CHAT)[-1][0]["callback_data"], CHAT)
    await answers(telegram, 2)
    with stores.engine.connect() as connection:
        key, reply_to = connection.exec_driver_sql("SELECT key, reply_to FROM conversation").one()
    assert key != hashlib.sha256(str(CHAT).encode()).hexdigest(), "guessable without the secret"
    assert len(reply_to) <= 64
    kept = rows(stores, *KEPT)
    assert kept
    assert not [row for row in kept if str(CHAT) in row or "Resi" in row or CHAT.to_bytes(8, "big").hex() in row]


async def test_with_another_secret_nothing_is_sent_and_nothing_stands_still(
    telegram: TelegramStandIn, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.fail("sendMessage", *[500] * 20)
    async with running(telegram, stores, ObservedEngine()):
        telegram.write(QUESTION, CHAT)
        await eventually(lambda: count(stores, "SELECT count(*) FROM outbox WHERE attempts > 0"))
    telegram.failures.clear()
    async with running(telegram, stores, ObservedEngine()) as other:
        other._sender._chats = type(other._sender._chats)(b"another")
        await eventually(lambda: count(stores, "SELECT count(*) FROM outbox WHERE sent IS NULL") == 0)
    assert telegram.sent == []
    assert "the secret is not the one" in caplog.text


@pytest.mark.slow
async def test_the_token_and_the_words_are_not_logged(
    telegram: TelegramStandIn, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "lotse")
    telegram.fail("sendMessage", 429, 500, "drop", 400, "lost", 403)
    telegram.fail("getUpdates", 500, "drop")

    class Broken(ObservedEngine):
        async def respond(self, request: TurnRequest) -> TurnResult:
            raise ValueError(request.text)

    async with running(telegram, stores, Broken()):
        telegram.write(QUESTION, CHAT)
        telegram.write("/start", CHAT)
        await eventually(lambda: telegram.texts(CHAT))
    assert caplog.records
    assert not any(each in caplog.text for each in ("4711:token", "Hundesteuer", str(CHAT)))


def test_the_channel_tells_no_secret_when_shown() -> None:
    shown = repr(channel_module.Setup("4711:token", "https://api.example/bot", b"secret", webhook_secret="hidden"))
    assert not any(each in shown for each in ("4711:token", "secret'", "hidden"))

"""What an update does. Each effect is in the database when its method returns; nothing is said to Telegram before that."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import phonenumbers
from telegram import Bot
from telegram.error import TelegramError

from bot.channels.telegram import keyboards
from bot.channels.telegram.chats import Chats
from bot.channels.telegram.flood import Flood
from bot.channels.telegram.incoming import (
    FORM_MARK,
    FORM_WITH_MARK,
    Blocked,
    Command,
    Comment,
    Elsewhere,
    Heard,
    Letter,
    Position,
    Press,
    Text,
    Unreadable,
    comment_mark,
)
from bot.channels.telegram.keyboards import RATED, keyboard
from bot.channels.telegram.links import meant
from bot.channels.telegram.sending import PROMPT
from bot.channels.telegram.store import CHANNEL, FORGOTTEN, Known, TelegramStore
from bot.channels.telegram.words import word
from bot.conversation.desk import ContactForm, NoPerson, NotAccepted
from bot.conversation.feedback import FeedbackStore, Rating
from bot.conversation.location import NoSeats, place_at
from bot.conversation.messages import Block, HandoverBlock, IncomingMessage
from bot.conversation.rendering import Renderer
from bot.conversation.service import HUMAN, ConversationService, Releases
from bot.conversation.store import Answer, ConversationStore, language_of
from knowledge.hours import BERLIN
from knowledge.model import OUTSIDE

log = logging.getLogger("lotse.telegram")

_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]+@[^\s@<>\"(),:;\[\]\\]+\.[^\s@<>\"(),:;\[\]\\.]{2,}")
_TOLD = "telegram"
"""The outcome of what the channel itself says."""
_LONGEST_TOAST = 200
_SAID_ONCE_S = 60.0
_ANSWERED_WITHIN_S = 30.0


@dataclass(frozen=True)
class Parts:
    """What the effects work on. `later` runs something that may get lost, `wake` tells that there is something to send;
    `site` is where the public pages stand.
    """

    bot: Bot
    chats: Chats
    service: ConversationService
    conversations: ConversationStore
    feedback: FeedbackStore
    store: TelegramStore
    releases: Releases
    later: Callable[[Coroutine[Any, Any, None]], None]
    wake: Callable[[], None]
    retention_hours: int
    flood: Flood
    site: str = ""


class Effects:
    """Carries out what updates say."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._left: dict[int, float] = {}

    async def carry_out(self, heard: Heard) -> None:
        """The effect of an update, unless it had it before. Raises what the database raises, and `NoRelease`."""
        known = await asyncio.to_thread(self._parts.store.look, heard.update, self._parts.chats.key(heard.chat))
        if known.taken:
            return
        if isinstance(heard.said, Elsewhere):
            await asyncio.to_thread(self._parts.store.take, heard.update)
            if heard.said.there:
                self._parts.later(self._leave(heard.chat))
            return
        effect = _Effect(self._parts, heard, known)
        verdict = "take" if _is_free(heard) else await self._parts.flood.verdict(self._parts.chats.key(heard.chat))
        if verdict == "take":
            await effect.carry_out()
        else:
            await effect.refuse(aloud=verdict == "say")

    async def _leave(self, chat: int) -> None:
        """Say once that this is no place to talk, and go."""
        bot, now = self._parts.bot, asyncio.get_running_loop().time()
        self._left = {each: at for each, at in self._left.items() if at > now - _SAID_ONCE_S}
        if chat not in self._left:
            self._left[chat] = now
            with suppress(TelegramError):
                await bot.send_message(chat, word("group", "de", bot=bot.username))
        with suppress(TelegramError):
            await bot.leave_chat(chat)


class _Effect:
    """The effect of one update."""

    def __init__(self, parts: Parts, heard: Heard, known: Known) -> None:
        self._parts = parts
        self._heard = heard
        self._known = known
        self._key = parts.chats.key(heard.chat)
        self._first = {} if known.conversation or not heard.english else {"language": "en"}
        self._language = language_of(known.state or self._first)

    async def carry_out(self) -> None:
        said = self._heard.said
        if isinstance(said, Text):
            await self._text(said)
        elif isinstance(said, Command):
            await self._command(said)
        elif isinstance(said, Press):
            await self._press(said)
        elif isinstance(said, Position):
            await self._position(said)
        elif isinstance(said, Unreadable):
            await self._say([self._words(said.text)])
        elif isinstance(said, Comment):
            await self._comment(said)
        elif isinstance(said, Letter):
            await self._letter(said)
        elif isinstance(said, Blocked):
            await asyncio.to_thread(self._parts.store.forget, self._heard.update, self._key)

    async def refuse(self, aloud: bool) -> None:
        """Too many messages at once: this one has no effect, and the first of them is answered with a request for patience."""
        said = self._heard.said
        if isinstance(said, Press):
            self._parts.later(self._acknowledge(said, word("too_many", self._language)))
        if aloud and not isinstance(said, Press):
            await self._say([self._words("too_many")])
        else:
            await self._taken()

    # --- words and commands

    async def _text(self, said: Text) -> None:
        await self._receive(text=said.text)
        if said.beside:
            await self._say([self._words("picture_with_text")])

    async def _command(self, command: Command) -> None:
        if command.name == "human":
            await self._receive(command=HUMAN)
        elif command.name == "forget":
            last_words = _content([self._words("forgotten")], FORGOTTEN)
            reply_to = self._parts.chats.seal(self._heard.chat)
            await asyncio.to_thread(self._parts.store.forget, self._heard.update, self._key, reply_to, last_words)
            self._parts.wake()
        elif command.name == "languages":
            await self._say([self._words("language"), keyboards.languages()])
        elif command.name == "start":
            await self._start(command.payload)
        else:
            await self._say(await getattr(self, f"_{command.name}")())

    async def _start(self, payload: str) -> None:
        release = await self._parts.releases.current()
        kind, name = meant(release, payload) or ("", "")
        if kind == "service":
            await self._receive(choice={"kind": "service", "value": name, "label": release.services[name].name})
        elif kind == "office":
            await self._say([(await self._renderer()).office(name)])
        else:
            await self._say([*(await self._renderer()).command("start"), self._words("commands")])

    async def _help(self) -> list[Block]:
        return [*(await self._renderer()).command("help"), self._words("commands")]

    async def _privacy(self) -> list[Block]:
        blocks = [*(await self._renderer()).command("datenschutz"), self._words("privacy")]
        if self._parts.site:
            link = f"{self._parts.site}/datenschutz"
            blocks.append({"type": "link", "label": word("privacy_link", self._language), "url": link})
        return blocks

    # --- buttons

    async def _press(self, press: Press) -> None:
        button, toast = press.button, press.label
        if isinstance(button, keyboards.Choice):
            await self._receive(choice={"kind": button.kind, "value": button.value, "label": press.label})
        elif isinstance(button, keyboards.Language):
            await self._speak(button.language)
        elif isinstance(button, keyboards.Human):
            await self._receive(command=HUMAN)
        elif isinstance(button, keyboards.Form):
            await self._ask_for_letter(button.consent)
        elif isinstance(button, (keyboards.Option, keyboards.Page, keyboards.Rating)):
            toast = await self._press_under_answer(press, button)
        else:
            toast = word("gone", self._language)
        self._parts.later(self._acknowledge(press, toast))

    async def _press_under_answer(self, press: Press, button: keyboards.Option | keyboards.Page | keyboards.Rating) -> str:
        """A button that names the answer it stands under; what to show for a moment."""
        answer = await asyncio.to_thread(self._parts.conversations.answer_in, CHANNEL, self._key, button.answer)
        if answer is None:
            return word("gone", self._language)
        if isinstance(button, keyboards.Page):
            self._parts.later(self._show(press, answer, button.number))
            return ""
        if isinstance(button, keyboards.Rating):
            await self._rate(press, answer, cast("Rating", button.rating))
            return word("thanks", self._language)
        for block in answer.blocks:
            if block["type"] == "choices" and button.number < len(block["options"]):
                option = block["options"][button.number]
                await self._receive(choice={"kind": block["kind"], "value": option["value"], "label": option["label"]})
        return press.label

    async def _rate(self, press: Press, answer: Answer, rating: Rating) -> None:
        if answer.outcome not in RATED:
            return
        await asyncio.to_thread(self._parts.feedback.record, self._key, answer, rating)
        if rating == "up":
            await self._taken()
        else:
            await self._say([_plain(f"{comment_mark(answer.id, rating)} {word('comment', self._language)}")], PROMPT)
        self._parts.later(self._show(press, answer, 0, rated=True))

    async def _comment(self, comment: Comment) -> None:
        answer = await asyncio.to_thread(self._parts.conversations.answer_in, CHANNEL, self._key, comment.answer)
        if answer is None:
            return await self._say([self._words("gone")])
        rating = cast("Rating", comment.rating)
        await asyncio.to_thread(self._parts.feedback.record, self._key, answer, rating, comment.text)
        return await self._say([self._words("commented")])

    async def _speak(self, language: str) -> None:
        self._language = language
        await self._say([self._words("language_set")], change={"language": language})

    # --- where somebody is

    async def _position(self, position: Position) -> None:
        release = await self._parts.releases.current()
        try:
            place = place_at(release, position.latitude, position.longitude)
        except NoSeats:
            return await self._say([self._words("located_nowhere")])
        if self._known.state.get("service") or self._known.waiting:
            choice = {"kind": "place", "value": place.value, "label": place.label}
            return await self._receive(choice=choice, facts={"places": [place.value]})
        if place.value == OUTSIDE:
            county = release.county.name if release.county else ""
            return await self._say([self._words("located_outside", county=county)])
        return await self._say([self._words("located", place=place.label)], change={"places": [place.value]})

    # --- messages to a person

    async def _ask_for_letter(self, consent: bool, problem: str = "") -> None:
        mark = FORM_WITH_MARK if consent else FORM_MARK
        about = word("contact_form_with" if consent else "contact_form_without", self._language)
        request = word("contact_form", self._language)
        await self._say([_plain(" ".join(filter(None, (mark, problem, request, about))))], PROMPT)

    async def _letter(self, letter: Letter) -> None:
        email, phone = _EMAIL.search(letter.text), _phone(letter.text)
        form = ContactForm(
            id=f"telegram:{self._heard.update}",
            message=letter.text,
            consent=letter.consent,
            email=email[0].rstrip(".") if email else "",
            phone=phone,
        )
        await asyncio.to_thread(
            self._parts.conversations.open_conversation,
            CHANNEL,
            self._key,
            self._parts.chats.seal(self._heard.chat),
            self._language,
        )
        try:
            left = await self._parts.service.leave(CHANNEL, self._key, form)
        except NotAccepted as error:
            return await self._ask_for_letter(letter.consent, str(error))
        except NoPerson:
            return await self._say([self._words("no_person")])
        if not left.repeated:
            return await self._taken()
        block: HandoverBlock = {
            "type": "handover",
            "state": "closed",
            "office": left.office,
            "text": left.text,
            "reference": left.reference,
            "expected": left.expected,
        }
        return await self._say([block])  # it was taken before, but perhaps never told

    # --- into the database

    async def _receive(self, **said: Any) -> None:
        """Into the inbox, to be answered in its turn."""
        message = IncomingMessage(
            channel=CHANNEL,
            conversation=self._key,
            id=str(self._heard.update),
            reply_to=self._parts.chats.seal(self._heard.chat),
            language="" if self._known.conversation else str(self._first.get("language", "")),
            **said,
        )
        receipt = await self._parts.service.receive(message)
        if not receipt.duplicate:
            self._parts.later(self._wake_when_answered(receipt.conversation))
            self._parts.service.work_soon(receipt.conversation)

    async def _say(self, blocks: list[Block], outcome: str = _TOLD, change: dict[str, Any] | None = None) -> None:
        """Answer without a turn."""
        reply_to = self._parts.chats.seal(self._heard.chat)
        content = _content(blocks, outcome)
        await asyncio.to_thread(self._parts.store.say, self._heard.update, self._key, reply_to, content, self._first, change)
        self._parts.wake()

    async def _wake_when_answered(self, conversation: int) -> None:
        with self._parts.conversations.notices.listening(conversation) as listener:
            async with asyncio.timeout(_ANSWERED_WITHIN_S):
                while not any(each.what in ("answered", "gone") for each in await listener.wait(_ANSWERED_WITHIN_S)):
                    pass
        self._parts.wake()

    async def _taken(self) -> None:
        await asyncio.to_thread(self._parts.store.take, self._heard.update)

    # --- to Telegram, after the effect; if it gets lost, nothing is lost

    async def _acknowledge(self, press: Press, toast: str) -> None:
        with suppress(TelegramError):
            await self._parts.bot.answer_callback_query(press.callback, toast[:_LONGEST_TOAST] or None)

    async def _show(self, press: Press, answer: Answer, page: int, rated: bool = False) -> None:
        markup = keyboard(answer, self._language, page, rated, self._parts.site)
        with suppress(TelegramError):
            await self._parts.bot.edit_message_reply_markup(self._heard.chat, press.message, reply_markup=markup)

    # --- words

    async def _renderer(self) -> Renderer:
        release = await self._parts.releases.current()
        return Renderer(release, datetime.now(BERLIN), self._parts.retention_hours, self._language)

    def _words(self, key: str, **values: str) -> Block:
        return _plain(word(key, self._language, **values))


def _is_free(heard: Heard) -> bool:
    """What never counts: to go, and to have everything deleted."""
    said = heard.said
    return isinstance(said, Blocked) or (isinstance(said, Command) and said.name == "forget")


def _plain(text: str) -> Block:
    return {"type": "text", "text": text, "tone": "plain"}


def _content(blocks: list[Block], outcome: str) -> dict[str, Any]:
    return {"outcome": outcome, "author": "bot", "author_name": "", "blocks": blocks}


def _phone(text: str) -> str:
    """The first telephone number in a text, as it is dialled from anywhere."""
    match = next(iter(phonenumbers.PhoneNumberMatcher(text, "DE")), None)
    return phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.INTERNATIONAL) if match else ""

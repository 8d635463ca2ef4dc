"""The Telegram channel.

An update is acknowledged (by the next offset) only after its message is stored, and its `update_id` has one effect. Of a
person only the chat id is kept, as the place to answer to; the key of the conversation is a keyed hash of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
from contextlib import suppress

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatType, MessageLimit
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.request import HTTPXRequest

from bot.conversation.messages import CHOICE_KINDS, Block, IncomingMessage
from bot.conversation.rendering import plain_text
from bot.conversation.service import ConversationService
from bot.conversation.store import Answer, ConversationStore
from bot.conversation.texts import texts

os.environ.setdefault("PTB_TIMEDELTA", "true")  # else python-telegram-bot warns at every pause it is told to make

log = logging.getLogger("lotse.telegram")

CHANNEL = "telegram"
_COMMANDS = {"start": "start", "help": "help", "hilfe": "help", "datenschutz": "datenschutz"}
_FORGET = ("loeschen", "löschen")
_POLL_TIMEOUT_S = 25
_PAUSE_AFTER_ERROR_S = 3.0
_SEND_PAUSE_S = 0.2
_GIVE_UP_AFTER = 20
_LONGEST_CALLBACK = 64
_LONGEST_PAUSE_S = 300


class TelegramChannel:
    """Polls, stores, answers. `secret` keys the hash of chat ids."""

    def __init__(self, token: str, api: str, secret: bytes, service: ConversationService, store: ConversationStore) -> None:
        request = HTTPXRequest(connection_pool_size=16, read_timeout=20)
        polling = HTTPXRequest(connection_pool_size=1, read_timeout=_POLL_TIMEOUT_S + 5)
        self._bot = Bot(token, base_url=api, request=request, get_updates_request=polling)
        self._secret = secret
        self._service = service
        self._store = store
        self._offset: int | None = None
        self._pieces_sent: dict[int, int] = {}

    async def run_forever(self) -> None:
        """Receive and send until cancelled."""
        try:
            await self._sign_in()
            await asyncio.gather(self._receive_forever(), self._send_forever())
        except InvalidToken:
            log.error("Telegram does not accept the token; the channel stays off")
        finally:
            with suppress(Exception):
                await self._bot.shutdown()

    async def _sign_in(self) -> None:
        while True:
            try:
                return await self._bot.initialize()
            except InvalidToken:
                raise
            except TelegramError as error:
                log.warning("Telegram cannot be reached: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE_AFTER_ERROR_S)

    async def _receive_forever(self) -> None:
        while True:
            try:
                updates = await self._bot.get_updates(
                    offset=self._offset, timeout=_POLL_TIMEOUT_S, allowed_updates=["message", "callback_query"]
                )
                for update in updates:
                    await self._take(update)
                    self._offset = update.update_id + 1
            except RetryAfter as error:
                await asyncio.sleep(_seconds(error))
            except TimedOut:
                continue
            except Exception as error:
                log.warning("receiving from Telegram failed: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE_AFTER_ERROR_S)

    async def _take(self, update: Update) -> None:
        message = self.incoming(update)
        if message is None:
            return
        if message.command == "forget":
            await self._forget(message)
            return
        receipt = await self._service.receive(message)
        if not receipt.duplicate:
            self._service.work_soon(receipt.conversation)
        if update.callback_query:
            with suppress(TelegramError):
                await self._bot.answer_callback_query(update.callback_query.id)

    async def _forget(self, message: IncomingMessage) -> None:
        await asyncio.to_thread(self._store.forget, CHANNEL, message.conversation)
        try:
            await self._bot.send_message(message.reply_to, texts()["forgotten"])
        except (Forbidden, BadRequest) as error:  # it would fail for ever and hold up all other updates
            log.warning("an answer cannot be delivered: %s", type(error).__name__)

    def incoming(self, update: Update) -> IncomingMessage | None:
        """What an update says; None for what is not for us (groups, edits)."""
        chat = update.effective_chat
        if chat is None or chat.type != ChatType.PRIVATE:
            return None
        text, choice, command = "", None, ""
        if update.callback_query:
            text, choice = _pressed(update.callback_query.data or "")
        elif update.message:
            text, command = _written(update.message)
        else:
            return None
        return IncomingMessage(
            channel=CHANNEL,
            conversation=hmac.new(self._secret, str(chat.id).encode(), hashlib.sha256).hexdigest(),
            id=str(update.update_id),
            text=text,
            choice=choice,
            command=command,
            reply_to=str(chat.id),
        )

    async def _send_forever(self) -> None:
        while True:
            try:
                for answer in await asyncio.to_thread(self._store.due, CHANNEL):
                    await self._send(answer)
            except Exception as error:
                log.error("sending to Telegram failed: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE_AFTER_ERROR_S)
            await asyncio.sleep(_SEND_PAUSE_S)

    async def _send(self, answer: Answer) -> None:
        try:
            pieces = _pieces(plain_text(_without_choices(answer.blocks)))
            sent = self._pieces_sent.get(answer.id, 0)
            for number, piece in enumerate(pieces[sent:], sent + 1):
                buttons = keyboard(answer.blocks) if number == len(pieces) else None
                await self._bot.send_message(answer.reply_to, piece, reply_markup=buttons)
                self._pieces_sent[answer.id] = number
            await self._done(answer)
        except RetryAfter as error:
            await asyncio.to_thread(self._store.put_off, answer.id, _seconds(error))
        except (Forbidden, BadRequest) as error:
            log.warning("an answer cannot be delivered: %s", type(error).__name__)
            await self._done(answer)
        except NetworkError:
            pause = min(2.0**answer.attempts, _LONGEST_PAUSE_S)
            if answer.attempts >= _GIVE_UP_AFTER:
                await self._done(answer)
            else:
                await asyncio.to_thread(self._store.put_off, answer.id, pause)

    async def _done(self, answer: Answer) -> None:
        await asyncio.to_thread(self._store.mark_sent, answer.id)
        self._pieces_sent.pop(answer.id, None)


def keyboard(blocks: list[Block]) -> InlineKeyboardMarkup | None:
    """The buttons of an answer, one a row; what does not fit into 64 bytes goes by its number."""
    rows = []
    for block in blocks:
        if block["type"] == "choices":
            for number, option in enumerate(block["options"], 1):
                data = f"{block['kind']}:{option['value']}"
                if len(data.encode()) > _LONGEST_CALLBACK:
                    data = f"#{number}"
                rows.append([InlineKeyboardButton(option["label"], callback_data=data)])
        elif block["type"] == "service" and block["online"] and block["online"]["url"]:
            rows.append([InlineKeyboardButton(block["online"]["title"], url=block["online"]["url"])])
    return InlineKeyboardMarkup(rows) if rows else None


def _pressed(data: str) -> tuple[str, dict[str, str] | None]:
    kind, _, value = data.partition(":")
    if kind in CHOICE_KINDS and value:
        return "", {"kind": kind, "value": value}
    return data.removeprefix("#"), None


def _written(message: Message) -> tuple[str, str]:
    text = message.text or ""
    if not text:
        return "", "unlesbar"
    words = text[1:].partition("@")[0].split() if text.startswith("/") else []
    name = words[0].lower() if words else ""
    if name in _FORGET:
        return "", "forget"
    return ("", _COMMANDS[name]) if name in _COMMANDS else (text, "")


def _without_choices(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if block["type"] != "choices"]


def _pieces(text: str) -> list[str]:
    """A text in pieces that Telegram takes, cut at empty lines where possible."""
    limit = int(MessageLimit.MAX_TEXT_LENGTH)
    pieces = [""]
    for paragraph in text.split("\n\n"):
        for part in (paragraph[start : start + limit] for start in range(0, max(len(paragraph), 1), limit)):
            joined = f"{pieces[-1]}\n\n{part}" if pieces[-1] else part
            if len(joined) <= limit:
                pieces[-1] = joined
            else:
                pieces.append(part)
    return pieces


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return float(wait if isinstance(wait, int | float) else wait.total_seconds())

"""From the outbox to the chats.

Every piece of an answer is noted before it is sent, and noted again when its end is known. So a piece whose end is known is
never sent twice, also after a crash:

- accepted (2xx): done;
- refused, or never sent (no connection, 429, an error that the Bot API itself tells): sent again after a pause;
- unknown (the connection broke or the answer timed out after the request went out, or the process died in between): Telegram
  offers no way to ask. Silence is worse for people than a repetition, so the piece is sent again, without a sound and with a
  line that says so; after `_MOST_REPEATS` such repetitions it counts as delivered.

An answer waits behind the earlier ones of its chat; different chats do not wait for each other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import httpx
from telegram import Bot, ForceReply, InlineKeyboardMarkup, KeyboardButton, LinkPreviewOptions, ReplyKeyboardMarkup
from telegram.constants import MessageLimit
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.channels.telegram.chats import Chats, NoChat
from bot.channels.telegram.keyboards import are_numbered, keyboard
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.store import CHANNEL, FORGOTTEN, NotSpeaking, TelegramStore
from bot.channels.telegram.words import word
from bot.conversation.messages import Block
from bot.conversation.rendering import plain_text
from bot.conversation.store import Answer, ConversationStore

log = logging.getLogger("lotse.telegram")

PROMPT = "prompt"
"""The outcome of a message that asks for a reply to itself."""
_AT_ONCE = 16
_LOOK_S = 0.5
_LONGEST_PAUSE_S = 300.0
_MOST_REPEATS = 2
_PAUSE_AFTER_ERROR_S = 3.0
_LAST_SENDS_S = 5.0
_NO_TEXT = "…"

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ForceReply
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


@dataclass(frozen=True)
class Piece:
    """One message to a chat."""

    chat: int
    text: str
    markup: Markup | None
    silent: bool = False


class Sender:
    """Sends what is due. `owner` is the name under which this process speaks for the bot."""

    def __init__(
        self,
        bot: Bot,
        chats: Chats,
        conversations: ConversationStore,
        store: TelegramStore,
        owner: str,
        site: str = "",
        knows_places: Callable[[], Awaitable[bool]] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._bot = bot
        self._chats = chats
        self._conversations = conversations
        self._store = store
        self._owner = owner
        self._site = site
        self._knows_places = knows_places
        self._pace = pace or Pace()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to send. What other processes have stored is found without being told, a little later."""
        self._woken.set()

    async def run_forever(self) -> None:
        """Send until cancelled; what is under way then is brought to its end."""
        try:
            while True:
                try:
                    await self._send_due()
                except Exception as error:  # the database may come back
                    log.error("looking for answers failed: %s", type(error).__name__)
                    await asyncio.sleep(_PAUSE_AFTER_ERROR_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):  # `wait_for` of Python 3.11 may swallow that it is cancelled
                        await self._woken.wait()
                self._woken.clear()
        finally:
            await self._finish()

    async def _finish(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way.values(), timeout=_LAST_SENDS_S)
            for task in late:
                task.cancel()

    async def _send_due(self) -> None:
        busy = set(self._under_way)  # taken before the database is asked: what ends meanwhile may still look unsent
        for answer in await asyncio.to_thread(self._conversations.due, CHANNEL):
            if answer.reply_to not in busy and len(self._under_way) < _AT_ONCE:
                task = asyncio.create_task(self._send(answer))
                self._under_way[answer.reply_to] = task
                task.add_done_callback(partial(self._sent, answer.reply_to))

    def _sent(self, chat: str, _: object) -> None:
        self._under_way.pop(chat, None)
        self.wake()  # there may be more for this chat

    async def _send(self, answer: Answer) -> None:
        try:
            chat = self._chats.open(answer.reply_to)
        except NoChat:
            log.error("an answer leads to no chat: the secret is not the one it was stored with")
            await asyncio.to_thread(self._conversations.mark_sent, answer.id)
            return
        try:
            await self._send_pieces(answer, chat)
        except NotSpeaking:
            log.warning("another process speaks for the bot")
            await asyncio.sleep(_LOOK_S)
        except RetryAfter as error:
            self._pace.hold(chat, seconds(error))
            await self._later(answer, seconds(error))
        except Forbidden:
            log.info("somebody has blocked the bot; their conversation is forgotten")
            await asyncio.to_thread(self._store.forget, None, self._chats.key(chat))
        except TelegramError as error:
            log.warning("an answer has to wait: %s", type(error).__name__)
            await self._later(answer, _pause(answer.attempts))
        except Exception as error:  # the database may come back
            log.error("an answer could not be sent: %s", type(error).__name__)
            with suppress(Exception):
                await self._later(answer, _pause(answer.attempts))

    async def _later(self, answer: Answer, pause_s: float) -> None:
        await asyncio.to_thread(self._conversations.put_off, answer.id, pause_s)

    async def _send_pieces(self, answer: Answer, chat: int) -> None:
        begun = await asyncio.to_thread(self._store.sending, answer.id)
        language = begun.language
        pieces = _pieces(await self._text(answer, language))
        repeats = begun.repeats
        for number in range(begun.delivered, len(pieces)):
            again = begun.uncertain and number == begun.delivered
            if not (again and repeats >= _MOST_REPEATS):
                repeats += again
                await self._pace.turn(chat)
                if not await asyncio.to_thread(self._store.begin, answer.id, number, self._owner, repeats):
                    return
                markup = self._markup(answer, language) if number == len(pieces) - 1 else None
                piece = Piece(chat, _repeated(pieces[number], language) if again else pieces[number], markup, silent=again)
                await self._send_piece(answer.id, number, piece)
            if number < len(pieces) - 1:
                await asyncio.to_thread(self._store.ended, answer.id, number + 1)
        done = self._store.discard if answer.outcome == FORGOTTEN else self._conversations.mark_sent
        await asyncio.to_thread(done, answer.id)

    async def _send_piece(self, answer: int, number: int, piece: Piece) -> None:
        """Raises what Telegram raises; a refusal is noted before."""
        try:
            await self._accepted(piece)
        except TelegramError as error:
            if not is_unknown(error):
                await asyncio.to_thread(self._store.ended, answer, number)
            raise

    async def _accepted(self, piece: Piece) -> None:
        """Send a piece; once more without buttons if Telegram does not like them. What it never takes is given up."""
        for markup in (piece.markup, None) if piece.markup else (None,):
            try:
                await self._bot.send_message(
                    piece.chat,
                    piece.text,
                    reply_markup=markup,
                    disable_notification=piece.silent,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
                return
            except BadRequest as error:
                log.warning("Telegram refuses a message: %s", type(error).__name__)
            if markup:
                await self._pace.turn(piece.chat)
        log.error("an answer cannot be delivered")

    async def _text(self, answer: Answer, language: str) -> str:
        blocks = [block for block in answer.blocks if block["type"] != "choices" or are_numbered(block["options"])]
        text = plain_text(blocks, self._site) or _NO_TEXT
        if answer.author == "clerk" and answer.author_name:
            text = f"👤 {answer.author_name}:\n{text}"
        if _asks_for_place(answer.blocks) and self._knows_places and await self._knows_places():
            text = f"{text}\n\n{word('location_hint', language)}"
        return text

    def _markup(self, answer: Answer, language: str) -> Markup | None:
        if answer.outcome == PROMPT:
            return ForceReply()
        if _asks_for_place(answer.blocks) and not any(block["type"] == "choices" and block["options"] for block in answer.blocks):
            button = KeyboardButton(word("location_button", language), request_location=True)
            return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)
        return keyboard(answer, language, site=self._site)


def is_unknown(error: TelegramError) -> bool:
    """Whether a message may have been accepted although sending it failed."""
    if isinstance(error, (BadRequest, Forbidden, InvalidToken, RetryAfter)):
        return False
    cause = error.__cause__
    if isinstance(cause, httpx.HTTPError):
        return not isinstance(cause, _NEVER_SENT)
    # Without a cause it is what the Bot API itself said; with one, something in between that speaks no JSON.
    return not isinstance(error, NetworkError) or cause is not None


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    wait = error.retry_after
    return float(wait if isinstance(wait, int | float) else wait.total_seconds())


def _pause(attempts: int) -> float:
    """Seconds until the next attempt: 1, 2, 4 … up to five minutes. Nothing is given up: an answer lives as long as its
    conversation.
    """
    return float(min(2 ** min(attempts, 16), _LONGEST_PAUSE_S))


def _asks_for_place(blocks: list[Block]) -> bool:
    return any(block["type"] == "choices" and block["kind"] == "place" for block in blocks)


def _repeated(piece: str, language: str) -> str:
    longer = f"{piece}\n\n{word('again', language)}"
    return longer if len(longer) <= MessageLimit.MAX_TEXT_LENGTH else piece


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

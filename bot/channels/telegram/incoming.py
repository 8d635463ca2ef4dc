"""What an update says, reduced to what is needed: no name, no phone number, no picture goes any further than this."""

from __future__ import annotations

import re
from dataclasses import dataclass

from telegram import CallbackQuery, ChatMember, Message, Update
from telegram.constants import ChatType

from bot.channels.telegram.keyboards import Pressed, pressed

ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of updates that Telegram is asked for."""
COMMENT_MARK = "✎"
FORM_MARK = "✉"
FORM_WITH_MARK = "✉+"
_COMMENT_OF = re.compile(rf"{COMMENT_MARK} (\d{{1,18}})( 👎)?")
_DOWN = " 👎"
_COMMANDS = {
    "start": "start",
    "help": "help",
    "hilfe": "help",
    "sprache": "languages",
    "language": "languages",
    "mensch": "human",
    "human": "human",
    "datenschutz": "privacy",
    "privacy": "privacy",
    "loeschen": "forget",
    "löschen": "forget",
    "delete": "forget",
}
_SAID = {"neustart": "neustart", "zurueck": "zurück", "zurück": "zurück"}
"""Commands that say no more than their words."""


@dataclass(frozen=True)
class Text:
    """Words; `beside` when they came with a picture or a file that nobody looks at."""

    text: str
    beside: bool = False


@dataclass(frozen=True)
class Command:
    """One of `start`, `help`, `languages`, `human`, `privacy`, `forget`; with what stood behind it."""

    name: str
    payload: str = ""


@dataclass(frozen=True)
class Press:
    """A pressed button (None when it is not ours), what stood on it, and the message it stood under."""

    callback: str
    button: Pressed | None
    label: str = ""
    message: int | None = None


@dataclass(frozen=True)
class Position:
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Unreadable:
    """Something that is no text; `text` is the sentence that answers it."""

    text: str


@dataclass(frozen=True)
class Comment:
    """What somebody adds to a rating of an answer."""

    answer: int
    rating: str
    text: str


@dataclass(frozen=True)
class Letter:
    """A message for a person, the answer to our request for one."""

    text: str
    consent: bool


@dataclass(frozen=True)
class Blocked:
    """The bot was blocked."""


@dataclass(frozen=True)
class Elsewhere:
    """A group or a channel; `there` while the bot is in it."""

    there: bool


Said = Text | Command | Press | Position | Unreadable | Comment | Letter | Blocked | Elsewhere


@dataclass(frozen=True)
class Heard:
    """An update for us. `english` when the person uses Telegram in English."""

    update: int
    chat: int
    said: Said
    english: bool = False


def hear(update: Update) -> Heard | None:
    """What an update says; None for what is not for us."""
    chat, user = update.effective_chat, update.effective_user
    if chat is None:
        return None
    said = _of_private(update) if chat.type == ChatType.PRIVATE else _elsewhere(update)
    english = bool(user and (user.language_code or "").startswith("en"))
    return Heard(update.update_id, chat.id, said, english) if said else None


def _of_private(update: Update) -> Said | None:
    if update.callback_query:
        return _press(update.callback_query)
    if update.my_chat_member:
        return Blocked() if update.my_chat_member.new_chat_member.status == ChatMember.BANNED else None
    if update.edited_message:  # a live location reports every step in this way
        return None if update.edited_message.location else Unreadable("edited")
    return _written(update.message) if update.message else None


def _elsewhere(update: Update) -> Elsewhere | None:
    if update.callback_query or update.edited_message:
        return None
    if update.my_chat_member:
        return Elsewhere(update.my_chat_member.new_chat_member.status not in (ChatMember.BANNED, ChatMember.LEFT))
    return Elsewhere(True)


def _press(query: CallbackQuery) -> Press:
    message = query.message
    markup = message.reply_markup if isinstance(message, Message) else None
    buttons = [button for row in markup.inline_keyboard for button in row] if markup else []
    label = next((button.text for button in buttons if button.callback_data == query.data), "")
    return Press(query.id, pressed(query.data or ""), re.sub(r"^\d+\. ", "", label), message.message_id if message else None)


def _written(message: Message) -> Said | None:
    text = _storable(message.text or message.caption or "")
    if message.location:
        return Position(message.location.latitude, message.location.longitude)
    if not text:
        return _unreadable(message)
    answered = message.reply_to_message
    if answered and answered.from_user and answered.from_user.is_bot and message.text:
        asked = _asked(answered.text or "", text)
        if asked:
            return asked
    return _command(text) or Text(text, beside=not message.text)


def _asked(question: str, text: str) -> Said | None:
    """An answer to a request of ours, which says by its mark what it asks for."""
    comment = _COMMENT_OF.match(question)
    if comment:
        return Comment(int(comment[1]), "down" if comment[2] else "wrong", text)
    if question.startswith(FORM_MARK):
        return Letter(text, consent=question.startswith(FORM_WITH_MARK))
    return None


def comment_mark(answer: int, rating: str) -> str:
    """What a request for a comment begins with."""
    return f"{COMMENT_MARK} {answer}{_DOWN if rating == 'down' else ''} ·"


def _command(text: str) -> Command | Text | None:
    words = text.split(maxsplit=1) if text.startswith("/") else []
    name = words[0][1:].partition("@")[0].lower() if words else ""
    if name in _SAID:
        return Text(_SAID[name])
    return Command(_COMMANDS[name], words[1].strip() if len(words) > 1 else "") if name in _COMMANDS else None


def _unreadable(message: Message) -> Unreadable | None:
    if message.voice or message.audio or message.video_note:
        return Unreadable("voice")
    if message.photo or message.video or message.animation or message.document:
        return Unreadable("picture")
    if message.contact:
        return Unreadable("contact")
    is_service = message.pinned_message or message.new_chat_members or message.message_auto_delete_timer_changed
    return None if is_service else Unreadable("media")


def _storable(text: str) -> str:
    """Without what a database cannot hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ").strip()

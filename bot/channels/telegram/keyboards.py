"""Buttons under a message: what stands in them, and what comes back when one is pressed (at most 64 bytes).

| data | means |
|---|---|
| `place:091990112112`, `service:…` | a choice: its kind and value |
| `o:17:3` | option 3 of the choice in answer 17: a value that does not fit into 64 bytes |
| `p:17:1` | page 1 (from 0) of the choices in answer 17 |
| `f:17:up`, `f:17:down`, `f:17:wrong` | what somebody thinks of answer 17 |
| `language:en` | go on in a language |
| `human:` | speak to a person |
| `form:0`, `form:1` | leave a message, without or with the conversation |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.telegram.words import word
from bot.conversation.feedback import RATINGS
from bot.conversation.messages import CHOICE_KINDS, LANGUAGES, Block
from bot.conversation.store import Answer

RATED = ("answer", "nothere", "journey")
"""Outcomes that people are asked about."""
ROWS = 8
"""Rows of a page; what is more gets further pages."""
_LETTERS_IN_A_ROW = 6
_LONGEST_LETTERS = 3
_LONGEST_DATA = 64
_LONGEST_LABEL = 36
"""What a narrow telephone shows of a button that has the row for itself."""
_LANGUAGE_NAMES = {"de": "Deutsch", "en": "English", "de-simple": "Einfache Sprache"}
_NUMBERS = r"(\d{1,18})"

Row = list[InlineKeyboardButton]


@dataclass(frozen=True)
class Choice:
    kind: str
    value: str


@dataclass(frozen=True)
class Option:
    """Option `number` (from 0) of an answer."""

    answer: int
    number: int


@dataclass(frozen=True)
class Page:
    """A page (from 0) of the choices of an answer."""

    answer: int
    number: int


@dataclass(frozen=True)
class Rating:
    answer: int
    rating: str


@dataclass(frozen=True)
class Language:
    language: str


@dataclass(frozen=True)
class Human:
    pass


@dataclass(frozen=True)
class Form:
    """A message to a person is to be left, `consent`: together with the conversation."""

    consent: bool


Pressed = Choice | Option | Page | Rating | Language | Human | Form


def pressed(data: str) -> Pressed | None:
    """What a pressed button means; None for one that is not ours."""
    kind, _, value = data.partition(":")
    if kind in CHOICE_KINDS and value:
        return Choice(kind, value)
    if kind == "language" and value in LANGUAGES:
        return Language(value)
    if data == "human:":
        return Human()
    if data in ("form:0", "form:1"):
        return Form(value == "1")
    numbers = re.fullmatch(rf"[op]:{_NUMBERS}:{_NUMBERS}", data)
    if numbers:
        return (Option if kind == "o" else Page)(int(numbers[1]), int(numbers[2]))
    rated = re.fullmatch(rf"f:{_NUMBERS}:({'|'.join(RATINGS)})", data)
    return Rating(int(rated[1]), rated[2]) if rated else None


def keyboard(answer: Answer, language: str, page: int = 0, rated: bool = False, site: str = "") -> InlineKeyboardMarkup | None:
    """The buttons of an answer. `site` is the address of the public pages; Telegram takes links with https alone."""
    rows: list[Row] = []
    for block in answer.blocks:
        rows += _rows(block, answer, language, page, site if site.startswith("https://") else "")
    if answer.outcome in RATED and answer.author == "bot" and not rated:
        rows.append(_rating(answer, language))
    return InlineKeyboardMarkup(rows) if rows else None


def languages() -> Block:
    """The choice between the languages."""
    options = [{"value": each, "label": _LANGUAGE_NAMES[each]} for each in LANGUAGES]
    return {"type": "choices", "kind": "language", "options": options}


def are_numbered(options: Iterable[dict[str, str]]) -> bool:
    """Whether options have to be told in the text, because buttons cannot say them in full."""
    return any(option.get("hint") or len(option["label"]) > _LONGEST_LABEL for option in options)


def _rows(block: Block, answer: Answer, language: str, page: int, site: str) -> Iterator[Row]:
    if block["type"] == "choices":
        yield from _choices(block["kind"], block["options"], answer, language, page)
    elif block["type"] == "service" and block["online"] and block["online"]["url"].startswith(("https://", "http://")):
        yield [InlineKeyboardButton(block["online"]["title"], url=block["online"]["url"])]
    elif block["type"] == "link" and block["url"].startswith("https://"):
        yield [InlineKeyboardButton(block["label"], url=block["url"])]
    elif block["type"] == "journey" and site:
        yield [InlineKeyboardButton(word("checklist", language), url=site + block["page"])]
    elif block["type"] == "handover" and block["state"] == "offered":
        yield [InlineKeyboardButton(word("human", language), callback_data="human:")]
    elif block["type"] == "handover" and block["state"] == "form":
        yield [InlineKeyboardButton(word("form", language), callback_data="form:0")]
        yield [InlineKeyboardButton(word("form_with", language), callback_data="form:1")]


def _choices(kind: str, options: list[dict[str, str]], answer: Answer, language: str, page: int) -> Iterator[Row]:
    numbered = are_numbered(options)
    buttons = []
    for number, option in enumerate(options):
        data = f"{kind}:{option['value']}"
        if len(data.encode()) > _LONGEST_DATA:
            data = f"o:{answer.id}:{number}"
        label = f"{number + 1}. {option['label']}" if numbered else option["label"]
        buttons.append(InlineKeyboardButton(label, callback_data=data))
    are_letters = len(options) > ROWS and all(len(each["label"]) <= _LONGEST_LETTERS for each in options)
    across = _LETTERS_IN_A_ROW if are_letters else 1
    rows = [buttons[start : start + across] for start in range(0, len(buttons), across)]
    pages = max(1, -(-len(rows) // ROWS))
    page = min(page, pages - 1)
    yield from rows[page * ROWS : (page + 1) * ROWS]
    if pages > 1:
        yield _turning(answer, language, page, pages)


def _turning(answer: Answer, language: str, page: int, pages: int) -> Row:
    row = []
    if page > 0:
        row.append(InlineKeyboardButton(word("back", language), callback_data=f"p:{answer.id}:{page - 1}"))
    if page < pages - 1:
        label = word("more", language, page=page + 1, pages=pages)
        row.append(InlineKeyboardButton(label, callback_data=f"p:{answer.id}:{page + 1}"))
    return row


def _rating(answer: Answer, language: str) -> Row:
    labels = {"up": "👍", "down": "👎", "wrong": word("wrong", language)}
    return [InlineKeyboardButton(labels[each], callback_data=f"f:{answer.id}:{each}") for each in RATINGS]

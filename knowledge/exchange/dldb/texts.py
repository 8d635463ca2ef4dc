"""The description of a service as DLDB holds it, one long text, told in the fields Lotse has."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.exchange.markup import HEADING, ITEM, TEXT, Block, announces, paragraphs, sentences, tell_list
from knowledge.text import fold

_MOST_SENTENCES = 4
_FEWEST_SENTENCES = 2
_LONGEST_SHORT = 450
_LONGEST_SHORT_TEXT = 900
_SECTIONS = {
    "documents": ("unterlagen",),
    "requirements": ("voraussetz", "wer kann", "wer darf", "personenkreis"),
    "deadlines": ("gueltigkeit", "frist"),
    "fees": ("gebuehr", "kosten"),
}
"""Words in a heading that say what its section is about; anything else tells how things go."""


@dataclass(frozen=True)
class Description:
    """What a service is (2 to 4 sentences), and what the rest of its description says."""

    short: str = ""
    requirements: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    procedure: tuple[str, ...] = ()
    deadlines: tuple[str, ...] = ()
    fees: tuple[str, ...] = ()


def describe(blocks: tuple[Block, ...]) -> Description:
    """Tell a description: its first sentences as `short`, the rest by its sections."""
    told = paragraphs(blocks)
    short, rest = _opening(told)
    if len(short) > _LONGEST_SHORT_TEXT:
        rest = [Block(TEXT, short), *rest]
        short = short[:_LONGEST_SHORT_TEXT].rsplit(" ", 1)[0].rstrip(" ,;:–-") + " …"
    fields: dict[str, list[str]] = {name: [] for name in ("procedure", *_SECTIONS)}
    name, heading = "procedure", ""
    for block in rest:
        if block.kind == HEADING:
            name, heading = _section(block.text), block.text
            continue
        fields[name].append(_under(heading, block.text))
        heading = ""
    return Description(short, **{field: tuple(dict.fromkeys(texts)) for field, texts in fields.items()})


def statements(blocks: tuple[Block, ...]) -> list[str]:
    """Each paragraph and each item as a statement of its own, headings put before what they announce."""
    found, heading = [], ""
    for block in paragraphs(blocks):
        if block.kind == HEADING and not any(map(str.isdigit, block.text)):
            heading = block.text
            continue
        found.append(_under(heading, block.text))
        heading = ""
    return [*found, heading] if heading else found


def _opening(blocks: list[Block]) -> tuple[str, list[Block]]:
    """The short text, and the blocks it does not say."""
    if not blocks:
        return "", []
    heading = blocks[0].text if blocks[0].kind == HEADING else ""
    rest = blocks[1:] if heading else blocks
    short: list[str] = []
    while rest and rest[0].kind != HEADING and len(short) < _FEWEST_SENTENCES:
        block, rest = rest[0], rest[1:]
        items = _list_after(block, rest)
        ours, left = _first_sentences(block.text, short)
        if items and not left:
            # The list is too long for the text; it follows as a whole.
            if short:
                return _told(heading, short), [block, *rest]
            ours = [_cut_list(block.text, items)]
            rest = [block, *rest]
        short += ours
        if left:
            return _told(heading, short), [Block(block.kind, left), *rest]
        if items:
            break
    return _told(heading, short), rest


def _first_sentences(text: str, before: list[str]) -> tuple[list[str], str]:
    """As many sentences as there is room for after those before, at least one if there are none; and what is left."""
    all_of_them = sentences(text)
    taken: list[str] = []
    for sentence in all_of_them:
        full = len(before) + len(taken) >= _MOST_SENTENCES
        length = sum(map(len, (*before, *taken, sentence)))
        if (before or taken) and (full or length > _LONGEST_SHORT):
            break
        taken.append(sentence)
    while len(before) + len(taken) > 1 and taken and taken[-1].endswith((":", "?")):
        taken.pop()
    return taken, " ".join(all_of_them[len(taken) :])


def _list_after(block: Block, rest: list[Block]) -> list[str]:
    if block.kind != TEXT or not announces(block.text):
        return []
    items = []
    for each in rest:
        if each.kind != ITEM:
            break
        items.append(each.text)
    return items


def _cut_list(announcement: str, items: list[str]) -> str:
    shown = list(items)
    while len(shown) > 1 and sum(map(len, shown)) > _LONGEST_SHORT:
        shown.pop()
    return tell_list(announcement, shown if len(shown) == len(items) else [*shown, "und weitere"])


def _told(heading: str, short: list[str]) -> str:
    text = _under(heading, " ".join(short)) if short else heading
    return f"{text}." if text[-1:].isalnum() or text.endswith(")") else text


def _under(heading: str, text: str) -> str:
    if not heading:
        return text
    return f"{heading} {text}" if heading.endswith(("?", ":", "!")) else f"{heading}: {text}"


def _section(heading: str) -> str:
    folded = fold(heading)
    return next((name for name, words in _SECTIONS.items() if any(word in folded for word in words)), "procedure")

"""HTML from other people's editors as plain text: headings, paragraphs, list items, and the links in them.

The tokeniser is linear in the length of the text; `html.parser` needs half a minute for 50 KB of „<a “.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from itertools import islice

TEXT, ITEM, HEADING = "text", "item", "heading"

_TOKEN = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>|<[!?/][^<>]*>|([^<]+|<)")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*\n")
_BOUNDARIES = frozenset("p div ul ol dl dt dd table tr section article blockquote h1 h2 h3 h4 h5 h6 li hr".split())
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_HIDDEN = frozenset(("script", "style", "template"))
_SENTENCE_END = re.compile(r"[.!?…][“”\"»)]*\s+(?=[A-ZÄÖÜ„“\"»(*\d])")
_MISSING_SPACE = re.compile(r"(?<=[a-zäöüß]{2})\.(?=[A-ZÄÖÜ][a-zäöüß]{2,}\s)")
_ABBREVIATIONS = frozenset(
    "abs art bzw ca d evtl gem ggf inkl nr s sog st str tel u usw v vgl z zzgl dr prof h i a b e o".split()
)
_LONGEST_HEADING = 90
_LONGEST_LIST = 600
_LONGEST_SENTENCE = 1000
_LONGEST_CALL = 30


@dataclass(frozen=True)
class Block:
    """A piece of text of its own: `text`, `item` (of a list) or `heading`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Anchor:
    """A link in a text."""

    text: str
    url: str


@dataclass(frozen=True)
class Markup:
    """What a text says, and where it leads."""

    blocks: tuple[Block, ...]
    anchors: tuple[Anchor, ...] = ()


def read_markup(html: str) -> Markup:
    """Read HTML, or plain text with blank lines between paragraphs. Never fails; what is no tag is text."""
    reader = _Reader()
    for closing, tag, attributes, text in _TOKEN.findall(_without_comments(html)):
        if text:
            reader.text(text)
        elif tag:
            reader.tag(tag.lower(), bool(closing), attributes)
    reader.end_block()
    return Markup(tuple(reader.blocks), tuple(reader.anchors))


def paragraphs(blocks: tuple[Block, ...]) -> list[Block]:
    """The blocks with short lists told in the sentence that announces them: „Nötig sind: Ausweis; Foto.“"""
    told: list[Block] = []
    position = 0
    while position < len(blocks):
        block = blocks[position]
        position += 1
        if block.kind == TEXT and announces(block.text):
            items = _items_from(blocks, position)
            most = _LONGEST_SENTENCE if _goes_on(items) else _LONGEST_LIST
            if items and sum(map(len, items)) <= most:
                block, position = Block(TEXT, tell_list(block.text, items)), position + len(items)
        told.append(block)
    return told


def announces(text: str) -> bool:
    """Whether a text leaves its sentence open, so that a list may follow."""
    return not text.endswith((".", "!", "?", "…"))


def tell_list(announcement: str, items: list[str]) -> str:
    """A list as one sentence."""
    opening = announcement if announcement.endswith(":") or _goes_on(items) else f"{announcement}:"
    parts = [item.rstrip(".;, ") for item in items]
    joints = [" " if part.endswith((" und", " oder")) else "; " for part in parts[:-1]]
    return f"{opening} {''.join(map(''.join, zip(parts, [*joints, '.'], strict=True)))}"


def _goes_on(items: list[str]) -> bool:
    """Whether the items are the end of the sentence before them."""
    return all(item[:1].islower() for item in items)


def sentences(text: str, most: int = 10) -> list[str]:
    """The sentences of a German text, the last one with all the rest; „27. Juni“ and „z. B.“ do not end one."""
    found: list[str] = []
    start = 0
    for match in islice(_SENTENCE_END.finditer(text), 10 * most):
        if len(found) == most - 1:
            break
        if match[0][0] != "." or not _is_abbreviated(text[max(0, match.start() - 20) : match.start()]):
            found.append(text[start : match.end()].strip())
            start = match.end()
    return [*found, text[start:].strip()] if text[start:].strip() else found


def _is_abbreviated(before: str) -> bool:
    word = re.split(r"[\s(„.]", before)[-1]
    return (word.isdigit() and len(word) < 4) or word.lower() in _ABBREVIATIONS


def _items_from(blocks: tuple[Block, ...], position: int) -> list[str]:
    items = []
    while position < len(blocks) and blocks[position].kind == ITEM:
        items.append(blocks[position].text)
        position += 1
    return items


def _without_comments(html: str) -> str:
    first, *others = html.split("<!--")
    return first + "".join(other.partition("-->")[2] for other in others)


class _Reader:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.anchors: list[Anchor] = []
        self._runs: list[tuple[str, bool]] = []
        self._bold = 0
        self._in_item = False
        self._in_heading = False
        self._hidden = ""
        self._link: tuple[str, int] | None = None

    def text(self, raw: str) -> None:
        if self._hidden:
            return
        first, *others = _BLANK_LINE.split(raw)
        self._add(first)
        for other in others:
            self._break()
            self._add(other)

    def tag(self, tag: str, closing: bool, attributes: str) -> None:
        if self._hidden or tag in _HIDDEN:
            self._hidden = "" if closing and tag == self._hidden else self._hidden or ("" if closing else tag)
        elif tag in _BOUNDARIES:
            self.end_block()
            if tag == "li":
                self._in_item = not closing
            elif tag in ("ul", "ol") and closing:
                self._in_item = False
            self._in_heading = tag in _HEADINGS and not closing
        elif tag == "br":
            self._break()
        elif tag in ("b", "strong"):
            self._bold = max(0, self._bold + (-1 if closing else 1))
        elif tag == "a":
            self._anchor(closing, attributes)
        elif tag in ("td", "th"):
            self._runs.append((" ", self._bold > 0))

    def end_block(self) -> None:
        self._end_anchor()
        runs, self._runs = self._runs, []
        text = _join(runs, in_item=self._in_item)
        if not any(map(str.isalnum, text)):
            return
        self.blocks.append(Block(self._kind(text, runs), text))

    def _kind(self, text: str, runs: list[tuple[str, bool]]) -> str:
        if self._in_heading:
            return HEADING
        if self._in_item:
            return ITEM
        bold = all(is_bold for run, is_bold in runs if run.strip())
        most = {".": 0, "!": _LONGEST_CALL}.get(text[-1], _LONGEST_HEADING)
        return HEADING if bold and len(text) <= most else TEXT

    def _add(self, raw: str) -> None:
        text = unescape(raw).replace("\u200b", "").replace("\n", " ")
        if text:
            self._runs.append((text, self._bold > 0))

    def _break(self) -> None:
        if self._in_item:
            self._runs.append(("\n", self._bold > 0))
        else:
            self.end_block()

    def _anchor(self, closing: bool, attributes: str) -> None:
        self._end_anchor()
        href = None if closing else _HREF.search(attributes)
        if href:
            self._link = unescape(next(filter(None, href.groups()), "")).strip(), len(self._runs)

    def _end_anchor(self) -> None:
        if self._link:
            url, start = self._link
            self._link = None
            self.anchors.append(Anchor(" ".join("".join(text for text, _ in self._runs[start:]).split()), url))


def _join(runs: list[tuple[str, bool]], *, in_item: bool) -> str:
    text = "".join(run for run, _ in runs)
    filled = [(run, bold) for run, bold in runs if run.strip() or run == "\n"]
    lead = "".join(run for run, _ in filled[: next((at for at, (_, bold) in enumerate(filled) if not bold), 0)])
    text = _MISSING_SPACE.sub(". ", text)
    lines = [" ".join(line.split()) for line in text.split("\n")] if in_item else [" ".join(text.split())]
    joined = ""
    for line in filter(None, lines):
        stop = "" if not joined or joined.endswith((".", ":", "!", "?", ",", ";")) or line[0].islower() else "."
        joined = f"{joined}{stop} {line}".strip()
    return _after_lead(joined, " ".join(lead.split()))


def _after_lead(text: str, lead: str) -> str:
    """Bold words that stand for a heading get a colon: „**Verlorene Fahrräder besichtigen** Ihr Fahrrad ist …“."""
    rest = text[len(lead) :].lstrip()
    is_heading = len(lead.split()) > 2 and lead[-1].isalnum() and text.startswith(f"{lead} ") and rest[:1].isupper()
    return f"{lead}: {rest}" if is_heading else text

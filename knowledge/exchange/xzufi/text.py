"""Texts of XZuFi: HTML to lines and back, opening hours in German, names that become identifiers."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

from knowledge.exchange.limits import clean_text, one_line
from knowledge.exchange.markup import ITEM, Anchor, read_markup
from knowledge.exchange.xzufi.xml import Node
from knowledge.text import fold

LONGEST_SLUG: Final = 60

_BLOCK: Final = re.compile(
    r"</?(?:address|article|blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|table|td|th|tr|ul)\b", re.IGNORECASE
)
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BULLET: Final = re.compile(r"^[-–—*•·▪◦]\s+")


@dataclass(frozen=True)
class Text:
    """What HTML says: lines (with whether each is a point of a list) and links."""

    lines: tuple[tuple[str, bool], ...] = ()
    links: tuple[Anchor, ...] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """The points and paragraphs, one each."""
        return tuple(line for line, _ in self.lines)

    @property
    def flowing(self) -> str:
        """As one text; points of a list begin with a dash."""
        return clean_text("\n".join(f"- {line}" if is_point else line for line, is_point in self.lines))


def read_html(source: str) -> Text:
    """Clean text from HTML, or from plain text with a line each."""
    visible = _INVISIBLE.sub("", source).strip()
    if not visible:
        return Text()
    markup = read_markup(visible if _BLOCK.search(visible) else visible.replace("\n", "<br>"))
    lines = ((_BULLET.sub("", block.text), block.kind == ITEM or bool(_BULLET.match(block.text))) for block in markup.blocks)
    return Text(tuple(lines), markup.anchors)


def tidy(text: str) -> str:
    """One line of at most 500 characters, without what cannot be seen and without needless white space."""
    return one_line(_INVISIBLE.sub("", text))


def unused(name: str, taken: dict[str, int]) -> str:
    """A name that is not among those taken, with a number behind it if need be; it is taken from then on."""
    candidate = name
    while candidate in taken:
        taken[name] += 1
        candidate = f"{name}-{taken[name]}"
    taken[candidate] = 1
    return candidate


def source_of(node: Node | None) -> str:
    """The content of an element, with HTML that was given as elements."""
    if node is None:
        return ""
    return "".join(
        part if isinstance(part, str) else f"<{part.tag}{_attributes(part)}>{source_of(part)}</{part.tag}>" for part in node.parts
    )


def _attributes(node: Node) -> str:
    return f' href="{html.escape(node.attributes["href"])}"' if "href" in node.attributes else ""


def paragraph(text: str) -> str:
    """A text as it stands inside HTML."""
    return html.escape(text, quote=False)


def points(texts: tuple[str, ...], numbered: bool = False) -> str:
    """Texts as an HTML list."""
    name = "ol" if numbered else "ul"
    return f"<{name}>{''.join(f'<li>{paragraph(text)}</li>' for text in texts)}</{name}>"


def slug_of(name: str) -> str:
    """A name as an identifier of small letters, digits and hyphens, at most 60 characters; empty for a name without any."""
    slug = re.sub("[^a-z0-9]+", "-", fold(name)).strip("-")
    if len(slug) > LONGEST_SLUG:
        slug = slug[: LONGEST_SLUG + 1].rpartition("-")[0] or slug[:LONGEST_SLUG]
    return slug


_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_GERMAN_DAYS: Final = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
_NO_HOLIDAYS: Final = "feiertags geschlossen"
_HOLIDAYS_OFF: Final = "PH off"
_BY_APPOINTMENT: Final = re.compile(
    r"(?:nur )?nach (?:vorheriger )?(?:termin|vereinbarung)\w*(?: vereinbarung)?\.?", re.IGNORECASE
)
_CLOCK: Final = r"([01]?\d|2[0-4])(?:[:.]([0-5]\d))?"
_HOURS_TOKEN: Final = re.compile(
    rf"(?P<day>mo|di|mi|do|fr|sa|so)[a-z]*\b\.?|(?P<clock>{_CLOCK})(?:\s*uhr)?|(?P<to>-|bis)|(?P<also>,|;|/|&|\||:|\bund\b|\buhr\b|\bvon\b)",
    re.IGNORECASE,
)
_DAY_WORD: Final = re.compile(
    r"mo|di|mi|do|fr|sa|so|montags?|dienstags?|mittwochs?|donnerstags?|freitags?|samstags?|sonnabends?|sonntags?", re.IGNORECASE
)
_DAY_ALONE: Final = rf"\b(?:{_DAY_WORD.pattern})\b\.?"
_CLOSED_DAY: Final = re.compile(rf"{_DAY_ALONE}(?:\s*(?:-|bis|und|,|&)\s*{_DAY_ALONE})*\s*:?\s*geschlossen[.,;]?", re.IGNORECASE)


def german_hours(hours: str, appointment_only: bool = False) -> str:
    """Opening hours in OSM syntax as Germans write them."""
    text = hours.replace(_HOLIDAYS_OFF, _NO_HOLIDAYS)
    for day, german in zip(_DAYS, _GERMAN_DAYS, strict=True):
        text = re.sub(rf"\b{day}\b", german, text)
    return "\n".join(filter(None, (text, "Nur nach Terminvereinbarung." if appointment_only else "")))


def osm_hours(text: str) -> tuple[str, bool] | None:
    """German opening hours in OSM syntax, and whether one must have an appointment; None when not all of it is clear."""
    text = tidy(text.replace("\n", "; ")).replace("–", "-").replace("—", "-")
    text, appointments = _BY_APPOINTMENT.subn("", text)
    text = _CLOSED_DAY.sub("", text)
    text, closed = re.subn(r"(?:an )?feiertag(?:s|en):? geschlossen\.?", "", text, flags=re.IGNORECASE)
    groups = _groups(text)
    if groups is None or (closed and not groups):
        return None
    hours = ", ".join(f"{days} {','.join(spans)}" for days, spans in groups)
    return "; ".join(filter(None, (hours, _HOLIDAYS_OFF if closed else ""))), bool(appointments)


def _groups(text: str) -> list[tuple[str, list[str]]] | None:
    """Days with their spans, in order."""
    tokens = _hour_tokens(text)
    if tokens is None:
        return None
    groups: list[tuple[str, list[str]]] = []
    position = 0
    while position < len(tokens):
        days, position = _run(tokens, position, "day")
        spans, position = _run(tokens, position, "clock")
        if not days or not spans or any("-" not in span for span in spans):
            return None
        groups.append((",".join(days), spans))
    return groups


def _run(tokens: list[tuple[str, str]], position: int, kind: str) -> tuple[list[str], int]:
    """The values and ranges of one kind that follow each other."""
    found: list[str] = []
    while position < len(tokens) and tokens[position][0] == kind:
        value = tokens[position][1]
        if [each[0] for each in tokens[position + 1 : position + 3]] == ["to", kind]:
            found.append(f"{value}-{tokens[position + 2][1]}")
            position += 3
        else:
            found.append(value)
            position += 1
    return found, position


def _hour_tokens(text: str) -> list[tuple[str, str]] | None:
    tokens: list[tuple[str, str]] = []
    position = 0
    for match in _HOURS_TOKEN.finditer(text):
        if text[position : match.start()].strip(" ."):
            return None
        position = match.end()
        if match["day"]:
            if not _DAY_WORD.fullmatch(match[0].rstrip(".")):
                return None
            tokens.append(("day", _DAYS[_GERMAN_DAYS.index(match["day"].capitalize())]))
        elif match["clock"]:
            tokens.append(("clock", f"{int(match[3]):02}:{match[4] or '00'}"))
        elif match["to"]:
            tokens.append(("to", "-"))
    return None if text[position:].strip(" .") else tokens

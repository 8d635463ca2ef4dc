"""Objects of a DLDB export, read one field at a time: missing ones are empty, wrong ones are noted with their path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from typing import Any

from knowledge.exchange.dldb.texts import statements
from knowledge.exchange.limits import MOST_CHARS, Notes, clean_text, one_line
from knowledge.exchange.markup import Markup, read_markup
from knowledge.exchange.reading import Unreadable
from knowledge.model import OfficeType

OFFICE_TYPE = OfficeType("dldb", "Behörde", "gemeinde")
LONGEST_NAME = 300

# Without a hyphen, so that „dldb-<service>-<location>“ means one pair only.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,39}")
_URL = re.compile(r"https?://[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#][^\x00-\x20\x7f{}<>\"\\^`\s]*)?")
_LONGEST_URL = 2_000
_MOST_MARKS = 200_000
_CHARS_A_MARK = 50


@dataclass
class Export:
    """What all entries of an export share. `name` is that of its folder, `stamps` the times its files were made."""

    name: str
    stamps: set[str] = field(default_factory=set)
    topics: Mapping[str, str] = field(default_factory=dict)
    mended: Notes = field(default_factory=Notes)
    refused: Notes = field(default_factory=Notes)
    marks: int = 0

    @property
    def source(self) -> str:
        """The export as the source of what it says."""
        return f"DLDB-Export „{self.name}“"


@dataclass(frozen=True)
class Entry:
    """An object with its path, such as „services[3]“. PHP writes empty texts as `false` and empty objects as lists."""

    data: Mapping[str, Any]
    where: str
    export: Export

    @property
    def mended(self) -> Notes:
        """What was read in a better form than it was written."""
        return self.export.mended

    @property
    def refused(self) -> Notes:
        """What was left out."""
        return self.export.refused

    def at(self, key: str) -> str:
        """The path of a field."""
        return f"{self.where}.{key}" if self.where else key

    def text(self, key: str, most: int = MOST_CHARS) -> str:
        """Text as it stands, several lines perhaps, without control characters."""
        return clean_text(self._raw(key), self.at(key), self.mended, most)

    def line(self, key: str, most: int = 500) -> str:
        """Text in one line."""
        return one_line(self._raw(key), self.at(key), self.mended, most)

    def markup(self, key: str) -> Markup:
        """Text with HTML in it. Raises `Unreadable` when all texts together are longer, or have more tags, than texts need."""
        html = self.text(key)
        self.export.marks += sum(map(html.count, "<&\n")) + len(html) // _CHARS_A_MARK
        if self.export.marks > _MOST_MARKS:
            raise Unreadable(f"Die Texte sind zu lang oder haben zu viele HTML-Auszeichnungen (bei „{self.at(key)}“).")
        return read_markup(html) if html else Markup(())

    def statements(self, key: str) -> list[str]:
        """Each paragraph and item of a text with HTML."""
        return statements(self.markup(key).blocks)

    def plain(self, key: str) -> str:
        """A text with HTML as one."""
        return " ".join(self.statements(key))

    def day(self, key: str) -> date | None:
        """A day, also out of a time (ISO 8601)."""
        text = self.line(key)
        try:
            return date.fromisoformat(text[:10]) if text else None
        except ValueError:
            self.refused.add(self.at(key), f"„{text[:50]}“ ist kein Datum.")
            return None

    def confirmed(self) -> date | None:
        """The day of the last change; not where an export only repeats its own time everywhere."""
        meta = self.child("meta")
        return None if meta.line("lastupdate") in self.export.stamps else meta.day("lastupdate")

    def identifier(self, key: str = "id") -> str:
        """Empty when it is missing or holds anything but letters, digits and `_`."""
        raw = self._raw(key).strip()
        return raw if _ID.fullmatch(raw) else ""

    def child(self, key: str) -> Entry:
        """An object; empty when there is none."""
        value = self.data.get(key)
        if value and not isinstance(value, dict):
            self.refused.add(self.at(key), "Hier werden benannte Angaben erwartet.")
        return Entry(value if isinstance(value, dict) else {}, self.at(key), self.export)

    def entries(self, key: str) -> Iterator[Entry]:
        """The objects of a list."""
        value = self.data.get(key) or []
        if not isinstance(value, list):
            self.refused.add(self.at(key), "Hier wird eine Liste erwartet.")
            return
        for position, each in enumerate(value):
            where = f"{self.at(key)}[{position}]"
            if isinstance(each, dict):
                yield Entry(each, where, self.export)
            else:
                self.refused.add(where, "Hier werden benannte Angaben erwartet.")

    def lines(self, key: str) -> list[str]:
        """The texts of a list, each in one line."""
        value = self.data.get(key)
        texts = value if isinstance(value, list) else []
        found = (one_line(each, self.at(key), self.mended) for each in texts if isinstance(each, str))
        return [each for each in found if each]

    def url(self, key: str, ids: Mapping[str, str] | None = None) -> str:
        """A complete web address, its placeholders such as `{serviceId}` filled in; empty, and noted, when it is none."""
        raw = unescape(one_line(self._raw(key), most=MOST_CHARS))
        if not raw:
            return ""
        filled = raw
        for name, value in (ids or {}).items():
            filled = filled.replace(f"{{{name}}}", value)
        complete = f"https:{filled}" if filled.startswith("//") else filled
        if len(complete) > _LONGEST_URL or not _URL.fullmatch(complete):
            self.refused.add(self.at(key), "Das ist keine vollständige Internetadresse.")
            return ""
        if filled != raw:
            self.mended.add(self.at(key), "Der Platzhalter in der Internetadresse ist ausgefüllt.")
        if complete != filled:
            self.mended.add(self.at(key), "Der Internetadresse fehlte „https:“.")
        return complete

    def _raw(self, key: str) -> str:
        value = self.data.get(key)
        if isinstance(value, bool) or value is None or value == []:
            return ""
        if isinstance(value, (int, float)):
            return str(value)
        if not isinstance(value, str):
            self.refused.add(self.at(key), "Hier wird Text erwartet.")
            return ""
        return value

"""XML from outside as small trees, one object at a time, within bounds; and trees back as text.

Read by expat through defusedxml: no DTD, no entities, nothing external. The whole file is given at once, because feeding
it in pieces makes expat before 2.6 scan long tokens again and again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from knowledge.exchange.reading import Note, Unreadable
from knowledge.exchange.xzufi.terms import GML, MESSAGE, NAMESPACE, OBJECTS, READABLE, VERSIONS, XSI

DEEPEST: Final = 64
LONGEST_TAG: Final = 2_000_000
LONGEST_ATTRIBUTE: Final = 10_000
LONGEST_TEXT: Final = 200_000
MOST_ATTRIBUTES: Final = 100
MOST_ELEMENTS: Final = 500_000

REST: Final = "lotse"
"""Target of the processing instructions that carry what XZuFi has no field for."""

_ERRORS: Final = {
    3: "Die Datei bricht ab. Sie ist nicht vollständig.",
    4: "Hier steht ein Zeichen, das es in XML nicht gibt. Vielleicht ist die Zeichenkodierung falsch angegeben.",
    5: "Die Datei bricht ab. Sie ist nicht vollständig.",
    7: "Ein Element ist nicht richtig geschlossen.",
    8: "Ein Element hat zweimal dasselbe Attribut.",
    9: "Nach dem Ende des Inhalts steht noch etwas.",
    11: "Hier steht eine Entität, die es nicht gibt.",
    18: "Die angegebene Zeichenkodierung ist nicht bekannt.",
    19: "Die angegebene Zeichenkodierung stimmt nicht.",
    27: "Ein Namensraum ist nicht erklärt.",
}
"""By the numbers of expat's errors."""

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 does not allow, and the control characters it advises against."""
_LONG_TAG: Final = re.compile(rb"<[^<>]{%d}" % LONGEST_TAG)
_DECLARED: Final = re.compile(rb"""^(?:\xef\xbb\xbf)?<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


class Node:
    """One element: local name, attributes (local names), texts and children in order, and the line it begins in.

    `prefix` says how it is written; `rests` are the processing instructions for us inside it.
    """

    __slots__ = ("attributes", "line", "parts", "prefix", "rests", "tag")

    def __init__(self, tag: str, *parts: Node | str, prefix: str = "xzufi:", line: int = 0, **attributes: str) -> None:
        self.tag, self.prefix, self.line = tag, prefix, line
        self.attributes = attributes
        self.parts: list[Node | str] = list(parts)
        self.rests: list[str] = []

    def add(self, *parts: Node | str) -> None:
        """Children or texts behind those that are there."""
        self.parts.extend(parts)

    def all(self, tag: str) -> Iterator[Node]:
        """The children of that name."""
        return (part for part in self.parts if isinstance(part, Node) and part.tag == tag)

    def first(self, *path: str) -> Node | None:
        """The first child of that name, or along a path of names; None when there is none."""
        found: Node | None = self
        for tag in path:
            found = next(found.all(tag), None) if found else None
        return found

    def text(self, *path: str) -> str:
        """The text of the element, or of the first one along a path, without white space around it; empty when missing."""
        found = self.first(*path)
        return "".join(part for part in found.parts if isinstance(part, str)).strip() if found else ""

    def below(self, tag: str) -> Iterator[Node]:
        """The elements of that name at any depth."""
        for part in self.parts:
            if isinstance(part, Node):
                if part.tag == tag:
                    yield part
                yield from part.below(tag)


def readable(text: str) -> str:
    """A text as it comes back from XML: without forbidden characters, with line feeds only."""
    if text.isascii() and text.isprintable():
        return text
    return _FORBIDDEN.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def parse(data: bytes, handle: Callable[[Node], None]) -> tuple[Node, list[Note]]:
    """Give each object of a message to `handle`; returns the root without its objects, and what was mended.

    Raises `Unreadable` for anything that is no XZuFi 2.2 or 2.3, and for what goes beyond the bounds.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    too_long = _LONG_TAG.search(data)
    if too_long:
        line = data.count(b"\n", 0, too_long.start()) + 1
        raise Unreadable([Note(f"Zeile {line}", f"Ein Element ist zu lang. Möglich sind {LONGEST_TAG} Byte.")])
    encoding, mended = _encoding(data)
    target = _Target(handle)
    parser: Any = DefusedXMLParser(target=target, encoding=encoding, forbid_dtd=True)
    target.expat = parser.parser
    try:
        parser.feed(data)
        parser.close()
    except DefusedXmlException as error:
        raise target.refuse("Die Datei enthält eine DTD oder Entitäten. So etwas wird nicht gelesen.") from error
    except ParseError as error:
        what = _ERRORS.get(error.code, "Die Datei ist kein gültiges XML.")
        raise Unreadable([Note(f"Zeile {error.position[0]}", what)]) from error
    except (LookupError, ValueError) as error:
        raise target.refuse(_ERRORS[18]) from error
    return target.root, mended


def _encoding(data: bytes) -> tuple[str | None, list[Note]]:
    """The encoding to use instead of the one that is declared, where that cannot be right."""
    declared = _DECLARED.match(data[:200])
    if not declared or declared[1].lower() in (b"utf-8", b"utf8") or data.isascii():
        return None, []
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None, []
    name = declared[1].decode()
    return "utf-8", [Note("Zeile 1", f"Die Datei nennt die Zeichenkodierung {name}, ist aber in UTF-8 gespeichert.")]


class _Target:
    """Builds trees from what the parser reports."""

    def __init__(self, handle: Callable[[Node], None]) -> None:
        self.expat: Any = None
        self.root = Node("")
        self._handle = handle
        self._open: list[Node] = []
        self._object: Node | None = None
        self._elements = 0
        self._characters = 0

    def refuse(self, message: str) -> Unreadable:
        """What to raise, with the line the parser is at."""
        return Unreadable([Note(f"Zeile {self.expat.CurrentLineNumber}", message)])

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition("}")
        node = Node(tag, line=self.expat.CurrentLineNumber)
        self._characters = 0
        self._count()
        if len(self._open) >= DEEPEST:
            raise self.refuse(f"Die Elemente sind zu tief geschachtelt. Möglich sind {DEEPEST} Ebenen.")
        if len(attributes) > MOST_ATTRIBUTES:
            raise self.refuse(f"Ein Element hat zu viele Attribute. Möglich sind {MOST_ATTRIBUTES}.")
        for key, value in attributes.items():
            if len(value) > LONGEST_ATTRIBUTE:
                raise self.refuse(f"Ein Attribut ist zu lang. Möglich sind {LONGEST_ATTRIBUTE} Zeichen.")
            node.attributes[key.rpartition("}")[2]] = value
        if not self._open:
            self._check_root(space[1:])
            self.root = node
        elif tag in OBJECTS and self._object is None and READABLE.fullmatch(space[1:]):
            self._object = node
        self._open.append(node)

    def _count(self) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise self.refuse(f"Die Datei hat zu viele Elemente. Möglich sind {MOST_ELEMENTS}.")

    def _check_root(self, space: str) -> None:
        if READABLE.fullmatch(space):
            return
        if space.startswith(NAMESPACE):
            version = space.removeprefix(NAMESPACE).replace("_", ".")[:20]
            raise self.refuse(f"Das ist XZuFi {version}. Gelesen werden die Versionen 2.2 und 2.3.")
        raise self.refuse("Das ist keine XZuFi-Datei: Der Namensraum des ersten Elements ist ein anderer.")

    def end(self, _name: str) -> None:
        node = self._open.pop()
        self._characters = 0
        if node is self._object:
            self._object = None
            self._handle(node)
        elif self._object is not None:
            self._open[-1].parts.append(node)

    def data(self, text: str) -> None:
        if self._object is None:
            return
        self._characters += len(text)
        if self._characters > LONGEST_TEXT:
            raise self.refuse(f"Ein Text ist zu lang. Möglich sind {LONGEST_TEXT} Zeichen.")
        self._open[-1].parts.append(text)

    def pi(self, target: str, text: str) -> None:
        self._count()
        if target == REST and self._open:
            self._open[-1].rests.append(text)

    def close(self) -> None:
        """The parser asks for the result; it is in `root`."""


def write(version: str, produced: Iterable[Node]) -> bytes:
    """A message of that version (a key of `VERSIONS`) as XML in UTF-8. Texts must be `readable`."""
    spaces = f'xmlns:xzufi="{NAMESPACE}{VERSIONS[version]}" xmlns:xsi="{XSI}" xmlns:gml="{GML}"'
    product = 'produktbezeichnung="Lotse" produkthersteller="Lotse"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<xzufi:{MESSAGE} {spaces} {product} xzufiVersion="{version}">']
    for node in produced:
        _write(node, lines, "  ")
    lines.append(f"</xzufi:{MESSAGE}>\n")
    return "\n".join(lines).encode()


def _write(node: Node, lines: list[str], indent: str) -> None:
    if not node.tag:
        lines.extend(f"{indent}<?{REST} {rest}?>" for rest in node.rests)
        return
    attributes = "".join(f' {name}="{_attribute(value)}"' for name, value in node.attributes.items())
    name = f"{node.prefix}{node.tag}"
    if not node.rests and all(isinstance(part, str) for part in node.parts):
        text = _escape("".join(part for part in node.parts if isinstance(part, str)))
        lines.append(f"{indent}<{name}{attributes}>{text}</{name}>" if text else f"{indent}<{name}{attributes}/>")
        return
    lines.append(f"{indent}<{name}{attributes}>")
    for part in node.parts:
        if isinstance(part, Node):
            _write(part, lines, indent + "  ")
    lines.extend(f"{indent}  <?{REST} {rest}?>" for rest in node.rests)
    lines.append(f"{indent}</{name}>")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    return _escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")

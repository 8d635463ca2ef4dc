"""Scripts and styles of the page and the widget: bundled from their sources when the gateway starts, named by their content.

The sources are plain ECMAScript modules with one-line imports and no name used twice, so that a bundle is their text in order.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
WIDGET = "lotse-widget"
_SOURCES = STATIC / "src"
_STYLES = STATIC / "styles"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_NAME = re.compile(rf"{WIDGET}\.[0-9a-f]{{12}}\.js")

log = logging.getLogger("lotse.web")


@dataclass(frozen=True)
class Asset:
    """A file to serve; its name tells its content, so that it may be kept for ever."""

    stem: str
    suffix: str
    content: bytes

    @property
    def name(self) -> str:
        return f"{self.stem}.{hashlib.sha256(self.content).hexdigest()[:12]}.{self.suffix}"

    @property
    def integrity(self) -> str:
        """For the attribute `integrity` (W3C Subresource Integrity)."""
        return f"sha384-{base64.b64encode(hashlib.sha384(self.content).digest()).decode()}"

    @property
    def media_type(self) -> str:
        return {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}[self.suffix]

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, 9, mtime=0)


@lru_cache(maxsize=1)
def widget() -> Asset:
    """The widget: script and styles in one file."""
    script = bundle("widget.js").replace('"%CSS%"', json.dumps(_own_rem(style("chat.css", "widget.css")), ensure_ascii=False))
    return Asset(WIDGET, "js", script.encode())


@lru_cache(maxsize=1)
def page_assets() -> dict[str, Asset]:
    """What the page and the page about the widget load, by the name their HTML calls it."""
    return {
        "page.js": Asset("lotse-page", "js", bundle("page.js").encode()),
        "page.css": Asset("lotse-page", "css", style("chat.css", "page.css").encode()),
        "snippet.js": Asset("lotse-snippet", "js", bundle("snippet.js").encode()),
    }


def bundle(entry: str) -> str:
    """A module with all that it imports, as one classic script that adds no global name."""
    return "(()=>{\n" + "".join(_minified_script(text) for text in modules(entry).values()) + "})();\n"


def modules(entry: str) -> dict[str, str]:
    """The sources of a module and of what it imports, what is needed first."""
    found: dict[str, str] = {}

    def visit(name: str) -> None:
        if name in found:
            return
        text = (_SOURCES / name).read_text("utf-8")
        for needed in _IMPORT.findall(text):
            visit(needed)
        found[name] = re.sub(r"^export ", "", _IMPORT.sub("", text), flags=re.MULTILINE)

    visit(entry)
    return found


def style(*names: str) -> str:
    """Style sheets as one, without comments and needless space."""
    text = "".join((_STYLES / name).read_text("utf-8") for name in names)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ?([{};,]) ?|(?<=[a-z-]:) (?=[^;{}]*[;}])", lambda found: found[1] or "", text).replace(";}", "}").strip()


def _minified_script(text: str) -> str:
    """Without comments that have a line of their own or end one, and without indentation. No line may begin inside a template."""
    lines = []
    for line in re.sub(r"^\s*/\*\*.*?\*/\n", "", text, flags=re.DOTALL | re.MULTILINE).splitlines():
        kept = re.sub(r"""(?<=[;{},])\s+// [^"'`]*$""", "", line.strip())
        if kept and not kept.startswith("//"):
            lines.append(kept + "\n")
    return "".join(lines)


def _own_rem(text: str) -> str:
    """`rem` measured by the widget: sites may set the root's font size to anything. Media queries do not look at the root."""
    parts = re.split(r"(@media[^{]*\{)", text)
    return "".join(
        part if part.startswith("@media") else re.sub(r"(-?)(\d*\.?\d+)rem\b", r"calc(\g<1>\g<2> * var(--rem))", part)
        for part in parts
    ).replace("--rem:calc(1 * var(--rem))", "--rem:1rem")


def snippet(origin: str, pinned: bool = True) -> str:
    """The lines a county puts into its site. `pinned` to this version, or whatever is newest."""
    asset = widget()
    name, check = (asset.name, f' integrity="{asset.integrity}"') if pinned else (f"{WIDGET}.js", "")
    return (
        f'<script src="{origin}/static/{name}"{check} crossorigin defer></script>\n'
        f'<noscript><a href="{origin}/chat">Fragen Sie Lotse, welches Amt zuständig ist</a></noscript>'
    )


def policy(origin: str) -> str:
    """What a Content-Security-Policy has to allow for the widget."""
    return f"script-src {origin}; connect-src {origin}"


def filled(name: str, values: dict[str, str]) -> bytes:
    """A page of `static` with its `{{blanks}}` filled in; names of assets are known."""
    known = {key: f"/static/{asset.name}" for key, asset in page_assets().items()} | {"widget": f"/static/{widget().name}"}
    text = (STATIC / name).read_text("utf-8")
    return re.sub(r"\{\{([\w.]+)\}\}", lambda found: html.escape((known | values)[found[1]]), text).encode()


class Archive:
    """Every version of the widget this installation has served, so that a pinned snippet goes on working after an update."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, asset: Asset) -> None:
        """Put a version beside the older ones; a folder that cannot be written to is no reason not to serve."""
        path = self._folder / asset.name
        try:
            if not path.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(asset.content)
        except OSError as error:
            log.warning("the widget's version could not be kept: %s", type(error).__name__)

    def find(self, name: str) -> Asset | None:
        """An older version by its name; None when there is none or its content is not what the name says."""
        if not _NAME.fullmatch(name):
            return None
        try:
            asset = Asset(WIDGET, "js", (self._folder / name).read_bytes())
        except OSError:
            return None
        return asset if asset.name == name else None

    def names(self) -> Iterable[str]:
        return sorted(path.name for path in self._folder.glob(f"{WIDGET}.*.js")) if self._folder.is_dir() else []

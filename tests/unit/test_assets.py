"""Scripts and styles as they are served: bundled, small, and without what a strict policy forbids."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from bot.channels.web.assets import (
    STATIC,
    WIDGET,
    Archive,
    Asset,
    bundle,
    filled,
    modules,
    page_assets,
    policy,
    snippet,
    style,
    widget,
)
from bot.cli import run

ENTRIES = ("page.js", "widget.js", "snippet.js")
SOURCES = sorted((STATIC / "src").glob("*.js"))
LARGEST = 30_000
"""Bytes of the compressed widget: 30 kB."""


def test_the_widget_is_small() -> None:
    assert len(widget().compressed) <= LARGEST


def test_the_page_is_small_enough_for_a_slow_line() -> None:
    assets = page_assets()
    assert len(assets["page.js"].compressed) + len(assets["page.css"].compressed) <= LARGEST


def test_a_name_tells_the_content() -> None:
    one, other = Asset(WIDGET, "js", b"1"), Asset(WIDGET, "js", b"2")
    assert one.name != other.name
    assert one.name == Asset(WIDGET, "js", b"1").name
    assert re.fullmatch(r"lotse-widget\.[0-9a-f]{12}\.js", one.name)
    assert one.integrity == "sha384-" + base64.b64encode(hashlib.sha384(b"1").digest()).decode()


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_name_is_used_twice_in_a_bundle(entry: str) -> None:
    declared = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", re.MULTILINE)
    names = [name for text in modules(entry).values() for name in declared.findall(text)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_bundle_needs_nothing_else(entry: str) -> None:
    assert not re.search(r"^(import|export) ", bundle(entry), re.MULTILINE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_sources_keep_what_the_bundler_relies_on(path: Path) -> None:
    text = path.read_text("utf-8")
    for line in text.splitlines():
        assert line.count("`") % 2 == 0, "a template goes over several lines"
        assert not line.startswith("import ") or re.fullmatch(r'import \{ [\w, ]+ \} from "\./\w+\.js";', line)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_from_the_server_is_read_as_markup(path: Path) -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text("utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nobody_else_is_called_and_no_cookie_set(path: Path) -> None:
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://[\w.]", text)
    assert "document.cookie" not in text


def test_comments_and_indentation_go_and_strings_stay() -> None:
    text = bundle("page.js")
    assert not re.search(r"^\s*//|^\s*/\*\*|^ ", text, re.MULTILINE)
    assert '"Ich suche die richtige Stelle …"' in text


def test_styles_lose_space_but_no_meaning() -> None:
    text = style("chat.css")
    assert "/*" not in text
    assert "@media (prefers-color-scheme: dark){" in text
    assert "calc(100% + 0.4rem)" in text


def test_the_widget_measures_rem_itself() -> None:
    text = widget().content.decode()
    assert "--rem:1rem" in text
    assert "calc(1.25 * var(--rem))" in text
    assert "%CSS%" not in text


def test_both_languages_say_the_same_things() -> None:
    text = (STATIC / "src" / "words.js").read_text("utf-8")
    german, simple, english = (set(re.findall(r"^  (\w+):", part, re.MULTILINE)) for part in text.split("\nconst ")[1:4])
    assert english | {"bot", "restartSaid", "placeSaid"} == german
    assert simple <= german


def test_every_word_is_used() -> None:
    words = set(re.findall(r"^  (\w+):", (STATIC / "src" / "words.js").read_text("utf-8"), re.MULTILINE))
    others = "".join(path.read_text("utf-8") for path in SOURCES if path.name != "words.js")
    indirect = {"restart", "print", "forget", "human"}  # by the name of their entry in the menu
    assert {name for name in words - indirect if not re.search(rf"words\.{name}\b|\"{name}\"", others)} == set()


def test_the_snippet_pins_the_version() -> None:
    text = snippet("https://lotse.example")
    assert f'src="https://lotse.example/static/{widget().name}" integrity="{widget().integrity}" crossorigin defer' in text
    assert '<a href="https://lotse.example/chat">' in text
    newest = snippet("https://lotse.example", pinned=False)
    assert "integrity" not in newest
    assert "/static/lotse-widget.js" in newest
    assert "unsafe" not in policy("https://lotse.example")


def test_pages_are_filled_and_escaped() -> None:
    page = filled("index.html", {"region": "<Kreis> & Co", "hours": "24"}).decode()
    assert "&lt;Kreis&gt; &amp; Co" in page
    assert "{{" not in page
    with pytest.raises(KeyError):
        filled("index.html", {})


def test_older_versions_stay(tmp_path: Path) -> None:
    archive, old = Archive(tmp_path / "widget"), Asset(WIDGET, "js", b"old")
    assert archive.find(old.name) is None
    archive.keep(old)
    archive.keep(Asset(WIDGET, "js", b"new"))
    found = archive.find(old.name)
    assert found and found.content == b"old"


def test_a_changed_file_is_not_served(tmp_path: Path) -> None:
    archive, old = Archive(tmp_path), Asset(WIDGET, "js", b"old")
    archive.keep(old)
    (tmp_path / old.name).write_bytes(b"changed")
    assert archive.find(old.name) is None
    assert archive.find("../secret") is None


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "widget").write_text("a file")
    Archive(tmp_path / "widget").keep(widget())
    assert "could not be kept" in caplog.text


def test_the_command_prints_the_snippet_and_writes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["widget", "--origin", "https://lotse.example/", "--out", str(tmp_path)]) == 0
    assert (tmp_path / widget().name).read_bytes() == widget().content
    said = capsys.readouterr()
    assert said.out.strip() == snippet("https://lotse.example")
    assert "Content-Security-Policy: script-src https://lotse.example; connect-src https://lotse.example" in said.err


def test_the_command_says_when_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file")
    assert run(["widget", "--out", str(tmp_path / "taken")]) == 1
    assert "lässt sich nicht schreiben" in capsys.readouterr().err

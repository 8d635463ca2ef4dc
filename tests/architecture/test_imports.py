"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Folder or file, what it must not import, and where that is allowed all the same.
FORBIDDEN = [
    ("knowledge", ("bot", "actions", "rasa", "rasa_sdk", "fastapi", "telegram", "tensorflow"), ()),
    ("knowledge", ("sqlalchemy", "alembic"), ("knowledge/store",)),
    ("actions", ("bot", "sqlalchemy", "fastapi", "telegram", "rasa"), ()),
    ("actions", ("rasa_sdk",), ("actions/actions.py",)),
    ("bot", ("rasa", "rasa_sdk", "tensorflow", "spacy", "sklearn"), ("bot/worker",)),
    ("bot", ("bot.worker",), ("bot/worker",)),
    ("bot", ("telegram",), ("bot/channels/telegram",)),
    ("bot/conversation", ("sqlalchemy",), ("bot/conversation/store.py", "bot/conversation/feedback.py")),
    ("bot/handover", ("fastapi", "telegram", "bot.channels", "bot.bootstrap", "bot.engine"), ()),
    ("bot/handover/desk.py", ("sqlalchemy",), ()),
    ("bot/handover/senders", ("sqlalchemy",), ()),
    ("bot/channels/staff", ("sqlalchemy",), ()),
    ("bot/engine", ("sqlalchemy", "fastapi", "bot.channels"), ()),
    ("bot/conversation", ("fastapi", "telegram", "bot.channels", "bot.bootstrap"), ()),
    ("bot/worker", ("bot.conversation", "bot.channels", "bot.engine", "bot.bootstrap", "sqlalchemy", "fastapi"), ()),
    ("bot/channels", ("bot.bootstrap", "bot.engine"), ()),
    ("knowledge/model.py", ("knowledge",), ()),
    ("knowledge/responsibility.py", ("knowledge.checks", "knowledge.store", "knowledge.exchange"), ()),
    ("knowledge/release.py", ("knowledge.responsibility", "knowledge.checks", "knowledge.store", "knowledge.exchange"), ()),
    ("knowledge/hours", ("knowledge.store", "knowledge.exchange", "knowledge.checks"), ()),
]


@cache
def imports(path: Path) -> tuple[str, ...]:
    return tuple(_imports(ast.parse(path.read_text("utf-8"))))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(where: str) -> Iterator[Path]:
    start = ROOT / where
    yield from [start] if start.suffix else start.rglob("*.py")


@pytest.mark.parametrize(("where", "forbidden", "allowed"), FORBIDDEN)
def test_nobody_imports_what_is_not_theirs(where: str, forbidden: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(where)
        if not any(path.is_relative_to(ROOT / each) for each in allowed)
        for name in imports(path)
        if any(name == each or name.startswith(f"{each}.") for each in forbidden)
    ]
    assert found == []


def test_the_rules_point_at_files_that_exist() -> None:
    assert [where for where, _, allowed in FORBIDDEN for where in (where, *allowed) if not (ROOT / where).exists()] == []


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.slow
def test_the_gateway_loads_no_rasa_and_no_tensorflow() -> None:
    loaded = loaded_by("import bot.bootstrap, bot.app, bot.channels.telegram.channel, bot.engine.workers")
    assert "fastapi" in loaded
    assert not loaded & {"rasa", "rasa_sdk", "tensorflow", "spacy", "sklearn"}


def test_resolving_loads_nothing_heavy() -> None:
    loaded = loaded_by("import bot.cli, bot.commands.resolve, knowledge.store.published")
    assert not loaded & {"sqlalchemy", "pydantic", "fastapi", "httpx", "yaml", "telegram"}


def test_nothing_relative_and_no_catch_all_names() -> None:
    names = [path.name for where in ("bot", "knowledge", "actions") for path in sources(where)]
    assert not {"utils.py", "helpers.py", "manager.py"} & set(names)

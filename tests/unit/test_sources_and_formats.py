from __future__ import annotations

from bot.cli import FORMATS, SOURCES
from bot.commands import exporting
from bot.commands.importing import READERS


def test_the_command_line_knows_what_can_be_read() -> None:
    assert set(SOURCES) == set(READERS)


def test_the_command_line_knows_what_can_be_written() -> None:
    assert set(FORMATS) == {*exporting.FILES, *exporting.FOLDERS}

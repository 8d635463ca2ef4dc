"""A list of questions that are known not to be passed yet, and what has become of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli import UsageError
from bot.commands.evaluation.results import Result
from bot.commands.evaluation.wording import one_line

_COMMENT = re.compile(r"(?:^|\s)#")
_HEAD = "# Fragen, die noch nicht bestanden sind, eine Kennung je Zeile („lotse evaluate --known“)."


@dataclass(frozen=True)
class Compared:
    """Ids of questions: listed but passed now, not passed and not listed, listed but not asked."""

    listed: int
    passing: tuple[str, ...]
    unlisted: tuple[str, ...]
    not_asked: tuple[str, ...]

    def failed(self, strict: bool) -> bool:
        """Whether the list has to be changed, or with `strict` the assistant."""
        return bool(self.passing or (strict and self.unlisted))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {key: list(each) if isinstance(each, tuple) else each for key, each in self.__dict__.items()}


def read_known(path: Path) -> dict[str, str]:
    """Ids with their comments: one id a line, a comment after `#` at the beginning or after a space.

    Raises `UsageError` for a file that cannot be read.
    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"Die Liste „{path}“ lässt sich nicht lesen.") from None
    return dict(entry for line in lines if (entry := _entry(line))[0])


def write_known(path: Path, results: Iterable[Result], known: Mapping[str, str]) -> None:
    """List what is not passed. A comment that was there stays, otherwise it is the question. Raises `UsageError`."""
    lines = [_HEAD, *(_line(result, known) for result in results if result.missed)]
    try:
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    except OSError as error:
        raise UsageError(f"Die Liste „{path}“ lässt sich nicht schreiben ({error.strerror}).") from None


def compare_known(results: Iterable[Result], known: Iterable[str]) -> Compared:
    """What the list says against what happened."""
    missed = {result.question.id: result.missed for result in results}
    listed = sorted(set(known))
    return Compared(
        listed=len(listed),
        passing=tuple(each for each in listed if missed.get(each) is False),
        unlisted=tuple(each for each, is_missed in missed.items() if is_missed and each not in set(listed)),
        not_asked=tuple(each for each in listed if each not in missed),
    )


def _entry(line: str) -> tuple[str, str]:
    comment = _COMMENT.search(line)
    if not comment:
        return line.strip(), ""
    return line[: comment.start()].strip(), line[comment.end() :].strip()


def _line(result: Result, known: Mapping[str, str]) -> str:
    name = result.question.id
    line = f"{name}  # {known.get(name) or one_line(result.question.text)}"
    if _entry(line)[0] != name or "\n" in name:
        raise UsageError(f"Die Kennung „{one_line(name)}“ kann in keiner Liste stehen.")
    return line

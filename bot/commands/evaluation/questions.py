"""Questions whose right answer is known, read from JSONL files (https://jsonlines.org)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.cli import UsageError
from bot.commands.ask import given_facts
from knowledge.release import Release

ASPECTS = ("who", "documents", "fee", "hours", "deadline", "online", "procedure", "contact", "form", "appointment")
"""What somebody wants to know about a service."""


@dataclass(frozen=True)
class Question:
    """One line of a file. No `services`: nothing that the county could answer. `facts` are those of a turn.

    `both`: two matters are brought at once and `services` are these two; False: it only looks so; None: nothing is said of it.
    """

    id: str
    text: str
    services: frozenset[str]
    offices: frozenset[str]
    style: str
    facts: dict[str, Any]
    aspect: str = ""
    crisis: bool = False
    both: bool | None = None
    file: str = ""
    line: int = 0


class _Unusable(ValueError):
    """Why a line is no question, in German."""


def read_files(paths: Iterable[Path], release: Release) -> list[Question]:
    """The questions of all files, a file given twice once. Raises `UsageError` with file and line that are wrong."""
    return [question for path in dict.fromkeys(paths) for question in read_questions(path, release)]


def read_questions(path: Path, release: Release) -> list[Question]:
    """The questions of a file. Raises `UsageError` with file and line that are wrong.

    A line without an id is called after its file and number, `gericht:12`.
    """
    try:
        # Not splitlines(): U+2028 and U+0085 may stand inside a JSON string (RFC 8259, section 7).
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"Die Datei „{path}“ lässt sich nicht lesen.") from None
    questions = [_question(line, path, number, release) for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise UsageError(f"In der Datei „{path}“ steht keine Frage.")
    return questions


def refuse_doubles(questions: Iterable[Question]) -> None:
    """Raises `UsageError` when two lines have one id: a list of ids would not tell them apart."""
    seen: dict[str, Question] = {}
    for each in questions:
        if each.id in seen:
            first = seen[each.id]
            raise UsageError(f"{each.file}, Zeile {each.line}: „{each.id}“ heißt schon {first.file}, Zeile {first.line}.")
        seen[each.id] = each


def of_another_catalogue(questions: Iterable[Question], release: Release) -> list[str]:
    """The files that name services, none of which is in the release: their questions are about another catalogue."""
    named: dict[str, set[str]] = {}
    for each in questions:
        named.setdefault(each.file, set()).update(each.services)
    return [file for file, slugs in named.items() if slugs and not slugs & release.services.keys()]


def unknown_services(questions: Iterable[Question], release: Release) -> list[str]:
    """Services that are held to be right but are not in the release."""
    return sorted({slug for each in questions for slug in each.services if slug not in release.services})


def _question(line: str, path: Path, number: int, release: Release) -> Question:
    try:
        line.encode()
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()  # half a surrogate pair can be neither sent nor printed
        return _from_row(row, path, number, release)
    except (_Unusable, UnicodeEncodeError, RecursionError, ValueError) as error:
        reason = error if isinstance(error, _Unusable) else "kein gültiges JSON"
        raise UsageError(f"{path}, Zeile {number}: keine gültige Frage ({reason}).") from None


def _from_row(row: Any, path: Path, number: int, release: Release) -> Question:
    if not isinstance(row, dict):
        raise _Unusable("kein Objekt in geschweiften Klammern")
    for key in ("question", "service"):
        if key not in row:
            raise _Unusable(f"es fehlt „{key}“")
    text = _text(row, "question")
    if not text.strip():
        raise _Unusable("„question“ ist leer")
    return Question(
        id=_id(row) or f"{path.stem}:{number}",
        text=text,
        services=frozenset(_slug(release, key) for key in _set(row, "service")),
        offices=_set(row, "office"),
        style=_text(row, "style"),
        facts=_facts(release, row),
        aspect=_aspect(row),
        crisis=_flag(row, "crisis"),
        both=_flag(row, "both") if "both" in row else None,
        file=str(path),
        line=number,
    )


def _id(row: dict[str, Any]) -> str:
    value = row.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(row, "id").strip()


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise _Unusable(f"„{key}“ ist kein Text")
    return value or ""


def _flag(row: dict[str, Any], key: str) -> bool:
    value = row.get(key)
    if value is not None and not isinstance(value, bool):
        raise _Unusable(f"„{key}“ ist weder true noch false")
    return bool(value)


def _aspect(row: dict[str, Any]) -> str:
    aspect = _text(row, "aspect")
    if aspect and aspect not in ASPECTS:
        raise _Unusable(f"„aspect“ ist keines von {', '.join(ASPECTS)}")
    return aspect


def _set(row: dict[str, Any], key: str) -> frozenset[str]:
    value = row.get(key)
    values = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) and each for each in values):
        raise _Unusable(f"„{key}“ ist weder ein Name noch eine Liste von Namen noch null")
    return frozenset(values)


def _slug(release: Release, key: str) -> str:
    """A service may also be named by the identifier of its source, such as `dldb:1063423`."""
    service = release.service_by_key(key)
    return service.slug if service else key


def _facts(release: Release, row: dict[str, Any]) -> dict[str, Any]:
    """The facts of a line. A place that nobody knows is left out: Lotse then has to ask for it."""
    place, surname, audience = (_text(row, key) or None for key in ("place", "surname", "audience"))
    on = _day(_text(row, "on"))
    try:
        return given_facts(release, place, surname, audience, on)
    except UsageError:
        return given_facts(release, None, surname, audience, on)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _Unusable(f"„{text}“ ist kein Tag") from None

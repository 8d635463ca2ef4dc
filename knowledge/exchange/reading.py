"""What every importer gives back: the knowledge it read, what it mended on the way, and what it had to leave out."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.release import Knowledge


@dataclass(frozen=True)
class Note:
    """Something about one place of a file: `where` is a line („Zeile 12“) or a path („services[3].leika“)."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True)
class Reading:
    """A file as knowledge. `mended` was read in a better form than it was written, `refused` was left out.

    With `complete`, what the same source gave before and gives no longer is removed from the draft; with `everything`, all
    else is removed.
    """

    knowledge: Knowledge
    origin: str
    mended: tuple[Note, ...] = ()
    refused: tuple[Note, ...] = ()
    complete: bool = False
    everything: bool = False


class Unreadable(Exception):
    """A file that cannot be used at all; nothing may be changed. `notes` says why, in German."""

    def __init__(self, notes: list[Note] | str) -> None:
        self.notes = [Note("", notes)] if isinstance(notes, str) else notes
        super().__init__("\n".join(note.message if not note.where else str(note) for note in self.notes))

"""What every importer gives back: the knowledge it read, what it mended on the way, and what it had to leave out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from knowledge.model import Service
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


def kept_apart(reading: Reading, draft: Knowledge) -> Reading:
    """Services of another catalogue under slugs of their own, where the draft has the slug for a service from elsewhere."""
    present = {service.slug: service for service in draft.services}
    renamed: dict[str, str] = {}
    for service in reading.knowledge.services:
        other = present.get(service.slug)
        if other and service.source_ids and not set(service.source_ids) & set(other.source_ids):
            renamed[service.slug] = f"{service.slug}-{_tail(service)}"
    if not renamed:
        return reading
    notes = [
        Note(old, f"Diesen Kurznamen hat schon eine andere Leistung; die neue heißt „{new}“.") for old, new in renamed.items()
    ]
    return replace(reading, knowledge=_renamed(reading.knowledge, renamed), mended=(*reading.mended, *notes))


def _tail(service: Service) -> str:
    """The end of the identifier at its source, fit for a slug."""
    return "".join(
        each if each.isascii() and each.isalnum() else "-" for each in service.source_ids[0].split(":")[-1].lower()
    ).strip("-")


def _renamed(knowledge: Knowledge, names: dict[str, str]) -> Knowledge:
    return replace(
        knowledge,
        services=tuple(
            replace(each, slug=names[each.slug], intent=each.intent and f"anliegen/{names[each.slug]}")
            if each.slug in names
            else each
            for each in knowledge.services
        ),
        rules=tuple(replace(each, service=names.get(each.service, each.service)) for each in knowledge.rules),
        journeys=tuple(
            replace(each, steps=tuple(replace(step, service=names.get(step.service, step.service)) for step in each.steps))
            for each in knowledge.journeys
        ),
        distinctions=tuple(
            replace(each, first=names.get(each.first, each.first), second=names.get(each.second, each.second))
            for each in knowledge.distinctions
        ),
        notices=tuple(replace(each, service=names.get(each.service, each.service)) for each in knowledge.notices),
    )


def _under(service: Service, slug: str) -> Service:
    return replace(service, slug=slug, intent=service.intent and f"anliegen/{slug}")

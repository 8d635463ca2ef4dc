"""What changed between two states of the knowledge, field by field, in words for clerks."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from knowledge.model import (
    ANYWHERE,
    Address,
    Closure,
    Contact,
    Distinction,
    District,
    Example,
    Fee,
    Journey,
    JourneyStep,
    Link,
    Notice,
    Office,
    OfficeType,
    OutsidePlace,
    Place,
    Rule,
    Service,
    Source,
)
from knowledge.release import KINDS, Knowledge, key_of

_LONG = 80
"""Characters above which only what changed in a text is shown."""
_CONTEXT = 3
"""Words shown around a change."""
_MOST_WORDS = 1500
_ALIKE = 0.6
_MOST_PAIRS = 400
_SHORTEST_ALIKE = 20
_COMPARED = 300

_VALIDITY = {"valid_from": "gilt ab", "valid_to": "gilt bis"}
_ABOUT = {"source_ids": "Kennung der Quelle", "confirmed": "bestätigt am"}

FIELD_NAMES: Final[Mapping[type, Mapping[str, str]]] = {
    Place: {
        "ars": "ARS",
        "ags": "AGS",
        "name": "Name",
        "kind": "Art",
        "plz": "Postleitzahl",
        "vg": "Verwaltungsgemeinschaft",
        "districts": "Ortsteil",
        "holidays": "örtlicher Feiertag",
        "geo": "Koordinaten",
    },
    District: {"name": "Name", "plz": "Postleitzahl"},
    OutsidePlace: {"ars": "ARS", "name": "Name", "plz": "Postleitzahl", "county": "Landkreis"},
    OfficeType: {"type": "Art", "name": "Name", "level": "Ebene", "topics": "Thema"},
    Office: {
        "id": "Kennung",
        "type": "Art",
        "level": "Ebene",
        "name": "Name",
        "place": "Ort",
        "parent": "übergeordnete Stelle",
        "hours": "Öffnungszeiten",
        "appointment_only": "Nur mit Termin",
        "leitweg_id": "Leitweg-ID",
        "address": "Anschrift",
        "phone": "Telefon",
        "email": "E-Mail",
        "website": "Internetseite",
        "remark": "Anmerkung",
        "closures": "Schließung",
        "contacts": "Ansprechperson",
        "accessibility": "Barrierefreiheit",
        "appointment_url": "Link zur Terminbuchung",
        "geo": "Koordinaten",
        **_ABOUT,
    },
    Address: {"street": "Straße", "plz": "Postleitzahl", "city": "Ort"},
    Closure: {"first": "erster Tag", "last": "letzter Tag", "reason": "Grund"},
    Contact: {
        "name": "Name",
        "task": "Aufgabe",
        "phone": "Telefon",
        "email": "E-Mail",
        "deputy": "Vertretung",
        "valid_to": "gilt bis",
    },
    Service: {
        "slug": "Kurzname",
        "name": "Name",
        "audience": "Zielgruppe",
        "level": "Ebene",
        "office_type": "Art der Stelle",
        "life_situation": "Lebensbereich",
        "leika": "LeiKa-Schlüssel",
        "varies_by": "Unterscheidung nach",
        "intent": "Klasse des Sprachmodells",
        "synonyms": "Suchwort",
        "short": "Kurztext",
        "short_en": "Kurztext (englisch)",
        "name_en": "Name (englisch)",
        "simple": "Text in Einfacher Sprache",
        "requirements": "Voraussetzung",
        "documents": "Unterlage",
        "procedure": "Schritt im Ablauf",
        "fees": "Gebühr",
        "deadlines": "Frist",
        "processing_time": "Bearbeitungsdauer",
        "online": "Online-Dienst",
        "forms": "Formular",
        "legal_basis": "Rechtsgrundlage",
        "sources": "Quelle",
        "cpv": "Produktgruppe (CPV)",
        "examples": "Beispielfrage",
        **_ABOUT,
    },
    Fee: {"text": "Text", "example": "Nur ein Beispiel"},
    Link: {"title": "Titel", "url": "Adresse", "example": "Nur ein Beispiel"},
    Source: {"of": "Belegtes Feld", "source": "Quelle", "url": "Adresse"},
    Example: {"text": "Text", "style": "Stil"},
    Rule: {
        "id": "Nummer",
        "service": "Leistung",
        "office": "Stelle",
        "role": "Rolle",
        "certainty": "Sicherheit",
        "reason": "Begründung",
        "office_type": "Art der Stelle",
        "applies_to": "Gebiet",
        "district": "Ortsteil oder Straßenklasse",
        "surname_from": "Nachname von",
        "surname_to": "Nachname bis",
        "audience": "Zielgruppe",
        "value_from": "Auftragswert von",
        "value_to": "Auftragswert bis",
        "shared": "Gemeinsam mit anderen Stellen",
        "source": "Quelle",
        "confirmed": "bestätigt am",
        **_VALIDITY,
    },
    Journey: {
        "slug": "Kurzname",
        "title": "Titel",
        "steps": "Schritt",
        "title_en": "Titel (englisch)",
        "short": "Kurztext",
    },
    JourneyStep: {"service": "Leistung", "condition": "Bedingung", "hint": "Hinweis"},
    Distinction: {"first": "erste Leistung", "second": "zweite Leistung", "text": "Text"},
    Notice: {
        "id": "Kennung",
        "text": "Text",
        "first": "erster Tag",
        "last": "letzter Tag",
        "office": "Stelle",
        "service": "Leistung",
    },
}
"""German names of all fields; for lists the name of one element."""

_SERVICE_FIELDS = frozenset(
    [(Rule, "service"), (JourneyStep, "service"), (Notice, "service"), (Distinction, "first"), (Distinction, "second")]
)
_OFFICE_FIELDS = frozenset([(Rule, "office"), (Notice, "office"), (Office, "parent")])
_AREA_FIELDS = frozenset([(Rule, "applies_to"), (Office, "place")])
_TYPE_FIELDS = frozenset([(Rule, "office_type"), (Service, "office_type"), (Office, "type")])
_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "audience": {"citizen": "Privatpersonen", "business": "Betriebe", "both": "alle"},
    "role": {"zustaendig": "zuständige Stelle", "ansprechpunkt": "Ansprechpunkt", "annahme": "nimmt Anträge an"},
    "certainty": {"belegt": "belegt", "vermutlich": "vermutlich", "nur-ebene": "nur die Ebene"},
}
_IDENTITIES: Final[Mapping[type, str]] = {
    Fee: "text",
    Link: "title",
    Source: "source",
    Example: "text",
    District: "name",
    Closure: "first",
    Contact: "name",
    JourneyStep: "service",
}
"""The field by which an element of a list is known again."""


@dataclass(frozen=True)
class Difference:
    """One change of one entry.

    `action` is `added`, `changed` or `removed`; `field` the changed field of the model, empty for a whole entry; `old` and
    `new` are the values in words and in full, `change` is the change in words, long texts shortened.
    """

    kind: str
    key: str
    title: str
    action: str
    change: str
    field: str = ""
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.change}"


def differences(old: Knowledge, new: Knowledge) -> list[Difference]:
    """All changes from one state to another, in the order of the new one, what was removed last.

    The order of entries is no content: where it alone changed, there are no differences.
    """
    names = Names(old, new)
    return [each for kind in KINDS for each in _of_kind(kind, getattr(old, kind), getattr(new, kind), names)]


def _of_kind(kind: str, old: Sequence[Any], new: Sequence[Any], names: Names) -> Iterator[Difference]:
    if old == new:
        return
    before = {key_of(kind, entry): entry for entry in old}
    for entry in new:
        yield from entry_differences(kind, before.pop(key_of(kind, entry), None), entry, names)
    for entry in before.values():
        yield from entry_differences(kind, entry, None, names)


def entry_differences(kind: str, old: Any | None, new: Any | None, names: Names) -> Iterator[Difference]:
    """The changes of one entry; None stands for an entry that is not there."""
    if old == new:
        return
    entry = new if new is not None else old
    key, title = key_of(kind, entry), names.title(entry)
    if old is None or new is None:
        action, words = ("added", "neu") if old is None else ("removed", "entfernt")
        yield Difference(kind, key, title, action, words)
        return
    for change in _Comparison(names).of(old, new):
        yield Difference(kind, key, title, "changed", change.words, change.field, change.old, change.new)


class Names:
    """Names for people instead of identifiers; those of the later state count."""

    def __init__(self, *states: Knowledge) -> None:
        self._states = states

    @cached_property
    def _services(self) -> dict[str, str]:
        return {each.slug: each.name for state in self._states for each in state.services}

    @cached_property
    def _offices(self) -> dict[str, str]:
        return {each.id: each.name for state in self._states for each in state.offices}

    @cached_property
    def _types(self) -> dict[str, str]:
        return {each.type: each.name for state in self._states for each in state.office_types}

    @cached_property
    def _areas(self) -> dict[str, str]:
        places = [each for state in self._states for each in state.places]
        groups = {each.ars[:9]: each.vg for each in places if each.vg}
        return {**groups, **{each.ars: each.name for each in places}, ANYWHERE: "überall"}

    def title(self, entry: Any) -> str:
        """What an entry is called: „Stelle „Kfz-Zulassung““, „Regel R0012 (Standesamt, Wallersbach)“."""
        return _TITLES[type(entry)](self, entry)

    def rule(self, rule: Rule) -> str:
        """For what and where a rule holds."""
        what = self._services.get(rule.service) or self._types.get(rule.office_type) or rule.office_type or rule.service
        where = self._areas.get(rule.applies_to, rule.applies_to)
        named = rule.surname_from or rule.surname_to
        surnames = f"Nachnamen {rule.surname_from or 'A'}–{rule.surname_to or 'Z'}" if named else ""
        return ", ".join(each for each in (what, where, rule.district, surnames) if each)

    def service(self, slug: str) -> str:
        return self._services.get(slug, slug)

    def say(self, owner: type, field: str, value: Any) -> str:
        """A value of a field in words; empty when there is none."""
        if value is None or value == "" or value == ():
            return ""
        if isinstance(value, str):
            return self._reference(owner, field, value)
        if isinstance(value, bool):
            return "ja" if value else "nein"
        if isinstance(value, date):
            return f"{value:%d.%m.%Y}"
        if isinstance(value, Decimal):
            return f"{value:,.2f} Euro".translate(str.maketrans(",.", ".,"))
        if is_dataclass(value):
            return self._record(value)
        if isinstance(value, tuple):
            return ", ".join(self.say(owner, field, each) for each in value)
        return str(value)

    def _reference(self, owner: type, field: str, value: str) -> str:
        place = (owner, field)
        for known, names in (
            (_SERVICE_FIELDS, self._services),
            (_OFFICE_FIELDS, self._offices),
            (_AREA_FIELDS, self._areas),
            (_TYPE_FIELDS, self._types),
        ):
            if place in known:
                return names.get(value, "alle" if value == ANYWHERE else value)
        if place == (Source, "of"):
            return FIELD_NAMES[Service].get(value, value)
        return _CODES.get(field, {}).get(value, value)

    def _record(self, value: Any) -> str:
        if isinstance(value, Address):
            return ", ".join(each for each in (value.street, f"{value.plz} {value.city}".strip()) if each)
        if isinstance(value, Closure):
            reason = f" ({value.reason})" if value.reason else ""
            days = dict.fromkeys((value.first, value.last))
            return " bis ".join(f"{day:%d.%m.%Y}" for day in days) + reason
        identity = _IDENTITIES[type(value)]
        return self.say(type(value), identity, getattr(value, identity))


_TITLES: Final[Mapping[type, Callable[[Names, Any], str]]] = {
    Place: lambda _, each: f"Ort „{each.name}“",
    OutsidePlace: lambda _, each: f"Ort außerhalb „{each.name or ', '.join(each.plz)}“",
    OfficeType: lambda _, each: f"Art von Stellen „{each.name}“",
    Office: lambda _, each: f"Stelle „{each.name}“",
    Service: lambda _, each: f"Leistung „{each.name}“",
    Rule: lambda names, each: f"Regel {each.id} ({names.rule(each)})",
    Journey: lambda _, each: f"Lebenslage „{each.title}“",
    Distinction: lambda names, each: f"Unterscheidung „{names.service(each.first)}“ und „{names.service(each.second)}“",
    Notice: lambda _, each: f"Hinweis „{each.id}“",
}


@dataclass(frozen=True)
class _Change:
    field: str
    words: str
    old: str = ""
    new: str = ""

    def within(self, field: str, label: str) -> _Change:
        return _Change(f"{field}.{self.field}", f"{label}: {self.words}", self.old, self.new)


class _Comparison:
    def __init__(self, names: Names) -> None:
        self._names = names

    def of(self, old: Any, new: Any) -> Iterator[_Change]:
        """The changes between two records of the same class."""
        for each in fields(new):
            before, after = getattr(old, each.name), getattr(new, each.name)
            if before != after:
                yield from self._field(type(new), each.name, before, after)

    def _field(self, owner: type, name: str, old: Any, new: Any) -> Iterator[_Change]:
        label = FIELD_NAMES[owner].get(name, name)
        said = (self._names.say(owner, name, old), self._names.say(owner, name, new))
        if name in _VALIDITY:
            yield _Change(name, _validity(name == "valid_to", old, new), *said)
        elif isinstance(new, tuple) and name != "geo":
            yield from self._list(owner, name, label, old, new)
        elif is_dataclass(old) and is_dataclass(new) and all(said):
            yield from (each.within(name, label) for each in self.of(old, new))
        elif isinstance(new, bool):
            yield _Change(name, f"{label}: jetzt {said[1]}", *said)
        else:
            if said[0] == said[1]:
                said = (f"{said[0]} ({old})", f"{said[1]} ({new})")
            yield _Change(name, _words(label, *said), *said)

    def _list(self, owner: type, name: str, label: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[_Change]:
        gone, come = list((Counter(old) - Counter(new)).elements()), list((Counter(new) - Counter(old)).elements())
        if not gone and not come:
            yield _Change(name, f"{label}: Reihenfolge geändert")
        for before, after in _pairs(gone, come):
            if is_dataclass(after) and _identity(before) == _identity(after):
                element = f"{label} „{_ends(self._names.say(owner, name, after))}“"
                yield from (each.within(name, element) for each in self.of(before, after))
            else:
                said = (self._names.say(owner, name, before), self._names.say(owner, name, after))
                yield _Change(name, _words(label, *said), *said)


def _pairs(gone: list[Any], come: list[Any]) -> Iterator[tuple[Any | None, Any | None]]:
    """Elements that belong together: those with the same identity, then those with a similar text; the rest stand alone."""
    pairs = [*_same_records(gone, come)]
    if len(gone) * len(come) <= _MOST_PAIRS:
        pairs += _similar_texts(gone, come)
    yield from pairs
    yield from ((each, None) for each in gone)
    yield from ((None, each) for each in come)


def _same_records(gone: list[Any], come: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Takes the pairs out of both lists."""
    if not gone or not is_dataclass(gone[0]):
        return
    by_identity: dict[Any, list[Any]] = {}
    for each in reversed(come):
        by_identity.setdefault(_identity(each), []).append(each)
    for before in list(gone):
        if candidates := by_identity.get(_identity(before)):
            after = candidates.pop()
            gone.remove(before)
            come.remove(after)
            yield before, after


def _similar_texts(gone: list[Any], come: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Takes the pairs out of both lists."""
    for before in list(gone):
        after = next((each for each in come if _similar(before, each)), None)
        if after is not None:
            gone.remove(before)
            come.remove(after)
            yield before, after


def _identity(element: Any) -> Any:
    return getattr(element, _IDENTITIES[type(element)]) if is_dataclass(element) else element


def _similar(one: Any, other: Any) -> bool:
    before, after = _identity(one), _identity(other)
    if not (isinstance(before, str) and isinstance(after, str)) or min(len(before), len(after)) < _SHORTEST_ALIKE:
        return False
    matcher = difflib.SequenceMatcher(None, before[:_COMPARED], after[:_COMPARED], autojunk=False)
    return all(ratio() >= _ALIKE for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio))


def _words(label: str, old: str, new: str) -> str:
    if not old:
        return f"{label} „{_ends(new)}“ kam hinzu"
    if not new:
        return f"{label} „{_ends(old)}“ entfällt"
    if old.split() == new.split():
        return f"{label}: nur Leerzeichen und Zeilenumbrüche geändert"
    before, after = _what_changed(old, new)
    return f"{label} geändert von „{before}“ zu „{after}“"


def _validity(is_end: bool, old: date, new: date) -> str:
    day, before = f"{new:%d.%m.%Y}", f"{old:%d.%m.%Y}"
    if is_end:
        if new == date.max:
            return f"gilt nun unbefristet (bisher bis {before})"
        if old == date.max:
            return f"gilt nur noch bis {day}"
        return f"gilt {'nur noch ' if new < old else ''}bis {day} (bisher bis {before})"
    if new == date.min:
        return f"gilt nun auch vor dem {before}"
    return f"gilt erst ab {day}" if old == date.min else f"gilt ab {day} (bisher ab {before})"


def _what_changed(old: str, new: str) -> tuple[str, str]:
    """Two texts, cut down to the words that differ and some around them where the texts are long."""
    if max(len(old), len(new)) <= _LONG:
        return old, new
    before, after = old.split(), new.split()
    if max(len(before), len(after)) > _MOST_WORDS:
        return _ends(old), _ends(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    groups = list(matcher.get_grouped_opcodes(_CONTEXT))
    return (
        _cut(before, [(group[0][1], group[-1][2]) for group in groups]),
        _cut(after, [(group[0][3], group[-1][4]) for group in groups]),
    )


def _cut(words: list[str], spans: list[tuple[int, int]]) -> str:
    pieces = [" ".join(words[start:end]) for start, end in spans if start < end]
    start = "… " if spans[0][0] > 0 else ""
    end = " …" if spans[-1][1] < len(words) else ""
    return _ends(f"{start}{' … '.join(pieces)}{end}", 3 * _LONG)


def _ends(text: str, most: int = _LONG) -> str:
    """A long text by its beginning and its end."""
    return text if len(text) <= most else f"{text[: most * 2 // 3].rstrip()} … {text[-most // 3 :].lstrip()}"

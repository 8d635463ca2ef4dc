"""The knowledge as files people edit: YAML and CSV under `knowledge/seed`, example questions in Rasa's format.

Everything is checked before anything is used; each problem names file, line and what to do.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from stdnum.de import leitweg
from stdnum.exceptions import ValidationError as NumberError

from knowledge.codec import from_row
from knowledge.model import LOCAL_HOLIDAYS, ROAD_CLASSES, Example, OutsidePlace, Rule, Service
from knowledge.release import Knowledge, entry_from_row
from knowledge.surnames import INITIALS

SEED = Path(__file__).parent.parent / "seed"
EXAMPLES = Path(__file__).parents[2] / "nlu_data" / "anliegen"

LEVELS = frozenset(["gemeinde", "vg", "zweckverband", "landkreis", "land", "bund", "kammer", "privat"])
AUDIENCES = frozenset(["citizen", "business", "both", "staff"])
ROLES = frozenset(["zustaendig", "ansprechpunkt", "annahme"])
CERTAINTIES = frozenset(("belegt", "vermutlich", "nur-ebene"))
PLACE_KINDS = frozenset(
    ["landkreis", "grosse-kreisstadt", "kreisfreie-stadt", "stadt", "markt", "gemeinde", "gemeindefreies-gebiet"]
)
FACTS = frozenset(["place", "street", "district", "surname", "audience", "value", "age"])


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file, with its line (from 1)."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}, Zeile {self.line}: {self.message}"


class SeedError(Exception):
    """The files cannot be used; `problems` lists everything that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class _Field:
    kind: str
    required: bool = False
    options: frozenset[str] | None = None
    pattern: str = ""
    fields: Mapping[str, _Field] | None = None


def _text(required: bool = False, pattern: str = "", options: frozenset[str] | None = None) -> _Field:
    return _Field("text", required, options, pattern)


_DAY = r"\d{4}-\d\d-\d\d"
_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
_DISTRICT = {"name": _text(True), "plz": _Field("texts", pattern=r"\d{5}")}
_PLACE = {
    "ars": _text(True, r"\d{12}"),
    "ags": _text(True, r"\d{5}|\d{8}"),
    "name": _text(True),
    "kind": _text(True, options=PLACE_KINDS),
    "vg": _text(),
    "plz": _Field("texts", pattern=r"\d{5}"),
    "districts": _Field("records", fields=_DISTRICT),
    "holidays": _Field("texts", options=frozenset(LOCAL_HOLIDAYS)),
    "geo": _text(pattern=r"\d{1,2}\.\d+, \d{1,3}\.\d+"),
}
_OFFICE_TYPE = {
    "type": _text(True, r"[a-z0-9-]+"),
    "name": _text(True),
    "level": _text(True, options=LEVELS),
    "topics": _Field("texts"),
}
_OFFICE = {
    "id": _text(True, r"[a-z0-9@#-]+"),
    "type": _text(True),
    "name": _text(True),
    "place": _text(pattern=r"\d{12}"),
    "parent": _text(),
    "hours": _text(),
    "appointment_only": _Field("flag"),
    "leitweg_id": _text(),
    "address": _Field(
        "record",
        fields={"street": _text(True), "plz": _text(True, r"\d{5}"), "city": _text(True)},
    ),
    "phone": _text(pattern=r"[\d +/()-]+"),
    "email": _text(pattern=r"[^@\s]+@[^@\s]+\.[a-z]+"),
    "website": _text(pattern=r"https://\S+"),
    "remark": _text(),
    "closures": _Field("records", fields={"first": _text(True, _DAY), "last": _text(True, _DAY), "reason": _text()}),
    "accessibility": _text(),
    "appointment_url": _text(pattern=r"https://\S+"),
    "confirmed": _text(pattern=_DAY),
}
_FEE = {"text": _text(True), "example": _Field("flag")}
_LINK = {"title": _text(True), "url": _text(pattern=r"https://\S+"), "example": _Field("flag")}
_CLAIMS = frozenset(
    [
        *("short", "requirements", "documents", "procedure", "fees", "deadlines", "processing_time"),
        *("online", "forms", "legal_basis"),
    ]
)
"""Fields of a service that state something about law or procedure; a source may say where it comes from."""
_SOURCE = {
    "of": _Field("texts", True, options=_CLAIMS),
    "source": _text(True),
    "url": _text(pattern=r"https?://\S+"),
}
_SERVICE = {
    "slug": _text(True, _SLUG),
    "name": _text(True),
    "name_en": _text(),
    "leika": _text(pattern=r"99\d{12}"),
    "audience": _text(True, options=AUDIENCES),
    "level": _text(True, options=LEVELS),
    "office_type": _text(True),
    "life_situation": _text(True),
    "varies_by": _Field("texts", options=FACTS),
    "synonyms": _Field("texts", True),
    "short": _text(True),
    "short_en": _text(),
    "simple": _text(),
    "requirements": _Field("texts"),
    "documents": _Field("texts"),
    "procedure": _Field("texts"),
    "fees": _Field("records", fields=_FEE),
    "deadlines": _Field("texts"),
    "processing_time": _text(),
    "online": _Field("record", fields=_LINK),
    "forms": _Field("records", fields=_LINK),
    "legal_basis": _Field("texts"),
    "sources": _Field("records", fields=_SOURCE),
    "cpv": _Field("texts", pattern=r"\d{2,8}"),
    "confirmed": _text(pattern=_DAY),
}
_JOURNEY = {
    "slug": _text(True, _SLUG),
    "title": _text(True),
    "title_en": _text(),
    "short": _text(),
    "steps": _Field("records", True, fields={"service": _text(True, _SLUG), "condition": _text(), "hint": _text()}),
}
_DISTINCTION = {"first": _text(True, _SLUG), "second": _text(True, _SLUG), "text": _text(True)}
_OUTSIDE = {
    "names": _Field("texts"),
    "cities": _Field("texts"),
    "also": _Field("records", fields={"city": _text(True), "names": _Field("texts", True)}),
    "postcodes": _Field("texts", pattern=r"\d{5}"),
}
_RULE_COLUMNS = [
    "id",
    "service",
    "office_type",
    "applies_to",
    "district",
    "surname_from",
    "surname_to",
    "audience",
    "value_from",
    "value_to",
    "valid_from",
    "valid_to",
    "office",
    "role",
    "certainty",
    "reason",
    "source",
    "confirmed",
]


def read_seed(folder: Path = SEED, examples: Path = EXAMPLES) -> Knowledge:
    """Read and check all files. Raises `SeedError` with every problem found."""
    return _Reader(folder, examples).read()


class _Reader:
    def __init__(self, folder: Path, examples: Path) -> None:
        self._folder = folder
        self._examples = examples
        self._problems: list[Problem] = []
        self._where: dict[tuple[str, str], tuple[str, int]] = {}
        self._complete = True
        """Whether every entry is sound by itself; else a missing reference may be a mere consequence."""

    def read(self) -> Knowledge:
        places = [row for row, _ in self._entries("places.yaml", _PLACE, "ars")]
        types = {row["type"]: row for row, _ in self._entries("office_types.yaml", _OFFICE_TYPE, "type")}
        offices = [row for row, _ in self._entries("offices.yaml", _OFFICE, "id")]
        services = list(self._services())
        examples = self._read_examples()
        rules = list(self._rules())
        outside = self._outside()
        journeys = [row for row, _ in self._entries("journeys.yaml", _JOURNEY, "slug", "journey")]
        distinctions = list(self._distinctions())
        if self._complete:
            self._check_offices(offices, types, {row["ars"] for row in places})
            self._check_services(services, types, examples)
            slugs = {row["slug"] for row in services}
            self._check_rules(rules, places, {row["id"] for row in offices}, slugs, types)
            self._check_references(journeys, distinctions, slugs)
        if self._problems:
            raise SeedError(sorted(self._problems, key=lambda each: (each.file, each.line)))
        return Knowledge(
            places=tuple(entry_from_row("places", _located(row)) for row in places),
            offices=tuple(entry_from_row("offices", {**row, "level": types[row["type"]]["level"]}) for row in offices),
            services=tuple(_service(row, examples.get(row["slug"], [])) for row in services),
            rules=tuple(rule for rule, _ in rules),
            outside=tuple(outside),
            office_types=tuple(entry_from_row("office_types", row) for row in types.values()),
            journeys=tuple(entry_from_row("journeys", row) for row in journeys),
            distinctions=tuple(entry_from_row("distinctions", row) for row, _ in distinctions),
        )

    def _problem(self, file: str, line: int, message: str) -> None:
        self._problems.append(Problem(file, line, message))

    def _compose(self, path: Path) -> yaml.Node | None:
        name = self._name(path)
        try:
            node: yaml.Node | None = yaml.compose(path.read_text("utf-8-sig"), Loader=yaml.CSafeLoader)
            if node is not None:
                return node
            self._problem(name, 1, "Die Datei ist leer.")
        except FileNotFoundError:
            self._problem(name, 1, "Die Datei fehlt.")
        except UnicodeDecodeError as error:
            self._problem(name, 1, f"Die Datei ist nicht in UTF-8 gespeichert (Byte {error.start}).")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._problem(name, mark.line + 1 if mark else 1, f"kein gültiges YAML: {error.problem}")
        except yaml.YAMLError as error:
            self._problem(name, 1, f"kein gültiges YAML: {error}")
        self._complete = False
        return None

    def _name(self, path: Path) -> str:
        base = self._folder if path.is_relative_to(self._folder) else self._examples.parent
        return str(path.relative_to(base))

    def _items(self, name: str, optional: bool = False) -> list[yaml.Node]:
        if optional and not (self._folder / name).exists():
            return []
        node = self._compose(self._folder / name)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._problem(name, _line(node), "Hier muss eine Liste stehen (jeder Eintrag beginnt mit „- “).")
            self._complete = False
            return []
        return list(node.value)

    def _entries(self, name: str, fields: Mapping[str, _Field], key: str, kind: str = "") -> Iterator[tuple[dict[str, Any], int]]:
        for item in self._items(name, optional=bool(kind)):
            row = self._entry(name, item, fields, key, kind)
            if row is not None:
                yield row, _line(item)

    def _distinctions(self) -> Iterator[tuple[dict[str, Any], int]]:
        name = "distinctions.yaml"
        for item in self._items(name, optional=True):
            row = self._record(name, item, _DISTINCTION)
            if row is not None and "first" in row and "second" in row:
                pair = " und ".join(sorted((row["first"], row["second"])))
                if self._unique(name, _line(item), "Unterscheidung", pair):
                    yield row, _line(item)

    def _entry(self, file: str, node: yaml.Node, fields: Mapping[str, _Field], key: str, kind: str = "") -> dict[str, Any] | None:
        """A record that can be referred to by its key; keys are unique among their kind."""
        before = len(self._problems)
        row = self._record(file, node, fields)
        usable = row is not None and key in row and self._unique(file, _line(node), kind or key, row[key])
        self._complete = self._complete and len(self._problems) == before
        return row if usable else None

    def _services(self) -> Iterator[dict[str, Any]]:
        for path in sorted((self._folder / "services").glob("*.yaml")):
            node = self._compose(path)
            if node is None:
                continue
            name = self._name(path)
            row = self._entry(name, node, _SERVICE, "slug")
            if row is not None:
                if row["slug"] != path.stem:
                    self._problem(name, 1, f"Der Dateiname muss {row['slug']}.yaml heißen.")
                yield row

    def _record(self, file: str, node: yaml.Node, fields: Mapping[str, _Field]) -> dict[str, Any] | None:
        if not isinstance(node, yaml.MappingNode):
            self._problem(file, _line(node), "Hier müssen Felder stehen (Name: Wert).")
            return None
        row: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "…"
            if key not in fields:
                self._problem(file, _line(key_node), f"Das Feld „{key}“ gibt es nicht. Möglich: {', '.join(fields)}.")
            elif key in row:
                self._problem(file, _line(key_node), f"Das Feld „{key}“ steht zweimal da.")
            else:
                row[key] = self._value(file, key, value_node, fields[key])
        for key, field in fields.items():
            if field.required and row.get(key, []) == []:
                self._problem(file, _line(node), f"Das Feld „{key}“ fehlt.")
        return {key: value for key, value in row.items() if value is not None}

    def _value(self, file: str, key: str, node: yaml.Node, field: _Field) -> Any:
        if field.kind == "record":
            return self._record(file, node, field.fields or {})
        if field.kind in ("records", "texts"):
            if not isinstance(node, yaml.SequenceNode):
                self._problem(file, _line(node), f"„{key}“ muss eine Liste sein.")
                return None
            if field.kind == "records":
                read: list[Any] = [self._record(file, item, field.fields or {}) for item in node.value]
            else:
                read = [self._scalar(file, key, item, field) for item in node.value]
            return None if None in read else read
        if field.kind == "flag":
            if isinstance(node, yaml.ScalarNode) and node.value in ("true", "false"):
                return node.value == "true"
            self._problem(file, _line(node), f"„{key}“ muss true oder false sein.")
            return None
        return self._scalar(file, key, node, field)

    def _scalar(self, file: str, key: str, node: yaml.Node, field: _Field) -> str | None:
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            self._problem(file, _line(node), f"„{key}“ muss ein Text sein.")
            return None
        text = str(node.value).strip()
        if field.pattern and not re.fullmatch(field.pattern, text):
            self._problem(file, _line(node), f"„{text}“ passt nicht zu „{key}“.")
        if field.options and text not in field.options:
            self._problem(
                file,
                _line(node),
                f"„{text}“ ist für „{key}“ nicht möglich. Möglich: {', '.join(sorted(field.options))}.",
            )
        return text

    def _unique(self, file: str, line: int, key: str, value: str) -> bool:
        first = self._where.setdefault((key, value), (file, line))
        if first == (file, line):
            return True
        self._problem(file, line, f"{key} „{value}“ gibt es schon: {first[0]}, Zeile {first[1]}.")
        return False

    def _rules(self) -> Iterator[tuple[Rule, int]]:
        name = "rules.csv"
        try:
            text = (self._folder / name).read_text("utf-8-sig")
        except FileNotFoundError:
            self._problem(name, 1, "Die Datei fehlt.")
            return
        except UnicodeDecodeError as error:
            self._problem(name, 1, f"Die Datei ist nicht in UTF-8 gespeichert (Byte {error.start}).")
            return
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        line = 1
        try:
            if next(reader, None) != _RULE_COLUMNS:
                self._problem(name, 1, f"Die Spalten müssen heißen: {', '.join(_RULE_COLUMNS)}.")
                return
            line = reader.line_num + 1
            for cells in reader:
                row = dict(zip(_RULE_COLUMNS, cells, strict=False))
                if cells and len(cells) != len(_RULE_COLUMNS):
                    self._problem(name, line, f"Die Zeile hat nicht {len(_RULE_COLUMNS)} Spalten.")
                elif cells and self._rule_is_sound(name, line, row) and self._unique(name, line, "id", row["id"]):
                    yield from_row(Rule, {key: value for key, value in row.items() if value}), line
                line = reader.line_num + 1
        except csv.Error:
            self._problem(name, line, "Ein Anführungszeichen steht falsch oder fehlt. Innerhalb eines Textes wird es verdoppelt.")

    def _rule_is_sound(self, file: str, line: int, row: Mapping[str, str]) -> bool:
        before = len(self._problems)
        for key in ("id", "service", "applies_to", "audience", "office", "role", "certainty", "reason"):
            if not row[key]:
                self._problem(file, line, f"„{key}“ fehlt.")
        for key, options in (
            ("audience", frozenset(("citizen", "business", "both"))),
            ("role", ROLES),
            ("certainty", CERTAINTIES),
            ("surname_from", frozenset((*INITIALS, ""))),
            ("surname_to", frozenset((*INITIALS, ""))),
        ):
            if row[key] and row[key] not in options:
                self._problem(file, line, f"„{row[key]}“ ist für „{key}“ nicht möglich.")
        for key in ("value_from", "value_to"):
            try:
                amount = Decimal(row[key] or "0")
            except InvalidOperation:
                amount = Decimal("NaN")
            if not amount.is_finite():
                self._problem(file, line, f"„{row[key]}“ ist kein Betrag (Beispiel: 1000.01).")
        for key in ("valid_from", "valid_to", "confirmed"):
            try:
                date.fromisoformat(row[key] or "2020-01-01")
            except ValueError:
                self._problem(file, line, f"„{row[key]}“ ist kein Datum (Beispiel: 2027-01-31).")
        return len(self._problems) == before

    def _read_examples(self) -> dict[str, list[Example]]:
        examples: dict[str, list[Example]] = {}
        for path in sorted(self._examples.glob("*.yml")):
            node = self._compose(path)
            for block in _child(node, "nlu"):
                intent, style, texts = _example_block(block)
                if not intent.startswith("anliegen/") or texts is None:
                    self._problem(self._name(path), _line(block), "Hier fehlt intent: anliegen/… oder examples.")
                    self._complete = False
                    continue
                slug = intent.removeprefix("anliegen/")
                self._where.setdefault(("intent", slug), (self._name(path), _line(block)))
                for text in texts:
                    examples.setdefault(slug, []).append(Example(text, style))
        return examples

    def _outside(self) -> list[OutsidePlace]:
        """A city is its own Kreis, and that of its boroughs."""
        node = self._compose(self._folder / "outside.yaml")
        if node is None:
            return []
        row = self._record("outside.yaml", node, _OUTSIDE) or {}
        also = [(each["city"], name) for each in row.get("also", ()) if each for name in each.get("names", ())]
        return [
            *(OutsidePlace(name) for name in row.get("names", ())),
            *(OutsidePlace(name, county=name) for name in row.get("cities", ())),
            *(OutsidePlace(name, county=city) for city, name in also),
            *(OutsidePlace("", plz=(postcode,)) for postcode in row.get("postcodes", ())),
        ]

    def _at(self, key: str, value: str) -> tuple[str, int]:
        return self._where.get((key, value), ("?", 1))

    def _check_offices(self, offices: list[dict[str, Any]], types: Mapping[str, Any], places: set[str]) -> None:
        known = {row["id"] for row in offices}
        for row in offices:
            file, line = self._at("id", row["id"])
            if "type" in row and row["type"] not in types:
                self._problem(file, line, f"Die Art „{row['type']}“ steht nicht in office_types.yaml.")
            if row.get("parent") and row["parent"] not in known:
                self._problem(file, line, f"Die übergeordnete Stelle „{row['parent']}“ gibt es nicht.")
            if row.get("place") and row["place"] not in places:
                self._problem(file, line, f"Den Ort {row['place']} gibt es nicht in places.yaml.")
            if row.get("leitweg_id"):
                try:
                    leitweg.validate(row["leitweg_id"])
                except NumberError:
                    self._problem(file, line, f"Die Prüfziffer der Leitweg-ID {row['leitweg_id']} stimmt nicht.")

    def _check_services(
        self, services: list[dict[str, Any]], types: Mapping[str, Any], examples: Mapping[str, list[Example]]
    ) -> None:
        slugs = {row["slug"] for row in services}
        for row in services:
            file, line = self._at("slug", row["slug"])
            if "office_type" in row and row["office_type"] not in types:
                self._problem(file, line, f"Die Art „{row['office_type']}“ steht nicht in office_types.yaml.")
            if not examples.get(row["slug"]):
                self._problem(file, line, f"Es gibt keine Beispielfragen (nlu_data/anliegen, intent anliegen/{row['slug']}).")
            for fee in row.get("fees") or ():
                if fee and fee.get("example") and not str(fee.get("text")).startswith("Beispiel"):
                    self._problem(file, line, "Eine Beispielgebühr muss mit „Beispiel“ beginnen.")
        for slug in examples.keys() - slugs:
            self._problem(*self._at("intent", slug), f"Beispielfragen für „{slug}“, aber diese Leistung gibt es nicht.")

    def _check_rules(
        self,
        rules: list[tuple[Rule, int]],
        places: list[dict[str, Any]],
        offices: set[str],
        services: set[str],
        types: Mapping[str, Any],
    ) -> None:
        areas = {row["ars"] for row in places} | {row["ars"][:9] for row in places} | {"*"}
        districts = {each["name"] for row in places for each in row.get("districts", ()) if "name" in each} | set(ROAD_CLASSES)
        for rule, line in rules:
            for wrong, message in (
                (rule.office not in offices, f"Die Stelle „{rule.office}“ gibt es nicht in offices.yaml."),
                (rule.service not in services | {"*"}, f"Die Leistung „{rule.service}“ gibt es nicht."),
                (
                    rule.service == "*" and rule.office_type not in types,
                    f"Die Art „{rule.office_type}“ steht nicht in office_types.yaml.",
                ),
                (rule.applies_to not in areas, f"Das Gebiet „{rule.applies_to}“ gibt es nicht in places.yaml."),
                (
                    bool(rule.district) and rule.district not in districts,
                    f"Den Ortsteil oder die Straßenklasse „{rule.district}“ gibt es nicht.",
                ),
                (rule.valid_from > rule.valid_to, "Das Ende der Gültigkeit liegt vor dem Anfang."),
            ):
                if wrong:
                    self._problem("rules.csv", line, message)

    def _check_references(
        self, journeys: list[dict[str, Any]], distinctions: list[tuple[dict[str, Any], int]], services: set[str]
    ) -> None:
        for journey in journeys:
            for step in journey.get("steps", ()):
                if step and step.get("service") not in services:
                    where = self._at("journey", journey["slug"])
                    self._problem(*where, f"Die Leistung „{step.get('service')}“ gibt es nicht.")
        for row, line in distinctions:
            for slug in (row["first"], row["second"]):
                if slug not in services:
                    self._problem("distinctions.yaml", line, f"Die Leistung „{slug}“ gibt es nicht.")


def _located(row: dict[str, Any]) -> dict[str, Any]:
    """A place with „48.61, 12.35“ as latitude and longitude."""
    return {**row, "geo": [float(each) for each in row["geo"].split(",")]} if "geo" in row else row


def _service(row: dict[str, Any], examples: list[Example]) -> Service:
    service: Service = entry_from_row("services", {**row, "intent": f"anliegen/{row['slug']}"})
    return replace(service, examples=tuple(sorted(examples, key=lambda each: each.style)))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _child(node: yaml.Node | None, key: str) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == key and isinstance(value_node, yaml.SequenceNode):
                return list(value_node.value)
    return []


def _example_block(node: yaml.Node) -> tuple[str, str, list[str] | None]:
    intent, style, texts = "", "", None
    for key_node, value_node in node.value if isinstance(node, yaml.MappingNode) else ():
        if key_node.value == "intent":
            intent = str(value_node.value)
        elif key_node.value == "metadata" and isinstance(value_node, yaml.MappingNode):
            style = next((str(value.value) for key, value in value_node.value if key.value == "style"), "")
        elif key_node.value == "examples" and isinstance(value_node, yaml.ScalarNode):
            lines = [line.strip() for line in str(value_node.value).splitlines()]
            texts = [line.removeprefix("-").strip() for line in lines if line.startswith("-")]
    return intent, style, texts


__all__ = ["EXAMPLES", "SEED", "Problem", "SeedError", "read_seed"]

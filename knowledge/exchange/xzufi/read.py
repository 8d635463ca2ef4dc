"""A whole XZuFi message: objects to entries, references between them, and what had to be mended or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from knowledge.exchange.limits import MOST_TEXT_BYTES, Notes, read_bytes
from knowledge.exchange.reading import Reading, Unreadable
from knowledge.exchange.xzufi import objects as objects
from knowledge.exchange.xzufi import terms as terms
from knowledge.exchange.xzufi.objects import Key, key_of
from knowledge.exchange.xzufi.rest import completed, entry_of, loads
from knowledge.exchange.xzufi.text import slug_of, tidy, unused
from knowledge.exchange.xzufi.xml import Node, parse
from knowledge.model import ANYWHERE, Link, Office, Rule, Service
from knowledge.release import KINDS, Knowledge
from knowledge.release import key_of as entry_key

FORM: Final = "fassung"
"""`art` of the instruction that says that a message is ours and in which form the rests are."""

MOST_RULES: Final = 200_000

_KLASSEN: Final = {"leistung": "Leistung", "organisationseinheit": "Organisationseinheit", "onlinedienst": "Onlinedienst"}
_NEEDED_LATER: Final = ("zustaendigkeit", "gueltigkeit", "uebergeordneteOrganisationseinheit")
"""What is looked at once all objects are known; the rest of an object is let go."""


def read_xzufi(path: Path) -> Reading:
    """The knowledge in a file of XZuFi 2.2 or 2.3. Raises `Unreadable` when it is none, or goes beyond the bounds."""
    message = _Message()
    root, mended = parse(read_bytes(path, MOST_TEXT_BYTES), message.take)
    message.mended.extend(mended)
    knowledge = message.knowledge(root)
    if not message.counts and not message.ours:
        raise Unreadable("Die Datei enthält keine Leistung und keine Stelle.")
    return Reading(knowledge, f"xzufi:{path.stem}", message.mended.all(), message.refused.all(), complete=True)


@dataclass
class _Object:
    """One object as it stood in the file; `entry` is what the object alone says."""

    key: Key
    path: str
    node: Node
    entry: Any
    rest: dict[str, Any] = field(default_factory=dict)


class _Message:
    def __init__(self) -> None:
        self.mended = Notes()
        self.refused = Notes()
        self.counts: Counter[str] = Counter()
        self.ours = False
        self._objects: dict[str, dict[Key, _Object]] = {tag: {} for tag in _KLASSEN}
        self._loose: dict[Key | str, tuple[str, Node]] = {}
        self._unplaced: Counter[str] = Counter()
        self._taken: dict[str, int] = {}

    def take(self, node: Node) -> None:
        """One object, as the parser comes to its end."""
        self.counts[node.tag] += 1
        path = f"{node.tag}[{self.counts[node.tag]}], Zeile {node.line}"
        if node.tag in _KLASSEN:
            self._keep(path, node)
        elif node.tag == "loesche":
            self._delete(path, node)
        elif node.tag == "zustaendigkeitTransferObjekt":
            self._loose[key_of(node.first("zustaendigkeit", "id")) or path] = path, node
        else:
            self.refused.add(path, "Spezialisierungen von Leistungen werden nicht übernommen.")

    def _keep(self, path: str, node: Node) -> None:
        key = key_of(node.first("id"))
        if key is None:
            self.refused.add(path, "Das Objekt hat keine Kennung (id).")
            return
        found = _Object(key, path, node, self._entry(node, key))
        if found.entry is None:
            self.refused.add(path, f"Das Objekt {key.value} hat keinen Namen.")
            return
        kind = "offices" if node.tag == "organisationseinheit" else "services"
        found.rest = next((rest for rest in self.rests(node, path) if rest.get("art") == kind), {})
        if key in self._objects[node.tag]:
            self.mended.add(path, f"Das Objekt {key.value} steht mehrmals in der Datei. Das letzte gilt.")
        self._objects[node.tag][key] = found
        node.parts = [part for part in node.parts if isinstance(part, Node) and part.tag.startswith(_NEEDED_LATER)]

    def _entry(self, node: Node, key: Key) -> Service | Office | Link | None:
        if node.tag == "onlinedienst":
            return objects.online_of(node)
        if node.tag == "organisationseinheit":
            office = objects.office_of(node, key.value)
            return office if office.name or key.is_ours else None
        service = objects.service_of(node, key.value)
        if not key.is_ours:
            self._unplaced.update(objects.unplaced_modules(node))
            self._check_leika(node)
        return service if service.name or key.is_ours else None

    def _check_leika(self, node: Node) -> None:
        keys, path = objects.leika_keys(node), f"leistung[{self.counts['leistung']}]/referenzLeiKa, Zeile {node.line}"
        if len(keys) > 1:
            self.mended.add(path, f"Von mehreren LeiKa-Schlüsseln gilt der erste ({keys[0]}).")
        elif not keys and any(each.text("code") for each in node.all("referenzLeiKa")):
            self.mended.add(path, f"„{node.text('referenzLeiKa', 'code')[:40]}“ ist kein LeiKa-Schlüssel.")

    def _delete(self, path: str, node: Node) -> None:
        key = key_of(node.first("id"))
        wanted = node.attributes.get("klasse", "")
        if key and wanted in ("", "Zustaendigkeit"):
            self._loose.pop(key, None)
        for tag, name in _KLASSEN.items():
            if key and wanted in ("", name) and self._objects[tag].pop(key, None):
                self.mended.add(path, f"Das Objekt {key.value} wurde später gelöscht und gilt nicht.")

    def rests(self, node: Node, path: str) -> Iterator[dict[str, Any]]:
        """What our own files carry beside an object."""
        for text in node.rests:
            try:
                yield loads(text)
            except ValueError:
                self._broken(path)

    def _broken(self, path: str) -> None:
        self.refused.add(path, "Die Zusatzangaben von Lotse sind beschädigt. Es gilt, was XZuFi selbst sagt.")

    def knowledge(self, root: Node) -> Knowledge:
        """All that was taken, once the file is at its end."""
        services = self._named("leistung", "services", "slug")
        offices = self._named("organisationseinheit", "offices", "id")
        self._link_parents(offices)
        self._link_online(services)
        numbered, entries = self._root_entries(root)
        whole, bare = self._rules(offices, services)
        rules = [rule for _, rule in sorted((*numbered, *whole), key=lambda pair: pair[0])]
        entries["rules"] = [*rules, *_shared(bare)]
        self._say_unplaced()
        return Knowledge(
            offices=tuple(self._entries("organisationseinheit", offices)),
            services=tuple(self._entries("leistung", services)),
            **{kind: tuple(self._distinct(kind, found)) for kind, found in entries.items()},
        )

    def _entries(self, tag: str, names: Mapping[Key, str]) -> Iterator[Any]:
        return (self._objects[tag][key].entry for key in names)

    def _distinct(self, kind: str, entries: Iterable[Any]) -> Iterator[Any]:
        """Entries with a key of their own: the draft could not hold two with the same."""
        seen: set[str] = set()
        for entry in entries:
            name = entry_key(kind, entry)
            if name in seen:
                self.refused.add(f"{kind} „{name}“", "Diese Kennung ist schon vergeben.")
                continue
            seen.add(name)
            yield entry

    def _named(self, tag: str, kind: str, field_name: str) -> dict[Key, str]:
        """The objects under the identifiers that they get here; those of other producers get one from their names."""
        slugs = _slugs({key: each.entry.name for key, each in self._objects[tag].items() if not key.is_ours})
        found: dict[Key, str] = {}
        seen: set[str] = set()
        for key, each in self._objects[tag].items():
            if key in slugs:
                own = {"slug": slugs[key], "intent": f"anliegen/{slugs[key]}"} if kind == "services" else {"id": slugs[key]}
                each.entry = replace(each.entry, **own)
            self._complete(kind, each)
            name = getattr(each.entry, field_name)
            if name in seen:
                self.refused.add(each.path, f"Die Kennung „{name}“ ist schon vergeben.")
                continue
            seen.add(name)
            found[key] = name
        return found

    def _complete(self, kind: str, each: _Object) -> None:
        if each.rest:
            try:
                each.entry = completed(kind, each.entry, each.rest)
            except ValueError:
                each.rest = {}
                self._broken(each.path)

    def _link_parents(self, offices: Mapping[Key, str]) -> None:
        for each in self._objects["organisationseinheit"].values():
            key = objects.parent_of(each.node)
            if key is None or "parent" in each.rest.get("felder", {}):
                continue
            if key in offices:
                each.entry = replace(each.entry, parent=offices[key])
            else:
                where = f"{each.path}, uebergeordneteOrganisationseinheitID"
                self.refused.add(where, f"Die übergeordnete Stelle {key.value} steht nicht in der Datei.")

    def _link_online(self, services: Mapping[Key, str]) -> None:
        for path, owner, node in self._responsibilities("onlinedienst"):
            for leistung in node.all("leistungID"):
                key = key_of(leistung)
                if key is None or key not in services:
                    self._dangling(path, "Leistung", key)
                    continue
                service = self._objects["leistung"][key]
                if service.entry.online is None and "online" not in service.rest.get("felder", {}):
                    service.entry = replace(service.entry, online=owner.entry)
                elif service.entry.online != owner.entry:
                    self.mended.add(path, f"Für {service.entry.name} gilt der erste Onlinedienst der Datei.")

    def _responsibilities(self, tag: str) -> Iterator[tuple[str, _Object, Node]]:
        """Every `zustaendigkeit` of the objects of a kind: those inside them, then those that stand alone."""
        owners = self._objects[tag]
        for owner in owners.values():
            for number, node in enumerate(owner.node.all("zustaendigkeit"), 1):
                yield f"{owner.path.split(',')[0]}/zustaendigkeit[{number}], Zeile {node.line}", owner, node
        for path, transfer in self._loose.values():
            key, inner = key_of(transfer.first("uebergeordnetesObjektID")), transfer.first("zustaendigkeit")
            if key in owners and inner:
                yield path, owners[key], inner
            elif tag == "organisationseinheit" and key not in self._objects["onlinedienst"]:
                self._dangling(path, "Stelle", key)

    def _dangling(self, path: str, what: str, key: Key | None) -> None:
        message = f"Die {what} {key.value} steht nicht in der Datei." if key else f"Es fehlt die Kennung der {what}."
        self.refused.add(path, message)

    def _rules(self, offices: Mapping[Key, str], services: Mapping[Key, str]) -> tuple[list[tuple[int, Rule]], list[Rule]]:
        """Rules with what our own files say beside them, and their place among all; rules from XZuFi alone."""
        whole: list[tuple[int, Rule]] = []
        bare: list[Rule] = []
        for path, owner, node in self._responsibilities("organisationseinheit"):
            if owner.key not in offices:
                continue
            rests = [rest for rest in self.rests(node, path) if rest.get("art") == "rules"]
            if any("teil" in rest for rest in rests):
                continue
            rules = list(self._rules_of(path, owner, node, services))
            try:
                whole.extend(_completed(rules, rests[0]) if rests and rules else ())
            except ValueError:
                self._broken(path)
                rests = []
            bare.extend(() if rests else rules)
        return whole, bare

    def _rules_of(self, path: str, owner: _Object, node: Node, services: Mapping[Key, str]) -> Iterator[Rule]:
        rule = objects.rule_of(node, owner.entry.id)
        if rule is None:
            self.refused.add(path, f"Die Rolle „{node.text('rolle', 'code')[:20]}“ ist nicht bekannt.")
            return
        areas = list(dict.fromkeys(self._areas(path, node)))
        keys = list(self._services_of(path, node, services))
        base = _base_id(node, owner.entry.id)
        for number, key in enumerate(keys):
            bounded = self._within(path, rule, owner, self._objects["leistung"][key])
            if bounded is None:
                continue
            for area in areas:
                name = base or f"xzufi-{owner.entry.id}-{services[key]}"
                first_of_ours = owner.key.is_ours and (number, area) == (0, areas[0])
                if len(areas) * len(keys) > 1 and not first_of_ours:
                    name = f"{name}-{number}-{area}"
                yield replace(bounded, id=self._free(name), service=services[key], applies_to=area)

    def _services_of(self, path: str, node: Node, services: Mapping[Key, str]) -> Iterator[Key]:
        named = [key_of(each) for each in node.all("leistungID")] or [None]
        for key in dict.fromkeys(named):
            if key is None or key not in services:
                self._dangling(path, "Leistung", key)
            else:
                yield key

    def _within(self, path: str, rule: Rule, *owners: _Object) -> Rule | None:
        """The rule for the days on which office and service hold too."""
        spans = [objects.validity(owner.node) for owner in owners]
        first = max(rule.valid_from, *(begin for begin, _ in spans))
        last = min(rule.valid_to, *(end for _, end in spans))
        if first <= last or (rule.valid_from, rule.valid_to) == (first, last):
            return replace(rule, valid_from=first, valid_to=last)
        self.refused.add(path, f"Die Zuständigkeit gilt an keinem Tag (von {first} bis {last}).")
        return None

    def _areas(self, path: str, node: Node) -> Iterator[str]:
        named = list(node.all("gebietID"))
        if not named:
            self.mended.add(path, "Es ist kein Gebiet genannt (gebietID). Die Zuständigkeit gilt überall.")
            yield ANYWHERE
        for number, each in enumerate(named, 1):
            area, mended = objects.ars_of(each)
            where = f"{path}, gebietID[{number}]"
            if mended:
                self.mended.add(where, f"{mended} Gelesen als {area}.")
            if area:
                yield area
            else:
                self.refused.add(where, f"„{tidy(each.text())[:40]}“ ist kein Regionalschlüssel.")

    def _free(self, identifier: str) -> str:
        if len(self._taken) >= MOST_RULES:
            raise Unreadable(f"Die Datei hat zu viele Zuständigkeiten. Möglich sind {MOST_RULES}.")
        return unused(identifier, self._taken)

    def _root_entries(self, root: Node) -> tuple[list[tuple[int, Rule]], dict[str, list[Any]]]:
        rules: list[tuple[int, Rule]] = []
        entries: dict[str, list[Any]] = {kind: [] for kind in KINDS if kind not in ("offices", "services", "rules")}
        for rest in self.rests(root, "Anfang der Datei"):
            kind = rest.get("art")
            if kind == FORM:
                self.ours = True
                continue
            try:
                entry = entry_of(kind, rest.get("eintrag")) if kind in (*entries, "rules") else None
            except ValueError:
                entry = None
            if entry is None:
                self._broken("Anfang der Datei")
            elif kind == "rules":
                rules.append((_number(rest), entry))
            else:
                entries[str(kind)].append(entry)
        return rules, entries

    def _say_unplaced(self) -> None:
        for code, count in sorted(self._unplaced.items()):
            name = terms.MODULE_NAMES.get(code, "Volltext neben einem kürzeren Text")
            where = f"modulText {code} ({name})"
            touched = "eine Leistung" if count == 1 else f"{count} Leistungen"
            self.refused.add(where, f"Dafür gibt es kein Feld. Das betrifft {touched}.")


_LAST: Final = 1 << 60


def _number(rest: Mapping[str, Any]) -> int:
    number = rest.get("nr")
    return number if isinstance(number, int) and 0 <= number < _LAST else _LAST


def _base_id(node: Node, office: str) -> str:
    """What the identifiers of the rules of a `zustaendigkeit` begin with; empty where it has none itself."""
    key = key_of(node.first("id"))
    if key is None or key.is_ours:
        return key.value if key else ""
    return "-".join(filter(None, ("xzufi", slug_of(key.agency), slug_of(key.value) or office)))


def _slugs(names: Mapping[Key, str]) -> dict[Key, str]:
    """Identifiers from names, whatever the order; of equal names all but the one with the smallest key carry theirs."""
    found: dict[Key, str] = {}
    taken: dict[str, int] = {}
    for key in sorted(names):
        slug = slug_of(names[key]) or "eintrag"
        found[key] = unused(f"{slug}-{slug_of(key.value) or 'x'}" if slug in taken else slug, taken)
    return found


def _completed(rules: list[Rule], rest: Mapping[str, Any]) -> list[tuple[int, Rule]]:
    """A rule as it was written. Where its areas have been changed since, one for each of them."""
    found = [completed("rules", rule, rest) for rule in rules]
    same = found[0].applies_to != rules[0].applies_to
    return [(_number(rest), rule) for rule in (found[:1] if same else found)]


def _shared(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Rules without repetitions; where several offices do the same, people may choose."""
    kept = {replace(rule, id="", source=""): rule for rule in reversed(list(rules))}
    doors: dict[Any, set[str]] = {}
    for rule in kept.values():
        doors.setdefault(_what(rule), set()).add(rule.office)
    for rule in reversed(kept.values()):
        yield replace(rule, shared=True) if len(doors[_what(rule)]) > 1 else rule


def _what(rule: Rule) -> tuple[str, str, str, date, date]:
    return rule.service, rule.role, rule.applies_to, rule.valid_from, rule.valid_to

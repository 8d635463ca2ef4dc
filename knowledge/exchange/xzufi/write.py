"""The knowledge as an XZuFi message, with what XZuFi has no field for beside it (see `rest`)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from knowledge.exchange.xzufi import objects as objects
from knowledge.exchange.xzufi import terms as terms
from knowledge.exchange.xzufi.read import FORM
from knowledge.exchange.xzufi.rest import dumps, rest_of
from knowledge.exchange.xzufi.text import german_hours, paragraph, points, unused
from knowledge.exchange.xzufi.xml import Node, readable, write
from knowledge.model import ANYWHERE, Link, Office, Rule, Service
from knowledge.release import Knowledge, digest_of, entry_to_row

_UUIDS: Final = uuid.uuid5(uuid.NAMESPACE_URL, terms.NAMESPACE)
_UNKNOWN_DAY: Final = date(1970, 1, 1)
_HOUSE_NUMBER: Final = re.compile(r"(.*\D) (\d+ ?[a-zA-Z]?(?:[-/]\d+ ?[a-zA-Z]?)?)")
_FOREIGN_ID: Final = re.compile(r"xzufi:([^\s:]+):([^\s:]+)")
_VG_PREFIX: Final = 9
_WITHOUT_OBJECT: Final = ("places", "office_types", "journeys", "distinctions", "notices", "outside")


def write_xzufi(knowledge: Knowledge, version: str = "2.3.1") -> bytes:
    """The knowledge as XML in UTF-8. Equal knowledge gives equal bytes; `read_xzufi` gives it back.

    Raises `ValueError` for a version other than 2.2.0 and 2.3.1.
    """
    if version not in terms.VERSIONS:
        raise ValueError(f"XZuFi {version} is not written, only {', '.join(terms.VERSIONS)}")
    return write(version, _Writer(knowledge).message())


class _Writer:
    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._services = _identifiers(service.slug for service in knowledge.services)
        self._offices = _identifiers(office.id for office in knowledge.offices)
        self._rule_ids = _identifiers(rule.id for rule in knowledge.rules)
        self._type_names = {each.type: each.name for each in knowledge.office_types}
        self._own_rules = {_place_of(rule, rule.service) for rule in knowledge.rules}
        self._by_type: dict[str, list[str]] = {}
        for service in knowledge.services:
            self._by_type.setdefault(service.office_type, []).append(service.slug)
        self._doors: dict[str, list[Node]] = {}
        self._homeless: list[tuple[int, Rule]] = []
        for number, rule in enumerate(knowledge.rules):
            self._place(number, rule)

    def message(self) -> Iterator[Node]:
        yield self._beginning()
        yield self._head()
        counties = [place.ars for place in self._knowledge.places if place.is_county]
        for service in self._knowledge.services:
            leistung = _leistung(service, self._services[service.slug], counties)
            online = self._online(service)
            _keep(leistung, "services", service, frozenset(["online"] if online else []))
            yield _node("schreibe", leistung)
            if online:
                yield _node("schreibe", online)
        for office in self._knowledge.offices:
            unit = self._unit(office)
            besides = frozenset(["parent"] if self._offices.get(office.parent) else [])
            _keep(unit, "offices", office, besides)
            yield _node("schreibe", unit)

    def _beginning(self) -> Node:
        node = _node("")
        node.rests.append(dumps({"art": FORM, "fassung": 1}))
        for kind in _WITHOUT_OBJECT:
            node.rests.extend(dumps({"art": kind, "eintrag": entry_to_row(each)}) for each in getattr(self._knowledge, kind))
        node.rests.extend(dumps({"art": "rules", "nr": number, "eintrag": entry_to_row(rule)}) for number, rule in self._homeless)
        return node

    def _head(self) -> Node:
        knowledge = self._knowledge
        days = [each.confirmed for kind in (knowledge.services, knowledge.offices, knowledge.rules) for each in kind]
        newest = max(filter(None, days), default=_UNKNOWN_DAY)
        name = uuid.uuid5(_UUIDS, digest_of(self._knowledge))
        return _node("nachrichtenkopf", _node("nachrichtUUID", str(name)), _node("erstelltDatumZeit", _time(newest)))

    def _online(self, service: Service) -> Node | None:
        """The online service as an object of its own; None where that does not say what we know of it."""
        if service.online is None:
            return None
        identifier = self._services[service.slug]
        node = _node("onlinedienst", _identifier("id", identifier))
        node.attributes["xsi:type"] = "xzufi:OnlinedienstErweitert"
        node.add(_said("bezeichnung", paragraph(service.online.title)))
        if service.online.url:
            kind = _code("typ", "01", terms.LINK_TYPES)
            title = _node("titel", service.online.title)
            node.add(_node("link", kind, _node("link", service.online.url), title, languageCode=terms.GERMAN))
        reference = _identifier("leistungID", identifier)
        node.add(_node("zustaendigkeit", _identifier("id", f"{identifier}/online"), reference))
        return node if objects.online_of(node) == service.online else None

    def _unit(self, office: Office) -> Node:
        unit = _node("organisationseinheit", _identifier("id", self._offices[office.id]))
        unit.attributes["xsi:type"] = "xzufi:OrganisationseinheitErweitert"
        unit.add(*_secondary(office.source_ids))
        if office.leitweg_id:
            unit.add(_identifier("idSekundaer", office.leitweg_id, terms.LEITWEG_SCHEME))
        if self._offices.get(office.parent):
            unit.add(_identifier("uebergeordneteOrganisationseinheitID", self._offices[office.parent]))
        if office.type:
            name = self._type_names.get(office.type, office.type)
            unit.add(_node("kategorie", _identifier("id", office.type), _said("bezeichnung", paragraph(name))))
        unit.add(_node("name", _said("name", paragraph(office.name))))
        unit.add(*_optional("beschreibung", paragraph(office.remark)), *_address(office), *_channels(office))
        hours = german_hours(office.hours, office.appointment_only)
        unit.add(*_optional("infoOeffnungszeitenText", paragraph(hours)))
        unit.add(*_version(office.confirmed), *self._doors.get(office.id, ()))
        return unit

    def _place(self, number: int, rule: Rule) -> None:
        """Put a rule as `zustaendigkeit` into its office, one for each service it is about; else keep it as it is."""
        nodes = list(self._responsibilities(rule)) if rule.office in self._offices else []
        first = nodes[0] if nodes else None
        area = objects.ars_of(first.first("gebietID") or Node(""))[0] if first else ""
        reading = objects.rule_of(first, rule.office) if first and area else None
        if first is None or reading is None:
            self._homeless.append((number, rule))
            return
        reading = replace(reading, id=self._rule_ids[rule.id], service=self._slugs_of(rule)[0], applies_to=area)
        first.rests.append(dumps({**rest_of("rules", rule, reading), "nr": number}))
        for node in nodes[1:]:
            node.rests.append(dumps({"art": "rules", "teil": rule.id}))
        self._doors.setdefault(rule.office, []).extend(nodes)

    def _slugs_of(self, rule: Rule) -> list[str]:
        """The services that a rule decides about: its own, or those of its office type without a rule of their own there."""
        if rule.service != ANYWHERE:
            return [rule.service] if rule.service in self._services else []
        return [slug for slug in self._by_type.get(rule.office_type, ()) if _place_of(rule, slug) not in self._own_rules]

    def _responsibilities(self, rule: Rule) -> Iterator[Node]:
        code = terms.ROLE_CODES.get(rule.role, "03")
        for number, slug in enumerate(self._slugs_of(rule)):
            identifier = self._rule_ids[rule.id] + (f"/{self._services[slug]}" if number else "")
            node = _node("zustaendigkeit", _identifier("id", identifier), _identifier("leistungID", self._services[slug]))
            node.add(*(_node("gebietID", area, schemeID=terms.ARS_SCHEME) for area in self._areas(rule.applies_to)))
            node.add(_node("rolle", _node("code", code, prefix=""), _node("name", terms.ROLE_NAMES[code], prefix="")))
            span = [_node("beginn", rule.valid_from.isoformat())] if rule.valid_from != date.min else []
            span += [_node("ende", rule.valid_to.isoformat())] if rule.valid_to != date.max else []
            node.add(*([_node("gueltigkeit", *span)] if span else []))
            yield node

    def _areas(self, applies_to: str) -> list[str]:
        """Regional keys of 12 digits: a Verwaltungsgemeinschaft is the Gemeinden in it."""
        if applies_to == ANYWHERE:
            return [terms.GERMANY]
        if len(applies_to) == _VG_PREFIX:
            return [place.ars for place in self._knowledge.places if place.ars.startswith(applies_to)] or [applies_to]
        return [applies_to]


def _leistung(service: Service, identifier: str, counties: list[str]) -> Node:
    node = _node("leistung", _identifier("id", identifier), *_secondary(service.source_ids))
    if service.leika:
        node.add(_node("referenzLeiKa", _node("code", service.leika, prefix="")))
    node.add(*_text_modules(service))
    for module, texts in (("modulFrist", service.deadlines), ("modulKosten", tuple(fee.text for fee in service.fees))):
        if texts:
            node.add(_node(module, _said("beschreibung", points(texts))))
    if service.processing_time:
        node.add(_node("modulBearbeitungsdauer", _said("beschreibung", paragraph(service.processing_time))))
    if service.synonyms:
        terms_in_context = (_node("begriffImKontext", _said("begriff", paragraph(word))) for word in service.synonyms)
        node.add(_node("modulBegriffImKontext", *terms_in_context))
    if service.confirmed:
        node.add(_node("modulFachlicheFreigabe", _node("fachlichFreigegebenAm", service.confirmed.isoformat())))
    if service.level in terms.LEVEL_CODES:
        node.add(_node("typisierung", _node("code", terms.LEVEL_CODES[service.level], prefix="")))
    for code in terms.AUDIENCE_CODES.get(service.audience, ()):
        node.add(_node("leistungsadressat", _node("code", code, prefix="")))
    if service.life_situation:
        name = service.life_situation
        node.add(_node("kategorie", _identifier("id", name, "lebenslage"), _said("bezeichnung", paragraph(name))))
    if len(counties) == 1:
        node.add(_node("gueltigkeitGebietID", counties[0], schemeID=terms.ARS_SCHEME))
    node.add(*_version(service.confirmed), *_languages(service))
    return node


def _text_modules(service: Service) -> Iterator[Node]:
    names = ((terms.GERMAN, service.name), (terms.ENGLISH, service.name_en))
    shorts = ((terms.GERMAN, service.short), (terms.ENGLISH, service.short_en), (terms.SIMPLE, service.simple))
    contents = {
        terms.OFFICIAL_NAME: [(language, paragraph(text)) for language, text in names],
        terms.NAME: [(language, paragraph(text)) for language, text in names],
        terms.SHORT: [(language, paragraph(text)) for language, text in shorts],
        terms.LEGAL_BASIS: _points(service.legal_basis),
        terms.DOCUMENTS: _points(service.documents),
        terms.REQUIREMENTS: _points(service.requirements),
        terms.PROCEDURE: _points(service.procedure, numbered=True),
    }
    for code, texts in contents.items():
        said = [_said("inhalt", text, language) for language, text in texts if text]
        if said:
            yield _node("modulText", *said, _code("leikaTextmodul", code, terms.TEXT_MODULES))
    if service.forms:
        links = (_link(each) for each in service.forms)
        yield _node("modulText", *links, _code("leikaTextmodul", terms.FORMS, terms.TEXT_MODULES))


def _points(texts: tuple[str, ...], numbered: bool = False) -> list[tuple[str, str]]:
    return [(terms.GERMAN, points(texts, numbered))] if texts else []


def _link(link: Link) -> Node:
    parts = [_node("uri", link.url)] if link.url else []
    return _node("weiterfuehrenderLink", *parts, _node("titel", link.title), languageCode=terms.GERMAN)


def _languages(service: Service) -> Iterator[Node]:
    texts = {
        terms.GERMAN: True,
        terms.ENGLISH: bool(service.name_en or service.short_en),
        terms.SIMPLE: bool(service.simple),
    }
    for code in (code for code, used in texts.items() if used):
        german, native = terms.LANGUAGE_NAMES[code]
        names = _node("sprachbezeichnungDeutsch", german), _node("sprachbezeichnungNativ", native)
        yield _node("sprachversion", _node("languageCode", code), *names)


def _address(office: Office) -> Iterator[Node]:
    address = office.address
    if not (address.street or address.plz or address.city or office.place or office.geo):
        return
    node = _node("anschrift", _code("typ", "001", terms.ADDRESS_TYPES))
    split = _HOUSE_NUMBER.fullmatch(address.street)
    street, number = (split[1], split[2]) if split else (address.street, "")
    fields = (("strasse", street), ("hausnummer", number), ("postleitzahl", address.plz), ("ort", address.city))
    node.add(*(_node(tag, text) for tag, text in fields if text))
    if office.place:
        node.add(_node("verwaltungspolitischeKodierung", _node("regionalschluessel", _node("code", office.place, prefix=""))))
    if office.geo:
        position = _node("pos", " ".join(map(repr, office.geo)), prefix="gml:")
        point = _node("Point", position, prefix="gml:", srsName="urn:ogc:def:crs:EPSG::4326")
        node.add(_node("geokodierung", point))
    yield node


def _channels(office: Office) -> Iterator[Node]:
    for code, text in ((terms.PHONE_CHANNEL, office.phone), (terms.EMAIL_CHANNEL, office.email)):
        if text:
            yield _node("kommunikation", _code("kanal", code, terms.CHANNELS), _node("kennung", text))
    if office.website:
        yield _node("internetadresse", _node("uri", office.website))
    if office.appointment_url:
        yield _node("internetadresse", _node("uri", office.appointment_url), _node("titel", "Terminvereinbarung"))


def _node(tag: str, *parts: Node | str, prefix: str = "xzufi:", **attributes: str) -> Node:
    """An element with texts as XML gives them back."""
    texts = (readable(part) if isinstance(part, str) else part for part in parts)
    node = Node(tag, *texts, prefix=prefix)
    node.attributes.update((name, readable(value)) for name, value in attributes.items())
    return node


def _identifier(tag: str, text: str, scheme: str = "") -> Node:
    node = _node(tag, text, schemeAgencyID=terms.AGENCY)
    if scheme:
        node.attributes["schemeID"] = scheme
    return node


def _secondary(source_ids: Iterable[str]) -> Iterator[Node]:
    for each in source_ids:
        foreign = _FOREIGN_ID.fullmatch(each)
        if foreign and foreign[1] != terms.AGENCY:
            yield _node("idSekundaer", foreign[2], schemeAgencyID=foreign[1])
        else:
            yield _identifier("idSekundaer", each, terms.SOURCE_SCHEME)


def _code(tag: str, code: str, uri: str) -> Node:
    return _node(tag, _node("code", code, prefix=""), listURI=uri)


def _said(tag: str, text: str, language: str = terms.GERMAN) -> Node:
    return _node(tag, text, languageCode=language)


def _optional(tag: str, text: str) -> list[Node]:
    return [_said(tag, text)] if text else []


def _version(confirmed: date | None) -> list[Node]:
    return [_node("versionsinformation", _node("geaendertDatumZeit", _time(confirmed)))] if confirmed else []


def _time(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def _keep(node: Node, kind: str, entry: Service | Office, besides: frozenset[str]) -> None:
    """Put beside an object what it does not say itself."""
    identifier = node.text("id")
    reading = objects.service_of(node, identifier) if kind == "services" else objects.office_of(node, identifier)
    rest = rest_of(kind, entry, reading, besides)
    if rest["felder"]:
        node.rests.append(dumps(rest))


def _identifiers(keys: Iterable[str]) -> dict[str, str]:
    """Each key as it can stand in XML, and no two alike."""
    taken: dict[str, int] = {}
    return {key: unused(readable(key).strip() or "x", taken) for key in keys}


def _place_of(rule: Rule, service: str) -> tuple[str, str, str, str]:
    return service, rule.role, rule.applies_to, rule.district

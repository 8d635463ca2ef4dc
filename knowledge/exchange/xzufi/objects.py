"""One object of XZuFi as one entry of ours, from the object alone: nothing here looks at other objects or at the rest
that only our own files carry. What is written is read with these same functions, to learn what has to be kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from knowledge.exchange.xzufi import terms as terms
from knowledge.exchange.xzufi.text import osm_hours, read_html, slug_of, source_of, tidy
from knowledge.exchange.xzufi.xml import Node
from knowledge.model import ANYWHERE, Address, Contact, Fee, Link, Office, Rule, Service

_PHONE: Final = re.compile(r"[\d\s()+/.–-]{4,}")
_LEIKA: Final = re.compile(r"99\d{12}")
_ARS_LENGTHS: Final = (2, 3, 5, 9, 12)
_RESPONSIBLE: Final = "Das Verzeichnis der Verwaltungsleistungen nennt diese Stelle."


@dataclass(frozen=True, order=True)
class Key:
    """An identifier with the agency that gave it."""

    agency: str
    value: str

    @property
    def is_ours(self) -> bool:
        return self.agency == terms.AGENCY

    @property
    def source_id(self) -> str:
        """As it stands among the `source_ids` of an entry."""
        return f"xzufi:{self.agency}:{self.value}"


def key_of(node: Node | None) -> Key | None:
    """The identifier in an element (`id`, `leistungID`, …); None when there is none."""
    value = node.text() if node else ""
    return Key(node.attributes.get("schemeAgencyID", "").strip(), value) if node and value else None


def in_language(nodes: Iterable[Node], language: str) -> Node | None:
    """The first element in a language; German is meant where none is named."""
    return next(
        (node for node in nodes if terms.language_of(node.attributes.get("languageCode", terms.GERMAN)) == language), None
    )


def flowing(nodes: Iterable[Node], language: str = terms.GERMAN) -> str:
    """The clean text in a language, empty when there is none."""
    return read_html(source_of(in_language(nodes, language))).flowing


def line_list(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The points and paragraphs of a German text, one each."""
    return read_html(source_of(in_language(nodes, terms.GERMAN))).entries


def modules(leistung: Node) -> dict[str, Node]:
    """The text modules by their code, the first of each with content."""
    found: dict[str, Node] = {}
    for node in leistung.all("modulText"):
        code = node.text("leikaTextmodul", "code").zfill(2)
        if code not in found or not _filled(found[code]):
            found[code] = node
    return found


def _filled(module: Node) -> bool:
    return any(source_of(node).strip() for node in module.all("inhalt")) or module.first("weiterfuehrenderLink") is not None


def service_of(leistung: Node, slug: str) -> Service:
    """A `leistung` under an identifier of ours. The name is empty when it has none."""
    texts = modules(leistung)

    def contents(*codes: str) -> list[Node]:
        return [node for code in codes if code in texts for node in texts[code].all("inhalt") if source_of(node).strip()]

    def descriptions(module: str) -> list[Node]:
        return [node for each in leistung.all(module) for node in each.all("beschreibung")]

    short = contents(terms.TEASER, terms.SHORT, terms.FULL)
    return Service(
        slug=slug,
        name=tidy(flowing(contents(terms.NAME, terms.OFFICIAL_NAME))),
        audience=_audience(leistung),
        level=_level(leistung),
        office_type=terms.OFFICE_TYPE,
        life_situation=next((name for each in leistung.all("kategorie") if (name := flowing(each.all("bezeichnung")))), ""),
        leika=next(iter(leika_keys(leistung)), ""),
        intent=f"anliegen/{slug}",
        synonyms=tuple(_synonyms(leistung)),
        short=flowing(short),
        short_en=flowing(short, terms.ENGLISH),
        name_en=tidy(flowing(contents(terms.NAME, terms.OFFICIAL_NAME), terms.ENGLISH)),
        simple=flowing(short, terms.SIMPLE),
        requirements=line_list(contents(terms.REQUIREMENTS)),
        documents=line_list(contents(terms.DOCUMENTS)),
        procedure=line_list(contents(terms.PROCEDURE)),
        fees=tuple(Fee(text) for text in line_list(descriptions("modulKosten"))),
        deadlines=line_list(descriptions("modulFrist")),
        processing_time=flowing(descriptions("modulBearbeitungsdauer")),
        forms=tuple(_forms(texts.get(terms.FORMS))),
        legal_basis=line_list(contents(terms.LEGAL_BASIS)),
        source_ids=source_ids(leistung),
        confirmed=_confirmed(leistung),
    )


def leika_keys(leistung: Node) -> list[str]:
    """The LeiKa keys of 14 digits that a `leistung` names; several may stand in one field."""
    fields = [node.text("code") for node in leistung.all("referenzLeiKa")]
    return [key for text in fields for key in _LEIKA.findall(text)]


def unplaced_modules(leistung: Node) -> list[str]:
    """Codes of text modules with content for which a service has no field."""
    texts = modules(leistung)
    found = [code for code, node in texts.items() if code in terms.MODULE_NAMES and line_list(node.all("inhalt"))]
    shorter = any(code in texts and line_list(texts[code].all("inhalt")) for code in (terms.TEASER, terms.SHORT))
    long_one = terms.FULL in texts and line_list(texts[terms.FULL].all("inhalt"))
    return [*found, terms.FULL] if shorter and long_one else found


def _audience(leistung: Node) -> str:
    codes = {node.text("code") for node in leistung.all("leistungsadressat")} & {"001", "002", "003"}
    by_codes = {frozenset(codes): audience for audience, codes in terms.AUDIENCE_CODES.items()}
    return by_codes.get(frozenset(codes), "both")


def _level(leistung: Node) -> str:
    codes = [node.text("code") for node in leistung.all("typisierung")]
    return next((terms.LEVELS[code] for code in codes if code in terms.LEVELS), "landkreis")


def _synonyms(leistung: Node) -> Iterator[str]:
    seen = set()
    for each in leistung.all("modulBegriffImKontext"):
        for term in each.all("begriffImKontext"):
            word = tidy(flowing(term.all("begriff")))
            if word and word not in seen:
                seen.add(word)
                yield word


def _forms(module: Node | None) -> Iterator[Link]:
    if module is None:
        return
    for link in module.all("weiterfuehrenderLink"):
        title, url = tidy(link.text("titel")), link.text("uri")
        if title or url:
            yield Link(title or url, url)
    text = read_html(source_of(in_language(module.all("inhalt"), terms.GERMAN)))
    yield from (Link(each.text or each.url, each.url) for each in text.links if each.url.startswith(("https://", "http://")))
    if not text.links:
        yield from (Link(line) for line in text.entries)


def source_ids(node: Node) -> tuple[str, ...]:
    """What names the object where it comes from: its own identifier, if it is not ours, and the further ones."""
    found = []
    for each in (*node.all("id"), *node.all("idSekundaer")):
        key = key_of(each)
        if key is None:
            continue
        if not key.is_ours:
            found.append(key.source_id)
        elif each.attributes.get("schemeID") == terms.SOURCE_SCHEME:
            found.append(key.value)
    return tuple(dict.fromkeys(found))


def _confirmed(node: Node) -> date | None:
    return day(node.text("modulFachlicheFreigabe", "fachlichFreigegebenAm")) or day(
        node.text("versionsinformation", "geaendertDatumZeit")
    )


def day(text: str) -> date | None:
    """The day of a date or time; None when it is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def online_of(onlinedienst: Node) -> Link | None:
    """An `onlinedienst` as a link; None when it has neither name nor address."""
    links = [link for link in onlinedienst.all("link") if link.text("link")]
    chosen = next((link for link in links if link.text("typ", "code") in ("", "01")), links[0] if links else None)
    url = chosen.text("link") if chosen else ""
    title = tidy(flowing(onlinedienst.all("bezeichnung"))) or url
    return Link(title, url) if title else None


def office_of(unit: Node, identifier: str) -> Office:
    """An `organisationseinheit` under an identifier of ours. The name is empty when it has none."""
    address = _address_node(unit)
    hours, by_appointment, remark = _hours(unit)
    websites = [(tidy(node.text("titel")), node.text("uri") or node.text()) for node in unit.all("internetadresse")]
    websites += [("", text) for channel, text in _channels(unit) if channel == terms.WEB_CHANNEL]
    appointments = [url for title, url in websites if "termin" in title.lower()]
    return Office(
        id=identifier,
        type=_office_type(unit),
        level=_office_level(unit),
        name=office_name(unit),
        place=address.text("verwaltungspolitischeKodierung", "regionalschluessel", "code") if address else "",
        hours=hours,
        appointment_only=by_appointment,
        leitweg_id=next(
            (node.text() for node in unit.all("idSekundaer") if node.attributes.get("schemeID") == terms.LEITWEG_SCHEME), ""
        ),
        address=_address(address),
        phone=next((text for channel, text in _channels(unit) if channel == terms.PHONE_CHANNEL), ""),
        email=next((text for channel, text in _channels(unit) if channel == terms.EMAIL_CHANNEL), ""),
        website=next((url for _, url in websites if url and url not in appointments), ""),
        remark="\n".join(filter(None, (flowing((*unit.all("beschreibung"), *unit.all("kurzbeschreibung"))), remark))),
        contacts=tuple(_contacts(unit)),
        appointment_url=next(iter(appointments), ""),
        geo=_geo(unit),
        source_ids=source_ids(unit),
        confirmed=day(unit.text("versionsinformation", "geaendertDatumZeit")),
    )


def office_name(unit: Node) -> str:
    """The German name; it stands in `name/name` or in `name` itself."""
    names = [inner for outer in unit.all("name") for inner in (list(outer.all("name")) or [outer])]
    return tidy(flowing(names)) or next((name for node in names if (name := tidy(source_of(node)))), "")


def parent_of(unit: Node) -> Key | None:
    """The identifier of the superior office."""
    for part in unit.parts:
        if isinstance(part, Node) and part.tag.startswith("uebergeordneteOrganisationseinheit"):
            return key_of(part) or key_of(part.first("id"))
    return None


def _office_type(unit: Node) -> str:
    category = unit.first("kategorie")
    key = key_of(category.first("id")) if category else None
    if key and key.is_ours:
        return key.value
    return slug_of(flowing(category.all("bezeichnung"))) if category else terms.OFFICE_TYPE


def _office_level(unit: Node) -> str:
    """By the widest area that it is responsible for; the county where none is named."""
    areas = [area for each in unit.all("zustaendigkeit") for node in each.all("gebietID") if (area := ars_of(node)[0])]
    if not areas:
        return "landkreis"
    widest = min(0 if area == ANYWHERE else len(area.rstrip("0")) for area in areas)
    return "bund" if not widest else "land" if widest <= 2 else "landkreis" if widest <= 5 else "gemeinde"


def _address_node(unit: Node) -> Node | None:
    """The address for visitors rather than a post box."""
    order = ("001", "002", "006", "", "005")
    found = sorted(
        unit.all("anschrift"),
        key=lambda node: order.index(code) if (code := node.text("typ", "code")) in order else len(order),
    )
    return found[0] if found else None


def _address(node: Node | None) -> Address:
    if node is None:
        return Address()
    street = tidy(f"{node.text('strasse')} {node.text('hausnummer')}")
    box = node.text("postfach")
    return Address(street or (f"Postfach {box}" if box else ""), node.text("postleitzahl"), tidy(node.text("ort")))


def _geo(unit: Node) -> tuple[float, ...]:
    for node in unit.below("pos"):
        try:
            place = tuple(float(each) for each in node.text().split())
        except ValueError:
            continue
        if len(place) == 2 and abs(place[0]) <= 90 and abs(place[1]) <= 180:
            return place
    return ()


def _channels(unit: Node) -> Iterator[tuple[str, str]]:
    """Ways to reach an office, with the code of the channel; by what stands there where the code is missing."""
    for node in unit.all("kommunikation"):
        text, channel = tidy(node.text("kennung")), node.text("kanal", "code")
        name = node.text("kanal", "name").lower()
        if not text or channel == terms.FAX_CHANNEL or "fax" in name:
            continue
        if "@" in text and "/" not in text:
            yield terms.EMAIL_CHANNEL, text.removeprefix("mailto:")
        elif text.startswith(("http://", "https://", "www.")):
            yield terms.WEB_CHANNEL, text
        elif _PHONE.fullmatch(text) or channel == terms.PHONE_CHANNEL:
            yield terms.PHONE_CHANNEL, text


def _contacts(unit: Node) -> Iterator[Contact]:
    for person in unit.all("kontaktperson"):
        parts = [tidy(found.text()) for tag in ("vorname", "familienname") if (found := next(person.below(tag), None))]
        name = " ".join(filter(None, parts)) or tidy(person.text("name"))
        ways = list(_channels(person))
        if name:
            yield Contact(
                name,
                task=tidy(person.text("position")),
                phone=next((text for channel, text in ways if channel == terms.PHONE_CHANNEL), ""),
                email=next((text for channel, text in ways if channel == terms.EMAIL_CHANNEL), ""),
            )


def _hours(unit: Node) -> tuple[str, bool, str]:
    """Opening hours, whether one needs an appointment, and the text where it could not be understood."""
    texts = [node for owner in (unit, _address_node(unit)) if owner for node in owner.all("infoOeffnungszeitenText")]
    lines = line_list(texts)
    if not lines:
        return "", False, ""
    understood = osm_hours("\n".join(lines))
    return (*understood, "") if understood else ("", False, "Öffnungszeiten: " + "; ".join(lines))


def ars_of(node: Node) -> tuple[str, str]:
    """The area of a `gebietID` as rules name it, or empty; and what was mended.

    Keys of Land, Regierungsbezirk, Kreis and Verband are filled up or kept as prefixes, a lost leading zero is restored.
    """
    text = node.text().replace(" ", "")
    if not (text.isascii() and text.isdigit()):
        return "", ""
    if not text.strip("0"):
        return ANYWHERE, ""
    mended = ""
    if len(text) in (1, 4, 7, 11):
        text, mended = f"0{text}", "Die führende Null fehlte."
    if len(text) == 8 and text.endswith("000"):
        text = text[:5]
    if len(text) == 9:
        return text, mended
    return (text.ljust(12, "0"), mended) if len(text) in _ARS_LENGTHS else ("", "")


def rule_of(node: Node, office: str) -> Rule | None:
    """A `zustaendigkeit` of an office as a rule, still without identifier, service and area; None when its role is none we know.

    No role at all is that of the responsible office.
    """
    code = node.text("rolle", "code")
    role = terms.ROLES.get(code.zfill(2) if code else "01")
    if role is None:
        return None
    key = key_of(node.first("id"))
    ours = bool(key and key.is_ours)
    return Rule(
        id="",
        service="",
        office=office,
        role=role,
        certainty="belegt",
        reason="" if ours else _RESPONSIBLE,
        valid_from=_begin(node) or date.min,
        valid_to=_end(node) or date.max,
        source="" if ours else f"XZuFi {key.agency}".strip() if key else "XZuFi",
    )


def validity(node: Node) -> tuple[date, date]:
    """From when to when an object holds."""
    return _begin(node) or date.min, _end(node) or date.max


def _begin(node: Node) -> date | None:
    return day(node.text("gueltigkeit", "beginn"))


def _end(node: Node) -> date | None:
    return day(node.text("gueltigkeit", "ende"))

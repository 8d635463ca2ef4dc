"""A service of a DLDB export as a `Service`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from knowledge.exchange.dldb.entry import LONGEST_NAME, OFFICE_TYPE, Entry
from knowledge.exchange.dldb.texts import describe
from knowledge.exchange.limits import one_line
from knowledge.exchange.markup import Anchor
from knowledge.model import Fee, Link, Service, Source
from knowledge.text import fold

_MOST_KEYWORDS = 50
_LEIKA = re.compile(r"99\d{12}")
_UNTELLING = {
    "": "Weitere Informationen",
    "hier": "Weitere Informationen",
    "link": "Weitere Informationen",
    "website": "Weitere Informationen",
    "online": "Online-Formular",
}
"""Words of a link that say nothing outside their sentence, and what is said instead."""


def read_service(entry: Entry, key: str, slug: str) -> Service:
    description = entry.markup("description")
    if "description" in entry.data and not description.blocks:
        entry.mended.add(entry.at("description"), "Die Beschreibung ist leer, der kurze Text bleibt frei.")
    told = describe(description.blocks)
    meta = entry.child("meta")
    appointment = entry.child("appointment").url("link", {"serviceId": key})
    page = meta.url("url", {"serviceId": key})
    online = _online(entry) or (Link("Termin vereinbaren", appointment) if appointment else None)
    fees = (*told.fees, *entry.statements("fees"))
    service = Service(
        slug=slug,
        name=entry.line("name", LONGEST_NAME),
        audience="both",
        level=OFFICE_TYPE.level,
        office_type=OFFICE_TYPE.type,
        life_situation=entry.export.topics.get(entry.child("relation").identifier("root_topic"), "Allgemein"),
        leika=_leika(entry),
        synonyms=_keywords(meta.text("keywords"), entry.line("name")),
        short=told.short,
        requirements=(*_list(entry, "prerequisites"), *told.requirements),
        documents=(*_list(entry, "requirements"), *told.documents),
        procedure=(*told.procedure, *_remarks(entry)),
        fees=tuple(Fee(text) for text in dict.fromkeys(fees)),
        deadlines=told.deadlines,
        processing_time=entry.plain("process_time") or entry.plain("processing_time"),
        online=online,
        forms=_links(entry, description.anchors, online, appointment),
        legal_basis=tuple(each.plain("name") for each in entry.entries("legal") if each.data.get("name")),
        source_ids=(f"dldb:{key}",),
        confirmed=entry.confirmed(),
    )
    return replace(service, sources=_sources(service, page, entry))


def _leika(entry: Entry) -> str:
    text = entry.line("leika")
    if not text or _LEIKA.fullmatch(text):
        return text
    keys = re.split(r"[\s,;/]+", text)
    valid = [each for each in keys if _LEIKA.fullmatch(each)]
    if not valid:
        entry.refused.add(entry.at("leika"), f"„{text}“ ist kein LeiKa-Schlüssel (99 und zwölf Ziffern).")
        return ""
    rest = ", ".join(each for each in keys if each and each != valid[0])
    entry.mended.add(entry.at("leika"), f"Von mehreren LeiKa-Schlüsseln gilt der erste, {valid[0]}; entfallen: {rest}.")
    return valid[0]


def _list(entry: Entry, key: str) -> tuple[str, ...]:
    """Named conditions or documents, or a text that lists them."""
    if isinstance(entry.data.get(key), str):
        return tuple(dict.fromkeys(entry.statements(key)))
    texts = []
    for each in entry.entries(key):
        name, description = each.plain("name"), each.plain("description")
        joint = " " if name.endswith((".", ":", "?", "!")) else ": "
        texts.append(joint.join(filter(None, (name, description))))
    return tuple(dict.fromkeys(filter(None, texts)))


def _plain(entry: Entry, key: str) -> str:
    return " ".join(entry.statements(key))


def _remarks(entry: Entry) -> Iterator[str]:
    if responsibility := entry.plain("responsibility"):
        yield f"Zuständigkeit: {responsibility}"
    if hint := entry.plain("hint"):
        yield hint


def _online(entry: Entry) -> Link | None:
    processing = entry.child("onlineprocessing")
    url = processing.url("link", {"serviceId": entry.identifier()})
    if url and not url.startswith("https://"):
        entry.refused.add(processing.at("link"), "Ein Onlinedienst braucht eine sichere Adresse (https).")
        return None
    return Link(processing.plain("description")[:100] or entry.line("name", LONGEST_NAME), url) if url else None


def _links(entry: Entry, anchors: Iterable[Anchor], online: Link | None, appointment: str) -> tuple[Link, ...]:
    """Forms, further links, and those in the description; each address once."""
    found = [Link("Termin vereinbaren", appointment)] if appointment and online and online.url != appointment else []
    for key in ("forms", "links", "publications", "prerequisites", "requirements"):
        if isinstance(entry.data.get(key), str):
            continue
        for each in entry.entries(key):
            url = each.url("link")
            if url or key == "forms":
                found.append(Link(each.plain("name") or "Formular", url))
    for anchor in anchors:
        title = _UNTELLING.get(fold(anchor.text).strip(" ."), anchor.text[:1].upper() + anchor.text[1:])
        if anchor.url.startswith(("https://", "http://")):
            url = Entry({"link": anchor.url}, entry.at("description"), entry.export).url("link")
            found += [Link(title, url)] if url else []
    unique: dict[str, Link] = {}
    for link in found:
        if not (online and link.url == online.url):
            unique.setdefault(link.url or link.title, link)
    return tuple(unique.values())


def _sources(service: Service, page: str, entry: Entry) -> tuple[Source, ...]:
    claims = ("short", "requirements", "documents", "procedure", "fees", "deadlines", "processing_time", "online", "forms")
    told = tuple(name for name in claims if getattr(service, name))
    export = (Source(told, entry.export.source, page),) if told else ()
    laws = ((each.plain("name"), each.url("link")) for each in entry.entries("legal"))
    return (*export, *(Source(("legal_basis",), name, url) for name, url in laws if name))


def _keywords(text: str, name: str) -> tuple[str, ...]:
    words: dict[str, str] = {}
    for each in re.split(r"[,;\n]", text):
        word = one_line(each, most=100)
        words.setdefault(fold(word), word)
    return tuple(word for key, word in words.items() if key not in ("", fold(name)))[:_MOST_KEYWORDS]

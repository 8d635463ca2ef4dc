"""The words of XZuFi: namespaces, code lists, languages, and how they map to ours.

Codes and lists as used by the Portalverbund (PVOG), the FIM portal and the EfA parameter catalogue of FITKO.
"""

from __future__ import annotations

import re
from typing import Final

VERSIONS: Final = {"2.2.0": "2_2_0", "2.3.1": "2_3_1"}
"""The versions that can be written, with the end of their namespace."""

NAMESPACE: Final = "http://xoev.de/schemata/xzufi/"
READABLE: Final = re.compile(re.escape(NAMESPACE) + r"2_[23]_\d")
GML: Final = "http://www.opengis.net/gml/3.2"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

MESSAGE: Final = "transfer.operation.040501"
"""The root of what is written. Readers look for the objects below it; its own name was not to be had for certain."""

OBJECTS: Final = frozenset(
    ["leistung", "organisationseinheit", "onlinedienst", "zustaendigkeitTransferObjekt", "spezialisierung", "loesche"]
)
"""What a message carries, each as the child of a `schreibe` or of an answer (`loesche` names what is no more)."""

AGENCY: Final = "lotse"
"""The `schemeAgencyID` of identifiers that are ours."""

SOURCE_SCHEME: Final = "quelle"
LEITWEG_SCHEME: Final = "leitweg-id"
ARS_SCHEME: Final = "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:rs"

TEXT_MODULES: Final = "urn:de:xzufi:codeliste:leistungstextmodulleika"
ADDRESS_TYPES: Final = "urn:xoev-de:fim:codeliste:xzufi.anschrifttyp"
LINK_TYPES: Final = "urn:xoev-de:fim:codeliste:onlinedienstlinktyp"
CHANNELS: Final = "urn:de:xoev:codeliste:erreichbarkeit"

OFFICIAL_NAME: Final = "02"
NAME: Final = "03"
SHORT: Final = "05"
FULL: Final = "06"
LEGAL_BASIS: Final = "07"
DOCUMENTS: Final = "08"
REQUIREMENTS: Final = "09"
PROCEDURE: Final = "11"
FORMS: Final = "14"
TEASER: Final = "24"

MODULE_NAMES: Final = {
    "15": "Weiterführende Informationen",
    "16": "Hinweise",
    "18": "Urheber",
    "22": "Zuständige Stelle",
    "23": "Ansprechpunkt",
    "25": "Rechtsbehelf",
}
"""Text modules for which a service has no field."""

GERMAN: Final = "de"
ENGLISH: Final = "en"
SIMPLE: Final = "de-simple"
"""German in simplified form: `simple` is a registered variant subtag of BCP 47; XZuFi has no flag of its own."""

LANGUAGE_NAMES: Final = {
    GERMAN: ("Deutsch", "Deutsch"),
    ENGLISH: ("Englisch", "English"),
    SIMPLE: ("Deutsch (Einfache Sprache)", "Deutsch (Einfache Sprache)"),
}

ROLE_CODES: Final = {"zustaendig": "01", "ansprechpunkt": "03", "annahme": "03"}
"""There is no code for an office that only takes applications; to others it is an Ansprechpunkt."""
ROLES: Final = {"01": "zustaendig", "02": "zustaendig", "03": "ansprechpunkt"}
"""02 is both: responsible office and Ansprechpunkt."""
ROLE_NAMES: Final = {"01": "Zuständige Stelle", "03": "Ansprechpunkt"}

AUDIENCE_CODES: Final = {"citizen": ("001",), "business": ("002",), "both": ("001", "002"), "staff": ("003",)}
"""Leistungsadressat: 001 Bürger, 002 Unternehmen, 003 Verwaltung."""

LEVEL_CODES: Final = {"bund": "1", "land": "4", "landkreis": "5", "vg": "5", "zweckverband": "5", "gemeinde": "5"}
"""LeiKa `typisierung`: who regulates and carries out. It does not tell the county from its Gemeinden."""
LEVELS: Final = {"1": "bund", "4": "land", "4a": "land", "4b": "land", "5": "gemeinde"}

EMAIL_CHANNEL: Final = "01"
PHONE_CHANNEL: Final = "02"
FAX_CHANNEL: Final = "04"
WEB_CHANNEL: Final = "09"

GERMANY: Final = "000000000000"

OFFICE_TYPE: Final = "behoerde"
"""The type of offices and services of producers who name none."""


def language_of(code: str) -> str:
    """`de`, `en`, `de-simple` or the code itself, whatever region or spelling stands behind it (`de-DE`, `de_x_leicht`)."""
    first, *rest = code.lower().replace("_", "-").split("-")
    if first in ("de", "deu", "ger"):
        return SIMPLE if any(each in ("simple", "easy", "leicht", "ls", "x", "einfach") for each in rest) else GERMAN
    return ENGLISH if first in ("en", "eng") else first

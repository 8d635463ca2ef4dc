"""Offices as electronic business cards: vCard 4.0 (RFC 6350), one card an office."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from knowledge.exchange.offices import (
    closure_text,
    coming_closures,
    hours_text,
    phone_uri,
    published_at,
    published_on,
    root_of,
    stable_id,
    state_of,
)
from knowledge.model import Office
from knowledge.release import Release

_LINE_OCTETS = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"})
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]+")


def office_vcard(release: Release, office_id: str, on: date | None = None) -> str:
    """The card of an office, with the closures to come on a day (that of publication by default). Lines end with CRLF.

    Raises `KeyError` for an office that does not exist.
    """
    office = release.offices[office_id]
    lines = _lines(release, office, on or published_on(release))
    return "".join(f"{_folded(line)}\r\n" for line in ("BEGIN:VCARD", "VERSION:4.0", *lines, "END:VCARD"))


def write_vcard(release: Release, on: date | None = None) -> bytes:
    """All offices, one card after the other, in UTF-8."""
    return "".join(office_vcard(release, office, on) for office in release.offices).encode()


def _lines(release: Release, office: Office, on: date) -> Iterator[str]:
    yield "PRODID:-//Lotse//DE"
    yield "KIND:org"
    yield f"UID:{stable_id(release, 'office', office.id).urn}"
    yield f"REV:{published_at(release):%Y%m%dT%H%M%SZ}"
    yield "LANG:de"
    yield f"FN:{_text(office.name)}"
    root = root_of(release, office)
    yield f"ORG:{_text(root.name)}" + (f";{_text(office.name)}" if root is not office else "")
    address = office.address
    if address.street or address.plz or address.city:
        parts = ("", "", address.street, address.city, state_of(release, office), address.plz, "Deutschland")
        yield "ADR;TYPE=work:" + ";".join(map(_text, parts))
    if office.phone:
        yield f"TEL;VALUE=uri;TYPE=work,voice:{phone_uri(office.phone)}"
    if office.email:
        yield f"EMAIL;TYPE=work:{_text(office.email)}"
    if office.website:
        yield f"URL;TYPE=work:{_uri(office.website)}"
    if len(office.geo) == 2:
        yield f"GEO:geo:{office.geo[0]:.6f},{office.geo[1]:.6f}"
    if note := "\n".join(_notes(office, on)):
        yield f"NOTE;LANGUAGE=de:{_text(note)}"


def _notes(office: Office, on: date) -> Iterator[str]:
    if hours := hours_text(office):
        yield "Öffnungszeiten: " + "; ".join(hours)
    if office.appointment_only:
        yield "Nur nach Terminvereinbarung"
    if office.appointment_url:
        yield f"Termine: {office.appointment_url}"
    if office.accessibility:
        yield f"Barrierefreiheit: {office.accessibility}"
    yield from (closure_text(closure) for closure in coming_closures(office, on))


def _text(text: str) -> str:
    """A text value, or a component of one (RFC 6350, 3.4)."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).translate(_ESCAPES)


def _uri(text: str) -> str:
    return _CONTROL.sub("", text).replace("\n", "")


def _folded(line: str) -> str:
    """At most 75 octets a line, never within a character (RFC 6350, 3.2)."""
    parts, room = [""], _LINE_OCTETS
    for character in line:
        octets = len(character.encode())
        if octets > room:
            parts.append("")
            room = _LINE_OCTETS - 1
        parts[-1] += character
        room -= octets
    return "\r\n ".join(parts)

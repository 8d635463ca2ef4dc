"""Locations of a DLDB export as offices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from knowledge.exchange.dldb.entry import LONGEST_NAME, OFFICE_TYPE, Entry
from knowledge.exchange.dldb.hours import read_hours
from knowledge.model import Address, Office
from knowledge.text import fold

_PLZ = re.compile(r"(?<!\d)\d{5}(?!\d)")
_EMAIL = re.compile(r"[^@\s<>,;]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"[\d +/()-]{3,40}")
_NUMBER = re.compile(r"\d{1,3}(?:\.\d+)?")
_LATITUDES, _LONGITUDES = (47.0, 55.5), (5.5, 15.5)
"""Of Germany, in degrees."""

_MOST_POSTCODES_AT_A_POINT = 3
_ACCESS = {"0": "fehlt", "1": "bedingt rollstuhlgeeignet", "2": "rollstuhlgeeignet", "3": "rollstuhlgerecht"}


def read_offices(locations: Mapping[str, Entry]) -> tuple[Office, ...]:
    shown = Counter(entry.line("displayName") for entry in locations.values())
    offices = [_office(key, entry, shown) for key, entry in locations.items()]
    postcodes: dict[tuple[float, ...], set[str]] = {}
    for office in offices:
        postcodes.setdefault(office.geo, set()).add(office.address.plz)
    dummies = {geo for geo, found in postcodes.items() if geo and len(found) > _MOST_POSTCODES_AT_A_POINT}
    for geo in sorted(dummies):
        count = sum(office.geo == geo for office in offices)
        message = f"{count} Standorte haben dieselben Koordinaten ({geo[0]}, {geo[1]}). Sie sind nur Platzhalter und entfallen."
        next(iter(locations.values())).mended.add("locations[*].geo", message)
    return tuple(replace(office, geo=()) if office.geo in dummies else office for office in offices)


def _office(key: str, entry: Entry, shown: Mapping[str, int]) -> Office:
    display = entry.line("displayName", LONGEST_NAME)
    contact, meta = entry.child("contact"), entry.child("meta")
    hours = read_hours(entry.child("opening_times").data, entry.at("opening_times"), entry.mended, entry.refused)
    page = meta.url("url", {"locationId": key})
    booking = _is_booking_page(page, entry)
    name = display if display and shown[display] == 1 else entry.line("name", LONGEST_NAME)
    return Office(
        id=f"dldb-{key}",
        type=OFFICE_TYPE.type,
        level=OFFICE_TYPE.level,
        name=name,
        hours=hours.osm,
        appointment_only=hours.appointment_only,
        address=_address(entry.child("address")),
        phone=_matching(contact, "phone", _PHONE, "keine Telefonnummer"),
        email=_matching(contact, "email", _EMAIL, "keine E-Mail-Adresse"),
        website=contact.url("webinfo") or ("" if booking else page),
        remark=_office_remark(entry, name, hours.remark),
        accessibility=_accessibility(entry.child("accessibility")),
        appointment_url=page if booking else "",
        geo=_geo(entry.child("geo")),
        source_ids=(f"dldb:{key}",),
        confirmed=entry.confirmed(),
    )


def _matching(entry: Entry, key: str, pattern: re.Pattern[str], wrong: str) -> str:
    text = entry.line(key)
    if text and not pattern.fullmatch(text):
        entry.refused.add(entry.at(key), f"„{text[:50]}“ ist {wrong}.")
        return ""
    return text


def _address(entry: Entry) -> Address:
    street, number, plz = entry.line("street"), entry.line("house_number"), entry.line("postal_code")
    if number and not any(map(str.isalnum, number)):
        entry.mended.add(entry.at("house_number"), f"„{number}“ ist keine Hausnummer.")
        number = ""
    found = _PLZ.search(plz)
    if plz and not found:
        entry.refused.add(entry.at("postal_code"), f"„{plz[:50]}“ ist keine Postleitzahl.")
    elif found and found[0] != plz:
        entry.mended.add(entry.at("postal_code"), f"Aus „{plz[:50]}“ ist {found[0]} geworden.")
    return Address(f"{street} {number}".strip(), found[0] if found else "", entry.line("city"))


def _geo(entry: Entry) -> tuple[float, ...]:
    texts = [entry.line(key) for key in ("lat", "lon")]
    if not any(texts):
        return ()
    numbers = [_NUMBER.search(text) for text in texts]
    latitude, longitude = (float(number[0]) if number else 0.0 for number in numbers)
    inside = _LATITUDES[0] <= latitude <= _LATITUDES[1] and _LONGITUDES[0] <= longitude <= _LONGITUDES[1]
    if not inside:
        entry.refused.add(entry.where, f"„{texts[0][:30]}, {texts[1][:30]}“ liegt nicht in Deutschland.")
        return ()
    if any(number and number[0] != text for number, text in zip(numbers, texts, strict=True)):
        entry.mended.add(entry.where, "Zeichen, die nicht zu Koordinaten gehören, sind entfernt.")
    return (latitude, longitude)


def _office_remark(entry: Entry, name: str, hours: str) -> str:
    units = [entry.line("organization"), entry.line("organizationUnit")]
    for line in entry.lines("displayNameAlternatives"):
        goes_on = units[-1].endswith((" und", "-"))
        units[-1:] = [f"{units[-1]} {line}"] if goes_on else [units[-1], line]
    unique: dict[str, str] = {}
    for unit in units:
        unique.setdefault(fold(unit), unit)
    belongs = ", ".join(unit for key, unit in unique.items() if key not in ("", fold(name)))
    fax = entry.child("contact").line("fax")
    times = f"Öffnungszeiten: {hours}" if hours else ""
    parts = (belongs, times, entry.plain("note"), entry.plain("payment"), f"Fax: {fax}" if fax else "")
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)


def _accessibility(entry: Entry) -> str:
    named = (("access", "Zugang"), ("elevator", "Aufzug"), ("wc", "WC"), ("parking", "Parkplatz"))
    values = ((label, entry.line(key).replace("_", " ")) for key, label in named)
    parts = [f"{label}: {_ACCESS.get(value, value)}" for label, value in values if value and value != "unbekannt"]
    return ". ".join(filter(None, (", ".join(parts), entry.plain("note"))))


def _is_booking_page(page: str, location: Entry) -> bool:
    """Whether the page of a location is where its appointments are booked."""
    base, within, _ = page.partition("#")
    links = (each.child("appointment").data.get("link") for each in location.entries("services"))
    return bool(within) and any(isinstance(link, str) and link.startswith(base) for link in links)

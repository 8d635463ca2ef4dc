"""Can the offices be reached as it is written: telephone, e-mail, addresses on the web, postcodes, Leitweg-ID, position?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from knowledge.checks.finding import ERROR, HINT, Finding, listed
from knowledge.model import Office
from knowledge.release import Release
from knowledge.text import fold

_EMAIL = re.compile(r"[^@\s,;<>\"()]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}")
_SHORTEST_WITH_AREA_CODE: Final = 5
_SOUTH_NORTH: Final = (47.2, 55.1)
_WEST_EAST: Final = (5.8, 15.1)
_POSTCODE = re.compile(r"(?!00)\d{5}")


def contact(release: Release) -> Iterator[Finding]:
    """What is wrong with the contact data of each office, the position of each place and the web addresses of each service."""
    postcodes = _Postcodes(release)
    for office in release.offices.values():
        for severity, message in _of_office(office, postcodes):
            yield Finding(severity, office.id, message, "contact", "offices")
    for place in release.places.values():
        if place.geo and (message := _wrong_position(place.geo)):
            yield Finding(ERROR, place.ars, message, "contact", "places")
    for service in release.services.values():
        links = [each.url for each in (service.online, *service.forms, *service.sources) if each]
        for severity, message in dict.fromkeys(wrong for url in links if url for wrong in _wrong_url(url)):
            yield Finding(severity, service.slug, message, "contact", "services")


def _of_office(office: Office, postcodes: _Postcodes) -> Iterator[tuple[str, str]]:
    people = office.contacts
    for number in dict.fromkeys(each for each in (office.phone, *(person.phone for person in people)) if each):
        if not is_phone(number):
            yield ERROR, f"Die Telefonnummer „{number}“ stimmt nicht. Bitte mit Vorwahl eintragen, zum Beispiel 08151 148-0."
    for email in dict.fromkeys(each for each in (office.email, *(person.email for person in people)) if each):
        if not _EMAIL.fullmatch(email):
            yield ERROR, f"Die E-Mail-Adresse „{email}“ stimmt nicht. Bitte berichtigen."
    for url in (office.website, office.appointment_url):
        yield from _wrong_url(url) if url else ()
    if office.leitweg_id and not is_leitweg_id(office.leitweg_id):
        yield ERROR, f"Die Leitweg-ID „{office.leitweg_id}“ stimmt nicht. Bitte Aufbau und Prüfziffer vergleichen."
    if office.geo and (message := _wrong_position(office.geo)):
        yield ERROR, message
    yield from postcodes.wrong(office)
    if not (office.phone or office.email or office.website):
        yield HINT, "Es fehlt jeder Kontakt (Telefon, E-Mail oder Internet). Bitte einen eintragen."


@lru_cache(maxsize=8192)
def is_phone(number: str) -> bool:
    """Whether a number could be dialled in Germany; the numbers kept free for fiction (089 99998) are as good as any."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, "DE")
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.is_possible_number(parsed) and len(str(parsed.national_number)) >= _SHORTEST_WITH_AREA_CODE:
        return True
    return phonenumbers.is_valid_short_number_for_region(parsed, "DE")


@lru_cache(maxsize=2048)
def is_leitweg_id(number: str) -> bool:
    """Whether structure and check digits (ISO 7064 MOD 97-10) are right."""
    from stdnum.de import leitweg

    return bool(leitweg.is_valid(number)) and number == number.strip()


@lru_cache(maxsize=8192)
def _wrong_url(url: str) -> tuple[tuple[str, str], ...]:
    if re.search(r"\s", url):
        return ((ERROR, f"Die Internetadresse „{url}“ enthält Leerzeichen. Bitte entfernen."),)
    if "{" in url or "}" in url:
        return ((ERROR, f"In der Internetadresse „{url}“ steht ein Platzhalter. Bitte die wirkliche Adresse eintragen."),)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or "." not in host.strip("."):
        return ((ERROR, f"„{url}“ ist keine Internetadresse. Bitte vollständig eintragen, beginnend mit https://."),)
    if parts.scheme == "http":
        return ((HINT, f"Die Internetadresse „{url}“ ist unverschlüsselt. Bitte prüfen, ob es sie mit https gibt."),)
    return ()


def _wrong_position(geo: tuple[float, ...]) -> str:
    if len(geo) != 2:
        return "Die Lage braucht genau zwei Zahlen: Breite und Länge. Bitte berichtigen."
    if _within(*geo):
        return ""
    swapped = " Breite und Länge sind wohl vertauscht." if _within(*reversed(geo)) else ""
    return f"Die Lage {geo[0]}, {geo[1]} liegt nicht in Deutschland.{swapped} Bitte berichtigen."


def _within(latitude: float, longitude: float) -> bool:
    return _SOUTH_NORTH[0] <= latitude <= _SOUTH_NORTH[1] and _WEST_EAST[0] <= longitude <= _WEST_EAST[1]


class _Postcodes:
    """Which postcodes belong to which places, as far as the knowledge says."""

    def __init__(self, release: Release) -> None:
        self._of_name: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        for place in release.places.values():
            every = {*place.plz, *(plz for district in place.districts for plz in district.plz)}
            for name in (place.name, *(district.name for district in place.districts)):
                self._of_name.setdefault(fold(name), set()).update(every)
            for plz in every:
                self._names.setdefault(plz, set()).add(place.name)
        for outside in release.knowledge.outside:
            if outside.name:
                self._of_name.setdefault(fold(outside.name), set()).update(outside.plz)
            for plz in outside.plz:
                self._names.setdefault(plz, set()).update([outside.name] if outside.name else [])

    def wrong(self, office: Office) -> Iterator[tuple[str, str]]:
        plz, city = office.address.plz, office.address.city
        if plz and not _POSTCODE.fullmatch(plz):
            yield ERROR, f"„{plz}“ ist keine Postleitzahl. Bitte fünf Ziffern eintragen."
            return
        own = self._of_name.get(fold(city), set())
        if not plz or not own or plz in own:
            return
        others = self._names.get(plz)
        if others:
            belongs = f"sie gehört zu {listed(sorted(others), 3)}"
            yield (
                ERROR,
                f"Die Postleitzahl {plz} passt nicht zu {city}, {belongs}. Bitte {' oder '.join(sorted(own)[:3])} eintragen.",
            )
        else:
            # Large recipients of mail have postcodes of their own.
            yield HINT, f"Die Postleitzahl {plz} ist bei {city} nicht bekannt. Bitte prüfen."

"""What several formats say about an office in the same way: its identifier, its phone number, where it is, when it is open."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5

from knowledge.hours import BERLIN, Calendar, DayHours, Span, calendar_of, day_hours, in_words
from knowledge.model import Closure, Office
from knowledge.release import Release

STATES = {
    "01": "Schleswig-Holstein",
    "02": "Hamburg",
    "03": "Niedersachsen",
    "04": "Bremen",
    "05": "Nordrhein-Westfalen",
    "06": "Hessen",
    "07": "Rheinland-Pfalz",
    "08": "Baden-Württemberg",
    "09": "Bayern",
    "10": "Saarland",
    "11": "Berlin",
    "12": "Brandenburg",
    "13": "Mecklenburg-Vorpommern",
    "14": "Sachsen",
    "15": "Sachsen-Anhalt",
    "16": "Thüringen",
}
"""The Länder by the first two digits of ARS and AGS."""

_A_YEAR = 53 * 7


@dataclass(frozen=True)
class Season:
    """A time with the same hours every week, Monday first; both ends included, and open when the whole year is like this."""

    week: tuple[tuple[Span, ...], ...]
    first: date | None = None
    last: date | None = None

    @property
    def slots(self) -> list[tuple[Span, tuple[int, ...]]]:
        """Each span with its weekdays (0 is Monday), in the order of the week."""
        days: dict[Span, list[int]] = {}
        for weekday, spans in enumerate(self.week):
            for span in spans:
                days.setdefault(span, []).append(weekday)
        return [(span, tuple(weekdays)) for span, weekdays in days.items()]


def stable_id(release: Release, kind: str, key: str) -> UUID:
    """The same identifier in every export of the same county: UUID version 5 (RFC 9562)."""
    region = release.county.ars if release.county else release.region
    return uuid5(NAMESPACE_URL, f"urn:lotse:{region}:{kind}:{key}")


def published_at(release: Release) -> datetime:
    """When the release was published, in UTC."""
    return datetime.fromisoformat(release.published).astimezone(timezone.utc)


def published_on(release: Release) -> date:
    """The day the release was published, in Germany."""
    return published_at(release).astimezone(BERLIN).date()


def phone_number(text: str) -> str:
    """E.164 (`+49…`); numbers that can be dialled only as they are, such as 110 or 115, keep their digits."""
    import phonenumbers

    digits = re.sub(r"[^0-9+]", "", text)
    if not digits.startswith(("0", "+")):
        return digits
    try:
        number = phonenumbers.parse(text, "DE")
    except phonenumbers.NumberParseException:
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_uri(text: str) -> str:
    """A `tel:` URI (RFC 3966); a number that is no E.164 one says that it is German."""
    number = phone_number(text)
    return f"tel:{number}" if number.startswith("+") else f"tel:{number};phone-context=+49"


def state_of(release: Release, office: Office) -> str:
    """The Land an office is in: that of its place, else that of the county; empty when neither is known."""
    ars = office.place or (release.county.ars if release.county else "")
    return STATES.get(ars[:2], "")


def root_of(release: Release, office: Office) -> Office:
    """The authority an office belongs to, or itself. Parents that do not exist, or go round in circles, end the way."""
    seen = {office.id}
    while (above := release.offices.get(office.parent)) and above.id not in seen:
        office = above
        seen.add(office.id)
    return office


def closed_on_holidays(office: Office) -> bool:
    """Whether the hours say so: `PH off`."""
    return bool(re.search(r"\bPH\s+(off|closed)\b", office.hours, re.IGNORECASE))


def coming_closures(office: Office, on: date) -> list[Closure]:
    """The closures that are not over yet, by their first day."""
    return sorted((each for each in office.closures if each.last >= on), key=lambda each: each.first)


def hours_of_days(release: Release, office: Office, on: date, days: int) -> list[DayHours]:
    """The hours of the days from `on`, with the holidays at the office and its closures.

    Empty when there are none or nobody can read them.
    """
    return _days(office.hours, calendar_of(release, office), office.closures, on, days) if office.hours else []


def _days(expression: str, calendar: Calendar, closures: tuple[Closure, ...], on: date, days: int) -> list[DayHours]:
    """What reaches into a day from the night before belongs to that night alone."""
    try:
        found = [day_hours(expression, on + timedelta(days=ahead), calendar, closures) for ahead in range(days)]
    except SyntaxError:
        return []
    return [
        replace(each, spans=tuple(span for span in each.spans if not span.carried))
        if any(span.carried for span in each.spans)
        else each
        for each in found
    ]


def seasons(release: Release, office: Office, on: date) -> tuple[Season, ...]:
    """The ordinary weeks of the year that begins on a day, as if there were neither holidays nor closures.

    One season when every week is the same; several, with their days, when hours change over the year. Empty without hours.
    """
    return _seasons(office.hours, calendar_of(release, office), on) if office.hours else ()


@lru_cache(maxsize=512)
def _seasons(expression: str, calendar: Calendar, on: date) -> tuple[Season, ...]:
    found: list[tuple[date, dict[int, tuple[Span, ...]]]] = []
    for each in _days(expression, calendar, (), on, _A_YEAR):
        if each.holiday and "PH" in expression:
            continue
        weekday = each.day.weekday()
        if not found or found[-1][1].setdefault(weekday, each.spans) != each.spans:
            found.append((each.day, {weekday: each.spans}))
    weeks = [tuple(week.get(weekday, ()) for weekday in range(7)) for _, week in found]
    if len(weeks) < 2:
        return tuple(Season(week) for week in weeks)
    firsts = [on, *(first for first, _ in found[1:])]
    lasts = [*(first - timedelta(days=1) for first in firsts[1:]), on + timedelta(days=_A_YEAR - 1)]
    return tuple(Season(*each) for each in zip(weeks, firsts, lasts, strict=True))


def hours_text(office: Office) -> list[str]:
    """The hours in German, line by line; empty when they are not known or nobody can read them."""
    try:
        return in_words(office.hours)
    except SyntaxError:
        return []


def closure_text(closure: Closure) -> str:
    """„Geschlossen vom 24.12.2026 bis 01.01.2027: Betriebsferien“."""
    first, last = f"{closure.first:%d.%m.%Y}", f"{closure.last:%d.%m.%Y}"
    when = f"am {first}" if first == last else f"vom {first} bis {last}"
    return f"Geschlossen {when}" + (f": {closure.reason}" if closure.reason else "")

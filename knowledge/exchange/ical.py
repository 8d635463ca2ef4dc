"""Opening hours and journeys as calendars: iCalendar (RFC 5545).

Hours are weekly events with their exceptions, closures events of whole days; a journey has one task (VTODO) for each step.
An event repeats every week and leaves out holidays and closures (`EXDATE`): calendars show a series as one entry that can
be hidden or coloured, and a subscriber sees at once when the hours change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from knowledge.exchange.limits import clean_text, one_line
from knowledge.exchange.offices import (
    coming_closures,
    hours_of_days,
    phone_number,
    published_at,
    published_on,
    stable_id,
)
from knowledge.hours import BERLIN, Span
from knowledge.journeys import StepHere, journey_steps
from knowledge.model import Closure, Journey, Locality, Office
from knowledge.release import Release

if TYPE_CHECKING:
    from icalendar import Calendar, Event, Todo

WEEKS = 52
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LONGEST_GAP = timedelta(days=28)
"""After a longer break a new series begins: a season, not an exception."""
_DEPENDS_ON = {
    "place": "vom Ort",
    "district": "vom Ortsteil oder von der Straße",
    "surname": "vom Anfangsbuchstaben des Nachnamens",
    "audience": "davon, ob Sie als Privatperson oder für einen Betrieb fragen",
    "value": "vom Auftragswert",
}


@dataclass(frozen=True)
class _Series:
    """The days an office is open from one time to another, every week but for the exceptions."""

    span: Span
    days: tuple[date, ...]

    @property
    def weekdays(self) -> list[int]:
        return sorted({day.weekday() for day in self.days})

    @property
    def exceptions(self) -> list[date]:
        first, last = self.days[0], self.days[-1]
        weekdays, days = set(self.weekdays), set(self.days)
        between = (first + timedelta(days=ahead) for ahead in range((last - first).days))
        return [day for day in between if day.weekday() in weekdays and day not in days]


def office_ical(release: Release, office_id: str, on: date, weeks: int = WEEKS) -> bytes:
    """The calendar of an office for some weeks from a day; without events when its hours are not known.

    Raises `KeyError` for an office that does not exist.
    """
    office = release.offices[office_id]
    return _written(release, [office], on, weeks, f"Öffnungszeiten: {office.name}")


def write_ical(release: Release, on: date | None = None, weeks: int = WEEKS) -> bytes:
    """All offices in one calendar, from a day (that of publication by default)."""
    title = f"Öffnungszeiten: {release.region}" if release.region else "Öffnungszeiten"
    return _written(release, release.offices.values(), on or published_on(release), weeks, title)


def journey_calendar(release: Release, slug: str, places: Sequence[Locality], on: date, base_url: str = "") -> bytes:
    """A journey as a list of tasks, in order, each with the responsible office and a link.

    `places` is what is known about where somebody is. `base_url` is where the public pages stand, such as
    `https://lotse.example`. Programs without tasks show the whole list as one event on the day `on`.
    Raises `KeyError` for a journey that does not exist.
    """
    journey = release.journeys[slug]
    steps = journey_steps(release, journey, places, on)
    calendar = _calendar(f"{journey.title}: {release.region}" if release.region else journey.title)
    calendar.add_component(_checklist(release, journey, steps, places, on, base_url))
    for number, step in enumerate(steps, 1):
        calendar.add_component(_task(release, journey, number, step, places, base_url))
    return bytes(calendar.to_ical())


def _checklist(
    release: Release, journey: Journey, steps: Sequence[StepHere], places: Sequence[Locality], on: date, base_url: str
) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", str(stable_id(release, "journey", f"{journey.slug}:{_ort(places)}")))
    event.add("dtstamp", published_at(release))
    event.add("transp", "TRANSPARENT")
    event.add("summary", one_line(f"Checkliste: {journey.title}"))
    event.add("dtstart", on)
    event.add("dtend", on + timedelta(days=1))
    lines = (f"{number}. {step.title}: {_who(release, step)}" for number, step in enumerate(steps, 1))
    event.add("description", clean_text("\n".join(filter(None, (journey.short, *lines)))))
    if base_url:
        event.add("url", _page(base_url, f"/lebenslagen/{quote(journey.slug)}", places))
    return event


def _task(release: Release, journey: Journey, number: int, step: StepHere, places: Sequence[Locality], base_url: str) -> Todo:
    from icalendar import Todo

    office = release.offices[step.office] if step.office else None
    todo = Todo()
    todo.add("uid", str(stable_id(release, "step", f"{journey.slug}:{step.service}:{_ort(places)}")))
    todo.add("dtstamp", published_at(release))
    todo.add("status", "NEEDS-ACTION")
    todo.add("summary", one_line(f"{number}. {step.title}"))
    todo.add("categories", [one_line(journey.title)])
    condition = f"Nur {step.condition}." if step.condition else ""
    contact = [*_contact(office)] if office else []
    todo.add("description", clean_text("\n".join(filter(None, (condition, step.hint, _who(release, step), *contact)))))
    if office and (office.address.street or office.address.city):
        todo.add("location", _location(office))
    if office and len(office.geo) == 2:
        todo.add("geo", office.geo)
    online = release.services[step.service].online
    url = _page(base_url, f"/leistungen/{quote(step.service)}", places) if base_url else online.url if online else ""
    if url:
        todo.add("url", "".join(clean_text(url).split()))
    return todo


def _who(release: Release, step: StepHere) -> str:
    """„Kreisbauamt“, or what has to be known to say."""
    if step.office:
        doubt = "" if step.certainty == "belegt" else " (bitte vorher nachfragen)"
        return f"Zuständig: {release.offices[step.office].name}{doubt}"
    if step.missing:
        return f"Die zuständige Stelle hängt ab {_DEPENDS_ON.get(step.missing, 'von weiteren Angaben')}."
    return "Die zuständige Stelle sagt Ihnen die Behördennummer 115."


def _ort(places: Sequence[Locality]) -> str:
    """One place as the pages take it; empty where it is not known for certain."""
    return str(places[0]) if len(places) == 1 else ""


def _page(base_url: str, path: str, places: Sequence[Locality]) -> str:
    query = f"?{urlencode({'ort': _ort(places)})}" if _ort(places) else ""
    return f"{base_url.rstrip('/')}{path}{query}"


def _written(release: Release, offices: Iterable[Office], on: date, weeks: int, title: str) -> bytes:
    calendar = _with_hours(title, on, on + timedelta(weeks=weeks))
    for office in offices:
        for event in _events(release, office, on, weeks):
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _with_hours(title: str, on: date, end: date) -> Calendar:
    from icalendar import Timezone

    calendar = _calendar(title)
    calendar.add_component(Timezone.from_tzid(BERLIN.key, first_date=date(on.year, 1, 1), last_date=date(end.year + 1, 1, 1)))
    return calendar


def _calendar(title: str) -> Calendar:
    from icalendar import Calendar, vText

    calendar = Calendar()
    calendar.add("prodid", "-//Lotse//DE")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", vText(one_line(title)))  # RFC 7986; older calendars read the next one
    calendar.add("x-wr-calname", vText(one_line(title)))
    return calendar


def _events(release: Release, office: Office, on: date, weeks: int) -> Iterator[Event]:
    for series in _series(release, office, on, weeks):
        yield _opening(release, office, series, on)
    for closure in coming_closures(office, on):
        if closure.first <= on + timedelta(weeks=weeks):
            yield _closed(release, office, closure)


def _series(release: Release, office: Office, on: date, weeks: int) -> list[_Series]:
    runs: dict[tuple[Span, int], list[list[date]]] = {}
    for hours in hours_of_days(release, office, on, weeks * 7):
        for span in hours.spans:
            of_weekday = runs.setdefault((span, hours.day.weekday()), [])
            if of_weekday and hours.day - of_weekday[-1][-1] <= _LONGEST_GAP:
                of_weekday[-1].append(hours.day)
            else:
                of_weekday.append([hours.day])
    groups: list[tuple[Span, list[date], list[date]]] = []
    for (span, _), found in runs.items():
        for run in found:
            joined = next((all_days for other, shape, all_days in groups if other == span and _alike(shape, run)), None)
            if joined is None:
                groups.append((span, run, list(run)))
            else:
                joined.extend(run)
    return [_Series(span, tuple(sorted(days))) for span, _, days in groups]


def _alike(one: list[date], other: list[date]) -> bool:
    """Whether two weekdays begin and end at about the same time."""
    return abs(one[0] - other[0]) <= _LONGEST_GAP and abs(one[-1] - other[-1]) <= _LONGEST_GAP


def _opening(release: Release, office: Office, series: _Series, on: date) -> Event:
    first, last = series.days[0], series.days[-1]
    weekdays = ",".join(_DAYS[day] for day in series.weekdays)
    later = first.isoformat() if first - on > _LONGEST_GAP else ""
    event = _event(release, office, f"{later}{series.span}{weekdays}")
    by_appointment = office.appointment_only or series.span.by_appointment
    event.add("summary", one_line(f"{office.name}: {'nur mit Termin' if by_appointment else 'geöffnet'}"))
    event.add("dtstart", _start(series.span, first))
    event.add("dtend", _end(series.span, first))
    if last != first:
        start = _start(series.span, last)
        # RFC 5545, 3.3.10: UNTIL is in UTC where DTSTART has a time zone, and a date where it is one.
        until = start.astimezone(published_at(release).tzinfo) if isinstance(start, datetime) else start
        event.add("rrule", {"freq": "weekly", "byday": weekdays.split(","), "until": until})
    if series.exceptions:
        exceptions = [_start(series.span, day) for day in series.exceptions]
        event.add("exdate", exceptions, parameters={"VALUE": "DATE"} if series.span.all_day else {})
    return event


def _closed(release: Release, office: Office, closure: Closure) -> Event:
    event = _event(release, office, f"closed{closure.first}{closure.last}")
    event.add("summary", one_line(f"{office.name}: geschlossen" + (f" ({closure.reason})" if closure.reason else "")))
    event.add("dtstart", closure.first)
    event.add("dtend", closure.last + timedelta(days=1))
    return event


def _event(release: Release, office: Office, key: str) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", str(stable_id(release, "event", f"{office.id}:{key}")))
    event.add("dtstamp", published_at(release))
    event.add("transp", "TRANSPARENT")
    address = office.address
    if address.street or address.city:
        event.add("location", _location(office))
    if len(office.geo) == 2:
        event.add("geo", office.geo)
    if office.website:
        event.add("url", "".join(clean_text(office.website).split()))
    if contact := [*_contact(office)]:
        event.add("description", clean_text("\n".join(contact)))
    return event


def _location(office: Office) -> str:
    address = office.address
    return one_line(", ".join(filter(None, (address.street, f"{address.plz} {address.city}".strip()))))


def _contact(office: Office) -> Iterator[str]:
    if office.phone:
        yield f"Telefon: {phone_number(office.phone)}"
    if office.email:
        yield f"E-Mail: {office.email}"
    if office.appointment_url:
        yield f"Termine: {office.appointment_url}"


def _start(span: Span, day: date) -> Any:
    """A time in Berlin, or the day where an office never closes."""
    return day if span.all_day else datetime.combine(day, span.start, BERLIN)


def _end(span: Span, day: date) -> Any:
    following = day + timedelta(days=1)
    if span.all_day:
        return following
    if span.end == time.max:
        return datetime.combine(following, span.until or time.min, BERLIN)
    return datetime.combine(day, span.end, BERLIN)

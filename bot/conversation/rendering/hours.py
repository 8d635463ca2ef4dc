"""Opening hours in a sentence for today, and as the week ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.conversation.rendering.words import Words
from knowledge.hours import BERLIN, DayHours, HoursNow, calendar_of, clock, day_hours
from knowledge.model import Office
from knowledge.release import Release

_WEEK = 7


def hours_today(words: Words, opening: HoursNow, now: datetime) -> str:
    """„Heute geschlossen: Neujahr. Öffnet wieder am Montag, 04.01., 8:00–12:00 Uhr“."""
    sentences = [_now(words, opening)]
    if opening.following and opening.moment in ("after", "closed"):
        sentences.append(_next_opening(words, opening.following, opening.by_appointment, now))
    if opening.otherwise:
        alone = not (opening.today.spans or opening.following or sentences[0])
        aside = words.phrase(opening.otherwise)
        sentences.append(aside if alone else words.texts["hours_otherwise"].format(note=aside))
    text = ". ".join(filter(None, sentences))
    return text[:1].upper() + text[1:]


def week_ahead(words: Words, release: Release, office: Office, now: datetime) -> list[dict[str, str]]:
    """The hours of the next seven days, holidays and closures included; empty when they are not known."""
    if not office.hours:
        return []
    first, calendar = now.astimezone(BERLIN).date(), calendar_of(release, office)
    try:
        days = [day_hours(office.hours, first + timedelta(days=ahead), calendar, office.closures) for ahead in range(_WEEK)]
    except SyntaxError:
        return []
    if not any(each.spans or each.note for each in days):
        return []
    return [{"days": f"{words.weekday(each.day)}, {words.short_date(each.day)}", "text": _day(words, each)} for each in days]


def _day(words: Words, hours: DayHours) -> str:
    spans = [span for span in hours.spans if not span.carried]
    said = [words.spans(spans) if spans else "", words.phrase(hours.note)]
    if any(said):
        return ", ".join(filter(None, said))
    closed = words.texts["day_closed"]
    return f"{closed} ({words.phrase(hours.reason)})" if hours.reason else closed


def _now(words: Words, opening: HoursNow) -> str:
    if opening.moment == "closed":
        return _closed_today(words, opening)
    if opening.moment == "after":
        return "" if opening.by_appointment and opening.following else words.texts["hours_after"]
    key = "hours_appointments" if opening.by_appointment else f"hours_{opening.moment}"
    current = opening.current
    if current and current.by_appointment and not opening.by_appointment:
        key = "hours_open_if"
    return words.texts[key].format(
        spans=words.spans(span for span in opening.today.spans if not span.carried or span == current),
        time=clock(opening.opens) if opening.opens else "",
        note=words.phrase(current.note) if current else "",
    )


def _closed_today(words: Words, opening: HoursNow) -> str:
    today = opening.today
    if today.reason:
        text = words.texts["hours_closed_for"].format(reason=words.phrase(today.reason))
    elif today.note:
        return words.texts["hours_note"].format(note=words.phrase(today.note))
    elif opening.otherwise and not opening.following:
        return ""
    else:
        known = opening.by_appointment and today.closed_until is None
        text = words.texts["hours_no_appointments" if known else "hours_closed"]
    if today.closed_until and not opening.following and today.closed_until > today.day:
        text += words.texts["hours_until"].format(date=words.full_date(today.closed_until))
    return text


def _next_opening(words: Words, following: DayHours, by_appointment: bool, now: datetime) -> str:
    day = following.day
    tomorrow = (day - now.astimezone(BERLIN).date()).days == 1
    when = words.texts["hours_tomorrow" if tomorrow else "hours_on"].format(
        weekday=words.weekday(day), date=words.short_date(day)
    )
    key = "hours_next_appointments" if by_appointment else "hours_next"
    return words.texts[key].format(when=when, spans=words.spans(following.spans))

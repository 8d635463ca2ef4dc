"""From references to what people read: neutral blocks, and plain text for channels without cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from actions.turn import NONE_OF_THESE, WHO, Reply
from bot.conversation.messages import Block, OfficeBlock, ServiceBlock
from bot.conversation.texts import texts
from knowledge.hours import BERLIN, DayHours, HoursNow, clock, office_hours, spans_in_words, weekday
from knowledge.model import ANYWHERE, ROAD_CLASSES, Locality, Office, Service
from knowledge.release import Release
from knowledge.responsibility import Assignment

_HELP_DESK = "landratsamt-buergerservice"
_BUYING = ("Vergabe", "Rechnung & Zahlung")


class Renderer:
    """Renders replies of one release at one time. `hours` is how long conversations are kept."""

    def __init__(self, release: Release, now: datetime, retention_hours: int) -> None:
        self._release = release
        self._now = now
        self._retention = retention_hours
        self._texts = texts()

    def blocks(self, reply: Reply) -> list[Block]:
        """The blocks of a reply, in reading order."""
        render = getattr(self, f"_{reply.outcome}")
        return list(render(reply))

    def apology(self) -> list[Block]:
        """When a turn could not be done."""
        return [self._text("apology", tone="urgent")]

    def command(self, name: str) -> list[Block]:
        """The fixed text behind a command such as `/start`."""
        return [self._text("smalltalk_hilfe" if name == "help" else f"command_{name}")]

    def _answer(self, reply: Reply) -> Iterator[Block]:
        service = self._release.services[reply.service or ""]
        yield from self._asked(reply, service)
        yield self._heading(reply, service)
        yield from self._notices(reply, service)
        yield from self._offices(reply.offices)
        yield _service_block(self._release, service)
        yield self._stand()

    def _nothere(self, reply: Reply) -> Iterator[Block]:
        service = self._release.services[reply.service or ""]
        if reply.offices:
            yield from self._asked(reply, service)
            yield self._text("nothere_office", service=service.name)
            yield from self._notices(reply, service)
            yield from self._offices(reply.offices)
            yield _service_block(self._release, service)
        elif reply.topic == "outside":
            yield self._outside(reply, service)
            for office in self._anywhere(service):
                yield self._text("nothere_outside_anywhere", service=service.name, office=office.name)
        elif any(rule.district in ROAD_CLASSES for rule in self._release.rules_for(service, self._now.date())):
            yield self._text("nothere_autobahn")
        else:
            yield self._text("nothere_none", service=service.name)
        yield self._stand()

    def _notices(self, reply: Reply, service: Service) -> Iterator[Block]:
        """What staff want said these days: to everybody, about this service, or about one of these offices."""
        offices = {assignment.office for assignment in reply.offices}
        for notice in self._release.knowledge.notices:
            meant = (not notice.service or notice.service == service.slug) and (not notice.office or notice.office in offices)
            if meant and notice.first <= self._now.date() <= notice.last:
                yield {"type": "text", "text": notice.text, "tone": "plain"}

    def _asked(self, reply: Reply, service: Service) -> Iterator[Block]:
        """What was asked in particular comes first: „Was kostet das?“."""
        if reply.aspect == WHO:
            return
        told = self._told(reply, service)
        key = f"aspect_{reply.aspect}" if told else f"aspect_{reply.aspect}_unknown"
        if key in self._texts:
            yield self._text(key, service=service.name, told=told)

    def _told(self, reply: Reply, service: Service) -> str:
        """What is known about the aspect asked for, one line each; empty when nothing is."""
        office = self._release.offices[reply.offices[0].office] if reply.offices else None
        opening = office_hours(self._release, office, self._now) if office else None
        online = [service.online] if service.online else []
        lines: dict[str, list[str]] = {
            "documents": list(service.documents),
            "fee": [fee.text for fee in service.fees],
            "deadline": list(service.deadlines),
            "requirements": list(service.requirements),
            "procedure": [*service.procedure, *([f"Dauer: {service.processing_time}"] if service.processing_time else [])],
            "online": [f"{link.title} {link.url}".rstrip() for link in online],
            "form": [f"{link.title} {link.url}".rstrip() for link in (*service.forms, *online)],
            "hours": [self._hours_today(opening)] if opening else [],
            "contact": [office.phone, office.email, office.website] if office else [],
            "appointment": [office.name] if office and office.appointment_only else [],
        }
        told = list(filter(None, lines.get(reply.aspect, [])))
        return told[0] if len(told) == 1 else "\n" + "\n".join(f"• {line}" for line in told) if told else ""

    def _outside(self, reply: Reply, service: Service) -> Block:
        place = Locality.parse(reply.places[0]) if len(reply.places) == 1 else None
        if place and self._release.locality_name(place) == place.district:
            return self._text("nothere_outside_named", service=service.name, place=place.district)
        return self._text("nothere_outside", service=service.name)

    def _choices(self, reply: Reply) -> Iterator[Block]:
        yield self._text("choices")
        yield self._buttons("service", reply)

    def _ambiguous(self, reply: Reply) -> Iterator[Block]:
        yield self._text("ambiguous")
        yield self._buttons("place", reply)

    def _missing(self, reply: Reply) -> Iterator[Block]:
        service = self._release.services[reply.service or ""]
        fact = reply.missing or ""
        key = f"missing_{fact}"
        if fact == "place" and service.life_situation in _BUYING:
            key = "missing_place_buyer"
        elif fact == "district" and reply.choices and reply.choices[0].value in ROAD_CLASSES:
            key = "missing_road"
        yield self._text(key, service=service.name)
        yield self._buttons(fact, reply)

    def _fallback(self, reply: Reply) -> Iterator[Block]:
        if reply.topic == "empty":
            yield self._text("fallback_empty")
            return
        yield self._text("fallback_outside_scope" if reply.topic == "ausserhalb" else "fallback")
        if reply.topic != "ausserhalb":
            yield from self._help_desk()

    def _handover(self, reply: Reply) -> Iterator[Block]:
        yield self._text("handover")
        yield from self._help_desk()

    def _crisis(self, reply: Reply) -> Iterator[Block]:
        yield self._text("crisis", tone="urgent")

    def _smalltalk(self, reply: Reply) -> Iterator[Block]:
        yield self._text(f"smalltalk_{reply.topic}")

    def _heading(self, reply: Reply, service: Service) -> Block:
        on = date.fromisoformat(reply.on) if reply.on else self._now.date()
        if on > self._now.date():
            return self._text("answer_on", service=service.name, date=f"{on:%d.%m.%Y}")
        place = Locality.parse(reply.places[0]) if len(reply.places) == 1 else None
        if (
            place
            and place.ars in self._release.places
            and not self._release.places[place.ars].is_county
            and "place" in service.varies_by
        ):
            return self._text("answer_at", service=service.name, place=self._release.locality_name(place))
        return self._text("answer", service=service.name)

    def _offices(self, assignments: Iterable[Assignment]) -> Iterator[Block]:
        shown: set[str] = set()
        for assignment in assignments:
            if assignment.office not in shown:
                shown.add(assignment.office)
                yield self._office(self._release.offices[assignment.office], assignment)

    def _office(self, office: Office, assignment: Assignment | None = None) -> OfficeBlock:
        opening = office_hours(self._release, office, self._now)
        return {
            "type": "office",
            "id": office.id,
            "title": office.name,
            "role": assignment.role if assignment else "",
            "role_label": self._texts[f"role_{assignment.role}"] if assignment else "",
            "address": [part for part in (office.address.street, f"{office.address.plz} {office.address.city}".strip()) if part],
            "phone": office.phone,
            "email": office.email,
            "website": office.website,
            "hours_today": self._hours_today(opening) if opening else "",
            "open_now": opening.open_now if opening else None,
            "appointment": self._texts["appointment"] if office.appointment_only else "",
            "why": _why(assignment) if assignment else "",
            "certainty": self._texts.get(f"certainty_{assignment.certainty}", "") if assignment else "",
        }

    def _hours_today(self, opening: HoursNow) -> str:
        """„Heute geschlossen: Neujahr. Öffnet wieder am Montag, 04.01., 8:00–12:00 Uhr“."""
        sentences = [self._hours_now(opening)]
        if opening.following and opening.moment in ("after", "closed"):
            sentences.append(self._next_opening(opening.following, opening.by_appointment))
        if opening.otherwise:
            alone = not (opening.today.spans or opening.following or sentences[0])
            sentences.append(opening.otherwise if alone else self._texts["hours_otherwise"].format(note=opening.otherwise))
        text = ". ".join(filter(None, sentences))
        return text[:1].upper() + text[1:]

    def _hours_now(self, opening: HoursNow) -> str:
        if opening.moment == "closed":
            return self._closed_today(opening)
        if opening.moment == "after":
            return "" if opening.by_appointment and opening.following else self._texts["hours_after"]
        key = "hours_appointments" if opening.by_appointment else f"hours_{opening.moment}"
        current = opening.current
        if current and current.by_appointment and not opening.by_appointment:
            key = "hours_open_if"
        return self._texts[key].format(
            spans=spans_in_words(span for span in opening.today.spans if not span.carried or span == current),
            time=clock(opening.opens) if opening.opens else "",
            note=current.note if current else "",
        )

    def _closed_today(self, opening: HoursNow) -> str:
        today = opening.today
        if today.reason:
            text = self._texts["hours_closed_for"].format(reason=today.reason)
        elif today.note:
            return self._texts["hours_note"].format(note=today.note)
        elif opening.otherwise and not opening.following:
            return ""
        else:
            known = opening.by_appointment and today.closed_until is None
            text = self._texts["hours_no_appointments" if known else "hours_closed"]
        if today.closed_until and not opening.following and today.closed_until > today.day:
            text += self._texts["hours_until"].format(date=f"{today.closed_until:%d.%m.%Y}")
        return text

    def _next_opening(self, following: DayHours, by_appointment: bool) -> str:
        day = following.day
        tomorrow = (day - self._now.astimezone(BERLIN).date()).days == 1
        when = self._texts["hours_tomorrow" if tomorrow else "hours_on"].format(weekday=weekday(day), date=f"{day:%d.%m.}")
        key = "hours_next_appointments" if by_appointment else "hours_next"
        return self._texts[key].format(when=when, spans=spans_in_words(following.spans))

    def _buttons(self, kind: str, reply: Reply) -> Block:
        options = [
            {"value": each.value, "label": self._texts["none_of_these"] if each.value == NONE_OF_THESE else each.label}
            for each in reply.choices
        ]
        return {"type": "choices", "kind": kind, "options": options}

    def _help_desk(self) -> Iterator[Block]:
        yield {"type": "link", "label": self._texts["hotline"], "url": "tel:115"}
        if _HELP_DESK in self._release.offices:
            yield self._office(self._release.offices[_HELP_DESK])

    def _anywhere(self, service: Service) -> Iterator[Office]:
        rules = self._release.rules_for(service, self._now.date())
        for rule in rules:
            if rule.applies_to == ANYWHERE and rule.role == "zustaendig":
                yield self._release.offices[rule.office]

    def _stand(self) -> Block:
        published = datetime.fromisoformat(self._release.published)
        text = self._texts["stand"].format(date=f"{published:%d.%m.%Y}", number=self._release.number)
        return {"type": "note", "text": text}

    def _region(self) -> str:
        """„im Landkreis Lindenau“, „in München“."""
        return (
            f"im {self._release.region}"
            if self._release.county
            else f"in {self._release.region}"
            if self._release.region
            else "hier"
        )

    def _text(self, key: str, tone: str = "plain", **values: str) -> Block:
        filled = {"county": self._region(), "hours": self._retention} | values
        return {"type": "text", "text": self._texts[key].format(**filled), "tone": tone}


def _service_block(release: Release, service: Service) -> ServiceBlock:
    online = service.online
    return {
        "type": "service",
        "slug": service.slug,
        "title": service.name,
        "short": service.short,
        "requirements": list(service.requirements),
        "documents": list(service.documents),
        "procedure": list(service.procedure),
        "fees": [fee.text for fee in service.fees],
        "deadlines": list(service.deadlines),
        "processing_time": service.processing_time,
        "online": {"title": online.title, "url": online.url} if online else None,
        "forms": [{"title": form.title, "url": form.url} for form in service.forms],
        "legal_basis": list(service.legal_basis),
        "not_to_confuse": [
            {"title": release.services[other].name, "text": each.text}
            for each in release.distinctions_of(service.slug)
            if (other := each.other(service.slug)) in release.services
        ],
    }


def _why(assignment: Assignment) -> str:
    """„Warum diese Stelle?“, with the source of the rule and the day it was last confirmed."""
    confirmed = f"Stand: {date.fromisoformat(assignment.confirmed):%d.%m.%Y}." if assignment.confirmed else ""
    source = f"Quelle: {assignment.source}." if assignment.source else ""
    return " ".join(filter(None, (assignment.reason, confirmed, source)))


def plain_text(blocks: Iterable[Block]) -> str:
    """Blocks as text for a terminal or a messenger."""
    return "\n\n".join(filter(None, map(_plain, blocks)))


def _plain(block: Block) -> str:
    if block["type"] in ("text", "note"):
        return block["text"]
    if block["type"] == "link":
        return f"{block['label']}: {block['url'].removeprefix('tel:')}"
    if block["type"] == "choices":
        return "\n".join(f"{number}. {option['label']}" for number, option in enumerate(block["options"], 1))
    if block["type"] == "office":
        lines = [
            f"{block['title']} ({block['role_label']})" if block["role_label"] else block["title"],
            ", ".join(block["address"]),
            f"Telefon: {block['phone']}" if block["phone"] else "",
            f"E-Mail: {block['email']}" if block["email"] else "",
            block["website"],
            block["hours_today"],
            block["appointment"],
            f"Warum diese Stelle? {block['why']}" if block["why"] else "",
            block["certainty"],
        ]
        return "\n".join(filter(None, lines))
    return "\n".join(_service_lines(block))  # type: ignore[arg-type]


def _service_lines(block: ServiceBlock) -> Iterator[str]:
    yield block["short"]
    for label, items in (
        ("Voraussetzungen", block["requirements"]),
        ("Mitbringen", block["documents"]),
        ("So geht es", block["procedure"]),
        ("Kosten", block["fees"]),
        ("Fristen", block["deadlines"]),
    ):
        if items:
            yield f"{label}:"
            yield from (f"• {item}" for item in items)
    if block["processing_time"]:
        yield f"Dauer: {block['processing_time']}"
    if block["online"]:
        yield f"Online: {block['online']['title']} {block['online']['url']}".rstrip()
    for form in block["forms"]:
        yield f"Formular: {form['title']} {form['url']}".rstrip()
    if block["legal_basis"]:
        yield f"Rechtsgrundlage: {', '.join(block['legal_basis'])}"

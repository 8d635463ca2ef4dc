"""One renderer for one release, time and language: from a reply to its blocks, in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from actions.state import JOURNEY
from actions.turn import DOES_NOT_KNOW, NONE_OF_THESE, WHO, Reply
from bot.conversation.messages import Block, NoteBlock, OfficeBlock, ServiceBlock
from bot.conversation.other_languages import language_card
from bot.conversation.rendering.hints import hints
from bot.conversation.rendering.hours import hours_today
from bot.conversation.rendering.journeys import journey_block, journey_hint
from bot.conversation.rendering.offices import office_block
from bot.conversation.rendering.services import is_partly_german, service_block, told_simply
from bot.conversation.rendering.words import Words
from bot.conversation.texts import journey_entries
from knowledge.hours import office_hours
from knowledge.journeys import journey_from, journey_steps, missing_facts
from knowledge.model import ANYWHERE, OUTSIDE, ROAD_CLASSES, Address, Locality, Office, Service
from knowledge.release import Release
from knowledge.responsibility import Assignment, Choice

_HELP_DESK = "landratsamt-buergerservice"
_BUYING = ("Vergabe", "Rechnung & Zahlung")
_SAME_EVERYWHERE = ("documents", "fee", "deadline", "requirements", "procedure")
"""What the law says of a service, wherever it is asked for. Figures marked as an example are local."""
_ASKED_AGAIN = {"ausserhalb": "fallback_outside_scope", DOES_NOT_KNOW: "fallback_not_known"}
_GERMAN_ASPECTS = ("documents", "fee", "deadline", "requirements", "procedure")


class Renderer:
    """Renders replies of one release at one time in one language (`de`, `en`, `de-simple`).

    `retention_hours` is how long conversations are kept. Raises `FileNotFoundError` for a language without texts.
    """

    def __init__(self, release: Release, now: datetime, retention_hours: int, language: str = "de") -> None:
        self._release = release
        self._now = now
        self._retention = retention_hours
        self._words = Words(language)
        self._texts = self._words.texts

    def blocks(self, reply: Reply) -> list[Block]:
        """The blocks of a reply, in reading order."""
        render = getattr(self, f"_{reply.outcome}")
        return [*render(reply), *self._second_matter(reply)]

    def _second_matter(self, reply: Reply) -> Iterator[Block]:
        """What else the message was about, to be pressed once the first matter is dealt with."""
        named = self._second_name(reply.also or "")
        if named is None:
            return
        kind, value, label = named
        waits = reply.outcome in ("missing", "ambiguous")
        yield self._text("second_matter_waits" if waits else "second_matter", service=label)
        if not waits:  # two rows of buttons would leave open which question they answer
            yield {"type": "choices", "kind": kind, "options": [{"value": value, "label": label}]}

    def _second_name(self, also: str) -> tuple[str, str, str] | None:
        """Kind, value and label of a service, or of a journey."""
        if also in self._release.services:
            return "service", also, self._words.service(self._release.services[also])
        slug = also.removeprefix(JOURNEY)
        journey = self._release.journeys.get(slug)
        return ("journey", slug, self._words.journey(journey)) if journey else None

    def apology(self) -> list[Block]:
        """When a turn could not be done."""
        return [self._text("apology", tone="urgent")]

    def command(self, name: str) -> list[Block]:
        """The fixed text behind a command such as `/start`."""
        return [self._text("smalltalk_hilfe" if name == "help" else f"command_{name}")]

    def other_language(self, language: str) -> list[Block]:
        """For a message in a language that Lotse does not speak: what to do, in that language, and the help desk."""
        return [language_card(language), *self._help_desk()]

    def shortened(self) -> Block:
        """That only the beginning of a message was read."""
        return self._text("fallback_long")

    def language_heard(self) -> Block:
        """That the answers are now in the language that somebody writes in."""
        return self._text("language_heard")

    def office(self, office: str) -> OfficeBlock:
        """The card of an office outside an answer. Raises `KeyError` for one that does not exist."""
        return office_block(self._words, self._release, self._release.offices[office], self._now)

    def service(self, slug: str) -> ServiceBlock:
        """The card of a service in full. Raises `KeyError` for one that does not exist."""
        return service_block(self._words, self._release, self._release.services[slug])

    def journey(self, slug: str, places: tuple[str, ...] = (), on: date | None = None) -> list[Block]:
        """A journey at a place, as an answer shows it. Raises `KeyError` for one that does not exist."""
        self._release.journeys[slug]
        return self.blocks(Reply("journey", topic=slug, places=places, on=on.isoformat() if on else None))

    def _answer(self, reply: Reply) -> Iterator[Block]:
        service = self._release.services.get(reply.service or "")
        if service is None:
            yield from self._office_asked_for(reply)
            return
        yield from self._asked(reply, service)
        yield self._heading(reply, service)
        yield from self._notices(reply, service)
        yield from self._offices(reply.offices)
        yield from self._card(reply, service)
        journey = journey_from(self._release, service.slug, journey_entries())
        if journey:
            yield journey_hint(self._words, journey, self._named(reply))
        yield self._stand(reply)

    def _office_asked_for(self, reply: Reply) -> Iterator[Block]:
        """An office that somebody asked for by name."""
        told = self._told(reply, None)
        key = f"aspect_{reply.aspect}" if told else f"aspect_{reply.aspect}_unknown"
        yield self._text(key if key in self._texts else "answer_office", told=told, service="")
        yield from self._offices(replace(each, reason="") for each in reply.offices)
        yield self._stand(reply)

    def _nothere(self, reply: Reply) -> Iterator[Block]:
        service = self._release.services[reply.service or ""]
        if reply.offices:
            yield from self._asked(reply, service)
            yield self._text("nothere_office", service=self._words.service(service))
            yield from self._notices(reply, service)
            yield from self._offices(reply.offices)
            yield from self._card(reply, service)
        elif reply.topic == "outside":
            yield self._outside(reply, service)
            for office in self._anywhere(service):
                yield self._text("nothere_outside_anywhere", service=self._words.service(service), office=office.name)
        elif any(rule.district in ROAD_CLASSES for rule in self._release.rules_for(service, self._today())):
            yield self._text("nothere_autobahn")
        else:
            yield self._text("nothere_none", service=self._words.service(service))
        yield self._stand(reply)

    def _card(self, reply: Reply, service: Service) -> Iterator[Block]:
        """The card of the service, with a word of honesty where it is not in the language that was asked for."""
        if self._words.english and is_partly_german(service) and not self._told_in_german(reply, service):
            yield self._text("details_language")
        if self._words.simple and not service.simple:
            yield self._text("no_simple")
        yield service_block(self._words, self._release, told_simply(self._words, service))

    def _told_in_german(self, reply: Reply, service: Service) -> bool:
        return reply.aspect in _GERMAN_ASPECTS and bool(self._told(reply, service))

    def _notices(self, reply: Reply, service: Service) -> Iterator[Block]:
        """What staff want said these days: to everybody, about this service, or about one of these offices."""
        offices = {assignment.office for assignment in reply.offices}
        for notice in self._release.knowledge.notices:
            meant = (not notice.service or notice.service == service.slug) and (not notice.office or notice.office in offices)
            if meant and notice.first <= self._today() <= notice.last:
                yield self._text("notice", text=notice.text)

    def _asked(self, reply: Reply, service: Service) -> Iterator[Block]:
        """What was asked in particular comes first: „Was kostet das?“."""
        if reply.aspect == WHO:
            return
        told = self._told(reply, service)
        key = f"aspect_{reply.aspect}" if told else f"aspect_{reply.aspect}_unknown"
        if key in self._texts:
            yield self._text(key, service=self._words.service(service), told=told)

    def _told(self, reply: Reply, service: Service | None) -> str:
        """What is known about the aspect asked for, one line each; empty when nothing is."""
        office = self._release.offices[reply.offices[0].office] if reply.offices else None
        opening = office_hours(self._release, office, self._now) if office else None
        lines = (self._told_of(service) if service else {}) | {
            "hours": [hours_today(self._words, opening, self._now)] if opening else [],
            "contact": [office.phone, office.email, office.website, _on_one_line(office.address)] if office else [],
            "appointment": [office.name] if office and office.appointment_only else [],
        }
        told = list(filter(None, lines.get(reply.aspect, [])))
        return told[0] if len(told) == 1 else "\n" + "\n".join(f"• {line}" for line in told) if told else ""

    def _told_of(self, service: Service) -> dict[str, list[str]]:
        """What is known about a service by the aspect that may be asked for."""
        online = [service.online] if service.online else []
        duration = self._texts["duration"].format(time=service.processing_time) if service.processing_time else ""
        return {
            "documents": list(service.documents),
            "fee": [fee.text for fee in service.fees],
            "deadline": list(service.deadlines),
            "requirements": list(service.requirements),
            "procedure": [*service.procedure, duration],
            "online": [f"{link.title} {link.url}".rstrip() for link in online],
            "form": [f"{link.title} {link.url}".rstrip() for link in (*service.forms, *online)],
        }

    def _outside(self, reply: Reply, service: Service) -> Block:
        name = self._words.service(service)
        place = Locality.parse(reply.places[0]) if len(reply.places) == 1 else None
        named = self._outside_name(place) if place else ""
        if named and named != self._texts["your_place"]:
            return self._text("nothere_outside_named", service=name, place=named)
        return self._text("nothere_outside", service=name)

    def _outside_name(self, place: Locality) -> str:
        """What a place outside is called, as far as that is known."""
        return place.district if self._release.locality_name(place) == place.district else self._texts["your_place"]

    def _choices(self, reply: Reply) -> Iterator[Block]:
        slugs = [each.value for each in reply.choices if each.value in self._release.services]
        told = {slug: hint for slug, hint in hints(self._words, self._release, slugs).items() if hint}
        yield self._text("choices_told_apart" if told else "choices")
        yield self._buttons("service", reply.choices, told)

    def _ambiguous(self, reply: Reply) -> Iterator[Block]:
        yield from self._told_already(reply)
        yield self._text("ambiguous")
        yield self._buttons("place", reply.choices)

    def _missing(self, reply: Reply) -> Iterator[Block]:
        yield from self._told_already(reply)
        yield from self._question(reply)

    def _told_already(self, reply: Reply) -> Iterator[Block]:
        """What was asked in particular, where it is the same wherever somebody lives and whatever is asked next."""
        service = self._release.services.get(reply.service or "")
        if service is None:
            return
        local = reply.aspect == "fee" and any(fee.example for fee in service.fees)
        if reply.aspect in _SAME_EVERYWHERE and not local and self._told(reply, service):
            yield from self._asked(reply, service)
            yield self._text("then_the_office")

    def _question(self, reply: Reply) -> Iterator[Block]:
        service = self._release.services.get(reply.service or "")
        fact = reply.missing or ""
        key = f"missing_{fact}"
        if service is None and f"{key}_office" in self._texts:
            key = f"{key}_office"
        elif fact == "place" and service and service.life_situation in _BUYING:
            key = "missing_place_buyer"
        elif fact == "district" and reply.choices and reply.choices[0].value in ROAD_CLASSES:
            key = "missing_road"
        yield self._text(key, service=self._words.service(service) if service else "")
        yield self._buttons(fact, reply.choices)

    def _journey(self, reply: Reply) -> Iterator[Block]:
        journey = self._release.journeys.get(reply.topic)
        if journey is None:  # a later release has dropped it
            yield from self._fallback(replace(reply, topic=""))
            return
        places = tuple(Locality.parse(each) for each in reply.places)
        steps = journey_steps(self._release, journey, places, date.fromisoformat(reply.on) if reply.on else self._today())
        title, place = self._words.journey(journey), self._place(reply)
        yield self._text("journey_at" if place else "journey", title=title, place=place)
        if places and all(each.ars == OUTSIDE for each in places):
            yield self._text("journey_outside")
        elif "place" in missing_facts(steps):
            yield self._text("journey_place")
        if self._words.english:
            yield self._text("journey_language")
        yield journey_block(self._words, self._release, journey, steps, self._named(reply), place)
        if reply.choices:
            yield self._buttons(reply.missing or "place", reply.choices)
        yield self._stand(reply)

    def _fallback(self, reply: Reply) -> Iterator[Block]:
        if reply.topic == "empty":
            yield self._text("fallback_empty")
            return
        if reply.missing:
            yield self._text(_ASKED_AGAIN.get(reply.topic, "fallback_asked_again"))
            yield from self._asked_again(reply)
            return
        yield self._text("fallback_outside_scope" if reply.topic == "ausserhalb" else "fallback")
        if reply.topic == "ausserhalb":
            yield self._hotline()
        else:
            yield from self._help_desk()

    def _asked_again(self, reply: Reply) -> Iterator[Block]:
        if reply.missing == "service":
            yield from self._choices(reply)
        else:
            yield from self._question(reply)
        yield self._hotline()

    def _handover(self, reply: Reply) -> Iterator[Block]:
        yield self._text("handover")
        yield from self._help_desk()

    def _crisis(self, reply: Reply) -> Iterator[Block]:
        yield self._text("crisis", tone="urgent")
        if reply.choices:
            yield self._text("crisis_or_matter")
            yield self._buttons("service", reply.choices)

    def _smalltalk(self, reply: Reply) -> Iterator[Block]:
        if reply.topic == "ort":
            yield from self._noted(reply)
        else:
            yield self._text(f"smalltalk_{reply.topic}", place=self._place(reply))

    def _noted(self, reply: Reply) -> Iterator[Block]:
        """A place that was told before any matter: here, elsewhere, or one of several."""
        places = [Locality.parse(each) for each in reply.places]
        if len(places) > 1:
            yield self._text("ambiguous")
            yield self._buttons("place", (Choice(str(each), self._release.locality_name(each)) for each in places))
            return
        outside = bool(places) and places[0].ars == OUTSIDE
        place = self._outside_name(places[0]) if outside else self._place(reply)
        key = "smalltalk_ort_outside" if outside else "smalltalk_ort" if place else "smalltalk_ja_nein"
        yield self._text(key, place=place)
        if reply.choices:
            yield self._buttons("service", reply.choices)

    def _heading(self, reply: Reply, service: Service) -> Block:
        name = self._words.service(service)
        on = date.fromisoformat(reply.on) if reply.on else self._today()
        if on > self._today():
            return self._text("answer_on", service=name, date=self._words.full_date(on))
        place = self._place(reply)
        if place and "place" in service.varies_by:
            return self._text("answer_at", service=name, place=place)
        return self._text("answer", service=name)

    def _place(self, reply: Reply) -> str:
        """The name of the one Gemeinde or Ortsteil that was named; empty when there is none."""
        named = self._named(reply)
        return self._release.locality_name(Locality.parse(named[0])) if named else ""

    def _named(self, reply: Reply) -> tuple[str, ...]:
        place = self._release.places.get(Locality.parse(reply.places[0]).ars) if len(reply.places) == 1 else None
        return reply.places if place and not place.is_county else ()

    def _offices(self, assignments: Iterable[Assignment]) -> Iterator[Block]:
        shown: set[str] = set()
        for assignment in assignments:
            if assignment.office not in shown:
                shown.add(assignment.office)
                office = self._release.offices[assignment.office]
                yield office_block(self._words, self._release, office, self._now, assignment)

    def _buttons(self, kind: str, choices: Iterable[Choice], told: dict[str, str] | None = None) -> Block:
        options = []
        for each in choices:
            none = each.value == NONE_OF_THESE
            label = self._texts["none_of_these"] if none else self._words.label(self._release, kind, each)
            option = {"value": each.value, "label": label}
            options.append(option | ({"hint": told[each.value]} if told and each.value in told else {}))
        return {"type": "choices", "kind": kind, "options": options}

    def _hotline(self) -> Block:
        return {"type": "link", "label": self._texts["hotline"], "url": "tel:115"}

    def _help_desk(self) -> Iterator[Block]:
        yield self._hotline()
        if _HELP_DESK in self._release.offices:
            yield self.office(_HELP_DESK)

    def _anywhere(self, service: Service) -> Iterator[Office]:
        rules = self._release.rules_for(service, self._today())
        for rule in rules:
            if rule.applies_to == ANYWHERE and rule.role == "zustaendig":
                yield self._release.offices[rule.office]

    def _stand(self, reply: Reply) -> Block:
        published = datetime.fromisoformat(self._release.published).date()
        text = self._texts["stand"].format(date=self._words.full_date(published), number=self._release.number)
        note: NoteBlock = {"type": "note", "text": text, "stand": published.isoformat(), "release": self._release.id}
        place = self._place(reply)
        return {**note, "place": place} if place else note

    def _today(self) -> date:
        return self._now.date()

    def _text(self, key: str, tone: str = "plain", **values: str) -> Block:
        filled = {"county": self._words.region(self._release), "hours": str(self._retention)} | values
        return {"type": "text", "text": self._texts[key].format(**filled), "tone": tone}


def _on_one_line(address: Address) -> str:
    return ", ".join(filter(None, (address.street, f"{address.plz} {address.city}".strip())))

"""The desk: brings citizens and clerks together, and takes messages when nobody is there."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import time
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from actions.turn import Reply
from bot.conversation.desk import ContactForm, Left, NoPerson, NotAccepted
from bot.conversation.messages import LONGEST_TEXT, Block, HandoverBlock
from bot.conversation.service import NoRelease, Releases
from bot.conversation.store import language_of
from bot.handover.accounts import AccountStore
from bot.handover.courier import Courier
from bot.handover.expected import expected_day
from bot.handover.handovers import Content, Gone, HandoverStore, clerk_says, system_says
from bot.handover.model import Account, Handover, Ticket
from bot.handover.routing import Matter, chats_now, matter_of, own_office
from bot.handover.tickets import TicketStore
from bot.handover.topics import topics
from bot.handover.words import BlockState, day_in_words, handover_block, say
from bot.settings import DeskSettings
from knowledge.hours import BERLIN
from knowledge.model import Office
from knowledge.release import Release

log = logging.getLogger("lotse.handover")

ABSENT_S = 300.0
"""A clerk whose page has not asked for so long has lost the connection."""
_TICK_S = 1.0
_PURGE_S = 600.0
_MOST_TICKETS = 5
_LONGEST = {"name": 200, "email": 254, "phone": 50}
_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]+@[^\s@<>\"(),:;\[\]\\]+\.[^\s@<>\"(),:;\[\]\\.]{2,}")
_PHONE = re.compile(r"\+?[\d\s()/.-]{5,50}")


class StaffedDesk:
    """A desk with people at it. Implements `bot.conversation.desk.Desk`; what clerks do stands below."""

    def __init__(
        self,
        handovers: HandoverStore,
        tickets: TicketStore,
        accounts: AccountStore,
        releases: Releases,
        courier: Courier,
        settings: DeskSettings,
        clock: Callable[[], datetime] = lambda: datetime.now(BERLIN),
    ) -> None:
        self._handovers = handovers
        self._tickets = tickets
        self._accounts = accounts
        self._releases = releases
        self._courier = courier
        self._settings = settings
        self._clock = clock

    # --- for the conversation

    def takes(self, conversation: int) -> bool:
        return self._settings.chat and self._handovers.is_open(conversation)

    def status(self, conversation: int) -> HandoverBlock | None:
        newest = self._handovers.newest(conversation)
        return self._block(newest) if newest and newest.state in ("waiting", "active") else None

    def offer(self, conversation: int, state: dict[str, Any], reply: Reply) -> list[Block]:
        try:
            if reply.outcome == "handover":
                return [self.ask(conversation)]
            return self._offer(conversation, reply)
        except (NoPerson, Gone):
            return []

    def ask(self, conversation: int) -> HandoverBlock:
        """Raises `NoPerson`, `Gone` and `NoRelease`."""
        self._somebody_reads()
        standing = self.status(conversation)
        if standing:
            return standing
        release = self._releases.at_hand()
        language, matter = self._matter(conversation, release)
        office = matter.office
        if self._can_chat(release, office):
            handover = self._handovers.request(conversation, office.id if office else "", matter.service, language)
            return self._block(handover)
        return self._form(release, office, language, "form")

    def leave(self, conversation: int, form: ContactForm) -> Left:
        """Raises `NotAccepted`, `NoPerson`, `Gone` and `NoRelease`."""
        self._somebody_reads()
        checked = checked_form(form)
        release = self._releases.at_hand()
        language, matter = self._matter(conversation, release)
        day = expected_day(release, matter.office, self._clock(), self._settings.answer_days)
        service = release.services.get(matter.service)
        ticket = Ticket(
            reference="",
            office=matter.office.id if matter.office else "",
            office_name=matter.office.name if matter.office else "",
            service=matter.service,
            service_name=service.name if service else "",
            message=checked.message,
            name=checked.name,
            email=checked.email,
            phone=checked.phone,
            transcript=tuple(self._handovers.lines(conversation)) if form.consent else (),
            expected=day.isoformat(),
        )
        origin = _origin(self._handovers.key_of(conversation), form.id)
        if not self._tickets.knows(origin) and len(self._tickets.of_conversation(conversation)) >= _MOST_TICKETS:
            raise NotAccepted("Sie haben schon mehrere Nachrichten hinterlassen. Bitte warten Sie auf eine Antwort.")
        payloads = self._courier.payloads(matter.office)
        stored, new = self._tickets.add(ticket, origin, conversation, self._clock().year, payloads)
        self._handovers.withdraw(conversation)
        self._courier.wake()
        return Left(
            reference=stored.reference,
            expected=day_in_words(language, date.fromisoformat(stored.expected)),
            text=say(language, "left"),
            office=stored.office_name or say(language, "desk"),
            repeated=not new,
        )

    def _offer(self, conversation: int, reply: Reply) -> list[Block]:
        """After two failures, or once for a delicate topic. Most turns cost no look into the database."""
        delicate = self._is_delicate(reply)
        if not (delicate or _failed(reply)):
            return []
        earlier = self._handovers.answers(conversation, 3)
        if delicate and any(block["type"] == "handover" for content in earlier for block in content.get("blocks", ())):
            return []
        if not delicate and (not earlier or earlier[0].get("outcome") != "fallback"):
            return []
        self._somebody_reads()
        release = self._releases.at_hand()
        language, matter = self._matter(conversation, release)
        office = own_office(release, reply.offices[0].office) if reply.offices else matter.office
        key = "offered" if self._can_chat(release, office) else "offered_form"
        return [handover_block("offered", language, key, office=_name(office, language))]

    def _is_delicate(self, reply: Reply) -> bool:
        told = reply.outcome in ("answer", "nothere") and reply.service
        return bool(told) and topics().include(self._releases.at_hand(), reply.service or "")

    def _somebody_reads(self) -> None:
        """Raises `NoPerson` where what is left would never be read."""
        if not self._courier.kinds and not any(each.active for each in self._accounts.accounts()):
            raise NoPerson

    def _matter(self, conversation: int, release: Release) -> tuple[str, Matter]:
        state = self._handovers.state_of(conversation)
        if state is None:
            raise Gone
        return language_of(state), matter_of(release, self._handovers.answers(conversation), state)

    def _can_chat(self, release: Release, office: Office | None) -> bool:
        if not self._settings.chat:
            return False
        if not self._settings.chat_anytime and not chats_now(release, office, self._clock()):
            return False
        return self._accounts.somebody_present(office.id if office else "")

    def _form(self, release: Release, office: Office | None, language: str, key: str, **values: str) -> HandoverBlock:
        day = expected_day(release, office, self._clock(), self._settings.answer_days)
        return handover_block("form", language, key, office=_name(office, language), day=day, **values)

    def _block(self, handover: Handover) -> HandoverBlock:
        language = handover.language
        state: BlockState = "active" if handover.state == "active" else "waiting"
        minutes = max(1, round(self._settings.chat_wait / 60))
        return handover_block(
            state, language, state, office=self._office_name(handover), clerk=handover.clerk_name, minutes=minutes
        )

    def _office_name(self, handover: Handover) -> str:
        return _name(self._releases.at_hand().offices.get(handover.office), handover.language)

    # --- for clerks

    def accept(self, handover: int, clerk: Account, name: str) -> Handover:
        """Take a waiting citizen, under a name to be shown. Raises `NotYours` when somebody else was quicker, and `Gone`."""
        waiting = self._open(handover)
        shown = _one_line(name)[:100] or clerk.name
        told = handover_block("active", waiting.language, "active", office=self._office_name(waiting), clerk=shown)
        return self._handovers.accept(handover, clerk.id, shown, system_says(told))

    def write(self, handover: int, clerk: Account, key: str, text: str) -> bool:
        """Say something to the citizen; the same `key` again has no effect. Raises `NotYours`, `Gone`."""
        said = _readable(text)
        if not said:
            return False
        open_one = self._open(handover)
        return self._handovers.write(handover, clerk.id, key, clerk_says(open_one.clerk_name or clerk.name, said))

    def close(self, handover: int, clerk: Account) -> bool:
        """The talk is over; the bot answers again. Raises `NotYours`, `Gone`."""
        ending = self._open(handover)
        block = handover_block(
            "closed", ending.language, "closed", office=self._office_name(ending), clerk=ending.clerk_name or clerk.name
        )
        return self._handovers.close(handover, system_says(block), clerk.id)

    def _open(self, handover: int) -> Handover:
        found = self._handovers.get(handover)
        if found is None:
            raise Gone
        return found

    # --- in the background

    async def run_forever(self) -> None:
        """End what has waited too long or lost its clerk, and delete what is too old."""
        purged = float("-inf")
        while True:
            try:
                await self._releases.current()
                await asyncio.to_thread(self.tick)
                if time.monotonic() - purged > _PURGE_S:
                    await asyncio.to_thread(self._purge)
                    purged = time.monotonic()
            except NoRelease:
                pass
            except Exception as error:  # the database may come back
                log.error("looking after handovers failed: %s", type(error).__name__)
            await asyncio.sleep(_TICK_S)

    def tick(self) -> None:
        """End what has waited too long, and what has lost its clerk."""
        self._handovers.expire(time.time() - self._settings.chat_wait, self._expired)
        active = [each for each in self._handovers.open_ones() if each.state == "active"]
        if not active:
            return
        there = self._accounts.seen_within(ABSENT_S)
        for each in active:
            if each.clerk not in there and (each.accepted or 0) < time.time() - ABSENT_S:
                self._handovers.close(each.id, self._told(each, "lost", clerk=each.clerk_name))

    def _expired(self, handover: Handover) -> Content:
        return self._told(handover, "expired")

    def _told(self, handover: Handover, key: str, **values: str) -> Content:
        release = self._releases.at_hand()
        office = release.offices.get(handover.office)
        return system_says(self._form(release, office, handover.language, key, **values))

    def _purge(self) -> None:
        self._accounts.purge()
        self._tickets.purge(self._settings.ticket_days * 86400.0)


def _failed(reply: Reply) -> bool:
    return (reply.outcome == "fallback" and reply.topic != "empty") or (
        reply.outcome == "smalltalk" and reply.topic == "beleidigung"
    )


def _name(office: Office | None, language: str) -> str:
    return office.name if office else say(language, "desk")


def checked_form(form: ContactForm) -> ContactForm:
    """The form without what does not belong there. Raises `NotAccepted`."""
    message = _readable(form.message)
    fields = {name: _one_line(getattr(form, name)) for name in _LONGEST}
    if not message:
        raise NotAccepted("Bitte schreiben Sie, worum es geht.")
    if len(form.message) > LONGEST_TEXT:
        raise NotAccepted("Ihre Nachricht ist zu lang. Bitte schreiben Sie höchstens 4.000 Zeichen.")
    if any(len(fields[name]) > longest for name, longest in _LONGEST.items()):
        raise NotAccepted("Name, E-Mail-Adresse oder Telefonnummer ist zu lang.")
    if not fields["email"] and not fields["phone"]:
        raise NotAccepted("Bitte geben Sie eine E-Mail-Adresse oder eine Telefonnummer an. Sonst können wir nicht antworten.")
    if fields["email"] and not _EMAIL.fullmatch(fields["email"]):
        raise NotAccepted("Diese E-Mail-Adresse stimmt nicht. Bitte prüfen Sie sie.")
    if fields["phone"] and (not _PHONE.fullmatch(fields["phone"]) or sum(each.isdigit() for each in fields["phone"]) < 5):
        raise NotAccepted("Diese Telefonnummer stimmt nicht. Bitte prüfen Sie sie.")
    return ContactForm(id=form.id, message=message, consent=form.consent, **fields)


def _origin(key: str, form: str) -> str:
    """The same for the same form of the same conversation."""
    return hashlib.sha256(f"{key}:{form}".encode("utf-8", "replace")).hexdigest()


def _readable(text: str) -> str:
    """Without control characters; lines stay lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(map(_one_line, lines)).strip()[:LONGEST_TEXT]


def _one_line(text: str) -> str:
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text).strip()

"""The routes of the clerk's page."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.channels.staff.answers import answer_text, services_for
from bot.channels.staff.guard import (
    HOME,
    SIGN_IN,
    Refused,
    Staff,
    StaffGuard,
    StaffRoute,
    end_session,
    read_form,
    set_session,
    way_back,
)
from bot.channels.staff.live import Live
from bot.channels.staff.pages import HERE, page
from bot.conversation.messages import LONGEST_TEXT
from bot.conversation.service import Releases
from bot.handover.accounts import AccountStore, TooManyAttempts
from bot.handover.courier import Courier
from bot.handover.desk import StaffedDesk
from bot.handover.handovers import DESK, Gone, HandoverStore, NotYours
from bot.handover.model import ALL_OFFICES, Account, Handover, Ticket
from bot.handover.tickets import TicketStore
from knowledge.hours import BERLIN

_TAKEN = "Dieses Gespräch führt schon jemand anderes, oder es ist beendet."
_GONE = "Dieses Gespräch gibt es nicht mehr. Es wurde gelöscht, oder die Aufbewahrungszeit ist um."
_NO_TICKET = "Diese Nachricht gibt es nicht mehr."
_STATIC = {"amt.css": "text/css; charset=utf-8", "amt.js": "text/javascript; charset=utf-8"}

Words = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@dataclass(frozen=True)
class Back:
    """What stands behind the clerk's page."""

    desk: StaffedDesk
    handovers: HandoverStore
    tickets: TicketStore
    accounts: AccountStore
    courier: Courier
    releases: Releases
    retention_hours: int
    chat: bool
    clock: Callable[[], datetime] = lambda: datetime.now(BERLIN)
    live: Live = field(default_factory=Live)


@dataclass(frozen=True)
class Row:
    """A handover as the list shows it."""

    handover: Handover
    office: str
    service: str


def create_staff_router(back: Back) -> APIRouter:
    """All under /amt."""
    router = APIRouter(prefix=HOME, route_class=StaffRoute, include_in_schema=False)
    guard = StaffGuard(back.accounts)
    _add_sign_in(router, guard, back)
    _add_overview(router, guard, back)
    _add_chat(router, guard, back)
    _add_tickets(router, guard, back)

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in _STATIC:
            raise Refused(404, "Diese Datei gibt es nicht.")
        return FileResponse(HERE / "static" / name, media_type=_STATIC[name], headers={"Cache-Control": "no-cache"})

    return router


def _add_sign_in(router: APIRouter, guard: StaffGuard, back: Back) -> None:
    @router.get("/anmelden")
    async def form(weiter: Words = "") -> Response:
        return page("anmelden.html", login="", error="", back=way_back(weiter))

    @router.post("/anmelden")
    async def sign_in(request: Request) -> Response:
        fields = await read_form(request)
        login, password = fields.get("login", "")[:100], fields.get("password", "")
        address = request.client.host if request.client else ""
        then = way_back(fields.get("weiter", ""))
        try:
            token = await asyncio.to_thread(back.accounts.sign_in, login, password, address)
        except TooManyAttempts as error:
            seconds = int(error.seconds) + 1
            text = f"Zu viele Versuche. Bitte warten Sie {_pause(seconds)}."
            return page("anmelden.html", 429, {"Retry-After": str(seconds)}, login=login, error=text, back=then)
        if token is None:
            wrong = "Benutzername und Passwort passen nicht zusammen."
            return page("anmelden.html", 403, login=login, error=wrong, back=then)
        response = RedirectResponse(then or HOME, 303)
        set_session(request, response, token)
        return response

    @router.post("/abmelden")
    async def sign_out(request: Request) -> Response:
        staff, _ = await guard.posted(request)
        await asyncio.to_thread(back.accounts.sign_out, staff.token)
        response = RedirectResponse(SIGN_IN, 303)
        end_session(request, response)
        return response

    @router.post("/anwesenheit")
    async def presence(request: Request) -> Response:
        staff, fields = await guard.posted(request)
        await asyncio.to_thread(back.accounts.set_present, staff.token, fields.get("present") == "1")
        return RedirectResponse(HOME, 303)


def _add_overview(router: APIRouter, guard: StaffGuard, back: Back) -> None:
    @router.get("")
    async def overview(staff: Staff = Depends(guard.signed_in)) -> Response:
        return page("uebersicht.html", staff=staff, chat=back.chat, **await _lists(back, staff.account))

    @router.get("/liste")
    async def lists(staff: Staff = Depends(guard.signed_in)) -> Response:
        """What the overview asks for where events do not come through."""
        return page("liste.html", staff=staff, **await _lists(back, staff.account))

    @router.get("/ereignisse", response_class=EventSourceResponse)
    async def events(request: Request, _: Staff = Depends(guard.signed_in)) -> AsyncIterator[ServerSentEvent]:
        """The list, whenever it is another one."""

        async def look() -> Response:
            return await lists(await guard.signed_in(request))

        async for event in back.live.follow(back.handovers.notices, DESK, look):
            yield event


async def _lists(back: Back, account: Account) -> dict[str, Any]:
    release = await back.releases.current()

    def rows() -> tuple[list[Row], int]:
        mine = [each for each in back.handovers.open_ones() if account.answers_for(each.office)]
        found = []
        for each in mine:
            office, service = release.offices.get(each.office), release.services.get(each.service)
            found.append(Row(each, office.name if office else "Servicestelle", service.name if service else ""))
        return found, back.tickets.undelivered()

    found, undelivered = await asyncio.to_thread(rows)
    return {
        "waiting": [row for row in found if row.handover.state == "waiting"],
        "mine": [row for row in found if row.handover.state == "active" and row.handover.clerk == account.id],
        "others": [row for row in found if row.handover.state == "active" and row.handover.clerk != account.id],
        "undelivered": undelivered,
    }


def _add_chat(router: APIRouter, guard: StaffGuard, back: Back) -> None:
    async def allowed(number: int, account: Account) -> Handover:
        handover = await asyncio.to_thread(back.handovers.get, number)
        if handover is None or not account.answers_for(handover.office):
            raise Refused(404, _GONE)
        return handover

    async def readable(number: int, account: Account) -> Handover:
        """What was said is for those who may take it, and then for the one who did."""
        handover = await allowed(number, account)
        if handover.clerk not in (None, account.id):
            raise Refused(409, _TAKEN)
        return handover

    async def done(call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(call, *arguments)
        except NotYours:
            raise Refused(409, _TAKEN) from None
        except Gone:
            raise Refused(404, _GONE) from None

    @router.post("/uebergaben/{number}/annehmen")
    async def accept(number: Number, request: Request) -> Response:
        staff, fields = await guard.posted(request)
        await allowed(number, staff.account)
        await done(back.desk.accept, number, staff.account, fields.get("name", ""))
        return RedirectResponse(f"{HOME}/uebergaben/{number}", 303)

    @router.get("/uebergaben/{number}")
    async def chat(
        number: Number,
        staff: Staff = Depends(guard.signed_in),
        q: Words = "",
        ort: Words = "",
        einfuegen: Words = "",
    ) -> Response:
        handover = await readable(number, staff.account)
        release = await back.releases.current()
        lines = await asyncio.to_thread(back.handovers.lines, handover.conversation)
        draft = await text_of(handover, einfuegen, ort) if einfuegen else ""
        office, service = release.offices.get(handover.office), release.services.get(handover.service)
        return page(
            "gespraech.html",
            staff=staff,
            handover=handover,
            lines=lines,
            office=office.name if office else "Servicestelle",
            service=service.name if service else "",
            found=services_for(release, q) if q else [],
            q=q,
            ort=ort,
            draft=draft,
            key=secrets.token_hex(16),
            longest=LONGEST_TEXT,
        )

    @router.get("/uebergaben/{number}/verlauf")
    async def history(number: Number, staff: Staff = Depends(guard.signed_in)) -> Response:
        """What the chat asks for where events do not come through."""
        handover = await readable(number, staff.account)
        lines = await asyncio.to_thread(back.handovers.lines, handover.conversation)
        return page("verlauf.html", handover=handover, lines=lines)

    async def followed(number: Number, staff: Staff = Depends(guard.signed_in)) -> Handover:
        return await readable(number, staff.account)

    @router.get("/uebergaben/{number}/ereignisse", response_class=EventSourceResponse)
    async def events(request: Request, handover: Handover = Depends(followed)) -> AsyncIterator[ServerSentEvent]:
        """What was said, whenever there is more of it."""

        async def look() -> Response:
            return await history(handover.id, await guard.signed_in(request))

        async for event in back.live.follow(back.handovers.notices, handover.conversation, look):
            yield event

    async def text_of(handover: Handover, slug: str, place: str) -> str:
        release = await back.releases.current()
        state = await asyncio.to_thread(back.handovers.state_of, handover.conversation)
        text = await asyncio.to_thread(answer_text, release, slug, place, state or {}, back.clock(), back.retention_hours)
        if text is None:
            raise Refused(404, "Diese Leistung gibt es nicht.")
        return text

    @router.get("/uebergaben/{number}/antworten")
    async def answers(number: Number, staff: Staff = Depends(guard.signed_in), q: Words = "", ort: Words = "") -> Response:
        handover = await readable(number, staff.account)
        release = await back.releases.current()
        return page("antworten.html", handover=handover, found=services_for(release, q), q=q, ort=ort)

    @router.get("/uebergaben/{number}/antwort")
    async def answer(number: Number, leistung: Words, staff: Staff = Depends(guard.signed_in), ort: Words = "") -> Response:
        handover = await readable(number, staff.account)
        return JSONResponse({"text": await text_of(handover, leistung, ort)})

    @router.post("/uebergaben/{number}/nachricht")
    async def write(number: Number, request: Request) -> Response:
        staff, fields = await guard.posted(request)
        await allowed(number, staff.account)
        text = fields.get("text", "").replace("\r\n", "\n")
        if len(text) > LONGEST_TEXT:
            raise Refused(422, "Diese Nachricht ist zu lang. Bitte schreiben Sie höchstens 4.000 Zeichen.")
        await done(back.desk.write, number, staff.account, fields.get("key", "")[:64], text)
        return RedirectResponse(f"{HOME}/uebergaben/{number}", 303)

    @router.post("/uebergaben/{number}/schliessen")
    async def close(number: Number, request: Request) -> Response:
        staff, _ = await guard.posted(request)
        await allowed(number, staff.account)
        await done(back.desk.close, number, staff.account)
        return RedirectResponse(HOME, 303)


def _add_tickets(router: APIRouter, guard: StaffGuard, back: Back) -> None:
    async def allowed(reference: str, account: Account) -> Ticket:
        ticket = await asyncio.to_thread(back.tickets.ticket, reference)
        if ticket is None or not account.answers_for(ticket.office):
            raise Refused(404, _NO_TICKET)
        return ticket

    @router.get("/nachrichten")
    async def tickets(staff: Staff = Depends(guard.signed_in)) -> Response:
        offices = None if ALL_OFFICES in staff.account.offices else staff.account.offices
        found = await asyncio.to_thread(back.tickets.tickets, 200, offices)
        return page("nachrichten.html", staff=staff, tickets=found)

    @router.get("/nachrichten/{reference}")
    async def ticket(reference: str, staff: Staff = Depends(guard.signed_in)) -> Response:
        return page("nachricht.html", staff=staff, ticket=await allowed(reference, staff.account))

    @router.post("/nachrichten/{reference}/senden")
    async def resend(reference: str, request: Request) -> Response:
        staff, _ = await guard.posted(request)
        await allowed(reference, staff.account)
        await asyncio.to_thread(back.tickets.resend, reference)
        back.courier.wake()
        return RedirectResponse(f"{HOME}/nachrichten/{reference}", 303)

    @router.post("/nachrichten/{reference}/erledigt")
    async def settle(reference: str, request: Request) -> Response:
        staff, _ = await guard.posted(request)
        await allowed(reference, staff.account)
        await asyncio.to_thread(back.tickets.settle, reference)
        return RedirectResponse(f"{HOME}/nachrichten", 303)


def _pause(seconds: int) -> str:
    return f"{seconds} Sekunden" if seconds < 120 else f"{-(-seconds // 60)} Minuten"

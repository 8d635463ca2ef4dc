"""The card of an office: how to reach it, when it is open, and why it is the one."""

from __future__ import annotations

from datetime import date, datetime

from bot.conversation.messages import OfficeBlock
from bot.conversation.rendering.addresses import office_page, office_vcard
from bot.conversation.rendering.hours import hours_today, week_ahead
from bot.conversation.rendering.words import Words
from knowledge.hours import office_hours
from knowledge.model import Office
from knowledge.release import Release
from knowledge.responsibility import Assignment


def office_block(
    words: Words, release: Release, office: Office, now: datetime, assignment: Assignment | None = None
) -> OfficeBlock:
    """An office as it is at a time; with the rule that made it responsible, if one did."""
    opening = office_hours(release, office, now)
    block: OfficeBlock = {
        "type": "office",
        "language": words.language,
        "id": office.id,
        "title": office.name,
        "role": assignment.role if assignment else "",
        "role_label": words.texts[f"role_{assignment.role}"] if assignment else "",
        "address": [part for part in (office.address.street, f"{office.address.plz} {office.address.city}".strip()) if part],
        "phone": office.phone,
        "email": office.email,
        "website": "" if words.simple else office.website,
        "hours_today": hours_today(words, opening, now) if opening else "",
        "open_now": opening.open_now if opening else None,
        "hours": week_ahead(words, release, office, now),
        "appointment": words.texts["appointment"] if office.appointment_only else "",
        "why": _why(words, assignment) if assignment else "",
        "certainty": words.texts.get(f"certainty_{assignment.certainty}", "") if assignment else "",
        "rule": assignment.rule if assignment else "",
        "page": office_page(office.id),
        "vcard": office_vcard(office.id),
    }
    return {**block, "lang": "de"} if words.english else block


def _why(words: Words, assignment: Assignment) -> str:
    """„Warum diese Stelle?“, with the source of the rule and the day it was last confirmed."""
    confirmed, source = assignment.confirmed, assignment.source
    return " ".join(
        filter(
            None,
            (
                assignment.reason,
                words.texts["confirmed"].format(date=words.full_date(date.fromisoformat(confirmed))) if confirmed else "",
                words.texts["source"].format(source=source) if source else "",
            ),
        )
    )

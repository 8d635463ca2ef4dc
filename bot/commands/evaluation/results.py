"""What was said to a question, and whether that was right."""

from __future__ import annotations

from dataclasses import dataclass

from actions.turn import Reply
from bot.commands.evaluation.questions import Question

SAID_NOTHING = frozenset(("fallback", "smalltalk", "handover", "crisis"))
ASKED_BACK = frozenset(("choices", "missing", "ambiguous", "journey"))
CRISIS = "crisis"
NOTHING = "nichts"
"""Stands where no service is right, or none was found."""


@dataclass(frozen=True)
class Result:
    """What was said to a question. `ranking` holds services with their confidence (0..1), best first."""

    question: Question
    reply: Reply
    ranking: tuple[tuple[str, float], ...]

    @property
    def in_scope(self) -> bool:
        """Whether there is a service that answers the question."""
        return bool(self.question.services)

    def hit(self, depth: int) -> bool:
        """Whether a right service is among the first of the ranking, whatever was said."""
        return any(slug in self.question.services for slug, _ in self.ranking[:depth])

    @property
    def service_named(self) -> bool:
        """Said who is responsible, or asked for a fact of one matter."""
        return self.reply.outcome in ("answer", "nothere", "missing", "ambiguous") and not self.sent_elsewhere

    @property
    def sent_elsewhere(self) -> bool:
        """Said that the matter belongs to another county, and named nobody."""
        return self.reply.outcome == "nothere" and self.reply.topic == "outside"

    @property
    def stated(self) -> bool:
        """Said who is responsible."""
        return self.reply.outcome in ("answer", "nothere") and not self.sent_elsewhere

    @property
    def asked_back(self) -> bool:
        """Asked which matter, or for a fact."""
        return self.reply.outcome in ASKED_BACK

    @property
    def refused(self) -> bool:
        """Said nothing about a matter."""
        return self.reply.outcome in SAID_NOTHING or self.sent_elsewhere

    @property
    def wrong_confident(self) -> bool:
        """Named an office for a wrong service, or a wrong office."""
        if not self.stated:
            return False
        if not self.question.services or self.reply.service not in self.question.services:
            return True
        responsible = {office.office for office in self.reply.offices if office.role == "zustaendig"}
        return bool(self.question.offices and responsible and not responsible & self.question.offices)

    @property
    def wrong_service_named(self) -> bool:
        """Spoke of one matter, and of a wrong one."""
        return self.service_named and self.reply.service not in self.question.services

    @property
    def both_noticed(self) -> bool:
        """Spoke of every right service: answered one and named the other, or offered both."""
        offered = {choice.value for choice in self.reply.choices} if self.reply.outcome == "choices" else set()
        return self.question.services <= {self.reply.service, self.reply.also} | offered

    @property
    def one_too_many(self) -> bool:
        """Named a second matter."""
        return self.reply.also is not None

    @property
    def alarmed(self) -> bool:
        """Answered as to somebody in danger."""
        return self.reply.outcome == CRISIS

    @property
    def right_aspect(self) -> bool:
        """Answered what was asked about the service."""
        return getattr(self.reply, "aspect", "") == self.question.aspect

    @property
    def missed(self) -> bool:
        """Not passed: a right service is not first, nothing was said, or something wrong was said with confidence.

        Without a right service: one was named.
        """
        if not self.in_scope:
            return self.service_named
        return not self.hit(1) or self.wrong_confident or self.refused

    @property
    def taken_for(self) -> str | None:
        """The service that stood in place of the right one, or `NOTHING`; None when there was no mistake of this kind."""
        if not self.in_scope:
            return self.reply.service or NOTHING if self.service_named else None
        if self.hit(1):
            return None
        return self.ranking[0][0] if self.ranking else NOTHING

    @property
    def gold(self) -> str:
        """The right services in one piece of text."""
        return " | ".join(sorted(self.question.services)) or NOTHING

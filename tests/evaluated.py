"""Results of `lotse evaluate`, made by hand."""

from __future__ import annotations

from actions.turn import Reply
from bot.commands.evaluation.questions import Question
from bot.commands.evaluation.results import Result
from knowledge.responsibility import Assignment, Choice

RIGHT, WRONG = "wohnsitz-anmelden", "kfz-abmelden"


def result(
    outcome: str,
    said: str | None = RIGHT,
    *,
    gold: tuple[str, ...] = (RIGHT,),
    office: str = "",
    right_office: str = "",
    ranking: tuple[tuple[str, float], ...] = ((RIGHT, 0.9), (WRONG, 0.1)),
    style: str = "",
    file: str = "",
    name: str = "1",
    crisis: bool = False,
) -> Result:
    offices = (Assignment(office, "zustaendig", "belegt", "", ""),) if office else ()
    choices = (Choice("a", "A"),) if outcome in ("choices", "missing", "ambiguous") else ()
    right_offices = frozenset(filter(None, (right_office,)))
    question = Question(name, "?", frozenset(gold), right_offices, style, {}, crisis=crisis, file=file)
    return Result(question, Reply(outcome, said, offices, choices=choices), ranking)

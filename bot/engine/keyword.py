"""A small engine for tests: words instead of a trained model, the same decisions behind it."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from actions.facts import find_facts
from actions.turn import Candidate, Reply, Turn, TurnState, Understanding
from bot.engine.port import TurnRequest, TurnResult
from knowledge.active import gazetteer
from knowledge.release import Release
from knowledge.text import fold

_FIXED = {
    "gruss": ("smalltalk", r"^(hallo|servus|guten (tag|morgen)|gruess gott)\b"),
    "dank": ("smalltalk", r"^(danke|vielen dank)\b"),
    "krise": ("crisis", r"\b(umbringen|es brennt)\b"),
    "mensch": ("handover", r"\b(mensch|mitarbeiter)\b"),
    "neustart": ("smalltalk", r"^(neustart|nochmal von vorne)$"),
}


class KeywordEngine:
    """Ranks services by the words they share with the message. Implements `DialogueEngine`."""

    def is_ready(self) -> bool:
        return True

    async def respond(self, request: TurnRequest) -> TurnResult:
        given = {key: value for key, value in request.facts.items() if value}
        state = TurnState.from_dict({**request.state, **given})
        places = gazetteer(request.release)
        turn = Turn(request.release, places, date.fromisoformat(request.today), state)
        ranking = _rank(request.release, request.text)
        if request.choice:
            reply, state = turn.choose(request.choice["kind"], request.choice["value"])
        elif (fixed := _fixed(request.text)) is not None:
            reply, state = fixed, TurnState() if fixed.topic == "neustart" else state
        else:
            understood = Understanding(
                request.text, "anliegen", tuple(ranking), _verdict(ranking), find_facts(request.text, places)
            )
            reply, state = turn.matter(understood)
        return TurnResult(reply, state.to_dict(), tuple((each.service, each.confidence) for each in ranking), "keyword", {})


def _fixed(text: str) -> Reply | None:
    for topic, (outcome, pattern) in _FIXED.items():
        if re.search(pattern, fold(text)):
            return Reply(outcome, topic=topic)
    return None


def _rank(release: Release, text: str) -> list[Candidate]:
    words = _words(text)
    found = []
    for service in release.services.values():
        shared = len(words & _words(" ".join((service.name, *service.synonyms))))
        if shared:
            found.append(Candidate(service.slug, min(0.99, round(shared / (1 + len(words)) + shared / 10, 2))))
    return sorted(found, key=lambda each: -each.confidence)[:10]


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w{4,}", fold(text)))


def _verdict(ranking: list[Candidate]) -> str:
    if not ranking:
        return "unsure"
    first = ranking[0].confidence
    clear = len(ranking) == 1 or first > ranking[1].confidence
    return "answer" if first >= 0.4 and clear else "choose" if first >= 0.2 else "unsure"

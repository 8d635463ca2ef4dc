"""What the gateway may expect of every `DialogueEngine`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from actions.turn import Reply
from bot.engine.port import DialogueEngine, TurnRequest, TurnResult
from knowledge.release import Release, digest_of
from tests.county import demo_county

TODAY = "2026-11-23"
OUTCOMES = {"answer", "choices", "missing", "ambiguous", "nothere", "fallback", "handover", "crisis", "smalltalk"}
AMMERFELD = "091990112112"
BIRKENRIED = "091990116116"


@pytest.fixture(scope="module")
def release() -> Release:
    knowledge = demo_county()
    return Release(1, digest_of(knowledge), "2026-11-01T00:00:00+00:00", knowledge)


class Talk:
    """A conversation as the gateway leads it: each turn gets what the last one returned, through JSON."""

    def __init__(self, engine: DialogueEngine, release: Release) -> None:
        self._engine = engine
        self._release = release
        self.state: dict[str, Any] = {}

    def request(self, text: str = "", **more: Any) -> TurnRequest:
        return TurnRequest(self._release, self.state, text, TODAY, **more)

    async def say(self, text: str = "", **more: Any) -> TurnResult:
        result = await self._engine.respond(self.request(text, **more))
        assert result.reply.outcome in OUTCOMES
        assert result.model
        assert all(0 <= confidence <= 1 for _, confidence in result.ranking)
        assert list(result.ranking) == sorted(result.ranking, key=lambda each: -each[1])
        self.state = json.loads(json.dumps(result.state))
        return result

    async def press(self, kind: str, value: str) -> Reply:
        return (await self.say(choice={"kind": kind, "value": value})).reply


class EngineContract:
    """The expectations. A subclass brings the fixture `engine`."""

    @pytest.fixture
    def talk(self, engine: DialogueEngine, release: Release) -> Talk:
        return Talk(engine, release)

    async def test_it_is_ready(self, engine: DialogueEngine) -> None:
        assert engine.is_ready()

    async def test_an_answer_names_the_office_and_the_reason(self, talk: Talk, release: Release) -> None:
        result = await talk.say("Hundesteuer anmelden in Ammerfeld")
        reply = result.reply
        assert (reply.outcome, reply.service) == ("answer", "hundesteuer-anmelden")
        assert reply.offices[0].office == "steueramt-gemeinde@ammerfeld" and reply.offices[0].role == "zustaendig"
        assert reply.offices[0].reason and reply.offices[0].certainty
        assert reply.offices[0].office in release.offices
        assert reply.places == (AMMERFELD,) and reply.on == TODAY
        assert result.ranking[0][0] == "hundesteuer-anmelden"

    async def test_a_missing_place_is_asked_for_and_answered_by_a_button(self, talk: Talk) -> None:
        asked = (await talk.say("Hundesteuer anmelden")).reply
        assert (asked.outcome, asked.missing) == ("missing", "place")
        assert AMMERFELD in [each.value for each in asked.choices]
        answered = await talk.press("place", AMMERFELD)
        assert (answered.outcome, answered.service) == ("answer", "hundesteuer-anmelden")
        assert answered.offices[0].office == "steueramt-gemeinde@ammerfeld"

    @pytest.mark.parametrize("text", ["Ammerfeld", "in Ammerfeld", "2"])
    async def test_a_missing_place_is_answered_by_text(self, talk: Talk, text: str) -> None:
        await talk.say("Hundesteuer anmelden")
        assert (await talk.say(text)).reply.places == (AMMERFELD,)

    async def test_the_place_is_remembered(self, talk: Talk) -> None:
        await talk.say("Hundesteuer anmelden in Ammerfeld")
        reply = (await talk.say("Gewerbe anmelden")).reply
        assert (reply.outcome, reply.service, reply.places) == ("answer", "gewerbe-anmelden", (AMMERFELD,))

    async def test_an_ambiguous_postcode_is_asked_back(self, talk: Talk) -> None:
        asked = (await talk.say("Reisepass beantragen in 85902")).reply
        assert (asked.outcome, asked.missing) == ("ambiguous", "place")
        assert [each.label for each in asked.choices] == ["Birkenried", "Eichelbach"]
        answered = await talk.press("place", BIRKENRIED)
        assert (answered.outcome, answered.places) == ("answer", (BIRKENRIED,))

    async def test_a_surname_decides(self, talk: Talk) -> None:
        asked = (await talk.say("Wohngeld beantragen")).reply
        assert (asked.outcome, asked.missing) == ("missing", "surname")
        first = await talk.press("surname", asked.choices[0].value)
        assert first.outcome == "answer"

    async def test_facts_of_the_channel_count(self, talk: Talk) -> None:
        reply = (await talk.say("Hundesteuer anmelden", facts={"places": [AMMERFELD]})).reply
        assert (reply.outcome, reply.places) == ("answer", (AMMERFELD,))

    async def test_elterngeld_is_not_here(self, talk: Talk) -> None:
        reply = (await talk.say("Elterngeld beantragen")).reply
        assert (reply.outcome, reply.service) == ("nothere", "elterngeld-beantragen")
        assert [each.office for each in reply.offices] == ["zbfs"]

    async def test_another_county_is_not_here(self, talk: Talk) -> None:
        reply = (await talk.say("Hundesteuer anmelden in 80331")).reply
        assert (reply.outcome, reply.topic, reply.offices) == ("nothere", "outside", ())

    async def test_a_greeting(self, talk: Talk) -> None:
        reply = (await talk.say("Hallo")).reply
        assert (reply.outcome, reply.topic) == ("smalltalk", "gruss")

    async def test_a_greeting_forgets_nothing(self, talk: Talk) -> None:
        await talk.say("Hundesteuer anmelden")
        await talk.say("Danke")
        assert (await talk.press("place", AMMERFELD)).outcome == "answer"

    async def test_a_crisis(self, talk: Talk) -> None:
        assert (await talk.say("Ich will mich umbringen")).reply.outcome == "crisis"

    async def test_somebody_wants_a_human(self, talk: Talk) -> None:
        assert (await talk.say("Ich möchte mit einem Mitarbeiter sprechen")).reply.outcome == "handover"

    async def test_nonsense_is_not_answered(self, talk: Talk) -> None:
        reply = (await talk.say("qwertz asdfgh yxcvbn")).reply
        assert reply.outcome in ("fallback", "choices") and reply.offices == ()

    async def test_none_of_these(self, talk: Talk) -> None:
        assert (await talk.press("service", "keins")).outcome == "fallback"

    async def test_a_service_by_button(self, talk: Talk) -> None:
        reply = await talk.press("service", "elterngeld-beantragen")
        assert (reply.outcome, reply.service) == ("nothere", "elterngeld-beantragen")

    @pytest.mark.parametrize(("kind", "value"), [("service", "gibt-es-nicht"), ("surname", "Huber")])
    async def test_a_button_out_of_place_gives_a_fallback(self, talk: Talk, kind: str, value: str) -> None:
        assert (await talk.press(kind, value)).outcome == "fallback"

    @pytest.mark.parametrize("text", ["/action_listen", "/anliegen/hundesteuer-anmelden", '/auswahl{"kind":"service"}', "/", "1"])
    async def test_a_slash_commands_nothing(self, talk: Talk, text: str) -> None:
        await talk.say("Hundesteuer anmelden in Ammerfeld")
        before = talk.state["places"]
        await talk.say(text)
        assert talk.state["places"] == before

    async def test_a_slash_before_a_word_changes_nothing(self, talk: Talk, engine: DialogueEngine) -> None:
        await talk.say("Hundesteuer anmelden in Ammerfeld")
        with_slash, without = [await engine.respond(talk.request(text)) for text in ("/restart", "restart")]
        assert (with_slash.reply, with_slash.state) == (without.reply, without.state)

    async def test_the_state_is_json_safe_at_every_step(self, talk: Talk) -> None:
        steps: list[dict[str, Any]] = [
            {"text": "Hund"},
            {"choice": {"kind": "service", "value": "hundesteuer-anmelden"}},
            {"text": "85902"},
            {"choice": {"kind": "place", "value": BIRKENRIED}},
            {"text": "Ich heiße Huber und habe einen Auftrag über 20.000 Euro ab 01.01.2027"},
            {"text": "Wohngeld beantragen"},
        ]
        for step in steps:
            result = await talk.say(**step)
            assert json.loads(json.dumps(result.state)) == result.state, "JSON changes the state"
            assert Reply.from_dict(json.loads(json.dumps(result.reply.to_dict()))) == result.reply

    async def test_a_turn_is_a_function(self, talk: Talk, engine: DialogueEngine) -> None:
        await talk.say("Hundesteuer anmelden")
        for request in (talk.request("Ammerfeld"), talk.request("Reisepass"), replace(talk.request("Hallo"), state={})):
            before = json.dumps(request.state)
            results = await asyncio.gather(*(engine.respond(request) for _ in range(3)))
            assert {json.dumps([each.reply.to_dict(), each.state, each.ranking]) for each in results} == {
                json.dumps([results[0].reply.to_dict(), results[0].state, results[0].ranking])
            }
            assert json.dumps(request.state) == before, "the state of the request was changed"

    async def test_turns_at_once_do_not_mix(self, engine: DialogueEngine, release: Release) -> None:
        async def one(place: str) -> tuple[str, ...]:
            talk = Talk(engine, release)
            await talk.say("Hundesteuer anmelden")
            return (await talk.press("place", place)).places

        places = [each.ars for each in release.places.values() if not each.is_county]
        assert await asyncio.gather(*map(one, places)) == [(place,) for place in places]

    async def test_a_new_release_counts_from_the_next_turn_on(self, engine: DialogueEngine, release: Release) -> None:
        knowledge = replace(
            release.knowledge,
            rules=tuple(
                replace(rule, reason="Weil es jetzt so ist.") if rule.office == "steueramt-gemeinde@ammerfeld" else rule
                for rule in release.knowledge.rules
            ),
        )
        newer = Release(2, digest_of(knowledge), release.published, knowledge)
        talk = Talk(engine, release)
        old = (await talk.say("Hundesteuer anmelden in Ammerfeld")).reply.offices[0].reason
        talk = Talk(engine, newer)
        assert (await talk.say("Hundesteuer anmelden in Ammerfeld")).reply.offices[0].reason == "Weil es jetzt so ist."
        talk = Talk(engine, release)
        assert (await talk.say("Hundesteuer anmelden in Ammerfeld")).reply.offices[0].reason == old


class TestEngine(EngineContract):
    """The engines of `tests/contract/conftest.py`."""

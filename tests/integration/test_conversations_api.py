"""What goes beside question and answer: language, feedback, a whole dialogue at once, location, people, limits, other sites."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from limits.aio.storage import MemoryStorage

from bot.bootstrap import Stores, gateway
from bot.channels.web import rates
from bot.channels.web.rates import network_of
from bot.conversation.feedback import FeedbackStore
from bot.settings import Settings
from knowledge.release import Knowledge
from tests.integration.desks import FakeDesk, app_with_desk, handover
from tests.integration.wiring import Chat, ObservedEngine, block, open_chat, settings_for, texts_of

QUESTION = "Hundesteuer anmelden in Ammerfeld"
AMMERFELD = "091990112112"


@asynccontextmanager
async def called(app: Any, address: str = "192.0.2.1") -> AsyncIterator[httpx.AsyncClient]:
    """The application, called in this process from an address."""
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lotse", timeout=30) as client,
    ):
        yield client


def is_problem(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json().get("detail", response.json()["title"]))


class TestOnce:
    """The same message twice has one effect, by whichever key."""

    async def send(self, chat: Chat, key: str, **body: Any) -> httpx.Response:
        headers = {b"Idempotency-Key": key.encode("latin-1")}
        return await chat.client.post(f"{chat.url}/messages", json={"text": QUESTION, **body}, headers=headers)

    @pytest.mark.parametrize("key", ["abc-1", '"abc-1"', '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "a b/ü?" * 10, "x" * 255])
    async def test_by_the_header(self, chat: Chat, engine: ObservedEngine, key: str) -> None:
        first, second = [(await self.send(chat, key)).json() for _ in range(2)]
        assert first == second and first["outcome"] == "answer"
        assert engine.asked == [QUESTION]

    async def test_header_and_body_are_one_key(self, chat: Chat, engine: ObservedEngine) -> None:
        first = (await self.send(chat, '"abc"')).json()
        assert first["client_message_id"] == "abc"
        assert await chat.say("anders", message="abc") == first

    async def test_the_body_goes_first(self, chat: Chat) -> None:
        assert (await self.send(chat, "abc", client_message_id="m")).json()["client_message_id"] == "m"

    @pytest.mark.parametrize("key", ["", '""', "   "])
    async def test_without_any_each_message_counts(self, chat: Chat, key: str) -> None:
        first, second = [(await self.send(chat, key)).json() for _ in range(2)]
        assert first["client_message_id"] != second["client_message_id"]

    async def test_a_key_too_long_is_refused(self, chat: Chat) -> None:
        is_problem(await self.send(chat, "x" * 256), 422)
        assert await chat.history() == []


class TestLanguage:
    async def test_from_the_beginning(self, client: httpx.AsyncClient) -> None:
        response = await client.post("/api/v1/conversations", json={"language": "en", "source": "rathaus"})
        assert (response.status_code, response.json()["language"]) == (201, "en")
        chat = Chat(client, response.json()["conversation"])
        assert "responsible" in texts_of(await chat.say(QUESTION)).lower()

    async def test_changed_on_the_way_it_stays(self, chat: Chat) -> None:
        german = texts_of(await chat.say(QUESTION))
        changed = await chat.client.put(f"{chat.url}/language", json={"language": "en"})
        assert changed.json() == {"language": "en"}
        english = texts_of(await chat.say(QUESTION))
        assert english != german
        assert texts_of(await chat.say(QUESTION)) == english
        assert texts_of(await chat.say(QUESTION, language="de")) == german
        assert texts_of(await chat.say(QUESTION)) == german

    async def test_starting_over_does_not_change_it(self, chat: Chat) -> None:
        await chat.say(QUESTION, language="en")
        await chat.say("Neustart")
        assert (await chat.client.get(chat.url)).json()["language"] == "en"

    @pytest.mark.parametrize("body", [{"language": "fr"}, {"language": ""}, {}, {"language": None}])
    async def test_one_that_is_not_spoken(self, chat: Chat, body: dict[str, Any]) -> None:
        is_problem(await chat.client.put(f"{chat.url}/language", json=body), 422)

    async def test_of_a_conversation_that_is_gone(self, chat: Chat) -> None:
        await chat.client.delete(chat.url)
        is_problem(await chat.client.put(f"{chat.url}/language", json={"language": "en"}), 404)


class TestDialogue:
    """One request shows a conversation anew."""

    @pytest.mark.slow
    async def test_in_order_with_what_waits(self, chat: Chat, engine: ObservedEngine) -> None:
        said = [await chat.say("Hundesteuer anmelden"), await chat.say("Ammerfeld")]
        engine.before = lambda _: asyncio.sleep(0.5)
        waiting = [asyncio.create_task(chat.say(text, message=text)) for text in ("Eins", "Zwei")]
        await asyncio.sleep(0.2)
        shown = (await chat.client.get(chat.url)).json()
        assert shown["messages"] == said and shown["language"] == "de" and shown["handover"] is None
        assert [(each["client_message_id"], each["question"], each["state"]) for each in shown["open"]] == [
            ("Eins", "Eins", "working"),
            ("Zwei", "Zwei", "received"),
        ]
        said += await asyncio.gather(*waiting)
        shown = (await chat.client.get(chat.url)).json()
        assert (shown["messages"], shown["open"]) == (said, [])

    async def test_every_answer_says_whose_it_is_and_when(self, chat: Chat) -> None:
        answer = await chat.say(QUESTION)
        assert (answer["author"], answer["author_name"]) == ("bot", "")
        assert answer["created"].startswith("20") and answer["created"].endswith("+00:00")

    async def test_of_one_that_is_gone(self, chat: Chat) -> None:
        await chat.client.delete(chat.url)
        is_problem(await chat.client.get(chat.url), 404)


class TestFeedback:
    async def rate(self, chat: Chat, **body: Any) -> httpx.Response:
        return await chat.client.post(f"{chat.url}/feedback", json=body)

    async def test_it_names_the_rule(self, chat: Chat, stores: Stores) -> None:
        answer = await chat.say(QUESTION)
        rated = await self.rate(chat, answer=answer["id"], rating="wrong", comment="Das macht \x00jetzt\nFrau Huber.")
        assert rated.status_code == 204
        (found,) = FeedbackStore(stores.engine).newest()
        assert (found.rating, found.comment) == ("wrong", "Das macht jetzt\nFrau Huber.")
        assert (found.about.service, found.about.office) == ("hundesteuer-anmelden", "steueramt-gemeinde@ammerfeld")
        release = stores.knowledge.release()
        assert release and found.about.release == release.id
        assert found.about.rule in {each.id for each in release.knowledge.rules}

    async def test_thumbs_and_a_change_of_mind(self, chat: Chat, stores: Stores) -> None:
        answers = [await chat.say(QUESTION) for _ in range(2)]
        for rating, answer in (("up", 0), ("down", 1), ("down", 0)):
            assert (await self.rate(chat, answer=answers[answer]["id"], rating=rating)).status_code == 204
        assert [each.rating for each in FeedbackStore(stores.engine).newest()] == ["down", "down"]

    @pytest.mark.parametrize(
        "body",
        [
            {"rating": "up"},
            {"answer": 1},
            {"answer": 1, "rating": "great"},
            {"answer": 0, "rating": "up"},
            {"answer": 2**31, "rating": "up"},
            {"answer": 1, "rating": "up", "comment": "x" * 1001},
        ],
    )
    async def test_what_cannot_be_read(self, chat: Chat, body: dict[str, Any], stores: Stores) -> None:
        is_problem(await self.rate(chat, **body), 422)
        assert FeedbackStore(stores.engine).newest() == []

    async def test_only_about_answers_of_ones_own(self, chat: Chat, stores: Stores) -> None:
        answer = await chat.say(QUESTION)
        other = await open_chat(chat.client)
        is_problem(await self.rate(other, answer=answer["id"], rating="up"), 404)
        is_problem(await self.rate(chat, answer=answer["id"] + 1, rating="up"), 404)
        await chat.client.delete(chat.url)
        is_problem(await self.rate(chat, answer=answer["id"], rating="up"), 404)
        assert FeedbackStore(stores.engine).newest() == []


class TestLocation:
    def near(self, demo: Knowledge, ars: str) -> dict[str, float]:
        """A point some hundred metres from a seat."""
        (geo,) = [each.geo for each in demo.places if each.ars == ars]
        return {"lat": geo[0] + 0.003, "lon": geo[1] - 0.003}

    async def test_it_answers_the_question_for_the_place(self, chat: Chat, stores: Stores, demo: Knowledge) -> None:
        assert (await chat.say("Hundesteuer anmelden"))["outcome"] == "missing"
        here = self.near(demo, AMMERFELD)
        answer = await chat.say(location=here)
        assert (answer["outcome"], answer["question"]) == ("answer", "Ammerfeld")
        assert block(answer, "office")["id"] == "steueramt-gemeinde@ammerfeld"
        with stores.engine.connect() as connection:
            stored = connection.exec_driver_sql("SELECT content FROM inbox").fetchall()
        assert AMMERFELD in str(stored) and str(here["lat"]) not in str(stored) and str(here["lon"]) not in str(stored)

    async def test_beside_a_question(self, chat: Chat, demo: Knowledge) -> None:
        answer = await chat.say("Hundesteuer anmelden", location=self.near(demo, AMMERFELD))
        assert block(answer, "office")["id"] == "steueramt-gemeinde@ammerfeld"

    async def test_far_away(self, chat: Chat) -> None:
        await chat.say("Hundesteuer anmelden")
        assert (await chat.say(location={"lat": 52.5, "lon": 13.4}))["outcome"] == "nothere"

    @pytest.mark.parametrize(
        "location", [{"lat": 91, "lon": 0}, {"lat": 0}, {"lat": "x", "lon": 0}, [1, 2], {"lat": "NaN", "lon": 0}]
    )
    async def test_one_that_is_none(self, chat: Chat, location: Any) -> None:
        is_problem(await chat.send(location=location), 422)


@pytest.mark.slow
async def test_a_location_where_no_coordinates_are_known(
    chat: Chat, stores: Stores, demo: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.service._FRESH_S", -1.0)  # the new release counts at once
    unknown = replace(demo, places=tuple(replace(each, geo=()) for each in demo.places))
    stores.knowledge.replace_draft(replace(unknown, offices=tuple(replace(each, geo=()) for each in demo.offices)), "test")
    stores.knowledge.publish("test")
    assert "schreiben Sie den Ort" in is_problem(await chat.send(location={"lat": 48.7, "lon": 11.3}), 422)


class TestPeople:
    FORM = {"message": "Bitte rufen Sie mich an.", "phone": "09000 123-4", "consent": True}

    @pytest.fixture
    def desk(self) -> FakeDesk:
        return FakeDesk()

    @pytest.fixture
    async def chat(self, stores: Stores, engine: ObservedEngine, desk: FakeDesk) -> AsyncIterator[Chat]:
        async with called(app_with_desk(stores, engine, desk)) as client:
            yield await open_chat(client)

    async def test_asking_for_one(self, chat: Chat, desk: FakeDesk, engine: ObservedEngine) -> None:
        asked = (await chat.client.post(f"{chat.url}/handover", json={"client_message_id": "h"})).json()
        assert (asked["outcome"], asked["blocks"], asked["client_message_id"]) == ("handover", [handover("waiting")], "h")
        again = (await chat.client.post(f"{chat.url}/handover", headers={"Idempotency-Key": "h"})).json()
        assert again == asked and len(desk.asked) == 1
        assert (await chat.client.get(chat.url)).json()["handover"]["state"] == "waiting"
        assert await chat.history() == [asked] and engine.asked == []

    async def test_the_bot_is_silent_meanwhile(self, chat: Chat, desk: FakeDesk) -> None:
        desk.now = handover("active")
        silent = await chat.say(QUESTION)
        assert (silent["outcome"], silent["blocks"], silent["question"]) == ("to_clerk", [], QUESTION)
        assert (await chat.say("", message="empty"))["outcome"] == "to_clerk"
        desk.now = None
        assert (await chat.say("Gewerbe anmelden"))["outcome"] == "missing", "what was said to the clerk was remembered"

    async def test_unless_life_is_in_danger(self, chat: Chat, desk: FakeDesk) -> None:
        desk.now = handover("active")
        assert "112" in texts_of(await chat.say("Hilfe, es brennt"))

    async def test_an_engine_that_fails_does_not_speak_either(self, chat: Chat, desk: FakeDesk, engine: ObservedEngine) -> None:
        desk.now = handover("active")
        engine.before = lambda _: 1 / 0
        assert (await chat.say(QUESTION))["outcome"] == "to_clerk"

    async def test_an_offer_stands_under_the_answer(self, chat: Chat, desk: FakeDesk) -> None:
        desk.offers = True
        assert (await chat.say("Blubb"))["blocks"][-1] == handover("offered")
        assert (await chat.say(QUESTION))["blocks"][-1]["type"] != "handover"

    async def test_an_offer_that_fails_does_no_harm(self, chat: Chat, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk, "offer", lambda *_: 1 / 0)
        assert (await chat.say(QUESTION))["outcome"] == "answer"

    async def test_leaving_a_message(self, chat: Chat, desk: FakeDesk) -> None:
        url = f"{chat.url}/handover/form"
        for _ in range(2):
            left = await chat.client.post(url, json={**self.FORM, "client_message_id": "f"})
            assert left.json() == {"reference": "L-1", "expected": "bis morgen"}
        (form,) = desk.forms.values()
        assert (form.message, form.phone, form.email, form.consent) == (self.FORM["message"], "09000 123-4", "", True)
        (told,) = await chat.history()
        assert (told["author"], told["outcome"]) == ("system", "handover")
        assert told["blocks"] == [handover("closed", text="Danke.", reference="L-1", expected="bis morgen")]

    @pytest.mark.parametrize(
        "change",
        [
            {"message": "x" * 4001},
            {"message": "Werbung"},
            {"consent": "vielleicht"},
        ],
    )
    async def test_a_form_that_cannot_be_taken(self, chat: Chat, desk: FakeDesk, change: dict[str, Any]) -> None:
        is_problem(await chat.client.post(f"{chat.url}/handover/form", json=self.FORM | change), 422)
        assert desk.forms == {} and await chat.history() == []

    async def test_of_a_conversation_that_is_gone(self, chat: Chat, desk: FakeDesk) -> None:
        await chat.client.delete(chat.url)
        is_problem(await chat.client.post(f"{chat.url}/handover"), 404)
        is_problem(await chat.client.post(f"{chat.url}/handover/form", json=self.FORM), 404)
        assert desk.forms == {} and desk.asked == []


class TestLimits:
    def app(self, stores: Stores, tmp_path: Path, **most: str) -> Any:
        given = {"LOTSE_VAR": str(tmp_path), **{f"LOTSE_RATE_{name.upper()}": value for name, value in most.items()}}
        settings = replace(Settings.from_environment(given), database_url=settings_for(tmp_path).database_url)
        return gateway(settings, stores, ObservedEngine())

    def refused(self, response: httpx.Response) -> None:
        assert "zu viele" in is_problem(response, 429)
        assert 0 < int(response.headers["retry-after"]) <= 120
        assert response.headers["ratelimit-remaining"] == "0"

    async def test_messages_of_one_conversation(self, stores: Stores, tmp_path: Path) -> None:
        async with called(self.app(stores, tmp_path, messages="3")) as client:
            chat, other = await open_chat(client), await open_chat(client)
            left = []
            for _ in range(3):
                response = await chat.send("Hallo")
                left.append(int(response.headers["ratelimit-remaining"]))
                assert response.headers["ratelimit-limit"] == "3" and 0 <= int(response.headers["ratelimit-reset"]) <= 120
            assert left == [2, 1, 0]
            self.refused(await chat.send("Hallo"))
            self.refused(await chat.client.put(f"{chat.url}/language", json={"language": "en"}))
            assert len(await chat.history()) == 3, "reading is not limited by conversation"
            assert (await other.send("Hallo")).status_code == 200

    async def test_conversations_of_one_address(self, stores: Stores, tmp_path: Path) -> None:
        app = self.app(stores, tmp_path, conversations="2")
        async with called(app) as client:
            for _ in range(2):
                await open_chat(client)
            self.refused(await client.post("/api/v1/conversations"))
            other = httpx.ASGITransport(app, client=("192.0.2.2", 1))
            async with httpx.AsyncClient(transport=other, base_url="http://lotse") as neighbour:
                await open_chat(neighbour)

    async def test_everything_of_one_address(self, stores: Stores, tmp_path: Path) -> None:
        async with called(self.app(stores, tmp_path, address="4")) as client:
            for _ in range(4):
                assert (await client.get("/api/v1/gibt-es-nicht")).headers["ratelimit-limit"] == "4"
            self.refused(await client.get("/api/v1/gibt-es-nicht"))
            for path in ("/healthz", "/"):
                page = await client.get(path)
                assert page.status_code == 200 and "ratelimit-limit" not in page.headers

    async def test_no_address_is_kept(self, stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        storage = MemoryStorage()
        monkeypatch.setattr(rates, "MemoryStorage", lambda: storage)
        async with called(self.app(stores, tmp_path), "203.0.113.77") as client:
            await (await open_chat(client)).say("Hallo")
        assert storage.storage and "203.0.113" not in str(storage.__dict__)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_one_household_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


class TestOtherSites:
    SITE = "https://www.kreis.example"

    @asynccontextmanager
    async def serving(self, stores: Stores, tmp_path: Path, origins: str, **more: str) -> AsyncIterator[httpx.AsyncClient]:
        given = Settings.from_environment({"LOTSE_VAR": str(tmp_path), "LOTSE_CORS_ORIGINS": origins, **more})
        async with called(gateway(given, stores, ObservedEngine())) as client:
            yield client

    def preflight(self, client: httpx.AsyncClient, origin: str, path: str = "/api/v1/conversations") -> Any:
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,idempotency-key",
        }
        return client.options(path, headers=asked)

    async def test_one_that_may(self, stores: Stores, tmp_path: Path) -> None:
        async with self.serving(stores, tmp_path, f"https://a.example, {self.SITE}", LOTSE_RATE_ADDRESS="1") as client:
            allowed = await self.preflight(client, self.SITE)
            assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == self.SITE
            assert "access-control-allow-credentials" not in allowed.headers
            answered = await client.post("/api/v1/conversations", headers={"Origin": self.SITE})
            assert answered.headers["access-control-allow-origin"] == self.SITE
            assert "RateLimit-Remaining" in answered.headers["access-control-expose-headers"]
            refused = await client.post("/api/v1/conversations", headers={"Origin": self.SITE})
            assert refused.status_code == 429 and refused.headers["access-control-allow-origin"] == self.SITE

    async def test_one_that_may_not(self, stores: Stores, tmp_path: Path) -> None:
        async with self.serving(stores, tmp_path, self.SITE) as client:
            refused = await self.preflight(client, "https://evil.example")
            assert refused.status_code == 400 and "access-control-allow-origin" not in refused.headers
            answered = await client.post("/api/v1/conversations", headers={"Origin": "https://evil.example"})
            assert "access-control-allow-origin" not in answered.headers

    async def test_only_where_it_is_meant_for_others(self, stores: Stores, tmp_path: Path) -> None:
        async with self.serving(stores, tmp_path, "*") as client:
            for path in ("/", "/staff", "/healthz"):
                assert "access-control-allow-origin" not in (await client.get(path, headers={"Origin": self.SITE})).headers
            assert (await self.preflight(client, self.SITE)).headers["access-control-allow-origin"] == "*"

    async def test_none_unless_set(self, client: httpx.AsyncClient) -> None:
        assert (await self.preflight(client, self.SITE)).status_code == 405

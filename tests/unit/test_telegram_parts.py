"""The parts of the Telegram channel that need neither network nor database."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Iterator
from itertools import pairwise
from typing import Any, get_args

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.channels.telegram import words as words_module
from bot.channels.telegram.chats import Chats, NoChat, webhook_secret
from bot.channels.telegram.incoming import Blocked, Command, Comment, Elsewhere, Letter, Text, comment_mark, hear
from bot.channels.telegram.keyboards import Choice, Option, Page, Pressed, Rating, keyboard, pressed
from bot.channels.telegram.links import meant, office_link, service_link
from bot.channels.telegram.pace import BETWEEN_S, OVERALL, Pace
from bot.channels.telegram.sending import is_unknown
from bot.channels.telegram.words import word, words
from bot.conversation.messages import LANGUAGES
from bot.conversation.store import Answer
from bot.settings import Settings, SettingsError
from knowledge.model import OUTSIDE, ROAD_CLASSES, Locality, Office
from knowledge.places import Gazetteer
from knowledge.release import Knowledge, Release
from tests.county import demo_county

CHAT = 987654321


@pytest.fixture(scope="module")
def demo() -> Release:
    return Release(1, "", "", demo_county())


def answer(*blocks: Any, outcome: str = "answer", number: int = 10**9) -> Answer:
    return Answer(number, "", "", list(blocks), outcome)


def choices(kind: str, *options: dict[str, str]) -> dict[str, Any]:
    return {"type": "choices", "kind": kind, "options": list(options)}


def buttons(shown: Answer, language: str = "de", **more: Any) -> list[list[dict[str, Any]]]:
    markup = keyboard(shown, language, **more)
    return [[button.to_dict() for button in row] for row in markup.inline_keyboard] if markup else []


# --- chats


@pytest.mark.parametrize("chat", [1, CHAT, 2**52, -(10**12)])
def test_a_chat_is_found_again_with_the_same_secret_alone(chat: int) -> None:
    chats, others = Chats(b"secret"), Chats(b"other")
    sealed = chats.seal(chat)
    assert chats.open(sealed) == chat
    assert len(sealed) <= 64 and sealed != chats.seal(chat)
    assert len(chats.key(chat)) == 64
    assert chats.key(chat) == Chats(b"secret").key(chat) != others.key(chat)
    with pytest.raises(NoChat):
        others.open(sealed)


@pytest.mark.parametrize("sealed", ["", "987654321", "ü", "A" * 48, "A" * 47, "=" * 10])
def test_what_is_no_sealed_chat(sealed: str) -> None:
    with pytest.raises(NoChat):
        Chats(b"secret").open(sealed)


def test_a_sealed_chat_cannot_be_altered() -> None:
    chats = Chats(b"secret")
    sealed = chats.seal(CHAT)
    for position in range(len(sealed)):
        other = "A" if sealed[position] != "A" else "B"
        with pytest.raises(NoChat):
            chats.open(sealed[:position] + other + sealed[position + 1 :])


def test_the_derived_secret_of_the_webhook() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", webhook_secret(b"x"))
    assert webhook_secret(b"x") != webhook_secret(b"y")


# --- pace


class Time:
    """Virtual time of an event loop of its own: it jumps to when the next sleeper wakes."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def sleep(self, seconds: float) -> Awaitable[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, future))
        return future

    async def pass_until(self, done: asyncio.Future[Any]) -> None:
        while not done.done():
            for _ in range(5):
                await asyncio.sleep(0)
            if self._sleepers and not done.done():
                until, future = min(self._sleepers, key=lambda each: each[0])
                self._sleepers.remove((until, future))
                self.now = max(self.now, until)
                future.set_result(None)


def sent_by(wanted: list[tuple[int, float]], holds: dict[int, float] | None = None) -> list[tuple[float, int]]:
    """When messages go out that chats want to send: each chat one after the other, after pauses of its own."""

    async def run() -> list[tuple[float, int]]:
        time, sent = Time(), []
        pace = Pace(lambda: time.now, time.sleep)
        for chat, seconds in (holds or {}).items():
            pace.hold(chat, seconds)

        async def send(chat: int, pauses: list[float]) -> None:
            for pause in pauses:
                await time.sleep(pause)
                await pace.turn(chat)
                sent.append((time.now, chat))

        chats = {chat: [pause for each, pause in wanted if each == chat] for chat, _ in wanted}
        done = asyncio.gather(*(send(chat, pauses) for chat, pauses in chats.items()))
        await time.pass_until(done)
        return sent

    return asyncio.run(run())


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from([0.0, 0.01, 0.3, 1.0, 2.5])), min_size=1, max_size=150))
def test_the_limits_hold_whatever_is_sent(wanted: list[tuple[int, float]]) -> None:
    sent = sent_by(wanted)
    assert sorted(chat for _, chat in sent) == sorted(chat for chat, _ in wanted)
    moments = [at for at, _ in sent]
    assert all(later - earlier >= 1.0 - 1e-9 for earlier, later in zip(moments, moments[OVERALL:], strict=False))
    for chat in {each for each, _ in wanted}:
        own = [at for at, each in sent if each == chat]
        assert all(later - earlier >= BETWEEN_S - 1e-9 for earlier, later in pairwise(own))


def test_nobody_waits_without_need() -> None:
    assert sent_by([(chat, 0.0) for chat in range(30)]) == [(0.0, chat) for chat in range(30)]
    assert max(at for at, _ in sent_by([(chat, 0.0) for chat in range(90)])) == pytest.approx(2.0, abs=0.1)


def test_one_chat_that_is_told_to_wait_waits_alone() -> None:
    assert sorted(sent_by([(1, 0.0), (2, 0.0)], {1: 30.0})) == [(0.0, 2), (30.0, 1)]


def test_two_chats_that_are_told_to_wait_make_all_wait() -> None:
    assert {at for at, _ in sent_by([(1, 0.0), (2, 0.0), (3, 0.0)], {1: 30.0, 2: 20.0})} == {20.0, 30.0}


# --- links


def test_every_link_of_the_demo_county_fits_and_comes_back(demo: Release) -> None:
    links = {service_link("lotse_bot", slug): ("service", slug) for slug in demo.services}
    links |= {office_link("lotse_bot", office): ("office", office) for office in demo.offices}
    assert len(links) == len(demo.services) + len(demo.offices)
    for link, expected in links.items():
        payload = link.removeprefix("https://t.me/lotse_bot?start=")
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload)
        assert meant(demo, payload) == expected


@given(st.lists(st.text("ab@#_-.ü ", min_size=1, max_size=70), min_size=1, max_size=8, unique=True))
def test_any_id_has_a_link_of_its_own(ids: list[str]) -> None:
    release = Release(1, "", "", Knowledge(offices=tuple(Office(each, "t", "Amt", "gemeinde") for each in ids)))
    for each in ids:
        payload = office_link("lotse_bot", each).partition("start=")[2]
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload)
        assert meant(release, payload) == ("office", each)


@pytest.mark.parametrize("payload", ["", "leistung_", "stelle_", "leistung_gibt-es-nicht", "bauhof", "../..", "leistung_%00"])
def test_what_no_link_says(demo: Release, payload: str) -> None:
    assert meant(demo, payload) is None


# --- buttons


def all_choices(release: Release) -> Iterator[tuple[str, str]]:
    """Every button that the demo knowledge can lead to."""
    yield "service", "keins"
    yield from (("service", slug) for slug in release.services)
    yield "place", OUTSIDE
    for place in release.places.values():
        yield "place", place.ars
        yield from (("place", str(Locality(place.ars, district.name))) for district in place.districts)
        yield from (("district", district.name) for district in place.districts)
        for name in (place.name, place.vg, *place.plz):
            yield from (("place", str(each)) for each in Gazetteer(release).lookup(name))
    yield from (("district", road) for road in ROAD_CLASSES)
    yield from (("surname", initial) for initial in [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Sch", "St"])
    yield from (("audience", each) for each in ("citizen", "business"))
    yield "value", "0"
    yield from (("value", str(rule.value_from)) for rule in release.knowledge.rules if rule.value_from is not None)


def test_every_possible_choice_fits_into_64_bytes_and_comes_back(demo: Release) -> None:
    found = list(dict.fromkeys(all_choices(demo)))
    for kind, value in found:
        [[button]] = buttons(answer(choices(kind, {"value": value, "label": "x"}), outcome="missing"))
        assert 1 <= len(button["callback_data"].encode()) <= 64
        assert pressed(button["callback_data"]) == Choice(kind, value)
    assert len(found) > 350


def test_what_does_not_fit_goes_by_its_number() -> None:
    long = choices("place", {"value": "kurz", "label": "a"}, {"value": "ü" * 40, "label": "b"})
    rows = buttons(answer(long, outcome="missing", number=17))
    assert [row[0]["callback_data"] for row in rows] == ["place:kurz", "o:17:1"]
    assert pressed("o:17:1") == Option(17, 1)


@pytest.mark.parametrize(("count", "pages"), [(1, [1]), (8, [8]), (9, [8, 1]), (16, [8, 8]), (25, [8, 8, 8, 1])])
def test_more_than_eight_options_are_paged(count: int, pages: list[int]) -> None:
    shown = answer(choices("place", *({"value": str(each), "label": f"Ort {each}"} for each in range(count))), outcome="missing")
    seen = []
    for page, expected in enumerate(pages):
        rows = buttons(shown, page=page)
        options = [row[0]["callback_data"] for row in rows if row[0]["callback_data"].startswith("place:")]
        assert len(options) == expected
        turning = [button["callback_data"] for row in rows for button in row if button["callback_data"].startswith("p:")]
        around = {page - 1, page + 1} & set(range(len(pages)))
        assert [pressed(each) for each in turning] == [Page(10**9, each) for each in sorted(around)]
        seen += options
    assert seen == [f"place:{each}" for each in range(count)]
    assert buttons(shown, page=99) == buttons(shown, page=len(pages) - 1)


def test_letters_stand_side_by_side() -> None:
    letters = [{"value": each, "label": each} for each in [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Sch", "St"]]
    assert [len(row) for row in buttons(answer(choices("surname", *letters), outcome="missing"))] == [6, 6, 6, 6, 4]


def test_long_options_are_numbered_as_in_the_text() -> None:
    options = [{"value": "1", "label": "Kurz", "hint": "sagt mehr"}, {"value": "2", "label": "Auch kurz"}]
    assert [row[0]["text"] for row in buttons(answer(choices("service", *options), outcome="choices"))] == [
        "1. Kurz",
        "2. Auch kurz",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_rated_and_nothing_else(language: str) -> None:
    [[up, down, wrong]] = buttons(answer(), language)
    assert [pressed(each["callback_data"]) for each in (up, down, wrong)] == [
        Rating(10**9, rating) for rating in ("up", "down", "wrong")
    ]
    assert buttons(answer(), rated=True) == []
    assert buttons(answer(outcome="missing")) == []
    assert buttons(Answer(1, "", "", [], "answer", author="clerk")) == []


def test_only_addresses_that_telegram_takes_become_buttons() -> None:
    journey = {"type": "journey", "page": "/lebenslagen/umzug"}
    assert buttons(answer(journey, outcome="x"), site="http://127.0.0.1:8080") == []
    [[button]] = buttons(answer(journey, outcome="x"), site="https://lotse.example")
    assert button["url"] == "https://lotse.example/lebenslagen/umzug"
    for url in ("tel:115", "javascript:alert(1)", "", "/datenschutz"):
        assert buttons(answer({"type": "link", "label": "x", "url": url}, outcome="x")) == []


def test_every_kind_of_button_is_pressed_somewhere() -> None:
    data = ("place:1", "o:1:1", "p:1:1", "f:1:up", "language:en", "human:", "form:1")
    assert {type(pressed(each)) for each in data} == set(get_args(Pressed))


@given(st.text(max_size=64))
def test_any_data_can_be_pressed(data: str) -> None:
    pressed(data)


# --- what updates say


def update(**content: Any) -> Update:
    made = Update.de_json({"update_id": 1, **content}, None)
    assert made
    return made


def message(text: str, **more: Any) -> dict[str, Any]:
    person = {"id": CHAT, "is_bot": False, "first_name": "Resi"}
    return {"message_id": 1, "date": 1, "chat": {"id": CHAT, "type": "private"}, "from": person, "text": text, **more}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hallo", Text("Hallo")),
        ("/start", Command("start")),
        ("/START@lotse_bot leistung_x", Command("start", "leistung_x")),
        ("/löschen", Command("forget")),
        ("/loeschen bitte", Command("forget", "bitte")),
        ("/neustart", Text("neustart")),
        ("/zurueck", Text("zurück")),
        ("/unbekannt", Text("/unbekannt")),
        ("/", Text("/")),
        ("a/start", Text("a/start")),
        ("a\0b", Text("a b")),
        ("a\ud800b", Text("a?b")),
    ],
)
def test_words_and_commands(text: str, expected: Any) -> None:
    heard = hear(update(message=message(text)))
    assert heard and (heard.chat, heard.said) == (CHAT, expected)


def reply(question: str, is_bot: bool = True) -> dict[str, Any]:
    asker = {"id": 4711, "is_bot": is_bot, "first_name": "Lotse"}
    return {"message_id": 2, "date": 1, "chat": {"id": CHAT, "type": "private"}, "from": asker, "text": question}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (f"{comment_mark(17, 'wrong')} Was stimmt nicht?", Comment(17, "wrong", "so")),
        (f"{comment_mark(17, 'down')} Was stimmt nicht?", Comment(17, "down", "so")),
        ("✉ Bitte antworten Sie", Letter("so", consent=False)),
        ("✉+ Bitte antworten Sie", Letter("so", consent=True)),
        ("Eine Antwort", Text("so")),
        ("", Text("so")),
    ],
)
def test_replies_to_what_was_asked(question: str, expected: Any) -> None:
    heard = hear(update(message=message("so", reply_to_message=reply(question))))
    assert heard and heard.said == expected
    own = hear(update(message=message("so", reply_to_message=reply(question, is_bot=False))))
    assert own and own.said == Text("so"), "only what the bot asked counts"


def membership(status: str, kind: str) -> Update:
    user = {"id": 4711, "is_bot": True, "first_name": "Lotse"}
    until = {"until_date": 0} if status == "kicked" else {}
    return update(
        my_chat_member={
            "chat": {"id": 5, "type": kind},
            "from": {"id": 5, "is_bot": False, "first_name": "Resi"},
            "date": 1,
            "old_chat_member": {"user": user, "status": "left"},
            "new_chat_member": {"user": user, "status": status, **until},
        }
    )


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        ("kicked", "private", Blocked()),
        ("member", "private", None),
        ("member", "group", Elsewhere(True)),
        ("left", "supergroup", Elsewhere(False)),
        ("kicked", "channel", Elsewhere(False)),
    ],
)
def test_coming_and_going(status: str, kind: str, expected: Any) -> None:
    heard = hear(membership(status, kind))
    assert (heard.said if heard else None) == expected


def test_nothing_of_the_person_is_heard() -> None:
    person = {"id": CHAT, "is_bot": False, "first_name": "Resi", "last_name": "Moser", "username": "resi_m"}
    heard = hear(update(message={**message("Hallo"), "from": person}))
    assert not any(name in repr(heard) for name in ("Resi", "Moser", "resi_m"))


# --- sending


def caused(error: TelegramError, cause: Exception | None) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        (BadRequest("x"), False),
        (Forbidden("x"), False),
        (RetryAfter(3), False),
        (NetworkError("Internal Server Error"), False),
        (caused(NetworkError("x"), httpx.ConnectError("x")), False),
        (caused(TimedOut(), httpx.ConnectTimeout("x")), False),
        (caused(TimedOut(), httpx.PoolTimeout("x")), False),
        (caused(TimedOut(), httpx.ReadTimeout("x")), True),
        (caused(TimedOut(), httpx.WriteTimeout("x")), True),
        (caused(NetworkError("x"), httpx.RemoteProtocolError("x")), True),
        (caused(NetworkError("x"), httpx.ReadError("x")), True),
        (caused(NetworkError("Bad Gateway"), TelegramError("no JSON")), True),
        (TelegramError("x"), True),
    ],
)
def test_when_the_outcome_is_unknown(error: TelegramError, unknown: bool) -> None:
    assert is_unknown(error) is unknown


# --- words


def test_german_and_english_say_the_same() -> None:
    data = yaml.safe_load(words_module._TEXTS.read_text("utf-8"))
    assert data["de"].keys() == data["en"].keys() >= data["de-simple"].keys()
    for key, text in data["de"].items():
        fields = set(re.findall(r"{(\w+)}", text))
        for language in ("en", "de-simple"):
            assert set(re.findall(r"{(\w+)}", words(language)[key])) == fields, key
    assert word("more", "de-simple", page=1, pages=2) == "Weitere (1 von 2) ›"


# --- settings


def test_polling_is_the_default() -> None:
    chosen = Settings.from_environment({"LOTSE_TELEGRAM_TOKEN": "1:a"}).telegram
    assert (chosen.webhook, chosen.webhook_url, chosen.secret) == (False, "", "")


def test_a_webhook() -> None:
    chosen = Settings.from_environment(
        {
            "LOTSE_TELEGRAM_MODE": "webhook",
            "LOTSE_TELEGRAM_WEBHOOK_URL": "https://lotse.example/telegram/webhook",
            "LOTSE_TELEGRAM_SECRET": "abc_-1",
        }
    ).telegram
    assert (chosen.webhook, chosen.secret) == (True, "abc_-1")
    assert "abc_-1" not in repr(chosen)


@pytest.mark.parametrize(
    "environment",
    [
        {"LOTSE_TELEGRAM_MODE": "push"},
        {"LOTSE_TELEGRAM_MODE": "webhook"},
        {"LOTSE_TELEGRAM_MODE": "webhook", "LOTSE_TELEGRAM_WEBHOOK_URL": "http://lotse.example/telegram/webhook"},
        {"LOTSE_TELEGRAM_MODE": "webhook", "LOTSE_TELEGRAM_WEBHOOK_URL": "https://lotse.example"},
        {"LOTSE_TELEGRAM_SECRET": "mit Leerzeichen"},
        {"LOTSE_TELEGRAM_SECRET": "ü"},
        {"LOTSE_TELEGRAM_SECRET": "x" * 257},
    ],
)
def test_settings_that_cannot_be_used(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="LOTSE_TELEGRAM_"):
        Settings.from_environment(environment)


def test_a_chat_cannot_be_found_by_trying() -> None:
    assert Chats(b"secret").key(CHAT) != hashlib.sha256(str(CHAT).encode()).hexdigest()

"""Both stores and a whole conversation on a real PostgreSQL server, which is started for the session."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, inspect, select

from bot.bootstrap import Stores, open_stores
from bot.conversation.feedback import FeedbackStore
from bot.conversation.messages import Block, IncomingMessage
from bot.conversation.store import LeaseLost
from knowledge.model import Notice, Office
from knowledge.release import Knowledge, entry_from_row
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import Conflict, MergeReport, NotStorable, Stored
from knowledge.store.published import read_published
from knowledge.store.tables import Entry
from tests.integration.wiring import ObservedEngine, open_chat, serving, settings_for
from tests.unit.test_migrations import TABLES, check_append_only, check_up_and_down
from tests.unit.test_telegram_store import check_store

QUESTION = "Hundesteuer anmelden in Ammerfeld"


class Server:
    """A PostgreSQL server in a folder of its own, on a Unix socket."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]

    def start(self) -> None:
        if self._as_postgres:
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "lotse", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder} -c fsync=off -p {self._port}"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "fast", "stop")

    def create(self, name: str, template: str = "template0") -> str:
        """A new database; its URL."""
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return f"postgresql://lotse@/{name}?host={self._folder}&port={self._port}"

    def _dsn(self, name: str) -> str:
        return f"host={self._folder} port={self._port} user=lotse dbname={name}"

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_postgres, str(self._programs / program), *arguments]
        done = subprocess.run(
            command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    in_path = shutil.which("initdb")
    programs = found[-1].parent if found else Path(in_path).parent if in_path else None
    if programs is None:
        missing = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with tempfile.TemporaryDirectory(prefix="lotse-pg-", dir="/tmp") as folder:
        started = Server(programs, Path(folder))
        started.start()
        try:
            yield started
        finally:
            started.stop()


@pytest.fixture(scope="session")
def template(server: Server, demo: Knowledge) -> str:
    """Name of a database with the demo knowledge published; to be copied."""
    stores = open_stores(settings_for(Path("/nonexistent"), server.create("template_of_tests")))
    stores.knowledge.replace_draft(demo, "test")
    stores.knowledge.publish("test")
    stores.engine.dispose()
    return "template_of_tests"


_numbers = itertools.count(1)


@pytest.fixture
def empty_url(server: Server) -> str:
    return server.create(f"empty_{next(_numbers)}")


@pytest.fixture
def url(server: Server, template: str) -> str:
    return server.create(f"test_{next(_numbers)}", template)


@pytest.fixture
def stores(url: str) -> Iterator[Stores]:
    opened = open_stores(settings_for(Path("/nonexistent"), url))
    yield opened
    opened.engine.dispose()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Results of calls in threads that start at the same moment."""
    barrier = threading.Barrier(len(calls))

    def wait_and_call(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def message(number: int | str = 1, text: str = QUESTION, conversation: str = "k") -> IncomingMessage:
    return IncomingMessage("web", conversation, f"{conversation}:{number}", text)


# --- knowledge


def test_migrations_up_down_and_up_again(empty_url: str) -> None:
    engine = connect(empty_url)
    for revision, tables in (("head", TABLES), ("base", set()), ("head", TABLES), ("head", TABLES)):
        migrate(engine, revision)
        assert set(inspect(engine).get_table_names()) - {"alembic_version"} == tables
    engine.dispose()


def test_importing_twice_changes_nothing(empty_url: str, demo: Knowledge) -> None:
    stores = open_stores(settings_for(Path("/nonexistent"), empty_url))
    first = stores.knowledge.replace_draft(demo, "test")
    added = first.count("added")
    assert added > 900 and first == MergeReport(first.changes) and len(first.changes) == added
    assert stores.knowledge.replace_draft(demo, "test") == MergeReport(unchanged=added)
    assert stores.knowledge.draft() == demo
    assert stores.knowledge.newest_number() is None and read_published(empty_url) is None
    release, new = stores.knowledge.publish("test")
    assert new and release.number == 1
    assert stores.knowledge.publish("test")[1] is False
    stores.engine.dispose()


def test_a_change_is_published_as_a_new_release(stores: Stores, demo: Knowledge, url: str) -> None:
    changed = replace(demo, services=(replace(demo.services[0], short="Anders."), *demo.services[1:-1]))
    report = stores.knowledge.replace_draft(changed, "test")
    assert [report.count(action) for action in ("added", "changed", "removed")] == [0, 1, 1]
    release, new = stores.knowledge.publish("test")
    assert new and release.number == 2 and release.knowledge == changed
    old = stores.knowledge.release(1)
    assert old and old.knowledge == demo
    read = read_published(url)
    assert read and read.id == release.id


def test_up_and_down_with_data(empty_url: str) -> None:
    engine = connect(empty_url)
    check_up_and_down(engine)
    engine.dispose()


def test_programs_that_start_together_migrate_once(empty_url: str) -> None:
    engine = connect(empty_url)
    at_once(*[partial(migrate, engine)] * 4)
    assert set(inspect(engine).get_table_names()) > TABLES
    engine.dispose()


def test_audit_and_releases_are_append_only(stores: Stores) -> None:
    with stores.engine.begin() as connection:
        connection.execute(delete(Entry).where(Entry.kind != "offices"))
    check_append_only(stores.engine)


def test_only_one_of_two_threads_saves(stores: Stores, demo: Knowledge) -> None:
    for version in range(1, 11):
        office = demo.offices[version]
        results = at_once(*(partial(save, stores, replace(office, phone=actor), actor, 1) for actor in ("anna", "berta")))
        (won,) = [each for each in results if isinstance(each, Stored)]
        (lost,) = [each for each in results if isinstance(each, Conflict)]
        assert won.version == lost.version == 2 and lost.actor == won.entry.phone
        assert stores.knowledge.entry("offices", office.id) == won
        assert [(each.actor, each.action) for each in stores.knowledge.history("offices", office.id)] == [
            (lost.actor, "changed"),
            ("test", "added"),
        ]


def save(stores: Stores, entry: Office, actor: str, version: int | None) -> Stored | Conflict:
    try:
        return stores.knowledge.save("offices", entry, actor, version)
    except Conflict as conflict:
        return conflict


def test_only_one_of_two_threads_adds_the_same(stores: Stores, demo: Knowledge) -> None:
    for number in range(10):
        office = replace(demo.offices[0], id=f"neu{number}")
        results = at_once(*(partial(save, stores, office, actor, None) for actor in ("anna", "berta")))
        assert sorted(type(each).__name__ for each in results) == ["Conflict", "Stored"]
        assert len(stores.knowledge.history("offices", office.id)) == 1


def test_new_ones_from_many_threads_stand_one_behind_the_other(stores: Stores, demo: Knowledge) -> None:
    offices = [replace(demo.offices[0], id=f"neu{number}") for number in range(6)]
    at_once(*(partial(save, stores, office, "anna", None) for office in offices))
    with stores.engine.begin() as connection:
        positions = connection.scalars(select(Entry.position).where(Entry.origin == "hand")).all()
    assert len(set(positions)) == 6


def test_publications_at_once_are_numbered_one_by_one(stores: Stores, demo: Knowledge) -> None:
    def change_and_publish(number: int) -> tuple[int, bool]:
        save(stores, replace(demo.offices[number], phone=f"{number}"), "anna", 1)
        release, new = stores.knowledge.publish(f"thread {number}")
        return release.number, new

    published = at_once(*(partial(change_and_publish, number) for number in range(6)))
    numbers = sorted(number for number, new in published if new)
    assert numbers == list(range(2, len(numbers) + 2)), published
    records = stores.knowledge.releases()
    assert [each.number for each in records] == [*reversed(numbers), 1]
    assert len({each.digest for each in records}) == len(records)
    newest = stores.knowledge.release()
    assert newest and newest.knowledge == stores.knowledge.draft()


def test_the_same_draft_published_at_once_is_one_release(stores: Stores) -> None:
    stores.knowledge.merge(Knowledge(notices=(Notice("1", "Zu", date.max, date.max),)), "anna", "")
    published = at_once(*(partial(stores.knowledge.publish, actor) for actor in ("anna", "berta", "carla")))
    assert sorted((release.number, new) for release, new in published) == [(2, False), (2, False), (2, True)]


def test_a_rollback_and_a_publication_at_once(stores: Stores) -> None:
    stores.knowledge.merge(Knowledge(notices=(Notice("1", "Zu", date.max, date.max),)), "anna", "")
    stores.knowledge.publish("anna")
    stores.knowledge.merge(Knowledge(notices=(Notice("2", "Zu", date.max, date.max),)), "anna", "")
    at_once(partial(stores.knowledge.publish, "anna"), partial(stores.knowledge.roll_back, 1, "berta"))
    records = stores.knowledge.releases()
    assert [each.number for each in records] == [4, 3, 2, 1]
    assert {each.based_on for each in records[:2]} == {None, 1}


def test_a_merge_and_a_save_at_once_follow_each_other(stores: Stores, demo: Knowledge) -> None:
    for number in range(5):
        before = demo.offices[number]
        imported = Knowledge(offices=tuple(replace(each, phone=f"import {number}") for each in demo.offices))
        stored = stores.knowledge.entry("offices", before.id)
        assert stored
        edited = replace(stored.entry, phone="anna")
        report, result = at_once(
            partial(stores.knowledge.merge, imported, "import", "restore"),
            partial(save, stores, edited, "anna", stored.version),
        )
        assert report.count("changed") == len(demo.offices)
        now = stores.knowledge.entry("offices", before.id)
        assert now and now.entry.phone == f"import {number}", "the import ends either way, a late edit is told"
        first, second = stores.knowledge.history("offices", before.id)[:2]
        if isinstance(result, Stored):
            assert (first.actor, second.actor, now.version) == ("import", "anna", stored.version + 2)
            assert first.before == second.after
        else:
            assert (result.actor, result.version, now.version) == ("import", stored.version + 1, stored.version + 1)


def test_merges_in_opposite_order_cause_no_deadlock(stores: Stores, demo: Knowledge) -> None:
    def merge(actor: str, offices: tuple[Office, ...]) -> None:
        for number in range(3):
            changed = tuple(replace(each, phone=f"{actor} {number}") for each in offices)
            stores.knowledge.merge(Knowledge(offices=changed), actor, "")

    at_once(partial(merge, "anna", demo.offices), partial(merge, "berta", demo.offices[::-1]))
    phones = {each.phone for each in stores.knowledge.draft().offices}
    assert phones in ({"anna 2"}, {"berta 2"})


def test_before_and_after_can_be_told(stores: Stores, demo: Knowledge) -> None:
    office = replace(demo.offices[0], phone="„1“")
    stores.knowledge.save("offices", office, "anna", 1)
    stores.knowledge.remove("offices", office.id, "berta", 2)
    removed, changed, added = stores.knowledge.history("offices", office.id)
    assert (removed.before, removed.after) == (changed.after, None)
    assert (changed.before, added.before) == (added.after, None)
    assert entry_from_row("offices", changed.after or {}) == office
    assert stores.knowledge.audit(2) == [removed, changed] == stores.knowledge.audit(2, before=removed.id + 1)
    assert removed.at.utcoffset() == timedelta(0)


def test_zero_characters_and_half_characters(stores: Stores, demo: Knowledge, url: str) -> None:
    stores.knowledge.save("offices", replace(demo.offices[0], remark="a\0b 😀"), "anna", 1)
    stores.knowledge.publish("anna")
    read = read_published(url)
    assert read and read.offices[demo.offices[0].id].remark == "a\0b 😀"
    with pytest.raises(NotStorable):
        stores.knowledge.save("offices", replace(demo.offices[1], remark="\ud83d"), "anna", 1)


# --- conversations


def test_the_same_message_from_many_threads_is_stored_once(stores: Stores) -> None:
    receipts = at_once(*[lambda: stores.conversations.receive(message())] * 8)
    assert len({each.inbox for each in receipts}) == len({each.conversation for each in receipts}) == 1
    assert sorted(each.duplicate for each in receipts) == [False] + [True] * 7


def test_the_first_messages_of_a_conversation_share_it(stores: Stores) -> None:
    receipts = at_once(*(partial(stores.conversations.receive, message(number)) for number in range(8)))
    assert len({each.conversation for each in receipts}) == 1
    assert len({each.inbox for each in receipts}) == 8


def test_only_one_of_two_threads_gets_the_lease(stores: Stores) -> None:
    for number in range(20):
        conversation = stores.conversations.receive(message(conversation=f"k{number}")).conversation
        assert sorted(leased_at_once(stores, conversation)) == [False, True]


def leased_at_once(stores: Stores, conversation: int) -> list[bool]:
    return at_once(*(partial(stores.conversations.lease, conversation, owner, 10) for owner in ("one", "two")))


def test_only_one_of_two_threads_takes_over_an_old_lease(stores: Stores) -> None:
    conversation = stores.conversations.receive(message()).conversation
    assert stores.conversations.lease(conversation, "dead", 0.05)
    assert not stores.conversations.lease(conversation, "one", 10)
    time.sleep(0.1)
    assert stores.conversations.waiting() == [conversation]
    assert sorted(leased_at_once(stores, conversation)) == [False, True]
    assert stores.conversations.waiting() == []


def test_only_one_of_two_threads_takes_a_message(stores: Stores) -> None:
    receipt = stores.conversations.receive(message())

    def take(owner: str) -> str:
        try:
            taken = stores.conversations.take(receipt.conversation, owner, 10)
        except LeaseLost:
            return "lost"
        assert taken and taken.inbox == receipt.inbox and taken.attempts == 1
        return "taken"

    assert sorted(at_once(partial(take, "one"), partial(take, "two"))) == ["lost", "taken"]


def test_only_one_of_two_threads_finishes(stores: Stores) -> None:
    receipt = stores.conversations.receive(message())
    assert stores.conversations.lease(receipt.conversation, "one", 10)

    def finish(owner: str) -> str:
        try:
            stores.conversations.finish(receipt.inbox, owner, {"service": owner}, "answer", [])
        except LeaseLost:
            return "lost"
        return "done"

    assert at_once(lambda: finish("one"), lambda: finish("two")) == ["done", "lost"]
    answers = stores.conversations.answers("web", "k")
    assert [each.question for each in answers] == [QUESTION]
    assert stores.conversations.answer_to(receipt.inbox) == answers[0]
    assert stores.conversations.take(receipt.conversation, "two", 10) is None


def test_one_owner_finishing_twice_at_once_leaves_one_answer(stores: Stores) -> None:
    receipt = stores.conversations.receive(message())
    assert stores.conversations.lease(receipt.conversation, "one", 10)

    def finish() -> str:
        try:
            stores.conversations.finish(receipt.inbox, "one", {}, "answer", [])
        except LeaseLost:
            return "lost"
        return "done"

    assert sorted(at_once(finish, finish)) == ["done", "lost"]
    assert len(stores.conversations.answers("web", "k")) == 1


def test_outbox_order_putting_off_and_forgetting(stores: Stores) -> None:
    for number in (1, 2):
        receipt = stores.conversations.receive(replace(message(number), channel="telegram", reply_to="4711"))
        stores.conversations.lease(receipt.conversation, "one", 10)
        hello: list[Block] = [{"type": "text", "text": "Guten Tag", "tone": "plain"}]
        stores.conversations.finish(receipt.inbox, "one", {}, f"answer {number}", hello)
    (first,) = stores.conversations.due("telegram")
    assert first.outcome == "answer 1"
    stores.conversations.put_off(first.id, 60)
    assert stores.conversations.due("telegram") == [], "the second one overtakes the first"
    stores.conversations.mark_sent(first.id)
    (second,) = stores.conversations.due("telegram")
    assert second.outcome == "answer 2"
    assert stores.conversations.forget("telegram", "k") and not stores.conversations.forget("telegram", "k")
    assert not stores.conversations.knows("telegram", "k")
    stores.conversations.receive(message())
    assert stores.conversations.purge(3600) == 0
    assert stores.conversations.purge(-1) == 1


def test_a_reader_misses_nothing_that_is_said_at_once(stores: Stores) -> None:
    """Ids of a conversation grow in the order in which they can be seen, whoever writes."""
    receipts = [stores.conversations.receive(message(number)) for number in range(10)]
    conversation = receipts[0].conversation
    assert stores.conversations.lease(conversation, "one", 60)
    hello: list[Block] = [{"type": "text", "text": "Guten Tag", "tone": "plain"}]

    def answer() -> None:
        for receipt in receipts:
            stores.conversations.finish(receipt.inbox, "one", {}, "answer", hello)

    def speak() -> None:
        for _ in range(10):
            stores.conversations.post(conversation, {"outcome": "clerk", "author": "clerk", "blocks": hello})

    def read() -> list[int]:
        seen: list[int] = []
        until = time.monotonic() + 20
        while len(seen) < 30 and time.monotonic() < until:
            seen += [each.id for each in stores.conversations.dialogue("web", "k", max(seen, default=0)).answers]
        return seen

    *_, first, second = at_once(answer, speak, speak, read, read)
    assert first == second == sorted(first) and len(set(first)) == 30
    assert stores.conversations.newest(0) == {conversation: first[-1]} and stores.conversations.highest() == first[-1]


def test_a_language_chosen_at_once_with_messages_and_turns(stores: Stores) -> None:
    for number in range(10):
        receipt = stores.conversations.receive(message(number))
        assert stores.conversations.take(receipt.conversation, "one", 60)
        language = ("de", "en", "de-simple")[number % 3]
        at_once(
            partial(stores.conversations.set_language, "web", "k", language),
            partial(stores.conversations.finish, receipt.inbox, "one", {"turn": number, "language": "de"}, "answer", []),
            partial(stores.conversations.receive, message(f"more{number}")),
        )
        assert stores.conversations.language(receipt.conversation) == language
        more = stores.conversations.take(receipt.conversation, "one", 60)
        assert more and more.state == {"turn": number, "language": language}
        stores.conversations.finish(more.inbox, "one", more.state, "answer", [])


def test_feedback_said_twice_at_once_is_one(stores: Stores) -> None:
    conversation = stores.conversations.open_conversation("web", "k")
    answer = stores.conversations.post(conversation, {"outcome": "clerk", "author": "clerk", "blocks": []})
    feedback = FeedbackStore(stores.engine)
    for _ in range(5):
        at_once(*[partial(feedback.record, "k", answer, "wrong", "Nein 😀")] * 4)
    assert [(each.rating, each.comment) for each in feedback.newest()] == [("wrong", "Nein 😀")]


@pytest.mark.parametrize("text", ["\ud83d", "😀", "ÄÖÜß\u0301", "x" * 200_000])
def test_odd_text_can_be_stored(stores: Stores, text: str) -> None:
    receipt = stores.conversations.receive(message(text=text))
    stored = stores.conversations.take(receipt.conversation, "one", 10)
    assert stored and stored.content["text"] == text


# --- the whole


async def test_a_conversation_over_the_application(stores: Stores, engine: ObservedEngine, tmp_path: Path) -> None:
    async with serving(tmp_path, stores, engine) as client:
        chat = await open_chat(client)
        assert (await chat.say("Hundesteuer anmelden"))["outcome"] == "missing"
        assert (await chat.press("place", "091990112112", "Ammerfeld"))["outcome"] == "answer"
        assert (await chat.say("Gewerbe anmelden"))["outcome"] == "answer"
        assert (await chat.say("\x00 😀"))["outcome"] == "fallback"
        assert (await chat.say("Hundesteuer\x00 anmelden"))["outcome"] == "answer"
        await asyncio.gather(*(chat.say(QUESTION, message="same") for _ in range(4)))
        assert len(await chat.history()) == 6
        assert (await client.delete(chat.url)).status_code == 204
        assert (await chat.send("Hallo")).status_code == 404


async def test_two_gateways_share_a_database(url: str, stores: Stores, tmp_path: Path) -> None:
    engines = [ObservedEngine(), ObservedEngine()]
    for each in engines:
        each.before = lambda _: asyncio.sleep(0.05)
    other = open_stores(settings_for(tmp_path, url))
    async with serving(tmp_path, stores, engines[0]) as one, serving(tmp_path, other, engines[1]) as two:
        chat = await open_chat(one)
        same = await open_chat(two)
        same.url = chat.url
        answers = await asyncio.gather(*(each.say(QUESTION, message=f"m{n}") for n in range(5) for each in (chat, same)))
        assert {each["outcome"] for each in answers} == {"answer"}
        assert len(await chat.history()) == 5
        assert sum(len(each.asked) for each in engines) == 5
    other.engine.dispose()


async def test_repetitions_while_a_turn_is_finished_cause_no_deadlock(
    stores: Stores, engine: ObservedEngine, tmp_path: Path
) -> None:
    async with serving(tmp_path, stores, engine) as client:
        chat = await open_chat(client)
        for number in range(40):
            await asyncio.gather(*(chat.say("Hallo", message=f"m{number}") for _ in range(4)))
        assert len(engine.asked) == 40


def test_what_telegram_keeps(stores: Stores) -> None:
    check_store(stores.engine)

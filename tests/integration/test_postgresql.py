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
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import inspect

from bot.bootstrap import Stores, open_stores
from bot.conversation.messages import IncomingMessage
from bot.conversation.store import LeaseLost
from knowledge.release import Knowledge
from knowledge.store.database import connect, migrate
from knowledge.store.published import read_published
from tests.integration.wiring import ObservedEngine, open_chat, serving, settings_for

QUESTION = "Hundesteuer anmelden in Ammerfeld"
TABLES = {"entry", "audit", "release", "conversation", "inbox", "outbox"}


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
    assert first.added > 900 and first.changed == first.removed == first.unchanged == 0
    second = stores.knowledge.replace_draft(demo, "test")
    assert second.unchanged == first.added and second.added == second.changed == second.removed == 0
    assert stores.knowledge.draft() == demo
    assert stores.knowledge.newest_number() is None and read_published(empty_url) is None
    release, new = stores.knowledge.publish("test")
    assert new and release.number == 1
    assert stores.knowledge.publish("test")[1] is False
    stores.engine.dispose()


def test_a_change_is_published_as_a_new_release(stores: Stores, demo: Knowledge, url: str) -> None:
    changed = replace(demo, services=(replace(demo.services[0], short="Anders."), *demo.services[1:-1]))
    report = stores.knowledge.replace_draft(changed, "test")
    assert (report.added, report.changed, report.removed) == (0, 1, 1)
    release, new = stores.knowledge.publish("test")
    assert new and release.number == 2 and release.knowledge == changed
    old = stores.knowledge.release(1)
    assert old and old.knowledge == demo
    read = read_published(url)
    assert read and read.id == release.id


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
        receipt = stores.conversations.receive(message(number))
        stores.conversations.lease(receipt.conversation, "one", 10)
        stores.conversations.finish(receipt.inbox, "one", {}, f"answer {number}", [])
    (first,) = stores.conversations.due("web")
    assert first.outcome == "answer 1"
    stores.conversations.put_off(first.id, 60)
    assert stores.conversations.due("web") == [], "the second one overtakes the first"
    stores.conversations.mark_sent(first.id)
    (second,) = stores.conversations.due("web")
    assert second.outcome == "answer 2"
    assert stores.conversations.forget("web", "k") and not stores.conversations.forget("web", "k")
    assert not stores.conversations.knows("web", "k")
    stores.conversations.receive(message())
    assert stores.conversations.purge(3600) == 0
    assert stores.conversations.purge(-1) == 1


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

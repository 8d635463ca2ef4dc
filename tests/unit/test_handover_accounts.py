"""Accounts of clerks: signing in, sessions, presence, slowing down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text, update

from bot.handover import accounts as module
from bot.handover.accounts import AccountStore, Taken, TooManyAttempts, WeakPassword, pause_after
from bot.handover.tables import StaffSession
from tests.databases import empty_database

PASSWORD = "Sommerregen 2026"
REAL = module._HASHER


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Real ones take 64 MiB and a tenth of a second each."""
    monkeypatch.setattr(module, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    module._nobody.cache_clear()
    yield
    module._nobody.cache_clear()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = empty_database(tmp_path / "staff.db")
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(engine: Engine) -> AccountStore:
    return AccountStore(engine)


def test_signing_in_and_out(accounts: AccountStore, engine: Engine) -> None:
    added = accounts.add("Anna", "Anna Huber", PASSWORD, ["standesamt@ammerfeld"])
    assert added.answers_for("standesamt@ammerfeld") and not added.answers_for("bauhof@ammerfeld")
    token = accounts.sign_in(" ANNA ", PASSWORD, "192.0.2.1")
    assert token
    session = accounts.session(token)
    assert session and session.account == added and session.present
    with engine.connect() as connection:
        kept = str([list(row) for row in connection.execute(text("SELECT * FROM staff_session, staff_account"))])
    assert token not in kept and PASSWORD not in kept and "$argon2id$" in kept
    accounts.sign_out(token)
    assert accounts.session(token) is None


def test_hashes_cost_what_rfc_9106_recommends() -> None:
    assert (REAL.type.name, REAL.time_cost, REAL.memory_cost, REAL.parallelism) == ("ID", 3, 65536, 4)


def test_a_hash_that_has_become_too_cheap_is_made_anew(
    accounts: AccountStore, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    monkeypatch.setattr(module, "_HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert accounts.sign_in("anna", PASSWORD, "")
    with engine.connect() as connection:
        assert "m=16,t=2" in str(connection.scalar(text("SELECT password FROM staff_account")))


def test_what_does_not_fit_is_refused(accounts: AccountStore) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    assert accounts.sign_in("anna", PASSWORD + " ", "192.0.2.1") is None
    assert accounts.sign_in("berta", PASSWORD, "192.0.2.1") is None
    assert accounts.sign_in("anna", "x" * 10_000, "192.0.2.1") is None
    assert accounts.session("") is None and accounts.session("wrong") is None


def test_a_login_is_given_once_and_passwords_have_a_least_length(accounts: AccountStore) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    with pytest.raises(Taken):
        accounts.add("ANNA", "Anna zwei", PASSWORD)
    for weak in ("kurz", "aaaaaaaaaaaa", "x1y2" * 60):
        with pytest.raises(WeakPassword):
            accounts.add("berta", "Berta", weak)
    assert [each.login for each in accounts.accounts()] == ["anna"]


def test_deactivating_ends_all_sessions(accounts: AccountStore) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    token = accounts.sign_in("anna", PASSWORD, "")
    assert token and accounts.deactivate("Anna")
    assert accounts.session(token) is None
    assert accounts.sign_in("anna", PASSWORD, "") is None
    assert not accounts.deactivate("niemand")


def test_a_new_password_ends_all_sessions(accounts: AccountStore) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    token = accounts.sign_in("anna", PASSWORD, "")
    assert token and accounts.change_password("anna", "Winterregen 2027")
    assert accounts.session(token) is None
    assert accounts.sign_in("anna", PASSWORD, "") is None
    assert accounts.sign_in("anna", "Winterregen 2027", "")


def test_a_session_ends(accounts: AccountStore, engine: Engine) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    token = accounts.sign_in("anna", PASSWORD, "")
    assert token
    with engine.begin() as connection:
        connection.execute(update(StaffSession).values(expires=time.time() - 1))
    assert accounts.session(token) is None
    accounts.purge()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM staff_session")) == 0


@pytest.mark.parametrize("login", ["anna", "niemand"])
def test_guessing_is_slowed_down_whether_or_not_there_is_such_a_login(accounts: AccountStore, login: str) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    for number in range(5):
        assert accounts.sign_in(login, f"falsch {number}", f"192.0.2.{number}") is None
    with pytest.raises(TooManyAttempts) as error:
        accounts.sign_in(login, PASSWORD, "192.0.2.99")
    assert 0 < error.value.seconds <= 30
    with pytest.raises(TooManyAttempts):  # however it is written
        accounts.sign_in(f" {login.upper()}", PASSWORD, "192.0.2.99")


def test_who_signs_in_twice_at_the_same_moment_need_not_wait(accounts: AccountStore, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    moments = iter((1000.5, 1000.0))
    monkeypatch.setattr(module.time, "time", lambda: next(moments, 1001.0))
    assert accounts.sign_in("anna", "falsch", "192.0.2.1") is None
    assert accounts.sign_in("anna", "falsch", "192.0.2.1") is None


def test_one_address_cannot_try_many_logins(accounts: AccountStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_fits", lambda hashed, password: False)
    for number in range(20):
        assert accounts.sign_in(f"login{number}", "falsch", "192.0.2.7") is None
    with pytest.raises(TooManyAttempts):
        accounts.sign_in("noch einer", "falsch", "192.0.2.7")
    assert accounts.sign_in("noch einer", "falsch", "192.0.2.8") is None


def test_signing_in_forgets_the_failures(accounts: AccountStore) -> None:
    accounts.add("anna", "Anna", PASSWORD)
    for _ in range(2):
        for number in range(4):
            accounts.sign_in("anna", f"falsch {number}", "")
        assert accounts.sign_in("anna", PASSWORD, "")


def test_pauses_grow_up_to_a_quarter_of_an_hour() -> None:
    assert [pause_after(failures, 5) for failures in (0, 4, 5, 6, 7, 50)] == [0, 0, 30, 60, 120, 900]


def test_somebody_is_present_while_the_page_asks(accounts: AccountStore, engine: Engine) -> None:
    accounts.add("anna", "Anna", PASSWORD, ["kasse"])
    assert not accounts.somebody_present("kasse")
    token = accounts.sign_in("anna", PASSWORD, "")
    assert token and accounts.somebody_present("kasse") and not accounts.somebody_present("bauhof")
    accounts.set_present(token, False)
    assert not accounts.somebody_present("kasse") and accounts.seen_within(60)
    accounts.set_present(token, True)
    with engine.begin() as connection:
        connection.execute(update(StaffSession).values(seen=time.time() - 61))
    assert not accounts.somebody_present("kasse")
    assert accounts.session(token) and accounts.somebody_present("kasse")

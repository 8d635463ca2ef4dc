"""Who may answer citizens: accounts, sessions, presence, and slowing down those who guess passwords.

Each method is one transaction; times are seconds since 1970.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.handover.model import ALL_OFFICES, Account
from bot.handover.tables import StaffAccount, StaffAttempt, StaffSession

SESSION_S = 10 * 3600.0
"""A working day."""
PRESENT_S = 60.0
"""Somebody whose page has not asked for so long is not there."""
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
_FREE_ATTEMPTS = {"login": 5, "address": 20}
_FIRST_PAUSE_S = 30.0
_LONGEST_PAUSE_S = 900.0
_FORGET_ATTEMPTS_S = 3600.0
_SEEN_EVERY_S = 5.0
_HASHER = PasswordHasher()
_HASHING = threading.Semaphore(2)
"""A hash takes 64 MiB: many sign-ins at once must not take the machine's memory."""


class Taken(Exception):
    """The login is in use."""


class TooManyAttempts(Exception):
    """Wait `seconds` before the next attempt."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class WeakPassword(ValueError):
    """The message says what is wrong with it, in German."""


@dataclass(frozen=True)
class SignedIn:
    """A valid session: whose, and whether its owner is there to chat."""

    account: Account
    present: bool


class AccountStore:
    """All reading and writing of accounts and sessions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reading=True)

    def add(self, login: str, name: str, password: str, offices: Sequence[str] = (ALL_OFFICES,)) -> Account:
        """A new account. Raises `Taken` and `WeakPassword`."""
        added = StaffAccount(
            login=_login(login), name=name, password=_hashed(password), offices=list(offices), active=True, created=time.time()
        )
        try:
            with Session(self._engine) as session, session.begin():
                session.add(added)
                session.flush()
                return _account(added)
        except IntegrityError:
            raise Taken from None

    def change_password(self, login: str, password: str) -> bool:
        """A new password; all sessions end. False when there is no such account."""
        hashed = _hashed(password)
        with Session(self._engine) as session, session.begin():
            found = _by_login(session, login)
            if found is None:
                return False
            found.password = hashed
            session.execute(delete(StaffSession).where(StaffSession.account_id == found.id))
            return True

    def deactivate(self, login: str) -> bool:
        """No more signing in, and all sessions end at once. False when there is no such account."""
        with Session(self._engine) as session, session.begin():
            found = _by_login(session, login)
            if found is None:
                return False
            found.active = False
            session.execute(delete(StaffSession).where(StaffSession.account_id == found.id))
            return True

    def accounts(self) -> list[Account]:
        """All of them, by login."""
        with Session(self._reading) as session:
            return [_account(each) for each in session.scalars(select(StaffAccount).order_by(StaffAccount.login))]

    # --- signing in

    def sign_in(self, login: str, password: str, address: str) -> str | None:
        """The token of a new session; None when login and password do not fit. Raises `TooManyAttempts`.

        Known and unknown logins take the same time and are slowed down alike.
        """
        keys = {"login": _hash(f"login:{_login(login)}"), "address": _hash(f"address:{address}")}
        now = time.time()
        with Session(self._reading) as session:
            self._check_pauses(session, keys, now)
            found = _by_login(session, login)
            known = (found.id, found.password) if found and found.active else None
        if not _fits(known[1] if known else _nobody(), password) or known is None:
            self._failed(keys, now)
            return None
        token = secrets.token_urlsafe(32)
        with Session(self._engine) as session, session.begin():
            session.execute(delete(StaffAttempt).where(StaffAttempt.key == keys["login"]))
            account = session.get(StaffAccount, known[0], with_for_update=True)
            if account is None or not account.active:
                return None
            if _HASHER.check_needs_rehash(account.password):
                account.password = _hashed(password)
            session.add(
                StaffSession(
                    token=_hash(token), account_id=account.id, created=now, expires=now + SESSION_S, seen=now, present=True
                )
            )
        return token

    @staticmethod
    def _check_pauses(session: Session, keys: dict[str, str], now: float) -> None:
        for row in session.scalars(select(StaffAttempt).where(StaffAttempt.key.in_(keys.values()))):
            kind = next(kind for kind, key in keys.items() if key == row.key)
            pause = pause_after(row.failures, _FREE_ATTEMPTS[kind])
            left = row.last + pause - now
            if pause and left > 0:  # without a pause, what was counted at this moment may be a little later than now
                raise TooManyAttempts(left)

    def _failed(self, keys: dict[str, str], now: float) -> None:
        for key in keys.values():
            with Session(self._engine) as session, session.begin():
                session.execute(delete(StaffAttempt).where(StaffAttempt.last < now - _FORGET_ATTEMPTS_S))
                counted = update(StaffAttempt).where(StaffAttempt.key == key)
                changed = session.execute(counted.values(failures=StaffAttempt.failures + 1, last=now))
                if changed.rowcount == 1:  # type: ignore[attr-defined]
                    continue
                try:
                    with session.begin_nested():
                        session.add(StaffAttempt(key=key, failures=1, last=now))
                except IntegrityError:  # counted by somebody else at this moment
                    session.execute(counted.values(failures=StaffAttempt.failures + 1, last=now))

    # --- sessions

    def session(self, token: str) -> SignedIn | None:
        """Whose session it is; None when it has ended. Notes that somebody is there."""
        now = time.time()
        key = _hash(token)
        with Session(self._reading) as session:
            row = session.execute(
                select(StaffSession, StaffAccount)
                .join(StaffAccount, StaffAccount.id == StaffSession.account_id)
                .where(StaffSession.token == key, StaffSession.expires > now, StaffAccount.active)
            ).first()
            if row is None:
                return None
            found, account = row
            signed_in, seen = SignedIn(_account(account), found.present), found.seen
        if now - seen > _SEEN_EVERY_S:
            with Session(self._engine) as session, session.begin():
                session.execute(update(StaffSession).where(StaffSession.token == key).values(seen=now))
        return signed_in

    def set_present(self, token: str, present: bool) -> None:
        with Session(self._engine) as session, session.begin():
            session.execute(update(StaffSession).where(StaffSession.token == _hash(token)).values(present=present))

    def sign_out(self, token: str) -> None:
        with Session(self._engine) as session, session.begin():
            session.execute(delete(StaffSession).where(StaffSession.token == _hash(token)))

    def somebody_present(self, office: str) -> bool:
        """Whether somebody who answers for an office is there right now."""
        return any(each.answers_for(office) for each in self._seen_within(PRESENT_S, present=True))

    def seen_within(self, seconds: float) -> set[int]:
        """The accounts whose pages have asked lately, whether or not they take new chats."""
        return {each.id for each in self._seen_within(seconds)}

    def _seen_within(self, seconds: float, present: bool = False) -> list[Account]:
        now = time.time()
        there = select(StaffSession.account_id).where(StaffSession.seen > now - seconds, StaffSession.expires > now)
        if present:
            there = there.where(StaffSession.present)
        with Session(self._reading) as session:
            wanted = select(StaffAccount).where(StaffAccount.id.in_(there), StaffAccount.active)
            return [_account(each) for each in session.scalars(wanted)]

    def purge(self) -> None:
        """Delete sessions that have ended, and failures that no longer count."""
        now = time.time()
        with Session(self._engine) as session, session.begin():
            session.execute(delete(StaffSession).where(StaffSession.expires < now))
            session.execute(delete(StaffAttempt).where(StaffAttempt.last < now - _FORGET_ATTEMPTS_S))


def pause_after(failures: int, free: int) -> float:
    """Seconds to wait after so many failures in a row: 30 after the free ones, then twice as long each time."""
    beyond = failures - free
    return 0.0 if beyond < 0 else min(_FIRST_PAUSE_S * 2.0 ** min(beyond, 10), _LONGEST_PAUSE_S)


def check_password(password: str) -> None:
    """Raises `WeakPassword`."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"Das Passwort ist zu kurz: bitte mindestens {SHORTEST_PASSWORD} Zeichen.")
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword(f"Das Passwort ist zu lang: bitte höchstens {LONGEST_PASSWORD} Zeichen.")
    if len(set(password)) < 4:
        raise WeakPassword("Das Passwort besteht aus zu wenigen verschiedenen Zeichen.")


def _hashed(password: str) -> str:
    check_password(password)
    with _HASHING:
        return _HASHER.hash(password)


def _fits(hashed: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    with _HASHING:
        try:
            return _HASHER.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _login(login: str) -> str:
    return login.strip().casefold()


def _by_login(session: Session, login: str) -> StaffAccount | None:
    return session.scalars(select(StaffAccount).where(StaffAccount.login == _login(login))).first()


def _account(row: StaffAccount) -> Account:
    return Account(row.id, row.login, row.name, tuple(row.offices), row.active)

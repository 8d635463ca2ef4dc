"""`lotse user`: who may sign in on the clerk's page."""

from __future__ import annotations

import getpass
import json
import re
import sys
from collections.abc import Sequence

from bot.bootstrap import open_stores
from bot.handover.accounts import AccountStore, Taken, WeakPassword, check_password
from bot.handover.model import ALL_OFFICES, Account
from bot.settings import Settings

_LOGIN = re.compile(r"[\w.@+-]{2,100}")


def user_command(
    settings: Settings, action: str, login: str, name: str | None, offices: Sequence[str] | None, *, as_json: bool = False
) -> int:
    """Exit code 0 when done, 1 when it could not be done; then one German sentence says why."""
    stores = open_stores(settings)
    try:
        accounts = AccountStore(stores.engine)
        if action == "list":
            return _list(accounts, as_json)
        if action == "add":
            release = stores.knowledge.release()
            unknown = [each for each in offices or () if release and each not in release.offices]
            if unknown:
                return _failed(f"Diese Stelle gibt es nicht: {', '.join(unknown)}.")
            return _add(accounts, login, name or login, offices or (ALL_OFFICES,))
        if action == "password":
            return _change_password(accounts, login)
        if not accounts.deactivate(login):
            return _failed(f"Den Zugang „{login}“ gibt es nicht.")
        print(f"Der Zugang „{login}“ ist gesperrt, alle Sitzungen sind beendet.")
        return 0
    finally:
        stores.engine.dispose()


def _list(accounts: AccountStore, as_json: bool) -> int:
    found = accounts.accounts()
    if as_json:
        rows = [{"login": a.login, "name": a.name, "offices": list(a.offices), "active": a.active} for a in found]
        print(json.dumps(rows, ensure_ascii=False))
    elif not found:
        print("Es gibt noch keinen Zugang. „lotse user add BENUTZERNAME“ legt einen an.")
    for account in () if as_json else found:
        print(_line(account))
    return 0


def _line(account: Account) -> str:
    offices = "alle Stellen" if ALL_OFFICES in account.offices else ", ".join(account.offices)
    return f"{account.login}  {account.name}  {offices}{'' if account.active else '  (gesperrt)'}"


def _add(accounts: AccountStore, login: str, name: str, offices: Sequence[str]) -> int:
    if not _LOGIN.fullmatch(login):
        return _failed("Der Benutzername darf nur Buchstaben, Ziffern und . @ + - _ enthalten.")
    if not 1 <= len(name.strip()) <= 100:
        return _failed("Der Name muss 1 bis 100 Zeichen lang sein.")
    try:
        accounts.add(login, name.strip(), _asked_password(), offices)
    except Taken:
        return _failed(f"Den Zugang „{login}“ gibt es schon.")
    except WeakPassword as error:
        return _failed(str(error))
    print(f"Der Zugang „{login}“ ist angelegt.")
    return 0


def _change_password(accounts: AccountStore, login: str) -> int:
    try:
        if not accounts.change_password(login, _asked_password()):
            return _failed(f"Den Zugang „{login}“ gibt es nicht.")
    except WeakPassword as error:
        return _failed(str(error))
    print(f"Das Passwort für „{login}“ ist geändert, alle Sitzungen sind beendet.")
    return 0


def _asked_password() -> str:
    """From the terminal, twice and unseen, or one line from elsewhere. Raises `WeakPassword`."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
        check_password(password)
        return password
    password = getpass.getpass("Passwort: ")
    check_password(password)
    if getpass.getpass("Noch einmal: ") != password:
        raise WeakPassword("Die beiden Passwörter sind nicht gleich.")
    return password


def _failed(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1

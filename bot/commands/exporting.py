"""`lotse export`: the published knowledge, or the draft, in open formats."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, timezone
from pathlib import Path

from bot.settings import Settings
from knowledge.release import Knowledge, Release, digest_of

_REASONS = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), "Es fehlen die Rechte, „{}“ zu schreiben."),
    errno.EROFS: "„{}“ liegt auf einem Datenträger, der nur gelesen werden kann.",
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "Für „{}“ ist kein Platz mehr auf dem Datenträger."),
    errno.EFBIG: "„{}“ würde größer, als das System erlaubt.",
    errno.ENAMETOOLONG: "Der Name „{}“ ist zu lang.",
}


class NotExported(Exception):
    """Nothing was written; the message says why, in German."""


def _xzufi(release: Release) -> bytes:
    from knowledge.exchange.xzufi import write_xzufi

    return write_xzufi(release.knowledge)


def _xlsx(release: Release) -> bytes:
    from knowledge.exchange.spreadsheet import write_xlsx

    return write_xlsx(release.knowledge)


def _csv(release: Release) -> Mapping[str, bytes]:
    from knowledge.exchange.spreadsheet import write_csv

    return write_csv(release.knowledge)


def _jsonld(release: Release) -> bytes:
    from knowledge.exchange.jsonld import write_jsonld

    return write_jsonld(release, date.today())


def _hsds(release: Release) -> Mapping[str, bytes]:
    from knowledge.exchange.hsds import write_hsds

    return write_hsds(release.knowledge, date.today())


def _vcard(release: Release) -> bytes:
    from knowledge.exchange.vcard import write_vcard

    return write_vcard(release, date.today())


def _ical(release: Release) -> bytes:
    from knowledge.exchange.ical import write_ical

    return write_ical(release, date.today())


def _dump(release: Release) -> bytes:
    from knowledge.exchange.dump import is_restorable, write_dump

    dump = write_dump(release.knowledge)
    if not is_restorable(dump):
        print("Diese Sicherung ist so groß, dass „lotse import dump“ sie nicht einliest.", file=sys.stderr)
    return dump


FILES: Mapping[str, Callable[[Release], bytes]] = {
    "xzufi": _xzufi,
    "xlsx": _xlsx,
    "jsonld": _jsonld,
    "vcard": _vcard,
    "ical": _ical,
    "dump": _dump,
}
"""Formats of one file."""

FOLDERS: Mapping[str, Callable[[Release], Mapping[str, bytes]]] = {"csv": _csv, "hsds": _hsds}
"""Formats of several files in a folder."""


def export_command(settings: Settings, format: str, path: Path, *, draft: bool = False) -> int:
    """Write the release in force, or the draft, in a format; exit code 1 when that fails, and then nothing has changed."""
    try:
        release = _draft(settings) if draft else _published(settings)
        check_target(path, folder=format in FOLDERS)
        if format in FOLDERS:
            files = FOLDERS[format](release)
            write_folder(path, files)
            size = sum(map(len, files.values()))
            written = f"{len(files)} Dateien nach „{path}“ geschrieben"
        else:
            data = FILES[format](release)
            write_file(path, data)
            size = len(data)
            written = f"„{path}“ geschrieben"
    except NotExported as error:
        print(error, file=sys.stderr)
        return 1
    origin = "Entwurf" if draft else f"Ausgabe {release.number} ({release.id})"
    print(f"{written}: {_size(size)}, {_contents(release.knowledge)}; {origin}.")
    return 0


def _published(settings: Settings) -> Release:
    from psycopg import Error as PostgresError

    from knowledge.store.published import read_published

    try:
        release = read_published(settings.database_url)
    except (sqlite3.Error, PostgresError, OSError, ValueError) as error:
        raise NotExported(_unreachable(error)) from error
    if release is None:
        raise NotExported("Es ist noch kein Wissen veröffentlicht, bitte zuerst „lotse import seed“ aufrufen.")
    return release


def _draft(settings: Settings) -> Release:
    from sqlalchemy.exc import SQLAlchemyError

    from knowledge.store.knowledge_store import open_knowledge

    try:
        knowledge = open_knowledge(settings.database_url).draft()
    except (SQLAlchemyError, OSError) as error:
        raise NotExported(_unreachable(error)) from error
    if knowledge == Knowledge():
        raise NotExported("Der Entwurf ist leer, bitte zuerst „lotse import“ aufrufen.")
    return Release(0, digest_of(knowledge), datetime.now(timezone.utc).isoformat(timespec="seconds"), knowledge)


def _unreachable(error: Exception) -> str:
    lines = str(getattr(error, "orig", error)).splitlines() or [type(error).__name__]
    return f"Die Datenbank ist nicht erreichbar oder beschädigt ({lines[0]})."


def check_target(path: Path, *, folder: bool) -> None:
    """Whether a file or a folder may be written there. Raises `NotExported`."""
    try:
        parent = path.resolve().parent
        if not parent.is_dir():
            raise NotExported(f"Den Ordner „{parent}“ gibt es nicht.")
        kind = path.stat().st_mode if path.exists() else None
    except (OSError, RuntimeError, ValueError) as error:
        raise NotExported(_reason(error, path)) from error
    if kind is None:
        return
    if folder and not stat.S_ISDIR(kind):
        raise NotExported(f"„{path}“ ist eine Datei; dieses Format braucht einen Ordner.")
    if not folder and stat.S_ISDIR(kind):
        raise NotExported(f"„{path}“ ist ein Ordner; dieses Format braucht eine Datei.")
    if not folder and not stat.S_ISREG(kind):
        raise NotExported(f"„{path}“ ist keine gewöhnliche Datei.")


def write_file(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all; one that exists is replaced and keeps its permissions. Raises `NotExported`."""
    target = path.resolve()
    temporary = ""
    try:
        temporary = _temporary(target, data)
        Path(temporary).replace(target)
    except OSError as error:
        raise NotExported(_reason(error, path)) from error
    finally:
        _remove(temporary)


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made if need be: a new folder appears at once with everything in it.

    In one that exists, nothing is replaced before every file is written; other files stay. Raises `NotExported`.
    """
    if wrong := [name for name in files if name in ("", "..") or Path(name).name != name]:
        raise ValueError(f"no file name: {wrong[0]!r}")
    target = path.resolve()
    try:
        if target.is_dir():
            _replace_in(target, files)
        else:
            _make(target, files)
    except OSError as error:
        raise NotExported(_reason(error, path)) from error


def _make(target: Path, files: Mapping[str, bytes]) -> None:
    made = Path(tempfile.mkdtemp(prefix=f".{target.name[:50]}.", dir=target.parent))
    try:
        for name, data in files.items():
            Path(_temporary(made / name, data)).replace(made / name)
        made.chmod(0o777 & ~_umask())
        made.rename(target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _replace_in(target: Path, files: Mapping[str, bytes]) -> None:
    written: dict[str, str] = {}
    try:
        for name, data in files.items():
            if (target / name).is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target / name))
            written[name] = _temporary(target / name, data)
        for name, temporary in written.items():
            Path(temporary).replace(target / name)
    finally:
        for temporary in written.values():
            _remove(temporary)


def _temporary(target: Path, data: bytes) -> str:
    """The data in a file beside the target, safely on disk."""
    # Its name has to be short: that of the target may be as long as a name can be.
    descriptor, name = tempfile.mkstemp(prefix=".lotse-", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
    except BaseException:
        _remove(name)
        raise
    return name


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _remove(name: str) -> None:
    if name:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, OSError) and error.errno in _REASONS:
        return _REASONS[error.errno].format(path) + " Es wurde nichts geändert."
    reason = getattr(error, "strerror", None) or error
    return f"„{path}“ lässt sich nicht schreiben ({reason}). Es wurde nichts geändert."


def _size(octets: int) -> str:
    """„12 KB“, „1,8 MB“."""
    if octets < 1_000_000:
        return f"{max(1, round(octets / 1000))} KB"
    return f"{octets / 1_000_000:.1f} MB".replace(".", ",")


def _contents(knowledge: Knowledge) -> str:
    return f"{len(knowledge.services)} Leistungen, {len(knowledge.offices)} Stellen, {len(knowledge.rules)} Regeln"

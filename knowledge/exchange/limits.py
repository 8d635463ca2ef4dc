"""Files from outside, read with bounds: how large they may be, and in which encoding they are."""

from __future__ import annotations

from pathlib import Path

from knowledge.exchange.reading import Note, Unreadable

MOST_BYTES = 64 * 1024 * 1024


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file. Raises `Unreadable` when it is missing, no file, empty, or larger than `most` bytes."""
    try:
        if not path.is_file():
            raise Unreadable(f"Die Datei „{path}“ gibt es nicht.")
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise Unreadable(f"Die Datei „{path}“ lässt sich nicht lesen ({error.strerror}).") from error
    if len(data) > most:
        raise Unreadable(f"Die Datei „{path}“ ist zu groß. Möglich sind {most // 1024**2} MB.")
    if not data.strip(b"\0 \r\n\t"):
        raise Unreadable(f"Die Datei „{path}“ ist leer.")
    return data


def decode(data: bytes, where: str) -> tuple[str, tuple[Note, ...]]:
    """Text in UTF-8 or UTF-16 (by its byte order mark), else in Windows-1252, which is reported as mended."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), ()
        except UnicodeDecodeError as error:
            raise Unreadable(f"Die Datei „{where}“ ist beschädigt (Byte {error.start}).") from error
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        wrong = error.start
    try:
        text = data.decode("windows-1252")
    except UnicodeDecodeError as error:
        raise Unreadable(f"Die Datei „{where}“ ist weder in UTF-8 noch in Windows-1252 gespeichert.") from error
    if "\0" in text:
        raise Unreadable(f"Die Datei „{where}“ ist kein Text.")
    return text, (Note(where, f"Die Datei ist in Windows-1252 gespeichert, nicht in UTF-8 (Byte {wrong})."),)

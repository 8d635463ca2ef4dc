"""`lotse export`: what is written, and that nothing is harmed when it cannot be."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.commands import exporting
from bot.commands.exporting import FILES, FOLDERS, NotExported, export_command, write_file, write_folder
from bot.settings import Settings
from knowledge.exchange.dump import read_dump
from knowledge.release import Knowledge
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import KnowledgeStore


@pytest.fixture(scope="module")
def small(knowledge: Knowledge) -> Knowledge:
    return Knowledge(knowledge.places[:3], knowledge.offices[:3], knowledge.services[:3], knowledge.rules[:3])


@pytest.fixture(scope="module")
def settings(small: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release of three services in force, and a draft without them."""
    var = tmp_path_factory.mktemp("var")
    found = Settings.from_environment({"LOTSE_VAR": str(var)})
    engine = connect(found.database_url)
    migrate(engine)
    store = KnowledgeStore(engine)
    store.replace_draft(small, "test")
    store.publish("test")
    store.replace_draft(Knowledge(small.places, small.offices), "test")
    engine.dispose()
    return found


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return Settings.from_environment({"LOTSE_VAR": str(tmp_path / "empty")})


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str, int], None]:
    """Makes a function of the system fail."""

    def make(where: Any, name: str, number: int) -> None:
        def failing(*_: Any, **__: Any) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(where, name, failing)

    return make


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_every_format_of_the_command_line_is_there() -> None:
    assert {*FILES, *FOLDERS} == set(cli.FORMATS)


@pytest.mark.parametrize(
    ("format", "start"), [("jsonld", b'{\n "@context"'), ("vcard", b"BEGIN:VCARD\r\n"), ("ical", b"BEGIN:VCALENDAR\r\n")]
)
def test_a_file(settings: Settings, format: str, start: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ziel"
    assert export_command(settings, format, path) == 0
    assert path.read_bytes().startswith(start)
    said = capsys.readouterr().out
    assert said.startswith(f"„{path}“ geschrieben: ")
    assert "3 Leistungen, 3 Stellen, 3 Regeln; Ausgabe 1 (1-" in said


def test_a_folder(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hsds"
    assert export_command(settings, "hsds", path) == 0
    assert "services.csv" in names(path)
    assert json.loads((path / "datapackage.json").read_bytes())["resources"]
    assert f"17 Dateien nach „{path}“ geschrieben" in capsys.readouterr().out


def test_a_dump_comes_back(settings: Settings, small: Knowledge, tmp_path: Path) -> None:
    assert export_command(settings, "dump", tmp_path / "lotse.json") == 0
    assert read_dump(tmp_path / "lotse.json").knowledge == small


def test_the_draft(settings: Settings, small: Knowledge, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export_command(settings, "dump", tmp_path / "lotse.json", draft=True) == 0
    assert read_dump(tmp_path / "lotse.json").knowledge == Knowledge(small.places, small.offices)
    assert capsys.readouterr().out.endswith("0 Leistungen, 3 Stellen, 0 Regeln; Entwurf.\n")
    assert export_command(settings, "ical", tmp_path / "ical", draft=True) == 0


@pytest.mark.parametrize(("draft", "reason"), [(False, "noch kein Wissen veröffentlicht"), (True, "Der Entwurf ist leer")])
def test_nothing_to_export(empty: Settings, draft: bool, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export_command(empty, "dump", tmp_path / "lotse.json", draft=draft) == 1
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "lotse.json").exists()


@pytest.mark.parametrize("draft", [False, True])
def test_a_broken_database(draft: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lotse.db").write_bytes(b"no database" * 1000)
    broken = Settings.from_environment({"LOTSE_VAR": str(tmp_path)})
    assert export_command(broken, "dump", tmp_path / "lotse.json", draft=draft) == 1
    assert "Die Datenbank ist nicht erreichbar oder beschädigt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("format", "target", "reason"),
    [
        ("dump", "fehlt/lotse.json", "Den Ordner „{}/fehlt“ gibt es nicht."),
        ("hsds", "fehlt/hsds", "Den Ordner „{}/fehlt“ gibt es nicht."),
        ("dump", "datei/lotse.json", "Den Ordner „{}/datei“ gibt es nicht."),
        ("dump", "ordner", "„{}/ordner“ ist ein Ordner; dieses Format braucht eine Datei."),
        ("hsds", "datei", "„{}/datei“ ist eine Datei; dieses Format braucht einen Ordner."),
        ("dump", "rohr", "„{}/rohr“ ist keine gewöhnliche Datei."),
        ("dump", "x" * 300, "Der Name „{}/" + "x" * 300 + "“ ist zu lang. Es wurde nichts geändert."),
    ],
)
def test_a_place_where_nothing_can_be(
    settings: Settings, format: str, target: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ordner").mkdir()
    (tmp_path / "datei").write_text("alt")
    os.mkfifo(tmp_path / "rohr")
    assert export_command(settings, format, tmp_path / target) == 1
    assert capsys.readouterr().err == reason.format(tmp_path) + "\n"
    assert names(tmp_path) == ["datei", "ordner", "rohr"]
    assert (tmp_path / "datei").read_text() == "alt"


def test_devices_are_not_replaced(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert export_command(settings, "vcard", Path(os.devnull)) == 1
    assert capsys.readouterr().err == "„/dev/null“ ist keine gewöhnliche Datei.\n"
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize(
    ("where", "name", "number", "reason"),
    [
        (os, "fsync", errno.ENOSPC, "Für „{}“ ist kein Platz mehr auf dem Datenträger."),
        (os, "fsync", errno.EDQUOT, "Für „{}“ ist kein Platz mehr auf dem Datenträger."),
        (os, "fsync", errno.EIO, "„{}“ lässt sich nicht schreiben (Input/output error)."),
        (tempfile, "mkstemp", errno.EACCES, "Es fehlen die Rechte, „{}“ zu schreiben."),
        (tempfile, "mkstemp", errno.EROFS, "„{}“ liegt auf einem Datenträger, der nur gelesen werden kann."),
        (Path, "replace", errno.EPERM, "Es fehlen die Rechte, „{}“ zu schreiben."),
    ],
)
@pytest.mark.parametrize("format", ["vcard", "hsds"])
@pytest.mark.parametrize("exists", [False, True])
def test_what_was_there_stays_when_writing_fails(
    settings: Settings,
    fails: Callable[[Any, str, int], None],
    where: Any,
    name: str,
    number: int,
    reason: str,
    format: str,
    exists: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path / "ziel"
    old = target / "services.csv" if format == "hsds" else target
    if exists:
        old.parent.mkdir(exist_ok=True)
        old.write_text("alt")
    fails(where, name, number)
    assert export_command(settings, format, target) == 1
    assert capsys.readouterr().err == f"{reason.format(target)} Es wurde nichts geändert.\n"
    assert names(tmp_path) == (["ziel"] if exists else [])
    if exists:
        assert old.read_text() == "alt"
        assert names(old.parent) == [old.name]


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("alt")
    path.chmod(0o640)
    write_file(path, b"neu")
    assert path.read_bytes() == b"neu"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_may_be_read_as_far_as_the_mask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a.json", b"neu")
        write_folder(tmp_path / "b", {"c.csv": b""})
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.json", "b", "b/c.csv")]
    assert modes == [0o640, 0o750, 0o640]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "heute.json").write_text("alt")
    link = tmp_path / "aktuell.json"
    link.symlink_to("heute.json")
    write_file(link, b"neu")
    assert link.is_symlink()
    assert (tmp_path / "heute.json").read_bytes() == b"neu"


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    write_file(tmp_path / ("ü" * 127), b"neu")
    write_folder(tmp_path / ("ö" * 127), {"a": b"neu"})
    assert len(names(tmp_path)) == 2


def test_other_files_of_a_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "notizen.txt").write_text("bleibt")
    (tmp_path / "a.csv").write_text("alt")
    write_folder(tmp_path, {"a.csv": b"neu", "b.csv": b"neu"})
    assert names(tmp_path) == ["a.csv", "b.csv", "notizen.txt"]
    assert (tmp_path / "a.csv").read_bytes() == b"neu"


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(NotExported, match="Is a directory"):
        write_folder(tmp_path, {"a.csv": b"neu", "b.csv": b"neu"})
    assert names(tmp_path) == ["b.csv"]


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "a/b.csv", "", ".."])
def test_files_stay_in_their_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no file name"):
        write_folder(tmp_path / "ziel", {name: b""})
    assert names(tmp_path) == []


def test_a_dump_that_is_too_large_says_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("knowledge.exchange.limits.MOST_JSON_VALUES", 10)
    assert export_command(settings, "dump", tmp_path / "lotse.json") == 0
    assert "„lotse import dump“ sie nicht einliest" in capsys.readouterr().err


@pytest.mark.parametrize(("octets", "text"), [(0, "1 KB"), (12_345, "12 KB"), (1_799_252, "1,8 MB")])
def test_sizes(octets: int, text: str) -> None:
    assert exporting._size(octets) == text


def test_from_the_command_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli.Settings, "from_environment", lambda: settings)
    assert cli.run(["export", "vcard", str(tmp_path / "stellen.vcf")]) == 0
    assert (tmp_path / "stellen.vcf").exists()
    assert cli.run(["export", "pdf", str(tmp_path / "x")]) == 2
    assert "Das Format „pdf“ kenne ich nicht" in capsys.readouterr().err

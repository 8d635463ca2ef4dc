"""Files that were made to do harm, or were damaged on the way: refused with a reason, or read; never more than 256 MiB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from knowledge.exchange.dldb import read_dldb
from knowledge.exchange.leika import read_leika
from knowledge.exchange.limits import MOST_NOTES, MOST_TEXT_BYTES, Notes, clean_text, csv_rows, load_json, one_line, read_bytes
from knowledge.exchange.markup import read_markup
from knowledge.exchange.reading import Unreadable
from knowledge.release import Knowledge, digest_of

SERVICE = '{"data": [{"id": "7", "name": "Reisepass", "locations": [{"location": "1"}]}]}'
LOCATION = '{"data": [{"id": "1", "name": "Amt"}]}'
LEIKA = "leika_key,name\n99012001001000,Abbruchgenehmigung für Häuser\n"
MIB = 1024 * 1024


def services(path: Path) -> tuple[Any, ...]:
    """Read a file as `services_de.json`, or as a LeiKa list when it is called so."""
    if path.name == "leika.csv":
        return read_leika(path, Knowledge()).refused
    (path.parent / "locations_de.json").write_text(LOCATION, "utf-8")
    return read_dldb(path.parent).knowledge.services


@pytest.fixture(params=["services_de.json", "leika.csv"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def content(path: Path) -> str:
    return LEIKA if path.suffix == ".csv" else SERVICE.replace("Reisepass", "Pässe")


def nothing(path: Path) -> None:
    pass


def folder(path: Path) -> None:
    path.mkdir()


def empty(path: Path) -> None:
    path.touch()


def gigabyte(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1024 * MIB)


def zeros(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MIB)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path.with_suffix(".2"))
    path.with_suffix(".2").symlink_to(path)


def nowhere(path: Path) -> None:
    path.symlink_to(path.parent / "nirgends")


@pytest.mark.parametrize("make", [nothing, folder, empty, gigabyte, zeros, pipe, device, loop, nowhere])
def test_what_is_no_file_to_read(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(Unreadable, match=path.name):
        services(path)


def test_no_permission(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(content(path), "utf-8")
    path.chmod(0)
    # Root may read everything.
    monkeypatch.setattr("knowledge.exchange.limits.os.open", _denied)
    with pytest.raises(Unreadable, match="lässt sich nicht lesen"):
        services(path)


def _denied(*_: Any) -> int:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "", "/dev/zero", "/dev/stdin"])
def test_names_that_are_no_paths(name: str) -> None:
    for read in (read_dldb, lambda each: read_leika(each, Knowledge())):
        with pytest.raises(Unreadable):
            read(Path(name))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_encodings_that_can_be_read(path: Path, encoding: str) -> None:
    path.write_bytes(content(path).encode(encoding))
    found = services(path)
    assert [each.name for each in found] == (["Pässe"] if path.suffix == ".json" else [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_that_cannot(path: Path, encoding: str) -> None:
    path.write_bytes(content(path).encode(encoding))
    with pytest.raises(Unreadable, match=path.name):
        services(path)


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00\xd8", b"\x81\x8d\x8f", b"\xff\xfe{", bytes(range(256)), b"PK\x03\x04" + bytes(64)]
)
def test_bytes_that_are_no_text(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=path.name):
        services(path)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "[" * 200_000 + "]" * 200_000,
        '{"data": ' * 200_000 + "1" + "}" * 200_000,
        '{"data": [' + "9" * 101 + "]}",
        '{"data": [' + "9" * 1_000_000 + "]}",
        '{"data": [1e999]}',
        '{"data": [NaN]}',
        '{"data": [-Infinity]}',
        '{"data": [], "data": []}',
        '{"data": [{"id": "7", "id": "8", "name": "x"}]}',
        '{"data": [{"id": "7", "name": "x"}]',
        '{"data": [{"id": "7", "name": "x"}]} {}',
        "{'data': []}",
        '{"data": [' + "[]," * 500_000 + "[]]}",
        '{"data": [' + "1," * 10_001 + "1]}",
    ],
    ids=lambda text: text[:20],
)
def test_json_that_is_none_or_too_much(tmp_path: Path, text: str) -> None:
    (tmp_path / "services_de.json").write_text(text, "utf-8")
    with pytest.raises(Unreadable):
        services(tmp_path / "services_de.json")


def test_many_tags_are_too_many(tmp_path: Path) -> None:
    rows = [{"id": key, "name": "x", "description": "<i>" * 6_000} for key in range(40)]
    (tmp_path / "services_de.json").write_text(json.dumps({"data": rows}), "utf-8")
    with pytest.raises(Unreadable, match="HTML-Auszeichnungen"):
        services(tmp_path / "services_de.json")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_SERVICE_FIELDS = (
    "description fees leika meta forms links legal prerequisites requirements appointment onlineprocessing locations "
    "relation hint responsibility process_time public"
).split()
_LOCATION_FIELDS = (
    "displayName displayNameAlternatives organization organizationUnit address geo contact opening_times services note "
    "payment accessibility meta public"
).split()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    service=st.dictionaries(st.sampled_from(_SERVICE_FIELDS), _json, max_size=5),
    location=st.dictionaries(st.sampled_from(_LOCATION_FIELDS), _json, max_size=5),
)
@example(service={"locations": {"location": "1"}}, location={"opening_times": {"monday": [{"from": None}]}})
@example(service={"forms": [{"link": ["x"], "name": {}}]}, location={"geo": {"lat": [], "lon": {}}})
@example(service={"name": "\ud800"}, location={"address": {"street": "\ud83d", "house_number": True}})
def test_any_value_in_any_field(tmp_path: Path, service: dict[str, Any], location: dict[str, Any]) -> None:
    rows = {
        "services_de.json": {"id": "7", "name": "Pass", **service},
        "locations_de.json": {"id": "1", "name": "Amt", **location},
    }
    for name, row in rows.items():
        (tmp_path / name).write_text(json.dumps({"data": [row]}), "utf-8")
    try:
        knowledge = read_dldb(tmp_path).knowledge
    except Unreadable:
        assert service.get("name") == "\ud800"
        return
    assert digest_of(knowledge)
    assert len(knowledge.offices) == len(knowledge.services) == 1


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="<>/abipulr \n&;\"'!-=hef", max_size=60))
def test_any_html(html: str) -> None:
    for block in read_markup(html).blocks:
        assert block.text == " ".join(block.text.split())


def test_control_characters_go(tmp_path: Path) -> None:
    name = "Rei\u202es\u0000e\u200bpa\u2066ss\ud800\U000e0041"
    rows = [{"id": "7", "name": name, "description": "Eins\u0007.\u202e Zwei."}]
    (tmp_path / "services_de.json").write_text(json.dumps({"data": rows}), "utf-8")
    (tmp_path / "locations_de.json").write_text(LOCATION, "utf-8")
    reading = read_dldb(tmp_path)
    assert [(each.name, each.short) for each in reading.knowledge.services] == [("Reisepass", "Eins. Zwei.")]
    assert {(note.where, note.message) for note in reading.mended} == {
        ("services[0].name", "Steuerzeichen entfernt."),
        ("services[0].description", "Steuerzeichen entfernt."),
    }


def test_long_texts_are_cut_and_named(tmp_path: Path) -> None:
    rows = [{"id": "7", "name": "x" * 1_000_000, "description": "Wort " * 200_000}]
    (tmp_path / "services_de.json").write_text(json.dumps({"data": rows}), "utf-8")
    (tmp_path / "locations_de.json").write_text(LOCATION, "utf-8")
    reading = read_dldb(tmp_path)
    (service,) = reading.knowledge.services
    assert (len(service.slug), len(service.name)) == (100, 300)
    assert service.short.endswith(" …")
    assert len(service.short) < 1_000
    assert {note.where for note in reading.mended} == {"services[0].name", "services[0].description"}


def test_clean_text() -> None:
    notes = Notes()
    assert clean_text("a\r\nb\rc\u2028d\te\u00a0f", "x", notes) == "a\nb\nc\nd\te\u00a0f"
    assert notes.all() == ()
    assert clean_text("abc", "x", notes, 2) == "ab"
    assert one_line(" a\n b ", "y", notes) == "a b"
    assert [str(note) for note in notes.all()] == [
        "x: Der Text ist zu lang und wurde nach 2 Zeichen gekürzt.",
        "y: Überflüssige Leerzeichen entfernt.",
    ]


def test_notes_do_not_grow_without_end() -> None:
    notes = Notes()
    for number in range(MOST_NOTES + 3):
        notes.add(f"Zeile {number}", "Falsch." if number else "Anders.")
    notes.add("Zeile 1", "Falsch.")
    assert len(notes.all()) == MOST_NOTES + 1
    assert notes.all()[-1].message == "Dazu kommen 3 weitere Meldungen."
    assert notes.rare_first()[0].message == "Anders."


def test_rows_know_their_line() -> None:
    text = 'a;b\n\n"x\ny";2\n ; \n3;4'
    assert list(csv_rows(text, "t")) == [(1, ["a", "b"]), (3, ["x\ny", "2"]), (6, ["3", "4"])]
    assert list(csv_rows("a,b\r1,2", "t")) == [(1, ["a", "b"]), (2, ["1", "2"])]
    for wrong in ("a\n" + '"' + "x\n" * 100_000, "," * 1_000_001, '"\n",' * 400_000):
        with pytest.raises(Unreadable):
            list(csv_rows(wrong, "t"))


def test_a_sound_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": [1, -2.5, "ä", null, true]}', "utf-8")
    assert load_json(tmp_path / "a.json") == ({"a": [1, -2.5, "ä", None, True]}, ())
    assert read_bytes(tmp_path / "a.json", 100).startswith(b"{")
    with pytest.raises(Unreadable, match="zu groß"):
        read_bytes(tmp_path / "a.json", 10)


_MEASURED = """
import resource, sys
from pathlib import Path
from knowledge.exchange.dldb import read_dldb
from knowledge.exchange.leika import read_leika
from knowledge.exchange.reading import Unreadable
from knowledge.release import Knowledge

resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
path = Path(sys.argv[1])
try:
    read_dldb(path.parent) if path.suffix == ".json" else read_leika(path, Knowledge())
except Unreadable:
    pass
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""


def _full(start: str, filling: str, end: str = "") -> bytes:
    """Text of nearly as many bytes as a text may have."""
    room = MOST_TEXT_BYTES - len((start + end).encode()) - 1
    return (start + filling * (room // len(filling.encode())) + end).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("services_de.json", lambda: _full('{"data": [{"id": 7, "name": "', "x", '😀"}]}')),
        ("services_de.json", lambda: _full('{"data": [', "[],", "[]]}")),
        ("leika.csv", lambda: _full("leika_key,name\n99012001000000,", "x", "😀")),
    ],
    ids=["a wide character", "many values", "a wide row"],
)
@pytest.mark.slow
def test_memory_and_time_have_bounds(tmp_path: Path, name: str, data: Callable[[], bytes]) -> None:
    (tmp_path / name).write_bytes(data())
    (tmp_path / "locations_de.json").write_text(LOCATION, "utf-8")
    run = subprocess.run([sys.executable, "-c", _MEASURED, str(tmp_path / name)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 256

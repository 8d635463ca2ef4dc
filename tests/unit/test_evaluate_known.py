"""The list of questions that are known not to be passed yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import UsageError
from bot.commands.evaluation.known import compare_known, read_known, write_known
from bot.commands.evaluation.results import Result
from tests.evaluated import result


def passed(name: str) -> Result:
    return result("answer", name=name)


def missed(name: str) -> Result:
    return result("fallback", None, name=name)


def test_an_id_a_line_with_a_comment(tmp_path: Path) -> None:
    path = tmp_path / "bekannt.txt"
    path.write_text("\ufeff# Kopf\n\na1\na2 # Dialekt\n#a3\n  a4#5\t# Raute in der Kennung \r\n", "utf-8")
    assert read_known(path) == {"a1": "", "a2": "Dialekt", "a4#5": "Raute in der Kennung"}


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lässt sich nicht lesen"):
        read_known(tmp_path / "fehlt.txt")


def test_against_the_list() -> None:
    compared = compare_known([passed("a"), missed("b"), missed("d"), passed("e")], ["c", "b", "a"])
    assert (compared.passing, compared.unlisted, compared.not_asked, compared.listed) == (("a",), ("d",), ("c",), 3)


@pytest.mark.parametrize(
    ("results", "code", "strict_code"),
    [
        ([missed("a")], False, False),
        ([missed("a"), passed("b")], False, False),
        ([passed("a")], True, True),
        ([missed("a"), missed("b")], False, True),
        ([passed("b")], False, False),
    ],
)
def test_when_the_list_does_not_hold(results: list[Result], code: bool, strict_code: bool) -> None:
    compared = compare_known(results, ["a"])
    assert (compared.failed(strict=False), compared.failed(strict=True)) == (code, strict_code)


def test_writing_and_reading_again(tmp_path: Path) -> None:
    path = tmp_path / "bekannt.txt"
    write_known(path, [missed("b"), passed("a"), missed("c#1")], {"b": "von Hand", "a": "nicht mehr"})
    assert path.read_text("utf-8").splitlines()[1:] == ["b  # von Hand", "c#1  # ?"]
    assert list(read_known(path)) == ["b", "c#1"]


@pytest.mark.parametrize("name", ["#a", "a #b", "a\nb", "a\n#b"])
def test_an_id_that_no_list_can_hold(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="kann in keiner Liste stehen"):
        write_known(tmp_path / "bekannt.txt", [missed(name)], {})
    assert not (tmp_path / "bekannt.txt").exists()

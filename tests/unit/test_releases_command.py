"""`lotse publish`, `rollback`, `releases`, `diff`, `preview` as somebody at a terminal sees them."""

from __future__ import annotations

import getpass
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli import run
from knowledge.model import Office, OfficeType, Place, Rule, Service
from knowledge.release import Knowledge, Release
from knowledge.store.database import connect, migrate
from knowledge.store.knowledge_store import KnowledgeStore

TODAY = date.today()
LATER = TODAY + timedelta(days=40)
PLACES = (Place("091990111111", "09199111", "Lindenau", "stadt"), Place("091990115115", "09199115", "Wallersbach", "markt"))
OFFICES = (
    Office("kasse", "kasse", "gemeinde", "Kasse", phone="+49 89 99998001"),
    Office("amt", "kasse", "gemeinde", "Steueramt", phone="+49 89 99998002"),
)
SERVICE = Service("hund", "Hundesteuer anmelden", "citizen", "gemeinde", "kasse", "Tiere", short="Für Hunde.")
RULES = (
    Rule("R1", "hund", "kasse", "zustaendig", "belegt", "Die Kasse.", "kasse"),
    Rule("R2", "hund", "amt", "zustaendig", "belegt", "Das Amt.", "kasse", PLACES[1].ars, valid_from=LATER),
)
KNOWLEDGE = Knowledge(PLACES, OFFICES, (SERVICE,), RULES, office_types=(OfficeType("kasse", "Kasse", "gemeinde"),))
MOVED = replace(KNOWLEDGE, offices=(replace(OFFICES[0], phone="+49 89 99998003"), OFFICES[1]))


class Terminal:
    """Runs commands on a database of its own."""

    def __init__(self, var: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.var = var
        self._capture = capture
        self.engine = connect(f"sqlite:///{var / 'lotse.db'}")
        self.store = KnowledgeStore(self.engine)

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, what was said, and what was said about errors."""
        code = run(arguments)
        said = self._capture.readouterr()
        return code, said.out, said.err

    def json(self, *arguments: str) -> Any:
        code, said, errors = self(*arguments, "--json")
        assert (code, errors) == (0, "")
        return json.loads(said)

    @property
    def release_file(self) -> Release:
        return Release.from_json((self.var / "release.json").read_bytes())


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "lotse.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def lotse(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    monkeypatch.setenv("LOTSE_VAR", str(tmp_path))
    monkeypatch.delenv("LOTSE_DATABASE_URL", raising=False)
    monkeypatch.setattr(getpass, "getuser", lambda: "anna")
    shutil.copy(empty, tmp_path / "lotse.db")
    terminal = Terminal(tmp_path, capsys)
    yield terminal
    terminal.engine.dispose()


@pytest.fixture
def no_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.checks.check", lambda release: [])


@pytest.fixture
def published(lotse: Terminal, no_findings: None) -> Terminal:
    """Release 1 is in force, and the draft says the same."""
    lotse.store.replace_draft(KNOWLEDGE, "anna")
    assert lotse("publish", "--note", "Erste")[0] == 0
    return lotse


class TestPublish:
    def test_a_new_release(self, lotse: Terminal, no_findings: None) -> None:
        lotse.store.replace_draft(KNOWLEDGE, "anna")
        code, said, errors = lotse("publish", "--note", "Erste")
        release = lotse.store.release()
        assert release and release.knowledge == KNOWLEDGE
        assert (code, said, errors) == (0, f"Ausgabe 1 ist veröffentlicht ({release.id}).\n", "")
        assert lotse.release_file == release
        assert [(each.actor, each.note) for each in lotse.store.releases()] == [("anna", "Erste")]
        assert {path.name for path in lotse.var.iterdir()} >= {"release.json", "lotse.db"}
        assert not list(lotse.var.glob(".release-*"))

    def test_nothing_new(self, published: Terminal) -> None:
        code, said, _ = published("publish")
        assert code == 0 and said.startswith("Ausgabe 1 ist unverändert in Kraft (1-")

    def test_errors_forbid_it(self, lotse: Terminal) -> None:
        lotse.store.replace_draft(replace(KNOWLEDGE, rules=()), "anna")
        before = lotse.store.audit()
        code, said, errors = lotse("publish")
        assert (code, said) == (1, "")
        assert "hund: " in errors and errors.endswith(" Fehler. Es wurde nichts veröffentlicht.\n")
        assert (lotse.store.releases(), lotse.store.audit()) == ([], before)
        assert not (lotse.var / "release.json").exists()

    def test_hints_do_not(self, lotse: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        from knowledge.checks import ERROR, HINT, Finding

        found = [Finding(HINT, "hund", "Zu kurz.")]
        monkeypatch.setattr("knowledge.checks.check", lambda release: found)
        lotse.store.replace_draft(KNOWLEDGE, "anna")
        assert lotse("publish")[0] == 0
        lotse.store.replace_draft(MOVED, "anna")
        found += [Finding(ERROR, f"hund{number}", "Falsch.") for number in range(60)]
        code, _, errors = lotse("publish")
        lines = errors.splitlines()
        assert code == 1 and lines[0] == "hund0: Falsch." and len(lines) == 52
        assert lines[-2:] == ["… und 10 weitere.", "60 Fehler. Es wurde nichts veröffentlicht."]

    def test_a_release_file_that_cannot_be_written_is_told(self, lotse: Terminal, no_findings: None) -> None:
        (lotse.var / "release.json").mkdir()
        lotse.store.replace_draft(KNOWLEDGE, "anna")
        code, said, errors = lotse("publish")
        assert code == 0 and said.startswith("Ausgabe 1 ist veröffentlicht")
        assert errors.startswith("Veröffentlicht, aber ") and "release.json war nicht zu schreiben" in errors
        assert not list(lotse.var.glob(".release-*"))

    def test_a_user_without_a_name(self, lotse: Terminal, no_findings: None, monkeypatch: pytest.MonkeyPatch) -> None:
        def nobody() -> str:
            raise KeyError("getpwuid(): uid not found: 4711")

        monkeypatch.setattr(getpass, "getuser", nobody)
        lotse("publish")
        assert lotse.store.releases()[0].actor == "Kommandozeile"


class TestImport:
    """Publishing at the end of an import."""

    @pytest.fixture
    def reading(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Knowledge], str]:
        from bot.commands import importing
        from knowledge.exchange.reading import Reading

        def gives(knowledge: Knowledge) -> str:
            monkeypatch.setitem(importing.READERS, "dldb", lambda *_: Reading(knowledge, "dldb"))
            return str(tmp_path)

        return gives

    def test_errors_leave_it_in_the_draft(self, lotse: Terminal, reading: Callable[[Knowledge], str]) -> None:
        code, said, errors = lotse("import", "dldb", reading(replace(KNOWLEDGE, rules=())), "--publish")
        assert code == 1 and said.startswith("6 neu, 0 geändert")
        assert errors.endswith("Es wurde nichts veröffentlicht.\nDas Eingelesene steht im Entwurf.\n")
        assert lotse.store.releases() == [] and lotse.store.draft().services == (SERVICE,)

    def test_without_errors(self, lotse: Terminal, reading: Callable[[Knowledge], str], no_findings: None) -> None:
        code, said, errors = lotse("import", "dldb", reading(KNOWLEDGE), "--publish")
        assert (code, errors) == (0, "") and "Ausgabe 1 ist veröffentlicht (1-" in said
        assert lotse.release_file.knowledge == KNOWLEDGE

    def test_what_cannot_be_stored(self, lotse: Terminal, reading: Callable[[Knowledge], str]) -> None:
        broken = replace(KNOWLEDGE, services=(replace(SERVICE, short="\ud83d"),))
        code, said, errors = lotse("import", "dldb", reading(broken))
        assert (code, said) == (1, "") and errors.startswith("„hund“ enthält Zeichen oder Zahlen, die es nicht gibt")
        assert lotse.store.draft() == Knowledge()


class TestRollback:
    def test_the_old_content_under_a_new_number(self, published: Terminal) -> None:
        published.store.replace_draft(MOVED, "anna")
        published("publish")
        code, said, errors = published("rollback", "1", "--note", "Versehen")
        assert (code, errors) == (0, "")
        assert said.startswith("Ausgabe 3 ist veröffentlicht (3-") and "mit dem Inhalt von Ausgabe 1." in said
        assert "Der Entwurf bleibt, wie er ist." in said
        assert published.release_file.knowledge == KNOWLEDGE and published.release_file.number == 3
        assert published.store.draft() == MOVED
        assert [line.split()[0] for line in published("releases")[1].splitlines()] == ["3", "2", "1"]

    def test_to_what_is_in_force(self, published: Terminal) -> None:
        code, said, _ = published("rollback", "1")
        assert (code, said) == (0, "Ausgabe 1 ist in Kraft und sagt dasselbe wie Ausgabe 1; es bleibt dabei.\n")

    @pytest.mark.parametrize(("number", "said"), [("7", "Die Ausgabe 7 gibt es nicht."), ("0", "Die Ausgabe 0 gibt es nicht.")])
    def test_to_nothing(self, published: Terminal, number: str, said: str) -> None:
        assert published("rollback", number) == (2, "", f"{said}\n")

    @pytest.mark.parametrize("arguments", [(), ("eins",), ("1", "2")])
    def test_wrong_use(self, lotse: Terminal, arguments: tuple[str, ...]) -> None:
        code, said, errors = lotse("rollback", *arguments)
        assert (code, said, errors.count("\n")) == (2, "", 1)


class TestReleases:
    def test_the_list(self, published: Terminal) -> None:
        published.store.replace_draft(MOVED, "anna")
        published("publish")
        published("rollback", "1")
        code, said, _ = published("releases")
        third, second, first = said.splitlines()
        digest = published.store.releases()[0].digest[:12]
        assert code == 0
        assert third.startswith(f"   3  {digest}  ") and third.endswith("  anna  Inhalt von Ausgabe 1  in Kraft")
        assert second.endswith("  anna") and first.endswith("  anna  Erste")

    def test_for_machines(self, published: Terminal) -> None:
        (only,) = published.json("releases")
        assert {key: only[key] for key in ("number", "actor", "note", "based_on")} == {
            "number": 1,
            "actor": "anna",
            "note": "Erste",
            "based_on": None,
        }
        assert len(only["digest"]) == 64

    def test_before_the_first(self, lotse: Terminal) -> None:
        assert lotse("releases") == (0, "Es ist noch nichts veröffentlicht.\n", "")
        assert lotse.json("releases") == []


class TestDiff:
    PHONE = "Stelle „Kasse“: Telefon geändert von „+49 89 99998001“ zu „+49 89 99998003“\n"

    def test_in_force_and_draft(self, published: Terminal) -> None:
        assert published("diff")[1] == "Kein Unterschied zwischen Ausgabe 1 und dem Entwurf.\n"
        published.store.replace_draft(MOVED, "anna")
        assert published("diff") == (0, f"{self.PHONE}Ein Unterschied zwischen Ausgabe 1 und dem Entwurf.\n", "")
        assert published("diff", "1") == published("diff")

    def test_two_releases(self, published: Terminal) -> None:
        published.store.replace_draft(replace(MOVED, rules=RULES[:1]), "anna")
        published("publish")
        code, said, _ = published("diff", "1", "2")
        assert code == 0 and said == (
            f"{self.PHONE}Regel R2 (Hundesteuer anmelden, Wallersbach): entfernt\n"
            "2 Unterschiede zwischen Ausgabe 1 und Ausgabe 2.\n"
        )
        assert "Regel R2 (Hundesteuer anmelden, Wallersbach): neu\n" in published("diff", "2", "1")[1]

    def test_another_order(self, published: Terminal) -> None:
        published.store.replace_draft(replace(KNOWLEDGE, offices=OFFICES[::-1]), "anna")
        assert published("diff")[1] == (
            "Kein Unterschied zwischen Ausgabe 1 und dem Entwurf; nur die Reihenfolge der Einträge ist anders.\n"
        )

    def test_for_machines(self, published: Terminal) -> None:
        published.store.replace_draft(MOVED, "anna")
        (only,) = published.json("diff")
        assert (only["kind"], only["key"], only["action"], only["field"]) == ("offices", "kasse", "changed", "phone")
        assert (only["old"], only["new"]) == ("+49 89 99998001", "+49 89 99998003")

    def test_numbers_that_do_not_exist(self, published: Terminal) -> None:
        assert published("diff", "1", "9") == (2, "", "Die Ausgabe 9 gibt es nicht; „lotse releases“ zeigt alle.\n")

    def test_before_the_first_release(self, lotse: Terminal) -> None:
        assert lotse("diff")[0] == 2


class TestPreview:
    SHIFT = f"Ab {LATER:%d.%m.%Y}: Hundesteuer anmelden in Wallersbach: Steueramt statt Kasse\n"

    def test_what_changes_until_a_day(self, published: Terminal) -> None:
        assert published("preview", "--on", LATER.isoformat()) == (0, self.SHIFT, "")
        before = LATER - timedelta(days=1)
        code, said, _ = published("preview", "--on", before.isoformat())
        assert (code, said) == (0, f"Bis zum {before:%d.%m.%Y} ändert sich keine Antwort.\n")

    def test_with_the_draft(self, published: Terminal) -> None:
        rules = (replace(RULES[0], office="amt"), RULES[1])
        published.store.replace_draft(replace(KNOWLEDGE, rules=rules), "anna")
        assert published("preview", "--draft") == (
            0,
            "Mit der Veröffentlichung: Hundesteuer anmelden überall: Steueramt statt Kasse\n",
            "",
        )
        assert published("preview", "--on", LATER.isoformat())[1] == self.SHIFT

    def test_for_machines(self, published: Terminal) -> None:
        (only,) = published.json("preview", "--on", LATER.isoformat())
        assert (only["service"], only["old"], only["new"]) == ("hund", "Kasse", "Steueramt")
        assert (only["since"], only["places"], only["text"]) == (LATER.isoformat(), ["Wallersbach"], self.SHIFT.strip())

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ([], "Es fehlt: --on."),
            (["--on", "morgen"], "„morgen“ ist kein Tag, richtig wäre zum Beispiel 2027-01-31."),
            (["--on", TODAY.isoformat()], f"Der Tag muss nach heute sein, nicht {TODAY:%d.%m.%Y}."),
            (["--on", "2020-01-01", "--draft"], "Der Tag muss heute oder später sein, nicht 01.01.2020."),
        ],
    )
    def test_wrong_use(self, published: Terminal, arguments: list[str], said: str) -> None:
        assert published("preview", *arguments) == (2, "", f"{said}\n")


def test_resolving_with_the_draft(published: Terminal) -> None:
    published.store.replace_draft(replace(KNOWLEDGE, rules=(replace(RULES[0], office="amt"), RULES[1])), "anna")
    assert published.json("resolve", "hund", "--place", "Lindenau")["offices"][0]["id"] == "kasse"
    drafted = published.json("resolve", "hund", "--place", "Lindenau", "--draft")
    assert drafted["offices"][0]["id"] == "amt" and drafted["release"].startswith("0-")


def test_a_database_that_is_none(lotse: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    (lotse.var / "broken.db").write_bytes(b"no database at all " * 100)
    monkeypatch.setenv("LOTSE_DATABASE_URL", f"sqlite:///{lotse.var / 'broken.db'}")
    for command in (["releases"], ["publish"], ["rollback", "1"], ["diff"], ["preview", "--draft"]):
        code, said, errors = lotse(*command)
        assert (code, said) == (1, "") and errors.startswith("Die Datenbank ist nicht erreichbar oder voll (")
    assert lotse("resolve", "hund", "--draft")[0] == 2

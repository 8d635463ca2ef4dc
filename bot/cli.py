"""The command line. Heavy imports happen inside the commands: `lotse resolve` has to answer in half a second."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from bot.settings import Settings, SettingsError

WRONG_USE = 2
SOURCES = ("seed", "dldb", "xzufi", "tabelle", "leika", "gemeinden", "plz", "dump")
FORMATS = ("xzufi", "csv", "xlsx", "jsonld", "hsds", "vcard", "ical", "dump")
USER_ACTIONS = ("add", "list", "password", "deactivate")


class UsageError(Exception):
    """Wrong use; the message is one German sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(_in_german(message))


_GERMAN = (
    ("the following arguments are required: ", "Es fehlt: {}."),
    ("unrecognized arguments: ", "Diese Angabe kenne ich nicht: {}."),
)


def _in_german(message: str) -> str:
    for start, sentence in _GERMAN:
        if message.startswith(start):
            return sentence.format(message.removeprefix(start))
    subject = message.removeprefix("argument ").partition(":")[0]
    return f"Die Angabe {subject} stimmt nicht; „lotse --help“ zeigt, was möglich ist."


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code: 0 done, 1 failed, 2 wrong use."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run a command; its exit code. Wrong use prints one German sentence to stderr and gives 2."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(Settings.from_environment(), options))
    except (UsageError, SettingsError) as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="lotse", description="Wer ist zuständig? Lotse sagt es.", add_help=True)
    commands = parser.add_subparsers(metavar="BEFEHL", required=True, parser_class=_Parser)

    def command(name: str, run: Callable[[Settings, argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    ask = command("ask", _ask, "eine Frage stellen")
    ask.add_argument("text", metavar="TEXT")
    _add_facts(ask)
    ask.add_argument("--language", choices=("de", "en", "de-simple"), help="Sprache der Antwort (sonst die der Frage)")
    resolve = command("resolve", _resolve, "die zuständige Stelle einer Leistung bestimmen")
    resolve.add_argument("service", metavar="LEISTUNG")
    _add_facts(resolve)
    resolve.add_argument("--district", metavar="ORTSTEIL", help="Ortsteil oder Straßenklasse")
    resolve.add_argument("--value", metavar="EUR", help="Auftragswert netto")
    resolve.add_argument("--draft", action="store_true", help="den Entwurf statt der veröffentlichten Ausgabe")
    evaluate = command("evaluate", _evaluate, "Fragen aus einer Datei stellen und zählen, was stimmt")
    evaluate.add_argument("files", metavar="DATEI", nargs="+", type=Path, help="JSONL, eine Frage je Zeile")
    evaluate.add_argument("--services", action="store_true", help="auch je Leistung, und womit sie verwechselt wird")
    evaluate.add_argument("--model", metavar="MODELL", type=Path, help="dieses Sprachmodell (Vorgabe: das neueste)")
    evaluate.add_argument("--against", metavar="MODELL", type=Path, help="mit diesem Sprachmodell vergleichen")
    evaluate.add_argument("--svg", metavar="BILD", type=Path, help="zeichnen, ob Lotse so oft recht hat, wie er sicher ist")
    evaluate.add_argument("--known", metavar="LISTE", type=Path, help="Kennungen der Fragen, die noch nicht bestanden werden")
    evaluate.add_argument("--strict", action="store_true", help="keine Fehler außer den bekannten dulden")
    evaluate.add_argument("--write-known", action="store_true", help="die Liste der bekannten Fehler schreiben")
    evaluate.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    command("train", _train, "das Sprachmodell trainieren")
    serve = command("serve", _serve, "den Dienst starten")
    serve.add_argument("--host", help="Adresse (Vorgabe 127.0.0.1)")
    serve.add_argument("--port", type=int, help="Port (Vorgabe 8080)")
    command("mcp", _mcp, "Auskünfte für einen Assistenten auf diesem Rechner (Model Context Protocol über stdin und stdout)")
    importing = command("import", _import, "Wissen einlesen und veröffentlichen")
    importing.add_argument("source", metavar="QUELLE", help=", ".join(SOURCES))
    importing.add_argument("path", metavar="DATEI", nargs="?", type=Path, help="Datei oder Ordner (seed: knowledge/seed)")
    importing.add_argument("--publish", action="store_true", help="danach veröffentlichen (bei seed die Vorgabe)")
    importing.add_argument("--no-publish", action="store_true", help="nur in den Entwurf einlesen")
    importing.add_argument("--dry-run", action="store_true", help="nur sagen, was sich ändern würde")
    importing.add_argument("--kreis", metavar="AGS", help="gemeinden: die Gemeinden dieses Kreises als eigene Orte übernehmen")
    importing.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    exporting = command("export", _export, "veröffentlichtes Wissen in eine Datei oder einen Ordner schreiben")
    exporting.add_argument("format", metavar="FORMAT", help=", ".join(FORMATS))
    exporting.add_argument("path", metavar="ZIEL", type=Path, help="Datei oder Ordner")
    exporting.add_argument("--draft", action="store_true", help="den Entwurf statt der veröffentlichten Ausgabe")
    check = command("check", _check, "das Wissen prüfen")
    check.add_argument("--draft", action="store_true", help="den Entwurf statt der veröffentlichten Ausgabe")
    check.add_argument("--errors-only", action="store_true", help="ohne Hinweise")
    check.add_argument("--on", metavar="JJJJ-MM-TT", help="für diesen Tag")
    check.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    publishing = command("publish", _publish, "den Entwurf prüfen und veröffentlichen")
    publishing.add_argument("--note", metavar="TEXT", default="", help="warum, für die Liste der Ausgaben")
    rollback = command("rollback", _rollback, "den Inhalt einer älteren Ausgabe wieder veröffentlichen")
    rollback.add_argument("number", metavar="NUMMER", type=int)
    rollback.add_argument("--note", metavar="TEXT", default="", help="warum, für die Liste der Ausgaben")
    releases = command("releases", _releases, "die Ausgaben auflisten")
    releases.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    diff = command("diff", _diff, "sagen, was sich von einer Ausgabe zur anderen geändert hat")
    diff.add_argument("old", metavar="ALT", nargs="?", type=int, help="Nummer (Vorgabe: die Ausgabe in Kraft)")
    diff.add_argument("new", metavar="NEU", nargs="?", type=int, help="Nummer (Vorgabe: der Entwurf)")
    diff.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    preview = command("preview", _preview, "sagen, welche Antworten sich bis zu einem Tag ändern")
    preview.add_argument("--on", metavar="JJJJ-MM-TT", help="Tag (mit --draft ist heute die Vorgabe)")
    preview.add_argument("--draft", action="store_true", help="mit dem Entwurf statt der Ausgabe in Kraft")
    preview.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    user = command("user", _user, "Zugänge für die Mitarbeitenden verwalten")
    user.add_argument("action", metavar="AKTION", help=", ".join(USER_ACTIONS))
    user.add_argument("login", metavar="BENUTZERNAME", nargs="?")
    user.add_argument("--name", help="Name, den Bürgerinnen und Bürger sehen")
    user.add_argument("--office", metavar="STELLE", action="append", help="Kennung einer Stelle, auch mehrfach (Vorgabe: alle)")
    user.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    tickets = command("tickets", _tickets, "hinterlassene Nachrichten und ihre Zustellung zeigen")
    tickets.add_argument("--open", action="store_true", help="nur, was noch nicht zugestellt ist")
    tickets.add_argument("--resend", metavar="NUMMER", help="diese Nachricht gleich noch einmal zustellen")
    tickets.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    feedback = command("feedback", _feedback, "zeigen, wie Antworten bewertet wurden, das Neueste zuerst")
    feedback.add_argument("--rating", choices=["up", "down", "wrong"], help="nur diese: up, down oder wrong („Das stimmt nicht“)")
    feedback.add_argument("--limit", metavar="ZAHL", type=int, default=50, help="höchstens so viele (Vorgabe 50)")
    feedback.add_argument("--json", action="store_true", help="Ausgabe als JSON")
    widget = command("widget", _widget, "die Zeilen zeigen, mit denen Lotse auf eine andere Seite kommt")
    widget.add_argument("--origin", metavar="URL", help="Adresse dieses Lotsen (Vorgabe: LOTSE_PUBLIC_URL)")
    widget.add_argument("--out", metavar="ORDNER", type=Path, help="auch die Datei dorthin schreiben")
    bench = command("bench", _bench, "messen")
    bench.add_argument("--scale", metavar="ORDNER", type=Path, help="stattdessen: das Wissen ganz Deutschlands aus diesem Ordner")
    bench.add_argument("--web", action="store_true", help="stattdessen: die Seite im Browser und viele offene Chats")
    bench.add_argument("--turns", type=int, default=200, help="Zahl der Gesprächsschritte")
    bench.add_argument(
        "--understanding", action="store_true", help="stattdessen: wie gut und zu welchen Kosten verstanden wird (eine Stunde)"
    )
    bench.add_argument("--designs", action="store_true", help="stattdessen: Verfahren, mit denen man verstehen könnte")
    bench.add_argument("--train", action="store_true", help="das eigene Modell dafür neu trainieren und auch das messen")
    bench.add_argument("--epochs", metavar="ZAHL", type=int, default=100, help="Durchgänge von DIET (Vorgabe 100; 0: ohne DIET)")
    bench.add_argument("--each", metavar="ZAHL", type=int, default=10, help="Beispiele je Leistung im Vergleich (0: alle)")
    bench.add_argument("--public", metavar="ORDNER", type=Path, help="öffentliche Datensätze (HWU64, BANKING77, CLINC150)")
    bench.add_argument("--rivals", action="store_true", help="auch Rasa mit den öffentlichen Datensätzen messen (dauert lange)")
    return parser


def _add_facts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--place", metavar="ORT", help="Gemeinde, Ortsteil, PLZ, VG oder ARS")
    parser.add_argument("--surname", metavar="NAME", help="Nachname oder sein Anfang")
    parser.add_argument("--audience", choices=["citizen", "business"], help="citizen oder business")
    parser.add_argument("--on", metavar="JJJJ-MM-TT", help="für diesen Tag")
    parser.add_argument("--json", action="store_true", help="Ausgabe als JSON")


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"„{text}“ ist kein Tag, richtig wäre zum Beispiel 2027-01-31.") from None


def _published(settings: Settings) -> Any:
    from knowledge.store.published import read_published

    release = read_published(settings.database_url)
    if release is None:
        raise UsageError("Es ist noch kein Wissen veröffentlicht, bitte zuerst „lotse import seed“ aufrufen.")
    return release


def _draft(settings: Settings) -> Any:
    from bot.commands.releases import draft_release

    return draft_release(settings)


def _resolve(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.resolve import resolve_command

    try:
        value = Decimal(options.value) if options.value is not None else None
    except InvalidOperation:
        raise UsageError(f"„{options.value}“ ist kein Betrag, richtig wäre zum Beispiel 20000.") from None
    if value is not None and (not value.is_finite() or value < 0):
        raise UsageError(f"„{options.value}“ ist kein Betrag, richtig wäre zum Beispiel 20000.")
    on = _day(options.on) or date.today()
    data, text = resolve_command(
        _draft(settings) if options.draft else _published(settings),
        options.service,
        place=options.place,
        district=options.district,
        surname=options.surname,
        audience=options.audience,
        value=value,
        on=on,
    )
    print(json.dumps(data, ensure_ascii=False) if options.json else text)
    return 0


def _ask(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.ask import ask_command

    data, text = ask_command(
        settings,
        _published(settings),
        options.text,
        place=options.place,
        surname=options.surname,
        audience=options.audience,
        on=_day(options.on),
        language=options.language,
    )
    print(json.dumps(data, ensure_ascii=False) if options.json else text)
    return 0


def _evaluate(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.evaluate import EvaluateOptions, evaluate_command

    given = EvaluateOptions(
        files=tuple(options.files),
        as_json=options.json,
        services=options.services,
        svg=options.svg,
        model=options.model,
        against=options.against,
        known=options.known,
        strict=options.strict,
        write_known=options.write_known,
    )
    return evaluate_command(settings, _published(settings), given)


def _train(settings: Settings, _: argparse.Namespace) -> int:
    from bot.commands.train import train_command

    return train_command(settings, _published(settings))


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.serve import serve_command

    if options.port is not None and not 1 <= options.port <= 65535:
        raise UsageError(f"{options.port} ist kein Port, möglich ist 1 bis 65535.")
    return serve_command(settings, options.host or settings.host, options.port or settings.port)


def _mcp(settings: Settings, _: argparse.Namespace) -> int:
    from bot.commands.mcp import mcp_command

    return mcp_command(settings)


def _import(settings: Settings, options: argparse.Namespace) -> int:
    if options.source not in SOURCES:
        raise UsageError(f"Die Quelle „{options.source}“ kenne ich nicht, möglich ist: {', '.join(SOURCES)}.")
    if options.path is None and options.source != "seed":
        raise UsageError("Es fehlt: DATEI.")
    from bot.commands.importing import ImportOptions, import_command

    publish = options.publish or (options.source == "seed" and not options.no_publish)
    path = options.path or Path(__file__).parents[1] / "knowledge" / "seed"
    given = ImportOptions(publish, options.dry_run, options.json, options.kreis)
    return import_command(settings, options.source, path, given)


def _export(settings: Settings, options: argparse.Namespace) -> int:
    if options.format not in FORMATS:
        raise UsageError(f"Das Format „{options.format}“ kenne ich nicht, möglich ist: {', '.join(FORMATS)}.")
    from bot.commands.exporting import export_command

    return export_command(settings, options.format, options.path, draft=options.draft)


def _check(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.check import check_command

    release = _draft(settings) if options.draft else _published(settings)
    return check_command(release, as_json=options.json, errors_only=options.errors_only, on=_day(options.on))


def _publish(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.releases import publish_command

    return publish_command(settings, options.note)


def _rollback(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.releases import rollback_command

    return rollback_command(settings, options.number, options.note)


def _releases(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.releases import releases_command

    return releases_command(settings, as_json=options.json)


def _diff(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.releases import diff_command

    return diff_command(settings, options.old, options.new, as_json=options.json)


def _preview(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.releases import preview_command

    if options.on is None and not options.draft:
        raise UsageError("Es fehlt: --on.")
    today = date.today()
    return preview_command(settings, _day(options.on) or today, today, draft=options.draft, as_json=options.json)


def _user(settings: Settings, options: argparse.Namespace) -> int:
    if options.action not in USER_ACTIONS:
        raise UsageError(f"Die Aktion „{options.action}“ kenne ich nicht, möglich ist: {', '.join(USER_ACTIONS)}.")
    if options.login is None and options.action != "list":
        raise UsageError("Es fehlt: BENUTZERNAME.")
    from bot.commands.user import user_command

    return user_command(settings, options.action, options.login or "", options.name, options.office, as_json=options.json)


def _tickets(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.tickets import tickets_command

    return tickets_command(settings, only_open=options.open, resend=options.resend, as_json=options.json)


def _feedback(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.feedback import feedback_command

    if options.limit < 1:
        raise UsageError(f"{options.limit} ist keine Zahl von Bewertungen, möglich ist ab 1.")
    return feedback_command(settings, limit=options.limit, rating=options.rating or "", as_json=options.json)


def _widget(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.widget import widget_command

    return widget_command(settings, options.origin, options.out)


def _bench(settings: Settings, options: argparse.Namespace) -> int:
    if options.scale:
        from bot.commands.bench_scale import bench_scale_command

        return bench_scale_command(options.scale)
    if options.web:
        from bot.commands.bench_web import bench_web_command

        return bench_web_command(settings)
    if options.understanding or options.designs:
        return _bench_understanding(settings, options)
    from bot.commands.bench import bench_command

    return bench_command(settings, _published(settings), options.turns)


def _bench_understanding(settings: Settings, options: argparse.Namespace) -> int:
    from bot.commands.bench_understanding import UnderstandingOptions, bench_designs_command, bench_understanding_command

    for wanted, what in ((options.epochs, "Durchgängen"), (options.each, "Beispielen")):
        if wanted < 0:
            raise UsageError(f"{wanted} ist keine Zahl von {what}, möglich ist ab 0.")
    release = _published(settings)
    given = UnderstandingOptions(options.public, options.rivals, options.train, options.epochs, options.each)
    code = bench_understanding_command(settings, release, given) if options.understanding else 0
    return code or (bench_designs_command(settings, release) if options.designs else 0)

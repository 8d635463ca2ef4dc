"""The figures as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.commands.evaluation.figures import MEASURES
from bot.commands.evaluation.results import NOTHING
from bot.commands.evaluation.wording import NONE, number, one_line, percent, points, questions_counted, table

_COLUMNS = tuple((measure.key, measure.heading) for measure in MEASURES if measure.heading)
_SURELY = 0.001


def report(data: Mapping[str, Any], *, with_services: bool = False) -> str:
    """What `figures` and `compare` found, most general first; sections without content are left out."""
    parts = [_head(data), _main(data)]
    if len(data["files"]) > 1:
        parts.append(_breakdown("Datei", _short_names(data["files"])))
    parts.append(_breakdown("Stil", data["by_style"]))
    if with_services:
        parts.append(_services(data["services"]))
    parts += [_confusions(data["confusions"]), _crises(data["crisis"]), _misses(data["misses"])]
    if "comparison" in data:
        parts.append(_comparison(data))
    if "known" in data:
        parts.append(_known(data["known"]))
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(data: Mapping[str, Any]) -> list[str]:
    files = len(data["files"])
    where = f"{questions_counted(data['n'])} aus {files} {'Datei' if files == 1 else 'Dateien'}"
    lines = [f"{where}; Sprachmodell {one_line(data['model'])}, Ausgabe {data['release']}."]
    if left_out := data.get("left_out"):
        lines.append(f"Ausgelassen, weil die Ausgabe keine ihrer Leistungen kennt: {', '.join(left_out)}.")
    if unknown := data["unknown_services"]:
        lines.append(f"Diese Leistungen kennt die Ausgabe nicht: {one_line(', '.join(unknown))}.")
    return lines


def _main(data: Mapping[str, Any]) -> list[str]:
    rows = [["", "Anteil", "95 %-Bereich", "Fragen"]]
    for measure in MEASURES:
        if measure.key in data["counts"]:
            low, high = (percent(bound) for bound in data["intervals"][measure.key])
            count, of = (number(each) for each in data["counts"][measure.key])
            rows.append([measure.label, percent(data[measure.key]), f"{low} bis {high}", f"{count} von {of}"])
    rows.append(["mittlerer Fehler der Sicherheit (ECE)", percent(data["ece"]), "", ""])
    return table(rows)


def _breakdown(title: str, groups: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One row a group; a column that would be empty is left out."""
    if not groups:
        return []
    columns = [each for each in (*_COLUMNS, ("ece", "ECE")) if any(row[each[0]] is not None for row in groups.values())]
    rows = [[title, "n", *(heading for _, heading in columns)]]
    for name, row in groups.items():
        rows.append([one_line(name), number(row["n"]), *(percent(row[key]) for key, _ in columns)])
    return table(rows)


def _short_names(files: Mapping[str, Any]) -> dict[str, Any]:
    """Files by their names where these tell them apart."""
    times = Counter(Path(path).name for path in files)
    return {Path(path).name if times[Path(path).name] == 1 else path: row for path, row in files.items()}


def _services(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = [["Leistung", "n", "hit@1", "verwechselt mit"]]
    for row in rows:
        instead = ", ".join(f"{slug} {times}" for slug, times in row["taken_for"].items())
        lines.append([one_line(row["service"]), number(row["n"]), percent(row["hit@1"]), instead])
    width = max(len(line[3]) for line in lines)
    return table([[*line[:3], line[3].ljust(width)] for line in lines])


def _confusions(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    pairs = [[number(row["count"]), f"{one_line(row['gold'])} → {row['said']}"] for row in rows]
    width = max(len(count) for count, _ in pairs)
    return ["Häufigste Verwechslungen (richtig → gesagt)", *(f"  {count.rjust(width)}  {pair}" for count, pair in pairs)]


def _crises(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    titles = (("overlooked", "Krise nicht erkannt"), ("false_alarms", "Fehlalarm Krise"))
    return [f"{title}: {_question(row)}" for key, title in titles for row in rows[key]]


def _misses(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = [f"Nicht bestanden ({number(len(rows))})"]
    for row in rows:
        top = ", ".join(f"{each['service']} {each['confidence']:.2f}".replace(".", ",") for each in row["top"])
        said = f"{row['outcome']} {row['said'] or ''}".strip()
        lines += [_question(row), f"    richtig: {_gold(row)}; {said}; {top or NONE}"]
    return lines


def _question(row: Mapping[str, Any]) -> str:
    return f"{one_line(row['id'])}: {one_line(row['question'])}"


def _gold(row: Mapping[str, Any]) -> str:
    return one_line(" | ".join(row["service"] or [NOTHING]))


def _comparison(data: Mapping[str, Any]) -> list[str]:
    found = data["comparison"]
    against = found["against"]
    rows = [["", "A", "B", "A − B"]]
    for key, label in (*((each.key, each.label) for each in MEASURES), ("ece", "mittlerer Fehler der Sicherheit (ECE)")):
        if data[key] is not None:
            rows.append([label, percent(data[key]), percent(against[key]), points(found["differences"][key])])
    lines = [f"Vergleich: A = {one_line(data['model'])}, B = {one_line(found['model'])}", *table(rows), ""]
    lines += [_test("bestanden", found["mcnemar"]["passed"]), _test("hit@1", found["mcnemar"]["hit@1"])]
    for key, title in (("won", "Gewonnen (nur A besteht)"), ("lost", "Verloren (nur B besteht)")):
        if found[key]:
            lines += ["", f"{title}: {number(len(found[key]))}", *_changes(found[key])]
    return lines


def _test(name: str, row: Mapping[str, Any]) -> str:
    p = "p < 0,001" if row["p"] < _SURELY else f"p = {row['p']:.3f}".replace(".", ",")
    return f"{name}: {number(row['won'])} gewonnen, {number(row['lost'])} verloren; {p} (McNemar, exakt, zweiseitig)"


def _changes(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        lines += [_question(row), f"    richtig: {_gold(row)}; A: {_said(row['said'])}; B: {_said(row['said_against'])}"]
    return lines


def _said(row: Mapping[str, Any]) -> str:
    return f"{row['outcome']} {row['service'] or row['top'] or ''}".strip()


def _known(row: Mapping[str, Any]) -> list[str]:
    if row["written"]:
        return [f"Geschrieben: {row['file']} ({questions_counted(row['listed'])})."]
    still = row["listed"] - len(row["passing"]) - len(row["not_asked"])
    lines = [f"Bekannte Fehler in {row['file']}: {number(row['listed'])}, davon noch falsch {number(still)}."]
    if row["passing"]:
        lines.append(f"Jetzt bestanden, bitte aus der Liste nehmen: {_ids(row['passing'])}")
    if row["unlisted"]:
        lines.append(f"Nicht bestanden und nicht in der Liste: {_ids(row['unlisted'])}")
    if row["not_asked"]:
        lines.append(f"In der Liste, aber in keiner der Dateien: {_ids(row['not_asked'])}")
    return lines


def _ids(ids: Iterable[str]) -> str:
    return ", ".join(map(one_line, ids))

"""`lotse check`: does the knowledge hold together?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from itertools import groupby

from knowledge.checks import ERROR, HINT, TOPICS, Finding, check
from knowledge.release import Release

_SHOWN = 20
_PLURAL = {ERROR: "Fehler", HINT: "Hinweise"}
_DRAFT = 0


def check_command(release: Release, *, as_json: bool, errors_only: bool = False, on: date | None = None) -> int:
    """Print every finding of a release or of the draft (number 0); exit code 1 when one of them is an error."""
    every = check(release, on)
    shown = [finding for finding in every if finding.severity == ERROR or not errors_only]
    if as_json:
        print(json.dumps([asdict(finding) for finding in shown], ensure_ascii=False))
    else:
        for line in _grouped(shown):
            print(line)
        print(_summary(release, every))
    return int(any(finding.severity == ERROR for finding in every))


def _grouped(findings: list[Finding]) -> Iterator[str]:
    """Severity, topic, entries; of each topic the first ones."""
    for (severity, topic), group in groupby(findings, lambda each: (each.severity, each.topic)):
        of_topic = list(group)
        yield f"{_PLURAL[severity]}: {TOPICS[topic]} ({len(of_topic)})"
        for finding in of_topic[:_SHOWN]:
            yield f"  {finding.entry}: {finding.message}"
        if len(of_topic) > _SHOWN:
            yield f"  … und {len(of_topic) - _SHOWN} weitere (alle mit --json)."
        yield ""


def _summary(release: Release, findings: list[Finding]) -> str:
    errors = sum(finding.severity == ERROR for finding in findings)
    hints = len(findings) - errors
    where = "im Entwurf" if release.number == _DRAFT else f"in Ausgabe {release.number}"
    return f"{errors} Fehler, {hints} {'Hinweis' if hints == 1 else 'Hinweise'} {where}."

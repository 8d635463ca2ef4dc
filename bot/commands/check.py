"""`lotse check`: does the published knowledge hold together?"""

from __future__ import annotations

import json

from knowledge.checks import check
from knowledge.release import Release


def check_command(release: Release, *, as_json: bool) -> int:
    """Print every finding; exit code 1 when one of them is an error."""
    findings = check(release)
    if as_json:
        print(json.dumps([finding.__dict__ for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{finding.severity}: {finding.entry}: {finding.message}")
        errors = sum(finding.severity == "Fehler" for finding in findings)
        print(f"{errors} Fehler, {len(findings) - errors} Hinweise in Ausgabe {release.number}.")
    return int(any(finding.severity == "Fehler" for finding in findings))

"""What a check says, and the words that all checks share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from knowledge.model import ANYWHERE, Rule
from knowledge.surnames import INITIALS, range_label

ERROR: Final = "Fehler"
HINT: Final = "Hinweis"

MOST_SINGLE: Final = 20
"""So many hints of a sort are listed one by one; after an import of thousands they would hide all others."""

LOOK_AHEAD: Final = timedelta(days=731)
"""Two years: so far ahead changes of rules are looked at."""

TOPICS: Final[Mapping[str, str]] = {
    "duplicate": "Doppelte Einträge",
    "reference": "Verweise ins Leere",
    "circle": "Im Kreis",
    "rule": "Unbrauchbare Regeln",
    "gap": "Niemand ist zuständig",
    "overlap": "Regeln, die sich überschneiden",
    "fee": "Gebühren",
    "hours": "Öffnungszeiten",
    "contact": "Erreichbarkeit",
    "key": "Schlüssel und Nummern",
    "age": "Aktualität",
    "name": "Gleiche Namen",
    "text": "Texte",
    "unused": "Ohne Verwendung",
}
"""What findings are about, in the order in which they are listed."""

_RANK = {topic: rank for rank, topic in enumerate(TOPICS)}


@dataclass(frozen=True)
class Finding:
    """Something to mend (`Fehler`, must not be published) or to look at (`Hinweis`).

    `entry` is the key of an entry of `kind` (a field of `Knowledge`) or, for a summary, a German name; `topic` is a key of
    `TOPICS`.
    """

    severity: str
    entry: str
    message: str
    topic: str = field(default="", compare=False)
    kind: str = field(default="", compare=False)

    @property
    def order(self) -> tuple[bool, int, str, str]:
        """Errors first, then by topic and entry."""
        return (self.severity != ERROR, _RANK.get(self.topic, len(_RANK)), self.entry, self.message)


def few_or_one(findings: Iterable[Finding], entry: str, what: str) -> Iterator[Finding]:
    """The findings or, when there are too many to be read one by one, one that counts them: `what` has room for the number."""
    every = list(findings)
    if len(every) <= MOST_SINGLE:
        yield from every
        return
    first = every[0]
    examples = listed(finding.entry for finding in every)
    yield Finding(first.severity, entry, f"{what.format(thousands(len(every)))} {examples}.", first.topic, first.kind)


def owner(rule: Rule) -> tuple[str, str]:
    """Entry and kind of what a rule decides about: a service, or all of an office type."""
    return (rule.office_type, "office_types") if rule.service == ANYWHERE else (rule.service, "services")


def german(day: date) -> str:
    """„31.12.2026“."""
    return f"{day:%d.%m.%Y}"


def next_day(day: date) -> date:
    """The day after; the end of time has none."""
    return day if day == date.max else day + timedelta(days=1)


def listed(names: Iterable[str], most: int = 5) -> str:
    """„a, b und c“; „a, b, c, d, e und 12 weitere“."""
    every = list(names)
    shown = every[:most] if len(every) > most + 1 else every
    rest = len(every) - len(shown)
    if rest:
        return f"{', '.join(shown)} und {thousands(rest)} weitere"
    return " und ".join([*([", ".join(shown[:-1])] if shown[1:] else []), *shown[-1:]])


def thousands(number: int) -> str:
    """„5.251“."""
    return f"{number:,}".replace(",", ".")


def euros(value: Decimal) -> str:
    """„1.000,01 Euro“; whole amounts without cents."""
    text = f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}"
    return text.translate(str.maketrans(",.", ".,")) + " Euro"


def initials_label(initials: Sequence[str]) -> str:
    """Neighbouring initials as ranges: „A–C, L und St–Z“."""
    wanted, runs = set(initials), list[list[str]]()
    for initial, before in zip(INITIALS, (None, *INITIALS), strict=False):
        if initial in wanted:
            runs[-1].append(initial) if before in wanted else runs.append([initial])
    return listed((range_label(run) for run in runs), most=len(INITIALS))

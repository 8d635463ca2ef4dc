"""Facts in what people write: place, road class, surname, audience, order value, date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from actions.wording import SAYS_NOTHING, SMALL, is_about_aspect
from knowledge.model import OUTSIDE, Locality
from knowledge.places import Gazetteer, Mention, decide
from knowledge.surnames import PARTICLES
from knowledge.text import fold

_MONTHS = [
    "januar",
    "februar",
    "maerz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
]
_NO_NAME_WORD = r"(?!(?:und|oder|ich|aus|in|nicht|noch|auch|jetzt|so|falsch|anders|wie|wo|ein|eine|hei(?:ß|ss)[te])\b)"
_NAME = (
    r"(?:(?:v[oa]n|zu|der|den|de|dr\.)\s+)*" + _NO_NAME_WORD + r"{capital}[\w'’-]*"
    r"(?:\s+(?:(?:v[oa]n|zu|der|den|de)\s+)*" + _NO_NAME_WORD + r"(?-i:[A-ZÄÖÜ])[\w'’-]*)?"
)
_OF_SOMEBODY = r"(?:meine?r?|unsere?r?|seine?|ihre?) \w+"
_SURNAME = re.compile(
    r"(?:(?:\b(?:(?:nach|familien)namen?|(?:mein|unser) name|name(?=\s*:))\s*"
    r"(?::|\bist\b|\blautet\b|\b(?:beginnt|fängt(?: an)?) mit\b(?: dem| einem)?(?: buchstaben)?)|\bich hei(?:ß|ss)e\b"
    rf"|\b(?:er|sie|die|der|{_OF_SOMEBODY}) hei(?:ß|ss)t\b(?: mit (?:nach|familien)namen)?"
    r"|\b(?:(?:sur|last |family )name|(?:my|his|her) name) is\b)\s*"
    r"(?:(?:ja|jetzt|nun|inzwischen|aber|übrigens|seit \w+) )*"
    rf"(?P<told>{_NAME.format(capital='[A-ZÄÖÜ]')})"
    rf"|\b(?:wenn|falls|dass) (?:ich|er|sie) (?P<before>{_NAME.format(capital='[A-ZÄÖÜ]')}) hei(?:ß|ss)(?:e|t)\b"
    rf"|\b(?:(?:nach|familien)namen?|(?:mein|unser) name)\s+(?P<named>{_NAME.format(capital='(?-i:[A-ZÄÖÜ])')}))",
    re.IGNORECASE,
)
_BEFORE_A_NAME = re.compile(r"^\s*(?:mit|also|der|die|das ist|ist|es ist|beginnt mit|buchstabe)\s+", re.IGNORECASE)
_BEHIND_A_NAME = re.compile(r",|\b(?:wie|aus|in|und|bitte|danke)\b", re.IGNORECASE)
_NO_ANSWER = re.compile(r"\bnicht\b|\bnein\b|\bkeine\b|\begal\b|\bwarum\b|\bwieso\b|\bwozu\b")
_ROADS = (
    (re.compile(r"\bautobahn|\bauf der a ?\d{1,3}\b"), "Autobahn"),
    (re.compile(r"\bbundesstrasse|\b(?:an|auf|neben) der b ?\d{1,3}\b"), "Bundesstraße"),
    (re.compile(r"\bstaatsstrasse|\bst ?2\d{3}\b"), "Staatsstraße"),
    (re.compile(r"\bkreisstrasse"), "Kreisstraße"),
    (re.compile(r"\bgemeindestrasse|\bortsstrasse|\bnebenstrasse|\bwohnstrasse"), "Gemeindestraße"),
)
_BUSINESS = re.compile(
    r"\b(?:firma|betrieb|unternehmen|gewerblich\w*|gmbh|handwerksbetrieb|selbst(?:st)?aendig\w*|geschaeftlich|gbr|kg|ug)\b"
)
_CITIZEN = re.compile(r"\b(?:privat|privatperson|privathaushalt|privater haushalt|privatmann|privatfrau|als buerger(?:in)?)\b")
_VALUE = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:[. ]\d{3})+|\d+)(?:,(\d{1,2}))?\s*(mio\w*|millionen?|tsd\w*|tausend|k)?\.?\s*(?:€|euros?\b|eur\b)",
    re.IGNORECASE,
)
_BARE_VALUE = re.compile(r"^\D{0,12}?(\d{1,3}(?:[. ]\d{3})+|\d+)(?:,(\d{1,2}))?\s*(mio\w*|millionen?|tsd\w*|tausend|k)?\b", re.I)
_DAY = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(20\d\d)\b")
_DAY_MONTH = re.compile(r"\b(?:(\d{1,2})\.\s*)?(" + "|".join(_MONTHS) + r")\s+(20\d\d)\b")
_LIVES = re.compile(r"^.{0,20}?\b(?:ich|wir) wohnen? in .+?(?=,|\.| und )", re.IGNORECASE)
_WITHIN = re.compile(r"\binnerhalb (?:der|des|derselben|unserer|meiner|von)\b|\bin (?:derselben|der gleichen|der selben)\b")
_DENIED = re.compile(r"\b(?:nicht|statt|anstatt|not)(?: mehr)?(?: in| aus| nach| bei)?\s*$")
_MOST_WORDS = 5
_FACTORS = {"m": 1_000_000, "t": 1_000, "k": 1_000}


@dataclass(frozen=True)
class FoundFacts:
    """What a text says; None where it says nothing.

    `localities` has several entries when the place is ambiguous. `rest` is the text, folded, without the words that say these
    facts.
    """

    localities: tuple[Locality, ...] | None = None
    mentions: tuple[Mention, ...] = field(default=())
    road: str | None = None
    surname: str | None = None
    audience: str | None = None
    value: Decimal | None = None
    on: date | None = None
    rest: str = field(default="", compare=False)

    @property
    def any(self) -> bool:
        """Whether the text says something that an answer may depend on."""
        return any(each is not None for each in (self.localities, self.road, self.surname, self.audience, self.value, self.on))


def find_facts(text: str, gazetteer: Gazetteer) -> FoundFacts:
    """Read the facts out of a free text. A pure function."""
    mentions = gazetteer.find(text) or _where_somebody_moves_within(text, gazetteer)
    folded = fold(text)
    surname = _SURNAME.search(text)
    return FoundFacts(
        localities=decide(_affirmed(text, mentions)) or None,
        mentions=tuple(mentions),
        road=next((road for pattern, road in _ROADS if pattern.search(folded)), None),
        surname=_last_name(_told(surname)) if surname else None,
        audience="business" if _BUSINESS.search(folded) else "citizen" if _CITIZEN.search(folded) else None,
        value=_amount(_VALUE.search(text)),
        on=_date(folded),
        rest=_without_facts(text, mentions, surname),
    )


def _told(surname: re.Match[str]) -> str:
    return surname["told"] or surname["before"] or surname["named"]


def _where_somebody_moves_within(text: str, gazetteer: Gazetteer) -> list[Mention]:
    """„Ich wohne in Augsburg und bin innerhalb der Stadt umgezogen“: where somebody lives is then where the matter is."""
    lives = _LIVES.match(text) if _WITHIN.search(fold(text)) else None
    return [each for each in gazetteer.find(lives[0]) if each.localities[0].ars == OUTSIDE] if lives else []


def _affirmed(text: str, mentions: list[Mention]) -> list[Mention]:
    """„nicht Grünsee, sondern Pfarrhausen“: places without those that are denied, unless nothing is left."""
    return [each for each in mentions if not _DENIED.search(fold(text[: each.start]))] or mentions


def _without_facts(text: str, mentions: list[Mention], surname: re.Match[str] | None) -> str:
    spans = [(mention.start, mention.end) for mention in mentions]
    if surname:
        spans.append(surname.span())
    spans += [value.span() for value in _VALUE.finditer(text)]
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    rest = fold(text)
    for pattern in (*(pattern for pattern, _ in _ROADS), _BUSINESS, _CITIZEN, _DAY, _DAY_MONTH):
        rest = pattern.sub(" ", rest)
    return rest


def bare_value(text: str) -> Decimal | None:
    """An amount where an amount was asked for: „20.000", „etwa 5 tausend"."""
    return _amount(_VALUE.search(text)) or _amount(_BARE_VALUE.search(text.strip()))


def bare_surname(text: str) -> str | None:
    """A surname where a surname was asked for: „Schmidt", „mit S", „Anna Huber", „ich heiße Huber"."""
    found = _SURNAME.search(text)
    if found:
        return _last_name(_told(found))
    if _NO_ANSWER.search(fold(text)):
        return None
    words = _BEHIND_A_NAME.split(_BEFORE_A_NAME.sub("", text))[0].split()
    return _last_name(" ".join(word for word in words if _may_name(word, len(words) == 1)))


def _may_name(word: str, is_alone: bool) -> bool:
    """Whether a word may belong to a surname; a question or a courtesy does not. Alone, „Weiß“ and „Weil“ do."""
    folded = fold(word).strip(".,!?")
    if is_alone:
        return folded not in SAYS_NOTHING
    return folded in PARTICLES or not (folded in SMALL or is_about_aspect(folded))


def _last_name(name: str) -> str | None:
    """„Huber" of „Anna Huber", „von der Leyen" of „Ursula von der Leyen"; None when it is no name."""
    words = re.findall(r"[^\W\d_][\w'’-]*", name)
    if not 1 <= len(words) <= _MOST_WORDS:
        return None
    first = len(words) - 1
    while first and words[first - 1].lower() in PARTICLES:
        first -= 1
    return " ".join(words[first:])


def _amount(match: re.Match[str] | None) -> Decimal | None:
    if match is None:
        return None
    whole, cents, unit = match.groups()
    amount = Decimal(re.sub(r"[. ]", "", whole) + (f".{cents}" if cents else ""))
    return amount * _FACTORS[unit[0].lower()] if unit else amount


def _date(folded: str) -> date | None:
    match = _DAY.search(folded)
    try:
        if match:
            return date(int(match[3]), int(match[2]), int(match[1]))
        match = _DAY_MONTH.search(folded)
        if match:
            return date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1] or 1))
    except ValueError:
        pass
    return None

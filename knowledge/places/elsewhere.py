"""When a text that names a place outside means that its matter belongs there.

Most texts that name a place elsewhere do not: „Meine Tochter studiert in Passau", „Ich bin aus Köln hergezogen". Taking such
a place for the person's own would send somebody away who is right here, while missing one costs a single question. What tells
the one from the other is learnt (logistic regression) from sentences of both kinds, `nlu_data/anderswo.jsonl`, and from the
questions about services, whose matters are here; `python -m bot.worker.elsewhere` writes the weights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Final

from knowledge.places.everyday import EVERYDAY
from knowledge.places.names import CONNECTING, Match, Word

WEIGHTS: Final = Path(__file__).with_name("elsewhere.json")


def _words(text: str) -> re.Pattern[str]:
    return re.compile("|".join(text.split()))


_ALONE = CONNECTING | frozenset(
    """nach aus fuer plz ort wohnort ich wir wohne wohnen komme kommen bin sind es ist das bitte danke also ja nein und oder
    wie was auch jetzt dann doch hallo m gemeinde stadt markt dorf unser unsere from to we live my is""".split()
)
"""Words beside a place that leave it all that is said."""

_KINDS = frozenset("gemeinde stadt markt marktgemeinde ortschaft kreisstadt landkreis landratsamt".split())
_FIRST = frozenset("ich wir i mia mir we".split())

_HERE = _words(
    r"""hier hierher hierhin hiesig\w* her herge\w+ herzieh\w* herzog\w* herkomm\w* herzukommen zugezogen\w* zuzug
    eingezogen ruebe?r?gezogen euch eure?[mnrs]? here ferien(?:haus|wohnung)\w* zweitwohn\w* nebenwohn\w* bauplatz
    heimisch\w* eich wochenend\w* werkswohnung landkreis\w+ touristen?"""
)
"""Words that point here."""

_HERE_PAIRS = frozenset(
    """zu uns|zu mir|bei uns|bei mir|bei ihnen|an ihnen|am see|im ort|im landkreis|dem landkreis|den landkreis|des landkreises
    |unserem landkreis|unser landkreis|vor ort""".replace("\n    ", "").split("|")
)

_BEFORE = _words(
    r"""war waren wohnte\w* lebte\w* hatte\w* frueher\w* vorher bisher bislang damals zuletzt ehemals gewohnt gelebt noch
    used were old previous former formerly ehemalige?\w?"""
)
"""Words for what was before, or will not stay."""

_DONE = _words(
    r"""geboren\w* gebuertig\w* gekauft\w* gemacht\w* ausgestellt\w* geheirat\w* geschieden\w* gewohnt gelebt bestanden
    erworben\w* abgemeldet unterschrieben verstorben\w* gestorben studiert gearbeitet gekuendigt bestellt ersteigert
    geholt verloren gestohlen geklaut verkauft erstanden zugelassen\w* angemeldet geerbt entbunden welt zurueckgekehrt
    wohnte lebte war waren bought born issued stolen lost married adoptiert gefunden geleast uebernommen besucht
    absolviert abgelegt begonnen gewechselt beurkundet beglaubigt beerdigt begraben beigesetzt gegruendet gefahren
    operiert kennengelernt verurteilt vererbt liegengelassen vergessen geschlossen\w* stationiert g[bdfhkmpstvwz]\w+
    verlorn kafft"""
)
"""What happened elsewhere and is over: the matter that follows from it is here."""

_KIN = _words(
    r"""mutter vaters? eltern mama papa mutti vati bruder brueder schwester[n]? geschwister sohn sohnes soehne tochter
    toechter kind kinder kindes kindern baby enkel\w* oma opa omi opi gross(?:eltern|mutter|vater)\w* freund\w* partner
    partnerin mann mannes frau tante onkel nichte neffe cousin\w* schwieger\w* schwager schwaegerin verlobte\w*
    verwandt\w* ex ex-mann ex-frau exmann exfrau vermieter\w* mieter\w* eigentuemer\w* besitzer\w* nachbar\w* kolleg\w*
    chef\w* kaeufer\w* anwalt bekannte\w* mitbewohner\w* wg brother sister son daughter mother father parents friend
    husband wife aunt uncle landlord"""
)
_THEIR_NEED = _words(
    r"""braucht brauchen moechte moechten will wollen muss muessen kann koennen darf duerfen sucht suchen beantragt stellt
    stellen bekommt bekommen ihre?[nmrs]? sein seine[nmrs]? needs? wants?"""
)
_THEY_LIVE = _words(
    r"""wohnt wohnen lebt leben gemeldet braucht brauchen moechte moechten will wollen bekommt bekommen sucht lives?"""
)
_ME = _words(r"""ich wir mich mir uns mein meine[mnrs]? unsere?[mnrs]? i we me us my our""")

_STORY = _words(
    r"""arbeite\w? arbeiten arbeit gearbeitet arbeitgeber\w* arbeitsplatz arbeitsstelle arbeitsvertrag beschaeftigt\w*
    angestellt\w* pendel\w* pendl\w* stud(?:ier|ium)\w* studie[ns]? studen\w* studies study work works working job jobs
    jobbe\w* praktik\w* ausbildung\w* lehre lehrling lehrgang seminar azubi uni universitaet\w* university hochschule\w*
    fsj bfd semester schule berufsschule gehe geh zentrale standort mietvertrag notar klinik\w* krankenhaus reha kur zug
    zuege bus busse bahn flug fliege\w* flight train fahre fahren faehrt fahrt\w* busfahrt klassenfahrt\w* ausflug\w*
    urlaub ferien reise reisen reisezug hotel besuch\w* trip visit\w* holiday schick\w* geschickt kennzeichen heirate\w?
    heiraten hochzeit\w* trauung bewerb\w* verlangt verlangen visum konzert spiel tickets? theater fussball\w* zwischen
    richtung fange anfange anfangen antrete lehrer\w* behalten mitnehmen erb\w* geerbt"""
)
"""Words that make a place elsewhere a part of a story: work, study, journeys."""

_COMPANY = _words(
    r"""firm\w* betrieb betriebe\w? gmbh ag kg unternehmen \w*haendler\w* lieferant\w* liefer\w* anbieten anzubieten
    bieten angebot\w* bieter\w* ausschreib\w* auftrag vergabe\w* caterer schausteller\w* foodtruck startup start-up
    ingenieurbuero handwerker\w* [\w-]*dienstleister agentur verlag \w*sponsor\w* verkaufe\w? niederlassung filiale sitz
    ansaessig\w* rechnung\w* leitweg\w* hersteller\w* verkauft supplier company sells? offer zulieferer"""
)
"""Who has a company elsewhere sells to the offices here."""

_COMPARING = _words(
    r"""teurer billiger guenstiger schneller langsamer weniger anders stimmt gehoert heisst angeblich vergleich besser
    mehr wieso warum gilt auch ermaessigung"""
)
_CENTRAL = _words(
    r"""landesamt landtag\w* abgeordn\w* petition\w* eingabe ministerium staatsministerium punkte? punkten bussgeld\w*
    anhoerungsbogen rentenversicherung konsulat\w* botschaft familienkasse kraftfahrt-?bundesamt landespflege\w*
    pflegegeld pflegezahlung bundesagentur"""
)
"""Matters of central offices: a place beside them is where such an office sits."""

_PROPER = _words(
    r"""fc vfb vfl sv tsv bayern werder borussia eintracht hertha fortuna uni universitaet hochschule tu lmu fh flughafen
    messe 1860 marke partnerstadt heisst heisse namens name stadtwerke sparkasse tierheim klinikum fahrschule firma hotel
    gasthof cafe restaurant oberlandesgericht hafen als wie und"""
)
"""Before a name: part of the name of something else."""

_CARRIED = _words(
    r"""\w*bescheinigung\w* \w*fuehrungszeugnis\w* ehefaehigkeitszeugnis\w* umweltplakette\w* \w*urkunde\w* reisepass pass
    visum ausweis personalausweis fuehrerschein\w* ticket\w* fahrkarte\w* praktik\w* bewerbung\w* uebersetzung\w*
    kennzeichen passport vollmacht\w* zeugnis\w* apostille\w* beglaubig\w* arbeite\w? spende\w*"""
)
"""What people get here to show it elsewhere."""

_OFFICE = _words(
    r"""(?!gesamt|insgesamt|beamt)\w*amt \w*amts \w*rathaus \w*behoerde \w*jobcenter \w+stelle
    (?!ingenieur|architektur)\w+buero buergerservice wertstoffhof recyclinghof \w+verwaltung stadtwerke schwimmbad
    hallenbad freibad stadtbibliothek volkshochschule vhs office hall"""
)
_DEMANDS = _words(
    r"""verlang\w* will wollen sagt sagen sagte gesagt schickt schicken geschickt schreibt geschrieben fordert fordern
    braucht brauchen meint meinte brief bescheid post schreiben weigert jetzt \w*geschickt"""
)
_GOES = _words(
    r"""ziehe ziehen gezogen zieh umziehe umziehen umgezogen umzuziehen umzug wegziehen weggezogen wegzug verzogen
    verziehen zuag umziag move moved moving"""
)
_LEAVING = _words(
    r"""ab abmeld\w* abzumelden abgemeldet \w*kuendig\w* weg\w* nachsend\w* auszieh\w* auszug auszuziehen \w*zurueck\w*
    deregister\w* abgeb\w* abzugeben aufloes\w* verlass\w* mitnehmen behalten verkauf\w* alte[mnrs]? passiert bescheid
    wegen"""
)
_INCIDENT = _words(
    r"""geblitzt blitzer abgeschleppt strafzettel knoellchen parkstrafe fundbuero falschgeparkt verwarnungsgeld fundamt
    fined"""
)
_FIXED = _words(
    r"""\w*strasse \w*wohnung haus hauses \w*tonne \w*tonnen \w*laterne \w*laternen gehweg buergersteig spielplatz ampel
    \w*muell \w*lampe heizung garten hof keller hausflur muellabfuhr gulli laden geschaeft verein tonn strass schulweg
    container glascontainer"""
)
"""What stays where it is: a matter about it is there."""

_MY = _words(r"""mein meine[mnrs]? unser unsere[mnrs]? my our""")
_LIVE_I = _words(r"""wohne wohn wone lebe leb wohnhaft""")
_LIVE = _words(
    r"""wohnen wohnan leben lem gemeldet angemeldet wohnsitz hauptwohnsitz dahoam daheim zuhause live living registered
    buerger buergerin wohnung wohnend"""
)
_ASKING = _words(
    r"""wo wer wen wem wie was wohin wann welche[mnrs]? woher where who how what which zustaendig such\w* anmeld\w*
    beantrag\w* melde[nt]? kriege?n? bekomme?n?"""
)
_SENTENCE = _words(
    r"""ko konn ma ich du er sie es wir ihr mein\w* unser\w* dein\w* sein\w* ihre\w* der die das den dem ein eine\w*
    kein\w* mich mir uns dich dir ist sind war hat habe haben wird wurde muss kann will soll gibt bin dass wenn weil ob i
    we you my our the a is are do does can need man"""
)
"""Words that keywords do without."""

_QUESTION = _words(r"""wo wer wen wem wie was wohin wann welche[mnrs]? where who how what which when""")
_WISH = _words(r"""moechte moechten will wollen suche suchen brauche brauchen plane planen want need wui mecht mag brauch such""")
_LIKELY_GOING = _words(r"""zieh\w* umzieh\w* umzug umzuziehen gezogen umgezogen verlege\w* zurueck\w*""")
_CARE = _words(r"""\w*heim \w*heime? einrichtung hospiz""")
_LATER = _words(r"""jetzt neu seit bald""")
_LEAVING_HERE = _words(r"""abmeld\w* abzumelden \w*kuendig\w* mitnehmen""")
_ESTATE = _words(r"""geerbt erb\w* nachlass\w* grosstante verstorben\w* gestorben todesfall""")
_DONE_BUT_LIVING = _words(r"""geboren\w* gekauft\w* gebuertig\w* gearbeitet studiert""")
_CUT_BEFORE = frozenset("und aber denn weil sondern wobei obwohl dass and but because".split())
_SHORT_QUESTION = 9
_STEM = 5
"""Letters that long words are compared by as well."""
_BESIDE = 2
_MOST_COUNTED = 3
_KEPT = 20_000
"""Words whose kinds are kept: most come again and again."""
_PREPOSITIONS = dict(
    pair.split("=")
    for pair in "in=in im=in z=in at=in bei=bei aus=from from=from von=of vom=of nach=to to=to fuer=for for=for".split()
)
"""Prepositions that say the same."""


_KINDS_OF_WORDS: Final[dict[str, re.Pattern[str]]] = {
    "here": _HERE,
    "before": _BEFORE,
    "done": _DONE,
    "kin": _KIN,
    "their-need": _THEIR_NEED,
    "they-live": _THEY_LIVE,
    "me": _ME,
    "story": _STORY,
    "company": _COMPANY,
    "comparing": _COMPARING,
    "central": _CENTRAL,
    "proper": _PROPER,
    "carried": _CARRIED,
    "office": _OFFICE,
    "demands": _DEMANDS,
    "goes": _GOES,
    "leaving": _LEAVING,
    "incident": _INCIDENT,
    "fixed": _FIXED,
    "my": _MY,
    "live-i": _LIVE_I,
    "live": _LIVE,
    "asking": _ASKING,
    "sentence": _SENTENCE,
    "question": _QUESTION,
    "wish": _WISH,
    "likely-going": _LIKELY_GOING,
    "care": _CARE,
    "later": _LATER,
    "leaving-here": _LEAVING_HERE,
    "estate": _ESTATE,
    "done-but-living": _DONE_BUT_LIVING,
}
"""Words that people use alike. A word that no example has is still one of its kind."""


@dataclass(frozen=True)
class Found:
    """A name of a place outside in a text: from which word, and the preposition before it, perhaps over an article."""

    at: int
    match: Match[str]
    preposition: str

    @property
    def end(self) -> int:
        return self.at + self.match.length


class Statement:
    """A text that names places outside: its words, its clauses, and the places of the county it names.

    `ours`: where these stand, as ranges of words.
    """

    def __init__(self, text: str, words: Sequence[Word], found: Sequence[Found], ours: Sequence[range]) -> None:
        self._text = text
        self._words = words
        self._found = found
        self._ours = ours
        self._clauses = _clauses(text, words)
        named = {number for each in found for number in range(each.at, each.end)} | {at for each in ours for at in each}
        self._keys = ["" if number in named else word.key for number, word in enumerate(words)]

    def belongs_to(self, found: Found) -> bool:
        """Whether the matter belongs to the place."""
        if found.at and self._words[found.at - 1].is_postcode:
            return True
        everyday = found.match.name in EVERYDAY
        if not self._ours and all(not key or key in _ALONE for key in self._keys):
            return not (everyday or found.match.inflected)
        return (not everyday or self._is_meant(found)) and self.likelihood(found) > 0

    def likelihood(self, found: Found) -> float:
        """Logarithm of the odds that the matter belongs to the place."""
        weights = _weights()
        return weights[""] + sum(weights.get(sign, 0.0) for sign in self.signs(found))

    def signs(self, found: Found) -> set[str]:
        """What may tell where the matter belongs: words and kinds of words by where they stand, and how the place is named."""
        return {*self._words_around(found), *self._kinds_around(found), *self._naming(found)}

    def _labelled(self, found: Found) -> list[str]:
        """The words, with one for each place that is named."""
        keys = list(self._keys)
        for each in self._found:
            keys[each.at] = "@there" if each.match.value == found.match.value else "@other"
        for ours in self._ours:
            keys[ours.start] = "@here"
        return keys

    def _words_around(self, found: Found) -> Iterator[str]:
        keys = self._labelled(found)
        before = [key for key in keys[: found.at] if key]
        behind = [key for key in keys[found.end :] if key]
        third, second, first = ["^", "^", "^", *before][-3:]
        one, two = [*behind, "$", "$"][:2]
        yield from (f"<{first}", f"<<{second}", f"<<{second} {first}", f"<<<{third} {second} {first}")
        yield from (f">{one}", f">>{one} {two}", f"<>{first} {one}")
        clause = [key for key, number in zip(keys, self._clauses, strict=True) if key and number == self._clauses[found.at]]
        yield from _spelled("c", clause)
        yield from (f"c:{one} {other}" for one, other in pairwise(["^", *clause, "$"]))
        whole = [key for key in keys if key]
        yield from _spelled("t", whole)
        yield from (f"t:{one} {other}" for one, other in pairwise(whole))
        yield from (f"b:{key}" for key in behind)

    def _kinds_around(self, found: Found) -> Iterator[str]:
        clause = self._clauses[found.at]
        preposition = _PREPOSITIONS.get(found.preposition, "-")
        beside: set[str] = set()
        for number, key in enumerate(self._keys):
            kinds = _kinds(key)
            side = "<" if number < found.at else ">"
            away = self._clauses[number] - clause
            for kind in kinds:
                if away:
                    yield from (f"k:{kind}", f"k:{side}{kind}", f"k:{preposition} {kind}")
                    if abs(away) == 1:
                        yield f"k:{away:+d}{kind}"
                else:
                    beside.add(kind)
                    yield from (f"kc:{kind}", f"kc:{side}{kind}", f"kc:{preposition} {kind}")
                    if min(abs(number - found.at), abs(number - found.end + 1)) <= _BESIDE:
                        yield f"kn:{kind}"
        yield from (f"kc:{one} {other}" for one, other in combinations(sorted(beside), 2))
        if any(f"{one} {other}" in _HERE_PAIRS for one, other in pairwise(self._keys)):
            yield "k:here-pair"
        if any(key in _FIRST for key, number in zip(self._keys, self._clauses, strict=True) if number == clause):
            yield f"kc:{preposition} first"

    def _naming(self, found: Found) -> Iterator[str]:
        names = [each.match.value for each in self._found]
        ours = min(len(self._ours), _MOST_COUNTED)
        preposition = _PREPOSITIONS.get(found.preposition, "-")
        yield from (f"p:{found.preposition}", f"ours:{ours}", f"ours:{ours} {preposition}")
        yield f"others:{min(len(set(names)), _MOST_COUNTED)}"
        yield f"again:{min(names.count(found.match.value), _MOST_COUNTED)}"
        yield f"length:{min(len(self._words) // 4, 8)}"
        yield f"where:{4 * found.at // len(self._words)}"
        if found.match.name in EVERYDAY:
            yield "everyday"
        if found.match.inflected:
            yield "inhabitants"
        if "-" in self._text[self._words[found.at].start : self._words[found.end - 1].end]:
            yield "borough"

    def _is_meant(self, found: Found) -> bool:
        """Whether a name that is an everyday word is said of a place: „in Essen", „Stadt Hof", not „Essen auf Rädern"."""
        first = self._words[found.at].key
        before = first if first in _KINDS else self._words[found.at - 1].key if found.at else ""
        if before in _KINDS:
            return self._text[self._words[found.end - 1].start].isupper()
        return before in _PREPOSITIONS and before not in ("im", "vom")


def is_short_statement(words: Sequence[Word]) -> bool:
    """Whether a text says so little that a place in it is what it is about."""
    return len(words) <= _SHORT_QUESTION


@cache
def _weights() -> dict[str, float]:
    """What each sign says for the place (logarithm of odds); that of the empty one is always added."""
    weights: dict[str, float] = json.loads(WEIGHTS.read_text("utf-8"))["weights"]
    return weights


@lru_cache(maxsize=_KEPT)
def _kinds(word: str) -> tuple[str, ...]:
    return tuple(kind for kind, pattern in _KINDS_OF_WORDS.items() if pattern.fullmatch(word)) if word else ()


def _spelled(where: str, keys: Iterable[str]) -> Iterator[str]:
    """Each word, and how a longer one begins."""
    for key in keys:
        yield f"{where}:{key}"
        if len(key) > _STEM:
            yield f"{where}:{key[:_STEM]}*"


def _clauses(text: str, words: Sequence[Word]) -> list[int]:
    """For each word the number of its clause: they end at punctuation marks and before „und", „weil"."""
    numbers, number = [], 0
    for at, word in enumerate(words):
        if at:
            last = words[at - 1]
            stops = text[last.end - 1] == "." and len(last.key) > 3
            if stops or re.search(r"[,;:.!?–—()]| - ", text[last.end : word.start]) or word.key in _CUT_BEFORE:
                number += 1
        numbers.append(number)
    return numbers

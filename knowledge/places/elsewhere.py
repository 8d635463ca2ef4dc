"""When a text that names a place outside means that its matter belongs there.

Most texts that name a place elsewhere do not: „Meine Tochter studiert in Passau", „Ich bin aus Köln hergezogen". Taking such
a place for the person's own would send somebody away who is right here, while missing one costs a single question. So each
rule asks for words that say where the matter is („bei uns in Passau", „Standesamt Nürnberg", „wo melde ich mich dort an?"),
and gives way to words that point here, to what was before, to journeys, and to other people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.places.everyday import EVERYDAY
from knowledge.places.names import CONNECTING, Match, Word


def _words(text: str) -> re.Pattern[str]:
    return re.compile("|".join(text.split()))


_ALONE = CONNECTING | frozenset(
    """nach aus fuer plz ort wohnort ich wir wohne wohnen komme kommen bin sind es ist das bitte danke also ja nein und oder
    wie was auch jetzt dann doch hallo m gemeinde stadt markt dorf unser unsere from to we live my is""".split()
)
"""Words beside a place that leave it all that is said."""

_KINDS = frozenset("gemeinde stadt markt marktgemeinde ortschaft kreisstadt landkreis landratsamt".split())
_INSIDE = frozenset("in im z at".split())
_FIRST = frozenset("ich wir i mia mir we".split())
_ABROAD = frozenset("wien vienna salzburg innsbruck linz graz bregenz zuerich zurich basel bern".split())
_POINTING = frozenset("dort dorten drueben there".split())
_COMES = frozenset("komme kommen kemma bin sind san stamme come am are".split())

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

_SEATS = frozenset(("viechtach", "flensburg"))
"""Known for nothing but the central office that sits there: fines, penalty points."""

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
_AM = frozenset("bin sind san sand am are".split())
_NOW = frozenset("jetzt gerade derzeit momentan zurzeit aktuell grad currently now jz neu".split())
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
_MOST_KEYWORDS = 7
_LONGEST_STATEMENT = 14
_SHORT_QUESTION = 9
_NEAR = 6
_LONG_TEXT = 22
_BEGINNING = 12


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
    """A text that names places outside: its words, its clauses, and what it says beside the names."""

    def __init__(self, text: str, words: Sequence[Word], found: Sequence[Found]) -> None:
        self._text = text
        self._words = words
        self._keys = [word.key for word in words]
        self._clauses = _clauses(text, words)
        named = {number for each in found for number in range(each.at, each.end)}
        self._rest = [key for number, key in enumerate(self._keys) if number not in named]

    def belongs_to(self, found: Found) -> bool:
        """Whether the matter belongs to the place."""
        before = self._before(found)
        everyday = found.match.name in EVERYDAY
        if found.at and self._words[found.at - 1].is_postcode:
            return True
        if not everyday and all(word in _ALONE for word in self._rest):
            return True
        if _PROPER.fullmatch(before) or self._points_here(found):
            return False
        if everyday:
            return self._is_called(found, before) or self._lives_in(found, before)
        if self._asks_there(found):
            return True
        preposition = "z" if before == "z" else "for" if before == "for" else found.preposition
        if preposition in ("aus", "from"):
            return self._comes_from(found)
        if preposition in ("nach", "to"):
            return self._moves_to(found)
        if before in ("ab", "ueber"):
            return False
        if preposition in ("von", "vom", "richtung") and not self._has_office_before(found):
            return False
        if preposition in ("fuer", "for"):
            return not self._has(_CARRIED, _KIN, _STORY, _COMPANY)
        return self._is_there(found, before, preposition)

    def _is_there(self, found: Found, before: str, preposition: str) -> bool:
        """With „in", another word, or none before the name."""
        inside = preposition in _INSIDE
        if self._lives_in(found, before) or (inside and self._is_at_ours(found)):
            return True
        if self._has(_COMPANY, _COMPARING, _CENTRAL) or self._is_compared(found) or found.match.name in _SEATS:
            return False
        if self._has(_KIN):
            return inside and self._is_theirs(found)
        if (self._has(_INCIDENT) and not self._has(_LATER)) or (
            self._has_office_before(found) and not self._has(_DEMANDS, _STORY, _DONE, _BEFORE)
        ):
            return True
        if inside and self._is_about_fixed(found) and not self._has(_BEFORE, _GOES, _STORY):
            return True
        if self._has(_DONE, _BEFORE, _GOES, _STORY):
            if "dorthin" in self._keys:
                return not self._has(_LEAVING)
            return self._is_keywords() and self._has(_OFFICE) and not self._has(_DONE, _BEFORE, _GOES, _DEMANDS)
        if self._is_called(found, before) or (self._is_keywords() and not self._has(_DEMANDS)):
            return True
        return inside and self._is_wanted_there(found)

    def _is_about_fixed(self, found: Found) -> bool:
        """„In Nürnberg ist meine Mülltonne weg", not „Darf ich meinen Müll in Nürnberg abgeben?"."""
        clause = self._clause(found.at)
        return _any(clause, _FIXED) and clause[0] not in ("darf", "kann", "muss")

    def _is_wanted_there(self, found: Found) -> bool:
        """„Wo kann ich in Köln mein Auto anmelden?", „Ich möchte in Köln einen Imbiss eröffnen", „Ausweis in Köln"."""
        clause = self._clause(found.at)
        if len(self._words) > _LONGEST_STATEMENT:
            return False
        if (
            _any(clause, _QUESTION)
            or clause[:2] == ["kann", "man"]
            or (len(self._words) <= _MOST_KEYWORDS and not self._has(_SENTENCE))
        ):
            return True
        return _any(clause, _WISH) and any(key in _FIRST for key in clause)

    def _is_compared(self, found: Found) -> bool:
        """„wie in Wien"."""
        return found.at > 1 and self._keys[found.at - 1] in _INSIDE and self._keys[found.at - 2] in ("wie", "als")

    def _before(self, found: Found) -> str:
        return self._keys[found.at - 1] if found.at else ""

    def _has(self, *patterns: re.Pattern[str]) -> bool:
        return _any(self._rest, *patterns)

    def _clause(self, at: int) -> list[str]:
        number = self._clauses[at]
        return [key for key, clause in zip(self._keys, self._clauses, strict=True) if clause == number]

    def _points_here(self, found: Found) -> bool:
        """„hier", „bei euch", but not „hier in Passau", „bei uns in Passau"."""
        keys = self._keys[: found.at] + self._keys[found.end :]
        start = found.at - 1 if found.at and keys[found.at - 1] in _INSIDE else found.at
        if start and keys[start - 1] in ("hier", "here"):
            del keys[start - 1]
        elif start > 1 and keys[start - 2 : start] in (["bei", "uns"], ["bei", "mir"]):
            del keys[start - 2 : start]
        pairs = {f"{one} {other}" for one, other in pairwise(keys)}
        return _any(keys, _HERE) or bool(pairs & _HERE_PAIRS)

    def _is_called(self, found: Found, before: str) -> bool:
        """„Stadt Passau", „Landkreis Passau": a name that is an everyday word needs its capital."""
        first = self._keys[found.at] if self._keys[found.at] in _KINDS else before
        capital = self._text[self._words[found.end - 1].start].isupper()
        if first not in _KINDS or (found.match.name in EVERYDAY and not capital):
            return False
        return found.preposition not in ("aus", "from", "von", "vom") and not self._has(_STORY, _KIN, _DONE)

    def _lives_in(self, found: Found, before: str) -> bool:
        """„ich wohne in Augsburg", „wir sind in Köln", „ich leben Hamburg", „bin nach Haar gezogen"."""
        clause = self._clause(found.at)
        if found.match.name in EVERYDAY and before == "nach":
            return _any(clause, _GOES)
        if found.match.name in EVERYDAY and before == "aus":
            return self._comes_from(found)
        near = self._keys[max(0, found.at - _NEAR) : found.end + _NEAR]
        near = [key for key in near if key in clause]
        inside = before in _INSIDE or (found.preposition in _INSIDE and found.match.name not in EVERYDAY)
        spare = found.at > 0 and before in ("wohne", "wohn", "wohnen", "lebe", "leben", "leb")
        if not (inside or spare) or _any(clause, _BEFORE) or self._has(_LIKELY_GOING):
            return False
        if found.match.name in EVERYDAY and before == "im":
            return False
        if self._is_aside(found) or self._has(_ESTATE, _COMPANY):
            return False
        first = _is_first(clause) or (self._goes_on(found) and _is_first(self._clause_before(found)))
        lives = _any(near, _LIVE_I) or (_any(near, _LIVE) and (first or "bin" in clause or "am" in clause))
        if lives and not _any(clause, _DONE_BUT_LIVING):
            return True
        return found.match.name not in EVERYDAY and self._is_in(found, clause)

    def _is_aside(self, found: Found) -> bool:
        """Late in a long text."""
        return len(self._words) > _LONG_TEXT and found.at > _BEGINNING

    def _goes_on(self, found: Found) -> bool:
        """„… und wohnen in Köln": the subject stands before."""
        clause = self._clause(found.at)
        return _any(clause[:1], _LIVE) or (clause[0] == "und" and _any(clause[1:2], _LIVE))

    def _clause_before(self, found: Found) -> list[str]:
        number = self._clauses[found.at] - 1
        return [key for key, clause in zip(self._keys, self._clauses, strict=True) if clause == number]

    def _is_in(self, found: Found, clause: list[str]) -> bool:
        """„ich bin gerade in Kassel", „ich in Berlin", „wir in Bad Tölz"."""
        at = found.at - 1
        while at >= 0 and (self._keys[at] in _INSIDE or self._keys[at] in _NOW or self._keys[at] in CONNECTING - _FIRST):
            at -= 1
        said = self._keys[at] if at >= 0 else ""
        if said not in _AM | _FIRST or _any(clause, _KIN) or self._has(_STORY):
            return False
        is_we = said in _FIRST or any(key in _FIRST for key in clause) or said in ("bin", "am")
        return is_we and not _any(clause, _DONE)

    def _is_at_ours(self, found: Found) -> bool:
        """„bei uns in Passau", „hier in Passau", „meine Wohnung in Passau"."""
        at = found.at - 1
        while at >= 0 and self._keys[at] in _INSIDE | CONNECTING:
            at -= 1
        if at < 0 or _any(self._clause(found.at), _DONE, _BEFORE):
            return False
        pair = self._keys[max(0, at - 1) : at + 1]
        if pair in (["bei", "uns"], ["bei", "mir"]) or self._keys[at] in ("hier", "here", "uns"):
            return True
        mine = len(pair) == 2 and bool(_MY.fullmatch(pair[0]))
        return mine and bool(_FIXED.fullmatch(pair[1])) and self._is_about_fixed(found) and not self._has(_GOES, _STORY)

    def _asks_there(self, found: Found) -> bool:
        """„Wo melde ich mich dort an?" behind the name."""
        if found.preposition in ("nach", "to") and not _any(self._clause(found.at), _GOES):
            return False
        for number in range(found.end, min(len(self._keys), found.end + _LONGEST_STATEMENT)):
            if self._keys[number] in _POINTING:
                clause = self._clause(number)
                return _any(clause, _ASKING) and not _any(clause, _DONE) and not self._has(_LEAVING_HERE)
        return False

    def _comes_from(self, found: Found) -> bool:
        """„Ich komme aus Augsburg", not „ich bin aus Augsburg weggezogen"."""
        verb = self._keys[found.at - 2] if found.at > 1 else ""
        later = self._clause(found.at)
        return verb in _COMES and not _any(later, _DONE, _KIN) and not self._has(_GOES, _COMPANY, _STORY, _KIN, _BEFORE, _LATER)

    def _moves_to(self, found: Found) -> bool:
        """Somebody who moves has matters at both ends; what is left to do abroad is to leave."""
        clause = self._clause(found.at)
        if found.match.name in _ABROAD or not _any(clause, _GOES) or _any(clause, _KIN):
            return False
        return not self._has(_LEAVING, _COMPANY)

    def _is_theirs(self, found: Found) -> bool:
        """„Meine Mutter lebt in Köln und braucht einen Pflegegrad": they live there, and it is them who need something."""
        clause = self._clause(found.at)
        behind = self._keys[found.end :]
        if not (_any(clause, _KIN) and _any(clause, _THEY_LIVE)) or self._has(_STORY, _GOES, _DONE, _BEFORE, _CARE):
            return False
        return _any(behind, _THEIR_NEED) and not _any(behind, _ME)

    def _has_office_before(self, found: Found) -> bool:
        """„Standesamt Nürnberg", „Standesamt in Nürnberg", „Rathaus der Stadt Nürnberg"."""
        at = found.at - 1
        while at >= 0 and (self._keys[at] in CONNECTING or self._keys[at] in _KINDS):
            at -= 1
        return at >= 0 and bool(_OFFICE.fullmatch(self._keys[at]))

    def _is_keywords(self) -> bool:
        return len(self._words) <= _MOST_KEYWORDS and not self._has(_SENTENCE) and "?" not in self._text


def is_short_statement(words: Sequence[Word]) -> bool:
    """Whether a text says so little that a place in it is what it is about."""
    return len(words) <= _SHORT_QUESTION


def _is_first(clause: Sequence[str]) -> bool:
    """Whether „ich" or „wir" is what a clause is about, and not „meine Eltern"."""
    for key in clause:
        if key in _FIRST:
            return True
        if _KIN.fullmatch(key):
            return False
    return False


def _any(keys: Iterable[str], *patterns: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(key) for key in keys for pattern in patterns)


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

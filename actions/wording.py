"""What a message says of a matter: its words without the small ones, without courtesy, and without what is asked about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache

from knowledge.text import fold, folded_words

_YES = "ja jo jap jawohl genau gern gerne ok okay oke klar yes yeah yep sure right"
_NO = "nein ne nee na noe no nope nicht ned net nix falsch wrong"
_COURTESY = """
bitte danke dank vielen lieben herzlichen besten super toll prima gut schoen alles hallo hi hey servus moin gruess guten
guter tag morgen abend entschuldigung entschuldigen verzeihung sorry tschuldigung ach oh ah aha so na also hm mhm hmm tja
lieber liebe lotse thank thanks thx please hello
"""
_ASKING = """
wo wer wen wem wessen wie was wann warum wieso weshalb wohin woher welche welcher welches welchen welchem ob wos wia
where who whom whose how what when why which
"""
_SMALL = """
ich i du er sie es wir mir ihr man mich mi dich sich uns euch ihm ihn ihnen der die das dem den des deren dessen ein eine
einen einem einer eines kein keine keinen keinem keiner mein meine meinen meinem meiner meines mei dein deine deinen sein
seine seinen seinem seiner ihre ihren ihrem ihrer ihres unser unsere unseren unserem unserer euer eure dies diese dieser
dieses diesen diesem jener jene jenes derselbe dieselbe dasselbe selbe selben selber selbst jemand jemanden jemandem etwas
was wos nichts alles alle allen viel viele vielen mehr weniger wenig paar beide beiden andere anderer anderes anderen anderem
anders sonst in im an am auf aufs aus bei beim mit nach von vom zu zum zur fuer fuers um ueber unter vor hinter neben
zwischen durch gegen ohne bis seit ab wegen statt anstatt trotz waehrend innerhalb ausserhalb pro per und oder aber denn
sondern weil dass wenn falls als wie da dann dort dorthin dorten hier hierher her hin hi drueben drunten dabei dafuer dazu
damit davon darum daher darueber dran drin hierfuer hierzu auch noch schon nur mal einmal nochmal nochmals wieder jetzt nun
gerade grad inzwischen mittlerweile bald gleich sofort heute morgen gestern immer nie oft vielleicht wohl eben halt
eigentlich ueberhaupt doch ja sehr ganz genau etwa ungefaehr circa ca rund fast zirka ziemlich wirklich bloss eh fei ois
eventuell moeglich bin bist ist sind seid war waren warst sei waere waeren san hab habe hast hat haben hatte hatten haette
haetten werde wirst wird werden wurde wurden wuerde wuerden kann kannst koennen koennt koennte koennten kan ko konn muss
musst muessen muesste muas soll sollen sollte sollten will willst wollen wollte wollten mag moechte moechten mecht mechte
darf duerfen duerfte brauch brauche brauchst braucht brauchen brauchte braeuchte gib gibt gibts geben gehe geht gehts gehen
ginge mach mache macht machen tu tue tut tun bekomme bekommt bekommen kriege kriegt kriegen krieg erhalte erhalten lasse
laesst lassen beantrage beantragt beantragen erledige erledigt erledigen kuemmern kuemmert wende wenden heisst heisse heissen
meint meinte weiss wissen wisst sage sagt sagen sagten frage fragt fragen wuesste verstehe versteht verstehen verstanden
stehe steht stehen stuende finde findet finden suche sucht suchen liege liegt liegen lage laege gilt gelten bleibt passiert
wohne wohnt wohnen wohnte wohnhaft wohnst lebe lebt leben lebte komme kommt kommen kemma daheim zuhause zustaendig
zustaendige zustaendigen verantwortlich amt aemter stelle behoerde verwaltung rathaus landratsamt landkreis kreis gemeinde
stadt markt dorf ort ortsteil weiler plz postleitzahl name namen nachname nachnamen familienname vorname namens mutter mama
mutti vater papa eltern mann frau ehemann ehefrau gatte partner partnerin freund freundin freunde sohn tochter bruder
schwester geschwister oma opa grossmutter grossvater onkel tante neffe nichte schwiegermutter schwiegervater schwiegereltern
nachbar nachbarin kollege kollegin bekannte bekannter leute herr familie erst erste ersten erster erstes zweite zweiten
zweiter zweites dritte dritten drittes naechste naechsten naechster naechstes letzte letzten letztes neu neue neuen neuer
neues andersrum fall sache thema anliegen ding dinge dings januar februar maerz april mai juni juli august september oktober
november dezember montag dienstag mittwoch donnerstag freitag samstag sonntag woche monat jahr jahre uhr
the a and or but if on at to of from for by with about as is are were be been do does did can could would shall should may
might must have has had get got go going my your his our their its me him them us it this that these those there here we you
he she they one some any also too again now just then so live lives living want wants need needs like looking please mean
instead not wife husband friend mother father brother sister parents
"""
_ASPECTS = {
    "documents": """unterlagen unterlage dokumente dokument papiere papier mitbringen mitnehmen mitzubringen nachweise nachweis
        vorlegen documents papers""",
    "fee": """kostet kosten kostets koset kost gebuehr gebuehren preis preise teuer bezahlen zahlen zahle euro gratis umsonst
        kostenlos cost costs fee fees price expensive pay much""",
    "hours": """oeffnungszeit oeffnungszeiten offen geoeffnet oeffnet oeffnen oeffnets aufhaben sprechzeiten
        sprechstunde schliessen schliesst geschlossen open opening hours close closed""",
    "deadline": """frist fristen spaetestens deadline late""",
    "online": """online internet digital elektronisch web website""",
    "procedure": """ablauf dauer dauert dauern lange ablaufen vorgehen laeuft procedure long take takes""",
    "contact": """telefon telefonnummer telefonnr tel nummer rufnummer telefonisch anrufen anruf ruf rufe mail email
        emailadresse mailadresse adresse anschrift kontakt kontaktdaten erreiche erreichen erreichbar erreicht hausnummer phone
        number call address contact reach""",
    "form": "formular formulare vordruck antragsformular antrag form forms",
    "appointment": "termin termine terminvereinbarung vereinbaren ausmachen buchen appointment appointments book",
    "requirements": "voraussetzung voraussetzungen berechtigt requirements eligible",
}
_PARTICLES = frozenset("ab an auf aus ein um weg zu nach vor mit".split())
_FINITE = re.compile(r"(?:et|st|e|t|en)$")
_PLACEHOLDERS = frozenset(("ortsname",))
_HAS_HAPPENED = re.compile(
    r"\b(?:ist|bin|sind|hat|habe|haben|wurde|wurden|has|have|was|were)\b.*"
    r"\b(?:\w*ge\w{2,}(?:t|en|n)|be\w{3,}(?:t|en)|ver\w{3,}(?:t|en)|died|moved|\w{3,}ed)\b"
)
_TELLS_WHO = re.compile(r"^\W*(?:ich bin|wir sind|i am|we are|i m)\b")
_ADDS = re.compile(
    r"\b(?:auch|ausserdem|zusaetzlich|ebenfalls|sowie|daneben|nebenbei|dann noch|gleich noch|plus|also|additionally|on top)\b"
)
_WANTS = re.compile(
    r"""\b(?:wos?|wer|wem|wen|wie|wia|wann|was|welch\w*|wohin|woher|brauch\w*|braeucht\w*|moecht\w*|mecht\w*|will|woll\w*
    |wuerd\w*|daad\w*|muss\w*|muessen|miass\w*|soll|sollt\w*|darf|derf|kann|ko|koennen|bitte|beantrag\w*
    |(?:an|ab|um)(?:zu)?meld\w*|such\w*|interessier\w*|fehlt|fehlen|krieg|kriag|want|need|where|who|how|would|like|please
    |can|must)\b|\?""",
    re.VERBOSE,
)
_SETTLED = re.compile(
    r"""\b(?:schon|bereits|laengst|erledigt|geschafft|geregelt|lieg(?:t|en)\ vor|bestellt|vorhanden|inzwischen|gemacht|fertig
    |bekommen|war|waren|hatte|hatten|gestorben|frueher|letzt\w*|dahoam|auch\ da|hab\w*\ (?:ich|wir|i)(?:\ auch)?\s*$|already
    |done)\b""",
    re.VERBOSE,
)
_IN_BRACKETS = re.compile(r"\([^)]*\)")
_ALIKE = 0.8
_LONG_WORD = 4
_SHORTEST_STEM = 4
_ENDINGS = ("ern", "en", "er", "es", "em", "e", "n", "s")

YES, NO = frozenset(_YES.split()), frozenset(_NO.split())
COURTESY, ASKING = frozenset(_COURTESY.split()), frozenset(_ASKING.split())
SMALL = YES | NO | COURTESY | ASKING | frozenset(_SMALL.split())
"""Words that name no matter: function words, courtesy, who it is for, and verbs that say no more than „I need“ or „I live“."""
_NAMING = frozenset(
    """mache machen macht suche suchen finde finden mutter vater eltern mann frau ehemann ehefrau partner partnerin freund
    freundin sohn tochter bruder schwester geschwister oma opa tante onkel name namen nachname familie leute nicht ohne
    kein keine""".split()
)
"""Small words that belong to the name of a service where they stand in it: „Führerschein machen“, „Kind ohne Eltern“."""
_CALLS = frozenset("hilfe help neustart abbruch abbrechen stopp stop tschuess ciao mensch mitarbeiter mitarbeiterin".split())
_NEARLY = 0.9
SAYS_NOTHING = YES | NO | COURTESY | ASKING | _CALLS
"""What is no surname where it stands alone."""
_ASPECT_OF = {word: aspect for aspect, listed in _ASPECTS.items() for word in listed.split()}


def content_of(text: str) -> tuple[str, ...]:
    """The words of a text that may name a matter, each once; „melde … ab“ counts as „abmelden“ too when both stand there."""
    words = folded_words(text)
    kept = [word for word in words if word not in SMALL and not word.isdigit() and len(word) > 1]
    return tuple(dict.fromkeys(_with_their_particle(kept, words)))


@lru_cache(maxsize=2000)
def is_nearly_small(word: str) -> bool:
    """Whether a word may be a small one, misspelt: „meien“."""
    begun = [each for each in SMALL if each[0] == word[0] and len(each) > _LONG_WORD and len(each) >= len(word)]
    return any(SequenceMatcher(None, word, each).ratio() >= _NEARLY for each in begun)


def called_by(text: str) -> tuple[str, ...]:
    """The content of a text with those small words that may belong to a name."""
    return tuple(dict.fromkeys((*content_of(text), *(word for word in folded_words(text) if word in _NAMING))))


def asks_for_something(part: str) -> bool:
    """Whether a part of a message may ask for a matter of its own: it names one, and does not only tell who asks or what was."""
    folded = fold(part)
    tells = _TELLS_WHO.match(folded) or _HAS_HAPPENED.search(folded)
    return bool(set(content_of(part)) - _PLACEHOLDERS) and not tells


def wants_something(part: str) -> bool:
    """Whether a part of a message asks or requests: „wo …“, „ich brauche …“."""
    return bool(_WANTS.search(fold(part)))


def is_settled(part: str) -> bool:
    """Whether a part of a message tells of something that is done with: „das Auto habe ich schon umgemeldet“."""
    return bool(_SETTLED.search(fold(part)))


def adds_something(text: str) -> bool:
    """Whether a message itself says that it brings one thing and another."""
    return bool(_ADDS.search(fold(text)))


def _with_their_particle(kept: list[str], words: list[str]) -> list[str]:
    """German verbs part in a main clause: the particle stands at the end of it."""
    particle = words[-1] if words and words[-1] in _PARTICLES else ""
    verb = next((word for word in kept if particle and _FINITE.search(word) and f"{particle}{_infinitive(word)}" in VERBS), "")
    if not verb:
        return kept
    joined = f"{particle}{_infinitive(verb)}"
    return [joined if word == verb else word for word in kept if word != particle]


def _infinitive(finite: str) -> str:
    return f"{_FINITE.sub('', finite)}en"


VERBS = frozenset(
    """abmelden anmelden ummelden abholen abgeben anzeigen umtauschen umschreiben ausfuellen anfordern aufloesen ausstellen
    eintragen einreichen einsehen einzahlen aufgeben aufnehmen auszahlen ausleihen umziehen einziehen ausziehen wegziehen
    zuziehen abreissen anschliessen anbauen ausbauen umbauen einbauen""".split()
)
"""Verbs that part, as they occur in the names of services."""


def aspect_in(words: Iterable[str]) -> str:
    """What a message asks about a matter, as far as single words say it; empty where they say nothing."""
    return next((aspect for word in words if (aspect := _aspect_of(word))), "")


def is_about_aspect(word: str) -> bool:
    """Whether a word says what is asked about a matter, and not which."""
    return bool(_aspect_of(word))


@lru_cache(maxsize=4096)
def _aspect_of(word: str) -> str:
    if word in _ASPECT_OF:
        return _ASPECT_OF[word]
    if len(word) <= _LONG_WORD:
        return ""
    return next((aspect for known, aspect in _ASPECT_OF.items() if len(known) > _LONG_WORD and alike(word, known)), "")


def without_brackets(name: str) -> str:
    """A name without what stands in brackets: „Wohnsitz anmelden (Zuzug)“."""
    return _IN_BRACKETS.sub(" ", name)


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """A word without its ending, as far as that is needed to find it inflected."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def alike(said: str, written: str) -> bool:
    """Whether two words are one, give or take an ending or a typing error."""
    if said == written or (len(said) > _LONG_WORD and written.startswith(said[:-1])):
        return True
    # „abmelden“ and „anmelden“ are no typing errors of each other.
    return len(said) > _LONG_WORD and said[:2] == written[:2] and SequenceMatcher(None, said, written).ratio() >= _ALIKE

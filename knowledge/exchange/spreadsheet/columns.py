"""The tables a clerk keeps: their sheets, their columns, and what stands in each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from knowledge.exchange.spreadsheet.cells import Refused
from knowledge.exchange.spreadsheet.values import (
    EMAIL,
    POSTCODE,
    WEB,
    Amount,
    Area,
    Choice,
    Day,
    DistrictLine,
    FeeLine,
    Flag,
    Form,
    LinkLine,
    Many,
    Position,
    Reference,
    SourceLine,
    Telephone,
    Text,
    short,
)
from knowledge.model import (
    ANYWHERE,
    LOCAL_HOLIDAYS,
    Closure,
    Contact,
    Distinction,
    Example,
    Journey,
    JourneyStep,
    Notice,
    Office,
    OfficeType,
    Place,
    Rule,
    Service,
)
from knowledge.surnames import INITIALS
from knowledge.text import fold


@dataclass(frozen=True, eq=False)
class Column:
    """One column. `field` is a field of the entry (`address.street` one inside), or of its part with `of_part`.

    `is_text` keeps spreadsheet programs from making a number of a code, `is_hidden` what clerks need not see.
    """

    heading: str
    field: str
    about: str
    form: Form = Text()
    required: bool = False
    width: int = 20
    of_part: bool = False
    is_text: bool = True
    is_hidden: bool = False


@dataclass(frozen=True, eq=False)
class Sheet:
    """One table: entries of a kind, a row each; or with `part`, the parts of entries, such as the contacts of an office.

    `key` names the fields that tell entries apart. The first column of parts tells them apart.
    """

    name: str
    kind: str
    cls: type
    key: tuple[str, ...]
    about: str
    columns: tuple[Column, ...]
    part: str = ""
    part_cls: type | None = None

    @property
    def makes_entries(self) -> bool:
        """Whether new entries may stand here: else only parts of entries from another sheet."""
        return any(column.field not in self.key for column in self.columns if not column.of_part)

    @property
    def parts(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.of_part)


LEVELS: Final[Mapping[str, str]] = {
    "gemeinde": "Gemeinde",
    "vg": "Verwaltungsgemeinschaft",
    "zweckverband": "Zweckverband",
    "landkreis": "Landkreis",
    "land": "Land",
    "bund": "Bund",
    "kammer": "Kammer",
    "privat": "privat",
}
_AUDIENCES = {"citizen": "Bürger", "business": "Betriebe", "both": "alle"}
_ROLES = {"zustaendig": "zuständig", "ansprechpunkt": "Ansprechpunkt", "annahme": "Annahme"}
_CERTAINTIES = {"belegt": "belegt", "vermutlich": "vermutlich", "nur-ebene": "nur Ebene"}
_PLACE_KINDS = {
    "landkreis": "Landkreis",
    "grosse-kreisstadt": "Große Kreisstadt",
    "kreisfreie-stadt": "kreisfreie Stadt",
    "stadt": "Stadt",
    "markt": "Markt",
    "gemeinde": "Gemeinde",
}
_HOLIDAYS = dict(zip(LOCAL_HOLIDAYS, ("Mariä Himmelfahrt", "Fronleichnam", "Friedensfest"), strict=True))
_FACTS = {
    "place": "Ort",
    "street": "Straße",
    "district": "Ortsteil",
    "surname": "Nachname",
    "audience": "Bürger oder Betrieb",
    "value": "Auftragswert",
    "age": "Alter",
}
_CLAIMS = {
    "short": "Kurzbeschreibung",
    "requirements": "Voraussetzungen",
    "documents": "Unterlagen",
    "procedure": "Ablauf",
    "fees": "Gebühren",
    "deadlines": "Fristen",
    "processing_time": "Bearbeitungsdauer",
    "online": "Online-Dienst",
    "forms": "Formulare",
    "legal_basis": "Rechtsgrundlagen",
}
STYLES = ("alltag", "stichwort", "geschichte", "dialekt", "tippfehler", "lernend", "englisch")
"""Styles of questions that are in use; others are possible."""

_ARS = Text(r"[0-9]{12}", "Ein ARS hat 12 Ziffern.", True, (12,))
_AGS = Text(r"[0-9]{8}|[0-9]{5}", "Ein AGS hat 8 Ziffern, der eines Landkreises 5.", True, (5, 8))
_LEIKA = Text(r"99[0-9]{12}", "Ein LeiKa-Schlüssel hat 14 Ziffern und beginnt mit 99.", True)
_CPV = Text(r"[0-9]{2,8}", "Ein CPV-Code hat 2 bis 8 Ziffern, ohne Prüfziffer.", True)
_INITIALS = {initial: initial for initial in INITIALS}


_ID = Text(r"\S(.{0,200}\S)?", "Eine ID hat höchstens 200 Zeichen in einer Zeile.")


@dataclass(frozen=True)
class Hours(Text):
    """Opening hours in OSM syntax."""

    def read(self, cell: Any, at: Any) -> Any:
        from knowledge.hours import day_hours

        text = super().read(cell, at)
        try:
            day_hours(text, date(2027, 1, 4))
        except (SyntaxError, ValueError) as error:
            raise Refused(
                f"„{short(text)}“ sind keine Öffnungszeiten in der vereinbarten Schreibweise "
                "(Beispiel: Mo-Fr 08:00-12:00, Th 14:00-17:30; PH off)."
            ) from error
        return text


@dataclass(frozen=True)
class Leitweg(Text):
    """A Leitweg-ID with its check digits (ISO 7064 MOD 97-10)."""

    def read(self, cell: Any, at: Any) -> Any:
        from stdnum.de import leitweg
        from stdnum.exceptions import ValidationError

        text = super().read(cell, at)
        try:
            leitweg.validate(text)
        except ValidationError as error:
            raise Refused(f"„{short(text)}“ ist keine Leitweg-ID (Beispiel: 04011000-900X999-08).") from error
        return text


def _office(name: str, about: str, field: str = "office", required: bool = False) -> Column:
    return Column(name, field, about, Reference("offices", "Die Stelle"), required, 34)


def _type(required: bool = False) -> Column:
    about = "Die Art der Stelle, wie sie im Blatt Arten von Stellen in der Spalte ID steht."
    return Column("Art der Stelle", "office_type", about, Reference("office_types", "Die Art"), required, 26)


def _service(heading: str, field: str, about: str, required: bool = True, of_part: bool = False) -> Column:
    return Column(heading, field, about, Reference("services", "Die Leistung"), required, 34, of_part)


def _level(required: bool = True) -> Column:
    return Column("Ebene", "level", "Auf welcher Ebene das liegt.", Choice(LEVELS), required, 18)


def _list(heading: str, field: str, about: str, width: int = 50) -> Column:
    return Column(heading, field, f"{about} Eine Angabe in jeder Zeile der Zelle (Alt+Eingabe).", Many(Text()), width=width)


_CONFIRMED = Column("Stand", "confirmed", "Der Tag, an dem zuletzt jemand alles bestätigt hat.", Day(), width=12, is_text=False)
_SOURCE_IDS = Column(
    "Kennungen der Quelle", "source_ids", "Woher der Eintrag stammt. Bitte nicht ändern.", Many(Text()), is_hidden=True
)

SERVICES = Sheet(
    "Leistungen",
    "services",
    Service,
    ("slug",),
    "Was die Verwaltung für Menschen tut: eine Zeile je Leistung.",
    (
        Column("ID", "slug", "Kurzname ohne Umlaute und Leerzeichen, zum Beispiel wohnsitz-anmelden.", _ID, True, 34),
        Column("Name", "name", "Name der Leistung, wie Bürger ihn lesen.", required=True, width=36),
        Column("Name (englisch)", "name_en", "Der Name auf Englisch.", width=30),
        Column("LeiKa-Schlüssel", "leika", "14 Ziffern aus dem Leistungskatalog; leer, wenn es keinen gibt.", _LEIKA, width=17),
        Column("Für wen", "audience", "Für wen die Leistung ist.", Choice({**_AUDIENCES, "staff": "intern"}), True, 10),
        _level(),
        _type(True),
        Column("Lebenslage", "life_situation", "Das Thema, unter dem man die Leistung findet.", required=True, width=20),
        Column(
            "Hängt ab von",
            "varies_by",
            f"Wonach gefragt werden muss. Möglich: {', '.join(_FACTS.values())}.",
            Many(Choice(_FACTS), ",;"),
            width=18,
        ),
        _list("Weitere Wörter", "synonyms", "Andere Wörter für die Leistung.", 30),
        Column("Kurzbeschreibung", "short", "Was die Leistung ist, in wenigen Sätzen.", width=60),
        Column("Kurzbeschreibung (englisch)", "short_en", "Dasselbe auf Englisch.", width=50),
        Column("Einfache Sprache", "simple", "Dasselbe in kurzen, einfachen Sätzen.", width=50),
        _list("Voraussetzungen", "requirements", "Wer die Leistung bekommt."),
        _list("Unterlagen", "documents", "Was man mitbringt."),
        _list("Ablauf", "procedure", "Was nacheinander geschieht."),
        Column(
            "Gebühren",
            "fees",
            "Eine Gebühr in jeder Zeile der Zelle. Beginnt sie mit „Beispiel“, zeigt sie nur die Form.",
            Many(FeeLine()),
            width=40,
        ),
        _list("Fristen", "deadlines", "Was bis wann zu tun ist.", 40),
        Column("Bearbeitungsdauer", "processing_time", "Wie lange es dauert.", width=30),
        Column(
            "Online-Dienst",
            "online",
            "„Titel | https://…“. Endet der Titel mit „(Beispiel)“, zeigt er nur die Form.",
            LinkLine(None),
        ),
        Column("Formulare", "forms", "Wie beim Online-Dienst, eines in jeder Zeile der Zelle.", Many(LinkLine()), width=40),
        _list("Rechtsgrundlagen", "legal_basis", "Gesetze und Satzungen.", 26),
        Column(
            "Quellen",
            "sources",
            "Woher Angaben stammen, eine in jeder Zeile der Zelle: „Fristen, Gebühren | § 38 SGB III | https://…“.",
            Many(SourceLine(_CLAIMS)),
            width=50,
        ),
        Column("CPV-Codes", "cpv", "Nur für Einkauf: Produktgruppen, eine in jeder Zeile der Zelle.", Many(_CPV, ",;"), width=12),
        _CONFIRMED,
        _SOURCE_IDS,
    ),
)
OFFICES = Sheet(
    "Stellen",
    "offices",
    Office,
    ("id",),
    "Ämter und Büros, an die man sich wenden kann: eine Zeile je Stelle.",
    (
        Column("ID", "id", "Kurzname ohne Umlaute und Leerzeichen, zum Beispiel buergerbuero@lindenau.", _ID, True, 36),
        Column(
            "Art",
            "type",
            "Die Art, wie sie im Blatt Arten von Stellen in der Spalte ID steht.",
            Reference("office_types", "Die Art"),
            True,
            26,
        ),
        Column("Ebene", "level", "Leer: die Ebene, die zur Art gehört.", Choice(LEVELS), width=18),
        Column("Name", "name", "Name der Stelle, wie Bürger ihn lesen.", required=True, width=40),
        Column("Gemeinde", "place", "Zu welcher Gemeinde die Stelle gehört: ARS oder Name.", Area(), width=30),
        _office("Übergeordnete Stelle", "Zu welcher Stelle diese gehört, mit deren ID.", "parent"),
        Column("Straße", "address.street", "Straße und Hausnummer.", width=26),
        Column("PLZ", "address.plz", "Postleitzahl der Anschrift.", POSTCODE, width=8),
        Column("Ort", "address.city", "Ort der Anschrift.", width=20),
        Column("Telefon", "phone", "Telefonnummer der Stelle.", Telephone(), width=20),
        Column("E-Mail", "email", "Funktionspostfach der Stelle.", EMAIL, width=32),
        Column("Website", "website", "Adresse im Internet, mit https://.", WEB, width=32),
        Column(
            "Öffnungszeiten",
            "hours",
            "Tage mit Mo Tu We Th Fr Sa Su: „Mo-Fr 08:00-12:00, Th 14:00-17:30; PH off“ (PH off: feiertags geschlossen).",
            Hours(),
            width=44,
        ),
        Column("Nur mit Termin", "appointment_only", "ja, wenn man einen Termin braucht.", Flag(), width=10),
        Column("Terminbuchung", "appointment_url", "Adresse, unter der man einen Termin bucht.", WEB, width=30),
        Column("Leitweg-ID", "leitweg_id", "Für elektronische Rechnungen.", Leitweg(), width=22),
        Column("Bemerkung", "remark", "Was man sonst wissen muss.", width=40),
        Column("Barrierefreiheit", "accessibility", "Zugang ohne Stufen, Aufzug, Parkplatz, Gebärdensprache.", width=34),
        Column("Lage", "geo", "Geografische Breite und Länge: 48.137154, 11.576124.", Position(), width=22),
        _CONFIRMED,
        _SOURCE_IDS,
    ),
)
PLACES = Sheet(
    "Orte",
    "places",
    Place,
    ("ars",),
    "Der Landkreis und seine Gemeinden: eine Zeile je Ort.",
    (
        Column("ARS", "ars", "Amtlicher Regionalschlüssel, 12 Ziffern.", _ARS, True, 15),
        Column("AGS", "ags", "Amtlicher Gemeindeschlüssel, 8 Ziffern; für einen Landkreis 5.", _AGS, True, 11),
        Column("Name", "name", "Name des Ortes.", required=True, width=28),
        Column("Art", "kind", "Was für ein Ort das ist.", Choice(_PLACE_KINDS), True, 18),
        Column("Verwaltungsgemeinschaft", "vg", "Name der Verwaltungsgemeinschaft; leer, wenn keine.", width=24),
        Column("PLZ", "plz", "Postleitzahlen, eine in jeder Zeile der Zelle.", Many(POSTCODE, ",;"), width=10),
        Column(
            "Ortsteile",
            "districts",
            "Einer in jeder Zeile der Zelle; mit eigener Postleitzahl: „Neuhofen | 85900“.",
            Many(DistrictLine()),
            width=32,
        ),
        Column(
            "Örtliche Feiertage",
            "holidays",
            f"Feiertage, die nicht überall gelten. Möglich: {', '.join(_HOLIDAYS.values())}.",
            Many(Choice(_HOLIDAYS), ",;"),
            width=20,
        ),
        Column("Lage", "geo", "Geografische Breite und Länge des Rathauses: 48.137154, 11.576124.", Position(), width=22),
    ),
)
RULES = Sheet(
    "Regeln",
    "rules",
    Rule,
    ("id",),
    "Wer wo für was zuständig ist: eine Zeile je Regel. Die genaueste Regel gilt.",
    (
        Column("ID", "id", "Kennung der Regel, zum Beispiel R0001.", _ID, True, 10),
        Column(
            "Leistung",
            "service",
            "ID der Leistung; „alle“ für alle Leistungen der Art, die in der nächsten Spalte steht.",
            Reference("services", "Die Leistung", {ANYWHERE: "alle"}),
            True,
            34,
        ),
        _type(),
        Column(
            "Gebiet",
            "applies_to",
            "Ort, Verwaltungsgemeinschaft oder Kreis, Name oder ARS; leer: überall.",
            Area(True, ANYWHERE),
            width=34,
        ),
        Column("Ortsteil", "district", "Nur für diesen Ortsteil oder diese Straßenklasse."),
        Column(
            "Nachname von", "surname_from", "Nur für Nachnamen ab diesem Buchstaben (auch Sch, St).", Choice(_INITIALS), width=10
        ),
        Column("Nachname bis", "surname_to", "Nur für Nachnamen bis zu diesem Buchstaben.", Choice(_INITIALS), width=10),
        Column("Für wen", "audience", "Für wen die Regel gilt; leer: alle.", Choice(_AUDIENCES, "both"), width=10),
        Column("Wert von", "value_from", "Auftragswert in Euro netto, ab dem die Regel gilt.", Amount(), width=12, is_text=False),
        Column(
            "Wert bis", "value_to", "Auftragswert in Euro netto, bis zu dem die Regel gilt.", Amount(), width=12, is_text=False
        ),
        Column("Gültig ab", "valid_from", "Erster Tag; leer: schon immer.", Day(date.min), width=12, is_text=False),
        Column("Gültig bis", "valid_to", "Letzter Tag; leer: unbefristet.", Day(date.max), width=12, is_text=False),
        _office("Stelle", "ID der Stelle, die sich darum kümmert.", required=True),
        Column("Rolle", "role", "Was die Stelle tut.", Choice(_ROLES), True, 15),
        Column("Sicherheit", "certainty", "Wie sicher das ist.", Choice(_CERTAINTIES), True, 12),
        Column("Grund", "reason", "Ein Satz für Bürger: warum diese Stelle?", required=True, width=60),
        Column("Wahl", "shared", "ja, wenn man unter mehreren gleichen Stellen wählen darf.", Flag(), width=8),
        Column("Quelle", "source", "Gesetz, Satzung oder Beschluss.", width=30),
        _CONFIRMED,
    ),
)
OFFICE_TYPES = Sheet(
    "Arten von Stellen",
    "office_types",
    OfficeType,
    ("type",),
    "Was es für Stellen gibt, zum Beispiel Standesamt: eine Zeile je Art.",
    (
        Column("ID", "type", "Kurzname ohne Umlaute und Leerzeichen, zum Beispiel standesamt.", _ID, True, 32),
        Column("Name", "name", "Name der Art.", required=True, width=50),
        _level(),
        _list("Themen", "topics", "Worum sich solche Stellen kümmern.", 40),
    ),
)
JOURNEYS = Sheet(
    "Lebenslagen",
    "journeys",
    Journey,
    ("slug",),
    "Was man nacheinander braucht: eine Zeile je Schritt, in der richtigen Reihenfolge. "
    "Titel und Beschreibung stehen nur in der ersten Zeile einer Lebenslage.",
    (
        Column("ID", "slug", "Kurzname der Lebenslage, in jeder ihrer Zeilen.", _ID, True, 28),
        Column("Titel", "title", "Titel der Lebenslage.", required=True, width=34),
        Column("Titel (englisch)", "title_en", "Der Titel auf Englisch.", width=30),
        Column("Kurzbeschreibung", "short", "Worum es geht.", width=50),
        _service("Leistung", "service", "ID der Leistung, die in diesem Schritt gebraucht wird.", of_part=True),
        Column("Bedingung", "condition", "Wann der Schritt nötig ist; leer: immer.", width=50, of_part=True),
        Column("Hinweis", "hint", "Was man zu diesem Schritt wissen muss.", width=50, of_part=True),
    ),
    "steps",
    JourneyStep,
)
DISTINCTIONS = Sheet(
    "Unterscheidungen",
    "distinctions",
    Distinction,
    ("first", "second"),
    "Was Leistungen trennt, die leicht verwechselt werden: eine Zeile je Paar.",
    (
        _service("Erste Leistung", "first", "ID der einen Leistung."),
        _service("Zweite Leistung", "second", "ID der anderen Leistung."),
        Column("Unterschied", "text", "Ein Satz, der beide unterscheidet.", required=True, width=90),
    ),
)
NOTICES = Sheet(
    "Hinweise",
    "notices",
    Notice,
    ("id",),
    "Was eine Zeit lang zu sagen ist: eine Zeile je Hinweis. Ohne Stelle und Leistung gilt er überall.",
    (
        Column("ID", "id", "Kennung des Hinweises.", _ID, True, 16),
        Column("Text", "text", "Was dort steht.", required=True, width=70),
        Column("Von", "first", "Erster Tag.", Day(), True, 12, is_text=False),
        Column("Bis", "last", "Letzter Tag.", Day(), True, 12, is_text=False),
        _office("Stelle", "ID der Stelle, bei der er steht."),
        _service("Leistung", "service", "ID der Leistung, bei der er steht.", required=False),
    ),
)
EXAMPLES = Sheet(
    "Beispielfragen",
    "services",
    Service,
    ("slug",),
    "Fragen, wie Menschen sie stellen: eine Zeile je Frage. Die Fragen einer Leistung, die hier vorkommt, ersetzen ihre "
    "bisherigen. Eine Zeile nur mit der Leistung: sie hat keine mehr.",
    (
        _service("Leistung", "slug", "ID der Leistung."),
        Column("Frage", "text", "Die Frage, so wie jemand sie tippt.", required=True, width=90, of_part=True),
        Column(
            "Stil",
            "style",
            f"Wie die Frage geschrieben ist, zum Beispiel {', '.join(STYLES)}.",
            required=True,
            width=14,
            of_part=True,
        ),
    ),
    "examples",
    Example,
)
CONTACTS = Sheet(
    "Kontakte",
    "offices",
    Office,
    ("id",),
    "Menschen in den Stellen: eine Zeile je Person. Die Personen einer Stelle, die hier vorkommt, ersetzen ihre bisherigen. "
    "Eine Zeile nur mit der Stelle: dort steht niemand mehr.",
    (
        _office("Stelle", "ID der Stelle.", "id", True),
        Column("Name", "name", "Vor- und Nachname.", required=True, width=28, of_part=True),
        Column("Aufgabe", "task", "Wofür die Person da ist.", width=34, of_part=True),
        Column("Telefon", "phone", "Durchwahl.", Telephone(), of_part=True),
        Column("E-Mail", "email", "E-Mail-Adresse.", EMAIL, width=32, of_part=True),
        Column("Vertretung", "deputy", "Wer sie vertritt.", width=28, of_part=True),
        Column(
            "Gültig bis",
            "valid_to",
            "Letzter Tag, an dem die Person genannt wird; leer: unbefristet.",
            Day(date.max),
            False,
            12,
            True,
            False,
        ),
    ),
    "contacts",
    Contact,
)
CLOSURES = Sheet(
    "Schließtage",
    "offices",
    Office,
    ("id",),
    "Wann Stellen außer der Reihe geschlossen sind: eine Zeile je Zeitraum. Die Schließtage einer Stelle, die hier vorkommt, "
    "ersetzen ihre bisherigen. Eine Zeile nur mit der Stelle: sie hat keine mehr.",
    (
        _office("Stelle", "ID der Stelle.", "id", True),
        Column("Von", "first", "Erster Tag.", Day(), True, 12, True, False),
        Column("Bis", "last", "Letzter Tag.", Day(), True, 12, True, False),
        Column("Grund", "reason", "Warum geschlossen ist.", width=50, of_part=True),
    ),
    "closures",
    Closure,
)

SHEETS: Final = (
    SERVICES,
    OFFICES,
    PLACES,
    RULES,
    OFFICE_TYPES,
    JOURNEYS,
    DISTINCTIONS,
    NOTICES,
    EXAMPLES,
    CONTACTS,
    CLOSURES,
)
GUIDE: Final = "Anleitung"
CHOICES: Final = "Auswahl"
"""Sheets that hold nothing to read: what each column means, and lists to choose from."""

ENDS: Final = ("valid_from", "valid_to"), ("first", "last"), ("value_from", "value_to")
"""Fields that begin and end a range."""


def plain_heading(text: str) -> str:
    """A heading without case, umlauts, blanks and signs, so that all ways to write it meet."""
    return re.sub(r"[^a-z0-9]", "", fold(text))

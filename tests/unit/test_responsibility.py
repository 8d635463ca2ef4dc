"""The resolver against the catalogue of the demo county: what is said for which facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.model import OUTSIDE, ROAD_CLASSES, Facts, Locality, Rule, Service
from knowledge.places import Gazetteer
from knowledge.release import Knowledge, Release
from knowledge.responsibility import Ambiguous, Choice, Missing, NotHere, Outcome, Responsible, resolve
from knowledge.surnames import INITIALS
from tests.county import demo_county

AUTUMN, NEW_YEARS_EVE, NEW_YEAR = "2026-11-22", "2026-12-31", "2027-01-01"
COUNTY = "Landratsamt"
MOOSHAM, TANNBERG = ("Moosham", "Pfarrhausen", "Unterseeham"), ("Tannberg", "Ulrichszell", "Waldhausen am Forst")
SEATS = {"Waldhausen am Forst": "waldhausen-am-forst"}


class Case(NamedTuple):
    """A service, what is known, and who is responsible in the words of `said`."""

    service: str
    expected: str
    place: str
    facts: dict[str, str]


def case(service: str, expected: str, place: str = "", **facts: str) -> Case:
    return Case(service, expected, place, facts)


def said(release: Release, outcome: Outcome) -> str:
    """An outcome in a few words: an office, `?fact`, `place or place`, `nothere office`, `nothere` or `outside`."""
    if isinstance(outcome, Responsible):
        return outcome.offices[0].office
    if isinstance(outcome, Missing):
        return f"?{outcome.fact}"
    if isinstance(outcome, Ambiguous):
        return " or ".join(choice.label for choice in outcome.choices)
    if outcome.outside:
        return "outside"
    return f"nothere {outcome.offices[0].office}" if outcome.offices else "nothere"


def facts_of(gazetteer: Gazetteer, place: str, given_facts: dict[str, str]) -> tuple[Facts, date]:
    rest = dict(given_facts)
    on = date.fromisoformat(rest.pop("on", AUTUMN))
    value = rest.pop("value", None)
    places = gazetteer.lookup(place) if place else None
    assert places or not place, f"{place} is no place"
    return Facts(places=places, value=Decimal(value) if value else None, **rest), on


def of_each(service: str, office: str, places: tuple[str, ...]) -> list[Case]:
    """The same kind of office in each member Gemeinde."""
    return [case(service, f"{office}@{SEATS.get(place, place.lower())}", place) for place in places]


def same(service: str, office: str, places: tuple[str, ...]) -> list[Case]:
    return [case(service, office, place) for place in places]


VERWALTUNGSGEMEINSCHAFTEN = [
    *same("wohnsitz-anmelden", "buergerbuero@vg-moosham", MOOSHAM),
    *same("wohnsitz-anmelden", "buergerbuero@vg-tannberg", TANNBERG),
    case("wohnsitz-anmelden", "buergerbuero@lindenau", "Lindenau"),
    case("wohnsitz-anmelden", "buergerbuero@vg-moosham", "VG Moosham"),
    case("wohnsitz-anmelden", "buergerbuero@vg-tannberg", "Verwaltungsgemeinschaft Tannberg"),
    case("wohnsitz-anmelden", "buergerbuero@vg-moosham", "091995101120"),
    case("wohnsitz-anmelden", "buergerbuero@vg-moosham", "09199120"),
    case("wohnsitz-anmelden", "?place"),
    case("gewerbe-anmelden", "ordnungsamt-gemeinde@vg-moosham", "Pfarrhausen"),
    case("gewerbe-anmelden", "ordnungsamt-gemeinde@vg-tannberg", "Ulrichszell"),
    case("gewerbe-anmelden", "gewerbeamt-gemeinde@ammerfeld", "Ammerfeld"),
    case("gewerbe-anmelden", "ordnungsamt-gemeinde@gruensee", "Grünsee"),
    case("gewerbe-anmelden", "buergerbuero@eichelbach", "Eichelbach"),
    case("hundesteuer-anmelden", "gemeindekasse@vg-moosham", "Unterseeham"),
    case("hundesteuer-anmelden", "hauptverwaltung-gemeinde@birkenried", "Birkenried"),
    case("zustaendige-verwaltung-erfragen", "verwaltungsgemeinschaft@vg-tannberg", "Waldhausen am Forst"),
    case("zustaendige-verwaltung-erfragen", "hauptverwaltung-gemeinde@hohenreut", "Hohenreut"),
    case("datenschutz-auskunft", "verwaltungsgemeinschaft@vg-moosham", "Pfarrhausen"),
    case("beschwerde-dienstaufsicht", "verwaltungsgemeinschaft@vg-tannberg", "Ulrichszell"),
    case("hilfe-zur-erziehung-beantragen", "jugendamt#asd-sued", "Pfarrhausen"),
    case("hilfe-zur-erziehung-beantragen", "jugendamt#asd-sued", "Eichelbach"),
    case("hilfe-zur-erziehung-beantragen", "jugendamt#asd-nord", "Tannberg"),
    case("hilfe-zur-erziehung-beantragen", "jugendamt#asd-nord", "Lindenau"),
]

NOT_THROUGH_THE_VG = [
    *of_each("bauplatz-kaufen", "hauptverwaltung-gemeinde", MOOSHAM + TANNBERG),
    *of_each("halle-oder-saal-mieten", "hauptverwaltung-gemeinde", MOOSHAM + TANNBERG),
    *of_each("lieferant-kontakt-fahrzeuge", "hauptverwaltung-gemeinde", MOOSHAM + TANNBERG),
    *of_each("gemeinderat-ratsinformation", "hauptverwaltung-gemeinde", MOOSHAM + TANNBERG),
    *of_each("feuerwehr-mitmachen", "hauptverwaltung-gemeinde", MOOSHAM + TANNBERG),
    *of_each("strassenbeleuchtung-stoerung-melden", "bauhof", MOOSHAM),
    *same("strassenbeleuchtung-stoerung-melden", "bauhof@vg-tannberg", TANNBERG),
    case("bebauungsplan-einsehen", "bauverwaltung-gemeinde@vg-moosham", "Pfarrhausen"),
    case("feuerwehr-mitmachen", "freiwillige-feuerwehr@gruensee", "Grünsee"),
    *same("kitaplatz-anmelden", "kita-verwaltung@moosham", ("Moosham", "Pfarrhausen")),
    case("kitaplatz-anmelden", "kita-verwaltung@vg-moosham", "Unterseeham"),
    *same("kitaplatz-anmelden", "kita-verwaltung@vg-tannberg", TANNBERG),
    *same("bibliothek-nutzen", "gemeindebuecherei@moosham", ("Moosham", "Pfarrhausen")),
    case("bibliothek-nutzen", "gemeindebuecherei@unterseeham", "Unterseeham"),
    *same("bibliothek-nutzen", "gemeindebuecherei@tannberg", TANNBERG),
    case("bibliothek-nutzen", "gemeindebuecherei@lindenau", "Hohenreut"),
    case("touristinformation-gastgeber", "touristinformation@unterseeham", "Unterseeham"),
    case("touristinformation-gastgeber", "touristinformation@lindenau", "Moosham"),
    case("touristinformation-gastgeber", "touristinformation@gruensee", "Grünsee"),
    case("ferienwohnung-anmelden", "touristinformation@unterseeham", "Unterseeham"),
    case("ferienwohnung-anmelden", "ordnungsamt-gemeinde@vg-moosham", "Moosham"),
    case("ferienwohnung-anmelden", "touristinformation@gruensee", "Grünsee"),
    case("ferienwohnung-anmelden", "touristinformation@lindenau", "Lindenau"),
    case("ferienwohnung-anmelden", "gewerbeamt-gemeinde@ammerfeld", "Ammerfeld"),
    case("kurbeitrag-abfuehren", "touristinformation@gruensee", "Grünsee"),
    case("kurbeitrag-abfuehren", "touristinformation@unterseeham", "Unterseeham"),
    case("kurbeitrag-abfuehren", "gemeindekasse@vg-moosham", "Moosham"),
    case("kurbeitrag-abfuehren", "hauptverwaltung-gemeinde@birkenried", "Birkenried"),
    *same("grab-erwerben-und-verlaengern", "friedhofsverwaltung@tannberg", ("Tannberg", "Waldhausen am Forst")),
    case("grab-erwerben-und-verlaengern", "friedhofsverwaltung@vg-tannberg", "Ulrichszell"),
    *same("grab-erwerben-und-verlaengern", "friedhofsverwaltung@vg-moosham", MOOSHAM),
    *same("falschparken-kommunal-klaeren", "verkehrsueberwachung-zweckverband", ("Moosham", "Unterseeham", "Lindenau")),
    *same("falschparken-kommunal-klaeren", "nothere polizei", ("Pfarrhausen", "Ulrichszell", "Wallersbach")),
]

SHARED_ADMINISTRATION = [
    *same("eheschliessung-anmelden", "standesamt@ammerfeld", ("Ammerfeld", "Birkenried", "Eichelbach")),
    *same("mittagsbetreuung-ganztag-anmelden", "schulverwaltung-gemeinde@ammerfeld", ("Birkenried", "Eichelbach")),
    *same("strassenbeleuchtung-stoerung-melden", "bauhof@birkenried", ("Birkenried", "Eichelbach")),
    *same("musikschule-anmelden", "musikschule@ammerfeld", ("Ammerfeld", "Birkenried", "Eichelbach")),
    case("musikschule-anmelden", "musikschule@lindenau", "Grünsee"),
    case("schwimmbad-besuchen", "baeder-und-hallen@lindenau", "Moosham"),
    case("halle-oder-saal-mieten", "baeder-und-hallen@gruensee", "Grünsee"),
    case("ferienprogramm-jugendarbeit", "hauptverwaltung-gemeinde@ammerfeld", "Ammerfeld"),
    case("ferienprogramm-jugendarbeit", "kommunale-jugendarbeit", "Hohenreut"),
    case("archiv-recherche", "hauptverwaltung-gemeinde@lindenau", "Lindenau"),
    case("archiv-recherche", "kreisarchiv", "Grünsee"),
    case("schuelerbefoerderung-weiterfuehrend", "schulverwaltung-landratsamt"),
    case("schuelerbefoerderung-weiterfuehrend", "schulverwaltung-landratsamt", "Lindenau"),
]

ORTSTEILE = [
    case("kanalanschluss-beantragen", "abwasserbetrieb@gruensee", "Strandsiedlung"),
    case("kanalanschluss-beantragen", "?district", "Unterseeham"),
    case("kanalanschluss-beantragen", "bauverwaltung-gemeinde@vg-moosham", "Unterseeham", district="Unterseeham"),
    case("kanalanschluss-beantragen", "abwasserbetrieb@gruensee", "Unterseeham", district="Strandsiedlung"),
    case("kanalanschluss-beantragen", "bauverwaltung-gemeinde@vg-moosham", "Moosham"),
    case("wohnsitz-anmelden", "buergerbuero@vg-moosham", "Strandsiedlung"),
    case("wasseranschluss-beantragen", "wasserzweckverband#forstgruppe", "Forsthaus"),
    case("wasseranschluss-beantragen", "?district", "Waldhausen am Forst"),
    case("wasseranschluss-beantragen", "wasserzweckverband", "Waldhausen am Forst", district="Waldhausen"),
    case("wasseranschluss-beantragen", "wasserzweckverband", "Waldhausen"),
    case("wasseranschluss-beantragen", "wasserzweckverband@lindenau", "Lindenau"),
    case("wasseranschluss-beantragen", "wasserzweckverband", "Tannberg"),
    case("wohnsitz-anmelden", "buergerbuero@vg-tannberg", "Forsthaus"),
    case("schulanmeldung-grundschule", "?district", "Lindenau"),
    *same("schulanmeldung-grundschule", "nothere sprengelschule@lindenau#altstadt", ("in der Altstadt", "Lindenau-Süd")),
    *same(
        "schulanmeldung-grundschule",
        "nothere sprengelschule@lindenau#oberlindenau",
        ("Oberlindenau", "Neuhofen", "Sankt Veit", "St. Veit"),
    ),
    case("schulanmeldung-grundschule", "nothere sprengelschule@wallersbach", "Sankt Veit am Berg"),
    case("schulanmeldung-grundschule", "nothere sprengelschule@moosham", "Pfarrhausen"),
    case("schulanmeldung-grundschule", "nothere sprengelschule@tannberg", "Forsthaus"),
    *same("schulanmeldung-grundschule", "nothere sprengelschule@ammerfeld", ("85902", "Birkenried", "Kreuzberg")),
    case("wohnsitz-anmelden", "buergerbuero@lindenau", "Neuhofen"),
]

LARGER, CITY = ("Kreisstraße", "Staatsstraße", "Bundesstraße"), "ordnungsamt-grosse-kreisstadt"
BY_ROAD = ("verkehrsrechtliche-anordnung-beantragen", "halteverbot-umzug-beantragen", "verkehrsregelung-anregen")
STREETS = [
    *(case(service, "?place") for service in BY_ROAD),
    *(case(service, "?district", "Hohenreut") for service in BY_ROAD),
    *(case(service, "ordnungsamt-gemeinde@hohenreut", "Hohenreut", district="Gemeindestraße") for service in BY_ROAD),
    *(case(service, "strassenverkehrsbehoerde", "Hohenreut", district=road) for service, road in product(BY_ROAD, LARGER)),
    *(case(service, "ordnungsamt-gemeinde@vg-moosham", "Filzen, Moosham", district="Gemeindestraße") for service in BY_ROAD),
    *(case(service, CITY, "Lindenau", district=road) for service, road in product(BY_ROAD, ROAD_CLASSES[:-1])),
    *(case(service, CITY, "Lindenau") for service in BY_ROAD),
    *(case(service, "?place", district="Kreisstraße") for service in BY_ROAD),
    *(case(service, "strassenverkehrsbehoerde", "85902", district="Kreisstraße") for service in BY_ROAD),
    *(case(service, "Birkenried or Eichelbach", "85902", district="Gemeindestraße") for service in BY_ROAD),
    *(
        case(service, "nothere staatliches-bauamt", place, district=road)
        for service in ("strassenschaden-melden", "winterdienst-und-streupflicht", "sondernutzung-strasse-beantragen")
        for place, road in product(("", "Lindenau", "Moosham"), ("Staatsstraße", "Bundesstraße"))
    ),
    *(
        case(service, "kreisstrassenmeisterei", place, district="Kreisstraße")
        for service in ("strassenschaden-melden", "winterdienst-und-streupflicht", "sondernutzung-strasse-beantragen")
        for place in ("", "Lindenau", "Moosham")
    ),
    *(
        case(service, "nothere", place, district="Autobahn")
        for service in (*BY_ROAD, "strassenschaden-melden", "winterdienst-und-streupflicht", "sondernutzung-strasse-beantragen")
        for place in ("", "Lindenau")
    ),
    case("strassenschaden-melden", "?place"),
    case("strassenschaden-melden", "?district", "Ammerfeld"),
    case("strassenschaden-melden", "?district", "85902"),
    case("strassenschaden-melden", "bauhof@birkenried", "85902", district="Gemeindestraße"),
    case("strassenschaden-melden", "bauhof@pfarrhausen", "Pfarrhausen", district="Gemeindestraße"),
    case("winterdienst-und-streupflicht", "bauhof@vg-tannberg", "Ulrichszell", district="Gemeindestraße"),
    case("sondernutzung-strasse-beantragen", "?district", "Lindenau"),
    case("sondernutzung-strasse-beantragen", CITY, "Lindenau", district="Gemeindestraße"),
    case("bewohnerparkausweis-beantragen", CITY, "Lindenau", district="Bundesstraße"),
]

LINDENAU_ITSELF = [
    *(
        row
        for service, office in (
            ("baugenehmigung-beantragen", "kreisbauamt"),
            ("nutzungsaenderung-beantragen", "kreisbauamt"),
            ("denkmalrechtliche-erlaubnis-beantragen", "denkmalschutzbehoerde"),
            ("brandschutznachweis-pruefen", "brandschutzdienststelle"),
        )
        for row in (
            case(service, "bauaufsicht-grosse-kreisstadt", "Lindenau"),
            case(service, office, "Ammerfeld"),
            case(service, office, "Pfarrhausen"),
            case(service, "?place"),
        )
    ),
    case("gaststaettenerlaubnis-beantragen", CITY, "Lindenau"),
    case("gaststaettenerlaubnis-beantragen", "gewerberecht-landratsamt", "Grünsee"),
    case("reisegewerbekarte-beantragen", CITY, "Lindenau"),
    case("reisegewerbekarte-beantragen", "gewerberecht-landratsamt", "Tannberg"),
    case("baumfaellung-klaeren", "bauverwaltung-gemeinde@lindenau", "Lindenau"),
    case("baumfaellung-klaeren", "bauverwaltung-gemeinde@gruensee", "Grünsee"),
    case("baumfaellung-klaeren", "naturschutzbehoerde", "Ammerfeld"),
    *same("kfz-zulassen", "kfz-zulassungsstelle", ("Lindenau", "Moosham", "")),
    *same("wasserrechtliche-erlaubnis-beantragen", "wasserrechtsbehoerde", ("Lindenau", "Hohenreut", "")),
    *same("wohnberechtigungsschein-beantragen", "wohnraumfoerderstelle", ("Lindenau", "Hohenreut", "")),
    case("kommunalaufsicht-beschwerde", "kommunalaufsicht", "Lindenau"),
    case("taxi-mietwagen-genehmigung", "strassenverkehrsbehoerde", "Lindenau"),
    case("bodenrichtwert-auskunft", "gutachterausschuss", "Lindenau"),
]

SURNAMES = [
    case("wohngeld-beantragen", "?surname"),
    case("wohngeld-beantragen", "?surname", "Lindenau"),
    *(
        case("wohngeld-beantragen", f"wohngeldbehoerde#{team}", place, surname=surname)
        for place in ("", "Lindenau", "Moosham")
        for surname, team in (
            ("Arnold", "a-k"),
            ("Äpfelbeck", "a-k"),
            ("Kern", "a-k"),
            ("Lang", "l-s"),
            ("Öttl", "l-s"),
            ("Sailer", "l-s"),
            ("Schmidt", "sch-z"),
            ("Sch", "sch-z"),
            ("Stadler", "sch-z"),
            ("Thoma", "sch-z"),
            ("Übelacker", "sch-z"),
            ("Zorn", "sch-z"),
        )
    ),
    case("wohngeld-beantragen", "wohngeldbehoerde#a-k", surname="von Arnim"),
    case("wohngeld-beantragen", "wohngeldbehoerde#l-s", surname="von der Leyen"),
    case("wohngeld-beantragen", "wohngeldbehoerde#a-k", surname="van den Berg"),
    case("wohngeld-beantragen", "wohngeldbehoerde#a-k", surname="de Boer"),
    case("wohngeld-beantragen", "wohngeldbehoerde#l-s", surname="Müller-Schmidt"),
    case("wohngeld-beantragen", "wohngeldbehoerde#sch-z", surname="Schmidt-Müller"),
    case("wohngeld-beantragen", "?surname", surname="李"),
    *(
        case(service, f"{office}#{team}", surname=surname)
        for service, office, teams in (
            ("fuehrerschein-umtauschen", "fuehrerscheinstelle", ("a-k", "l-z")),
            ("einbuergerung-beantragen", "staatsangehoerigkeitsbehoerde", ("a-k", "l-z")),
            ("unterhaltsvorschuss-beantragen", "unterhaltsvorschussstelle", ("a-k", "l-z")),
            ("grundsicherung-im-alter-beantragen", "sozialamt", ("a-k", "l-z")),
            ("bestattungskosten-uebernahme", "sozialamt", ("a-k", "l-z")),
            ("betreuungsstelle-beratung", "betreuungsstelle", ("a-k", "l-z")),
            ("asylbewerberleistungen-beantragen", "asylleistungsstelle", ("a-k", "l-z")),
        )
        for surname, team in (("Aigner", teams[0]), ("Koch", teams[0]), ("Lutz", teams[1]), ("Steiner", teams[1]))
    ),
    *(
        case(service, f"{office}#{team}", surname=surname)
        for service, office in (
            ("kita-beitrag-uebernahme-beantragen", "wirtschaftliche-jugendhilfe"),
            ("bafoeg-schueler-beantragen", "ausbildungsfoerderung"),
        )
        for surname, team in (("Lutz", "a-l"), ("Maier", "m-z"), ("Schuster", "m-z"))
    ),
    *(
        case(service, f"jugendamt#{team}", surname=surname)
        for service in ("beistandschaft-beantragen", "vormundschaft-beratung")
        for surname, team in (
            ("Graf", "a-g"),
            ("Huber", "h-r"),
            ("Reiter", "h-r"),
            ("Sommer", "s-z"),
            ("Schwarz", "s-z"),
            ("Strobl", "s-z"),
        )
    ),
    *(
        case("aufenthaltstitel-beantragen", f"auslaenderbehoerde#{team}", surname=surname)
        for surname, team in (("Gül", "a-g"), ("Haddad", "h-o"), ("Özdemir", "h-o"), ("Petrov", "p-z"), ("Şahin", "p-z"))
    ),
    case("namensaenderung-oeffentlich-rechtlich", "staatsangehoerigkeitsbehoerde"),
    case("sorgeerklaerung-beurkunden", "jugendamt"),
]

PURCHASING = [
    *(
        case(service, office, COUNTY, **({"value": value} if value else {}))
        for service, department in (
            ("lieferant-kontakt-it", "it-digitalisierung"),
            ("lieferant-kontakt-schulbedarf", "schulverwaltung-landratsamt"),
            ("lieferant-kontakt-verpflegung", "schulverwaltung-landratsamt"),
        )
        for value, office in (
            ("", "?value"),
            ("0", department),
            ("1000", department),
            ("1000.009", department),
            ("1000.01", "zentrale-beschaffung"),
            ("100000", "zentrale-beschaffung"),
            ("100000.01", "vergabestelle"),
            ("5000000", "vergabestelle"),
        )
    ),
    *(
        case(service, office, COUNTY, value=value)
        for service, direct, limit in (
            ("lieferant-kontakt-bau", "gebaeudemanagement", "250000"),
            ("lieferant-kontakt-reinigung", "gebaeudemanagement", "100000"),
            ("lieferant-kontakt-moebel", "zentrale-beschaffung", "100000"),
            ("lieferant-kontakt-fahrzeuge", "zentrale-beschaffung", "100000"),
            ("lieferant-kontakt-buerobedarf", "zentrale-beschaffung", "100000"),
        )
        for value, office in ((limit, direct), (f"{limit}.01", "vergabestelle"))
    ),
    case("lieferant-kontakt-medizin", "?value"),
    case("lieferant-kontakt-medizin", "zentrale-beschaffung", value="100000"),
    case("lieferant-kontakt-medizin", "vergabestelle", "Ammerfeld", value="100000.01"),
    case("lieferant-kontakt-it", "?place"),
    case("lieferant-kontakt-it", "?place", value="20000"),
    case("lieferant-kontakt-it", "?value", "091990000000"),
    case("lieferant-kontakt-it", "?value", "Landkreis Lindenau"),
    case("lieferant-kontakt-it", "hauptverwaltung-gemeinde@ammerfeld", "Ammerfeld"),
    case("lieferant-kontakt-it", "hauptverwaltung-gemeinde@ammerfeld", "Ammerfeld", value="500000"),
    case("lieferant-kontakt-it", "verwaltungsgemeinschaft@vg-tannberg", "85908"),
    case("lieferant-kontakt-bau", "bauverwaltung-gemeinde@vg-moosham", "Pfarrhausen"),
    case("lieferant-kontakt-bau", "hauptverwaltung-gemeinde@birkenried", "Birkenried"),
    case("lieferant-kontakt-schulbedarf", "schulverwaltung-gemeinde@ammerfeld", "85902"),
    case("lieferant-kontakt-vergabe", "vergabestelle", COUNTY),
    case("lieferant-kontakt-beratung", "hauptverwaltung-gemeinde@hohenreut", "Hohenreut"),
    case("ausschreibungen-finden", "?place"),
    case("vergabe-nachpruefung", "?value"),
    case("vergabe-nachpruefung", "kommunalaufsicht", value="215999.99"),
    case("vergabe-nachpruefung", "nothere vergabekammer", value="216000"),
    case("vergabe-nachpruefung", "nothere vergabekammer", "Moosham", value="216000.01"),
    case("intern-vergabe-interkommunal", "?value"),
    case("intern-vergabe-interkommunal", "interkommunale-vergabestelle", value="215999.99"),
    case("intern-vergabe-interkommunal", "vergabestelle", value="216000"),
    *(
        row
        for service in ("e-rechnung-einreichen", "leitweg-id-erfragen", "rechnung-zahlungsstand-erfragen", "mahnung-klaeren")
        for row in (
            case(service, "?place"),
            case(service, "kreiskasse", COUNTY),
            case(service, "gemeindekasse@lindenau", "Lindenau"),
            case(service, "gemeindekasse@vg-moosham", "Unterseeham"),
            case(service, "hauptverwaltung-gemeinde@eichelbach", "Eichelbach"),
        )
    ),
    case("datenschutz-auskunft", "datenschutzbeauftragter", COUNTY),
    case("beschwerde-dienstaufsicht", "beschwerdemanagement", COUNTY),
    case("wohnsitz-anmelden", "?place", COUNTY),
]

AUDIENCES = [
    case("wertstoffhof-nutzen", "?place"),
    case("wertstoffhof-nutzen", "?place", audience="citizen"),
    case("wertstoffhof-nutzen", "abfallwirtschaft#gewerbe", audience="business"),
    case("wertstoffhof-nutzen", "?audience", "Ammerfeld"),
    case("wertstoffhof-nutzen", "?audience", "Hohenreut"),
    case("wertstoffhof-nutzen", "bauhof@ammerfeld", "Ammerfeld", audience="citizen"),
    case("wertstoffhof-nutzen", "bauhof@gruensee", "Grünsee", audience="citizen"),
    case("wertstoffhof-nutzen", "abfallwirtschaft", "Hohenreut", audience="citizen"),
    *(
        case("wertstoffhof-nutzen", "abfallwirtschaft#gewerbe", place, audience="business")
        for place in ("Ammerfeld", "Grünsee", "Moosham")
    ),
]

DATES = [
    *(
        case(service, office, place, on=on)
        for service in ("eheschliessung-anmelden", "sterbefall-anzeigen", "kirchenaustritt-erklaeren")
        for place in ("Wallersbach", "Sankt Veit am Berg")
        for on, office in ((NEW_YEARS_EVE, "standesamt@wallersbach"), (NEW_YEAR, "standesamt@lindenau"))
    ),
    case("falschparken-kommunal-klaeren", "nothere polizei", "Tannberg", on=NEW_YEARS_EVE),
    case("falschparken-kommunal-klaeren", "verkehrsueberwachung-zweckverband", "Tannberg", on=NEW_YEAR),
    case("falschparken-kommunal-klaeren", "nothere polizei", "Ulrichszell", on=NEW_YEAR),
    case("falschparken-kommunal-klaeren", "nothere polizei", "85908", on=NEW_YEARS_EVE),
    case("falschparken-kommunal-klaeren", "Tannberg or Ulrichszell or Waldhausen am Forst", "85908", on=NEW_YEAR),
    case("wohnsitz-anmelden", "buergerbuero@lindenau", "Lindenau", on="2020-01-01"),
    case("wohnsitz-anmelden", "nothere", "Lindenau", on="2019-12-31"),
]

SHARED_NAMES = [
    case("wohnsitz-anmelden", "Birkenried or Eichelbach", "85902"),
    case("wohnsitz-anmelden", "buergerbuero@eichelbach", "85902 Eichelbach"),
    case("eheschliessung-anmelden", "standesamt@ammerfeld", "85902"),
    case("wohnsitz-anmelden", "Grünsee or Strandsiedlung (Unterseeham)", "85904"),
    case("kanalanschluss-beantragen", "abwasserbetrieb@gruensee", "85904"),
    case("wohnsitz-anmelden", "buergerbuero@vg-moosham", "85907"),
    case("bauplatz-kaufen", "Moosham or Pfarrhausen or Unterseeham", "85907"),
    case("schulanmeldung-grundschule", "nothere sprengelschule@moosham", "85907"),
    case("wohnsitz-anmelden", "buergerbuero@vg-tannberg", "85908"),
    case("grab-erwerben-und-verlaengern", "Tannberg or Ulrichszell or Waldhausen am Forst", "85908"),
    case(
        "wohnsitz-anmelden",
        "Forsthaus (Waldhausen am Forst) or ein Ort außerhalb des Landkreises Lindenau",
        "85999",
    ),
    case("wasseranschluss-beantragen", "wasserzweckverband#forstgruppe", "85999 Forsthaus"),
    case("wohnsitz-anmelden", "buergerbuero@kirchdorf-im-moos", "85909"),
    *(
        case(service, "outside", place)
        for service in ("wohnsitz-anmelden", "kfz-zulassen", "kindergeld-beantragen")
        for place in ("80331", "83022", "München", "Landkreis Miesbach")
    ),
    case("wohnsitz-anmelden", "Kirchdorf (Ammerfeld) or Kirchdorf (Kirchdorf im Moos)", "Kirchdorf"),
    case("wohnsitz-anmelden", "buergerbuero@kirchdorf-im-moos", "Kirchdorf im Moos"),
    case("wohnsitz-anmelden", "buergerbuero@ammerfeld", "Kirchdorf, Ammerfeld"),
    case("kfz-zulassen", "kfz-zulassungsstelle", "Kirchdorf"),
    case("wohnsitz-anmelden", "buergerbuero@lindenau", "Sankt Veit"),
    case("wohnsitz-anmelden", "buergerbuero@wallersbach", "Sankt Veit am Berg"),
    case("wohnsitz-anmelden", "buergerbuero@kirchdorf-im-moos", "Moosham-Siedlung"),
]

OTHER_LEVELS = [
    case("elterngeld-beantragen", "nothere zbfs"),
    case("steuererklaerung-abgeben", "nothere finanzamt", "Lindenau"),
    case("grundbuchauszug-beantragen", "nothere grundbuchamt"),
    case("psychische-krise-hilfe", "nothere krisendienst-psychiatrie"),
    case("hilfe-zur-pflege-beantragen", "nothere bezirk-sozialverwaltung"),
    case("bafoeg-studium-beantragen", "nothere studierendenwerk"),
    case("bussgeld-verkehr-klaeren", "nothere zentrale-bussgeldstelle", "Moosham"),
    case("kindergeld-beantragen", "nothere familienkasse"),
    case("buergergeld-beantragen", "nothere jobcenter", "Pfarrhausen"),
    case("rente-beantragen-drv", "nothere rentenversicherung"),
    case("kfz-steuer-klaeren", "nothere hauptzollamt"),
    case("handwerksrolle-eintragung", "nothere handwerkskammer"),
    case("ihk-beratung-und-unterrichtung", "nothere ihk", "Grünsee"),
    case("gelbe-tonne-gelber-sack", "nothere duale-systeme"),
    case("kaminkehrer-finden", "nothere bezirksschornsteinfeger"),
    case("wallbox-anmelden", "?place"),
    case("wallbox-anmelden", "nothere netzbetreiber@lindenau", "Lindenau"),
    case("wallbox-anmelden", "nothere netzbetreiber", "Moosham"),
    case("kfz-abmelden", "kfz-zulassungsstelle"),
    case("vaterschaft-anerkennen", "jugendamt"),
    case("vhs-kurs-buchen", "kreisvolkshochschule"),
]


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(VERWALTUNGSGEMEINSCHAFTEN, id="Verwaltungsgemeinschaften"),
        pytest.param(NOT_THROUGH_THE_VG, id="not through the VG"),
        pytest.param(SHARED_ADMINISTRATION, id="shared administration"),
        pytest.param(ORTSTEILE, id="Ortsteile"),
        pytest.param(STREETS, id="streets"),
        pytest.param(LINDENAU_ITSELF, id="Lindenau itself"),
        pytest.param(SURNAMES, id="surnames"),
        pytest.param(PURCHASING, id="purchasing"),
        pytest.param(AUDIENCES, id="audiences"),
        pytest.param(DATES, id="dates"),
        pytest.param(SHARED_NAMES, id="shared names"),
        pytest.param(OTHER_LEVELS, id="other levels"),
    ],
)
def test_who_is_responsible(release: Release, gazetteer: Gazetteer, cases: list[Case]) -> None:
    def answered(each: Case) -> str:
        known, on = facts_of(gazetteer, each.place, each.facts)
        return said(release, resolve(release, each.service, known, on))

    assert cases
    assert [(each, found) for each in cases if (found := answered(each)) != each.expected] == []


@pytest.mark.parametrize(
    ("service", "place", "facts", "doors"),
    [
        ("vaterschaft-anerkennen", "", {}, []),
        ("vaterschaft-anerkennen", "Pfarrhausen", {}, ["ansprechpunkt standesamt@vg-moosham"]),
        ("vaterschaft-anerkennen", "Wallersbach", {"on": NEW_YEARS_EVE}, ["ansprechpunkt standesamt@wallersbach"]),
        ("vaterschaft-anerkennen", "Wallersbach", {"on": NEW_YEAR}, ["ansprechpunkt standesamt@lindenau"]),
        ("vaterschaft-anerkennen", "85902", {}, ["ansprechpunkt standesamt@ammerfeld"]),
        ("kfz-adresse-aendern", "", {}, []),
        ("kfz-adresse-aendern", "Grünsee", {}, ["annahme buergerbuero@gruensee"]),
        ("kfz-adresse-aendern", "Unterseeham", {}, ["annahme buergerbuero@vg-moosham"]),
        ("kfz-adresse-aendern", "Tannberg", {}, []),
        ("fuehrerschein-ersterteilung", "Tannberg", {"surname": "A"}, ["annahme buergerbuero@vg-tannberg"]),
        ("fuehrerschein-ersatz", "Tannberg", {"surname": "A"}, []),
        ("wohngeld-beantragen", "Birkenried", {"surname": "Z"}, ["annahme buergerbuero@birkenried"]),
        ("rente-beantragen-drv", "Ulrichszell", {}, ["annahme buergerbuero@vg-tannberg"]),
        ("brandschutznachweis-pruefen", "Lindenau", {}, ["ansprechpunkt brandschutzdienststelle"]),
        ("brandschutznachweis-pruefen", "Grünsee", {}, []),
        ("bildung-und-teilhabe-beantragen", "", {"surname": "A"}, ["ansprechpunkt jobcenter"]),
        ("hilfe-zur-pflege-beantragen", "", {}, ["ansprechpunkt pflegestuetzpunkt"]),
        ("psychische-krise-hilfe", "", {}, ["ansprechpunkt gesundheitsamt"]),
        ("hilfe-bei-haeuslicher-gewalt", "Moosham", {}, ["ansprechpunkt gleichstellungsstelle"]),
        ("kindeswohlgefaehrdung-melden", "Moosham", {}, ["ansprechpunkt jugendamt#asd-sued"]),
        ("kindeswohlgefaehrdung-melden", "Lindenau", {}, ["ansprechpunkt jugendamt#asd-nord"]),
        ("klimaschutz-foerderprogramm-kommunal", "Moosham", {}, ["ansprechpunkt klimaschutzmanagement"]),
        ("breitband-ausbau-anfragen", "Moosham", {}, ["ansprechpunkt breitbandkoordination"]),
        ("heizungsfoerderung-kfw-bafa", "", {}, ["ansprechpunkt klimaschutzmanagement"]),
        ("integrationskurs-besuchen", "", {}, ["ansprechpunkt kreisvolkshochschule"]),
        ("lieferant-kontakt-it", COUNTY, {"value": "20000"}, ["ansprechpunkt it-digitalisierung"]),
        ("lieferant-kontakt-it", "Grünsee", {}, ["ansprechpunkt hauptverwaltung-gemeinde@gruensee"]),
        ("lieferant-kontakt-vergabe", "Ammerfeld", {"value": "100000"}, []),
        ("lieferant-kontakt-vergabe", "Ammerfeld", {"value": "100000.01"}, ["ansprechpunkt interkommunale-vergabestelle"]),
    ],
)
def test_further_doors(
    release: Release, gazetteer: Gazetteer, service: str, place: str, facts: dict[str, str], doors: list[str]
) -> None:
    known, on = facts_of(gazetteer, place, facts)
    outcome = resolve(release, service, known, on)
    assert isinstance(outcome, Responsible | NotHere)
    assert [f"{each.role} {each.office}" for each in outcome.offices[1:]] == doors


@pytest.mark.parametrize(
    ("service", "place", "certainty", "reason"),
    [
        ("wohnsitz-anmelden", "Grünsee", "belegt", "In Grünsee ist das Bürgerbüro für Anmeldungen, Ausweise und Anträge da."),
        (
            "brandschutznachweis-pruefen",
            "Lindenau",
            "vermutlich",
            "In Lindenau läuft das Verfahren bei der Bauaufsicht der Stadt. Sie fragt die Brandschutzdienststelle.",
        ),
        (
            "wohnberechtigungsschein-beantragen",
            "Lindenau",
            "vermutlich",
            "Auch wer in Lindenau wohnt, bekommt den Schein nach heutigem Stand vom Landratsamt.",
        ),
        (
            "pflegegrad-beantragen",
            "",
            "nur-ebene",
            "Über den Pflegegrad entscheidet Ihre Pflegekasse. Sie gehört zu Ihrer Krankenkasse.",
        ),
        (
            "vaterschaft-anerkennen",
            "Tannberg",
            "belegt",
            "Das geht bei jedem Standesamt und jedem Jugendamt, egal wo Sie wohnen. Beim Jugendamt ist es kostenfrei.",
        ),
    ],
)
def test_an_answer_says_why_and_how_sure(
    release: Release, gazetteer: Gazetteer, service: str, place: str, certainty: str, reason: str
) -> None:
    known, on = facts_of(gazetteer, place, {})
    outcome = resolve(release, service, known, on)
    assert isinstance(outcome, Responsible | NotHere)
    assert (outcome.offices[0].certainty, outcome.offices[0].reason) == (certainty, reason)


def test_with_the_place_open_the_weakest_certainty_holds(release: Release) -> None:
    outcome = resolve(release, "wohnberechtigungsschein-beantragen", Facts(), date(2026, 11, 22))
    assert isinstance(outcome, Responsible)
    assert outcome.offices[0].certainty == "vermutlich"
    assert outcome.offices[0].reason.startswith("Förderung und Berechtigungsscheine")


class TestChoices:
    """What can be picked when a fact is missing."""

    def choices(
        self, release: Release, gazetteer: Gazetteer, service: str, place: str = "", **facts: str
    ) -> list[tuple[str, str]]:
        known, on = facts_of(gazetteer, place, facts)
        outcome = resolve(release, service, known, on)
        assert isinstance(outcome, Missing | Ambiguous)
        return [(choice.value, choice.label) for choice in outcome.choices]

    def test_gemeinden_without_the_county(self, release: Release, gazetteer: Gazetteer) -> None:
        offered = self.choices(release, gazetteer, "wohnsitz-anmelden")
        assert len(offered) == 14
        assert ("091995101120", "Pfarrhausen") in offered

    def test_the_county_too_where_it_is_a_party(self, release: Release, gazetteer: Gazetteer) -> None:
        assert self.choices(release, gazetteer, "lieferant-kontakt-it")[0] == ("091990000000", "Landratsamt Lindenau")
        assert len(self.choices(release, gazetteer, "e-rechnung-einreichen")) == 15
        assert len(self.choices(release, gazetteer, "baugenehmigung-beantragen")) == 14

    def test_places_of_a_postcode(self, release: Release, gazetteer: Gazetteer) -> None:
        assert self.choices(release, gazetteer, "wohnsitz-anmelden", "85999") == [
            ("091995102124/Forsthaus", "Forsthaus (Waldhausen am Forst)"),
            ("outside", "ein Ort außerhalb des Landkreises Lindenau"),
        ]

    def test_ortsteile(self, release: Release, gazetteer: Gazetteer) -> None:
        offered = self.choices(release, gazetteer, "schulanmeldung-grundschule", "Lindenau")
        assert [value for value, _ in offered] == ["Altstadt", "Oberlindenau", "Sankt Veit", "Neuhofen", "Lindenau-Süd"]

    def test_classes_of_roads(self, release: Release, gazetteer: Gazetteer) -> None:
        offered = self.choices(release, gazetteer, "strassenschaden-melden", "Hohenreut")
        assert [label for _, label in offered] == list(ROAD_CLASSES)

    @pytest.mark.parametrize(
        ("service", "expected"),
        [
            ("wohngeld-beantragen", [("A", "A–K"), ("L", "L–S (ohne Sch, St)"), ("Sch", "Sch–Z")]),
            ("fuehrerschein-ersatz", [("A", "A–K"), ("L", "L–Z")]),
            ("beistandschaft-beantragen", [("A", "A–G"), ("H", "H–R"), ("S", "S–Z")]),
        ],
    )
    def test_initials(self, release: Release, gazetteer: Gazetteer, service: str, expected: list[tuple[str, str]]) -> None:
        assert self.choices(release, gazetteer, service) == expected

    def test_citizen_or_business(self, release: Release, gazetteer: Gazetteer) -> None:
        offered = self.choices(release, gazetteer, "wertstoffhof-nutzen", "Grünsee")
        assert offered == [("citizen", "Privatperson"), ("business", "Betrieb oder Firma")]

    def test_order_values(self, release: Release, gazetteer: Gazetteer) -> None:
        assert self.choices(release, gazetteer, "lieferant-kontakt-it", COUNTY) == [
            ("0", "bis 1.000 Euro"),
            ("1000.01", "über 1.000 Euro bis 100.000 Euro"),
            ("100000.01", "über 100.000 Euro"),
        ]
        assert self.choices(release, gazetteer, "vergabe-nachpruefung") == [
            ("0", "unter 216.000 Euro"),
            ("216000", "ab 216.000 Euro"),
        ]

    def test_each_choice_leads_on(self, release: Release, gazetteer: Gazetteer) -> None:
        known, on = facts_of(gazetteer, COUNTY, {})
        for value, office in (("0", "it-digitalisierung"), ("1000.01", "zentrale-beschaffung"), ("100000.01", "vergabestelle")):
            outcome = resolve(release, "lieferant-kontakt-it", replace(known, value=Decimal(value)), on)
            assert said(release, outcome) == office


def test_an_unknown_service_is_an_error(release: Release) -> None:
    with pytest.raises(KeyError):
        resolve(release, "gibt-es-nicht", Facts(), date(2026, 11, 22))


# What holds for every service and all facts.

VALUES = ("0", "999.99", "1000", "1000.01", "99999", "100000", "100000.01", "215999.99", "216000", "250000", "250000.01", "9e7")
DAYS = (date(2020, 1, 1), date(2026, 11, 22), date(2026, 12, 31), date(2027, 1, 1), date(2031, 5, 5))


def localities_of(knowledge: Knowledge) -> list[Locality]:
    """Every place, with and without its Ortsteile."""
    gemeinden = [place for place in knowledge.places if not place.is_county]
    districts = [Locality(place.ars, district.name) for place in gemeinden for district in place.districts]
    return [*(Locality(place.ars) for place in knowledge.places), *districts]


SEED = demo_county()
SERVICES = [service.slug for service in SEED.services]
LOCALITIES = localities_of(SEED)
AUDIENCES = ("citizen", "business")


def responsible_offices(release: Release, service: Service, facts: Facts, on: date) -> set[str]:
    """The offices that the catalogue names for complete facts, by the letter of its reading rules."""
    assert facts.places
    assert facts.value is not None
    at = facts.places[0]
    place = release.places[at.ars]
    areas = [at.ars, *([at.ars[:9]] if place.vg else []), release.county.ars, "*"]

    def fits(rule: Rule) -> bool:
        ranked = list(INITIALS)
        first, last = rule.surname_from or "A", rule.surname_to or "Z"
        return (
            rule.role == "zustaendig"
            and (rule.service == service.slug or (rule.service == "*" and rule.office_type == service.office_type))
            and rule.applies_to in areas
            and rule.district in ("", at.district, facts.district)
            and ranked.index(first) <= ranked.index(str(facts.surname)) <= ranked.index(last)
            and rule.audience in ("both", facts.audience)
            and (rule.value_from is None or rule.value_from <= facts.value)
            and (rule.value_to is None or facts.value <= rule.value_to)
            and rule.valid_from <= on <= rule.valid_to
        )

    def rank(rule: Rule) -> tuple[bool, int, bool]:
        return (not rule.district, areas.index(rule.applies_to), rule.service == "*")

    fitting = sorted(filter(fits, release.knowledge.rules), key=rank)
    return {rule.office for rule in fitting if rank(rule) == rank(fitting[0])}


def is_by_road(release: Release, service: Service) -> bool:
    return any(rule.district in ROAD_CLASSES for rule in release.knowledge.rules if rule.service == service.slug)


@settings(max_examples=150)
@given(
    service=st.sampled_from(SERVICES),
    at=st.sampled_from([each for each in LOCALITIES if each.district]),
    road=st.sampled_from(ROAD_CLASSES[:-1]),
    surname=st.sampled_from(INITIALS),
    audience=st.sampled_from(AUDIENCES),
    value=st.sampled_from(VALUES),
    on=st.sampled_from(DAYS),
)
def test_complete_facts_lead_to_exactly_one_office(
    release: Release, service: str, at: Locality, road: str, surname: str, audience: str, value: str, on: date
) -> None:
    facts = Facts(
        places=(at,),
        district=road if is_by_road(release, release.services[service]) else None,
        surname=surname,
        audience=audience,
        value=Decimal(value),
    )
    outcome = resolve(release, service, facts, on)
    assert isinstance(outcome, Responsible | NotHere)
    assert {outcome.offices[0].office} == responsible_offices(release, release.services[service], facts, on)
    assert isinstance(outcome, NotHere) == release.offices[outcome.offices[0].office].is_supralocal


SOME_FACTS = st.builds(
    Facts,
    places=st.lists(st.sampled_from(LOCALITIES), max_size=3, unique=True).map(lambda places: tuple(places) or None),
    district=st.sampled_from([None, *ROAD_CLASSES]),
    surname=st.sampled_from([None, *INITIALS]),
    audience=st.sampled_from([None, *AUDIENCES]),
    value=st.sampled_from([None, *map(Decimal, VALUES)]),
)


@settings(max_examples=150)
@given(slug=st.sampled_from(SERVICES), facts=SOME_FACTS, on=st.sampled_from(DAYS))
def test_one_office_or_one_missing_fact(release: Release, slug: str, facts: Facts, on: date) -> None:
    outcome = resolve(release, slug, facts, on)
    if isinstance(outcome, Responsible | NotHere):
        nobody = facts.district == "Autobahn" and not outcome.offices
        assert [each.role for each in outcome.offices].count("zustaendig") == (0 if nobody else 1)
    elif isinstance(outcome, Missing):
        assert outcome.fact in ("place", "district", "surname", "audience", "value")
        assert outcome.fact == "district" or not getattr(facts, outcome.fact, None)
        assert len({choice.value for choice in outcome.choices}) == len(outcome.choices) >= 2
    else:
        assert facts.places
        assert len(outcome.choices) >= 2


@settings(max_examples=150)
@given(slug=st.sampled_from(SERVICES), before=SOME_FACTS, more=SOME_FACTS, on=st.sampled_from(DAYS))
def test_a_further_fact_never_reopens_an_answer(release: Release, slug: str, before: Facts, more: Facts, on: date) -> None:
    after = Facts(
        places=((before.places or more.places or LOCALITIES)[0],),
        district=before.district or more.district,
        surname=before.surname or more.surname,
        audience=before.audience or more.audience,
        value=more.value if before.value is None else before.value,
    )
    if isinstance(resolve(release, slug, before, on), Responsible | NotHere):
        assert isinstance(resolve(release, slug, after, on), Responsible | NotHere)


@pytest.mark.parametrize("on", [date(2026, 12, 31), date(2027, 1, 1)])
def test_every_gemeinde_has_somebody_for_every_service(release: Release, on: date) -> None:
    complete = Facts(surname="M", audience="citizen", value=Decimal(500), district="Gemeindestraße")
    for slug in release.services:
        for at in localities_of(release.knowledge):
            if at.district:
                outcome = resolve(release, slug, replace(complete, places=(at,)), on)
                assert isinstance(outcome, Responsible | NotHere), (slug, at)
                assert outcome.offices, (slug, at)


def test_outside_is_never_mixed_up_with_an_empty_place(release: Release) -> None:
    for slug in release.services:
        assert resolve(release, slug, Facts(places=(Locality(OUTSIDE),)), date(2026, 11, 22)) == NotHere(outside=True)


def test_following_the_questions_ends_in_an_answer(release: Release) -> None:
    for slug in release.services:
        facts, asked = Facts(), []
        while isinstance(outcome := resolve(release, slug, facts, date(2026, 11, 22)), Missing):
            asked.append(outcome.fact)
            facts = answered(facts, outcome.fact, outcome.choices[-1])
        assert isinstance(outcome, Responsible | NotHere), slug
        order = ["place", "district", "surname", "audience", "value"]
        assert asked == sorted(set(asked), key=order.index), slug


def answered(facts: Facts, fact: str, choice: Choice) -> Facts:
    if fact == "place":
        return replace(facts, places=(Locality.parse(choice.value),))
    return replace(facts, **{fact: Decimal(choice.value) if fact == "value" else choice.value})

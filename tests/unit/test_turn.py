from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from actions.facts import find_facts
from actions.turn import NONE_OF_THESE, WHO, Candidate, Reply, Turn, TurnState, Understanding
from knowledge.places import Gazetteer
from knowledge.release import Release

TODAY = date(2026, 11, 22)


class Talk:
    """A conversation: says something, remembers the state."""

    def __init__(self, release: Release, gazetteer: Gazetteer) -> None:
        self.release, self.gazetteer, self.state = release, gazetteer, TurnState()

    def _turn(self) -> Turn:
        return Turn(self.release, self.gazetteer, TODAY, self.state)

    def say(self, text: str, *services: str, sure: float = 0.95, aspect: str = WHO) -> Reply:
        """A message, and the services that the understanding sees in it: one is an answer, several are a choice."""
        verdict = "answer" if len(services) == 1 else "choose" if services else "unsure"
        ranking = tuple(Candidate(service, sure) for service in services)
        understood = Understanding(text, "anliegen", ranking, verdict, find_facts(text, self.gazetteer), aspect)
        reply, self.state = self._turn().matter(understood)
        return reply

    def press(self, kind: str, value: str) -> Reply:
        reply, self.state = self._turn().choose(kind, value)
        return reply


@pytest.fixture
def talk(release: Release, gazetteer: Gazetteer) -> Talk:
    return Talk(release, gazetteer)


def office(reply: Reply) -> str:
    assert reply.outcome in ("answer", "nothere"), reply
    return reply.offices[0].office


def test_an_answer_at_once(talk: Talk) -> None:
    reply = talk.say("Ich ziehe nach Pfarrhausen, wo muss ich hin?", "wohnsitz-anmelden")
    assert (reply.outcome, reply.service, office(reply)) == ("answer", "wohnsitz-anmelden", "buergerbuero@vg-moosham")
    assert (reply.places, reply.on) == (("091995101120",), "2026-11-22")
    assert talk.state.awaiting is None


def test_the_place_is_asked_for_and_remembered(talk: Talk) -> None:
    reply = talk.say("Ich brauche einen Ausweis", "personalausweis-beantragen")
    assert (reply.outcome, reply.missing, len(reply.choices)) == ("missing", "place", 14)
    assert office(talk.say("Grünsee")) == "buergerbuero@gruensee"
    assert office(talk.say("Und die Hundesteuer?", "hundesteuer-anmelden")) == "gemeindekasse@gruensee"


@pytest.mark.parametrize("text", ["in Pfarrhausen", "Pfarrhausen", "pfarhausen", "091995101120", "ich wohne in Pfarrhausen"])
def test_ways_to_name_a_place(talk: Talk, text: str) -> None:
    talk.say("Ausweis", "personalausweis-beantragen")
    assert office(talk.say(text)) == "buergerbuero@vg-moosham"


def test_the_same_matter_in_another_place(talk: Talk) -> None:
    talk.say("Ausweis in Grünsee", "personalausweis-beantragen")
    assert office(talk.say("und in Ammerfeld?", "hundesteuer-anmelden", "kfz-abmelden")) == "buergerbuero@ammerfeld"


@pytest.mark.parametrize("text", ["2", "2.", "Nummer 2", "das zweite", "Eichelbach", "eichelbach!"])
def test_ways_to_pick_from_a_postcode(talk: Talk, text: str) -> None:
    reply = talk.say("Ausweis in 85902", "personalausweis-beantragen")
    assert (reply.outcome, reply.missing) == ("ambiguous", "place")
    assert [choice.label for choice in reply.choices] == ["Birkenried", "Eichelbach"]
    assert office(talk.say(text)) == "buergerbuero@eichelbach"


def test_kirchdorf_is_asked_about(talk: Talk) -> None:
    reply = talk.say("Ausweis in Kirchdorf", "personalausweis-beantragen")
    assert [choice.value for choice in reply.choices] == ["091990112112/Kirchdorf", "091990118118/Kirchdorf"]
    assert office(talk.press("place", "091990118118/Kirchdorf")) == "buergerbuero@kirchdorf-im-moos"


def test_a_place_elsewhere(talk: Talk) -> None:
    reply = talk.say("Ausweis in München", "personalausweis-beantragen")
    assert (reply.outcome, reply.topic, reply.offices) == ("nothere", "outside", ())


def test_surname_asked_and_answered(talk: Talk) -> None:
    reply = talk.say("Wohngeld", "wohngeld-beantragen")
    assert (reply.missing, [choice.label for choice in reply.choices]) == ("surname", ["A–K", "L–S (ohne Sch, St)", "Sch–Z"])
    assert office(talk.say("Schmidt")) == "wohngeldbehoerde#sch-z"
    assert talk.state.surname == "Schmidt"


def test_a_surname_nobody_tells_is_not_guessed(talk: Talk) -> None:
    talk.say("Wohngeld", "wohngeld-beantragen")
    assert talk.say("weiß nicht").outcome == "fallback"


def test_surname_by_range(talk: Talk) -> None:
    talk.say("Wohngeld", "wohngeld-beantragen")
    assert office(talk.say("A–K")) == "wohngeldbehoerde#a-k"


def test_road_asked_and_answered(talk: Talk) -> None:
    assert talk.say("Schlagloch in Moosham", "strassenschaden-melden").missing == "district"
    assert office(talk.say("auf der Kreisstraße")) == "kreisstrassenmeisterei"


def test_ortsteil_asked_and_answered(talk: Talk) -> None:
    assert talk.say("Einschulung in Lindenau", "schulanmeldung-grundschule").missing == "district"
    assert office(talk.say("Neuhofen")) == "sprengelschule@lindenau#oberlindenau"


@pytest.mark.parametrize("text", ["Unterseeham", "im Ort Unterseeham", "in Unterseeham selbst"])
def test_an_ortsteil_may_be_called_like_its_gemeinde(talk: Talk, text: str) -> None:
    assert talk.say("Kanalanschluss in Unterseeham", "kanalanschluss-beantragen").missing == "district"
    assert office(talk.say(text)) == "bauverwaltung-gemeinde@vg-moosham"


def test_value_asked_and_answered(talk: Talk) -> None:
    assert talk.say("Wer kauft beim Landratsamt Software?", "lieferant-kontakt-it").missing == "value"
    assert office(talk.say("20.000")) == "zentrale-beschaffung"
    assert talk.state.value == "20000"


def test_a_small_number_is_a_value_when_a_value_is_asked(talk: Talk) -> None:
    talk.say("Wer kauft beim Landratsamt Software?", "lieferant-kontakt-it")
    assert office(talk.say("2")) == "it-digitalisierung"


def test_audience_asked_and_answered(talk: Talk) -> None:
    assert talk.say("Wertstoffhof in Ammerfeld", "wertstoffhof-nutzen").missing == "audience"
    assert office(talk.say("für meinen Betrieb")) == "abfallwirtschaft#gewerbe"


def test_several_services_are_offered(talk: Talk, release: Release) -> None:
    meant = ("fuehrerschein-ersatz", "fuehrerschein-umtauschen", "kfz-abmelden", "kfz-zulassen")
    reply = talk.say("Es geht um so ein Dingsbums", *meant)
    assert reply.outcome == "choices"
    assert [choice.value for choice in reply.choices] == [
        "fuehrerschein-ersatz",
        "fuehrerschein-umtauschen",
        "kfz-abmelden",
        NONE_OF_THESE,
    ]
    assert talk.say("das zweite").service == "fuehrerschein-umtauschen"


def test_none_of_these(talk: Talk) -> None:
    talk.say("Führerschein", "fuehrerschein-ersatz", "kfz-abmelden")
    assert talk.press("service", NONE_OF_THESE).outcome == "fallback"
    assert replace(talk.state, before=None) == TurnState()


def test_an_unknown_service_is_not_offered(talk: Talk) -> None:
    reply = talk.say("Es geht um so ein Dingsbums", "gibt-es-nicht", "kfz-abmelden")
    assert [choice.value for choice in reply.choices] == ["kfz-abmelden", NONE_OF_THESE]
    assert talk.say("anderes", "gibt-es-nicht").outcome == "fallback"


def test_a_new_matter_while_a_question_is_open(talk: Talk) -> None:
    assert talk.say("Wohngeld", "wohngeld-beantragen").missing == "surname"
    assert office(talk.say("Auto abmelden", "kfz-abmelden")) == "kfz-zulassungsstelle"


def test_a_new_matter_keeps_the_person_but_not_the_road(talk: Talk) -> None:
    talk.say("Schlagloch auf der Kreisstraße in Moosham", "strassenschaden-melden")
    reply = talk.say("Und die Straße wird nicht geräumt", "winterdienst-und-streupflicht")
    assert (reply.missing, reply.places, talk.state.district) == ("district", ("091995101119",), None)


def test_nor_does_a_matter_that_was_chosen(talk: Talk) -> None:
    talk.say("Schlagloch auf der Kreisstraße in Moosham", "strassenschaden-melden")
    talk.say("Straße", "winterdienst-und-streupflicht", "sondernutzung-strasse-beantragen")
    assert talk.press("service", "winterdienst-und-streupflicht").missing == "district"


def test_a_day_to_come_decides(talk: Talk) -> None:
    reply = talk.say("Wir heiraten am 2.1.2027 in Wallersbach", "eheschliessung-anmelden")
    assert (office(reply), reply.on) == ("standesamt@lindenau", "2027-01-02")


def test_a_day_that_is_past_does_not(talk: Talk) -> None:
    reply = talk.say("Mein Kind ist am 5.6.2015 geboren, Urkunde aus Wallersbach", "geburtsurkunde-beantragen")
    assert (office(reply), reply.on) == ("standesamt@wallersbach", "2026-11-22")


def test_nothing_fits(talk: Talk) -> None:
    reply = talk.say("blabla")
    assert (reply.outcome, reply.service) == ("fallback", None)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("place", "Hintertupfing"),
        ("place", "091990112112|nirgends"),
        ("value", "viel"),
        ("value", "NaN"),
        ("audience", "alle"),
        ("wetter", "schön"),
        ("service", "gibt-es-nicht"),
    ],
)
def test_a_button_that_nobody_offered(talk: Talk, kind: str, value: str) -> None:
    talk.say("Ausweis", "personalausweis-beantragen")
    assert talk.press(kind, value).outcome == "fallback"


def test_a_button_without_a_matter(talk: Talk) -> None:
    assert talk.press("surname", "M").outcome == "fallback"


def test_state_and_reply_travel_as_json(talk: Talk) -> None:
    for reply in (
        talk.say("Wertstoffhof in 85902", "wertstoffhof-nutzen"),
        talk.say("Familienkasse", "kindergeld-beantragen"),
        talk.say("Software", "lieferant-kontakt-it"),
    ):
        assert Reply.from_dict(json.loads(json.dumps(reply.to_dict()))) == reply
        assert TurnState.from_dict(json.loads(json.dumps(talk.state.to_dict()))) == talk.state


def test_a_state_of_nothing_is_empty() -> None:
    assert TurnState.from_dict({}) == TurnState.from_dict({"service": None, "unbekannt": 1}) == TurnState()


def test_in_the_county_is_no_gemeinde_but_the_county_buys_for_itself(release: Release, gazetteer: Gazetteer) -> None:
    turn = Turn(release, gazetteer, date(2026, 11, 23), TurnState(places=(release.county.ars,)))
    assert turn.choose("service", "baugenehmigung-beantragen")[0].missing == "place"
    assert turn.choose("service", "lieferant-kontakt-it")[0].missing == "value"


def test_a_place_or_service_that_is_gone_is_forgotten(release: Release, gazetteer: Gazetteer) -> None:
    state = TurnState(service="abgeschafft", places=("091999999999",), awaiting="place")
    turn = Turn(release, gazetteer, date(2026, 11, 23), state)
    assert turn.state == TurnState()
    assert turn.choose("service", "personalausweis-beantragen")[0].missing == "place"


class TestAspects:
    """What is asked about a matter, and asked further."""

    def test_it_is_told(self, talk: Talk) -> None:
        assert talk.say("was kostet es ein auto abzumelden", "kfz-abmelden", aspect="fee").aspect == "fee"

    def test_it_outlives_a_question_back(self, talk: Talk) -> None:
        assert talk.say("Was brauche ich für einen Ausweis?", "personalausweis-beantragen", aspect="documents").missing == "place"
        reply = talk.say("in Ammerfeld")
        assert (reply.service, reply.aspect) == ("personalausweis-beantragen", "documents")

    @pytest.mark.parametrize("text", ["und was kostet das?", "Kosten", "was kostet das dann so ungefähr"])
    def test_a_follow_up_is_about_the_matter_at_hand(self, talk: Talk, text: str) -> None:
        talk.say("Auto abmelden", "kfz-abmelden")
        reply = talk.say(text, aspect="fee")
        assert (reply.service, reply.aspect) == ("kfz-abmelden", "fee")
        assert talk.say("hat das heute offen?", "wertstoffhof-nutzen", aspect="hours").service == "kfz-abmelden"

    def test_another_matter_in_it_starts_afresh(self, talk: Talk) -> None:
        talk.say("Auto abmelden", "kfz-abmelden")
        assert talk.say("was kostet ein Jagdschein", "jagdschein-beantragen", aspect="fee").service == "jagdschein-beantragen"
        sure = talk.say("und was kostet ein Jagdschein", "jagdschein-beantragen", sure=0.99, aspect="fee")
        assert sure.service == "jagdschein-beantragen"

    def test_a_place_keeps_what_was_asked(self, talk: Talk) -> None:
        talk.say("Was kostet ein Ausweis in Grünsee?", "personalausweis-beantragen", aspect="fee")
        assert talk.say("und in Ammerfeld?").aspect == "fee"

    def test_a_new_matter_asks_for_nothing_in_particular(self, talk: Talk) -> None:
        talk.say("Was kostet es, ein Auto abzumelden?", "kfz-abmelden", aspect="fee")
        assert talk.say("Jagdschein", "jagdschein-beantragen").aspect == WHO


@pytest.mark.parametrize(
    ("first", "said", "then"),
    [
        ("wohnsitz-anmelden", "nein, abmelden", "wohnsitz-abmelden"),
        ("wohnsitz-anmelden", "Nein, ummelden!", "wohnsitz-ummelden"),
        ("hundesteuer-anmelden", "falsch, abmelden", "hundesteuer-anmelden"),
        ("gewerbe-anmelden", "nicht anmelden, ich meine abmelden", None),
        ("gewerbe-anmelden", "ich meine abmelden", "gewerbe-abmelden"),
    ],
)
def test_a_correction_stays_with_the_matter(talk: Talk, first: str, said: str, then: str | None) -> None:
    talk.press("place", "091990113113")
    talk.press("service", first)
    reply = talk.say(said, "kfz-abmelden", "wohnsitz-abmelden")
    assert reply.service == then if then else reply.outcome == "choices"
    assert talk.state.places


def test_no_after_an_answer_offers_what_people_confuse_with_it(talk: Talk) -> None:
    assert talk.say("nein").topic == "ja_nein"
    talk.say("Umzug nach Grünsee", "wohnsitz-anmelden")
    denied = talk.say("Nein, das meine ich nicht", "bussgeldbescheid-landratsamt-klaeren")
    assert denied.outcome == "choices"
    assert "wohnsitz-ummelden" in [choice.value for choice in denied.choices]


def test_a_polite_no_wants_nothing_else(talk: Talk) -> None:
    talk.say("Umzug nach Grünsee", "wohnsitz-anmelden")
    assert talk.say("Nein, danke", "beschwerde-dienstaufsicht").topic == "dank"
    assert talk.state.service == "wohnsitz-anmelden"


def test_one_step_back(talk: Talk) -> None:
    assert talk._turn().back() is None
    talk.say("Ausweis", "personalausweis-beantragen")
    asked = talk.say("was kostet das", "personalausweis-beantragen", aspect="fee")
    office(talk.say("Grünsee"))
    again = talk.say("zurück")
    assert (again.outcome, again.missing, again.choices) == ("missing", "place", asked.choices)
    assert office(talk.say("Ammerfeld")) == "buergerbuero@ammerfeld"


def test_back_to_a_choice(talk: Talk) -> None:
    offered = talk.say("abmelden", "wohnsitz-abmelden", "kfz-abmelden").choices
    talk.say("1")
    assert talk.say("Zurück!").choices == offered


def both(talk: Talk, text: str, *services: str, likeliest: str = "", verdict: str = "choose") -> Reply:
    ranking = (Candidate(likeliest or services[0], 0.6),)
    understood = Understanding(text, "anliegen", ranking, verdict, find_facts(text, talk.gazetteer), matters=services)
    reply, talk.state = talk._turn().matter(understood)
    return reply


def test_two_matters_are_both_noticed(talk: Talk) -> None:
    reply = both(talk, "Ich ziehe nach Grünsee und habe einen Hund", "wohnsitz-anmelden", "hundesteuer-anmelden")
    assert (reply.service, reply.also) == ("wohnsitz-anmelden", "hundesteuer-anmelden")
    reply = talk.say("und das zweite?")
    assert (reply.service, reply.also) == ("hundesteuer-anmelden", None)
    assert office(reply) == "gemeindekasse@gruensee"
    assert talk.state.pending is None


def test_the_second_matter_waits_for_the_answer_to_the_first(talk: Talk) -> None:
    assert both(talk, "umziehen und hund anmelden", "wohnsitz-anmelden", "hundesteuer-anmelden").outcome == "missing"
    reply = talk.say("Grünsee")
    assert (office(reply), reply.also) == ("buergerbuero@gruensee", "hundesteuer-anmelden")
    assert talk.say("Ja, bitte").service == "hundesteuer-anmelden"


def test_yes_please_is_the_second_matter_whatever_it_sounds_like(talk: Talk) -> None:
    both(talk, "Ich ziehe nach Grünsee und habe einen Hund", "wohnsitz-anmelden", "hundesteuer-anmelden")
    understood = Understanding("ja bitte", "anliegen", (), "unsure", find_facts("ja bitte", talk.gazetteer), aspect="procedure")
    reply, _ = talk._turn().matter(understood)
    assert reply.service == "hundesteuer-anmelden"


def test_what_is_asked_while_the_matter_is_open_waits_for_it(talk: Talk) -> None:
    offered = talk.say("abmelden", "wohnsitz-abmelden", "kfz-abmelden").choices
    again = talk.say("und was kost des?", "bestattungskosten-uebernahme", aspect="fee")
    assert (again.outcome, again.choices, again.aspect) == ("choices", offered, "fee")
    assert talk.say("1").aspect == "fee"


def test_a_matter_comes_before_the_situation_it_was_named_with(talk: Talk) -> None:
    situation = "lebenslage:gaststaette-eroeffnen"
    reply = both(talk, "Ich mache in Grünsee ein Café auf und habe auch einen Hund", situation, "hundesteuer-anmelden")
    assert (reply.service, reply.also) == ("hundesteuer-anmelden", situation)
    reply = talk.say("Ja, bitte")
    assert (reply.outcome, reply.topic, reply.also) == ("journey", "gaststaette-eroeffnen", None)
    assert talk.state.pending is None


def test_two_that_people_confuse_are_answered_only_where_one_is_sure(talk: Talk) -> None:
    text, services = "In Grünsee anmelden, umgemeldet hab ich schon", ("wohnsitz-ummelden", "wohnsitz-anmelden")
    assert both(talk, text, *services).also is None
    reply = both(talk, text, *services, likeliest="wohnsitz-anmelden", verdict="answer")
    assert (reply.service, reply.also) == ("wohnsitz-anmelden", "wohnsitz-ummelden")


def test_a_situation_with_all_its_steps(talk: Talk) -> None:
    understood = Understanding(
        "Ich eröffne ein Café in Grünsee",
        "anliegen",
        journey="gaststaette-eroeffnen",
        facts=find_facts("Ich eröffne ein Café in Grünsee", talk.gazetteer),
    )
    reply, talk.state = talk._turn().matter(understood)
    assert (reply.outcome, reply.topic, reply.places) == ("journey", "gaststaette-eroeffnen", talk.state.places)
    assert talk.state.places
    assert Reply.from_dict(json.loads(json.dumps(reply.to_dict()))) == reply
    assert talk.state.service is None


@pytest.mark.parametrize("said", ["Fahrzeug", "fahrzeug abmelden", "farzeug abmelden", "das zweite", "2"])
def test_words_of_a_choice_pick_it(talk: Talk, said: str) -> None:
    talk.say("abmelden", "wohnsitz-abmelden", "kfz-abmelden")
    assert talk.say(said).service == "kfz-abmelden"


def test_a_word_of_several_choices_picks_none(talk: Talk) -> None:
    talk.say("abmelden", "wohnsitz-abmelden", "kfz-abmelden")
    assert talk.say("abmelden").outcome == "choices"


def test_a_place_before_any_matter_is_remembered(talk: Talk) -> None:
    reply = talk.press("place", "091990113113")
    assert (reply.outcome, reply.topic, reply.places) == ("smalltalk", "ort", talk.state.places)
    assert talk.say("in Ammerfeld").topic == "ort"
    assert office(talk.say("Ausweis", "personalausweis-beantragen")) == "buergerbuero@ammerfeld"


def test_starting_over_is_no_place(talk: Talk) -> None:
    talk.say("Ausweis", "personalausweis-beantragen")
    assert talk.say("Neustart").topic == "neustart"
    assert talk.state == TurnState()


def test_the_second_of_nothing_is_not_guessed(talk: Talk) -> None:
    talk.say("Hund in Grünsee", "hundesteuer-anmelden")
    assert talk.say("und das zweite?", "nebenwohnung-anmelden").outcome == "fallback"


def test_a_situation_is_no_question_about_the_matter_before(talk: Talk) -> None:
    talk.say("Nebenwohnung in Grünsee", "nebenwohnung-anmelden")
    said = "Ich eröffne ein Café, was muss ich alles erledigen?"
    reply, _ = talk._turn().matter(Understanding(said, "anliegen", aspect="documents", journey="gaststaette-eroeffnen"))
    assert (reply.outcome, reply.topic) == ("journey", "gaststaette-eroeffnen")


def test_a_likely_other_matter_is_no_question_about_the_one_before(talk: Talk) -> None:
    talk.say("Nebenwohnung in Grünsee", "nebenwohnung-anmelden")
    asked = talk.say("was kostet denn eine Reise", "reisepass-beantragen", "kfz-abmelden", sure=0.6, aspect="fee")
    assert asked.outcome == "choices"
    talk.press("service", "reisepass-beantragen")
    assert (
        talk.say("und was kostet das", "kfz-abmelden", "grab-erwerben", sure=0.6, aspect="fee").service == "reisepass-beantragen"
    )


class TestTheSameMatterAnew:
    """A new fact, and no word that names another matter: whatever the classifier makes of so short a message."""

    @pytest.mark.parametrize(
        "text",
        [
            "Und bei meiner Mutter in Hohenreut?",
            "Ach so, ich wohne ja inzwischen in Hohenreut.",
            "Und wenn der Baum in Hohenreut stehen würde?",
            "Nein, nicht Grünsee, ich wohne in Hohenreut.",
            "And in Hohenreut?",
            "What if I live in Hohenreut?",
        ],
    )
    def test_a_place(self, talk: Talk, text: str) -> None:
        talk.say("Baumfällung in Grünsee", "baumfaellung-klaeren")
        reply = talk.say(text, "bodenrichtwert-auskunft", sure=0.9)
        assert (reply.service, reply.places) == ("baumfaellung-klaeren", ("091990114114",))

    def test_a_class_of_road(self, talk: Talk) -> None:
        talk.say("Schlagloch auf der Staatsstraße in Moosham", "strassenschaden-melden")
        assert office(talk.say("Und auf der Kreisstraße?", "verkehrsrechtliche-anordnung-beantragen")) == "kreisstrassenmeisterei"

    @pytest.mark.parametrize(
        "text", ["Und mein Mann heißt Zeller", "Und für meine Freundin, die heißt Sommer?", "wenn ich Sauer heiße?"]
    )
    def test_a_surname(self, talk: Talk, text: str) -> None:
        talk.say("Ich heiße Bauer und brauche Wohngeld", "wohngeld-beantragen")
        assert office(talk.say(text, "namenserklaerung-standesamt")) != "wohngeldbehoerde#a-k"

    def test_private_or_business(self, talk: Talk) -> None:
        talk.say("Bauschutt aus meinem Betrieb nach Ammerfeld", "wertstoffhof-nutzen")
        assert office(talk.say("Und als Privatperson?", "schuldnerberatung-vereinbaren")) == "bauhof@ammerfeld"

    def test_another_matter_in_the_same_breath_is_another_matter(self, talk: Talk) -> None:
        talk.say("Ausweis in Grünsee", "personalausweis-beantragen")
        assert (
            talk.say("Und wo melden wir in Hohenreut unsere Hochzeit an?", "eheschliessung-anmelden").service
            == "eheschliessung-anmelden"
        )

    def test_a_situation_waits_for_its_place(self, talk: Talk) -> None:
        understood = Understanding("Wir bauen ein Haus, was ist zu tun?", "anliegen", journey="haus-bauen")
        _, talk.state = talk._turn().matter(understood)
        for text in ("in Birkenried", "in birkenrid", "Ach nein, in Lindenau"):
            reply = talk.say(text)
            assert (reply.outcome, reply.topic, len(reply.places)) == ("journey", "haus-bauen", 1)

    def test_what_a_situation_costs_is_asked_of_its_steps(self, talk: Talk) -> None:
        talk.press("journey", "haus-bauen")
        reply = talk.say("Was kostet das alles?", aspect="fee")
        assert (reply.outcome, reply.aspect, len(reply.choices)) == ("choices", "fee", 6)


class TestMoreAboutTheMatter:
    @pytest.mark.parametrize(
        ("text", "aspect"),
        [
            ("Haben die eine Telefonnummer?", "contact"),
            ("Brauche ich dort einen Termin?", "appointment"),
            ("was kosstet das im jar", "fee"),
            ("Wo ist das genau?", WHO),
            ("tel?", "contact"),
        ],
    )
    def test_asked_of_the_office_just_named(self, talk: Talk, text: str, aspect: str) -> None:
        talk.say("Gewerbe anmelden in Ammerfeld", "gewerbe-anmelden")
        reply = talk.say(text, "landratsamt-ansprechpartner-finden", aspect=aspect if aspect != "fee" else WHO)
        assert (reply.service, reply.aspect) == ("gewerbe-anmelden", aspect)

    def test_what_was_asked_holds_for_the_next_place_and_day(self, talk: Talk) -> None:
        talk.say("Wann hat der Wertstoffhof in Grünsee offen? Ich bin privat hier.", "wertstoffhof-nutzen", aspect="hours")
        assert talk.say("und morgen?", "rufbus-buchen", aspect="appointment").aspect == "hours"
        assert talk.say("und der in Hohenreut?").aspect == "hours"

    def test_the_weather_is_not(self, talk: Talk) -> None:
        talk.say("Gewerbe anmelden in Ammerfeld", "gewerbe-anmelden")
        said = Understanding(
            "Wie wird das Wetter?", "ausserhalb", aspect="procedure", facts=find_facts("Wie wird das Wetter?", talk.gazetteer)
        )
        reply, _ = talk._turn().matter(said)
        assert (reply.outcome, reply.topic) == ("fallback", "ausserhalb")

    def test_what_was_not_understood_changes_nothing(self, talk: Talk) -> None:
        talk.say("Gewerbe anmelden in Ammerfeld", "gewerbe-anmelden")
        assert talk.say("blubb hmpf").outcome == "fallback"
        assert talk.say("Und in Grünsee?").service == "gewerbe-anmelden"

    def test_an_open_question_is_asked_again(self, talk: Talk) -> None:
        asked = talk.say("Ausweis", "personalausweis-beantragen")
        again = talk.say("blubb hmpf")
        assert (again.outcome, again.missing, again.choices) == ("fallback", "place", asked.choices)
        assert talk.say("das weiß ich nicht").topic == "weiss_nicht"
        assert office(talk.say("Grünsee")) == "buergerbuero@gruensee"


class TestAWordOfManyMeanings:
    @pytest.mark.parametrize("text", ["Führerschein", "Ich brauche was zum Führerschein", "Was kostet der Führerschein?"])
    def test_it_is_not_guessed(self, talk: Talk, text: str) -> None:
        reply = talk.say(text, "fuehrerschein-ersatz", sure=0.99)
        assert reply.outcome == "choices"
        assert {"fuehrerschein-ersatz", "fuehrerschein-umtauschen"} <= {each.value for each in reply.choices}

    @pytest.mark.parametrize("text", ["Ausweis", "Reisepass", "Wohngeld", "Hundesteuer", "heiraten", "Auto abmelden"])
    def test_a_whole_name_is(self, talk: Talk, text: str) -> None:
        assert talk.say(text, "personalausweis-beantragen").service == "personalausweis-beantragen"

    def test_a_second_word_tells_which_even_of_those_not_shown(self, talk: Talk, release: Release) -> None:
        shown = talk.say("Auto", "kfz-steuer-klaeren").choices
        hidden = next(value for value, _ in talk.state.options if value not in {each.value for each in shown})
        assert talk.say(release.services[hidden].name).service == hidden

    def test_the_matter_at_hand_tells_which(self, talk: Talk) -> None:
        talk.say("Gewerbe anmelden in Ammerfeld", "gewerbe-anmelden")
        assert talk.say("und abmelden?", "wohnsitz-abmelden").service == "gewerbe-abmelden"

    @pytest.mark.parametrize(
        ("text", "service"),
        [
            ("Wo melde ich mein Auto ab?", "kfz-abmelden"),
            ("wo kan ich mein hunt anmeldne in hohnreut", "hundesteuer-anmelden"),
            ("Wo melde ich in Lindenau meinen Wohnsitz an?", "wohnsitz-anmelden"),
        ],
    )
    def test_a_whole_name_in_other_words_is_understood(self, talk: Talk, text: str, service: str) -> None:
        assert talk.say(text).service == service


@pytest.mark.parametrize(
    "text", ["the second one", "number two", "no. 2", "die zweite Möglichkeit", "zwei", "the last", "das letzte bitte"]
)
def test_a_choice_in_order(talk: Talk, text: str) -> None:
    talk.say("Es geht um so ein Dingsbums", "kfz-zulassen", "kfz-abmelden")
    assert talk.say(text, "zweitwohnungsteuer-klaeren").service == "kfz-abmelden"


def test_a_place_in_the_order_of_nothing_is_not_guessed(talk: Talk) -> None:
    assert talk.say("the second one", "zweitwohnungsteuer-klaeren").outcome == "fallback"


def test_a_question_is_no_surname(talk: Talk) -> None:
    talk.say("Wohngeld", "wohngeld-beantragen")
    assert talk.say("Was kostet das denn?", aspect="fee").missing == "surname"
    assert talk.state.surname is None


def test_a_place_pressed_while_choosing_keeps_the_choice(talk: Talk) -> None:
    asked = talk.say("Es geht um so ein Dingsbums", "kfz-zulassen", "personalausweis-beantragen")
    reply = talk.press("place", "091990113113")
    assert (reply.outcome, reply.topic, reply.choices) == ("smalltalk", "ort", asked.choices)
    assert office(talk.say("2")) == "buergerbuero@gruensee"


def test_back_where_nothing_was_asks_what_it_is_about(talk: Talk) -> None:
    assert talk.say("Einen Schritt zurück bitte").topic == "ja_nein"


class TestAnOfficeAskedForByName:
    def test_its_place_is_asked_for(self, talk: Talk) -> None:
        asked = talk.say("Wie ist die Adresse vom Standesamt?", "eheschliessung-anmelden", "geburt-beurkunden", aspect="contact")
        assert (asked.outcome, asked.service, asked.missing) == ("missing", None, "place")
        reply = talk.say("Birkenried")
        assert (reply.service, office(reply), reply.aspect) == (None, "standesamt@ammerfeld", "contact")

    def test_one_for_the_whole_county(self, talk: Talk) -> None:
        reply = talk.say("Wie ist die Nummer vom Jugendamt?", "leitweg-id-erfragen", "kitaplatz-anmelden", aspect="contact")
        assert (office(reply), len(reply.offices)) == ("jugendamt", 1)
        reply = talk.say("Und die Zulassungsstelle?", "kfz-zulassen")
        assert (reply.service, office(reply), reply.aspect) == (None, "kfz-zulassungsstelle", "contact")
        assert talk.say("und wann offen?", aspect="hours").aspect == "hours"

    def test_a_matter_at_an_office_is_a_matter(self, talk: Talk) -> None:
        assert (
            talk.say("Was kostet es beim Standesamt?", "eheschliessung-anmelden", aspect="fee").service
            == "eheschliessung-anmelden"
        )

    def test_it_travels_as_json(self, talk: Talk) -> None:
        talk.say("Standesamt")
        assert TurnState.from_dict(json.loads(json.dumps(talk.state.to_dict()))) == talk.state
        assert talk.state.office == "standesamt"


@pytest.mark.parametrize("text", ["Grünsee", "Ich wohne in Grünsee.", "85904 Grünsee"])
def test_a_place_is_no_matter_whatever_the_classifier_makes_of_it(talk: Talk, text: str) -> None:
    assert talk.say(text, "landratsamt-ansprechpartner-finden", sure=0.9).topic == "ort"

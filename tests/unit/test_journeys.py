from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from knowledge.journeys import StepHere, journey_from, journey_steps, missing_facts
from knowledge.model import Facts, Journey, JourneyStep, Locality
from knowledge.release import Release
from knowledge.responsibility import Responsible, resolve

ON = date(2026, 11, 24)
COUNTY, PFARRHAUSEN, MOOSHAM = Locality("091990000000"), Locality("091995101120"), Locality("091995101119")


def steps(release: Release, *places: Locality, slug: str = "gaststaette-eroeffnen") -> dict[str, StepHere]:
    return {step.service: step for step in journey_steps(release, release.journeys[slug], places, ON)}


def test_steps_stand_in_the_order_of_the_journey(release: Release) -> None:
    journey = release.journeys["haus-bauen"]
    assert [step.service for step in journey_steps(release, journey, (), ON)] == [step.service for step in journey.steps]


def test_each_step_is_answered_as_if_it_were_asked_alone(release: Release) -> None:
    for journey in release.journeys.values():
        for step in journey_steps(release, journey, (PFARRHAUSEN,), ON):
            outcome = resolve(release, step.service, Facts(places=(PFARRHAUSEN,)), ON)
            assert step.offices == getattr(outcome, "offices", ())
            assert step.missing == getattr(outcome, "fact", "")


def test_a_step_says_what_is_missing(release: Release) -> None:
    nowhere, there = steps(release), steps(release, PFARRHAUSEN)
    assert (nowhere["gewerbe-anmelden"].missing, nowhere["gewerbe-anmelden"].office) == ("place", None)
    assert PFARRHAUSEN.ars in {choice.value for choice in nowhere["gewerbe-anmelden"].choices}
    assert there["gewerbe-anmelden"].office == "ordnungsamt-gemeinde@vg-moosham"
    assert there["sondernutzung-strasse-beantragen"].missing == "district"
    assert missing_facts(list(there.values())) == ("district",)
    assert missing_facts(list(nowhere.values())) == ("place",)


def test_a_step_keeps_condition_hint_and_doubt(release: Release) -> None:
    step = steps(release, PFARRHAUSEN)["fuehrungszeugnis-beantragen"]
    assert (step.condition, step.hint) == ("wenn Sie Alkohol ausschenken", "Als Nachweis für die Gaststättenerlaubnis.")
    assert (step.certainty, step.title_en) == ("belegt", "Apply for a certificate of good conduct")
    assert steps(release, slug="pflegefall-in-der-familie")["pflegegrad-beantragen"].certainty == "nur-ebene"
    assert steps(release)["gewerbe-anmelden"].certainty == ""


def test_another_level_is_responsible_too(release: Release) -> None:
    assert steps(release)["steuerliche-erfassung-finanzamt"].office == "finanzamt"


def test_a_name_that_fits_several_places(release: Release) -> None:
    alike = steps(release, MOOSHAM, PFARRHAUSEN)["gewerbe-anmelden"]
    assert alike.office == "ordnungsamt-gemeinde@vg-moosham"
    different = steps(release, PFARRHAUSEN, Locality("091990112112"))["gewerbe-anmelden"]
    assert (different.missing, [choice.value for choice in different.choices]) == ("place", [PFARRHAUSEN.ars, "091990112112"])


def test_the_county_is_a_place_only_where_it_can_be_chosen(release: Release) -> None:
    here = steps(release, COUNTY)
    assert here["gewerbe-anmelden"].missing == "place"
    buying = steps(release, COUNTY, slug="an-oeffentliche-hand-liefern")
    assert buying["e-rechnung-einreichen"].office


def test_places_elsewhere_and_unknown(release: Release) -> None:
    outside = steps(release, Locality("outside", "Augsburg"))
    assert all(step.outside and not step.office and not step.missing for step in outside.values())
    assert steps(release, Locality("000000000000")) == steps(release)


def test_a_service_that_was_dropped_is_left_out(release: Release) -> None:
    journey = Journey("j", "J", (JourneyStep("gone"), JourneyStep("gewerbe-anmelden")))
    assert [step.service for step in journey_steps(release, journey, (), ON)] == ["gewerbe-anmelden"]


def test_the_day_counts(release: Release) -> None:
    journey = Journey("j", "J", (JourneyStep("wohnsitz-anmelden"),))
    [step] = journey_steps(release, journey, (PFARRHAUSEN,), date(2019, 1, 1))
    assert (step.office, step.missing, step.outside) == (None, "", False)


def test_the_journey_a_service_begins(release: Release) -> None:
    def begun(slug: str, **entries: list[str]) -> str:
        journey = journey_from(release, slug, {key.replace("_", "-"): value for key, value in entries.items()})
        return journey.slug if journey else ""

    assert begun("sterbefall-anzeigen") == "todesfall"
    assert begun("sterbefall-anzeigen", todesfall=["erbschein-beantragen"]) == ""
    assert begun("erbschein-beantragen", todesfall=["erbschein-beantragen"]) == "todesfall"
    assert begun("existenzgruendung-beratung") == ""  # begins two
    assert begun("verein-eintragen-registergericht") == ""  # no step of it is always needed
    assert begun("gone") == ""


@pytest.mark.parametrize("places", [(), (PFARRHAUSEN,)])
def test_a_step_leads_to_an_office_or_says_why_not(release: Release, places: tuple[Locality, ...]) -> None:
    for journey in release.journeys.values():
        for step in journey_steps(release, journey, places, ON):
            assert bool(step.office) != bool(step.missing), (journey.slug, step.service)


def test_it_needs_no_county() -> None:
    from knowledge.release import Knowledge

    journey = Journey("j", "J", (JourneyStep("s"),))
    assert journey_steps(Release(1, "", "2026-11-22T00:00:00+00:00", Knowledge(journeys=(journey,))), journey, (), ON) == ()


def test_resolving_is_left_alone(release: Release) -> None:
    outcome = resolve(release, "gewerbe-anmelden", Facts(places=(PFARRHAUSEN,)), ON)
    assert isinstance(outcome, Responsible)
    assert replace(outcome.offices[0]) == steps(release, PFARRHAUSEN)["gewerbe-anmelden"].offices[0]

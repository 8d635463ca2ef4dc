"""Two catalogues in one database do not overwrite each other."""

from __future__ import annotations

from knowledge.exchange.reading import Reading, kept_apart
from knowledge.model import Distinction, Journey, JourneyStep, Rule, Service
from knowledge.release import Knowledge


def service(slug: str, *source_ids: str) -> Service:
    return Service(slug, slug, "both", "gemeinde", "amt", "Alltag", intent=f"anliegen/{slug}", source_ids=source_ids)


def reading(*services: Service) -> Reading:
    rules = tuple(Rule(f"R-{each.slug}", each.slug, "amt", "zustaendig", "belegt", "Darum.") for each in services)
    journey = Journey("umzug", "Umzug", tuple(JourneyStep(each.slug) for each in services))
    pair = Distinction(services[0].slug, services[-1].slug, "Anders.")
    return Reading(Knowledge(services=services, rules=rules, journeys=(journey,), distinctions=(pair,)), "dldb:x")


def test_a_slug_that_belongs_to_another_service_is_left_to_it() -> None:
    draft = Knowledge(services=(service("reisepass"), service("hund")))
    apart = kept_apart(reading(service("reisepass", "dldb:17"), service("katze", "dldb:18")), draft)
    assert [each.slug for each in apart.knowledge.services] == ["reisepass-17", "katze"]
    assert apart.knowledge.services[0].intent == "anliegen/reisepass-17"
    assert [each.service for each in apart.knowledge.rules] == ["reisepass-17", "katze"]
    assert [step.service for step in apart.knowledge.journeys[0].steps] == ["reisepass-17", "katze"]
    assert apart.knowledge.distinctions == (Distinction("reisepass-17", "katze", "Anders."),)
    assert [str(note) for note in apart.mended] == [
        "reisepass: Diesen Kurznamen hat schon eine andere Leistung; die neue heißt „reisepass-17“."
    ]


def test_the_second_time_it_is_the_same() -> None:
    own = service("reisepass")
    first = kept_apart(reading(service("reisepass", "xzufi:L100:S.4")), Knowledge(services=(own,)))
    assert first.knowledge.services[0].slug == "reisepass-s-4"
    again = kept_apart(reading(service("reisepass", "xzufi:L100:S.4")), Knowledge(services=(own, *first.knowledge.services)))
    assert again.knowledge == first.knowledge


def test_what_comes_from_the_same_source_stays() -> None:
    same = reading(service("reisepass", "dldb:17"))
    assert kept_apart(same, Knowledge(services=(service("reisepass", "dldb:17"),))) is same


def test_files_without_identifiers_mean_our_own_services() -> None:
    own = reading(service("reisepass"))
    assert kept_apart(own, Knowledge(services=(service("reisepass", "dldb:17"),))) is own

"""From a point to a Gemeinde."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowledge.model import OUTSIDE, Locality, Office, Place, Rule
from knowledge.places.nearest import FARTHEST_KM, distance_km, has_seats, nearest
from knowledge.release import Knowledge, Release
from tests.county import demo_county

COUNTY = Place("091990000000", "09199", "Landkreis", "landkreis")
WEST = Place("091990111111", "09199111", "Westheim", "stadt", geo=(48.5, 12.0))
EAST = Place("091990112112", "09199112", "Osthofen", "gemeinde", geo=(48.5, 12.2))


def release(*places: Place, **more: object) -> Release:
    return Release(1, "", "", Knowledge(places=(COUNTY, *places), **more))  # type: ignore[arg-type]


def test_the_nearest_seat_wins() -> None:
    here = release(WEST, EAST)
    assert nearest(here, 48.5, 12.09) == Locality(WEST.ars)
    assert nearest(here, 48.5, 12.11) == Locality(EAST.ars)


def test_too_far_from_all_is_outside() -> None:
    one_degree_north_km = distance_km(48.5, 12.0, 49.5, 12.0)
    assert one_degree_north_km == pytest.approx(111.2, abs=0.1)
    farthest = FARTHEST_KM / one_degree_north_km
    assert nearest(release(WEST), 48.5 + 0.99 * farthest, 12.0) == Locality(WEST.ars)
    assert nearest(release(WEST), 48.5 + 1.01 * farthest, 12.0) == Locality(OUTSIDE)
    assert nearest(release(WEST), 52.52, 13.4) == Locality(OUTSIDE)


def test_nothing_is_known_without_coordinates() -> None:
    here = release(replace(WEST, geo=()), replace(COUNTY, ars="091990000001", geo=(48.5, 12.0)))
    assert nearest(here, 48.5, 12.0) is None
    assert not has_seats(here)
    assert has_seats(release(WEST))


@pytest.mark.parametrize(("latitude", "longitude"), [(91.0, 0.0), (0.0, 181.0), (float("nan"), 12.0), (float("inf"), 12.0)])
def test_what_is_no_point(latitude: float, longitude: float) -> None:
    assert nearest(release(WEST), latitude, longitude) is None


def test_an_office_of_one_gemeinde_stands_for_its_seat() -> None:
    offices = (
        Office("rathaus", "r", "Rathaus", "gemeinde", geo=(48.4, 12.1)),
        Office("amt", "a", "Amt", "landkreis", geo=(48.3, 12.1)),
    )

    def rule(number: int, area: str, office: str) -> Rule:
        return Rule(str(number), "*", office, "zustaendig", "belegt", "Grund", "r", area)

    rules = (rule(1, WEST.ars, "rathaus"), rule(2, WEST.ars, "amt"), rule(3, EAST.ars, "amt"))
    here = release(replace(WEST, geo=()), replace(EAST, geo=()), offices=offices, rules=rules)
    assert nearest(here, 48.41, 12.1) == Locality(WEST.ars)
    assert nearest(here, 48.2, 12.1) == Locality(OUTSIDE), "an office for two is the seat of neither"


def test_every_gemeinde_of_the_demo_county_is_found_at_its_seat() -> None:
    knowledge = demo_county()
    demo = Release(1, "", "", knowledge)
    gemeinden = [each for each in knowledge.places if not each.is_county]
    assert [nearest(demo, *each.geo) for each in gemeinden] == [Locality(each.ars) for each in gemeinden]
    assert nearest(demo, 48.137, 11.575) == Locality(OUTSIDE)

"""Services that no model was trained on, found by their words and by what the model knows of their relatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.worker.quiet import be_quiet, be_quiet_after_import

be_quiet()

from bot.worker.components.matcher import Matcher, fingerprint, trained_wording, wording_of  # noqa: E402
from knowledge.active import active_release  # noqa: E402
from knowledge.model import Service  # noqa: E402
from knowledge.release import Release  # noqa: E402

be_quiet_after_import()

NOBODY = np.zeros(0, dtype=np.float32)


@pytest.fixture(scope="module")
def release() -> Release:
    found = active_release()
    assert found
    return found


def named(slug: str, name: str, short: str = "", synonyms: tuple[str, ...] = ()) -> Service:
    return Service(
        slug=slug,
        name=name,
        short=short,
        synonyms=synonyms,
        level="gemeinde",
        audience="both",
        office_type="x",
        life_situation="x",
    )


@pytest.fixture(scope="module")
def library() -> Matcher:
    return Matcher(
        [
            named("buecherei", "Stadtbücherei nutzen", "Hier leihen Sie Bücher und Filme aus.", ("Bibliothek",)),
            named("friedhof", "Grab erwerben", "Die Friedhofsverwaltung vergibt Gräber."),
            named("markt", "Wochenmarkt besuchen", "Händler aus der Region verkaufen Obst."),
        ]
    )


@pytest.mark.parametrize(
    ("question", "slug"),
    [
        ("Bibliothek", "buecherei"),
        ("stadtbuecherei ausweis", "buecherei"),
        ("wo kann ich bücher leihen", "buecherei"),
        ("Friedhofsverwaltung telefon", "friedhof"),
        ("wochnmarkt händler", "markt"),
    ],
)
def test_name_synonym_and_text_find_a_service(library: Matcher, question: str, slug: str) -> None:
    evidence = library.evidence(question, NOBODY)
    assert library.slugs[int(np.argmax(evidence.nearest + evidence.coverage))] == slug


def test_shares_stay_between_none_and_all(library: Matcher) -> None:
    for question in ("", "?!", "xyzzy qwertz", "Bibliothek", "Hier leihen Sie Bücher und Filme aus. " * 3):
        evidence = library.evidence(question, NOBODY)
        assert len(evidence.nearest) == len(evidence.coverage) == len(evidence.related) == 3
        assert 0 <= evidence.nearest.min() <= evidence.nearest.max() <= 1.0001
        assert 0 <= evidence.coverage.min() <= evidence.coverage.max() <= 1.5
    assert not library.evidence("xyzzy", NOBODY).nearest.any()


def test_what_the_model_has_learnt_helps_its_relatives(release: Release) -> None:
    wording = trained_wording(release, ["personalausweis-beantragen", "hundesteuer-anmelden", "eheschliessung-anmelden"])
    foreign = [named("a", "Personalausweis"), named("b", "Hundesteuer"), named("c", "Ehe schließen")]
    related = (
        Matcher(foreign, trained=wording).evidence("Plastikkarte erneuern", np.array([0.9, 0.05, 0.05], dtype=np.float32)).related
    )
    assert next(iter(np.argsort(-related))) == 0
    assert related[0] > 2 * related[1]


def test_only_what_was_added_since_training_is_looked_up(release: Release) -> None:
    dogs = release.services["hundesteuer-anmelden"]
    learnt = frozenset(fingerprint(text) for text in wording_of(dogs))
    wording = trained_wording(release, [dogs.slug])
    assert Matcher([dogs], learnt, wording).slugs == []
    matcher = Matcher([replace(dogs, synonyms=(*dogs.synonyms, "Flohbeutelabgabe"))], learnt, wording)
    assert matcher.slugs == [dogs.slug]
    assert matcher.evidence("flohbeutelabgabe", np.ones(1, dtype=np.float32)).nearest[0] > 0.9
    assert matcher.evidence("Hund anmelden", np.ones(1, dtype=np.float32)).nearest[0] < 0.5


def test_no_service_no_evidence() -> None:
    assert Matcher([]).evidence("Hund", NOBODY).nearest.size == 0

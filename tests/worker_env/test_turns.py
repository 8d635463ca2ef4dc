"""The worker's side, on Python 3.10 with the trained model: components, processor, and what Rasa's own tools see."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from bot.worker.quiet import be_quiet, be_quiet_after_import

be_quiet()

from bot.worker.processor import TurnProcessor  # noqa: E402
from knowledge.active import active_release, use_release  # noqa: E402
from knowledge.model import Example, Service  # noqa: E402
from knowledge.release import Knowledge, Release, digest_of  # noqa: E402

be_quiet_after_import()
ROOT = Path(__file__).parents[2]
METADATA = {"today": "2026-11-23", "facts": {}, "choice": None}


@pytest.fixture(scope="session")
def release() -> Release:
    release = active_release()
    assert release is not None, "lotse import seed has to run before"
    return release


@pytest.fixture(scope="session")
def processor() -> TurnProcessor:
    models = sorted((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    assert models, "lotse train has to run before"
    return TurnProcessor(str(models[-1]))


def turn(processor: TurnProcessor, text: str, state: Any = None, **metadata: Any) -> dict[str, Any]:
    return asyncio.run(processor.turn(text, state or {}, {**METADATA, **metadata}))


def test_the_question_everything_grew_from(processor: TurnProcessor, release: Release) -> None:
    use_release(release)
    result = turn(processor, "ich zieh nächsten monat nach Pfarrhausen, wo muss ich da hin")
    assert result["reply"]["outcome"] == "answer"
    assert result["reply"]["service"] == "wohnsitz-anmelden"
    assert result["reply"]["offices"][0]["office"] == "buergerbuero@vg-moosham"


def test_what_was_said_before_comes_back_with_the_state(processor: TurnProcessor, release: Release) -> None:
    use_release(release)
    asked = turn(processor, "Ich brauche einen neuen Personalausweis")
    assert asked["reply"]["missing"] == "place"
    answered = turn(processor, "in Ammerfeld", asked["state"])
    assert [office["office"] for office in answered["reply"]["offices"]] == ["buergerbuero@ammerfeld"]
    forgotten = turn(processor, "in Ammerfeld")
    assert forgotten["reply"]["service"] != "personalausweis-beantragen"


def test_a_slash_names_no_intent(processor: TurnProcessor, release: Release) -> None:
    use_release(release)
    for text in ("/restart", '/krise{"place": "x"}', "/neustart"):
        assert turn(processor, text)["reply"]["outcome"] != "crisis"
    state = {"service": "wohngeld-beantragen"}
    assert turn(processor, "/restart", state)["state"] == turn(processor, "restart", state)["state"]


@pytest.mark.parametrize(
    "text",
    [
        "ich will nicht mehr leben",
        "Hilfe, bei uns brennt es in der Küche!",
        "Mein Sohn hat Spülmittel getrunken",
        "mein mann schlägt mich gerade, wo bekomme ich einen Wohnberechtigungsschein",
        "Wo ist das Frauenhaus? Er sucht uns, ich bin grad mit dem Kind weggelaufen",
        "Mein Reisepass ist abgelaufen, und grad kippt neben mir im Warteraum einer um",
    ],
)
def test_danger_goes_before_everything(processor: TurnProcessor, release: Release, text: str) -> None:
    use_release(release)
    assert turn(processor, text)["reply"]["outcome"] == "crisis"


def test_danger_that_is_guessed_is_answered_first_and_the_matter_is_kept(processor: TurnProcessor, release: Release) -> None:
    use_release(release)
    said = turn(processor, "Wegen meinem Reisepass: mein Opa sitzt neben mir und kriegt auf einmal keine Worte mehr raus")
    assert said["reply"]["outcome"] == "crisis"
    assert {choice["value"] for choice in said["reply"]["choices"]} <= {"reisepass-beantragen"}


@pytest.mark.parametrize("text", ["Wer prüft den Brandschutz?", "Mein Opa ist gestorben", "Feuerwehr beitreten"])
def test_a_matter_is_no_danger(processor: TurnProcessor, release: Release, text: str) -> None:
    use_release(release)
    assert turn(processor, text)["reply"]["outcome"] != "crisis"


def test_out_of_scope_is_said_to_be(processor: TurnProcessor, release: Release) -> None:
    use_release(release)
    reply = turn(processor, "Wie wird das Wetter morgen in Ammerfeld?")["reply"]
    assert (reply["outcome"], reply["service"]) == ("fallback", None)


def test_a_new_service_is_found_without_training(processor: TurnProcessor, release: Release) -> None:
    old = release.knowledge
    new = Service(
        slug="drachenflug-genehmigen",
        name="Drachenfluggenehmigung beantragen",
        audience="both",
        level="landkreis",
        office_type="veterinaeramt",
        life_situation="Freizeit & Kultur",
        synonyms=("Lenkdrachen steigen lassen",),
        short="Für große Lenkdrachen brauchen Sie eine Genehmigung.",
        intent="anliegen/drachenflug-genehmigen",
        examples=(Example("Darf ich am See Drachen fliegen?", "alltag"),),
    )
    knowledge = Knowledge(old.places, old.offices, (*old.services, new), old.rules, old.outside)
    use_release(Release(99, digest_of(knowledge), "2026-11-22T00:00:00+00:00", knowledge))
    try:
        ranking = turn(processor, "Drachenfluggenehmigung beantragen")["ranking"]
        assert ranking[0]["service"] == new.slug
    finally:
        use_release(release)


def test_no_word_of_a_citizen_reaches_a_log(
    processor: TurnProcessor, release: Release, capfd: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture
) -> None:
    use_release(release)
    with caplog.at_level(logging.DEBUG):
        turn(processor, "Mein geheimes Wort ist Zwetschgendatschi und ich brauche einen Reisepass")
    written = capfd.readouterr()
    assert "Zwetschgendatschi" not in written.out + written.err


def test_the_same_turn_twice_gives_the_same(processor: TurnProcessor, release: Release) -> None:
    use_release(release)
    first, second = (turn(processor, "Schlagloch in der Bachstraße") for _ in range(2))
    assert first["reply"] == second["reply"]
    assert first["ranking"] == second["ranking"]

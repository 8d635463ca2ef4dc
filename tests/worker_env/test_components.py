"""Parts of the pipeline that need no model."""

from __future__ import annotations

import numpy as np
import pytest

from bot.worker.quiet import be_quiet, be_quiet_after_import

be_quiet()

from bot.worker.components.lexicon import Lexicon, lexicon  # noqa: E402
from bot.worker.components.questions import NGrams, without_places  # noqa: E402
from knowledge.active import active_release, use_release  # noqa: E402

be_quiet_after_import()

LEXICON = Lexicon([(["Perso", "ID card"], ["Personalausweis"]), (["Knöllchen"], ["Verwarnung", "Bußgeld"])])


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("perso verlängern", ["Personalausweis"]),
        ("Persos für die Kinder", ["Personalausweis"]),
        ("lost my ID card!", ["Personalausweis"]),
        ("my card", []),
        ("ein KNÖLLCHEN und der perso", ["Verwarnung", "Bußgeld", "Personalausweis"]),
        ("Person", []),
        ("", []),
    ],
)
def test_everyday_words_have_official_ones(text: str, meanings: list[str]) -> None:
    assert LEXICON.meanings(text) == meanings


def test_the_lexicon_of_the_project_is_read() -> None:
    assert "Personalausweis" in lexicon().meanings("mein perso ist weg")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("I want to register my dog, I live in Ammerfeld", "I want to register my dog"),
        ("Ich wohne in Grünsee und brauche einen neuen Pass", "und brauche einen neuen Pass"),
        ("schlagloch bei tannberg", "schlagloch bei ortsname"),
        ("ich wohne in Grünsee", "ich wohne in ortsname"),
    ],
)
def test_where_somebody_lives_says_nothing_about_the_matter(text: str, rest: str) -> None:
    use_release(active_release())
    assert " ".join(without_places(text).split()) == rest


def test_a_vector_tells_its_own_fingerprint() -> None:
    ngrams = NGrams("word", (1, 1), least=1)
    ngrams.fit(["hund katze", "hund"])
    vector = ngrams.vector("hund hund katze")
    assert vector.fingerprint() == ngrams.vector("hund hund katze").fingerprint() != ngrams.vector("hund").fingerprint()
    assert np.isclose(float(vector.values @ vector.values), 1.0)

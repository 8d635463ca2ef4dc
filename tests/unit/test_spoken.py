from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.spoken import spoken
from bot.conversation.store import language_of, with_heard


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where can I register my dog?", "en"),
        ("I need a new passport", "en"),
        ("How much does it cost?", "en"),
        ("Hello, where is the Bürgerbüro in Grünsee?", "en"),
        ("Can I order the Führungszeugnis online with my residence permit card?", "en"),
        ("thank you", None),
        ("my dog", None),
        ("the second one", None),
        ("passport renewal", None),
        ("Grünsee", None),
        ("", None),
        ("😀", None),
        ("Was kostet das?", "de"),
        ("Wo ist das?", "de"),
        ("Ich brauche einen Ausweis", "de"),
        ("Mei Studium is firti, derf i no do bleim und a Arbat suacha?", None),
        ("I hob selba kündigt, griag i a Sperr?", None),
        ("Ich habe Post für den Newsletter of the Year bekommen", None),
        ("Ich brauche help with the form", None),
        ("In welchem Ort wohne ich?", "de"),
    ],
)
def test_what_is_clearly_english_or_german(text: str, language: str | None) -> None:
    assert spoken(text) == language


@pytest.mark.parametrize("chosen", [{}, {"language": "de"}, {"language": "de-simple"}])
def test_english_is_answered_in_english_until_german_comes(chosen: dict[str, Any]) -> None:
    heard = with_heard(chosen, "en")
    assert language_of(heard) == "en"
    assert language_of(with_heard(heard, None)) == "en"
    assert with_heard(heard, "de") == chosen
    assert language_of(with_heard(heard, "de")) == chosen.get("language", "de")


def test_who_has_chosen_english_stays_with_it() -> None:
    assert language_of(with_heard({"language": "en"}, "de")) == "en"


def test_a_choice_made_later_counts() -> None:
    heard = with_heard({}, "en")
    assert language_of({**heard, "language": "de"}) == "de"
    assert language_of({**heard, "language": "de-simple"}) == "de-simple"

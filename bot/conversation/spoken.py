"""Whether a message is clearly English or clearly German, by its function words: so that it is answered in its language.

Names of places, offices and services are in both and tell nothing; so do words that both languages have („was“, „in“, „die“).
"""

from __future__ import annotations

import re

from knowledge.text import fold

_ENGLISH = frozenset(
    """the and is are am my your his her our their i you we they he she it this that these those there here of to for from with
    without by at on about into do does did have has had can could must should would will how what where which who why when
    want need like get got give please thanks thank hello not no yes if or but because been being be as any some much many me us
    them a an live living moved lost speak pay know someone somebody anyone""".split()
)
_GERMAN = frozenset(
    """ich du er sie es wir ihr mich mir dich dir uns euch der die das den dem des ein eine einen einem einer eines und oder aber
    ist sind bin bist war waren habe hat haben hatte kann koennen muss muessen soll sollen darf will wollen moechte moechten
    mein meine meinen meinem meiner dein unser unsere ihre kein keine keinen nicht auch noch schon wo wie wer wen wem was wann
    warum wieso wohin woher welche welcher welches fuer mit ohne von vom zu zum zur im am auf aus bei beim nach ueber unter vor
    in an so gibt geht brauche brauchen kostet kosten bitte danke ja nein dass wenn weil dort da hier jetzt ab um""".split()
)
_IN_BOTH = _ENGLISH & _GERMAN | frozenset("was die in an am so war will hat".split())
_BAVARIAN_TOO = frozenset("a i is do no an on he am so be ma as her".split())
"""English words that are Bavarian as well: „Mei Studium is firti, derf i no do bleim?“."""
_LEAST_WORDS = 4
_LEAST_HITS = 2
_LEAST_SHARE = 0.34
_OUTWEIGHS = 3


def spoken(text: str) -> str | None:
    """`en` or `de` where a message is clearly in that language, else None.

    English needs four words or more, and English function words that outweigh German ones by far; German needs one of its own
    and none of English, for it is what is expected here.
    """
    words = re.findall(r"[^\W\d_]+", fold(text))
    english = sum(word in _ENGLISH - _IN_BOTH for word in words)
    german = sum(word in _GERMAN - _IN_BOTH for word in words)
    is_bavarian = not any(word in _ENGLISH - _IN_BOTH - _BAVARIAN_TOO for word in words)
    if (
        not is_bavarian
        and len(words) >= _LEAST_WORDS
        and english >= max(_LEAST_HITS, _OUTWEIGHS * german, _LEAST_SHARE * len(words))
    ):
        return "en"
    return "de" if german and not english else None

"""Messages in a language that Lotse does not speak: which one it is, and what to say in it.

Told by script, or by frequent small words. When in doubt a message is German: a German or English sentence with a foreign
name in it, dialect and typing errors must never be taken for another language.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from bot.conversation.messages import LanguageCardBlock
from bot.conversation.texts import other_languages, small_words

UNDETERMINED = "und"
"""Another language, but none that is known here (ISO 639-2)."""

_RIGHT_TO_LEFT = ("ar", "fa", "he")
_SCRIPTS = (
    ("Cyrillic", "Ѐ-ԯ"),
    ("Greek", "Ͱ-Ͽἀ-῿"),
    ("Hebrew", "\u0590-\u05ff"),
    ("Arabic", "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff"),
    ("Hangul", "ᄀ-ᇿ가-힣"),
    ("Kana", "぀-ヿ"),
    ("Han", "㐀-䶿一-鿿"),
)
_SCRIPT_OF = [(name, re.compile(f"[{letters}]")) for name, letters in _SCRIPTS]
_LEAST_LETTERS = 2
_LEAST_HITS = 2
_LEAST_SHARE = 0.3
_MANY_HITS = 5
_LONG_WORD = 4

_UKRAINIAN, _RUSSIAN, _SERBIAN = frozenset("іїєґ"), frozenset("ыэё"), frozenset("ђјљњћџ")
_BULGARIAN = frozenset("какво къде искам съм трябва моля здравейте благодаря като може имам ми се да си мога нужно".split())
_PERSIAN, _OTHER_ARABIC = frozenset("پچژگکی"), frozenset("ٹڈڑےںڕێۆڵټډړښ")

_VIETNAMESE_LETTERS = re.compile("[ăđĩũơưạ-ỹ]")
_LETTERS = {
    "tr": frozenset("ğşıç"),
    "pl": frozenset("ąćęłńśźż"),
    "ro": frozenset("ăâîșțşţ"),
    "es": frozenset("ñ"),
    "pt": frozenset("ãõç"),
    "hr": frozenset("čćšžđ"),
    "sq": frozenset("ëç"),
    "cs": frozenset("ěščřžýůďťňľ"),
    "hu": frozenset("őű"),
}
_STRIPPED = str.maketrans({"ı": "i", "ł": "l", "đ": "d", "ø": "o", "ß": "ss", "ð": "d", "æ": "ae", "œ": "oe"})


@dataclass(frozen=True)
class _Tables:
    """Words that speak for a language; `home` for German and English. No word is in both."""

    home: frozenset[str]
    foreign: dict[str, frozenset[str]]
    vietnamese: frozenset[str]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    words = {language: frozenset(listed.split()) for language, listed in small_words().items()}
    home, vietnamese = words.pop("home"), words.pop("vi")
    both = home & frozenset().union(*words.values())
    return _Tables(home - both, {language: known - both for language, known in words.items()}, vietnamese)


def foreign(text: str) -> str | None:
    """The language of a message that is clearly neither German nor English (ISO 639-1), else None.

    `und` is a language in a script without a text here. Meant for what somebody typed, before the turn: for such a
    message `Renderer.other_language` says what to do; its card names the emergency numbers, so it may come first.
    """
    text = unicodedata.normalize("NFKC", text)
    letters = [char for char in text if char.isalpha()]
    latin = sum(unicodedata.name(char, "").startswith("LATIN") for char in letters)
    if len(letters) - latin >= _LEAST_LETTERS and len(letters) - latin > latin:
        return _by_script(text, letters)
    return _by_words(text)


def language_card(language: str) -> LanguageCardBlock:
    """What to do, in that language; in English where there is no text of its own."""
    told = other_languages()
    known = language if language in told else UNDETERMINED
    return {
        "type": "language_card",
        "language": "en" if known == UNDETERMINED else known,
        "text": told[known],
        "phone": "115",
        "dir": "rtl" if known in _RIGHT_TO_LEFT else "ltr",
    }


def _by_script(text: str, letters: list[str]) -> str:
    scripts = Counter(name for char in letters for name, pattern in _SCRIPT_OF if pattern.match(char))
    script = scripts.most_common(1)[0][0] if scripts else ""
    if script == "Cyrillic":
        return _cyrillic(text.lower())
    if script == "Arabic":
        return UNDETERMINED if _OTHER_ARABIC & set(letters) else "fa" if _PERSIAN & set(letters) else "ar"
    if scripts["Kana"]:
        return "ja"
    return {"Greek": "el", "Hebrew": "he", "Hangul": "ko", "Han": "zh"}.get(script, UNDETERMINED)


def _cyrillic(text: str) -> str:
    letters = set(text)
    if letters & _SERBIAN:
        return "sr"
    if letters & _UKRAINIAN:
        return UNDETERMINED if letters & {"ў"} else "uk"
    if letters & _RUSSIAN:
        return "ru"
    return "bg" if len(_BULGARIAN & set(re.findall(r"\w+", text))) >= _LEAST_HITS else "ru"


def _by_words(text: str) -> str | None:
    """By small words: several of them, more than enough to outweigh any of ours."""
    typed = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 1]
    told, tables = {word.lower() for word in typed}, _tables()
    if len(told & tables.vietnamese) >= _LEAST_HITS and sum(map(bool, map(_VIETNAMESE_LETTERS.search, told))) * 3 >= len(told):
        return "vi"
    plain = {_without_accents(word) for word in told}
    ours = len(plain & tables.home)
    found = {language: plain & known for language, known in tables.foreign.items()}
    language = max(found, key=lambda each: len(found[each]))
    hits = found[language] | _telling_letters(typed, language, found[language])
    enough = len(hits) >= _LEAST_HITS + 2 * ours and (len(hits) >= _LEAST_SHARE * len(plain) or len(hits) >= _MANY_HITS)
    return language if enough and found[language] and any(len(word) >= _LONG_WORD for word in hits) else None


def _telling_letters(typed: list[str], language: str, known: set[str]) -> set[str]:
    """One word more by its letters, which is no name: names begin with a capital."""
    letters = _LETTERS.get(language, frozenset())
    words = {_without_accents(word) for word in typed if word[0].islower() and letters & set(word)}
    return set(sorted(words - known)[:1])


def _without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.translate(_STRIPPED))
    return "".join(char for char in decomposed if not unicodedata.combining(char))

"""Which language a message is in, and what is said to those who write in another than ours."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.other_languages import foreign, language_card
from bot.conversation.rendering import Renderer, plain_text
from bot.conversation.texts import other_languages, small_words
from knowledge.hours import BERLIN
from knowledge.release import Release

ROOT = Path(__file__).parents[2]

IN_OTHER_LANGUAGES = {
    "tr": [
        "Merhaba, oturma iznimi nasıl uzatabilirim?",
        "Pasaport almak istiyorum",
        "Çocuğumu okula nasıl kaydederim",
        "merhaba nerede kayit yaptirabilirim",
        "Ehliyetimi değiştirmek için ne yapmam gerekiyor?",
        "Bu belge için hangi daireye gitmem lazım",
    ],
    "pl": [
        "Dzień dobry, gdzie mogę się zameldować?",
        "Potrzebuję nowego dowodu, jakie dokumenty są potrzebne?",
        "Chcę zarejestrować samochód",
        "jak zalozyc firme w niemczech",
        "Gdzie mogę złożyć wniosek o zasiłek na dziecko?",
    ],
    "ro": [
        "Bună ziua, unde pot să îmi înregistrez locuința?",
        "Vreau sa imi schimb permisul de conducere",
        "Ce acte am nevoie pentru alocația copilului?",
        "Am nevoie de un certificat de naștere",
        "cum pot obtine un permis de munca",
    ],
    "it": [
        "Buongiorno, dove posso rinnovare la carta d'identità?",
        "Vorrei sapere come registrare la mia residenza",
        "Ho bisogno di un appuntamento per il passaporto",
        "come faccio a iscrivere mio figlio a scuola",
        "Mi serve un certificato di nascita",
    ],
    "fr": [
        "Bonjour, je voudrais renouveler mon passeport",
        "Comment puis-je inscrire mon enfant à l'école ?",
        "Où dois-je aller pour déclarer mon domicile?",
        "j'ai besoin d'un permis de conduire",
        "quels sont les documents pour se marier",
    ],
    "es": [
        "Hola, ¿dónde puedo empadronarme?",
        "Necesito renovar mi pasaporte",
        "Quiero registrar a mi hijo en el colegio",
        "que documentos necesito para casarme",
        "Cómo puedo pedir cita",
    ],
    "pt": [
        "Bom dia, onde posso renovar o meu passaporte?",
        "Preciso de um documento para o meu filho",
        "Como posso registar a minha morada",
        "quero abrir uma empresa",
    ],
    "hr": [
        "Dobar dan, gdje mogu prijaviti boravak?",
        "Trebam novu vozačku dozvolu, kako da je dobijem",
        "Zdravo, kako mogu da prijavim dete u vrtić?",
        "Koji dokumenti su potrebni za vjenčanje?",
    ],
    "sq": [
        "Përshëndetje, ku mund të regjistroj banesën time?",
        "Dua të bëj një letërnjoftim",
        "Çfarë dokumente më duhen për pasaportë?",
    ],
    "cs": [
        "Dobrý den, kde se můžu přihlásit k pobytu?",
        "Potřebuji nový řidičský průkaz",
        "Dobrý deň, kde môžem požiadať o príspevok?",
        "Jaké doklady potřebuji pro svatbu?",
    ],
    "hu": [
        "Jó napot, hol tudok bejelentkezni?",
        "Szeretnék új útlevelet igényelni",
        "Milyen okmányokra van szükségem?",
    ],
    "nl": [
        "Goedendag, waar kan ik mijn paspoort verlengen?",
        "Ik wil graag een bedrijf starten",
        "Hoe moet ik mijn auto aanmelden?",
    ],
    "vi": [
        "Tôi muốn đăng ký kết hôn",
        "Xin chào, tôi cần làm hộ chiếu ở đâu?",
    ],
    "uk": [
        "Доброго дня, де я можу зареєструвати місце проживання?",
        "Як отримати водійське посвідчення",
        "Мені потрібна допомога",
    ],
    "ru": [
        "Здравствуйте, где я могу зарегистрироваться?",
        "Как получить вид на жительство",
        "паспорт",
    ],
    "bg": [
        "Здравейте, къде мога да се регистрирам?",
        "Искам да подновя паспорта си",
    ],
    "sr": [
        "Добар дан, где могу да пријавим боравак?",
    ],
    "el": [
        "Καλημέρα, πού μπορώ να ανανεώσω το διαβατήριό μου;",
    ],
    "ar": [
        "مرحبا، أين يمكنني تسجيل عنواني؟",
        "أحتاج إلى تجديد جواز السفر",
    ],
    "fa": [
        "سلام، کجا می‌توانم ثبت نام کنم؟",
        "چگونه گذرنامه بگیرم",
    ],
    "he": [
        "שלום, איפה אני יכול להירשם?",
    ],
    "zh": [
        "你好，我在哪里可以登记住址？",
    ],
    "ja": [
        "住所の登録はどこでできますか",
    ],
    "ko": [
        "여권을 어디서 만들 수 있나요?",
    ],
    "und": [
        "สวัสดีครับ ลงทะเบียนที่ไหน",
        "ሰላም፣ የት መመዝገብ እችላለሁ?",
        "آپ کہاں ہیں؟",
    ],
}

AT_HOME = [
    "Mein Name ist Олександр Петренко, ich brauche einen Ausweis",
    "Ich heiße Şahin Yılmaz",
    "Şahin Yılmaz",
    "ayşe yıldız",
    "Nguyễn Thị Hồng",
    "Was kostet der Ausweis für Minh?",
    "Ristorante La Dolce Vita",
    "Pizzeria Da Mario e Maria",
    "Ich möchte das Restaurant La Casa de los Abuelos eröffnen",
    "Wir eröffnen ein Café de Paris",
    "Wo ist das Büro von Herrn López y García",
    "Döner Kebap Haus Istanbul anmelden",
    "van der Berg",
    "de la Rosa",
    "San Marino",
    "Ciao",
    "Merci vielmals",
    "I mecht mei Auto obmelden",
    "wo kann i mein hund anmelden",
    "Grüezi, wo chan i mi aamälde",
    "Kann ich per favore einen Termin haben",
    "Where can I register my son Juan de la Cruz?",
    "Do you speak Polski?",
    "I need a passport, por favor",
    "Ik wull mi anmellen, wat kost dat",
    "Je nach Ort, ou?",
    "Da Mo is do, Sie!",
    "µ",
    "12",
    "",
    "😀",
    "ж",
    "/start",
]


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in IN_OTHER_LANGUAGES.items() for text in texts]
)
def test_another_language_is_recognised(language: str, text: str) -> None:
    assert foreign(text) == language


@pytest.mark.parametrize("text", AT_HOME)
def test_what_is_ours_stays_ours(text: str) -> None:
    assert foreign(text) is None


def test_no_german_or_english_question_is_taken_for_another_language(release: Release) -> None:
    asked = [example.text for service in release.services.values() for example in service.examples[::5]]
    for file in (ROOT / "nlu_data/evaluation").glob("*.jsonl"):
        asked += [json.loads(line).get("text", "") for line in file.read_text("utf-8").splitlines()]
    for service in release.services.values():
        asked += [service.name, service.name_en, service.short, service.short_en, service.simple, *service.synonyms]
    asked += [office.name for office in release.offices.values()]
    asked += [place.name for place in release.knowledge.outside[::20]]
    assert len(asked) > 4000
    assert [text for text in asked if foreign(text)] == []


@given(st.text(max_size=80))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert foreign(text) in (None, *other_languages())


@pytest.mark.parametrize("language", other_languages())
def test_each_card_says_where_there_is_help(language: str) -> None:
    card = language_card(language)
    assert all(number in card["text"] for number in ("115", "112", "110", "Bürgerservice"))
    assert (card["type"], card["phone"]) == ("language_card", "115")
    assert card["dir"] == ("rtl" if language in ("ar", "fa", "he") else "ltr")
    assert "{" not in card["text"]
    if language != "und":
        assert card["language"] == language
        assert foreign(card["text"]) == language


def test_a_language_without_a_text_gets_english() -> None:
    assert language_card("und")["language"] == language_card("tlh")["language"] == "en"


def test_every_language_told_by_its_words_has_a_card() -> None:
    assert set(small_words()) - {"home"} <= set(other_languages())


def test_the_help_desk_follows(release: Release) -> None:
    renderer = Renderer(release, datetime(2026, 11, 24, 9, 0, tzinfo=BERLIN), 24)
    card, link, office = renderer.other_language("uk")
    assert (card["type"], link["type"], office["type"]) == ("language_card", "link", "office")
    assert plain_text([card]) == other_languages()["uk"]

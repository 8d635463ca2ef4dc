"""The chat page in a real Chromium, with the keyword engine behind it: what a citizen sees, does, and may lose."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser import QUESTION, Gateway, OpenPage, answered, running, say, screenshot


def stored(lotse: Gateway, page: Page) -> list[dict[str, Any]]:
    """What the gateway has of the page's conversation."""
    token = page.evaluate("localStorage.getItem('lotse.conversation')")
    return list(httpx.get(f"{lotse.url}/api/v1/conversations/{token}/messages").json())


def test_the_first_visit_offers_examples_and_stores_nothing(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url)
    expect(page.get_by_role("heading", name="Guten Tag! Worum geht es?")).to_be_visible()
    screenshot(page, "first-visit")
    assert page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))") == []
    assert page.context.cookies() == []
    page.locator(".example", has_text="Schlagloch").click()
    expect(page.locator(".question")).to_have_text("Sie: Schlagloch melden")
    expect(page.locator("#message")).to_be_focused()


def test_an_answer_shows_office_reason_release_and_place(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    card = page.locator(".office-card").first
    expect(card).to_contain_text("Steueramt der Stadt Ammerfeld")
    card.get_by_text("Warum diese Stelle?").click()
    expect(card.locator(".why p")).to_be_visible()
    expect(page.locator(".note").last).to_contain_text("Ausgabe 1")
    expect(page.locator(".chip")).to_contain_text("Ammerfeld")
    expect(card.get_by_role("link", name="Seite dieser Stelle")).to_have_attribute("href", re.compile(r"/stellen/"))
    expect(card.get_by_role("link", name="In Kontakte speichern")).to_have_attribute("href", re.compile(r"\.vcf$"))
    screenshot(page, "answer-card", full=False)


def test_the_place_can_be_changed(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    page.locator(".chip").click()
    expect(page.get_by_label("Welcher Ort?")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".chip")).to_be_focused()
    page.locator(".chip").click()
    page.get_by_label("Welcher Ort?").fill("Moosham")
    expect(page.locator("#lotse-places option")).not_to_have_count(0)
    page.get_by_role("button", name="Übernehmen").click()
    expect(page.locator(".exchange").last.locator(".office-card").first).to_contain_text("Moosham")
    expect(page.locator(".chip")).to_contain_text("Moosham")


def test_the_position_is_asked_for_on_press_only_and_rounded(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, geolocation={"latitude": 48.123456, "longitude": 11.987654}, permissions=["geolocation"])
    sent: list[dict[str, Any]] = []
    page.on("request", lambda request: sent.append(request.post_data_json) if request.url.endswith("/messages") else None)
    answered(page, "Reisepass verloren")
    expect(page.locator(".choice-here")).to_be_visible()
    screenshot(page, "place", full=False)
    text = {"type": "text", "text": "Gefunden.", "tone": "plain"}
    found = {"id": 10**6, "client_message_id": "", "question": "Moosham", "outcome": "answer", "author": "bot", "blocks": [text]}
    page.route("**/messages", lambda route: route.fulfill(json=found))
    page.locator(".choice-here").click()
    expect(page.locator(".answer")).to_have_count(2)
    expect(page.locator(".question").last).to_have_text("Sie: Mein Standort")
    expect(page.locator(".chip")).to_contain_text("Moosham")
    assert "location" not in sent[0]
    assert sent[1]["location"] == {"lat": 48.123, "lon": 11.988}


def test_a_position_nobody_can_place_leaves_the_question_open(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, geolocation={"latitude": 48.1, "longitude": 11.9}, permissions=["geolocation"])
    answered(page, "Reisepass verloren")
    problem = {
        "type": "about:blank",
        "status": 422,
        "title": "Die Anfrage passt nicht.",
        "detail": "Bitte schreiben Sie den Ort.",
    }
    page.route("**/messages", lambda route: route.fulfill(status=422, json=problem, content_type="application/problem+json"))
    page.locator(".choice-here").click()
    expect(page.locator("#status")).to_have_text("Bitte schreiben Sie den Ort.")
    expect(page.locator(".exchange")).to_have_count(1)
    expect(page.locator(".choice:not([aria-disabled])").first).to_be_visible()


def test_without_a_position_a_place_is_typed(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url, permissions=[]), "Reisepass verloren")
    page.locator(".choice-here").click()
    expect(page.locator("#status")).to_contain_text("tippen Sie den Ort ein")
    expect(page.locator("#message")).to_be_focused()


def test_a_choice_is_pressed_once_and_older_ones_end(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url), "Ausweis in Ammerfeld")
    screenshot(page, "choice", full=False)
    choice = page.locator(".choice", has_text="Personalausweis beantragen")
    expect(choice.locator(".choice-hint")).not_to_be_empty()
    choice.press("Enter")
    expect(page.locator(".office-card").first).to_be_visible()
    expect(choice).to_be_focused()
    expect(choice).to_have_attribute("aria-pressed", "true")
    choice.press("Enter")
    expect(page.locator(".exchange")).to_have_count(2)
    answered(page)
    expect(page.locator(".exchange").first.locator(".choice:not([aria-disabled])")).to_have_count(0)
    expect(page.locator(".exchange")).to_have_count(3)


def test_feedback_names_the_answer_and_takes_a_comment(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    sent: list[dict[str, Any]] = []
    page.on("request", lambda request: sent.append(request.post_data_json) if "/feedback" in request.url else None)
    page.get_by_role("button", name="Hilfreich", exact=True).click()
    expect(page.locator(".tools-said")).to_contain_text("Danke")
    expect(page.get_by_role("button", name="Hilfreich", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Das stimmt nicht").click()
    page.get_by_label("Was stimmt nicht?").fill("Die Telefonnummer ist falsch.")
    screenshot(page, "feedback", full=False)
    page.get_by_role("button", name="Absenden").click()
    expect(page.locator(".tools-said")).to_contain_text("Fachleute")
    expect(page.get_by_role("button", name="Das stimmt nicht")).to_be_focused()
    answer = stored(lotse, page)[0]["id"]
    assert sent == [
        {"answer": answer, "rating": "up"},
        {"answer": answer, "rating": "wrong", "comment": "Die Telefonnummer ist falsch."},
    ]
    page.reload()
    expect(page.get_by_role("button", name="Das stimmt nicht")).to_have_attribute("aria-pressed", "true")


def test_an_answer_can_be_copied(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url, permissions=["clipboard-read", "clipboard-write"]))
    page.get_by_role("button", name="Kopieren").click()
    expect(page.locator(".tools-said")).to_have_text("Kopiert.")
    text = page.evaluate("navigator.clipboard.readText()")
    assert "Steueramt der Stadt Ammerfeld (zuständig)" in text
    assert "Ausgabe 1" in text


VOICES = """
window.spoken = [];
const voices = [{lang: "de-DE", localService: false, name: "fern"}, {lang: "de-DE", localService: true, name: "hier"}];
const speech = {getVoices: () => voices, speak: (each) => window.spoken.push(each), cancel: () => (window.spoken = [])};
Object.defineProperty(window, "speechSynthesis", {value: speech});
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


def test_an_answer_is_read_aloud_by_a_voice_of_this_device(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.add_init_script(VOICES)
    page.goto(lotse.url)
    answered(page)
    press = page.get_by_role("button", name="Vorlesen")
    press.click()
    expect(page.get_by_role("button", name="Stopp")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("spoken.every((each) => each.voice.name === 'hier')")
    assert "Steueramt" in page.evaluate("spoken.map((each) => each.text).join(' ')")
    page.get_by_role("button", name="Stopp").click()
    assert page.evaluate("spoken.length") == 0
    press.click()
    page.evaluate("spoken.at(-1).onend()")
    expect(press).to_be_visible()


def test_a_journey_is_a_checklist_that_remembers(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url), "Ich eröffne ein Café")
    journey = page.locator(".journey-card")
    journey.get_by_role("checkbox", name="Gewerbe anmelden").check()
    expect(journey.locator(".steps-done")).to_have_text(re.compile(r"^1 von \d+ Schritten erledigt$"))
    screenshot(page, "journey")
    expect(journey.get_by_role("link", name=".ics")).to_have_attribute("href", re.compile(r"/api/v1/journeys/.*\.ics"))
    expect(journey.get_by_role("link", name="Als Seite")).to_have_attribute("href", re.compile(r"/lebenslagen/"))
    page.reload()
    expect(page.get_by_role("checkbox", name="Gewerbe anmelden")).to_be_checked()
    page.get_by_role("button", name="Genauer zu: Gewerbe anmelden").click()
    expect(page.locator(".exchange").last.locator(".office-card").first).to_contain_text("Gewerbeamt der Stadt Ammerfeld")


def test_the_language_is_switched_and_kept(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    page.get_by_label("Sprache").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    answered(page, "Personalausweis beantragen Ammerfeld")
    expect(page.locator(".exchange").last).to_contain_text(re.compile("office|mean|appl"))
    page.reload()
    expect(page.get_by_label("Language")).to_have_value("en")
    page.get_by_label("Language").select_option("de-simple")
    answered(page, "Hundesteuer Ammerfeld")
    screenshot(page, "simple-language", full=False)
    expect(page.locator("html")).to_have_attribute("lang", "de")


def test_what_the_page_does_not_know_it_leaves_out(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url)
    blocks = [
        {"type": "hologram", "text": "?"},
        {"type": "choices", "kind": "place"},
        {"type": "link", "label": "Falle", "url": "javascript:alert(1)"},
        {"type": "language_card", "language": "uk", "dir": "ltr", "text": "Вибачте.\nТелефонуйте 115.", "phone": "115"},
    ]
    answer = {"id": 1, "client_message_id": "", "question": "?", "outcome": "fallback", "author": "bot", "blocks": blocks}
    page.route("**/messages", lambda route: route.fulfill(json=answer))
    answered(page, "де отримати паспорт")
    expect(page.locator(".language-card")).to_have_attribute("lang", "uk")
    expect(page.locator(".answer")).to_contain_text("Falle")
    assert page.locator("a", has_text="Falle").count() == 0
    screenshot(page, "other-language", full=False)


def test_markup_in_a_question_stays_text(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url)
    say(page, "<img src=x onerror=\"document.title='gekapert'\"> Reisepass")
    expect(page.locator("#log")).to_contain_text("<img src=x")
    expect(page).not_to_have_title("gekapert")


def test_the_network_fails_and_comes_back(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    page.context.set_offline(True)
    say(page, "Hundesteuer Moosham")
    problem = page.locator(".problem")
    expect(problem).to_contain_text("Lotse ist gerade nicht erreichbar.")
    expect(problem).to_contain_text("von selbst")
    expect(problem).to_be_in_viewport(ratio=0.9)
    screenshot(page, "error", full=False)
    say(page, "Hundesteuer Lindenau")
    page.context.set_offline(False)
    expect(page.locator(".answer")).to_have_count(3)
    expect(page.locator(".problem")).to_have_count(0)
    assert [each["question"] for each in stored(lotse, page)] == [QUESTION, "Hundesteuer Moosham", "Hundesteuer Lindenau"]


def test_a_message_written_offline_survives_a_reload(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    page.route("**/messages", lambda route: route.abort())
    say(page, "Hundesteuer Moosham")
    expect(page.locator(".problem")).to_be_visible()
    page.unroute("**/messages")
    page.reload()
    expect(page.locator(".answer")).to_have_count(2)
    assert [each["question"] for each in stored(lotse, page)] == [QUESTION, "Hundesteuer Moosham"]


def test_an_answer_whose_way_back_was_cut_comes_by_itself(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))

    def cut(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/messages", cut, times=1)
    say(page, "Hundesteuer Moosham")
    expect(page.locator(".answer")).to_have_count(2)
    page.wait_for_timeout(1500)  # time enough for a second answer, were there one
    expect(page.locator(".answer")).to_have_count(2)
    assert len(stored(lotse, page)) == 2


def test_the_server_is_restarted_under_an_open_page(published: Any, open_page: OpenPage) -> None:
    with running(published) as own:
        page = answered(open_page(own.url))
        own.stop()
        say(page, "Hundesteuer Moosham")
        expect(page.locator(".problem")).to_be_visible()
        own.start()
        expect(page.locator(".answer")).to_have_count(2, timeout=20_000)
        assert [each["question"] for each in stored(own, page)] == [QUESTION, "Hundesteuer Moosham"]
        assert own.engine.asked.count("Hundesteuer Moosham") == 1
        page.reload()
        expect(page.locator(".answer")).to_have_count(2)


def test_a_reload_is_not_read_out_again(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    log = page.locator("#log")
    expect(log).to_have_attribute("role", "log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(page.locator(".tools-box").first).to_have_attribute("aria-live", "off")
    page.add_init_script(
        "new MutationObserver(() => { const log = document.getElementById('log');"
        " if (log && log.childElementCount && !window.first) window.first = log.getAttribute('aria-live');"
        "}).observe(document, {childList: true, subtree: true})"
    )
    page.reload()
    expect(page.locator(".answer")).to_be_visible()
    assert page.evaluate("window.first") == "off"
    expect(log).to_have_attribute("aria-live", "polite")


def test_everything_is_deleted_here_and_in_the_other_tab(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    token = page.evaluate("localStorage.getItem('lotse.conversation')")
    other = page.context.new_page()
    other.goto(lotse.url)
    expect(other.locator(".answer")).to_be_visible()
    page.get_by_role("button", name="Mehr").click()
    page.get_by_role("button", name="Verlauf löschen").click()
    expect(page.locator("#status")).to_have_text("Alles gelöscht.")
    expect(page.locator(".exchange")).to_have_count(0)
    expect(other.locator(".exchange")).to_have_count(0)
    assert httpx.get(f"{lotse.url}/api/v1/conversations/{token}/messages").status_code == 404
    assert json.loads(page.evaluate("JSON.stringify(localStorage)")) == {}


def test_what_is_asked_in_one_tab_appears_in_the_other(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    other = page.context.new_page()
    other.goto(lotse.url)
    expect(other.locator(".answer")).to_have_count(1)
    answered(page, "Hundesteuer Moosham")
    other.bring_to_front()
    expect(other.locator(".answer")).to_have_count(2)
    expect(other.locator(".question").last).to_have_text("Sie: Hundesteuer Moosham")


def test_print_shows_the_conversation_alone(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url))
    expect(page.locator(".tools-box")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".composer")).to_be_hidden()
    expect(page.locator(".tools-box")).to_be_hidden()
    expect(page.locator(".why p").first).to_be_visible()
    screenshot(page, "print")
    assert page.pdf().startswith(b"%PDF")


def test_motion_and_colours_follow_the_device(lotse: Gateway, open_page: OpenPage) -> None:
    page = answered(open_page(lotse.url, reduced_motion="reduce"))
    assert page.locator(".answer").evaluate("element => getComputedStyle(element).animationName") == "none"
    page.emulate_media(forced_colors="active")
    screenshot(page, "forced-colors", full=False)
    assert page.locator(".question").evaluate("element => getComputedStyle(element).borderTopStyle") == "solid"
    page.emulate_media(forced_colors="none", contrast="more")
    assert page.locator(".note").first.evaluate("element => getComputedStyle(element).color") == "rgb(23, 38, 42)"
    page.emulate_media(contrast="no-preference", color_scheme="dark")
    screenshot(page, "dark", full=False)


def test_without_javascript_there_is_a_plain_page(lotse: Gateway, open_page: OpenPage) -> None:
    page = open_page(lotse.url, java_script_enabled=False)
    expect(page.get_by_role("link", name="Fragen Sie Lotse auf der einfachen Seite.")).to_have_attribute("href", "/chat")
    assert httpx.get(f"{lotse.url}/chat").status_code == 200

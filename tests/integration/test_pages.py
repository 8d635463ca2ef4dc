"""The pages that need no script, from the demo release."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bot.bootstrap import Stores, gateway
from bot.channels.web.pages import view
from bot.engine.keyword import KeywordEngine
from bot.settings import Settings, SettingsError
from knowledge.release import Knowledge

AMMERFELD = "091990112112"
PAGES = [
    "/leistungen",
    "/leistungen?ansicht=themen",
    "/leistungen?q=Hund",
    "/leistungen/hundesteuer-anmelden",
    "/leistungen/hundesteuer-anmelden?ort=Ammerfeld",
    "/leistungen/hundesteuer-anmelden?ort=85902",
    "/leistungen/hundesteuer-anmelden?ort=Quatschhausen",
    "/leistungen/hundesteuer-anmelden?ort=M%C3%BCnchen",
    "/leistungen/strassenschaden-melden?ort=Ammerfeld",
    "/leistungen/fuehrerschein-umtauschen",
    "/stellen/standesamt@lindenau",
    "/stellen/fuehrerscheinstelle%23a-k",
    "/lebenslagen",
    "/lebenslagen/gaststaette-eroeffnen",
    "/lebenslagen/gaststaette-eroeffnen?ort=85902",
    "/chat",
    "/datenschutz",
    "/barrierefreiheit",
]
_VOID = {"meta", "link", "img", "input", "br", "option", "hr"}


class Page(HTMLParser):
    """A page as far as tests ask: elements that were left open, ids, headings, links, and inline code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.links: list[str] = []
        self.labelled: set[str] = set()
        self.fields: set[str] = set()
        self.described: set[str] = set()
        self.inline: list[str] = []
        self.language = ""
        self.errors: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "html":
            self.language = given["lang"]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "a":
            self.links.append(given["href"])
        if tag == "label":
            self.labelled.add(given["for"])
        if tag in ("input", "textarea", "select") and given.get("type") != "hidden":
            self.fields.add(given["id"])
        for name in ("aria-labelledby", "aria-describedby"):
            self.described |= set(given.get(name, "").split())
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and given.get("type") != "application/ld+json"):
            self.inline.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}>")


async def shown(reader: httpx.AsyncClient, path: str, **query: str) -> str:
    response = await reader.get(path, params=query or None)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


def main_of(html: str) -> str:
    """The text of the main part, without markup."""
    inner = re.sub(r"(?s).*<main[^>]*>(.*)</main>.*", r"\1", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inner))


def address(path: str, language: str) -> str:
    return path if language == "de" else f"{path}{'&' if '?' in path else '?'}sprache={language}"


@pytest.mark.parametrize("language", ["de", "en", "de-simple"])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_sound(reader: httpx.AsyncClient, path: str, language: str) -> None:
    page = Page(await shown(reader, address(path, language)))
    assert (page.errors, page.open, page.inline) == ([], [], [])
    assert page.language == language
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert page.fields <= page.labelled
    assert page.described <= set(page.ids)
    fragments = {link[1:] for link in page.links if link.startswith("#")}
    assert fragments <= set(page.ids)
    assert "inhalt" in fragments


async def test_no_link_leads_nowhere(reader: httpx.AsyncClient) -> None:
    seen: set[str] = set()
    for path in (
        "/leistungen",
        "/leistungen/hundesteuer-anmelden?ort=Ammerfeld",
        "/stellen/fuehrerscheinstelle%23a-k",
        "/lebenslagen",
    ):
        for link in Page(await shown(reader, path)).links:
            target = link.partition("#")[0]
            if target.startswith("/") and target not in seen and len(seen) < 60:
                seen.add(target)
                assert (await reader.get(target)).status_code == 200, target
    assert len(seen) > 30


# --- services


async def test_all_services_but_those_for_staff_stand_in_the_list(reader: httpx.AsyncClient, demo: Knowledge) -> None:
    for view_of in ("", "themen"):
        links = Page(await shown(reader, "/leistungen", ansicht=view_of)).links
        slugs = {link.removeprefix("/leistungen/") for link in links if link.startswith("/leistungen/")}
        assert slugs == {each.slug for each in demo.services if each.audience != "staff"}


async def test_a_search_with_and_without_result(reader: httpx.AsyncClient) -> None:
    found = await shown(reader, "/leistungen", q="Hundesteuer")
    assert "/leistungen/hundesteuer-anmelden" in Page(found).links
    assert "1 Leistung gefunden" in found
    nothing = await shown(reader, "/leistungen", q="Xylophonstimmung")
    assert "Dazu haben wir nichts gefunden" in nothing and "115" in nothing


async def test_what_somebody_typed_stays_text(reader: httpx.AsyncClient) -> None:
    attack = '"><script>alert(1)</script>{{ 7 * 7 }}'
    for path, name in (("/leistungen", "q"), ("/leistungen/hundesteuer-anmelden", "ort"), ("/lebenslagen/haus-bauen", "ort")):
        html = await shown(reader, path, **{name: attack})
        assert "<script>alert" not in html
        assert "&lt;script&gt;" in html and "{{ 7 * 7 }}" in html


async def test_a_service_asks_for_the_place_and_then_says_who_and_why(reader: httpx.AsyncClient) -> None:
    asking = await shown(reader, "/leistungen/hundesteuer-anmelden")
    assert f"/leistungen/hundesteuer-anmelden?ort={AMMERFELD}" in Page(asking).links
    told = await shown(reader, "/leistungen/hundesteuer-anmelden", ort=AMMERFELD)
    text = main_of(told)
    for words in (
        "Für: Ammerfeld",
        "Steueramt der Stadt Ammerfeld",
        "Marktplatz 1, 85903 Ammerfeld",
        "Warum diese Stelle?",
        "In Ammerfeld ist das Steueramt für Steuern der Gemeinde da.",
        "Quelle: Aufgabenverteilung der Gemeinde (Beispiel)",
        "Das bringen Sie mit",
        "Ausgabe 1 vom",
    ):
        assert words in text
    assert re.search(r"Stand: \d\d\.\d\d\.\d{4}\. Regel R\d+", text)


async def test_one_question_leads_to_the_next(reader: httpx.AsyncClient) -> None:
    html = await shown(reader, "/leistungen/fuehrerschein-umtauschen", ort="Ammerfeld", sprache="en")
    link = next(link for link in Page(html).links if "name=L" in link)
    assert link == "/leistungen/fuehrerschein-umtauschen?ort=Ammerfeld&name=L&sprache=en"
    assert "Team L–Z" in main_of((await reader.get(link)).text)


async def test_three_languages(reader: httpx.AsyncClient) -> None:
    english = await shown(reader, "/leistungen/hundesteuer-anmelden", sprache="en")
    assert "<h1>Register or deregister a dog for dog tax</h1>" in english
    assert "What to bring" in english and '<ul lang="de">' in english
    simple = main_of(await shown(reader, "/leistungen/hundesteuer-anmelden", sprache="de-simple"))
    assert "Sie haben einen Hund? Dann zahlen Sie meist Hundesteuer." in simple
    assert "Was kostet das?" in simple and "Rechtsgrundlage" not in simple
    assert 'lang="de"' in await shown(reader, "/leistungen/hundesteuer-anmelden", sprache="tlh")


async def test_languages_have_the_same_texts() -> None:
    read = {name: yaml.safe_load((view.HERE / "texts" / f"{name}.yaml").read_text("utf-8")) for name in ("de", "en", "de-simple")}
    assert list(read["de"]) == list(read["en"])
    assert set(read["de-simple"]) <= set(read["de"])
    for key, text in read["en"].items():
        assert re.findall(r"{\w+}", read["de"][key]) == re.findall(r"{\w+}", text), key


async def test_search_engines_get_one_address_and_data(reader: httpx.AsyncClient) -> None:
    html = await shown(reader, "/leistungen/hundesteuer-anmelden", sprache="en")
    assert '<link rel="canonical" href="http://lotse/leistungen/hundesteuer-anmelden?sprache=en">' in html
    assert '<link rel="alternate" hreflang="de" href="http://lotse/leistungen/hundesteuer-anmelden">' in html
    data = json.loads(re.findall(r'(?s)<script type="application/ld\+json">(.*?)</script>', html)[0])
    assert data["@type"] == "GovernmentService"
    assert '<meta name="robots" content="noindex">' in await shown(reader, "/leistungen/hundesteuer-anmelden", ort="Ammerfeld")
    office = await shown(reader, "/stellen/fuehrerscheinstelle%23a-k")
    assert '<link rel="canonical" href="http://lotse/stellen/fuehrerscheinstelle%23a-k">' in office


# --- offices and journeys


async def test_an_office(reader: httpx.AsyncClient) -> None:
    html = await shown(reader, "/stellen/standesamt@lindenau")
    text = main_of(html)
    for words in (
        "Standesamt der Stadt Lindenau",
        "Nur mit Termin",
        "Montag bis Freitag 8:30–12:00 Uhr",
        "Eheschließung anmelden",
    ):
        assert words in text
    assert html.count('<th scope="row">') == 7
    links = Page(html).links
    assert "/api/v1/offices/standesamt@lindenau.vcf" in links
    assert "/api/v1/offices/standesamt@lindenau.ics" in links


async def test_a_journey_is_a_list_to_tick(reader: httpx.AsyncClient, demo: Knowledge) -> None:
    steps = next(len(each.steps) for each in demo.journeys if each.slug == "gaststaette-eroeffnen")
    html = await shown(reader, "/lebenslagen/gaststaette-eroeffnen", ort="Ammerfeld")
    assert html.count('type="checkbox"') == steps
    assert "Zuständig:" in main_of(html)
    assert f"/leistungen/gewerbe-anmelden?ort={AMMERFELD}" in Page(html).links
    assert f"/api/v1/journeys/gaststaette-eroeffnen.ics?place={AMMERFELD}" in Page(html).links
    open_place = main_of(await shown(reader, "/lebenslagen/gaststaette-eroeffnen"))
    assert "Geben Sie ihn oben ein" in open_place


@pytest.mark.parametrize("path", ["/leistungen/nichts", "/stellen/nichts", "/lebenslagen/nichts"])
async def test_what_does_not_exist_is_said_to_people_as_a_page(reader: httpx.AsyncClient, path: str) -> None:
    response = await reader.get(path)
    assert response.status_code == 404
    assert "<h1>Das gibt es hier nicht</h1>" in response.text
    assert response.headers["cache-control"] == "no-store"


# --- QR codes, legal pages, caching


async def test_a_page_has_a_qr_code_of_its_own_address(reader: httpx.AsyncClient) -> None:
    html = await shown(reader, "/leistungen/hundesteuer-anmelden", ort="Ammerfeld")
    source = re.findall(r'<img src="(/qr\.svg[^"]*)"', html)[0]
    code = await reader.get(source)
    assert (code.status_code, code.headers["content-type"]) == (200, "image/svg+xml")
    other = await reader.get("/qr.svg", params={"pfad": "/leistungen/hundesteuer-anmelden"})
    assert code.content != other.content
    office = re.findall(r'<img src="(/qr\.svg[^"]*)"', await shown(reader, "/stellen/fuehrerscheinstelle%23a-k"))[0]
    assert (await reader.get(office)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/../etc",
        "/leistungen/a/b",
        "/leistungen#x",
        "\\evil",
        "/leistungen\n",
        "javascript:1",
        "/admin",
    ],
)
async def test_there_are_qr_codes_of_nothing_else(reader: httpx.AsyncClient, path: str) -> None:
    assert (await reader.get("/qr.svg", params={"pfad": path})).status_code == 404


async def test_pages_are_not_sent_twice(reader: httpx.AsyncClient) -> None:
    for path in ("/leistungen", "/stellen/standesamt@lindenau", "/qr.svg?pfad=/leistungen"):
        tag = (await reader.get(path)).headers["etag"]
        assert (await reader.get(path, headers={"If-None-Match": tag})).status_code == 304
        head = await reader.head(path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)


def app_with(stores: Stores, folder: Path, **settings: str) -> httpx.AsyncClient:
    app = gateway(Settings.from_environment({"LOTSE_VAR": str(folder), **settings}), stores, KeywordEngine())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lotse")


async def test_the_operator_stands_where_the_law_wants_it(stores: Stores, tmp_path: Path) -> None:
    async with app_with(stores, tmp_path, LOTSE_OPERATOR="Landratsamt <Musterstadt>", LOTSE_RETENTION_HOURS="48") as client:
        for path in ("/datenschutz", "/barrierefreiheit"):
            html = await shown(client, path)
            assert "Landratsamt &lt;Musterstadt&gt;" in html
            assert "Beispiel" not in main_of(html)
        assert "Nach 48 Stunden" in await shown(client, "/datenschutz")


async def test_without_an_operator_it_is_an_example(reader: httpx.AsyncClient) -> None:
    for path in ("/datenschutz", "/barrierefreiheit"):
        assert "Das ist ein Beispiel." in main_of(await shown(reader, path))


async def test_the_address_that_people_see(stores: Stores, tmp_path: Path) -> None:
    async with app_with(stores, tmp_path, LOTSE_PUBLIC_URL="https://lotse.kreis.example/") as client:
        html = await shown(client, "/lebenslagen")
        assert '<link rel="canonical" href="https://lotse.kreis.example/lebenslagen">' in html
        assert "http://lotse/" not in html


@pytest.mark.parametrize(
    "value", ["lotse.example", "ftp://lotse.example", "https://a b", "https://x.example?y", "https://u@x.example"]
)
def test_an_address_that_cannot_be_used(value: str) -> None:
    with pytest.raises(SettingsError, match="LOTSE_PUBLIC_URL"):
        Settings.from_environment({"LOTSE_PUBLIC_URL": value})


async def test_nothing_comes_from_elsewhere(reader: httpx.AsyncClient) -> None:
    for path in PAGES:
        html = await shown(reader, path)
        loaded: list[Any] = re.findall(r'<(?:img|link rel="(?:icon|stylesheet)"|script)[^>]*(?:src|href)="([^"]*)"', html)
        assert all(each.startswith("/") and not each.startswith("//") for each in loaded)
    style = (await reader.get("/seiten/seiten.css")).text
    assert "url(" not in style and "@import" not in style

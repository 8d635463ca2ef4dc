"""The page, the page about the widget, and their files over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from bot.channels.web.assets import WIDGET, Archive, Asset, page_assets, widget

FOREVER = "public, max-age=31536000, immutable"


async def test_the_page_names_county_and_retention_and_its_files(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Landkreis Lindenau" in page.text
    assert "Nach 24 Stunden" in page.text
    for path in re.findall(r'(?:src|href)="(/static/lotse-[^"]+)"', page.text):
        assert (await client.get(path)).headers["cache-control"] == FOREVER
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "geolocation=(self)" in page.headers["permissions-policy"]


async def test_the_page_comes_before_anything_was_published(tmp_path: Path, empty_stores: object) -> None:
    from tests.integration.wiring import ObservedEngine, serving

    async with serving(tmp_path, empty_stores, ObservedEngine()) as client:  # type: ignore[arg-type]
        assert (await client.get("/")).status_code == 200


async def test_files_are_compressed_where_that_is_understood(client: httpx.AsyncClient) -> None:
    path = f"/static/{page_assets()['page.js'].name}"
    packed = await client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == page_assets()["page.js"].content
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


async def test_other_sites_may_load_the_widget(client: httpx.AsyncClient) -> None:
    pinned = await client.get(f"/static/{widget().name}", headers={"Origin": "https://gemeinde.example"})
    assert pinned.status_code == 200
    assert pinned.headers["access-control-allow-origin"] == "*"
    assert pinned.headers["cross-origin-resource-policy"] == "cross-origin"
    assert pinned.headers["cache-control"] == FOREVER


async def test_the_newest_widget_is_looked_for_again(client: httpx.AsyncClient) -> None:
    newest = await client.get(f"/static/{WIDGET}.js")
    assert newest.content == widget().content
    assert newest.headers["cache-control"] == "no-cache"
    again = await client.get(f"/static/{WIDGET}.js", headers={"If-None-Match": newest.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


async def test_a_pinned_version_outlives_an_update(client: httpx.AsyncClient, tmp_path: Path) -> None:
    old = Asset(WIDGET, "js", b"old();")
    Archive(tmp_path / "widget").keep(old)
    assert (await client.get(f"/static/{old.name}")).content == b"old();"
    assert (tmp_path / "widget" / widget().name).exists()
    missing = await client.get(f"/static/{WIDGET}.000000000000.js")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


async def test_the_page_about_the_widget_shows_what_to_copy(client: httpx.AsyncClient) -> None:
    page = await client.get("/widget")
    assert widget().integrity in page.text
    assert "script-src http://lotse; connect-src http://lotse" in page.text
    assert "&lt;script src=&quot;http://lotse/static/" in page.text

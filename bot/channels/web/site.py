"""Routes of the chat page, of the page about the widget, and of their scripts and styles."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Header, HTTPException, Request, Response

from bot.channels.web.assets import WIDGET, Archive, Asset, filled, page_assets, policy, snippet, widget
from bot.conversation.service import NoRelease, Releases

_FOREVER = "public, max-age=31536000, immutable"
_LOOK_AGAIN = "no-cache"
_EVERYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""The widget is loaded by other sites, with `crossorigin` because of its checksum."""


def create_site_router(releases: Releases, archive: Path, retention_hours: int, public_url: str = "") -> APIRouter:
    """`archive` is the folder that keeps every version of the widget; `public_url` how the world reaches this gateway."""
    router = APIRouter(include_in_schema=False)
    versions = Archive(archive)
    versions.keep(widget())
    named = {asset.name: asset for asset in page_assets().values()}

    async def region() -> str:
        try:
            return (await releases.current()).region
        except NoRelease:
            return ""

    @router.get("/")
    async def page() -> Response:
        return _html(filled("index.html", {"region": await region(), "hours": str(retention_hours)}))

    @router.get("/widget")
    async def about_widget(request: Request) -> Response:
        """The lines to copy, and the widget itself."""
        origin = public_url.rstrip("/") or str(request.base_url).rstrip("/")
        values = {
            "region": await region(),
            "pinned": snippet(origin),
            "newest": snippet(origin, pinned=False),
            "policy": policy(origin),
        }
        return _html(filled("widget.html", values))

    @router.get(f"/static/{WIDGET}.js")
    async def newest_widget(accept_encoding: str = Header(""), if_none_match: str = Header("")) -> Response:
        asset = widget()
        tag = f'"{asset.name}"'
        headers = {**_EVERYWHERE, "Cache-Control": _LOOK_AGAIN, "ETag": tag}
        if tag in if_none_match:
            return Response(status_code=304, headers=headers)
        return _file(asset, accept_encoding, headers)

    @router.get(f"/static/{WIDGET}.{{version}}.js")
    async def pinned_widget(version: str, accept_encoding: str = Header("")) -> Response:
        name = f"{WIDGET}.{version}.js"
        asset = widget() if name == widget().name else await asyncio.to_thread(versions.find, name)
        if asset is None:
            raise HTTPException(404)
        return _file(asset, accept_encoding, {**_EVERYWHERE, "Cache-Control": _FOREVER})

    @router.get("/static/lotse-{rest}")
    async def page_asset(rest: str, accept_encoding: str = Header("")) -> Response:
        asset = named.get(f"lotse-{rest}")
        if asset is None:
            raise HTTPException(404)
        return _file(asset, accept_encoding, {"Cache-Control": _FOREVER})

    return router


def _html(content: bytes) -> Response:
    return Response(content, media_type="text/html; charset=utf-8", headers={"Cache-Control": _LOOK_AGAIN})


def _file(asset: Asset, accept_encoding: str, headers: dict[str, str]) -> Response:
    packed = "gzip" in accept_encoding
    headers = headers | {"Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if packed else {})
    return Response(asset.compressed if packed else asset.content, media_type=asset.media_type, headers=headers)

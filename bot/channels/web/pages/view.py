"""One page as HTML: templates, texts in three languages, addresses that keep the language."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml
from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.channels.web.api.addresses import journey_page, office_page, service_page
from bot.channels.web.api.conditional import answer
from bot.channels.web.api.who import region_of
from bot.conversation.messages import LANGUAGES
from knowledge.exchange.jsonld import for_script
from knowledge.exchange.offices import published_at
from knowledge.hours import BERLIN
from knowledge.release import Release

HERE = Path(__file__).parent
HTML = "text/html; charset=utf-8"
SWITCH = {"de": "Deutsch", "en": "English", "de-simple": "Einfache Sprache"}
"""The languages and what each calls itself; `de-simple` is a language tag of its own (RFC 5646, variant `simple`)."""
_NUMBER = re.compile(r"^(\d[\d ]{1,18}\d)(?= – )", re.MULTILINE)
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@dataclass(frozen=True)
class PageSettings:
    """What an operator decides. `public_url` is the address people see (empty: the one they asked for)."""

    public_url: str = ""
    operator: str = ""
    retention_hours: int = 24


class Texts(dict[str, str]):
    """What the pages say in a language; called with a key it fills in values."""

    def __call__(self, key: str, **values: object) -> str:
        return self[key].format(**values)


@lru_cache(maxsize=len(LANGUAGES))
def page_texts(language: str) -> Texts:
    """Einfache Sprache says some things its own way and the rest as German does."""
    basis = _read("en" if language == "en" else "de")
    return Texts(basis | (_read(language) if language == "de-simple" else {}))


def _read(language: str) -> dict[str, str]:
    loaded: dict[str, str] = yaml.safe_load((HERE / "texts" / f"{language}.yaml").read_text("utf-8"))
    return loaded


def language_of(asked: str) -> str:
    """A language there is; German for any other."""
    return asked if asked in LANGUAGES else LANGUAGES[0]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = lambda day: f"{day:%d.%m.%Y}"
    environment.filters["tel"] = lambda phone: "".join(char for char in phone if char.isdigit() or char == "+")
    environment.filters["json"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.filters["dial"] = _with_numbers
    environment.filters["safe_link"] = lambda url: url.startswith(("https://", "http://", "tel:", "mailto:", "/"))
    environment.filters["web"] = lambda url: url if url.startswith(("https://", "http://")) else ""
    return environment


def _with_numbers(text: str) -> Markup:
    """A number at the beginning of a line („112 – Feuerwehr“) can be called."""
    return Markup(_NUMBER.sub(_call, str(escape(text))))


def _call(match: re.Match[str]) -> str:
    return f'<a href="tel:{match[1].replace(" ", "")}">{match[1]}</a>'


@dataclass(frozen=True)
class View:
    """Makes the pages of one request."""

    request: Request
    release: Release
    settings: PageSettings
    language: str

    @property
    def texts(self) -> Texts:
        return page_texts(self.language)

    @property
    def base(self) -> str:
        """The address of this Lotse, without a slash at the end."""
        return self.settings.public_url or str(self.request.base_url).rstrip("/")

    def url(self, path: str, **query: object) -> str:
        """A path with what is asked for (names as in the address line), in the language of this page."""
        values = {name: str(value) for name, value in query.items() if value not in (None, "")}
        values.setdefault("sprache", self.language)
        if values["sprache"] == LANGUAGES[0]:
            values.pop("sprache")
        return f"{path}{'&' if '?' in path else '?'}{urlencode(values)}" if values else path

    def html(self, template: str, values: Mapping[str, Any]) -> bytes:
        """A template with all that every page needs. `path` is its own address, `query` what it was asked for."""
        published = published_at(self.release).astimezone(BERLIN)
        context: dict[str, Any] = {
            "t": self.texts,
            "language": self.language,
            "switch": SWITCH,
            "url": self.url,
            "base": self.base,
            "path": quote(self.request.scope["path"], safe="/@"),
            "service_page": service_page,
            "office_page": office_page,
            "journey_page": journey_page,
            "query": {},
            "region": self.release.region,
            "county": region_of(self.release, self.language),
            "operator": self.settings.operator,
            "retention_hours": self.settings.retention_hours,
            "release": self.release,
            "published": published.date(),
            "jsonld": "",
            "indexed": True,
        } | dict(values)
        return _environment().get_template(template).render(context).encode("utf-8", "replace")

    def page(self, template: str, *, jsonld: Mapping[str, Any] | None = None, **values: Any) -> Response:
        """A public page, with an `ETag`."""
        data = Markup(for_script(dict(jsonld))) if jsonld else ""
        return answer(self.request, self.release, self.html(template, {"jsonld": data, **values}), HTML)

    def private(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page that nobody but its reader may keep."""
        return Response(self.html(template, {"indexed": False, **values}), status, _PRIVATE, HTML)

    def missing(self) -> Response:
        """There is no such page."""
        return self.private("missing.html", 404)


def days_between(first: date, last: date, texts: Texts) -> str:
    """„am 24.12.2026“, „vom 24.12.2026 bis 01.01.2027“."""
    if first == last:
        return texts("closure_one", first=f"{first:%d.%m.%Y}")
    return texts("closure_many", first=f"{first:%d.%m.%Y}", last=f"{last:%d.%m.%Y}")


def berlin_now() -> datetime:
    return datetime.now(BERLIN)

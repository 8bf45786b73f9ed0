"""`waymark watch`: what it lists, that a dry run writes nothing, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.cli.base import out
from bot.records.base import utc_now
from bot.records.chat_models import Handoff
from bot.records.models import Referral
from bot.records.session import get_engine, transaction
from bot.services.demo_records import PATIENTS, load_demo
from bot.services.demo_staff import HOSPITAL_TEAMS
from bot.services.staff_teams import add_team
from bot.settings import get_settings

Watch = Callable[..., Result]


@pytest.fixture
def watch(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watch]:
    """Runs the command on an empty database of its own."""
    path = tmp_path / "records.db"
    path.write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("WAYMARK_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setattr(out, "width", 200)  # a table in 80 columns breaks its sentences
    get_settings.cache_clear()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["watch", *arguments])

    yield run
    get_engine().dispose()
    monkeypatch.undo()
    get_settings.cache_clear()


def demo() -> None:
    with transaction() as session:
        load_demo(session, utc_now())
        for name, code in HOSPITAL_TEAMS.items():
            add_team(session, name, ods_code=code)


def tasks() -> int:
    with transaction() as session:
        return int(session.execute(select(func.count(Handoff.id))).scalar_one())


def test_an_empty_list_says_so(watch: Watch) -> None:
    told = watch("--dry-run")
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.splitlines() == ["No referral is in limbo."]


def test_a_dry_run_lists_the_demos_referrals_in_limbo_and_opens_nothing(watch: Watch) -> None:
    demo()
    told = watch("--dry-run")
    assert told.exit_code == 0
    assert tasks() == 0
    shown = " ".join(told.stdout.split())
    assert shown.index("Lewisham Hospital, team Lewisham outpatients") < shown.index(
        "Guy's and St Thomas' Hospital, team Guy's and St Thomas' outpatients"
    )
    assert "The hospital has not booked an appointment" in shown
    assert "2 in limbo: 2 new, 0 held back by the daily cap, 0 known" in shown
    for patient in PATIENTS:
        assert patient.nhs_number not in shown
        assert patient.family_name not in shown


def test_json_is_one_object_and_the_second_round_knows_them(watch: Watch) -> None:
    demo()
    first = json.loads(watch("--json").stdout)
    assert [(one["missing"], one["same_day"], one["task"]) for one in first["referrals"]] == [
        ("patient_booking", True, "new"),
        ("booking", False, "new"),
    ]
    assert [one["days_late"] for one in first["referrals"]] == [3, 8]
    assert tasks() == 2
    again = json.loads(watch("--json").stdout)
    assert {one["task"] for one in again["referrals"]} == {"known"}
    assert tasks() == 2


def test_a_feed_that_stands_still_is_said_with_exit_code_3(watch: Watch) -> None:
    demo()
    with transaction() as session:
        for row in session.execute(select(Referral)).scalars():
            row.checked_at = row.checked_at.replace(year=2026, month=5, day=1)
    told = watch()
    assert told.exit_code == 3
    assert told.stderr.strip() == (
        "The records of “demo” were last updated on 1 May 2026, so nothing of them is judged. "
        "Tell who looks after the import."
    )
    assert told.stdout.splitlines() == [
        "No referral is in limbo.",
        "6 not judged: the record is too old",
    ]
    assert tasks() == 0

"""`waymark staff …`: accounts and teams, made without a password in the shell's history."""

from __future__ import annotations

import io
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot.cli import app, base, main
from bot.pathway.lexicon import lexicon_digest
from bot.records.models import Organisation
from bot.records.session import make_engine, transaction
from bot.records.staff_models import Membership, Staff, Team
from bot.services.demo_staff import FIRST_TO_TRY
from bot.services.passwords import password_matches
from bot.settings import ROOT, get_settings

COMMANDS = ["add", "list", "password", "deactivate", "team"]
PASSWORD = "correct horse battery"
AMARA = ["amara@example.org", "--first-name", "Amara", "--family-name", "Okafor"]
ADD = ["add", *AMARA, "--title", "Referral coordinator", "--password-stdin"]

Waymark = Callable[..., "Done"]


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "records.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def waymark(
    database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Waymark]:
    """Runs the command, by its entry point in this process, on a database of its own."""
    width = base.out.width

    def run(*arguments: str, typed: str = f"{PASSWORD}\n", **settings: str) -> Done:
        with monkeypatch.context() as patch:
            for name, value in (environment(database, tmp_path) | settings).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["waymark", *arguments])
            patch.setattr(sys, "stdin", io.StringIO(typed))
            get_settings.cache_clear()
            base.out.width = 200
            with pytest.raises(SystemExit) as end:
                main()
            told = capsys.readouterr()
            return Done(int(end.value.code or 0), told.out, told.err)

    yield run
    base.out.width = width
    get_settings.cache_clear()


def environment(database: Path, folder: Path) -> dict[str, str]:
    return {
        "WAYMARK_DATABASE_URL": f"sqlite:///{database}",
        "WAYMARK_VAR_DIR": str(folder / "var"),
    }


def accounts(database: Path) -> list[Staff]:
    with transaction(make_engine(f"sqlite:///{database}")) as session:
        return list(session.execute(select(Staff).order_by(Staff.email)).scalars())


def teams_of(database: Path, email: str) -> list[str]:
    with transaction(make_engine(f"sqlite:///{database}")) as session:
        query = (
            select(Team.name)
            .join(Membership, Membership.team_id == Team.id)
            .join(Staff, Staff.id == Membership.staff_id)
            .where(Staff.email == email)
            .order_by(Team.name)
        )
        return list(session.execute(query).scalars())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_shows_an_example_of_it(command: str) -> None:
    told = CliRunner().invoke(app, ["staff", command, "--help"])
    assert told.exit_code == 0
    assert f"Example: waymark staff {command}" in " ".join(told.output.split())


def test_an_account_is_made_listed_and_works(waymark: Waymark, database: Path) -> None:
    done = waymark("staff", *ADD, "--team", "Front desk", "--role", "supervisor")
    assert (done.returncode, done.stdout) == (0, "amara@example.org may sign in.\n"), done.stderr
    (staff,) = accounts(database)
    assert password_matches(staff.password_hash, PASSWORD)
    listed = waymark("staff", "list").stdout
    row = next(line for line in listed.splitlines() if "amara@example.org" in line)
    for shown in ("Amara Okafor", "Referral coordinator", "supervisor", "Front desk", "yes"):
        assert shown in row


def test_an_account_without_a_team_is_told_what_it_lacks(waymark: Waymark) -> None:
    assert "waymark staff team NAME --add EMAIL" in waymark("staff", *ADD).stdout


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        ([*ADD, "--role", "boss"], PASSWORD, "“boss” is no role."),
        (ADD, "short", "at least 12 characters"),
        (ADD, "x" * 201, "at most 200 characters"),
        ([*ADD, "--team", "Nowhere"], PASSWORD, "No team is called “Nowhere”."),
        (["add", "amara", *ADD[2:]], PASSWORD, "is not an e-mail address"),
        (["password", "nobody@example.org", "--password-stdin"], PASSWORD, "waymark staff list"),
        (["deactivate", "nobody@example.org"], "", "waymark staff list"),
        (["team", "X", "--ods", "ZZZ"], "", "ODS code ZZZ"),
        (["team", " "], "", "1 to 100 characters"),
        (ADD[:-1], PASSWORD, "--password-stdin"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    waymark: Waymark, database: Path, arguments: list[str], typed: str, said: str
) -> None:
    done = waymark("staff", *arguments, typed=typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert accounts(database) == []


def test_an_e_mail_address_has_one_account(waymark: Waymark, database: Path) -> None:
    waymark("staff", *ADD)
    again = waymark("staff", "add", "AMARA@example.org", *ADD[2:])
    assert (again.returncode, "has an account" in again.stderr) == (2, True)
    assert len(accounts(database)) == 1


def test_a_new_password_replaces_the_old_one(waymark: Waymark, database: Path) -> None:
    waymark("staff", *ADD)
    new = "another long password"
    done = waymark("staff", "password", "amara@example.org", "--password-stdin", typed=f"{new}\n")
    assert done.returncode == 0, done.stderr
    (staff,) = accounts(database)
    assert password_matches(staff.password_hash, new)
    assert not password_matches(staff.password_hash, PASSWORD)


def test_an_account_is_deactivated_and_may_come_back(waymark: Waymark, database: Path) -> None:
    waymark("staff", *ADD)
    assert waymark("staff", "deactivate", "amara@example.org").returncode == 0
    assert [staff.active for staff in accounts(database)] == [False]
    assert waymark("staff", "deactivate", "amara@example.org", "--undo").returncode == 0
    assert [staff.active for staff in accounts(database)] == [True]


def test_a_team_gets_an_organisation_an_address_and_members(
    waymark: Waymark, database: Path
) -> None:
    waymark("staff", *ADD, "--team", "Front desk")
    with transaction(make_engine(f"sqlite:///{database}")) as session:
        session.add(Organisation(ods_code="RJZ", name="King's", kind="hospital"))
    options = ["--ods", "rjz", "--mail", "kings@example.org", "--default"]
    done = waymark("staff", "team", "King's", *options, "--add", "amara@example.org")
    assert done.returncode == 0, done.stderr
    assert teams_of(database, "amara@example.org") == ["Front desk", "King's"]
    with transaction(make_engine(f"sqlite:///{database}")) as session:
        teams = {team.name: team for team in session.execute(select(Team)).scalars()}
        assert teams["King's"].organisation.ods_code == "RJZ"
    assert teams["King's"].email == "kings@example.org"
    assert {name: team.is_default for name, team in teams.items()} == {
        "King's": True,
        "Front desk": False,
    }
    waymark("staff", "team", "King's", "--remove", "amara@example.org")
    assert teams_of(database, "amara@example.org") == ["Front desk"]


def test_a_password_is_asked_for_twice_at_a_terminal_and_not_shown(
    database: Path, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "staff", *ADD[:-1]],
        cwd=ROOT,
        env=os.environ | environment(database, tmp_path),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = ""
    for prompt in ("Password: ", "Repeat for confirmation: "):
        while prompt not in shown:
            shown += os.read(ours, 1000).decode()
        os.write(ours, f"{PASSWORD}\n".encode())
    assert process.wait(timeout=60) == 0
    assert PASSWORD not in shown
    assert [staff.email for staff in accounts(database)] == ["amara@example.org"]


def test_the_demo_has_staff_with_one_password_that_its_owner_alone_can_read(
    waymark: Waymark, database: Path, tmp_path: Path
) -> None:
    for _ in range(2):  # a second start prints and keeps the same
        assert waymark("records", "demo").returncode == 0
    path = tmp_path / "var" / "demo-password"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    staff = {one.email: one for one in accounts(database)}
    assert {email: one.role for email, one in staff.items()} == {
        "admin@demo.waymark": "administrator",
        "amara@demo.waymark": "coordinator",
        "ben@demo.waymark": "coordinator",
        "carys@demo.waymark": "supervisor",
    }
    for one in staff.values():
        assert password_matches(one.password_hash, path.read_text())
    assert teams_of(database, FIRST_TO_TRY) == ["Front desk", "King's outpatients"]
    assert len(teams_of(database, "carys@demo.waymark")) == 5


def test_another_folder_with_the_same_database_gets_its_own_demo_password(
    waymark: Waymark, database: Path, tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        waymark("records", "demo", WAYMARK_VAR_DIR=str(tmp_path / folder))
    password = (tmp_path / "two" / "demo-password").read_text()
    assert password != (tmp_path / "one" / "demo-password").read_text()
    assert all(password_matches(one.password_hash, password) for one in accounts(database))


def test_production_has_no_demo_staff(
    waymark: Waymark, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = {
        "WAYMARK_MODE": "production",
        "WAYMARK_SECRET_KEY": "a-secret",
        "WAYMARK_CLINICAL_CONTACT": "on-call@example.org",
        "WAYMARK_LEXICON_SIGNED_OFF_BY": "Dr Example",
        "WAYMARK_LEXICON_DIGEST": lexicon_digest(),
        "WAYMARK_NOTIFY_API_KEY": "a-key",
        "WAYMARK_NOTIFY_TEMPLATE_ID": "a-template",
    }
    monkeypatch.delenv("WAYMARK_CLOCK")
    assert waymark("records", "demo", **production).returncode == 0
    assert accounts(database) == []

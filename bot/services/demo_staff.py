"""The demo's staff and teams, so that `make run` leads straight to a console with a queue.

One password for all of them, made once for a var folder and kept there for its owner only, so
that each start prints the same. Never in production.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import Refused
from bot.records.staff_models import Staff, Team
from bot.services.keys import kept_secret
from bot.services.passwords import password_matches
from bot.services.staff import add_staff, set_password
from bot.services.staff_teams import add_team
from bot.services.teams import default_team
from bot.settings import get_settings

PASSWORD_FILE = "demo-password"  # noqa: S105  (a file's name)
FIRST_TO_TRY = "amara@demo.waymark"
HOSPITAL_TEAMS = {
    "King's outpatients": "RJZ",
    "Guy's and St Thomas' outpatients": "RJ1",
    "Lewisham outpatients": "RJ2",
    "Walworth Road Surgery": "Y99901",
}
KINGS, GSTT = "King's outpatients", "Guy's and St Thomas' outpatients"
ALL = ("*",)


@dataclass(frozen=True)
class DemoStaff:
    """One account; teams besides the default one, ALL for every one."""

    email: str
    first_name: str
    family_name: str
    job_title: str
    role: str
    teams: tuple[str, ...]


STAFF = (
    DemoStaff(FIRST_TO_TRY, "Amara", "Okafor", "Referral coordinator", "coordinator", (KINGS,)),
    DemoStaff("ben@demo.waymark", "Ben", "Hughes", "Referral coordinator", "coordinator", (GSTT,)),
    DemoStaff("carys@demo.waymark", "Carys", "Morgan", "Team leader", "supervisor", ALL),
    DemoStaff("admin@demo.waymark", "Adnan", "Rahman", "Administrator", "administrator", ()),
)


def demo_staff(session: Session, now: datetime) -> None:
    """Make what is missing of the demo's teams and accounts, with the password of this folder.

    Needs the demo's records, which the teams belong to.

    Raises:
        Refused: in production.
    """
    if get_settings().mode != "demo":
        raise Refused("The demo's accounts exist in demo mode only.")
    for name, code in HOSPITAL_TEAMS.items():
        if session.execute(select(Team.id).where(Team.name == name)).first() is None:
            add_team(session, name, ods_code=code)
    password = demo_password()
    emails = [demo.email for demo in STAFF]
    known = {
        staff.email: staff
        for staff in session.execute(select(Staff).where(Staff.email.in_(emails))).scalars()
    }
    first = known.get(FIRST_TO_TRY)
    if first is not None and not password_matches(first.password_hash, password):
        for staff in known.values():  # another folder's password: this database was used elsewhere
            set_password(session, staff, password, now)
    for demo in STAFF:
        if demo.email not in known:
            _add(session, demo, password, now)


def _add(session: Session, demo: DemoStaff, password: str, now: datetime) -> None:
    teams = tuple(HOSPITAL_TEAMS) if demo.teams == ALL else demo.teams
    add_staff(
        session,
        demo.email,
        demo.first_name,
        demo.family_name,
        demo.job_title,
        password,
        now,
        role=demo.role,
        teams=(default_team(session).name, *teams),
    )


def demo_password() -> str:
    """The password of the demo's accounts: four groups of four, to be typed without a mistake.

    Raises:
        Refused: in production.
    """
    if get_settings().mode != "demo":
        raise Refused("The demo's accounts exist in demo mode only.")
    return kept_secret(PASSWORD_FILE, _password)


def _password() -> str:
    letters = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
    groups = ("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
    return "-".join(groups)

"""Staff and hand-offs for the tests of what the console's services do."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.chat_models import AuditEntry, Handoff
from bot.records.models import Patient
from bot.records.staff_models import Membership, Staff, Team
from bot.services.handoffs import claim_handoff, open_handoff
from tests.records.making import a_conversation, a_patient
from tests.site.running import nhs_number

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=timezone.utc)
BORN = date(1961, 5, 3)
NUMBER = nhs_number(101)


def a_team(session: Session, name: str = "Front desk") -> Team:
    team = session.execute(select(Team).where(Team.name == name)).scalar_one_or_none()
    if team is None:
        team = Team(name=name, is_default=False)
        session.add(team)
        session.flush()
    return team


def a_colleague(
    session: Session, name: str = "Amara", team: str = "Front desk", role: str = "coordinator"
) -> Staff:
    staff = Staff(
        email=f"{name.lower()}@example.org",
        first_name=name,
        family_name="Example",
        job_title="Referral coordinator",
        role=role,
        password_hash="none",
    )
    session.add(staff)
    session.flush()
    session.add(Membership(staff_id=staff.id, team_id=a_team(session, team).id))
    session.flush()
    return staff


def a_handoff(session: Session, staff: Staff | None = None, **conversation: Any) -> Handoff:
    """A chat of the front desk, held by `staff`."""
    talk = a_conversation(session, **{"language": "pl", **conversation})
    team = a_team(session)
    handoff = open_handoff(session, talk.id, "chat", "asked_for", NOW, team_id=team.id)
    return claim_handoff(session, staff, handoff.id, NOW) if staff else handoff


def zofia(session: Session, **fields: Any) -> Patient:
    values = {"birth_date": BORN, "family_name": "Wzorek", "postcode": "SE17 1AA"}
    return a_patient(session, NUMBER, **{**values, "given_name": "Zofia", **fields})


def audited(session: Session, action: str) -> list[dict[str, Any]]:
    """Details of the audit's entries of one action, with their actor and subject."""
    session.flush()
    rows = session.execute(select(AuditEntry).where(AuditEntry.action == action)).scalars()
    return [{"actor": row.actor, "subject": row.subject_id, **row.detail} for row in rows]

"""A hospital with a team, and referrals that it has left lying."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from bot.pathway.states import State
from bot.records.chat_models import Handoff
from bot.records.models import Patient, Referral, ReferralState
from bot.records.session import transaction
from bot.records.watch_models import LimboFinding
from bot.services.watch import WatchReport, watch
from tests.records.making import NOW, a_hospital, a_patient, a_referral, a_team
from tests.site.running import nhs_number


@dataclass
class Ward:
    """Hospital RJZ with its team; `engine` for what opens its own transactions."""

    engine: Engine
    team_id: str
    hospital_id: str
    numbers: Any = field(default_factory=lambda: count(500))

    def referral(
        self,
        state: State = State.IN_TRIAGE,
        days: int = 20,
        *,
        patient: dict[str, Any] | None = None,
        with_history: bool = True,
        **fields: Any,
    ) -> str:
        """A referral that came into its state so many days ago; returns its id."""
        with transaction(self.engine) as session:
            since = NOW.date() - timedelta(days=days)
            known = {"state_since": since, "referred_on": since, "provider_id": self.hospital_id}
            person = a_patient(session, nhs_number(next(self.numbers)), **(patient or {}))
            row = a_referral(session, person, state, **{**known, **fields})
            if with_history:
                session.add(ReferralState(referral_id=row.id, state=state.value, since=since))
            return str(row.id)

    def move(self, referral_id: str, state: State) -> None:
        """The feed tells of a new state, since today."""
        since = NOW.date()
        with transaction(self.engine) as session:
            row = session.get(Referral, referral_id)
            row.state, row.state_since = state.value, since
            session.add(ReferralState(referral_id=row.id, state=state.value, since=since))

    def change(self, referral_id: str, **fields: Any) -> None:
        """The feed tells something else."""
        with transaction(self.engine) as session:
            for name, value in fields.items():
                setattr(session.get(Referral, referral_id), name, value)

    def round(self, now: datetime = NOW) -> WatchReport:
        """The worker's round; what was read is fresh."""
        with transaction(self.engine) as session:
            for row in session.execute(select(Referral)).scalars():
                row.checked_at = max(row.checked_at, now - timedelta(hours=1))
        return watch(now, self.engine)

    def tasks(self, *, state: str | None = None) -> list[Handoff]:
        """The watch's tasks, oldest first."""
        with transaction(self.engine) as session:
            query = select(Handoff).where(Handoff.conversation_id.is_(None))
            if state:
                query = query.where(Handoff.state == state)
            return list(session.execute(query.order_by(Handoff.created_at)).scalars())

    def findings(self) -> list[LimboFinding]:
        """All findings, in the order in which they were made."""
        with transaction(self.engine) as session:
            return list(session.execute(select(LimboFinding).order_by(LimboFinding.id)).scalars())

    def patient_of(self, referral_id: str) -> Patient:
        """The referral's patient."""
        with transaction(self.engine) as session:
            return session.get(Patient, session.get(Referral, referral_id).patient_id)


@pytest.fixture
def ward(engine: Engine) -> Ward:
    """On both databases."""
    with transaction(engine) as session:
        hospital = a_hospital(session, "RJZ")
        team = a_team(session, "King's outpatients", organisation_id=hospital.id)
        return Ward(engine, team.id, hospital.id)

"""A patient who wants to be told, in a conversation of their own, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.pathway.states import State
from bot.records.chat_models import Message
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment, Referral, ReferralState
from bot.records.session import transaction
from bot.records.update_models import Update
from bot.services.updates import note_update, subscribe
from bot.services.updates.telling import tell_updates
from tests.records.making import (
    NOW,
    a_conversation,
    a_hospital,
    a_patient,
    a_referral,
    an_identity,
)
from tests.site.running import nhs_number


@dataclass
class Subscribed:
    """One patient's subscription. Each change is a transaction of its own, as in life."""

    engine: Engine
    patient_id: str
    referral_id: str
    conversation_id: str
    subscription_id: str

    def move(self, state: State, at: datetime = NOW, referral_id: str | None = None) -> None:
        """A referral moves, and it is noted, as an import does it."""
        with transaction(self.engine) as session:
            row = session.get(Referral, referral_id or self.referral_id)
            before, row.state, row.checked_at = row.state, state.value, at
            row.state_since = at.date()
            moved = ReferralState(referral_id=row.id, state=row.state, recorded_at=at)
            session.add(moved)
            session.flush()
            note_update(
                session,
                row.patient_id,
                "state",
                f"state:{moved.id}",
                at,
                referral_id=row.id,
                detail={"before": before},
            )

    def change(self, what: type, row_id: str, **fields: object) -> None:
        """Set columns of any row."""
        with transaction(self.engine) as session:
            row = session.get(what, row_id)
            for name, value in fields.items():
                setattr(row, name, value)

    def appointment(self, starts_at: datetime, **fields: object) -> str:
        """Add a booked appointment of the referral; returns its id."""
        with transaction(self.engine) as session:
            return add_appointment(
                session, self.patient_id, starts_at, **({"referral_id": self.referral_id} | fields)
            ).id

    def tell(self, at: datetime = NOW) -> int:
        """What the worker does."""
        return tell_updates(at, self.engine)

    def sign_out(self) -> None:
        """The identity session ends."""
        with transaction(self.engine) as session:
            rows = session.execute(
                select(IdentitySession).where(IdentitySession.ended_at.is_(None))
            ).scalars()
            for row in rows:
                row.ended_at = NOW

    def said(self, conversation_id: str | None = None) -> list[Message]:
        """What the bot said, in order."""
        with transaction(self.engine) as session:
            rows = select(Message).where(
                Message.conversation_id == (conversation_id or self.conversation_id),
                Message.sender == "bot",
            )
            return list(session.execute(rows.order_by(Message.seq)).scalars())

    def updates(self) -> list[tuple[str, bool, str | None]]:
        """(kind, told, why dropped) of all updates, in order."""
        with transaction(self.engine) as session:
            rows = session.execute(select(Update).order_by(Update.id)).scalars()
            return [(row.kind, row.told_at is not None, row.dropped_reason) for row in rows]


def add_appointment(
    session: Session, patient_id: str, starts_at: datetime | None, **fields: object
) -> Appointment:
    known = {"source": "tests", "source_id": f"{patient_id}-{starts_at}", "status": "booked"}
    row = Appointment(
        patient_id=patient_id, starts_at=starts_at, **{**known, "checked_at": NOW, **fields}
    )
    session.add(row)
    session.flush()
    return row


def subscribed(
    engine: Engine, index: int, *, channel: str = "web", verified: bool = True, **patient: object
) -> Subscribed:
    """A patient with a referral in triage, at King's for bones and joints, who subscribed a
    fortnight ago."""
    with transaction(engine) as session:
        hospital = a_hospital(session, code=f"RZ{index}")
        person = a_patient(session, nhs_number(index), **patient)
        referral = a_referral(
            session,
            person,
            State.IN_TRIAGE,
            provider_id=hospital.id,
            specialty_code="C_110",
            source_id=f"referral-{index}",
        )
        talk = a_conversation(session, channel=channel, language="en")
        identity = an_identity(session, person, talk)
        row, _ = subscribe(session, identity, NOW - timedelta(days=14))
        if not verified:
            identity.ended_at = NOW
        return Subscribed(engine, person.id, referral.id, talk.id, row.id)


@pytest.fixture
def on_page(engine: Engine) -> Subscribed:
    """Subscribed on the web page, verified just now."""
    return subscribed(engine, 520)


@pytest.fixture
def away(engine: Engine) -> Subscribed:
    """Subscribed on the web page, signed out since."""
    return subscribed(engine, 520, verified=False)


@pytest.fixture
def on_telegram(engine: Engine) -> Subscribed:
    """Subscribed on Telegram, signed out since."""
    return subscribed(engine, 520, channel="telegram", verified=False)

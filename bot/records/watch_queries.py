"""Reading for a task that belongs to a referral and to no conversation, once a member of staff may
see that task (`staff_queries.handoff_of`): the appointments of its referral, and nothing else of
the patient's record."""

from __future__ import annotations

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.records.models import Appointment, Referral


def appointments_of(session: Session, referral: Referral) -> list[Appointment]:
    """Its appointments, and the patient's at the same hospital that name no referral, by date."""
    unnamed = and_(
        Appointment.referral_id.is_(None), Appointment.provider_id == referral.provider_id
    )
    query = select(Appointment).where(
        Appointment.patient_id == referral.patient_id,
        or_(Appointment.referral_id == referral.id, unnamed),
    )
    by_date = query.order_by(Appointment.starts_at.is_(None), Appointment.starts_at)
    return list(session.execute(by_date).scalars())

"""What a supervisor finds of a patient: hand-offs and conversations that they may see.

After `staff_queries.search_patients`; no message and no record is read here.
"""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from bot.records.chat_models import Conversation, Handoff
from bot.records.identity_models import IdentitySession
from bot.records.models import Patient
from bot.records.staff_models import Staff
from bot.records.staff_queries import may_see

SHOWN_AT_MOST = 50


def handoffs_of_patient(session: Session, staff: Staff, patient: Patient) -> list[Handoff]:
    """Hand-offs of the patient, or of a conversation verified as the patient; newest first."""
    query = select(Handoff).where(
        or_(Handoff.patient_id == patient.id, Handoff.conversation_id.in_(_verified_as(patient))),
        may_see(staff),
    )
    newest_first = query.order_by(Handoff.created_at.desc()).limit(SHOWN_AT_MOST)
    return list(session.execute(newest_first).scalars())


def conversations_of_patient(
    session: Session, staff: Staff, patient: Patient
) -> list[Conversation]:
    """Conversations that were verified as the patient; newest first. Who isn't an administrator
    sees those that have a hand-off of their teams."""
    query = select(Conversation).where(Conversation.id.in_(_verified_as(patient)))
    if staff.role != "administrator":
        theirs = select(Handoff.conversation_id).where(may_see(staff))
        query = query.where(Conversation.id.in_(theirs))
    newest_first = query.order_by(Conversation.created_at.desc()).limit(SHOWN_AT_MOST)
    return list(session.execute(newest_first).scalars())


def _verified_as(patient: Patient) -> Select:
    return select(IdentitySession.conversation_id).where(IdentitySession.patient_id == patient.id)

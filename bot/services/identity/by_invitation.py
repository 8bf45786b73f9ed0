"""Verifies by the invitation that a conversation came with, and the date of birth."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation
from bot.records.identity_models import IdentitySession, Invitation
from bot.records.models import Patient
from bot.services.identity.attempts import note_attempt
from bot.services.identity.sessions import start_identity
from bot.services.who_may_be_told import may_be_told


def invited_subject(session: Session, conversation_id: str) -> str | None:
    """What tries by invitation are counted against: the link, whichever conversation opened it.

    Locks the link until the transaction ends, so that tries at it wait for each other and their
    count is right.
    """
    conversation = session.get(Conversation, conversation_id)
    tied = conversation.invitation_id if conversation else None
    if tied:
        session.get(Invitation, tied, with_for_update=True, populate_existing=True)
    return _invited_subject(tied) if tied else None


def _invited_subject(invitation_id: str | None) -> str:
    return f"invitation {invitation_id}"


def check_invitation(
    session: Session, conversation_id: str, birth_date: date, now: datetime
) -> IdentitySession | None:
    """Verify by the invitation this conversation came with, and use it up; None: no match."""
    conversation = session.get(Conversation, conversation_id)
    tied = conversation.invitation_id if conversation else None
    invitation = session.get(Invitation, tied) if tied else None
    patient = session.get(Patient, invitation.patient_id) if invitation else None
    right = (
        invitation is not None
        and invitation.used_at is None
        and invitation.expires_at > now
        and may_be_told(patient, birth_date, now.date())
    )
    note_attempt(session, conversation_id, _invited_subject(tied), right, now)
    if not right or invitation is None:
        return None
    invitation.used_at = now
    return start_identity(session, conversation_id, invitation.patient_id, "invitation", now)

"""Invitation links: issued by a practice, opened by the patient, spent by the date of birth.

Opening a link spends nothing, so that a link preview doesn't use it up.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation
from bot.records.identity_models import Invitation
from bot.services.audit import audit
from bot.services.identity import end_identity
from bot.services.keys import keyed_hash
from bot.settings import get_settings


def issue_invitation(
    session: Session,
    patient_id: str,
    issued_by: str,
    now: datetime,
    *,
    good_for: timedelta | None = None,
) -> str:
    """A new link for a patient; returns its token, which is stored only as a hash.

    Args:
        good_for: None: the site's days for invitations.
    """
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        patient_id=patient_id,
        token_hash=keyed_hash("invitation", token),
        issued_by=issued_by,
        created_at=now,
        expires_at=now + (good_for or timedelta(days=get_settings().invitation_days)),
    )
    session.add(invitation)
    session.flush()
    audit(session, issued_by, "invitation_issued", "patient", patient_id)
    return token


def open_invitation(
    session: Session, conversation: Conversation, token: str, now: datetime
) -> bool:
    """Tie a link to the conversation it was opened in; False: used, too old, or unknown.

    Another patient's link ends a running identity session.
    """
    invitation = session.execute(
        select(Invitation).where(
            Invitation.token_hash == keyed_hash("invitation", token),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
    ).scalar_one_or_none()
    if invitation is None:
        return False
    if conversation.invitation_id != invitation.id:
        end_identity(session, conversation.id, now, "another link")
        conversation.invitation_id = invitation.id
    return True


def has_open_invitation(session: Session, conversation_id: str, now: datetime) -> bool:
    """True when the conversation came with a link that is not spent yet."""
    conversation = session.get(Conversation, conversation_id)
    tied = conversation.invitation_id if conversation else None
    invitation = session.get(Invitation, tied) if tied else None
    return bool(invitation and invitation.used_at is None and invitation.expires_at > now)

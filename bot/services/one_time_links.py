"""One-time links from a channel that tells little to the web page, which tells the rest.

A link is an invitation of few minutes: it opens a new web conversation, which still asks for the
date of birth. It is made when a message goes out and stands in no table of ours; only its hash
does. It dies with the identity session that it was given in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.records.chat_models import Message
from bot.services.given_links import giver_of
from bot.services.identity import current_identity
from bot.services.invitations import issue_invitation
from bot.services.telling_level import level_of
from bot.settings import get_settings


def link_for(session: Session, row: Message, now: datetime) -> str | None:
    """The web page's address for the rest of an answer; None: this message needs none."""
    if row.sender != "bot" or row.identity_session_id is None:
        return None
    if level_of(session, row.conversation_id) == "all":
        return None
    identity = current_identity(session, row.conversation_id, now)
    if identity is None or identity.id != row.identity_session_id:
        return None
    if identity.carer_id is not None:  # the link is the patient's own, with their date of birth
        return None
    settings = get_settings()
    token = issue_invitation(
        session,
        identity.patient_id,
        giver_of(row.conversation_id),
        now,
        good_for=timedelta(minutes=settings.telegram_link_minutes),
    )
    return f"{settings.public_url}/chat/l/{token}"

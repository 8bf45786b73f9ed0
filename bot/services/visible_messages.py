"""What the patient's page may show: answers from the record only while identity lasts.

An answer of the bot shows in the identity session that it was given in. What a coordinator wrote
to a verified patient waits behind a new verification of the same patient; what they wrote to a
carer, behind one of the same carer. A patient and their carer don't read each other's part.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from bot.records.chat_models import Message
from bot.records.identity_models import IdentitySession
from bot.services.identity import running_session


def visible_messages(
    session: Session, conversation_id: str, now: datetime, after: int = 0
) -> list[Message]:
    """What may be shown after number `after`, in order."""
    return _select(session, conversation_id, now, Message.seq > after)


def changed_messages(
    session: Session, conversation_id: str, now: datetime, until: int
) -> list[Message]:
    """Messages up to a number that were changed in place since they were written."""
    changed = and_(Message.seq <= until, Message.revision > 0)
    return _select(session, conversation_id, now, changed)


def queued_messages(session: Session, conversation_id: str, now: datetime) -> list[Message]:
    """What waits to be sent and may be shown now, in order."""
    return _select(session, conversation_id, now, Message.status == "queued")


def is_visible(session: Session, row: Message, now: datetime) -> bool:
    """Whether the page may show a message now."""
    return bool(_select(session, row.conversation_id, now, Message.id == row.id))


def private_numbers(session: Session, conversation_id: str, now: datetime) -> list[int]:
    """Numbers of the messages from the record that may not be shown now."""
    private = Message.identity_session_id.isnot(None)
    shown = {row.seq for row in _select(session, conversation_id, now, private)}
    rows = session.execute(
        select(Message.seq).where(Message.conversation_id == conversation_id, private)
    ).scalars()
    return [seq for seq in rows if seq not in shown]


def _select(
    session: Session, conversation_id: str, now: datetime, which: ColumnElement
) -> list[Message]:
    open_to_all = Message.identity_session_id.is_(None)
    identity = running_session(session, conversation_id, now)
    allowed = open_to_all
    if identity is not None:
        same_reader = select(IdentitySession.id).where(
            IdentitySession.conversation_id == conversation_id,
            IdentitySession.patient_id == identity.patient_id,
            IdentitySession.carer_access_id.is_not_distinct_from(identity.carer_access_id),
        )
        allowed = or_(
            open_to_all,
            Message.identity_session_id == identity.id,
            and_(Message.sender == "coordinator", Message.identity_session_id.in_(same_reader)),
        )
    return list(
        session.execute(
            select(Message)
            .where(Message.conversation_id == conversation_id, which, allowed)
            .order_by(Message.seq)
        ).scalars()
    )

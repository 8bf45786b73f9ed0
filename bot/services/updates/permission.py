"""Whether a conversation may be told anything just now. Asked by `telling`, each time.

Some things pass (a coordinator has the chat), and the update waits; others don't (the patient's
record was restricted), and it is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.records.carer_models import CarerAccess
from bot.records.chat_models import Conversation
from bot.records.models import Patient
from bot.records.update_models import Subscription
from bot.services.carers.validity import access_is_valid
from bot.services.handoffs import with_coordinator
from bot.services.identity import may_be_told
from bot.services.safe_contact import may_be_pushed_to
from bot.services.site_days import local_day
from bot.services.telegram_chats import is_reachable

OF_APPOINTMENTS = ("appointment", "reminder")
"""The kinds of updates that a carer is told whose access is for appointments only."""


@dataclass(frozen=True)
class Obstacle:
    """Why nothing is told. passes: it may be over later, so the update waits; else it is
    dropped."""

    reason: str
    passes: bool


def obstacle_of(session: Session, subscription: Subscription, now: datetime) -> Obstacle | None:
    """What is in the way of telling this conversation anything; None: nothing."""
    conversation_id = subscription.conversation_id
    conversation = session.get(Conversation, conversation_id)
    if subscription.ended_at is not None or conversation.ended_at is not None:
        return Obstacle("ended", passes=False)
    if subscription.carer_access_id is not None:
        if not _carer_may_be_told(session, subscription, local_day(now)):
            return Obstacle("access", passes=False)
    elif not _patient_may_be_told(subscription.patient, now):
        return Obstacle("not allowed", passes=False)
    if not may_be_pushed_to(session, conversation_id):
        return Obstacle("safeguarding", passes=True)
    if with_coordinator(session, conversation_id, now):
        return Obstacle("coordinator", passes=True)
    if not is_reachable(session, conversation_id):
        return Obstacle("unreachable", passes=True)
    return None


def is_in_scope(session: Session, subscription: Subscription, kind: str) -> bool:
    """Whether a carer's access covers this kind of update; always, for the patient."""
    if subscription.carer_access_id is None or kind in OF_APPOINTMENTS:
        return True
    access = session.get(CarerAccess, subscription.carer_access_id)
    return access is not None and access.scope == "all"


def _patient_may_be_told(patient: Patient, now: datetime) -> bool:
    born = patient.birth_date
    return born is not None and may_be_told(patient, born, now.date())


def _carer_may_be_told(session: Session, subscription: Subscription, today: date) -> bool:
    access = session.get(CarerAccess, subscription.carer_access_id)
    return (
        access is not None
        and access.patient_id == subscription.patient_id
        and access_is_valid(access, subscription.patient, today)
    )

"""Access whose review date has passed stops, and staff get one task to look at it.

Called by `bot.worker`. Every read has refused since that day; this signs the carer out, ends
updates, and tells both sides.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.pathway.handoff_rules import priority_of, reply_target
from bot.records.carer_models import CarerAccess
from bot.records.chat_models import Handoff
from bot.records.identity_models import IdentitySession
from bot.records.models import Referral
from bot.services.audit import audit
from bot.services.carers.ending import end_access, end_sessions_of
from bot.services.carers.validity import access_is_valid
from bot.services.conversations import lock_conversation
from bot.services.handoffs import open_handoff
from bot.services.handoffs.opening import OPEN
from bot.services.live import note_event
from bot.services.office import site_office_hours
from bot.services.site_days import local_day
from bot.services.teams import default_team
from bot.settings import get_settings

ACTOR = "worker"
REASON = "carer_access"
REVIEW_PASSED = "review date passed"


def stop_lost_access(session: Session, now: datetime) -> int:
    """End what is past its review date, and every session whose access holds no longer; returns
    how many accesses were ended."""
    past = list(
        session.execute(
            select(CarerAccess)
            .where(CarerAccess.ended_at.is_(None), CarerAccess.review_on < local_day(now))
            .order_by(CarerAccess.id)
            .with_for_update()
        ).scalars()
    )
    for access in past:
        end_access(session, access, REVIEW_PASSED, now)
        audit(session, ACTOR, "access_ended", "carer_access", access.id, reason=REVIEW_PASSED)
        _ask_for_review(session, access, now)
    for row in _sessions(session):
        if not access_is_valid(row.carer_access, row.patient, local_day(now)):
            end_sessions_of(session, row.carer_access_id, now)
    return len(past)


def _sessions(session: Session) -> list[IdentitySession]:
    return list(
        session.execute(
            select(IdentitySession)
            .where(IdentitySession.ended_at.is_(None), IdentitySession.carer_access_id.isnot(None))
            .options(joinedload(IdentitySession.carer_access), joinedload(IdentitySession.patient))
        ).scalars()
    )


def _ask_for_review(session: Session, access: CarerAccess, now: datetime) -> None:
    """A task where staff can work on it: in the carer's newest conversation about the patient; of
    one who never came, beside the patient's newest referral. Without either there is only the
    audit: nobody loses anything that they had."""
    conversation_id = session.execute(
        select(IdentitySession.conversation_id)
        .where(IdentitySession.carer_access_id == access.id)
        .order_by(IdentitySession.started_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    if conversation_id is not None:
        lock_conversation(session, conversation_id)
        handoff = open_handoff(session, conversation_id, "task", REASON, now)
        handoff.patient_id = handoff.patient_id or access.patient_id
        return
    referral_id = session.execute(
        select(Referral.id)
        .where(Referral.patient_id == access.patient_id)
        .order_by(Referral.referred_on.desc(), Referral.id)
        .limit(1)
    ).scalar_one_or_none()
    if referral_id is None or _is_asked_for(session, referral_id):
        return
    minutes = reply_target(priority_of(REASON), get_settings().reply_target_minutes)
    handoff = Handoff(
        kind="task",
        reason=REASON,
        priority=priority_of(REASON),
        team_id=default_team(session).id,
        patient_id=access.patient_id,
        referral_id=referral_id,
        created_at=now,
        updated_at=now,
        reply_due_at=site_office_hours().add_minutes(now, minutes),
    )
    session.add(handoff)
    session.flush()
    audit(session, ACTOR, "handoff_opened", "handoff", handoff.id, reason=REASON, kind="task")
    note_event(session, "handoff", handoff=handoff)


def _is_asked_for(session: Session, referral_id: str) -> bool:
    """Whether another carer's review of the same patient waits already."""
    waiting = select(Handoff.id).where(
        Handoff.conversation_id.is_(None),
        Handoff.referral_id == referral_id,
        Handoff.reason == REASON,
        Handoff.state.in_(OPEN),
    )
    return session.execute(waiting).first() is not None

"""Opens hand-offs: chats that want a person, and tasks for staff. Each is open once.

Called by the actions, by the transcript with a red-flag card, and by the worker.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.pathway.handoff_rules import priority_of
from bot.records.chat_models import Handoff
from bot.records.models import Referral
from bot.records.staff_models import Team
from bot.services import outbox
from bot.services.audit import audit
from bot.services.identity import actor_of, current_identity
from bot.services.live import note_event
from bot.services.office import site_office_hours, target_minutes
from bot.services.teams import team_for
from bot.services.translations import want_translations
from bot.settings import get_settings

OPEN = ("waiting", "claimed")
OVERDUE = "overdue_referral"


def open_handoff(
    session: Session,
    conversation_id: str,
    kind: str,
    reason: str,
    now: datetime,
    *,
    referral_id: str | None = None,
    message_id: int | None = None,
    priority: int | None = None,
    team_id: str | None = None,
) -> Handoff:
    """Open a hand-off, or raise the open one: of a conversation one chat is open at most, and
    one task of each reason.

    Args:
        kind: "chat" or "task".
        reason: one of HANDOFF_REASONS.
        priority: 1 to 4; None: the reason's own. A raised one keeps the graver.
        team_id: None: by the referral's state, see `teams.team_for`.
    """
    wanted = priority or priority_of(reason)
    existing = _open_one(session, conversation_id, kind, reason)
    if existing is not None:
        _raise(session, existing, wanted, now, referral_id)
        return existing
    identity = current_identity(session, conversation_id, now)
    team = session.get(Team, team_id) if team_id else team_for(session, referral_id)
    handoff = Handoff(
        conversation_id=conversation_id,
        kind=kind,
        reason=reason,
        priority=wanted,
        team_id=team.id,
        patient_id=identity.patient_id if identity else None,
        referral_id=referral_id,
        message_id=message_id,
        created_at=now,
        updated_at=now,
    )
    handoff.reply_due_at = site_office_hours().add_minutes(now, target_minutes(handoff))
    session.add(handoff)
    session.flush()
    actor = actor_of(identity) if identity else f"patient:{conversation_id}"
    audit(session, actor, "handoff_opened", "handoff", handoff.id, reason=reason, kind=kind)
    note_event(session, "handoff", handoff=handoff)
    want_translations(session, handoff)
    if reason == "red_flag":
        _tell_clinical_contact(session, handoff, now)
    return handoff


def open_overdue_task(
    session: Session, referral: Referral, team_id: str, priority: int, now: datetime
) -> Handoff:
    """Open a task about an overdue referral that nobody asked about, or raise the open one. It
    belongs to no conversation.

    Args:
        priority: 1 (to be looked at the same day) to 4.
    """
    existing: Handoff | None = session.execute(
        select(Handoff).where(
            Handoff.conversation_id.is_(None),
            Handoff.referral_id == referral.id,
            Handoff.reason == OVERDUE,
            Handoff.state.in_(OPEN),
        )
    ).scalar_one_or_none()
    if existing is not None:
        _raise(session, existing, priority, now, referral.id)
        return existing
    handoff = Handoff(
        kind="task",
        reason=OVERDUE,
        priority=priority,
        team_id=team_id,
        patient_id=referral.patient_id,
        referral_id=referral.id,
        created_at=now,
        updated_at=now,
    )
    handoff.reply_due_at = site_office_hours().add_minutes(now, target_minutes(handoff))
    session.add(handoff)
    session.flush()
    audit(session, "watch", "handoff_opened", "handoff", handoff.id, reason=OVERDUE, kind="task")
    note_event(session, "handoff", handoff=handoff)
    return handoff


def open_chat_of(session: Session, conversation_id: str) -> Handoff | None:
    """The conversation's open chat, waiting or claimed; None: there is none."""
    return session.execute(
        select(Handoff).where(
            Handoff.conversation_id == conversation_id,
            Handoff.kind == "chat",
            Handoff.state.in_(OPEN),
        )
    ).scalar_one_or_none()


def _open_one(session: Session, conversation_id: str, kind: str, reason: str) -> Handoff | None:
    if kind == "chat":
        return open_chat_of(session, conversation_id)
    return session.execute(
        select(Handoff).where(
            Handoff.conversation_id == conversation_id,
            Handoff.kind == kind,
            Handoff.reason == reason,
            Handoff.state.in_(OPEN),
        )
    ).scalar_one_or_none()


def _raise(
    session: Session, handoff: Handoff, wanted: int, now: datetime, referral_id: str | None
) -> None:
    handoff.times_raised += 1
    handoff.updated_at = now
    handoff.referral_id = referral_id or handoff.referral_id
    if wanted < handoff.priority:
        handoff.priority = wanted
        due = site_office_hours().add_minutes(now, target_minutes(handoff))
        handoff.reply_due_at = min(handoff.reply_due_at, due)
        if handoff.reason == "red_flag":
            _tell_clinical_contact(session, handoff, now)
    note_event(session, "handoff", handoff=handoff)


def _tell_clinical_contact(session: Session, handoff: Handoff, now: datetime) -> None:
    contact = get_settings().clinical_contact
    if "@" in contact:
        values = {"handoff": handoff.id, "priority": handoff.priority, "minutes": 0}
        mail = {"to": [contact], "name": "red_flag", "values": values}
        outbox.put(session, "mail", mail, now)

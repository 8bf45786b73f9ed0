"""Tells what is due: one message a conversation for all of it, and never twice. A worker's job.

The message is stored in the transaction that marks its updates as told; `bot.channels.delivery`
sends it. What is told is how things stand now, not what was noted then.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from bot.pathway.quiet_hours import is_urgent, parse_quiet_hours
from bot.pathway.telling import told_by_update
from bot.records import queries
from bot.records.carer_models import CarerAccess
from bot.records.chat_models import Conversation, Message
from bot.records.identity_models import IdentitySession
from bot.records.session import transaction
from bot.records.update_models import Subscription, Update
from bot.services.audit import audit
from bot.services.conversations import lock_conversation
from bot.services.identity import current_identity
from bot.services.telling_level import is_page
from bot.services.transcript import about_person, store_answer
from bot.services.updates.permission import obstacle_of
from bot.services.updates.subjects import HELD, Subject, subjects_of, wait
from bot.services.updates.subscribing import drop, take_back_unsent
from bot.services.updates.wording import NEWS, worded
from bot.settings import get_settings

logger = logging.getLogger(__name__)
AFTER_FAILURE = timedelta(minutes=10)
UNREAD_WITHIN = timedelta(days=2)
"""How far back a message that nobody may have read is looked for."""


def tell_updates(now: datetime, engine: Engine | None = None) -> int:
    """Tell every conversation what is due, each in a transaction of its own; returns how many
    messages were stored. One that fails is put off, and holds no other up; when the database is
    too busy, the rest is told in the next round."""
    hours = parse_quiet_hours(get_settings().quiet_hours)
    if hours and hours.covers(_here(now)) and not get_settings().urgent_in_quiet_hours:
        return 0
    with transaction(engine) as session:
        due = select(Update.subscription_id).where(*_is_due(now)).distinct()
        waiting = list(session.execute(due).scalars())
    count = 0
    for subscription_id in waiting:
        try:
            with transaction(engine) as session:
                count += _tell_one(session, subscription_id, now) is not None
        except OperationalError:
            if not count:
                raise  # nothing gets through: the job's own pauses are for that
            return count
        except Exception as error:  # whatever it is, the others are told
            logger.error("Subscription %s: not told (%s).", subscription_id, type(error).__name__)
            with transaction(engine) as session:
                wait(_updates_due(session, subscription_id, now), now + AFTER_FAILURE)
    return count


def review_updates(session: Session, now: datetime) -> None:
    """Look again at what was told: what nobody may have read, and what waits to be sent to
    somebody who may not be told any more."""
    tell_again_unread(session, now)
    take_back_forbidden(session, now)


def take_back_forbidden(session: Session, now: datetime) -> int:
    """Take back what couldn't be sent so far (Telegram is down), where it may not be told any
    more; returns how many messages. It is untold again, and waits or is dropped like others."""
    unsent = (
        select(Subscription)
        .join(Update, Update.subscription_id == Subscription.id)
        .join(Message, Message.id == Update.message_id)
        .where(Message.status == "queued", Message.created_at <= now - HELD)
    )
    count = 0
    for row in list(session.execute(unsent.distinct()).scalars()):
        lock_conversation(session, row.conversation_id)
        if obstacle_of(session, row, now) is not None:
            count += take_back_unsent(session, row)
    return count


def tell_again_unread(session: Session, now: datetime) -> int:
    """Let updates be told again that stood in a signed-in chat only, and went with it before the
    patient gave a sign of life; returns how many. The page may have been closed all the time."""
    over = now - timedelta(minutes=get_settings().identity_minutes)
    rows = session.execute(
        select(Update)
        .join(Message, Message.id == Update.message_id)
        .join(IdentitySession, IdentitySession.id == Message.identity_session_id)
        .join(Subscription, Subscription.id == Update.subscription_id)
        .where(
            Subscription.ended_at.is_(None),
            Update.told_at > now - UNREAD_WITHIN,
            IdentitySession.last_seen_at <= Message.created_at,
            or_(IdentitySession.ended_at.isnot(None), IdentitySession.last_seen_at <= over),
        )
    ).scalars()
    unread = list(rows)
    for row in unread:
        row.told_at, row.message_id, row.due_at = None, None, now
    return len(unread)


def _is_due(now: datetime) -> tuple[ColumnElement, ...]:
    return Update.told_at.is_(None), Update.dropped_at.is_(None), Update.due_at <= now


def _updates_due(session: Session, subscription_id: str, now: datetime) -> list[Update]:
    due = select(Update).where(Update.subscription_id == subscription_id, *_is_due(now))
    return list(session.execute(due.order_by(Update.id)).scalars())


def _tell_one(session: Session, subscription_id: str, now: datetime) -> Message | None:
    """Tell one conversation; None: nothing could be told now."""
    subscription = session.get(Subscription, subscription_id)
    lock_conversation(session, subscription.conversation_id)
    session.refresh(subscription)
    updates = _updates_due(session, subscription_id, now)
    obstacle = obstacle_of(session, subscription, now)
    if obstacle is not None:
        take_back_unsent(session, subscription)
        if obstacle.passes:
            wait(updates, now + HELD)
        else:
            drop(session, updates, now, obstacle.reason)
        return None
    subjects = [
        subject
        for subject in subjects_of(session, subscription, updates, now)
        if not _waits_for_morning(subject, now)
    ]
    if not subjects:
        return None
    message = _say(session, subscription, subjects, now)
    told = [row for subject in subjects for row in subject.updates]
    for row in told:
        row.told_at, row.message_id = now, message.id
    audit(
        session,
        "updates",
        "update_told",
        "patient",
        subscription.patient_id,
        subscription=subscription.id,
        message=message.id,
        kinds=sorted({row.kind for row in told}),
    )
    return message


def _waits_for_morning(subject: Subject, now: datetime) -> bool:
    """In quiet hours all but what is urgent waits for their end."""
    hours, here = parse_quiet_hours(get_settings().quiet_hours), _here(now)
    if hours is None or not hours.covers(here):
        return False
    ends = hours.end_after(here)
    if is_urgent(subject.priority, subject.moments, here, ends):
        return False
    wait(subject.updates, ends)
    return True


def _say(
    session: Session, subscription: Subscription, subjects: list[Subject], now: datetime
) -> Message:
    """Store the message; where the last one says only that there is news, that one still does."""
    conversation_id = subscription.conversation_id
    identity = current_identity(session, conversation_id, now)
    told = told_by_update(
        on_page=is_page(session, conversation_id),
        verified=identity is not None and _same_link(identity, subscription),
    )
    if told == "news":
        last = _last_message(session, conversation_id)
        if last is not None and last.response == NEWS:
            return last
    order = queries.referrals_of(session, subscription)
    numbers = {str(one.id): place for place, one in enumerate(order, 1)}
    language = session.get(Conversation, conversation_id).language
    answer = worded(subjects, told, language, _here(now), numbers)
    if told == "little" and subscription.carer_access_id is not None:
        answer = about_person(answer, session.get(CarerAccess, subscription.carer_access_id))
    return store_answer(session, conversation_id, answer, now)


def _same_link(identity: IdentitySession, subscription: Subscription) -> bool:
    """Whether who is verified now is who subscribed: the patient, or a carer by that access."""
    return (identity.patient_id, identity.carer_access_id) == (
        subscription.patient_id,
        subscription.carer_access_id,
    )


def _last_message(session: Session, conversation_id: str) -> Message | None:
    return session.execute(
        select(Message)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.seq.desc())
        .limit(1)
    ).scalar_one_or_none()


def _here(now: datetime) -> datetime:
    return now.astimezone(ZoneInfo(get_settings().time_zone))

"""Notes that an appointment of a subscribed patient is near. Called by the worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.pathway.reminders import reminders_due
from bot.records.models import Appointment
from bot.records.update_models import Subscription
from bot.services.site_days import local_day
from bot.services.updates.noting import note_update
from bot.settings import get_settings


def note_reminders(session: Session, now: datetime) -> int:
    """Note every reminder of today that isn't noted yet; returns how many.

    Booked appointments and admissions, with or without a referral. One that the hospital has been
    asked to move is left alone: its date may not hold.
    """
    days = get_settings().reminder_days
    if not days:
        return 0
    until = now + timedelta(days=max(days) + 1)
    rows = session.execute(
        select(Appointment, Subscription)
        .join(Subscription, Subscription.patient_id == Appointment.patient_id)
        .where(
            Subscription.ended_at.is_(None),
            Appointment.status == "booked",
            Appointment.starts_at > now,
            Appointment.starts_at < until,
        )
    ).all()
    count = 0
    for appointment, subscription in rows:
        starts_on, since = local_day(appointment.starts_at), local_day(subscription.started_at)
        for before in reminders_due(starts_on, local_day(now), days, since):
            starts_at = appointment.starts_at.isoformat()
            count += note_update(
                session,
                subscription.patient_id,
                "reminder",
                f"reminder:{appointment.id}:{starts_at}:{before}",
                now,
                referral_id=appointment.referral_id,
                appointment_id=appointment.id,
                detail={"starts_at": starts_at},
                only=[subscription.id],
            )
    return count

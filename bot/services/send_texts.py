"""Sends one-time codes as text messages, by GOV.UK Notify. The demo shows them on a page instead.

Called every few seconds by the web channel's background work in production. A code that could not
be sent is tried again until it is too old to be of use.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from notifications_python_client.errors import HTTPError
from notifications_python_client.notifications import NotificationsAPIClient
from requests import RequestException
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.records.chat_models import TextMessage
from bot.records.models import Patient
from bot.services.keys import decrypt
from bot.settings import get_settings

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10
AT_ONCE = 20


def send_waiting_texts(session: Session, now: datetime) -> int:
    """Send the codes that wait, and forget those too old; returns how many went out.

    Decoys (without a patient) are never sent.
    """
    settings = get_settings()
    oldest = now - timedelta(minutes=settings.code_minutes)
    session.execute(delete(TextMessage).where(TextMessage.created_at < oldest))
    rows = session.execute(
        select(TextMessage, Patient.phone)
        .join(Patient, Patient.id == TextMessage.patient_id)
        .where(TextMessage.sent_at.is_(None), Patient.phone.isnot(None))
        .order_by(TextMessage.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=TextMessage)
    ).all()
    return sum(_send(text, phone, now) for text, phone in rows)


def _send(text: TextMessage, phone: str, now: datetime) -> bool:
    settings = get_settings()
    client = NotificationsAPIClient(
        settings.notify_api_key, base_url=settings.notify_url, timeout=TIMEOUT_SECONDS
    )
    try:
        client.send_sms_notification(
            phone_number=phone,
            template_id=settings.notify_template_id,
            personalisation={"code": decrypt(text.ciphertext)},
            reference=str(text.id),
        )
    except (HTTPError, RequestException) as error:
        logger.error(
            "Text message %s was not sent (%s); trying again.", text.id, type(error).__name__
        )
        return False
    text.sent_at = now
    return True

"""Sends one-time codes as text messages, by GOV.UK Notify. The demo shows them on a page instead.

Called every few seconds by `bot.worker` in production. A code that could not be sent is tried
again until it is too old to be of use.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from notifications_python_client.errors import HTTPError
from notifications_python_client.notifications import NotificationsAPIClient
from requests import RequestException
from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import Engine

from bot.records.carer_models import Carer
from bot.records.identity_models import TextMessage
from bot.records.models import Patient
from bot.records.session import transaction
from bot.services.keys import decrypt
from bot.settings import get_settings

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10
AT_ONCE = 20


def send_waiting_texts(now: datetime, engine: Engine | None = None) -> int:
    """Send the codes that wait, and forget those too old; returns how many went out.

    Decoys (without a patient or carer) are never sent. No transaction is open while Notify is
    asked: a code goes out at least once.
    """
    oldest = now - timedelta(minutes=get_settings().code_minutes)
    phone = func.coalesce(Patient.phone, Carer.phone)
    with transaction(engine) as session:
        session.execute(delete(TextMessage).where(TextMessage.created_at < oldest))
        waiting = session.execute(
            select(TextMessage.id, TextMessage.ciphertext, phone)
            .outerjoin(Patient, Patient.id == TextMessage.patient_id)
            .outerjoin(Carer, Carer.id == TextMessage.carer_id)
            .where(TextMessage.sent_at.is_(None), phone.isnot(None))
            .order_by(TextMessage.id)
            .limit(AT_ONCE)
        ).all()
    sent = 0
    for text_id, ciphertext, phone in waiting:
        code = decrypt(ciphertext)  # None: made with another key, see docs/settings.md
        if code and _send(text_id, code, phone):
            with transaction(engine) as session:
                going = update(TextMessage).where(TextMessage.id == text_id)
                session.execute(going.values(sent_at=now))
            sent += 1
    return sent


def _send(text_id: int, code: str, phone: str) -> bool:
    settings = get_settings()
    client = NotificationsAPIClient(
        settings.notify_api_key, base_url=settings.notify_url, timeout=TIMEOUT_SECONDS
    )
    try:
        client.send_sms_notification(
            phone_number=phone,
            template_id=settings.notify_template_id,
            personalisation={"code": code},
            reference=str(text_id),
        )
    except (HTTPError, RequestException) as error:
        logger.error(
            "Text message %s was not sent (%s); trying again.", text_id, type(error).__name__
        )
        return False
    return True

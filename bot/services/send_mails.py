"""Sends the outbox's mails to staff by SMTP.

Called every few seconds by `bot.worker`. A mail goes out at least once: when the process dies
after the server took it and before that is written down, it goes out again, under the same
Message-ID, by which mail programs recognise the repeat.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import UnreadableInput
from bot.records.session import transaction
from bot.records.staff_models import OutboxItem
from bot.services import outbox
from bot.services.mails import make_mail
from bot.settings import get_settings

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10.0
AT_ONCE = 20
GIVE_UP_AFTER = timedelta(days=1)
"""A mail that says "waiting" is of no use later, and the console shows it all the time. [D]"""


def send_mails(
    now: datetime, engine: Engine | None = None, *, timeout: float = TIMEOUT_SECONDS
) -> int:
    """Send the mails that are due; returns how many went out.

    No transaction is open while the server is talked to. Without WAYMARK_SMTP_HOST nothing is
    sent: the items are marked done with `not_sent` in their payload, and the log says so once.

    Args:
        timeout: seconds that the server may take for one answer.
    """
    with transaction(engine) as session:
        waiting = outbox.due(session, "mail", now, AT_ONCE)
    if not waiting:
        return 0
    if not get_settings().smtp_host:
        _say_that_there_is_no_server()
        for item in waiting:
            with transaction(engine) as session:
                _give_up(session, item, now, "no_server")
        return 0
    sent = 0
    try:
        with _connect(timeout) as server:
            while waiting:
                sent += _send(server, waiting[0], now, engine)
                waiting.pop(0)
    except (OSError, smtplib.SMTPException) as error:
        if waiting:
            logger.warning("The mail server can't be used (%s); trying again.", _kind(error))
        for item in waiting:  # they would all have met the same
            with transaction(engine) as session:
                _later(session, item, now, "server")
    return sent


def _connect(timeout: float) -> smtplib.SMTP:
    """A connection as the settings say; never less secure than they say."""
    settings = get_settings()
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, timeout=timeout, context=context
        )
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=timeout)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _send(server: smtplib.SMTP, item: OutboxItem, now: datetime, engine: Engine | None) -> bool:
    """Send one; what concerns this mail alone is dealt with here.

    Raises:
        OSError, SMTPException: the connection or the sender is refused.
    """
    refused: list[str] = []
    try:
        refused = list(server.send_message(make_mail(item)))
    except UnreadableInput as error:
        logger.error("%s", error)
        with transaction(engine) as session:
            _give_up(session, item, now, "unreadable")
        return False
    except smtplib.SMTPRecipientsRefused as error:
        refused = list(error.recipients)
    except smtplib.SMTPDataError as error:
        logger.warning("Mail %s was not taken (%s); trying again.", item.id, _kind(error))
        with transaction(engine) as session:
            _later(session, item, now, "content")
        return False
    with transaction(engine) as session:
        if not refused:
            outbox.done(session, item, now)
            return True
        logger.warning("Mail %s: %s recipients were refused.", item.id, len(refused))
        _change(session, item, to=refused)  # the others have it
        _later(session, item, now, "recipient")
    return False


def _later(session: Session, item: OutboxItem, now: datetime, reason: str) -> None:
    if now - item.created_at > GIVE_UP_AFTER:
        logger.error("Mail %s is given up after %s tries (%s).", item.id, item.tries + 1, reason)
        _give_up(session, item, now, reason)
    else:
        outbox.failed(session, item, now)


def _give_up(session: Session, item: OutboxItem, now: datetime, reason: str) -> None:
    _change(session, item, not_sent=reason)
    outbox.done(session, item, now)


def _change(session: Session, item: OutboxItem, **changes: object) -> None:
    row = session.get(OutboxItem, item.id)
    if row is not None:
        row.payload = {**row.payload, **changes}


@lru_cache(maxsize=1)
def _say_that_there_is_no_server() -> None:
    logger.warning(
        "Mails to staff are not sent: no mail server is set. Set WAYMARK_SMTP_HOST, or have "
        "somebody watch the console."
    )


def _kind(error: Exception) -> str:
    """What went wrong without the server's text, which can name people."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()

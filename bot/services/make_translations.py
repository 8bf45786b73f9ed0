"""Translates what staff want to read (`bot.services.translations`), many times a second.

Called by `bot.worker`. No transaction is open while the translator is asked, and a slow or dead
one delays nothing but its own translations.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import TranslationFailed
from bot.language.catalogues import SOURCE_LANGUAGE
from bot.language.translate import Translation, get_translator
from bot.records.chat_models import Conversation, Message
from bot.records.session import transaction
from bot.records.staff_models import MessageTranslation
from bot.services.live import note_event
from bot.services.translations import language_of_message, set_pending

logger = logging.getLogger(__name__)
PER_ROUND = 8
AT_ONCE = 4
AGAIN_AFTER = timedelta(seconds=30)
PASSING = ("slow", "down", "busy")
"""Reasons for which it is tried once more; the others would be the same again."""


@dataclass
class SecondTries:
    """Which translations failed, and when they are tried once more. One for each worker process:
    a process started anew leaves it to staff to ask again."""

    due: dict[int, datetime] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)

    def note(self, message_id: int, reason: str, now: datetime) -> None:
        """It failed: once more later, if that may help and has not been done."""
        if reason in PASSING and message_id not in self.used:
            self.due[message_id] = now + AGAIN_AFTER

    def take(self, now: datetime) -> list[int]:
        """Those that are due; each is given out once."""
        ready = [message_id for message_id, at in self.due.items() if at <= now]
        for message_id in ready:
            del self.due[message_id]
            self.used.add(message_id)
        return ready


@dataclass(frozen=True)
class Wanted:
    """A text that waits for its translation."""

    message_id: int
    text: str
    language: str


def translate_pending(
    now: datetime, engine: Engine | None = None, *, second_tries: SecondTries | None = None
) -> int:
    """Translate what waits, the newest first: the patient who is writing now.

    One round takes `PER_ROUND` texts at most, `AT_ONCE` at a time; no transaction is open
    while the translator is asked. A failed one gets its reason; consoles learn of both.

    Args:
        second_tries: remembered from round to round; None: nothing is tried again.

    Returns:
        how many were translated.
    """
    second_tries = second_tries or SecondTries()
    with transaction(engine) as session:
        set_pending(session, second_tries.take(now))
        waiting = _waiting(session)
    if not waiting:
        return 0
    made = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="translate") as pool:
        futures = {pool.submit(_translate, one): one for one in waiting}
        for future in as_completed(futures):
            one, outcome = futures[future], future.result()
            with transaction(engine) as session:
                _store(session, one, outcome)
            if isinstance(outcome, Translation):
                made += 1
            else:
                second_tries.note(one.message_id, outcome, now)
    return made


def _waiting(session: Session) -> list[Wanted]:
    rows = session.execute(
        select(Message.id, Message.text, language_of_message().label("language"))
        .join(MessageTranslation, MessageTranslation.message_id == Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            MessageTranslation.state == "pending", MessageTranslation.language == SOURCE_LANGUAGE
        )
        .order_by(Message.id.desc())
        .limit(PER_ROUND)
    ).all()
    return [Wanted(row.id, row.text, row.language) for row in rows]


def _translate(one: Wanted) -> Translation | str:
    """The translation, or the reason why there is none. Runs in a thread."""
    try:
        return get_translator().translate(one.text, one.language, SOURCE_LANGUAGE)
    except TranslationFailed as failure:
        return failure.reason
    except Exception as error:  # else the same text would fail again and again, four times a second
        logger.error("Message %s was not translated: %s.", one.message_id, type(error).__name__)
        return "down"


def _store(session: Session, one: Wanted, outcome: Translation | str) -> None:
    """Store what came, once: a row that another worker has finished stays as it is."""
    if isinstance(outcome, Translation):
        found = {"state": "done", "text": outcome.text, "provider": outcome.provider}
    else:
        found = {"state": "failed", "reason": outcome}
    stored = session.execute(
        update(MessageTranslation)
        .where(
            MessageTranslation.message_id == one.message_id,
            MessageTranslation.language == SOURCE_LANGUAGE,
            MessageTranslation.state == "pending",
        )
        .values(**found)
        .execution_options(synchronize_session=False)
    ).rowcount
    message = session.get(Message, one.message_id)
    if stored and message is not None:
        data = {"seq": message.seq}
        note_event(session, "translation", conversation_id=message.conversation_id, data=data)

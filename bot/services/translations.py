"""Which of a patient's messages staff want in English. `bot.services.make_translations` makes them.

Called when a hand-off is opened, and by the console when a failed translation is asked for again.
Nothing waits for one: the console shows the original, and says why there is no translation.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.language.catalogues import SOURCE_LANGUAGE
from bot.language.identify import words_of
from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.staff_models import MessageTranslation
from bot.settings import get_settings

WANTED_AT_MOST = 200
"""Of a long conversation only the newest messages: a provider may charge for each."""


def want_translations(session: Session, handoff: Handoff) -> int:
    """Ask for English of what the patient wrote in this hand-off's conversation; what has been
    asked for once is not asked for again.

    Returns:
        how many translations are new; none without a translator, or when the patient writes
        English.
    """
    if get_settings().translator == "none":
        return 0
    asked_for = select(MessageTranslation.id).where(
        MessageTranslation.message_id == Message.id, MessageTranslation.language == SOURCE_LANGUAGE
    )
    rows = session.execute(
        select(Message.id, Message.text)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.conversation_id == handoff.conversation_id,
            Message.sender == "patient",
            Message.english.is_(None),
            language_of_message() != SOURCE_LANGUAGE,
            ~asked_for.exists(),
        )
        .order_by(Message.id.desc())
        .limit(WANTED_AT_MOST)
    ).all()
    values = [
        {"message_id": row.id, "language": SOURCE_LANGUAGE} for row in rows if words_of(row.text)
    ]
    if not values:
        return 0
    # Two processes may ask at once, for the door and for the console.
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql if on_postgresql else sqlite).insert(MessageTranslation)
    return session.execute(insert.values(values).on_conflict_do_nothing()).rowcount


def retry_translation(session: Session, message_id: int) -> bool:
    """Try a failed translation again, because somebody asks for it; False: there is none."""
    return set_pending(session, [message_id]) == 1


def set_pending(session: Session, message_ids: list[int]) -> int:
    """Put failed ones back to waiting; returns how many."""
    if not message_ids:
        return 0
    return session.execute(
        update(MessageTranslation)
        .where(
            MessageTranslation.message_id.in_(message_ids),
            MessageTranslation.language == SOURCE_LANGUAGE,
            MessageTranslation.state == "failed",
        )
        .values(state="pending", reason=None)
        .execution_options(synchronize_session=False)
    ).rowcount


def language_of_message() -> Any:
    """The language that a patient's message is in, as an expression over both tables."""
    default = get_settings().default_language
    return func.coalesce(Message.language, Conversation.language, default)

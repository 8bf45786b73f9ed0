"""How much a conversation's channel may be told from the record.

Asked by `explain_referral`, `updates`, `actions.referral` and `bot.channels.telegram_message`.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.pathway.telling import Level
from bot.records.chat_models import Conversation
from bot.services.telegram_chats import CHANNEL as TELEGRAM
from bot.settings import get_settings


def level_of(session: Session, conversation_id: str) -> Level:
    """ "little" on Telegram unless the site set it otherwise; "all" on the web page."""
    return "all" if is_page(session, conversation_id) else get_settings().telegram_tells


def is_page(session: Session, conversation_id: str) -> bool:
    """Whether the patient reads it on the web page, and on no messenger."""
    conversation = session.get(Conversation, conversation_id)
    return conversation is None or conversation.channel != TELEGRAM

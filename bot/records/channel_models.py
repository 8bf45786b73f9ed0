"""What the channels keep beside the conversations: who polls, and which chat is whose.

Written by `bot.services.leases` and `bot.services.telegram_chats`.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String

from bot.records.base import Base, UtcDateTime, utc_now


class Lease(Base):
    """The right of one process to do something alone, for as long as it keeps renewing it."""

    __tablename__ = "leases"

    name = Column(String(40), primary_key=True)
    holder = Column(String(60), nullable=False)
    until = Column(UtcDateTime, nullable=False)


class PrivateChat(Base):
    """The private Telegram chat of a conversation. Its number is personal data: found again by a
    keyed hash, read back only to send.

    blocked_at: the patient blocked the bot; nothing can be sent. left_at: the conversation is
    over; its messages can still be taken back from the chat.
    """

    __tablename__ = "telegram_chats"
    __table_args__ = (
        Index(
            "uq_telegram_chats_open",
            "chat_hash",
            unique=True,
            sqlite_where=Column("left_at").is_(None),
            postgresql_where=Column("left_at").is_(None),
        ),
    )

    conversation_id = Column(ForeignKey("conversations.id"), primary_key=True)
    chat_hash = Column(String(64), nullable=False)
    chat_ciphertext = Column(LargeBinary, nullable=False)
    blocked_at = Column(UtcDateTime)
    left_at = Column(UtcDateTime)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)

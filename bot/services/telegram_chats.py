"""Which Telegram chat belongs to which conversation, who blocked us, what must be taken back.

Called by `bot.channels.telegram_*`. A chat's number is found by its keyed hash; it is decrypted
only to send.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from bot.records.channel_models import PrivateChat
from bot.records.chat_models import Conversation, Message
from bot.records.identity_models import IdentitySession
from bot.services.audit import audit
from bot.services.conversations import open_conversation
from bot.services.handoffs import open_chat_of
from bot.services.keys import decrypt, encrypt, keyed_hash
from bot.services.leaving import leave_conversation
from bot.services.live import note_event
from bot.services.visible_messages import is_visible

CHANNEL = "telegram"


@dataclass(frozen=True)
class Chat:
    """Where a conversation's messages go. blocked: nothing can be sent now."""

    number: int
    blocked: bool


@dataclass(frozen=True)
class Shown:
    """A message that stands in a chat: its Telegram ids, part by part."""

    message_id: int
    conversation_id: str
    refs: tuple[int, ...]


def open_chat(session: Session, chat: int, now: datetime) -> Conversation:
    """The chat's conversation; a new one for a new chat, and after the patient left."""
    row = _open_row(session, chat)
    if row is not None:
        conversation = session.get(Conversation, row.conversation_id)
        if conversation is not None and conversation.ended_at is None:
            return conversation
        row.left_at = now
        session.flush()
    conversation = open_conversation(session, CHANNEL, now)
    # Tries at somebody's record count on when the chat starts over.
    conversation.address_hash = keyed_hash("address", f"telegram {chat}")
    session.add(
        PrivateChat(
            conversation_id=conversation.id,
            chat_hash=_hash(chat),
            chat_ciphertext=encrypt(str(chat)),
            created_at=now,
        )
    )
    session.flush()
    return conversation


def chat_of(session: Session, conversation_id: str) -> Chat | None:
    """Where to send; None: no Telegram conversation, or the site's secret has changed."""
    row = session.get(PrivateChat, conversation_id)
    number = decrypt(row.chat_ciphertext) if row else None
    return Chat(int(number), row.blocked_at is not None) if row and number else None


def leave_chat(session: Session, conversation_id: str, now: datetime) -> None:
    """The patient stops: identity and conversation end; the next message starts a new one."""
    leave_conversation(session, conversation_id, now)
    row = session.get(PrivateChat, conversation_id)
    if row is not None:
        row.left_at = now


def note_blocked(session: Session, conversation_id: str, now: datetime) -> None:
    """The patient blocked the bot: nothing is sent, and whoever holds the chat sees a change."""
    row = session.get(PrivateChat, conversation_id)
    if row is None or row.blocked_at is not None:
        return
    row.blocked_at = now
    audit(session, "telegram", "chat_blocked", "conversation", conversation_id)
    _tell_staff(session, conversation_id)


def note_reachable(session: Session, conversation_id: str) -> bool:
    """The patient can be reached again; False: they always could."""
    row = session.get(PrivateChat, conversation_id)
    if row is None or row.blocked_at is None:
        return False
    row.blocked_at = None
    audit(session, "telegram", "chat_unblocked", "conversation", conversation_id)
    _tell_staff(session, conversation_id)
    return True


def is_reachable(session: Session, conversation_id: str) -> bool:
    """False when the patient of this conversation has blocked the bot."""
    row = session.get(PrivateChat, conversation_id)
    return row is None or row.blocked_at is None


def open_conversation_of(session: Session, chat: int) -> str | None:
    """The chat's conversation, without opening one."""
    row = _open_row(session, chat)
    return str(row.conversation_id) if row else None


def remember_ref(session: Session, message_id: int, ref: int, now: datetime) -> bool:
    """Telegram's id of a part that was sent, for editing and taking back.

    Returns:
        Whether the next part may follow: not when the patient has signed out meanwhile.
    """
    row = session.get(Message, message_id, with_for_update=True)
    if row is None:
        return False
    row.channel_ref = _joined([*refs_of(row), ref])
    return is_visible(session, row, now)


def refs_of(row: Message) -> list[int]:
    """Telegram's ids of what already stands in the chat of a message."""
    return [int(ref) for ref in (row.channel_ref or "").split(",") if ref]


def _joined(refs: list[int]) -> str | None:
    return ",".join(str(ref) for ref in refs) or None


def to_take_back(session: Session, limit: int = 50) -> list[Shown]:
    """Messages from the record that stand in chats although their identity session has ended."""
    rows = session.execute(
        select(Message)
        .join(IdentitySession, IdentitySession.id == Message.identity_session_id)
        .join(PrivateChat, PrivateChat.conversation_id == Message.conversation_id)
        .where(
            Message.channel_ref.isnot(None),
            IdentitySession.ended_at.isnot(None),
            PrivateChat.blocked_at.is_(None),
            ~_read_by_the_same_patient_now(),
        )
        .order_by(Message.id)
        .limit(limit)
    ).scalars()
    return [Shown(row.id, row.conversation_id, tuple(refs_of(row))) for row in rows]


def _read_by_the_same_patient_now() -> ColumnElement:
    """A coordinator's message whose patient has verified again in this conversation: the rule of
    `visible_messages`, else it would be sent and taken back in turns."""
    running = aliased(IdentitySession)
    again = select(running.id).where(
        running.conversation_id == Message.conversation_id,
        running.patient_id == IdentitySession.patient_id,
        running.carer_access_id.is_not_distinct_from(IdentitySession.carer_access_id),
        running.ended_at.is_(None),
    )
    return and_(Message.sender == "coordinator", again.exists())


def note_taken_back(session: Session, shown: Shown) -> None:
    """These parts are out of the chat; others that were sent meanwhile are still to be taken back.

    What a coordinator wrote waits for the patient to verify again. Its new revision keeps a sender
    that has just finished from marking it as sent.
    """
    row = session.get(Message, shown.message_id, with_for_update=True)
    if row is None:
        return
    row.channel_ref = _joined([ref for ref in refs_of(row) if ref not in shown.refs])
    if row.sender == "coordinator":
        row.status, row.revision = "queued", row.revision + 1


def _tell_staff(session: Session, conversation_id: str) -> None:
    handoff = open_chat_of(session, conversation_id)
    if handoff is not None:
        note_event(session, "handoff", handoff=handoff)


def _open_row(session: Session, chat: int) -> PrivateChat | None:
    return session.execute(
        select(PrivateChat).where(
            PrivateChat.chat_hash == _hash(chat), PrivateChat.left_at.is_(None)
        )
    ).scalar_one_or_none()


def _hash(chat: int) -> str:
    return keyed_hash("telegram chat", str(chat))

"""What was said: conversations, messages, sealed values, hand-offs, audit.

Table `messages` is the only transcript; Rasa's tracker holds dialogue state only.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import relationship

from bot.records.base import Base, Id, UtcDateTime, new_id, utc_now
from bot.records.models import one_of

SENDERS = ("patient", "bot", "coordinator")
MESSAGE_STATES = ("received", "answered", "queued", "sent")
"""A patient's message is received, then answered; anybody else's is queued, then sent."""
AWAITED = ("nhs_number", "family_name", "date_of_birth", "postcode", "code")
HANDOFF_KINDS = ("chat", "task")
HANDOFF_STATES = ("waiting", "claimed", "resolved", "withdrawn")
TO_TAKE_BACK = "channel_ref IS NOT NULL AND identity_session_id IS NOT NULL"
OPEN_CHAT = "kind = 'chat' AND state IN ('waiting', 'claimed')"
OPEN_OF_WATCH = "conversation_id IS NULL AND state IN ('waiting', 'claimed')"
HANDOFF_REASONS = (
    "asked_for",
    "red_flag",
    "worsening",
    "not_understood",
    "identity_failed",
    "overdue_referral",
    "complaint",
    "appointment_change",
    "interface_issue",
    "interpreter",
    "access_support",
    "carer_access",
    "data_request",
    "call_back",
)
LEFT_WITH = ("nobody", "hospital", "gp_practice", "patient", "coordinator")


class Conversation(Base):
    """One patient's chat on one channel; `id` is Rasa's sender_id.

    sender_name, sender_until: the lease of the one process that sends to it just now.
    safe_contact_at: when staff recorded that messages may be sent here in spite of what the
    patient disclosed before (safeguarding).
    """

    __tablename__ = "conversations"

    id = Column(String(64), primary_key=True, default=new_id)
    channel = Column(String(20), nullable=False)
    language = Column(String(10))
    language_chosen = Column(Boolean, nullable=False, default=False)
    awaiting = Column(String(20))
    invitation_id = Column(ForeignKey("invitations.id"))
    address_hash = Column(String(64))
    safe_contact_at = Column(UtcDateTime)
    next_seq = Column(Integer, nullable=False, default=1)
    sender_until = Column(UtcDateTime)
    sender_name = Column(String(60))
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    ended_at = Column(UtcDateTime)

    __table_args__ = (one_of("awaiting", AWAITED),)


class Message(Base):
    """One message in either direction, stored before it is processed or sent.

    english: the bot's own sentence in English, for staff. revision: how often a message was
    changed in place (the line with the place in the queue). channel_ref: the channel's own ids of
    what stands in the patient's chat (Telegram: one a part), for editing and taking back.
    attachment: what goes with it, "calendar:" and an appointment's id.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq", name="uq_messages_seq"),
        UniqueConstraint("conversation_id", "channel_message_id", name="uq_messages_channel_id"),
        UniqueConstraint("reply_to_id", "ordinal", name="uq_messages_reply"),
        one_of("sender", SENDERS),
        one_of("status", MESSAGE_STATES),
        Index("ix_messages_unanswered", "status", "sender"),
        Index(
            "ix_messages_to_take_back",
            "identity_session_id",
            sqlite_where=text(TO_TAKE_BACK),
            postgresql_where=text(TO_TAKE_BACK),
        ),
    )

    id = Column(Integer, primary_key=True)
    conversation_id = Column(ForeignKey("conversations.id"), nullable=False)
    seq = Column(Integer, nullable=False)
    sender = Column(String(20), nullable=False)
    channel_message_id = Column(String(64))
    channel_ref = Column(String(200))
    text = Column(Text, nullable=False)
    buttons = Column(JSON, nullable=False, default=list)
    payload = Column(Text)
    response = Column(String(100))
    language = Column(String(10))
    english = Column(Text)
    attachment = Column(String(60))
    staff_id = Column(ForeignKey("staff.id"))
    revision = Column(Integer, nullable=False, default=0)
    red_flag = Column(JSON)
    reply_to_id = Column(ForeignKey("messages.id"))
    ordinal = Column(Integer)
    identity_session_id = Column(ForeignKey("identity_sessions.id"))
    status = Column(String(20), nullable=False)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)


class SealedValue(Base):
    """An identifier that a patient typed, encrypted, behind the token that stands in the text."""

    __tablename__ = "sealed_values"

    token = Column(String(40), primary_key=True)
    conversation_id = Column(ForeignKey("conversations.id"), nullable=False, index=True)
    kind = Column(String(20), nullable=False)
    ciphertext = Column(LargeBinary, nullable=False)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    expires_at = Column(UtcDateTime, nullable=False, index=True)


class Handoff(Base):
    """Something for staff: a chat that wants a person, or a task to do.

    A task that the limbo watch made belongs to a referral and to no conversation. Its row is the
    truth: slot `with_coordinator` follows it. A transfer stays with the sender until it is
    accepted. told_…: what the patient was told of the wait, and in which message.
    read_seq: up to which message the holder has read. escalation: 0 none, 1 raised, 2 mailed.
    left_with, left_due_on: who owns what is left after it was resolved, and until when;
    record_state: the referral's state at that moment, for reopening when it hasn't moved.
    """

    __tablename__ = "handoffs"
    __table_args__ = (
        one_of("kind", HANDOFF_KINDS),
        one_of("state", HANDOFF_STATES),
        one_of("reason", HANDOFF_REASONS),
        one_of("left_with", LEFT_WITH),
        CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        Index(
            "uq_handoffs_open",
            "conversation_id",
            "kind",
            "reason",
            unique=True,
            sqlite_where=Column("state").in_(("waiting", "claimed")),
            postgresql_where=Column("state").in_(("waiting", "claimed")),
        ),
        Index(
            "uq_handoffs_open_chat",
            "conversation_id",
            unique=True,
            sqlite_where=text(OPEN_CHAT),
            postgresql_where=text(OPEN_CHAT),
        ),
        CheckConstraint("conversation_id IS NOT NULL OR kind = 'task'", name="chat"),
        Index(
            "uq_handoffs_open_of_watch",
            "referral_id",
            "reason",
            unique=True,
            sqlite_where=text(OPEN_OF_WATCH),
            postgresql_where=text(OPEN_OF_WATCH),
        ),
    )

    id = Column(Id, primary_key=True, default=new_id)
    conversation_id = Column(ForeignKey("conversations.id"), index=True)
    kind = Column(String(10), nullable=False)
    reason = Column(String(30), nullable=False)
    priority = Column(Integer, nullable=False)
    state = Column(String(20), nullable=False, default="waiting", index=True)
    team_id = Column(ForeignKey("teams.id"), nullable=False, index=True)
    patient_id = Column(ForeignKey("patients.id"))
    referral_id = Column(ForeignKey("referrals.id"))
    message_id = Column(ForeignKey("messages.id"))
    times_raised = Column(Integer, nullable=False, default=1)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    updated_at = Column(UtcDateTime, nullable=False, default=utc_now)

    reply_due_at = Column(UtcDateTime, nullable=False)
    first_reply_at = Column(UtcDateTime)
    escalation = Column(Integer, nullable=False, default=0)
    escalated_at = Column(UtcDateTime)

    told_message_id = Column(ForeignKey("messages.id"))
    told_position = Column(Integer)
    told_reply_by = Column(UtcDateTime)

    claimed_by_id = Column(ForeignKey("staff.id"), index=True)
    claimed_at = Column(UtcDateTime)
    last_staff_at = Column(UtcDateTime)
    read_seq = Column(Integer, nullable=False, default=0)

    transfer_staff_id = Column(ForeignKey("staff.id"))
    transfer_team_id = Column(ForeignKey("teams.id"))
    transfer_note = Column(Text)
    transfer_at = Column(UtcDateTime)

    resolved_at = Column(UtcDateTime)
    resolved_by_id = Column(ForeignKey("staff.id"))
    done = Column(Text)
    left_with = Column(String(20))
    left_due_on = Column(Date)
    record_state = Column(String(40))
    reopened_from_id = Column(ForeignKey("handoffs.id"))

    conversation = relationship("Conversation")
    team = relationship("Team", foreign_keys=[team_id])
    claimed_by = relationship("Staff", foreign_keys=[claimed_by_id])
    referral = relationship("Referral")
    patient = relationship("Patient")


class AuditEntry(Base):
    """Who read or changed what, when. The database refuses to change or delete a row."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject_id", "at"),)

    id = Column(Integer, primary_key=True)
    at = Column(UtcDateTime, nullable=False, default=utc_now)
    actor = Column(String(100), nullable=False)
    action = Column(String(60), nullable=False)
    subject_kind = Column(String(40), nullable=False)
    subject_id = Column(String(64))
    detail = Column(JSON, nullable=False, default=dict)

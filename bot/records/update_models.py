"""What Waymark sends by itself: who wants to be told, and of what they were told.

Written by `bot.services.updates`. A message is a row of `messages`; here stands why it was sent.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import relationship

from bot.records.base import Base, Id, UtcDateTime, new_id, utc_now
from bot.records.models import one_of

UPDATE_KINDS = ("state", "appointment", "reminder", "overdue")
NOT_TOLD = "told_at IS NULL AND dropped_at IS NULL"


class Subscription(Base):
    """A conversation that wants to be told of changes in one patient's record.

    Ends when the patient stops it, leaves, or the conversation's link to the patient is withdrawn.
    carer_access_id: the access by which a carer has it; it ends with that.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index(
            "uq_subscriptions_running",
            "conversation_id",
            unique=True,
            sqlite_where=Column("ended_at").is_(None),
            postgresql_where=Column("ended_at").is_(None),
        ),
    )

    id = Column(Id, primary_key=True, default=new_id)
    conversation_id = Column(ForeignKey("conversations.id"), nullable=False)
    patient_id = Column(ForeignKey("patients.id"), nullable=False, index=True)
    carer_access_id = Column(ForeignKey("carer_access.id"), index=True)
    started_at = Column(UtcDateTime, nullable=False, default=utc_now)
    ended_at = Column(UtcDateTime)
    ended_reason = Column(String(40))

    patient = relationship("Patient")


class Update(Base):
    """One thing that a subscriber is told of, once: `key` names it within the subscription.

    due_at: not before. message_id: what was said, one message for several. dropped_…: overtaken by
    another change, or nobody may be told any more.
    """

    __tablename__ = "updates"
    __table_args__ = (
        UniqueConstraint("subscription_id", "key", name="uq_updates_key"),
        one_of("kind", UPDATE_KINDS),
        Index(
            "ix_updates_to_tell",
            "due_at",
            sqlite_where=text(NOT_TOLD),
            postgresql_where=text(NOT_TOLD),
        ),
    )

    id = Column(Integer, primary_key=True)
    subscription_id = Column(ForeignKey("subscriptions.id"), nullable=False)
    kind = Column(String(20), nullable=False)
    key = Column(String(160), nullable=False)
    referral_id = Column(ForeignKey("referrals.id"))
    appointment_id = Column(ForeignKey("appointments.id"))
    detail = Column(JSON, nullable=False, default=dict)
    noted_at = Column(UtcDateTime, nullable=False, default=utc_now)
    due_at = Column(UtcDateTime, nullable=False, default=utc_now)
    message_id = Column(ForeignKey("messages.id"))
    told_at = Column(UtcDateTime)
    dropped_at = Column(UtcDateTime)
    dropped_reason = Column(String(40))

    subscription = relationship("Subscription")

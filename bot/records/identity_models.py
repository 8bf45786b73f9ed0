"""Who was verified in which conversation, by what, and what was tried.

Written by `bot.services.identity` and `bot.services.invitations`.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
)
from sqlalchemy.orm import relationship

from bot.records.base import Base, Id, UtcDateTime, new_id, utc_now
from bot.records.models import one_of

IDENTITY_METHODS = ("invitation", "code", "staff")


class IdentitySession(Base):
    """The time for which a conversation is verified as a patient, or as a carer for one.

    patient_id: NULL while a carer with several patients has not chosen yet. carer_id,
    carer_access_id: set when a carer asks; what may be read hangs on that access.
    """

    __tablename__ = "identity_sessions"
    __table_args__ = (
        one_of("method", IDENTITY_METHODS),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ends_after_start"),
        CheckConstraint("patient_id IS NOT NULL OR carer_id IS NOT NULL", name="somebody"),
        Index(
            "uq_identity_sessions_running",
            "conversation_id",
            unique=True,
            sqlite_where=Column("ended_at").is_(None),
            postgresql_where=Column("ended_at").is_(None),
        ),
    )

    id = Column(Id, primary_key=True, default=new_id)
    conversation_id = Column(ForeignKey("conversations.id"), nullable=False, index=True)
    patient_id = Column(ForeignKey("patients.id"), index=True)
    carer_id = Column(ForeignKey("carers.id"))
    carer_access_id = Column(ForeignKey("carer_access.id"), index=True)
    method = Column(String(20), nullable=False)
    started_at = Column(UtcDateTime, nullable=False, default=utc_now)
    last_seen_at = Column(UtcDateTime, nullable=False, default=utc_now)
    ended_at = Column(UtcDateTime)
    ended_reason = Column(String(40))

    patient = relationship("Patient")
    carer = relationship("Carer")
    carer_access = relationship("CarerAccess")


class IdentityAttempt(Base):
    """One failed or successful check, counted per conversation, address and NHS number (hashed)."""

    __tablename__ = "identity_attempts"

    id = Column(Integer, primary_key=True)
    conversation_id = Column(String(64), nullable=False, index=True)
    address_hash = Column(String(64), index=True)
    subject_hash = Column(String(64), index=True)
    succeeded = Column(Boolean, nullable=False)
    at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)


class OneTimeCode(Base):
    """A code sent to the phone on record; a decoy (no patient, no carer) when it went to nobody."""

    __tablename__ = "one_time_codes"

    id = Column(Id, primary_key=True, default=new_id)
    conversation_id = Column(ForeignKey("conversations.id"), nullable=False, index=True)
    patient_id = Column(ForeignKey("patients.id"))
    carer_id = Column(ForeignKey("carers.id"))
    code_hash = Column(String(64), nullable=False)
    tries = Column(Integer, nullable=False, default=0)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    expires_at = Column(UtcDateTime, nullable=False)
    used_at = Column(UtcDateTime)


class TextMessage(Base):
    """A text message on its way to a phone; the demo shows it on a page instead of sending it.

    One without a patient or carer is a decoy, never sent: it keeps an unknown number's path the
    same.
    """

    __tablename__ = "text_messages"

    id = Column(Integer, primary_key=True)
    patient_id = Column(ForeignKey("patients.id"))
    carer_id = Column(ForeignKey("carers.id"))
    ciphertext = Column(LargeBinary, nullable=False)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    sent_at = Column(UtcDateTime)


class Invitation(Base):
    """A link issued by a practice; used up once the date of birth matched."""

    __tablename__ = "invitations"

    id = Column(Id, primary_key=True, default=new_id)
    patient_id = Column(ForeignKey("patients.id"), nullable=False)
    token_hash = Column(String(64), nullable=False, unique=True)
    issued_by = Column(String(100), nullable=False)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    expires_at = Column(UtcDateTime, nullable=False)
    used_at = Column(UtcDateTime)

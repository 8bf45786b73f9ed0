"""What staff work with: teams, staff, their sessions, notes, translations, issues, the outbox.

The console reads and writes these through `bot.services`; hand-offs themselves are in
`chat_models`.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import relationship

from bot.records.base import Base, Id, UtcDateTime, new_id, utc_now
from bot.records.models import one_of

ROLES = ("coordinator", "supervisor", "administrator")
TRANSLATION_STATES = ("pending", "done", "failed")
OUTBOX_KINDS = ("slot", "mail", "typing")
ISSUE_HEADINGS = (
    "onward_referral",
    "communication",
    "follow_up",
    "points_of_contact",
    "principles_of_referral",
    "patient_expectations",
    "advice_and_guidance",
    "prescribing",
)
"""South East London's consensus headings for what went wrong between GP and hospital."""
ISSUE_STATES = ("new", "looking_into", "passed_on", "closed")
CALL_STATES = ("requested", "booked", "held", "failed", "cancelled")


class Team(Base):
    """A GP practice's or a hospital department's coordinators. One team is the default: it takes
    what belongs to no other."""

    __tablename__ = "teams"
    __table_args__ = (
        Index(
            "uq_teams_default",
            "is_default",
            unique=True,
            sqlite_where=Column("is_default").is_(True),
            postgresql_where=Column("is_default").is_(True),
        ),
    )

    id = Column(Id, primary_key=True, default=new_id)
    name = Column(String(100), nullable=False, unique=True)
    email = Column(String(200))
    organisation_id = Column(ForeignKey("organisations.id"), index=True)
    is_default = Column(Boolean, nullable=False, default=False)

    organisation = relationship("Organisation")


class Staff(Base):
    """A person who signs in to the console. Patients are told `first_name` and the role."""

    __tablename__ = "staff"
    __table_args__ = (one_of("role", ROLES),)

    id = Column(Id, primary_key=True, default=new_id)
    email = Column(String(200), nullable=False, unique=True)
    first_name = Column(String(60), nullable=False)
    family_name = Column(String(60), nullable=False)
    job_title = Column(String(100), nullable=False)
    role = Column(String(20), nullable=False, default="coordinator")
    password_hash = Column(String(200), nullable=False)
    active = Column(Boolean, nullable=False, default=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)

    memberships = relationship("Membership", back_populates="staff", cascade="all, delete-orphan")


class Membership(Base):
    """A coordinator belongs to a team."""

    __tablename__ = "memberships"

    staff_id = Column(ForeignKey("staff.id"), primary_key=True)
    team_id = Column(ForeignKey("teams.id"), primary_key=True)

    staff = relationship("Staff", back_populates="memberships")
    team = relationship("Team")


class StaffSession(Base):
    """A signed-in browser; `id` is the hash of the cookie's token."""

    __tablename__ = "staff_sessions"

    id = Column(String(64), primary_key=True)
    staff_id = Column(ForeignKey("staff.id"), nullable=False, index=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    last_seen_at = Column(UtcDateTime, nullable=False, default=utc_now)
    ended_at = Column(UtcDateTime)

    staff = relationship("Staff")


class SignInAttempt(Base):
    """One try to sign in, counted per e-mail and per address (hashed)."""

    __tablename__ = "sign_in_attempts"

    id = Column(Integer, primary_key=True)
    email_hash = Column(String(64), nullable=False, index=True)
    address_hash = Column(String(64), index=True)
    succeeded = Column(Boolean, nullable=False)
    at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)


class HandoffNote(Base):
    """What staff write for staff. The patient never sees it. staff_id NULL: Waymark itself."""

    __tablename__ = "handoff_notes"

    id = Column(Integer, primary_key=True)
    handoff_id = Column(ForeignKey("handoffs.id"), nullable=False, index=True)
    staff_id = Column(ForeignKey("staff.id"))
    text = Column(Text, nullable=False)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)

    staff = relationship("Staff")


class MessageTranslation(Base):
    """A message in another language: made once, shown beside the original with its provider.

    reason: why it failed (`bot.errors.TranslationFailed.reason`).
    """

    __tablename__ = "message_translations"
    __table_args__ = (
        UniqueConstraint("message_id", "language", name="uq_message_translations_language"),
        one_of("state", TRANSLATION_STATES),
        Index("ix_message_translations_state", "state"),
    )

    id = Column(Integer, primary_key=True)
    message_id = Column(ForeignKey("messages.id"), nullable=False)
    language = Column(String(10), nullable=False)
    state = Column(String(10), nullable=False, default="pending")
    text = Column(Text)
    back_text = Column(Text)
    provider = Column(String(20))
    reason = Column(String(20))
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)


class InterpreterCall(Base):
    """An interpreter asked for, booked and used: the log that a site must keep."""

    __tablename__ = "interpreter_calls"
    __table_args__ = (one_of("state", CALL_STATES),)

    id = Column(Integer, primary_key=True)
    handoff_id = Column(ForeignKey("handoffs.id"), nullable=False, index=True)
    staff_id = Column(ForeignKey("staff.id"), nullable=False)
    language = Column(String(10), nullable=False)
    state = Column(String(20), nullable=False, default="requested")
    provider = Column(String(100))
    reference = Column(String(60))
    minutes = Column(Integer)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    updated_at = Column(UtcDateTime, nullable=False, default=utc_now)


class InterfaceIssue(Base):
    """Something that went wrong between GP and hospital, under one of the eight headings."""

    __tablename__ = "interface_issues"
    __table_args__ = (
        one_of("heading", ISSUE_HEADINGS),
        one_of("state", ISSUE_STATES),
        one_of("reported_by", ("patient", "coordinator")),
    )

    id = Column(Id, primary_key=True, default=new_id)
    heading = Column(String(30), nullable=False)
    kind = Column(String(30), nullable=False, default="other")
    description = Column(Text, nullable=False)
    reported_by = Column(String(20), nullable=False)
    staff_id = Column(ForeignKey("staff.id"))
    conversation_id = Column(ForeignKey("conversations.id"))
    handoff_id = Column(ForeignKey("handoffs.id"))
    referral_id = Column(ForeignKey("referrals.id"))
    organisation_id = Column(ForeignKey("organisations.id"))
    team_id = Column(ForeignKey("teams.id"), nullable=False, index=True)
    state = Column(String(20), nullable=False, default="new")
    outcome = Column(Text)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    updated_at = Column(UtcDateTime, nullable=False, default=utc_now)

    referral = relationship("Referral")
    organisation = relationship("Organisation")
    team = relationship("Team")


class ConsoleEvent(Base):
    """What changed, for open consoles; see `bot.services.live`. Ids commit in their order."""

    __tablename__ = "console_events"

    id = Column(Integer, primary_key=True, autoincrement=False)
    kind = Column(String(30), nullable=False)
    handoff_id = Column(String(32))
    conversation_id = Column(String(64), index=True)
    team_id = Column(String(32), index=True)
    staff_id = Column(String(32))
    data = Column(JSON, nullable=False, default=dict)
    at = Column(UtcDateTime, nullable=False, default=utc_now)


class EventCounter(Base):
    """One row: the last console event's id. Its row lock is the one lock that ids are given
    under (a sequence's ids commit out of order)."""

    __tablename__ = "event_counter"

    id = Column(Integer, primary_key=True)
    last = Column(Integer, nullable=False)


class OutboxItem(Base):
    """What must go out besides messages: slot events for Rasa, mails, typing signs.

    Delivered at least once, in order within a conversation; see `bot.services.outbox`.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("kind", OUTBOX_KINDS),
        Index("ix_outbox_open", "kind", "done_at", "due_at"),
    )

    id = Column(Integer, primary_key=True)
    kind = Column(String(10), nullable=False)
    conversation_id = Column(String(64), index=True)
    payload = Column(JSON, nullable=False)
    tries = Column(Integer, nullable=False, default=0)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    due_at = Column(UtcDateTime, nullable=False, default=utc_now)
    done_at = Column(UtcDateTime)

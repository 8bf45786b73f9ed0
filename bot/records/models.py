"""What was referred to whom: organisations, patients, referrals, appointments, waiting times.

Filled by `bot.fhir` through `bot.services.import_records`; read through `bot.records.queries`.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import relationship

from bot.pathway.states import State
from bot.records.base import Base, Id, UtcDateTime, new_id, utc_now

STATES = tuple(state.value for state in State)
PRIORITIES = ("routine", "urgent", "two_week_wait")
MEDIA = ("face_to_face", "telephone", "video")
APPOINTMENT_STATES = (
    "proposed",
    "offered",
    "booked",
    "change_pending",
    "cancelled_by_patient",
    "cancelled_by_hospital",
    "cancelled",
    "missed",
    "fulfilled",
)
ORGANISATION_KINDS = ("gp_practice", "hospital", "other")


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """A check that `column` holds one of `values` (or NULL)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Organisation(Base):
    """A GP practice or a hospital."""

    __tablename__ = "organisations"
    __table_args__ = (one_of("kind", ORGANISATION_KINDS),)

    id = Column(Id, primary_key=True, default=new_id)
    ods_code = Column(String(20), unique=True)
    name = Column(String(200), nullable=False)
    kind = Column(String(20), nullable=False, default="other")

    contacts = relationship("OrganisationContact", back_populates="organisation")


class OrganisationContact(Base):
    """How an organisation is reached, for one specialty or (NULL) for all."""

    __tablename__ = "organisation_contacts"
    __table_args__ = (UniqueConstraint("organisation_id", "specialty_code", "name"),)

    id = Column(Id, primary_key=True, default=new_id)
    organisation_id = Column(ForeignKey("organisations.id"), nullable=False, index=True)
    specialty_code = Column(String(20))
    name = Column(String(200), nullable=False)
    phone = Column(String(40))
    email = Column(String(200))
    hours = Column(String(100))

    organisation = relationship("Organisation", back_populates="contacts")


class Patient(Base):
    """A person whose care it is. Restricted, deceased and superseded ones are kept as such."""

    __tablename__ = "patients"
    __table_args__ = (
        CheckConstraint("nhs_number IS NULL OR length(nhs_number) = 10", name="nhs_number"),
        CheckConstraint("superseded_by IS NULL OR superseded_by <> nhs_number", name="superseded"),
    )

    id = Column(Id, primary_key=True, default=new_id)
    nhs_number = Column(String(10), unique=True)
    birth_date = Column(Date)
    family_name = Column(String(100))
    given_name = Column(String(100))
    postcode = Column(String(10))
    phone = Column(String(40))
    language = Column(String(35))
    interpreter_required = Column(Boolean)
    gp_practice_id = Column(ForeignKey("organisations.id"))
    restricted = Column(Boolean, nullable=False, default=False)
    deceased = Column(Boolean, nullable=False, default=False)
    flagged_by_staff = Column(Boolean, nullable=False, default=False)
    superseded_by = Column(String(10))
    source_version = Column(String(64))
    source_updated_at = Column(UtcDateTime)
    digest = Column(String(64))

    gp_practice = relationship("Organisation")
    referrals = relationship("Referral", back_populates="patient")


class Referral(Base):
    """One request for care from a referrer to a provider, where it stands now."""

    __tablename__ = "referrals"
    __table_args__ = (
        UniqueConstraint("source", "source_id", name="uq_referrals_source_id"),
        one_of("state", STATES),
        one_of("priority", PRIORITIES),
        CheckConstraint("ubrn IS NULL OR length(ubrn) = 12", name="ubrn"),
        Index("ix_referrals_feed", "source", "state", "checked_at"),
    )

    id = Column(Id, primary_key=True, default=new_id)
    patient_id = Column(ForeignKey("patients.id"), nullable=False, index=True)
    source = Column(String(40), nullable=False)
    source_id = Column(String(200), nullable=False)
    ubrn = Column(String(12), unique=True)
    referrer_id = Column(ForeignKey("organisations.id"))
    provider_id = Column(ForeignKey("organisations.id"))
    specialty_code = Column(String(20))
    specialty = Column(String(200))
    priority = Column(String(20), nullable=False, default="routine")
    state = Column(String(40), nullable=False)
    state_reason = Column(String(100))
    state_since = Column(Date)
    referred_on = Column(Date)
    clock_start = Column(Date)
    review_due = Column(Date)
    planned_wait_weeks = Column(Integer)
    p80_wait_weeks = Column(Integer)
    interpreter_requested = Column(Boolean)
    checked_at = Column(UtcDateTime, nullable=False)
    source_version = Column(String(64))
    source_updated_at = Column(UtcDateTime)
    digest = Column(String(64))

    patient = relationship("Patient", back_populates="referrals")
    referrer = relationship("Organisation", foreign_keys=[referrer_id])
    provider = relationship("Organisation", foreign_keys=[provider_id])
    appointments = relationship("Appointment", back_populates="referral")
    history = relationship(
        "ReferralState", back_populates="referral", order_by="ReferralState.recorded_at"
    )


class ReferralState(Base):
    """One move in a referral's history. Rows are only ever added."""

    __tablename__ = "referral_states"
    __table_args__ = (one_of("state", STATES),)

    id = Column(Integer, primary_key=True)
    referral_id = Column(ForeignKey("referrals.id"), nullable=False, index=True)
    state = Column(String(40), nullable=False)
    reason = Column(String(100))
    since = Column(Date)
    source_version = Column(String(64))
    recorded_at = Column(UtcDateTime, nullable=False, default=utc_now)

    referral = relationship("Referral", back_populates="history")


class Appointment(Base):
    """A booked, offered, past or cancelled appointment; may stand without a known referral."""

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("source", "source_id", name="uq_appointments_source_id"),
        one_of("status", APPOINTMENT_STATES),
        one_of("medium", MEDIA),
    )

    id = Column(Id, primary_key=True, default=new_id)
    patient_id = Column(ForeignKey("patients.id"), nullable=False, index=True)
    referral_id = Column(ForeignKey("referrals.id"), index=True)
    source = Column(String(40), nullable=False)
    source_id = Column(String(200), nullable=False)
    provider_id = Column(ForeignKey("organisations.id"))
    specialty = Column(String(200))
    status = Column(String(30), nullable=False)
    starts_at = Column(UtcDateTime)
    ends_at = Column(UtcDateTime)
    medium = Column(String(20))
    clinic = Column(String(200))
    address = Column(Text)
    instructions = Column(Text)
    admission = Column(Boolean, nullable=False, default=False)
    checked_at = Column(UtcDateTime, nullable=False)
    source_version = Column(String(64))
    source_updated_at = Column(UtcDateTime)
    digest = Column(String(64))

    referral = relationship("Referral", back_populates="appointments")
    provider = relationship("Organisation")


class WaitingTime(Base):
    """Referral-to-treatment figures of one provider and specialty in one month (NHS England)."""

    __tablename__ = "waiting_times"
    __table_args__ = (
        CheckConstraint("pct_within_18_weeks BETWEEN 0 AND 1", name="pct"),
        CheckConstraint("median_weeks >= 0 AND p92_weeks >= median_weeks", name="weeks"),
        Index("ix_waiting_times_lookup", "provider_code", "treatment_function_code"),
    )

    provider_code = Column(String(20), primary_key=True)
    treatment_function_code = Column(String(20), primary_key=True)
    period = Column(String(20), primary_key=True)
    provider_name = Column(String(200), nullable=False)
    treatment_function = Column(String(200), nullable=False)
    total = Column(Integer, nullable=False)
    pct_within_18_weeks = Column(Float, nullable=False)
    median_weeks = Column(Float, nullable=False)
    p92_weeks = Column(Float, nullable=False)
    source = Column(String(200), nullable=False)

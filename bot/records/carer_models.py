"""Who may ask for a patient: carers, and the access that staff recorded with the patient's consent.

Written by `bot.services.carers`; only staff record access (design.md, section 6).
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, String
from sqlalchemy.orm import relationship

from bot.records.base import Base, Id, UtcDateTime, new_id, utc_now
from bot.records.models import one_of

BASES = ("consent", "attorney", "deputy", "best_interests", "parental_responsibility")
SCOPES = ("appointments", "all")


class Carer(Base):
    """A person who asks for others. Verifies themself with what staff recorded here."""

    __tablename__ = "carers"

    id = Column(Id, primary_key=True, default=new_id)
    given_name = Column(String(100), nullable=False)
    family_name = Column(String(100), nullable=False)
    birth_date = Column(Date, nullable=False)
    postcode = Column(String(10), nullable=False)
    phone = Column(String(40), nullable=False)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)

    access = relationship("CarerAccess", back_populates="carer")


class CarerAccess(Base):
    """The right of one carer to ask for one patient.

    basis, scope: of BASES and SCOPES ("all": what Waymark tells the patient). review_on: the last
    day it holds. asked_alone, interpreter_used: how consent was asked. ended_…: withdrawn.
    """

    __tablename__ = "carer_access"
    __table_args__ = (one_of("basis", BASES), one_of("scope", SCOPES))

    id = Column(Id, primary_key=True, default=new_id)
    carer_id = Column(ForeignKey("carers.id"), nullable=False, index=True)
    patient_id = Column(ForeignKey("patients.id"), nullable=False, index=True)
    basis = Column(String(30), nullable=False)
    scope = Column(String(20), nullable=False)
    review_on = Column(Date, nullable=False)
    asked_alone = Column(Boolean, nullable=False)
    interpreter_used = Column(Boolean, nullable=False)
    recorded_by_id = Column(ForeignKey("staff.id"), nullable=False)
    recorded_at = Column(UtcDateTime, nullable=False, default=utc_now)
    ended_at = Column(UtcDateTime)
    ended_by_id = Column(ForeignKey("staff.id"))
    ended_reason = Column(String(60))

    carer = relationship("Carer", back_populates="access")
    patient = relationship("Patient")
    recorded_by = relationship("Staff", foreign_keys=[recorded_by_id])

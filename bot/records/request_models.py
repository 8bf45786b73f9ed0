"""What patients ask of an appointment: to come, not to come, another day, an interpreter, access.

Written by `bot.services.requests`. A request is asked, never booked: only the record says that
something has changed.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, String, text
from sqlalchemy.orm import relationship

from bot.records.base import Base, Id, UtcDateTime, new_id, utc_now
from bot.records.models import one_of

REQUEST_KINDS = ("confirm", "cannot_come", "another_day", "interpreter", "access")
REQUEST_STATES = ("asked", "changed", "answered", "withdrawn")


class CareRequest(Base):
    """One request of a patient, and whether the record has moved since.

    carer_access_id: a carer asked it; patient and carers neither read nor take back each other's.
    wishes: structured, as `bot.pathway.requests` describes. asked_of: the appointment as it stood
    in the record when it was asked (status, starts_at), to see whether it has changed.
    state: "asked", until the record shows a change ("changed"), staff have settled it without one
    ("answered"), or the patient has taken it back ("withdrawn").
    """

    __tablename__ = "care_requests"
    __table_args__ = (
        one_of("kind", REQUEST_KINDS),
        one_of("state", REQUEST_STATES),
        Index(
            "ix_care_requests_open",
            "patient_id",
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    id = Column(Id, primary_key=True, default=new_id)
    kind = Column(String(20), nullable=False)
    conversation_id = Column(ForeignKey("conversations.id"), nullable=False, index=True)
    patient_id = Column(ForeignKey("patients.id"))
    referral_id = Column(ForeignKey("referrals.id"))
    appointment_id = Column(ForeignKey("appointments.id"))
    handoff_id = Column(ForeignKey("handoffs.id"), index=True)
    carer_access_id = Column(ForeignKey("carer_access.id"))
    wishes = Column(JSON, nullable=False, default=dict)
    asked_of = Column(JSON, nullable=False, default=dict)
    state = Column(String(20), nullable=False, default="asked")
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    updated_at = Column(UtcDateTime, nullable=False, default=utc_now)

    appointment = relationship("Appointment")
    handoff = relationship("Handoff")

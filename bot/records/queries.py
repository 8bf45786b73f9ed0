"""Reading the record, scoped to one patient: a read can't reach another patient's row.

Every function takes who reads, the conversation's identity session or a subscription that was
made in one, and filters by its patient.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Union

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.records.identity_models import IdentitySession
from bot.records.models import (
    Appointment,
    Organisation,
    OrganisationContact,
    Patient,
    Referral,
    WaitingTime,
)
from bot.records.request_models import CareRequest
from bot.records.update_models import Subscription

Viewer = Union[IdentitySession, Subscription]
"""Who reads: each belongs to one patient."""

URGENT_FIRST = {"two_week_wait": 0, "urgent": 1, "routine": 2}
STANDING = ("booked", "change_pending", "offered")
"""An appointment with one of these is still to come, unless its time has passed."""
PROVIDER_CODE_LENGTH = 3
"""An NHS trust's code; its sites' codes begin with it ("RJ121" belongs to "RJ1")."""


def patient_of(session: Session, identity: Viewer) -> Patient:
    """The verified patient."""
    return session.execute(select(Patient).where(Patient.id == identity.patient_id)).scalar_one()


def referrals_of(session: Session, identity: Viewer) -> list[Referral]:
    """All referrals of the verified patient: the most urgent first, then the newest."""
    found = session.execute(
        select(Referral).where(Referral.patient_id == identity.patient_id)
    ).scalars()
    newest = sorted(found, key=lambda r: (r.referred_on is not None, r.referred_on), reverse=True)
    return sorted(newest, key=lambda referral: URGENT_FIRST[referral.priority])


def referral_of(session: Session, identity: Viewer, referral_id: str) -> Referral:
    """One referral of the verified patient.

    Raises:
        NotFound: no such referral, or somebody else's: the two look alike.
    """
    referral = session.execute(
        select(Referral).where(
            Referral.id == referral_id, Referral.patient_id == identity.patient_id
        )
    ).scalar_one_or_none()
    if referral is None:
        raise NotFound(f"No referral {referral_id} in this session. Ask for the list again.")
    return referral


def appointment_referrals_of(session: Session, identity: IdentitySession) -> list[Referral]:
    """The verified patient's referrals that have an appointment: what may be told to who may ask
    about appointments only."""
    return [r for r in referrals_of(session, identity) if appointments_of(session, identity, r)]


def appointment_of(session: Session, identity: Viewer, appointment_id: str) -> Appointment:
    """One appointment of the verified patient.

    Raises:
        NotFound: no such appointment, or somebody else's: the two look alike.
    """
    appointment = session.execute(
        select(Appointment).where(
            Appointment.id == appointment_id, Appointment.patient_id == identity.patient_id
        )
    ).scalar_one_or_none()
    if appointment is None:
        raise NotFound(f"No appointment {appointment_id} in this session. Ask for it again.")
    return appointment


def appointments_of(session: Session, identity: Viewer, referral: Referral) -> list[Appointment]:
    """A referral's appointments, and those at the same hospital that name no referral, by date."""
    unnamed = and_(
        Appointment.referral_id.is_(None), Appointment.provider_id == referral.provider_id
    )
    return _by_date(session, identity, or_(Appointment.referral_id == referral.id, unnamed))


def lone_appointments_of(session: Session, identity: Viewer) -> list[Appointment]:
    """The verified patient's appointments that name no referral, by date."""
    return _by_date(session, identity, Appointment.referral_id.is_(None))


def coming_appointments_of(session: Session, identity: Viewer, now: datetime) -> list[Appointment]:
    """The verified patient's appointments that stand and have not passed, by date."""
    found = _by_date(session, identity, Appointment.status.in_(STANDING))
    return [row for row in found if row.starts_at is None or row.starts_at >= now]


def open_requests_of(session: Session, identity: Viewer) -> list[CareRequest]:
    """What was asked and nobody has settled, oldest first: by the patient, or by this carer. A
    carer doesn't read that the patient asked for an interpreter instead of them."""
    return list(
        session.execute(
            select(CareRequest)
            .where(
                CareRequest.patient_id == identity.patient_id,
                CareRequest.carer_access_id == identity.carer_access_id,
                CareRequest.state == "asked",
            )
            .order_by(CareRequest.created_at, CareRequest.id)
        ).scalars()
    )


def _by_date(session: Session, identity: Viewer, condition: Any) -> list[Appointment]:
    found = list(
        session.execute(
            select(Appointment).where(Appointment.patient_id == identity.patient_id, condition)
        ).scalars()
    )
    dated = sorted((a for a in found if a.starts_at), key=lambda a: a.starts_at)
    return [*dated, *(a for a in found if not a.starts_at)]


def contact_of(
    session: Session, organisation: Organisation | None, specialty_code: str | None
) -> OrganisationContact | None:
    """How to reach an organisation: its clinic for the specialty, else its main contact."""
    if organisation is None:
        return None
    contacts = session.execute(
        select(OrganisationContact).where(
            OrganisationContact.organisation_id == organisation.id,
            or_(
                OrganisationContact.specialty_code == specialty_code,
                OrganisationContact.specialty_code.is_(None),
            ),
        )
    ).scalars()
    return min(contacts, key=lambda contact: contact.specialty_code is None, default=None)


def waiting_time_of(session: Session, referral: Referral) -> WaitingTime | None:
    """The newest published figures for the referral's hospital and specialty."""
    provider = referral.provider
    if provider is None or provider.ods_code is None or referral.specialty_code is None:
        return None
    codes = {provider.ods_code, provider.ods_code[:PROVIDER_CODE_LENGTH]}
    found = session.execute(
        select(WaitingTime)
        .where(
            WaitingTime.provider_code.in_(codes),
            WaitingTime.treatment_function_code == referral.specialty_code,
        )
        .order_by(WaitingTime.period.desc())
        .limit(1)
    )
    return found.scalar_one_or_none()

"""A coordinator verifies the patient: by calling the number on record, or face to face.

Called by the console. The same patients are found, and the same ones never are, as by
`bot.services.identity`: restricted, deceased, superseded, under 16 and flagged ones look like
wrong details. Wrong tries are counted per member of staff, never against the patient.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import Refused
from bot.records.identity_models import IdentityAttempt, IdentitySession
from bot.records.models import Patient
from bot.records.staff_models import Staff
from bot.services.audit import audit
from bot.services.handoffs import handoff_held_by
from bot.services.identity import (
    Claim,
    current_identity,
    find_patient,
    may_be_told,
    minutes_to_wait,
    start_identity,
)
from bot.services.live import note_event

WAYS = ("phone", "in_person")
"""How the coordinator made sure who it is."""


def verify_by_staff(
    session: Session, staff: Staff, handoff_id: str, claim: Claim, way: str, now: datetime
) -> IdentitySession | None:
    """Start an identity session for the patient whom the details name.

    Args:
        claim: NHS number, date of birth and postcode; or family name, date of birth and postcode.
        way: one of WAYS.

    Returns:
        None: no record that may be opened matches. The same for every reason.

    Raises:
        NotHolder: this person doesn't hold the hand-off.
        Refused: too many wrong tries, or the patient has left the chat.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    if handoff.conversation is None:
        raise Refused("Nobody writes here: this task has no chat. Verify the patient in a chat.")
    if handoff.conversation.ended_at is not None:
        raise Refused("The patient has left this chat. Verify them in a new one.")
    tries = f"staff:{staff.id}"
    minutes = minutes_to_wait(session, tries, None, now)
    if minutes:
        raise Refused(f"Too many details did not match. Wait {minutes} minutes, then try again.")
    patient = find_patient(session, claim)
    right = may_be_told(patient, claim.birth_date, now.date()) and _lives_at(patient, claim)
    session.add(IdentityAttempt(conversation_id=tries, succeeded=right, at=now))
    if not right or patient is None:
        audit(session, tries, "verify_refused", "handoff", handoff.id, way=way)
        return None
    running = current_identity(session, handoff.conversation_id, now)
    same = running is not None and running.patient_id == patient.id and running.carer_id is None
    if running is None or not same:  # a new one would hide old answers
        running = start_identity(session, handoff.conversation_id, patient.id, "staff", now)
    handoff.patient_id = patient.id
    audit(session, tries, "patient_verified", "handoff", handoff.id, way=way, identity=running.id)
    note_event(session, "handoff", handoff=handoff)
    return running


def _lives_at(patient: Patient | None, claim: Claim) -> bool:
    """Whether the postcode is the recorded one; none on record can't be checked and won't do."""
    recorded = (patient.postcode if patient else None) or ""
    given = (claim.postcode or "").replace(" ", "").upper()
    return bool(given) and recorded.replace(" ", "").upper() == given

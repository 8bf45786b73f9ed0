"""Of whom an interface issue may speak, as far as we know: their names must not stand in it, and
a restricted record's hospital neither.

An issue's text is stored without names; who the patient is may become known only afterwards, so
whatever shows or exports it asks here again. Called by `bot.services.interface_issues`,
`bot.services.issue_exports` and the console's issue pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.language.free_text import for_reading, without_identifiers
from bot.records.chat_models import Handoff
from bot.records.identity_models import IdentitySession
from bot.records.models import Patient, Referral
from bot.records.staff_models import InterfaceIssue

PORTION = 500
"""SQLite takes only so many parameters in one statement."""

Patients = list[Patient]


def patients_of(
    session: Session,
    referral: Referral | None,
    handoff_id: str | None,
    conversation_id: str | None,
) -> Patients:
    """The patient of the referral and of the hand-off, and all who ever verified in the
    conversation."""
    handed_off = _of_handoffs(session, [handoff_id])
    verified = _of_conversations(session, [conversation_id])
    known = [*handed_off.get(handoff_id or "", ()), *verified.get(conversation_id or "", ())]
    return _once([referral.patient, *known] if referral is not None else known)


def patients_of_issues(session: Session, issues: Iterable[InterfaceIssue]) -> dict[str, Patients]:
    """The same for many issues, by the issue's id."""
    rows = list(issues)
    verified = _of_conversations(session, (row.conversation_id for row in rows))
    handed_off = _of_handoffs(session, (row.handoff_id for row in rows))
    return {
        row.id: _once(
            [
                *([row.referral.patient] if row.referral else ()),
                *handed_off.get(row.handoff_id or "", ()),
                *verified.get(row.conversation_id or "", ()),
            ]
        )
        for row in rows
    }


def without_patients(text: str, patients: Patients, now: datetime) -> str:
    """Text without identifiers, and without these patients' names and birth dates."""
    clean = without_identifiers(text.strip(), now.date())
    for patient in patients:
        names = [name for name in (patient.given_name, patient.family_name) if name]
        clean = without_identifiers(clean, now.date(), names, patient.birth_date)
    return clean


def shown_text(text: str | None, patients: Patients, now: datetime) -> str:
    """A stored text as it may be read now."""
    return for_reading(without_patients(text or "", patients, now))


def is_restricted(patients: Patients) -> bool:
    """Whether where somebody is treated must not be shown (the restricted flag of PDS)."""
    return any(patient.restricted for patient in patients)


def _of_conversations(session: Session, ids: Iterable[str | None]) -> dict[str, Patients]:
    """All who verified, by conversation."""
    found: dict[str, Patients] = defaultdict(list)
    query = select(IdentitySession).options(joinedload(IdentitySession.patient))
    for some in _portions(ids):
        rows = session.execute(query.where(IdentitySession.conversation_id.in_(some))).scalars()
        for row in rows:
            if row.patient is not None:
                found[row.conversation_id].append(row.patient)
    return found


def _of_handoffs(session: Session, ids: Iterable[str | None]) -> dict[str, Patients]:
    """The patient, by hand-off."""
    found: dict[str, Patients] = defaultdict(list)
    query = select(Handoff).options(joinedload(Handoff.patient))
    for some in _portions(ids):
        for row in session.execute(query.where(Handoff.id.in_(some))).scalars():
            if row.patient is not None:
                found[row.id].append(row.patient)
    return found


def _portions(ids: Iterable[str | None]) -> Iterator[list[str]]:
    known = sorted({one for one in ids if one})
    return (known[start : start + PORTION] for start in range(0, len(known), PORTION))


def _once(patients: list[Patient]) -> Patients:
    return list({patient.id: patient for patient in patients}.values())

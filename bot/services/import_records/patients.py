"""Patients, by NHS number. Called by `importer` after organisations, and to resolve references."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from sqlalchemy import select

from bot.fhir.records import InterpreterFlagRecord, PatientRecord
from bot.fhir.references import PersonRef
from bot.records.models import Patient
from bot.services.import_records.age import Age, age, newest
from bot.services.import_records.organisations import organisation_id
from bot.services.import_records.run import Run, Unusable

NO_NUMBER = "no usable NHS number. Return it to the sender."
PLAIN = (
    "birth_date",
    "family_name",
    "given_name",
    "language",
    "interpreter_required",
    "restricted",
    "deceased",
    "superseded_by",
)
CONTACT = ("postcode", "phone")


def write_patient(run: Run, record: PatientRecord) -> bool:
    """Insert or update one patient. True when something changed.

    Register entries (`complete`) also take away a telephone number that the register has no
    more: codes are sent there. Other feeds fill gaps of a registered patient, and can mark
    them as restricted or dead, but overwrite nothing.
    """
    row = _row(run, record.nhs_number)
    digest = record.digest()
    if row is not None and row.source_version is not None and not record.complete:
        return _fill_gaps(run, row, record)
    if row is not None and row.digest is not None:
        verdict = age(record.origin, row, same_feed=record.complete)
        if verdict is Age.OLDER:
            return False
        if row.digest == digest:
            _seen(row, record)
            return False
    row = row or _make(run, record.nhs_number)
    for name in PLAIN:
        said = getattr(record, name)
        if said is not None:
            setattr(row, name, said)
    for name in CONTACT:
        said = getattr(record, name)
        if said is not None or record.complete or row.restricted:
            setattr(row, name, None if row.restricted else said)
    practice = organisation_id(run, record.practice)
    row.gp_practice_id = practice or row.gp_practice_id
    row.digest = digest
    _seen(row, record)
    for older in record.supersedes:
        _supersede(run, older, record.nhs_number)
    return True


def merged(records: list[PatientRecord]) -> PatientRecord:
    """One entry for several about the same patient in one import: the newest, gaps filled.

    The register goes before all else, and has no gap in telephone and postcode.
    """
    registered = [record for record in records if record.complete]
    best, rest = newest(registered or records)
    rest += [record for record in records if record not in (best, *rest)]
    filled: dict[str, Any] = {}
    for name in (*PLAIN, "practice", *([] if best.complete else CONTACT)):
        said = [getattr(record, name) for record in (best, *rest)]
        filled[name] = next((value for value in said if value is not None), None)
    older = tuple(dict.fromkeys(n for record in (best, *rest) for n in record.supersedes))
    return replace(best, supersedes=older, keys=(), **filled)


def _fill_gaps(run: Run, row: Patient, record: PatientRecord) -> bool:
    changed = False
    for name in (*PLAIN, "practice"):
        said = getattr(record, name)
        if name == "practice":
            name, said = "gp_practice_id", organisation_id(run, record.practice)
        grave = name in ("restricted", "deceased") and said is True
        if (
            said is not None
            and (getattr(row, name) is None or grave)
            and getattr(row, name) != said
        ):
            setattr(row, name, said)
            changed = True
    if row.restricted:
        row.phone = row.postcode = None
    return changed


def write_interpreter_flag(run: Run, record: InterpreterFlagRecord) -> bool:
    """A flag says that the patient needs an interpreter."""
    row = patient(run, record.patient, record.origin.file)
    changed = row.interpreter_required is not True
    row.interpreter_required = True
    return changed


def patient(run: Run, person: PersonRef, file: str) -> Patient:
    """The row that a reference means; a bare one (number alone) when the number is new.

    Raises:
        Unusable: no usable NHS number.
    """
    number = run.number_of(person, file)
    if number is None:
        raise Unusable(NO_NUMBER)
    return _row(run, number) or _make(run, number)


def _row(run: Run, number: str) -> Patient | None:
    known = run.memo.get(("patient", number))
    if known is None:
        known = run.session.scalars(select(Patient).filter_by(nhs_number=number)).first()
        if known is not None:
            run.memo["patient", number] = known
    return cast("Patient | None", known)


def _make(run: Run, number: str) -> Patient:
    row = Patient(nhs_number=number, restricted=False, deceased=False)
    run.session.add(row)
    run.session.flush()
    return row


def _seen(row: Patient, record: PatientRecord) -> None:
    if record.complete:
        row.source_version = record.origin.version
    known, seen = row.source_updated_at, record.origin.as_of
    row.source_updated_at = max(known, seen) if known and seen else known or seen


def _supersede(run: Run, older: str, current: str) -> None:
    """Mark an older number as replaced. Its referrals stay where they are."""
    row = _row(run, older) or _make(run, older)
    row.superseded_by = current

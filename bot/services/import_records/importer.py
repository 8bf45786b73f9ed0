"""The import's order: read all, then write by kind. Called by `waymark records import`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from bot.fhir import Rejection, read_paths, to_records
from bot.fhir.records import (
    AdviceMessageRecord,
    AppointmentRecord,
    CarePlanRecord,
    InterpreterFlagRecord,
    OrganisationRecord,
    PatientRecord,
    Record,
    ReferralRecord,
    TaskRecord,
)
from bot.services.audit import audit
from bot.services.import_records.age import newest
from bot.services.import_records.appointments import (
    close_appointments,
    move_referrals,
    write_appointment,
)
from bot.services.import_records.demo_guard import check_for_demo
from bot.services.import_records.news import note_appointments
from bot.services.import_records.organisations import write_organisation
from bot.services.import_records.patients import merged, write_interpreter_flag, write_patient
from bot.services.import_records.referrals import write_history, write_older, write_referral
from bot.services.import_records.report import ImportReport
from bot.services.import_records.run import Run
from bot.services.import_records.supplements import (
    write_advice_message,
    write_care_plan,
    write_task,
)
from bot.services.requests.settling import note_changes

Kind = TypeVar("Kind")


def import_records(session: Session, paths: Iterable[str | Path], now: datetime) -> ImportReport:
    """Read files and folders of FHIR and bring the records up to date.

    Args:
        session: a running transaction; committed by the caller.
        now: aware; when the records were last seen.

    Returns:
        counts by kind, and each entry that couldn't be used, with its reason.

    Raises:
        UnreadableInput: a demo would show a real patient's codes; nothing is written.
    """
    run = Run(session, now)
    records = _read(run, paths)
    check_for_demo(records)
    for organisation in _newest_first(records, OrganisationRecord):
        run.apply(organisation, lambda record: write_organisation(run, record))
    _patients(run, _of(records, PatientRecord))
    for flag in _of(records, InterpreterFlagRecord):
        run.apply(flag, lambda record: write_interpreter_flag(run, record))
    _referrals(run, _of(records, ReferralRecord))
    for plan in _newest_first(records, CarePlanRecord):
        run.apply(plan, lambda record: write_care_plan(run, record))
    for appointment in _appointments(run, _of(records, AppointmentRecord)):
        run.apply(appointment, lambda record: write_appointment(run, record))
    for task in _newest_first(records, TaskRecord):
        run.apply(task, lambda record: write_task(run, record))
    for message in _newest_first(records, AdviceMessageRecord):
        run.apply(message, lambda record: write_advice_message(run, record))
    move_referrals(run)
    close_appointments(run)
    write_history(run)
    note_appointments(run)
    note_changes(session, now)
    report = run.report
    audit(
        session,
        "import",
        "records_imported",
        "import",
        imported=dict(report.imported),
        unchanged=report.unchanged,
        rejected=len(report.rejected),
        read=report.read,
    )
    session.flush()
    return report


def _read(run: Run, paths: Iterable[str | Path]) -> list[Record]:
    """All records in the files; what can't be read goes into the report."""
    records: list[Record] = []
    for item in read_paths(paths):
        if isinstance(item, Rejection):
            run.report.rejected.append(item)
            continue
        run.report.read += item.container is None
        for record in to_records(item):
            if isinstance(record, Rejection):
                run.report.rejected.append(record)
            else:
                records.append(record)
    return records


def _of(records: list[Record], kind: type[Kind]) -> list[Kind]:
    return [record for record in records if isinstance(record, kind)]


def _newest_first(records: list[Record], kind: type[Kind]) -> list[Kind]:
    """Those of a kind, the newest first; of the undated, the last in the files first."""

    def key(record: Any) -> tuple[float, int]:
        as_of = record.origin.as_of
        return (as_of.timestamp() if as_of else float("-inf"), record.origin.position)

    return sorted(_of(records, kind), key=key, reverse=True)


def _patients(run: Run, records: list[PatientRecord]) -> None:
    """One write for each person, however many entries tell of them."""
    by_number: dict[str, list[PatientRecord]] = {}
    for record in records:
        run.know_person(record)
        by_number.setdefault(record.nhs_number, []).append(record)
    for entries in by_number.values():
        run.apply(merged(entries), lambda record: write_patient(run, record))
        run.report.unchanged += len(entries) - 1


def _referrals(run: Run, records: list[ReferralRecord]) -> None:
    """One write for each referral: the newest entry; then what the others add."""
    number_of = {key: record.ubrn for record in records if record.ubrn for key in record.keys}
    groups: dict[str, list[ReferralRecord]] = {}
    for record in records:
        number = record.ubrn or next((number_of[k] for k in record.keys if k in number_of), None)
        key = f"ubrn:{number}" if number else f"{record.origin.source}:{record.source_id}"
        groups.setdefault(key, []).append(record)
    others: list[ReferralRecord] = []
    for entries in groups.values():
        best, rest = newest(entries)
        others += rest
        run.apply(best, lambda record: write_referral(run, record))
    for other in others:
        run.apply(other, lambda record: write_older(run, record))


def _appointments(run: Run, records: list[AppointmentRecord]) -> list[AppointmentRecord]:
    """One entry for each appointment of a feed: the last of those that are as new as any."""
    groups: dict[tuple[str, str], list[AppointmentRecord]] = {}
    for record in records:
        groups.setdefault((record.origin.source, record.source_id), []).append(record)
    kept = []
    for entries in groups.values():
        best, rest = newest(entries)
        kept.append(best)
        run.report.unchanged += len(rest)
    return kept

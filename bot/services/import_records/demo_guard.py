"""A demo takes no real patients: it shows one-time codes on a page that anybody can open.

Called by `importer` before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.errors import UnreadableInput
from bot.fhir.records import PatientRecord, Record
from bot.settings import get_settings

NEVER_REAL = ("999", "9000", "9449", "9462", "9476", "9912", "10000000")
"""How NHS numbers begin that belong to nobody: 999 is kept for tests (NHS Data Dictionary); the
others are the patients of NHS England's published sandboxes and examples (PDS, e-RS, BaRS)."""


def check_for_demo(records: Iterable[Record]) -> None:
    """Look at every NHS number of an import.

    Raises:
        UnreadableInput: in demo mode, and one of them may be a real person's.
    """
    if get_settings().mode != "demo":
        return
    for record in records:
        for number in _numbers_of(record):
            if not number.startswith(NEVER_REAL):
                raise UnreadableInput(
                    f"{record.origin.file}: this may be a real patient's NHS number, and a demo "
                    "shows one-time codes to everybody. Nothing was imported. Set "
                    "WAYMARK_MODE=production, or import test patients (999…)."
                )


def _numbers_of(record: Record) -> list[str]:
    if isinstance(record, PatientRecord):
        own = [record.nhs_number, record.superseded_by, *record.supersedes]
    else:
        person = getattr(record, "patient", None)
        own = [person.nhs_number if person else None]
    return [number for number in own if number]

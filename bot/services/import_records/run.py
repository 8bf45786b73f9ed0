"""One import while it runs: its counts, its savepoints, and what its keys turned out to mean.

Shared by the modules of this package; made by `importer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from bot.fhir.dates import LONDON
from bot.fhir.origins import reject
from bot.fhir.records import AppointmentRecord, PatientRecord, Record
from bot.fhir.references import Origin, PersonRef
from bot.pathway.states import State
from bot.records.models import Appointment, Referral
from bot.services.import_records.report import ImportReport
from bot.services.updates.standing import standing_of


class Unusable(Exception):
    """This entry can't be used; the message says why, without naming anyone."""


@dataclass
class Move:
    """What an import does to one referral's state: where it was before, and since when it is."""

    before: str | None
    since: date | None = None
    version: str | None = None
    own: bool = False
    as_of: datetime | None = None


@dataclass(frozen=True)
class Stood:
    """An appointment before an import. standing: see `updates.standing`; None: it is new."""

    standing: str | None
    starts_at: datetime | None


@dataclass
class Run:
    """The state of one import.

    referral_ids: keys of references (`ubrn:…`, `request:…`, `pathway:…`, addresses) → row ids.
    moves: row ids of referrals that this import touched. outdated: of those whose entry was
    older than the row. refused: places of entries that couldn't be used. spoken: what an entry of
    this import has settled, the newest first, so that two that contradict each other don't take
    turns. memo: rows that were looked up, so that they aren't again. judged: appointment row
    ids → the record seen, and whether it was news. stood: appointment row ids → how each stood
    before this import.
    """

    session: Session
    now: datetime
    report: ImportReport = field(default_factory=ImportReport)
    person_keys: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    organisation_ids: dict[str, str] = field(default_factory=dict)
    referral_ids: dict[str, str] = field(default_factory=dict)
    moves: dict[str, Move] = field(default_factory=dict)
    outdated: set[str] = field(default_factory=set)
    judged: dict[str, tuple[AppointmentRecord, bool]] = field(default_factory=dict)
    stood: dict[str, Stood] = field(default_factory=dict)
    care_plan_ids: set[str] = field(default_factory=set)
    refused: set[tuple[str, str]] = field(default_factory=set)
    spoken: set[tuple[str, ...]] = field(default_factory=set)
    memo: dict[Any, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The date in England."""
        return self.now.astimezone(LONDON).date()

    def apply(self, record: Record, write: Callable[[Any], bool]) -> None:
        """Write one record in a savepoint; count it as imported, unchanged or rejected."""
        try:
            with self.session.begin_nested():
                changed = write(record)
                self.session.flush()
        except Unusable as refusal:
            self._refuse(record.origin, str(refusal))
        except (IntegrityError, DataError):
            self._refuse(record.origin, "the database refuses it. Tell who looks after Waymark.")
        else:
            if changed:
                self.report.imported[record.COUNTED_AS] += 1
            else:
                self.report.unchanged += 1

    def _refuse(self, origin: Origin, why: str) -> None:
        self.memo.clear()  # the savepoint took back what it may hold
        self.refused.add((origin.file, origin.entry))
        self.reject(origin, why)

    def in_refused(self, origin: Origin) -> bool:
        """Whether a contained resource lies in one that couldn't be used."""
        outer = origin.entry.rpartition("contained[")[0].rstrip(".")
        return origin.contained and (origin.file, outer) in self.refused

    def first_word(self, *about: str) -> bool:
        """Whether nothing in this import has spoken about this yet; it has from now on."""
        first = about not in self.spoken
        self.spoken.add(about)
        return first

    def reject(self, origin: Origin, why: str) -> None:
        """Report an entry that can't be used; one inside another resource isn't expected to be."""
        if not origin.contained:
            self.report.rejected.append(reject(origin, why))

    def know_person(self, record: PatientRecord) -> None:
        """Remember under which keys others may refer to this patient."""
        for key in record.keys:
            for file in (record.origin.file, ""):
                self.person_keys.setdefault((file, key), set()).add(record.nhs_number)

    def number_of(self, person: PersonRef, file: str) -> str | None:
        """The NHS number that a reference means: by the same file first, else if only one fits."""
        if person.nhs_number:
            return person.nhs_number
        for where in (file, ""):
            for key in person.keys:
                numbers = self.person_keys.get((where, key), set())
                if len(numbers) == 1:
                    return next(iter(numbers))
        return None

    def know_referral(self, row: Referral, *keys: str) -> None:
        """Remember under which keys others may refer to this referral."""
        self.memo["referral", row.id] = row
        for key in (*keys, *([f"ubrn:{row.ubrn}"] if row.ubrn else [])):
            self.referral_ids.setdefault(key, row.id)

    def remember(self, row: Appointment, *, new: bool = False) -> None:
        """Keep how an appointment stood before this import; called before it is changed."""
        before = Stood(None, None) if new else Stood(standing_of(row), row.starts_at)
        self.stood.setdefault(row.id, before)

    def move(self, row: Referral, state: State) -> Move:
        """Put a referral in a state. The history is written once, at the end of the import."""
        found = self.moves.setdefault(row.id, Move(before=row.state))
        row.state = state.value
        return found

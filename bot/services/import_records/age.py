"""Which of two sources is newer. Pure; rules 1 and 2 of the package's docstring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeVar

from bot.fhir.records import AppointmentRecord, PatientRecord, ReferralRecord
from bot.fhir.references import Origin

WHOLE_FEEDS = {"ers": 2, "wayfinder": 1}


class Age(Enum):
    """Of an entry, against what is known."""

    OLDER = -1
    UNKNOWN = 0
    NEWER = 1


class Known(Protocol):
    """A row, as far as its age goes."""

    source_version: Any
    source_updated_at: Any


def age(origin: Origin, row: Known, same_feed: bool) -> Age:
    """The age of an entry against a row. same_feed: their versions count the same thing."""
    return _age(
        origin.version if same_feed else None,
        origin.as_of,
        row.source_version,
        row.source_updated_at,
    )


def _age(
    version: str | None, as_of: datetime | None, known: str | None, known_at: datetime | None
) -> Age:
    mine, theirs = _number(version), _number(known)
    if mine is not None and theirs is not None and mine != theirs:
        return Age.NEWER if mine > theirs else Age.OLDER
    if as_of and known_at and as_of != known_at:
        return Age.NEWER if as_of > known_at else Age.OLDER
    return Age.UNKNOWN


def _number(version: str | None) -> int | None:
    plain = version or ""
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 20 else None


Entry = TypeVar("Entry", ReferralRecord, PatientRecord, AppointmentRecord)


def newest(records: Sequence[Entry]) -> tuple[Entry, list[Entry]]:
    """(the one that counts, the others) of several entries about one referral or patient.

    Where neither version nor date tells, a whole resource goes before an extract, e-RS before
    Wayfinder, and a later place in the files before an earlier one.
    """
    best, rest = records[0], []
    for record in records[1:]:
        loser = best if _beats(record, best) else record
        best = record if loser is best else best
        rest.append(loser)
    return best, rest


def _beats(record: Any, best: Any) -> bool:
    if getattr(record, "advice", False) != getattr(best, "advice", False):
        return not record.advice
    mine, theirs = record.origin, best.origin
    same_feed = mine.source == theirs.source
    verdict = _age(mine.version if same_feed else None, mine.as_of, theirs.version, theirs.as_of)
    if verdict is Age.UNKNOWN:
        return _rank(mine) >= _rank(theirs)
    return verdict is Age.NEWER


def _rank(origin: Origin) -> int:
    return 0 if origin.partial else WHOLE_FEEDS.get(origin.source, 1)

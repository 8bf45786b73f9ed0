"""The parts that all records share: where one was read, and whom and what it means.

Used by `records`; resolved to rows by `bot.services.import_records`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Origin:
    """Where a record was read, and how new it is.

    entry: its place in the file, "entry[3]". name: how a reason calls it, "Task 9f7d".
    source: "ers", "wayfinder", "bars" or "fhir".
    version: meta.versionId. as_of: when the source knew this: meta.lastUpdated, else the time
    of the answer (bundle) that it came in, else authoredOn. stated_on: meta.lastUpdated alone.
    contained: it lies inside another resource, so what is missing in it is no fault.
    referral_version: the version of the referral that an e-RS appointment belongs to [R1].
    partial: it is an extract (a worklist's row) and yields to a whole resource of no other age.
    """

    file: str
    entry: str
    name: str
    source: str
    position: int
    version: str | None = None
    as_of: datetime | None = None
    stated_on: date | None = None
    contained: bool = False
    partial: bool = False
    referral_version: str | None = None


@dataclass(frozen=True)
class PersonRef:
    """A patient as meant elsewhere: by NHS number, or by keys that a Patient resource has."""

    nhs_number: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrganisationRef:
    """An organisation as meant elsewhere. kind: gp_practice, hospital or other.

    service: the e-RS number of a clinic's service, for which HealthcareService has the contact.
    """

    kind: str
    ods_code: str | None = None
    name: str | None = None
    service: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contact:
    """How patients reach an organisation or one of its services."""

    name: str
    phone: str | None = None
    email: str | None = None
    hours: str | None = None
    specialty_code: str | None = None

"""Organisations and their contacts. Called by `importer` first, and to resolve references."""

from __future__ import annotations

from sqlalchemy import select

from bot.fhir.people import tidy_name
from bot.fhir.records import OrganisationRecord
from bot.fhir.references import Contact, OrganisationRef
from bot.records.models import Organisation, OrganisationContact, WaitingTime
from bot.services.import_records.run import Run, Unusable


def write_organisation(run: Run, record: OrganisationRecord) -> bool:
    """Insert or update one organisation with its contacts. True when something changed."""
    ref = record.organisation
    row, made = _find_or_make(run, ref)
    if row is None:
        raise Unusable("it has no name. Ask the sender for it.")
    changed = made
    run.session.flush()
    renamed = bool(ref.name and ref.ods_code and not record.is_service)
    if renamed and run.first_word("name", row.id) and row.name != ref.name:
        row.name, changed = ref.name, True
    if row.kind == "other" and ref.kind != "other":
        row.kind, changed = ref.kind, True
    for contact in record.contacts:
        changed = _write_contact(run, row, contact) or changed
    run.session.flush()
    for key in (*ref.keys, *([f"service:{ref.service}"] if ref.service else [])):
        run.organisation_ids.setdefault(key, row.id)
    return changed


def organisation_id(run: Run, ref: OrganisationRef | None) -> str | None:
    """The row that a reference means, made if need be; None when nobody knows its name."""
    if ref is None:
        return None
    if ref not in run.memo:
        found = _organisation_id(run, ref)
        if found is None:
            return None
        run.memo[ref] = found
    return str(run.memo[ref])


def _organisation_id(run: Run, ref: OrganisationRef) -> str | None:
    keys = [*ref.keys, *([f"service:{ref.service}"] if ref.service else [])]
    if not ref.ods_code:
        known = next(
            (run.organisation_ids[key] for key in keys if key in run.organisation_ids), None
        )
        if known:
            return known
    row, made = _find_or_make(run, ref)
    if row is None:
        return None
    if row.kind == "other" and ref.kind != "other":
        row.kind = ref.kind
    if made:
        run.session.flush()
    return str(row.id)


def _find_or_make(run: Run, ref: OrganisationRef) -> tuple[Organisation | None, bool]:
    """(row, made): by ODS code, else by the name of a contact or of the organisation.

    One with neither a name here nor in the waiting times isn't made: a patient would be shown
    its code.
    """
    session = run.session
    name = (ref.name or "")[:200]
    if ref.ods_code:
        row = session.scalars(select(Organisation).filter_by(ods_code=ref.ods_code)).first()
        name = name or (None if row else _name_in_figures(run, ref.ods_code)) or ""
    elif name:
        row = session.scalars(
            select(Organisation)
            .filter_by(name=name)
            .order_by(Organisation.ods_code.is_(None), Organisation.id)
        ).first()
        row = (
            row
            or session.scalars(
                select(Organisation)
                .join(OrganisationContact)
                .where(OrganisationContact.name == name)
                .order_by(Organisation.id)
            ).first()
        )
    else:
        return None, False
    if row or not name:
        return row, False
    row = Organisation(ods_code=ref.ods_code, name=name, kind=ref.kind)
    session.add(row)
    return row, True


def _name_in_figures(run: Run, code: str) -> str | None:
    statement = select(WaitingTime.provider_name).filter_by(provider_code=code).limit(1)
    return tidy_name(run.session.scalars(statement).first())


def _write_contact(run: Run, row: Organisation, contact: Contact) -> bool:
    """Insert or update a contact, by its name and specialty. True when something changed."""
    run.session.flush()
    name = (contact.name or row.name)[:200]
    found = run.session.scalars(
        select(OrganisationContact).filter_by(
            organisation_id=row.id, specialty_code=contact.specialty_code, name=name
        )
    ).first()
    if found is None:
        found = OrganisationContact(
            organisation_id=row.id, specialty_code=contact.specialty_code, name=name
        )
        run.session.add(found)
    changed = False
    first = run.first_word("contact", row.id, contact.specialty_code or "", name)
    for field in ("phone", "email", "hours"):
        said, known = getattr(contact, field), getattr(found, field)
        if said and known != said and (first or known is None):
            setattr(found, field, said)
            changed = True
    return changed

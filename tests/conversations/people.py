"""Patients for conversations: each with one referral, and a number that no other test uses."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from bot.pathway.states import State
from bot.records.chat_models import Handoff
from bot.records.models import Patient
from bot.records.session import transaction
from tests.site.patient import PatientPage
from tests.site.running import Site, add_patient, add_referral, nhs_number
from tests.site.telegram_patient import TelegramPatient

BORN, BORN_TYPED = date(1970, 1, 2), "2 January 1970"
PROVIDER = "King's College Hospital"
"""Said in every answer from these patients' records, and in no other sentence."""


def person(index: int, **fields: object) -> str:
    """A patient with a referral in triage; returns the NHS number. Again: brings them up to date.

    Args:
        index: of `nhs_number`, from 600 on for these tests.
        fields: of the patient.
    """
    number = nhs_number(index)
    with transaction() as session:
        row = session.execute(
            select(Patient).where(Patient.nhs_number == number)
        ).scalar_one_or_none()
        if row is None:
            row = add_patient(session, number, **({"birth_date": BORN} | fields))
            add_referral(session, row, State.IN_TRIAGE, source_id=f"person-{index}")
    return number


def sign_in(site: Site, page: PatientPage, number: str, typed: str = BORN_TYPED) -> None:
    """Sign in by NHS number and code; the answer tells of the referral."""
    page.say("where is my referral?")
    page.say(number)
    page.say(typed)
    assert PROVIDER in page.say(site.code())[-1].text


def conversation_of(page: PatientPage | TelegramPatient) -> str:
    """The conversation's id."""
    return page.conversation


def handoffs_of(page: PatientPage | TelegramPatient) -> list[tuple[str, str, int]]:
    """(kind, reason, priority) of a conversation's hand-offs, oldest first."""
    with transaction() as session:
        rows = session.execute(
            select(Handoff)
            .where(Handoff.conversation_id == conversation_of(page))
            .order_by(Handoff.created_at)
        ).scalars()
        return [(row.kind, row.reason, row.priority) for row in rows]

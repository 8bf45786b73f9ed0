"""Hand-offs for the tests of the queue and of chats: opened as the patient's side opens them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.pathway.states import State
from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.identity_models import IdentitySession
from bot.records.models import Patient, Referral, ReferralState
from bot.records.staff_models import Staff, Team
from bot.services.conversations import open_conversation
from bot.services.handoffs import claim_handoff, open_handoff
from bot.services.identity import start_identity
from bot.services.seal import seal_text
from bot.services.transcript import Answer, store_answer, store_patient_message
from tests.console.conftest import Console
from tests.records.making import a_hospital, a_patient, a_referral
from tests.site.running import nhs_number

BORN = date(1961, 5, 3)


@dataclass(frozen=True)
class Known:
    """A patient with a referral that a hospital should have read by now."""

    patient: Patient
    referral: Referral


def zofia(console: Console, **fields: Any) -> Known:
    """Zofia Wzorek, whose referral lies at Hospital RZ9; `fields` of the patient differ."""
    values: dict[str, Any] = {
        "birth_date": BORN,
        "given_name": "Zofia",
        "family_name": "Wzorek",
        "postcode": "SE17 1AA",
        "phone": "07700 900101",
        "language": "pl",
    }
    with console.transaction() as session:
        patient = a_patient(session, nhs_number(101), **(values | fields))
        referral = a_referral(
            session,
            patient,
            State.IN_TRIAGE,
            provider_id=a_hospital(session).id,
            specialty="Orthopaedics",
            specialty_code="C_110",
            state_since=date(2026, 4, 2),
            review_due=date(2026, 4, 20),
            checked_at=console.now,
        )
        session.add(ReferralState(referral_id=referral.id, state="in_triage"))
        return Known(patient, referral)


def a_chat(
    console: Console,
    team: Team,
    *,
    reason: str = "asked_for",
    kind: str = "chat",
    language: str | None = "pl",
    known: Known | None = None,
    said: str | None = None,
) -> Handoff:
    """A waiting hand-off in a conversation of its own."""
    with console.transaction() as session:
        conversation = open_conversation(session, "web", console.now)
        conversation.language = language
        if known is not None:
            start_identity(session, conversation.id, known.patient.id, "invitation", console.now)
        if said is not None:
            write(console, conversation.id, said, session=session)
        return open_handoff(
            session,
            conversation.id,
            kind,
            reason,
            console.now,
            team_id=team.id,
            referral_id=known.referral.id if known else None,
        )


def write(console: Console, conversation_id: str, text: str, *, session: Any = None) -> Message:
    """The patient writes; identifiers are sealed, as at the door."""
    if session is None:
        with console.transaction() as opened:
            return write(console, conversation_id, text, session=opened)
    sealed = seal_text(session, conversation_id, text, console.now, None)
    number = session.query(Message).filter_by(conversation_id=conversation_id).count()
    row, _ = store_patient_message(session, conversation_id, f"p{number}", sealed, console.now)
    return row


def answer(console: Console, conversation_id: str, text: str, **how: Any) -> Message:
    """The assistant answers."""
    with console.transaction() as session:
        said = Answer(text, how.pop("language", "pl"), ("utter_x",), **how)
        return store_answer(session, conversation_id, said, console.now)


def claimed(console: Console, staff: Staff, handoff: Handoff) -> Handoff:
    """The same, held by somebody."""
    with console.transaction() as session:
        return claim_handoff(session, session.get(Staff, staff.id), handoff.id, console.now)


def end_identity_of(console: Console, handoff: Handoff) -> None:
    """The patient's identity session is over."""
    with console.transaction() as session:
        for row in session.query(IdentitySession).filter_by(
            conversation_id=handoff.conversation_id
        ):
            row.ended_at, row.ended_reason = console.now, "idle"


def leave(console: Console, handoff: Handoff) -> None:
    """The patient leaves the page."""
    with console.transaction() as session:
        session.get(Conversation, handoff.conversation_id).ended_at = console.now

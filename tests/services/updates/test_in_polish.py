"""The clock moves one referral through all 22 states: what its patient reads in Polish.

`messages_in_polish/*.txt` keeps the sequence, on the page of a signed-in patient and on Telegram.
After a sentence was changed, `WAYMARK_WRITE_TRANSCRIPTS=1` writes what is said now: read the
difference as the patient before committing it.
"""

from __future__ import annotations

import os
import textwrap
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from bot.pathway.states import State
from bot.records.chat_models import Conversation, Message
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment, Organisation
from bot.records.session import transaction
from tests.records.making import NOW
from tests.services.updates.conftest import Subscribed, subscribed

FOLDER = Path(__file__).parent / "messages_in_polish"
DAYS_APART = 4
APPOINTMENTS = {
    State.APPOINTMENT_OFFERED: "offered",
    State.BOOKED: "booked",
    State.CHANGE_PENDING: "change_pending",
    State.CANCELLED_BY_PATIENT: "cancelled_by_patient",
    State.CANCELLED_BY_HOSPITAL: "cancelled_by_hospital",
}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("channel", ["web", "telegram"])
def test_all_states_read_right_in_polish(engine: Engine, channel: str) -> None:
    patient = subscribed(engine, 520, channel=channel)
    _in_polish(patient)
    patient.move(State.CANNOT_SEE, NOW)
    patient.tell(NOW)  # where the sequence begins
    said = [f"# What a Polish patient is told as a referral moves through all states: {channel}"]
    at = NOW
    for state in State:
        at += timedelta(days=DAYS_APART)
        _stay_signed_in(patient, at)
        _appointment(patient, state, at)
        patient.move(state, at)
        assert patient.tell(at) == 1, state
        said.append(_shown(patient.said()[-1], state, at))
    assert [told for _, told, _ in patient.updates()] == [True] * (len(State) + 1)
    path, actual = FOLDER / f"{channel}.txt", "\n\n".join(said) + "\n"
    if os.environ.get("WAYMARK_WRITE_TRANSCRIPTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(actual)
    assert actual == path.read_text()


def _in_polish(patient: Subscribed) -> None:
    with transaction(patient.engine) as session:
        session.get(Conversation, patient.conversation_id).language = "pl"
        hospital = session.query(Organisation).filter_by(ods_code="RZ520").one()
        hospital.name = "King's College Hospital"


def _stay_signed_in(patient: Subscribed, at: datetime) -> None:
    with transaction(patient.engine) as session:
        session.query(IdentitySession).one().last_seen_at = at


def _appointment(patient: Subscribed, state: State, at: datetime) -> None:
    """The appointment that goes with a state."""
    if state is State.APPOINTMENT_OFFERED:
        patient.appointment(at + timedelta(days=19), source_id="visit", status="offered")
    elif state in APPOINTMENTS:
        with transaction(patient.engine) as session:
            row = session.query(Appointment).filter_by(source_id="visit").one()
            row.status = APPOINTMENTS[state]
    elif state is State.ADMISSION_BOOKED:
        patient.appointment(at + timedelta(days=12), source_id="stay", admission=True)


def _shown(message: Message, state: State, at: datetime) -> str:
    paragraphs = [
        textwrap.fill(part, 96, break_long_words=False, break_on_hyphens=False)
        for part in message.text.split("\n\n")
    ]
    titles = " ".join(f"[{button['title']}]" for button in message.buttons)
    head = f"--- {state.number}, {state.value}, {at:%Y-%m-%d}"
    return "\n\n".join([head, *paragraphs, titles])

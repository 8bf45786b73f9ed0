"""What the database itself refuses, whoever writes to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from bot.records.chat_models import AuditEntry, Handoff, Message
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment, Organisation, Patient, Referral, WaitingTime
from bot.records.session import transaction
from bot.services.audit import audit
from bot.services.teams import default_team
from tests.records.making import (
    NOW,
    a_conversation,
    a_patient,
    a_referral,
    an_identity,
)
from tests.site.running import nhs_number

NUMBER, OTHER = nhs_number(500), nhs_number(501)
WAIT = {
    "provider_code": "RZ9",
    "treatment_function_code": "C_110",
    "period": "2026-03",
    "provider_name": "x",
    "treatment_function": "x",
    "total": 10,
    "pct_within_18_weeks": 0.5,
    "median_weeks": 10.0,
    "p92_weeks": 20.0,
    "source": "x",
}
SEEN: dict[str, Any] = {"source": "s", "checked_at": NOW}


def patient_row(**fields: Any) -> Callable[[Session], Any]:
    return lambda session: Patient(**fields)


def referral_row(**fields: Any) -> Callable[[Session], Any]:
    known = {**SEEN, "source_id": "1", "state": "booked", **fields}
    return lambda session: Referral(patient_id=a_patient(session, NUMBER).id, **known)


def appointment_row(**fields: Any) -> Callable[[Session], Any]:
    known = {**SEEN, "source_id": "1", "status": "booked", **fields}
    return lambda session: Appointment(patient_id=a_patient(session, NUMBER).id, **known)


def handoff_row(**fields: Any) -> Callable[[Session], Any]:
    known = {"kind": "task", "reason": "complaint", "priority": 3, "reply_due_at": NOW, **fields}
    return lambda session: Handoff(
        conversation_id=a_conversation(session).id, team_id=default_team(session).id, **known
    )


def message_row(**fields: Any) -> Callable[[Session], Any]:
    known = {"seq": 1, "sender": "patient", "text": "x", "status": "received", **fields}
    return lambda session: Message(conversation_id=a_conversation(session).id, **known)


def identity_row(**fields: Any) -> Callable[[Session], Any]:
    known = {"method": "code", "started_at": NOW, "last_seen_at": NOW, **fields}
    return lambda session: IdentitySession(
        conversation_id=a_conversation(session).id,
        patient_id=a_patient(session, NUMBER).id,
        **known,
    )


WRONG: dict[str, tuple[Callable[[Session], Any], Callable[[Session], Any]]] = {
    "an NHS number of nine digits": (
        patient_row(nhs_number=NUMBER[:9]),
        patient_row(nhs_number=NUMBER),
    ),
    "a patient superseded by themselves": (
        patient_row(nhs_number=NUMBER, superseded_by=NUMBER),
        patient_row(nhs_number=NUMBER, superseded_by=OTHER),
    ),
    "an unknown state": (referral_row(state="lost"), referral_row(state="in_triage")),
    "an unknown priority": (referral_row(priority="asap"), referral_row(priority="urgent")),
    "a UBRN of eleven digits": (referral_row(ubrn="1" * 11), referral_row(ubrn="1" * 12)),
    "an unknown status of an appointment": (
        appointment_row(status="maybe"),
        appointment_row(status="missed"),
    ),
    "an unknown way to meet": (
        appointment_row(medium="telepathy"),
        appointment_row(medium="video"),
    ),
    "an organisation of unknown kind": (
        lambda session: Organisation(name="x", kind="bank"),
        lambda session: Organisation(name="x", kind="hospital"),
    ),
    "a share above one": (
        lambda session: WaitingTime(**{**WAIT, "pct_within_18_weeks": 58.3}),
        lambda session: WaitingTime(**WAIT),
    ),
    "nine of ten waiting less than half": (
        lambda session: WaitingTime(**{**WAIT, "p92_weeks": 9.0}),
        lambda session: WaitingTime(**{**WAIT, "p92_weeks": 10.0}),
    ),
    "a hand-off of unknown kind": (handoff_row(kind="fax"), handoff_row(kind="chat")),
    "a hand-off without a known reason": (
        handoff_row(reason="boredom"),
        handoff_row(reason="red_flag"),
    ),
    "a priority of 5": (handoff_row(priority=5), handoff_row(priority=4)),
    "a hand-off in an unknown state": (handoff_row(state="x"), handoff_row(state="resolved")),
    "a message of an unknown sender": (message_row(sender="x"), message_row(sender="bot")),
    "a message of unknown status": (message_row(status="x"), message_row(status="answered")),
    "an unknown way to verify": (identity_row(method="guess"), identity_row(method="staff")),
    "an identity that ends before it starts": (
        identity_row(ended_at=NOW - timedelta(1)),
        identity_row(ended_at=NOW),
    ),
    "a conversation that awaits the unknown": (
        lambda session: a_conversation(session, awaiting="shoe_size"),
        lambda session: a_conversation(session, awaiting="code"),
    ),
    "a referral of nobody": (
        lambda session: Referral(**SEEN, source_id="1", state="booked", patient_id="x" * 32),
        referral_row(),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_database_refuses_a_wrong_row_and_takes_a_right_one(engine: Engine, case: str) -> None:
    wrong, right = WRONG[case]
    with transaction(engine) as session:
        session.add(right(session))
        session.flush()
        session.rollback()
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(wrong(session))


def test_a_conversation_has_one_running_identity_session(engine: Engine) -> None:
    with transaction(engine) as session:
        patient, talk = a_patient(session, NUMBER), a_conversation(session)
        an_identity(session, patient, talk, ended_at=NOW)
        an_identity(session, patient, talk)
        an_identity(session, patient)
        patient_id, talk_id = patient.id, talk.id
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(IdentitySession(conversation_id=talk_id, patient_id=patient_id, method="code"))


def test_a_conversation_has_one_open_handoff_of_a_kind_and_reason(engine: Engine) -> None:
    fields = {"kind": "task", "reason": "complaint", "priority": 3, "reply_due_at": NOW}
    with transaction(engine) as session:
        talk = a_conversation(session).id
        fields["team_id"] = default_team(session).id
        for state in ("resolved", "withdrawn", "waiting"):
            session.add(Handoff(conversation_id=talk, state=state, **fields))
        session.add(Handoff(conversation_id=talk, **{**fields, "kind": "chat"}))
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(Handoff(conversation_id=talk, state="claimed", **fields))
    other_reason = {**fields, "kind": "chat", "reason": "asked_for"}  # one chat, whatever it is for
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(Handoff(conversation_id=talk, state="claimed", **other_reason))


@pytest.mark.parametrize(
    "twice", [{"seq": 1}, {"channel_message_id": "m1"}, {"reply_to_id": None, "ordinal": 1}]
)
def test_a_conversations_number_and_a_channels_message_id_are_given_once(
    engine: Engine, twice: dict[str, Any]
) -> None:
    with transaction(engine) as session:
        first = message_row(channel_message_id="m1")(session)
        session.add(first)
        session.flush()
        answer = {"sender": "bot", "text": "x", "status": "sent"}
        talk, asked = first.conversation_id, first.id
        session.add(Message(conversation_id=talk, seq=2, reply_to_id=asked, ordinal=1, **answer))
    if "reply_to_id" in twice:
        twice = {"reply_to_id": asked, "ordinal": 1}
    fields = {"seq": 3, "sender": "bot", "text": "x", "status": "sent", **twice}
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(Message(conversation_id=talk, **fields))


@pytest.mark.parametrize(
    "statement",
    [update(AuditEntry).values(actor="nobody"), delete(AuditEntry)],
    ids=["changed", "deleted"],
)
def test_an_audit_row_can_neither_be_changed_nor_deleted(engine: Engine, statement: Any) -> None:
    with transaction(engine) as session:
        audit(session, "tests", "looked", "patient", "1")
    with pytest.raises(DatabaseError, match="append-only"), transaction(engine) as session:
        session.execute(statement)
    with transaction(engine) as session:
        assert session.execute(select(AuditEntry.actor)).scalars().all() == ["tests"]


def test_an_audit_row_without_an_actor_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="needs an actor"), transaction(engine) as session:
        audit(session, "", "looked", "patient", "1")


def test_a_moment_needs_its_zone_and_comes_back_in_utc(engine: Engine) -> None:
    summer = datetime.fromisoformat("2026-05-04T10:00:00+01:00")
    with transaction(engine) as session:
        referral = a_referral(session, a_patient(session, NUMBER), checked_at=summer)
        key = referral.id
    with transaction(engine) as session:
        read = session.get(Referral, key).checked_at
        assert (read, read.utcoffset()) == (summer, timedelta(0))
    with pytest.raises(StatementError, match="without a zone"), transaction(engine) as session:
        session.get(Referral, key).checked_at = datetime(2026, 5, 4, 10, 0)


def test_a_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    def write_and_fail(session: Session) -> None:
        a_patient(session, NUMBER, birth_date=date(1961, 5, 3))
        raise RuntimeError

    with pytest.raises(RuntimeError), transaction(engine) as session:
        write_and_fail(session)
    with transaction(engine) as session:
        assert session.execute(select(Patient)).all() == []

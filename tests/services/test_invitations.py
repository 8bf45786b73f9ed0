"""Invitation links: what opening, using and ageing does to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.chat_models import AuditEntry, Conversation
from bot.records.identity_models import Invitation
from bot.records.models import Patient
from bot.records.session import transaction
from bot.services.identity import check_invitation, current_identity
from bot.services.invitations import has_open_invitation, issue_invitation, open_invitation
from bot.settings import get_settings
from tests.records.making import NOW, a_conversation, a_patient, an_identity
from tests.site.running import nhs_number

DAYS = timedelta(days=get_settings().invitation_days)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def patient(session: Session) -> Patient:
    return a_patient(session, nhs_number(550))


@pytest.fixture
def talk(session: Session) -> Conversation:
    return a_conversation(session)


def test_a_link_is_stored_only_as_a_hash_and_its_issue_is_audited(
    session: Session, patient: Patient
) -> None:
    token = issue_invitation(session, patient.id, "staff:1", NOW)
    row = session.execute(select(Invitation)).scalar_one()
    entry = session.execute(select(AuditEntry)).scalar_one()
    assert token not in row.token_hash
    assert (row.expires_at, row.used_at) == (NOW + DAYS, None)
    assert (entry.actor, entry.action, entry.subject_id) == (
        "staff:1",
        "invitation_issued",
        patient.id,
    )
    assert token not in str(entry.detail)


def test_opening_a_link_many_times_spends_nothing(
    session: Session, patient: Patient, talk: Conversation
) -> None:
    token = issue_invitation(session, patient.id, "staff:1", NOW)
    opened = [open_invitation(session, a_conversation(session), token, NOW) for _ in range(3)]
    assert opened == [True] * 3
    assert open_invitation(session, talk, token, NOW)
    assert has_open_invitation(session, talk.id, NOW)


def test_the_right_date_of_birth_uses_a_link_up_for_everybody(
    session: Session, patient: Patient, talk: Conversation
) -> None:
    token = issue_invitation(session, patient.id, "staff:1", NOW)
    other = a_conversation(session)
    for conversation in (talk, other):
        open_invitation(session, conversation, token, NOW)
    assert check_invitation(session, talk.id, patient.birth_date, NOW) is not None
    assert not has_open_invitation(session, other.id, NOW)
    assert check_invitation(session, other.id, patient.birth_date, NOW) is None
    assert not open_invitation(session, a_conversation(session), token, NOW)


@pytest.mark.parametrize(
    ("age", "opens"), [(DAYS - timedelta(seconds=1), True), (DAYS, False), (2 * DAYS, False)]
)
def test_a_link_is_good_until_its_days_are_over(
    session: Session, patient: Patient, talk: Conversation, age: timedelta, opens: bool
) -> None:
    token = issue_invitation(session, patient.id, "staff:1", NOW)
    assert open_invitation(session, talk, token, NOW + age) == opens
    assert has_open_invitation(session, talk.id, NOW + age) == opens


@pytest.mark.parametrize("token", ["", "x" * 32, "../../etc/passwd"])
def test_an_unknown_link_opens_nothing(session: Session, talk: Conversation, token: str) -> None:
    assert not open_invitation(session, talk, token, NOW)
    assert talk.invitation_id is None


def test_another_patients_link_ends_the_running_identity_session(
    session: Session, patient: Patient, talk: Conversation
) -> None:
    other = a_patient(session, nhs_number(551))
    mine, theirs = (issue_invitation(session, p.id, "staff:1", NOW) for p in (patient, other))
    open_invitation(session, talk, mine, NOW)
    an_identity(session, patient, talk)
    open_invitation(session, talk, mine, NOW)
    assert current_identity(session, talk.id, NOW) is not None
    open_invitation(session, talk, "unknown", NOW)
    assert current_identity(session, talk.id, NOW) is not None
    open_invitation(session, talk, theirs, NOW)
    assert current_identity(session, talk.id, NOW) is None

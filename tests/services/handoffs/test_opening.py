"""Hand-offs: one is open for each kind and reason, and it is raised, not repeated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.pathway.handoff_rules import PRIORITIES
from bot.records.chat_models import HANDOFF_REASONS, AuditEntry, Handoff
from bot.records.session import transaction
from bot.services.handoffs import open_handoff
from tests.records.making import NOW, a_conversation, a_patient, a_referral
from tests.site.running import nhs_number

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


def count(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(Handoff)).scalar_one())


def test_the_same_need_again_raises_the_open_handoff(session: Session) -> None:
    talk = a_conversation(session).id
    referral = a_referral(session, a_patient(session, nhs_number(540))).id
    first = open_handoff(session, talk, "task", "complaint", NOW)
    again = open_handoff(session, talk, "task", "complaint", LATER, referral_id=referral)
    assert (again.id, again.times_raised, count(session)) == (first.id, 2, 1)
    assert (again.created_at, again.updated_at, again.referral_id) == (NOW, LATER, referral)
    assert open_handoff(session, talk, "task", "complaint", LATER).referral_id == referral


@pytest.mark.parametrize(("first", "then", "kept"), [(3, 1, 1), (1, 3, 1), (2, 2, 2)])
def test_a_raised_handoff_keeps_the_graver_priority(
    session: Session, first: int, then: int, kept: int
) -> None:
    talk = a_conversation(session).id
    open_handoff(session, talk, "task", "complaint", NOW, priority=first)
    row = open_handoff(session, talk, "task", "complaint", LATER, priority=then)
    assert row.priority == kept


def test_another_kind_reason_or_conversation_is_a_handoff_of_its_own(session: Session) -> None:
    talk, other = a_conversation(session).id, a_conversation(session).id
    for where, kind, reason in (
        (talk, "task", "complaint"),
        (talk, "chat", "complaint"),
        (talk, "task", "interpreter"),
        (other, "task", "complaint"),
    ):
        assert open_handoff(session, where, kind, reason, NOW).times_raised == 1
    assert count(session) == 4


@pytest.mark.parametrize(
    ("state", "rows"), [("waiting", 1), ("claimed", 1), ("resolved", 2), ("withdrawn", 2)]
)
def test_a_closed_handoff_stays_closed_and_a_new_one_is_opened(
    session: Session, state: str, rows: int
) -> None:
    talk = a_conversation(session).id
    open_handoff(session, talk, "chat", "asked_for", NOW).state = state
    session.flush()
    open_handoff(session, talk, "chat", "asked_for", LATER)
    assert count(session) == rows


@pytest.mark.parametrize("reason", HANDOFF_REASONS)
def test_every_reason_can_be_opened_and_is_audited(session: Session, reason: str) -> None:
    row = open_handoff(session, a_conversation(session).id, "task", reason, NOW)
    assert row.priority == PRIORITIES.get(reason, 3)
    entry = session.execute(select(AuditEntry)).scalar_one()
    assert (entry.action, entry.subject_id) == ("handoff_opened", row.id)
    assert entry.detail == {"reason": reason, "kind": "task"}


def test_an_emergency_is_the_most_urgent() -> None:
    assert set(PRIORITIES) <= set(HANDOFF_REASONS)
    assert PRIORITIES["red_flag"] == min(PRIORITIES.values()) == 1

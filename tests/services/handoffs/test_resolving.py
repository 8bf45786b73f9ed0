"""How a hand-off ends: what is left is somebody's, and it comes back when nothing moves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.errors import NotHolder, WaymarkError
from bot.pathway.states import State
from bot.records.chat_models import Handoff
from bot.services.handoffs import (
    claim_handoff,
    open_handoff,
    reconcile_slots,
    reopen_unmoved,
    resolve_handoff,
    with_coordinator,
)
from tests.records.making import NOW, a_patient, a_referral
from tests.services.conftest import Desk
from tests.site.running import nhs_number

FRIDAY = date(2026, 5, 8)
SATURDAY = NOW + timedelta(days=5)


def resolve(
    desk: Desk, handoff: Handoff, left_with: str = "nobody", due: date | None = None
) -> None:
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    resolve_handoff(
        desk.session,
        desk.amara,
        handoff.id,
        NOW,
        done="Called the hospital.",
        left_with=left_with,
        left_due_on=due,
    )


def test_a_resolved_chat_gives_the_patient_back_to_the_bot(desk: Desk) -> None:
    handoff = desk.chat()
    resolve(desk, handoff)
    assert not with_coordinator(desk.session, handoff.conversation_id, NOW)
    assert desk.said(handoff)[-1] == "utter_handoff_resolved,utter_assistant_back"
    assert desk.slots(handoff) == [True, False]
    with pytest.raises(NotHolder, match="closed"):
        resolve_handoff(
            desk.session,
            desk.amara,
            handoff.id,
            NOW,
            done="Again.",
            left_with="nobody",
            left_due_on=None,
        )


@pytest.mark.parametrize("holder", ["hospital", "gp_practice", "patient", "coordinator"])
def test_the_patient_is_told_who_does_the_rest_and_by_when(desk: Desk, holder: str) -> None:
    handoff = desk.chat("en")
    resolve(desk, handoff, holder, FRIDAY)
    assert f"utter_left_{holder}" in desk.said(handoff)[-1]
    assert "8 May 2026" in desk.texts(handoff)[-1]


def test_a_task_that_the_patient_asked_for_is_told_when_done_a_red_flag_is_not(desk: Desk) -> None:
    talk = desk.talk(desk.chat()).id
    asked = open_handoff(desk.session, talk, "task", "appointment_change", NOW)
    resolve(desk, asked)
    assert desk.said(asked) == ["utter_task_done"]
    flag = open_handoff(desk.session, talk, "task", "red_flag", NOW)
    resolve(desk, flag)
    assert desk.said(flag) == ["utter_task_done"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"done": " ", "left_with": "nobody", "left_due_on": None}, "Say what was done"),
        ({"done": "x", "left_with": "me", "left_due_on": None}, "Choose who owns"),
        ({"done": "x", "left_with": "hospital", "left_due_on": None}, "by when"),
        ({"done": "x", "left_with": "hospital", "left_due_on": date(2026, 5, 3)}, "in the past"),
    ],
)
def test_a_resolve_that_lacks_something_says_what(
    desk: Desk, fields: dict[str, object], said: str
) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    with pytest.raises(WaymarkError, match=said):
        resolve_handoff(desk.session, desk.amara, handoff.id, NOW, **fields)  # type: ignore[arg-type]
    assert handoff.state == "claimed"


@pytest.mark.parametrize(("moves", "opened"), [(False, 1), (True, 0)])
def test_it_opens_again_when_the_record_has_not_moved_by_the_day(
    desk: Desk, moves: bool, opened: int
) -> None:
    referral = a_referral(desk.session, a_patient(desk.session, nhs_number(560)))
    handoff = desk.chat(referral_id=referral.id)
    resolve(desk, handoff, "hospital", FRIDAY)
    if moves:
        referral.state = State.BOOKED.value
        desk.session.flush()
    assert reopen_unmoved(desk.session, NOW + timedelta(days=4)) == 0
    assert reopen_unmoved(desk.session, SATURDAY) == opened
    assert reopen_unmoved(desk.session, SATURDAY) == 0
    again = desk.session.execute(
        select(Handoff).where(Handoff.reopened_from_id == handoff.id)
    ).scalars()
    found = [(one.kind, one.reason, one.priority, one.referral_id) for one in again]
    assert found == [("task", "overdue_referral", 1, referral.id)][:opened]
    assert (desk.said(handoff)[-1] == "utter_handoff_reopened") is bool(opened)


def test_slots_are_reconciled_with_the_rows(desk: Desk) -> None:
    claimed, waiting = desk.chat(), desk.chat()
    claim_handoff(desk.session, desk.amara, claimed.id, NOW)
    assert reconcile_slots(desk.session, NOW) == 2
    assert (desk.slots(claimed), desk.slots(waiting)) == ([True, True], [False])

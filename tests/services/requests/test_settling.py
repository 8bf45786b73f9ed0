"""How a request ends: by staff, by the record, by the patient."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.services.explain_referral import explain_lone_appointment
from bot.services.handoffs import claim_handoff, resolve_handoff
from bot.services.import_records import import_records
from bot.services.requests.settling import note_changes, take_back
from tests.records.making import NOW
from tests.services.requests.conftest import Asking

CHANGES = ("cannot_come", "another_day")


def told(asking: Asking) -> list[str]:
    found = explain_lone_appointment(asking.desk.session, asking.identity, "ask_appointment", NOW)
    assert found is not None
    return [line.response for line in found[0] if line.response.startswith("utter_request_")]


def test_an_open_request_is_told_with_the_appointment_until_staff_settle_it(
    asking: Asking,
) -> None:
    row = asking.ask("another_day")
    assert told(asking) == ["utter_request_another_day"]
    session, amara = asking.desk.session, asking.desk.amara
    claim_handoff(session, amara, row.handoff_id, NOW)
    how = {"done": "Called.", "left_with": "nobody", "left_due_on": None}
    resolve_handoff(session, amara, row.handoff_id, NOW, **how)
    assert row.state == "answered"
    assert told(asking) == []
    assert "utter_task_done" in asking.desk.said(row.handoff)


@pytest.mark.parametrize(
    "change", [{"status": "cancelled_by_hospital"}, {"starts_at": NOW + timedelta(days=12)}]
)
def test_a_change_in_the_record_closes_the_request_and_keeps_the_task(
    asking: Asking, change: dict[str, object]
) -> None:
    row = asking.ask("another_day")
    assert note_changes(asking.desk.session, NOW) == 0
    for name, value in change.items():
        setattr(asking.appointment, name, value)
    asking.desk.session.flush()
    assert note_changes(asking.desk.session, NOW) == 1
    assert (row.state, row.handoff.state) == ("changed", "waiting")
    assert note_changes(asking.desk.session, NOW) == 0
    assert told(asking) == []


def test_taken_back_while_it_waits_the_task_goes_too(asking: Asking) -> None:
    row = asking.ask("cannot_come")
    session = asking.desk.session
    assert take_back(session, asking.identity, asking.appointment.id, CHANGES, NOW) == 1
    assert (row.state, row.handoff.state) == ("withdrawn", "withdrawn")
    assert take_back(session, asking.identity, asking.appointment.id, CHANGES, NOW) == 0


def test_taken_back_while_somebody_works_on_it_the_task_stays_with_them(asking: Asking) -> None:
    row = asking.ask("cannot_come")
    session = asking.desk.session
    claim_handoff(session, asking.desk.amara, row.handoff_id, NOW)
    take_back(session, asking.identity, asking.appointment.id, CHANGES, NOW)
    assert (row.state, row.handoff.state) == ("withdrawn", "claimed")


def test_a_task_with_something_left_in_it_stays(asking: Asking) -> None:
    asking.ask("confirm")
    row = asking.ask("another_day")
    row.handoff_id = asking.ask("another_day").handoff_id
    confirm = asking.ask("confirm")  # takes the other back itself
    assert (row.state, confirm.state, confirm.handoff.state) == ("withdrawn", "asked", "waiting")


def test_support_is_told_with_the_appointment(asking: Asking) -> None:
    asking.ask("interpreter")
    asking.ask("access")
    assert set(told(asking)) == {"utter_request_interpreter", "utter_request_access"}


def test_an_import_looks_for_changes_at_its_end(asking: Asking) -> None:
    row = asking.ask("another_day")
    asking.appointment.starts_at = NOW + timedelta(days=30)
    import_records(asking.desk.session, [], NOW)
    assert row.state == "changed"

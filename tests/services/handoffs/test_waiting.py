"""While a chat waits: its place, its promised time, and who is told when it slips."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from bot.records.chat_models import Handoff, Message
from bot.services.answering import say_answer
from bot.services.handoffs import (
    claim_handoff,
    escalate_overdue,
    offer_transfer,
    refresh_waiting,
    return_silent,
    wait_of,
    with_coordinator,
    withdraw_handoff,
)
from bot.services.handoffs.waiting import WAITING
from bot.services.transcript import ASK_CARD, Answer
from tests.records.making import NOW
from tests.services.conftest import Desk

SUNDAY = datetime(2026, 5, 3, 12, 0, tzinfo=timezone.utc)


def told(desk: Desk, handoff: Handoff, now: datetime = NOW) -> Message:
    """The patient is told of the wait, as the action does it."""
    wait = wait_of(desk.session, handoff, now)
    answer = Answer("told", "pl", (wait.response,))
    row = say_answer(desk.session, handoff.conversation_id, answer, now)
    assert row is not None
    return row


def test_the_queue_goes_by_priority_and_then_by_age(desk: Desk) -> None:
    third, first, second = desk.chat(), desk.chat(priority=1), desk.chat()
    second.created_at = NOW - timedelta(minutes=5)
    desk.session.flush()
    waits = [wait_of(desk.session, one, NOW).position for one in (first, second, third)]
    assert waits == [1, 2, 3]


def test_the_promise_is_the_target_and_more_when_many_wait(desk: Desk) -> None:
    chats = [desk.chat() for _ in range(12)]
    promised = [wait_of(desk.session, one, NOW).reply_by - NOW for one in (chats[0], chats[11])]
    assert promised == [timedelta(minutes=60), timedelta(minutes=180)]


def test_out_of_hours_the_promise_counts_from_the_opening(desk: Desk) -> None:
    wait = wait_of(desk.session, desk.chat(), SUNDAY)
    assert wait.response == "utter_handoff_waiting_closed"
    monday = datetime(2026, 5, 4, 8, 0, tzinfo=timezone.utc)
    assert (wait.opens_at, wait.reply_by) == (monday, monday + timedelta(hours=1))


def test_the_line_with_the_place_is_changed_in_place_and_only_when_it_changes(desk: Desk) -> None:
    first, second = desk.chat(), desk.chat()
    told(desk, first)
    line = told(desk, second)
    assert refresh_waiting(desk.session, NOW) == 0
    claim_handoff(desk.session, desk.amara, first.id, NOW)
    assert refresh_waiting(desk.session, NOW + timedelta(minutes=1)) == 1
    assert (line.revision, line.status, second.told_position) == (1, "queued", 1)
    assert "1" in line.text and desk.said(second) == ["utter_handoff_waiting"]
    assert refresh_waiting(desk.session, NOW + timedelta(minutes=2)) == 0


def test_a_promise_that_slips_is_told_once_with_a_new_one(desk: Desk) -> None:
    handoff = desk.chat()
    told(desk, handoff)
    promised = handoff.told_reply_by
    assert refresh_waiting(desk.session, promised - timedelta(seconds=1)) == 0
    assert refresh_waiting(desk.session, promised) == 1
    assert refresh_waiting(desk.session, promised + timedelta(minutes=1)) == 0
    assert desk.said(handoff) == ["utter_handoff_waiting", "utter_handoff_slipped"]
    assert handoff.told_reply_by > promised


def test_what_nobody_takes_is_raised_and_then_mailed_to_the_team(desk: Desk) -> None:
    handoff = desk.chat()
    due = handoff.reply_due_at
    assert escalate_overdue(desk.session, due - timedelta(seconds=1)) == 0
    assert escalate_overdue(desk.session, due) == 1
    assert (handoff.priority, desk.mails()) == (1, [])
    assert escalate_overdue(desk.session, due + timedelta(minutes=1)) == 0
    assert escalate_overdue(desk.session, due + timedelta(minutes=10)) == 1
    assert desk.mails() == [("desk@example.org", "team_waiting")]
    assert escalate_overdue(desk.session, due + timedelta(days=1)) == 0


def test_a_patient_takes_the_request_back_while_it_waits(desk: Desk) -> None:
    handoff = desk.chat()
    assert withdraw_handoff(desk.session, handoff.conversation_id, NOW)
    assert handoff.state == "withdrawn"
    assert not withdraw_handoff(desk.session, handoff.conversation_id, NOW)


def test_a_silent_coordinator_gives_the_chat_back_and_the_patient_is_told(desk: Desk) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    soon, late = NOW + timedelta(hours=3, minutes=59), NOW + timedelta(hours=4)
    assert return_silent(desk.session, soon) == 0
    assert with_coordinator(desk.session, handoff.conversation_id, soon)
    assert not with_coordinator(desk.session, handoff.conversation_id, late)
    assert return_silent(desk.session, late) == 1
    assert (handoff.state, handoff.claimed_by_id, handoff.priority) == ("waiting", None, 1)
    assert desk.said(handoff)[-1] == "utter_coordinator_silent"
    assert desk.slots(handoff) == [True, False]


def test_a_doubt_about_an_emergency_is_not_rewritten_with_the_place(desk: Desk) -> None:
    first, second = desk.chat(), desk.chat()
    both = Answer("Is this happening now? And you are number 2.", "en", (ASK_CARD, WAITING))
    line = say_answer(desk.session, second.conversation_id, both, NOW)
    assert line is not None
    claim_handoff(desk.session, desk.amara, first.id, NOW)
    assert refresh_waiting(desk.session, NOW) == 1
    assert (line.text, line.revision) == (both.text, 0)
    assert desk.said(second)[-1] == WAITING


def test_a_chat_that_comes_back_has_a_new_time_to_answer_and_no_offer(desk: Desk) -> None:
    handoff = desk.chat()
    handoff.escalation = 2
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    offer_transfer(
        desk.session, desk.amara, handoff.id, NOW, to_team_id=desk.other.id, note="Please."
    )
    late = NOW + timedelta(hours=4)
    return_silent(desk.session, late)
    assert (handoff.escalation, handoff.transfer_team_id) == (0, None)
    assert handoff.reply_due_at > late

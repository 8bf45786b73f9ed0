"""The watch: one task for each stay in limbo, urgent ones first, no more than people can do."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from bot.errors import WaymarkError
from bot.pathway.states import State
from bot.records.chat_models import AuditEntry, Handoff
from bot.records.models import Referral, ReferralState
from bot.records.session import transaction
from bot.records.staff_models import HandoffNote, OutboxItem, Team
from bot.records.update_models import Subscription, Update
from bot.records.watch_models import LimboFinding
from bot.services.handoffs import (
    claim_handoff,
    escalate_overdue,
    open_handoff,
    reopen_unmoved,
    resolve_handoff,
)
from bot.services.leases import take_lease
from bot.services.mails import make_mail
from bot.services.teams import default_team
from bot.services.watch import preview, stale_feeds, watch
from bot.settings import get_settings
from tests.records.making import NOW, a_conversation, a_coordinator
from tests.services.watch.conftest import Ward

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def two_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "watch_tasks_per_day", 2)


def test_an_overdue_referral_becomes_one_task_of_its_hospitals_team(ward: Ward) -> None:
    referral = ward.referral()
    ward.referral(days=3)
    ward.round()
    ward.round(NOW + DAY)
    (task,) = ward.tasks()
    assert (task.kind, task.reason, task.team_id) == ("task", "overdue_referral", ward.team_id)
    assert (task.referral_id, task.priority, task.state) == (referral, 3, "waiting")
    assert task.patient_id == ward.patient_of(referral).id
    (finding,) = ward.findings()
    assert (finding.missing, finding.whom) == ("triage", "hospital")
    assert finding.late_since == date(2026, 4, 29)
    assert (finding.handoff_id, finding.opened_at) == (task.id, NOW)


def test_beyond_18_weeks_alone_and_an_old_record_make_no_task(ward: Ward) -> None:
    ward.referral(State.WAITING_LIST, 200)
    old = ward.referral()
    ward.change(old, checked_at=NOW - 30 * HOUR)
    report = watch(NOW, ward.engine)
    assert (report.listed, report.too_old, ward.tasks()) == ((), 1, [])


def test_once_resolved_the_same_stay_makes_no_second_task_but_another_stay_does(
    ward: Ward,
) -> None:
    referral = ward.referral()
    ward.round()
    (task,) = ward.tasks()
    with transaction(ward.engine) as session:
        amara = a_coordinator(session, "Amara", session.get(Team, ward.team_id))
        claim_handoff(session, amara, task.id, NOW)
        resolve_handoff(
            session, amara, task.id, NOW, done="Called", left_with="nobody", left_due_on=None
        )
    ward.round(NOW + DAY)
    assert len(ward.tasks()) == 1
    ward.move(referral, State.REJECTED)
    ward.round(NOW + DAY)
    assert len(ward.tasks()) == 1
    ward.round(NOW + 10 * DAY)
    assert [task.state for task in ward.tasks()] == ["resolved", "waiting"]


def test_a_task_left_to_somebody_opens_again_when_the_record_has_not_moved(ward: Ward) -> None:
    ward.referral()
    ward.round()
    (task,) = ward.tasks()
    with transaction(ward.engine) as session:
        amara = a_coordinator(session, "Amara", session.get(Team, ward.team_id))
        claim_handoff(session, amara, task.id, NOW)
        due = NOW.date() + 2 * DAY
        resolve_handoff(
            session, amara, task.id, NOW, done="Asked", left_with="hospital", left_due_on=due
        )
        assert reopen_unmoved(session, NOW + 3 * DAY) == 1
    again = ward.tasks(state="waiting")[0]
    assert (again.reopened_from_id, again.conversation_id, again.priority) == (task.id, None, 2)
    ward.round(NOW + 3 * DAY)
    assert len(ward.tasks(state="waiting")) == 1
    ward.move(again.referral_id, State.BOOKED)
    ward.round(NOW + 4 * DAY)
    assert ward.tasks(state="waiting") == []


def test_the_urgent_come_first_then_the_longest_late(ward: Ward, two_a_day: None) -> None:
    late = [ward.referral(days=days) for days in (30, 50, 40)]
    urgent = ward.referral(days=20, priority="urgent")
    becomes = {one.referral_id: one.becomes for one in ward.round().listed}
    assert becomes == {
        urgent: "new",
        late[1]: "new",
        late[2]: "held_back",
        late[0]: "held_back",
    }
    assert list(becomes) == [urgent, late[1], late[2], late[0]]
    assert [one.becomes for one in ward.round(NOW + HOUR).listed] == [
        "known",
        "known",
        "held_back",
        "held_back",
    ]
    ward.round(NOW + DAY)
    assert {task.referral_id for task in ward.tasks()} == {urgent, *late}
    assert len(ward.findings()) == 4


def test_what_must_be_seen_the_same_day_is_never_held_back(ward: Ward, two_a_day: None) -> None:
    today = [ward.referral(State.MISSED, 0, priority="two_week_wait") for _ in range(3)]
    later = ward.referral()
    report = ward.round()
    assert {one.referral_id for one in report.listed if one.becomes == "new"} == set(today)
    assert [one.referral_id for one in report.listed if one.becomes == "held_back"] == [later]
    assert {task.priority for task in ward.tasks()} == {1}


def test_what_was_held_back_is_dropped_quietly_once_it_is_late_no_more(
    ward: Ward, two_a_day: None
) -> None:
    for days in (60, 50):
        ward.referral(days=days)
    settled, moved, again = (ward.referral(days=days) for days in (40, 39, 38))
    ward.round()
    ward.change(settled, review_due=date(2026, 6, 1))
    ward.change(again, review_due=date(2026, 6, 1))
    ward.move(moved, State.BOOKED)
    ward.round(NOW + HOUR)
    assert sum(finding.closed_at is not None for finding in ward.findings()) == 3
    ward.change(again, review_due=date(2026, 5, 1))
    ward.round(NOW + DAY)
    assert {task.referral_id for task in ward.tasks()} & {settled, moved, again} == {again}


def test_a_task_that_waits_is_withdrawn_when_the_referral_moves_and_a_held_one_gets_a_note(
    ward: Ward,
) -> None:
    waits, held = ward.referral(days=30), ward.referral(days=20)
    ward.round()
    with transaction(ward.engine) as session:
        amara = a_coordinator(session, "Amara", session.get(Team, ward.team_id))
        task = next(one for one in ward_tasks(session) if one.referral_id == held)
        claim_handoff(session, amara, task.id, NOW)
    for referral in (waits, held):
        ward.move(referral, State.BOOKED)
    assert ward.round(NOW + HOUR).withdrawn == 1
    ward.round(NOW + 2 * HOUR)
    assert {task.referral_id: task.state for task in ward.tasks()} == {
        waits: "withdrawn",
        held: "claimed",
    }
    with transaction(ward.engine) as session:
        notes = session.execute(select(HandoffNote)).scalars().all()
        assert [note.staff_id for note in notes] == [None, None]
        assert all("moved on" in note.text for note in notes)
        assert session.execute(select(func.count(OutboxItem.id))).scalar_one() == 0


def ward_tasks(session: object) -> list[Handoff]:
    return list(session.execute(select(Handoff)).scalars())  # type: ignore[attr-defined]


def test_moved_into_another_limbo_the_old_task_goes_and_a_new_one_comes(ward: Ward) -> None:
    referral = ward.referral(priority="two_week_wait", days=2, review_due=date(2026, 5, 1))
    ward.round()
    ward.move(referral, State.REJECTED)
    assert preview(NOW + HOUR, ward.engine).listed[0].becomes == "new"
    ward.round(NOW + HOUR)
    assert [task.state for task in ward.tasks()] == ["withdrawn", "waiting"]


def test_an_open_task_that_the_patient_asked_for_is_linked(ward: Ward) -> None:
    referral = ward.referral()
    with transaction(ward.engine) as session:
        talk = a_conversation(session)
        asked = open_handoff(
            session, talk.id, "task", "overdue_referral", NOW, referral_id=referral
        )
    assert [one.becomes for one in ward.round().listed] == ["known"]
    (finding,) = ward.findings()
    assert (finding.handoff_id, finding.opened_at, ward.tasks()) == (asked.id, None, [])
    ward.move(referral, State.BOOKED)
    assert ward.round(NOW + HOUR).withdrawn == 0


def test_a_referral_without_history_gets_the_row_that_its_stay_begins_with(ward: Ward) -> None:
    bare = ward.referral(with_history=False)
    wrong = ward.referral(State.IN_TRIAGE)
    with transaction(ward.engine) as session:
        session.execute(delete(ReferralState).where(ReferralState.referral_id == wrong))
        session.add(ReferralState(referral_id=wrong, state="to_book"))
    ward.round()
    ward.round(NOW + DAY)
    assert {task.referral_id for task in ward.tasks()} == {bare, wrong}
    assert len(ward.tasks()) == 2


def test_a_dry_run_lists_the_same_and_writes_nothing(ward: Ward, two_a_day: None) -> None:
    for days in (20, 30, 40):
        ward.referral(days=days)
    before = preview(NOW, ward.engine)
    with transaction(ward.engine) as session:
        for table in (LimboFinding, Handoff, AuditEntry, OutboxItem):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 0
    assert watch(NOW, ward.engine) == before


def test_two_rounds_at_once_are_one(ward: Ward) -> None:
    with transaction(ward.engine) as session:
        take_lease(session, "watch", "somebody else", NOW, HOUR)
    with pytest.raises(WaymarkError, match="at it already"):
        watch(NOW, ward.engine)
    watch(NOW + 2 * HOUR, ward.engine)


@pytest.mark.parametrize(
    "patient",
    [{"restricted": True}, {"deceased": True}, {"superseded_by": "9990009996"}, {}],
    ids=["restricted", "deceased", "superseded", "told"],
)
def test_subscribers_are_told_once_unless_the_record_may_not_be_told(
    ward: Ward, patient: dict[str, object]
) -> None:
    referral = ward.referral(patient=patient)
    person = ward.patient_of(referral)
    with transaction(ward.engine) as session:
        talk = a_conversation(session)
        session.add(Subscription(conversation_id=talk.id, patient_id=person.id))
    ward.round()
    ward.round(NOW + DAY)
    assert len(ward.tasks()) == 1
    with transaction(ward.engine) as session:
        told = [
            (row.kind, row.key, row.referral_id)
            for row in session.execute(select(Update)).scalars()
        ]
    (finding,) = ward.findings()
    expected = [("overdue", f"overdue:{finding.id}", referral)]
    assert told == ([] if patient else expected)


def test_a_task_of_the_watch_has_a_week_and_the_same_day_one_half_a_day(ward: Ward) -> None:
    ward.referral()
    ward.referral(State.MISSED, 0, priority="two_week_wait")
    ward.round()
    due = {task.priority: task.reply_due_at for task in ward.tasks()}
    assert (due[1] - NOW, due[3] - NOW) == (4 * HOUR, 7 * DAY)
    with transaction(ward.engine) as session:
        assert escalate_overdue(session, NOW + HOUR) == 0
        assert escalate_overdue(session, NOW + 5 * HOUR) == 1


def test_a_feed_that_stands_still_is_told_once_a_day(ward: Ward) -> None:
    ward.referral()
    ward.referral(State.DISCHARGED, source="another hospital", source_id="1")
    with transaction(ward.engine) as session:
        default_team(session).email = "desk@example.org"
        assert stale_feeds(session, NOW + 20 * HOUR) == []
    for hours in (25, 26, 27, 50):
        report = watch(NOW + hours * HOUR, ward.engine)
        assert (report.listed, [feed.source for feed in report.stale_feeds]) == ((), ["tests"])
    with transaction(ward.engine) as session:
        items = session.execute(select(OutboxItem)).scalars().all()
    assert len(items) == 2
    mail = make_mail(items[0])
    assert mail["To"] == "desk@example.org"
    assert mail["Subject"] == "Waymark: the record has not been updated since 4 May 2026"
    assert "/queue/waiting" in mail.get_content()
    assert ward.tasks() == []


def test_one_fresh_referral_shows_that_its_feed_lives(ward: Ward) -> None:
    ward.referral(days=1)
    fresh = ward.referral(days=1)
    later = NOW + 30 * HOUR
    ward.change(fresh, checked_at=later)
    with transaction(ward.engine) as session:
        assert stale_feeds(session, later) == []


ROUNDS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from([State.IN_TRIAGE, State.MISSED, State.TO_BOOK, State.WAITING_LIST]),
            st.integers(0, 60),
            st.sampled_from(["routine", "urgent", "two_week_wait"]),
        ),
        max_size=6,
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=ROUNDS)
def test_the_cap_holds_each_day_and_nothing_has_two_tasks(
    ward: Ward, two_a_day: None, days: list[list[tuple[State, int, str]]]
) -> None:
    with transaction(ward.engine) as session:
        for table in (LimboFinding, Handoff, ReferralState, Referral):
            session.execute(delete(table))
    listed = 0
    for number, new in enumerate(days):
        now = NOW + number * DAY
        for state, since, priority in new:
            ward.referral(state, since, priority=priority)
        for hour in (0, 3):
            report = ward.round(now + hour * HOUR)
            order = [(not one.limbo.same_day, not one.limbo.urgent) for one in report.listed]
            assert order == sorted(order)
            listed = max(listed, len(report.listed))
        opened = [one for one in ward.findings() if one.opened_at and one.opened_at >= now]
        with transaction(ward.engine) as session:
            same_day = sum(session.get(Handoff, one.handoff_id).priority == 1 for one in opened)
        assert len(opened) <= max(2, same_day)
        held = [one for one in ward.findings() if one.handoff_id is None]
        assert not held or len(opened) >= 2
    tasks = [task.referral_id for task in ward.tasks()]
    assert len(tasks) == len(set(tasks)) <= listed

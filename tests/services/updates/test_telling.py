"""What subscribers are told: how things stand now, once, as much as they may be told."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy.engine import Engine

from bot.pathway.states import State
from bot.records.chat_models import Conversation, Message
from bot.records.models import Appointment, Patient, Referral
from bot.records.session import transaction
from bot.records.update_models import Subscription, Update
from bot.records.watch_models import LimboFinding
from bot.services.carers.ending import withdraw_access
from bot.services.carers.recording import Consent, record_access
from bot.services.handoffs import claim_handoff, open_handoff, resolve_handoff
from bot.services.identity import start_identity
from bot.services.leaving import leave_conversation
from bot.services.safe_contact import record_safe_contact
from bot.services.updates import end_subscription, note_update, subscribe
from bot.services.updates.telling import take_back_forbidden, tell_again_unread
from bot.settings import get_settings
from tests.records.making import NOW, a_coordinator, a_patient, a_referral, a_team
from tests.services.conftest import at_the_desk
from tests.services.test_carers import LAYLA
from tests.services.updates.conftest import Subscribed, subscribed
from tests.site.running import nhs_number
from tests.site.sentences import sentence

HOSPITAL = "Hospital RZ520"
MINUTE = timedelta(minutes=1)
NIGHT = datetime(2026, 5, 4, 22, 30, tzinfo=timezone.utc)
"""23:30 in London."""
MORNING = datetime(2026, 5, 5, 7, 0, tzinfo=timezone.utc)
"""08:00 in London, when quiet hours end."""


def test_a_move_is_told_once_with_the_next_step_and_a_way_to_stop(on_page: Subscribed) -> None:
    on_page.move(State.WAITING_LIST)
    assert (on_page.tell(), on_page.tell()) == (1, 0)
    (told,) = on_page.said()
    opening, state, chase, checked = told.text.split("\n\n")
    assert opening == sentence("utter_update_state")
    assert "waiting list" in state and HOSPITAL in state
    assert "Phone: 020 7946 0100" in chase and checked.startswith("Checked on 4 May")
    titles = [button["title"] for button in told.buttons]
    assert titles == ["How long is the wait?", "Who do I call?", "Stop these messages"]
    assert told.buttons[0]["payload"] == f'/ask_waiting_time{{"referral":"{on_page.referral_id}"}}'
    assert told.identity_session_id is not None
    assert on_page.updates() == [("state", True, None)]


def test_the_page_of_a_patient_who_is_signed_out_says_only_that_there_is_news(
    away: Subscribed,
) -> None:
    away.move(State.REJECTED)
    away.tell()
    (told,) = away.said()
    assert told.text == sentence("utter_update_news")
    assert [b["payload"] for b in told.buttons] == ["/ask_referral_status", "/unsubscribe_updates"]


def test_news_on_news_is_one_sentence(away: Subscribed) -> None:
    away.move(State.WAITING_LIST)
    away.tell()
    away.move(State.BOOKED)
    away.tell()
    assert len(away.said()) == 1
    assert away.updates() == [("state", True, None)] * 2


def test_telegram_is_told_little_and_it_stays(on_telegram: Subscribed) -> None:
    on_telegram.move(State.WAITING_LIST)
    on_telegram.tell()
    (told,) = on_telegram.said()
    assert sentence("utter_status_waiting_list_unnamed") in told.text
    for name in (HOSPITAL, "bones", "020 7946"):
        assert name not in told.text
    assert told.identity_session_id is None


@pytest.mark.parametrize("level", ["little", "all"])
def test_telegram_is_told_as_little_when_the_patient_is_signed_in_and_it_stays_too(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setattr(get_settings(), "telegram_tells", level)
    signed_in = subscribed(engine, 520, channel="telegram")
    signed_in.move(State.WAITING_LIST)
    signed_in.tell()
    (told,) = signed_in.said()
    assert HOSPITAL not in told.text and told.identity_session_id is None


def test_what_a_signed_in_page_got_and_nobody_saw_is_told_again_as_news(
    on_page: Subscribed, engine: Engine
) -> None:
    on_page.move(State.WAITING_LIST)
    on_page.tell(NOW + MINUTE)
    later = NOW + timedelta(minutes=40)
    with transaction(engine) as session:
        session.get(Message, on_page.said()[0].id).created_at = NOW + MINUTE
        assert tell_again_unread(session, NOW + 2 * MINUTE) == 0
        assert tell_again_unread(session, later) == 1
    on_page.tell(later)
    assert on_page.said()[-1].text == sentence("utter_update_news")
    with transaction(engine) as session:
        assert tell_again_unread(session, later + MINUTE) == 0


def test_several_moves_of_one_referral_are_one_message_of_where_it_is_now(
    on_page: Subscribed,
) -> None:
    for state in (State.ACCEPTED_TO_BOOK, State.WAITING_LIST, State.RETURNED_TO_GP):
        on_page.move(state)
    assert on_page.tell() == 1
    assert sentence("utter_status_returned_to_gp") in on_page.said()[0].text
    assert on_page.updates() == [("state", True, None)] * 3


def test_a_move_there_and_back_is_not_told(on_page: Subscribed) -> None:
    on_page.move(State.WAITING_LIST)
    on_page.move(State.IN_TRIAGE)
    assert on_page.tell() == 0
    assert on_page.updates() == [("state", False, "moved back")] * 2


def test_several_referrals_are_a_short_list_the_most_urgent_first(
    on_page: Subscribed, engine: Engine
) -> None:
    with transaction(engine) as session:
        person = session.get(Patient, on_page.patient_id)
        urgent = a_referral(
            session, person, State.IN_TRIAGE, priority="two_week_wait", source_id="urgent"
        ).id
    on_page.move(State.WAITING_LIST)
    on_page.move(State.BOOKED, referral_id=urgent)
    assert on_page.tell() == 1
    (told,) = on_page.said()
    first, second, third = told.text.split("\n\n")
    assert first == sentence("utter_update_several")
    assert second.startswith("the hospital: ") and third.startswith(f"{HOSPITAL}: bones and joints")
    payloads = [button["payload"] for button in told.buttons]
    assert payloads == [
        f'/ask_referral_status{{"referral":"{urgent}"}}',
        f'/ask_referral_status{{"referral":"{on_page.referral_id}"}}',
        "/unsubscribe_updates",
    ]


def test_an_overdue_referral_is_told_honestly_once_staff_have_it(
    on_page: Subscribed, engine: Engine
) -> None:
    on_page.move(State.HOSPITAL_TO_BOOK)
    on_page.tell()
    with transaction(engine) as session:
        desk = at_the_desk(session)
        referral = session.get(Referral, on_page.referral_id)
        finding = LimboFinding(
            referral_id=referral.id,
            state_row_id=referral.history[-1].id,
            state=referral.state,
            missing="appointment",
            whom="hospital",
            late_since=date(2026, 4, 30),
            team_id=desk.team.id,
            found_at=NOW,
        )
        session.add(finding)
        session.flush()
        finding_id = finding.id
        note_update(
            session,
            on_page.patient_id,
            "overdue",
            f"overdue:{finding.id}",
            NOW,
            referral_id=referral.id,
        )
    assert on_page.tell() == 0  # no task yet: nothing is said of staff
    with transaction(engine) as session:
        task = open_handoff(session, on_page.conversation_id, "task", "overdue_referral", NOW)
        session.get(LimboFinding, finding_id).handoff_id = task.id
    assert on_page.tell(NOW + 2 * MINUTE) == 1
    text = on_page.said()[-1].text
    assert text.startswith("By 30 April 2026 the next step") and "Phone: 020 7946 0100" in text


def test_an_overdue_referral_that_has_moved_since_is_not_told_as_overdue(
    on_page: Subscribed, engine: Engine
) -> None:
    on_page.move(State.HOSPITAL_TO_BOOK)
    with transaction(engine) as session:
        note_update(
            session,
            on_page.patient_id,
            "overdue",
            "overdue:1",
            NOW,
            referral_id=on_page.referral_id,
        )
    on_page.tell()
    assert on_page.updates() == [("state", True, None), ("overdue", False, "overtaken")]


@pytest.mark.parametrize(
    "fields",
    [
        {"restricted": True},
        {"deceased": True},
        {"flagged_by_staff": True},
        {"superseded_by": nhs_number(530)},
    ],
)
def test_of_a_record_that_may_not_be_told_nothing_is(
    on_telegram: Subscribed, fields: dict[str, object]
) -> None:
    on_telegram.move(State.WAITING_LIST)
    on_telegram.change(Patient, on_telegram.patient_id, **fields)
    assert on_telegram.tell() == 0
    assert on_telegram.updates() == [("state", False, "not allowed")]


def test_what_is_written_but_not_sent_is_taken_back_when_the_record_is_restricted(
    on_telegram: Subscribed,
) -> None:
    on_telegram.move(State.WAITING_LIST)
    on_telegram.tell()
    on_telegram.change(Patient, on_telegram.patient_id, restricted=True)
    on_telegram.move(State.BOOKED)
    on_telegram.tell()
    assert on_telegram.said() == []
    assert [told for _, told, _ in on_telegram.updates()] == [False, False]


def test_what_telegram_could_not_take_is_taken_back_when_it_may_not_be_told_any_more(
    on_telegram: Subscribed, engine: Engine
) -> None:
    on_telegram.move(State.WAITING_LIST)
    on_telegram.tell()
    with transaction(engine) as session:
        assert take_back_forbidden(session, NOW + MINUTE) == 0
    on_telegram.change(Patient, on_telegram.patient_id, flagged_by_staff=True)
    with transaction(engine) as session:
        assert take_back_forbidden(session, NOW + MINUTE) == 1
    assert (on_telegram.said(), on_telegram.tell(NOW + MINUTE)) == ([], 0)
    assert on_telegram.updates() == [("state", False, "not allowed")]


def test_while_a_coordinator_has_the_chat_updates_wait(on_page: Subscribed, engine: Engine) -> None:
    with transaction(engine) as session:
        desk = at_the_desk(session)
        handoff = open_handoff(session, on_page.conversation_id, "chat", "asked_for", NOW)
        claim_handoff(session, desk.amara, handoff.id, NOW)
    on_page.move(State.WAITING_LIST)
    assert on_page.tell() == 0
    with transaction(engine) as session:
        done = {"done": "Explained.", "left_with": "nobody", "left_due_on": None}
        resolve_handoff(session, desk.amara, handoff.id, NOW, **done)
    assert on_page.tell(NOW + 2 * MINUTE) == 1


def test_after_a_safeguarding_disclosure_nothing_is_pushed_until_staff_say_that_it_is_safe(
    on_telegram: Subscribed, engine: Engine
) -> None:
    with transaction(engine) as session:
        desk = at_the_desk(session)
        session.add(
            Message(
                conversation_id=on_telegram.conversation_id,
                seq=900,
                sender="patient",
                text="…",
                red_flag={"outcome": "ask", "card": "safeguarding"},
                status="answered",
                created_at=NOW,
            )
        )
        handoff = open_handoff(session, on_telegram.conversation_id, "task", "red_flag", NOW)
        claim_handoff(session, desk.amara, handoff.id, NOW)
    on_telegram.move(State.WAITING_LIST)
    assert on_telegram.tell(NOW + MINUTE) == 0
    with transaction(engine) as session:
        record_safe_contact(session, desk.amara, handoff.id, NOW + 2 * MINUTE)
    assert on_telegram.tell(NOW + 3 * MINUTE) == 1


def test_on_an_old_record_nothing_is_told_until_the_feed_is_read(on_page: Subscribed) -> None:
    on_page.move(State.WAITING_LIST)
    later = NOW + timedelta(hours=25)
    assert on_page.tell(later) == 0
    on_page.change(Referral, on_page.referral_id, checked_at=later)
    assert on_page.tell(later + 2 * MINUTE) == 1


def test_what_happens_at_night_is_one_message_in_the_morning(on_telegram: Subscribed) -> None:
    for state in (State.WAITING_LIST, State.BOOKED):
        on_telegram.move(state, NIGHT)
    assert on_telegram.tell(NIGHT) == 0
    assert on_telegram.tell(MORNING - MINUTE) == 0
    assert on_telegram.tell(MORNING) == 1
    assert len(on_telegram.said()) == 1


@pytest.mark.parametrize(
    ("allowed", "priority", "told"),
    [(True, "two_week_wait", 1), (True, "routine", 0), (False, "two_week_wait", 0)],
)
def test_at_night_only_what_is_urgent_is_told_and_only_where_the_site_wants_it(
    on_telegram: Subscribed,
    monkeypatch: pytest.MonkeyPatch,
    allowed: bool,
    priority: str,
    told: int,
) -> None:
    monkeypatch.setattr(get_settings(), "urgent_in_quiet_hours", allowed)
    on_telegram.change(Referral, on_telegram.referral_id, priority=priority)
    on_telegram.move(State.WAITING_LIST, NIGHT)
    assert on_telegram.tell(NIGHT) == told
    assert on_telegram.tell(MORNING) == 1 - told


def test_stopping_takes_back_what_is_written_and_not_sent(
    on_telegram: Subscribed, engine: Engine
) -> None:
    on_telegram.move(State.WAITING_LIST)
    on_telegram.tell()
    on_telegram.move(State.BOOKED)
    with transaction(engine) as session:
        assert end_subscription(session, on_telegram.conversation_id, NOW, "stopped")
        assert not end_subscription(session, on_telegram.conversation_id, NOW, "stopped")
    assert on_telegram.said() == []
    assert on_telegram.tell() == 0
    assert on_telegram.updates() == [("state", False, "ended")] * 2


def test_whoever_signs_in_as_another_patient_is_told_nothing_of_the_first(
    on_telegram: Subscribed, engine: Engine
) -> None:
    with transaction(engine) as session:
        other = a_patient(session, nhs_number(540))
        start_identity(session, on_telegram.conversation_id, other.id, "code", NOW)
    on_telegram.move(State.WAITING_LIST)
    assert on_telegram.tell() == 0
    assert on_telegram.updates() == []


def test_the_same_patient_signing_in_again_keeps_the_updates(
    on_telegram: Subscribed, engine: Engine
) -> None:
    with transaction(engine) as session:
        same = on_telegram.patient_id
        start_identity(session, on_telegram.conversation_id, same, "code", NOW)
    on_telegram.move(State.WAITING_LIST)
    assert on_telegram.tell() == 1


def test_leaving_ends_the_updates(on_page: Subscribed, engine: Engine) -> None:
    with transaction(engine) as session:
        leave_conversation(session, on_page.conversation_id, NOW)
        assert session.get(Conversation, on_page.conversation_id).ended_at == NOW
    on_page.move(State.WAITING_LIST)
    assert (on_page.tell(), on_page.updates()) == (0, [])


def test_subscribing_again_changes_nothing(on_page: Subscribed, engine: Engine) -> None:
    with transaction(engine) as session:
        identity = start_identity(session, on_page.conversation_id, on_page.patient_id, "code", NOW)
        row, new = subscribe(session, identity, NOW)
        assert (row.id, new) == (on_page.subscription_id, False)


def test_one_that_cannot_be_told_holds_up_no_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = subscribed(engine, 520), subscribed(engine, 521)
    for one in (broken, fine):
        one.move(State.WAITING_LIST)
    with transaction(engine) as session:
        row = session.query(Update).filter_by(subscription_id=broken.subscription_id).one()
        row.referral_id = None  # about nothing: no such row is ever written
    assert fine.tell() == 1
    assert len(fine.said()) == 1 and broken.said() == []


def test_an_appointment_before_noon_is_worth_waking_for(
    on_telegram: Subscribed, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "urgent_in_quiet_hours", True)
    early = on_telegram.appointment(MORNING + timedelta(hours=2), status="cancelled_by_hospital")
    on_telegram.change(Appointment, early, checked_at=NIGHT)
    with transaction(engine) as session:
        note_update(
            session,
            on_telegram.patient_id,
            "appointment",
            f"appointment:{early}:1",
            NIGHT,
            referral_id=on_telegram.referral_id,
            appointment_id=early,
            detail={"was": "booked", "was_at": None},
        )
    assert on_telegram.tell(NIGHT) == 1
    assert sentence("utter_appointment_cancelled") in on_telegram.said()[0].text


def test_a_carer_is_told_whom_it_is_about_until_access_is_withdrawn(engine: Engine) -> None:
    carer = subscribed(engine, 530, channel="telegram", verified=False, given_name="Zofia")
    with transaction(engine) as session:
        staff = a_coordinator(session, "Sefa", a_team(session))
        patient = session.get(Patient, carer.patient_id)
        consent = Consent("consent", "all", NOW.date() + timedelta(days=90), True, True)
        access = record_access(session, staff, patient, LAYLA, consent, NOW)
        session.get(Subscription, carer.subscription_id).carer_access_id = access.id
        access_id = access.id
    carer.move(State.WAITING_LIST)
    carer.tell()
    assert carer.said()[-1].text.startswith("For Zofia:\n\n" + sentence("utter_update_state"))
    carer.move(State.REJECTED, NOW + MINUTE)
    with transaction(engine) as session:
        staff = session.merge(staff)
        patient = session.get(Patient, carer.patient_id)
        withdraw_access(session, staff, patient, access_id, "patient", NOW + MINUTE)
    assert carer.tell(NOW + 2 * MINUTE) == 0
    assert [reason for _, _, reason in carer.updates()] == ["ended", "ended"]
    assert carer.said() == []  # what had not been sent yet is taken back

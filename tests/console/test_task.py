"""A task without a conversation at the console: its row, its page, what is done with it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from bot.pathway.states import State
from bot.records.chat_models import AuditEntry, Handoff, Message
from bot.records.models import Referral, ReferralState
from bot.records.staff_models import Staff, Team
from bot.records.update_models import Update
from bot.services.live import events_after
from bot.services.watch import watch
from tests.console.conftest import Browser, Console
from tests.console.opened import Known, a_chat, claimed, zofia
from tests.console.seen import words
from tests.records.making import a_conversation

MISSING = "The hospital has not decided on the referral (triage)"


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("King's outpatients")


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


def a_task(console: Console, team: Team, known: Known) -> Handoff:
    """The watch's, for the team of the referral's hospital."""
    with console.transaction() as session:
        session.get(Team, team.id).organisation_id = known.referral.provider_id
    watch(console.now, console.engine)
    with console.transaction() as session:
        return session.execute(
            select(Handoff).where(Handoff.conversation_id.is_(None))
        ).scalar_one()


def test_the_queue_says_what_is_missing_since_when_and_whom_to_chase(
    console: Console, team: Team, amara: Staff
) -> None:
    task = a_task(console, team, zofia(console))
    page = console.client(amara).get("/queue/waiting").text
    row = words(page[page.index(f'id="row-{task.id}"') :])
    assert "Referral overdue Task, King's outpatients" in row
    assert f"{MISSING}. Late since 21 April 2026. Chase: The hospital." in row
    assert "Zofia Wzorek Hospital RZ9, Orthopaedics No chat" in row


def test_the_page_has_the_record_and_whom_to_call_but_nothing_to_write_in(
    console: Console, team: Team, amara: Staff
) -> None:
    known = zofia(console)
    task = a_task(console, team, known)
    page = console.client(amara).get(f"/handoffs/{task.id}").text
    said = words(page)
    assert f"{MISSING}. Late since 21 April 2026 (14 days) Chase The hospital" in said
    assert "How to reach them Booking, 020 7946 0100" in said
    assert "Phone on record 07700 900101" in said
    assert "Language on record Polish" in said
    assert "Being read by the hospital (triage)" in said
    assert "History" in said
    assert "To be looked at by" in said
    assert "transcript" not in page
    assert "Message in English" not in said
    assert "Verify the patient" not in said
    with console.transaction() as session:
        viewed = session.execute(
            select(AuditEntry).where(AuditEntry.action == "handoff_viewed")
        ).scalar_one()
    assert viewed.detail["patient"] == known.patient.id


@pytest.mark.parametrize("path", ["", "/panel", "/actions", "/messages"])
def test_another_team_sees_none_of_it(
    console: Console, team: Team, amara: Staff, path: str
) -> None:
    task = a_task(console, team, zofia(console))
    other = console.staff("carla", teams=["Another team"])
    assert console.client(amara).get(f"/handoffs/{task.id}{path}").status_code == 200
    stranger = console.client(other)
    assert stranger.get(f"/handoffs/{task.id}{path}").status_code == 404
    assert task.id not in stranger.get("/queue/team").text


def test_it_is_claimed_noted_transferred_and_resolved_and_the_patient_hears_nothing(
    console: Console, team: Team, amara: Staff
) -> None:
    ben = console.staff("ben", teams=[team])
    task = a_task(console, team, zofia(console))
    desk = console.client(amara)
    address = f"/handoffs/{task.id}"
    assert desk.post(f"{address}/claim").headers["location"] == address
    assert "taken" in words(desk.get("/queue/mine").text)
    assert "Only staff see it" in desk.post(f"{address}/notes", data={"text": "Rang"}).text
    assert "Rang" in desk.get(f"{address}/panel").text
    asked = desk.post(f"{address}/interpreter", data={"language": "pl"})
    assert "Logged." in asked.text
    desk.post(f"{address}/transfer", data={"to": f"staff:{ben.id}", "note": "Please"})
    theirs = console.client(ben)
    theirs.post(f"{address}/accept")
    page = words(theirs.get(address).text)
    assert "The patient is told nothing by this" in page
    form = {"done": "They will read it", "left_with": "hospital", "left_due_on": "2026-05-08"}
    assert theirs.post(f"{address}/resolve", data=form).headers["location"] == "/queue/mine"
    assert "They will read it" in words(theirs.get("/queue/resolved").text)
    with console.transaction() as session:
        assert session.execute(select(Message)).first() is None
        assert session.execute(select(Update)).first() is None


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("preview", {"text": "Hello"}),
        ("send", {"text": "Hello", "preview": "english", "client_id": "c1"}),
        ("canned", {"reply": "reply_reading", "client_id": "c2", "confirm": "yes"}),
        (
            "verify",
            {
                "nhs_number": "999 000 1014",
                "birth_date": "3 5 1961",
                "postcode": "SE17 1AA",
                "way": "phone",
            },
        ),
        ("reveal", {"token": "[nhs-number#1]"}),
    ],
)
def test_what_needs_a_chat_is_refused_in_words(
    console: Console, team: Team, amara: Staff, path: str, form: dict[str, str]
) -> None:
    task = a_task(console, team, zofia(console))
    desk = console.client(claimed_by(console, amara, task))
    for htmx in (True, False):
        answer = desk.post(f"/handoffs/{task.id}/{path}", data=form, htmx=htmx)
        assert answer.status_code in (400, 404, 409, 422), answer.text
    for quiet, data in (("typing", {}), ("read", {"seq": "3"})):
        assert desk.post(f"/handoffs/{task.id}/{quiet}", data=data).status_code == 204
    assert desk.get(f"/handoffs/{task.id}/status").status_code == 409
    with console.transaction() as session:
        assert session.execute(select(Message)).first() is None


def claimed_by(console: Console, staff: Staff, task: Handoff) -> Staff:
    claimed(console, staff, task)
    return staff


@pytest.mark.parametrize(
    "patient",
    [{"restricted": True}, {"deceased": True}, {"flagged_by_staff": True}],
    ids=["restricted", "deceased", "flagged"],
)
def test_a_record_that_may_not_be_opened_is_named_by_reference_only(
    console: Console, team: Team, amara: Staff, patient: dict[str, bool]
) -> None:
    known = zofia(console, **patient)
    task = a_task(console, team, known)
    desk = console.client(amara)
    for path in (f"/handoffs/{task.id}", f"/handoffs/{task.id}/panel", "/queue/waiting"):
        page = words(desk.get(path).text)
        for secret in ("Zofia", "Wzorek", "07700", "999 000", "Hospital RZ9", "Orthopaedics"):
            assert secret not in page, path
    page = words(desk.get(f"/handoffs/{task.id}").text)
    assert "This record may not be opened here." in page
    assert f"Reference {known.referral.id}" in page
    assert MISSING in page


def test_the_patients_newest_chat_is_linked_when_this_person_may_see_it(
    console: Console, team: Team, amara: Staff
) -> None:
    known = zofia(console)
    task = a_task(console, team, known)
    elsewhere = a_chat(console, console.team("Another team"), known=known)
    desk = console.client(amara)
    assert elsewhere.id not in desk.get(f"/handoffs/{task.id}").text
    chat = a_chat(console, team, known=known)
    page = desk.get(f"/handoffs/{task.id}").text
    assert f'newest chat with a hand-off: <a href="/handoffs/{chat.id}">' in page
    assert f'href="/handoffs/{task.id}"' in desk.get(f"/handoffs/{chat.id}").text


def test_tasks_of_other_patients_are_not_among_other_hand_offs(
    console: Console, team: Team, amara: Staff
) -> None:
    task = a_task(console, team, zofia(console))
    with console.transaction() as session:
        row = session.get(Handoff, task.id)
        stranger = Handoff(
            kind="task",
            reason="overdue_referral",
            priority=3,
            team_id=team.id,
            referral_id=None,
            reply_due_at=row.reply_due_at,
        )
        session.add(stranger)
        session.flush()
        other = stranger.id
    assert other not in console.client(amara).get(f"/handoffs/{task.id}").text


def test_a_task_that_settled_itself_says_so(console: Console, team: Team, amara: Staff) -> None:
    known = zofia(console)
    task = a_task(console, team, known)
    with console.transaction() as session:
        session.get(Referral, known.referral.id).review_due = date(2026, 6, 1)
    desk = console.client(amara)
    assert "nothing is late any more" in words(desk.get(f"/handoffs/{task.id}").text)
    with console.transaction() as session:
        session.get(Referral, known.referral.id).state = State.BOOKED.value
        session.add(ReferralState(referral_id=known.referral.id, state="booked"))
    watch(console.now, console.engine)
    page = words(desk.get(f"/handoffs/{task.id}").text)
    assert "Withdrawn: the referral has moved on" in page
    assert "Notes for staff Waymark , " in page
    assert "Withdrawn: the referral has moved on" in words(desk.get("/queue/resolved").text)


def test_open_consoles_of_the_team_learn_of_it(console: Console, team: Team, amara: Staff) -> None:
    other = console.staff("carla", teams=["Another team"])
    task = a_task(console, team, zofia(console))
    with console.transaction() as session:
        mine = events_after(session, session.get(Staff, amara.id), 0)
        theirs = events_after(session, session.get(Staff, other.id), 0)
    assert [(event.kind, event.handoff_id) for event in mine] == [("handoff", task.id)]
    assert theirs == []


def test_a_supervisor_finds_the_patient_by_it(console: Console, team: Team) -> None:
    known = zofia(console)
    task = a_task(console, team, known)
    carys = console.client(console.staff("carys", "supervisor", [team]))
    found = carys.post("/patients", data={"q": known.patient.nhs_number}).text
    assert f"/handoffs/{task.id}" in found
    assert carys.get("/figures").status_code == 200


def banner(desk: Browser) -> str:
    return words(desk.get("/feeds").text)


def test_everybody_is_told_when_the_feed_stands_still(
    console: Console, amara: Staff, engine: Engine
) -> None:
    zofia(console)
    desk = console.client(amara)
    assert banner(desk) == ""
    with console.transaction() as session:
        old = console.now - timedelta(hours=30)
        session.execute(update(Referral).values(checked_at=old))
        a_conversation(session)
    said = (
        "nothing of it is judged overdue, and no updates are sent. Tell who looks after the import"
    )
    assert said in banner(desk)
    assert said in words(desk.get("/queue/waiting").text)
    assert "The record was last updated on 3 May 2026, 4:" in banner(desk)

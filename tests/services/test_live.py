"""Live events: no id is seen before a smaller one, and a snapshot with them equals a fresh one."""

from __future__ import annotations

import threading
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import WaymarkError
from bot.records import staff_queries
from bot.records.base import new_id
from bot.records.chat_models import Handoff
from bot.records.live import write_noted
from bot.records.session import transaction
from bot.records.staff_models import ConsoleEvent, Staff
from bot.services.handoffs import (
    claim_handoff,
    offer_transfer,
    open_handoff,
    release_handoff,
    resolve_handoff,
    withdraw_handoff,
)
from bot.services.handoffs.claiming import accept_transfer
from bot.services.live import events_after, forget_events, last_event_id, note_event
from bot.services.transcript import store_patient_message
from tests.records.making import NOW, a_conversation
from tests.services.conftest import at_the_desk

WRITERS, EACH = 4, 25
Rows = dict[str, tuple[object, ...]]


def row_of(session: Session, handoff: Handoff) -> tuple[object, ...]:
    """What a queue shows of a hand-off."""
    unread = staff_queries.unread_count(session, handoff)
    holder = handoff.claimed_by_id
    return (handoff.state, handoff.priority, handoff.team_id, holder, unread)


def snapshot(session: Session, staff: Staff, view: str) -> Rows:
    """A view as a browser loads it afresh."""
    return {one.id: row_of(session, one) for one in staff_queries.queue(session, staff, view)}


def caught_up(session: Session, staff: Staff, view: str, known: Rows, after: int) -> Rows:
    """What an open page makes of the events since: it asks anew for the hand-offs they name."""
    named = {event.handoff_id for event in events_after(session, staff, after) if event.handoff_id}
    fresh = snapshot(session, staff, view)
    kept = {handoff: row for handoff, row in known.items() if handoff not in named}
    return kept | {handoff: row for handoff, row in fresh.items() if handoff in named}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["open", "write", "claim", "release", "offer", "accept", "resolve", "withdraw"]
        ),
        st.integers(0, 3),
        st.sampled_from(["amara", "ben", "carla"]),
    ),
    max_size=25,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, split=st.integers(0, 25))
def test_a_snapshot_and_the_events_after_it_equal_a_fresh_snapshot(
    engine: Engine, steps: list[tuple[str, int, str]], split: int
) -> None:
    class Undone(Exception):
        """Rolls back what the example wrote."""

    try:
        with transaction(engine) as session:
            desk = at_the_desk(session)
            people = {"amara": desk.amara, "ben": desk.ben, "carla": desk.carla}
            talks = [a_conversation(session).id for _ in range(4)]
            for step in steps[:split]:
                play(session, step, people, talks, desk.other.id)
            write_events(session)
            views = [(who, view) for who in people.values() for view in staff_queries.VIEWS]
            known = [snapshot(session, who, view) for who, view in views]
            after = last_event_id(session)
            for step in steps[split:]:
                play(session, step, people, talks, desk.other.id)
            write_events(session)
            for (who, view), rows in zip(views, known, strict=True):
                actual = caught_up(session, who, view, rows, after)
                assert actual == snapshot(session, who, view), (who.first_name, view)
            raise Undone
    except Undone:
        pass


def write_events(session: Session) -> None:
    """What the end of each transaction does."""
    write_noted(session)
    session.flush()


def play(
    session: Session,
    step: tuple[str, int, str],
    people: dict[str, Staff],
    talks: list[str],
    other_team: str,
) -> None:
    """One thing that a patient or a coordinator does, if it is allowed just then."""
    what, index, who = step
    staff, talk = people[who], talks[index]
    newest = session.execute(
        select(Handoff).where(Handoff.conversation_id == talk).order_by(Handoff.created_at.desc())
    ).scalars()
    handoff = newest.first()
    if what == "open":
        open_handoff(session, talk, "chat", "asked_for", NOW + timedelta(minutes=index))
    elif what == "write":
        store_patient_message(session, talk, new_id(), "hello", NOW)
    elif what == "withdraw":
        withdraw_handoff(session, talk, NOW)
    elif handoff is not None:
        try:
            if what == "claim":
                claim_handoff(session, staff, handoff.id, NOW)
            elif what == "release":
                release_handoff(session, staff, handoff.id, NOW)
            elif what == "offer":
                offer_transfer(session, staff, handoff.id, NOW, to_team_id=other_team, note="x")
            elif what == "accept":
                accept_transfer(session, staff, handoff.id, NOW)
            else:
                resolve_handoff(
                    session,
                    staff,
                    handoff.id,
                    NOW,
                    done="x",
                    left_with="nobody",
                    left_due_on=None,
                )
        except WaymarkError:
            pass  # refused, as it should be: nothing has changed


def test_ids_become_visible_in_their_order_however_many_write(engine: Engine) -> None:
    with transaction(engine) as session:
        desk = at_the_desk(session)
        handoff, amara = desk.chat().id, desk.amara.id
    seen: list[int] = []
    writing = threading.Event()
    writing.set()

    def write() -> None:
        for _ in range(EACH):
            with transaction(engine) as session:
                note_event(session, "note", handoff=session.get(Handoff, handoff))

    def read() -> None:
        while True:
            last = not writing.is_set()
            with transaction(engine) as session:
                after = seen[-1] if seen else 0
                found = events_after(session, session.get(Staff, amara), after)
            seen.extend(event.id for event in found)
            if last:
                return

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    writing.clear()
    reader.join()
    with transaction(engine) as session:
        everything = list(
            session.execute(select(ConsoleEvent.id).order_by(ConsoleEvent.id)).scalars()
        )
    assert seen == everything
    assert len(seen) == len(set(seen)) >= WRITERS * EACH


def test_events_reach_only_those_who_may_know(engine: Engine) -> None:
    with transaction(engine) as session:
        desk = at_the_desk(session)
        desk.chat()
    with transaction(engine) as session:
        staff = {one.first_name: one for one in session.execute(select(Staff)).scalars()}
        told = {name: len(events_after(session, one, 0)) for name, one in staff.items()}
    assert told["Amara"] == told["Ben"] > 0
    assert told["Carla"] == 0


def test_who_once_held_a_handoff_of_another_team_hears_no_more_of_it(engine: Engine) -> None:
    with transaction(engine) as session:
        at_the_desk(session).chat()
    with transaction(engine) as session:
        handoff = session.execute(select(Handoff)).scalars().first()
        carla = session.execute(select(Staff).where(Staff.first_name == "Carla")).scalar_one()
        handoff.claimed_by_id = carla.id
        for state, heard in (("claimed", True), ("resolved", False)):
            handoff.state = state
            session.flush()
            assert bool(events_after(session, carla, 0)) == heard


def test_old_events_are_forgotten(engine: Engine) -> None:
    with transaction(engine) as session:
        at_the_desk(session).chat()
    with transaction(engine) as session:
        newest = session.execute(select(ConsoleEvent.at)).scalars().first()
        assert newest is not None
        assert forget_events(session, newest) == 0
        assert forget_events(session, newest + timedelta(days=1)) > 0

"""Whatever happens in whatever order, no update tells a conversation of anybody but the patient it
is subscribed to just then."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from bot.pathway.states import State
from bot.records.models import Patient
from bot.records.session import transaction
from bot.services.identity import end_identity, start_identity
from bot.services.leaving import leave_conversation
from bot.services.updates import end_subscription, subscribe
from tests.records.making import NOW
from tests.services.updates.conftest import Subscribed, subscribed

_INDEXES = itertools.count(5200, 2)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["move", "tell", "sign in", "sign out", "subscribe", "stop", "leave", "restrict"]
        ),
        st.integers(0, 1),
        st.integers(0, 1),
    ),
    min_size=6,
    max_size=25,
)


@dataclass
class Talk:
    """What must be true of one conversation: whose it is now, and who is verified in it."""

    conversation_id: str
    told_of: int | None
    verified: int | None
    left: bool = False


@given(STEPS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_update_tells_a_conversation_of_anybody_else(
    engine: Engine, steps: list[tuple[str, int, int]]
) -> None:
    first = next(_INDEXES)
    patients = [subscribed(engine, first + n, channel="web") for n in (0, 1)]
    talks = [Talk(one.conversation_id, n, n) for n, one in enumerate(patients)]
    restricted: set[int] = set()
    at = NOW
    states = itertools.cycle([State.WAITING_LIST, State.BOOKED, State.REJECTED])
    for step, which, whose in [*steps, ("move", 0, 0), ("move", 0, 1), ("tell", 0, 0)]:
        talk = talks[which]
        at += timedelta(seconds=90)
        if step == "move":
            patients[whose].move(next(states), at)
        elif step == "restrict":
            patients[whose].change(Patient, patients[whose].patient_id, restricted=True)
            restricted.add(whose)
        elif step == "tell":
            _tell(patients, talks, restricted, first, at)
        elif not talk.left:
            _do(step, engine, talk, whose, patients, restricted, at)


def _do(
    step: str,
    engine: Engine,
    talk: Talk,
    whose: int,
    patients: list[Subscribed],
    restricted: set[int],
    at: datetime,
) -> None:
    with transaction(engine) as session:
        if step == "sign in" and whose not in restricted:
            person = patients[whose].patient_id
            start_identity(session, talk.conversation_id, person, "code", at)
            talk.verified = whose
            talk.told_of = talk.told_of if talk.told_of == whose else None
        elif step == "sign out":
            end_identity(session, talk.conversation_id, at, "stopped")
            talk.verified = None
        elif step == "subscribe" and talk.verified is not None:
            person = patients[talk.verified].patient_id
            identity = start_identity(session, talk.conversation_id, person, "code", at)
            subscribe(session, identity, at)
            talk.told_of = talk.verified
        elif step == "stop":
            end_subscription(session, talk.conversation_id, at, "stopped")
            talk.told_of = None
        elif step == "leave":
            leave_conversation(session, talk.conversation_id, at)
            talk.told_of, talk.verified, talk.left = None, None, True


def _tell(
    patients: list[Subscribed], talks: list[Talk], restricted: set[int], first: int, at: datetime
) -> None:
    before = [len(patients[0].said(talk.conversation_id)) for talk in talks]
    patients[0].tell(at)
    for talk, count in zip(talks, before):
        for message in patients[0].said(talk.conversation_id)[count:]:
            assert talk.told_of is not None and talk.told_of not in restricted
            assert f"Hospital RZ{first + 1 - talk.told_of}" not in message.text
            if talk.verified != talk.told_of:
                assert "Hospital" not in message.text
                assert message.identity_session_id is None

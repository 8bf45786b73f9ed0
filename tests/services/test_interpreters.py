"""The interpreter log: asked for once, moved on step by step, by the holder alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import NotHolder, WaymarkError
from bot.records.chat_models import Handoff
from bot.records.session import transaction
from bot.records.staff_models import InterpreterCall, Staff
from bot.services.interpreters import MOVES, request_interpreter, update_call
from tests.services.handoff_making import NOW, a_colleague, a_handoff, audited

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def amara(session: Session) -> Staff:
    return a_colleague(session)


@pytest.fixture
def handoff(session: Session, amara: Staff) -> Handoff:
    return a_handoff(session, amara)


def test_a_double_click_asks_once(session: Session, amara: Staff, handoff: Handoff) -> None:
    first = request_interpreter(session, amara, handoff.id, "pl", NOW)
    again = request_interpreter(session, amara, handoff.id, "pl", NOW)
    other = request_interpreter(session, amara, handoff.id, "ar", NOW)
    assert (again.id, other.id == first.id) == (first.id, False)
    assert session.execute(select(func.count(InterpreterCall.id))).scalar_one() == 2
    assert [entry["call"] for entry in audited(session, "interpreter_requested")] == [
        first.id,
        other.id,
    ]


def test_a_call_is_booked_and_held(session: Session, amara: Staff, handoff: Handoff) -> None:
    call = request_interpreter(session, amara, handoff.id, "pl", NOW)
    booked = {"state": "booked", "provider": "Language line", "reference": "A-17"}
    update_call(session, amara, handoff.id, call.id, LATER, **booked)
    update_call(session, amara, handoff.id, call.id, LATER, state="held", minutes=25)
    kept = (call.state, call.provider, call.reference, call.minutes, call.updated_at)
    assert kept == ("held", "Language line", "A-17", 25, LATER)


@pytest.mark.parametrize("last", ["held", "failed", "cancelled"])
def test_what_is_over_stays_as_it_is(
    session: Session, amara: Staff, handoff: Handoff, last: str
) -> None:
    call = request_interpreter(session, amara, handoff.id, "pl", NOW)
    how = {"provider": "Language line", "minutes": 5 if last == "held" else None}
    update_call(session, amara, handoff.id, call.id, LATER, state=last, **how)
    for other in {"booked", "held", "failed", "cancelled"} - {last}:
        with pytest.raises(WaymarkError, match="already"):
            update_call(session, amara, handoff.id, call.id, LATER, state=other, minutes=5)
    assert last not in MOVES


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"state": "held", "provider": "Language line"}, "how many minutes"),
        ({"state": "held", "provider": "Language line", "minutes": 0}, "how many minutes"),
        ({"state": "held", "provider": "Language line", "minutes": 481}, "how many minutes"),
        ({"state": "held", "minutes": 10}, "who interprets"),
        ({"state": "booked"}, "who interprets"),
        ({"state": "requested"}, None),
        ({"state": "unheard of"}, "already"),
    ],
)
def test_what_is_missing_is_asked_for(
    session: Session,
    amara: Staff,
    handoff: Handoff,
    how: dict[str, object],
    said: str | None,
) -> None:
    call = request_interpreter(session, amara, handoff.id, "pl", NOW)
    if said is None:  # nothing changes
        assert update_call(session, amara, handoff.id, call.id, LATER, **how).updated_at == NOW
        return
    with pytest.raises(WaymarkError, match=said):
        update_call(session, amara, handoff.id, call.id, LATER, **how)
    assert call.state == "requested"


def test_another_hand_offs_call_is_not_touched(
    session: Session, amara: Staff, handoff: Handoff
) -> None:
    other = a_handoff(session, amara)
    call = request_interpreter(session, amara, other.id, "pl", NOW)
    with pytest.raises(WaymarkError, match="No such interpreter call"):
        update_call(session, amara, handoff.id, call.id, LATER, state="failed")


def test_only_the_holder_writes_the_log(session: Session, handoff: Handoff, amara: Staff) -> None:
    call = request_interpreter(session, amara, handoff.id, "pl", NOW)
    ben = a_colleague(session, "Ben")
    with pytest.raises(NotHolder):
        request_interpreter(session, ben, handoff.id, "pl", NOW)
    with pytest.raises(NotHolder):
        update_call(session, ben, handoff.id, call.id, LATER, state="failed")

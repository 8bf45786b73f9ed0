"""What is of no more use is forgotten; what an open hand-off may need is kept a day longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.chat_models import SealedValue
from bot.records.session import transaction
from bot.records.staff_models import ConsoleEvent, OutboxItem
from bot.services import outbox
from bot.services.forgetting import forget_old
from bot.services.handoffs import open_handoff
from bot.services.live import last_event_id
from bot.services.seal import seal_text, unseal
from tests.records.making import NOW, a_conversation

HOUR = timedelta(hours=1)
NUMBER = "My NHS number is 999 000 1014"


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


def sealed(session: Session, *, code: bool = False) -> tuple[str, str]:
    """(conversation, token) of an identifier that was typed at NOW."""
    talk = a_conversation(session).id
    text = "482913" if code else NUMBER
    seal_text(session, talk, text, NOW, "code" if code else None)
    session.flush()
    row = session.execute(select(SealedValue).where(SealedValue.conversation_id == talk))
    return talk, str(row.scalar_one().token)


def pass_hours(session: Session, hours: int, start: datetime = NOW) -> datetime:
    """The worker runs through these hours; returns their end."""
    for hour in range(hours + 1):
        forget_old(session, start + hour * HOUR)
    return start + hours * HOUR


def test_a_sealed_value_is_forgotten_when_its_hours_are_over(session: Session) -> None:
    talk, token = sealed(session)
    now = pass_hours(session, 23)
    assert unseal(session, talk, token, now) == "9990001014"
    pass_hours(session, 1, now)
    assert session.execute(select(SealedValue)).first() is None


def test_a_sealed_value_lasts_until_the_hand_off_is_resolved_plus_a_day(session: Session) -> None:
    talk, token = sealed(session)
    handoff = open_handoff(session, talk, "chat", "asked_for", NOW)
    session.flush()
    now = pass_hours(session, 100)
    assert unseal(session, talk, token, now) == "9990001014"
    handoff.state = "resolved"
    session.flush()
    now = pass_hours(session, 23, now)
    assert unseal(session, talk, token, now) == "9990001014"
    pass_hours(session, 1, now)
    assert session.execute(select(SealedValue)).first() is None


def test_a_hand_off_keeps_no_value_of_another_conversation(session: Session) -> None:
    sealed(session)
    open_handoff(session, a_conversation(session).id, "chat", "asked_for", NOW)
    session.flush()
    pass_hours(session, 25)
    assert session.execute(select(SealedValue)).first() is None


def test_a_one_time_code_is_kept_no_longer(session: Session) -> None:
    talk, _token = sealed(session, code=True)
    open_handoff(session, talk, "chat", "identity_failed", NOW)
    session.flush()
    pass_hours(session, 25)
    assert session.execute(select(SealedValue)).first() is None


def test_old_live_events_go_and_their_numbers_go_on(engine: Engine) -> None:
    for hours in (0, 71):
        with transaction(engine) as session:
            talk = a_conversation(session).id
            open_handoff(session, talk, "chat", "asked_for", NOW)
        with transaction(engine) as session:
            for event in session.execute(select(ConsoleEvent)).scalars():
                event.at = NOW if event.id == 1 else NOW + hours * HOUR
    with transaction(engine) as session:
        forget_old(session, NOW + 73 * HOUR)
        kept = session.execute(select(ConsoleEvent.id).order_by(ConsoleEvent.id)).scalars().all()
        last = last_event_id(session)
    assert 1 not in kept
    assert kept
    assert last == max(kept)


def test_what_went_out_is_forgotten_and_what_waits_is_kept(session: Session) -> None:
    sent, waiting = (outbox.put(session, "mail", {"to": []}, NOW) for _ in range(2))
    session.flush()
    outbox.done(session, sent, NOW)
    forget_old(session, NOW + 25 * HOUR)
    assert session.execute(select(OutboxItem.id)).scalars().all() == [waiting.id]

"""Chats, leases and links of the Telegram channel, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.records.channel_models import PrivateChat
from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.session import transaction
from bot.services import telegram_chats as chats
from bot.services.handoffs import open_handoff
from bot.services.identity import end_identity, start_identity
from bot.services.invitations import has_open_invitation, open_invitation
from bot.services.leases import give_up_lease, take_lease
from bot.services.live import events_after
from bot.services.one_time_links import link_for
from bot.services.transcript import Answer, store_answer
from tests.records.making import a_coordinator, a_patient
from tests.site.running import nhs_number

NUMBER = 777_000_123
LENGTH = timedelta(seconds=15)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as session:
        yield session


def answer(session: Session, talk: Conversation, now: datetime) -> Message:
    """An answer from the record of a verified patient."""
    start_identity(session, talk.id, a_patient(session, nhs_number(1)).id, "code", now)
    said = Answer("You are on the list.", "en", ("utter_status_waiting_list",), private=True)
    return store_answer(session, talk.id, said, now)


def test_a_chat_has_one_conversation_until_the_patient_leaves(
    session: Session, moment: datetime
) -> None:
    first = chats.open_chat(session, NUMBER, moment)
    assert chats.open_chat(session, NUMBER, moment).id == first.id
    assert chats.open_chat(session, NUMBER + 1, moment).id != first.id
    chats.leave_chat(session, first.id, moment)
    session.flush()
    session.expire_all()
    second = chats.open_chat(session, NUMBER, moment)
    assert second.id != first.id and first.ended_at == moment
    assert second.address_hash == first.address_hash is not None


def test_the_chats_number_is_nowhere_to_be_read(engine: Engine, moment: datetime) -> None:
    with transaction(engine) as session:
        talk = chats.open_chat(session, NUMBER, moment)
        assert chats.chat_of(session, talk.id) == chats.Chat(NUMBER, blocked=False)
    with engine.connect() as connection:
        for table in ("conversations", "telegram_chats"):
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert str(NUMBER) not in str([tuple(map(_readable, row)) for row in rows])


def _readable(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_the_database_refuses_a_second_open_conversation_of_a_chat(
    session: Session, moment: datetime
) -> None:
    talk = chats.open_chat(session, NUMBER, moment)
    row = session.get(PrivateChat, talk.id)
    other = Conversation(channel="telegram", created_at=moment)
    session.add(other)
    session.flush()
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(
            PrivateChat(
                conversation_id=other.id,
                chat_hash=row.chat_hash,
                chat_ciphertext=row.chat_ciphertext,
                created_at=moment,
            )
        )


def test_staff_learn_that_their_patient_cannot_be_reached(engine: Engine, moment: datetime) -> None:
    with transaction(engine) as session:
        talk = chats.open_chat(session, NUMBER, moment)
        handoff = open_handoff(session, talk.id, "chat", "asked_for", moment)
        staff = a_coordinator(session, "Amara", session.get(Handoff, handoff.id).team)
    with transaction(engine) as session:
        before = len(events_after(session, staff, 0))
        chats.note_blocked(session, talk.id, moment)
        assert not chats.is_reachable(session, talk.id)
    with transaction(engine) as session:
        assert len(events_after(session, staff, 0)) == before + 1
        assert chats.note_reachable(session, talk.id) is True
        assert chats.note_reachable(session, talk.id) is False


def test_answers_are_taken_back_once_when_the_identity_session_ends(
    session: Session, moment: datetime
) -> None:
    talk = chats.open_chat(session, NUMBER, moment)
    row = answer(session, talk, moment)
    assert chats.remember_ref(session, row.id, 41, moment)
    assert chats.remember_ref(session, row.id, 42, moment)
    assert chats.to_take_back(session) == []
    end_identity(session, talk.id, moment, "stopped")
    shown = chats.Shown(row.id, talk.id, (41, 42))
    assert chats.to_take_back(session) == [shown]
    chats.note_taken_back(session, shown)
    session.flush()
    assert chats.to_take_back(session) == []


def test_a_part_that_is_sent_while_the_others_are_taken_back_is_taken_back_too(
    session: Session, moment: datetime
) -> None:
    talk = chats.open_chat(session, NUMBER, moment)
    row = answer(session, talk, moment)
    chats.remember_ref(session, row.id, 41, moment)
    end_identity(session, talk.id, moment, "stopped")
    (shown,) = chats.to_take_back(session)
    assert chats.remember_ref(session, row.id, 42, moment) is False  # and no part follows
    chats.note_taken_back(session, shown)
    session.flush()
    assert chats.to_take_back(session) == [chats.Shown(row.id, talk.id, (42,))]


def test_what_a_coordinator_wrote_comes_again_after_a_new_verification(
    session: Session, moment: datetime
) -> None:
    talk = chats.open_chat(session, NUMBER, moment)
    row = answer(session, talk, moment)
    for sender, status in (("bot", "sent"), ("coordinator", "queued")):
        row.sender, row.status, row.channel_ref, row.revision = sender, "sent", "41", 0
        chats.note_taken_back(session, chats.Shown(row.id, talk.id, (41,)))
        assert (row.status, row.channel_ref) == (status, None)
        assert (row.revision > 0) == (sender == "coordinator")  # a sender's late mark is void


def test_the_link_of_an_answer_opens_for_minutes_and_only_where_little_is_told(
    session: Session, moment: datetime
) -> None:
    talk = chats.open_chat(session, NUMBER, moment)
    row = answer(session, talk, moment)
    link = link_for(session, row, moment)
    assert link is not None and "/chat/l/" in link
    token = link.rpartition("/")[2]
    web = Conversation(channel="web", created_at=moment)
    session.add(web)
    session.flush()
    assert not open_invitation(session, web, token, moment + timedelta(minutes=15))
    assert open_invitation(session, web, token, moment + timedelta(minutes=14))
    talk.channel = "web"
    assert link_for(session, row, moment) is None


def test_signing_out_ends_the_links_that_were_given(session: Session, moment: datetime) -> None:
    talk = chats.open_chat(session, NUMBER, moment)
    link = link_for(session, answer(session, talk, moment), moment)
    assert link is not None
    web = Conversation(channel="web", created_at=moment)
    session.add(web)
    session.flush()
    token = link.rpartition("/")[2]
    assert open_invitation(session, web, token, moment)
    end_identity(session, talk.id, moment, "stopped")
    assert not open_invitation(session, web, token, moment)
    assert not has_open_invitation(session, web.id, moment)  # where it was opened before, too


def test_after_signing_out_no_link_is_made(session: Session, moment: datetime) -> None:
    talk = chats.open_chat(session, NUMBER, moment)
    row = answer(session, talk, moment)
    end_identity(session, talk.id, moment, "stopped")
    assert link_for(session, row, moment) is None


def test_of_two_one_has_the_lease_until_it_stops_renewing_it(
    session: Session, moment: datetime
) -> None:
    assert take_lease(session, "polling", "a", moment, LENGTH)
    assert not take_lease(session, "polling", "b", moment, LENGTH)
    later = moment + timedelta(seconds=10)
    assert take_lease(session, "polling", "a", later, LENGTH)
    assert not take_lease(session, "polling", "b", moment + timedelta(seconds=20), LENGTH)
    assert take_lease(session, "polling", "b", later + LENGTH, LENGTH)
    assert not take_lease(session, "polling", "a", later + LENGTH, LENGTH)
    give_up_lease(session, "polling", "a")
    assert not take_lease(session, "polling", "a", later + LENGTH, LENGTH)
    give_up_lease(session, "polling", "b")
    assert take_lease(session, "polling", "a", later + LENGTH, LENGTH)

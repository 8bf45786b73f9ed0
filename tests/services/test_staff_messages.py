"""What a coordinator writes: stored once, in two languages, and behind the patient's identity."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.errors import NotFound, NotHolder, WaymarkError
from bot.language.sentences import sentence
from bot.language.translate import Preview
from bot.records.chat_models import Handoff
from bot.records.staff_models import MessageTranslation
from bot.services.handoffs import claim_handoff
from bot.services.identity import end_identity
from bot.services.leaving import leave_conversation
from bot.services.staff_messages import canned_replies, send_canned_reply, send_staff_message
from bot.services.visible_messages import queued_messages, visible_messages
from tests.records.making import NOW, a_patient, an_identity
from tests.services.conftest import Desk
from tests.site.running import nhs_number

POLISH = Preview("Zadzwonię jutro.", "I will call tomorrow.", "libretranslate", ())


@pytest.fixture
def handoff(desk: Desk) -> Handoff:
    row = desk.chat("pl")
    return claim_handoff(desk.session, desk.amara, row.id, NOW)


def send(desk: Desk, handoff: Handoff, text: str = "I will call tomorrow.", **how: object):  # type: ignore[no-untyped-def]
    client_id = str(how.pop("client_id", text))
    return send_staff_message(desk.session, desk.amara, handoff.id, client_id, text, NOW, **how)  # type: ignore[arg-type]


def test_a_translated_message_keeps_its_original_and_provider(
    desk: Desk,
    handoff: Handoff,
) -> None:
    row = send(desk, handoff, translation=POLISH)
    assert (row.text, row.english, row.language) == (POLISH.text, "I will call tomorrow.", "pl")
    assert (row.status, row.staff_id, handoff.first_reply_at) == ("queued", desk.amara.id, NOW)
    made = desk.session.execute(select(MessageTranslation)).scalar_one()
    assert (made.message_id, made.provider, made.back_text) == (
        row.id,
        "libretranslate",
        POLISH.back,
    )


def test_without_a_translation_it_goes_out_in_english(desk: Desk, handoff: Handoff) -> None:
    row = send(desk, handoff)
    assert (row.text, row.language) == ("I will call tomorrow.", "en")


def test_the_same_form_again_is_the_same_message(desk: Desk, handoff: Handoff) -> None:
    first, again = (send(desk, handoff, client_id="form-1", translation=POLISH) for _ in range(2))
    assert first.id == again.id
    assert len(desk.session.execute(select(MessageTranslation)).all()) == 1


def test_a_changed_number_stops_the_message(desk: Desk, handoff: Handoff) -> None:
    wrong = Preview("O 15.", "At 15.", "libretranslate", ("14",))
    with pytest.raises(WaymarkError, match="The translation changed: 14"):
        send(desk, handoff, "At 14.", translation=wrong)


@pytest.mark.parametrize(("text", "said"), [("  ", "Write a message"), ("x" * 2001, "in parts")])
def test_an_unusable_message_says_why(desk: Desk, handoff: Handoff, text: str, said: str) -> None:
    with pytest.raises(WaymarkError, match=said):
        send(desk, handoff, text)


def test_only_the_holder_writes(desk: Desk, handoff: Handoff) -> None:
    with pytest.raises(NotHolder):
        send_staff_message(desk.session, desk.ben, handoff.id, "x", "Hello", NOW)
    with pytest.raises(NotFound):
        send_staff_message(desk.session, desk.carla, handoff.id, "x", "Hello", NOW)


def test_every_canned_reply_goes_out_in_the_patients_language(
    desk: Desk,
    handoff: Handoff,
) -> None:
    replies = canned_replies(handoff)
    assert len(replies) >= 10
    for reply in replies:
        row = send_canned_reply(desk.session, desk.amara, handoff.id, reply.name, reply.name, NOW)
        assert (row.text, row.language) == (sentence(reply.name, "pl").text, "pl")
        assert row.english == sentence(reply.name, "en").text
    with pytest.raises(NotFound, match="no such reply"):
        send_canned_reply(desk.session, desk.amara, handoff.id, "x", "utter_greet", NOW)


def test_a_message_to_a_verified_patient_waits_behind_a_new_verification(desk: Desk) -> None:
    session = desk.session
    patient = a_patient(session, nhs_number(570))
    handoff = desk.chat("pl")
    talk = handoff.conversation_id
    an_identity(session, patient, desk.talk(handoff))
    claim_handoff(session, desk.amara, handoff.id, NOW)
    end_identity(session, talk, NOW, "idle")
    rows = [send(desk, handoff, text) for text in ("First.", "Second.")]
    assert desk.said(handoff).count("utter_staff_message_waiting") == 1
    shown = {row.id for row in visible_messages(session, talk, NOW)}
    assert shown.isdisjoint(row.id for row in rows)
    an_identity(session, patient, desk.talk(handoff))
    queued = [row for row in queued_messages(session, talk, NOW) if row.sender == "coordinator"]
    assert [row.text for row in queued] == ["First.", "Second."]


def test_another_patient_in_the_same_conversation_does_not_read_it(desk: Desk) -> None:
    session = desk.session
    handoff = desk.chat("pl")
    an_identity(session, a_patient(session, nhs_number(571)), desk.talk(handoff))
    claim_handoff(session, desk.amara, handoff.id, NOW)
    row = send(desk, handoff)
    end_identity(session, handoff.conversation_id, NOW, "left")
    an_identity(session, a_patient(session, nhs_number(572)), desk.talk(handoff))
    later = NOW + timedelta(minutes=1)
    shown = [one.id for one in visible_messages(session, handoff.conversation_id, later)]
    assert row.id not in shown


def test_to_a_patient_who_has_left_nothing_can_be_written(desk: Desk, handoff: Handoff) -> None:
    leave_conversation(desk.session, handoff.conversation_id, NOW)
    with pytest.raises(WaymarkError, match="has left this chat"):
        send(desk, handoff)

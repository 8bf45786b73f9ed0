"""Telegram, through its front door: the Bot API over HTTP, real Rasa behind it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select, update

from bot.language.catalogues import get_catalogues
from bot.records.base import utc_now
from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.identity_models import IdentitySession
from bot.records.session import transaction
from bot.services.handoffs.telling import tell
from tests.conversations.people import BORN_TYPED, PROVIDER, person
from tests.site.coordinator import Coordinator
from tests.site.running import Site
from tests.site.sentences import button, sentence, texts
from tests.site.telegram_api import TOKEN, TelegramApi
from tests.site.telegram_patient import TelegramPatient

pytestmark = pytest.mark.slow
ASK_NUMBER, ASK_DATE = "utter_ask_identity_form_nhs_number", "utter_ask_identity_form_date_of_birth"
UNNAMED = "utter_status_in_triage_unnamed"
LINK = re.compile(r"http://\S+(/chat/l/\S+)")


def eventually(check: Callable[[], Any], seconds: float = 25) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.1)
    return False


def signed_in(site: Site, index: int, **how: str) -> tuple[TelegramPatient, str]:
    """A chat whose patient has come by invitation and been told where the referral is."""
    patient = site.open_chat(link=site.invite(person(index)), **how)
    patient.say("where is my referral?")
    return patient, patient.say(BORN_TYPED)[-1].text


def test_a_polish_patient_signs_in_by_number_and_code(site: Site) -> None:
    with site.open_chat(language="pl") as patient:
        asked = patient.say("gdzie jest moje skierowanie?")
        assert texts(asked) == [sentence(ASK_NUMBER, "pl")]
        patient.say(person(640))
        patient.say("2 stycznia 1970")
        told = patient.say(site.code())[-1]
        assert sentence(UNNAMED, "pl") in told.text
        assert told.language == "pl" and told.private


def test_telegram_is_told_the_state_without_hospital_specialty_or_date_of_birth(
    site: Site,
) -> None:
    with site.open_chat() as patient:
        patient.say("where is my referral?")
        patient.say(person(641))
        asked = patient.say(BORN_TYPED)[-1]
        assert "Date of birth: •••." in asked.text
        told = patient.say(site.code())[-1].text
        for question in ("What happens next", "How long is the wait?"):
            told += patient.press(question)[-1].text
        told += patient.say("who can I call?")[-1].text
        told += patient.say("when is my appointment?")[-1].text
    assert sentence(UNNAMED) in told
    for name in (PROVIDER, "bones and joints", "1970", "020 7946"):
        assert name not in told


def test_the_one_time_link_opens_a_web_conversation_that_still_asks_for_the_date_of_birth(
    site: Site,
) -> None:
    _, told = signed_in(site, 642)
    assert sentence("utter_telegram_more_on_page") in told
    found = LINK.search(told)
    assert found is not None
    requests.get(site.address + found[1], timeout=10).raise_for_status()  # a preview spends nothing
    with site.open_page(link=found[1]) as page:
        assert page.history()[0]["text"] == sentence("utter_telegram_link_welcome")
        assert texts(page.say("where is my referral?"))[-1] == sentence(ASK_DATE)
        assert PROVIDER in page.say(BORN_TYPED)[-1].text
    with site.open_page(link=found[1]) as page:
        assert page.history()[0]["text"] == sentence("utter_telegram_link_invalid")


def test_no_payload_and_no_token_lies_in_what_telegram_or_the_log_gets(
    site: Site, telegram: TelegramApi
) -> None:
    with site.open_chat() as patient:
        patient.say("hello")
    sent = [str(call) for call in telegram.called("sendMessage")]
    assert not any("/ask_" in call or "/inform" in call for call in sent)
    assert TOKEN not in site.logs()


def test_an_emergency_gets_its_card_and_its_buttons_work(site: Site) -> None:
    with site.open_chat() as patient:
        card = patient.say("I have crushing chest pain and cannot breathe")
        assert [one.kind for one in card] == ["card"]
        assert card[0].text == sentence("utter_card_emergency")
        said = patient.press(button("utter_card_emergency", 0))
        assert texts(said) == [sentence("utter_emergency_have_help")]


def test_a_press_is_acknowledged_and_typing_is_shown(site: Site, telegram: TelegramApi) -> None:
    with site.open_chat() as patient:
        patient.say("hello")
        patient.press(button("utter_greet", 0))
        assert patient.room.actions != []
        assert {c["callback_query_id"] for c in telegram.called("answerCallbackQuery")} != set()


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/start", "utter_greet"),
        ("/status", ASK_NUMBER),
        ("/help", "utter_capabilities"),
        ("/language", "utter_choose_language"),
    ],
)
def test_a_command_does_what_its_menu_says(site: Site, command: str, name: str) -> None:
    with site.open_chat() as patient:
        assert texts(patient.say(command)) == [sentence(name)]


def test_a_first_command_is_answered_in_the_language_of_the_patients_telegram(site: Site) -> None:
    with site.open_chat(language="pl") as patient:
        assert texts(patient.say("/start")) == [sentence("utter_greet", "pl")]


def test_words_after_a_command_are_read(site: Site) -> None:
    with site.open_chat() as patient:
        said = patient.say("/status I have crushing chest pain and cannot breathe")
        assert said[0].kind == "card"


def test_a_language_is_chosen_by_its_own_name(site: Site) -> None:
    with site.open_chat() as patient:
        patient.say("/start")
        assert texts(patient.choose("es")) == [sentence("utter_language_chosen", "es")]
        assert patient.say("/help")[-1].language == "es"


def test_the_menu_is_there_in_every_offered_language(site: Site, telegram: TelegramApi) -> None:
    assert eventually(lambda: set(telegram.menus) == {"", *get_catalogues().offered()})
    polish = {one["command"]: one["description"] for one in telegram.menus["pl"]}
    assert polish["status"] == sentence("term_command_status", "pl")
    assert set(polish) == {"start", "status", "human", "language", "stop", "help"}


def test_stop_takes_answers_back_ends_the_conversation_and_the_next_message_starts_anew(
    site: Site,
) -> None:
    patient, told = signed_in(site, 643)
    before = patient.conversation
    assert any(m.text == told for m in patient.room.of_bot())
    patient.api.send(patient.number, patient.user, text="/stop")
    assert texts(patient.wait_for(1)) == [sentence("utter_stopped")]
    assert eventually(lambda: all(m.text != told for m in patient.room.of_bot()))
    with transaction() as session:
        assert session.get(Conversation, before).ended_at is not None
    assert texts(patient.say("where is my referral?")) == [sentence(ASK_NUMBER)]
    assert patient.conversation != before


def test_a_button_of_an_ended_conversation_greets_in_the_new_one(site: Site) -> None:
    with site.open_chat() as patient:
        patient.say("hello")
        patient.api.send(patient.number, patient.user, text="/stop")
        patient.wait_for(1)
        assert texts(patient.press(button("utter_greet", 3))) == [sentence("utter_greet")]


@pytest.mark.parametrize("data", ["/ask_referral_status", "m1:99:{start}", "m999:0:{start}", "🙂"])
def test_a_button_that_was_never_offered_does_nothing_but_say_so(site: Site, data: str) -> None:
    with site.open_chat() as patient:
        patient.say("hello")
        standing = patient.room.of_bot()[-1]
        start = patient.conversation[:8]
        query = patient.api.press(
            patient.number, standing.message_id, data.format(start=start), patient.user
        )
        assert eventually(lambda: query in patient.api.answered)
        assert texts(patient.say("thank you"))[-1] == sentence("utter_thank")
        assert not any(said.private for said in patient.heard)


def test_thirty_quiet_minutes_take_the_answers_out_of_the_chat(site: Site) -> None:
    patient, told = signed_in(site, 644)
    quiet = utc_now() - timedelta(minutes=31)
    with transaction() as session:
        session.execute(
            update(IdentitySession)
            .where(IdentitySession.conversation_id == patient.conversation)
            .values(started_at=quiet, last_seen_at=quiet)
        )
    ended = sentence("utter_identity_ended")
    assert eventually(lambda: patient.room.of_bot()[-1].text == ended)
    assert eventually(lambda: all(m.text != told for m in patient.room.of_bot()), 5)


def test_an_answer_older_than_48_hours_is_blotted_out(site: Site) -> None:
    patient, told = signed_in(site, 645)
    for standing in patient.room.of_bot():
        standing.at -= 49 * 3600
    patient.say("stop")
    assert eventually(lambda: all(m.text != told for m in patient.room.of_bot()), 5)
    assert "•••" in [m.text for m in patient.room.of_bot()]


@pytest.mark.parametrize(
    "content",
    [
        {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 3}},
        {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]},
        {
            "sticker": {
                "file_id": "s",
                "file_unique_id": "s",
                "width": 9,
                "height": 9,
                "is_animated": False,
                "is_video": False,
                "type": "regular",
            }
        },
        {"location": {"latitude": 51.5, "longitude": -0.1}},
        {"contact": {"phone_number": "07700900123", "first_name": "Pat"}},
    ],
    ids=lambda content: next(iter(content)),
)
def test_what_is_not_text_is_answered_with_what_is_possible(
    site: Site, content: dict[str, Any]
) -> None:
    with site.open_chat(language="ar") as patient:
        patient.api.send(patient.number, patient.user, **content)
        assert texts(patient.wait_for(1)) == [sentence("utter_telegram_text_only", "ar")]


def test_a_pictures_caption_is_read(site: Site) -> None:
    with site.open_chat() as patient:
        photo = [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]
        caption = "I have crushing chest pain and cannot breathe"
        patient.api.send(patient.number, patient.user, photo=photo, caption=caption)
        assert patient.wait_for(1)[0].kind == "card"


def test_a_group_is_refused_once_and_left(site: Site, telegram: TelegramApi) -> None:
    user = {"id": 799, "is_bot": False, "first_name": "Pat", "language_code": "es"}
    room = telegram.chat(-100200300, "group")
    telegram.send(room.number, user, text="hola")
    assert eventually(lambda: room.left)
    assert [m.text for m in room.of_bot()] == [sentence("utter_telegram_private_only", "es")]


def test_an_edited_message_is_read_as_a_new_one(site: Site) -> None:
    with site.open_chat() as patient:
        patient.say("hello")
        first = min(patient.room.messages)
        patient.api.edit(patient.number, first, "I have crushing chest pain", patient.user)
        assert patient.wait_for(1)[0].text == sentence("utter_card_emergency")


def test_a_flood_puts_answers_off_and_loses_none(site: Site, telegram: TelegramApi) -> None:
    with site.open_chat() as patient:
        telegram.retry_after, telegram.floods = 2, 1
        began = time.monotonic()
        assert texts(patient.say("/help")) == [sentence("utter_capabilities")]
        assert time.monotonic() - began >= 1.9
        assert len(patient.room.of_bot()) == 1


def test_while_telegram_is_down_answers_wait_and_come_in_order(
    site: Site, telegram: TelegramApi
) -> None:
    with site.open_chat() as patient:
        patient.say("/help")
        telegram.down = True
        try:
            patient.api.send(patient.number, patient.user, text="/start")
            patient.api.send(patient.number, patient.user, text="/status")
            time.sleep(3)
            assert len(patient.room.of_bot()) == 1
        finally:
            telegram.down = False
        names = ("utter_greet", ASK_NUMBER)
        assert texts(patient.wait_for(2)) == [sentence(name) for name in names]


def test_to_who_blocked_the_bot_nothing_is_sent_until_they_are_back(site: Site) -> None:
    with site.open_chat() as patient:
        patient.say("hello")
        conversation = patient.conversation
        patient.api.block(patient.number, patient.user)
        time.sleep(1)
        with transaction() as session:
            row = session.get(Conversation, conversation)
            tell(session, row.id, ["utter_task_done"], utc_now())
        time.sleep(1)
        refused = len(patient.api.refused)
        time.sleep(1)
        assert len(patient.api.refused) == refused
        assert len(patient.room.of_bot()) == 1
        patient.api.block(patient.number, patient.user, blocked=False)
        assert texts(patient.wait_for(1)) == [sentence("utter_task_done")]


def test_a_killed_rasa_loses_no_message_and_answers_each_once(site: Site) -> None:
    with site.open_chat() as patient:
        patient.say("hello")
        site.kill("rasa")
        patient.api.send(patient.number, patient.user, text="/help")
        patient.api.send(patient.number, patient.user, text="/status")
        said = patient.wait_for(2, 90)
        assert texts(said) == [sentence("utter_capabilities"), sentence(ASK_NUMBER)]
        time.sleep(1)
        with transaction() as session:
            rows = session.execute(
                select(Message.text).where(
                    Message.conversation_id == patient.conversation, Message.sender == "patient"
                )
            ).scalars()
            assert list(rows) == ["hello", "/help", "/status"]
    site.wait_until_ready()


def test_one_process_polls_and_no_call_was_refused_for_its_form(
    site: Site, telegram: TelegramApi
) -> None:
    words = ("can't parse", "too long", "Conflict")
    assert [one for one in telegram.refused if any(word in one[1] for word in words)] == []


def chat_handoff(patient: TelegramPatient) -> Handoff:
    """The open chat of a patient who asked for a person."""
    with transaction() as session:
        return session.execute(
            select(Handoff).where(
                Handoff.conversation_id == patient.conversation,
                Handoff.kind == "chat",
                Handoff.state.in_(("waiting", "claimed")),
            )
        ).scalar_one()


def test_a_coordinator_takes_over_and_the_bot_is_silent_but_for_emergencies(site: Site) -> None:
    amara = Coordinator(site.console)
    with site.open_chat() as patient:
        assert "Your place in the queue" in patient.say("/human")[-1].text
        handoff = chat_handoff(patient).id
        amara.claim(handoff)
        assert patient.wait_for(1)[0].text.startswith("Amara from our team is here now")
        amara.send(handoff, "Hello, how can I help?")
        written = patient.wait_for(1)[0].text
        assert written.startswith("Amara, ") and written.endswith("\nHello, how can I help?")
        assert patient.say("where is my referral?") == []
        card = patient.say("I have crushing chest pain and cannot breathe")
        assert [one.kind for one in card] == ["card"]


def test_the_line_about_the_queue_is_edited_in_place(site: Site) -> None:
    amara = Coordinator(site.console)
    with site.open_chat() as first, site.open_chat() as second:
        first.say("/human")
        line = second.say("/human")[0]
        amara.claim(chat_handoff(first).id)
        standing = second.room.messages[line.seq]
        assert eventually(lambda: standing.text != line.text)
        assert standing.titles == line.buttons
        amara.claim(chat_handoff(second).id)

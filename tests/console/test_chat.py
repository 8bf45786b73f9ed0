"""A hand-off's page: both languages beside each other, and beside it only what is verified."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from bot.language.translate import Preview
from bot.records.chat_models import AuditEntry, Handoff, Message
from bot.records.staff_models import MessageTranslation, Staff, Team
from bot.services import telegram_chats
from bot.services.handoffs import add_note, claim_handoff, open_handoff, resolve_handoff
from bot.services.identity import start_identity
from bot.services.staff_messages import send_canned_reply, send_staff_message
from bot.settings import get_settings
from tests.console.conftest import Browser, Console
from tests.console.opened import a_chat, answer, claimed, end_identity_of, leave, write, zofia
from tests.console.seen import message, words
from tests.records.making import a_patient
from tests.site.running import nhs_number


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("Front desk", default=True)


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


@pytest.fixture
def client(console: Console, amara: Staff) -> Browser:
    return console.client(amara)


def panel(client: Browser, handoff: Handoff) -> str:
    return words(client.get(f"/handoffs/{handoff.id}/panel", background=True).text)


def shown(client: Browser, handoff: Handoff) -> str:
    answered = client.get(f"/handoffs/{handoff.id}")
    assert answered.status_code == 200
    return str(answered.text)


def translated(console: Console, row: Message, **fields: Any) -> None:
    with console.transaction() as session:
        known = {"state": "done", "provider": "libretranslate", **fields}
        session.add(MessageTranslation(message_id=row.id, language="en", **known))


# --- the transcript ---


def test_original_and_machine_translation_stand_side_by_side_and_are_labelled(
    console: Console, team: Team, client: Browser
) -> None:
    handoff = a_chat(console, team)
    row = write(console, handoff.conversation_id, "Boli mnie kolano")
    translated(console, row, text="My knee hurts")
    shown_as = words(message(shown(client, handoff), row.seq))
    assert "As written, Polish (polski) Boli mnie kolano" in shown_as
    assert "Machine translation (LibreTranslate), English My knee hurts" in shown_as


def test_the_assistants_english_is_exact_and_not_called_a_translation(
    console: Console, team: Team, client: Browser
) -> None:
    handoff = a_chat(console, team)
    row = answer(console, handoff.conversation_id, "Dzień dobry.", english="Good morning.")
    shown_as = words(message(shown(client, handoff), row.seq))
    assert "Waymark's own English Good morning." in shown_as
    assert "achine" not in shown_as


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "pending"}, "Being translated …"),
        ({"state": "failed", "reason": "slow"}, "Not translated: the translator took too long."),
        ({"state": "failed", "reason": "down"}, "could not be reached. Translate again"),
        ({"state": "failed", "reason": "unsupported"}, "does not know this language"),
    ],
)
def test_a_missing_translation_is_said_in_words(
    console: Console, team: Team, client: Browser, fields: dict[str, Any], said: str
) -> None:
    handoff = a_chat(console, team)
    row = write(console, handoff.conversation_id, "Boli mnie kolano")
    translated(console, row, **fields)
    assert said in words(message(shown(client, handoff), row.seq))


def test_without_a_translator_the_page_says_so(
    console: Console, team: Team, client: Browser
) -> None:
    assert get_settings().translator == "none"
    handoff = a_chat(console, team, said="Boli mnie kolano")
    assert "No translator is configured." in words(shown(client, handoff))


@pytest.mark.parametrize("text", ["😀" * 2000, "123", "!!!"])
def test_what_has_no_words_needs_no_translation(
    console: Console, team: Team, client: Browser, text: str
) -> None:
    handoff = a_chat(console, team, said=text)
    page = message(shown(client, handoff), 1)
    assert "translat" not in page
    assert "waymark-message__sides--one" in page


def test_english_needs_no_second_column(console: Console, team: Team, client: Browser) -> None:
    handoff = a_chat(console, team, language="en", said="My knee hurts")
    assert "waymark-message__sides--one" in message(shown(client, handoff), 1)


@pytest.mark.parametrize(("language", "way"), [("ar", "rtl"), ("pl", "ltr")])
def test_each_text_has_its_language_and_direction(
    console: Console, team: Team, client: Browser, language: str, way: str
) -> None:
    handoff = a_chat(console, team, language=language)
    row = answer(
        console, handoff.conversation_id, "Tekst", language=language, english="A sentence."
    )
    sides = re.findall(
        r'<div class="waymark-text"([^>]*)>', message(shown(client, handoff), row.seq)
    )
    assert sides == [f' lang="{language}" dir="{way}"', ' lang="en" dir="ltr"']


def test_what_a_patient_types_finds_its_own_direction(
    console: Console, team: Team, client: Browser
) -> None:
    handoff = a_chat(console, team, said="مرحبا hello")
    assert 'class="waymark-text" dir="auto"' in message(shown(client, handoff), 1)


def test_script_tags_are_text(console: Console, team: Team, client: Browser) -> None:
    handoff = a_chat(console, team)
    row = write(console, handoff.conversation_id, '<script>alert(1)</script>"><img src=x>')
    translated(console, row, text="<b onmouseover=x>My</b>")
    page = message(shown(client, handoff), row.seq)
    assert not re.search(r"<(script|img|b)\b", page)
    assert '<script>alert(1)</script>"><img src=x>' in words(page)


def test_a_red_flag_is_marked_in_words(console: Console, team: Team, client: Browser) -> None:
    handoff = a_chat(console, team, said="Boli mnie w klatce")
    with console.transaction() as session:
        row = session.query(Message).one()
        row.red_flag = {"outcome": "card", "card": "emergency", "too_long": True}
    card = answer(console, handoff.conversation_id, "999!", english="Call 999 now.")
    with console.transaction() as session:
        session.get(Message, card.id).response = "utter_card_emergency"
    page = shown(client, handoff)
    assert "Red flag: 999 or A&E Cut" in words(message(page, 1))
    assert "Emergency card" in words(message(page, 2))


def test_a_coordinators_message_shows_what_was_written_and_what_is_read(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    handoff = claimed(console, amara, a_chat(console, team))
    with console.transaction() as session:
        staff = session.get(Staff, amara.id)
        made = Preview("Dzień dobry", "Good morning", "libretranslate", ())
        row = send_staff_message(
            session, staff, handoff.id, "c1", "Hello", console.now, translation=made
        )
        plain = send_staff_message(session, staff, handoff.id, "c2", "In short", console.now)
        canned = send_canned_reply(session, staff, handoff.id, "c3", "reply_hello", console.now)
    page = shown(client, handoff)
    said = words(message(page, row.seq))
    assert said.startswith("Amara Example , ")
    assert "Machine translation (LibreTranslate), Polish (polski) Dzień dobry" in said
    assert "As written, English Hello" in said
    assert "Sent in English: the patient reads Polish (polski) In short" in words(
        message(page, plain.seq)
    )
    assert "Canned reply, Polish (polski)" in words(message(page, canned.seq))
    assert "achine" not in words(message(page, canned.seq))


def test_messages_after_a_number_come_alone(console: Console, team: Team, client: Browser) -> None:
    handoff = a_chat(console, team)
    for text in ("one", "two", "three"):
        write(console, handoff.conversation_id, text)
    part = client.get(f"/handoffs/{handoff.id}/messages?after=2", background=True).text
    assert re.findall(r'id="message-(\d+)"', part) == ["3"]
    for after in ("", "x", "-1", "9" * 40, "٣"):
        part = client.get(f"/handoffs/{handoff.id}/messages?after={after}").text
        assert re.findall(r'id="message-(\d+)"', part) == ["1", "2", "3"]


def test_a_fresh_page_and_its_parts_say_the_same(
    console: Console, team: Team, client: Browser
) -> None:
    handoff = a_chat(console, team, known=zofia(console), said="Boli mnie kolano")
    answer(console, handoff.conversation_id, "Dobrze.", english="Good.")
    page = shown(client, handoff)
    parts = client.get(f"/handoffs/{handoff.id}/messages?after=0").text
    assert [message(page, n) for n in (1, 2)] == [message(parts, n) for n in (1, 2)]
    digests = re.findall(r'data-digest="(\w+)"', parts)
    assert len(set(digests)) == 2


# --- sealed identifiers ---


def test_only_the_holder_gets_a_button_for_a_sealed_number(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    number = nhs_number(7)
    handoff = a_chat(console, team, said=f"Mój numer to {number}")
    assert "[NHS number]" in words(shown(client, handoff))
    claimed(console, amara, handoff)
    page = shown(client, handoff)
    assert "Show NHS number" in words(page)
    assert number not in page
    token = re.search(r"\[nhs-number#\w+\]", html.unescape(page))[0]
    opened = client.post(f"/handoffs/{handoff.id}/reveal", data={"token": token}, htmx=True)
    assert words(opened.text) == f"{number[:3]} {number[3:6]} {number[6:]}"
    gone = client.post(f"/handoffs/{handoff.id}/reveal", data={"token": "[x#1]"}, htmx=True)
    assert (gone.status_code, "Ask the patient again" in gone.text) == (409, True)


# --- what stands beside it ---


def test_an_unverified_chat_says_so_loudly_and_shows_no_record(
    console: Console, team: Team, client: Browser
) -> None:
    known = zofia(console)
    handoff = a_chat(console, team)
    beside = panel(client, handoff)
    assert "NOT VERIFIED: general information only." in beside
    assert "Not verified" in words(shown(client, handoff))
    assert known.patient.family_name not in shown(client, handoff)
    assert "Hospital RZ9" not in shown(client, handoff)


def test_a_verified_chat_shows_the_record_judged_now(
    console: Console, team: Team, client: Browser
) -> None:
    handoff = a_chat(console, team, known=zofia(console))
    beside = panel(client, handoff)
    for said in (
        "Zofia Wzorek",
        "Verified by invitation and date of birth",
        "Date of birth 3 May 1961",
        "Hospital RZ9, Orthopaedics",
        "Being read by the hospital (triage)",
        "Overdue",
        "Who acts now Hospital",
        "Call Hospital, by 4 May 2026 (the hospital's own review date)",
        "Language of the chat Polish (polski)",
        "Reason Asked for a person",
    ):
        assert said in beside


def test_after_the_session_it_says_until_when_and_still_shows_the_record(
    console: Console, team: Team, client: Browser
) -> None:
    handoff = a_chat(console, team, known=zofia(console))
    row = answer(
        console, handoff.conversation_id, "Szpital.", english="At the hospital.", private=True
    )
    end_identity_of(console, handoff)
    assert "Was verified by invitation and date of birth until" in panel(client, handoff)
    assert "At the hospital." in words(message(shown(client, handoff), row.seq))


def test_another_persons_answers_in_the_same_chat_are_not_shown(
    console: Console, team: Team, client: Browser
) -> None:
    known = zofia(console)
    handoff = a_chat(console, team, known=known)
    secret = answer(console, handoff.conversation_id, "Tajne.", english="Secret.", private=True)
    with console.transaction() as session:
        other = a_patient(session, nhs_number(202), given_name="Jan", family_name="Inny")
        start_identity(session, handoff.conversation_id, other.id, "code", console.now)
    page = shown(client, handoff)
    assert "Not shown" in words(message(page, secret.seq))
    assert "Secret." not in page
    assert "Tajne." not in page
    assert "Somebody else was verified here" in words(page)


def test_a_restricted_record_is_shown_to_nobody(
    console: Console, team: Team, client: Browser
) -> None:
    known = zofia(console)
    handoff = a_chat(console, team, known=known)
    secret = answer(console, handoff.conversation_id, "Tajne.", english="Secret.", private=True)
    with console.transaction() as session:
        session.merge(known.patient).restricted = True
    page = shown(client, handoff)
    assert "NOT VERIFIED" in words(page)
    assert "Not shown" in words(message(page, secret.seq))
    for hidden in ("Wzorek", "Hospital RZ9", "Secret.", "07700"):
        assert hidden not in page


def test_the_label_of_the_urgent_pathway_comes_with_a_warning(
    console: Console, team: Team, client: Browser
) -> None:
    known = zofia(console)
    with console.transaction() as session:
        session.merge(known.referral).priority = "two_week_wait"
    beside = panel(client, a_chat(console, team, known=known))
    assert "say “your GP asked for this to be urgent”, never its label" in beside
    assert "somebody must look today" in beside


def test_notes_and_other_hand_offs_stand_beside_it(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    known = zofia(console)
    earlier, handoff = a_chat(console, team, known=known), a_chat(console, team, known=known)
    claimed(console, amara, earlier)
    with console.transaction() as session:
        staff = session.get(Staff, amara.id)
        due = console.now.date() + timedelta(days=7)
        how: dict[str, Any] = {"done": "Called.", "left_with": "hospital", "left_due_on": due}
        resolve_handoff(session, staff, earlier.id, console.now, **how)
        add_note(session, staff, handoff.id, "Speaks <little> English", console.now)
    beside = panel(client, handoff)
    assert "Amara Example" in beside
    assert "Speaks <little> English" in beside
    assert "resolved; left with: the hospital, by 11 May 2026" in beside


def test_a_closed_hand_off_ends_with_its_end(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    handoff = claimed(console, amara, a_chat(console, team, said="Przed"))
    with console.transaction() as session:
        how: dict[str, Any] = {"done": "x", "left_with": "nobody", "left_due_on": None}
        resolve_handoff(session, session.get(Staff, amara.id), handoff.id, console.now, **how)
    write(console, handoff.conversation_id, "Potem, do kogo innego")
    page = shown(client, handoff)
    assert "Przed" in page
    assert "Potem" not in page
    assert "The assistant answers the patient now." in words(page)


def test_a_patient_who_has_left_is_said_to_be_gone(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    handoff = claimed(console, amara, a_chat(console, team))
    leave(console, handoff)
    page = shown(client, handoff)
    assert "The patient has left this chat for good" in words(page)
    assert 'id="compose-text"' not in page


# --- reading is audited ---


def test_each_view_is_audited_once_and_its_parts_are_not(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    known = zofia(console)
    handoff = a_chat(console, team, known=known)
    shown(client, handoff)
    shown(client, handoff)
    for part in ("messages?after=0", "panel", "actions"):
        assert client.get(f"/handoffs/{handoff.id}/{part}", background=True).status_code == 200
    with console.transaction() as session:
        entries = session.query(AuditEntry).filter_by(action="handoff_viewed").all()
        told = [(entry.actor, entry.subject_id, entry.detail) for entry in entries]
    expected = {"holds": False, "patient": known.patient.id}
    assert told == [(f"staff:{amara.id}", handoff.id, expected)] * 2


def test_a_long_word_and_many_emoji_are_kept_whole(
    console: Console, team: Team, client: Browser
) -> None:
    text = "😀" * 1000 + "Konstantynopolitańczykowianeczka" * 20
    handoff = a_chat(console, team, said=text)
    assert text in words(message(shown(client, handoff), 1))


def test_who_reads_only_parts_of_a_page_is_noted_once_a_sign_in(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    known = zofia(console)
    handoff = a_chat(console, team)

    def noted() -> list[str | None]:
        with console.transaction() as session:
            found = session.query(AuditEntry).filter_by(
                action="handoff_viewed", subject_id=handoff.id, actor=f"staff:{amara.id}"
            )
            return [entry.detail["patient"] for entry in found]

    for _ in range(2):
        for part in ("messages?after=0", "panel", "actions"):
            client.get(f"/handoffs/{handoff.id}/{part}", background=True)
    assert noted() == [None]
    with console.transaction() as session:
        start_identity(
            session, handoff.conversation_id, known.patient.id, "invitation", console.now
        )
    for _ in range(2):
        client.get(f"/handoffs/{handoff.id}/panel", background=True)
    assert noted() == [None, known.patient.id]
    console.client(amara).get(f"/handoffs/{handoff.id}/panel", background=True)
    assert noted() == [None, known.patient.id, known.patient.id]


# --- who can't be reached ---


def test_the_page_says_that_a_patient_has_blocked_the_assistant_until_they_are_back(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    said = "can’t be reached: they have blocked the assistant on Telegram"
    with console.transaction() as session:
        talk = telegram_chats.open_chat(session, 777_000_321, console.now).id
        opened = open_handoff(session, talk, "chat", "asked_for", console.now, team_id=team.id)
        claim_handoff(session, amara, opened.id, console.now)
    preview = {"text": "Good morning", "client_id": "c1"}
    address = f"/handoffs/{opened.id}"
    assert said not in words(shown(client, opened))
    with console.transaction() as session:
        telegram_chats.note_blocked(session, talk, console.now)
    assert words(shown(client, opened)).count(said) == 2  # in the head, and where one writes
    assert said in words(client.get(f"{address}/actions", background=True).text)
    assert said in words(client.post(f"{address}/preview", data=preview, htmx=True).text)
    with console.transaction() as session:
        telegram_chats.note_reachable(session, talk)
    assert said not in words(shown(client, opened))
    assert said not in words(client.post(f"{address}/preview", data=preview, htmx=True).text)

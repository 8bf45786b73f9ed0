"""Appointments through the front doors: the calendar file, what a channel names, and how staff
and the record end a request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from icalendar import Calendar
from sqlalchemy import select

from bot.records.base import utc_now
from bot.records.chat_models import Handoff, Message
from bot.records.models import Appointment, Patient, Referral
from bot.records.request_models import CareRequest
from bot.records.session import transaction
from tests.conversations.people import BORN_TYPED, PROVIDER, person
from tests.conversations.test_handoff import until
from tests.site.coordinator import Coordinator
from tests.site.patient import PatientPage
from tests.site.running import Site
from tests.site.sentences import sentence, texts
from tests.site.telegram_patient import TelegramPatient

pytestmark = pytest.mark.slow
CALENDAR, DIRECTIONS = "button_calendar", "button_directions"


def with_appointments(index: int, *days: int) -> str:
    """A patient with an appointment in so many days each; returns the NHS number."""
    number = person(index)
    with transaction() as session:
        patient = session.execute(select(Patient).where(Patient.nhs_number == number)).scalar_one()
        referral = session.execute(
            select(Referral).where(Referral.patient_id == patient.id)
        ).scalar_one()
        referral.state = "booked"
        for day in days:
            session.add(
                Appointment(
                    source="tests",
                    source_id=f"{number}-{day}",
                    patient_id=patient.id,
                    referral_id=referral.id,
                    provider_id=referral.provider_id,
                    status="booked",
                    starts_at=utc_now() + timedelta(days=day),
                    clinic="Fracture Clinic",
                    address="Denmark Hill, London",
                    medium="face_to_face",
                    checked_at=utc_now(),
                )
            )
    return number


def on_page(site: Site, index: int, *days: int) -> PatientPage:
    return site.signed_in(with_appointments(index, *days), BORN_TYPED)


def on_telegram(site: Site, index: int, *days: int) -> TelegramPatient:
    patient = site.open_chat(link=site.invite(with_appointments(index, *days)))
    patient.say("when is my appointment?")
    patient.say(BORN_TYPED)
    return patient


def the_event(content: bytes) -> Any:
    (found,) = Calendar.from_ical(content).walk("VEVENT")
    return found


def request_of(conversation_id: str) -> CareRequest:
    with transaction() as session:
        query = select(CareRequest).where(CareRequest.conversation_id == conversation_id)
        return session.execute(query).scalar_one()


def test_the_page_links_a_calendar_file_that_only_its_patient_gets(site: Site) -> None:
    with on_page(site, 660, 9) as page, on_page(site, 661, 9) as other:
        page.say("when is my appointment?")
        (said,) = page.press(sentence(CALENDAR))
        (shown,) = [one for one in page.history() if one["seq"] == said.seq]
        link = page.address + shown["file"]
        answer = page.http.get(link, timeout=20)
        assert answer.headers["Content-Type"].startswith("text/calendar")
        assert 'filename="appointment.ics"' in answer.headers["Content-Disposition"]
        assert PROVIDER in str(the_event(answer.content)["location"])
        assert requests.get(link, timeout=20).status_code == 404
        assert other.http.get(link, timeout=20).status_code == 404
        page.say("stop")
        assert page.http.get(link, timeout=20).status_code == 404


def test_telegram_gets_the_file_as_a_document_that_names_no_place(site: Site) -> None:
    with on_telegram(site, 662, 9) as patient:
        patient.press(sentence(CALENDAR))
        (standing,) = [one for one in patient.room.of_bot() if one.file]
        assert standing.file is not None and standing.file.name == "appointment.ics"
        found = the_event(standing.file.content)
        text = standing.file.content.decode()
        assert str(found["summary"]) == sentence("term_calendar_title_little")
        for name in (PROVIDER, "Fracture", "Denmark"):
            assert name not in text
        patient.say("stop")
        until(lambda: not [one for one in patient.room.of_bot() if one.file])


def test_telegram_names_appointments_by_their_date_alone(site: Site) -> None:
    with on_telegram(site, 663, 9, 20) as patient:
        (asked,) = patient.say("I cannot come to my appointment")
        assert sentence("utter_which_appointment") in asked.text
        assert len(asked.buttons) == 2
        assert PROVIDER not in " ".join(asked.buttons)
        (noted,) = patient.press(asked.buttons[1])
        assert asked.buttons[1] in noted.text
        assert PROVIDER not in noted.text
        (way,) = [*patient.say("when is my appointment?")][-1:]
        told = patient.press(sentence(DIRECTIONS))[-1].text
        assert sentence("utter_directions_letter") in told
        for name in (PROVIDER, "Fracture", "Denmark", "020 7946"):
            assert name not in way.text + told


def test_staff_settle_a_request_and_the_patient_is_told(site: Site) -> None:
    with on_page(site, 664, 9) as page:
        page.say("can I have a different day please")
        page.say("only tuesdays, I pick up my kids")
        row = request_of(page.conversation)
        assert row.wishes["words"] == [
            "can I have a different day please",
            "only tuesdays, I pick up my kids",
        ]
        amara = Coordinator(site.console)
        seen = amara.claim(row.handoff_id)
        assert "only tuesdays, I pick up my kids" in seen
        assert "Fracture Clinic" in seen
        amara.resolve(row.handoff_id, "Moved to a Tuesday with the hospital.")
        done = sentence("utter_task_done")
        until(lambda: done in texts(page.heard))
        assert request_of(page.conversation).state == "answered"
        told = page.say("when is my appointment?")[-1].text
        assert "You asked on" not in told


def test_a_wish_said_while_a_person_has_the_chat_is_met_with_silence_and_kept_in_the_chat(
    site: Site,
) -> None:
    with on_page(site, 665, 9) as page:
        page.say("can I have a different day please")
        page.say("I want to talk to a person")
        with transaction() as session:
            chat = session.execute(
                select(Handoff).where(
                    Handoff.conversation_id == page.conversation, Handoff.kind == "chat"
                )
            ).scalar_one()
        amara = Coordinator(site.console)
        amara.claim(chat.id)
        until(_joined(page))
        assert page.say("only on tuesdays") == []
        with transaction() as session:
            query = select(Message.text).where(Message.conversation_id == page.conversation)
            assert "only on tuesdays" in list(session.execute(query).scalars())
        amara.resolve(chat.id, "Talked.")


def _joined(page: PatientPage) -> Callable[[], bool]:
    return lambda: any("is here now" in text for text in texts(page.heard))


def test_an_arabic_wish_is_kept_word_for_word(site: Site) -> None:
    with on_page(site, 666, 9) as page:
        page.say("أريد تغيير موعدي إلى يوم آخر")
        page.say("أيام الثلاثاء فقط، لأني أحضر أولادي")
        assert (
            "أيام الثلاثاء فقط، لأني أحضر أولادي" in request_of(page.conversation).wishes["words"]
        )

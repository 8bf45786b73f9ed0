"""A carer at the running site: withdrawn in the middle, switched, signed in as somebody else."""

from __future__ import annotations

import time
from datetime import date

import pytest
from sqlalchemy import select

from bot.records.base import utc_now
from bot.records.carer_models import CarerAccess
from bot.records.chat_models import AuditEntry, Handoff
from bot.records.models import Patient
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.services.carers.ending import withdraw_access
from bot.services.carers.recording import CarerDetails
from tests.conversations.carers_given import allow, end_all_access_of
from tests.conversations.people import PROVIDER, person
from tests.site.patient import PatientPage
from tests.site.running import Site
from tests.site.telegram_patient import TelegramPatient

pytestmark = pytest.mark.slow
NOOR = CarerDetails("Noor", "Middleway", date(1988, 3, 3), "SE5 8ZZ", "07700 900556")
ENDED = "You cannot ask for this person here any more"
WAIT_SECONDS = 20


@pytest.fixture
def access() -> CarerAccess:
    """What Noor may ask: all about one patient, Yusuf."""
    number = person(680)
    with transaction() as session:
        patient = session.execute(select(Patient).where(Patient.nhs_number == number)).scalar_one()
        patient.given_name = "Yusuf"
        end_all_access_of(session, NOOR)
        return allow(session, patient, NOOR)


def sign_in_as_carer(site: Site, page: PatientPage | TelegramPatient) -> list[str]:
    """Verify as Noor; returns what is said then."""
    page.say("I am asking for my father")
    page.press("I am registered as a carer")
    for text in (NOOR.family_name, "3 March 1988", NOOR.postcode):
        page.say(text)
    return [said.text for said in page.say(site.code())]


def withdraw(access: CarerAccess) -> None:
    """As a coordinator does at the console."""
    with transaction() as session:
        patient = session.get(Patient, access.patient_id)
        staff = session.execute(select(Staff)).scalars().first()
        withdraw_access(session, staff, patient, access.id, "patient", utc_now())


def shown(page: PatientPage) -> list[str]:
    """What the page shows when it is loaded anew."""
    return [row["text"] for row in page.history()]


def wait_for(page: PatientPage, text: str) -> list[str]:
    """Until the page shows a sentence that comes by itself."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found = shown(page)
        if any(text in one for one in found):
            return found
        time.sleep(0.2)
    raise AssertionError(f"The page never showed: {text}")


def test_withdrawn_in_the_middle_nothing_is_told_or_shown_any_more(
    site: Site, access: CarerAccess
) -> None:
    with site.open_page() as page:
        said = sign_in_as_carer(site, page)
        assert said[0].startswith("You are asking for Yusuf.")
        assert said[1].startswith("For Yusuf:") and PROVIDER in said[1]
        assert any(PROVIDER in text for text in shown(page))
        withdraw(access)
        left = wait_for(page, ENDED)
        assert [text for text in left if PROVIDER in text or "Yusuf" in text] == []
        asked_again = page.say("how long is the wait?")
        assert "your own family name" in asked_again[-1].text
        for text in (NOOR.family_name, "3 March 1988", NOOR.postcode):
            page.say(text)
        answer = page.say(site.code())[-1].text
        assert "at the moment you cannot ask for anybody here" in answer
        with transaction() as session:
            (task,) = session.execute(
                select(Handoff).where(Handoff.conversation_id == page.conversation)
            ).scalars()
            assert (task.kind, task.reason) == ("task", "carer_access")


def test_each_answer_is_audited_with_the_carer_and_the_conversation(
    site: Site, access: CarerAccess
) -> None:
    with site.open_page() as page:
        sign_in_as_carer(site, page)
        page.say("how long is the wait?")
        with transaction() as session:
            read = session.execute(
                select(AuditEntry).where(AuditEntry.action == "referral_read")
            ).scalars()
            mine = [one for one in read if one.detail.get("conversation") == page.conversation]
        assert [one.actor for one in mine] == [f"carer:{access.carer_id}"] * 2


def test_asking_for_oneself_leaves_the_carers_way(site: Site, access: CarerAccess) -> None:
    with site.open_page() as page:
        page.say("I am asking for my father")
        page.press("I am registered as a carer")
        page.press("I ask for myself")
        assert "NHS number" in page.say("where is my referral?")[-1].text


def test_a_signed_in_patient_is_signed_out_when_they_ask_as_a_carer(
    site: Site, access: CarerAccess
) -> None:
    with site.signed_in(person(681), "2 January 1970") as page:
        assert any(PROVIDER in text for text in shown(page))
        assert sign_in_as_carer(site, page)[0].startswith("You are asking for Yusuf.")
        told = [text for text in shown(page) if PROVIDER in text]
        assert told and all(text.startswith("For Yusuf:") for text in told)


def test_on_telegram_the_given_name_is_all_that_names_the_patient(
    site: Site, access: CarerAccess
) -> None:
    with site.open_chat() as chat:
        said = sign_in_as_carer(site, chat)
        assert said[1].startswith("For Yusuf:")
        assert PROVIDER not in said[1]
        assert "/chat/l/" not in said[1]

"""Whole conversations through the front door, as the patient reads them.

Each file in `transcripts/` is played at the running site and compared word by word. After a
sentence was changed, `WAYMARK_WRITE_TRANSCRIPTS=1 pytest tests/conversations/test_transcripts.py`
writes what Waymark says now: read the difference as the patient before committing it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.pathway.states import State
from bot.records.base import utc_now
from bot.records.chat_models import Handoff
from bot.records.models import Appointment, Organisation, Patient
from bot.records.session import transaction
from bot.records.staff_queries import OPEN
from tests.conversations.carers_given import add_carer
from tests.conversations.written import Spoken, Written, read, write
from tests.site.patient import PatientPage, Said
from tests.site.running import Site, add_patient, add_referral, nhs_number
from tests.site.telegram_patient import TelegramPatient

FOLDER = Path(__file__).parent / "transcripts"
FILES = sorted(FOLDER.glob("*.txt"))
LONDON = ZoneInfo("Europe/London")
SPECIALTIES = {
    "Orthopaedics": "C_110",
    "Gastroenterology": "C_301",
    "Cardiology": "C_320",
    "Dermatology": "C_330",
    "Gynaecology": "C_502",
    "Urology": "C_101",
}
FIRST_NUMBER = 700
"""Each file's patient has an NHS number of their own, from here on."""

Talker = PatientPage | TelegramPatient
Open = Callable[[Site, str, str], Talker]

CALL = re.compile(r"[Cc]all .*\d{1,2} \w+ 20\d\d|by \d{1,2} \w+ 20\d\d")
FIGURES = re.compile(r"18 weeks|half of the people|8 of 10|\d+ ?%|\d+ weeks")
LABEL = re.compile(r"cancer|cáncer|nowotw|\brak|سرطان|ক্যান্সার|2\s?ww|two.week|tumou?r", re.IGNORECASE)


def _transcripts() -> dict[str, Written]:
    return {path.stem: read(path.read_text()) for path in FILES}


def test_each_of_the_22_states_has_a_transcript_of_its_status_and_of_what_happens_next() -> None:
    told = {
        state
        for name, written in _transcripts().items()
        if name.startswith("state_") and len(written.of_waymark()) >= 2
        for state in written.states
    }
    assert told == {state.value for state in State}
    assert len(told) == 22


def test_every_answer_about_a_referrals_state_says_by_when_whom_to_call() -> None:
    silent = [
        (name, said.text)
        for name, written in _transcripts().items()
        if name.startswith(("state_", "urgent_"))
        for said in written.of_waymark()
        if not (CALL.search(" ".join(said.text.split())) and "Phone: " in said.text)
    ]
    assert silent == []


def test_an_urgent_patient_is_never_told_a_figure() -> None:
    urgent = [written for written in _transcripts().values() if written.given and written.urgent]
    told = [
        said.text
        for written in urgent
        for said in written.of_waymark()
        if FIGURES.search(" ".join(said.text.split()))
    ]
    assert len(urgent) >= 6
    assert told == []


def test_no_answer_names_suspected_cancer() -> None:
    named = [
        said.text
        for written in _transcripts().values()
        for said in written.of_waymark()
        if LABEL.search(said.text)
    ]
    assert named == []


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_patient_reads_what_the_transcript_says(site: Site, path: Path) -> None:
    text = path.read_text()
    written = read(text)
    spoken, staff_see = play(site, written, nhs_number(FIRST_NUMBER + FILES.index(path)))
    actual = write(written.head, spoken, staff_see)
    if os.environ.get("WAYMARK_WRITE_TRANSCRIPTS"):
        path.write_text(actual)
    elif actual != text:
        difference = difflib.unified_diff(
            text.splitlines(), actual.splitlines(), "the transcript", "what was said", lineterm=""
        )
        pytest.fail("\n".join(difference), pytrace=False)


def _open_page(site: Site, link: str, language: str) -> PatientPage:
    return site.open_page(link=link or "/chat", browser_language=language)


def play(
    site: Site, written: Written, number: str, open_chat: Open = _open_page
) -> tuple[list[Spoken], str]:
    """Both sides' part, and what staff see in the end.

    Args:
        open_chat: opens the channel, with the path of an invitation or "", and a language.
    """
    first = written.given[0]
    with transaction() as session:
        patient = _add(session, written, number)
        birth_date = patient.birth_date
        add_carer(session, written, patient)
    language = first.get("browser language", "en")
    link = ""
    if first.get("signed in", "no") != "no":
        link = site.invite(number)
    with open_chat(site, link, language) as page:
        if first.get("signed in") == "yes":
            page.say("where is my referral")
            page.say(f"{birth_date:%Y-%m-%d}")
        spoken: list[Spoken] = []
        if first.get("signed in") == "by the link":
            spoken += [_greeting(page)]
        for turn in written.spoken:
            if turn.who.startswith("waymark"):
                continue
            spoken.append(turn)
            text = turn.text.replace("<NHS number>", number)
            if "<code>" in text:
                text = text.replace("<code>", site.code())
            answer = {
                "patient": page.say,
                "patient presses": page.press,
                "patient chooses": page.choose,
            }[turn.who]
            spoken += [_spoken(said, site) for said in answer(text)]
    with transaction() as session:
        return spoken, _staff_see(session, page)


def _greeting(page: Talker) -> Spoken:
    """What a link's page shows before anybody has written."""
    shown = page.history()[0]
    page.heard.append(
        Said(shown["seq"], shown["text"], tuple(shown["buttons"]), shown["language"], None, False)
    )
    return Spoken("waymark", shown["text"], tuple(shown["buttons"]))


def _spoken(said: Said, site: Site) -> Spoken:
    who = "waymark (card)" if said.kind == "card" else "waymark"
    return Spoken(who, said.text.replace(site.address, "<site>"), said.buttons)


def _staff_see(session: Session, page: Talker) -> str:
    """The conversation's open hand-offs, in the clinic's words."""
    conversation = page.conversation
    rows = session.execute(
        select(Handoff)
        .where(Handoff.conversation_id == conversation, Handoff.state.in_(OPEN))
        .order_by(Handoff.reason)
    ).scalars()
    return ", ".join(f"{row.reason.replace('_', ' ')} ({row.kind})" for row in rows)


def _add(session: Session, written: Written, number: str) -> Patient:
    """The patient and the referrals that the file describes."""
    first = written.given[0]
    if "postcode" in first:
        # Whoever played this file on another channel has moved: of two alike none can sign in.
        alike = Patient.family_name == first["family name"]
        session.execute(update(Patient).where(alike).values(postcode="SE5 0AA"))
    born = datetime.strptime(first.get("born", "2 January 1970"), "%d %B %Y").date()
    patient = add_patient(
        session,
        number,
        birth_date=born,
        family_name=first.get("family name"),
        postcode=first.get("postcode"),
    )
    for index, block in enumerate(written.given):
        if block.get("state", "none") != "none":
            _add_referral(session, patient, block, index)
    return patient


def _add_referral(session: Session, patient: Patient, block: dict[str, str], index: int) -> None:
    hospital = session.execute(
        select(Organisation).where(Organisation.name.like(f"{block.get('hospital', 'King')}%"))
    ).scalar_one()
    specialty = block.get("specialty", "Orthopaedics")
    checked = utc_now() - timedelta(days=(_today() - _day(block.get("checked", "today"))).days)
    fields: dict[str, object] = {
        "source_id": f"{patient.nhs_number}-{index}",
        "provider_id": hospital.id,
        "specialty": specialty,
        "specialty_code": SPECIALTIES[specialty],
        "priority": block.get("priority", "routine"),
        "checked_at": checked,
        "state_reason": block.get("reason"),
    }
    for key, name in (
        ("since", "state_since"),
        ("referred", "referred_on"),
        ("referred", "clock_start"),
        ("review due", "review_due"),
    ):
        if key in block:
            fields[name] = _day(block[key])
    referral = add_referral(session, patient, State(block["state"]), **fields)
    if "appointment" not in block:
        return
    starts, _, status = block["appointment"].partition(", ")
    session.add(
        Appointment(
            source="tests",
            source_id=referral.source_id,
            patient_id=patient.id,
            referral_id=referral.id,
            provider_id=hospital.id,
            status=status or "booked",
            starts_at=_moment(starts),
            medium=block.get("how", "face_to_face"),
            clinic=block.get("clinic"),
            address=block.get("address"),
            instructions=block.get("instructions"),
            admission=block.get("admission") == "yes",
            checked_at=checked,
        )
    )


def _today() -> date:
    return utc_now().astimezone(LONDON).date()


def _day(text: str) -> date:
    """ "today", "20 days ago" or "in 6 days" as a date."""
    if text == "today":
        return _today()
    days = int(re.sub(r"\D", "", text))
    return _today() + timedelta(days=days if text.startswith("in ") else -days)


def _moment(text: str) -> datetime:
    """ "in 16 days at 09:40" as a moment in London."""
    day, _, clock = text.partition(" at ")
    hour, minute = clock.split(":")
    time_of_day = {"hour": int(hour), "minute": int(minute)}
    return datetime.combine(_day(day), datetime.min.time(), LONDON).replace(**time_of_day)

"""How much each level tells: for every state, answer and level, in the English words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.pathway import answers
from bot.pathway.facts import AppointmentFacts, Contact, ReferralFacts
from bot.pathway.lines import Line
from bot.pathway.states import State
from bot.pathway.telling import Level, told_by_update, told_facts, told_lines
from tests.pathway.test_answers import FIGURES, NOW, TODAY, said

NAMES = {
    "hospital": "Guy's Hospital",
    "clinic": "Knee Clinic",
    "address": "1 Great Maze Pond",
    "instructions": "Bring your X-rays of the knee",
    "specialty": "bones and joints (orthopaedics)",
    "practice": "Elm Surgery",
    "hospital's contact": "Booking team of Guy's",
    "phone": "020 7946",
}
LITTLE_LEAVES_OUT = tuple(NAMES.values())


def full_facts(state: State, **more: object) -> ReferralFacts:
    """A record that has everything there is to tell."""
    known: dict[str, object] = {
        "checked_at": NOW - timedelta(hours=1),
        "since": TODAY - timedelta(days=1),
        "referred_on": TODAY - timedelta(days=10),
        "clock_start": TODAY - timedelta(days=10),
        "provider": NAMES["hospital"],
        "referrer": NAMES["practice"],
        "specialty_code": "C_110",
        "gp_contact": Contact(NAMES["practice"], "020 7946 0001", hours="8:00 to 18:30"),
        "hospital_contact": Contact(NAMES["hospital's contact"], "020 7946 0002"),
        "appointment": AppointmentFacts(
            starts_at=NOW + timedelta(days=20),
            medium="face_to_face",
            clinic=NAMES["clinic"],
            address=NAMES["address"],
            instructions=NAMES["instructions"],
            status="booked",
        ),
    }
    return ReferralFacts(state=state, **(known | more))  # type: ignore[arg-type]


def told(facts: ReferralFacts, level: Level, sentences: dict[str, str]) -> dict[str, str]:
    """What each question is answered with."""
    given = told_facts(facts, level)
    lines: dict[str, list[Line]] = {
        "status": answers.status_answer(given, NOW),
        "next": answers.next_steps_answer(given, NOW),
        "waiting": answers.waiting_answer(given, FIGURES, NOW),
        "appointment": answers.appointment_answer(given, NOW),
        "contact": answers.contact_answer(given, NOW),
        "results": answers.results_answer(given, NOW),
        "choice": answers.choice_answer(given, NOW),
    }
    return {
        question: " ".join(said(line, sentences) for line in told_lines(found, level))
        for question, found in lines.items()
    }


@pytest.mark.parametrize("priority", ["routine", "two_week_wait"])
@pytest.mark.parametrize("state", list(State))
def test_little_names_no_hospital_no_kind_of_care_and_no_number(
    state: State, priority: str, sentences: dict[str, str]
) -> None:
    for question, text in told(full_facts(state, priority=priority), "little", sentences).items():
        named = [name for name in LITTLE_LEAVES_OUT if name in text]
        assert named == [], (question, text)
        assert "Hospital: the hospital" not in text, question
        assert "a hospital specialist." not in text, question


@pytest.mark.parametrize("state", list(State))
def test_little_still_tells_the_state_the_day_to_call_and_the_age_of_the_record(
    state: State, sentences: dict[str, str]
) -> None:
    facts = full_facts(state)
    little, everything = (told(facts, level, sentences)["status"] for level in ("little", "all"))
    first_words = everything.split(".")[0].split(":")[0]
    assert little.startswith(first_words)
    assert "Wednesday 6 May 2026" in little  # every date reads so in this test
    assert "Checked on" in little
    assert "Phone: " in little


def test_all_tells_every_name_somewhere(sentences: dict[str, str]) -> None:
    text = " ".join(
        answer for state in State for answer in told(full_facts(state), "all", sentences).values()
    )
    place = full_facts(State.BOOKED)
    text += " ".join(told(place, "all", sentences).values())
    assert [name for name in NAMES.values() if name not in text] == []


def test_all_changes_nothing() -> None:
    facts = full_facts(State.IN_TRIAGE)
    lines = answers.status_answer(facts, NOW)
    assert told_facts(facts, "all") is facts
    assert told_lines(lines, "all") == lines


def test_what_is_judged_does_not_depend_on_the_level() -> None:
    for state in State:
        facts = full_facts(state)
        everything = answers.status_answer(facts, NOW)
        little = answers.status_answer(told_facts(facts, "little"), NOW)
        assert [line.response for line in little] == [line.response for line in everything]


@pytest.mark.parametrize(
    ("on_page", "verified", "told"),
    [
        (True, True, "all"),
        (True, False, "news"),
        (False, True, "little"),
        (False, False, "little"),
    ],
)
def test_only_a_signed_in_page_is_told_all_by_an_update(
    on_page: bool, verified: bool, told: str
) -> None:
    assert told_by_update(on_page=on_page, verified=verified) == told

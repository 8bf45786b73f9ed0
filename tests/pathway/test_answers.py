"""What each answer names, and what no answer may ever hold."""

import json
import re
from datetime import date, datetime, timedelta, timezone
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pathway import answers
from bot.pathway.facts import AppointmentFacts, Contact, ReferralFacts, WaitFigures
from bot.pathway.limits import working_day
from bot.pathway.lines import SPECIALTIES, Line
from bot.pathway.states import State

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 5, 6, 10, 0, tzinfo=LONDON)
TODAY = NOW.date()
FIGURES = WaitFigures("A hospital", "C_110", 11.5, 38.0, 0.65, 4892, "2026-03")
GP = Contact("Elm Surgery", phone="020 7946 0001", hours="8:00 to 18:30")
HOSPITAL = Contact("Booking team", phone="020 7946 0002")
SAMPLE = {"date": "Wednesday 6 May 2026", "datetime": "Wednesday 6 May 2026 at 10:00"}
SAMPLE |= {"weeks": "7 weeks", "percent": "65%", "specialty": "bones and joints (orthopaedics)"}


def facts(state: State, **more: object) -> ReferralFacts:
    known = {
        "checked_at": NOW - timedelta(hours=1),
        "since": TODAY - timedelta(days=1),
        "referred_on": TODAY - timedelta(days=10),
        "provider": "Guy's Hospital",
        "specialty_code": "C_110",
        "gp_contact": GP,
        "hospital_contact": HOSPITAL,
    }
    return ReferralFacts(state=state, **{**known, **more})  # type: ignore[arg-type]


def all_answers(given_facts: ReferralFacts) -> dict[str, list[Line]]:
    return {
        "status": answers.status_answer(given_facts, NOW),
        "next": answers.next_steps_answer(given_facts, NOW),
        "waiting": answers.waiting_answer(given_facts, FIGURES, NOW),
        "waiting without figures": answers.waiting_answer(given_facts, None, NOW),
        "appointment": answers.appointment_answer(given_facts, NOW),
        "contact": answers.contact_answer(given_facts, NOW),
        "results": answers.results_answer(given_facts, NOW),
        "choice": answers.choice_answer(given_facts, NOW),
    }


def names(lines: list[Line]) -> list[str]:
    return [line.response for line in lines]


def said(line: Line, sentences: dict[str, str]) -> str:
    """The English text, with samples for the typed values; the renderer is somebody else's."""
    parts = []
    for text, name, kind, _ in Formatter().parse(sentences[line.response]):
        parts.append(text)
        if name:
            value = str(line.values[name])
            term = sentences[value[1:]] if value.startswith("@") else value
            parts.append(SAMPLE.get(kind or "", term))
    return "".join(parts)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


# --- the states


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_own_status_and_next_step(
    state: State, sentences: dict[str, str]
) -> None:
    appointment = AppointmentFacts(starts_at=NOW + timedelta(days=20))
    lines = all_answers(facts(state, appointment=appointment))
    assert lines["status"][0].response == f"utter_status_{state.value}"
    assert lines["next"][0].response == f"utter_next_{state.value}"
    assert {f"utter_status_{state.value}", f"utter_next_{state.value}"} <= set(sentences)


def test_a_status_has_the_state_then_the_call_then_the_age() -> None:
    lines = answers.status_answer(facts(State.IN_TRIAGE), NOW)
    assert lines == [
        Line("utter_status_in_triage", {"provider": "Guy's Hospital", "specialty": "C_110"}),
        Line("utter_chase_hospital_wait", {"chase_on": "2026-05-19", "phone": "020 7946 0002"}),
        Line("utter_checked", {"checked": "2026-05-06"}),
    ]


@pytest.mark.parametrize(
    ("more", "second", "third"),
    [
        ({"since": TODAY - timedelta(days=15)}, "utter_chase_hospital_overdue", "utter_checked"),
        (
            {"since": TODAY - timedelta(days=15), "checked_at": NOW - timedelta(hours=25)},
            "utter_chase_hospital_wait",
            "utter_checked_stale",
        ),
        ({"priority": "two_week_wait"}, "utter_chase_gp_urgent", "utter_checked"),
        (
            {"priority": "two_week_wait", "referred_on": TODAY - timedelta(days=15)},
            "utter_chase_gp_urgent_overdue",
            "utter_checked",
        ),
    ],
)
def test_the_call_says_late_urgent_or_neither(
    more: dict[str, object], second: str, third: str
) -> None:
    lines = answers.status_answer(facts(State.IN_TRIAGE, **more), NOW)
    assert names(lines)[1:] == [second, third]


def test_missed_and_cancelled_are_called_about_today() -> None:
    missed = answers.status_answer(facts(State.MISSED), NOW)
    urgent = answers.status_answer(facts(State.REJECTED, priority="two_week_wait"), NOW)
    assert missed[1].response == "utter_chase_hospital_today"
    assert urgent[1].response == "utter_chase_gp_urgent_today"
    assert urgent[1].values["chase_on"] == "2026-05-06"


def test_missing_values_become_terms() -> None:
    bare = ReferralFacts(state=State.IN_TRIAGE, checked_at=NOW)
    first, second, _ = answers.status_answer(bare, NOW)
    assert first.values == {"provider": "@term_the_hospital", "specialty": "other"}
    assert second.values["phone"] == "@term_phone_hospital"
    assert answers.contact_answer(bare, NOW)[0].values["name"] == "@term_the_hospital"


def test_hospital_that_rebooks_itself_does_not_send_the_patient_to_book() -> None:
    lines = answers.status_answer(facts(State.CANCELLED_BY_HOSPITAL, reason="CARL"), NOW)
    assert lines[0].response == "utter_status_cancelled_by_hospital_rebooking"
    assert lines[1].response == "utter_chase_hospital_wait"


# --- appointments


def appointment_names(state: State, **more: object) -> list[str]:
    appointment = AppointmentFacts(**more)  # type: ignore[arg-type]
    return names(answers.appointment_answer(facts(state, appointment=appointment), NOW))


SOON = NOW + timedelta(days=12)


@pytest.mark.parametrize(
    ("state", "more", "first"),
    [
        (State.BOOKED, {"starts_at": SOON, "medium": "face_to_face"}, "visit"),
        (State.BOOKED, {"starts_at": SOON}, "visit"),
        (State.BOOKED, {"starts_at": SOON, "medium": "telephone"}, "remote"),
        (State.BOOKED, {"starts_at": SOON, "medium": "video"}, "remote"),
        (State.ADMISSION_BOOKED, {"starts_at": SOON, "admission": True}, "visit"),
        (State.BOOKED, {"starts_at": None}, "no_date"),
        (State.BOOKED, {"starts_at": NOW - timedelta(minutes=1)}, "past"),
        (State.BOOKED, {"starts_at": SOON, "status": "cancelled"}, "cancelled"),
        (State.CANCELLED_BY_PATIENT, {"starts_at": SOON}, "cancelled"),
        (State.CHANGE_PENDING, {"starts_at": SOON}, "change_pending"),
        (
            State.CHANGE_PENDING,
            {"starts_at": SOON, "status": "cancelledPendingReschedule"},
            "cancelled",
        ),
    ],
)
def test_an_appointment_is_told_as_it_is(state: State, more: dict[str, object], first: str) -> None:
    assert appointment_names(state, **more)[0] == f"utter_appointment_{first}"


def test_no_appointment_in_the_record_is_said_as_i_cannot_see(sentences: dict[str, str]) -> None:
    none = answers.appointment_answer(facts(State.WAITING_LIST), NOW)[0]
    undated = answers.appointment_answer(facts(State.BOOKED), NOW)[0]
    assert sentences[none.response].startswith("I cannot see")
    assert sentences[undated.response].startswith("I cannot see")


def test_a_void_appointment_is_answered_by_the_state() -> None:
    assert appointment_names(State.MISSED, starts_at=SOON)[0] == "utter_status_missed"


def test_time_is_told_in_the_site_s_zone_and_the_day_to_cancel_by() -> None:
    start = datetime(2026, 5, 20, 13, 30, tzinfo=timezone.utc)
    appointment = AppointmentFacts(start, "face_to_face", "Clinic 3", "Great Maze Pond")
    first, second, _ = answers.appointment_answer(facts(State.BOOKED, appointment=appointment), NOW)
    assert first.values["starts_at"] == "2026-05-20T14:30:00+01:00"
    assert first.values["place"] == "Clinic 3, Great Maze Pond"
    assert second.response == "utter_chase_cannot_come"
    assert second.values["chase_on"] == "2026-05-18"


def test_the_hospital_s_instructions_are_passed_on() -> None:
    appointment = AppointmentFacts(starts_at=SOON, instructions="Do not eat after midnight.")
    second = answers.appointment_answer(facts(State.BOOKED, appointment=appointment), NOW)[1]
    assert second.response == "utter_appointment_instructions"
    assert second.values["instructions"] == "Do not eat after midnight"


def test_a_date_that_is_gone_is_not_said_to_stay() -> None:
    gone = AppointmentFacts(starts_at=SOON, status="cancelledPendingReschedule")
    given_facts = facts(State.CHANGE_PENDING, appointment=gone)
    assert answers.status_answer(given_facts, NOW)[0].response == "utter_appointment_cancelled"
    following = answers.next_steps_answer(given_facts, NOW)[0].response
    assert following == "utter_next_cancelled_by_hospital"


# --- waiting, results, choice, contact


def waiting(figures: WaitFigures | None = FIGURES, **more: Any) -> Line:
    return answers.waiting_answer(facts(State.WAITING_LIST, **more), figures, NOW)[0]


def test_waiting_tells_the_nearest_figure_that_it_has() -> None:
    long_ago = TODAY - timedelta(days=127)
    stale: dict[str, Any] = {"checked_at": NOW - timedelta(days=3)}
    assert waiting(None).values == {"waited": 1, "left": 16}
    assert waiting().values == {"waited": 1, "median": 12, "percent": 0.65, "period": "2026-03-31"}
    assert waiting(p80_wait_weeks=20).values == {"waited": 1, "p80": 20}
    assert waiting(planned_wait_weeks=15).values == {"waited": 1, "planned": 15}
    assert waiting(clock_start=long_ago).response == "utter_waiting_over_18_weeks"
    assert waiting(clock_start=long_ago, **stale).response == "utter_waiting_figures"
    assert waiting(None, clock_start=long_ago, **stale).response == "utter_waiting_unknown"
    assert waiting(referred_on=None).response == "utter_waiting_unknown"


def test_waiting_for_something_without_a_wait_tells_the_status() -> None:
    lines = answers.waiting_answer(facts(State.DISCHARGED), FIGURES, NOW)
    assert lines == answers.status_answer(facts(State.DISCHARGED), NOW)


def test_results_are_inferred_or_not_shown(sentences: dict[str, str]) -> None:
    inferred = answers.results_answer(facts(State.RESULTS_AWAITED), NOW)[0].response
    assert "The record does not say this" in sentences[inferred]
    assert answers.results_answer(facts(State.BOOKED), NOW)[0].response == "utter_results_not_shown"


def test_who_asks_for_a_result_is_not_told_to_wait_for_the_end_of_18_weeks() -> None:
    waiting = facts(State.WAITING_LIST, referred_on=TODAY - timedelta(days=20))
    assert answers.status_answer(waiting, NOW)[1].values["chase_on"] == str(
        working_day(TODAY + timedelta(days=106))
    )
    chase = answers.results_answer(waiting, NOW)[1]
    assert chase.response == "utter_chase_gp_help"
    assert chase.values["chase_on"] == str(working_day(TODAY + timedelta(days=2)))


def test_an_offered_date_is_told_as_an_offer() -> None:
    offer = AppointmentFacts(starts_at=NOW + timedelta(days=20), status="offered")
    offered = facts(State.APPOINTMENT_OFFERED, appointment=offer)
    told = names(answers.appointment_answer(offered, NOW))
    assert told[:2] == ["utter_status_appointment_offered", "utter_appointment_visit"]


@pytest.mark.parametrize(
    ("state", "more", "name"),
    [
        (State.TO_BOOK, {}, "at_referral"),
        (State.DISCHARGED, {}, "at_referral"),
        (State.WAITING_LIST, {}, "waiting"),
        (State.WAITING_LIST, {"clock_start": TODAY - timedelta(days=127)}, "over_18_weeks"),
        (State.WAITING_LIST, {"priority": "two_week_wait"}, "urgent"),
    ],
)
def test_choice_of_hospital(state: State, more: dict[str, object], name: str) -> None:
    assert answers.choice_answer(facts(state, **more), NOW)[0].response == f"utter_choice_{name}"


def test_contact_is_whom_the_next_step_names() -> None:
    hospital = answers.contact_answer(facts(State.IN_TRIAGE), NOW)[0]
    practice = answers.contact_answer(facts(State.REJECTED), NOW)[0]
    assert hospital == Line("utter_contact", {"name": "Booking team", "phone": "020 7946 0002"})
    assert practice.values == {"name": GP.name, "phone": GP.phone, "hours": GP.hours}


def test_is_it_cancer_has_one_answer(sentences: dict[str, str]) -> None:
    assert answers.cancer_question_answer() == [Line("utter_cancer_question")]
    assert sentences["utter_cancer_question"].startswith("I cannot tell you that. Your GP can.")


# --- what holds for any facts

LABEL = re.compile(r"2\s*ww|two.week|cancer|oncolog", re.IGNORECASE)
text = st.sampled_from(
    [
        None,
        "",
        "  ",
        "Guy's Hospital",
        "@term_evil",
        "Triage - 2WW",
        "Urgent Suspected Cancer - ENT",
    ]
)
day = st.none() | st.dates(TODAY - timedelta(days=900), TODAY + timedelta(days=60))
weeks = st.none() | st.integers(0, 104)
moment = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(timezone.utc))
contact = st.none() | st.builds(
    Contact, name=text.map(lambda name: name or ""), phone=text, email=text, hours=text
)
soon = st.integers(1, 60).map(lambda days: NOW + timedelta(days=days))
appointment = st.none() | st.builds(
    AppointmentFacts,
    starts_at=st.none() | moment | soon,
    medium=st.sampled_from([None, "face_to_face", "telephone", "video"]),
    clinic=text,
    address=text,
    status=st.sampled_from([None, "booked", "cancelled", "cancelledPendingReschedule", "noshow"]),
    instructions=text,
    admission=st.booleans(),
)
any_facts = st.builds(
    ReferralFacts,
    state=st.sampled_from(list(State)),
    checked_at=moment.filter(lambda then: then < NOW)
    | st.integers(0, 30).map(lambda hours: NOW - timedelta(hours=hours)),
    since=day,
    referred_on=day,
    clock_start=day,
    priority=st.sampled_from(["routine", "urgent", "two_week_wait"]),
    reason=st.sampled_from([None, "CARL", "SERVICE_INAPPROPRIATE"]),
    review_due=day,
    specialty_code=st.sampled_from([None, "C_110", "X06", "2WW"]),
    specialty=text,
    provider=text,
    referrer=text,
    gp_contact=contact,
    hospital_contact=contact,
    appointment=appointment,
    planned_wait_weeks=weeks,
    p80_wait_weeks=weeks,
)


@settings(max_examples=150, deadline=None)
@given(any_facts)
def test_any_answer_names_known_sentences_with_all_their_values(
    sentences: dict[str, str], given_facts: ReferralFacts
) -> None:
    offered = given_facts.state is State.APPOINTMENT_OFFERED
    for question, lines in all_answers(given_facts).items():
        assert 1 <= len(lines) <= (4 if offered and question == "appointment" else 3)
        for line in lines:
            assert placeholders(sentences[line.response]) == set(line.values)
            assert json.loads(json.dumps(line.values)) == line.values
            for value in line.values.values():
                assert value != ""
                if str(value).startswith("@"):
                    assert str(value)[1:] in sentences


@settings(max_examples=150, deadline=None)
@given(any_facts)
def test_any_answer_has_a_day_to_call_by_what_to_do_if_worse_and_its_age(
    sentences: dict[str, str], given_facts: ReferralFacts
) -> None:
    for lines in all_answers(given_facts).values():
        days = [line.values["chase_on"] for line in lines if "chase_on" in line.values]
        assert days and all(date.fromisoformat(str(chase)) >= TODAY for chase in days)
        assert any("If you feel worse" in sentences[line.response] for line in lines)
        assert lines[-1].response in {"utter_checked", "utter_checked_stale"}


@settings(max_examples=150, deadline=None)
@given(any_facts)
def test_no_answer_names_cancer_or_a_code(
    sentences: dict[str, str], given_facts: ReferralFacts
) -> None:
    for lines in all_answers(given_facts).values():
        whole = " ".join(said(line, sentences) for line in lines)
        assert not LABEL.search(whole)
        assert "_" not in whole.replace("term_evil", "")
        assert "you have no referral" not in whole.lower()


@settings(max_examples=150, deadline=None)
@given(any_facts.filter(lambda given_facts: given_facts.priority == "two_week_wait"))
def test_an_urgent_answer_holds_no_figure_and_no_18_weeks(
    sentences: dict[str, str], given_facts: ReferralFacts
) -> None:
    for lines in all_answers(given_facts).values():
        for line in lines:
            assert not {"waited", "left", "median", "percent", "p80", "planned"} & set(line.values)
            assert "18" not in sentences[line.response]


@settings(max_examples=150, deadline=None)
@given(any_facts)
def test_a_stale_record_is_never_said_to_be_late(
    sentences: dict[str, str], given_facts: ReferralFacts
) -> None:
    for lines in all_answers(given_facts).values():
        if lines[-1].response == "utter_checked_stale":
            assert not any("later than" in sentences[line.response] for line in lines)
            assert "utter_waiting_over_18_weeks" not in names(lines)


# --- the sentences


@pytest.mark.parametrize("state", list(State))
def test_every_line_has_exactly_the_values_of_its_sentence(
    state: State, sentences: dict[str, str]
) -> None:
    late = TODAY - timedelta(days=300)
    visit = AppointmentFacts(starts_at=SOON, instructions="Bring a list of your medicines")
    for more in ({}, {"appointment": visit}, {"since": late, "referred_on": late}):
        for lines in all_answers(facts(state, **more)).values():
            for line in lines:
                assert placeholders(sentences[line.response]) == set(line.values)


def test_sentences_are_short_enough_for_a_chat(sentences: dict[str, str]) -> None:
    for state in State:
        for more in ({}, {"priority": "two_week_wait"}, {"since": TODAY - timedelta(days=300)}):
            lines = answers.status_answer(facts(state, **more), NOW)
            words = sum(len(said(line, sentences).split()) for line in lines)
            assert words <= 70, (state, more, words)


def test_every_specialty_has_everyday_words(sentences: dict[str, str]) -> None:
    terms = {name for name in sentences if name.startswith("term_specialty_")}
    assert terms == {f"term_specialty_{code}" for code in SPECIALTIES | {"other"}}

"""Figures: exact numbers of a made-up week, whose they are, and what may leave the console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.pathway.limbo import limbo_of
from bot.pathway.states import State
from bot.records.models import Appointment
from bot.records.session import transaction
from bot.records.staff_models import Staff, Team
from bot.services.explain_referral import facts_of, site_intervals
from bot.services.figures import FIGURES, Column, Figure, asked_by, figure, for_export
from bot.services.figures.period import Period, period_until
from bot.services.site_days import local_day, start_of
from bot.services.teams import default_team, team_for
from tests.records.making import (
    NOW,
    a_conversation,
    a_coordinator,
    a_hospital,
    a_patient,
    a_referral,
    a_team,
    an_identity,
)
from tests.records.making_staff import a_handoff, a_message
from tests.site.running import nhs_number

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def team(session: Session) -> Team:
    return a_team(session, "King's outpatients")


@pytest.fixture
def carys(session: Session, team: Team) -> Staff:
    return a_coordinator(session, "Carys", team, role="supervisor")


@pytest.fixture
def admin(session: Session) -> Staff:
    return a_coordinator(session, "Ada", role="administrator")


def shown(session: Session, staff: Staff, name: str, days: int = 7, **how: Any) -> list[Any]:
    """A figure's rows as this person sees them at NOW, Monday 4 May 2026, 10:00 in London."""
    return list(figure(session, name, asked_by(session, staff, NOW, days, **how)).rows)


def at(day: int, hour: int = 9, month: int = 5) -> datetime:
    """A moment of 2026, in UTC: an hour less than in London."""
    return datetime(2026, month, day, hour, tzinfo=timezone.utc)


def test_handoffs_are_counted_by_the_day_in_london(
    session: Session, team: Team, carys: Staff
) -> None:
    for opened, kind in (
        (at(27, 22, 4), "chat"),  # 23:00 on 27 April: the last hour before the week
        (at(27, 23, 4), "chat"),  # midnight: its first moment
        (at(28, 9, 4), "task"),
        (at(1, 23), "chat"),  # midnight: 2 May
        (at(2, 12), "chat"),
        (at(4, 8), "task"),
    ):
        a_handoff(session, team, kind=kind, created_at=opened)
    assert shown(session, carys, "handoffs") == [
        ("2026-04-28", 1, 1),
        ("2026-04-29", 0, 0),
        ("2026-04-30", 0, 0),
        ("2026-05-01", 0, 0),
        ("2026-05-02", 2, 0),
        ("2026-05-03", 0, 0),
        ("2026-05-04", 0, 1),
    ]


def test_a_week_on_which_the_clock_changes_has_seven_days() -> None:
    period = period_until(datetime(2026, 3, 30, 12, tzinfo=timezone.utc), 7)
    lasts = period.end.astimezone(timezone.utc) - period.start.astimezone(timezone.utc)
    assert (len(period.days), lasts) == (7, 7 * DAY - HOUR)
    assert local_day(start_of(date(2026, 3, 30)) - MINUTE) == date(2026, 3, 29)


def test_longer_periods_are_counted_by_weeks_from_monday() -> None:
    period = Period(date(2026, 4, 7), date(2026, 5, 4))  # Tuesday to Monday, 28 days
    assert [str(day) for day in period.steps] == [
        "2026-04-07",
        "2026-04-13",
        "2026-04-20",
        "2026-04-27",
        "2026-05-04",
    ]
    assert [
        str(period.step_of(at(day, 22, month))) for month, day in ((4, 12), (4, 13), (5, 3))
    ] == [
        "2026-04-07",
        "2026-04-13",
        "2026-04-27",
    ]


def test_replies_are_measured_in_office_hours_against_their_target(
    session: Session, team: Team, carys: Staff
) -> None:
    """Thursday 30 April 2026, from 10:00 in London; the target is an hour."""
    opened = at(30, 9, 4)

    def handed_off(**fields: Any) -> None:
        a_handoff(session, team, created_at=opened, **fields)

    handed_off(first_reply_at=opened + 20 * MINUTE)
    handed_off(first_reply_at=opened + HOUR)  # the target itself is in time
    handed_off(first_reply_at=opened + 8 * HOUR)  # 18:00: an hour after closing
    handed_off(state="resolved", resolved_at=opened + 40 * MINUTE)  # a task, done
    handed_off(first_reply_at=opened + 20 * MINUTE, resolved_at=opened + 5 * HOUR)
    handed_off()  # nobody answered
    handed_off(reply_due_at=NOW + HOUR)  # still in time
    handed_off(state="withdrawn", updated_at=opened + 10 * MINUTE)  # before it was due
    handed_off(state="withdrawn", updated_at=opened + 3 * HOUR)  # after it was due
    rows = {row[0]: row[1:] for row in shown(session, carys, "replies")}
    # minutes: 20, 20, 40, 60, and 420 until the office closed at 17:00
    assert rows["2026-04-30"] == (9, 4, 3, 1, 4 / 7, 40)
    assert rows["2026-05-01"] == (0, 0, 0, 0, None, None)
    assert shown(session, carys, "replies_by_team") == [
        ("King's outpatients", 9, 4, 3, 1, 4 / 7, 40)
    ]


def test_a_night_and_a_weekend_are_no_waiting_time(
    session: Session, team: Team, carys: Staff
) -> None:
    """Opened on Friday at 16:30 in London, answered on Monday at 9:10."""
    a_handoff(
        session, team, created_at=at(1, 15) + 30 * MINUTE, first_reply_at=at(4, 8) + 10 * MINUTE
    )
    rows = {row[0]: row[-1] for row in shown(session, carys, "replies")}
    assert rows["2026-05-01"] == 40


def test_reasons_and_languages_come_with_the_most_frequent_first(
    session: Session, team: Team, carys: Staff
) -> None:
    for reason, language in (
        ("complaint", "pl"),
        ("asked_for", "pl"),
        ("asked_for", "ar"),
        ("asked_for", None),
        ("interpreter", "pl"),
    ):
        talk = a_conversation(session, language=language)
        a_handoff(session, team, talk, reason=reason, kind="task", created_at=NOW - DAY)
    a_handoff(session, team, created_at=NOW - 7 * DAY)  # too long ago
    a_handoff(session, team, created_at=at(4, 23))  # midnight: the day after
    assert shown(session, carys, "reasons") == [
        ("asked_for", 3),
        ("complaint", 1),
        ("interpreter", 1),
    ]
    assert shown(session, carys, "languages") == [("pl", 3), (None, 1), ("ar", 1)]


def test_not_understood_is_a_share_of_what_the_bot_answered(session: Session, admin: Staff) -> None:
    polish, english = a_conversation(session, language="pl"), a_conversation(session, language="en")

    sunday = at(3)

    def typed(
        talk: Any, *responses: str, when: datetime = sunday, payload: str | None = None
    ) -> None:
        asked = a_message(session, talk, created_at=when, payload=payload)
        for ordinal, response in enumerate(responses):
            known = {"sender": "bot", "reply_to_id": asked.id, "status": "sent"}
            a_message(session, talk, response=response, ordinal=ordinal, created_at=NOW, **known)

    typed(polish, "utter_status_in_triage,utter_checked")
    typed(polish, "utter_language_changed,utter_not_understood")
    typed(polish, "utter_offer_person")  # the second time in a row
    typed(polish, "utter_out_of_scope", "utter_ask_more")  # two answers to one message
    typed(english, "utter_greet")
    typed(english, "utter_not_understood", when=at(2))
    typed(english, "utter_not_understood", when=at(4, 8) - 7 * DAY)  # before the week
    typed(english, "utter_greet", payload="/greet")  # a tap
    typed(english)  # a coordinator has the chat: the bot says nothing
    a_message(session, english, sender="bot", response="utter_not_understood", status="sent")
    rows = {row[0]: row[1:] for row in shown(session, admin, "understanding")}
    assert rows["2026-05-02"] == (1, 1, 1.0)
    assert rows["2026-05-03"] == (5, 3, 3 / 5)
    assert rows["2026-05-04"] == (0, 0, None)
    assert shown(session, admin, "understanding_by_language") == [
        ("pl", 4, 3, 3 / 4),
        ("en", 2, 1, 1 / 2),
    ]
    assert [row[1:3] for row in shown(session, admin, "understanding", 28)] == [
        (0, 0),
        (0, 0),
        (0, 0),
        (7, 5),
        (0, 0),
    ]


def test_limbo_counts_by_hospital_what_the_rules_find_overdue(
    session: Session, admin: Staff
) -> None:
    kings, guys = a_hospital(session, "RJZ"), a_hospital(session, "RJ1")
    numbers = iter(range(600, 700))

    def referred(state: State, provider: Any = kings, **fields: Any) -> Any:
        patient = a_patient(session, nhs_number(next(numbers)))
        provider_id = provider.id if provider else None
        return a_referral(session, patient, state, provider_id=provider_id, **fields)

    referred(State.IN_TRIAGE, review_due=date(2026, 5, 3))
    referred(State.IN_TRIAGE, review_due=date(2026, 5, 4))  # today is in time
    referred(State.IN_TRIAGE, review_due=date(2026, 5, 3), checked_at=NOW - 25 * HOUR)  # stale
    referred(State.WAITING_LIST, clock_start=date(2025, 12, 1))  # past 18 weeks, which isn't limbo
    referred(State.MISSED, state_since=date(2026, 5, 1), priority="two_week_wait")  # the same day
    referred(State.DISCHARGED, state_since=date(2025, 1, 1))  # never late
    referred(State.MISSED, state_since=date(2025, 1, 1))
    referred(State.GP_NOT_SENT, None, referred_on=date(2026, 3, 1))
    for named, hospital in ((True, guys), (False, guys), (False, kings)):
        booked = referred(State.BOOKED, guys)
        session.add(
            Appointment(
                patient_id=booked.patient_id,
                referral_id=booked.id if named else None,
                provider_id=hospital.id,
                source="tests",
                source_id=booked.id,
                status="booked",
                starts_at=NOW - 20 * DAY,
                checked_at=NOW,
            )
        )
    session.flush()
    assert shown(session, admin, "limbo") == [
        ("Hospital RJ1", 3, 2, 2 / 3, 0),  # an unnamed appointment at another hospital is another's
        ("Hospital RJZ", 4, 2, 1 / 2, 1),
        (None, 1, 1, 1.0, 0),
    ]


CASES = st.lists(
    st.tuples(
        st.sampled_from(list(State)),
        st.one_of(st.none(), st.integers(-200, 60)),  # since, in days from today
        st.one_of(st.none(), st.integers(-200, 60)),  # referred
        st.one_of(st.none(), st.integers(-60, 60)),  # review due
        st.sampled_from(["routine", "two_week_wait"]),
        st.sampled_from([1, 30]),  # hours since it was checked
        st.lists(
            st.tuples(
                st.sampled_from(["own", "unnamed", "elsewhere"]),
                st.sampled_from(["booked", "missed", "offered"]),
                st.one_of(st.none(), st.integers(-60, 60)),
            ),
            max_size=3,
        ),
        st.sampled_from([0, 1, 2, None]),  # which hospital
    ),
    max_size=6,
)


def on(days: int | None) -> date | None:
    return None if days is None else NOW.date() + timedelta(days=days)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=CASES)
def test_limbo_judges_and_sorts_as_for_one_patient(
    session: Session, team: Team, carys: Staff, admin: Staff, cases: list[Any]
) -> None:
    """Many at once: the judgement of `facts_of` and `limbo_of`, and the team of `team_for`."""
    with session.begin_nested() as inner:
        codes = ("RJZ", "RJZ01", "RX1")  # a trust, its site, and one without a team
        hospitals = [a_hospital(session, code) for code in codes]
        practice = a_hospital(session, "Y99901")
        team.organisation_id = hospitals[0].id
        expected: dict[str, int] = {}
        theirs = 0
        for number, (state, since, referred, review, priority, age, booked, where) in enumerate(
            cases
        ):
            patient = a_patient(session, nhs_number(700 + number))
            provider_id = None if where is None else hospitals[where].id
            referral = a_referral(
                session,
                patient,
                state,
                state_since=on(since),
                referred_on=on(referred),
                review_due=on(review),
                priority=priority,
                checked_at=NOW - timedelta(hours=age),
                provider_id=provider_id,
                referrer_id=practice.id,
            )
            for index, (how, status, day) in enumerate(booked):
                session.add(
                    Appointment(
                        patient_id=patient.id,
                        referral_id=referral.id if how == "own" else None,
                        provider_id=practice.id if how == "elsewhere" else provider_id,
                        source="tests",
                        source_id=f"{number}-{index}",
                        status=status,
                        starts_at=None if day is None else NOW + timedelta(days=day),
                        checked_at=NOW,
                    )
                )
            session.flush()
            identity = an_identity(session, patient)
            here = start_of(NOW.date()).replace(hour=10)
            facts = facts_of(session, identity, referral, NOW)
            if limbo_of(facts, here, site_intervals()):
                name = "" if where is None else f"Hospital {codes[where]}"
                expected[name] = expected.get(name, 0) + 1
                theirs += team_for(session, referral.id).id == team.id
        found = {row[0] or "": row[2] for row in shown(session, admin, "limbo") if row[2]}
        assert found == expected
        assert sum(row[2] for row in shown(session, carys, "limbo")) == theirs
        inner.rollback()


def test_a_supervisor_sees_their_own_teams_and_an_administrator_all(
    session: Session, team: Team, carys: Staff, admin: Staff
) -> None:
    other = a_team(session, "Lewisham outpatients")
    for whose in (team, team, other):
        a_handoff(session, whose, created_at=NOW)

    def total(staff: Staff, **how: Any) -> int:
        return sum(row[1] for row in shown(session, staff, "handoffs", **how))

    assert (total(carys), total(admin), total(admin, team_id=other.id)) == (2, 3, 1)
    assert [row[0] for row in shown(session, carys, "replies_by_team")] == [team.name]
    with pytest.raises(NotFound):
        total(carys, team_id=other.id)
    with pytest.raises(NotFound):
        asked_by(session, a_coordinator(session, "Amara", team), NOW, 7)
    with pytest.raises(NotFound):
        asked_by(session, carys, NOW, 8)


def test_the_default_team_has_the_referrals_of_no_other(
    session: Session, team: Team, carys: Staff
) -> None:
    kings = a_hospital(session, "RJZ")
    team.organisation_id = kings.id
    for number, provider_id in enumerate((kings.id, None)):
        patient = a_patient(session, nhs_number(720 + number))
        a_referral(session, patient, review_due=date(2026, 5, 1), provider_id=provider_id)
    dana = a_coordinator(session, "Dana", default_team(session), role="supervisor")
    assert [row[0] for row in shown(session, carys, "limbo")] == ["Hospital RJZ"]
    assert [row[0] for row in shown(session, dana, "limbo")] == [None]


def test_every_figure_has_rows_as_wide_as_its_columns(
    session: Session, team: Team, carys: Staff
) -> None:
    a_handoff(session, team, created_at=NOW)
    for name in FIGURES:
        made = figure(session, name, asked_by(session, carys, NOW, 90))
        assert made.name == name
        assert all(len(row) == len(made.columns) for row in made.rows), name
    with pytest.raises(NotFound):
        figure(session, "patients", asked_by(session, carys, NOW, 90))


GROUPED = (Column("language", "language"), Column("messages", "count"), Column("share", "share"))


@pytest.mark.parametrize(
    ("counts", "exported"),
    [
        ([20, 5, 0], [20, 5, 0]),
        ([20, 4, 1, 0], [20, "fewer than 5", "fewer than 5", 0]),
        ([20, 9, 4], [20, "not shown", "fewer than 5"]),
        ([4], ["fewer than 5"]),
        ([], []),
    ],
)
def test_small_groups_stay_in_the_console(counts: list[int], exported: list[Any]) -> None:
    rows = tuple((f"l{n}", count, 0.5) for n, count in enumerate(counts))
    left = for_export(Figure("languages", GROUPED, rows, by_group=True))
    assert [row[1] for row in left] == exported
    assert [row[2] for row in left] == [
        "not shown" if isinstance(row[1], str) else 0.5 for row in left
    ]


def test_days_are_no_groups_of_patients() -> None:
    rows = (("2026-05-04", 1, 1.0),)
    assert for_export(Figure("understanding", GROUPED, rows)) == rows


@given(st.lists(st.integers(0, 12), max_size=8))
def test_no_small_count_can_be_worked_out_from_the_total(counts: list[int]) -> None:
    rows = tuple((f"l{n}", count, None) for n, count in enumerate(counts))
    left = [row[1] for row in for_export(Figure("languages", GROUPED, rows, by_group=True))]
    hidden = [count for count, said in zip(counts, left) if isinstance(said, str)]
    assert not any(said in (1, 2, 3, 4) for said in left)
    assert len(hidden) != 1 or sum(count > 0 for count in counts) == 1

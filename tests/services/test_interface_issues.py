"""Interface issues: recorded once, seen by their team, closed with an outcome, exported without
anything that says whose they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from threading import Barrier
from time import sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.console.downloads import csv_text
from bot.errors import NotFound
from bot.pathway.interface_issues import HEADINGS
from bot.pathway.states import State
from bot.records.chat_models import AuditEntry
from bot.records.issue_queries import (
    IssueFilter,
    count_issues,
    issue_of,
    issues,
    organisations_with_issues,
)
from bot.records.live import NOTED
from bot.records.models import Referral
from bot.records.session import transaction
from bot.records.staff_models import InterfaceIssue, Staff, Team
from bot.services.identity import start_identity
from bot.services.interface_issues import IssueRefused, change_issue, record_issue, version_of
from bot.services.issue_exports import COLUMNS, exported_issues
from bot.services.issue_reports import Report, record_for_team, record_from_handoff
from bot.services.teams import default_team
from tests.records.making import (
    NOW,
    a_conversation,
    a_coordinator,
    a_hospital,
    a_patient,
    a_referral,
    a_team,
)
from tests.records.making_staff import a_handoff
from tests.site.running import nhs_number

LATER = NOW + timedelta(hours=1)
ANY = IssueFilter()
BORN = date(1961, 5, 3)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def team(session: Session) -> Team:
    return a_team(session, "King's outpatients")


@pytest.fixture
def amara(session: Session, team: Team) -> Staff:
    return a_coordinator(session, "Amara", team)


@pytest.fixture
def referral(session: Session) -> Referral:
    patient = a_patient(
        session, nhs_number(3), given_name="Zofia", family_name="Wzorek", birth_date=BORN
    )
    hospital, practice = a_hospital(session, "RJZ"), a_hospital(session, "Y99901")
    where = {"provider_id": hospital.id, "referrer_id": practice.id, "specialty": "Cardiology"}
    return a_referral(session, patient, State.IN_TRIAGE, **where)


def recorded(session: Session, at: datetime = NOW, **fields: object) -> InterfaceIssue:
    known = {"heading": "communication", "description": "No letter", "reported_by": "patient"}
    if "staff" not in fields:
        known["conversation_id"] = a_conversation(session).id
    return record_issue(session, at, **{**known, **fields})


def last_audit(session: Session) -> AuditEntry:
    newest = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)
    return session.execute(newest).scalar_one()


def test_an_issue_is_about_the_hospital_unless_the_referral_itself_was_wrong(
    session: Session, referral: Referral
) -> None:
    for heading in HEADINGS:
        issue = recorded(session, heading=heading, referral_id=referral.id)
        from_gp = heading == "principles_of_referral"
        whom = referral.referrer_id if from_gp else referral.provider_id
        assert issue.organisation_id == whom, heading


def test_whom_it_is_about_can_be_said_outright(session: Session, referral: Referral) -> None:
    issue = recorded(session, referral_id=referral.id, organisation_id=referral.referrer_id)
    assert issue.organisation_id == referral.referrer_id
    with pytest.raises(IssueRefused) as refused:
        recorded(session, organisation_id="nowhere")
    assert refused.value.field == "organisation"


def test_without_a_team_it_goes_where_a_handoff_of_the_referral_would(
    session: Session, referral: Referral
) -> None:
    assert recorded(session).team_id == default_team(session).id
    own = a_team(session, "Outpatients", organisation_id=referral.provider_id)
    assert recorded(session, referral_id=referral.id).team_id == own.id


def test_recording_is_audited_and_told_to_open_consoles(
    session: Session, team: Team, amara: Staff
) -> None:
    issue = recorded(session, team_id=team.id, staff=amara)
    entry = last_audit(session)
    assert (entry.actor, entry.action) == (f"staff:{amara.id}", "issue_recorded")
    assert (entry.subject_id, entry.detail) == (
        issue.id,
        {"heading": "communication", "kind": "other"},
    )
    event = session.info[NOTED][-1]
    assert (event.kind, event.team_id, event.data) == ("issue", team.id, {"issue": issue.id})


def test_an_issue_that_nobody_reports_is_not_recorded(session: Session) -> None:
    with pytest.raises(ValueError, match="who reports it"):
        recorded(session, staff=None)


def test_what_a_patient_told_the_bot_is_theirs(session: Session) -> None:
    talk = a_conversation(session).id
    issue = recorded(session, reported_by="patient", conversation_id=talk)
    assert (issue.reported_by, issue.staff_id) == ("patient", None)
    assert last_audit(session).actor == f"patient:{talk}"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"heading": "other"}, "heading"),
        ({"kind": "lost"}, "kind"),
        ({"reported_by": "gp"}, "reported_by"),
        ({"description": " \n "}, "description"),
        ({"description": "x" * 4001}, "description"),
    ],
)
def test_a_report_that_cannot_be_stored_says_which_field(
    session: Session, fields: dict[str, str], field: str
) -> None:
    with pytest.raises(IssueRefused) as refused:
        recorded(session, **fields)
    assert refused.value.field == field


def test_text_is_stored_without_identifiers_and_without_the_patients_name(
    session: Session, referral: Referral, team: Team
) -> None:
    written = "Mrs Wzorek (3 May 1961, 999 000 1014) rang from 020 7946 0100"
    hidden = "Mrs ••• ([date-of-birth#0], [nhs-number#0]) rang from [phone#0]"
    issue = recorded(session, description=written, referral_id=referral.id)
    assert issue.description == hidden
    handoff = a_handoff(session, team, patient_id=referral.patient_id)
    amara = a_coordinator(session, "Amara", team)
    issue = record_from_handoff(session, amara, handoff.id, Report("communication", written), NOW)
    assert issue.description == hidden
    change = {"heading": "communication", "state": "closed", "seen": version_of(issue)}
    change_issue(session, amara, issue.id, LATER, outcome=written, **change)
    assert issue.outcome == hidden


def test_a_report_from_a_handoff_is_linked_to_all_that_it_is_about(
    session: Session, team: Team, amara: Staff, referral: Referral
) -> None:
    handoff = a_handoff(session, team, referral_id=referral.id)
    report = Report("onward_referral", "Sent back twice", "sent_back_and_forth", "patient")
    issue = record_from_handoff(session, amara, handoff.id, report, NOW)
    assert (issue.handoff_id, issue.conversation_id) == (handoff.id, handoff.conversation_id)
    assert (issue.referral_id, issue.team_id) == (referral.id, team.id)
    assert (issue.kind, issue.reported_by) == ("sent_back_and_forth", "patient")
    assert (issue.staff_id, issue.state) == (amara.id, "new")


def test_the_same_form_sent_twice_records_once(session: Session, team: Team, amara: Staff) -> None:
    report = Report("communication", "No letter", issue_id="a" * 32)
    first = record_for_team(session, amara, team.id, report, NOW)
    session.expunge(first)  # the second click is another request's
    again = record_for_team(session, amara, team.id, report, LATER)
    assert (again.id, count_issues(session, amara, ANY)) == (first.id, 1)
    session.expunge(again)
    other = a_coordinator(session, "Ben", team)
    with pytest.raises(NotFound):
        record_for_team(session, other, team.id, report, LATER)


def test_another_teams_handoff_team_or_issue_does_not_exist(
    session: Session, team: Team, amara: Staff
) -> None:
    stranger = a_coordinator(session, "Ben", a_team(session, "Lewisham outpatients"))
    handoff = a_handoff(session, team)
    issue = recorded(session, team_id=team.id)
    report = Report("communication", "No letter")
    change = {"heading": "communication", "state": "new", "outcome": "", "seen": version_of(issue)}
    for refused in (
        lambda: record_from_handoff(session, stranger, handoff.id, report, NOW),
        lambda: record_for_team(session, stranger, team.id, report, NOW),
        lambda: issue_of(session, stranger, issue.id),
        lambda: change_issue(session, stranger, issue.id, NOW, **change),
    ):
        with pytest.raises(NotFound):
            refused()
    assert (issues(session, stranger, ANY, limit=9), count_issues(session, stranger, ANY)) == (
        [],
        0,
    )
    assert exported_issues(session, stranger, ANY, NOW, with_text=False) == []


def test_an_administrator_sees_the_issues_of_all_teams(session: Session, team: Team) -> None:
    admin = a_coordinator(session, "Ada", role="administrator")
    issue = recorded(session, team_id=team.id)
    assert issue_of(session, admin, issue.id).id == issue.id
    assert count_issues(session, admin, ANY) == 1


def test_closing_needs_an_outcome_and_a_closed_issue_can_be_opened_again(
    session: Session, team: Team, amara: Staff
) -> None:
    issue = recorded(session, team_id=team.id)
    change = {"heading": "follow_up", "seen": version_of(issue)}
    with pytest.raises(IssueRefused) as refused:
        change_issue(session, amara, issue.id, LATER, state="closed", outcome=" ", **change)
    assert (refused.value.field, issue.state) == ("outcome", "new")
    change_issue(session, amara, issue.id, LATER, state="closed", outcome="Letter sent", **change)
    assert (issue.state, issue.outcome, issue.heading) == ("closed", "Letter sent", "follow_up")
    assert last_audit(session).detail == {"before": "new", "state": "closed"}
    again = {"heading": "follow_up", "outcome": "Letter sent", "seen": version_of(issue)}
    change_issue(session, amara, issue.id, LATER, state="looking_into", **again)
    assert (issue.state, issue.outcome) == ("looking_into", "Letter sent")


def test_a_change_on_top_of_a_coordinators_is_refused(
    session: Session, team: Team, amara: Staff
) -> None:
    issue = recorded(session, team_id=team.id)
    seen = version_of(issue)
    change = {"heading": "communication", "state": "looking_into"}
    change_issue(session, amara, issue.id, LATER, outcome="Asked the clinic", seen=seen, **change)
    with pytest.raises(IssueRefused) as refused:
        change_issue(session, amara, issue.id, LATER, outcome="Mine", seen=seen, **change)
    assert (refused.value.field, issue.outcome) == ("seen", "Asked the clinic")


def test_filters_narrow_the_list_and_the_newest_comes_first(
    session: Session, team: Team, amara: Staff, referral: Referral
) -> None:
    other = a_team(session, "Other")
    a = recorded(session, NOW, team_id=team.id, referral_id=referral.id)
    b = recorded(session, LATER, team_id=team.id, heading="prescribing")
    c = recorded(session, NOW - timedelta(days=2), team_id=team.id)
    recorded(session, team_id=other.id)
    c.state = "passed_on"
    session.flush()

    def found(**wanted: object) -> list[str]:
        return [one.id for one in issues(session, amara, IssueFilter(**wanted), limit=None)]

    assert found() == [b.id, a.id, c.id]
    assert found(heading="prescribing") == [b.id]
    assert found(state="passed_on") == [c.id]
    assert found(organisation_id=referral.provider_id) == [a.id]
    assert found(team_id=other.id) == []
    assert found(since=NOW) == [b.id, a.id]
    assert found(before=NOW) == [c.id]
    assert [one.id for one in issues(session, amara, ANY, offset=1, limit=1)] == [a.id]
    assert count_issues(session, amara, IssueFilter(since=NOW)) == 2


def test_an_export_holds_days_words_and_no_description(
    session: Session, team: Team, amara: Staff, referral: Referral
) -> None:
    late_evening = datetime(2026, 5, 4, 23, 30, tzinfo=timezone.utc)  # 5 May in London
    issue = recorded(
        session, late_evening, team_id=team.id, referral_id=referral.id, kind="never_arrived"
    )
    rows = exported_issues(session, amara, ANY, LATER, with_text=False)
    assert rows == [
        {
            "id": issue.id,
            "recorded_on": "2026-05-05",
            "heading": "Communication",
            "kind": "The referral or letter never arrived",
            "organisation": "Hospital RJZ",
            "organisation_code": "RJZ",
            "specialty": "Cardiology",
            "reported_by": "patient",
            "state": "New",
            "changed_on": "2026-05-05",
            "outcome": "",
        }
    ]
    assert tuple(rows[0]) == COLUMNS
    assert last_audit(session).detail == {"issues": 1, "with_text": False}


def test_descriptions_are_exported_by_supervisors_only(
    session: Session, team: Team, amara: Staff
) -> None:
    recorded(session, team_id=team.id, description="No letter [phone#8646978058]")
    with pytest.raises(NotFound):
        exported_issues(session, amara, ANY, NOW, with_text=True)
    carys = a_coordinator(session, "Carys", team, role="supervisor")
    rows = exported_issues(session, carys, ANY, NOW, with_text=True)
    assert [row["description"] for row in rows] == ["No letter [phone number removed]"]


PLANTED = (
    "999 000 1014",
    "9990001014",
    "3 May 1961",
    "03/05/1961",
    "1961-05-03",
    "020 7946 0100",
    "+447700900123",
    "SE17 1AA",
    "se171aa",
    "zofia.wzorek@example.org",
    "Wzorek",
    "ZOFIA",
    "0000 4939 1801",
)
WORDS = ("The", "letter", "for", "never", "came", "(", ")", ",", "-", "called", "and", "\n", "12")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.sampled_from(PLANTED + WORDS), min_size=1, max_size=12),
    gap=st.sampled_from([" ", "  ", ", ", "\n"]),
    known_by=st.sampled_from(["referral", "hand-off"]),
)
def test_no_export_ever_holds_a_planted_identifier(
    session: Session, team: Team, referral: Referral, parts: list[str], gap: str, known_by: str
) -> None:
    with session.begin_nested() as inner:
        carys = a_coordinator(session, "Carys", team, role="supervisor")
        handoff = a_handoff(session, team, patient_id=referral.patient_id)
        link = (
            {"referral_id": referral.id} if known_by == "referral" else {"handoff_id": handoff.id}
        )
        written = "Said: " + gap.join(parts)
        issue = recorded(session, team_id=team.id, description=written, **link)
        issue.outcome = written  # as if the patient had become known only afterwards
        session.flush()
        rows = exported_issues(session, carys, ANY, NOW, with_text=True)
        file = csv_text([*COLUMNS, "description"], [list(row.values()) for row in rows])
        read = list(csv.DictReader(io.StringIO(file)))
        squeezed = "".join(read[0]["outcome"].split()) + "".join(read[0]["description"].split())
        for planted in PLANTED:
            assert "".join(planted.split()).casefold() not in squeezed.casefold(), parts
        assert referral.patient_id not in file and handoff.id not in file
        inner.rollback()


def test_two_clicks_at_once_record_one_issue(engine: Engine) -> None:
    with transaction(engine) as session:
        team = a_team(session, "King's outpatients")
        amara = a_coordinator(session, "Amara", team)
    report = Report("communication", "No letter", issue_id="b" * 32)
    both_started = Barrier(2)

    def click(_number: int) -> str:
        both_started.wait()
        with transaction(engine) as session:
            issue = record_for_team(session, session.get(Staff, amara.id), team.id, report, NOW)
            sleep(0.05)  # the first one is still open when the second one looks
            return str(issue.id)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(click, (1, 2))) == ["b" * 32] * 2
    with transaction(engine) as session:
        assert count_issues(session, session.get(Staff, amara.id), ANY) == 1


# --- who the patient is becomes known only afterwards ---


def from_a_chat(session: Session, team: Team, amara: Staff, text: str) -> InterfaceIssue:
    """An issue from the hand-off of a conversation in which nobody has verified yet."""
    handoff = a_handoff(session, team)
    report = Report("communication", text)
    return record_from_handoff(session, amara, handoff.id, report, NOW)


def test_who_verifies_after_the_report_is_named_in_no_export(session: Session, team: Team) -> None:
    boss = a_coordinator(session, "Boss", team, role="supervisor")
    issue = from_a_chat(session, team, boss, "Zofia Wzorek's letter and Piotr Kowal's never came")
    assert "Zofia Wzorek" in issue.description
    for index, names in enumerate((("Zofia", "Wzorek"), ("Piotr", "Kowal"))):
        given, family = names
        someone = a_patient(session, nhs_number(10 + index), given_name=given, family_name=family)
        start_identity(session, issue.conversation_id, someone.id, "code", LATER)
    change_issue(
        session,
        boss,
        issue.id,
        LATER,
        heading="communication",
        state="closed",
        outcome="Piotr has a date now",
        seen=version_of(issue),
    )
    assert "Piotr" not in issue.outcome
    (row,) = exported_issues(session, boss, ANY, LATER, with_text=True)
    assert row["description"] == "••• •••'s letter and ••• •••'s never came"


def test_where_a_restricted_patient_is_treated_is_in_no_export_and_found_by_no_filter(
    session: Session, team: Team, amara: Staff, referral: Referral
) -> None:
    handoff = a_handoff(session, team, referral_id=referral.id)
    issue = record_from_handoff(
        session, amara, handoff.id, Report("communication", "No letter"), NOW
    )
    about = IssueFilter(organisation_id=issue.organisation_id)
    assert organisations_with_issues(session, amara) != []
    referral.patient.restricted = True
    session.flush()
    (row,) = exported_issues(session, amara, ANY, NOW, with_text=False)
    assert (row["organisation"], row["organisation_code"], row["specialty"]) == ("", "", "")
    assert organisations_with_issues(session, amara) == []
    assert count_issues(session, amara, about) == 0
    assert count_issues(session, amara, ANY) == 1

"""The issue pages: list, filters, one issue and its outcome, a new one, downloads; by team."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.records.chat_models import AuditEntry, Handoff
from bot.records.issue_queries import IssueFilter, issues
from bot.records.models import Patient
from bot.records.staff_models import InterfaceIssue, Staff, Team
from bot.services.identity import start_identity
from bot.services.interface_issues import record_issue, version_of
from tests.console.conftest import Browser, Console
from tests.records.making import a_hospital, a_patient, a_referral
from tests.records.making_staff import a_handoff
from tests.site.running import nhs_number

TEAM = "King's outpatients"


class Room:
    """One team with a coordinator and a supervisor, a hand-off of theirs, and a stranger."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.team: Team = console.team(TEAM)
        self.amara: Staff = console.staff("amara", teams=[TEAM])
        self.carys: Staff = console.staff("carys", "supervisor", teams=[TEAM])
        self.stranger: Staff = console.staff("ben", "supervisor", teams=["Lewisham outpatients"])
        with console.transaction() as session:
            patient = a_patient(session, nhs_number(9), family_name="Wzorek", given_name="Zofia")
            hospital = a_hospital(session, "RJZ")
            referral = a_referral(session, patient, provider_id=hospital.id, specialty="Cardiology")
            self.handoff: Handoff = a_handoff(
                session, self.team, referral_id=referral.id, created_at=console.now
            )

    def issue(self, **fields: Any) -> InterfaceIssue:
        known = {
            "heading": "communication",
            "description": "No letter",
            "reported_by": "coordinator",
            "team_id": self.team.id,
            "staff": self.amara,
        }
        at = fields.pop("at", self.console.now)
        with self.console.transaction() as session:
            return record_issue(session, at, **{**known, **fields})

    def stored(self) -> list[InterfaceIssue]:
        with self.console.transaction() as session:
            return list(session.execute(select(InterfaceIssue)).scalars())

    def audited(self, action: str) -> list[tuple[str, str | None]]:
        with self.console.transaction() as session:
            query = select(AuditEntry).where(AuditEntry.action == action)
            found = session.execute(query.order_by(AuditEntry.id)).scalars()
            return [(entry.actor, entry.subject_id) for entry in found]


@pytest.fixture
def room(console: Console) -> Room:
    return Room(console)


@pytest.fixture
def page(room: Room) -> Browser:
    return room.console.client(room.amara)


def filled(browser: Browser, handoff: Handoff | None = None, **fields: str) -> dict[str, str]:
    """A form as the page gives it, filled in."""
    address = f"/issues/new?handoff={handoff.id}" if handoff else "/issues/new"
    hidden = re.search(r'name="issue_id" value="([0-9a-f]{32})"', browser.get(address).text)
    assert hidden is not None
    known = {
        "issue_id": hidden[1],
        "kind": "never_arrived",
        "heading": "",
        "reported_by": "patient",
        "organisation": "",
        "description": "The letter never came",
    }
    return known | fields


def test_a_coordinator_records_an_issue_from_a_handoff(room: Room, page: Browser) -> None:
    form = page.get(f"/issues/new?handoff={room.handoff.id}")
    assert f'action="/handoffs/{room.handoff.id}/issue"' in form.text
    answer = page.post(f"/handoffs/{room.handoff.id}/issue", data=filled(page, room.handoff))
    (issue,) = room.stored()
    assert (answer.status_code, answer.headers["location"]) == (303, f"/issues/{issue.id}?saved=1")
    assert (issue.kind, issue.heading) == ("never_arrived", "principles_of_referral")
    assert (issue.handoff_id, issue.team_id) == (room.handoff.id, room.team.id)
    shown = page.get(answer.headers["location"]).text
    assert "Saved." in shown
    assert f'href="/handoffs/{room.handoff.id}"' in shown
    assert room.audited("issue_recorded") == [(f"staff:{room.amara.id}", issue.id)]


def test_two_clicks_on_record_make_one_issue(room: Room, page: Browser) -> None:
    form = filled(page, room.handoff)
    first, second = (page.post(f"/handoffs/{room.handoff.id}/issue", data=form) for _ in "ab")
    assert first.headers["location"] == second.headers["location"]
    assert len(room.stored()) == 1


def test_htmx_is_led_on_and_forgets_the_draft(room: Room, page: Browser) -> None:
    form = filled(page, room.handoff)
    answer = page.post(f"/handoffs/{room.handoff.id}/issue", data=form, htmx=True)
    assert answer.headers["HX-Redirect"] == f"/issues/{form['issue_id']}?saved=1"
    sent = json.loads(answer.headers["HX-Trigger"])
    assert sent == {"waymark:sent": {"draft": f"issue-{room.handoff.id}"}}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"description": "  "}, "Say what went wrong."),
        ({"kind": ""}, "Choose what went wrong."),
        ({"kind": "other"}, "Choose a heading for something else."),
        ({"reported_by": ""}, "Choose who reports it."),
        ({"organisation": "f" * 32}, "Not a valid choice."),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    room: Room, page: Browser, fields: dict[str, str], sentence: str
) -> None:
    form = filled(page, room.handoff, **{"description": "Typed <b>words</b>", **fields})
    answer = page.post(f"/handoffs/{room.handoff.id}/issue", data=form)
    assert (answer.status_code, room.stored()) == (422, [])
    assert answer.text.count(sentence) == 2  # in the summary and at the field
    assert "Typed &lt;b&gt;words" in answer.text or "description" in fields
    assert form["issue_id"] in answer.text


def test_an_issue_without_a_handoff_belongs_to_the_chosen_team(room: Room, page: Browser) -> None:
    answer = page.post("/issues/new", data=filled(page, team=room.team.id))
    (issue,) = room.stored()
    assert answer.headers["location"] == f"/issues/{issue.id}?saved=1"
    assert (issue.handoff_id, issue.team_id) == (None, room.team.id)
    with room.console.transaction() as session:
        other = session.execute(select(Team).where(Team.name.contains("Lewisham"))).scalar_one()
    answer = page.post("/issues/new", data=filled(page, team=other.id))
    assert (answer.status_code, len(room.stored())) == (422, 1)


def test_the_patients_name_and_numbers_are_on_no_page(room: Room, page: Browser) -> None:
    written = "Zofia Wzorek, 9990001014, says <script>alert(1)</script>"
    form = filled(page, room.handoff, description=written)
    shown = page.get(
        page.post(f"/handoffs/{room.handoff.id}/issue", data=form).headers["location"]
    ).text
    assert "••• •••, [NHS number removed], says &lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "Wzorek" not in shown
    assert "9990001014" not in shown


def test_closing_without_an_outcome_says_so_and_keeps_the_rest(room: Room, page: Browser) -> None:
    issue = room.issue()
    form = {"seen": version_of(issue), "heading": "follow_up", "state": "closed", "outcome": " "}
    answer = page.post(f"/issues/{issue.id}", data=form)
    assert answer.status_code == 422
    assert answer.text.count("Say what the outcome is before you close the issue.") == 2
    assert re.search(r'value="closed" checked', answer.text)
    assert room.stored()[0].state == "new"
    answer = page.post(f"/issues/{issue.id}", data=form | {"outcome": "The clinic sent it again"})
    assert (answer.status_code, room.stored()[0].state) == (303, "closed")
    shown = page.get(f"/issues/{issue.id}").text
    assert "The clinic sent it again" in shown


def test_a_colleagues_change_is_shown_first_and_ones_own_words_stay(
    room: Room, page: Browser
) -> None:
    issue = room.issue()
    seen = {"seen": version_of(issue), "heading": "communication"}
    page.post(f"/issues/{issue.id}", data={**seen, "state": "passed_on", "outcome": "Asked Dr A"})
    mine = {**seen, "state": "closed", "outcome": "Mine"}
    answer = page.post(f"/issues/{issue.id}", data=mine)
    assert answer.status_code == 409
    for words in ("A colleague changed this issue meanwhile", "Asked Dr A", "Mine"):
        assert words in answer.text
    fresh = re.search(r'name="seen" value="([^"]+)"', answer.text)
    assert fresh is not None
    again = page.post(f"/issues/{issue.id}", data={**mine, "seen": fresh[1].replace("&#43;", "+")})
    assert (again.status_code, room.stored()[0].outcome) == (303, "Mine")


@pytest.mark.parametrize("address", ["/issues/{id}", "/issues/new?handoff={handoff}"])
def test_another_teams_rows_are_not_there_and_the_try_is_audited(room: Room, address: str) -> None:
    issue = room.issue()
    browser = room.console.client(room.stranger)
    path = address.format(id=issue.id, handoff=room.handoff.id)
    missing = browser.get(address.format(id="0" * 32, handoff="0" * 32))
    forbidden = browser.get(path)
    assert (forbidden.status_code, missing.status_code) == (404, 404)
    assert forbidden.text.split("<main")[1] == missing.text.split("<main")[1]
    kind = "handoff" if "handoff" in address else "issue"
    asked_for = room.handoff.id if kind == "handoff" else issue.id
    assert room.audited(f"{kind}_refused") == [
        (f"staff:{room.stranger.id}", "0" * 32),
        (f"staff:{room.stranger.id}", asked_for),
    ]


def test_a_stranger_changes_and_records_nothing(room: Room, page: Browser) -> None:
    issue, form = room.issue(), filled(page, room.handoff)
    browser = room.console.client(room.stranger)
    change = {"seen": version_of(issue), "heading": "follow_up", "state": "new", "outcome": ""}
    assert browser.post(f"/issues/{issue.id}", data=change).status_code == 404
    assert browser.post(f"/handoffs/{room.handoff.id}/issue", data=form).status_code == 404
    assert [(one.id, one.heading) for one in room.stored()] == [(issue.id, "communication")]
    assert "Communication" not in browser.get("/issues").text.split('id="issue-list"')[1]
    assert room.audited("handoff_refused") == [(f"staff:{room.stranger.id}", room.handoff.id)]


@pytest.mark.parametrize("guessed", ["x", "%00", "é", "1" * 400])
def test_a_made_up_id_is_not_found(room: Room, page: Browser, guessed: str) -> None:
    assert page.get(f"/issues/{guessed}").status_code == 404
    assert page.get(f"/issues/new?handoff={guessed}").status_code == 404
    assert {subject for _actor, subject in room.audited("issue_refused")} <= {None}


def test_filters_stand_in_the_address_and_in_the_downloads(room: Room, page: Browser) -> None:
    room.issue(heading="prescribing", kind="other")
    old = room.issue(at=room.console.now - timedelta(days=40), kind="no_contact")
    assert page.get("/issues").text.count('scope="row"') == 2
    shown = page.get("/issues?heading=prescribing&state=new&organisation=&team=&first=&last=").text
    assert shown.count('scope="row"') == 1
    assert "Something else" in shown.split('id="issue-list"')[1]
    assert 'href="/issues.csv?heading=prescribing&amp;state=new"' in shown
    day = (room.console.now - timedelta(days=40)).date().isoformat()
    file = page.get(f"/issues.csv?first={day}&last={day}")
    rows = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
    assert [row["id"] for row in rows] == [old.id]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first=31.5.2026", "Write the date as year, month and day"),
        ("first=2026-05-02&last=2026-05-01", "The last day comes before the first one."),
        ("team=" + "f" * 32, "Not a valid choice."),
        ("state=%00", "Not a valid choice."),
    ],
)
def test_a_filter_that_cannot_be_read_is_said(page: Browser, query: str, sentence: str) -> None:
    answer = page.get(f"/issues?{query}")
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert page.get(f"/issues.csv?{query}").status_code == 404


def test_a_long_list_has_pages(room: Room, page: Browser) -> None:
    for minutes in range(26):
        room.issue(at=room.console.now - timedelta(minutes=minutes))
    first, second = page.get("/issues?heading=communication"), page.get("/issues?page=2")
    assert [text.text.count('scope="row"') for text in (first, second)] == [25, 1]
    assert 'href="/issues?heading=communication&amp;page=2"' in first.text
    for asked, rows in (
        ("3", 1),
        ("99999999", 1),
        ("-1", 25),
        ("x", 25),
        ("9" * 30, 25),
        ("٢", 25),
    ):
        assert page.get(f"/issues?page={asked}").text.count('scope="row"') == rows, asked


def test_an_empty_list_says_what_to_do(room: Room, page: Browser) -> None:
    assert "No issues yet. Record one here" in page.get("/issues").text
    assert "No issue fits these filters" in page.get("/issues?state=closed").text


def test_a_download_is_safe_for_spreadsheets(room: Room, page: Browser) -> None:
    issue = room.issue()
    outcome = '=HYPERLINK("https://evil.example","x")'
    form = {"seen": version_of(issue), "heading": "communication", "state": "closed"}
    page.post(f"/issues/{issue.id}", data={**form, "outcome": outcome})
    file = page.get("/issues.csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="waymark-issues-\d{4}-\d\d-\d\d.csv"',
        file.headers["content-disposition"],
    )
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row["outcome"] for row in rows] == [f"'{outcome}"]
    parsed = page.get("/issues.json").json()
    assert [one["outcome"] for one in parsed["issues"]] == [outcome]
    assert room.audited("issues_exported") == [(f"staff:{room.amara.id}", None)] * 2


def test_descriptions_leave_only_with_a_supervisor(room: Room, page: Browser) -> None:
    room.issue(description="Nobody rang")
    for address in ("/issues.csv", "/issues.json"):
        assert "Nobody rang" not in page.get(address).text
        assert page.get(f"{address}?text=1").status_code == 404
        answer = room.console.client(room.carys).get(f"{address}?text=1")
        assert (answer.status_code, "Nobody rang" in answer.text) == (200, True)
    assert "with descriptions" not in page.get("/issues").text


def test_a_form_without_its_token_changes_nothing(room: Room, page: Browser) -> None:
    issue = room.issue()
    form = {"seen": version_of(issue), "heading": "communication", "state": "new", "outcome": "x"}
    answer = page.post(f"/issues/{issue.id}", data=form, headers={"X-CSRFToken": "wrong"})
    assert (answer.status_code, room.stored()[0].outcome) == (403, None)


def test_what_the_list_shows_is_what_the_query_finds(room: Room, page: Browser) -> None:
    for kind in ("never_arrived", "no_contact", "letter_unreadable"):
        room.issue(kind=kind)
    shown = re.findall(r'<a id="issue-([0-9a-f]+)"', page.get("/issues").text)
    with room.console.transaction() as session:
        staff = session.get(Staff, room.amara.id)
        found = [issue.id for issue in issues(session, staff, IssueFilter(), limit=None)]
    assert shown == found


def test_who_verified_since_and_where_a_restricted_patient_is_treated_stand_on_no_page(
    room: Room, page: Browser
) -> None:
    form = filled(page, room.handoff, description="Ola Nowa called")
    page.post(f"/handoffs/{room.handoff.id}/issue", data=form)
    (issue,) = room.stored()
    with room.console.transaction() as session:
        hospital = "Hospital of the restricted"
        organisation = a_hospital(session, "RYJ")
        organisation.name = hospital
        session.get(InterfaceIssue, issue.id).organisation_id = organisation.id
    with room.console.transaction() as session:
        someone = a_patient(session, nhs_number(77), given_name="Ola", family_name="Nowa")
        start_identity(session, issue.conversation_id, someone.id, "code", room.console.now)
    shown = page.get(f"/issues/{issue.id}").text
    assert "••• ••• called" in shown and hospital in shown
    with room.console.transaction() as session:
        session.get(Patient, someone.id).restricted = True
    for address in ("/issues", f"/issues/{issue.id}"):
        shown = page.get(address).text
        assert "Not shown: restricted record" in shown and hospital not in shown

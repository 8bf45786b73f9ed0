"""Who may see and do what: the rule, written down once more and tried on random teams and chats."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from bot.console import chat, queue
from bot.records.chat_models import AuditEntry, Handoff, Message
from bot.records.staff_models import ROLES, Membership
from tests.console.conftest import Browser, Console
from tests.console.opened import a_chat, claimed, write

ROUTES = [
    (route.path, "POST" if "POST" in (route.methods or ()) else "GET")
    for route in (*chat.routes, *queue.routes)
    if isinstance(route, Route) and "{handoff_id}" in route.path
]
WRITING = ("send", "preview", "canned", "resolve", "release", "reveal", "interpreter", "transfer")
FIELDS = {
    "text": "Hello",
    "preview": "english",
    "reply": "reply_hello",
    "done": "x",
    "left_with": "nobody",
    "token": "[nhs-number#1]",
    "language": "pl",
    "to": "",
    "note": "x",
}


@dataclass(frozen=True)
class Person:
    """A member of staff: role, and which of three teams."""

    role: str
    teams: frozenset[int]


@dataclass(frozen=True)
class Case:
    """A hand-off: its team, its state, who claimed it, to whom it is offered (by numbers)."""

    team: int
    state: str
    claimed_by: int
    to_staff: int | None
    to_team: int | None


PEOPLE = st.lists(
    st.builds(Person, st.sampled_from(ROLES), st.frozensets(st.integers(0, 2), max_size=2)),
    min_size=3,
    max_size=3,
)
CASES = st.lists(
    st.builds(
        Case,
        st.integers(0, 2),
        st.sampled_from(("waiting", "claimed", "claimed", "resolved")),
        st.integers(0, 2),
        st.none() | st.integers(0, 2),
        st.none() | st.integers(0, 2),
    ),
    min_size=3,
    max_size=3,
)


def may_see(number: int, person: Person, case: Case) -> bool:
    """The rule: administrators all; others their teams', what they hold or are offered."""
    return (
        person.role == "administrator"
        or case.team in person.teams
        or case.to_team in person.teams
        or (case.claimed_by == number and case.state == "claimed")
        or case.to_staff == number
    )


def may_write(number: int, case: Case) -> bool:
    """The rule: who holds it."""
    return case.state == "claimed" and case.claimed_by == number


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, cases=CASES)
def test_everybody_sees_and_writes_by_the_rule_and_nobody_more(
    console: Console, people: list[Person], cases: list[Case]
) -> None:
    teams = [console.team(f"Team {uuid.uuid4().hex}") for _ in range(3)]
    staff = [
        console.staff(
            uuid.uuid4().hex, role=person.role, teams=[teams[n] for n in sorted(person.teams)]
        )
        for person in people
    ]
    handoffs = [a_chat(console, teams[case.team], said="Halo") for case in cases]
    with console.transaction() as session:
        for handoff, case in zip(handoffs, cases):
            row = session.get(Handoff, handoff.id)
            row.state = case.state
            if case.state != "waiting":
                row.claimed_by_id, row.claimed_at = staff[case.claimed_by].id, console.now
                row.last_staff_at = console.now
            if case.state == "resolved":
                row.resolved_at = console.now
            row.transfer_staff_id = staff[case.to_staff].id if case.to_staff is not None else None
            row.transfer_team_id = teams[case.to_team].id if case.to_team is not None else None
            row.transfer_note, row.transfer_at = "x", console.now
    for number, (person, one) in enumerate(zip(people, staff)):
        client = console.client(one)
        refused = 0
        for handoff, case in zip(handoffs, cases):
            sees, writes = may_see(number, person, case), may_write(number, case)
            for part in ("", "/messages", "/panel", "/actions"):
                status = client.get(f"/handoffs/{handoff.id}{part}").status_code
                assert status == (200 if sees else 404), (person, case, part)
            sent = client.post(
                f"/handoffs/{handoff.id}/send",
                data={"text": "Hello", "preview": "english", "client_id": uuid.uuid4().hex},
                htmx=True,
            )
            assert sent.status_code == (200 if writes else 409 if sees else 404), (person, case)
            noted = client.post(f"/handoffs/{handoff.id}/notes", data={"text": "x"}, htmx=True)
            assert noted.status_code == (200 if sees else 404)
            refused += 0 if sees else 6
        with console.transaction() as session:
            actor = f"staff:{one.id}"
            entries = session.query(AuditEntry).filter_by(actor=actor, action="handoff_refused")
            assert entries.count() == refused


@pytest.fixture
def foreign(console: Console) -> Handoff:
    """Another team's chat."""
    elsewhere = console.team("Elsewhere", default=True)
    handoff = a_chat(console, elsewhere, said="Halo")
    return claimed(console, console.staff("dai", teams=[elsewhere]), handoff)


@pytest.fixture
def client(console: Console) -> Browser:
    return console.client(console.staff("amara", teams=["Front desk"]))


@pytest.mark.parametrize(("path", "method"), ROUTES, ids=lambda value: value)
def test_a_guessed_id_is_not_found_on_any_address_and_the_try_is_audited(
    console: Console, client: Browser, foreign: Handoff, path: str, method: str
) -> None:
    address = path.replace("{handoff_id}", foreign.id)
    answer = client.request(method, address, data=FIELDS if method == "POST" else None)
    assert answer.status_code == 404
    assert "Halo" not in answer.text
    with console.transaction() as session:
        (entry,) = session.query(AuditEntry).filter_by(action="handoff_refused")
        assert entry.subject_id == foreign.id
        assert session.get(Handoff, foreign.id).state == "claimed"
        assert session.query(Message).filter_by(sender="coordinator").count() == 0


@pytest.mark.parametrize(("path", "method"), ROUTES, ids=lambda value: value)
def test_without_a_session_everything_leads_to_the_sign_in(
    console: Console, foreign: Handoff, path: str, method: str
) -> None:
    address = path.replace("{handoff_id}", foreign.id)
    answer = console.client().request(method, address, data=FIELDS if method == "POST" else None)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "guess",
    [
        "x",
        "0" * 31,
        "0" * 33,
        "A" * 32,
        "%00" * 8,
        "0" * 5000,
        quote("٣" * 32),
        "' OR 1=1 --",
    ],
)
def test_an_id_that_can_be_none_is_not_found_either(client: Browser, guess: str) -> None:
    for method in ("GET", "POST"):
        address = f"/handoffs/{guess}" + ("/claim" if method == "POST" else "")
        assert client.request(method, address).status_code == 404


@pytest.mark.parametrize("action", WRITING)
def test_who_only_reads_along_changes_nothing(console: Console, action: str) -> None:
    team = console.team("Front desk", default=True)
    handoff = a_chat(console, team)
    amara, ben = (console.staff(name, teams=[team]) for name in ("amara", "ben"))
    claimed(console, amara, handoff)
    fields = FIELDS | {"to": f"staff:{amara.id}", "client_id": "x"}
    answer = console.client(ben).post(f"/handoffs/{handoff.id}/{action}", data=fields, htmx=True)
    assert answer.status_code == 409
    assert "Amara has taken this over from you." in answer.text
    with console.transaction() as session:
        row = session.get(Handoff, handoff.id)
        assert (row.state, row.claimed_by_id) == ("claimed", amara.id)
        assert row.transfer_at is None
        assert session.query(Message).filter_by(sender="coordinator").count() == 0


def test_who_is_taken_out_of_a_team_sees_its_chats_no_more(console: Console) -> None:
    team = console.team("Front desk", default=True)
    handoff = a_chat(console, team)
    amara = console.staff("amara", teams=[team])
    client = console.client(amara)
    assert client.get(f"/handoffs/{handoff.id}").status_code == 200
    with console.transaction() as session:
        session.query(Membership).filter_by(staff_id=amara.id).delete()
    assert client.get(f"/handoffs/{handoff.id}").status_code == 404
    assert client.get(f"/handoffs/{handoff.id}/messages").status_code == 404


def test_a_message_in_a_chat_is_told_to_nobody_of_another_team(
    console: Console, client: Browser, foreign: Handoff
) -> None:
    write(console, foreign.conversation_id, "Boli mnie kolano")
    for view in ("waiting", "mine", "team", "resolved"):
        assert foreign.id not in client.get(f"/queue/{view}").text

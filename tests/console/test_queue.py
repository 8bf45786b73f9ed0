"""The queue: who is in which view, what a row tells, and who gets a hand-off."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.records.chat_models import Handoff
from bot.records.session import get_engine
from bot.records.staff_models import Staff, Team
from bot.services.handoffs import offer_transfer, resolve_handoff
from tests.console.conftest import Console
from tests.console.opened import a_chat, claimed, end_identity_of, write, zofia
from tests.services.test_identity import statements


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("Front desk", default=True)


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


@pytest.fixture
def ben(console: Console, team: Team) -> Staff:
    return console.staff("ben", teams=[team])


def row_of(page: str, handoff: Handoff) -> str:
    """A row's words; empty when it isn't there."""
    match = re.search(rf'<tr[^>]*id="row-{handoff.id}".*?</tr>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", match[0]).split()) if match else ""


def ids_in(page: str) -> list[str]:
    return re.findall(r'id="row-([0-9a-f]{32})"', page)


def test_a_row_says_what_is_needed_to_choose_and_no_message(
    console: Console, team: Team, amara: Staff
) -> None:
    handoff = a_chat(
        console, team, reason="worsening", known=zofia(console), said="Boli mnie kolano"
    )
    page = console.client(amara).get("/queue/waiting").text
    row = row_of(page, handoff)
    for words in (
        "Urgent",
        "Feels worse",
        "Chat, Front desk",
        "Zofia Wzorek",
        "Hospital RZ9, Orthopaedics",
        "Polish (polski)",
        "less than a minute",
        "due",
        "1 Claim : Feels worse, Zofia Wzorek",
    ):
        assert words in row
    assert "kolano" not in page


def test_somebody_unverified_is_not_named(console: Console, team: Team, amara: Staff) -> None:
    handoff = a_chat(console, team)
    row = row_of(console.client(amara).get("/queue/waiting").text, handoff)
    assert "Not verified" in row


def test_an_ended_identity_is_said_to_be_over(console: Console, team: Team, amara: Staff) -> None:
    handoff = a_chat(console, team, known=zofia(console))
    end_identity_of(console, handoff)
    row = row_of(console.client(amara).get("/queue/waiting").text, handoff)
    assert "Zofia Wzorek was verified until" in row


def test_a_restricted_patient_is_not_named(console: Console, team: Team, amara: Staff) -> None:
    known = zofia(console)
    handoff = a_chat(console, team, known=known)
    with console.transaction() as session:
        session.merge(known.patient).restricted = True
    page = console.client(amara).get("/queue/waiting").text
    assert "Not verified" in row_of(page, handoff)
    assert "Wzorek" not in page
    assert "Hospital RZ9" not in page


def test_the_most_urgent_comes_first_then_the_longest_waiting(
    console: Console, team: Team, amara: Staff
) -> None:
    complaint = a_chat(console, team, reason="complaint")
    worse = a_chat(console, team, reason="worsening")
    asked = a_chat(console, team)
    asked_before = a_chat(console, team)
    with console.transaction() as session:
        session.get(Handoff, asked_before.id).created_at -= timedelta(hours=1)
    page = console.client(amara).get("/queue/waiting").text
    assert ids_in(page) == [worse.id, asked_before.id, asked.id, complaint.id]


def test_a_reply_that_is_late_says_so_in_words(console: Console, team: Team, amara: Staff) -> None:
    handoff = a_chat(console, team)
    client = console.client(amara)
    assert "Late" not in row_of(client.get("/queue/waiting").text, handoff)
    with console.transaction() as session:
        session.get(Handoff, handoff.id).reply_due_at = console.now - timedelta(minutes=12)
    assert "Late was due" in row_of(client.get("/queue/waiting").text, handoff)
    assert "12 minutes ago" in row_of(client.get("/queue/waiting").text, handoff)


def test_each_view_has_its_own(console: Console, team: Team, amara: Staff, ben: Staff) -> None:
    waiting, mine, bens, done = (a_chat(console, team) for _ in range(4))
    claimed(console, amara, mine)
    claimed(console, ben, bens)
    claimed(console, amara, done)
    with console.transaction() as session:
        colleague = session.get(Staff, amara.id)
        how = {"done": "Called the ward.", "left_with": "nobody", "left_due_on": None}
        resolve_handoff(session, colleague, done.id, console.now, **how)
    client = console.client(amara)
    views = {view: ids_in(client.get(f"/queue/{view}").text) for view in VIEWS}
    assert views == {
        "waiting": [waiting.id],
        "mine": [mine.id],
        "team": [waiting.id, mine.id, bens.id],
        "resolved": [done.id],
    }
    assert "Called the ward." in row_of(client.get("/queue/resolved").text, done)
    assert "Ben" in row_of(client.get("/queue/team").text, bens)


VIEWS = ("waiting", "mine", "team", "resolved")


def test_what_is_offered_to_me_is_among_mine(
    console: Console, team: Team, amara: Staff, ben: Staff
) -> None:
    handoff = claimed(console, ben, a_chat(console, team))
    with console.transaction() as session:
        sender = session.get(Staff, ben.id)
        offer_transfer(
            session, sender, handoff.id, console.now, to_staff_id=amara.id, note="Speaks Polish"
        )
    row = row_of(console.client(amara).get("/queue/mine").text, handoff)
    assert "Offered to you by Ben" in row


def test_another_teams_hand_offs_are_in_no_view(console: Console, team: Team, amara: Staff) -> None:
    other = a_chat(console, console.team("Elsewhere"))
    client = console.client(amara)
    assert [ids_in(client.get(f"/queue/{view}").text) for view in VIEWS] == [[], [], [], []]
    assert other.id not in client.get("/queue/waiting").text


def test_one_team_can_be_looked_at_alone(console: Console, team: Team, ben: Staff) -> None:
    wards = console.team("Wards")
    carys = console.staff("carys", role="supervisor", teams=[team, wards])
    here, there = a_chat(console, team), a_chat(console, wards)
    client = console.client(carys)
    assert set(ids_in(client.get("/queue/waiting").text)) == {here.id, there.id}
    assert ids_in(client.get(f"/queue/waiting?team={wards.id}").text) == [there.id]
    assert ids_in(client.get(f"/queue/waiting/rows?team={wards.id}").text) == [there.id]
    # A team that isn't one's own shows nothing more than one's own.
    elsewhere = console.team("Elsewhere")
    a_chat(console, elsewhere)
    foreign = ids_in(client.get(f"/queue/waiting?team={elsewhere.id}").text)
    assert set(foreign) == {here.id, there.id}


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("waiting", "leave this page open"),
        ("mine", "Claim a hand-off that is waiting"),
        ("team", "Nothing is open in your teams"),
        ("resolved", "Nothing has been resolved yet"),
    ],
)
def test_an_empty_view_says_what_to_do(
    console: Console, amara: Staff, view: str, words: str
) -> None:
    assert words in console.client(amara).get(f"/queue/{view}").text


def test_who_belongs_to_no_team_is_told_whom_to_ask(console: Console) -> None:
    nobody = console.staff("nia")
    assert "You belong to no team yet" in console.client(nobody).get("/queue/waiting").text


def test_an_unknown_view_is_not_found(console: Console, amara: Staff) -> None:
    assert console.client(amara).get("/queue/everything").status_code == 404


def test_claiming_leads_to_the_chat(console: Console, team: Team, amara: Staff) -> None:
    handoff = a_chat(console, team)
    client = console.client(amara)
    answer = client.post(f"/handoffs/{handoff.id}/claim", htmx=True)
    assert answer.headers["HX-Redirect"] == f"/handoffs/{handoff.id}"
    again = client.post(f"/handoffs/{handoff.id}/claim")  # a double click, without the script
    assert (again.status_code, again.headers["location"]) == (303, f"/handoffs/{handoff.id}")
    with console.transaction() as session:
        assert session.get(Handoff, handoff.id).claimed_by_id == amara.id


def test_who_claims_second_is_told_in_the_row_who_was_first(
    console: Console, team: Team, amara: Staff, ben: Staff
) -> None:
    handoff = a_chat(console, team)
    claimed(console, ben, handoff)
    client = console.client(amara)
    answer = client.post(f"/handoffs/{handoff.id}/claim", htmx=True)
    assert answer.status_code == 409
    assert re.search(r"<tr.*Ben has it\..*</tr>", answer.text, re.DOTALL)
    plain = client.post(f"/handoffs/{handoff.id}/claim")
    assert plain.status_code == 409
    assert "Ben has taken it already" in plain.text


def test_a_queue_of_many_asks_the_database_no_more_often(
    console: Console, team: Team, amara: Staff
) -> None:
    client = console.client(amara)
    a_chat(console, team, known=zofia(console))
    counts = []
    for _ in range(2):
        with statements(get_engine()) as heard:
            assert client.get("/queue/waiting/rows").status_code == 200
        counts.append(len(heard))
        for _ in range(5):
            write(console, a_chat(console, team).conversation_id, "Halo")
    assert counts[1] == counts[0] > 5

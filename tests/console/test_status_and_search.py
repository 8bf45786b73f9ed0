"""The sheet to print, and finding a patient: for those entitled, and written down."""

from __future__ import annotations

import pytest

from bot.records.chat_models import AuditEntry
from bot.records.staff_models import Staff, Team
from tests.console.conftest import Console
from tests.console.opened import a_chat, end_identity_of, zofia
from tests.console.seen import words
from tests.site.running import nhs_number


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("Front desk", default=True)


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


@pytest.fixture
def carys(console: Console, team: Team) -> Staff:
    return console.staff("carys", role="supervisor", teams=[team])


# --- the sheet ---


@pytest.mark.parametrize(("language", "way"), [("pl", "ltr"), ("ar", "rtl")])
def test_the_sheet_has_both_languages_side_by_side(
    console: Console, team: Team, amara: Staff, language: str, way: str
) -> None:
    handoff = a_chat(console, team, known=zofia(console), language=language)
    page = console.client(amara).get(f"/handoffs/{handoff.id}/status").text
    assert f'lang="{language}" dir="{way}"' in page
    assert "A hospital team is reading your referral" in words(page)
    assert "Zofia Wzorek" in words(page)
    assert "was verified until" not in words(page)


def test_a_sheet_in_english_says_everything_once(
    console: Console, team: Team, amara: Staff
) -> None:
    handoff = a_chat(console, team, known=zofia(console), language="en")
    page = words(console.client(amara).get(f"/handoffs/{handoff.id}/status").text)
    assert page.count("A hospital team is reading your referral") == 1


def test_a_sheet_after_the_session_warns(console: Console, team: Team, amara: Staff) -> None:
    handoff = a_chat(console, team, known=zofia(console))
    end_identity_of(console, handoff)
    page = words(console.client(amara).get(f"/handoffs/{handoff.id}/status").text)
    assert "The patient was verified until" in page
    assert "Make sure who it is" in page


def test_without_a_verified_patient_there_is_no_sheet(
    console: Console, team: Team, amara: Staff
) -> None:
    answer = console.client(amara).get(f"/handoffs/{a_chat(console, team).id}/status")
    assert answer.status_code == 409
    assert "Verify them first; then print the status." in words(answer.text)


# --- the search ---


def found(console: Console, who: Staff, text: str) -> str:
    answer = console.client(who).post("/patients", data={"q": text})
    assert answer.status_code == 200
    return words(answer.text)


@pytest.mark.parametrize(
    "text",
    [nhs_number(101), " ".join(nhs_number(101)), "Wzorek 3 5 1961", "wzorek 3 May 1961"],
)
def test_a_patient_is_found_with_hand_offs_and_conversations(
    console: Console, team: Team, carys: Staff, text: str
) -> None:
    handoff = a_chat(console, team, known=zofia(console), said="Boli mnie kolano")
    page = console.client(carys).post("/patients", data={"q": text}).text
    assert "1 found" in words(page)
    assert "Zofia Wzorek , born 3 May 1961" in words(page)
    assert f'href="/handoffs/{handoff.id}"' in page
    assert "Chat: Asked for a person" in words(page)
    assert "web chat, Polish (polski)" in words(page)
    for hidden in ("kolano", "07700", "SE17", "Hospital RZ9"):
        assert hidden not in page


@pytest.mark.parametrize("text", ["Wzorek", "3 5 1961", nhs_number(9), "Nowak 3 5 1961", "%", "'"])
def test_half_of_the_details_find_nobody(
    console: Console, team: Team, carys: Staff, text: str
) -> None:
    a_chat(console, team, known=zofia(console))
    assert "0 found" in found(console, carys, text)


def test_another_teams_patient_is_not_found(console: Console, team: Team, carys: Staff) -> None:
    a_chat(console, console.team("Elsewhere"), known=zofia(console))
    assert "0 found" in found(console, carys, nhs_number(101))
    nia = console.staff("nia", role="administrator")
    assert "1 found" in found(console, nia, nhs_number(101))


def test_a_restricted_patient_is_not_named(console: Console, team: Team, carys: Staff) -> None:
    known = zofia(console)
    a_chat(console, team, known=known)
    with console.transaction() as session:
        session.merge(known.patient).restricted = True
    page = found(console, carys, nhs_number(101))
    assert "Restricted record" in page
    assert "Zofia" not in page


def test_each_search_is_audited_with_who_was_found_and_no_words(
    console: Console, team: Team, carys: Staff
) -> None:
    known = zofia(console)
    a_chat(console, team, known=known)
    found(console, carys, nhs_number(101))
    with console.transaction() as session:
        (entry,) = session.query(AuditEntry).filter_by(action="patients_searched")
        assert (entry.actor, entry.detail) == (
            f"staff:{carys.id}",
            {"found": [known.patient.id]},
        )


def test_an_empty_search_is_asked_for(console: Console, carys: Staff) -> None:
    answer = console.client(carys).post("/patients", data={"q": " "})
    assert answer.status_code == 422
    assert "Write an NHS number, or a family name and a date of birth." in words(answer.text)


def test_coordinators_find_no_search(console: Console, amara: Staff) -> None:
    client = console.client(amara)
    assert client.get("/patients").status_code == 404
    assert client.post("/patients", data={"q": nhs_number(101)}).status_code == 404
    with console.transaction() as session:
        assert session.query(AuditEntry).filter_by(action="patients_searched").count() == 0


def test_what_was_searched_for_stands_in_no_address(console: Console, carys: Staff) -> None:
    page = console.client(carys).get("/patients").text
    assert '<form action="/patients" method="post"' in page

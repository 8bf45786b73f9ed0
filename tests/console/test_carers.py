"""The patient's page: who may ask for them, recorded and withdrawn by staff."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.pathway.carer_rules import months_after
from bot.records.carer_models import Carer, CarerAccess
from bot.records.chat_models import AuditEntry, Handoff, Message
from bot.records.identity_models import IdentitySession
from bot.records.staff_models import Staff, Team
from bot.services.carers.review import stop_lost_access
from bot.services.conversations import open_conversation
from bot.services.handoffs import open_handoff
from bot.services.identity import start_carer_identity
from tests.console.conftest import Console
from tests.console.opened import Known, a_chat, zofia
from tests.console.seen import words
from tests.records.making import a_conversation, a_patient

LAYLA = {
    "given_name": "Layla",
    "family_name": "Wzorek",
    "birth_date": "12 6 1999",
    "postcode": "se5 9aa",
    "phone": "07700 900120",
    "basis": "consent",
    "scope": "all",
    "asked_alone": "yes",
    "interpreter_used": "yes",
}


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("Front desk", default=True)


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


@pytest.fixture
def known(console: Console, team: Team) -> Known:
    """Zofia, who has a hand-off at the front desk."""
    known = zofia(console)
    a_chat(console, team, known=known)
    return known


def filled(console: Console, **changed: str) -> dict[str, str]:
    in_a_year = months_after(console.now.date(), 12).isoformat()
    return {**LAYLA, "review_on": in_a_year, **changed}


def record(console: Console, staff: Staff, known: Known, **changed: str) -> CarerAccess:
    address = f"/patients/{known.patient.id}/carers"
    answer = console.client(staff).post(address, data=filled(console, **changed))
    assert answer.status_code == 303, words(answer.text)
    assert answer.headers["location"] == f"/patients/{known.patient.id}?done=recorded"
    with console.transaction() as session:
        return session.query(CarerAccess).order_by(CarerAccess.recorded_at.desc()).first()


def test_recorded_access_stands_on_the_page_with_who_recorded_it(
    console: Console, known: Known, amara: Staff
) -> None:
    record(console, amara, known)
    page = console.client(amara).get(f"/patients/{known.patient.id}?done=recorded")
    said = words(page.text)
    assert "Recorded. This person can now ask for the patient." in said
    assert "Layla Wzorek May ask" in said
    for part in ("The patient agrees", "All that Waymark tells", "Amara Example"):
        assert part in said
    with console.transaction() as session:
        (entry,) = session.query(AuditEntry).filter_by(action="access_recorded")
        assert entry.actor == f"staff:{amara.id}"
        assert entry.detail["patient"] == known.patient.id
        assert "Layla" not in str(entry.detail)
        carer = session.query(Carer).one()
        assert (carer.birth_date, carer.postcode) == (date(1999, 6, 12), "SE5 9AA")


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("given_name", "", "Write the given name."),
        ("family_name", " ", "Write the family name."),
        ("birth_date", "soon", "Write day, month and year, such as 3 5 1961."),
        ("birth_date", "1 1 2099", "Write day, month and year, such as 3 5 1961."),
        ("postcode", "SE5", "Write the whole postcode, such as SE17 1AA."),
        ("phone", "none", "Write the whole phone number, such as 07700 900123."),
        ("basis", "", "Choose by what right."),
        ("basis", "parental_responsibility", "Parental responsibility holds only below 16."),
        ("scope", "", "Choose what may be told."),
        ("review_on", "never", "Write the review date as a day, such as 31 5 2027."),
        ("review_on", "2099-01-01", "Choose a day from today on, within 24 months."),
        ("review_on", "2020-01-01", "Choose a day from today on, within 24 months."),
        ("asked_alone", "", "Say whether you asked the patient alone."),
        ("asked_alone", "no", "Ask the patient alone first: only then consent counts."),
        ("interpreter_used", "", "Say whether a professional interpreter was there"),
    ],
)
def test_what_is_missing_is_said_in_a_summary_and_nothing_typed_is_lost(
    console: Console, known: Known, amara: Staff, field: str, typed: str, sentence: str
) -> None:
    data = filled(console, **{field: typed})
    answer = console.client(amara).post(f"/patients/{known.patient.id}/carers", data=data)
    assert answer.status_code == 422
    summary = answer.text.partition("nhsuk-error-summary__list")[2].partition("</ul>")[0]
    assert f'href="#{field}"' in summary
    assert sentence in words(summary)
    assert f'id="{field}-error"' in answer.text
    if field != "given_name":
        assert 'value="Layla"' in answer.text
    with console.transaction() as session:
        assert session.query(CarerAccess).count() == 0


def test_asked_with_others_there_is_enough_for_an_attorney(
    console: Console, known: Known, amara: Staff
) -> None:
    access = record(console, amara, known, basis="attorney", asked_alone="no")
    assert access.asked_alone is False


def test_a_known_carer_is_reused_and_never_doubled(
    console: Console, known: Known, amara: Staff
) -> None:
    first = record(console, amara, known)
    client = console.client(amara)
    address = f"/patients/{known.patient.id}/carers"
    again = client.post(address, data=filled(console, given_name="layla", postcode="SE5 9aa"))
    assert again.status_code == 409
    assert "may ask for this patient already" in words(again.text)
    client.post(f"{address}/{first.id}/withdraw", data={"reason": "mistake"})
    second = record(console, amara, known, phone="+44 7700 900120")
    assert second.carer_id == first.carer_id
    with console.transaction() as session:
        assert session.query(Carer).count() == 1


def test_another_phone_is_refused_while_somebody_can_be_asked_for_by_the_old_one(
    console: Console, known: Known, amara: Staff
) -> None:
    first = record(console, amara, known)
    address = f"/patients/{known.patient.id}/carers"
    data = filled(console, phone="07700 900999")
    answer = console.client(amara).post(address, data=data)
    assert answer.status_code == 409
    assert "known with another phone number" in words(answer.text)
    console.client(amara).post(f"{address}/{first.id}/withdraw", data={"reason": "carer"})
    record(console, amara, known, phone="07700 900999")
    with console.transaction() as session:
        assert session.query(Carer).one().phone == "07700 900999"


def test_withdrawing_signs_the_carer_out_and_tells_them_not_why(
    console: Console, known: Known, amara: Staff
) -> None:
    access = record(console, amara, known)
    with console.transaction() as session:
        talk = open_conversation(session, "web", console.now)
        start_carer_identity(session, talk.id, access.carer_id, console.now)
    address = f"/patients/{known.patient.id}/carers/{access.id}/withdraw"
    client = console.client(amara)
    assert client.post(address).status_code == 422
    assert client.post(address, data={"reason": "nonsense"}).status_code == 422
    answer = client.post(address, data={"reason": "concern"})
    assert answer.status_code == 303
    with console.transaction() as session:
        assert session.query(IdentitySession).filter_by(conversation_id=talk.id).one().ended_at
        (told,) = session.query(Message).filter_by(conversation_id=talk.id)
        assert told.response == "utter_carer_access_ended"
        (entry,) = session.query(AuditEntry).filter_by(action="access_withdrawn")
        assert (entry.actor, entry.detail["reason"]) == (f"staff:{amara.id}", "concern")
    page = words(client.get(f"/patients/{known.patient.id}").text)
    assert "Layla Wzorek Ended" in page
    assert "A safeguarding concern" in page
    assert client.post(address, data={"reason": "concern"}).status_code == 404


def test_another_teams_patient_looks_like_none_and_the_try_is_audited(
    console: Console, known: Known, amara: Staff
) -> None:
    access = record(console, amara, known)
    carla = console.staff("carla", teams=["Elsewhere"])
    client = console.client(carla)
    page = f"/patients/{known.patient.id}"
    refused = [
        client.get(page),
        client.post(f"{page}/carers", data=filled(console, given_name="Nour")),
        client.post(f"{page}/carers/{access.id}/withdraw", data={"reason": "other"}),
        client.get(f"/patients/{'0' * 32}"),
        client.get("/patients/x"),
    ]
    assert [answer.status_code for answer in refused] == [404] * 5
    with console.transaction() as session:
        assert session.query(CarerAccess).one().ended_at is None
        assert session.query(AuditEntry).filter_by(action="patient_refused").count() == 5


def test_a_restricted_patient_is_not_opened(console: Console, known: Known) -> None:
    nia = console.staff("nia", role="administrator")
    page = f"/patients/{known.patient.id}"
    assert console.client(nia).get(page).status_code == 200
    with console.transaction() as session:
        session.merge(known.patient).restricted = True
    assert console.client(nia).get(page).status_code == 404


def test_access_of_another_patient_is_not_withdrawn_here(
    console: Console, known: Known, amara: Staff, team: Team
) -> None:
    access = record(console, amara, known)
    with console.transaction() as session:
        other = a_patient(session, "9990009999")
        talk = open_conversation(session, "web", console.now)
        handoff = open_handoff(session, talk.id, "task", "complaint", console.now, team_id=team.id)
        handoff.patient_id = other.id
    address = f"/patients/{other.id}/carers/{access.id}/withdraw"
    assert console.client(amara).post(address, data={"reason": "other"}).status_code == 404


def test_beside_a_carers_chat_stands_who_asks_for_whom_and_by_what_right(
    console: Console, known: Known, amara: Staff, team: Team
) -> None:
    access = record(console, amara, known, scope="appointments")
    with console.transaction() as session:
        talk = open_conversation(session, "web", console.now)
        start_carer_identity(session, talk.id, access.carer_id, console.now)
        handoff = open_handoff(session, talk.id, "chat", "asked_for", console.now, team_id=team.id)
        assert handoff.patient_id == known.patient.id
    client = console.client(amara)
    page = client.get(f"/handoffs/{handoff.id}")
    said = words(page.text)
    assert "Carer: Layla Wzorek for Zofia Wzorek, the patient agrees, appointments only" in said
    assert "Who writes here is not the patient." in said
    assert f'href="/patients/{known.patient.id}"' in page.text
    sheet = client.get(f"/handoffs/{handoff.id}/status")
    assert sheet.status_code == 409
    assert "may ask about appointments only" in words(sheet.text)


@pytest.mark.parametrize("came", [True, False], ids=["who was here", "who never came"])
def test_a_review_that_is_due_is_a_task_in_the_queue_that_opens(
    console: Console, amara: Staff, known: Known, came: bool
) -> None:
    access = record(console, amara, known, review_on=console.now.date().isoformat())
    with console.transaction() as session:
        if came:
            talk = a_conversation(session).id
            access = session.get(CarerAccess, access.id)
            start_carer_identity(session, talk, access.carer_id, console.now, access)
    with console.transaction() as session:
        assert stop_lost_access(session, console.now + timedelta(days=1)) == 1
        task = session.execute(select(Handoff).filter_by(reason="carer_access")).scalar_one()
    client = console.client(amara)
    queue = client.get("/queue/waiting")
    assert queue.status_code == 200 and task.id in queue.text
    page = client.get(f"/handoffs/{task.id}")
    assert page.status_code == 200
    assert known.patient.family_name in words(page.text)

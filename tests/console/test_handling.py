"""What is done with a hand-off: release, transfer, resolve, notes, verify, interpreter."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from bot.records.chat_models import AuditEntry, Handoff, Message
from bot.records.identity_models import IdentitySession
from bot.records.staff_models import HandoffNote, InterpreterCall, MessageTranslation, Staff, Team
from bot.services.safe_contact import may_be_pushed_to
from tests.console.conftest import Browser, Console
from tests.console.opened import a_chat, claimed, write, zofia
from tests.console.seen import words
from tests.site.running import nhs_number


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("Front desk", default=True)


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


@pytest.fixture
def ben(console: Console, team: Team) -> Staff:
    return console.staff("ben", teams=[team])


@pytest.fixture
def client(console: Console, amara: Staff) -> Browser:
    return console.client(amara)


@pytest.fixture
def handoff(console: Console, team: Team, amara: Staff) -> Handoff:
    return claimed(console, amara, a_chat(console, team))


def stored(console: Console, handoff: Handoff) -> Handoff:
    with console.transaction() as session:
        return session.get(Handoff, handoff.id)


def actions(client: Browser, handoff: Handoff) -> str:
    return words(client.get(f"/handoffs/{handoff.id}/actions", background=True).text)


# --- release, transfer ---


def test_releasing_puts_it_back_and_leads_to_mine(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    answer = client.post(f"/handoffs/{handoff.id}/release")
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue/mine")
    assert stored(console, handoff).state == "waiting"
    again = client.post(f"/handoffs/{handoff.id}/release")
    assert again.status_code == 409
    assert "Nobody has taken this yet" in words(again.text)


def test_a_transfer_stays_with_the_sender_until_it_is_accepted(
    console: Console, amara: Staff, ben: Staff, client: Browser, handoff: Handoff
) -> None:
    fields = {"to": f"staff:{ben.id}", "note": "Wants <b>Polish</b>"}
    answer = client.post(f"/handoffs/{handoff.id}/transfer", data=fields, htmx=True)
    assert answer.headers["HX-Redirect"] == f"/handoffs/{handoff.id}"
    assert json.loads(answer.headers["HX-Trigger"]) == {
        "waymark:sent": {"draft": f"transfer-{handoff.id}"}
    }
    assert "You offer this to Ben Example" in actions(client, handoff)
    assert stored(console, handoff).claimed_by_id == amara.id
    bens = console.client(ben)
    assert "Amara offers this to you. Wants <b>Polish</b> Accept Decline" in actions(bens, handoff)
    assert bens.post(f"/handoffs/{handoff.id}/accept").status_code == 303
    assert stored(console, handoff).claimed_by_id == ben.id
    assert "Ben has it" in actions(client, handoff)


def test_a_declined_transfer_stays_and_a_cancelled_offer_is_gone(
    console: Console, amara: Staff, ben: Staff, client: Browser, handoff: Handoff
) -> None:
    fields = {"to": f"staff:{ben.id}", "note": "Please"}
    bens = console.client(ben)
    client.post(f"/handoffs/{handoff.id}/transfer", data=fields)
    assert bens.post(f"/handoffs/{handoff.id}/decline").headers["location"] == "/queue/mine"
    assert "offer" not in actions(client, handoff)
    client.post(f"/handoffs/{handoff.id}/transfer", data=fields)
    assert client.post(f"/handoffs/{handoff.id}/cancel-transfer").status_code == 303
    assert bens.post(f"/handoffs/{handoff.id}/accept").status_code == 404
    assert stored(console, handoff).claimed_by_id == amara.id


def test_a_team_can_be_offered_it(console: Console, client: Browser, handoff: Handoff) -> None:
    wards = console.team("Wards")
    dai = console.staff("dai", teams=[wards])
    fields = {"to": f"team:{wards.id}", "note": "For the wards"}
    assert client.post(f"/handoffs/{handoff.id}/transfer", data=fields).status_code == 303
    dais = console.client(dai)
    assert "Amara offers this to you" in actions(dais, handoff)
    dais.post(f"/handoffs/{handoff.id}/accept")
    taken = stored(console, handoff)
    assert (taken.claimed_by_id, taken.team_id) == (dai.id, wards.id)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"note": "Please"}, "Choose a colleague or a team."),
        ({"to": "staff:nobody", "note": "Please"}, "Not a valid choice"),
        ({"to": "", "note": ""}, "Write what your colleague needs to know."),
    ],
)
def test_a_wrong_transfer_says_what_is_missing_and_keeps_the_note(
    client: Browser, handoff: Handoff, fields: dict[str, str], said: str
) -> None:
    answer = client.post(f"/handoffs/{handoff.id}/transfer", data=fields, htmx=True)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert fields["note"] in answer.text
    whole = client.post(f"/handoffs/{handoff.id}/transfer", data=fields)
    assert (whole.status_code, said in words(whole.text)) == (422, True)


def test_one_cannot_transfer_to_oneself(client: Browser, amara: Staff, handoff: Handoff) -> None:
    fields = {"to": f"staff:{amara.id}", "note": "To me"}
    answer = client.post(f"/handoffs/{handoff.id}/transfer", data=fields, htmx=True)
    assert answer.status_code == 422


def test_a_supervisor_may_take_over_and_a_coordinator_may_not(
    console: Console, team: Team, ben: Staff, handoff: Handoff
) -> None:
    carys = console.staff("carys", role="supervisor", teams=[team])
    assert "Take over" not in actions(console.client(ben), handoff)
    caryss = console.client(carys)
    assert "Take over from Amara" in actions(caryss, handoff)
    assert caryss.post(f"/handoffs/{handoff.id}/claim").status_code == 303
    assert stored(console, handoff).claimed_by_id == carys.id


# --- resolve ---


def resolving(console: Console, **changed: str) -> dict[str, str]:
    due = console.now.date() + timedelta(days=7)
    fields = {"done": "Called the ward", "left_with": "hospital", "left_due_on": due.isoformat()}
    return fields | changed


def test_resolving_needs_what_was_done_who_owns_the_rest_and_by_when(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    answer = client.post(f"/handoffs/{handoff.id}/resolve", data=resolving(console), htmx=True)
    assert answer.headers["HX-Redirect"] == "/queue/mine"
    done = stored(console, handoff)
    assert (done.state, done.done, done.left_with) == ("resolved", "Called the ward", "hospital")
    assert done.left_due_on == console.now.date() + timedelta(days=7)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"done": "  "}, "Write what was done."),
        ({"left_with": ""}, "Choose who owns what is left."),
        ({"left_with": "somebody"}, "Not a valid choice"),
        ({"left_due_on": ""}, "Say by when the rest should be done."),
        ({"left_due_on": "2020-01-01"}, "Choose today or a later day."),
        ({"left_due_on": "next week"}, "Write the date as a day"),
        ({"left_due_on": "2026-02-31"}, "Write the date as a day"),
    ],
)
def test_a_mistake_stands_beside_its_field_and_nothing_typed_is_lost(
    console: Console,
    client: Browser,
    handoff: Handoff,
    changed: dict[str, str],
    said: str,
) -> None:
    fields = resolving(console, **changed)
    answer = client.post(f"/handoffs/{handoff.id}/resolve", data=fields, htmx=True)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert fields["done"].strip() in answer.text
    assert f'value="{fields["left_due_on"]}"' in answer.text
    if fields["left_with"] == "hospital":
        assert 'value="hospital" checked' in answer.text
    assert stored(console, handoff).state == "claimed"


def test_when_nothing_is_left_no_date_is_asked_for(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    fields = resolving(console, left_with="nobody", left_due_on="")
    assert client.post(f"/handoffs/{handoff.id}/resolve", data=fields).status_code == 303
    assert stored(console, handoff).left_due_on is None


def test_a_resolved_hand_off_says_so_and_keeps_the_text(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    client.post(f"/handoffs/{handoff.id}/resolve", data=resolving(console))
    again = client.post(f"/handoffs/{handoff.id}/resolve", data=resolving(console), htmx=True)
    assert again.status_code == 409
    assert "This hand-off is closed" in words(again.text)
    assert "Called the ward" in again.text


# --- notes ---


def test_anybody_of_the_team_may_write_a_note(
    console: Console, ben: Staff, handoff: Handoff
) -> None:
    answer = console.client(ben).post(
        f"/handoffs/{handoff.id}/notes", data={"text": "Speaks <i>Silesian</i>"}, htmx=True
    )
    assert "Note saved. Only staff see it." in words(answer.text)
    with console.transaction() as session:
        note = session.query(HandoffNote).one()
        assert (note.staff_id, note.text) == (ben.id, "Speaks <i>Silesian</i>")


def test_an_empty_note_is_asked_for(client: Browser, handoff: Handoff) -> None:
    answer = client.post(f"/handoffs/{handoff.id}/notes", data={"text": " "}, htmx=True)
    assert (answer.status_code, "Write something" in words(answer.text)) == (422, True)


# --- verify ---


def details(**changed: str) -> dict[str, str]:
    fields = {
        "nhs_number": nhs_number(101),
        "family_name": "",
        "birth_date": "3 5 1961",
        "postcode": "se17 1aa",
        "way": "phone",
    }
    return fields | changed


@pytest.mark.parametrize(
    "fields",
    [
        details(),
        details(birth_date="3 May 1961", way="in_person"),
        details(birth_date="1961-05-03"),
        details(nhs_number="", family_name="WZOREK"),
        details(nhs_number=" ".join(nhs_number(101))),
    ],
)
def test_right_details_verify_the_patient(
    console: Console, client: Browser, handoff: Handoff, fields: dict[str, str]
) -> None:
    known = zofia(console)
    answer = client.post(f"/handoffs/{handoff.id}/verify", data=fields, htmx=True)
    assert "The patient is verified" in words(answer.text)
    with console.transaction() as session:
        row = session.query(IdentitySession).one()
        assert (row.patient_id, row.method) == (known.patient.id, "staff")
    assert "Verified by staff" in words(client.get(f"/handoffs/{handoff.id}/panel").text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"nhs_number": "123"}, "This is not an NHS number"),
        ({"nhs_number": "9" * 500}, "This is not an NHS number"),
        ({"nhs_number": ""}, "Write the NHS number, or the family name."),
        ({"birth_date": ""}, "Write the date of birth."),
        ({"birth_date": "May"}, "Write day, month and year"),
        ({"birth_date": "31 2 1961"}, "Write day, month and year"),
        ({"postcode": "SE17"}, "Write the whole postcode"),
        ({"postcode": ""}, "Write the postcode."),
        ({"way": ""}, "Say how you made sure"),
        ({"way": "guessed"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(
    console: Console, client: Browser, handoff: Handoff, changed: dict[str, str], said: str
) -> None:
    zofia(console)
    answer = client.post(f"/handoffs/{handoff.id}/verify", data=details(**changed), htmx=True)
    assert answer.status_code == 422
    assert said in words(answer.text)
    with console.transaction() as session:
        assert session.query(IdentitySession).count() == 0


@pytest.mark.parametrize("fields", [{"restricted": True}, {"postcode": "SE1 9ZZ"}])
def test_wrong_details_and_a_closed_record_read_the_same(
    console: Console, client: Browser, handoff: Handoff, fields: dict[str, object]
) -> None:
    zofia(console, **fields)
    answer = client.post(f"/handoffs/{handoff.id}/verify", data=details(), htmx=True)
    assert answer.status_code == 409
    assert "No record that may be opened here has these details." in words(answer.text)


# --- interpreter ---


def test_an_interpreter_is_asked_for_and_the_call_logged(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    address = f"/handoffs/{handoff.id}/interpreter"
    assert "Polish (polski), requested" in words(
        client.post(address, data={"language": "pl"}, htmx=True).text
    )
    with console.transaction() as session:
        number = session.query(InterpreterCall).one().id
    fields = {"call": number, "state": "held", "provider": "Language line", "minutes": "20"}
    answer = client.post(address, data=fields, htmx=True)
    assert "held, Language line, 20 minutes" in words(answer.text)
    assert "held, Language line" in words(client.get(f"/handoffs/{handoff.id}/panel").text)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"language": "tlh"}, 409, "Choose the language."),
        ({"call": "1", "state": "held", "minutes": "x"}, 422, ""),
        ({"call": "1", "state": "held", "minutes": "9999"}, 422, "Write a number from 1 to 480."),
        ({"call": "x", "state": "held"}, 422, ""),
        ({"call": "77", "state": "failed"}, 409, "No such interpreter call"),
        ({"call": "1", "state": "booked"}, 409, "Say who interprets"),
    ],
)
def test_a_wrong_entry_changes_nothing(
    console: Console,
    client: Browser,
    handoff: Handoff,
    fields: dict[str, str],
    status: int,
    said: str,
) -> None:
    address = f"/handoffs/{handoff.id}/interpreter"
    client.post(address, data={"language": "pl"}, htmx=True)
    answer = client.post(address, data=fields, htmx=True)
    assert answer.status_code == status
    assert said in words(answer.text)
    with console.transaction() as session:
        assert session.query(InterpreterCall).one().state == "requested"


# --- reading, typing, translating again ---


def test_reading_is_counted_for_the_holder_only(
    console: Console, ben: Staff, client: Browser, handoff: Handoff
) -> None:
    seq = write(console, handoff.conversation_id, "Halo").seq
    address = f"/handoffs/{handoff.id}/read"
    console.client(ben).post(address, data={"seq": seq}, background=True)
    assert stored(console, handoff).read_seq < seq
    for wrong in ("", "x", "-1", "9" * 30):
        assert client.post(address, data={"seq": wrong}, background=True).status_code == 204
    client.post(address, data={"seq": seq}, background=True)
    assert stored(console, handoff).read_seq == seq


def test_typing_is_quiet_for_those_who_do_not_hold_it(
    console: Console, ben: Staff, client: Browser, handoff: Handoff
) -> None:
    assert client.post(f"/handoffs/{handoff.id}/typing").status_code == 204
    assert console.client(ben).post(f"/handoffs/{handoff.id}/typing").status_code == 204


def test_a_failed_translation_can_be_asked_for_again_in_its_own_chat_only(
    console: Console, team: Team, client: Browser, handoff: Handoff
) -> None:
    other = a_chat(console, team)
    rows = [write(console, one.conversation_id, "Halo") for one in (handoff, other)]
    with console.transaction() as session:
        for row in rows:
            session.add(
                MessageTranslation(message_id=row.id, language="en", state="failed", reason="slow")
            )
    for row in rows:
        fields = {"message": row.id}
        client.post(f"/handoffs/{handoff.id}/translate", data=fields, htmx=True)
    with console.transaction() as session:
        states = [
            session.query(MessageTranslation).filter_by(message_id=row.id).one().state
            for row in rows
        ]
    assert states == ["pending", "failed"]


def test_a_date_field_takes_todays_date(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    today: date = console.now.date()
    fields = resolving(console, left_due_on=today.isoformat())
    assert client.post(f"/handoffs/{handoff.id}/resolve", data=fields).status_code == 303


# --- safe to send ---


def disclose(console: Console, handoff: Handoff) -> None:
    """The patient wrote something that the lexicon knows for safeguarding."""
    with console.transaction() as session:
        flag = {"outcome": "card", "card": "safeguarding"}
        known = {"conversation_id": handoff.conversation_id, "text": "…", "status": "answered"}
        session.add(Message(seq=990, sender="patient", red_flag=flag, **known))


def test_after_a_disclosure_the_holder_records_that_updates_are_safe(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    assert "No updates are sent here" not in actions(client, handoff)
    disclose(console, handoff)
    assert "It is safe to send updates here" in actions(client, handoff)
    answer = client.post(f"/handoffs/{handoff.id}/safe-contact")
    assert answer.status_code == 303
    assert "No updates are sent here" not in actions(client, handoff)
    with console.transaction() as session:
        assert may_be_pushed_to(session, handoff.conversation_id)
        actions_noted = session.query(AuditEntry.action).all()
        assert ("safe_contact_recorded",) in actions_noted


def test_only_the_holder_records_that_updates_are_safe(
    console: Console, ben: Staff, handoff: Handoff
) -> None:
    disclose(console, handoff)
    other = console.client(ben)
    assert "It is safe to send updates here" not in actions(other, handoff)
    assert other.post(f"/handoffs/{handoff.id}/safe-contact").status_code == 409
    with console.transaction() as session:
        assert not may_be_pushed_to(session, handoff.conversation_id)

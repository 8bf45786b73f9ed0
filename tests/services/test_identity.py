"""Who may be told what: the identity service on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.chat_models import AuditEntry, Conversation
from bot.records.identity_models import (
    IdentityAttempt,
    IdentitySession,
    Invitation,
    OneTimeCode,
    TextMessage,
)
from bot.records.models import Patient
from bot.records.session import transaction
from bot.services import code_limit, identity
from bot.services.identity import Claim, attempts
from bot.services.identity.codes import CODE_DIGITS
from bot.services.invitations import has_open_invitation, issue_invitation, open_invitation
from bot.services.keys import decrypt
from bot.services.transcript import Answer, store_answer
from bot.services.visible_messages import is_visible, visible_messages
from bot.settings import get_settings
from tests.site.running import nhs_number

BORN = date(1970, 1, 2)
NUMBER = nhs_number(400)
WRONG_CODE = "wrong"

REFUSED: dict[str, dict[str, object]] = {
    "restricted": {"restricted": True},
    "deceased": {"deceased": True},
    "superseded": {"superseded_by": nhs_number(401)},
    "flagged by staff": {"flagged_by_staff": True},
    "under 16": {"birth_date": date(2015, 1, 2)},
    "another date of birth": {"birth_date": date(1970, 2, 1)},
    "no date of birth on record": {"birth_date": None},
    "no phone on record": {"phone": None},
}
"""Why a patient on record is not told of: the record's fields."""


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as opened:
        yield opened


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> int:
    """Three tries an hour, as a site may set it; the tests' own site allows many."""
    changed = get_settings().copy(update={"identity_tries": 3, "identity_window_minutes": 60})
    monkeypatch.setattr(attempts, "get_settings", lambda: changed)
    return 3


def add_conversation(session: Session, name: str, address: str | None = None) -> str:
    session.add(Conversation(id=name, channel="web", address_hash=address))
    session.flush()
    return name


def add_patient(session: Session, **fields: object) -> Patient:
    values = {
        "nhs_number": NUMBER,
        "birth_date": BORN,
        "family_name": "García López",
        "given_name": "Ana",
        "postcode": "SE17 1AA",
        "phone": "07700 900001",
    }
    patient = Patient(**(values | fields))
    session.add(patient)
    session.flush()
    return patient


def code_sent(session: Session) -> str:
    newest = select(TextMessage).order_by(TextMessage.id.desc()).limit(1)
    return decrypt(session.execute(newest).scalar_one().ciphertext) or ""


def invite(session: Session, conversation: str, patient: Patient, now: datetime) -> str:
    token = issue_invitation(session, patient.id, "practice", now)
    assert open_invitation(session, session.get(Conversation, conversation), token, now)
    return token


def by_number(patient: Patient | None) -> Claim:
    born = date(2015, 1, 2) if patient and patient.birth_date == date(2015, 1, 2) else BORN
    return Claim(born, nhs_number=NUMBER)


def by_name(patient: Patient | None) -> Claim:
    return Claim(by_number(patient).birth_date, family_name="garcia lopez", postcode="se171aa")


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The SQL that runs meanwhile."""
    heard: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(engine, "after_cursor_execute", hear)
    yield heard
    event.remove(engine, "after_cursor_execute", hear)


def asked_and_tried(
    engine: Engine,
    moment: datetime,
    claim_of: Callable[[Patient | None], Claim],
    fields: dict[str, object] | None,
) -> tuple[list[str], list[bool]]:
    """The SQL of a whole failed sign-in, and after which wrong code it was over."""
    with transaction(engine) as session:
        patient = None if fields is None else add_patient(session, **fields)
        claim = claim_of(patient)
        add_conversation(session, "c", "address")
    over = []
    with statements(engine) as heard:
        with transaction(engine) as session:
            identity.send_code(session, "c", claim, moment)
        for _ in range(identity.CODE_TRIES):
            with transaction(engine) as session:
                found = identity.check_code(session, "c", claim.subject, WRONG_CODE, moment)
                assert found is None
                over.append(identity.code_is_spent(session, "c", moment))
    with transaction(engine) as session:
        for table in (TextMessage, OneTimeCode, IdentityAttempt, Conversation, Patient):
            session.query(table).delete()
    return heard, over


@pytest.mark.parametrize("claim_of", [by_number, by_name])
def test_every_refusal_runs_the_same_queries_as_a_wrong_code_of_the_right_patient(
    engine: Engine, moment: datetime, claim_of: Callable[[Patient | None], Claim]
) -> None:
    right = asked_and_tried(engine, moment, claim_of, {})
    assert right[1] == [False, False, True]
    assert len(right[0]) > 10
    refused = {
        why: asked_and_tried(engine, moment, claim_of, fields)
        for why, fields in {**REFUSED, "no such patient": None}.items()
    }
    assert refused == dict.fromkeys(refused, right)


def test_every_refused_invitation_runs_the_same_queries(engine: Engine, moment: datetime) -> None:
    heard: dict[str, list[str]] = {}
    for index, (why, fields) in enumerate(REFUSED.items()):
        if why == "no phone on record":
            continue  # an invitation needs no phone
        with transaction(engine) as session:
            patient = add_patient(session, nhs_number=nhs_number(410 + index), **fields)
            claimed = by_number(patient).birth_date
            conversation = add_conversation(session, why)
            invite(session, conversation, patient, moment)
        with statements(engine) as heard[why], transaction(engine) as session:
            assert identity.check_invitation(session, why, claimed, moment) is None
    assert heard == dict.fromkeys(heard, heard["another date of birth"])
    assert heard["restricted"]


@pytest.mark.parametrize("fields", REFUSED.values(), ids=REFUSED)
def test_a_refused_patient_is_refused_even_with_the_right_code(
    session: Session, moment: datetime, fields: dict[str, object]
) -> None:
    claim = by_number(add_patient(session, **fields))
    add_conversation(session, "c")
    identity.send_code(session, "c", claim, moment)
    found = identity.check_code(session, "c", NUMBER, code_sent(session), moment)
    assert found is None


@pytest.mark.parametrize("claim_of", [by_number, by_name])
def test_right_code_starts_an_audited_session(
    session: Session, moment: datetime, claim_of: Callable[[Patient | None], Claim]
) -> None:
    patient = add_patient(session)
    add_conversation(session, "c")
    claim = claim_of(patient)
    identity.send_code(session, "c", claim, moment)
    found = identity.check_code(session, "c", claim.subject, code_sent(session), moment)
    assert found is not None
    assert (found.patient_id, found.method, found.ended_at) == (patient.id, "code", None)
    audited = session.execute(select(AuditEntry.action, AuditEntry.subject_id)).all()
    assert audited == [("identity_started", patient.id)]


def test_a_code_opens_the_conversation_that_asked_for_it_and_no_other(
    session: Session, moment: datetime
) -> None:
    claim = by_number(add_patient(session))
    for name in ("mine", "theirs"):
        add_conversation(session, name)
    identity.send_code(session, "theirs", claim, moment)
    theirs = code_sent(session)
    identity.send_code(session, "mine", claim, moment)
    assert identity.check_code(session, "mine", NUMBER, theirs, moment) is None
    assert identity.check_code(session, "theirs", NUMBER, theirs, moment) is not None


def test_a_code_is_good_until_it_expires(session: Session, moment: datetime) -> None:
    claim = by_number(add_patient(session))
    add_conversation(session, "c")
    identity.send_code(session, "c", claim, moment)
    code, late = code_sent(session), moment + timedelta(minutes=get_settings().code_minutes)
    assert identity.check_code(session, "c", NUMBER, code, late) is None
    assert identity.code_is_spent(session, "c", late)
    just_in_time = late - timedelta(seconds=1)
    assert identity.check_code(session, "c", NUMBER, code, just_in_time) is not None


def test_a_code_works_once(session: Session, moment: datetime) -> None:
    claim = by_number(add_patient(session))
    add_conversation(session, "c")
    identity.send_code(session, "c", claim, moment)
    code = code_sent(session)
    assert identity.check_code(session, "c", NUMBER, code, moment) is not None
    assert identity.check_code(session, "c", NUMBER, code, moment) is None


def test_a_code_is_worth_nothing_after_three_wrong_ones(session: Session, moment: datetime) -> None:
    claim = by_number(add_patient(session))
    add_conversation(session, "c")
    identity.send_code(session, "c", claim, moment)
    for _ in range(identity.CODE_TRIES):
        assert not identity.check_code(session, "c", NUMBER, WRONG_CODE, moment)
    assert identity.code_is_spent(session, "c", moment)
    assert identity.check_code(session, "c", NUMBER, code_sent(session), moment) is None


def test_a_new_code_makes_the_older_one_worthless(session: Session, moment: datetime) -> None:
    claim = by_number(add_patient(session))
    add_conversation(session, "c")
    identity.send_code(session, "c", claim, moment)
    older = code_sent(session)
    identity.send_code(session, "c", claim, moment + timedelta(seconds=1))
    assert identity.check_code(session, "c", NUMBER, older, moment + timedelta(seconds=2)) is None
    newer = code_sent(session)
    assert identity.check_code(session, "c", NUMBER, newer, moment + timedelta(seconds=2))


def test_a_phone_gets_so_many_codes_an_hour_whoever_asks_and_the_next_goes_to_nobody(
    session: Session, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = get_settings().copy(update={"codes_per_hour": 3})
    monkeypatch.setattr(code_limit, "get_settings", lambda: allowed)
    one = add_patient(session, phone="07700 900123")
    other = add_patient(session, nhs_number=nhs_number(402), phone="+44 7700-900123")

    def sent(patient: Patient, name: str, now: datetime) -> bool:
        conversation = add_conversation(session, name)
        claim = Claim(BORN, nhs_number=patient.nhs_number)
        identity.send_code(session, conversation, claim, now)
        session.flush()
        code = select(OneTimeCode).where(OneTimeCode.conversation_id == conversation)
        return session.execute(code).scalar_one().patient_id == patient.id

    within = [(one, "a"), (other, "b"), (one, "c")]
    assert [sent(patient, name, moment) for patient, name in within] == [True] * 3
    assert [sent(one, "d", moment), sent(other, "e", moment)] == [False, False]
    assert not sent(one, "f", moment + timedelta(minutes=59))
    assert sent(one, "g", moment + timedelta(minutes=60))


def test_a_code_is_kept_as_a_hash_and_as_ciphertext_only(
    session: Session, moment: datetime
) -> None:
    claim = by_number(add_patient(session))
    add_conversation(session, "c")
    identity.send_code(session, "c", claim, moment)
    code = code_sent(session)
    assert len(code) == CODE_DIGITS and code.isdigit()
    assert code.encode() not in session.execute(select(TextMessage.ciphertext)).scalar_one()
    assert code not in session.execute(select(OneTimeCode.code_hash)).scalar_one()


def fail(session: Session, conversation: str, subject: str, now: datetime) -> None:
    assert identity.check_code(session, conversation, subject, WRONG_CODE, now) is None


def test_tries_of_a_conversation_are_limited_and_free_again_after_the_window(
    session: Session, moment: datetime, few_tries: int
) -> None:
    add_conversation(session, "c")
    for index in range(few_tries):
        assert identity.minutes_to_wait(session, "c", None, moment) == 0
        fail(session, "c", f"number {index}", moment + timedelta(minutes=index))
    waits = [
        identity.minutes_to_wait(session, "c", None, moment + timedelta(minutes=minutes))
        for minutes in (2, 59, 60)
    ]
    assert waits == [59, 2, 0]


def test_tries_of_an_nhs_number_are_limited_over_all_conversations(
    session: Session, moment: datetime, few_tries: int
) -> None:
    for index in range(few_tries):
        add_conversation(session, f"c{index}")
        fail(session, f"c{index}", NUMBER, moment)
    add_conversation(session, "new")
    assert identity.minutes_to_wait(session, "new", NUMBER, moment) > 0
    assert identity.minutes_to_wait(session, "new", nhs_number(401), moment) == 0
    later = moment + timedelta(minutes=60)
    assert identity.minutes_to_wait(session, "new", NUMBER, later) == 0


def test_tries_from_an_address_are_limited_more_widely(
    session: Session, moment: datetime, few_tries: int
) -> None:
    allowed = few_tries * attempts.TRIES_PER_ADDRESS
    for index in range(allowed):
        add_conversation(session, f"c{index}", "one address")
        assert identity.minutes_to_wait(session, f"c{index}", None, moment) == 0
        fail(session, f"c{index}", f"number {index}", moment)
    add_conversation(session, "here", "one address")
    add_conversation(session, "elsewhere", "another address")
    assert identity.minutes_to_wait(session, "here", None, moment) > 0
    assert identity.minutes_to_wait(session, "elsewhere", None, moment) == 0


def test_dates_tried_at_one_invitation_are_limited_over_all_conversations(
    session: Session, moment: datetime, few_tries: int
) -> None:
    patient = add_patient(session)
    token = issue_invitation(session, patient.id, "practice", moment)
    for index in range(few_tries):
        name = add_conversation(session, f"c{index}")
        assert open_invitation(session, session.get(Conversation, name), token, moment)
        identity.check_invitation(session, name, date(1970, 1, 10 + index), moment)
    name = add_conversation(session, "new")
    assert identity.invited_subject(session, name) is None
    open_invitation(session, session.get(Conversation, name), token, moment)
    subject = identity.invited_subject(session, name)
    assert identity.minutes_to_wait(session, name, subject, moment) > 0


def test_a_success_is_no_failed_try(session: Session, moment: datetime, few_tries: int) -> None:
    claim = by_number(add_patient(session))
    add_conversation(session, "c")
    for _ in range(few_tries + 1):
        identity.send_code(session, "c", claim, moment)
        assert identity.check_code(session, "c", NUMBER, code_sent(session), moment)
    assert identity.minutes_to_wait(session, "c", NUMBER, moment) == 0


def test_somebody_is_told_from_the_sixteenth_birthday_on(
    session: Session, moment: datetime
) -> None:
    today = moment.date()
    sixteen = today.replace(year=today.year - 16)
    patient = add_patient(session, birth_date=sixteen)
    add_conversation(session, "c")
    invite(session, "c", patient, moment)
    day_before = moment - timedelta(days=1)
    assert identity.check_invitation(session, "c", sixteen, day_before) is None
    assert identity.check_invitation(session, "c", sixteen, moment) is not None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("García López", True),
        ("GARCIA LOPEZ", True),
        ("garcía", True),
        ("López García", True),
        ("Gar", False),
        ("Smith", False),
        ("", False),
    ],
)
def test_a_family_name_is_known_without_accents_and_with_one_of_two_surnames(
    session: Session, moment: datetime, typed: str, found: bool
) -> None:
    add_patient(session)
    add_conversation(session, "c")
    claim = Claim(BORN, family_name=typed, postcode="SE17 1AA")
    identity.send_code(session, "c", claim, moment)
    verified = identity.check_code(session, "c", claim.subject, code_sent(session), moment)
    assert (verified is not None) is found


def test_a_name_that_two_patients_share_finds_neither(session: Session, moment: datetime) -> None:
    for index in range(2):
        add_patient(session, nhs_number=nhs_number(400 + index))
    add_conversation(session, "c")
    claim = by_name(None)
    identity.send_code(session, "c", claim, moment)
    assert not identity.check_code(session, "c", claim.subject, code_sent(session), moment)


def verified(session: Session, conversation: str, moment: datetime) -> IdentitySession:
    """A conversation that has signed in by invitation."""
    patient = add_patient(session)
    add_conversation(session, conversation)
    invite(session, conversation, patient, moment)
    found = identity.check_invitation(session, conversation, BORN, moment)
    assert found is not None
    return found


def test_a_session_is_over_thirty_minutes_after_the_last_message(
    session: Session, moment: datetime
) -> None:
    verified(session, "c", moment)
    minutes = get_settings().identity_minutes
    identity.touch_identity(session, "c", moment + timedelta(minutes=minutes - 1))
    still = moment + timedelta(minutes=2 * minutes - 2)
    over = moment + timedelta(minutes=2 * minutes - 1)
    assert identity.end_idle_identities(session, still) == []
    assert identity.current_identity(session, "c", still) is not None
    assert identity.current_identity(session, "c", over) is None
    identity.touch_identity(session, "c", over)  # a message doesn't bring it back
    assert identity.end_idle_identities(session, over) == ["c"]
    assert identity.end_idle_identities(session, over) == []


def test_an_invitation_is_spent_by_the_right_date_only(session: Session, moment: datetime) -> None:
    patient = add_patient(session)
    for name in ("preview", "c", "later"):
        add_conversation(session, name)
    token = issue_invitation(session, patient.id, "practice", moment)
    opened = [
        open_invitation(session, session.get(Conversation, name), token, moment)
        for name in ("preview", "c", "c")
    ]
    assert opened == [True, True, True]
    assert identity.check_invitation(session, "c", date(1970, 2, 1), moment) is None
    assert has_open_invitation(session, "c", moment)
    assert identity.check_invitation(session, "c", BORN, moment) is not None
    assert not has_open_invitation(session, "c", moment)
    assert not open_invitation(session, session.get(Conversation, "later"), token, moment)
    assert identity.check_invitation(session, "preview", BORN, moment) is None


def test_an_invitation_expires_and_an_unknown_one_opens_nothing(
    session: Session, moment: datetime
) -> None:
    patient = add_patient(session)
    add_conversation(session, "c")
    conversation = session.get(Conversation, "c")
    token = issue_invitation(session, patient.id, "practice", moment)
    late = moment + timedelta(days=get_settings().invitation_days)
    assert not open_invitation(session, conversation, token, late)
    assert not open_invitation(session, conversation, "made-up", moment)
    assert conversation.invitation_id is None
    assert open_invitation(session, conversation, token, late - timedelta(seconds=1))
    assert identity.check_invitation(session, "c", BORN, late) is None


def test_an_invitation_is_kept_as_a_hash_only(session: Session, moment: datetime) -> None:
    token = issue_invitation(session, add_patient(session).id, "practice", moment)
    assert token not in session.execute(select(Invitation.token_hash)).scalar_one()


def test_another_patients_link_ends_the_running_session(session: Session, moment: datetime) -> None:
    verified(session, "c", moment)
    other = add_patient(session, nhs_number=nhs_number(401))
    invite(session, "c", other, moment)
    assert identity.current_identity(session, "c", moment) is None


def test_an_answer_told_while_its_session_ended_is_hidden_with_it(
    session: Session, moment: datetime
) -> None:
    verified(session, "c", moment)
    identity.end_identity(session, "c", moment, "stopped")
    row = store_answer(session, "c", Answer("told", "en", ("utter_x",), private=True), moment)
    assert not is_visible(session, row, moment)
    assert visible_messages(session, "c", moment) == []

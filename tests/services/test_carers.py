"""Who may ask for whom: recorded, looked up at every read, ended at once. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import NotFound, Refused
from bot.pathway.carer_rules import months_after
from bot.records import queries
from bot.records.carer_models import Carer, CarerAccess
from bot.records.chat_models import AuditEntry, Handoff, Message
from bot.records.identity_models import (
    IdentityAttempt,
    IdentitySession,
    Invitation,
    OneTimeCode,
    TextMessage,
)
from bot.records.models import Patient
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.records.update_models import Subscription
from bot.services import identity
from bot.services.carers.choosing import carer_session, choose_person, leave_person, people_of
from bot.services.carers.ending import withdraw_access
from bot.services.carers.recording import CarerDetails, Consent, record_access
from bot.services.carers.review import stop_lost_access
from bot.services.explain_referral import explain_referral
from bot.services.identity import Claim, actor_of, current_identity, running_session
from bot.services.keys import decrypt
from bot.services.one_time_links import link_for
from bot.services.transcript import Answer, store_answer
from bot.services.visible_messages import private_numbers, visible_messages
from tests.records.making import (
    a_conversation,
    a_coordinator,
    a_hospital,
    a_patient,
    a_referral,
    a_team,
)
from tests.services.test_identity import statements
from tests.site.running import nhs_number

BORN = date(1949, 12, 30)
CHILD_BORN = date(2015, 6, 1)
LAYLA = CarerDetails("Layla", "García López", date(1999, 6, 12), "SE5 9AA", "07700 900120")
CLAIM = Claim(LAYLA.birth_date, family_name="garcia", postcode="se59aa")


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as opened:
        yield opened


@pytest.fixture
def staff(session: Session) -> Staff:
    return a_coordinator(session, "Amara", a_team(session))


@pytest.fixture
def yusuf(session: Session) -> Patient:
    return a_patient(session, nhs_number(420), birth_date=BORN, given_name="Yusuf")


def consent(moment: datetime, **changed: object) -> Consent:
    in_a_year = months_after(moment.date(), 12)
    values: dict[str, object] = {
        "basis": "consent",
        "scope": "all",
        "review_on": in_a_year,
        "asked_alone": True,
        "interpreter_used": True,
    }
    return Consent(**(values | changed))  # type: ignore[arg-type]


def code_sent(session: Session) -> str:
    newest = select(TextMessage).order_by(TextMessage.id.desc()).limit(1)
    return decrypt(session.execute(newest).scalar_one().ciphertext) or ""


def verify(session: Session, conversation: str, moment: datetime) -> IdentitySession | None:
    identity.send_code(session, conversation, CLAIM, moment, as_carer=True)
    return identity.check_code(session, conversation, CLAIM.subject, code_sent(session), moment)


def say(session: Session, conversation: str, text: str, moment: datetime) -> Message:
    answer = Answer(text, "en", ("utter_x",), private=True)
    return store_answer(session, conversation, answer, moment)


def texts(session: Session, conversation: str, moment: datetime) -> list[str]:
    return [row.text for row in visible_messages(session, conversation, moment)]


# --- recording ---


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"asked_alone": False}, "Ask the patient alone first"),
        ({"basis": "parental_responsibility"}, "holds only below 16"),
        ({"basis": "none"}, "Choose the basis"),
        ({"review_on": date(2026, 5, 3)}, "Choose a review date"),
        ({"review_on": date(2028, 5, 5)}, "Choose a review date"),
    ],
)
def test_what_the_rules_forbid_is_not_recorded(
    session: Session,
    staff: Staff,
    yusuf: Patient,
    moment: datetime,
    changed: dict[str, object],
    sentence: str,
) -> None:
    with pytest.raises(Refused, match=sentence):
        record_access(session, staff, yusuf, LAYLA, consent(moment, **changed), moment)
    assert session.execute(select(func.count(CarerAccess.id))).scalar_one() == 0


def test_nobody_is_recorded_as_their_own_carer(
    session: Session, staff: Staff, moment: datetime
) -> None:
    own = a_patient(
        session,
        nhs_number(421),
        given_name="LAYLA",
        family_name="Garcia Lopez",
        birth_date=LAYLA.birth_date,
    )
    with pytest.raises(Refused, match="the patient's own details"):
        record_access(session, staff, own, LAYLA, consent(moment), moment)


@pytest.mark.parametrize("field", ["restricted", "deceased", "flagged_by_staff"])
def test_a_record_that_may_not_be_told_gets_no_carer(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime, field: str
) -> None:
    setattr(yusuf, field, True)
    with pytest.raises(Refused, match="may not be told"):
        record_access(session, staff, yusuf, LAYLA, consent(moment), moment)


# --- verifying ---


def test_a_right_code_starts_an_audited_session_for_the_only_person(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    access = record_access(session, staff, yusuf, LAYLA, consent(moment), moment)
    talk = a_conversation(session).id
    row = verify(session, talk, moment)
    assert row is not None
    assert (row.patient_id, row.carer_access_id) == (yusuf.id, access.id)
    assert current_identity(session, talk, moment) == row
    assert actor_of(row) == f"carer:{access.carer_id}"
    referral = a_referral(session, yusuf, provider_id=a_hospital(session).id)
    explain_referral(session, row, referral, "ask_referral_status", moment)
    (read,) = session.execute(
        select(AuditEntry).where(AuditEntry.action == "referral_read")
    ).scalars()
    assert read.actor == f"carer:{access.carer_id}"
    assert read.detail["conversation"] == talk


def asked_and_tried(engine: Engine, moment: datetime, case: str) -> tuple[list[str], list[bool]]:
    """The SQL of a whole failed sign-in as a carer, and after which wrong code it was over."""
    with transaction(engine) as session:
        staff = a_coordinator(session, case.replace(" ", "-"), a_team(session, case))
        patient = a_patient(session, nhs_number(422), birth_date=BORN)
        talk = a_conversation(session).id
        if case != "nobody":
            access = record_access(session, staff, patient, LAYLA, consent(moment), moment)
        if case == "withdrawn":
            withdraw_access(session, staff, patient, access.id, "patient", moment)
        if case == "restricted":
            patient.restricted = True
        claim = CLAIM
        if case == "another name":
            claim = Claim(CLAIM.birth_date, family_name="Other", postcode=CLAIM.postcode)
    over = []
    with statements(engine) as heard:
        with transaction(engine) as session:
            identity.send_code(session, talk, claim, moment, as_carer=True)
        for _ in range(identity.CODE_TRIES):
            with transaction(engine) as session:
                assert identity.check_code(session, talk, claim.subject, "wrong", moment) is None
                over.append(identity.code_is_spent(session, talk, moment))
    with transaction(engine) as session:
        for table in (TextMessage, OneTimeCode, IdentityAttempt, CarerAccess, Carer, Patient):
            session.query(table).delete()
    return heard, over


def test_every_refused_carer_runs_the_same_queries(engine: Engine, moment: datetime) -> None:
    right = asked_and_tried(engine, moment, "right details")
    assert right[1] == [False, False, True]
    for case in ("nobody", "another name", "withdrawn", "restricted"):
        assert asked_and_tried(engine, moment, case) == right, case


def test_tries_as_a_carer_count_like_those_as_a_patient(session: Session, moment: datetime) -> None:
    talk = a_conversation(session).id
    identity.send_code(session, talk, CLAIM, moment, as_carer=True)
    for _ in range(60):
        identity.check_code(session, talk, CLAIM.subject, "wrong", moment)
    assert identity.minutes_to_wait(session, "another", CLAIM.subject, moment) > 0


def test_a_patient_is_no_carer_and_a_carer_no_patient(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    yusuf.family_name, yusuf.postcode, yusuf.phone = "Namudhaji", "SE5 9AA", "07700 900002"
    record_access(session, staff, yusuf, LAYLA, consent(moment), moment)
    talk = a_conversation(session).id
    as_patient = Claim(BORN, family_name="Namudhaji", postcode="SE5 9AA")
    for claim, as_carer in ((as_patient, True), (CLAIM, False)):
        identity.send_code(session, talk, claim, moment, as_carer=as_carer)
        assert not identity.check_code(session, talk, claim.subject, code_sent(session), moment)


def test_without_access_a_verified_carer_reads_nothing(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    access = record_access(session, staff, yusuf, LAYLA, consent(moment), moment)
    withdraw_access(session, staff, yusuf, access.id, "patient", moment)
    talk = a_conversation(session).id
    row = verify(session, talk, moment)
    assert row is not None and row.patient_id is None
    assert current_identity(session, talk, moment) is None
    assert people_of(session, row, moment) == []


# --- choosing ---


def test_each_person_has_a_session_of_their_own(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    amina = a_patient(session, nhs_number(423), birth_date=BORN, given_name="Amina")
    for patient in (yusuf, amina):
        record_access(session, staff, patient, LAYLA, consent(moment), moment)
    talk = a_conversation(session).id
    row = verify(session, talk, moment)
    assert row is not None and row.patient_id is None
    assert current_identity(session, talk, moment) is None
    first, second = people_of(session, row, moment)
    assert (first.name, second.name) == ("Amina", "Yusuf")
    chosen = choose_person(session, row, second.access_id, moment)
    assert chosen == row and chosen.patient_id == yusuf.id
    say(session, talk, "about Yusuf", moment)
    assert texts(session, talk, moment) == ["For Yusuf:\n\nabout Yusuf"]
    again = choose_person(session, row, first.access_id, moment)
    assert again is not None and again.id != row.id and again.patient_id == amina.id
    assert texts(session, talk, moment) == []
    say(session, talk, "about Amina", moment)
    assert texts(session, talk, moment) == ["For Amina:\n\nabout Amina"]
    assert private_numbers(session, talk, moment) == [1]
    none = leave_person(session, again, moment)
    assert none.patient_id is None and current_identity(session, talk, moment) is None


def test_somebody_elses_access_is_not_chosen(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    record_access(session, staff, yusuf, LAYLA, consent(moment), moment)
    noor = CarerDetails("Noor", "Other", date(1988, 3, 3), "SE5 9AB", "07700 900121")
    theirs = record_access(session, staff, yusuf, noor, consent(moment), moment)
    row = verify(session, a_conversation(session).id, moment)
    assert row is not None
    assert choose_person(session, row, theirs.id, moment) is None
    assert choose_person(session, row, "0" * 32, moment) is None


# --- ending ---


def test_withdrawal_hides_the_answers_ends_updates_and_says_so_once(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    access = record_access(session, staff, yusuf, LAYLA, consent(moment), moment)
    talk = a_conversation(session).id
    verify(session, talk, moment)
    say(session, talk, "about Yusuf", moment)
    session.add(
        Subscription(
            conversation_id=talk,
            patient_id=yusuf.id,
            carer_access_id=access.id,
            started_at=moment,
        )
    )
    session.flush()
    withdraw_access(session, staff, yusuf, access.id, "patient", moment)
    assert running_session(session, talk, moment) is None
    (told,) = visible_messages(session, talk, moment)
    assert told.response == "utter_carer_access_ended"
    assert "Yusuf" not in told.text
    assert session.execute(select(Subscription.ended_at)).scalar_one() == moment
    with pytest.raises(NotFound):
        withdraw_access(session, staff, yusuf, access.id, "patient", moment)


def test_past_the_review_date_access_stops_and_staff_get_one_task(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    today = consent(moment, review_on=moment.date())
    record_access(session, staff, yusuf, LAYLA, today, moment)
    talk = a_conversation(session).id
    late = moment.replace(hour=22, minute=50)
    assert verify(session, talk, late) is not None
    assert current_identity(session, talk, late) is not None
    assert stop_lost_access(session, late) == 0
    midnight = late + timedelta(minutes=15)  # a day on in London, not yet in UTC
    assert current_identity(session, talk, midnight) is None
    assert [stop_lost_access(session, midnight), stop_lost_access(session, midnight)] == [1, 0]
    (task,) = session.execute(select(Handoff)).scalars()
    assert (task.kind, task.reason, task.patient_id) == ("task", "carer_access", yusuf.id)
    (told,) = visible_messages(session, talk, midnight)
    assert told.response == "utter_carer_access_ended"


@pytest.mark.parametrize("field", ["restricted", "deceased", "flagged_by_staff"])
def test_a_record_that_may_be_told_no_more_is_not_told_to_carers(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime, field: str
) -> None:
    record_access(session, staff, yusuf, LAYLA, consent(moment), moment)
    talk = a_conversation(session).id
    verify(session, talk, moment)
    setattr(yusuf, field, True)
    session.flush()
    assert current_identity(session, talk, moment) is None
    assert stop_lost_access(session, moment) == 0
    assert session.execute(select(IdentitySession.ended_reason)).scalar_one() == "access ended"


def test_parental_responsibility_ends_on_the_16th_birthday(
    session: Session, staff: Staff, moment: datetime
) -> None:
    born = date(2010, 5, 5)
    child = a_patient(session, nhs_number(424), birth_date=born, given_name="Sami")
    with pytest.raises(Refused, match="Below 16"):
        record_access(session, staff, child, LAYLA, consent(moment), moment)
    by_parents = consent(moment, basis="parental_responsibility", asked_alone=False)
    record_access(session, staff, child, LAYLA, by_parents, moment)
    talk = a_conversation(session).id
    assert verify(session, talk, moment) is not None
    assert current_identity(session, talk, moment) is not None
    assert current_identity(session, talk, moment.replace(day=5, hour=0)) is None


# --- apart from the patient ---


def test_patient_and_carer_of_one_conversation_do_not_read_each_others_part(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    record_access(session, staff, yusuf, LAYLA, consent(moment), moment)
    talk = a_conversation(session).id
    verify(session, talk, moment)
    say(session, talk, "to the carer", moment)
    written = say(session, talk, "a coordinator to the carer", moment)
    written.sender = "coordinator"
    session.flush()
    identity.start_identity(session, talk, yusuf.id, "invitation", moment)
    say(session, talk, "to the patient", moment)
    assert texts(session, talk, moment) == ["to the patient"]
    verify(session, talk, moment)
    shown = texts(session, talk, moment)
    assert [text for text in shown if "patient" in text] == []
    assert shown == ["For Yusuf:\n\na coordinator to the carer"]


def test_a_carer_on_telegram_gets_no_link_to_sign_in_as_the_patient(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    record_access(session, staff, yusuf, LAYLA, consent(moment), moment)
    talk = a_conversation(session, channel="telegram").id
    verify(session, talk, moment)
    row = say(session, talk, "about Yusuf", moment)
    assert link_for(session, row, moment) is None
    assert session.execute(select(func.count(Invitation.id))).scalar_one() == 0


def test_only_referrals_with_an_appointment_are_listed_for_a_narrow_scope(
    session: Session, staff: Staff, yusuf: Patient, moment: datetime
) -> None:
    record_access(session, staff, yusuf, LAYLA, consent(moment, scope="appointments"), moment)
    a_referral(session, yusuf, provider_id=a_hospital(session).id)
    row = verify(session, a_conversation(session).id, moment)
    assert row is not None
    assert carer_session(session, row.conversation_id, moment) == row
    assert queries.appointment_referrals_of(session, row) == []

"""Each feed's own payloads, from the file to the rows."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from written_payloads import PAYLOADS, payload

from bot.records.models import Appointment, Organisation, Patient, Referral

UTC = timezone.utc


def referral(session: Session, number: str) -> Referral:
    return session.scalars(select(Referral).filter_by(ubrn=number)).one()


def patient(session: Session, number: str) -> Patient:
    return session.scalars(select(Patient).filter_by(nhs_number=number)).one()


def reasons(report: Any) -> str:
    return " ".join(item.reason for item in report.rejected)


@pytest.mark.parametrize(
    ("file", "number", "state", "reason"),
    [
        ("referral_not_booked", "000000012301", "to_book", "NOT_BOOKED"),
        ("referral_booked", "000000012301", "booked", "BOOKED"),
        ("referral_deferred", "000000012302", "hospital_to_book", "NO_SLOTS_AT_SERVICE"),
        (
            "referral_returned_with_advice",
            "000000012303",
            "returned_to_gp",
            "RETURN_TO_REFERRER_WITH_ADVICE",
        ),
        ("cancel_response_parameters", "000000012304", "referral_cancelled", "RAISED_IN_ERROR"),
    ],
)
def test_ers_stu3_state_is_the_one_in_the_extension(
    load: Any, session: Session, file: str, number: str, state: str, reason: str
) -> None:
    report = load(f"ers_stu3/{file}.json")
    row = referral(session, number)
    assert report.exit_code == 0
    assert (row.state, row.state_reason) == (state, reason)
    assert row.clock_start == date(2026, 2, 3)
    assert (row.specialty, row.specialty_code) == ("Respiratory Medicine", "C_340")


def test_ers_stu3_appointment_inside_the_referral_becomes_a_row(
    load: Any, session: Session
) -> None:
    report = load("ers_stu3/referral_booked.json", "ers_r4/healthcare_service.json")
    row = referral(session, "000000012301")
    (appointment,) = row.appointments
    assert report.as_dict()["imported"] == {"appointments": 1, "organisations": 1, "referrals": 1}
    assert appointment.status == "booked"
    assert appointment.starts_at == datetime(2026, 6, 18, 13, 30, tzinfo=UTC)
    assert row.provider.contacts[0].phone == "020 7946 0100"


def test_a_two_week_wait_keeps_its_priority_and_its_deferral_is_no_offer(
    load: Any, session: Session
) -> None:
    load("ers_stu3/referral_deferred.json")
    row = referral(session, "000000012302")
    assert row.priority == "two_week_wait"
    assert row.appointments == []


def test_worklist_rows_are_referrals_and_unusable_rows_are_reported(
    load: Any, session: Session
) -> None:
    report = load("ers_stu3/worklist_mixed.json")
    states = {n: referral(session, f"0000000123{n}").state for n in ("05", "06", "07")}
    urgent = referral(session, "000000012306")
    assert states == {"05": "cancelled_by_patient", "06": "hospital_to_book", "07": "rejected"}
    assert (urgent.priority, urgent.specialty) == ("two_week_wait", None)
    assert urgent.review_due == date(2026, 4, 7)
    assert [item.entry for item in report.rejected] == ["entry[3]", "entry[4]"]
    assert report.exit_code == 3


def test_advice_goes_back_and_forth_by_its_messages(load: Any, session: Session) -> None:
    load("ers_stu3/advice_request.json")
    row = referral(session, "000000012309")
    assert row.state == "advice_requested"
    load("ers_stu3/advice_conversation.json")
    assert (row.state, row.state_since) == ("advice_back_with_gp", date(2026, 3, 9))
    assert [move.state for move in row.history] == ["advice_requested", "advice_back_with_gp"]


def test_advice_messages_without_their_request_are_rejected(load: Any) -> None:
    report = load("ers_stu3/advice_conversation.json")
    assert len(report.rejected) == 2
    assert "not in the records" in reasons(report)


def test_ers_r4_without_a_state_cannot_be_seen_and_advice_is_known_by_its_code(
    load: Any, session: Session
) -> None:
    report = load("ers_r4/search_referral_and_advice.json")
    assert report.exit_code == 0
    assert referral(session, "000000012310").state == "cannot_see"
    assert referral(session, "000000012311").state == "advice_back_with_gp"


def test_patient_care_task_gives_the_state_and_the_review_date(load: Any, session: Session) -> None:
    report = load("ers_patient_care/booked_and_in_triage.json")
    in_triage, booked = (referral(session, f"00000001231{n}") for n in (3, 2))
    assert report.exit_code == 0
    assert (in_triage.state, in_triage.review_due) == ("in_triage", date(2026, 3, 25))
    assert [move.state for move in in_triage.history] == ["in_triage"]
    assert booked.state == "booked"
    assert booked.appointments[0].starts_at == datetime(2026, 5, 11, 8, 30, tzinfo=UTC)


def test_patient_care_priority_asap_is_urgent_and_its_label_is_not_kept(
    load: Any, session: Session
) -> None:
    load("ers_patient_care/booked_and_in_triage.json")
    row = referral(session, "000000012312")
    assert (row.priority, row.specialty) == ("two_week_wait", "Dermatology")
    assert (row.referrer.name, row.referrer.kind) == ("Mill Lane Surgery", "gp_practice")


def test_wayfinder_referrals_are_read_from_the_care_plan_that_wraps_them(
    load: Any, session: Session
) -> None:
    report = load("wayfinder/consumer_referrals.json")
    rows = {n: referral(session, f"00000001232{n}") for n in range(4)}
    assert [row.state for row in rows.values()] == [
        "to_book",
        "cancelled_by_patient",
        "in_triage",
        "cannot_see",
    ]
    assert rows[0].provider.name == "Larkfield and Marsh NHS Foundation Trust"
    assert rows[0].provider.ods_code == "RZ9"
    assert (rows[1].priority, rows[1].specialty_code) == ("two_week_wait", "C_502")
    assert rows[2].review_due == date(2026, 3, 19)
    assert report.imported["referrals"] == 4


def test_an_unknown_state_code_is_kept_as_unseen_and_reported(load: Any) -> None:
    report = load("wayfinder/consumer_referrals.json")
    (rejected,) = report.rejected
    assert rejected.entry == "entry[0].activity[3]"
    assert "state code isn't known" in rejected.reason
    assert "somethingNew" not in rejected.reason


def test_wayfinder_appointments_are_read_with_their_portal_states(
    load: Any, session: Session
) -> None:
    report = load("wayfinder/consumer_appointments.json")
    rows = session.scalars(select(Appointment).order_by(Appointment.source_id)).all()
    assert [row.status for row in rows] == ["booked", "change_pending", "booked", "missed"]
    assert (rows[0].medium, rows[0].clinic) == ("video", "Larkfield Hospital, Level 2")
    assert rows[1].admission
    assert report.unchanged == 1  # the one that came twice


def test_an_appointment_with_a_ubrn_moves_its_referral_wherever_the_files_stand(
    load: Any, session: Session
) -> None:
    load("wayfinder/consumer_appointments.json", "wayfinder/consumer_referrals.json")
    row = referral(session, "000000012320")
    assert row.state == "booked"
    assert row.appointments[0].starts_at == datetime(2026, 6, 9, 14, 0, tzinfo=UTC)
    assert [move.state for move in row.history] == ["booked"]


def test_an_appointment_with_a_ubrn_shows_that_there_is_a_referral(
    load: Any, session: Session
) -> None:
    load("wayfinder/producer_appointment.json")
    row = referral(session, "000000012330")
    (appointment,) = row.appointments
    assert row.state == "change_pending"
    assert (appointment.medium, appointment.clinic) == ("telephone", "Marsh House, Room 4")
    assert appointment.instructions == "Keep your phone near you."


def test_a_hospitals_care_plan_is_a_place_on_the_waiting_list_with_its_waits(
    load: Any, session: Session
) -> None:
    load("wayfinder/producer_waiting_list.json")
    row = session.scalars(select(Referral)).one()
    assert (row.state, row.state_since) == ("waiting_list", date(2026, 1, 5))
    assert (row.planned_wait_weeks, row.p80_wait_weeks) == (12, 21)
    assert row.specialty_code == "C_101"


def test_a_questionnaire_moves_nothing_but_pifu_means_follow_up(
    load: Any, session: Session
) -> None:
    load("wayfinder/producer_waiting_list.json")
    row = session.scalars(select(Referral)).one()
    bundle = payload("wayfinder/producer_questionnaires.json")
    pifu = bundle["entry"].pop()
    assert load(bundle).as_dict()["imported"] == {}
    bundle["entry"].append(pifu)
    assert load(bundle).imported["tasks"] == 1
    assert row.state == "follow_up"


def test_a_completed_care_plan_ends_it(load: Any, session: Session) -> None:
    load("wayfinder/producer_waiting_list.json")
    bundle = payload("wayfinder/producer_waiting_list.json")
    bundle["entry"][0]["resource"].update(status="completed", period={"end": "2026-03-01"})
    load(bundle)
    row = session.scalars(select(Referral)).one()
    assert (row.state, row.state_since) == ("discharged", date(2026, 3, 1))
    assert [move.state for move in row.history] == ["waiting_list", "discharged"]


def test_a_partial_answer_is_reported_and_an_empty_one_is_not(load: Any) -> None:
    partial = load("wayfinder/consumer_timeout_207.json")
    assert "fault (timeout)" in reasons(partial)
    assert "Referrals may be missing" in reasons(partial)
    assert partial.exit_code == 3
    for empty in ("wayfinder/consumer_empty.json", "ers_patient_care/none.json"):
        assert load(empty).exit_code == 0


def test_a_pds_patient_is_kept_with_practice_language_and_interpreter(
    load: Any, session: Session
) -> None:
    load("patients/pds_full.json", "bars/booking_message.json")
    row = patient(session, "9990000018")
    assert row.birth_date == date(1961, 5, 3)
    assert (row.family_name, row.given_name) == ("Kowalczyk", "Ana")
    assert (row.phone, row.postcode) == ("07700 900001", "ZZ1 1ZZ")
    assert (row.language, row.interpreter_required) == ("pl", True)
    assert row.gp_practice.name == "Mill Lane Surgery"
    assert row.gp_practice.contacts[0].phone == "020 7946 0200"


def test_restricted_deceased_and_superseded_patients_are_kept_as_such(
    load: Any, session: Session
) -> None:
    load(
        "patients/pds_restricted.json",
        "patients/pds_deceased.json",
        "patients/pds_superseded_bundle.json",
        "patients/uk_core_replaced_by.json",
    )
    restricted = patient(session, "9990000026")
    assert restricted.restricted and restricted.phone is None
    assert patient(session, "9990000034").deceased
    assert patient(session, "9990000069").superseded_by == "9990000042"
    assert patient(session, "9990000042").birth_date == date(1988, 2, 29)
    assert patient(session, "9990000077").superseded_by == "9990000050"


def test_an_ordinary_feed_does_not_overwrite_the_register(load: Any, session: Session) -> None:
    load("patients/pds_restricted.json", "patients/pds_full.json")
    other = {
        "resourceType": "Patient",
        "identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"},
        "birthDate": "2001-01-01",
        "telecom": {"system": "phone", "value": "07700 900077"},
        "meta": {"lastUpdated": "2026-03-09T10:00:00Z"},
        "deceasedBoolean": True,
    }
    load(other)
    row = patient(session, "9990000018")
    assert (row.birth_date, row.phone) == (date(1961, 5, 3), "07700 900001")
    assert row.deceased


def test_a_telephone_that_the_register_dropped_is_dropped(load: Any, session: Session) -> None:
    load("patients/pds_full.json")
    newer = payload("patients/pds_full.json")
    newer["meta"]["versionId"] = "5"
    del newer["telecom"]
    load(newer)
    assert patient(session, "9990000018").phone is None


def test_interpreter_need_is_read_from_both_extensions_and_from_a_flag(
    load: Any, session: Session
) -> None:
    load("patients/uk_core_interpreter.json")
    row = patient(session, "9990000050")
    assert (row.language, row.interpreter_required) == ("bn", True)
    assert row.birth_date is None  # a year alone can't be verified against
    row.interpreter_required = None
    report = load("patients/related_and_flags.json")
    assert row.interpreter_required is True
    assert "A carer's access is recorded by staff." in reasons(report)
    assert len(report.rejected) == 2


def test_a_bars_message_finds_its_patient_by_urn(load: Any, session: Session) -> None:
    report = load("bars/booking_message.json")
    row = patient(session, "9990000085")
    appointment = session.scalars(select(Appointment)).one()
    assert report.exit_code == 0
    assert appointment.patient_id == row.id
    assert appointment.specialty is None  # a caller's words aren't kept
    assert row.phone == "07700 900009"


def test_all_our_payloads_together_give_what_each_gives(load: Any, session: Session) -> None:
    files = sorted(str(f.relative_to(PAYLOADS)) for f in PAYLOADS.rglob("*.json"))
    first = load(*files)
    second = load(*reversed(files))
    assert first.imported["referrals"] == 16
    assert second.as_dict()["imported"] == {}
    assert second.unchanged == sum(first.imported.values()) + first.unchanged
    assert session.scalars(select(Organisation).filter_by(name="RZ9")).all() == []

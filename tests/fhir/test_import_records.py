"""What an import changes, what it leaves, and what it refuses."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from written_payloads import NOW, PAYLOADS, payload

from bot.errors import UnreadableInput
from bot.records.base import metadata
from bot.records.chat_models import AuditEntry
from bot.records.models import Appointment, Patient, Referral
from bot.services.import_records import demo_guard, import_records, importer
from bot.settings import get_settings

OWNER = "9990000018"
"""Whose referral the payloads of e-RS tell of."""
UTC = timezone.utc
LATER = NOW + timedelta(days=1)
EXAMPLES = Path(__file__).parents[3] / "shared" / "fhir_examples"


def one(session: Session) -> Referral:
    return session.scalars(select(Referral)).one()


def dump(session: Session) -> dict[str, list[Any]]:
    """All rows of all tables but the audit, without when they were seen."""
    seen = {"checked_at", "recorded_at"}
    return {
        table.name: [
            {key: value for key, value in row.items() if key not in seen}
            for row in session.execute(select(table).order_by(*table.primary_key)).mappings()
        ]
        for table in metadata.sorted_tables
        if table.name != "audit"
    }


def test_the_same_import_twice_changes_nothing_but_when_it_was_seen(
    load: Any, session: Session
) -> None:
    first = load("ers_stu3/referral_booked.json")
    before = dump(session)
    second = load("ers_stu3/referral_booked.json", now=LATER)
    assert (first.unchanged, second.as_dict()["imported"]) == (0, {})
    assert second.unchanged == 2
    assert dump(session) == before
    assert one(session).checked_at == LATER


def test_a_newer_version_moves_the_state_and_keeps_the_history(load: Any, session: Session) -> None:
    load("ers_stu3/referral_not_booked.json")
    load("ers_stu3/referral_booked.json", now=LATER)
    row = one(session)
    assert (row.state, row.state_since) == ("booked", LATER.date())
    assert [(move.state, move.source_version) for move in row.history] == [
        ("to_book", "3"),
        ("booked", "5"),
    ]


def test_an_older_version_changes_nothing_and_counts_as_unchanged(
    load: Any, session: Session
) -> None:
    load("ers_stu3/referral_booked.json")
    before = dump(session)
    report = load("ers_stu3/referral_not_booked.json", now=LATER)
    assert (report.as_dict()["imported"], report.unchanged) == ({}, 1)
    assert dump(session) == before
    assert one(session).checked_at == NOW


def test_versions_count_as_numbers(load: Any, session: Session) -> None:
    tenth = payload("ers_stu3/referral_booked.json")
    tenth["meta"]["versionId"] = "10"
    load(tenth)
    load("ers_stu3/referral_not_booked.json")
    assert one(session).state == "booked"


def test_the_order_of_files_does_not_matter(load: Any, session: Session) -> None:
    load("ers_stu3/referral_booked.json", "ers_stu3/referral_not_booked.json")
    assert [move.state for move in one(session).history] == ["booked"]


def test_one_ubrn_in_two_feeds_is_one_referral_and_the_newer_counts(
    load: Any, session: Session
) -> None:
    wayfinder = payload("wayfinder/consumer_referrals.json")
    care_plan = wayfinder["entry"][0]["resource"]
    care_plan["activity"] = care_plan["activity"][:1]
    care_plan["subject"]["identifier"]["value"] = "9990000018"
    care_plan["activity"][0]["detail"]["id"] = "000000012301"
    booked = payload("ers_stu3/referral_booked.json")
    booked["meta"]["lastUpdated"] = "2026-03-02T10:00:00Z"
    wayfinder["meta"]["lastUpdated"] = "2026-03-01T10:00:00Z"
    load(booked)
    assert load(wayfinder).as_dict()["imported"] == {}
    assert one(session).state == "booked"
    wayfinder["meta"]["lastUpdated"] = "2026-03-03T10:00:00Z"
    load(wayfinder)
    row = one(session)
    assert (row.state, row.source) == ("to_book", "wayfinder")
    assert [a.status for a in row.appointments] == ["cancelled"]  # no date that no longer stands
    assert row.clock_start == date(2026, 2, 3)  # what only e-RS says stays


def test_a_cancelled_appointment_does_not_stay_booked(load: Any, session: Session) -> None:
    load("ers_stu3/referral_booked.json")
    later = payload("ers_stu3/referral_not_booked.json")
    later["meta"]["versionId"] = "6"
    state = later["extension"][-1]["extension"][0]["valueCoding"]
    state["code"] = "APPT_CANCELLED_BY_PATIENT"
    load(later)
    assert one(session).state == "cancelled_by_patient"
    assert session.scalars(select(Appointment)).one().status == "cancelled_by_patient"
    load("ers_stu3/referral_booked.json")  # the old file once more
    assert session.scalars(select(Appointment)).one().status == "cancelled_by_patient"


def test_a_missed_appointment_is_marked_as_missed(load: Any, session: Session) -> None:
    load("ers_stu3/referral_booked.json")
    later = payload("ers_stu3/referral_not_booked.json")
    later["meta"]["versionId"] = "6"
    later["extension"][-1]["extension"][0]["valueCoding"]["code"] = "DID_NOT_ATTEND"
    load(later, now=datetime(2026, 6, 20, tzinfo=UTC))
    assert session.scalars(select(Appointment)).one().status == "missed"


def test_a_closed_referral_is_not_opened_by_an_undated_task(load: Any, session: Session) -> None:
    bundle = payload("ers_patient_care/booked_and_in_triage.json")
    extension = bundle["entry"][3]["resource"]["extension"][1]["extension"][0]
    extension["valueCoding"]["code"] = "TRIAGE_RESPONSE"
    load(bundle)
    row = session.scalars(select(Referral).filter_by(ubrn="000000012313")).one()
    assert (row.state, row.review_due) == ("returned_to_gp", None)


def test_a_fulfilled_test_on_a_waiting_list_means_that_results_are_awaited(
    load: Any, session: Session
) -> None:
    appointment = payload("wayfinder/producer_appointment.json")
    resource = appointment["entry"][0]["resource"]
    resource["basedOn"] = [
        {"identifier": {"system": "https://fhir.nhs.uk/Id/PathwayId", "value": "RZ90077"}}
    ]
    resource.update(status="fulfilled", description="MRI scan", start="2026-03-01T09:00:00Z")
    del resource["extension"][0]
    load("wayfinder/producer_waiting_list.json", appointment)
    assert one(session).state == "results_awaited"


def test_the_same_appointment_from_two_feeds_is_one(load: Any, session: Session) -> None:
    load("ers_stu3/referral_booked.json")
    portal = payload("wayfinder/consumer_appointments.json")
    care_plan = portal["entry"][0]["resource"]
    care_plan["subject"]["identifier"]["value"] = "9990000018"
    (detail,) = (a["detail"] for a in care_plan["activity"][2:3])
    detail["scheduledPeriod"]["start"] = "2026-06-18T13:30:00Z"
    detail["extension"][-1]["valueUrl"] = "https://refer.example/nhslogin?ubrn=000000012301"
    detail["location"] = {"display": "Larkfield Hospital, Level 3"}
    care_plan["activity"] = [{"detail": detail}]
    load(portal)
    appointment = session.scalars(select(Appointment)).one()
    assert (appointment.source, appointment.clinic) == ("ers", "Larkfield Hospital, Level 3")
    assert load(portal).as_dict()["imported"] == {}


def test_an_unknown_patient_gets_a_bare_row_that_nobody_can_verify_against(
    load: Any, session: Session
) -> None:
    load("ers_stu3/referral_not_booked.json")
    row = session.scalars(select(Patient)).one()
    assert (row.nhs_number, row.birth_date) == ("9990000018", None)


@pytest.mark.parametrize("number", ["9990000019", "9999999999", "0000000000", "", None, {}])
def test_a_referral_without_a_usable_nhs_number_is_rejected_by_name(
    load: Any, session: Session, number: Any
) -> None:
    broken = payload("ers_stu3/referral_not_booked.json")
    broken["subject"]["identifier"]["value"] = number
    report = load(broken)
    (rejected,) = report.rejected
    assert rejected.reason == (
        "ReferralRequest 000000012301: no usable NHS number. Return it to the sender."
    )
    assert session.scalar(select(func.count()).select_from(Referral)) == 0
    assert report.exit_code == 3


def test_a_ubrn_never_moves_to_another_patient(load: Any, session: Session) -> None:
    load("ers_stu3/referral_not_booked.json")
    other = payload("ers_stu3/referral_booked.json")
    other["subject"]["identifier"]["value"] = "9990000026"
    report = load(other)
    assert "belongs to another patient" in report.rejected[0].reason
    assert one(session).patient.nhs_number == "9990000018"
    assert session.scalar(select(func.count()).select_from(Appointment)) == 0


def test_a_referral_follows_a_patient_whose_number_was_replaced(
    load: Any, session: Session
) -> None:
    load("ers_stu3/referral_not_booked.json")
    merged = payload("patients/uk_core_replaced_by.json")
    merged["identifier"]["value"] = "9990000018"
    newer = payload("ers_stu3/referral_booked.json")
    newer["subject"]["identifier"]["value"] = "9990000050"
    load(merged)
    report = load(newer)
    assert report.rejected == []
    assert one(session).patient.nhs_number == "9990000050"


def test_one_bad_entry_does_not_take_the_rest_with_it(load: Any, session: Session) -> None:
    bundle = payload("ers_patient_care/booked_and_in_triage.json")
    bundle["entry"].insert(0, {"resource": {"resourceType": "CodeSystem", "id": "X"}})
    bundle["entry"].insert(0, {"search": {"mode": "match"}})
    bundle["entry"].append({"resource": "a string"})
    report = load(bundle)
    assert [item.entry for item in report.rejected] == ["entry[0]", "entry[1]", "entry[6]"]
    assert "entry[1] CodeSystem: CodeSystem is not a kind that Waymark keeps." in (
        item.reason for item in report.rejected
    )
    assert report.imported["referrals"] == 2


def test_an_entry_that_the_database_refuses_is_rejected_alone(
    load: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = importer.write_referral

    def refuse(run: Any, record: Any) -> bool:
        write(run, record)
        if record.ubrn == "000000012312":
            raise IntegrityError("INSERT", {}, Exception("constraint"))
        return True

    monkeypatch.setattr(importer, "write_referral", refuse)
    report = load("ers_patient_care/booked_and_in_triage.json")
    assert [r.ubrn for r in session.scalars(select(Referral))] == ["000000012313"]
    assert "the database refuses it" in report.rejected[0].reason


def test_the_exit_code_tells_read_rejected_or_unreadable(
    load: Any, session: Session, tmp_path: Path
) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "folder").mkdir()
    good = PAYLOADS / "ers_stu3/referral_not_booked.json"
    assert load("ers_stu3/referral_not_booked.json").exit_code == 0
    assert import_records(session, [good, tmp_path / "broken.json"], NOW).exit_code == 3
    assert import_records(session, [tmp_path / "broken.json"], NOW).exit_code == 2
    assert import_records(session, [tmp_path / "folder"], NOW).exit_code == 2
    assert import_records(session, [tmp_path / "nowhere"], NOW).exit_code == 2


def test_the_report_has_the_shape_that_the_command_prints(load: Any) -> None:
    report = load("ers_stu3/worklist_mixed.json").as_dict()
    assert set(report) == {"imported", "unchanged", "rejected"}
    assert report["imported"] == {"referrals": 3}
    assert set(report["rejected"][0]) == {"file", "entry", "reason"}
    assert json.loads(json.dumps(report)) == report


def test_an_import_is_audited_with_counts_alone(load: Any, session: Session) -> None:
    load("ers_stu3/referral_booked.json")
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.subject_kind) == (
        "import",
        "records_imported",
        "import",
    )
    assert entry.detail["imported"] == {"referrals": 1, "appointments": 1}


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the published examples are not here")
def test_the_published_examples_are_all_read(session: Session) -> None:
    report = import_records(session, [EXAMPLES], NOW)
    assert report.as_dict()["imported"] == {
        "appointments": 46,
        "organisations": 5,
        "patients": 2,
        "referrals": 12,
    }
    assert (report.read, len(report.rejected)) == (63, 21)
    again = import_records(session, [EXAMPLES], NOW)
    assert again.as_dict()["imported"] == {}


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the published examples are not here")
def test_each_published_example_can_be_imported_by_itself(session: Session) -> None:
    for file in sorted(EXAMPLES.rglob("*.json")):
        with session.begin_nested() as savepoint:
            assert import_records(session, [file], NOW).exit_code in (0, 3), file
            savepoint.rollback()


@pytest.mark.parametrize("number", ["4505577104", "9434765919"])
def test_a_demo_takes_no_number_that_may_be_somebodys(
    load: Any, session: Session, number: str
) -> None:
    real = json.loads(json.dumps(payload("ers_stu3/referral_booked.json")).replace(OWNER, number))
    with pytest.raises(UnreadableInput, match=r"may be a real patient's NHS number.*999"):
        load("ers_stu3/referral_not_booked.json", real)
    assert session.scalars(select(Patient)).all() == []


def test_production_takes_every_number(
    load: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = get_settings().copy(update={"mode": "production"})
    monkeypatch.setattr(demo_guard, "get_settings", lambda: production)
    real = json.dumps(payload("ers_stu3/referral_booked.json")).replace(OWNER, "4505577104")
    assert load(json.loads(real)).rejected == []

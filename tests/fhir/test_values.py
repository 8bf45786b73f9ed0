"""Single values: dates, durations, identifiers, specialties, names."""

from __future__ import annotations

import doctest
import importlib
from datetime import date, datetime, timezone
from typing import Any

import pytest

from bot.fhir.dates import day, instant, weeks
from bot.fhir.entries import Entry, Scope
from bot.fhir.identifiers import nhs_number_of, ods_code, request_keys, ubrn
from bot.fhir.origins import name_of_entry
from bot.fhir.patients import read_patient
from bot.fhir.specialties import specialty, suspected_cancer

UTC = timezone.utc


@pytest.mark.parametrize("name", ["tree", "identifiers", "specialties", "people"])
def test_examples_in_the_documentation_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"bot.fhir.{name}")).failed == 0


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-06-18T13:30:00.000Z", datetime(2026, 6, 18, 13, 30, tzinfo=UTC)),
        ("2026-06-18T13:30:00+01:00", datetime(2026, 6, 18, 12, 30, tzinfo=UTC)),
        ("2026-06-18T13:30:00", datetime(2026, 6, 18, 12, 30, tzinfo=UTC)),  # English summer time
        ("2026-06-18T13:30:00+25:00", datetime(2026, 6, 18, 12, 30, tzinfo=UTC)),
        ("2026-08-25T00:00:00.000Z", datetime(2026, 8, 24, 23, 0, tzinfo=UTC)),  # a day
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
        ("20260105", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-01", None),
        ("2026", None),
        ("2026-02-30", None),
        ("0001-01-01", None),
        ("03/05/1961", None),
        (20260105.5, None),
        (None, None),
    ],
)
def test_moments_are_read_as_england_means_them(written: Any, expected: datetime | None) -> None:
    assert instant(written) == expected


def test_a_late_evening_in_utc_is_the_next_day_in_english_summer() -> None:
    assert day("2026-06-18T23:30:00Z") == date(2026, 6, 19)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ({"value": 84, "unit": "Days"}, 12),
        ({"value": "84", "unit": "d"}, 12),
        ({"value": 21.0, "code": "wk"}, 21),
        ({"value": 3, "unit": "months"}, 13),
        ({"value": 3}, None),
        ({"value": "soon", "unit": "weeks"}, None),
        ({"value": float("nan"), "unit": "weeks"}, None),
        ({"value": -3, "unit": "weeks"}, None),
        ("12 weeks", None),
    ],
)
def test_waits_are_whole_weeks(duration: Any, expected: int | None) -> None:
    assert weeks(duration) == expected


@pytest.mark.parametrize(
    "identifier",
    [
        {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "999 000 0018"},
        [{"system": "http://fhir.nhs.net/Id/nhs-number", "value": "999-000-0018"}],
        {"system": "urn:oid:2.16.840.1.113883.2.1.4.1", "value": 9990000018},
        {"value": "https://fhir.nhs.uk/Id/nhs-number|9990000018"},
        [
            None,
            "9990000018",
            {"system": "https://fhir.nhs.uk/id/NHS-Number", "value": "9990000018"},
        ],
    ],
)
def test_nhs_numbers_are_found_in_every_system(identifier: Any) -> None:
    assert nhs_number_of({"identifier": identifier}) == "9990000018"


@pytest.mark.parametrize("value", ["9990000019", "0000000000", "9999999999", "999000001", True])
def test_numbers_that_cannot_be_anybodys_are_refused(value: Any) -> None:
    identifier = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": value}
    assert nhs_number_of({"identifier": identifier}) is None


def test_a_number_of_another_system_is_no_nhs_number() -> None:
    assert nhs_number_of({"identifier": {"system": "x:mrn", "value": "9990000018"}}) is None


def test_a_ubrn_is_twelve_digits_whatever_has_become_of_it() -> None:
    assert ubrn("0000-0001 2301") == "000000012301"
    assert ubrn(12301) == "000000012301"
    assert [ubrn(bad) for bad in ("", "0", "1234567890123", "12a", None, True)] == [None] * 6


def test_ods_codes_are_short_and_plain() -> None:
    assert ods_code(" rz9 ") == "RZ9"
    assert ods_code("St Thomas' Hospital") is None


def test_a_reference_is_understood_in_each_form() -> None:
    for reference in (
        {"reference": "ReferralRequest/000000012301/_history/5"},
        "https://example.org/STU3/ReferralRequest/000000012301",
        {"identifier": [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": "12301"}]},
    ):
        assert request_keys({"basedOn": [reference]}, "basedOn") == ("ubrn:000000012301",)
    assert request_keys({"focus": "ServiceRequest/r.0a1b"}, "focus") == ("request:0a1b",)
    assert request_keys({"focus": "Patient/1"}, "focus") == ()


def test_labels_of_suspected_cancer_are_seen_and_never_kept() -> None:
    assert specialty("2WW Breast", "Breast Surgery") == ("Breast Surgery", "C_100")
    assert specialty("Urgent Suspected Cancer - Ophthalmology - X") == ("Ophthalmology", "C_130")
    assert specialty("2WW_SKIN") == (None, None)
    assert suspected_cancer("USC Lung") and not suspected_cancer("Muscular clinic")


def test_a_reason_names_an_entry_by_kind_and_harmless_id_only() -> None:
    def name(**resource: Any) -> str:
        return name_of_entry(Entry("f", "", resource, Scope()))

    assert name(resourceType="Task", id="5f7d0000-1111-4222-8333-000000000001").endswith("0001")
    assert name(resourceType="Task", id="9990000018") == "Task"
    assert name(resourceType="Task", id="RichardSmith") == "Task"
    assert name(resourceType="Patient", id="70000") == "Patient"
    assert name(resourceType="Kowalczyk") == "resource"


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        ([{"code": "R"}], True),
        ({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}, True),
        ("REDACTED", True),
        ([{"system": "x/v3-Confidentiality", "code": "something new"}], True),
        ([{"code": "U"}], False),
        ([{"system": "x/v3-ActReason", "code": "HTEST"}], None),
        ([None, {}], None),
    ],
)
def test_restriction_is_read_and_doubt_counts_as_restricted(
    security: Any, expected: bool | None
) -> None:
    resource = {
        "resourceType": "Patient",
        "meta": {"security": security},
        "identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"},
        "telecom": {"system": "phone", "value": "07700 900001"},
    }
    (record,) = read_patient(Entry("f", "", resource, Scope()))
    assert record.restricted is expected  # type: ignore[union-attr]
    assert (record.phone is None) is bool(expected)  # type: ignore[union-attr]

"""Files and folders → entries: encodings, bundles in bundles, broken files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from written_payloads import PAYLOADS, payload

from bot.fhir import Entry, Rejection, read_paths, to_records
from bot.fhir.records import PatientRecord

PATIENT: dict[str, Any] = payload("patients/pds_full.json")


def read(tmp_path: Path, content: bytes | str, name: str = "file.json") -> list[Entry | Rejection]:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_paths([file]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_unicode_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path, json.dumps(PATIENT, ensure_ascii=False).encode(encoding))
    assert [item.kind for item in found if isinstance(item, Entry)] == ["Patient"]


def test_a_file_in_a_windows_encoding_is_read(tmp_path: Path) -> None:
    content = json.dumps({**PATIENT, "name": [{"family": "Muñoz"}]}, ensure_ascii=False)
    (entry,) = read(tmp_path, content.encode("cp1252"))
    assert isinstance(entry, Entry)
    (record,) = to_records(entry)
    assert isinstance(record, PatientRecord)
    assert record.family_name == "Muñoz"


def test_bundles_in_bundles_are_taken_apart_and_each_entry_has_its_place(tmp_path: Path) -> None:
    inner = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {"search": {}}, None]}
    content = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {"resource": inner}]}
    found = read(tmp_path, json.dumps(content))
    places = [item.label if isinstance(item, Entry) else item.entry for item in found]
    assert places == ["entry[0]", "entry[1].entry[0]", "entry[1].entry[1]", "entry[1].entry[2]"]
    assert [type(item).__name__ for item in found] == ["Entry", "Entry", "Rejection", "Rejection"]


def test_bundles_that_lie_too_deep_are_rejected_once(tmp_path: Path) -> None:
    content: dict[str, Any] = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}]}
    for _ in range(30):
        content = {"resourceType": "Bundle", "entry": [{"resource": content}]}
    (entry,) = read(tmp_path, json.dumps(content))
    assert isinstance(entry, Entry)
    (rejection,) = to_records(entry)
    assert isinstance(rejection, Rejection)
    assert "too deep" in rejection.reason


def test_a_batch_response_gives_its_outcomes_and_forgives_a_201(tmp_path: Path) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
    content = {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [
            {"response": {"status": "404 Not Found", "outcome": outcome}},
            {"response": {"status": "201 Created"}},
        ],
    }
    entries = read(tmp_path, json.dumps(content))
    kinds = [entry.kind for entry in entries if isinstance(entry, Entry)]
    assert kinds == ["OperationOutcome", "Bundle"]
    assert to_records(entries[1]) == []  # type: ignore[arg-type]


def test_an_empty_bundle_is_read_and_holds_nothing() -> None:
    (entry,) = read_paths([PAYLOADS / "wayfinder/consumer_empty.json"])
    assert isinstance(entry, Entry)
    assert to_records(entry) == []


def test_parameters_give_the_resources_in_them() -> None:
    (entry,) = read_paths([PAYLOADS / "ers_stu3/cancel_response_parameters.json"])
    assert isinstance(entry, Entry)
    assert (entry.kind, entry.label) == ("ReferralRequest", "parameter[0]")


def test_ndjson_is_read_line_by_line_and_a_bad_line_is_rejected_alone(tmp_path: Path) -> None:
    content = json.dumps(PATIENT) + "\n{broken\n\n" + json.dumps(PATIENT)
    for name in ("file.ndjson", "file.json"):
        found = read(tmp_path, content, name)
        assert [type(item).__name__ for item in found] == ["Entry", "Rejection", "Entry"]
        assert isinstance(found[1], Rejection)
        assert found[1].entry == "line 2"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("   \n", "is empty"),
        ('{"resourceType": "Patient",', "not JSON"),
        ("PK\x03\x04", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"resourceType": ' + "9" * 5000 + "}", "not JSON"),
        ('"just a string"', "not a FHIR resource"),
        ("null", "no resource"),
        ('{"resourceType": ["Patient"]}', "not a FHIR resource"),
    ],
)
def test_a_broken_file_is_one_rejection(tmp_path: Path, content: str, words: str) -> None:
    (rejection,) = read(tmp_path, content)
    assert isinstance(rejection, Rejection)
    assert words in rejection.reason


def test_xml_is_said_to_be_xml(tmp_path: Path) -> None:
    (rejection,) = read(tmp_path, "<Patient/>", "patient.xml")
    assert isinstance(rejection, Rejection)
    assert "XML" in rejection.reason


def test_nan_is_read_as_nothing(tmp_path: Path) -> None:
    (entry,) = read(tmp_path, '{"resourceType": "Patient", "x": NaN, "y": -Infinity}')
    assert isinstance(entry, Entry)
    assert entry.resource["x"] is None


def test_a_folder_is_read_whole_by_name_and_hidden_files_are_not(tmp_path: Path) -> None:
    for name in ("b.json", "a/c.JSON", ".hidden.json", "notes.md"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(PATIENT))
    found = [item.file for item in read_paths([str(tmp_path)])]
    assert found == [f"{tmp_path}/a/c.JSON", f"{tmp_path}/b.json"]


def test_a_path_that_is_not_there_is_rejected() -> None:
    (rejection,) = read_paths(["no/such/folder"])
    assert isinstance(rejection, Rejection)
    assert (rejection.file, rejection.entry) == ("no/such/folder", "")


def test_a_file_that_cannot_be_opened_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refuse)
    (tmp_path / "file.json").touch()
    (rejection,) = read_paths([tmp_path / "file.json"])
    assert isinstance(rejection, Rejection)
    assert "cannot be opened" in rejection.reason


def test_a_file_of_ten_megabytes_is_read(tmp_path: Path) -> None:
    padded = {**PATIENT, "text": {"div": "x" * 2_000}}
    content = {"resourceType": "Bundle", "entry": [{"resource": padded}] * 3_800}
    written = json.dumps(content)
    assert len(written) > 10_000_000
    assert len(read(tmp_path, written)) == 3_800


def test_a_fault_of_ours_rejects_the_entry_and_not_the_import(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_entry: Entry) -> None:
        raise KeyError("Kowalczyk")

    monkeypatch.setitem(to_records.__globals__["KEPT"], "Patient", fail)
    (entry,) = read_paths([PAYLOADS / "patients/pds_full.json"])
    assert isinstance(entry, Entry)
    (rejection,) = to_records(entry)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "Patient: it could not be read. Tell who looks after Waymark."
    assert "Kowalczyk" not in caplog.text

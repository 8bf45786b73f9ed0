"""Waiting times from a table: good rows in, bad rows named, missing columns said."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import UnreadableInput
from bot.records.models import WaitingTime
from bot.services.import_waits import COLUMNS, import_waits

HEADER = ",".join(COLUMNS)
ROW = 'RZ9,"LARKFIELD, AND MARSH NHS TRUST",C_101,Urology Service,"1,200",0.61,14.2,40.5'


def table(tmp_path: Path, *rows: str, header: str = HEADER, name: str = "rtt_2026-03.csv") -> Path:
    file = tmp_path / name
    file.write_text("\n".join([header, *rows]), encoding="utf-8-sig")
    return file


def test_figures_are_read_with_the_month_of_the_file_name(session: Session, tmp_path: Path) -> None:
    report = import_waits(session, table(tmp_path, ROW))
    row = session.scalars(select(WaitingTime)).one()
    assert (report.imported, report.period, report.exit_code) == (1, "2026-03", 0)
    assert (row.provider_code, row.treatment_function_code) == ("RZ9", "C_101")
    assert (row.total, row.pct_within_18_weeks) == (1200, 0.61)
    assert (row.median_weeks, row.p92_weeks) == (14.2, 40.5)
    assert row.provider_name == "Larkfield, and Marsh NHS Trust"


@pytest.mark.parametrize("share", ["61", "61.0", "61%", "0.61"])
def test_a_share_is_read_as_a_fraction_or_a_percentage(
    session: Session, tmp_path: Path, share: str
) -> None:
    import_waits(session, table(tmp_path, f"RZ9,Larkfield,C_101,Urology,10,{share},14,40"))
    assert session.scalars(select(WaitingTime)).one().pct_within_18_weeks == 0.61


def test_the_same_file_twice_changes_nothing_and_new_figures_replace(
    session: Session, tmp_path: Path
) -> None:
    import_waits(session, table(tmp_path, ROW))
    assert import_waits(session, table(tmp_path, ROW)).unchanged == 1
    report = import_waits(session, table(tmp_path, ROW.replace("14.2", "13.0")))
    assert (report.imported, report.unchanged) == (1, 0)
    assert session.scalars(select(WaitingTime)).one().median_weeks == 13.0


def test_the_last_of_two_rows_for_one_clinic_counts(session: Session, tmp_path: Path) -> None:
    import_waits(session, table(tmp_path, ROW, ROW.replace("14.2", "12.5")))
    assert session.scalars(select(WaitingTime)).one().median_weeks == 12.5


@pytest.mark.parametrize(
    "row",
    [
        "RZ9,Larkfield,C_101,Urology,10,0.5,,",
        "RZ9,Larkfield,C_101,Urology,10,0.5,*,30",
        "RZ9,Larkfield,C_101,Urology,10,161,10,30",
        "RZ9,Larkfield,C_101,Urology,10,0.5,30,10",
        "RZ9,Larkfield,C_101,Urology,1.5,0.5,10,30",
        "RZ9,Larkfield,C_101,Urology,-1,0.5,10,30",
        ",Larkfield,C_101,Urology,10,0.5,10,30",
        "RZ9,Larkfield",
        "R" * 21 + ",Larkfield,C_101,Urology,10,0.5,10,30",
    ],
)
def test_a_bad_row_is_named_by_its_line_and_the_rest_is_imported(
    session: Session, tmp_path: Path, row: str
) -> None:
    report = import_waits(session, table(tmp_path, ROW, "", row))
    assert (report.imported, report.exit_code) == (1, 3)
    assert [bad.line for bad in report.rejected] == [4]
    assert report.rejected[0].reason.startswith("line 4: ")


def test_columns_may_stand_in_another_order_and_be_split_by_semicolons(
    session: Session, tmp_path: Path
) -> None:
    header = ";".join(reversed(COLUMNS)).upper()
    row = "40.5;14.2;0.61;1200;Urology;C_101;Larkfield;RZ9"
    assert import_waits(session, table(tmp_path, row, header=header)).imported == 1


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_other_encodings_are_read(session: Session, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "rtt_2026-03.csv"
    file.write_bytes(f"{HEADER}\n{ROW.replace('LARKFIELD', 'Lärkfield')}".encode(encoding))
    assert import_waits(session, file).imported == 1


def test_a_missing_column_is_said_by_name(session: Session, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="p92_wait_weeks is missing"):
        import_waits(session, table(tmp_path, header=HEADER.rpartition(",")[0]))


@pytest.mark.parametrize("content", ["", "\0\0", "not a table"])
def test_what_is_no_table_is_said_to_lack_columns(
    session: Session, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "rtt_2026-03.csv"
    file.write_text(content)
    with pytest.raises(UnreadableInput, match="provider_code"):
        import_waits(session, file)


def test_a_cell_without_end_is_no_table(session: Session, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="not a table"):
        import_waits(session, table(tmp_path, '"' + "x" * 200_000))


def test_a_file_that_is_not_there_is_said(session: Session) -> None:
    with pytest.raises(UnreadableInput, match="cannot be opened"):
        import_waits(session, "nowhere_2026-03.csv")


def test_a_month_is_needed_from_the_name_or_from_the_caller(
    session: Session, tmp_path: Path
) -> None:
    nameless = table(tmp_path, ROW, name="figures.csv")
    with pytest.raises(UnreadableInput, match="--period"):
        import_waits(session, nameless)
    with pytest.raises(UnreadableInput, match="not like 2026-03"):
        import_waits(session, nameless, period="March")
    assert import_waits(session, nameless, period="2026-02").period == "2026-02"


def test_nothing_usable_is_exit_code_two(session: Session, tmp_path: Path) -> None:
    report = import_waits(session, table(tmp_path, "RZ9,Larkfield,C_101,Urology,10,,,"))
    assert report.exit_code == 2
    assert report.as_dict()["rejected"][0]["line"] == 2

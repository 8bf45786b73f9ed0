"""Waiting times by provider and specialty: what `waymark records import-waits` does.

Called by `bot.cli`; read again by `explain_referral`. The file has the columns of NHS England's
referral-to-treatment statistics (incomplete pathways), as extracted for one area and month.
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot.errors import UnreadableInput
from bot.fhir.people import tidy_name
from bot.records.models import WaitingTime
from bot.services.audit import audit

COLUMNS = (
    "provider_code",
    "provider_name",
    "treatment_function_code",
    "treatment_function",
    "total_incomplete_pathways",
    "pct_within_18_weeks",
    "median_wait_weeks",
    "p92_wait_weeks",
)
SOURCE = "NHS England, referral to treatment waiting times"
PERIOD = re.compile(r"(?<!\d)(20\d\d)-(0[1-9]|1[0-2])(?!\d)")
MOST_WEEKS = 1000


@dataclass(frozen=True)
class BadRow:
    """A row that can't be used. line: its number in the file, from 1. reason: one sentence."""

    line: int
    reason: str


@dataclass
class WaitsReport:
    """What was imported, for which month. replaced: rows whose figures were known before."""

    period: str
    imported: int = 0
    unchanged: int = 0
    rejected: list[BadRow] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        rejected = [{"line": bad.line, "reason": bad.reason} for bad in self.rejected]
        return {
            "period": self.period,
            "imported": self.imported,
            "unchanged": self.unchanged,
            "rejected": rejected,
        }

    @property
    def exit_code(self) -> int:
        """0 all was read, 3 something was rejected, 2 nothing could be read."""
        if not self.imported and not self.unchanged:
            return 2
        return 3 if self.rejected else 0


def import_waits(
    session: Session, path: str | Path, period: str | None = None, source: str = SOURCE
) -> WaitsReport:
    """Read one month's figures; of several rows for the same clinic the last counts.

    Args:
        session: a running transaction; committed by the caller.
        period: the month, "2026-03"; None takes it from the file's name.
        source: told with the figures.

    Raises:
        UnreadableInput: no such file, no month, not a table, or a column is missing.
    """
    path = Path(path)
    report = WaitsReport(period=_period(path, period))
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for line, row in _rows(path):
        figures, reason = _figures(row)
        if reason:
            report.rejected.append(BadRow(line, f"line {line}: {reason}"))
        else:
            rows[figures["provider_code"], figures["treatment_function_code"]] = figures
    for (provider, function), figures in rows.items():
        known = session.get(WaitingTime, (provider, function, report.period))
        figures = {**figures, "period": report.period, "source": source[:200]}
        if known is None:
            session.add(WaitingTime(**figures))
        elif all(getattr(known, name) == value for name, value in figures.items()):
            report.unchanged += 1
            continue
        else:
            for name, value in figures.items():
                setattr(known, name, value)
        report.imported += 1
    audit(
        session,
        "import",
        "waits_imported",
        "import",
        period=report.period,
        imported=report.imported,
        unchanged=report.unchanged,
        rejected=len(report.rejected),
    )
    session.flush()
    return report


def _period(path: Path, given: str | None) -> str:
    if given is not None:
        if not PERIOD.fullmatch(given.strip()):
            raise UnreadableInput(f"The month {given!r} is not like 2026-03. Write it so.")
        return given.strip()
    found = PERIOD.findall(path.stem)
    if not found:
        raise UnreadableInput(
            f"{path}: its name has no month such as 2026-03. Give the month with --period."
        )
    return "-".join(found[-1])


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """(line, row by column) of a table; columns in any order and spelling of case."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{path}: it cannot be opened. Check the path.") from error
    content = _decode(raw)
    sample = content.splitlines()[0] if content.strip() else ""
    delimiter = max(",;\t", key=sample.count)
    reader = csv.reader(io.StringIO(content.replace("\0", ""), newline=""), delimiter=delimiter)
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise UnreadableInput(f"{path}: it is not a table of commas (CSV).") from error
    header = [re.sub(r"\W+", "_", cell.strip().lower()) for cell in lines[0][1]] if lines else []
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise UnreadableInput(f"{path}: column {', '.join(missing)} is missing. Add it.")
    return [
        (line, dict(zip(header, cells, strict=False)))
        for line, cells in lines[1:]
        if any(cell.strip() for cell in cells)
    ]


def _decode(raw: bytes) -> str:
    """Text of UTF-8 or UTF-16 with or without a mark, else as Windows writes it."""
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _figures(row: dict[str, str]) -> tuple[dict[str, Any], str | None]:
    """(the row's figures, None), or ({}, why it can't be used)."""
    cells = {column: " ".join((row.get(column) or "").split()) for column in COLUMNS}
    names = {column: cells[column][:200] for column in COLUMNS[:4]}
    empty = next((column for column, cell in names.items() if not cell), None)
    if empty:
        return {}, f"{empty} is empty. Fill it in."
    if max(len(names["provider_code"]), len(names["treatment_function_code"])) > 20:
        return {}, "a code is longer than 20 characters. Correct it."
    numbers = {column: _number(cells[column]) for column in COLUMNS[4:]}
    blank = next((column for column, number in numbers.items() if number is None), None)
    if blank:
        return {}, f"{blank} is blank or not a number, so the row is left out."
    total, pct, median, p92 = (numbers[column] or 0.0 for column in COLUMNS[4:])
    pct = pct / 100 if pct > 1 or "%" in cells["pct_within_18_weeks"] else pct
    if total != int(total) or not 0 <= total < 10**9:
        return {}, "total_incomplete_pathways is not a count. Correct it."
    if not 0 <= pct <= 1:
        return {}, "pct_within_18_weeks is not between 0 and 100 %. Correct it."
    if not 0 <= median <= p92 <= MOST_WEEKS:
        return {}, "median_wait_weeks or p92_wait_weeks can't be right. Correct them."
    names["provider_code"] = names["provider_code"].upper()
    names["treatment_function_code"] = names["treatment_function_code"].upper()
    names["provider_name"] = tidy_name(names["provider_name"]) or names["provider_name"]
    figures = {"total": int(total), "pct_within_18_weeks": pct}
    return {**names, **figures, "median_weeks": median, "p92_weeks": p92}, None


def _number(cell: str) -> float | None:
    """A figure; thousands may have commas, a share may have its sign. None for anything else."""
    plain = cell.replace("%", "").strip()
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    if not re.fullmatch(r"-?\d{1,12}(\.\d+)?", plain, re.ASCII):
        return None
    number = float(plain)
    return number if math.isfinite(number) else None

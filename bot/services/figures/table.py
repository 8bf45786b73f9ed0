"""What a figure is: rows under columns, and what of them may leave the console in a file.

Filled by the modules beside this one; shown, drawn and exported by `bot.console.figures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Union

Value = Union[str, int, float, None]
Unit = Literal["day", "language", "reason", "organisation", "team", "count", "share", "minutes"]
FEWEST = 5
"""Counts of a group below this, but for 0, stay in the console (NHS England's own statistics
round or suppress small numbers likewise)."""
FEWER = "fewer than 5"
NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class Column:
    """One column. share: 0 to 1. minutes: of office hours. day: ISO date on which a step begins."""

    name: str
    unit: Unit


@dataclass(frozen=True)
class Figure:
    """One table. The first column names the row; None: not known, or nothing to measure.

    by_group: its rows are groups of patients, so that small counts could point at somebody.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    by_group: bool = False

    def values(self, column: str) -> list[Value]:
        """One column's values, in the order of the rows."""
        index = [one.name for one in self.columns].index(column)
        return [row[index] for row in self.rows]


def for_export(figure: Figure) -> tuple[tuple[Value, ...], ...]:
    """The rows with small counts of groups left out.

    1 to 4 becomes FEWER. Where that is one count of a column only, a total would give it away:
    the next smallest is left out with it. So is everything worked out from a count left out.
    """
    if not figure.by_group:
        return figure.rows
    rows: list[list[Value]] = [list(row) for row in figure.rows]
    counts = [n for n, column in enumerate(figure.columns) if column.unit == "count"]
    derived = [n for n, one in enumerate(figure.columns) if one.unit in ("share", "minutes")]
    for index in counts:
        _leave_small_out(rows, index)
    for row in rows:
        if any(isinstance(row[index], str) for index in counts):
            for index in derived:
                row[index] = NOT_SHOWN
    return tuple(tuple(row) for row in rows)


def _leave_small_out(rows: list[list[Value]], index: int) -> None:
    small = [row for row in rows if 0 < _number(row[index]) < FEWEST]
    others = [row for row in rows if _number(row[index]) >= FEWEST]
    if len(small) == 1 and others:
        min(others, key=lambda row: _number(row[index]))[index] = NOT_SHOWN
    for row in small:
        row[index] = FEWER


def _number(value: Value) -> float:
    return value if isinstance(value, (int, float)) else 0

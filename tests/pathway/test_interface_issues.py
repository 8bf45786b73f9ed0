"""The words of interface issues fit the tables."""

from __future__ import annotations

from bot.pathway.interface_issues import HEADINGS, KINDS, REPORTERS, STATES, heading_of
from bot.records.staff_models import ISSUE_HEADINGS, ISSUE_STATES, InterfaceIssue


def test_every_heading_and_state_of_the_table_has_words() -> None:
    assert tuple(HEADINGS) == ISSUE_HEADINGS
    assert tuple(STATES) == ISSUE_STATES


def test_every_kind_but_something_else_falls_under_a_heading() -> None:
    assert {kind for kind in KINDS if heading_of(kind) is None} == {"other"}
    assert {heading_of(kind) for kind in KINDS} - {None} < set(HEADINGS)


def test_the_words_fit_their_columns() -> None:
    for column, words in (("kind", KINDS), ("heading", HEADINGS), ("reported_by", REPORTERS)):
        assert max(map(len, words)) <= InterfaceIssue.__table__.columns[column].type.length

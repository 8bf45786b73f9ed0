"""The figures page: charts, tables and files of the same numbers, for those who may see them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from html import unescape
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from bot.console.figure_words import COLUMN_WORDS, FIGURE_WORDS
from bot.console.figures import forget_figures
from bot.records.chat_models import AuditEntry
from bot.records.staff_models import Staff, Team
from bot.services.figures import FIGURES, asked_by, figure
from bot.services.site_days import local_day
from tests.console.conftest import Console
from tests.records.making import a_conversation, a_hospital, a_patient, a_referral
from tests.records.making_staff import a_handoff, a_message
from tests.site.running import nhs_number

TEAM, OTHER = "King's outpatients", "Lewisham outpatients"
WORST_HOSPITAL = "<Hospital> & \"Sons'"


class Week:
    """A made-up week: six Polish and one Arabic hand-off of one team, two of another."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.team: Team = console.team(TEAM)
        self.other: Team = console.team(OTHER)
        self.supervisor: Staff = console.staff("carys", "supervisor", teams=[TEAM])
        self.admin: Staff = console.staff("ada", "administrator")
        day = timedelta(days=1)
        with console.transaction() as session:
            for team, language, times in (
                (self.team, "pl", 6),
                (self.team, "ar", 1),
                (self.other, "es", 2),
            ):
                for _ in range(times):
                    talk = a_conversation(session, language=language)
                    a_message(session, talk, created_at=console.now)
                    opened = console.now - 3 * day  # a Friday morning
                    replied = opened + timedelta(minutes=5)
                    a_handoff(session, team, talk, created_at=opened, first_reply_at=replied)
            hospital = a_hospital(session, "RJZ")
            hospital.name = WORST_HOSPITAL
            patient = a_patient(session, nhs_number(30), family_name="Wzorek")
            a_referral(
                session,
                patient,
                provider_id=hospital.id,
                review_due=local_day(console.now) - 3 * day,
                checked_at=console.now,
            )

    def get(self, path: str, staff: Staff | None = None) -> Any:
        return self.console.client(staff or self.admin).get(path)

    def rows(self, name: str, staff: Staff | None = None, query: str = "") -> list[dict[str, str]]:
        file = self.get(f"/figures/{name}.csv{query}", staff)
        assert file.status_code == 200
        return list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))

    def audited(self, action: str) -> list[Any]:
        with self.console.transaction() as session:
            query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
            return [(entry.actor, entry.detail) for entry in session.execute(query).scalars()]


@pytest.fixture
def week(console: Console) -> Iterator[Week]:
    forget_figures()
    yield Week(console)
    forget_figures()


def section(page: str, name: str) -> str:
    """One figure's part of the page."""
    return page.split(f'aria-labelledby="{name}"')[1].split("</section>")[0]


def cells(part: str) -> list[list[str]]:
    """A table's rows as text."""
    rows = part.split("<tbody")[1].split("</tbody>")[0].split("</tr>")[:-1]
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[unescape(cell).strip() for cell in row] for row in found]


def test_each_figure_has_words_for_all_that_it_shows(week: Week) -> None:
    assert list(FIGURE_WORDS) == list(FIGURES)
    with week.console.transaction() as session:
        asked = asked_by(session, session.get(Staff, week.admin.id), week.console.now, 7)
        for name in FIGURES:
            columns = [column.name for column in figure(session, name, asked).columns]
            assert set(columns) <= set(COLUMN_WORDS)
            assert set(FIGURE_WORDS[name].drawn) <= set(columns)


def test_the_page_shows_a_chart_with_its_table_and_file_for_each_figure(week: Week) -> None:
    page = week.get("/figures?days=7").text
    for name in FIGURES:
        part = section(page, name)
        if name.startswith("understanding_by"):
            assert "Nothing to count in this period." in part
            continue
        assert part.count('scope="col"') >= 2
        assert "<caption" in part
        assert f'href="/figures/{name}.csv?days=7"' in part
        if name != "understanding":  # the bot answered nothing: no share to draw
            assert f'src="/figures/{name}.svg?days=7" alt="Bar chart. ' in part
            picture = week.get(f"/figures/{name}.svg?days=7")
            assert picture.headers["content-type"] == "image/svg+xml"
    assert cells(section(page, "languages")) == [
        ["Polish", "6"],
        ["Spanish", "2"],
        ["Arabic", "1"],
    ]
    assert cells(section(page, "limbo")) == [[WORST_HOSPITAL, "1", "1", "100%", "0"]]
    assert cells(section(page, "replies_by_team"))[1] == [TEAM, "7", "7", "0", "0", "100%", "5"]
    assert "<Hospital>" not in page
    assert "Wzorek" not in page


def test_a_supervisor_sees_their_own_team_and_no_other(week: Week) -> None:
    page = week.get("/figures?days=7", week.supervisor).text
    assert cells(section(page, "languages")) == [["Polish", "6"], ["Arabic", "1"]]
    assert [row[0] for row in cells(section(page, "replies_by_team"))] == [TEAM]
    assert OTHER not in page
    for path in ("/figures", "/figures/languages.csv", "/figures/languages.svg"):
        assert week.get(f"{path}?team={week.other.id}", week.supervisor).status_code == 404
        assert week.get(f"{path}?team={week.other.id}", week.admin).status_code == 200
    refused = [actor for actor, _detail in week.audited("figures_refused")]
    assert refused == [f"staff:{week.supervisor.id}"] * 3


def test_what_one_person_sees_is_not_kept_for_another(week: Week) -> None:
    assert len(week.rows("languages", week.admin)) == 3
    assert len(week.rows("languages", week.supervisor)) == 2
    assert len(week.rows("languages", week.admin, f"?team={week.other.id}")) == 1


def test_a_coordinator_has_no_figures(week: Week) -> None:
    amara = week.console.staff("amara", teams=[TEAM])
    for path in ("/figures", "/figures/handoffs.csv", "/figures/handoffs.svg"):
        assert week.get(path, amara).status_code == 404
    assert len(week.audited("figures_refused")) == 3


@pytest.mark.parametrize(
    "path",
    [
        "/figures?days=8",
        "/figures?days=x",
        "/figures?days=%00",
        "/figures?days=٢٨",
        "/figures?team=nobody",
        "/figures?team=%00",
        "/figures/patients.csv",
        "/figures/patients.svg",
        "/figures/__class__.csv",
    ],
)
def test_what_there_is_no_figure_of_is_not_found(week: Week, path: str) -> None:
    assert week.get(path).status_code == 404


def test_a_file_leaves_small_groups_out_and_the_page_says_so(week: Week) -> None:
    assert [tuple(row.values()) for row in week.rows("languages", week.supervisor, "?days=7")] == [
        ("Polish", "not shown"),
        ("Arabic", "fewer than 5"),
    ]
    (limbo,) = week.rows("limbo")
    assert limbo == {
        "provider": WORST_HOSPITAL,
        "judged": "fewer than 5",
        "in_limbo": "fewer than 5",
        "share_in_limbo": "not shown",
        "not_judged": "0",
    }
    assert "“fewer than 5”" in week.get("/figures").text
    assert week.audited("figures_exported") == [
        (f"staff:{week.supervisor.id}", {"name": "languages", "days": 7}),
        (f"staff:{week.admin.id}", {"name": "limbo", "days": 28}),
    ]


def test_a_file_of_days_is_exact_and_for_machines(week: Week) -> None:
    rows = week.rows("handoffs", query="?days=7")
    friday = local_day(week.console.now - timedelta(days=3)).isoformat()
    assert [row for row in rows if row["chats"] != "0"] == [
        {"day": friday, "chats": "9", "tasks": "0"}
    ]
    assert len(rows) == 7
    file = week.get("/figures/replies.csv?days=90")
    today = local_day(week.console.now).isoformat()
    name = f'attachment; filename="waymark-replies-{today}-90-days.csv"'
    assert file.headers["content-disposition"] == name


def test_numbers_are_kept_for_a_minute_only(week: Week) -> None:
    browser = week.console.client(week.admin)

    def in_polish() -> str:
        return cells(section(browser.get("/figures?days=7").text, "languages"))[0][1]

    minute_begins = timedelta(seconds=60 - week.console.now.second)
    real = datetime.now(timezone.utc) + minute_begins
    with time_machine.travel(real, tick=False) as clock:
        assert in_polish() == "6"
        with week.console.transaction() as session:
            talk = a_conversation(session, language="pl")
            a_handoff(session, week.team, talk, created_at=week.console.now - timedelta(hours=1))
        clock.shift(30)
        assert in_polish() == "6"
        clock.shift(30)
        assert in_polish() == "7"

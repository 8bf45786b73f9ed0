"""/figures: what supervisors and administrators look at. Each chart has a table and a CSV.

Counted by `bot.services.figures`, drawn by `bot.console.charts`. A picture, its table and its
file come from the same rows, which are kept for the minute in which they were counted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.charts import Chart, draw
from bot.console.downloads import csv_file
from bot.console.figure_words import COLUMN_WORDS, FIGURE_WORDS, exported, shown
from bot.console.pages import page
from bot.console.refusals import asking
from bot.errors import NotFound
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.records.staff_queries import teams_of
from bot.services.audit import audit
from bot.services.figures import (
    FIGURES,
    LENGTHS_DAYS,
    Asked,
    Figure,
    asked_by,
    figure,
    for_export,
)
from bot.services.site_days import local_day
from bot.settings import get_settings

USUAL_DAYS = 28
MOST_ROWS_DRAWN = 12
LONGEST_LABEL = 40
KEPT = 128
"""Figures and pictures kept at once; each is good for a minute."""


def show_figures(request: Request) -> Response:
    """All figures of a period."""
    asked, chosen, teams = _ask(request)
    made = [_counted(name, *_key(asked)) for name in FIGURES]
    return page(
        request,
        "figures.html.j2",
        figures=[_values(one) for one in made],
        period=asked.period,
        lengths=LENGTHS_DAYS,
        chosen=chosen,
        teams=teams,
        query=urlencode(chosen),
    )


def show_chart(request: Request) -> Response:
    """One figure's picture."""
    name = _name(request)
    asked, _chosen, _teams = _ask(request)
    return Response(_drawn(name, *_key(asked)), media_type="image/svg+xml")


def download(request: Request) -> Response:
    """One figure's rows, small groups left out."""
    name = _name(request)
    asked, chosen, _teams = _ask(request, exported_name=name)
    made = _counted(name, *_key(asked))
    rows = [
        [exported(column, value) for column, value in zip(made.columns, row)]
        for row in for_export(made)
    ]
    file_name = f"waymark-{name}-{local_day(asked.now).isoformat()}-{chosen['days']}-days.csv"
    return csv_file(file_name, [column.name for column in made.columns], rows)


def _ask(
    request: Request, exported_name: str | None = None
) -> tuple[Asked, dict[str, Any], list[tuple[str, str]]]:
    """What is asked for, as the address says it, and the teams to choose from."""
    days = request.query_params.get("days", str(USUAL_DAYS))
    team_id = request.query_params.get("team") or None
    with asking(request, "figures", team_id) as (session, staff):
        length = int(days) if days in map(str, LENGTHS_DAYS) else 0
        asked = asked_by(session, staff, utc_now(), length, team_id)
        teams = [(team.id, team.name) for team in teams_of(session, staff)]
        if exported_name is not None:
            detail = {"name": exported_name, "days": length}
            audit(session, f"staff:{staff.id}", "figures_exported", "figures", team_id, **detail)
    return asked, {"days": length} | ({"team": team_id} if team_id else {}), teams


def _name(request: Request) -> str:
    name = str(request.path_params["name"])
    if name not in FIGURES:
        raise NotFound("There is no figure of that name. Go back to the figures.")
    return name


def _key(asked: Asked) -> tuple[str, Asked]:
    """The same for all who ask the same thing within a minute."""
    minute = asked.now.replace(second=0, microsecond=0)
    return get_settings().database_url, Asked(asked.period, asked.team_ids, minute)


@lru_cache(maxsize=KEPT)
def _counted(name: str, _database_url: str, asked: Asked) -> Figure:
    with transaction() as session:
        return figure(session, name, asked)


@lru_cache(maxsize=KEPT)
def _drawn(name: str, database_url: str, asked: Asked) -> bytes:
    return draw(_chart(_counted(name, database_url, asked)))


def forget_figures() -> None:
    """Count and draw everything anew."""
    _counted.cache_clear()
    _drawn.cache_clear()


def _values(made: Figure) -> dict[str, Any]:
    """What the page shows of one figure."""
    words, chart = FIGURE_WORDS[made.name], _chart(made)
    return {
        "name": made.name,
        "words": words,
        "alternative": chart.description if _has_data(chart) else None,
        "head": [COLUMN_WORDS[column.name] for column in made.columns],
        "rows": [
            [shown(column, value) for column, value in zip(made.columns, row)] for row in made.rows
        ],
        "numeric": list(range(1, len(made.columns))),
        "by_group": made.by_group,
    }


def _chart(made: Figure) -> Chart:
    words = FIGURE_WORDS[made.name]
    rows = len(made.rows) if not words.ranking else MOST_ROWS_DRAWN
    label = made.columns[0]
    units = {column.name: column.unit for column in made.columns}
    series: Any = tuple(
        (COLUMN_WORDS[name], tuple(made.values(name)[:rows])) for name in words.drawn
    )
    labels = tuple(_short(shown(label, row[0])) for row in made.rows[:rows])
    share = units[words.drawn[0]] == "share"
    chart = Chart(words.title, "", labels, series, share, words.ranking)
    return Chart(words.title, _described(chart), labels, series, share, words.ranking)


def _has_data(chart: Chart) -> bool:
    """Whether there is anything to see: a share of 0 is, a count of 0 isn't."""
    values = [value for _name, values in chart.series for value in values]
    return any(value is not None if chart.share else value for value in values)


def _described(chart: Chart) -> str:
    """The picture in words, for those who don't see it; the table has all numbers."""
    totals = [
        (label, sum(given))
        for label, *values in zip(chart.labels, *(values for _name, values in chart.series))
        if (given := [value for value in values if value is not None])
    ]
    if not totals:
        return "Bar chart without bars."
    most, least = max(totals, key=lambda one: one[1]), min(totals, key=lambda one: one[1])
    if chart.share:
        return (
            f"Bar chart. Highest: {most[0]}, {most[1]:.0%}. Lowest: {least[0]}, {least[1]:.0%}. "
            "The table below has all numbers."
        )
    total = sum(count for _label, count in totals)
    return (
        f"Bar chart. {total:,.0f} in all. Most: {most[0]}, {most[1]:,.0f}. "
        "The table below has all numbers."
    )


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1].rstrip()}…"


routes = [
    Route("/figures", show_figures),
    Route("/figures/{name}.csv", download),
    Route("/figures/{name}.svg", show_chart),
]

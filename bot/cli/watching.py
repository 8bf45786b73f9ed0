"""`waymark watch`: the limbo watch's round, now; or what it would do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bot.cli.base import app, errors, out, prepare_database

if TYPE_CHECKING:
    from bot.services.watch import Listed, WatchReport

NOT_ALL_JUDGED = 3
BECOMES = {"new": "new task", "held_back": "held back", "known": "known"}
DONE = BECOMES | {"new": "task opened"}


@app.command("watch", epilog="Example: waymark watch --dry-run")
def watch_(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be done; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, nothing else.")] = False,
) -> None:
    """Find referrals in limbo and make tasks of them. Exit code: 0 all judged, 3 a feed is too old.

    The worker does this every ten minutes by itself. The list holds no patient data.
    """
    from bot.records.base import utc_now
    from bot.services.watch import preview, watch

    prepare_database(demo=False)
    report = preview(utc_now()) if dry_run else watch(utc_now())
    if as_json:
        print(json.dumps(_as_dict(report), ensure_ascii=False))
    else:
        _show(report, dry_run=dry_run)
    raise typer.Exit(NOT_ALL_JUDGED if report.stale_feeds else 0)


def _show(report: WatchReport, *, dry_run: bool) -> None:
    from bot.console.times import day

    for feed in report.stale_feeds:
        errors.print(
            f"The records of “{feed.source}” were last updated on {day(feed.last_at)}, so nothing "
            "of them is judged. Tell who looks after the import.",
            markup=False,
            soft_wrap=True,
        )
    for (provider, team), rows in _by_place(report.listed):
        out.print(_table(f"{provider}, team {team}", rows, DONE if not dry_run else BECOMES))
    if not report.listed:
        out.print("No referral is in limbo.")
    else:
        count = Counter(one.becomes for one in report.listed)
        counted = (
            f"{count['new']} new, {count['held_back']} held back by the daily cap, "
            f"{count['known']} known"
        )
        out.print(f"{len(report.listed)} in limbo: {counted}")
    if report.withdrawn:
        would = "would be withdrawn" if dry_run else "withdrawn"
        out.print(f"{report.withdrawn} {would}: the referral has moved on")
    if report.too_old:
        out.print(f"{report.too_old} not judged: the record is too old")


def _by_place(listed: Iterable[Listed]) -> list[tuple[tuple[str, str], list[Listed]]]:
    """By hospital and team; where something is most urgent comes first."""
    from bot.console.words import NO_HOSPITAL

    rows = list(listed)
    first: dict[tuple[str, str], int] = {}
    for number, one in enumerate(rows):
        first.setdefault((one.provider or NO_HOSPITAL, one.team), number)

    def place(one: Listed) -> int:
        return first[(one.provider or NO_HOSPITAL, one.team)]

    names = {number: name for name, number in first.items()}
    return [(names[n], list(some)) for n, some in groupby(sorted(rows, key=place), place)]


def _table(title: str, rows: list[Listed], becomes: dict[str, str]) -> Table:
    from bot.console.times import day
    from bot.console.words import MISSING, WHOM, limbo_priority

    table = Table(title=title, title_justify="left")
    for column in ("referral", "priority", "missing", "since", "days late", "chase", "task"):
        table.add_column(column, overflow="fold")
    for one in rows:
        limbo = one.limbo
        table.add_row(
            one.referral_id,
            limbo_priority(limbo),
            MISSING[limbo.missing],
            day(limbo.late_since),
            str(limbo.days_late),
            WHOM[limbo.whom],
            becomes[one.becomes],
        )
    return table


def _as_dict(report: WatchReport) -> dict[str, Any]:
    return {
        "referrals": [
            {
                "referral": one.referral_id,
                "provider": one.provider,
                "team": one.team,
                "missing": one.limbo.missing.value,
                "late_since": one.limbo.late_since.isoformat(),
                "days_late": one.limbo.days_late,
                "chase": one.limbo.whom.value,
                "urgent": one.limbo.urgent,
                "same_day": one.limbo.same_day,
                "task": one.becomes,
            }
            for one in report.listed
        ],
        "withdrawn": report.withdrawn,
        "too_old": report.too_old,
        "stale_feeds": [
            {"source": feed.source, "last_at": feed.last_at.isoformat()}
            for feed in report.stale_feeds
        ],
    }

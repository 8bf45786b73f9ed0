"""`waymark records …`: FHIR files, waiting times, and the demo's patients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.base import app, out, prepare_database

records = typer.Typer(no_args_is_help=True, help="Read records into the database.")
app.add_typer(records, name="records")


@records.command("import", epilog="Example: waymark records import feed/ patient.json --json")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="FHIR files, or folders of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, nothing else.")] = False,
) -> None:
    """Read FHIR bundles and resources. Exit code: 0 all read, 3 some rejected, 2 nothing read."""
    from bot.records.base import utc_now
    from bot.records.session import transaction
    from bot.services.import_records import import_records

    prepare_database(demo=False)
    with transaction() as session:
        report = import_records(session, paths, utc_now())
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        for kind, count in sorted(report.imported.items()):
            out.print(f"{count} {kind}")
        out.print(f"{report.unchanged} unchanged")
        for item in report.rejected:
            out.print(f"{item.file} {item.entry}: {item.reason}", markup=False, soft_wrap=True)
    raise typer.Exit(report.exit_code)


@records.command(
    "import-waits", epilog="Example: waymark records import-waits rtt_2026-03.csv --period 2026-03"
)
def import_waits_(
    path: Annotated[Path, typer.Argument(help="CSV of referral-to-treatment figures.")],
    period: Annotated[str, typer.Option(help="Month, if the file's name has none.")] = "",
    source: Annotated[str, typer.Option(help="Where the figures come from.")] = (
        "NHS England, referral-to-treatment waiting times"
    ),
) -> None:
    """Read waiting times by provider and specialty."""
    from bot.records.session import transaction
    from bot.services.import_waits import import_waits

    prepare_database(demo=False)
    with transaction() as session:
        report = import_waits(session, path, period=period or None, source=source)
    out.print(f"{report.imported} waiting times of {report.period} imported")
    for row in report.rejected:
        out.print(f"{path.name}, {row.reason}", markup=False, soft_wrap=True)
    raise typer.Exit(report.exit_code)


@records.command("demo", epilog="Example: waymark records demo")
def demo() -> None:
    """Load the demo's patients and show how to sign in as each."""
    from bot.services.demo_carers import CARER
    from bot.services.demo_records import PATIENTS

    prepare_database(demo=True)
    table = Table(title="Demo patients (invented)")
    for column in ("NHS number", "date of birth", "name", "postcode", "language", "shows"):
        table.add_column(column)
    for patient in PATIENTS:
        table.add_row(
            patient.nhs_number,
            f"{patient.birth_date:%-d %B %Y}",
            f"{patient.given_name} {patient.family_name}",
            patient.postcode,
            patient.language,
            patient.shows,
        )
    out.print(table)
    names = ", ".join(f"{access.given_name} ({access.shows})" for access in CARER.access)
    out.print(
        f"Demo carer: {CARER.given_name} {CARER.family_name}, born {CARER.birth_date:%-d %B %Y}, "
        f"{CARER.postcode}. Say “I am asking for my father”. May ask for {names}.",
        soft_wrap=True,
    )

"""The `waymark` command."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any, NoReturn

warnings.filterwarnings("ignore", category=DeprecationWarning)
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

import typer  # noqa: E402  (after the settings above, which its users read at import)
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from bot.errors import WaymarkError  # noqa: E402
from bot.settings import get_settings  # noqa: E402

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Waymark tells patients, in their own language, where their referral is.",
    pretty_exceptions_enable=False,
)
records = typer.Typer(no_args_is_help=True, help="Read records into the database.")
app.add_typer(records, name="records")
errors = Console(stderr=True, highlight=False)
out = Console(highlight=False)


@app.callback()
def check_settings() -> None:
    """Refuse a wrong setting before any command begins."""
    get_settings()


@app.command(epilog="Example: waymark run")
def run() -> None:
    """Start everything: action server and Rasa with the web chat. Ctrl-C stops it."""
    from bot.processes import supervise, training
    from bot.services.demo_records import demo_invitation

    settings = get_settings()
    model = training.trained_model()
    invitation = ""
    prepare_database()
    if settings.mode == "demo":
        from bot.records.base import utc_now
        from bot.records.session import transaction

        with transaction() as session:
            patient, token = demo_invitation(session, utc_now())
        born = f"{patient.birth_date:%-d %B %Y}"
        invitation = (
            f"\nSign in as a demo patient: write “where is my referral”, then NHS number "
            f"{patient.nhs_number} and date of birth {born}; the code is shown at "
            f"{settings.public_url}/chat/demo/phone\n"
            f"or open the invitation {settings.public_url}/chat/i/{token} (date of birth {born})."
        )

    def say_ready() -> None:
        out.print(f"Waymark is ready: {settings.public_url}/chat{invitation}", soft_wrap=True)
        out.print("Ctrl-C stops it.")

    errors.print("Starting Waymark …")
    raise typer.Exit(supervise.run(model, say_ready))


@app.command(epilog="Example: waymark train --force")
def train(
    force: Annotated[bool, typer.Option(help="Train even if nothing has changed.")] = False,
) -> None:
    """Train the model, if the data it is made of has changed."""
    from bot.processes import training

    path, trained = training.train(force=force)
    errors.print(f"{'Trained' if trained else 'Up to date'}: {path.name}")


@app.command(epilog="Example: waymark setup")
def setup() -> None:
    """Bring database, demo records and model up to date. `make setup` calls it."""
    prepare_database()
    train(force=False)


@app.command(epilog="Example: waymark evaluate --utterances tests/nlu/utterances --json")
def evaluate(
    utterances: Annotated[
        Path | None, typer.Option(help="Folder of <lang>.tsv files: intent<TAB>text.")
    ] = None,
    safety: Annotated[
        Path | None,
        typer.Option(help="Folder of safety_<lang>.tsv: emergency|not_emergency<TAB>text."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, nothing else.")] = False,
    show_errors: Annotated[
        bool, typer.Option("--errors", help="List the sentences that went wrong.")
    ] = False,
) -> None:
    """Measure understanding and safety on your own sentences, with the running pipeline."""
    if utterances is None and safety is None:
        fail("Name at least one test set: --utterances DIR or --safety DIR.")
    from bot.processes import evaluation, training

    with redirect_stdout(sys.stderr):
        logging.getLogger("rasa").setLevel(logging.ERROR)
        report, wrong = evaluation.evaluate(training.trained_model(), utterances, safety)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    out.print(_report_table(report))
    if show_errors:
        for row in wrong:
            out.print(f"{row.expected} → {row.intent} ({row.outcome}): {row.text}", markup=False)


def _report_table(report: dict[str, Any]) -> Table:
    names = [name for name in report["mean"] if name not in ("n", "ms_per_sentence")]
    table = Table(title="Understanding, by language")
    for column in ("language", *names, "n"):
        table.add_column(column, justify="left" if column == "language" else "right")
    for language, measured in [*report["languages"].items(), ("mean", report["mean"])]:
        shown = [f"{measured[n]:.3f}" if n in measured else "" for n in names]
        table.add_row(language, *shown, str(measured["n"]))
    return table


@app.command(epilog="Example: waymark languages --update")
def languages(
    update: Annotated[
        bool, typer.Option(help="Bring all catalogues in line with domain.yml.")
    ] = False,
    new: Annotated[str, typer.Option(help="Write an empty catalogue for this language.")] = "",
) -> None:
    """Show each language's catalogue: complete, reviewed, offered."""
    from babel import UnknownLocaleError

    from bot.language import catalogues

    responses = catalogues.read_responses()
    messages = catalogues.messages_of(responses)
    if new:
        try:
            catalogues.own_name(new)
        except (ValueError, UnknownLocaleError) as error:
            fail(f"“{new}” is not a language code that Babel knows: {error}")
        catalogues.update_catalogue(new, messages, catalogues.catalogue_path(new))
    found = catalogues.Catalogues(responses)
    if update:
        for code in found.states:
            if code != catalogues.SOURCE_LANGUAGE:
                catalogues.update_catalogue(code, messages, catalogues.catalogue_path(code))
        found = catalogues.Catalogues(responses)
    table = Table()
    for column in ("code", "language", "translated", "reviewed", "offered"):
        table.add_column(column)
    for code, state in found.states.items():
        reviewed = f"{state.reviewed} of {state.total}"
        table.add_row(
            code,
            catalogues.own_name(code),
            f"{state.translated} of {state.total}",
            reviewed,
            "yes" if state.complete else f"no: {len(state.problems)} problems",
        )
    out.print(table)
    for code, state in found.states.items():
        for problem in state.problems[:5]:
            out.print(f"{code}: {problem}", markup=False, soft_wrap=True)


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


def prepare_database(*, demo: bool = True) -> None:
    """Migrate; in demo mode load the demo's records too."""
    from sqlalchemy.exc import OperationalError

    from bot.records.base import utc_now
    from bot.records.migrate import migrate
    from bot.records.session import get_engine, transaction
    from bot.services.demo_records import load_demo

    try:
        migrate(get_engine())
        if demo and get_settings().mode == "demo":
            with transaction() as session:
                load_demo(session, utc_now())
    except OperationalError as error:
        fail(
            f"The database can't be used ({type(error.orig).__name__}). Check that it runs and "
            "that WAYMARK_DATABASE_URL is right."
        )


def fail(message: str) -> NoReturn:
    """Say what is wrong and leave with exit code 2."""
    errors.print(message, markup=False, soft_wrap=True)
    raise typer.Exit(2)


def main() -> None:
    """The entry point: Waymark's own errors are one clear line."""
    try:
        app()
    except WaymarkError as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()

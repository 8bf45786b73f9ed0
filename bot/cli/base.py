"""What all commands share: the application, where it writes, and how it refuses."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from rich.console import Console

from bot.errors import WaymarkError
from bot.settings import get_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Waymark tells patients, in their own language, where their referral is.",
    pretty_exceptions_enable=False,
)
errors = Console(stderr=True, highlight=False)
out = Console(highlight=False)


@app.callback()
def check_settings(context: typer.Context) -> None:
    """Refuse a wrong setting before any command begins: but for the one that makes what the
    settings demand."""
    if context.invoked_subcommand != "red-flags":
        get_settings()


def prepare_database(*, demo: bool = True) -> None:
    """Migrate; in demo mode load the demo's records and staff too."""
    from sqlalchemy.exc import OperationalError

    from bot.records.base import utc_now
    from bot.records.migrate import migrate
    from bot.records.session import get_engine, transaction
    from bot.services.demo_carers import load_demo_carers
    from bot.services.demo_records import load_demo
    from bot.services.demo_staff import demo_staff

    try:
        migrate(get_engine())
        if demo and get_settings().mode == "demo":
            with transaction() as session:
                load_demo(session, utc_now())
                demo_staff(session, utc_now())
                load_demo_carers(session, utc_now())
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

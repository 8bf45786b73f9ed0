"""`waymark staff …`: the console's accounts and teams.

A password is asked for, or read from standard input; as an argument it would stay in the shell's
history and in the list of processes.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.base import app, fail, out, prepare_database

staff = typer.Typer(no_args_is_help=True, help="The console's accounts and teams.")
app.add_typer(staff, name="staff")

Email = Annotated[str, typer.Argument(help="E-mail address of the account.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@staff.command(
    epilog="Example: waymark staff add amara@example.nhs.uk --first-name Amara "
    "--family-name Okafor --title “Referral coordinator” --team “Front desk”"
)
def add(
    email: Email,
    first_name: Annotated[str, typer.Option(help="Patients are told it.")],
    family_name: Annotated[str, typer.Option(help="Colleagues see it.")],
    title: Annotated[str, typer.Option(help="Job title; patients are told it.")],
    role: Annotated[
        str, typer.Option(help="coordinator, supervisor or administrator.")
    ] = "coordinator",
    team: Annotated[
        list[str] | None, typer.Option(help="Name of a team; may be given several times.")
    ] = None,
    password_stdin: FromStdin = False,
) -> None:
    """Make an account."""
    from bot.records.base import utc_now
    from bot.records.session import transaction
    from bot.services.staff import add_staff

    prepare_database(demo=False)
    password = _password(from_stdin=password_stdin)
    with transaction() as session:
        made = add_staff(
            session,
            email,
            first_name,
            family_name,
            title,
            password,
            utc_now(),
            role=role,
            teams=team or (),
        )
    out.print(f"{made.email} may sign in.", markup=False)
    if not team and role != "administrator":
        out.print("No team yet, so nothing is seen. Add it: waymark staff team NAME --add EMAIL")


@staff.command("list", epilog="Example: waymark staff list")
def list_() -> None:
    """List all accounts with their teams."""
    from bot.records.session import transaction
    from bot.services.staff import all_staff

    prepare_database(demo=False)
    table = Table()
    for column in ("e-mail", "name", "title", "role", "teams", "active"):
        table.add_column(column, overflow="fold")
    with transaction() as session:
        for one in all_staff(session):
            teams = sorted(membership.team.name for membership in one.memberships)
            table.add_row(
                one.email,
                f"{one.first_name} {one.family_name}",
                one.job_title,
                one.role,
                ", ".join(teams),
                "yes" if one.active else "no",
            )
    out.print(table)


@staff.command(epilog="Example: waymark staff password amara@example.nhs.uk")
def password(email: Email, password_stdin: FromStdin = False) -> None:
    """Set a new password; whoever is signed in with the old one is out."""
    from bot.records.base import utc_now
    from bot.records.session import transaction
    from bot.services.staff import find_staff, set_password

    prepare_database(demo=False)
    with transaction() as session:
        find_staff(session, email)  # before anybody types a password for nothing
    new = _password(from_stdin=password_stdin)
    with transaction() as session:
        set_password(session, find_staff(session, email), new, utc_now())
    out.print("The password is set.")


@staff.command(epilog="Example: waymark staff deactivate amara@example.nhs.uk")
def deactivate(
    email: Email,
    undo: Annotated[bool, typer.Option("--undo", help="Let the account sign in again.")] = False,
) -> None:
    """Let an account sign in no more; whoever is signed in with it is out at once."""
    from bot.records.base import utc_now
    from bot.records.session import transaction
    from bot.services import staff as accounts

    prepare_database(demo=False)
    with transaction() as session:
        found = accounts.find_staff(session, email)
        if undo:
            accounts.activate(session, found)
        else:
            accounts.deactivate(session, found, utc_now())
    out.print(f"{found.email} may {'sign in again' if undo else 'not sign in any more'}.")


@staff.command(
    epilog="Example: waymark staff team “King's outpatients” --ods RJZ --add amara@example.nhs.uk"
)
def team(
    name: Annotated[str, typer.Argument(help="Name of the team.")],
    ods: Annotated[
        str | None, typer.Option(help="ODS code of the hospital or practice it works for.")
    ] = None,
    mail: Annotated[
        str | None, typer.Option(help="Address that is told of what nobody claims.")
    ] = None,
    default: Annotated[
        bool, typer.Option("--default", help="It takes what belongs to no other team.")
    ] = False,
    add: Annotated[list[str] | None, typer.Option(help="E-mail address of a member.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="E-mail address of who is no member any more.")
    ] = None,
) -> None:
    """Make a team or change it, and who belongs to it."""
    from bot.records.base import utc_now
    from bot.records.session import transaction
    from bot.services.staff import find_staff
    from bot.services.staff_teams import add_team, join_teams, leave_teams

    prepare_database(demo=False)
    with transaction() as session:
        made = add_team(session, name, ods_code=ods, email=mail, default=default)
        for email in add or ():
            join_teams(session, find_staff(session, email), [made.name])
        for email in remove or ():
            leave_teams(session, find_staff(session, email), [made.name], utc_now())
    out.print(f"Team “{made.name}” is set.", markup=False)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        fail("No terminal to ask for a password. Give it by standard input: --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))

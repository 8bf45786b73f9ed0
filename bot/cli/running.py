"""`waymark run` and `waymark setup`: start everything, and bring everything up to date."""

from __future__ import annotations

import typer

from bot.cli.base import app, errors, out, prepare_database
from bot.settings import get_settings


@app.command(epilog="Example: waymark run")
def run() -> None:
    """Start everything: the web chat with Rasa, the console and the worker. Ctrl-C stops it."""
    from bot.processes import supervise, training

    settings = get_settings()
    model = training.trained_model()
    prepare_database()
    hints = _demo_hints() if settings.mode == "demo" else []

    def say_ready() -> None:
        out.print(f"Waymark is ready: {settings.public_url}/chat", soft_wrap=True)
        for hint in hints:
            out.print(hint, soft_wrap=True, markup=False)
        if not hints:
            out.print(f"Console: {settings.console_url}", soft_wrap=True)
        out.print("Ctrl-C stops it.")

    errors.print("Starting Waymark …")
    raise typer.Exit(supervise.run(model, say_ready))


def _demo_hints() -> list[str]:
    """How to sign in to the demo: as a patient, and as a coordinator."""
    from bot.records.base import utc_now
    from bot.records.session import transaction
    from bot.services.demo_records import demo_invitation
    from bot.services.demo_staff import FIRST_TO_TRY, demo_password

    settings = get_settings()
    with transaction() as session:
        patient, token = demo_invitation(session, utc_now())
    born = f"{patient.birth_date:%-d %B %Y}"
    return [
        f"Sign in as a demo patient: write “where is my referral”, then NHS number "
        f"{patient.nhs_number} and date of birth {born}; the code is shown at "
        f"{settings.public_url}/chat/demo/phone",
        f"or open the invitation {settings.public_url}/chat/i/{token} (date of birth {born}).",
        f"Console: {settings.console_url} — sign in as {FIRST_TO_TRY}, password {demo_password()}",
    ]


@app.command(epilog="Example: waymark setup")
def setup() -> None:
    """Bring database, demo records and model up to date. `make setup` calls it."""
    from bot.cli.understanding import train

    prepare_database()
    train(force=False)

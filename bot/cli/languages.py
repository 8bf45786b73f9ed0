"""`waymark languages`: the catalogues."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from bot.cli.base import app, fail, out


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

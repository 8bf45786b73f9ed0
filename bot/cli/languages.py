"""`waymark languages`: the catalogues."""

from __future__ import annotations

from pathlib import Path
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


language = typer.Typer(no_args_is_help=True, help="One catalogue: to translators and back.")
app.add_typer(language, name="language")


@language.command("export", epilog="Example: waymark language export pl waymark-pl.po")
def export_language(
    code: Annotated[str, typer.Argument(help="The language's code.")],
    target: Annotated[Path, typer.Argument(help="The .po file to write.")],
) -> None:
    """Write a catalogue for translators: drafts are marked “fuzzy”, safety comes first."""
    from bot.language import catalogues, exchange

    messages = catalogues.messages_of(catalogues.read_responses())
    left = exchange.export_catalogue(code, messages, target)
    out.print(f"{target.name}: {left} of {len(messages)} sentences need a person.", markup=False)


@language.command("import", epilog="Example: waymark language import pl waymark-pl.po")
def import_language(
    code: Annotated[str, typer.Argument(help="The language's code.")],
    source: Annotated[Path, typer.Argument(help="The .po file that came back.")],
) -> None:
    """Take a translators' file over: what isn't “fuzzy” any more counts as reviewed."""
    from bot.language import catalogues, exchange

    messages = catalogues.messages_of(catalogues.read_responses())
    done = exchange.import_catalogue(code, messages, source)
    out.print(f"{done.reviewed} sentences reviewed, {done.drafts} still drafts.")


@language.command("draft", epilog="Example: waymark language draft de")
def draft_language(
    code: Annotated[str, typer.Argument(help="The new language's code.")],
) -> None:
    """Draft a new language by the translator of the settings. A draft is never offered."""
    from babel import UnknownLocaleError

    from bot.language import catalogues, exchange
    from bot.language.translate import get_translator

    translator = get_translator()
    if translator.provider == "none":
        fail("No translator is set up. Set WAYMARK_TRANSLATOR (docs/translation.md).")
    try:
        catalogues.own_name(code)
    except (ValueError, UnknownLocaleError) as error:
        fail(f"“{code}” is not a language code that Babel knows: {error}")
    messages = catalogues.messages_of(catalogues.read_responses())
    done = exchange.draft_catalogue(
        code, messages, lambda text: translator.translate(text, "en", code).text
    )
    out.print(f"{done.drafted} sentences drafted, {done.failed} could not be translated.")
    if done.failed:
        raise typer.Exit(3)

"""`waymark train` and `waymark evaluate`: the model, and how well it understands."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bot.cli.base import app, errors, fail, out


@app.command(epilog="Example: waymark train --force")
def train(
    force: Annotated[bool, typer.Option(help="Train even if nothing has changed.")] = False,
) -> None:
    """Train the model, if the data it is made of has changed."""
    from bot.processes import training

    path, trained = training.train(force=force)
    errors.print(f"{'Trained' if trained else 'Up to date'}: {path.name}")


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

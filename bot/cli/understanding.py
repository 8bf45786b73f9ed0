"""`waymark train` and `waymark evaluate`: the model, and how well it understands."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bot.cli.base import app, errors, fail, out

if TYPE_CHECKING:  # loads Rasa
    from bot.processes.evaluation import Evaluation

MOST_PAIRS, MOST_SENTENCES = 30, 60


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
        bool, typer.Option("--errors", help="List confused intents and the worst sentences.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw a chart into this SVG file; needs --utterances.")
    ] = None,
) -> None:
    """Measure understanding and safety on your own sentences, with the running pipeline."""
    if utterances is None and safety is None:
        fail("Name at least one test set: --utterances DIR or --safety DIR.")
    if plot and (utterances is None or plot.suffix != ".svg"):
        fail("--plot names an .svg file, and --utterances the sentences to draw.")
    from bot.processes import evaluation, evaluation_report, training

    with redirect_stdout(sys.stderr):
        logging.getLogger("rasa").setLevel(logging.ERROR)
        done = evaluation.evaluate(training.trained_model(), utterances, safety)
    if plot:
        evaluation_report.plot(done, plot)
    if as_json:
        print(json.dumps(done.report, ensure_ascii=False))
        return
    out.print(_report_table(done.report))
    if show_errors:
        _print_errors(done)


def _print_errors(done: Evaluation) -> None:
    from bot.processes.evaluation_report import confusions, worst

    for expected, got, count in confusions(done.found)[:MOST_PAIRS]:
        out.print(f"{count:4} {expected} → {got}", markup=False)
    for row in worst(done.found)[:MOST_SENTENCES]:
        line = f"{row.confidence:.2f} {row.expected} → {row.intent}: {row.text}"
        out.print(line, markup=False, soft_wrap=True)
    for row in done.wrong_on_safety:
        out.print(f"{row.expected}, but {row.outcome}: {row.text}", markup=False, soft_wrap=True)


def _report_table(report: dict[str, Any]) -> Table:
    names = [name for name in report["mean"] if name not in ("n", "ms_per_sentence")]
    table = Table(title="Understanding, by language")
    for column in ("language", *names, "n"):
        table.add_column(column, justify="left" if column == "language" else "right")
    for language, measured in [*report["languages"].items(), ("mean", report["mean"])]:
        shown = [f"{measured[n]:.3f}" if n in measured else "" for n in names]
        table.add_row(language, *shown, str(measured["n"]))
    return table


@app.command("red-flags", epilog="Example: waymark red-flags --out red-flags.md")
def red_flags(
    target: Annotated[Path | None, typer.Option("--out", help="Write it to this file.")] = None,
) -> None:
    """Write the whole red-flag list, with sources, for a clinician to read and sign off."""
    from bot.pathway.lexicon import lexicon_digest
    from bot.processes.red_flag_list import red_flag_list

    if target is None:
        print(red_flag_list(), end="")
        return
    target.write_text(red_flag_list(), encoding="utf-8")
    errors.print(f"{target.name}: the list with digest {lexicon_digest()}", markup=False)

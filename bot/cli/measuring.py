"""`waymark bench`: how fast the running demo site is."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from bot.cli.base import app, errors, out


@app.command(epilog="Example: waymark bench --chats 50")
def bench(
    chats: Annotated[int, typer.Option(help="How many chats are open at once.")] = 50,
    messages: Annotated[int, typer.Option(help="How many messages each way.")] = 60,
    understanding: Annotated[
        bool, typer.Option("--understanding", help="Measure the encoders and the NLU instead.")
    ] = False,
) -> None:
    """Measure how long a message takes to the other side. Needs the running demo (`make run`)."""
    if understanding:
        _bench_understanding()
        return
    from bot.processes.bench import live

    errors.print(f"Opening {chats} chats and sending {2 * messages} messages twice …")
    alone, loaded = live.measure(chats, messages)
    table = Table(title="Milliseconds to the other side")
    for column in ("open chats", "patient → staff p50", "p95", "staff → patient p50", "p95"):
        table.add_column(column, justify="right")
    for times in (alone, loaded):
        figures = [*times.p50_p95(times.to_staff), *times.p50_p95(times.to_patient)]
        table.add_row(str(times.chats), *(f"{figure:.0f}" for figure in figures))
    ratios = [
        loaded.p50_p95(after)[1] / alone.p50_p95(before)[1]
        for before, after in (
            (alone.to_staff, loaded.to_staff),
            (alone.to_patient, loaded.to_patient),
        )
    ]
    out.print(table)
    out.print(
        f"p95 with {chats} chats ÷ p95 with one: {ratios[0]:.1f} to staff, {ratios[1]:.1f} back"
    )


def _bench_understanding() -> None:
    from bot.processes.bench.understanding import measure

    speeds = measure()
    languages = list(speeds[0].by_language)
    table = Table(title="Milliseconds a message at the median, one core")
    for column in ("", *languages, "÷ the first"):
        table.add_column(column, justify="right")
    first = sum(speeds[0].by_language.values())
    for speed in speeds:
        figures = [f"{speed.by_language[code]:.1f}" for code in languages]
        table.add_row(speed.name, *figures, f"{sum(speed.by_language.values()) / first:.2f}")
    out.print(table)

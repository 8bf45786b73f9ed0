"""Draws a bar chart as SVG, by matplotlib: text stays text, and nothing is loaded or run.

Called by `bot.console.figures`. matplotlib (it comes with Rasa) is imported at the first chart: a
console that nobody asks for figures starts without it.
"""

from __future__ import annotations

import io
import os
import threading
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.settings import get_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
BLUE, PURPLE, TEXT, GRID = "#005eb8", "#7c2855", "#212b32", "#d8dde0"
"""NHS identity colours; both bars have more than 3:1 against white, the text more than 7:1."""
HATCHES = (None, "////")
"""Series differ without colour too."""
WIDTH_INCHES, HEIGHT_INCHES, ROW_INCHES = 8.0, 2.8, 0.32
MOST_LABELS = 13
"""Bars that can have their number above them, and days that can have a date below."""
LOOKS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "waymark",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": TEXT,
    "axes.edgecolor": TEXT,
    "axes.labelcolor": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "hatch.color": "white",
    "hatch.linewidth": 1.5,
}
FONT = "Arial, sans-serif"
_drawing = threading.Lock()
"""matplotlib's settings and its fonts are the process's, not a thread's."""


@dataclass(frozen=True)
class Chart:
    """What is drawn: bars side by side or, when `ranking`, one below the other.

    series: name and values, each as many as there are labels; stacked when there are several.
    share: the values are shares of 1, shown in per cent. None: there is nothing to measure.
    """

    title: str
    description: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    share: bool = False
    ranking: bool = False


def draw(chart: Chart) -> bytes:
    """The chart as an SVG document, the same for the same numbers."""
    os.environ.setdefault("MPLCONFIGDIR", str(get_settings().cache_dir / "matplotlib"))
    with _drawing:
        import matplotlib
        from matplotlib.figure import Figure

        with matplotlib.rc_context(LOOKS):
            rows = len(chart.labels)
            height = 0.6 + ROW_INCHES * rows if chart.ranking else HEIGHT_INCHES
            figure = Figure(figsize=(WIDTH_INCHES, height), constrained_layout=True)
            axes = figure.subplots()
            (_draw_ranking if chart.ranking else _draw_bars)(axes, chart)
            if len(chart.series) > 1:
                axes.legend(frameon=False, ncol=2, loc="lower right", bbox_to_anchor=(1, 1))
            file = io.BytesIO()
            nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
            figure.savefig(file, format="svg", metadata=nothing)
    return _finished(file.getvalue(), chart)


def _draw_bars(axes: Axes, chart: Chart) -> None:
    positions = range(len(chart.labels))
    below = [0.0] * len(chart.labels)
    for number, (name, values) in enumerate(chart.series):
        heights = [_plain(chart, value) for value in values]
        bars = axes.bar(positions, heights, 0.7, below, label=name, **_look(number))
        if len(chart.series) == 1 and len(values) <= MOST_LABELS:
            axes.bar_label(bars, [_said(chart, value) for value in values], padding=2)
        below = [under + height for under, height in zip(below, heights)]
    every = -(-len(chart.labels) // MOST_LABELS)
    axes.set_xticks(positions[::every])
    axes.set_xticklabels([_escaped(label) for label in chart.labels[::every]])
    axes.set_xlim(-0.6, len(chart.labels) - 0.4)
    axes.grid(axis="y", color=GRID)
    _scale(axes, chart, "y", below)


def _draw_ranking(axes: Axes, chart: Chart) -> None:
    name, values = chart.series[0]
    positions = range(len(chart.labels))
    lengths = [_plain(chart, value) for value in values]
    bars = axes.barh(positions, lengths, 0.7, label=name, **_look(0))
    axes.bar_label(bars, [_said(chart, value) for value in values], padding=3)
    axes.set_yticks(positions)
    axes.set_yticklabels([_escaped(label) for label in chart.labels])
    axes.invert_yaxis()
    axes.grid(axis="x", color=GRID)
    _scale(axes, chart, "x", lengths)


def _scale(axes: Axes, chart: Chart, which: str, reached: list[float]) -> None:
    """From 0, with whole numbers on the axis, or to 100 per cent."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axis: Any = axes.xaxis if which == "x" else axes.yaxis
    limit = axes.set_xlim if which == "x" else axes.set_ylim
    if chart.share:
        limit(0, 112 if which == "x" else 115)
        axis.set_ticks([0, 25, 50, 75, 100])
        axis.set_major_formatter(PercentFormatter(decimals=0))
    else:
        limit(0, max([*reached, 1]) * 1.12)
        axis.set_major_locator(MaxNLocator(nbins=5, integer=True))


def _look(number: int) -> dict[str, Any]:
    return {"color": (BLUE, PURPLE)[number], "hatch": HATCHES[number], "edgecolor": "white"}


def _plain(chart: Chart, value: float | None) -> float:
    return (value or 0) * (100 if chart.share else 1)


def _said(chart: Chart, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0%}" if chart.share else f"{value:,.0f}"


def _escaped(label: str) -> str:
    """A dollar sign would begin a formula."""
    return label.replace("$", r"\$")


def _finished(document: bytes, chart: Chart) -> bytes:
    """With a title and a description for screen readers, and without style attributes: the
    console's content security policy forbids them when the picture is opened by itself."""
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    root = ET.fromstring(document)  # noqa: S314  (matplotlib has just written it)
    for parent in list(root.iter()):
        for child in [
            one for one in parent if one.tag in (f"{{{SVG}}}style", f"{{{SVG}}}metadata")
        ]:
            parent.remove(child)
    for element in root.iter():
        _as_attributes(element)
    root.set("role", "img")
    root.set("aria-labelledby", "title desc")
    for place, (name, text) in enumerate((("title", chart.title), ("desc", chart.description))):
        element = ET.Element(f"{{{SVG}}}{name}", {"id": name})
        element.text = text
        root.insert(place, element)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _as_attributes(element: ET.Element) -> None:
    """Each property of a style as the attribute of the same name, which SVG has."""
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() == "font":  # a shorthand, which is no attribute: size and family are in it
            size = next(part for part in value.split() if part.endswith("px"))
            element.set("font-size", size)
            element.set("font-family", FONT)
        elif value.strip():
            element.set(name.strip(), value.strip())

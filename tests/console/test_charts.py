"""Charts: SVG that a strict browser shows, a screen reader names, and that is always the same."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.console.charts import SVG, Chart, draw

DAYS = ("2 May", "3 May", "4 May")
STACKED = Chart("Hand-offs a day", "7 in all", DAYS, (("Chats", (1, 0, 3)), ("Tasks", (2, 1, 0))))
SHARES = Chart("In time", "shares", DAYS, (("Share", (0.5, None, 1.0)),), share=True)
HOSPITALS = ("Guy's & St $Thomas$ <Hospital>", "Hôpital Łódź")
RANKING = Chart("Limbo", "by hospital", HOSPITALS, (("In limbo", (12, 0)),), ranking=True)
EMPTY = Chart("Nothing", "nothing", (), (("Share", ()),), share=True, ranking=True)
ALL = (STACKED, SHARES, RANKING, EMPTY)


def texts(svg: bytes) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{{{SVG}}}text")]


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.title)
def test_a_chart_has_a_name_and_nothing_that_the_security_policy_forbids(chart: Chart) -> None:
    svg = draw(chart)
    root = ET.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "title desc"
    assert [(child.attrib["id"], child.text) for child in list(root)[:2]] == [
        ("title", chart.title),
        ("desc", chart.description),
    ]
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names.isdisjoint({"style", "script", "image", "a", "metadata", "foreignObject"})
    attributes = [pair for element in root.iter() for pair in element.attrib.items()]
    assert "style" not in {name for name, _value in attributes}
    links = [value for name, value in attributes if name.endswith("href")]
    assert all(link.startswith("#") for link in links)
    assert b"<!DOCTYPE" not in svg


def test_the_words_and_numbers_are_text() -> None:
    assert {*DAYS, "Chats", "Tasks"} <= set(texts(draw(STACKED)))
    assert {"50%", "–", "100%"} <= set(texts(draw(SHARES)))
    assert {*HOSPITALS, "12", "0"} <= set(texts(draw(RANKING)))


def test_a_long_period_shows_only_as_many_dates_as_there_is_room_for() -> None:
    days = tuple(f"day {n}" for n in range(90))
    said = texts(draw(Chart("Long", "long", days, (("Chats", tuple(range(90))),))))
    assert 8 <= sum(text.startswith("day ") for text in said) <= 13


def test_the_same_numbers_give_the_same_picture_also_when_drawn_at_once() -> None:
    alone = [draw(chart) for chart in ALL]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(draw, ALL * 3)) == alone * 3


def test_a_console_that_nobody_asks_for_figures_does_without_matplotlib() -> None:
    program = "import sys, bot.console.app; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

"""The hazard log is true to the tests: every control names one that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.settings import ROOT

LOG = ROOT / "docs" / "safety" / "hazard-log.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FIELDS = ("Causes", "Effect", "Risk before controls", "Controls", "Residual risk")


def _hazards() -> dict[str, str]:
    parts = re.split(r"^## (H\d\d)$", LOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_log_names_exists() -> None:
    named = NAMED.findall(LOG.read_text(encoding="utf-8"))
    assert len(named) > 50
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not (ROOT / path).exists() or test not in _tests_in(ROOT / path)
    ]
    assert missing == []


@pytest.mark.parametrize("hazard", sorted(_hazards()))
def test_a_hazard_has_all_that_the_standard_asks_for(hazard: str) -> None:
    text = _hazards()[hazard]
    assert [field for field in FIELDS if f"- {field}:" not in text] == []
    controls = re.findall(r"^  - .*?(?=^  - |^- )", text, re.MULTILINE | re.DOTALL)
    assert controls
    assert [control for control in controls if not NAMED.search(control)] == []
    assert f"[{hazard}](#{hazard.lower()})" in LOG.read_text(encoding="utf-8")

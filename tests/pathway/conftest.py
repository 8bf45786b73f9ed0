"""The English sentences that the answers name."""

import os
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def sentences() -> dict[str, str]:
    """Response name: English text, from `domain.yml` (or a file named in the environment)."""
    path = Path(os.environ.get("WAYMARK_PATHWAY_RESPONSES", ROOT / "domain.yml"))
    responses = yaml.safe_load(path.read_text(encoding="utf-8"))["responses"]
    return {name: variants[0]["text"] for name, variants in responses.items()}

"""Where our own payloads lie, and how a test gets a fresh one to change."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parent.parent / "payloads"
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=timezone.utc)


def payload(name: str) -> Any:
    """The payload `name` below tests/payloads, parsed."""
    return json.loads((PAYLOADS / name).read_text(encoding="utf-8"))

"""How an appointment stands, as far as a change of it is told. For the import and `subjects`."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Any

from bot.records.models import Appointment

TOLD = ("status", "starts_at", "medium", "clinic", "address")
"""A change of these is news; of other columns, not."""


def standing_of(row: Appointment) -> str:
    """A digest: two that differ are news. It says nothing of the appointment itself."""
    said = "\x1f".join(_plain(getattr(row, name)) for name in TOLD)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _plain(value: Any) -> str:
    return str(value.astimezone(timezone.utc) if isinstance(value, datetime) else value)

"""Payloads, and how a test imports them into the shared fixture's database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from written_payloads import NOW, PAYLOADS

from bot.records.session import transaction
from bot.services.import_records import ImportReport, import_records

Import = Callable[..., ImportReport]


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One transaction for looking and importing."""
    with transaction(engine) as running:
        yield running


@pytest.fixture
def load(session: Session, tmp_path: Path) -> Import:
    """Import payloads: names below tests/payloads, or parsed JSON (written to a file first)."""
    count = iter(range(10_000))

    def run(*payloads: Any, now: datetime = NOW) -> ImportReport:
        paths = []
        for payload in payloads:
            path = PAYLOADS / payload if isinstance(payload, str) else None
            if path is None:
                path = tmp_path / f"payload_{next(count):04}.json"
                path.write_text(json.dumps(payload), encoding="utf-8")
            paths.append(path)
        return import_records(session, paths, now)

    return run

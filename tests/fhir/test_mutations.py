"""A payload is never trusted: whatever becomes of a node, nothing is raised and nobody is named."""

from __future__ import annotations

import copy
import json
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from written_payloads import PAYLOADS

from bot.fhir import Entry, Rejection
from bot.fhir.bundles import split, with_contained
from bot.fhir.convert import _read
from bot.records.base import metadata
from bot.records.session import make_engine
from bot.services.import_records import import_records

FILES = sorted(PAYLOADS.rglob("*.json"))
PARSED = [json.loads(file.read_text(encoding="utf-8")) for file in FILES]
NHS_NUMBER = re.compile(r"999[ -]?000[ -]?00\d\d")  # those in our payloads
NAMED = ("Kowalczyk", "Okafor", "Hidden", "1961-05-03", "1974-12-25")

DELETE = object()
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["\ud800", "\0", "9999999999", "2026-02-30", "#", "#x", "urn:uuid:", "1" * 400]
    )
)
ANYTHING = st.just(DELETE) | st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceType", "reference", "value", "code", "coding", "identifier", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every node below `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, child in items:
        found.append((*path, key))
        if isinstance(child, (dict, list)):
            found += nodes(child, (*path, key))
    return found


def replaced(payload: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of `payload` with the node at `path` replaced or deleted."""
    whole = copy.deepcopy(payload)
    parent = whole
    for key in path[:-1]:
        parent = parent[key]
    if new is DELETE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return whole


@st.composite
def mutated(draw: st.DrawFn, times: int = 3) -> Any:
    """One of our payloads with a few nodes replaced."""
    changed = draw(st.sampled_from(PARSED))
    for _ in range(draw(st.integers(1, times))):
        paths = nodes(changed) if isinstance(changed, (dict, list)) else []
        if paths:
            changed = replaced(changed, draw(st.sampled_from(paths)), draw(ANYTHING))
    return changed


def read_all(content: Any) -> list[Any]:
    """Everything the reader makes of parsed JSON, without the net that catches our own faults."""
    found: list[Any] = []
    for item in split(content, "file.json"):
        if isinstance(item, Entry):
            for entry in with_contained(item, 1):
                found += list(_read(entry))
        else:
            found.append(item)
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_no_mutated_payload_makes_the_reader_raise_or_name_anyone(content: Any) -> None:
    for item in read_all(content):
        if isinstance(item, Rejection):
            assert not NHS_NUMBER.search(item.reason)
            assert not any(name in item.reason for name in NAMED)


@settings(max_examples=200, deadline=None)
@given(ANYTHING.filter(lambda value: value is not DELETE))
def test_no_json_at_all_makes_the_reader_raise(content: Any) -> None:
    assert isinstance(read_all(content), list)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Any:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('db')}/records.db")
    metadata.create_all(engine)
    return engine


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=mutated())
def test_mutated_payloads_are_imported_or_rejected_and_twice_change_nothing(
    content: Any, database: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = Path(tmp_path_factory.getbasetemp()) / "mutated.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    now = datetime(2026, 3, 10, tzinfo=timezone.utc)
    with Session(database, future=True) as session:
        first = import_records(session, [file], now)
        again = import_records(session, [file], now)
        session.rollback()
    assert again.as_dict()["imported"] == {}
    assert first.exit_code in (0, 2, 3)

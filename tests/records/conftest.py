"""One transaction on the shared fixture's database."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.session import transaction


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running

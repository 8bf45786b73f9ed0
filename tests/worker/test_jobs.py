"""The worker's jobs: all of them run on an empty database, and texts only in production."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.engine import Engine

from bot.settings import get_settings
from bot.worker.jobs import site_jobs


def test_every_job_runs_on_an_empty_database(
    engine: Engine, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "mode", "production")
    jobs = site_jobs(engine)
    for job in jobs:
        job.run(moment)
    assert len({job.name for job in jobs}) == len(jobs) == 14


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_demo_sends_no_texts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = {job.name for job in site_jobs(engine)}
    monkeypatch.setattr(get_settings(), "mode", "production")
    assert {job.name for job in site_jobs(engine)} - demo == {"texts"}

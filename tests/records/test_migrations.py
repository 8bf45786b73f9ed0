"""Migrations: what they build is what the models say, and they can be taken back."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.engine import Engine

from bot.records.base import metadata
from bot.records.migrate import alembic_config, migrate


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_the_migrated_database_is_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert tables(engine) == set(metadata.tables)


def test_every_check_of_the_models_is_in_the_database(engine: Engine) -> None:
    inspector = inspect(engine)
    for table in metadata.tables.values():
        wanted = {c.name for c in table.constraints if c.__visit_name__ == "check_constraint"}
        found = {check["name"] for check in inspector.get_check_constraints(table.name)}
        assert {name for name in wanted if name} <= found, table.name


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = tables(engine)
    migrate(engine)
    assert tables(engine) == before


def test_all_migrations_can_be_taken_back_and_applied_again(engine: Engine) -> None:
    command.downgrade(alembic_config(engine), "base")
    assert tables(engine) == set()
    migrate(engine)
    assert tables(engine) == set(metadata.tables)

"""Migrations: what they build is what the models say, and they can be taken back."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
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


def test_a_database_in_use_is_migrated_with_all_its_rows(engine: Engine) -> None:
    """A hand-off with a note and a message, as revision 0004 had them."""
    command.downgrade(alembic_config(engine), "0004")
    moment = "'2026-05-04 09:00:00'"
    with engine.begin() as connection:
        team = connection.execute(text("SELECT id FROM teams")).scalar_one()
        for statement in (
            "INSERT INTO conversations (id, channel, language_chosen, next_seq, created_at)"
            f" VALUES ('c', 'web_chat', false, 2, {moment})",
            "INSERT INTO staff (id, email, first_name, family_name, job_title, role,"
            " password_hash, active, created_at)"
            f" VALUES ('s', 'a@b.org', 'A', 'B', 'Clerk', 'coordinator', 'x', true, {moment})",
            "INSERT INTO messages (conversation_id, seq, sender, text, buttons, revision, status,"
            f" created_at) VALUES ('c', 1, 'patient', 'hello', '[]', 0, 'answered', {moment})",
            "INSERT INTO handoffs (id, conversation_id, kind, reason, priority, state, team_id,"
            " times_raised, created_at, updated_at, reply_due_at, escalation, read_seq)"
            f" VALUES ('h', 'c', 'chat', 'asked_for', 2, 'waiting', '{team}', 1,"
            f" {moment}, {moment}, {moment}, 0, 0)",
            "INSERT INTO handoff_notes (handoff_id, staff_id, text, created_at)"
            f" VALUES ('h', 's', 'seen', {moment})",
        ):
            connection.execute(text(statement))
    migrate(engine)
    with engine.begin() as connection:
        for table in ("conversations", "messages", "handoffs", "handoff_notes"):
            count = connection.execute(text(f"SELECT count(*) FROM {table}"))
            assert count.scalar_one() == 1, table

"""Alembic's environment: the metadata of all tables, and the engine it is given."""

from alembic import context

from bot.records import (  # noqa: F401  (they fill the metadata)
    channel_models,
    chat_models,
    models,
    staff_models,
)
from bot.records.base import UtcDateTime, metadata
from bot.records.session import get_engine


def render_item(kind, item, _context):  # type: ignore[no-untyped-def]
    """Migrations name plain types: they must not change when our own classes do."""
    return (
        "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False
    )


connectable = context.config.attributes.get("engine") or get_engine()
with connectable.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

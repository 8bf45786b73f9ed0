"""Alembic's environment: the metadata of all tables, and the engine it is given."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy.engine import Connection

from bot.records.base import UtcDateTime, metadata
from bot.records.session import get_engine


def render_item(kind, item, _context):  # type: ignore[no-untyped-def]
    """Migrations name plain types: they must not change when our own classes do."""
    return (
        "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False
    )


@contextmanager
def references_unchecked(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew: no other table's row may mind that the old one is
    dropped. All references are checked at the end instead."""
    if connection.dialect.name != "sqlite":
        yield
        return
    plain = connection.connection.dbapi_connection  # the pragma works outside transactions only
    plain.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = plain.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"Rows refer to what is not there: {broken[:5]}. Restore a backup.")
    finally:
        plain.execute("PRAGMA foreign_keys=ON")


connectable = context.config.attributes.get("engine") or get_engine()
with connectable.connect() as connection, references_unchecked(connection):
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

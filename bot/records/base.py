"""The declarative base and the column types that all tables share."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import declarative_base
from sqlalchemy.types import TypeDecorator

from bot.settings import get_settings

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)
Base: Any = declarative_base(metadata=metadata)


def new_id() -> str:
    """An opaque id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def utc_now() -> datetime:
    """Now, with the zone UTC; by the demo's clock where one is set (`WAYMARK_CLOCK`)."""
    return datetime.now(timezone.utc) + _clock_offset()


@lru_cache(maxsize=1)
def _clock_offset() -> timedelta:
    settings = get_settings()
    if settings.clock is None:
        return timedelta(0)
    return settings.clock - (settings.clock_set_at or datetime.now(timezone.utc))


class UtcDateTime(TypeDecorator):
    """A moment. Needs a zone going in, has UTC coming out, on SQLite too (which drops zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a zone cannot be stored; give it one.")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


Id = String(32)

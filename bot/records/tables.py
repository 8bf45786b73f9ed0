"""All tables: importing this fills the metadata, whoever uses the records."""

from bot.records import (
    carer_models,
    channel_models,
    chat_models,
    identity_models,
    models,
    request_models,
    staff_models,
    update_models,
    watch_models,
)

__all__ = [
    "carer_models",
    "channel_models",
    "chat_models",
    "identity_models",
    "models",
    "request_models",
    "staff_models",
    "update_models",
    "watch_models",
]

"""Rasa's tracker store in the site's database for dialogue state (`WAYMARK_TRACKER_URL`), and what
is read from raw trackers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine.url import URL, make_url

from bot.settings import get_settings


class SiteTrackerStore(SQLTrackerStore):
    """SQL tracker store whose address is a setting, not parts of one in endpoints.yml."""

    def __init__(self, host: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    @classmethod
    def get_db_url(cls, *args: Any, **kwargs: Any) -> URL:
        """The setting's address; the folder of an SQLite file is made."""
        url = make_url(get_settings().tracker_url)
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        return url


def slot_of(tracker: DialogueStateTracker, name: str) -> Any:
    """A slot's newest value by the raw events: `/back` rewinds the tracker's state."""
    for event in reversed(tracker.events):
        if isinstance(event, SlotSet) and event.key == name:
            return event.value
    return None

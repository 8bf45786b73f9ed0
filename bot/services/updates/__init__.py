"""What Waymark tells by itself: to whom, once, and when. See docs/updates.md."""

from bot.services.updates.noting import note_update

__all__ = ["note_update"]

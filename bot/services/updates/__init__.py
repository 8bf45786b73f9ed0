"""What Waymark tells by itself: to whom, once, and when. See docs/updates.md.

Noted where it happens (`noting`, `reminders`), told by the worker (`telling`), which imports that
module itself: half of the services are needed for it.
"""

from bot.services.updates.noting import note_update
from bot.services.updates.subscribing import (
    end_if_another,
    end_subscription,
    end_subscriptions_of_access,
    running_subscription,
    subscribe,
)

__all__ = [
    "end_if_another",
    "end_subscription",
    "end_subscriptions_of_access",
    "note_update",
    "running_subscription",
    "subscribe",
]

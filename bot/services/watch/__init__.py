"""The limbo watch: finds overdue referrals by itself and makes tasks of them.

`running` does a round, for the worker and for `waymark watch`; `judging` finds, `planning` decides
what becomes a task today, `opening` writes it down, `leaving` takes back what has moved on; `feeds`
tells staff when nothing can be judged. `records` reads what the console shows of such a task. See
docs/limbo-watch.md.
"""

from bot.services.watch.feeds import StaleFeed, alert_of_stale_feeds, stale_feeds
from bot.services.watch.records import (
    TaskRecord,
    contact_to_chase,
    facts_of_task,
    record_of_task,
    records_of_tasks,
)
from bot.services.watch.running import Listed, WatchReport, preview, watch

__all__ = [
    "Listed",
    "StaleFeed",
    "TaskRecord",
    "WatchReport",
    "alert_of_stale_feeds",
    "contact_to_chase",
    "facts_of_task",
    "preview",
    "record_of_task",
    "records_of_tasks",
    "stale_feeds",
    "watch",
]

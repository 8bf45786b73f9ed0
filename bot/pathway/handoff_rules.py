"""Rules of hand-off: how urgent each reason is, how soon staff should answer, whom it goes to.

Pure. Called by `bot.services.handoffs`. All figures are our choice [D] until a site sets its own
(`WAYMARK_REPLY_TARGET_MINUTES`).
"""

from __future__ import annotations

import math

from bot.pathway.states import State

PRIORITIES = {
    "red_flag": 1,
    "worsening": 1,
    "overdue_referral": 2,
    "asked_for": 2,
    "identity_failed": 2,
    "appointment_change": 2,
    "complaint": 3,
    "not_understood": 3,
}
"""1 is the most urgent, 4 the least; reasons not named here are 3."""
OTHER_PRIORITY = 3
REPLY_TARGET_MINUTES = {1: 15, 2: 60, 3: 240, 4: 480}
"""Minutes of office hours from opening to the first answer, by priority."""
WATCH_TARGET_MINUTES = {1: 240, 2: 480, 3: 2400, 4: 2400}
"""The same for a task of the watch, for which nobody waits in a chat: half a day, a day, a week
of 8 hours a day. What is to be looked at the same day has priority 1."""
MINUTES_PER_CHAT = 15
"""What a chat takes, until a team has figures of its own."""
SHORTEST_PROMISE_MINUTES = 10
TOLD_WHEN_DONE = frozenset(
    {
        "appointment_change",
        "interpreter",
        "access_support",
        "complaint",
        "carer_access",
        "data_request",
        "call_back",
        "worsening",
        "interface_issue",
    }
)
"""Tasks that the patient asked for, and is told of when they are done."""
WITH_GP = frozenset(
    {State.GP_NOT_SENT, State.ADVICE_BACK_WITH_GP, State.RETURNED_TO_GP, State.REJECTED}
)
"""States in which the GP practice has to move: its team takes the hand-off."""


def priority_of(reason: str) -> int:
    """The priority of a reason, 1 to 4."""
    return PRIORITIES.get(reason, OTHER_PRIORITY)


def reply_target(priority: int, site: dict[int, int]) -> int:
    """Office minutes until the first answer should be there; `site`: the site's own by priority."""
    return site.get(priority, REPLY_TARGET_MINUTES[priority])


def promised_minutes(position: int, target: int, on_duty: int, minutes_per_chat: int) -> int:
    """Office minutes that a patient is told to expect: never less than the target, and more when
    the queue before them takes longer.

    Args:
        position: 1 for the next in the queue.
        on_duty: coordinators of the team who are signed in; 0 counts as 1.

    >>> promised_minutes(8, 60, 2, 15)
    60
    >>> promised_minutes(12, 60, 1, 15)
    180
    """
    load = math.ceil(position / max(1, on_duty)) * minutes_per_chat
    return max(target, load, SHORTEST_PROMISE_MINUTES)

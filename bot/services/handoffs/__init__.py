"""Hand-offs: what the patient needs a person for, from opening to the day it is settled.

The hand-off's row is the truth. Each change writes, in the same transaction: what the patient is
told (`messages`), Rasa's slot event (`outbox`), and what open consoles learn (`live`).
"""

from bot.services.handoffs.claiming import (
    accept_transfer,
    cancel_transfer,
    claim_handoff,
    decline_transfer,
    offer_transfer,
    release_handoff,
)
from bot.services.handoffs.opening import OVERDUE, open_chat_of, open_handoff, open_overdue_task
from bot.services.handoffs.resolving import (
    leave_overdue_task,
    reopen_unmoved,
    resolve_handoff,
    withdraw_handoff,
)
from bot.services.handoffs.silence import (
    bot_is_silent,
    reconcile_slots,
    return_silent,
    with_coordinator,
)
from bot.services.handoffs.waiting import (
    Wait,
    escalate_overdue,
    refresh_waiting,
    remember_told,
    wait_of,
)
from bot.services.handoffs.working import (
    add_note,
    handoff_held_by,
    mark_read,
    patient_typing,
    staff_typing,
)

__all__ = [
    "OVERDUE",
    "Wait",
    "accept_transfer",
    "add_note",
    "bot_is_silent",
    "cancel_transfer",
    "claim_handoff",
    "decline_transfer",
    "escalate_overdue",
    "handoff_held_by",
    "leave_overdue_task",
    "mark_read",
    "offer_transfer",
    "open_chat_of",
    "open_handoff",
    "open_overdue_task",
    "patient_typing",
    "reconcile_slots",
    "refresh_waiting",
    "release_handoff",
    "remember_told",
    "reopen_unmoved",
    "resolve_handoff",
    "return_silent",
    "staff_typing",
    "wait_of",
    "with_coordinator",
    "withdraw_handoff",
]

"""Verifies who is asking, and keeps the identity session.

Called by `actions.identity`. No such patient, wrong date, restricted, deceased, superseded, under
16 and flagged by staff look alike from outside: the same words, the same queries (design,
section 6).
"""

from bot.services.identity.attempts import minutes_to_wait
from bot.services.identity.by_invitation import check_invitation, invited_subject
from bot.services.identity.claims import Claim, find_carer, find_patient
from bot.services.identity.codes import CODE_TRIES, check_code, code_is_spent, send_code
from bot.services.identity.sessions import (
    actor_of,
    audit_of,
    current_identity,
    end_identity,
    end_idle_identities,
    running_session,
    start_carer_identity,
    start_identity,
    take_access,
    touch_identity,
)
from bot.services.who_may_be_told import may_be_told

__all__ = [
    "CODE_TRIES",
    "Claim",
    "actor_of",
    "audit_of",
    "check_code",
    "check_invitation",
    "code_is_spent",
    "current_identity",
    "end_identity",
    "end_idle_identities",
    "find_carer",
    "find_patient",
    "invited_subject",
    "may_be_told",
    "minutes_to_wait",
    "running_session",
    "send_code",
    "start_carer_identity",
    "start_identity",
    "take_access",
    "touch_identity",
]

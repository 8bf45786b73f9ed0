"""The log of interpreter calls: asked for, booked, held or not. Called by the console.

Professional interpreters belong to the pathway, not to a chat: this only records what was
arranged, so that a site can show it and the next coordinator knows.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import WaymarkError
from bot.records.chat_models import Handoff
from bot.records.staff_models import InterpreterCall, Staff
from bot.services.audit import audit
from bot.services.handoffs import handoff_held_by
from bot.services.live import note_event

MOVES: dict[str, tuple[str, ...]] = {
    "requested": ("booked", "held", "failed", "cancelled"),
    "booked": ("held", "failed", "cancelled"),
}
"""From which state to which. What was held, failed or cancelled stays; ask for another one."""
LONGEST_MINUTES = 8 * 60


def request_interpreter(
    session: Session, staff: Staff, handoff_id: str, language: str, now: datetime
) -> InterpreterCall:
    """Log that an interpreter is asked for. One that is asked for already is found again.

    Raises:
        NotHolder: this person doesn't hold the hand-off.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    for call in session.query(InterpreterCall).filter_by(
        handoff_id=handoff.id, language=language, state="requested"
    ):
        return call  # a double click
    call = InterpreterCall(
        handoff_id=handoff.id,
        staff_id=staff.id,
        language=language,
        created_at=now,
        updated_at=now,
    )
    session.add(call)
    session.flush()
    _noted(session, staff, handoff, call, "interpreter_requested")
    return call


def update_call(
    session: Session,
    staff: Staff,
    handoff_id: str,
    call_id: int,
    now: datetime,
    *,
    state: str,
    provider: str = "",
    reference: str = "",
    minutes: int | None = None,
) -> InterpreterCall:
    """Log what became of it.

    Args:
        state: booked, held, failed or cancelled; see MOVES.
        provider, reference: who interprets, under which reference. Empty: as it was.
        minutes: how long it took, 1 to 480; needed when it was held.

    Raises:
        NotHolder: this person doesn't hold the hand-off.
        WaymarkError: no such call here, a move that isn't possible, or something is missing.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    call = session.get(InterpreterCall, call_id)
    if call is None or call.handoff_id != handoff.id:
        raise WaymarkError("No such interpreter call here. Load the page again.")
    if call.state == state and not minutes:
        return call
    if state not in MOVES.get(call.state, ()):
        raise WaymarkError(f"This call is {call.state} already. Ask for another one.")
    if state == "held" and not (minutes and 1 <= minutes <= LONGEST_MINUTES):
        raise WaymarkError(f"Say how many minutes it took, 1 to {LONGEST_MINUTES}.")
    if state in ("booked", "held") and not (provider or call.provider):
        raise WaymarkError("Say who interprets: the interpreting service's name.")
    call.state, call.updated_at = state, now
    call.provider = provider or call.provider
    call.reference = reference or call.reference
    call.minutes = minutes or call.minutes
    _noted(session, staff, handoff, call, f"interpreter_{state}")
    return call


def _noted(
    session: Session, staff: Staff, handoff: Handoff, call: InterpreterCall, action: str
) -> None:
    audit(session, f"staff:{staff.id}", action, "handoff", handoff.id, call=call.id)
    note_event(session, "handoff", handoff=handoff)

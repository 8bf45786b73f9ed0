"""What went wrong between GP and hospital, told by the patient: written down for both sides.

The kind comes from a quick reply or from the intent; the description is what the patient wrote,
identifiers sealed. The hand-off says that staff must look, the issue what went wrong.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from sqlalchemy.orm import Session

from actions.turn import now
from bot.pathway.interface_issues import KINDS, heading_of
from bot.services.handoffs import open_handoff
from bot.services.interface_issues import record_issue

OTHER_HEADING = "communication"
WORDS_LOOKED_AT = 3
"""How many of the patient's latest messages describe the issue."""


def note_issue(
    session: Session, tracker: Tracker, kind: str, referral_id: str | None = None
) -> None:
    """Open the task and record the issue; a second report of an open task adds no second issue."""
    handoff = open_handoff(
        session, tracker.sender_id, "task", "interface_issue", now(), referral_id=referral_id
    )
    if handoff.times_raised > 1:
        return
    record_issue(
        session,
        now(),
        heading=heading_of(kind) or OTHER_HEADING,
        kind=kind,
        description=_words_of(tracker) or KINDS[kind],
        reported_by="patient",
        conversation_id=tracker.sender_id,
        handoff_id=handoff.id,
        referral_id=referral_id,
    )


def _words_of(tracker: Tracker) -> str:
    """What the patient wrote last, oldest first; quick replies say nothing of their own."""
    texts: list[str] = []
    for event in reversed(tracker.events):
        if event.get("event") == "user" and _is_typed(event):
            texts.append(event["text"])
        if len(texts) == WORDS_LOOKED_AT:
            break
    return "\n".join(reversed(texts))


def _is_typed(event: dict[str, Any]) -> bool:
    text = event.get("text") or ""
    return bool(text) and not text.startswith("/")

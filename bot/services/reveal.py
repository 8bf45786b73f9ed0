"""Opens a sealed identifier for the coordinator who holds the hand-off; each look is audited.

Called by the console when "Show NHS number" is pressed in a transcript.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.errors import WaymarkError
from bot.language.identifiers import TOKEN
from bot.language.render import format_value
from bot.records.staff_models import Staff
from bot.services.audit import audit
from bot.services.handoffs import handoff_held_by
from bot.services.seal import unseal

NEVER_SHOWN = frozenset({"code"})
"""A one-time code proves that somebody is the patient: nobody else gets to see it."""


def reveal(session: Session, staff: Staff, handoff_id: str, token: str, now: datetime) -> str:
    """The value behind a token of the held hand-off's conversation, as people write it.

    Args:
        token: as it stands in the text, "[nhs-number#86…]".

    Raises:
        NotHolder: this person doesn't hold the hand-off.
        WaymarkError: no such token in this conversation, or its value is no longer kept.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    match = TOKEN.fullmatch(token)
    kind = match[1] if match else ""
    value = unseal(session, handoff.conversation_id, token, now) if match else None
    if value is None or kind in NEVER_SHOWN:
        raise WaymarkError("This is no longer kept, or is not for staff. Ask the patient again.")
    actor = f"staff:{staff.id}"
    audit(session, actor, "identifier_revealed", "handoff", handoff.id, kind=kind, token=token)
    return written(kind, value)


def written(kind: str, value: str) -> str:
    """A sealed value as people write it.

    >>> written("nhs-number", "9990001014"), written("date-of-birth", "1961-05-03")
    ('999 000 1014', '3 May 1961')
    """
    if kind == "nhs-number":
        return f"{value[:3]} {value[3:6]} {value[6:]}"
    if kind == "date-of-birth":
        return format_value(date.fromisoformat(value), "date", "en")
    if kind == "unclear-date":
        read = date.fromisoformat(value)
        swapped = date(read.year, read.day, read.month)
        return " or ".join(format_value(each, "date", "en") for each in (read, swapped))
    return value

"""What an open console is told of a live event: kinds, opaque ids and numbers, never words.

`alert` says whether it is worth a sound to this person: "message" when the patient of a chat
that they hold has written, "handoff" when something new waits for them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff, Message
from bot.records.staff_models import ConsoleEvent, Staff
from bot.services.live import may_know_of

SAME_MOMENT = timedelta(seconds=10)
"""An event this close to the opening of its hand-off is the opening's own (writes may wait)."""


@dataclass(frozen=True)
class Told:
    """One event for one person: its id, kind and JSON."""

    number: int
    kind: str
    data: str


TellAll = dict[str, list[Told]]
"""By a person's id."""


def told_to(session: Session, staff_ids: set[str], after: int, newest: int) -> TellAll:
    """The events after an id, up to `newest`, that each of these people may know of: by person.

    The rule is that of `live.events_after`, asked for everybody in one query (a test compares
    them): fifty open consoles must not be fifty questions while writers wait.
    """
    rows = {
        row.id: row
        for row in session.execute(
            select(ConsoleEvent)
            .where(ConsoleEvent.id > after, ConsoleEvent.id <= newest)
            .order_by(ConsoleEvent.id)
        ).scalars()
    }
    handoffs = _handoffs_of(session, list(rows.values()))
    senders = _senders_of(session, list(rows.values()))
    told: TellAll = {staff_id: [] for staff_id in staff_ids}
    for staff_id, event_id in session.execute(
        select(Staff.id, ConsoleEvent.id)
        .where(
            Staff.id.in_(staff_ids),
            ConsoleEvent.id > after,
            ConsoleEvent.id <= newest,
            may_know_of(),
        )
        .order_by(ConsoleEvent.id)
    ):
        row = rows[event_id]
        if row.kind != "session_ended" or row.staff_id == staff_id:
            told[staff_id].append(_told(row, staff_id, handoffs, senders))
    return told


def _told(
    row: ConsoleEvent,
    staff_id: str,
    handoffs: dict[str, Handoff],
    senders: dict[tuple[str, int], str],
) -> Told:
    handoff = handoffs.get(row.handoff_id or "")
    sender = senders.get((row.conversation_id or "", row.data.get("seq", 0)))
    data = row.data | {
        "kind": row.kind,
        "handoff": row.handoff_id,
        "conversation": row.conversation_id,
        "alert": _alert(row, staff_id, handoff, sender) if handoff else None,
    }
    return Told(row.id, row.kind, json.dumps(data))


def _alert(row: ConsoleEvent, staff_id: str, handoff: Handoff, sender: str | None) -> str | None:
    if row.kind == "message" and sender == "patient" and handoff.claimed_by_id == staff_id:
        return "message"
    if row.kind != "handoff":
        return None
    opened = handoff.state == "waiting" and _same_moment(handoff.created_at, row.at)
    offered = handoff.transfer_staff_id == staff_id and _same_moment(handoff.transfer_at, row.at)
    return "handoff" if opened or offered else None


def _same_moment(one: datetime | None, other: datetime) -> bool:
    return one is not None and abs(other - one) <= SAME_MOMENT


def _handoffs_of(session: Session, rows: list[ConsoleEvent]) -> dict[str, Handoff]:
    ids = {row.handoff_id for row in rows if row.handoff_id}
    found = session.execute(select(Handoff).where(Handoff.id.in_(ids))).scalars() if ids else ()
    return {handoff.id: handoff for handoff in found}


def _senders_of(session: Session, rows: list[ConsoleEvent]) -> dict[tuple[str, int], str]:
    """Who wrote the messages of these events, by conversation and number."""
    messages = [row for row in rows if row.kind == "message"]
    if not messages:
        return {}
    found = session.execute(
        select(Message.conversation_id, Message.seq, Message.sender).where(
            Message.conversation_id.in_({row.conversation_id for row in messages}),
            Message.seq.in_({row.data.get("seq", 0) for row in messages}),
        )
    )
    return {(conversation_id, seq): sender for conversation_id, seq, sender in found}

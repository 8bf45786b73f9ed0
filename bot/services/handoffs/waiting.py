"""While a chat waits: the place in the queue, the promised time, and what happens when it slips.

`wait_of` is asked by the actions when the patient asks for a person; the rest by the worker. A
hand-off never expires silently: it is raised, then mailed, and the patient is told of each slip.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.language.sentences import sentence
from bot.pathway.handoff_rules import MINUTES_PER_CHAT, promised_minutes, reply_target
from bot.records.chat_models import Handoff, Message
from bot.records.staff_models import Team
from bot.services import outbox
from bot.services.audit import audit
from bot.services.handoffs.telling import changed, tell
from bot.services.office import site_office_hours, target_minutes
from bot.services.teams import default_team, on_duty
from bot.services.transcript import change_text
from bot.settings import get_settings

WAITING = "utter_handoff_waiting"
WAITING_CLOSED = "utter_handoff_waiting_closed"
LOOKED_AT = 20
"""How many finished chats of a team its minutes per chat are taken from."""
RAISED, MAILED = 1, 2


@dataclass(frozen=True)
class Wait:
    """What a waiting patient is told: place in the queue, and the moment promised."""

    position: int
    reply_by: datetime
    opens_at: datetime | None

    @property
    def response(self) -> str:
        """The sentence for it: another one out of hours."""
        return WAITING if self.opens_at is None else WAITING_CLOSED

    @property
    def values(self) -> dict[str, Any]:
        """The sentence's values."""
        values = {"position": self.position, "reply_by": self.reply_by.isoformat()}
        return values | ({"opens_at": self.opens_at.isoformat()} if self.opens_at else {})


def wait_of(session: Session, handoff: Handoff, now: datetime) -> Wait:
    """Where a waiting chat stands now. A promise once made is kept until it has slipped."""
    team = session.get(Team, handoff.team_id)
    order = [one.id for one in _queue(session, team.id)]
    position = order.index(handoff.id) + 1
    hours = site_office_hours()
    opens_at = None if hours.is_open(now) else hours.next_opening(now)
    promised = handoff.told_reply_by
    if promised is None or promised <= now:
        target = reply_target(handoff.priority, get_settings().reply_target_minutes)
        minutes = promised_minutes(
            position, target, on_duty(session, team, now), _minutes_per_chat(session, team.id)
        )
        promised = _rounded_up(hours.add_minutes(now, minutes))
    return Wait(position, promised, opens_at)


def remember_told(session: Session, handoff: Handoff, wait: Wait, message: Message) -> None:
    """This message told the patient of the wait: from now on it is kept up to date."""
    handoff.told_message_id = message.id
    handoff.told_position, handoff.told_reply_by = wait.position, wait.reply_by


def refresh_waiting(session: Session, now: datetime) -> int:
    """Bring each waiting patient's line up to date in place; a slipped promise is a new message.

    Returns:
        how many patients were told something.
    """
    told = 0
    waiting = select(Handoff).where(
        Handoff.kind == "chat", Handoff.state == "waiting", Handoff.told_message_id.isnot(None)
    )
    for handoff in list(session.execute(waiting).scalars()):
        slipped = handoff.told_reply_by <= now
        wait = wait_of(session, handoff, now)
        if slipped:
            message = tell(
                session, handoff.conversation_id, ["utter_handoff_slipped"], now, wait.values
            )
            if message is not None:
                remember_told(session, handoff, wait, message)
                told += 1
            else:
                handoff.told_reply_by = wait.reply_by
        elif wait.position != handoff.told_position:
            _tell_place(session, handoff, wait, now)
            told += 1
    return told


def _tell_place(session: Session, handoff: Handoff, wait: Wait, now: datetime) -> None:
    """In place; but a message that says something else besides, a doubt about an emergency, is
    left as it is, and the place is told in one of its own."""
    message = session.get(Message, handoff.told_message_id)
    name, values = message.response, wait.values
    if "," in name:
        own = tell(session, handoff.conversation_id, [wait.response], now, values)
        if own is not None:
            remember_told(session, handoff, wait, own)
        return
    if name == WAITING_CLOSED and wait.opens_at is None:
        name = WAITING
    said = sentence(name, message.language, values)
    change_text(session, message, said.text, sentence(name, "en", values).text, name)
    handoff.told_position = wait.position


def escalate_overdue(session: Session, now: datetime) -> int:
    """Raise what nobody took by its target, then mail its team; returns how many."""
    overdue = select(Handoff).where(
        Handoff.state == "waiting", Handoff.reply_due_at <= now, Handoff.escalation < MAILED
    )
    count = 0
    for handoff in list(session.execute(overdue).scalars()):
        if handoff.escalation == 0:
            handoff.priority = max(1, handoff.priority - 1)
        elif not _again_as_long(handoff, now):
            continue
        else:
            _mail_team(session, handoff, now)
        handoff.escalation += 1
        handoff.escalated_at = now
        level = handoff.escalation
        audit(session, "worker", "handoff_escalated", "handoff", handoff.id, level=level)
        changed(session, handoff, now)
        count += 1
    return count


def _again_as_long(handoff: Handoff, now: datetime) -> bool:
    """Whether half the target has passed once more, in office hours, since it was raised."""
    target = target_minutes(handoff)
    return bool(site_office_hours().minutes_between(handoff.escalated_at, now) >= target / 2)


def _mail_team(session: Session, handoff: Handoff, now: datetime) -> None:
    team = session.get(Team, handoff.team_id)
    to = team.email or default_team(session).email or get_settings().clinical_contact
    minutes = int((now - handoff.created_at) / timedelta(minutes=1))
    values = {"handoff": handoff.id, "priority": handoff.priority, "minutes": minutes}
    if "@" in (to or ""):
        outbox.put(session, "mail", {"to": [to], "name": "team_waiting", "values": values}, now)


def _queue(session: Session, team_id: str) -> list[Handoff]:
    """A team's waiting chats, in the order in which they should be taken."""
    return list(
        session.execute(
            select(Handoff)
            .where(Handoff.kind == "chat", Handoff.state == "waiting", Handoff.team_id == team_id)
            .order_by(Handoff.priority, Handoff.created_at, Handoff.id)
        ).scalars()
    )


def _minutes_per_chat(session: Session, team_id: str) -> int:
    """The median of the team's latest chats; the rule's figure until there are some."""
    rows = session.execute(
        select(Handoff.claimed_at, Handoff.resolved_at)
        .where(
            Handoff.kind == "chat",
            Handoff.team_id == team_id,
            Handoff.state == "resolved",
            Handoff.claimed_at.isnot(None),
        )
        .order_by(Handoff.resolved_at.desc())
        .limit(LOOKED_AT)
    ).all()
    minutes = [(end - start) / timedelta(minutes=1) for start, end in rows]
    return max(1, round(median(minutes))) if len(minutes) >= 5 else MINUTES_PER_CHAT


def _rounded_up(moment: datetime, minutes: int = 5) -> datetime:
    """To the next full five minutes: "by 10:37" would promise more than anybody knows."""
    over = timedelta(minutes=moment.minute % minutes, seconds=moment.second)
    over += timedelta(microseconds=moment.microsecond)
    return moment if not over else moment - over + timedelta(minutes=minutes)
